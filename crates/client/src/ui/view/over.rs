//! What is drawn over the messages: help, the switcher, a search. Pure.

use chat_protocol::slash;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::bars::time_of;
use super::rows::day;
use super::{cut, put, span};
use crate::ui::app::{App, OWN_WORDS, Place, Searching, Switching};
use crate::ui::graphemes::{fitted, width, wrapped};
use crate::ui::keys::BINDINGS;
use crate::ui::theme::Role;

/// Keys, then words, each table in its order.
pub(crate) fn help_lines(app: &App) -> Vec<(Role, String)> {
    let heading = |text: &str| (Role::Title, text.to_owned());
    let text = |line: String| (Role::Text, line);
    let mut lines = vec![heading("Keys")];
    for binding in BINDINGS {
        let keys = app.start.keys.keys_of(binding).join(", ");
        if !keys.is_empty() {
            lines.push(text(format!("  {keys:<24} {}", binding.help)));
        }
    }
    lines.push(text(format!(
        "  {:<24} {}",
        "Alt-1 … Alt-9", "the first nine rooms (/go N without Alt)"
    )));
    lines.push(text(String::new()));
    lines.push(heading("Commands"));
    lines.extend(slash::help_lines("/").map(|line| text(format!("  {line}"))));
    lines.push(text(String::new()));
    lines.push(heading("Commands of this client"));
    for own in OWN_WORDS {
        let usage = format!("/{} {}", own.name, own.arguments);
        lines.push(text(format!("  {usage:<20} {}", own.help)));
    }
    lines.push(text(String::new()));
    lines.push(text("  // says a line that begins with a slash.".to_owned()));
    broken(&lines, usize::from(super::chat_area(app).width).saturating_sub(2))
}

/// Lines that are too long go on below what they say.
fn broken(lines: &[(Role, String)], columns: usize) -> Vec<(Role, String)> {
    const INDENT: usize = 23;
    let mut broken = Vec::new();
    for (role, line) in lines {
        let mut rest = line.as_str();
        let mut indent = 0;
        loop {
            let cells = columns.saturating_sub(indent).max(8);
            let end = wrapped(rest, cells).first().map_or(rest.len(), |first| first.end);
            let (first, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            broken.push((*role, format!("{}{first}", " ".repeat(indent))));
            rest = behind.trim_start();
            if rest.is_empty() {
                break;
            }
            indent = INDENT.min(columns / 3);
        }
    }
    broken
}

pub(super) fn help(app: &App, scroll: usize, buffer: &mut Buffer, area: Rect) {
    let lines = help_lines(app);
    for (row, (role, line)) in lines.iter().skip(scroll).enumerate() {
        let line = fitted(&format!(" {line}"), usize::from(area.width));
        put(buffer, area, row, &Line::styled(line, app.settings.theme.style(*role)));
    }
}

pub(super) fn switcher(app: &App, switching: &Switching, buffer: &mut Buffer, area: Rect) {
    let theme = app.settings.theme;
    let height = usize::from(area.height);
    let first = (switching.chosen + 1).saturating_sub(height);
    if switching.places.is_empty() {
        let text = " no such room, and no name for a new one";
        put(buffer, area, 0, &Line::styled(text, theme.style(Role::Quiet)));
    }
    for (row, (index, place)) in
        switching.places.iter().enumerate().skip(first).take(height).enumerate()
    {
        let (name, about) = match place {
            Place::Open(room) => {
                let room = app.rooms.get(*room);
                let unread = room.map_or(0, |room| room.unread);
                let about = if unread > 0 { format!("{unread} new") } else { String::new() };
                (room.map(crate::ui::room::Room::name).unwrap_or_default(), about)
            }
            Place::Known(address, members) => {
                (address.to_string(), format!("{members} there; Enter joins"))
            }
            Place::New(address) => {
                (address.to_string(), "Enter goes there, and makes it if it is new".to_owned())
            }
        };
        let chosen = index == switching.chosen;
        let style = theme.style(if chosen { Role::Chosen } else { Role::Text });
        let pad = 24_usize.saturating_sub(width(&name));
        let spans = vec![
            span(if chosen { " › " } else { "   " }, style),
            span(name, style),
            Span::raw(" ".repeat(pad + 1)),
            span(about, theme.style(Role::Quiet)),
        ];
        put(buffer, area, row, &Line::from(cut(spans, usize::from(area.width))));
    }
}

pub(super) fn search(app: &App, search: &Searching, buffer: &mut Buffer, area: Rect) {
    let theme = app.settings.theme;
    let columns = usize::from(area.width);
    put(buffer, area, 0, &Line::styled(fitted(&summary(search), columns), theme.style(Role::Talk)));
    let list =
        Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
    let height = usize::from(list.height);
    let first = (search.chosen + 1).saturating_sub(height);
    for (row, (index, hit)) in search.hits.iter().enumerate().skip(first).take(height).enumerate() {
        let chosen = index == search.chosen;
        let base = theme.style(if chosen { Role::Chosen } else { Role::Text });
        let (day, time) = (day(app, hit.time_ms), time_of(app, hit.time_ms));
        let mut spans = vec![
            span(if chosen { " › " } else { "   " }, base),
            span(format!("{day} {time} "), base.patch(theme.style(Role::Quiet))),
            span(format!("[{}] ", hit.room), base.patch(theme.style(Role::Quiet))),
            span(format!("{}: ", hit.from), base.patch(theme.name_style(hit.from.folded()))),
        ];
        for part in &hit.snippet {
            let style = if part.hit { base.patch(theme.style(Role::Hit)) } else { base };
            spans.push(span(part.text.as_str(), style));
        }
        put(buffer, list, row, &Line::from(cut(spans, columns)));
    }
}

fn summary(search: &Searching) -> String {
    let words = "words, \"a phrase\", begin*, -without";
    if let Some(wrong) = &search.wrong {
        return format!(" ! {}", crate::sanitise::line(wrong));
    }
    match (&search.searched, search.waiting, search.hits.len()) {
        (None, ..) => format!(" Search: {words}. Enter."),
        (Some(_), true, 0) => " searching…".to_owned(),
        (Some((text, _)), false, 0) => format!(" Nothing found for {text}."),
        (Some((text, _)), _, count) => {
            let more = if search.next.is_some() { " and more" } else { "" };
            let late = match search.unsearched {
                0 => String::new(),
                some => format!("; {some} of the newest cannot be searched yet"),
            };
            format!(" {count}{more} found for {text}, newest first{late}. Enter goes there.")
        }
    }
}

//! The lists on both sides of a wide screen. Pure.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::bars::counts;
use super::{sides, span};
use crate::ui::app::App;
use crate::ui::graphemes::{fitted, width};
use crate::ui::theme::Role;

/// The rooms one is in, with what is new; the shown one is always among them.
pub(super) fn rooms(app: &App, area: Rect) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let mut lines = vec![(None, heading(app, "Rooms"))];
    let named = |direct: bool| {
        let rooms = app.rooms.iter().enumerate();
        rooms.filter(move |(_, room)| room.is_direct() == direct)
    };
    for direct in [false, true] {
        if direct && named(true).next().is_some() {
            lines.push((None, Line::default()));
            lines.push((None, heading(app, "Direct")));
        }
        for (index, room) in named(direct) {
            let (counts, style) = counts(app, room, index);
            let name_style = if index == app.current {
                theme.style(Role::Title).add_modifier(Modifier::REVERSED)
            } else {
                style
            };
            let cells = usize::from(area.width).saturating_sub(6 + width(&counts));
            let name = fitted(&room.name(), cells);
            let left = vec![
                span(format!("{:>3} ", index + 1), theme.style(Role::Quiet)),
                span(name, name_style),
            ];
            let right = vec![span(counts, style), Span::raw(" ")];
            lines.push((Some(index), sides(left, right, area.width)));
        }
    }
    let height = usize::from(area.height);
    let shown = lines.iter().position(|(index, _)| *index == Some(app.current));
    let first = shown.map_or(0, |at| (at + 2).saturating_sub(height));
    lines.into_iter().skip(first).take(height).map(|(_, line)| line).collect()
}

/// Who is here.
pub(super) fn members(app: &App, area: Rect) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let room = app.room();
    let height = usize::from(area.height);
    let cells = usize::from(area.width).saturating_sub(2);
    let mut lines = vec![heading(app, &format!("{} here", room.members_total))];
    let room_for = height.saturating_sub(2);
    for name in room.members.iter().take(room_for) {
        let style = match room.away.contains(name) {
            true => theme.style(Role::Quiet),
            false => theme.name_style(name.folded()),
        };
        lines.push(Line::styled(format!(" {}", fitted(name.as_str(), cells)), style));
    }
    let total = usize::try_from(room.members_total).unwrap_or(usize::MAX);
    let more = total.saturating_sub(room.members.len().min(room_for));
    if more > 0 {
        lines.push(Line::styled(format!(" … {more} more"), theme.style(Role::Quiet)));
    }
    lines
}

fn heading(app: &App, text: &str) -> Line<'static> {
    Line::styled(format!(" {text}"), app.settings.theme.style(Role::Quiet))
}

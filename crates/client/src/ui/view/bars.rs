//! The lines around the messages: header, notices, rooms, prompt, keys. Pure.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::rows::{clock, rule_line};
use super::{answered, cut, sides, span};
use crate::ui::app::{App, Hint, Mode, NameFrom, Net};
use crate::ui::graphemes::{fitted, width};
use crate::ui::keys::Act;
use crate::ui::room::{Edge, Room, Scroll};
use crate::ui::row::{Body, Row};
use crate::ui::theme::Role;

/// Below so many columns the line of rooms has only rooms.
const STATUS_HINT_COLUMNS: u16 = 40;

/// ` #ops  deploys, alerts  14 here        chat.lan  ok  12 ms`
pub(super) fn header(app: &App) -> Line<'static> {
    let theme = app.settings.theme;
    let room = app.room();
    let mut left = vec![span(format!(" {}", room.title()), theme.style(Role::Title))];
    if let Some(topic) = &room.topic {
        left.push(span(format!("  {topic}"), theme.style(Role::Text)));
    }
    let here = match (&room.address, room.is_direct()) {
        (None, _) => " in no room".to_owned(),
        (Some(_), true) => "  just you two".to_owned(),
        (Some(_), false) => format!("  {} here", room.members_total),
    };
    let muted = if room.muted { "  muted" } else { "" };
    let (state, style) = match &app.net {
        Net::Up => ("ok", theme.style(Role::Done)),
        Net::Coming => ("…", theme.style(Role::Quiet)),
        Net::Down { .. } => ("not connected", theme.style(Role::Alert)),
    };
    let latency = app.latency.filter(|_| app.net == Net::Up);
    let latency = latency.map(|latency| format!("  {} ms", latency.as_millis()));
    let right = vec![
        span(format!("  {}  ", fitted(&app.server, 24)), theme.style(Role::Quiet)),
        span(state, style),
        span(latency.unwrap_or_default(), theme.style(Role::Quiet)),
        Span::raw(" "),
    ];
    // The topic gives way, who is here does not.
    let tail = span(format!("{here}{muted}"), theme.style(Role::Quiet));
    let cells = |spans: &[Span<'_>]| spans.iter().map(|span| width(&span.content)).sum::<usize>();
    let room_left =
        usize::from(app.size.width).saturating_sub(cells(&right) + width(&tail.content));
    let mut left = cut(left, room_left);
    left.push(tail);
    sides(left, right, app.size.width)
}

/// What stands above the input: why there is no connection, then what the last key did not do, or where one is.
pub(super) fn notices(app: &App) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let columns = usize::from(app.size.width);
    let mut notices = Vec::new();
    for line in super::connection::lines(app) {
        notices.push(Line::styled(fitted(&line, columns), theme.style(Role::Alert)));
    }
    let mut notice = |text: String, role: Role| {
        notices.push(Line::styled(fitted(&format!(" {text}"), columns), theme.style(role)));
    };
    if let Some(text) = answered::notice(app) {
        notice(text, Role::Talk);
    }
    match app.hint.clone().or_else(|| app.input_notice()) {
        Some(Hint::Word(text)) => notice(text, Role::Talk),
        Some(Hint::Wrong(text)) => notice(text, Role::Alert),
        None => {
            if let Some(text) = place(app) {
                notice(text, Role::Unread);
            }
        }
    }
    notices
}

/// Where one is, when that is not the newest message.
fn place(app: &App) -> Option<String> {
    let room = app.room();
    let key = if app.input().is_empty() { "End" } else { "Alt-End" };
    let asked = room.window.older == Edge::Asked || room.window.newer == Edge::Asked;
    match (room.scroll, asked && app.net == Net::Up) {
        (Scroll::At { .. }, true) => Some("loading…".to_owned()),
        (Scroll::At { .. }, false) if room.unread > 0 => {
            Some(format!("↓ {} new below · {key} jumps down", room.unread))
        }
        (Scroll::At { .. }, false) => Some(format!("↓ older messages · {key} jumps down")),
        (Scroll::Bottom, _) => None,
    }
}

/// ` 1 lobby 3   2 ops   3 build 12   4 @maya @1      Alt-a → @maya`; beside a list of rooms only
/// its end.
pub(super) fn status(app: &App) -> Line<'static> {
    let theme = app.settings.theme;
    let unread = app.next_unread().and_then(|index| app.rooms.get(index));
    let right = unread.map(|room| {
        let key = app.start.keys.key(Act::NextUnread);
        span(format!("  {key} → {} ", room.name()), theme.style(Role::Quiet))
    });
    let has_room = app.size.width >= STATUS_HINT_COLUMNS;
    let typing = app.room().typing(app.now);
    let typing = typing.map(|text| span(format!("  {text} "), theme.style(Role::Talk)));
    let right: Vec<Span<'static>> = typing.into_iter().chain(right).filter(|_| has_room).collect();
    if app.size.width >= super::WIDE_COLUMNS {
        return sides(Vec::new(), right, app.size.width);
    }
    let taken: usize = right.iter().map(|span| width(&span.content)).sum();
    let cells = usize::from(app.size.width).saturating_sub(taken);
    let items: Vec<Vec<Span<'static>>> =
        (0..app.rooms.len()).map(|index| item(app, index)).collect();
    let cells_of = |item: &[Span<'_>]| item.iter().map(|span| width(&span.content)).sum::<usize>();
    // What is shown begins so far on that the current room fits.
    let mut first = 0;
    let upto = |first: usize| {
        let end = app.current + 1;
        items.get(first..end).unwrap_or_default().iter().map(|item| cells_of(item)).sum::<usize>()
    };
    while first < app.current && upto(first) + 2 > cells {
        first += 1;
    }
    let mut left = Vec::new();
    if first > 0 {
        left.push(span("…", theme.style(Role::Quiet)));
    }
    left.extend(items.into_iter().skip(first).flatten());
    sides(left, right, app.size.width)
}

fn item(app: &App, index: usize) -> Vec<Span<'static>> {
    let theme = app.settings.theme;
    let Some(room) = app.rooms.get(index) else { return Vec::new() };
    let quiet = theme.style(Role::Quiet);
    let (counts, style) = counts(app, room, index);
    let name_style = if index == app.current {
        theme.style(Role::Title).add_modifier(Modifier::REVERSED)
    } else {
        style
    };
    let mut spans = vec![span(format!(" {} ", index + 1), quiet), span(room.name(), name_style)];
    if !counts.is_empty() {
        spans.push(span(format!(" {counts}"), style));
    }
    spans.push(Span::raw("  "));
    spans
}

/// `3`, `@1`, and how a room with that looks.
pub(super) fn counts(app: &App, room: &Room, index: usize) -> (String, Style) {
    let theme = app.settings.theme;
    if room.mentions > 0 {
        (format!("@{}", room.mentions), theme.style(Role::Mention))
    } else if room.unread > 0 && !room.muted {
        (room.unread.to_string(), theme.style(Role::Unread))
    } else {
        let role = if room.muted && index != app.current { Role::Quiet } else { Role::Text };
        (String::new(), theme.style(role))
    }
}

/// What stands before the input.
pub(super) fn prompt(app: &App) -> String {
    let me = app.me.as_ref().map_or("…", |name| name.as_str());
    match &app.mode {
        Mode::Talk | Mode::Answer(_) if usize::from(app.size.width) < 3 * width(me) => {
            "› ".to_owned()
        }
        Mode::Talk | Mode::Answer(_) => format!("{me} › "),
        Mode::Search(search) if search.everywhere => "search everywhere › ".to_owned(),
        Mode::Search(_) => format!("search {} › ", app.room().title()),
        Mode::Switch(_) => "go to › ".to_owned(),
        Mode::Recall(_) => "typed before › ".to_owned(),
        Mode::Help { .. } => "any key closes".to_owned(),
        Mode::Plain { .. } => String::new(),
    }
}

/// ` F1 help   Ctrl-G go to room   Alt-a next unread   PgUp history   /help`
pub(super) fn help(app: &App) -> Line<'static> {
    let keys = &app.start.keys;
    let items: Vec<String> = match &app.mode {
        Mode::Talk | Mode::Plain { .. } => vec![
            format!("{} help", keys.key(Act::Help)),
            format!("{} go to room", keys.key(Act::GoToRoom)),
            format!("{} next unread", keys.key(Act::NextUnread)),
            format!("{} history", keys.key(Act::ScrollUp)),
            "/help".to_owned(),
            format!("{} search", keys.key(Act::Search)),
        ],
        Mode::Answer(_) => vec![
            "Enter answers".to_owned(),
            "+ reacts".to_owned(),
            "Up Down choose".to_owned(),
            "Esc closes".to_owned(),
        ],
        Mode::Help { .. } => {
            vec!["Up Down PgUp PgDn scroll".to_owned(), "any other key closes".to_owned()]
        }
        Mode::Switch(_) => {
            vec![
                "Enter goes there".to_owned(),
                "Up Down choose".to_owned(),
                "Esc closes".to_owned(),
            ]
        }
        Mode::Search(_) => vec![
            "Enter searches, then goes there".to_owned(),
            "Tab everywhere or here".to_owned(),
            "Esc closes".to_owned(),
        ],
        Mode::Recall(_) => vec![
            "Enter takes it".to_owned(),
            format!("{} the one before", keys.key(Act::Recall)),
            "Esc closes".to_owned(),
        ],
    };
    let mut text = String::new();
    for item in items {
        if width(&text) + width(&item) + 3 > usize::from(app.size.width) {
            break;
        }
        text.push_str(if text.is_empty() { " " } else { "   " });
        text.push_str(&item);
    }
    Line::styled(text, app.settings.theme.style(Role::Quiet))
}

/// The first lines that a new user sees.
pub(super) fn welcome(app: &App, area: Rect) -> Vec<Line<'static>> {
    let (Some(me), true) = (&app.me, area.height > 0) else { return Vec::new() };
    let theme = app.settings.theme;
    let keys = &app.start.keys;
    let from = match app.start.name_from {
        NameFrom::Login => " (from $USER)",
        NameFrom::Chosen => "",
    };
    let keep = match chat_protocol::slash::find("register") {
        Some(_) => "Keep this name: /register   ",
        None => "",
    };
    let (go, help) = (keys.key(Act::GoToRoom), keys.key(Act::Help));
    let columns = usize::from(area.width);
    let room = app.room();
    let said = |row: &&Row| row.seq.is_some() && matches!(row.body, Body::Said { .. });
    let stored = room.window.rows().filter(said).count();
    let rule = match stored {
        0 => "nobody has said anything here yet: type, then Enter".to_owned(),
        1 => "the last message".to_owned(),
        count => format!("the last {count} messages"),
    };
    let text = |line: String| Line::styled(fitted(&line, columns), theme.style(Role::Talk));
    vec![
        text(format!(" Welcome. You are guest \"{me}\"{from}. Change it: /nick NAME")),
        text(format!(" {keep}Rooms: {go}   Help: {help}   Leave: /quit")),
        rule_line(&rule, area.width, theme.style(Role::Quiet)),
    ]
}

/// For other parts of the view: the time of day.
pub(super) fn time_of(app: &App, time: chat_protocol::Timestamp) -> String {
    clock(time, &app.start.zone)
}

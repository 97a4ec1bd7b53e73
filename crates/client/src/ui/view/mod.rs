//! What the screen looks like. Pure: state in, cells out; the only place that knows where things are.

mod answered;
mod bars;
mod connection;
mod heights;
mod lists;
mod over;
mod plain;
mod rows;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::app::{App, Mode};
use super::graphemes::width;
use super::limits::INPUT_LINES_SHOWN_MAX;
use super::links::LinkPlace;
use super::room::{Edge, Scroll};
use super::theme::Role;

pub(crate) use self::heights::Heights;
pub(crate) use self::over::help_lines;
pub(crate) use self::plain::plain_text;

/// From so many columns on there are lists on both sides.
const WIDE_COLUMNS: u16 = 100;
/// How wide these are: the rooms', the members'. What people say needs the columns first.
const LISTS_COLUMNS: (u16, u16) = (17, 14);
const LISTS_COLUMNS_ROOMY: (u16, u16) = (22, 20);
const ROOMY_COLUMNS: u16 = 130;
/// Below these heights, lines are left out, what helps least first.
const HELP_ROWS: u16 = 12;
const RULES_ROWS: u16 = 12;
const HEADER_ROWS: u16 = 7;
const STATUS_ROWS: u16 = 5;
/// The welcome needs room for the messages below it.
const WELCOME_ROWS: u16 = 14;
const WELCOME_LINES: u16 = 3;
/// A warning may take so many, and half of the screen.
const NOTICE_ROWS_MAX: u16 = 12;

/// Where everything is. What is not shown has no height.
#[derive(Clone, Copy, Debug, Default)]
struct Areas {
    header: Rect,
    header_rule: Rect,
    welcome: Rect,
    rooms: Rect,
    chat: Rect,
    members: Rect,
    notice: Rect,
    rule: Rect,
    status: Rect,
    input: Rect,
    help: Rect,
}

/// Takes rows from an end of the screen.
struct Rows {
    rest: Rect,
}

impl Rows {
    fn top(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.rest.height);
        let taken = Rect { height: rows, ..self.rest };
        self.rest.y += rows;
        self.rest.height -= rows;
        taken
    }

    fn bottom(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.rest.height);
        self.rest.height -= rows;
        Rect { y: self.rest.y + self.rest.height, height: rows, ..self.rest }
    }
}

impl Areas {
    fn of(app: &App) -> Self {
        let screen = Rect::new(0, 0, app.size.width, app.size.height);
        let rows_if = |wanted: bool, rows: u16| if wanted { rows } else { 0 };
        let tall = |from: u16| screen.height >= from;
        let wide = screen.width >= WIDE_COLUMNS;
        let mut rows = Rows { rest: screen };
        let mut areas = Self {
            help: rows.bottom(rows_if(tall(HELP_ROWS), 1)),
            input: rows.bottom(input_rows(app)),
            status: rows.bottom(rows_if(tall(STATUS_ROWS), 1)),
            rule: rows.bottom(rows_if(tall(RULES_ROWS), 1)),
            ..Self::default()
        };
        let notices = u16::try_from(bars::notices(app).len()).unwrap_or(1);
        let notices_max =
            if tall(HEADER_ROWS) { NOTICE_ROWS_MAX.min(screen.height / 2) } else { 1 };
        areas.notice = rows.bottom(notices.min(notices_max));
        areas.header = rows.top(rows_if(tall(HEADER_ROWS), 1));
        areas.header_rule = rows.top(rows_if(tall(RULES_ROWS), 1));
        if wide {
            let middle = rows.rest;
            let roomy = screen.width >= ROOMY_COLUMNS;
            let (rooms, members) = if roomy { LISTS_COLUMNS_ROOMY } else { LISTS_COLUMNS };
            // A line, and a column of air, on both sides.
            let chat_columns = middle.width - rooms - members - 4;
            areas.rooms = Rect { width: rooms, ..middle };
            areas.members = Rect { x: middle.width - members, width: members, ..middle };
            rows.rest = Rect { x: rooms + 2, width: chat_columns, ..middle };
        }
        let welcome = app.welcome && tall(WELCOME_ROWS) && app.room().address.is_some();
        areas.welcome = rows.top(rows_if(welcome, WELCOME_LINES));
        areas.chat = rows.rest;
        areas
    }

    fn within(mut self, screen: Rect) -> Self {
        for area in [
            &mut self.header,
            &mut self.header_rule,
            &mut self.welcome,
            &mut self.rooms,
            &mut self.chat,
            &mut self.members,
            &mut self.notice,
            &mut self.rule,
            &mut self.status,
            &mut self.input,
            &mut self.help,
        ] {
            *area = area.intersection(screen);
        }
        self
    }
}

/// Where the messages are.
pub(crate) fn chat_area(app: &App) -> Rect {
    Areas::of(app).chat
}

/// How many rows the messages have when nothing is noticed above the input.
pub(crate) fn chat_rows(app: &App) -> u16 {
    let Areas { chat, notice, .. } = Areas::of(app);
    chat.height + notice.height
}

/// Draws everything. Returns where links are.
pub(crate) fn draw(app: &App, frame: &mut Frame<'_>) -> Vec<LinkPlace> {
    // The terminal may have changed its size since it was told.
    let areas = Areas::of(app).within(frame.area());
    let buffer = frame.buffer_mut();
    let mut links = Vec::new();
    put(buffer, areas.header, 0, &bars::header(app));
    rule(app, buffer, areas.header_rule);
    rule(app, buffer, areas.rule);
    for (row, line) in bars::notices(app).iter().take(usize::from(areas.notice.height)).enumerate()
    {
        put(buffer, areas.notice, row, line);
    }
    put(buffer, areas.status, 0, &bars::status(app));
    put(buffer, areas.help, 0, &bars::help(app));
    if areas.rooms.width > 0 {
        for (row, line) in lists::rooms(app, areas.rooms).iter().enumerate() {
            put(buffer, areas.rooms, row, line);
        }
        for (row, line) in lists::members(app, areas.members).iter().enumerate() {
            put(buffer, areas.members, row, line);
        }
        let style = app.settings.theme.style(Role::Quiet);
        for y in areas.rooms.y..areas.rooms.bottom() {
            for x in [areas.rooms.right(), areas.members.x.saturating_sub(1)] {
                if let Some(cell) = buffer.cell_mut(Position { x, y }) {
                    cell.set_symbol("│").set_style(style);
                }
            }
        }
    }
    for (row, line) in bars::welcome(app, areas.welcome).iter().enumerate() {
        put(buffer, areas.welcome, row, line);
    }
    let whole =
        Rect { y: areas.welcome.y, height: areas.welcome.height + areas.chat.height, ..areas.chat };
    match &app.mode {
        Mode::Talk | Mode::Recall(_) | Mode::Answer(_) | Mode::Plain { .. } => {
            messages(app, buffer, areas.chat, &mut links);
        }
        Mode::Help { scroll } => over::help(app, *scroll, buffer, whole),
        Mode::Switch(switching) => over::switcher(app, switching, buffer, whole),
        Mode::Search(search) => over::search(app, search, buffer, whole),
    }
    let cursor = input(app, buffer, areas.input);
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    links
}

/// The messages, from the bottom up.
fn messages(app: &App, buffer: &mut Buffer, area: Rect, links: &mut Vec<LinkPlace>) {
    let heights = Heights::of(app);
    let room = app.room();
    let window = &room.window;
    let (mut index, below) = match room.scroll {
        Scroll::Bottom => (window.len(), 0),
        Scroll::At { row, below } => match window.index_of(row) {
            Some(index) => (index + 1, below),
            None => (window.len(), 0),
        },
    };
    let height = usize::from(area.height);
    let mut skip = below;
    // From the last one up.
    let mut lines = Vec::new();
    while lines.len() < height && index > 0 {
        index -= 1;
        let of_row = heights.lines(window, index);
        lines.extend(of_row.into_iter().rev().skip(std::mem::take(&mut skip)));
    }
    lines.truncate(height);
    let count = u16::try_from(lines.len()).unwrap_or(area.height);
    // Below the welcome one reads on; else the newest is at the bottom.
    let mut y = if app.welcome { area.y + count } else { area.bottom() };
    for line in &lines {
        y -= 1;
        let place = Rect { y, height: 1, ..area };
        buffer.set_line(area.x, y, &line.line, area.width);
        links.extend(line.links.iter().map(|link| link.placed(place)));
    }
    if y > area.y && window.older == Edge::End && window.first_seq().is_some() && !app.welcome {
        let text = format!("the beginning of {}", room.title());
        let line = rows::rule_line(&text, area.width, app.settings.theme.style(Role::Quiet));
        buffer.set_line(area.x, y - 1, &line, area.width);
    }
}

/// How many rows the input box takes.
fn input_rows(app: &App) -> u16 {
    let (lines, ..) = app.input().lines(input_columns(app));
    let most = INPUT_LINES_SHOWN_MAX.min(usize::from(app.size.height / 3)).max(1);
    let rows =
        if matches!(app.mode, Mode::Talk | Mode::Answer(_)) { lines.len().min(most) } else { 1 };
    u16::try_from(rows).unwrap_or(1)
}

fn input_columns(app: &App) -> usize {
    usize::from(app.size.width).saturating_sub(width(&bars::prompt(app))).max(2)
}

/// The input box. Returns where the cursor is.
fn input(app: &App, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let prompt = bars::prompt(app);
    let indent = u16::try_from(width(&prompt)).unwrap_or(area.width);
    buffer.set_string(area.x, area.y, &prompt, app.settings.theme.style(Role::Title));
    let typed = match &app.mode {
        Mode::Talk | Mode::Answer(_) => app.input(),
        Mode::Search(search) => &search.query,
        Mode::Switch(switching) => &switching.query,
        Mode::Recall(recalling) => &recalling.query,
        Mode::Help { .. } | Mode::Plain { .. } => return None,
    };
    let (lines, row, column) = typed.lines(input_columns(app));
    let height = usize::from(area.height);
    let first = (row + 1).saturating_sub(height);
    for (line, y) in lines.iter().skip(first).zip(area.y..area.bottom()) {
        buffer.set_string(area.x + indent, y, line, app.settings.theme.style(Role::Text));
    }
    if let Mode::Recall(_) = &app.mode {
        let found = app.recalled().unwrap_or("nothing like that was typed here");
        let found = format!("   → {}", found.replace('\n', " ⏎ "));
        let x = area.x + indent + u16::try_from(column).unwrap_or_default();
        let left = usize::from(area.right().saturating_sub(x));
        let style = app.settings.theme.style(Role::Talk);
        buffer.set_stringn(x, area.y, found, left, style);
    }
    let x = (area.x + indent).saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
    let y = area.y + u16::try_from(row - first).unwrap_or_default();
    Some(Position { x: x.min(area.right().saturating_sub(1)), y })
}

fn rule(app: &App, buffer: &mut Buffer, area: Rect) {
    if area.height > 0 {
        let line = "─".repeat(usize::from(area.width));
        buffer.set_string(area.x, area.y, line, app.settings.theme.style(Role::Quiet));
    }
}

/// A line in an area, if there is room for it.
fn put(buffer: &mut Buffer, area: Rect, row: usize, line: &Line<'_>) {
    let row = u16::try_from(row).unwrap_or(u16::MAX);
    if row < area.height {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Left and right on one line; the left gives way.
fn sides(left: Vec<Span<'static>>, right: Vec<Span<'static>>, columns: u16) -> Line<'static> {
    let of = |spans: &[Span<'_>]| spans.iter().map(|span| width(&span.content)).sum::<usize>();
    let columns = usize::from(columns);
    let (left_cells, right_cells) = (of(&left), of(&right));
    if right_cells >= columns {
        return Line::from(left);
    }
    let mut line = cut(left, columns - right_cells);
    let used = left_cells.min(columns - right_cells);
    line.push(Span::raw(" ".repeat(columns - right_cells - used)));
    line.extend(right);
    Line::from(line)
}

/// As many of the spans as fit.
fn cut(spans: Vec<Span<'static>>, cells: usize) -> Vec<Span<'static>> {
    let mut left = cells;
    let mut kept = Vec::new();
    for span in spans {
        let fitted = super::graphemes::fitted(&span.content, left);
        left -= width(&fitted).min(left);
        kept.push(Span::styled(fitted, span.style));
        if left == 0 {
            break;
        }
    }
    let used: usize = kept.iter().map(|span| width(&span.content)).sum();
    let all_fit = used <= cells;
    debug_assert!(all_fit, "{used} cells in {cells}");
    kept
}

fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

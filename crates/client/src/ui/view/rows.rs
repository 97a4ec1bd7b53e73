//! One row of a room as lines of cells: time, name, text, and the lines above it (a new day, what is
//! new). Pure.

use std::ops::Range;

use chat_protocol::{SayKind, Timestamp, UserName};
use jiff::tz::TimeZone;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::answered::{SIGN, quoted};
use crate::ui::app::{App, Net};
use crate::ui::graphemes::{fitted, graphemes, width, wrapped};
use crate::ui::keys::Act;
use crate::ui::links::{LinkCells, links};
use crate::ui::room::{Room, Window};
use crate::ui::row::{Body, Delivery, Row};
use crate::ui::settings::Joins;
use crate::ui::theme::Role;

/// Below so many columns there are none: the name stands before the text.
const COMPACT_COLUMNS: usize = 40;
/// From so many columns on, names have more room.
const ROOMY_COLUMNS: usize = 90;

/// A line, and the links in it.
#[derive(Debug, Default)]
pub(crate) struct ScreenLine {
    pub(crate) line: Line<'static>,
    pub(crate) links: Vec<LinkCells>,
}

/// How rows are laid out.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    pub(crate) app: &'a App,
    pub(crate) columns: usize,
}

/// A piece of a text that looks different.
struct Mark {
    range: Range<usize>,
    style: Style,
    link: Option<std::sync::Arc<str>>,
}

impl Look<'_> {
    /// A row, and what stands above it.
    pub(crate) fn lines(&self, room: &Room, window: &Window, index: usize) -> Vec<ScreenLine> {
        let Some(row) = window.row(index) else { return Vec::new() };
        let body = self.body(room, window, index, row);
        if body.is_empty() {
            return body;
        }
        let mut lines = self.above(room, window, index, row);
        lines.extend(body);
        lines
    }

    /// The line of a new day, and that of what is new.
    fn above(&self, room: &Room, window: &Window, index: usize, row: &Row) -> Vec<ScreenLine> {
        let mut lines = Vec::new();
        let zone = &self.app.start.zone;
        let before = before(window, index).find_map(|row| row.time);
        let new_day = match (row.time, before) {
            (Some(time), Some(before)) => date(time, zone) != date(before, zone),
            (Some(time), None) => row.seq.is_some() && date(time, zone) != date(self.app.now, zone),
            (None, _) => false,
        };
        if let Some(time) = row.time.filter(|_| new_day) {
            lines.push(self.rule(&day(self.app, time), Role::Quiet));
        }
        if let Some(marker) = room.marker
            && row.seq > Some(marker.after)
            && before_stored(window, index).is_none_or(|seq| seq <= marker.after)
        {
            let since = marker.since.map(|time| format!(" since {}", clock(time, zone)));
            let text = format!("{} new{}", marker.count, since.unwrap_or_default());
            lines.push(self.rule(&text, Role::Unread));
        }
        lines
    }

    fn rule(&self, text: &str, role: Role) -> ScreenLine {
        let columns = u16::try_from(self.columns).unwrap_or(u16::MAX);
        let line = rule_line(text, columns, self.app.settings.theme.style(role));
        ScreenLine { line, links: Vec::new() }
    }

    fn body(&self, room: &Room, window: &Window, index: usize, row: &Row) -> Vec<ScreenLine> {
        let theme = self.app.settings.theme;
        match &row.body {
            Body::Said { from, .. } if self.app.ignored.contains(from) => Vec::new(),
            Body::Said { .. } => self.said(room, window, index, row),
            Body::Deleted { from } => {
                self.note(&format!("a message of {from} was deleted"), theme.style(Role::Quiet))
            }
            Body::Deletion => Vec::new(),
            Body::Topic { from, topic } => {
                let text = match topic.as_str() {
                    "" => format!("{from} cleared the topic"),
                    topic => format!("{from} changed the topic to: {topic}"),
                };
                self.note(&text, theme.style(Role::Talk))
            }
            Body::Presence(_) if self.app.settings.joins == Joins::Hidden => Vec::new(),
            Body::Presence(presence) => self.note(&presence.said(), theme.style(Role::Quiet)),
            Body::Gap(text) => self.note(text, theme.style(Role::Alert)),
            Body::Talk(text) => self.note(text, theme.style(Role::Talk)),
            Body::Warning(text) => self.note(text, theme.style(Role::Alert)),
        }
    }

    /// What the program says, behind a dot in the column of names.
    fn note(&self, text: &str, style: Style) -> Vec<ScreenLine> {
        let indent = if self.is_compact() { 2 } else { self.name_end() - 2 };
        let cells = self.columns.saturating_sub(indent).max(2);
        let mut lines = Vec::new();
        for line in text.split('\n') {
            for range in wrapped(line, cells) {
                let sign = if lines.is_empty() { "· " } else { "  " };
                let sign = format!("{}{sign}", " ".repeat(indent.saturating_sub(2)));
                let mut laid = ScreenLine::default();
                laid.push(&sign, style);
                laid.text(line, range, &[], style);
                lines.push(laid);
            }
        }
        lines
    }

    fn said(&self, room: &Room, window: &Window, index: usize, row: &Row) -> Vec<ScreenLine> {
        let Body::Said { from, kind, text, delivery, mention, reply_to, reactions } = &row.body
        else {
            return Vec::new();
        };
        let theme = self.app.settings.theme;
        let name_style = theme.name_style(from.folded());
        let mine = *delivery != Delivery::Theirs;
        let indent = if self.is_compact() { 0 } else { self.name_end() + 2 };
        let cells = self.columns.saturating_sub(indent + if mine { 2 } else { 0 }).max(2);
        let is_found = row.seq.is_some() && room.found == row.seq;
        let base = theme.style(if is_found { Role::Chosen } else { Role::Text });
        let mut lines: Vec<ScreenLine> = Vec::new();
        for (number, said) in text.plain_lines().enumerate() {
            let before = match (number, kind, self.is_compact()) {
                (0, SayKind::Action, false) => format!("{from} "),
                (0, SayKind::Action, true) => format!("* {from} "),
                (0, SayKind::Text | SayKind::Notice, true) => format!("{from}: "),
                (..) => String::new(),
            };
            let said = format!("{before}{said}");
            let mut marks = self.marks(&said, *mention);
            if !before.is_empty() {
                let range = 0..before.len();
                marks.insert(0, Mark { range, style: name_style, link: None });
            }
            for range in wrapped(&said, cells) {
                let mut laid = ScreenLine::default();
                if !self.is_compact() {
                    let first = lines.is_empty();
                    self.gutter(&mut laid, window, index, row, first.then_some(name_style));
                }
                laid.text(&said, range, &marks, base);
                lines.push(laid);
            }
        }
        self.delivered(&mut lines, delivery);
        if let Some(seq) = reply_to {
            let answered = format!("{SIGN}{}", quoted(self.app, window, *seq));
            lines.insert(0, self.beside(&answered));
        }
        lines.extend(reactions.said().map(|said| self.beside(&said)));
        lines
    }

    /// A line that belongs to a message: what it answers, what others think of it.
    fn beside(&self, text: &str) -> ScreenLine {
        let style = self.app.settings.theme.style(Role::Quiet);
        let indent = if self.is_compact() { 2 } else { self.name_end() + 2 };
        let text = fitted(text, self.columns.saturating_sub(indent).max(2));
        let mut laid = ScreenLine::default();
        laid.push(&" ".repeat(indent), style);
        laid.text(&text, 0..text.len(), &[], style);
        laid
    }

    /// Time, a bar beside a mention, the name.
    fn gutter(
        &self,
        laid: &mut ScreenLine,
        window: &Window,
        index: usize,
        row: &Row,
        name_style: Option<Style>,
    ) {
        let Body::Said { from, kind, mention, .. } = &row.body else { return };
        let theme = self.app.settings.theme;
        let Some(name_style) = name_style else {
            laid.push(&" ".repeat(self.name_end() + 2), theme.style(Role::Text));
            return;
        };
        let repeats = self.repeats(window, index, row, from);
        let time = row.time.filter(|_| !repeats).map(|time| clock(time, &self.app.start.zone));
        laid.push(&format!("{:<5} ", time.unwrap_or_default()), theme.style(Role::Quiet));
        let bar = if *mention { "▌" } else { " " };
        let bar_style = theme.style(Role::Mention).remove_modifier(Modifier::REVERSED);
        laid.push(bar, bar_style);
        let name = match kind {
            SayKind::Text | SayKind::Notice => fitted(from.as_str(), self.name_cells()),
            SayKind::Action => "*".to_owned(),
        };
        let pad = self.name_cells().saturating_sub(width(&name));
        laid.push(&" ".repeat(pad), Style::new());
        laid.push(&name, name_style);
        laid.push("  ", Style::new());
    }

    /// The same person in the same minute: the time is not said again.
    fn repeats(&self, window: &Window, index: usize, row: &Row, from: &UserName) -> bool {
        let Some(before) = before(window, index).next() else { return false };
        let same_author = matches!(&before.body, Body::Said { from: author, .. } if author == from);
        let minute = |time: Option<Timestamp>| time.map(|time| time.0 / 60_000);
        same_author && minute(before.time) == minute(row.time)
    }

    /// What looks different in a text: addresses, and one's own name.
    fn marks(&self, text: &str, mention: bool) -> Vec<Mark> {
        let theme = self.app.settings.theme;
        let mut marks: Vec<Mark> = links(text)
            .into_iter()
            .map(|(range, link)| Mark { range, style: theme.style(Role::Link), link: Some(link) })
            .collect();
        if let Some(me) = self.app.me.as_ref().filter(|_| mention) {
            let style = theme.style(Role::Mention);
            let words = text.split_inclusive(char::is_whitespace).scan(0, |at, word| {
                let start = *at;
                *at += word.len();
                Some((start, word.trim_end()))
            });
            let named = words.filter(|(_, word)| me.is_mentioned_in(word));
            marks.extend(named.map(|(at, word)| Mark {
                range: at..at + word.len(),
                style,
                link: None,
            }));
        }
        marks
    }

    /// What became of one's own message, at the right edge.
    fn delivered(&self, lines: &mut Vec<ScreenLine>, delivery: &Delivery) {
        let theme = self.app.settings.theme;
        let waits = self.app.net != Net::Up;
        let (text, style) = match delivery {
            Delivery::Theirs => return,
            Delivery::Stored => ("✓".to_owned(), theme.style(Role::Done)),
            Delivery::Sending(_) if waits => ("queued".to_owned(), theme.style(Role::Alert)),
            Delivery::Sending(_) => ("sending…".to_owned(), theme.style(Role::Quiet)),
            Delivery::Refused(why) => {
                let key = self.app.start.keys.key(Act::EditRefused);
                (format!("✗ not sent: {why} {key} edits"), theme.style(Role::Alert))
            }
            Delivery::Unknown => (
                "? the connection was lost: it may be sent or not".to_owned(),
                theme.style(Role::Alert),
            ),
        };
        let text = fitted(&text, self.columns);
        let needed = width(&text) + 1;
        let free = lines.last().map_or(0, |line| self.columns.saturating_sub(line.cells()));
        if free < needed {
            lines.push(ScreenLine::default());
        }
        if let Some(last) = lines.last_mut() {
            let pad = self.columns.saturating_sub(last.cells() + width(&text));
            last.push(&" ".repeat(pad), Style::new());
            last.push(&text, style);
        }
    }

    fn is_compact(&self) -> bool {
        self.columns < COMPACT_COLUMNS
    }

    fn name_cells(&self) -> usize {
        if self.columns >= ROOMY_COLUMNS { 14 } else { 8 }
    }

    /// Where the column of names ends: behind the time, the bar and the name.
    fn name_end(&self) -> usize {
        7 + self.name_cells()
    }
}

impl ScreenLine {
    fn push(&mut self, text: &str, style: Style) {
        self.line.push_span(Span::styled(text.to_owned(), style));
    }

    fn cells(&self) -> usize {
        self.line.spans.iter().map(|span| width(&span.content)).sum()
    }

    /// A part of a text, with its marks.
    fn text(&mut self, text: &str, range: Range<usize>, marks: &[Mark], base: Style) {
        let part = text.get(range.clone()).unwrap_or_default();
        let mut at = self.cells();
        let mut run = (String::new(), base);
        for grapheme in graphemes(part) {
            let place = range.start + grapheme.at;
            let mark = marks.iter().find(|mark| mark.range.contains(&place));
            let style = mark.map_or(base, |mark| base.patch(mark.style));
            if style != run.1 {
                let (done, done_style) = std::mem::replace(&mut run, (String::new(), style));
                self.push(&done, done_style);
            }
            run.0.push_str(&grapheme.shown);
            if let Some(target) = mark.and_then(|mark| mark.link.as_ref()) {
                match self.links.last_mut() {
                    Some(link) if link.cells.end == at && link.target == *target => {
                        link.cells.end += grapheme.width;
                    }
                    Some(_) | None => {
                        let cells = at..at + grapheme.width;
                        self.links.push(LinkCells { cells, target: std::sync::Arc::clone(target) });
                    }
                }
            }
            at += grapheme.width;
        }
        self.push(&run.0, run.1);
    }
}

/// The rows before one, the nearest first.
fn before(window: &Window, index: usize) -> impl Iterator<Item = &Row> {
    (0..index).rev().filter_map(|index| window.row(index))
}

fn before_stored(window: &Window, index: usize) -> Option<chat_protocol::Sequence> {
    before(window, index).find_map(|row| row.seq)
}

/// `──── Fri 20 Nov ────`
pub(crate) fn rule_line(text: &str, columns: u16, style: Style) -> Line<'static> {
    let columns = usize::from(columns);
    let text = fitted(text, columns.saturating_sub(4));
    let free = columns.saturating_sub(width(&text) + 2);
    let left = "─".repeat(free / 2);
    let right = "─".repeat(free - free / 2);
    Line::styled(format!("{left} {text} {right}"), style)
}

/// `22:41`
pub(crate) fn clock(time: Timestamp, zone: &TimeZone) -> String {
    zoned(time, zone).strftime("%H:%M").to_string()
}

fn date(time: Timestamp, zone: &TimeZone) -> jiff::civil::Date {
    zoned(time, zone).date()
}

/// `Fri 20 Nov`, and the year if it is not this one.
pub(crate) fn day(app: &App, time: Timestamp) -> String {
    let zone = &app.start.zone;
    let this_year = date(time, zone).year() == date(app.now, zone).year();
    let form = if this_year { "%a %-d %b" } else { "%a %-d %b %Y" };
    zoned(time, zone).strftime(form).to_string()
}

pub(crate) fn zoned(time: Timestamp, zone: &TimeZone) -> jiff::Zoned {
    let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX).to_zoned(zone.clone())
}

//! The input box: a text, a cursor between its graphemes, what was typed before. Pure.

use std::collections::VecDeque;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::graphemes::graphemes;
use super::limits::{INPUT_BYTES_MAX, INPUT_HISTORY_ENTRIES_MAX};
use super::secret;

/// An input box.
#[derive(Clone, Debug, Default)]
pub(crate) struct InputBox {
    text: String,
    /// In bytes, between two graphemes.
    cursor: usize,
    /// What Ctrl-W, Ctrl-U and Ctrl-K took away last.
    killed: String,
    /// What was typed before, the oldest first.
    history: VecDeque<String>,
    /// Which of them is shown, and what had been begun to type.
    recalled: Option<(usize, String)>,
}

/// Where a movement, or a deletion, leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
}

impl InputBox {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What was typed before, the newest first.
    pub(crate) fn history(&self) -> impl Iterator<Item = &str> {
        self.history.iter().rev().map(String::as_str)
    }

    /// Another text, with the cursor behind it.
    pub(crate) fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
    }

    /// Writes where the cursor is. Escape sequences are dropped; what does not fit into
    /// [`INPUT_BYTES_MAX`] too (false).
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let clean = chat_client::program_output(&text.replace("\r\n", "\n").replace('\r', "\n"));
        let room = INPUT_BYTES_MAX.saturating_sub(self.text.len());
        let fits = clean.get(..clean.floor_char_boundary(room)).unwrap_or_default();
        self.text.insert_str(self.cursor, fits);
        self.cursor += fits.len();
        // What was written may join with what stood there.
        self.cursor = self.boundary_at_or_after(self.cursor);
        self.recalled = None;
        fits.len() == clean.len()
    }

    /// Replaces what stands between a place and the cursor.
    pub(crate) fn replace_before_cursor(&mut self, start: usize, text: &str) {
        if start <= self.cursor && self.text.is_char_boundary(start) {
            self.text.replace_range(start..self.cursor, "");
            self.cursor = start;
            self.insert(text);
        }
    }

    pub(crate) fn move_to(&mut self, to: To) {
        self.cursor = self.place(to);
    }

    /// Deletes from the cursor to there. What is more than a grapheme can be had back by
    /// [`Self::yank`].
    pub(crate) fn delete_to(&mut self, to: To) {
        let place = self.place(to);
        let (start, end) = (place.min(self.cursor), place.max(self.cursor));
        let taken: String = self.text.drain(start..end).collect();
        self.cursor = start;
        if !matches!(to, To::Left | To::Right) && !taken.is_empty() {
            self.killed = taken;
        }
        self.recalled = None;
    }

    /// Deletes all; [`Self::yank`] brings it back.
    pub(crate) fn clear(&mut self) {
        if !self.text.is_empty() {
            self.killed = std::mem::take(&mut self.text);
        }
        self.cursor = 0;
        self.recalled = None;
    }

    pub(crate) fn yank(&mut self) {
        let killed = self.killed.clone();
        self.insert(&killed);
    }

    /// Takes the text out and remembers it.
    pub(crate) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.recalled = None;
        let is_secret = secret::begins(&text).is_some();
        if self.history.back() != Some(&text) && !text.trim().is_empty() && !is_secret {
            self.history.push_back(text.clone());
            if self.history.len() > INPUT_HISTORY_ENTRIES_MAX {
                self.history.pop_front();
            }
        }
        text
    }

    /// A line up, or, in the first line, what was typed before that. `to`: -1 up, 1 down.
    pub(crate) fn up_or_down(&mut self, down: bool) {
        let line_start = self.place(To::LineStart);
        let line_end = self.place(To::LineEnd);
        if !down && line_start > 0 {
            self.go_to_column(self.line_before(line_start), line_start);
        } else if down && line_end < self.text.len() {
            self.go_to_column(line_end + 1, line_start);
        } else {
            self.recall(down);
        }
    }

    fn line_before(&self, line_start: usize) -> usize {
        let before = self.text.get(..line_start.saturating_sub(1)).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// As many graphemes into the line at `start` as the cursor stands into its own.
    fn go_to_column(&mut self, start: usize, own_start: usize) {
        let own = self.text.get(own_start..self.cursor).unwrap_or_default();
        let column = own.graphemes(true).count();
        let line = self.text.get(start..).unwrap_or_default();
        let line = line.split('\n').next().unwrap_or_default();
        let offset = line.grapheme_indices(true).nth(column).map_or(line.len(), |(at, _)| at);
        self.cursor = start + offset;
    }

    fn recall(&mut self, newer: bool) {
        let (place, begun) = match self.recalled.take() {
            Some((place, begun)) => (place, begun),
            None => (self.history.len(), self.text.clone()),
        };
        let place = if newer { place + 1 } else { place.saturating_sub(1) };
        match self.history.get(place).cloned() {
            Some(text) => {
                self.set(&text);
                self.recalled = Some((place, begun));
            }
            None if newer => self.set(&begun),
            None => {}
        }
    }

    fn place(&self, to: To) -> usize {
        let (before, behind) = self.text.split_at_checked(self.cursor).unwrap_or((&self.text, ""));
        match to {
            To::Left => before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            To::Right => self.cursor + behind.graphemes(true).next().map_or(0, str::len),
            To::WordLeft => before.unicode_word_indices().next_back().map_or(0, |(at, _)| at),
            To::WordRight => behind
                .unicode_word_indices()
                .next()
                .map_or(self.text.len(), |(at, word)| self.cursor + at + word.len()),
            To::LineStart => before.rfind('\n').map_or(0, |end| end + 1),
            To::LineEnd => behind.find('\n').map_or(self.text.len(), |end| self.cursor + end),
        }
    }

    fn boundary_at_or_after(&self, place: usize) -> usize {
        let mut cursor = GraphemeCursor::new(place, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(true) | Err(_) => place,
            Ok(false) => cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(place),
        }
    }

    /// The lines as they are shown, broken at so many cells, and where the cursor is in them. A
    /// password is shown as dots.
    pub(crate) fn lines(&self, cells: usize) -> (Vec<String>, usize, usize) {
        match secret::begins(&self.text) {
            Some(at) => self.masked(at).lines_as_they_are(cells),
            None => self.lines_as_they_are(cells),
        }
    }

    /// The same with a dot for every grapheme from there on.
    fn masked(&self, at: usize) -> Self {
        let (open, secret) = self.text.split_at_checked(at).unwrap_or((&self.text, ""));
        let dots = |text: &str| "•".repeat(text.graphemes(true).count());
        let before_cursor = self.text.get(at..self.cursor).map(dots);
        let cursor = before_cursor.map_or(self.cursor, |dots| at + dots.len());
        Self { text: format!("{open}{}", dots(secret)), cursor, ..Self::default() }
    }

    fn lines_as_they_are(&self, cells: usize) -> (Vec<String>, usize, usize) {
        let cells = cells.max(2);
        let mut lines = vec![String::new()];
        let (mut used, mut place) = (0, None);
        let mut start = 0;
        for line in self.text.split('\n') {
            if start > 0 {
                lines.push(String::new());
                used = 0;
            }
            for grapheme in graphemes(line) {
                if used + grapheme.width > cells {
                    lines.push(String::new());
                    used = 0;
                }
                if start + grapheme.at >= self.cursor && place.is_none() {
                    place = Some((lines.len() - 1, used));
                }
                used += grapheme.width;
                if let Some(last) = lines.last_mut() {
                    last.push_str(&grapheme.shown);
                }
            }
            start += line.len();
            if self.cursor <= start && place.is_none() {
                if used >= cells {
                    lines.push(String::new());
                    used = 0;
                }
                place = Some((lines.len() - 1, used));
            }
            start += 1;
        }
        let (row, column) = place.unwrap_or((lines.len() - 1, used));
        (lines, row, column)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(text: &str) -> InputBox {
        let mut input = InputBox::default();
        input.insert(text);
        input
    }

    #[test]
    fn a_step_is_a_grapheme() {
        let mut input = typed("a👩‍👩‍👧e\u{301}日");
        let mut stops = vec![input.cursor()];
        while input.cursor() > 0 {
            input.move_to(To::Left);
            stops.push(input.cursor());
        }
        assert_eq!(stops.len(), 5);
        input.move_to(To::Right);
        input.delete_to(To::Right);
        assert_eq!(input.text(), "ae\u{301}日");
    }

    #[test]
    fn words_and_lines_are_deleted_and_come_back() {
        let mut input = typed("one two\nthree four");
        input.delete_to(To::WordLeft);
        assert_eq!(input.text(), "one two\nthree ");
        input.yank();
        input.delete_to(To::LineStart);
        assert_eq!(input.text(), "one two\n");
        input.clear();
        input.yank();
        assert_eq!(input.text(), "one two\n");
    }

    #[test]
    fn up_goes_through_lines_and_then_through_what_was_typed_before() {
        let mut input = typed("first");
        input.take();
        input.insert("second");
        input.take();
        input.insert("ab\ncd");
        input.up_or_down(false);
        assert_eq!(input.cursor(), 2, "the line above");
        input.up_or_down(false);
        assert_eq!(input.text(), "second");
        input.up_or_down(false);
        assert_eq!(input.text(), "first");
        input.up_or_down(false);
        assert_eq!(input.text(), "first");
        input.up_or_down(true);
        input.up_or_down(true);
        assert_eq!(input.text(), "ab\ncd", "what had been begun");
    }

    #[test]
    fn a_paste_cannot_drive_the_terminal_and_is_bounded() {
        let input = typed("\x1b[31mred\x1b[0m\r\nnext\rlast\u{202e}");
        assert_eq!(input.text(), "red\nnext\nlast\u{fffd}");
        let mut input = InputBox::default();
        assert!(!input.insert(&"é".repeat(INPUT_BYTES_MAX)));
        assert_eq!(input.text().len(), INPUT_BYTES_MAX);
    }

    #[test]
    fn the_cursor_is_where_the_text_is() {
        assert_eq!(typed("abcd").lines(4), (vec!["abcd".to_owned(), String::new()], 1, 0));
        assert_eq!(typed("日本").lines(10), (vec!["日本".to_owned()], 0, 4));
        let mut input = typed("ab\ncd");
        assert_eq!(input.lines(10).1, 1);
        input.move_to(To::LineStart);
        input.move_to(To::Left);
        assert_eq!((input.lines(10).1, input.lines(10).2), (0, 2));
    }

    #[test]
    fn a_secret_is_dots_and_the_cursor_stays_with_it() {
        let mut input = typed("/login ana sécret");
        input.move_to(To::Left);
        let (lines, row, column) = input.masked(11).lines_as_they_are(40);
        assert_eq!((lines, row, column), (vec!["/login ana ••••••".to_owned()], 0, 16));
        input.move_to(To::LineStart);
        assert_eq!(input.masked(11).cursor(), 0);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_cursor_stays_between_graphemes(
            steps in proptest::collection::vec((0..9_u8, "\\PC{0,3}"), 0..40),
        ) {
            let mut input = InputBox::default();
            for (step, text) in steps {
                match step {
                    0 => input.move_to(To::Left),
                    1 => input.move_to(To::Right),
                    2 => input.move_to(To::WordLeft),
                    3 => input.move_to(To::WordRight),
                    4 => input.delete_to(To::Left),
                    5 => input.delete_to(To::Right),
                    6 => input.up_or_down(false),
                    7 => drop(input.take()),
                    _ => drop(input.insert(&text)),
                }
                prop_assert!(input.text().is_char_boundary(input.cursor()));
                let (lines, row, column) = input.lines(7);
                prop_assert!(row < lines.len() && column <= 7);
            }
        }
    }
}

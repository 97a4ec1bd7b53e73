//! What a text takes on the screen: graphemes, their cells, where a line breaks. Pure. Everything
//! that is drawn, and every step of the cursor, goes by this one measure.

use std::borrow::Cow;
use std::ops::Range;

use chat_protocol::text::is_dangerous;
use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::limits::GRAPHEME_CHARS_MAX;

/// What a tab is shown as.
const TAB: &str = "    ";

/// A grapheme, where it stands in its text, and how many cells it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grapheme<'a> {
    /// Its place in bytes.
    pub(crate) at: usize,
    /// What is drawn.
    pub(crate) shown: Cow<'a, str>,
    /// Cells.
    pub(crate) width: usize,
}

/// The graphemes of a text. What could drive a terminal is shown as U+FFFD, what has no width is
/// left out, a heap of accents is cut.
pub(crate) fn graphemes(text: &str) -> impl Iterator<Item = Grapheme<'_>> {
    text.grapheme_indices(true).filter_map(|(at, grapheme)| {
        let shown = shown(grapheme);
        let width = width_of_one(&shown);
        (width > 0).then_some(Grapheme { at, shown, width })
    })
}

/// How many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    graphemes(text).map(|grapheme| grapheme.width).sum()
}

/// As much of a text as fits; `…` says that it was cut.
pub(crate) fn fitted(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return graphemes(text).map(|grapheme| grapheme.shown).collect();
    }
    let mut fitted = String::new();
    let mut left = cells.saturating_sub(1);
    for grapheme in graphemes(text) {
        if grapheme.width > left {
            break;
        }
        left -= grapheme.width;
        fitted.push_str(&grapheme.shown);
    }
    if cells > 0 {
        fitted.push('…');
    }
    fitted
}

/// Where the lines of a text begin and end, in bytes, if a line has so many cells: broken between
/// words where that is possible. The spaces at a break are left out.
pub(crate) fn wrapped(text: &str, cells: usize) -> Vec<Range<usize>> {
    let cells = cells.max(2);
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Behind the last space of the line: where it may be broken, and what is used up to there.
    let mut space: Option<(usize, usize)> = None;
    for grapheme in graphemes(text) {
        let end = grapheme.at + grapheme_bytes(text, grapheme.at);
        if used + grapheme.width > cells && grapheme.shown.trim().is_empty() {
            // A space that does not fit ends the line.
            lines.push(start..grapheme.at);
            (start, used, space) = (end, 0, None);
            continue;
        }
        // A second time where a wide one stands behind a break that made just too little room.
        while used > 0 && used + grapheme.width > cells {
            match space.take() {
                Some((at, used_before)) => {
                    let line = text.get(start..at).unwrap_or_default();
                    lines.push(start..start + line.trim_end().len());
                    (start, used) = (at, used.saturating_sub(used_before));
                }
                None => {
                    lines.push(start..grapheme.at);
                    (start, used) = (grapheme.at, 0);
                }
            }
        }
        used += grapheme.width;
        if grapheme.shown.trim().is_empty() {
            space = Some((end, used));
        }
    }
    if start < text.len() || lines.is_empty() {
        lines.push(start..text.len());
    }
    lines
}

/// The length of the grapheme that stands there, in bytes.
fn grapheme_bytes(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.graphemes(true).next().map_or(0, str::len)
}

fn shown(grapheme: &str) -> Cow<'_, str> {
    match grapheme {
        "\t" => return Cow::Borrowed(TAB),
        "\n" | "\r\n" => return Cow::Borrowed(""),
        _ => {}
    }
    if grapheme.len() == 1 && !grapheme.contains(is_dangerous) {
        return Cow::Borrowed(grapheme);
    }
    if grapheme.contains(is_dangerous) {
        return Cow::Borrowed("\u{fffd}");
    }
    match grapheme.char_indices().nth(GRAPHEME_CHARS_MAX) {
        Some((end, _)) => Cow::Borrowed(grapheme.get(..end).unwrap_or(grapheme)),
        None => Cow::Borrowed(grapheme),
    }
}

fn width_of_one(shown: &str) -> usize {
    if shown == TAB {
        TAB.len()
    } else if shown.is_empty() {
        0
    } else {
        usize::from(shown.cell_width())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, cells: usize) -> Vec<&str> {
        wrapped(text, cells).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("https://example.org/a", 8), ["https://", "example.", "org/a"]);
        assert_eq!(lines("ab 日本語日本語", 6), ["ab", "日本語", "日本語"]);
        assert_eq!(lines("", 8), [""]);
        assert_eq!(lines("exactly8 x", 8), ["exactly8", "x"]);
        assert_eq!(lines(" 123456日", 7), ["", "123456", "日"]);
    }

    #[test]
    fn graphemes_are_one_step_and_have_their_width() {
        let family = "👩‍👩‍👧‍👦";
        assert_eq!(width(family), 2);
        assert_eq!(graphemes(family).count(), 1);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("a\u{200b}b"), 2, "zero width takes no cell");
        assert_eq!(width("\u{1b}[31m"), 5, "escapes are shown, not obeyed");
        let zalgo = format!("a{}", "\u{301}".repeat(1_000));
        assert_eq!(graphemes(&zalgo).next().unwrap().shown.chars().count(), GRAPHEME_CHARS_MAX);
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_mark() {
        assert_eq!(fitted("deploys, alerts", 8), "deploys…");
        assert_eq!(fitted("日本語", 4), "日…");
        assert_eq!(fitted("ok", 2), "ok");
        assert_eq!(fitted("ok", 0), "");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_screen_and_no_word_is_lost(text in any::<String>(), cells in 2..40_usize) {
            let text = text.replace('\n', " ");
            let lines = lines(&text, cells);
            for line in &lines {
                prop_assert!(width(line.trim_end()) <= cells.max(4), "{line:?}");
            }
            let all: String = lines.concat().split_whitespace().collect();
            let whole: String = text.split_whitespace().collect();
            prop_assert_eq!(all, whole);
        }

        #[test]
        fn nothing_that_drives_a_terminal_is_shown(text in any::<String>(), head in "[\x1b\u{9b}\u{202e}\\]\\[0-9;m]*") {
            let text = format!("{head}{text}");
            for grapheme in graphemes(&text) {
                prop_assert!(!grapheme.shown.contains(is_dangerous));
            }
        }
    }
}

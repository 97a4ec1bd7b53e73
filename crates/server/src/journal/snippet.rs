//! The part of a message that is shown when it was found. Pure.

use chat_protocol::LineText;
use chat_protocol::limits::SNIPPET_BYTES_MAX;
use chat_protocol::search::SnippetPart;
use chat_protocol::text::without_irc_formatting;

/// Stand around what was found: characters that no message has.
pub(super) const OPEN: char = '\u{1}';
pub(super) const CLOSE: char = '\u{6}';

/// What is shown before what was found first, in bytes, if the text is cut.
const BEFORE_BYTES: usize = 64;
/// Room for the dots at both ends.
const TEXT_BYTES_MAX: usize = SNIPPET_BYTES_MAX - 2 * '…'.len_utf8();

/// Cuts a marked text to one line around what was found first.
pub(super) fn snippet(marked: &str) -> Vec<SnippetPart> {
    let plain = without_irc_formatting(marked).replace(['\n', '\t'], " ");
    let text: String = plain.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).collect();
    let found = plain.find(OPEN).unwrap_or_default();
    let (start, end) = window(&text, found);
    let mut parts = Vec::new();
    if start > 0 {
        push(&mut parts, "…", false);
    }
    let (mut at, mut hit) = (0, false);
    for piece in plain.split_inclusive([OPEN, CLOSE]) {
        let mark = piece.chars().next_back().filter(|c| matches!(*c, OPEN | CLOSE));
        let piece = piece.trim_end_matches([OPEN, CLOSE]);
        let (from, to) = (at.max(start), (at + piece.len()).min(end));
        if from < to {
            push(&mut parts, piece.get(from - at..to - at).unwrap_or_default(), hit);
        }
        at += piece.len();
        hit = mark.map_or(hit, |mark| mark == OPEN);
    }
    if end < text.len() {
        push(&mut parts, "…", false);
    }
    parts
}

fn push(parts: &mut Vec<SnippetPart>, text: &str, hit: bool) {
    let line = LineText::parse(text);
    debug_assert!(line.is_ok(), "a message has no character that a line has not: {line:?}");
    parts.extend(line.ok().map(|text| SnippetPart { text, hit }));
}

/// Which bytes of the text are shown: all, or some around `found`, from the beginning of a word.
fn window(text: &str, found: usize) -> (usize, usize) {
    if text.len() <= TEXT_BYTES_MAX {
        return (0, text.len());
    }
    let latest = text.ceil_char_boundary(text.len() - TEXT_BYTES_MAX);
    let start = text.floor_char_boundary(found.saturating_sub(BEFORE_BYTES)).min(latest);
    let before = text.get(start..found).unwrap_or_default();
    let start = match before.find(' ') {
        Some(space) if start > 0 => start + space + 1,
        Some(_) | None => start,
    };
    (start, text.floor_char_boundary(start + TEXT_BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let marked = text.replace('[', &OPEN.to_string()).replace(']', &CLOSE.to_string());
        let show = |part: SnippetPart| {
            if part.hit { format!("[{}]", part.text) } else { part.text.to_string() }
        };
        snippet(&marked).into_iter().map(show).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole_as_one_line() {
        for text in ["[tea]", "no [tea] and [no coffee] today", "[日本語] で"] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("a\n\x02[b]\x02\tc"), "a [b] c");
    }

    #[test]
    fn a_long_text_is_cut_around_what_was_found_first() {
        let long = format!("{}[tea] {}", "word ".repeat(100), "more ".repeat(100));
        let cut = shown(&long);
        assert!(cut.starts_with("…word word") && cut.ends_with('…'), "{cut}");
        assert!(cut.contains(" [tea] more"), "{cut}");
        let end = shown(&format!("{}[tea]", "é".repeat(400)));
        assert!(end.starts_with("…é") && end.ends_with("é[tea]"), "{end}");
    }

    proptest! {
        #[test]
        fn a_snippet_has_a_bound_and_shows_what_was_found(
            before in "[aé日 \n]{0,400}", found in "[aé日]{1,60}", behind in "[aé日 \n]{0,400}",
        ) {
            let parts = snippet(&format!("{before}{OPEN}{found}{CLOSE}{behind}"));
            let bytes: usize = parts.iter().map(|part| part.text.as_str().len()).sum();
            prop_assert!(bytes <= SNIPPET_BYTES_MAX, "{}", bytes);
            let hits: Vec<&str> =
                parts.iter().filter(|part| part.hit).map(|part| part.text.as_str()).collect();
            prop_assert!(matches!(hits.as_slice(), [hit] if found.starts_with(*hit)));
        }
    }
}

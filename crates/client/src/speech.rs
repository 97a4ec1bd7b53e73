//! What was typed, or written by a program, as texts that may be said. Pure.

use chat_protocol::MessageText;
use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX};
use chat_protocol::text::is_dangerous;

/// What a program wrote, a line or many, in as many messages as it needs: cut at the ends of lines, a
/// line that is too long for one message also within. None if it is blank. [`program_output`] says
/// what else is done to it.
#[must_use]
pub fn messages(output: &str) -> Vec<MessageText> {
    let clean = program_output(output);
    let mut rest = clean.as_str();
    let mut messages = Vec::new();
    while !rest.trim().is_empty() {
        let (piece, behind) = rest.split_at(end_of_piece(rest));
        if !piece.trim().is_empty() {
            messages.extend(MessageText::parse(piece.trim_end_matches('\n')));
        }
        rest = behind;
    }
    messages
}

/// How much of it one message holds, in bytes.
fn end_of_piece(text: &str) -> usize {
    let fits = text.floor_char_boundary(MESSAGE_TEXT_BYTES_MAX);
    let mut line_ends = text.match_indices('\n').map(|(at, _)| at + 1);
    match line_ends.nth(MESSAGE_TEXT_LINES_MAX - 1) {
        Some(end) if end <= fits => end,
        Some(_) | None if fits == text.len() => fits,
        Some(_) | None => {
            let lines = text.get(..fits).and_then(|text| text.rfind('\n'));
            lines.map_or(fits, |at| at + 1)
        }
    }
}

/// What a program wrote, as text that may be said: its colours and other escape sequences are
/// dropped, other control characters become U+FFFD. Nothing else is lost.
#[must_use]
pub fn program_output(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            '\n' | '\t' => plain.push(c),
            '\r' if matches!(rest.peek(), None | Some('\n')) => {}
            c if is_dangerous(c) => plain.push('\u{fffd}'),
            c => plain.push(c),
        }
    }
    plain
}

/// ECMA-48: CSI up to its final byte, OSC up to BEL or ST, else one character.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next_if(|c| !matches!(c, '\n' | '\x1b')) {
        Some('[') => {
            while rest.next_if(|c| matches!(c, '\x20'..='\x3f')).is_some() {}
            rest.next_if(|c| matches!(c, '\x40'..='\x7e'));
        }
        Some(']') => {
            while rest.next_if(|c| !matches!(c, '\x07' | '\x1b' | '\n')).is_some() {}
            if rest.next_if_eq(&'\x1b').is_some() {
                rest.next_if_eq(&'\\');
            } else {
                rest.next_if_eq(&'\x07');
            }
        }
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_program_writes_may_be_said(text in any::<String>(), head in "[\x1b\u{9b}\u{202e}\\]\\[0-9;m\n]*") {
            let said = program_output(&format!("{head}{text}"));
            prop_assert!(!said.contains(|c| is_dangerous(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn harmless_text_stays_as_it_is(text in any::<String>().prop_filter("harmless", |text| !text.contains(is_dangerous))) {
            prop_assert_eq!(&program_output(&text), &text);
        }
    }

    #[test]
    fn colours_of_a_log_are_dropped() {
        let said =
            program_output("\x1b[1;31merror\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07\r\n\x08");
        assert_eq!(said, "error link\n\u{fffd}");
        assert!(MessageText::parse(&said).is_ok());
    }

    #[test]
    fn a_long_line_becomes_several_messages_and_loses_nothing() {
        let line = "é".repeat(5_000);
        let pieces = messages(&line);
        assert_eq!(pieces.len(), 3);
        let joined: String = pieces.iter().map(MessageText::as_str).collect();
        assert_eq!(joined, line);
    }

    #[test]
    fn many_lines_are_cut_where_lines_end() {
        let lines: Vec<String> = (0..200).map(|n| format!("line {n}")).collect();
        let pieces = messages(&lines.join("\n"));
        assert_eq!(pieces.len(), 200_usize.div_ceil(MESSAGE_TEXT_LINES_MAX));
        let joined: Vec<&str> = pieces.iter().map(MessageText::as_str).collect();
        assert_eq!(joined.join("\n"), lines.join("\n"));
        let wide = format!("{}\n{}\n\n\n", "a".repeat(4_000), "b".repeat(200));
        let pieces = messages(&wide);
        assert_eq!(pieces.iter().map(|text| text.as_str().len()).collect::<Vec<_>>(), [4_000, 200]);
    }
}

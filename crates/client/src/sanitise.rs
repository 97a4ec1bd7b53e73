//! Makes text harmless for a terminal. Pure; every string of a server that is no validated type
//! passes here before it is shown.

use chat_protocol::text::is_dangerous;

/// One line: what could drive a terminal or reorder the line is shown as `\u{1b}`.
pub(crate) fn line(text: &str) -> String {
    escaped(text, |_| false)
}

/// Lines: as [`line`], but line ends and tabs stay.
pub(crate) fn lines(text: &str) -> String {
    escaped(text, |c| c == '\n' || c == '\t')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        if is_dangerous(c) && !stays(c) {
            harmless.extend(c.escape_unicode());
        } else {
            harmless.push(c);
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_drives_a_terminal_passes(text in any::<String>(), head in "[\x1b\u{9b}\u{202e}\\]\\[0-9;m]*") {
            let text = format!("{head}{text}");
            prop_assert!(!line(&text).contains(is_dangerous));
        }

        #[test]
        fn harmless_text_stays_as_it_is(text in any::<String>().prop_filter("harmless", |text| !text.contains(is_dangerous))) {
            prop_assert_eq!(&line(&text), &text);
        }
    }
}

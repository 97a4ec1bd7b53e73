//! What people write: bounded UTF-8 without anything that drives a terminal.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{
    CLIENT_TAGS_BYTES_MAX, LINE_TEXT_BYTES_MAX, MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX,
    REACTION_BYTES_MAX,
};

/// Why a text was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than the limit, in bytes.
    #[error("the text is too long ({bytes} bytes, the limit is {bytes_max})")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What it may have.
        bytes_max: usize,
    },
    /// More lines than the limit.
    #[error("the text has too many lines ({lines}, the limit is {lines_max})")]
    TooManyLines {
        /// What it has.
        lines: usize,
        /// What it may have.
        lines_max: usize,
    },
    /// A control character, or one that reorders what others see.
    #[error("the text has the character U+{:04X} at byte {position}, which is not allowed", u32::from(*.character))]
    Character {
        /// The character.
        character: char,
        /// Where it is, in bytes from the start.
        position: usize,
    },
}

/// The text of one message: up to 4,096 bytes and 64 lines, LF and TAB allowed, no other control
/// characters but IRC's formatting codes, no bidi overrides. May be empty: two of the line styles
/// say empty lines.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct MessageText(Arc<str>, Seams);

/// Where an author's client cut lines that belong together, in bytes from the start. What is said is the
/// same without them: they are neither sent to programs nor stored, and matter to no comparison.
type Seams = Option<Arc<[u16]>>;

/// One line: a topic, an away message, a reason. Up to 512 bytes, no LF, no TAB, no formatting.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LineText(Arc<str>);

/// What somebody thinks of a message: an emoji, a word. Up to 64 bytes of one line.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ReactionText(Arc<str>);

impl MessageText {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`TextError`] says which limit or character.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, MESSAGE_TEXT_BYTES_MAX, |c| c == '\n' || c == '\t' || is_irc_formatting(c))?;
        let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        if lines > MESSAGE_TEXT_LINES_MAX {
            return Err(TextError::TooManyLines { lines, lines_max: MESSAGE_TEXT_LINES_MAX });
        }
        Ok(Self(text.into(), None))
    }

    /// The same, of which one knows where it was cut: in ascending order; what is no place between two
    /// characters is none.
    #[must_use]
    pub fn with_seams(mut self, seams: &[u16]) -> Self {
        let is_place = |seam: &u16| self.0.is_char_boundary(usize::from(*seam));
        let mut seams: Vec<u16> = seams.iter().copied().filter(is_place).collect();
        seams.sort_unstable();
        seams.truncate(MESSAGE_TEXT_LINES_MAX);
        self.1 = (!seams.is_empty()).then(|| seams.into());
        self
    }

    /// Where it was cut, if that is known.
    #[must_use]
    pub fn seams(&self) -> &[u16] {
        self.1.as_deref().unwrap_or_default()
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text's lines, at least one, without IRC's formatting codes.
    pub fn plain_lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.split('\n').map(without_irc_formatting)
    }
}

impl Serialize for MessageText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl PartialEq for MessageText {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for MessageText {}

impl Hash for MessageText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl LineText {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`TextError`] says which limit or character.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, LINE_TEXT_BYTES_MAX, |_| false)?;
        Ok(Self(text.into()))
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LineText {
    /// Nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What an author's client says to others beside a text, which people do not read: IRC's
/// client-only tags as they are written, `+draft/reply=17-9c;+example/mood=calm`
/// (<https://ircv3.net/specs/extensions/message-tags>). Up to 4,094 bytes, no blank, nothing that
/// drives a terminal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientTags(Arc<str>);

impl ClientTags {
    /// Checks `tags` and keeps them.
    ///
    /// # Errors
    /// [`TextError`] says which limit or character.
    pub fn parse(tags: &str) -> Result<Self, TextError> {
        check(tags, CLIENT_TAGS_BYTES_MAX, |_| false)?;
        match tags.char_indices().find(|(_, c)| *c == ' ') {
            Some((position, character)) => Err(TextError::Character { character, position }),
            None => Ok(Self(tags.into())),
        }
    }

    /// As they are written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ReactionText {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`TextError`] says which limit or character.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        check(text, REACTION_BYTES_MAX, |_| false)?;
        Ok(Self(text.into()))
    }

    /// It.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A checked text is shown, and read by serde, as what it is.
macro_rules! shown_as_text {
    ($name:ident, $error:ty) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }
    };
}

pub(crate) use shown_as_text;

shown_as_text!(MessageText, TextError);
shown_as_text!(LineText, TextError);
shown_as_text!(ClientTags, TextError);
shown_as_text!(ReactionText, TextError);

fn check(text: &str, bytes_max: usize, allowed: impl Fn(char) -> bool) -> Result<(), TextError> {
    if text.len() > bytes_max {
        return Err(TextError::TooLong { bytes: text.len(), bytes_max });
    }
    if is_plain(text) {
        return Ok(());
    }
    let refused = text.char_indices().find(|(_, c)| is_dangerous(*c) && !allowed(*c));
    match refused {
        Some((position, character)) => Err(TextError::Character { character, position }),
        None => Ok(()),
    }
}

/// Printable ASCII and nothing else, as most texts are: there is nothing to look at closely.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the bidi embeddings,
/// overrides and isolates of UAX 9: what could drive a terminal or reorder another's line.
#[must_use]
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Bold, colour, hex colour, reset, monospace, reverse, italic, strike, underline
/// (<https://modern.ircdocs.horse/formatting>).
const fn is_irc_formatting(c: char) -> bool {
    matches!(c, '\x02' | '\x03' | '\x04' | '\x0F' | '\x11' | '\x16' | '\x1D' | '\x1E' | '\x1F')
}

/// Drops IRC's formatting codes, colours with their digits.
#[must_use]
pub fn without_irc_formatting(line: &str) -> Cow<'_, str> {
    if is_plain(line) {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x03' => {
                skip_colour(&mut rest, 2, |c| c.is_ascii_digit());
            }
            '\x04' => {
                skip_colour(&mut rest, 6, |c| c.is_ascii_hexdigit());
            }
            c if is_irc_formatting(c) => {}
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// Skips `N[,N]` of up to `digits_max` digits each; a comma without a digit behind it stays.
fn skip_colour(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    digits_max: usize,
    is_digit: impl Fn(char) -> bool,
) {
    if !skip_digits(rest, digits_max, &is_digit) {
        return;
    }
    let mut ahead = rest.clone();
    if ahead.next() == Some(',') && skip_digits(&mut ahead, digits_max, &is_digit) {
        *rest = ahead;
    }
}

fn skip_digits(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    digits_max: usize,
    is_digit: impl Fn(char) -> bool,
) -> bool {
    let mut digits = 0;
    while digits < digits_max && rest.next_if(|c| is_digit(*c)).is_some() {
        digits += 1;
    }
    digits > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_passes_as_written() {
        for text in ["", "hi", "two\nlines\tand a tab", "šťastný 日本語 👩‍👩‍👧", "\x02bold\x02"]
        {
            assert_eq!(MessageText::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_drives_a_terminal_is_refused_with_its_place() {
        for (text, position) in [
            ("a\x1b[31m", 1),
            ("\0", 0),
            ("cr\rlf", 2),
            ("c1 \u{9b}2J", 3),
            ("evil \u{202e}txt", 5),
            ("del\x7f", 3),
        ] {
            match MessageText::parse(text) {
                Err(TextError::Character { position: at, .. }) => assert_eq!(at, position),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
        assert!(LineText::parse("two\nlines").is_err());
        assert!(LineText::parse("\x02bold").is_err());
        assert!(ClientTags::parse("+a=b c").is_err());
    }

    #[test]
    fn the_limits_are_reached_and_not_passed() {
        assert!(MessageText::parse(&"x".repeat(MESSAGE_TEXT_BYTES_MAX)).is_ok());
        assert!(MessageText::parse(&"x".repeat(MESSAGE_TEXT_BYTES_MAX + 1)).is_err());
        assert!(MessageText::parse(&"\n".repeat(MESSAGE_TEXT_LINES_MAX - 1)).is_ok());
        assert!(MessageText::parse(&"\n".repeat(MESSAGE_TEXT_LINES_MAX)).is_err());
        assert!(LineText::parse(&"x".repeat(LINE_TEXT_BYTES_MAX)).is_ok());
        assert!(LineText::parse(&"x".repeat(LINE_TEXT_BYTES_MAX + 1)).is_err());
        assert!(ClientTags::parse(&"x".repeat(CLIENT_TAGS_BYTES_MAX)).is_ok());
        assert!(ClientTags::parse(&"x".repeat(CLIENT_TAGS_BYTES_MAX + 1)).is_err());
        assert!(ReactionText::parse(&"x".repeat(REACTION_BYTES_MAX)).is_ok());
        assert!(ReactionText::parse(&"x".repeat(REACTION_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn where_a_text_was_cut_is_no_part_of_it() {
        let text = MessageText::parse("aé b").unwrap();
        let cut = text.clone().with_seams(&[4, 2, 3, 99]); // 2 is within the é, 99 behind the end
        assert_eq!(cut.seams(), [3, 4]);
        assert_eq!(cut, text);
        assert_eq!(serde_json::to_string(&cut).unwrap(), r#""aé b""#);
        assert_eq!(text.with_seams(&[0; 100]).seams().len(), MESSAGE_TEXT_LINES_MAX);
    }

    #[test]
    fn formatting_codes_are_dropped_where_plain_text_is_wanted() {
        let text =
            MessageText::parse("\x0304,12red\x0F, \x02bold\x02\n\x03,no \x04ff0000hex").unwrap();
        let lines: Vec<_> = text.plain_lines().collect();
        assert_eq!(lines, ["red, bold", ",no hex"]);
    }
}

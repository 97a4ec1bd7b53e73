//! One line of IRC, read and written. Byte for byte as <https://modern.ircdocs.horse/#messages> and
//! <https://ircv3.net/specs/extensions/message-tags> have it. Never knows what a command means.

use std::borrow::Cow;
use std::fmt::{self, Write};

use bytes::{BufMut, BytesMut};

/// A line without its tags and with its line end, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 512;
/// The tags that a client sends, with their `@` and the space behind them, in bytes.
pub(crate) const CLIENT_TAGS_BYTES_MAX: usize = 4_096;
/// Parameters of one message; what is more belongs to the last one.
pub(crate) const PARAMETERS_MAX: usize = 15;

/// A line, understood. It borrows from the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// What stands before it all.
    pub(crate) tags: Tags<'a>,
    /// Who it claims to be from; a client's is not believed.
    pub(crate) source: Option<&'a str>,
    /// A word or three digits, as it was written.
    pub(crate) command: &'a str,
    /// What stands behind it.
    pub(crate) parameters: Vec<&'a str>,
}

/// Why a line is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageError {
    /// Nothing but tags, a source or spaces.
    #[error("there is no command")]
    NoCommand,
    /// NUL, CR or LF within.
    #[error("there is a control character that ends lines")]
    Control,
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("the line is too long")]
    TooLong,
    /// Longer than [`CLIENT_TAGS_BYTES_MAX`].
    #[error("the tags are too long")]
    TagsTooLong,
}

impl<'a> Message<'a> {
    /// Reads a line without its line end.
    ///
    /// # Errors
    /// [`MessageError`]; an empty line has no command and is to be passed over.
    pub(crate) fn parse(line: &'a str) -> Result<Self, MessageError> {
        if line.contains(['\0', '\r', '\n']) {
            return Err(MessageError::Control);
        }
        let mut rest = line;
        let mut tags = Tags::default();
        if let Some(behind) = rest.strip_prefix('@') {
            let (all, behind) = behind.split_once(' ').unwrap_or((behind, ""));
            if all.len() + 2 > CLIENT_TAGS_BYTES_MAX {
                return Err(MessageError::TagsTooLong);
            }
            tags = Tags(all);
            rest = behind;
        }
        if rest.len() + 2 > LINE_BYTES_MAX {
            return Err(MessageError::TooLong);
        }
        rest = rest.trim_start_matches(' ');
        let source = rest.strip_prefix(':').map(|behind| {
            let (source, behind) = behind.split_once(' ').unwrap_or((behind, ""));
            rest = behind.trim_start_matches(' ');
            source
        });
        let (command, parameters) = rest.split_once(' ').unwrap_or((rest, ""));
        if command.is_empty() {
            return Err(MessageError::NoCommand);
        }
        Ok(Self { tags, source, command, parameters: split(parameters) })
    }
}

/// The tags of a line, as they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags<'a>(pub(super) &'a str);

impl<'a> Tags<'a> {
    /// Names and values, in order; a value that is not there is empty. What has no name is no tag.
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.0.split(';').filter(|tag| !tag.is_empty() && !tag.starts_with('=')).map(|tag| {
            let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
            (name, unescaped(value))
        })
    }

    /// The value of a tag; of several with the same name, of the last.
    pub(crate) fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.iter().filter(|(tag, _)| *tag == name).last().map(|(_, value)| value)
    }
}

impl<'a> Tags<'a> {
    /// What clients tell each other (`+typing`), as it is written; the server only passes it on.
    pub(crate) fn of_clients(self) -> impl Iterator<Item = &'a str> {
        self.0.split(';').filter(|tag| tag.len() > 1 && tag.starts_with('+'))
    }
}

/// A tag's value as it is meant. A backslash before anything else, or at the end, is nothing.
fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some(':') => plain.push(';'),
            Some('s') => plain.push(' '),
            Some('r') => plain.push('\r'),
            Some('n') => plain.push('\n'),
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Cow::Owned(plain)
}

/// Words between spaces; what begins with a colon goes to the end.
fn split(text: &str) -> Vec<&str> {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start_matches(' ');
    while !rest.is_empty() {
        if let Some(last) = rest.strip_prefix(':') {
            parameters.push(last);
            break;
        }
        if parameters.len() + 1 == PARAMETERS_MAX {
            parameters.push(rest);
            break;
        }
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        parameters.push(word);
        rest = behind.trim_start_matches(' ');
    }
    parameters
}

/// A tag's value as it is written.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            ';' => f.write_str("\\:"),
            ' ' => f.write_str("\\s"),
            '\\' => f.write_str("\\\\"),
            '\r' => f.write_str("\\r"),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}

/// Writes one line: tags, a source, a command, parameters, in this order. What it is given must not
/// have a line end in it: names and texts are parsed without them. What is longer than a line is cut.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    out: &'a mut BytesMut,
    has_tags: bool,
    /// Where it begins, behind its tags.
    begin: usize,
}

impl<'a> Line<'a> {
    /// At the end of what is there.
    pub(crate) fn new(out: &'a mut BytesMut) -> Self {
        let begin = out.len();
        Self { out, has_tags: false, begin }
    }

    /// A tag; without a value if that is empty.
    pub(crate) fn tag(mut self, name: &str, value: &str) -> Self {
        self.begin_tag();
        self.put(name);
        if !value.is_empty() {
            self.put(format_args!("={}", Escaped(value)));
        }
        self
    }

    /// A tag with its value, as both are written: what needs no escaping, or has it.
    pub(crate) fn written_tag(mut self, tag: impl fmt::Display) -> Self {
        self.begin_tag();
        self.put(tag);
        self
    }

    fn begin_tag(&mut self) {
        self.out.put_u8(if self.has_tags { b';' } else { b'@' });
        self.has_tags = true;
    }

    /// Who it is from.
    pub(crate) fn source(mut self, source: impl fmt::Display) -> Self {
        self.end_tags();
        self.put(format_args!(":{source} "));
        self
    }

    /// The command, behind which only parameters come.
    pub(crate) fn command(mut self, command: impl fmt::Display) -> Self {
        self.end_tags();
        self.put(command);
        self
    }

    /// A parameter that is one word: not empty, no space in it, no colon in front.
    pub(crate) fn word(mut self, word: impl fmt::Display) -> Self {
        self.put(format_args!(" {word}"));
        self
    }

    /// The last parameter, whatever it is, and the end of the line.
    pub(crate) fn text(mut self, text: impl fmt::Display) {
        self.put(format_args!(" :{text}"));
        self.end();
    }

    /// The end of the line.
    pub(crate) fn end(self) {
        let end = self.begin + LINE_BYTES_MAX - 2;
        if self.out.len() > end {
            let begins_character =
                |at: &usize| self.out.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
            let end = (self.begin..=end).rev().find(begins_character);
            self.out.truncate(end.unwrap_or(self.begin));
        }
        self.out.put_slice(b"\r\n");
    }

    fn end_tags(&mut self) {
        if std::mem::take(&mut self.has_tags) {
            self.out.put_u8(b' ');
            self.begin = self.out.len();
        }
    }

    fn put(&mut self, text: impl fmt::Display) {
        write!(self.out, "{text}").expect("a BytesMut takes all text");
    }
}

#[cfg(test)]
mod tests;

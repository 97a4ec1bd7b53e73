//! One line of IRC.

use bytes::BytesMut;

use crate::daemon::irc_line::message::{LINE_BYTES_MAX, Line, Message, PARAMETERS_MAX};

/// What is read is written, and read again as the same.
pub fn irc_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(message) = Message::parse(text) else { return };
    assert!(!message.command.is_empty());
    if message.command.starts_with('@') {
        return; // behind a blank it begins no tags; without one it would
    }
    assert!(message.parameters.len() <= PARAMETERS_MAX);
    let mut out = BytesMut::new();
    let mut line = Line::new(&mut out);
    let tags: Vec<(&str, String)> =
        message.tags.iter().map(|(name, value)| (name, value.into_owned())).collect();
    if tags.iter().any(|(_, value)| value.contains('\0')) {
        return; // no line has it, so none is written
    }
    for (name, value) in &tags {
        line = line.tag(name, value);
    }
    if let Some(source) = message.source {
        line = line.source(source);
    }
    line = line.command(message.command);
    match message.parameters.split_last() {
        Some((last, words)) => {
            words.iter().fold(line, |line, word| line.word(word)).text(last);
        }
        None => line.end(),
    }
    let written = std::str::from_utf8(&out).expect("UTF-8");
    let written = written.strip_suffix("\r\n").expect("a line");
    if written.len() > text.len() {
        return; // with a colon, or with escapes, it may be too long: it is cut, or not read
    }
    let again = Message::parse(written).expect("what is no longer than what was read");
    let tags_again: Vec<(&str, String)> =
        again.tags.iter().map(|(name, value)| (name, value.into_owned())).collect();
    assert_eq!(tags_again, tags);
    assert_eq!(
        (again.source, again.command, again.parameters),
        (message.source, message.command, message.parameters)
    );
}

/// A line that the server says is one that a client can read, and not too long.
pub(crate) fn is_a_line(line: &str) {
    let rest = match line.strip_prefix('@') {
        Some(tagged) => tagged.split_once(' ').map_or("", |(_, rest)| rest),
        None => line,
    };
    assert!(rest.len() + 2 <= LINE_BYTES_MAX, "{} bytes: {line}", rest.len() + 2);
    let read = Message::parse(rest);
    assert!(read.is_ok(), "{read:?}: {line:?}");
}

//! Reads stdin in a thread of its own (tokio's would keep the process alive until stdin ends).
//! Owns stdin; never decides what a line means.

use std::io::{self, BufRead};

use anyhow::Context;
use chat_protocol::MessageText;
use tokio::sync::mpsc;

/// Lines that wait to be sent; stdin is not read beyond that.
pub(crate) const LINES_QUEUED_MAX: usize = 256;
/// What is read of a line without an end before it is handed on as a line, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1_024;

/// What came from stdin, or from the line editor. The end of the channel is the end of input.
#[derive(Debug)]
pub(crate) enum Typed {
    /// A line, without its end.
    Line(String),
    /// A whole message.
    Message(MessageText),
    /// Ctrl-C in the line editor.
    Interrupted,
    /// It could not be read.
    Failed(io::Error),
}

/// Starts to read stdin.
pub(crate) fn read_stdin() -> anyhow::Result<mpsc::Receiver<Typed>> {
    let (sender, lines) = mpsc::channel(LINES_QUEUED_MAX);
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut stdin = io::stdin().lock();
            let mut rest = Vec::new();
            while let Some(typed) = next_line(&mut stdin, &mut rest) {
                let failed = matches!(typed, Typed::Failed(_));
                if sender.blocking_send(typed).is_err() || failed {
                    break;
                }
            }
        })
        .context("cannot start a thread")?;
    Ok(lines)
}

/// The next line; a longer one than [`LINE_BYTES_MAX`] comes in pieces, cut between characters.
/// `rest` is what was read and not returned yet.
fn next_line(input: &mut impl BufRead, rest: &mut Vec<u8>) -> Option<Typed> {
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Some(Typed::Failed(error)),
        };
        if available.is_empty() {
            let last = std::mem::take(rest);
            return (!last.is_empty()).then(|| Typed::Line(text(&last)));
        }
        let room = LINE_BYTES_MAX.saturating_sub(rest.len());
        let line_end = available.iter().position(|byte| *byte == b'\n');
        let taken = line_end.unwrap_or(available.len()).min(room);
        rest.extend_from_slice(available.get(..taken).unwrap_or_default());
        if line_end == Some(taken) {
            input.consume(taken + 1);
            return Some(Typed::Line(text(&std::mem::take(rest))));
        }
        input.consume(taken);
        if rest.len() >= LINE_BYTES_MAX {
            let tail = rest.split_off(whole_characters(rest));
            return Some(Typed::Line(text(&std::mem::replace(rest, tail))));
        }
    }
}

/// The length without a character that is cut at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Ok(_) | Err(_) => bytes.len(),
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(input: &[u8], buffer_bytes: usize) -> Vec<String> {
        let mut input = BufReader::with_capacity(buffer_bytes, input);
        let mut rest = Vec::new();
        let typed = std::iter::from_fn(|| next_line(&mut input, &mut rest));
        typed
            .map(|typed| match typed {
                Typed::Line(line) => line,
                Typed::Message(_) | Typed::Interrupted | Typed::Failed(_) => panic!("{typed:?}"),
            })
            .collect()
    }

    #[test]
    fn lines_come_whole_whatever_the_chunks() {
        for buffer_bytes in [1, 3, 8_192] {
            let read = lines(b"one\n\ntwo \xff\r\nlast", buffer_bytes);
            assert_eq!(read, ["one", "", "two \u{fffd}\r", "last"]);
        }
    }

    #[test]
    fn an_endless_line_comes_in_pieces_and_nothing_is_lost() {
        let long = format!("x{}", "é".repeat(LINE_BYTES_MAX));
        let pieces = lines(long.as_bytes(), 8_192);
        assert!(pieces.iter().all(|piece| piece.len() <= LINE_BYTES_MAX));
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), long);
    }
}

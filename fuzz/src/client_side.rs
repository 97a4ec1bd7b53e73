//! What the client reads of a server, and what it lets on a terminal.

use bytes::BytesMut;
use chat_client::SkipPreamble;
use chat_protocol::frame;
use chat_protocol::text::is_dangerous;
use tokio_util::codec::Decoder;

use crate::terminal::sanitise;
use crate::terminal::ui::graphemes::{fitted, graphemes, width, wrapped};

/// What a server sends: a greeting, frames; the same in whatever pieces. An event that is written is
/// read as the same.
pub fn event(data: &[u8]) {
    if let Ok(event) = frame::decode_event(data) {
        let mut bytes = BytesMut::new();
        frame::encode_event(&event, &mut bytes);
        if let Ok(Some(written)) = frame::server_frames().decode(&mut bytes) {
            assert_eq!(frame::decode_event(&written).expect("an event"), event);
        }
    }
    let step = 1 + data.len() % 29;
    assert_eq!(frames(data, step), frames(data, data.len().max(1)), "in pieces of {step}");
}

fn frames(data: &[u8], step: usize) -> Vec<String> {
    let mut decoder = SkipPreamble::new(frame::server_frames());
    let (mut bytes, mut read) = (BytesMut::new(), Vec::new());
    for piece in data.chunks(step) {
        bytes.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut bytes) {
                Ok(Some(frame)) => read.push(format!("{:?}", frame::decode_event(&frame).ok())),
                Ok(None) => break,
                Err(error) => {
                    read.push(error.to_string());
                    return read;
                }
            }
        }
    }
    read
}

/// A text on its way to a terminal.
pub fn shown(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let line = sanitise::line(&text);
    assert_eq!(line.chars().find(|c| is_dangerous(*c)), None, "{line:?}");
    assert_eq!(sanitise::line(&line), line, "once is enough");
    let lines = sanitise::lines(&text);
    let refused = |c: &char| is_dangerous(*c) && !matches!(c, '\n' | '\t');
    assert_eq!(lines.chars().find(refused), None, "{lines:?}");
    for grapheme in graphemes(&text) {
        assert!(grapheme.width > 0 && !grapheme.shown.contains(is_dangerous), "{grapheme:?}");
        assert!(text.is_char_boundary(grapheme.at));
    }
    for cells in [0, 1, 2, 7, 80] {
        let short = fitted(&text, cells);
        assert!(width(&short) <= cells, "{short:?} in {cells}");
        let mut end = 0;
        for range in wrapped(&text, cells) {
            assert!(range.start >= end && range.end >= range.start, "{range:?} behind {end}");
            end = range.end;
            let line = text.get(range).expect("between characters");
            assert!(width(line) <= cells.max(4), "{line:?} in {cells}");
        }
    }
}

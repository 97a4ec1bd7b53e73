//! Who speaks, told by the first bytes. Never takes a byte away: they are the front end's.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

use crate::frontend::{Wire, is_http_request, is_irc_greeting};
use crate::limits::SESSION_READ_BYTES;

/// A program speaks first, a person waits to be spoken to.
const SILENCE: Duration = Duration::from_millis(300);

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A handshake, and who speaks is behind it.
    Tls,
    /// A request for a WebSocket, in which IRC is spoken.
    WebSocket,
    /// Who speaks.
    Speaks {
        wire: Wire,
        /// It was taken for a line session by its silence, which may be a slow link's.
        undecided: bool,
    },
}

/// What the first byte of a TLS connection is: a record with a handshake (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Reads until it is clear who speaks, or nobody does for a while.
///
/// # Errors
/// The peer is gone.
pub(super) async fn detect<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
) -> io::Result<Found> {
    let speaks = |wire| Found::Speaks { wire, undecided: false };
    let end = Instant::now() + SILENCE;
    loop {
        match tokio::time::timeout_at(end, stream.read_buf(input)).await {
            Err(_silent) => return Ok(Found::Speaks { wire: Wire::Line, undecided: true }),
            Ok(Err(error)) => return Err(error),
            // Somebody who only looked whether the port is open is nobody's guest.
            Ok(Ok(0)) if input.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(0)) => return Ok(classify(input).unwrap_or(speaks(Wire::Line))),
            Ok(Ok(_)) => {
                if let Some(found) = classify(input) {
                    return Ok(found);
                }
            }
        }
    }
}

/// None: more is needed.
fn classify(input: &[u8]) -> Option<Found> {
    let wire = match input.first()? {
        &TLS_HANDSHAKE => return Some(Found::Tls),
        0 => Some(Wire::Native),
        b'A'..=b'Z' => match input.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let line = input.get(..end).unwrap_or_default();
                Some(match line {
                    line if is_http_request(line) => Wire::Http,
                    line if is_irc_greeting(line) => Wire::Irc,
                    _ => Wire::Line,
                })
            }
            None if input.len() >= SESSION_READ_BYTES => Some(Wire::Line),
            None => None, // a verb's capital letter: the rest of the line tells
        },
        _ => Some(Wire::Line),
    };
    wire.map(|wire| Found::Speaks { wire, undecided: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        let classify = |bytes| {
            classify(bytes).map(|found| match found {
                Found::Tls | Found::WebSocket => None,
                Found::Speaks { wire, .. } => Some(wire),
            })
        };
        assert_eq!(classify(&b""[..]), None);
        assert_eq!(classify(&[0x16, 3, 1][..]), Some(None));
        assert_eq!(classify(&[0][..]), Some(Some(Wire::Native)));
        assert_eq!(classify(&b"hello"[..]), Some(Some(Wire::Line)));
        assert_eq!(classify(&b"GET / HT"[..]), None);
        assert_eq!(classify(&b"GET / HTTP/1.1\r\n"[..]), Some(Some(Wire::Http)));
        assert_eq!(classify(&b"NICK ana\r\n"[..]), Some(Some(Wire::Irc)));
        assert_eq!(classify(&b"CAP LS 302\r\n"[..]), Some(Some(Wire::Irc)));
        assert_eq!(classify(&b"NICKNAMES are fun\n"[..]), Some(Some(Wire::Line)));
        assert_eq!(classify(&b"GET up, stand up\n"[..]), Some(Some(Wire::Line)));
        assert_eq!(classify(&[255, 251, 31][..]), Some(Some(Wire::Line)));
    }
}

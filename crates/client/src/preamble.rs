//! Skips what a server said before it knew who speaks. Owns the search for the first NUL byte;
//! never looks into a frame.

use bytes::{Buf, BytesMut};
use tokio_util::codec::Decoder;

/// What a greeting in text may have, in bytes: more than a message of the day and a history.
pub const PREAMBLE_BYTES_MAX: usize = 1_024 * 1_024;

/// How a TLS server begins to say that it did not understand (RFC 8446, 5.1): no text begins so.
const TLS_ALERT: [u8; 2] = [0x15, 0x03];

/// A decoder that drops all bytes before the first NUL, then is `D`.
///
/// A server that took a slow client for a line client may have greeted it in text. Every native
/// frame begins with a NUL byte (frames are shorter than 2^24 bytes), and no text has one.
#[derive(Debug)]
pub struct SkipPreamble<D> {
    frames: D,
    skipped_bytes: usize,
    found: bool,
}

/// Why nothing could be decoded.
#[derive(Debug, thiserror::Error)]
pub enum PreambleError {
    /// No frame after so much text: this is no native server.
    #[error(
        "the server sent {PREAMBLE_BYTES_MAX} bytes of text and no frame: is it a chat server?"
    )]
    TooLong,
    /// A TLS alert: this is an encrypted port.
    #[error("it wants TLS: tls://HOST:PORT")]
    WantsTls,
    /// The socket, or a frame over its limit.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl<D> SkipPreamble<D> {
    /// Skips once, then decodes with `frames`.
    pub const fn new(frames: D) -> Self {
        Self { frames, skipped_bytes: 0, found: false }
    }
}

impl<D: Decoder<Error = std::io::Error>> Decoder for SkipPreamble<D> {
    type Item = D::Item;
    type Error = PreambleError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<D::Item>, PreambleError> {
        if !self.found {
            if self.skipped_bytes == 0 && bytes.starts_with(&TLS_ALERT) {
                return Err(PreambleError::WantsTls);
            }
            if self.skipped_bytes == 0 && bytes.len() < 2 && TLS_ALERT.starts_with(bytes) {
                return Ok(None); // it may become one
            }
            let text = bytes.iter().position(|byte| *byte == 0);
            self.found = text.is_some();
            let text = text.unwrap_or(bytes.len());
            self.skipped_bytes += text;
            bytes.advance(text);
            if self.skipped_bytes > PREAMBLE_BYTES_MAX {
                return Err(PreambleError::TooLong);
            }
        }
        Ok(self.frames.decode(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Event, frame};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_alert_of_tls_is_known_in_two_pieces_too() {
        let mut decoder = SkipPreamble::new(frame::server_frames());
        let mut bytes = BytesMut::from(&TLS_ALERT[..1]);
        assert!(matches!(decoder.decode(&mut bytes), Ok(None)));
        bytes.extend_from_slice(&[0x03, 0x03, 0, 2]);
        assert!(matches!(decoder.decode(&mut bytes), Err(PreambleError::WantsTls)));
        // Half of one is text.
        let mut decoder = SkipPreamble::new(frame::server_frames());
        let mut bytes = BytesMut::from(&[TLS_ALERT[0], b'x'][..]);
        assert!(matches!(decoder.decode(&mut bytes), Ok(None)));
        assert!(bytes.is_empty());
    }

    proptest! {
        #[test]
        fn the_first_frame_is_found_behind_any_text_in_any_chunks(
            text in "[^\0]{0,200}",
            notices in proptest::collection::vec("[a-z]{0,50}", 1..4),
            cuts in proptest::collection::vec(1..30_usize, 1..20),
        ) {
            let mut wire = BytesMut::from(text.as_bytes());
            let said: Vec<Event> = notices.into_iter().map(|text| Event::Notice { text }).collect();
            for event in &said {
                frame::encode_event(event, &mut wire);
            }
            let mut decoder = SkipPreamble::new(frame::server_frames());
            let (mut arrived, mut heard) = (BytesMut::new(), Vec::new());
            let mut cuts = cuts.into_iter().cycle();
            while !wire.is_empty() {
                let cut = cuts.next().unwrap().min(wire.len());
                arrived.extend_from_slice(&wire.split_to(cut));
                while let Some(frame) = decoder.decode(&mut arrived).unwrap() {
                    heard.push(frame::decode_event(&frame).unwrap());
                }
            }
            prop_assert_eq!(heard, said);
            prop_assert!(arrived.is_empty());
        }
    }

    #[test]
    fn endless_text_is_an_error_and_is_not_kept() {
        let mut decoder = SkipPreamble::new(frame::server_frames());
        let mut bytes = BytesMut::new();
        let error = (0..PREAMBLE_BYTES_MAX).find_map(|_| {
            bytes.extend_from_slice(&[b'x'; 4_096]);
            let decoded = decoder.decode(&mut bytes);
            assert!(bytes.is_empty());
            decoded.err()
        });
        assert!(matches!(error, Some(PreambleError::TooLong)));
    }
}

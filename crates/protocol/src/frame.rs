//! The native wire: a 4-byte big-endian length, then that many bytes of JSON, one object a frame.
//!
//! A client sends a [`Hello`], then [`Request`]s; the server sends [`Event`]s. Unknown fields are
//! ignored, an unknown command is refused, an unknown event is skipped, so either end may be
//! newer. Chunks and checksums are left to TCP and TLS. A server that took a slow client for a
//! line client may have greeted it in text: a client skips what stands before the first NUL byte,
//! which is the first byte of every frame (frames are shorter than 2^24 bytes).

use bytes::{BufMut, BytesMut};
use serde::{Deserialize, Serialize};
use tokio_util::codec::LengthDelimitedCodec;

use crate::limits::{CLIENT_FRAME_BYTES_MAX, SERVER_FRAME_BYTES_MAX};
use crate::{Command, Event, Hello, Refusal, Request, RequestId};

/// The length prefix, in bytes.
pub const LENGTH_BYTES: usize = 4;

/// A frame that could not be read: what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The request it belongs to, as far as that could be read.
    pub id: Option<RequestId>,
    /// What to say to it.
    pub refusal: Refusal,
}

/// What a client's frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// The first one.
    Hello(Hello),
    /// Every other one.
    Request(Request),
}

/// The codec of frames that a client sends: a longer frame than
/// [`CLIENT_FRAME_BYTES_MAX`] is an error before anything is allocated for it.
#[must_use]
pub fn client_frames() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(CLIENT_FRAME_BYTES_MAX).new_codec()
}

/// The codec of frames that the server sends, up to [`SERVER_FRAME_BYTES_MAX`].
#[must_use]
pub fn server_frames() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(SERVER_FRAME_BYTES_MAX).new_codec()
}

/// Reads a client's frame.
///
/// # Errors
/// [`Unreadable`] is the answer to it.
pub fn decode_client(frame: &[u8]) -> Result<ClientFrame, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        id: Option<RequestId>,
        #[serde(rename = "type")]
        word: Option<String>,
    }
    let refused = |refusal| {
        let id = serde_json::from_slice(frame).ok().and_then(|head: Head| head.id);
        Unreadable { id, refusal }
    };
    let malformed = |error: serde_json::Error| refused(Refusal::malformed(&error));
    match serde_json::from_slice::<Request>(frame) {
        Ok(Request { command: Command::Unknown, .. }) => {
            let head: Head = serde_json::from_slice(frame).map_err(malformed)?;
            let word = head.word.unwrap_or_default();
            if word == "hello" {
                return serde_json::from_slice(frame).map(ClientFrame::Hello).map_err(malformed);
            }
            Err(refused(Refusal::unknown_command(&word)))
        }
        Ok(request) => Ok(ClientFrame::Request(request)),
        Err(error) => Err(malformed(error)),
    }
}

/// Reads a server's frame.
///
/// # Errors
/// JSON that is no event of ours; an unknown type is [`Event::Unknown`] and no error.
pub fn decode_event(frame: &[u8]) -> Result<Event, serde_json::Error> {
    serde_json::from_slice(frame)
}

/// Appends `event` as one frame, length and all.
pub fn encode_event(event: &Event, out: &mut BytesMut) {
    encode(event, out);
}

/// Appends `hello` as one frame, length and all.
pub fn encode_hello(hello: &Hello, out: &mut BytesMut) {
    encode(hello, out);
}

/// Appends `request` as one frame, length and all.
pub fn encode_request(request: &Request, out: &mut BytesMut) {
    encode(request, out);
}

fn encode(value: &impl Serialize, out: &mut BytesMut) {
    let start = out.len();
    out.put_u32(0);
    serde_json::to_writer(out.writer(), value)
        .expect("our types have string keys, and a BytesMut takes all bytes");
    let length = out.len() - start - LENGTH_BYTES;
    let length = u32::try_from(length).expect("frames are bounded far below 2^32 bytes");
    if let Some(prefix) = out.get_mut(start..start + LENGTH_BYTES) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;

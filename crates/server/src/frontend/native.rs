//! The native front end: length-prefixed JSON (`chat_protocol::frame`). Never keeps a room's state.

use bytes::BytesMut;
use chat_protocol::command::PROTOCOL_VERSION;
use chat_protocol::frame::{self, ClientFrame, Unreadable};
use chat_protocol::limits::CLIENT_FRAME_BYTES_MAX;
use chat_protocol::{Event, Hello, Refusal, RoomAddress};
use tokio_util::codec::{Decoder, LengthDelimitedCodec};

use super::{AtEnd, Decoded, Dialect, Frontend, Manners, Missed, Reading, Wish};

/// One native client.
#[derive(Debug)]
pub(crate) struct NativeFrontend {
    frames: LengthDelimitedCodec,
    welcomed: bool,
    replay: u32,
}

impl NativeFrontend {
    pub(crate) fn new(replay: u32) -> Self {
        Self { frames: frame::client_frames(), welcomed: false, replay }
    }

    fn hello(&mut self, hello: Hello, out: &mut BytesMut) -> Decoded {
        let refusal = if self.welcomed {
            Refusal::HelloTwice
        } else if hello.v == PROTOCOL_VERSION {
            return Decoded::Identify(Wish::Hello(hello));
        } else {
            Refusal::Version { v: hello.v, supported: PROTOCOL_VERSION }
        };
        self.tell(&Event::refused(None, refusal), out);
        Decoded::Handled
    }
}

impl Frontend for NativeFrontend {
    fn open(&mut self, _out: &mut BytesMut) -> Option<Wish> {
        None
    }

    fn decode(&mut self, input: &mut BytesMut, _end: bool, out: &mut BytesMut) -> Decoded {
        let frame = match self.frames.decode(input) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Decoded::Incomplete,
            Err(_too_long) => {
                let detail = format!("a frame is longer than {CLIENT_FRAME_BYTES_MAX} bytes");
                self.tell(&Event::refused(None, Refusal::malformed(&detail)), out);
                return Decoded::Close;
            }
        };
        match frame::decode_client(&frame) {
            Ok(ClientFrame::Hello(hello)) => self.hello(hello, out),
            Ok(ClientFrame::Request(request)) if self.welcomed => Decoded::Request(request),
            Ok(ClientFrame::Request(request)) => {
                self.tell(&Event::refused(request.id, Refusal::HelloFirst), out);
                Decoded::Handled
            }
            Err(Unreadable { id, refusal }) => {
                self.tell(&Event::refused(id, refusal), out);
                Decoded::Handled
            }
        }
    }

    fn tell(&mut self, event: &Event, out: &mut BytesMut) {
        self.welcomed |= matches!(event, Event::Welcome(_));
        frame::encode_event(event, out);
    }

    fn dialect(&self, _room: &RoomAddress) -> Dialect {
        Dialect::Native
    }

    fn manners(&self) -> Manners {
        Manners {
            shows_own: true,
            enters_default_room: false,
            replay: self.replay,
            at_end: AtEnd::LeaveWhenStored,
            is_typed: false,
            reading: Reading::Told,
            missed: Missed::AsNews,
            wants_wallops: false,
            only_waits: true,
            watches_own: false,
            looks: 0,
        }
    }
}

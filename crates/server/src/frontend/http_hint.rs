//! A browser at a chat port: told where it is, and closed. Never reads the request.

use bytes::{BufMut, BytesMut};
use chat_protocol::{Event, RoomAddress};

use super::{AtEnd, Decoded, Dialect, Frontend, Manners, Missed, Reading, Wish};

const HINT: &str = "This is a Samovar chat port, not a web page.\n\
    Come in with: nc HOST PORT   or: chat-client --server HOST:PORT\n";

/// Says it once.
#[derive(Debug)]
pub(crate) struct HttpHint;

impl Frontend for HttpHint {
    fn open(&mut self, out: &mut BytesMut) -> Option<Wish> {
        let length = HINT.len();
        out.put_slice(
            format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{HINT}"
            )
            .as_bytes(),
        );
        None
    }

    fn decode(&mut self, input: &mut BytesMut, _end: bool, _out: &mut BytesMut) -> Decoded {
        input.clear();
        Decoded::Close
    }

    fn tell(&mut self, _event: &Event, _out: &mut BytesMut) {}

    fn dialect(&self, _room: &RoomAddress) -> Dialect {
        Dialect::Native
    }

    fn manners(&self) -> Manners {
        Manners {
            shows_own: false,
            enters_default_room: false,
            replay: 0,
            at_end: AtEnd::Leave,
            is_typed: false,
            reading: Reading::Told,
            missed: Missed::AsNews,
            wants_wallops: false,
            only_waits: false,
            watches_own: false,
            looks: 0,
        }
    }
}

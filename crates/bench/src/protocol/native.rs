//! Samovar's native protocol: frames of JSON, made by the protocol crate. Every message has a key,
//! as those of real clients do.

use bytes::BytesMut;
use chat_protocol::frame::{LENGTH_BYTES, decode_event, encode_hello, encode_request};
use chat_protocol::{
    Command, Event, Hello, MessageKey, MessageText, Request, RoomAddress, SayKind,
};
use uuid::Uuid;

use super::{Look, Person, Protocol, Step, words};

pub(super) struct Native;

impl Protocol for Native {
    fn hello(&self, person: &Person, out: &mut Vec<u8>) {
        let mut frame = BytesMut::new();
        let client = Some(concat!("chat-bench ", env!("CARGO_PKG_VERSION")).to_owned());
        let name = Some(person.name.clone());
        encode_hello(&Hello { v: 1, name, client, ..Hello::default() }, &mut frame);
        out.extend_from_slice(&frame);
    }

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        request(Command::Join { room: room(person), key: None }, out);
    }

    fn say(&self, person: &Person, payload: &str, key: &str, out: &mut Vec<u8>) {
        let text = MessageText::parse(payload).expect("a payload is one line of ASCII");
        let key = Uuid::parse_str(key).expect("keys are UUIDs");
        let key = Some(MessageKey(key));
        request(Command::say(room(person), text, SayKind::Text, key), out);
    }

    fn look(&self, step: Step, _person: &Person, input: &[u8]) -> Look {
        if step == Step::Hello {
            return Look::Done; // nobody waits for the welcome: the join goes with the hello
        }
        // A server that took us for a person may have said something before the first NUL.
        let start = memchr::memchr(0, input).unwrap_or(input.len());
        let mut rest = input.get(start..).unwrap_or_default();
        while let Some((length, frames)) = rest.split_first_chunk::<LENGTH_BYTES>() {
            // The beginning is enough: in a large room the whole frame is long.
            if frames.starts_with(br#"{"type":"entered","#) {
                return Look::Done;
            }
            let Some((frame, behind)) =
                frames.split_at_checked(u32::from_be_bytes(*length) as usize)
            else {
                return Look::Wait;
            };
            match decode_event(frame) {
                Ok(Event::Refused { text, .. }) => return Look::Refused(text),
                Ok(_) => rest = behind,
                Err(_) => return Look::Refused(words(frame)),
            }
        }
        Look::Wait
    }

    fn writer_hears_itself(&self) -> bool {
        true
    }
}

fn room(person: &Person) -> RoomAddress {
    RoomAddress::parse(&person.room).expect("a run's rooms have good names")
}

fn request(command: Command, out: &mut Vec<u8>) {
    let mut frame = BytesMut::new();
    encode_request(&Request { id: None, command }, &mut frame);
    out.extend_from_slice(&frame);
}

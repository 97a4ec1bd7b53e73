//! NATS core pub/sub, for reference: it stores nothing. The writer only publishes.

use super::{Look, Person, Protocol, Step, lines, words};

pub(super) struct Nats;

impl Protocol for Nats {
    /// The server speaks first.
    fn hello(&self, _person: &Person, _out: &mut Vec<u8>) {}

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        let name = &person.name;
        let connect = format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"name\":\"{name}\",\"lang\":\"rust\"}}\r\n"
        );
        out.extend_from_slice(connect.as_bytes());
        if !person.is_writer {
            out.extend_from_slice(format!("SUB {} 1\r\n", person.room).as_bytes());
        }
        out.extend_from_slice(b"PING\r\n");
    }

    fn say(&self, person: &Person, payload: &str, _key: &str, out: &mut Vec<u8>) {
        let (room, bytes) = (&person.room, payload.len());
        out.extend_from_slice(format!("PUB {room} {bytes}\r\n{payload}\r\n").as_bytes());
    }

    fn look(&self, step: Step, _person: &Person, input: &[u8]) -> Look {
        for (used, line) in lines(input) {
            let (word, _) = line.split_at(line.len().min(4));
            match (step, word) {
                (Step::Hello, b"INFO") | (Step::Join, b"PONG") => return Look::Done,
                (_, b"PING") => return Look::Answer { used, reply: b"PONG\r\n".to_vec() },
                (_, b"INFO" | b"+OK") => {}
                (Step::Hello | Step::Join, _) => return Look::Refused(words(line)),
            }
        }
        Look::Wait
    }

    fn writer_hears_itself(&self) -> bool {
        false
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"PONG\r\n"
    }
}

//! Redis pub/sub (RESP 2), for reference: it stores nothing. The writer does not subscribe, since a
//! subscriber may not publish.

use super::{Look, Person, Protocol, Step, contains, words};

pub(super) struct Redis;

impl Protocol for Redis {
    fn hello(&self, _person: &Person, _out: &mut Vec<u8>) {}

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        if person.is_writer {
            command(&["PING"], out);
        } else {
            command(&["SUBSCRIBE", &person.room], out);
        }
    }

    fn say(&self, person: &Person, payload: &str, _key: &str, out: &mut Vec<u8>) {
        command(&["PUBLISH", &person.room, payload], out);
    }

    fn look(&self, step: Step, person: &Person, input: &[u8]) -> Look {
        if step == Step::Hello {
            return Look::Done;
        }
        let done = if person.is_writer { "+PONG\r\n" } else { "subscribe\r\n" };
        match input.first() {
            Some(b'+' | b'*') if contains(input, done) => Look::Done,
            Some(b'+' | b'*') | None => Look::Wait,
            Some(_) => Look::Refused(words(input)),
        }
    }

    fn writer_hears_itself(&self) -> bool {
        false
    }
}

/// An array of bulk strings.
fn command(parts: &[&str], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("${}\r\n{part}\r\n", part.len()).as_bytes());
    }
}

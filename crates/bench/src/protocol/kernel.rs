//! What `chat-bench kernel` speaks: a line names the room, every further line is a message.

use super::{Look, Person, Protocol, Step, words};

/// The answer to the name of a room.
const ENTERED: &[u8] = b"+\n";

pub(super) struct Kernel;

impl Protocol for Kernel {
    fn hello(&self, _person: &Person, _out: &mut Vec<u8>) {}

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        out.extend_from_slice(person.room.as_bytes());
        out.push(b'\n');
    }

    fn say(&self, _person: &Person, payload: &str, _key: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(payload.as_bytes());
        out.push(b'\n');
    }

    fn look(&self, step: Step, _person: &Person, input: &[u8]) -> Look {
        match (step, input) {
            (Step::Hello, _) => Look::Done,
            (Step::Join, input) if input.starts_with(ENTERED) => Look::Done,
            (Step::Join, input) if ENTERED.starts_with(input) => Look::Wait,
            (Step::Join, input) => Look::Refused(words(input)),
        }
    }

    fn writer_hears_itself(&self) -> bool {
        false
    }
}

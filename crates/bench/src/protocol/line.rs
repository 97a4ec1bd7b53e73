//! Samovar's line mode in its own style: what somebody types into `nc`. Nobody is asked for a name,
//! and the writer does not see its own messages.

use super::{Look, Person, Protocol, Step, lines, words};

pub(super) struct Line;

impl Protocol for Line {
    fn hello(&self, _person: &Person, _out: &mut Vec<u8>) {}

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("/join {}\n", person.room).as_bytes());
    }

    fn say(&self, _person: &Person, payload: &str, _key: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(payload.as_bytes());
        out.push(b'\n');
    }

    fn look(&self, step: Step, person: &Person, input: &[u8]) -> Look {
        if step == Step::Hello {
            return Look::Done;
        }
        let entered = format!("* you are in {}, ", person.room);
        for (_, line) in lines(input) {
            if line.starts_with(entered.as_bytes()) {
                return Look::Done;
            }
            if line.starts_with(b"-ERR") || line.starts_with(b"ERROR") {
                return Look::Refused(words(line)); // Redis, NATS or IRC, and not line mode
            }
        }
        Look::Wait
    }

    fn writer_hears_itself(&self) -> bool {
        false
    }
}

//! Plain IRC, RFC 1459, without capabilities: the same work for any IRC server. The writer does not
//! get its own messages back.

use super::{Look, Person, Protocol, Step, lines, words};

/// Connected; RFC 2812, 5.1.
const WELCOME: &[u8] = b"001";
/// All names of a channel have been told: one is in it.
const END_OF_NAMES: &[u8] = b"366";
/// There is no message of the day. Not an error for us, though it has an error's number.
const NO_MOTD: &[u8] = b"422";

pub(super) struct Irc;

impl Protocol for Irc {
    fn hello(&self, person: &Person, out: &mut Vec<u8>) {
        let name = &person.name;
        out.extend_from_slice(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n").as_bytes());
    }

    fn join(&self, person: &Person, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("JOIN #{}\r\n", person.room).as_bytes());
    }

    fn say(&self, person: &Person, payload: &str, _key: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("PRIVMSG #{} :{payload}\r\n", person.room).as_bytes());
    }

    fn look(&self, step: Step, _person: &Person, input: &[u8]) -> Look {
        let wanted = match step {
            Step::Hello => WELCOME,
            Step::Join => END_OF_NAMES,
        };
        for (used, line) in lines(input) {
            if let Some(cookie) = line.strip_prefix(b"PING ") {
                return Look::Answer { used, reply: [b"PONG ", cookie, b"\r\n"].concat() };
            }
            if line.starts_with(b"ERROR") || line.starts_with(b"-ERR") {
                return Look::Refused(words(line));
            }
            let mut parts = line.split(|byte| *byte == b' ');
            let has_source = line.starts_with(b":");
            let word = parts.nth(usize::from(has_source)).unwrap_or_default();
            if word == wanted {
                return Look::Done;
            }
            if is_error(word) {
                return Look::Refused(words(line));
            }
        }
        Look::Wait
    }

    fn writer_hears_itself(&self) -> bool {
        false
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"PONG :chat-bench\r\n"
    }
}

/// A numeric from 400 to 599.
fn is_error(word: &[u8]) -> bool {
    word.len() == 3 && matches!(word.first(), Some(b'4' | b'5')) && word != NO_MOTD
}

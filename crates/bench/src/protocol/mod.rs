//! How to speak to a server: one small file a wire format, all behind [`Protocol`]. Bytes in, bytes
//! out; never touches a socket.
//!
//! Messages are not parsed: each carries a mark (`marker.rs`) that every wire format passes on as it
//! is, and is encoded once a room (`say` makes the template).

mod irc;
mod kernel;
mod line;
mod native;
mod nats;
mod redis;

use clap::ValueEnum;

/// The wire formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wire {
    /// Samovar's own: length-prefixed JSON
    Native,
    /// Samovar's line mode, as with nc
    Line,
    /// RFC 1459: InspIRCd, ngIRCd, Ergo, ...
    Irc,
    /// Redis pub/sub
    Redis,
    /// NATS, core pub/sub
    Nats,
    /// `chat-bench kernel`: what the operating system alone costs
    Kernel,
}

impl Wire {
    /// How to speak it.
    pub(crate) fn protocol(self) -> &'static dyn Protocol {
        match self {
            Self::Native => &native::Native,
            Self::Line => &line::Line,
            Self::Irc => &irc::Irc,
            Self::Redis => &redis::Redis,
            Self::Nats => &nats::Nats,
            Self::Kernel => &kernel::Kernel,
        }
    }

    /// What it is called on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Line => "line",
            Self::Irc => "irc",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Kernel => "kernel",
        }
    }
}

/// A connection, as its protocol sees it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Its name, where the protocol has names.
    pub(crate) name: String,
    /// Its room's name, without any prefix of the protocol.
    pub(crate) room: String,
    /// The one that writes; all others of a room only listen.
    pub(crate) is_writer: bool,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It has connected and sent its hello, if there is one.
    Hello,
    /// It has sent its join.
    Join,
}

/// What the bytes that came since a step mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing yet.
    Wait,
    /// The step is done.
    Done,
    /// The server wants this answer first; the step goes on behind the first `used` bytes.
    Answer { used: usize, reply: Vec<u8> },
    /// The server said no, in these words.
    Refused(String),
}

/// One wire format. Nothing here is called for each delivery.
pub(crate) trait Protocol {
    /// Appends what is said on connecting.
    fn hello(&self, person: &Person, out: &mut Vec<u8>);

    /// Appends what is said to enter the room; a writer who need not be in it asks for any answer.
    fn join(&self, person: &Person, out: &mut Vec<u8>);

    /// Appends a message. `key` is unique, where the protocol has keys.
    fn say(&self, person: &Person, payload: &str, key: &str, out: &mut Vec<u8>);

    /// Looks at everything that came since the step began.
    fn look(&self, step: Step, person: &Person, input: &[u8]) -> Look;

    /// Its messages come back to the writer too.
    fn writer_hears_itself(&self) -> bool;

    /// What a member says now and then in a long run, where a server asks whether it is there:
    /// nobody reads the question.
    fn keep_alive(&self) -> &'static [u8] {
        b""
    }
}

/// The whole lines of some text, with the place behind each.
fn lines(input: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', input).map(move |end| {
        let line = input.get(start..end).unwrap_or_default();
        start = end + 1;
        (start, line.trim_ascii_end())
    })
}

/// Bytes as words for a person.
fn words(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn contains(bytes: &[u8], what: &str) -> bool {
    memchr::memmem::find(bytes, what.as_bytes()).is_some()
}

#[cfg(test)]
mod tests;

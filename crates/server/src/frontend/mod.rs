//! Front ends: one wire format each, bytes to commands and events to bytes. Pure: a front end owns
//! no socket, awaits nothing and asks no clock; it knows only the protocol.

mod http_hint;
pub(crate) mod irc;
pub(crate) mod line;
mod native;

use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::{Event, Hello, Password, Refusal, Request, RoomAddress, UserName};
use jiff::tz::TimeZone;

use http_hint::HttpHint;
use irc::{IrcFrontend, IrcSettings, Looks};
use line::style::StyleName;
use line::{LineFrontend, LineSettings};
use native::NativeFrontend;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Length-prefixed JSON.
    Native,
    /// Lines of text.
    Line,
    /// IRC.
    Irc,
    /// A browser that came to the wrong door.
    Http,
}

/// What a front end made of its input.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// More bytes are needed.
    Incomplete,
    /// Dealt with here; there may be more in the input.
    Handled,
    /// The peer wants a name.
    Identify(Wish),
    /// The peer proves who it is.
    Prove(Box<Proof>),
    /// The peer asks for something.
    Request(Request),
    /// Another wire format than was thought; the input is for its front end.
    Become(Wire),
    /// Nothing more is wanted of this peer, or can be understood.
    Close,
}

/// How a session is to be known.
#[derive(Debug)]
pub(crate) enum Wish {
    /// By a friendly random name.
    Random,
    /// By this name, which nobody has looked at yet.
    Named(String),
    /// As this account.
    Account {
        /// Its name.
        name: UserName,
        /// Its password, or a token of it.
        password: Password,
    },
    /// As a native client asks.
    Hello(Hello),
}

/// How a peer proves who it is, before or after it has a name here.
#[derive(Debug)]
pub(crate) enum Proof {
    /// It knows the password of this account, or a token of it.
    Password {
        /// Whose.
        name: UserName,
        /// That.
        password: Password,
    },
    /// Its connection has this account's certificate; none: whosever it is.
    Certificate {
        /// Whose.
        name: Option<UserName>,
    },
    /// It begins to prove by SCRAM that it knows a password: what it says first.
    ScramFirst(String),
    /// It goes on with that.
    ScramNext(String),
    /// It makes this account.
    Registration {
        /// Its name.
        name: UserName,
        /// Its password.
        password: Password,
    },
}

/// What becomes of a session whose peer will send no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// It leaves at once.
    Leave,
    /// It leaves when what it said is stored.
    LeaveWhenStored,
    /// It still receives, until a write fails.
    Receive,
}

/// What shows that a person has read what a session was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Its program says so.
    Told,
    /// Whatever it asks.
    Asking,
    /// What it says, and that it takes its leave: a program asks much by itself.
    Speaking,
}

/// How an account is told what it missed, when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Its client asks for it.
    Asked,
    /// What it has not read, as if it were said now: its client sees by the numbers what is old.
    AsNews,
    /// What no client of this kind was told either, as what was said before: what is shown a second
    /// time stands twice on the screen.
    AsHistory,
}

/// How a session of this front end behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// Its own messages come back to it.
    pub(crate) shows_own: bool,
    /// It enters the default room by itself.
    pub(crate) enters_default_room: bool,
    /// So many stored messages are shown on entering.
    pub(crate) replay: u32,
    /// When its peer has finished.
    pub(crate) at_end: AtEnd,
    /// A person types: it has longer for its name.
    pub(crate) is_typed: bool,
    /// What shows that its person has read what it was told.
    pub(crate) reading: Reading,
    /// How an account is told what it missed, when it comes.
    pub(crate) missed: Missed,
    /// It is told what administrators say to those who want to hear it.
    pub(crate) wants_wallops: bool,
    /// It may be a pipe: however much it says, it only waits, and is never refused for it.
    pub(crate) only_waits: bool,
    /// What is its own doing is told to it alone, event by event, and not in a shared encoding.
    pub(crate) watches_own: bool,
    /// Another number when the same room looks otherwise to it than before.
    pub(crate) looks: u16,
}

/// One wire format, and one session's state in it.
pub(crate) trait Frontend: fmt::Debug + Send {
    /// The connection is open: what is said first.
    fn open(&mut self, out: &mut BytesMut) -> Option<Wish>;

    /// Takes one step's worth of bytes off `input`. `end`: no more will come. What the front end
    /// can answer by itself it appends to `out`, a bounded amount each step.
    fn decode(&mut self, input: &mut BytesMut, end: bool, out: &mut BytesMut) -> Decoded;

    /// Appends an event as this session sees it.
    fn tell(&mut self, event: &Event, out: &mut BytesMut);

    /// What became of a proof: it is this account. Only a front end that proves something is told.
    fn proved(&mut self, _proved: Result<UserName, Refusal>, _out: &mut BytesMut) {}

    /// A proof goes on when its peer has answered this.
    fn challenged(&mut self, _said: &str, _out: &mut BytesMut) {}

    /// Asks the peer for a sign of life, if it can be asked.
    fn ask_for_a_sign(&mut self, _out: &mut BytesMut) {}

    /// How events of a room look to this session; sessions with the same dialect share encodings.
    fn dialect(&self, room: &RoomAddress) -> Dialect;

    /// How its session behaves.
    fn manners(&self) -> Manners;
}

/// A way in which a room's events look the same to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Frames of JSON.
    Native,
    /// Lines; `here`: the room is the session's current one and needs no label.
    Line { style: StyleName, here: bool },
    /// Lines of IRC, with what these clients understand.
    Irc(Looks),
}

impl Dialect {
    /// A number that no other dialect has.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Native => 0,
            Self::Line { style, here } => 1 + 2 * (style as u32) + (here as u32),
            Self::Irc(looks) => 0x1_0000 + looks.bits() as u32,
        }
    }
}

/// How a peer came here, as far as it may be told to come otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Over a network, for all to read.
    Plain,
    /// Inside TLS.
    Encrypted,
    /// In a way of its own: by a socket of this machine, from a web page.
    Otherwise,
}

/// How a peer came here, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// How.
    pub(crate) reach: Reach,
    /// Its connection has a certificate of its own.
    pub(crate) has_certificate: bool,
}

impl Way {
    /// As most do in tests and benches.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { reach: Reach::Plain, has_certificate: false };
}

/// Makes front ends, and shared encodings. What they need of the world is passed in here.
#[derive(Clone, Debug)]
pub(crate) struct Frontends {
    /// Stored messages that a native client is shown on entering.
    pub(crate) replay: u32,
    /// The line front end, as a listener has it.
    pub(crate) line: Arc<LineSettings>,
    /// The IRC front end.
    pub(crate) irc: Arc<IrcSettings>,
}

impl Frontends {
    /// A front end for who speaks. `undecided`: a line session that may still turn out to be
    /// something else.
    pub(crate) fn make(&self, wire: Wire, undecided: bool, way: Way) -> Box<dyn Frontend> {
        match wire {
            Wire::Native => Box::new(NativeFrontend::new(self.replay)),
            Wire::Line => Box::new(LineFrontend::new(Arc::clone(&self.line), undecided)),
            Wire::Irc => Box::new(IrcFrontend::new(Arc::clone(&self.irc), way)),
            Wire::Http => Box::new(HttpHint),
        }
    }
}

/// An event of a room in a dialect.
pub(crate) fn encode(dialect: Dialect, event: &Event, zone: &TimeZone, out: &mut BytesMut) {
    match dialect {
        Dialect::Native => chat_protocol::frame::encode_event(event, out),
        Dialect::Line { style, here } => line::render::room_event(style, here, event, zone, out),
        Dialect::Irc(looks) => irc::room_event(looks, event, out),
    }
}

/// Is this the first line of an IRC client?
pub(crate) fn is_irc_greeting(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"CAP ", b"NICK ", b"USER ", b"PASS "];
    WORDS.iter().any(|word| line.starts_with(word))
}

/// Is this the first line of an HTTP request?
pub(crate) fn is_http_request(line: &[u8]) -> bool {
    const VERBS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"TRACE ",
        b"CONNECT ",
    ];
    let has_version = line.windows(8).any(|part| part == b" HTTP/1.");
    has_version && VERBS.iter().any(|verb| line.starts_with(verb))
}

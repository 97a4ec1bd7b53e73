//! The line front end: text in, text out, in one of four styles. For `nc`, telnet, MUD clients and
//! people. Keeps the current room and who it is; never a roster.

mod account;
pub(crate) mod render;
mod stored;
pub(crate) mod style;
mod tell;
mod telnet;
mod typed;

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use chat_protocol::text::TextError;
use chat_protocol::{
    Command, Event, MessageText, Refusal, Request, RequestId, RoomAddress, SayKind, UserName,
};
use jiff::tz::TimeZone;

use super::{
    AtEnd, Decoded, Dialect, Frontend, Manners, Missed, Reading, Wire, Wish, is_http_request,
    is_irc_greeting,
};
use crate::limits::{LINE_BYTES_MAX, NAME_TRIES_MAX};
use style::{Identify, Style, StyleName};
use telnet::{Lines, Step};
use typed::Typed;

/// What is typed has no number of its own; it has one at all to be told from what others do.
const TYPED: RequestId = RequestId(0);

/// What all line sessions of a listener share.
#[derive(Debug)]
pub(crate) struct LineSettings {
    /// How it looks.
    pub(crate) style: Style,
    /// In the talker's banner, and in our welcome.
    pub(crate) server_name: String,
    /// Where the clock of the grillo style runs.
    pub(crate) zone: TimeZone,
}

/// One line session.
#[derive(Debug)]
pub(crate) struct LineFrontend {
    settings: Arc<LineSettings>,
    lines: Lines,
    phase: Phase,
    /// May still turn out to be another wire format: nothing has been typed.
    undecided: bool,
    /// The current room, and the others.
    here: Option<RoomAddress>,
    rooms: Vec<RoomAddress>,
    me: Option<UserName>,
    /// What to say when what was typed last is done.
    when_done: Option<String>,
}

/// What the first byte of a TLS connection is.
const TLS_HANDSHAKE: u8 = 0x16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Has no name yet; so many were refused.
    Naming { tries: u32 },
    /// Has asked for one, and waits for the answer.
    Waiting { tries: u32 },
    /// Is somebody.
    Talking,
    /// Has tried often enough.
    Tired,
}

impl LineFrontend {
    pub(crate) fn new(settings: Arc<LineSettings>, undecided: bool) -> Self {
        Self {
            settings,
            lines: Lines::default(),
            phase: Phase::Naming { tries: 0 },
            undecided,
            here: None,
            rooms: Vec::new(),
            me: None,
            when_done: None,
        }
    }

    fn style(&self) -> &Style {
        &self.settings.style
    }

    fn show(&self, line: &str, out: &mut BytesMut) {
        render::line(self.style().name, line, out);
    }

    fn ask_name(out: &mut BytesMut) {
        out.put_slice(b"Please enter your name: ");
    }

    /// A whole line. Not UTF-8: said so, and not relayed.
    fn line(&mut self, line: &[u8], out: &mut BytesMut) -> Decoded {
        if self.undecided && is_http_request(line) {
            return Decoded::Become(Wire::Http);
        }
        self.undecided = false;
        let Ok(line) = std::str::from_utf8(line) else {
            self.not_taken("That is not UTF-8 text.", out);
            return Decoded::Handled;
        };
        match self.phase {
            Phase::Naming { tries } => self.name(line, tries, out),
            Phase::Waiting { .. } | Phase::Tired => Decoded::Handled,
            Phase::Talking => self.typed(line, out),
        }
    }

    /// A line before there is a name.
    fn name(&mut self, line: &str, tries: u32, out: &mut BytesMut) -> Decoded {
        if let Some((name, password)) = typed::account(line, self.style()) {
            self.phase = Phase::Waiting { tries };
            return Decoded::Identify(Wish::Account { name, password });
        }
        let wish = match self.style().identify {
            Identify::Random => return Decoded::Handled, // asked for at once, so never here
            Identify::Ask => {
                let name = line.trim();
                if name.is_empty() {
                    Self::ask_name(out);
                    return Decoded::Handled;
                }
                name
            }
            Identify::Login => match typed::login(line) {
                typed::Login::Blank => return Decoded::Handled,
                typed::Login::Logout => return Decoded::Close,
                typed::Login::NoName => {
                    self.show("Please enter a name", out);
                    return Decoded::Handled;
                }
                typed::Login::Other => {
                    self.show("Please log in", out);
                    self.show("Use \"login <nick>\"", out);
                    return Decoded::Handled;
                }
                typed::Login::Name(name) => name,
            },
        };
        self.phase = Phase::Waiting { tries };
        Decoded::Identify(Wish::Named(wish.to_owned()))
    }

    /// A line that nobody can read: a name, or a message.
    fn not_taken(&mut self, why: &str, out: &mut BytesMut) {
        match self.phase {
            Phase::Naming { tries } => {
                let refusal = Refusal::name_invalid(&why);
                self.name_refused(&refusal, why, tries, out);
            }
            Phase::Waiting { .. } | Phase::Talking | Phase::Tired => {
                self.complain(&format!("Not sent. {why}"), out);
            }
        }
    }

    /// The name was not to be had.
    fn name_refused(&mut self, refusal: &Refusal, text: &str, tries: u32, out: &mut BytesMut) {
        let tries = tries + 1;
        self.phase = if tries >= NAME_TRIES_MAX { Phase::Tired } else { Phase::Naming { tries } };
        self.show(text, out);
        match self.style().identify {
            Identify::Ask => Self::ask_name(out),
            Identify::Login if matches!(refusal, Refusal::NameTaken { .. }) => {
                self.show("Please try again.", out);
            }
            Identify::Login | Identify::Random => {}
        }
    }

    /// A line of somebody who has a name.
    fn typed(&mut self, line: &str, out: &mut BytesMut) -> Decoded {
        match typed::read(line, self.style(), self.here.as_ref()) {
            Typed::Nothing => Decoded::Handled,
            Typed::Say(text) => self.say(text, out),
            Typed::Command(command) => {
                self.when_done = account::when_done(&command);
                Decoded::Request(Request { id: Some(TYPED), command })
            }
            Typed::Help(word) => {
                self.help(word, out);
                Decoded::Handled
            }
            Typed::Wrong(why) => {
                self.complain(&why, out);
                Decoded::Handled
            }
        }
    }

    fn say(&self, text: &str, out: &mut BytesMut) -> Decoded {
        let Some(room) = self.here.clone() else {
            self.complain("You are in no room. /join ROOM", out);
            return Decoded::Handled;
        };
        match MessageText::parse(text) {
            Ok(text) => {
                let command = Command::say(room, text, SayKind::Text, None);
                Decoded::Request(Request { id: Some(TYPED), command })
            }
            Err(error) => {
                self.refuse_text(&error, out);
                Decoded::Handled
            }
        }
    }

    fn refuse_text(&self, error: &TextError, out: &mut BytesMut) {
        self.complain(&format!("Not sent: {error}."), out);
    }

    /// What went wrong, so that nobody takes it for a message.
    fn complain(&self, why: &str, out: &mut BytesMut) {
        match self.style().name {
            StyleName::Samovar => self.show(&format!("! {why}"), out),
            StyleName::Grillo | StyleName::Talker | StyleName::Netcat => self.show(why, out),
        }
    }
}

impl Frontend for LineFrontend {
    fn open(&mut self, out: &mut BytesMut) -> Option<Wish> {
        if self.style().name == StyleName::Talker {
            self.show(&format!("Welcome to {}", self.settings.server_name), out);
        }
        match self.style().identify {
            Identify::Random => {
                self.phase = Phase::Waiting { tries: 0 };
                Some(Wish::Random)
            }
            Identify::Ask => {
                Self::ask_name(out);
                None
            }
            Identify::Login => None,
        }
    }

    fn decode(&mut self, input: &mut BytesMut, end: bool, out: &mut BytesMut) -> Decoded {
        if self.undecided && !self.lines.has_begun() && input.first() == Some(&0) {
            return Decoded::Become(Wire::Native);
        }
        if self.undecided && !self.lines.has_begun() && is_irc_greeting(input) {
            return Decoded::Become(Wire::Irc);
        }
        // TLS that came too late: it has been greeted in plain text, and cannot use that. Who closes
        // at once is tried again.
        if self.undecided && !self.lines.has_begun() && input.first() == Some(&TLS_HANDSHAKE) {
            return Decoded::Close;
        }
        if self.phase == Phase::Tired {
            return Decoded::Close;
        }
        let mut step = self.lines.next(input, out);
        if end && step == Step::Incomplete {
            step = self.lines.finish();
        }
        match step {
            Step::Incomplete => Decoded::Incomplete,
            Step::Line(line) => self.line(&line, out),
            Step::TooLong => {
                self.undecided = false;
                let why = format!("The line is too long (the limit is {LINE_BYTES_MAX} bytes).");
                self.not_taken(&why, out);
                Decoded::Handled
            }
            Step::Flood => Decoded::Close,
        }
    }

    fn tell(&mut self, event: &Event, out: &mut BytesMut) {
        tell::tell(self, event, out);
    }

    fn dialect(&self, room: &RoomAddress) -> Dialect {
        Dialect::Line { style: self.style().name, here: self.here.as_ref() == Some(room) }
    }

    fn manners(&self) -> Manners {
        Manners {
            shows_own: self.style().name == StyleName::Talker,
            enters_default_room: true,
            replay: self.style().replay,
            at_end: match self.style().name {
                StyleName::Samovar => AtEnd::LeaveWhenStored,
                StyleName::Grillo | StyleName::Talker => AtEnd::Leave,
                StyleName::Netcat => AtEnd::Receive,
            },
            is_typed: true,
            reading: Reading::Asking,
            missed: Missed::AsNews,
            wants_wallops: false,
            only_waits: true,
            watches_own: false,
            looks: 0,
        }
    }
}

#[cfg(test)]
mod tests;

//! The IRC front end: RFC 1459 and 2812 as today's clients use them (<https://modern.ircdocs.horse>),
//! and IRCv3 as far as it is offered. Room `lobby` is `#lobby`. Keeps who it is and what it asked;
//! never a roster.

mod asked;
mod capability;
mod certificate;
mod chathistory;
mod command;
mod identifier;
mod isupport;
mod label;
mod looks;
mod markread;
mod mask;
mod message;
mod metadata;
mod mode;
mod monitor;
mod multiline;
mod people;
mod redact;
mod refused;
mod registering;
mod render;
mod reply;
mod rooms;
mod sasl;
mod say;
mod search;
mod server;
mod tell;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use chat_protocol::text::is_dangerous;
use chat_protocol::{
    Command, Event, LineText, Password, Refusal, Request, RoomAddress, RoomName, UserName,
};
use jiff::tz::TimeZone;

use super::{AtEnd, Decoded, Dialect, Frontend, Manners, Missed, Reach, Reading, Way, Wish};
use crate::limits::{IRC_INVITED_MAX, IRC_PENDING_MAX, NAME_TRIES_MAX};
use asked::{Asked, Queue};
use capability::{Capabilities, Capability};
use label::{LABEL_BYTES_MAX, Labelled, Labels};
use looks::Frame;
pub(crate) use looks::Looks;
use message::{CLIENT_TAGS_BYTES_MAX, LINE_BYTES_MAX, Line, Message, MessageError};
use mode::ModeLine;
use multiline::Multiline;
use people::Gathered;
use registering::Registering;
pub(crate) use render::room_event;
use server::UserModes;

/// What all IRC sessions of a listener share.
#[derive(Clone, Debug)]
pub(crate) struct IrcSettings {
    /// The server's name, as a word.
    pub(crate) server: String,
    /// What it calls itself, as a word of `005`: a blank is written `\x20`.
    pub(crate) network: String,
    /// The message of the day.
    pub(crate) motd: Option<String>,
    /// Stored messages that are shown on entering.
    pub(crate) replay: u32,
    /// Where the clock of what was said before runs, for clients that have none.
    pub(crate) zone: TimeZone,
    /// What PASS has to give.
    pub(crate) password: Option<String>,
    /// Guests make accounts; also ahead of their welcome.
    pub(crate) registers: bool,
    pub(crate) registers_before: bool,
    /// Where clients are to come with TLS, if they are to.
    pub(crate) sts: Option<Sts>,
}

/// What clients are told of TLS (<https://ircv3.net/specs/extensions/sts>).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sts {
    /// Where they come in with it.
    pub(crate) port: u16,
    /// How long those who did remember that, in seconds.
    pub(crate) duration_s: u64,
}

impl IrcSettings {
    /// `name` is what the server calls itself, which need not be a word.
    pub(crate) fn new(name: &str, replay: u32, zone: TimeZone) -> Self {
        let server = if is_host_name(name) { name } else { "irc.samovar" }.to_owned();
        let network = isupport::value(name);
        let (motd, password, registers) = (None, None, true);
        let (registers_before, sts) = (registers, None);
        Self { server, network, motd, replay, zone, password, registers, registers_before, sts }
    }
}

/// With a dot, of labels as RFC 1123 has them: what clients take for a server's name and no nick.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

/// One IRC session.
#[derive(Debug)]
pub(crate) struct IrcFrontend {
    settings: Arc<IrcSettings>,
    reach: Reach,
    phase: Phase,
    registering: Box<Registering>,
    /// It has given the server's password.
    is_admitted: bool,
    /// Its connection has a certificate of its own.
    has_certificate: bool,
    capabilities: Capabilities,
    /// It speaks version 302 of CAP: it understands values and lists of several lines.
    knows_values: bool,
    me: Option<UserName>,
    /// The account that it is.
    account: Option<UserName>,
    real_name: Option<LineText>,
    modes: UserModes,
    /// Where it is: entering again is nothing.
    rooms: Vec<RoomName>,
    /// Where it was invited to and has not entered.
    invited: VecDeque<RoomAddress>,
    /// Asked for by one line, and not handed over yet.
    pending: VecDeque<Request>,
    asked: Queue,
    labels: Labels,
    /// The labelled command that is dealt with.
    labelled: Option<Labelled>,
    /// The line of modes that is worked on, and names that are looked for.
    mode_line: Option<Box<ModeLine>>,
    gathered: Gathered,
    /// What it says in several lines, which is not done.
    multiline: Option<Box<Multiline>>,
    /// Batches that it was sent; their references are numbers.
    batches: u64,
    /// A line that is too long is passed over to its end.
    skips: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Has no name yet; so many were refused.
    Registering { tries: u32 },
    /// Has asked for one.
    Waiting { tries: u32 },
    /// Is somebody.
    Registered,
    /// Enough.
    Over,
}

impl IrcFrontend {
    pub(crate) fn new(settings: Arc<IrcSettings>, way: Way) -> Self {
        let Way { reach, has_certificate } = way;
        Self {
            settings,
            reach,
            phase: Phase::Registering { tries: 0 },
            registering: Box::default(),
            is_admitted: false,
            has_certificate,
            capabilities: Capabilities::default(),
            knows_values: false,
            me: None,
            account: None,
            real_name: None,
            modes: UserModes::default(),
            rooms: Vec::new(),
            invited: VecDeque::new(),
            pending: VecDeque::new(),
            asked: Queue::default(),
            labels: Labels::default(),
            labelled: None,
            mode_line: None,
            gathered: Gathered::default(),
            multiline: None,
            batches: 0,
            skips: false,
        }
    }

    /// What it calls itself beside its name.
    fn real_name(&self) -> &str {
        self.real_name.as_ref().map_or(self.me(), LineText::as_str)
    }

    /// How it is addressed.
    fn me(&self) -> &str {
        self.me.as_ref().map_or("*", UserName::as_str)
    }

    /// Deals with a line. What it is answered by way of its label, if it has one.
    fn line(&mut self, line: &[u8], out: &mut BytesMut) -> Decoded {
        let text = String::from_utf8_lossy(line);
        let message = Message::parse(&text);
        let command = message.as_ref().map_or("*", |message| message.command);
        let labelled = message.as_ref().ok().and_then(|message| self.label_of(message));
        self.labelled = labelled;
        let decoded = self.within(labelled, out, |session, out| {
            if matches!(text, Cow::Owned(_)) {
                let why = "That is not UTF-8 text, and was not taken";
                session.fail(command, "INVALID_UTF8", &[], why, out);
                return Decoded::Handled;
            }
            session.message(message, out)
        });
        self.labelled = None;
        if let Some(labelled) = labelled {
            self.labels.settle(labelled, &self.settings.server, out);
        }
        decoded
    }

    /// The label of a command, whose answer is bundled from now on.
    fn label_of(&mut self, message: &Message<'_>) -> Option<Labelled> {
        let may = self.phase == Phase::Registered
            && self.capabilities.has(Capability::LabeledResponse)
            && self.capabilities.has(Capability::Batch);
        let label = message.tags.get("label").filter(|_| may)?;
        let is_one = !label.is_empty() && label.len() <= LABEL_BYTES_MAX;
        is_one.then(|| self.labels.begin(&label))
    }

    fn message(
        &mut self,
        message: Result<Message<'_>, MessageError>,
        out: &mut BytesMut,
    ) -> Decoded {
        let message = match message {
            Ok(message) => message,
            Err(MessageError::NoCommand) => return Decoded::Handled,
            Err(MessageError::TooLong | MessageError::TagsTooLong) => {
                self.numeric(417, out).text("Input line was too long");
                return Decoded::Handled;
            }
            Err(error @ MessageError::Control) => {
                self.fail("*", "INVALID_MESSAGE", &[], &error.to_string(), out);
                return Decoded::Handled;
            }
        };
        let command = message.command.to_ascii_uppercase();
        match self.phase {
            Phase::Registered => command::registered(self, &command, &message, out),
            Phase::Registering { tries } => self.registering(&command, &message, tries, out),
            // What a client sends ahead of its welcome is asked for behind it.
            Phase::Waiting { .. } | Phase::Over => Decoded::Incomplete,
        }
    }

    /// Says something to a labelled command, or just so.
    fn within<T>(
        &mut self,
        labelled: Option<Labelled>,
        out: &mut BytesMut,
        say: impl FnOnce(&mut Self, &mut BytesMut) -> T,
    ) -> T {
        let Some(labelled) = labelled else { return say(self, out) };
        let mut lines = BytesMut::new();
        let said = say(self, &mut lines);
        self.labels.say(labelled, &self.settings.server, &lines, out);
        said
    }

    /// Something that was asked for is answered.
    fn settle(&mut self, labelled: Option<Labelled>, out: &mut BytesMut) {
        if let Some(labelled) = labelled {
            self.labels.answered(labelled);
            self.labels.settle(labelled, &self.settings.server, out);
        }
    }

    /// How it is told events, in no batch.
    fn frame(&self) -> Frame<'static> {
        Frame { looks: Looks::of(self.capabilities), batch: None }
    }

    /// A reference for a batch: what is in it has it in its [`Frame`]; [`label::begin`] and
    /// [`label::end`] stand around it.
    fn next_batch(&mut self) -> String {
        self.batches += 1;
        self.batches.to_string()
    }

    fn pong(&self, parameters: &[&str], out: &mut BytesMut) {
        let Some(token) = parameters.first().filter(|token| !token.is_empty()) else {
            return self.numeric(409, out).text("No origin specified");
        };
        let server = &self.settings.server;
        Line::new(out).source(server).command("PONG").word(server).text(token);
    }

    fn goodbye(&mut self, reason: Option<&str>, out: &mut BytesMut) -> Decoded {
        Line::new(out).command("ERROR").text("Goodbye");
        if self.phase == Phase::Registered {
            let reason = reason.and_then(|reason| LineText::parse(reason).ok());
            let reason = reason.filter(|reason| !reason.is_empty());
            return Decoded::Request(Request { id: None, command: Command::Quit { reason } });
        }
        Decoded::Close
    }

    /// Asks for something, now or behind what waits.
    fn ask(&mut self, command: Command, asked: Asked) {
        if let Some(labelled) = self.labelled {
            self.labels.asked(labelled);
        }
        let id = self.asked.push(asked, self.labelled);
        self.pending.push_back(Request { id: Some(id), command });
    }
}

impl Frontend for IrcFrontend {
    fn open(&mut self, _out: &mut BytesMut) -> Option<Wish> {
        None
    }

    fn decode(&mut self, input: &mut BytesMut, end: bool, out: &mut BytesMut) -> Decoded {
        if self.phase == Phase::Over {
            return Decoded::Close;
        }
        if let Some(request) = self.pending.pop_front() {
            return Decoded::Request(request);
        }
        // Until the name is answered for, what comes waits where it is.
        if matches!(self.phase, Phase::Waiting { .. }) || self.asked.len() >= IRC_PENDING_MAX {
            return Decoded::Incomplete;
        }
        if end {
            self.asked.forget_stored();
        }
        let Some(line_end) = input.iter().position(|byte| *byte == b'\n') else {
            if input.len() > CLIENT_TAGS_BYTES_MAX + LINE_BYTES_MAX {
                input.clear();
                if !std::mem::replace(&mut self.skips, true) {
                    self.numeric(417, out).text("Input line was too long");
                }
            }
            return Decoded::Incomplete;
        };
        // Answers come in the order of what was asked, and a PONG behind all that was done before it.
        // Only what is said does not wait for what was said before.
        if !self.asked.is_empty() && !says(input.get(..line_end).unwrap_or_default()) {
            return Decoded::Incomplete;
        }
        let line = input.split_to(line_end);
        input.advance(1);
        if std::mem::take(&mut self.skips) {
            return Decoded::Handled;
        }
        self.line(line.strip_suffix(b"\r").unwrap_or(&line), out)
    }

    fn tell(&mut self, event: &Event, out: &mut BytesMut) {
        tell::tell(self, event, out);
    }

    fn proved(&mut self, proved: Result<UserName, Refusal>, out: &mut BytesMut) {
        self.has_proved(proved, out);
    }

    fn challenged(&mut self, said: &str, out: &mut BytesMut) {
        sasl::challenged(self, said, out);
    }

    fn ask_for_a_sign(&mut self, out: &mut BytesMut) {
        Line::new(out).command("PING").text(&self.settings.server);
    }

    fn dialect(&self, _room: &RoomAddress) -> Dialect {
        Dialect::Irc(Looks::of(self.capabilities))
    }

    fn manners(&self) -> Manners {
        Manners {
            shows_own: true, // also to know when the others have it
            watches_own: self.asked.awaits_own(),
            looks: Looks::of(self.capabilities).bits(),
            enters_default_room: false,
            replay: if self.capabilities.has(Capability::ChatHistory) {
                0 // it asks
            } else {
                self.settings.replay
            },
            at_end: AtEnd::LeaveWhenStored,
            is_typed: false,
            reading: if self.capabilities.has(Capability::ReadMarker) {
                Reading::Told
            } else {
                Reading::Speaking
            },
            missed: if self.capabilities.has(Capability::ChatHistory) {
                Missed::Asked
            } else {
                Missed::AsHistory
            },
            wants_wallops: self.modes.wallops,
            only_waits: false,
        }
    }
}

/// Who logs in while it registers.
fn account(nick: &str, pass: &str) -> Option<Wish> {
    let (name, password) = pass.split_once(':').unwrap_or((nick, pass));
    let (name, password) = (UserName::parse(name).ok()?, Password::parse(password).ok()?);
    Some(Wish::Account { name, password })
}

/// One more name was refused.
const fn next_try(tries: u32) -> Phase {
    if tries + 1 >= NAME_TRIES_MAX { Phase::Over } else { Phase::Registering { tries: tries + 1 } }
}

/// Does this line only say something?
fn says(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let first = words.find(|word| !word.starts_with(b"@") && !word.starts_with(b":"));
    first.is_some_and(|word| {
        let words: [&[u8]; 2] = [b"PRIVMSG", b"NOTICE"];
        words.iter().any(|says| word.eq_ignore_ascii_case(says))
    })
}

/// A text in one line, without what drives a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_dangerous(c) || c == '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;

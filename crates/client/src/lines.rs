//! The line mode: what is typed (or comes from a pipe) becomes messages, messages become lines.
//! THE file where the reader of stdin and the reader of the socket meet, in one `select!`. Owns
//! what is waited for; never formats (output.rs does) and never blocks.

mod answered;
mod person;
mod recent;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use chat_client::{Connection, Handle, Trouble, Update};
use chat_protocol::event::Welcome;
use chat_protocol::slash;
use chat_protocol::{Command, MessageText, RequestId, RoomAddress, SayKind, Sequence, UserName};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::recent::Recent;
use crate::exit::{Exit, Failure};
use crate::input::Typed;
use crate::interactive::Names;
use crate::output::Output;
use crate::printer::{Chunk, Printer};

/// Lines that are read ahead while a room is being entered; stdin is not read beyond that.
const LINES_HELD_MAX: usize = 64;

/// How the lines are meant.
#[derive(Debug)]
pub(crate) struct Manner {
    /// Lines that begin with `/` are commands: a person types.
    pub(crate) commands: bool,
    /// Nothing is printed but what went wrong.
    pub(crate) silent: bool,
    /// Goes on reading the rooms after the end of input.
    pub(crate) follow: bool,
    /// How long to wait for acknowledgements after the end of input.
    pub(crate) drain: Duration,
    /// Names for the line editor to complete.
    pub(crate) names: Names,
}

/// What an answer will mean.
#[derive(Debug)]
enum Asked {
    /// A message; a person's own, to be remembered when it has a number.
    Say(Option<MessageText>),
    /// One of the rooms to be in from the start.
    FirstRoom,
    Join,
    Leave(RoomAddress),
    Other,
    /// Nobody has to know of the answer.
    Quiet,
}

/// What became of the messages.
#[derive(Debug, Default)]
struct Tally {
    stored: u64,
    refused: u64,
    unknown: u64,
}

/// A session of the line mode.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    manner: Manner,
    output: Output,
    printer: &'a mut Printer,
    /// None after its end.
    input: Option<mpsc::Receiver<Typed>>,
    rooms: Vec<RoomAddress>,
    /// All of them, for good.
    asked_for: Vec<RoomAddress>,
    is_account: bool,
    welcomed: bool,
    /// Why there is no connection now; none: there is one.
    trouble: Option<Trouble>,
    /// It was said that what is typed waits for a connection.
    said_queued: bool,
    /// The newest that a person was shown of each room, and the server does not know of.
    shown: BTreeMap<RoomAddress, Sequence>,
    /// What was said last, for a person.
    recent: Recent,
    me: Option<UserName>,
    /// Rooms to enter before more input is looked at: it decides where that is said.
    turning: usize,
    /// What was typed meanwhile.
    held: VecDeque<Typed>,
    /// Commands to send: what one line made.
    to_send: VecDeque<(Command, Asked)>,
    /// Chunks to print: what one update or line made.
    to_print: VecDeque<Chunk>,
    asked: HashMap<RequestId, Asked>,
    tally: Tally,
    /// When to give up after the end of input.
    drained_at: Option<Instant>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(
        manner: Manner,
        output: Output,
        printer: &'a mut Printer,
        input: Option<mpsc::Receiver<Typed>>,
        rooms: Vec<RoomAddress>,
    ) -> Self {
        Self {
            manner,
            output,
            printer,
            input,
            rooms,
            asked_for: Vec::new(),
            is_account: false,
            welcomed: false,
            trouble: None,
            said_queued: false,
            shown: BTreeMap::new(),
            recent: Recent::default(),
            me: None,
            turning: 0,
            held: VecDeque::new(),
            to_send: VecDeque::new(),
            to_print: VecDeque::new(),
            asked: HashMap::new(),
            tally: Tally::default(),
            drained_at: None,
        }
    }

    /// Runs until the input ends and all is acknowledged, or for ever with `follow`.
    pub(crate) async fn run(mut self, connection: &mut Connection) -> anyhow::Result<Exit> {
        let handle = connection.handle();
        while !self.is_done() {
            let printed = self.to_print.is_empty();
            let is_free = printed && self.welcomed && self.turning == 0 && self.to_send.is_empty();
            if let Some(typed) = is_free.then(|| self.held.pop_front()).flatten() {
                self.on_typed(Some(typed), &handle)?;
                continue;
            }
            // One line at a time: a full queue stops the reading of stdin.
            let holds = self.welcomed && self.turning > 0 && self.held.len() < LINES_HELD_MAX;
            let takes_input = is_free || (printed && holds);
            let give_up = self.drained_at.filter(|_| !self.manner.follow);
            tokio::select! {
                typed = next_typed(&mut self.input), if takes_input => self.on_typed(typed, &handle)?,
                update = connection.next(), if printed => match update {
                    Some(update) => self.on_update(update)?,
                    None => break,
                },
                slot = handle.reserve(), if !self.to_send.is_empty() => {
                    if let Some((command, asked)) = self.to_send.pop_front() {
                        self.asked.insert(slot?.send(command), asked);
                    }
                }
                true = self.printer.has_room(), if !printed => self.print_what_fits(),
                () = self.printer.closed() => {
                    return Err(self.printer.why_it_ended().await);
                }
                () = sleep_until(give_up.unwrap_or_else(Instant::now)), if give_up.is_some() => {
                    return self.gave_up();
                }
            }
        }
        self.finished().await
    }

    fn print_what_fits(&mut self) {
        while let Some(chunk) = self.to_print.pop_front() {
            if let Err(chunk) = self.printer.print_now(chunk) {
                self.to_print.push_front(chunk);
                return;
            }
        }
    }

    fn is_done(&self) -> bool {
        let input_ended = self.welcomed && self.input.is_none() && !self.manner.follow;
        // Who leaves while there is no connection waits for what was said, and for nothing else.
        let leaves = self.manner.commands && self.trouble.is_some() && self.unsaid() == 0;
        let answered = self.to_send.is_empty() && self.asked.is_empty() && self.held.is_empty();
        input_ended && (answered || leaves) && self.to_print.is_empty()
    }

    /// Messages that are not acknowledged, and those that are not sent yet.
    fn unsaid(&self) -> usize {
        let waiting = self.to_send.iter().map(|(_, asked)| asked).chain(self.asked.values());
        waiting.filter(|asked| matches!(asked, Asked::Say(_))).count() + self.held.len()
    }

    fn gave_up(&self) -> anyhow::Result<Exit> {
        let seconds = self.manner.drain.as_secs_f32();
        let (exit, sentence) = match self.unsaid() {
            0 => (Exit::Network, format!("the server has not answered in {seconds} s (--drain)")),
            1 => {
                let sentence = format!("1 message was not acknowledged in {seconds} s (--drain)");
                (Exit::Undelivered, sentence)
            }
            count => {
                let what = format!("{count} messages were not acknowledged");
                (Exit::Undelivered, format!("{what} in {seconds} s (--drain)"))
            }
        };
        Err(Failure::new(exit, sentence).into())
    }

    async fn finished(self) -> anyhow::Result<Exit> {
        let Tally { stored, refused, unknown } = self.tally;
        // A person has seen what was refused.
        if unknown == 0 && (refused == 0 || self.manner.commands) {
            return Ok(Exit::Ok);
        }
        let sentence = format!("{stored} messages stored, {refused} refused, {unknown} unknown");
        self.printer.print(Chunk::talk(sentence)).await?;
        Ok(if stored + unknown == 0 { Exit::Refused } else { Exit::Undelivered })
    }

    fn on_typed(&mut self, typed: Option<Typed>, handle: &Handle) -> anyhow::Result<()> {
        match typed {
            Some(typed @ (Typed::Line(_) | Typed::Message(_)))
                if self.turning > 0 && !self.cannot_wait(&typed) =>
            {
                self.hold(typed);
            }
            Some(Typed::Line(line)) if self.manner.commands => {
                self.on_line_of_a_person(&line, handle);
            }
            Some(Typed::Line(line)) => {
                for text in chat_client::messages(&line) {
                    self.say(text);
                }
            }
            Some(Typed::Message(text)) => self.say(text),
            Some(Typed::Interrupted) => return Err(Failure::new(Exit::Interrupted, "").into()),
            Some(Typed::Failed(error)) => {
                let sentence = format!("cannot read stdin: {error}");
                return Err(Failure::new(Exit::Internal, sentence).into());
            }
            None => self.input_ended(),
        }
        Ok(())
    }

    fn input_ended(&mut self) {
        self.input = None;
        self.drained_at = Some(Instant::now() + self.manner.drain);
    }

    fn say(&mut self, text: MessageText) {
        match self.output.here.clone() {
            Some(room) => self.ask(Command::say(room, text, SayKind::Text, None)),
            None => self.talk(format_args!("! {}", slash::SlashError::Nowhere)),
        }
    }

    fn ask(&mut self, command: Command) {
        let asked = if let Command::Say { text, .. } = &command {
            Asked::Say(self.manner.commands.then(|| text.clone()))
        } else if let Command::Leave { room, .. } = &command {
            // What is typed next is not said there, whatever the answer will be.
            if self.output.here.as_ref() == Some(room) {
                self.output.here = None;
            }
            Asked::Leave(room.clone())
        } else if let Command::Join { .. } = &command {
            self.turning += 1;
            Asked::Join
        } else {
            Asked::Other
        };
        self.to_send.push_back((command, asked));
    }

    fn talk(&mut self, line: impl std::fmt::Display) {
        self.to_print.push_back(Chunk::talk(line));
    }

    fn on_update(&mut self, update: Update) -> anyhow::Result<()> {
        let is_silent =
            self.manner.silent && matches!(update, Update::Connected(_) | Update::Event(_));
        if !is_silent && !self.is_elsewhere(&update) {
            self.tell_context(&update);
            self.to_print.extend(self.output.update(&update));
        }
        match update {
            Update::Connected(welcome) => {
                (self.trouble, self.said_queued) = (None, false);
                self.on_connected(&welcome)?;
            }
            Update::Event(event) => {
                self.remember_names(&event);
                self.remember_shown(&event);
                self.remember_me(&event);
            }
            Update::Answered { id, answer } => self.on_answered(id, answer)?,
            Update::Disconnected { trouble, .. } => self.trouble = Some(trouble),
            Update::Gap(_) => {}
        }
        Ok(())
    }

    /// Of a room that was not asked for: an account is in its rooms in all its sessions, and a pipe
    /// has what it asked for.
    fn is_elsewhere(&self, update: &Update) -> bool {
        let Update::Event(event) = update else { return false };
        let elsewhere = event.room().is_some_and(|room| !self.asked_for.contains(room));
        self.is_account && !self.manner.commands && elsewhere
    }

    fn on_connected(&mut self, welcome: &Welcome) -> anyhow::Result<()> {
        self.me.clone_from(&welcome.name);
        if std::mem::replace(&mut self.welcomed, true) {
            return Ok(());
        }
        if self.rooms.is_empty() {
            self.rooms.extend(welcome.default_room.clone().map(RoomAddress::from));
        }
        if self.rooms.is_empty() && !self.manner.commands {
            let sentence = "this server has no default room: name one with --room ROOM";
            return Err(Failure::new(Exit::Usage, sentence).into());
        }
        if self.manner.commands {
            self.talk("/help lists the commands, /quit leaves");
        }
        self.output.here = self.rooms.first().cloned();
        self.asked_for.clone_from(&self.rooms);
        self.is_account = welcome.account;
        self.turning += self.rooms.len();
        for room in std::mem::take(&mut self.rooms) {
            self.to_send.push_back((Command::Join { room, key: None }, Asked::FirstRoom));
        }
        if self.input.is_none() && !self.manner.follow {
            self.input_ended();
        }
        Ok(())
    }
}

/// The next line; never without input.
///
/// # Cancel safety
/// Nothing is lost.
async fn next_typed(input: &mut Option<mpsc::Receiver<Typed>>) -> Option<Typed> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}

//! The state of the screen, and what an action makes of it. Pure: no terminal, no socket, no clock;
//! what is to be done outside is returned as [`Effect`]s. The time comes with every action.

mod act;
mod answering;
mod answers;
mod completing;
mod modes;
mod moving;
mod server;
mod typed;
mod typing;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_client::{Answer, Naming, Trouble, Update};
use chat_protocol::{Command, RoomAddress, Sequence, Timestamp, UserName};
use crossterm::event::KeyEvent;
use jiff::tz::TimeZone;
use ratatui::layout::Size;

use super::input::InputBox;
use super::keys::KeyMap;
use super::limits::{MARK_READ_AFTER, OUTBOX_COMMANDS_MAX};
use super::memory::Memory;
use super::room::{Room, Scroll};
use super::row::{Body, Ticket};
use super::settings::Settings;

pub(crate) use self::answers::Asked;
pub(crate) use self::completing::Completing;
pub(crate) use self::modes::{Mode, Place, Searching, Switching};
pub(crate) use self::words::OWN_WORDS;

/// What happened.
#[derive(Debug)]
pub(crate) enum Action {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resized(Size),
    /// Somebody looks at the terminal, or does not any more.
    Focus(bool),
    /// The wheel turned, in lines: up is positive.
    Wheel(i16),
    /// The connection told something that answers nothing.
    Told(Box<Update>),
    /// The answer to an [`Effect::Send`].
    Answered(Ticket, Answer),
    /// The editor came back with this; none: it changed nothing.
    Edited(Option<String>),
    /// Something that was asked of the outside did not work.
    Failed(String),
    /// Time passed.
    Tick,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Send this; its answer comes back with the ticket.
    Send(Ticket, Command),
    /// Connect anew, now.
    Reconnect,
    /// Ask for this name when there is a connection.
    AskForName(UserName),
    /// Come as this, now.
    ComeAs(Naming),
    /// Ring, and show this elsewhere.
    Notify(String),
    /// Give the wheel to us, or back to the terminal.
    Mouse(bool),
    /// Write this in an editor.
    Edit(String),
    /// Back to the shell until it calls.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// The end.
    Quit,
    /// Break, to see that the terminal comes back.
    #[cfg(debug_assertions)]
    Crash,
}

/// Is there a connection?
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Net {
    /// Before the first welcome.
    Coming,
    /// Yes.
    Up,
    /// No, and what is done about it.
    Down {
        /// Since when.
        since: Timestamp,
        /// Why, in words.
        why: String,
        /// When the next try is.
        retry_at: Timestamp,
        /// Which try that will be.
        tries: u32,
        /// What one can do about it.
        trouble: Trouble,
    },
}

/// Where a name came from, for the welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameFrom {
    /// `--name` or the configuration.
    Chosen,
    /// The login name.
    Login,
}

/// What the program was started with.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) rooms: Vec<RoomAddress>,
    pub(crate) name_from: NameFrom,
    pub(crate) settings: Settings,
    pub(crate) keys: KeyMap,
    pub(crate) zone: TimeZone,
    /// Where the server is, as it was written.
    pub(crate) address: String,
    /// What is remembered of it.
    pub(crate) memory: Memory,
}

/// A message below the input that the next key takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Something to know.
    Word(String),
    /// What did not work.
    Wrong(String),
}

/// The whole state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) start: Start,
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    pub(crate) size: Size,
    pub(crate) focused: bool,
    pub(crate) me: Option<UserName>,
    /// A name that was wanted while there was no connection.
    wanted_name: Option<UserName>,
    /// How it was put out of a room, to be told where it finds itself.
    put_out: Option<String>,
    pub(crate) server: String,
    pub(crate) server_version: String,
    pub(crate) net: Net,
    /// From a question to its answer, the last time.
    pub(crate) latency: Option<Duration>,
    pub(crate) rooms: Vec<Room>,
    /// Which of `rooms` is shown.
    pub(crate) current: usize,
    /// Where one is without a room.
    nowhere: Room,
    pub(crate) mode: Mode,
    pub(crate) hint: Option<Hint>,
    /// Shown above the first messages until one has said something.
    pub(crate) welcome: bool,
    pub(crate) ignored: BTreeSet<UserName>,
    pub(crate) completing: Option<Completing>,
    /// Rooms that the server has, as it was told last.
    pub(crate) known_rooms: Vec<(RoomAddress, u64)>,
    /// Ctrl-C was pressed on an empty input.
    leaving: bool,
    /// Leave when all messages are stored.
    quitting: bool,
    /// When the server is told how far one has read.
    mark_at: Option<Timestamp>,
    /// Where others were told last that one types, and when.
    typing_told: Option<(RoomAddress, Timestamp)>,
    asked: BTreeMap<Ticket, Asked>,
    next_ticket: u64,
    effects: Vec<Effect>,
}

impl App {
    pub(crate) fn new(start: Start, size: Size, now: Timestamp) -> Self {
        Self {
            settings: start.settings,
            ignored: start.memory.ignored.clone(),
            start,
            now,
            size,
            focused: true,
            me: None,
            wanted_name: None,
            put_out: None,
            server: String::new(),
            server_version: String::new(),
            net: Net::Coming,
            latency: None,
            rooms: Vec::new(),
            current: 0,
            nowhere: Room::new(None),
            mode: Mode::Talk,
            hint: None,
            welcome: true,
            completing: None,
            known_rooms: Vec::new(),
            leaving: false,
            quitting: false,
            mark_at: None,
            typing_told: None,
            asked: BTreeMap::new(),
            next_ticket: 0,
            effects: Vec::new(),
        }
    }

    /// What the action changes, and what is to be done outside.
    pub(crate) fn update(&mut self, now: Timestamp, action: Action) -> Vec<Effect> {
        self.now = now;
        let is_typed = matches!(action, Action::Key(_) | Action::Paste(_));
        let before = (self.current, self.input().text().len());
        match action {
            Action::Key(key) => self.on_key(&key),
            Action::Paste(text) => self.on_paste(&text),
            Action::Resized(size) => self.size = size,
            Action::Focus(focused) => self.on_focus(focused),
            Action::Wheel(lines) if self.mode.shows_room() => self.scroll_by(isize::from(lines)),
            Action::Wheel(_) => {}
            Action::Told(update) => self.on_told(*update),
            Action::Answered(ticket, answer) => self.on_answered(ticket, answer),
            Action::Edited(Some(text)) => self.input_mut().set(text.trim_end_matches('\n')),
            Action::Edited(None) | Action::Tick => {}
            Action::Failed(why) => self.hint = Some(Hint::Wrong(why)),
        }
        if is_typed && before != (self.current, self.input().text().len()) {
            self.tell_typing();
        }
        self.look();
        self.mark();
        if self.quitting && self.unsent() == 0 {
            self.effects.push(Effect::Quit);
        }
        std::mem::take(&mut self.effects)
    }

    /// When something is to be done by itself; none: never.
    pub(crate) fn next_tick(&self) -> Option<Timestamp> {
        match &self.net {
            Net::Up => {
                let typing = self.room().next_typing_end(self.now);
                self.mark_at.into_iter().chain(typing).min()
            }
            Net::Down { retry_at, .. } if *retry_at > self.now => {
                let left_ms = retry_at.0 - self.now.0;
                // When the seconds that are shown change.
                let rest_ms = (left_ms - 1) % 1_000 + 1;
                Some(Timestamp(self.now.0 + rest_ms))
            }
            Net::Down { .. } | Net::Coming => None,
        }
    }

    /// The room that is shown.
    pub(crate) fn room(&self) -> &Room {
        self.rooms.get(self.current).unwrap_or(&self.nowhere)
    }

    pub(crate) fn room_mut(&mut self) -> &mut Room {
        self.rooms.get_mut(self.current).unwrap_or(&mut self.nowhere)
    }

    pub(crate) fn input(&self) -> &InputBox {
        &self.room().input
    }

    pub(crate) fn input_mut(&mut self) -> &mut InputBox {
        &mut self.room_mut().input
    }

    /// Which of the rooms it is.
    pub(crate) fn index_of(&self, address: &RoomAddress) -> Option<usize> {
        self.rooms.iter().position(|room| room.address.as_ref() == Some(address))
    }

    /// The room, new at the end of the list if it is not known.
    fn room_at(&mut self, address: &RoomAddress) -> usize {
        self.index_of(address).unwrap_or_else(|| {
            let mut room = Room::new(Some(address.clone()));
            if let RoomAddress::Named(name) = address {
                let memory = &self.start.memory;
                room.muted = memory.muted.contains(name);
                room.begin_behind(memory.read.get(name).copied().unwrap_or_default());
            }
            self.rooms.push(room);
            self.rooms.len() - 1
        })
    }

    /// What is to be remembered of this server.
    pub(crate) fn memory(&self) -> Memory {
        let mut memory = self.start.memory.clone();
        memory.ignored = self.ignored.clone();
        for room in &self.rooms {
            let Some(RoomAddress::Named(name)) = &room.address else { continue };
            memory.remember(name, room.read_up_to());
            if room.muted {
                memory.muted.insert(name.clone());
            } else {
                memory.muted.remove(name);
            }
        }
        memory
    }

    /// Is this room shown at its newest message, and does somebody look?
    pub(crate) fn is_in_view(&self, index: usize) -> bool {
        let at_newest = |room: &Room| room.scroll == Scroll::Bottom && room.window.is_live();
        let at_newest = self.rooms.get(index).is_some_and(at_newest);
        index == self.current && self.focused && at_newest && self.mode.shows_room()
    }

    /// What is in view is read.
    fn look(&mut self) {
        if self.is_in_view(self.current)
            && let Some(room) = self.rooms.get_mut(self.current)
        {
            room.seen();
        }
    }

    /// Tells the server how far one has read: not at once, for more is read soon.
    fn mark(&mut self) {
        if !self.rooms.iter().any(Room::is_unmarked) {
            self.mark_at = None;
            return;
        }
        let delay_ms = u64::try_from(MARK_READ_AFTER.as_millis()).unwrap_or_default();
        let at = *self.mark_at.get_or_insert(Timestamp(self.now.0 + delay_ms));
        if self.now < at || self.net != Net::Up {
            return;
        }
        self.mark_at = None;
        let read = |room: &mut Room| Some((room.address.clone()?, room.take_mark()?));
        let marks: Vec<(RoomAddress, Sequence)> = self.rooms.iter_mut().filter_map(read).collect();
        for (room, seq) in marks {
            self.ask(Command::MarkRead { room, seq }, Asked::Marked);
        }
    }

    /// Sends a command; false: too many wait.
    fn ask(&mut self, command: Command, asked: Asked) -> Option<Ticket> {
        if self.asked.len() >= OUTBOX_COMMANDS_MAX {
            self.hint = Some(Hint::Wrong(format!(
                "{OUTBOX_COMMANDS_MAX} commands wait for the server; this one was not taken"
            )));
            return None;
        }
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.asked.insert(ticket, asked);
        self.effects.push(Effect::Send(ticket, command));
        Some(ticket)
    }

    /// Messages that wait for their answer.
    pub(crate) fn unsent(&self) -> usize {
        self.asked.values().filter(|asked| matches!(asked, Asked::Say(_))).count()
    }

    /// Says something in the shown room.
    fn talk(&mut self, text: impl Into<String>) {
        let now = self.now;
        self.room_mut().push(Some(now), Body::Talk(text.into()));
    }

    fn warn(&mut self, text: impl Into<String>) {
        let now = self.now;
        self.room_mut().push(Some(now), Body::Warning(text.into()));
    }
}

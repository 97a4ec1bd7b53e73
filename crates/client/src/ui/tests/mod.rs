//! The state and the screen, without a terminal: a stage that plays the server, keys that go in,
//! cells that come out.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not expected fails the test")]

mod answering;
mod life;
mod moves;
mod screens;
mod trouble;
mod typing;
mod words;

use std::time::Duration;

use chat_client::{Answer, Trouble, Update};
use chat_protocol::event::Welcome;
use chat_protocol::{
    Command, Event, JournalId, LineText, MessageText, RequestId, RoomAddress, SayKind, Sequence,
    Signal, Timestamp, UserName,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::app::{Action, App, Effect, NameFrom, Start};
use super::keys::{Chord, KeyMap};
use super::memory::Memory;
use super::row::Ticket;
use super::settings::Settings;
use super::view;

/// Sat 21 Nov 2026, 08:12 UTC.
const NOW_MS: u64 = 1_795_248_720_000;
const MINUTE_MS: u64 = 60_000;

pub(super) struct Stage {
    pub(super) app: App,
    pub(super) now_ms: u64,
    /// What was to be done outside, and was not looked at yet.
    pub(super) effects: Vec<Effect>,
    /// What others were told of what one types.
    pub(super) signals: Vec<Signal>,
}

pub(super) fn room(text: &str) -> RoomAddress {
    RoomAddress::parse(text).unwrap()
}

pub(super) fn user(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

pub(super) fn said(to: &str, seq: u64, time_ms: u64, from: &str, text: &str) -> Event {
    Event::Message {
        room: room(to),
        seq: Sequence(seq),
        time_ms: Timestamp(time_ms),
        from: user(from),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
        account: false,
        account_name: None,
        bot: false,
    }
}

pub(super) fn start() -> Start {
    Start {
        rooms: vec![room("ops")],
        name_from: NameFrom::Login,
        settings: Settings::default(),
        keys: KeyMap::default(),
        zone: TimeZone::UTC,
        address: "chat.lan:5005".to_owned(),
        memory: Memory::default(),
    }
}

pub(super) fn welcome(name: &str) -> Update {
    Update::Connected(Box::new(Welcome {
        v: 1,
        server: "chat.lan".to_owned(),
        version: "chat-server 0.1.0".to_owned(),
        name: Some(user(name)),
        default_room: None,
        motd: None,
        journal: JournalId(uuid::Uuid::nil()),
        token: None,
        account: false,
        account_name: None,
        resumed: false,
    }))
}

pub(super) fn lost(why: &str, retry_s: u64, tries: u32) -> Update {
    kept_out(why, retry_s, tries, Trouble::Away)
}

pub(super) fn kept_out(why: &str, retry_s: u64, tries: u32, trouble: Trouble) -> Update {
    let retry_in = Duration::from_secs(retry_s);
    Update::Disconnected { why: why.to_owned(), retry_in, tries, trouble }
}

impl Stage {
    /// Connected as ana, in ops, with maya, lee and tomas there.
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, start())
    }

    pub(super) fn with(width: u16, height: u16, start: Start) -> Self {
        let app = App::new(start, Size::new(width, height), Timestamp(NOW_MS));
        let mut stage = Self { app, now_ms: NOW_MS, effects: Vec::new(), signals: Vec::new() };
        stage.tell(welcome("ana"));
        stage.answer_all();
        stage.app.latency = Some(Duration::from_millis(12));
        stage
    }

    pub(super) fn act(&mut self, action: Action) {
        for effect in self.app.update(Timestamp(self.now_ms), action) {
            if let Effect::Send(ticket, Command::Signal { signal, .. }) = effect {
                self.signals.push(signal);
                self.answer(ticket, Event::Done { id: None });
            } else {
                self.effects.push(effect);
            }
        }
    }

    pub(super) fn tell(&mut self, update: Update) {
        self.act(Action::Told(Box::new(update)));
    }

    pub(super) fn event(&mut self, event: Event) {
        self.tell(Update::Event(event));
    }

    /// Somebody says something now.
    pub(super) fn hear(&mut self, to: &str, seq: u64, from: &str, text: &str) {
        let event = said(to, seq, self.now_ms, from, text);
        self.event(event);
    }

    /// `"Ctrl-N"`, `"Enter"`.
    pub(super) fn press(&mut self, key: &str) {
        let chord: Chord = key.parse().unwrap();
        let (code, modifiers) = chord.pressed();
        self.act(Action::Key(KeyEvent::new(code, modifiers)));
    }

    pub(super) fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.act(Action::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    pub(super) fn enter(&mut self, text: &str) {
        self.type_in(text);
        self.press("Enter");
    }

    /// The next command that was sent.
    pub(super) fn sent(&mut self) -> Option<(Ticket, Command)> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Send(..)))?;
        match self.effects.remove(at) {
            Effect::Send(ticket, command) => Some((ticket, command)),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn answer(&mut self, ticket: Ticket, event: Event) {
        self.act(Action::Answered(ticket, Answer::Event(event)));
    }

    /// Plays the server for what it answers at once: joins, pings, leaves.
    pub(super) fn answer_all(&mut self) {
        while let Some((ticket, command)) = self.sent() {
            let id = Some(RequestId(1));
            match command {
                Command::Join { room, .. } => {
                    let members = ["ana", "lee", "maya", "tomas"].map(user).into();
                    self.answer(
                        ticket,
                        Event::Entered {
                            id,
                            room,
                            topic: LineText::parse("deploys, alerts").ok(),
                            members,
                            members_total: 14,
                            topic_set: None,
                            roles: Vec::new(),
                            private: false,
                            seq: Sequence(0),
                            read_ms: None,
                        },
                    );
                }
                Command::Ping => self.answer(ticket, Event::Pong { id, time_ms: Timestamp(0) }),
                Command::Unread => {
                    self.answer(ticket, Event::UnreadList { id, rooms: Vec::new(), total: 0 });
                }
                Command::Leave { .. }
                | Command::Nick { .. }
                | Command::Ignore { .. }
                | Command::Unignore { .. }
                | Command::MarkRead { .. } => {
                    self.answer(ticket, Event::Done { id });
                }
                other => panic!("the stage does not play {other:?}"),
            }
        }
    }

    pub(super) fn join(&mut self, name: &str) {
        self.enter(&format!("/join {name}"));
        self.answer_all();
    }

    /// Stores what was said last.
    pub(super) fn store(&mut self, seq: u64) {
        let Some((ticket, Command::Say { room, .. })) = self.sent() else {
            panic!("nothing was said");
        };
        let time_ms = Timestamp(self.now_ms);
        let event = Event::Stored {
            id: None,
            room,
            seq: Sequence(seq),
            time_ms,
            key: None,
            duplicate: false,
        };
        self.answer(ticket, event);
    }

    /// A history of yesterday and today, as in the client's sketch.
    pub(super) fn history(&mut self) {
        let night = NOW_MS - (9 * 60 + 31) * MINUTE_MS;
        let morning = NOW_MS - 10 * MINUTE_MS;
        let events = vec![
            said("ops", 40, night, "maya", "rolled web-3 back to 1.8.2, p99 is normal again"),
            said("ops", 41, night, "maya", "keeping the canary off until tomorrow"),
            said(
                "ops",
                42,
                night + 2 * MINUTE_MS,
                "tomas",
                "thanks. root cause? @lee you had the flag diff",
            ),
            said(
                "ops",
                43,
                morning,
                "lee",
                "the flag was at 100 %, see https://git.lan/ops/flags/commit/9f31c0a",
            ),
        ];
        self.event(Event::History { id: None, room: room("ops"), events, more: true });
    }

    pub(super) fn buffer(&self) -> Buffer {
        let Size { width, height } = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| drop(view::draw(&self.app, frame))).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text.
    pub(super) fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut x = 0;
            let mut line = String::new();
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += u16::try_from(super::graphemes::width(symbol)).unwrap().max(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "\"{text}\" is not on\n{screen}");
    }

    #[track_caller]
    pub(super) fn hides(&self, text: &str) {
        let screen = self.screen();
        assert!(!screen.contains(text), "\"{text}\" is on\n{screen}");
    }
}

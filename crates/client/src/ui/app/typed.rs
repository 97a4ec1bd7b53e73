//! What was typed: said, or done. Words of the protocol's table go to the server, words of ours
//! ([`OWN_WORDS`]) stay here; a word of neither is never sent. Pure.

use chat_client::{Naming, Trouble};
use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX};
use chat_protocol::nearest::nearest;
use chat_protocol::slash::{self, Action as Slash};
use chat_protocol::{Command, MessageText, RoomAddress, RoomSecret, SayKind, UserName};

use super::{App, Asked, Effect, Hint, Mode, Net};
use crate::ui::keys::Act;
use crate::ui::row::{Body, Delivery, Ticket};
use crate::ui::settings::SETTINGS;

/// A word that the client knows beside the server's.
#[derive(Debug)]
pub(crate) struct OwnWord {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static str,
    pub(crate) help: &'static str,
    run: fn(&mut App, &str),
}

/// The client's own words. One that the protocol's table has too is the protocol's.
pub(crate) const OWN_WORDS: &[OwnWord] = &[
    OwnWord {
        name: "go",
        arguments: "N|ROOM",
        help: "show a room of the list, by its number or name",
        run: App::word_go,
    },
    OwnWord {
        name: "ignore",
        arguments: "[NAME]",
        help: "hide what somebody says; without a name: whom you ignore",
        run: App::word_ignore,
    },
    OwnWord { name: "unignore", arguments: "NAME", help: "show it again", run: App::word_unignore },
    OwnWord {
        name: "hush",
        arguments: "[ROOM]",
        help: "a room counts and rings no more, but for mentions; again: it does",
        run: App::word_hush,
    },
    OwnWord {
        name: "option",
        arguments: "[NAME VALUE]",
        help: "change how things look and ring; alone: what can be set",
        run: App::word_option,
    },
    OwnWord {
        name: "theme",
        arguments: "NAME",
        help: "other colours: default, vivid, mono",
        run: |app, rest| app.word_option(&format!("theme {rest}")),
    },
    OwnWord {
        name: "reconnect",
        arguments: "",
        help: "connect anew, now",
        run: |app, _| app.effects.push(Effect::Reconnect),
    },
    OwnWord {
        name: "debug",
        arguments: "",
        help: "what the client knows of itself, for a report",
        run: App::word_debug,
    },
];

impl App {
    pub(super) fn submit(&mut self) {
        let text = self.input().text().to_owned();
        if text.trim().is_empty() {
            self.input_mut().clear();
            return;
        }
        self.welcome = false;
        let word = text.strip_prefix('/');
        match word.filter(|word| !word.starts_with('/') && !word.contains('\n')) {
            Some(word) => self.run(word),
            // `//` says a slash; a pasted text of many lines is no command.
            None => self.say_typed(
                text.strip_prefix('/').filter(|_| !text.contains('\n')).unwrap_or(&text),
            ),
        }
    }

    fn say_typed(&mut self, text: &str) {
        let Some(address) = self.room().address.clone() else {
            self.hint = Some(Hint::Wrong(slash::SlashError::Nowhere.to_string()));
            return;
        };
        match parsed(text) {
            Ok(text) => {
                let typed = self.current;
                if self.say(&address, text, SayKind::Text)
                    && let Some(room) = self.rooms.get_mut(typed)
                {
                    room.input.take();
                }
            }
            Err(why) => self.hint = Some(Hint::Wrong(format!("not sent: {why}"))),
        }
    }

    /// Puts the message into its room, and sends it, or keeps it until there is a connection.
    /// False: too much waits already.
    fn say(&mut self, address: &RoomAddress, text: MessageText, kind: SayKind) -> bool {
        let Some(me) = self.me.clone() else { return false };
        self.typing_told = None;
        let now = self.now;
        let index = self.room_at(address);
        let command = Command::say(address.clone(), text.clone(), kind, None);
        let Some(ticket) = self.ask(command, Asked::Say(address.clone())) else { return false };
        let Some(room) = self.rooms.get_mut(index) else { return false };
        let was_away_from_end = !room.window.is_live();
        let delivery = Delivery::Sending(ticket);
        room.say(now, Body::Said { from: me, kind, text, delivery, mention: false });
        if was_away_from_end {
            self.load(index, crate::ui::room::Side::Newest);
        }
        self.go_to(index);
        true
    }

    fn run(&mut self, typed: &str) {
        let (name, rest) = typed.split_once(' ').unwrap_or((typed, ""));
        let own = OWN_WORDS.iter().find(|own| own.name.eq_ignore_ascii_case(name));
        let own = own.filter(|_| slash::find(name).is_none());
        if let Some(own) = own {
            self.input_mut().take();
            (own.run)(self, rest.trim());
            return;
        }
        #[cfg(debug_assertions)]
        if typed == "crash" {
            self.effects.push(Effect::Crash);
            return;
        }
        let here = self.room().address.clone();
        match slash::parse(typed, here.as_ref()) {
            Ok(Slash::Help(None)) => {
                self.input_mut().take();
                self.mode = Mode::Help { scroll: 0 };
            }
            Ok(Slash::Help(Some(word))) => {
                self.input_mut().take();
                self.talk(slash::help_line("/", word));
            }
            Ok(Slash::Command(command)) => {
                self.input_mut().take();
                self.command(command, rest);
            }
            Err(error) => self.hint = Some(Hint::Wrong(self.in_words(name, &error))),
        }
    }

    /// The suggestion may be one of our own words.
    fn in_words(&self, name: &str, error: &slash::SlashError) -> String {
        let slash::SlashError::Unknown { word, suggestion } = error else {
            return error.to_string();
        };
        let own = OWN_WORDS.iter().map(|own| own.name);
        let like = nearest(name, own.chain(*suggestion));
        let like = like.map(|like| format!(" Did you mean /{like}?")).unwrap_or_default();
        format!(
            "Unknown command: {word}.{like} // says a slash. {} helps.",
            self.start.keys.key(Act::Help)
        )
    }

    fn command(&mut self, command: Command, typed: &str) {
        match command {
            Command::Say { room, text, kind, .. } => {
                self.say(&room, text, kind);
            }
            Command::Join { room, key } => self.join(room, key),
            Command::Leave { room, .. } => {
                self.ask(Command::Leave { room: room.clone(), reason: None }, Asked::Leave(room));
            }
            Command::Nick { name } => self.nick(name),
            // It would wait for a connection, and the connection waits for it.
            Command::Login { name, password } if matches!(self.net, Net::Down { .. }) => {
                self.effects.push(Effect::ComeAs(Naming::Account(name, password)));
            }
            Command::Quit { .. } => self.quit(),
            // Here, for what is shown already; there, for what comes, and for other clients.
            Command::Ignore { user } => {
                self.word_ignore(user.as_str());
                self.ask(Command::Ignore { user }, Asked::Marked);
            }
            Command::Unignore { user } => {
                self.word_unignore(user.as_str());
                self.ask(Command::Unignore { user }, Asked::Marked);
            }
            Command::Search { .. } => self.search_typed(typed.trim()),
            Command::History { .. }
            | Command::Delete { .. }
            | Command::Unread
            | Command::MarkRead { .. }
            | Command::MarkReadUntil { .. }
            | Command::GetRead { .. }
            | Command::WatchUsers { .. }
            | Command::UnwatchUsers { .. }
            | Command::WatchedUsers
            | Command::Was { .. }
            | Command::SetProfile { .. }
            | Command::Whois { .. }
            | Command::Census
            | Command::Administer { .. }
            | Command::CeaseToAdminister
            | Command::Disconnect { .. }
            | Command::Conversations { .. }
            | Command::GetMetadata { .. }
            | Command::SetMetadata { .. }
            | Command::ClearMetadata { .. }
            | Command::WatchMetadata { .. }
            | Command::Stay { .. }
            | Command::Watch { .. }
            | Command::GetTopic { .. }
            | Command::SetTopic { .. }
            | Command::Signal { .. }
            | Command::Away { .. }
            | Command::Rooms
            | Command::Users
            | Command::Members { .. }
            | Command::Register { .. }
            | Command::Login { .. }
            | Command::Logout
            | Command::ChangePassword { .. }
            | Command::MakeToken { .. }
            | Command::Tokens
            | Command::RevokeToken { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::Shunned
            | Command::Announce { .. }
            | Command::Suspend { .. }
            | Command::Unsuspend { .. }
            | Command::ResetPassword { .. }
            | Command::AddAccount { .. }
            | Command::DeleteAccount { .. }
            | Command::SetAdministrator { .. }
            | Command::Accounts { .. }
            | Command::Bans { .. }
            | Command::Status
            | Command::BanAddress { .. }
            | Command::UnbanAddress { .. }
            | Command::AddressBans
            | Command::StoredRooms { .. }
            | Command::ReportRoom { .. }
            | Command::CloseRoom { .. }
            | Command::Invite { .. }
            | Command::Kick { .. }
            | Command::Ban { .. }
            | Command::Unban { .. }
            | Command::Mute { .. }
            | Command::Unmute { .. }
            | Command::GiveRole { .. }
            | Command::TakeRole { .. }
            | Command::Transfer { .. }
            | Command::Set { .. }
            | Command::GetSettings { .. }
            | Command::Ping
            | Command::Unknown => {
                self.ask(command, Asked::Shown);
            }
        }
    }

    /// Shows the room, or enters it first.
    pub(super) fn join(&mut self, room: RoomAddress, key: Option<RoomSecret>) {
        match self.index_of(&room) {
            Some(index) => self.go_to(index),
            None => {
                self.ask(Command::Join { room, key }, Asked::Join { show: true });
            }
        }
    }

    fn nick(&mut self, name: UserName) {
        if self.net == Net::Up {
            self.ask(Command::Nick { name: name.clone() }, Asked::Nick(name));
        } else if matches!(self.net, Net::Down { trouble: Trouble::Account, .. }) {
            self.effects.push(Effect::ComeAs(Naming::Exact(name)));
        } else {
            // The old name may be what keeps us out.
            self.wanted_name = Some(name.clone());
            self.effects.push(Effect::AskForName(name));
        }
    }

    /// Leaves when everything is said; without a connection only if it is asked for twice.
    fn quit(&mut self) {
        let unsent = self.unsent();
        if unsent == 0 || self.leaving {
            self.effects.push(Effect::Quit);
            return;
        }
        self.leaving = true;
        if self.net == Net::Up {
            self.quitting = true;
            self.hint = Some(Hint::Word(format!("leaving when {unsent} more is stored")));
        } else {
            self.hint = Some(Hint::Wrong(format!("not sent yet: {unsent}; /quit again leaves")));
            self.input_mut().set("/quit");
        }
    }

    fn word_go(&mut self, rest: &str) {
        if let Ok(number) = rest.parse() {
            self.go_to_number(number);
            return;
        }
        match RoomAddress::parse(rest) {
            Ok(address) => match self.index_of(&address) {
                Some(index) => self.go_to(index),
                None => {
                    self.hint =
                        Some(Hint::Wrong(format!("You are not in {address}. /join {address}")))
                }
            },
            Err(error) => self.hint = Some(Hint::Wrong(format!("{error}. Usage: /go N|ROOM"))),
        }
    }

    fn word_ignore(&mut self, rest: &str) {
        if rest.is_empty() {
            let names: Vec<&str> = self.ignored.iter().map(UserName::as_str).collect();
            let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            self.talk(format!("You ignore {names}."));
            return;
        }
        match UserName::parse(rest.trim_start_matches('@')) {
            Ok(name) => {
                self.talk(format!("You ignore {name}; /unignore {name} ends it."));
                self.ignored.insert(name);
            }
            Err(error) => self.hint = Some(Hint::Wrong(format!("{error}. Usage: /ignore NAME"))),
        }
    }

    fn word_unignore(&mut self, rest: &str) {
        match UserName::parse(rest.trim_start_matches('@')) {
            Ok(name) if self.ignored.remove(&name) => self.talk(format!("{name} is shown again.")),
            Ok(name) => self.hint = Some(Hint::Wrong(format!("You do not ignore {name}."))),
            Err(error) => self.hint = Some(Hint::Wrong(format!("{error}. Usage: /unignore NAME"))),
        }
    }

    fn word_hush(&mut self, rest: &str) {
        let index = match (rest, RoomAddress::parse(rest)) {
            ("", _) => Some(self.current),
            (_, Ok(address)) => self.index_of(&address),
            (_, Err(_)) => None,
        };
        let Some(room) = index.and_then(|index| self.rooms.get_mut(index)) else {
            self.hint =
                Some(Hint::Wrong("You are in no such room. Usage: /hush [ROOM]".to_owned()));
            return;
        };
        room.muted = !room.muted;
        let (name, muted) = (room.title(), room.muted);
        self.talk(if muted {
            format!("{name} is muted.")
        } else {
            format!("{name} is not muted any more.")
        });
    }

    pub(super) fn word_option(&mut self, rest: &str) {
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        if name.is_empty() {
            self.talk(self.settings.lines().join("\n"));
            return;
        }
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        if let (Some(_), "") = (setting, value.trim()) {
            let line = self.settings.lines().into_iter().find(|line| line.starts_with(name));
            self.talk(line.unwrap_or_default());
            return;
        }
        let had_mouse = self.settings.mouse;
        match self.settings.set(name, value.trim()) {
            Ok(()) => {
                let value = value.trim();
                let text = format!("{name} = {value}; for good: [screen] in config.toml");
                self.hint = Some(Hint::Word(text));
            }
            Err(error) => self.hint = Some(Hint::Wrong(error.to_string())),
        }
        if self.settings.mouse != had_mouse {
            self.effects.push(Effect::Mouse(self.settings.mouse));
        }
    }

    fn word_debug(&mut self, _rest: &str) {
        let rows: usize = self.rooms.iter().map(|room| room.window.len()).sum();
        let room = self.room();
        let lines = [
            concat!("chat-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            format!("server {} ({}) at {}", self.server, self.server_version, self.start.address),
            format!("connection {:?}, latency {:?}", self.net, self.latency),
            format!("screen {} x {}, focused {}", self.size.width, self.size.height, self.focused),
            format!(
                "{} rooms, {rows} rows kept, {} requests open",
                self.rooms.len(),
                self.asked.len()
            ),
            format!(
                "here: {} rows, newest {}, from {:?} to {:?}, older {:?}, newer {:?}",
                room.window.len(),
                room.newest(),
                room.window.first_seq().map(|seq| seq.0),
                room.window.last_seq().map(|seq| seq.0),
                room.window.older,
                room.window.newer,
            ),
        ];
        self.talk(lines.join("\n"));
        if self.net == Net::Up {
            self.ping();
        }
    }

    /// Measures how long an answer takes.
    pub(super) fn ping(&mut self) {
        let now = self.now;
        self.ask(Command::Ping, Asked::Ping(now));
    }

    /// What the notice above the input says of a text that is being typed.
    pub(crate) fn input_notice(&self) -> Option<Hint> {
        let text = self.input().text();
        let lines = text.split('\n').count();
        let too_long = format!("too long: {}/{MESSAGE_TEXT_BYTES_MAX} bytes", text.len());
        let too_many = format!("{lines}/{MESSAGE_TEXT_LINES_MAX} lines: too many for one message");
        if text.len() > MESSAGE_TEXT_BYTES_MAX {
            Some(Hint::Wrong(too_long))
        } else if lines > MESSAGE_TEXT_LINES_MAX {
            Some(Hint::Wrong(too_many))
        } else if lines > 1 {
            let keys = &self.start.keys;
            let (sends, drops) = (keys.key(Act::Submit), keys.key(Act::DeleteToStart));
            Some(Hint::Word(format!("{lines} lines: {sends} sends as one · {drops} drops")))
        } else {
            None
        }
    }

    /// The answer to a message.
    pub(super) fn said(&mut self, address: &RoomAddress, ticket: Ticket, outcome: Delivery) {
        if let Some(index) = self.index_of(address)
            && let Some(room) = self.rooms.get_mut(index)
        {
            room.not_stored(ticket, outcome);
        }
    }
}

fn parsed(text: &str) -> Result<MessageText, String> {
    if text.len() > MESSAGE_TEXT_BYTES_MAX {
        return Err(format!("too long {}/{MESSAGE_TEXT_BYTES_MAX}", text.len()));
    }
    MessageText::parse(text.trim_end_matches('\n')).map_err(|error| error.to_string())
}

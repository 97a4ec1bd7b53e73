//! Words of this client alone, which never reach the server: [`OWN_WORDS`]. Pure.

use chat_protocol::{Command, RoomAddress, UserName};

use super::{App, Asked, Effect, Hint, Net};
use crate::ui::settings::SETTINGS;

/// A word that the client knows beside the server's.
#[derive(Debug)]
pub(crate) struct OwnWord {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static str,
    pub(crate) help: &'static str,
    pub(super) run: fn(&mut App, &str),
}

/// The client's own words; none of them is in the protocol's table.
pub(crate) const OWN_WORDS: &[OwnWord] = &[
    OwnWord {
        name: "go",
        arguments: "N|ROOM",
        help: "show a room of the list, by its number or name",
        run: App::word_go,
    },
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

    pub(super) fn word_ignore(&mut self, rest: &str) {
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

    pub(super) fn word_unignore(&mut self, rest: &str) {
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
}

#[cfg(test)]
mod tests {
    use chat_protocol::slash;

    use super::OWN_WORDS;

    #[test]
    fn no_word_of_the_client_hides_one_of_the_protocol() {
        for own in OWN_WORDS {
            assert!(slash::find(own.name).is_none(), "{}", own.name);
        }
    }
}

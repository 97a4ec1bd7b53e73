//! Lines that a person types: commands and texts, and what the person has seen. Never waits.

use chat_client::{Handle, Naming, Trouble, Update};
use chat_protocol::slash::{self, Action};
use chat_protocol::{Command, Event, MessageText};

use super::{Asked, Lines};
use crate::input::Typed;
use crate::meant;
use crate::printer::Chunk;

impl Lines<'_> {
    pub(super) fn on_line_of_a_person(&mut self, line: &str, handle: &Handle) {
        if line.trim().is_empty() {
            return;
        }
        let word = line.strip_prefix('/');
        let Some(word) = word.filter(|word| !word.starts_with('/')) else {
            // `//` says a slash.
            let text = word.unwrap_or(line);
            match MessageText::parse(&chat_client::program_output(text)) {
                Ok(text) => {
                    self.mark_read();
                    self.say_if_queued();
                    self.say(text);
                }
                Err(error) => self.talk(format_args!("! not sent: {error}")),
            }
            return;
        };
        let last = self
            .output
            .here
            .as_ref()
            .and_then(|here| self.recent.last_of_others(here, self.me.as_ref()));
        match slash::parse(&meant::with_number(word, last), self.output.here.as_ref()) {
            Ok(Action::Help(None)) => {
                let lines: Vec<String> = slash::help_lines("/").collect();
                self.talk(lines.join("\n"));
            }
            Ok(Action::Help(Some(word))) => self.talk(slash::help_line("/", word)),
            Ok(Action::Command(Command::Quit { .. })) => {
                self.manner.follow = false;
                self.input_ended();
            }
            Ok(Action::Command(command)) => self.on_command(command, handle),
            Err(error) => self.talk(format_args!("! {error}")),
        }
    }

    fn on_command(&mut self, command: Command, handle: &Handle) {
        match (command, &self.trouble) {
            // These would wait for a connection, and the connection waits for them.
            (Command::Nick { name }, Some(Trouble::Account)) => {
                handle.come_as(Naming::Exact(name));
            }
            (Command::Nick { name }, Some(_)) => handle.ask_for_name(name),
            (Command::Login { name, password }, Some(_)) => {
                handle.come_as(Naming::Account(name, password));
            }
            (command, _) => {
                // It would be none unread.
                if command != Command::Unread {
                    self.mark_read();
                }
                self.say_if_queued();
                self.ask(command);
            }
        }
    }

    /// Keeps what is typed while a room is being entered: where it is said is not known yet.
    pub(super) fn hold(&mut self, typed: Typed) {
        if self.manner.commands && self.trouble.is_some() && self.held.is_empty() {
            self.talk("! there is no connection: what you type waits until the room is entered");
            self.said_queued = true;
        }
        self.held.push_back(typed);
    }

    /// Words that make a connection, or end it, do not wait for it.
    pub(super) fn cannot_wait(&self, typed: &Typed) -> bool {
        let Typed::Line(line) = typed else { return false };
        let Some(word) = line.strip_prefix('/').filter(|_| self.manner.commands) else {
            return false;
        };
        let Ok(Action::Command(command)) = slash::parse(word, None) else { return false };
        let connects = matches!(command, Command::Nick { .. } | Command::Login { .. });
        matches!(command, Command::Quit { .. }) || (connects && self.trouble.is_some())
    }

    /// What an answer is about, and a reaction; a pipe has it in `--json`.
    pub(super) fn tell_context(&mut self, update: &Update) {
        let Update::Event(event) = update else { return };
        if !self.manner.commands {
            return;
        }
        self.to_print.extend(self.recent.told(event).map(Chunk::talk));
        self.recent.remember(event);
    }

    /// Who one is now.
    pub(super) fn remember_me(&mut self, event: &Event) {
        if let Event::Identified { name, .. } = event {
            self.me = Some(name.clone());
        } else if let Event::Renamed { from, to } = event
            && self.me.as_ref() == Some(from)
        {
            self.me = Some(to.clone());
        }
    }

    /// Who types has seen what was shown until now.
    fn mark_read(&mut self) {
        for (room, seq) in std::mem::take(&mut self.shown) {
            self.to_send.push_back((Command::MarkRead { room, seq }, Asked::Quiet));
        }
    }

    fn say_if_queued(&mut self) {
        if self.trouble.is_some() && !std::mem::replace(&mut self.said_queued, true) {
            self.talk("! there is no connection: what you type is sent when there is one");
        }
    }

    /// Of what a pipe reads nobody knows whether a person has seen it.
    pub(super) fn remember_shown(&mut self, event: &Event) {
        if !self.manner.commands {
            return;
        }
        let is_said = |event: &&Event| matches!(event, Event::Message { .. });
        let last = if let Event::History { events, .. } = event {
            events.iter().rfind(is_said)
        } else {
            Some(event)
        };
        if let Some(Event::Message { room, seq, .. }) = last {
            self.shown.insert(room.clone(), *seq);
        }
    }

    pub(super) fn remember_names(&self, event: &Event) {
        let names = &self.manner.names;
        if let Event::Entered { members, .. } | Event::Roster { members, .. } = event {
            members.iter().for_each(|name| names.add(name));
        } else if let Event::Joined { user: name, .. } | Event::Message { from: name, .. } = event {
            names.add(name);
        } else if let Event::Gone { user, .. } = event {
            names.remove(user);
        } else if let Event::Renamed { from, to } = event {
            names.remove(from);
            names.add(to);
        }
    }
}

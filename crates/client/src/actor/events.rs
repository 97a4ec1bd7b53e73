//! What an event from the server means to a connection. Owns no state of its own; never waits.

use chat_protocol::{Command, Event, Refusal, RequestId, RoomAddress};

use super::Actor;
use crate::connection::{Answer, Update};
use crate::rooms::Entry;
use crate::trouble::is_about_the_account;
use crate::{LinkError, Naming};

impl Actor {
    /// The answer to a command of the consumer. Returns the room whose history it touched.
    pub(super) fn on_answer(
        &mut self,
        id: RequestId,
        command: &Command,
        event: Event,
        out: &mut Vec<Update>,
    ) -> Option<RoomAddress> {
        if let Command::Say { key: Some(key), .. } = command {
            self.own_keys.remove(key);
        }
        let touched = match (command, &event) {
            (Command::Join { .. }, Event::Entered { room, seq, .. }) => {
                self.rooms.entered(room, Entry::Join, *seq, out);
                Some(room.clone())
            }
            (Command::Watch { .. }, Event::Entered { room, seq, .. }) => {
                self.rooms.entered(room, Entry::Watch, *seq, out);
                Some(room.clone())
            }
            (Command::Leave { room, .. }, Event::Done { .. }) => {
                self.rooms.exited(room);
                None
            }
            (Command::Nick { name }, Event::Done { .. }) => {
                self.options.naming = self.options.naming.renamed(name.clone());
                None
            }
            (Command::Say { .. }, Event::Stored { room, seq, .. }) => {
                self.rooms.own(room, *seq, out);
                Some(room.clone())
            }
            (
                Command::Login { password, .. } | Command::Register { password },
                Event::Identified { name, token, .. },
            ) => {
                self.token.clone_from(token);
                self.account = Some(name.clone());
                self.options.naming = Naming::Account(name.clone(), password.clone());
                None
            }
            (_, Event::Identified { name, token, .. }) => {
                self.token.clone_from(token);
                self.account = None;
                self.options.naming = Naming::Numbered(name.to_string());
                None
            }
            // Nothing that the connection has to remember.
            (_, _) => None,
        };
        let answer = Answer::Event(event);
        // What the answer makes due comes behind it.
        out.insert(0, Update::Answered { id, answer });
        touched
    }

    /// The answer to entering a room again.
    pub(super) fn on_entry(
        &mut self,
        room: &RoomAddress,
        entry: Entry,
        event: &Event,
        out: &mut Vec<Update>,
    ) {
        if let Event::Entered { seq, .. } = event {
            self.rooms.entered(room, entry, *seq, out);
        } else {
            self.rooms.exited(room);
        }
    }

    /// The answer to asking for a page of what was missed.
    pub(super) fn on_page(&mut self, room: &RoomAddress, event: Event, out: &mut Vec<Update>) {
        if let Event::History { events, more, .. } = event {
            let keys = &self.own_keys;
            let own = |event: &Event| matches!(event, Event::Message { key: Some(key), .. } if keys.contains(key));
            self.rooms.page(room, (events, more), own, out);
        } else if let Event::Refused { refusal, text, .. } = event {
            if matches!(refusal, Refusal::Unavailable | Refusal::ShuttingDown) {
                self.fault = Some(LinkError::Refused { refusal, text });
            } else {
                self.rooms.page_refused(room, &text, out);
            }
        }
    }

    /// What the server tells of itself. Returns the room whose history it touched.
    #[expect(clippy::wildcard_enum_match_arm, reason = "Event::sort names every variant")]
    pub(super) fn on_unasked(
        &mut self,
        event: Event,
        out: &mut Vec<Update>,
    ) -> Option<RoomAddress> {
        match event {
            Event::Message { ref room, key, .. } => {
                let room = room.clone();
                let own = key.is_some_and(|key| self.own_keys.contains(&key));
                self.rooms.live(&room, event, own, out);
                Some(room)
            }
            Event::TopicChanged { ref room, .. }
            | Event::RoomChanged { ref room, .. }
            | Event::Deleted { ref room, .. }
            | Event::Hidden { ref room, .. }
            | Event::Tombstone { ref room, .. } => {
                let room = room.clone();
                self.rooms.live(&room, event, false, out);
                Some(room)
            }
            Event::Gap { room, from, to, why } => {
                self.rooms.gap(&room, (from, to), &why, out);
                Some(room)
            }
            Event::Entered { ref room, seq, .. } => {
                let room = room.clone();
                let is_news = !self.rooms.knows(&room);
                self.rooms.entered(&room, Entry::Join, seq, out);
                if is_news {
                    out.push(Update::Event(event));
                }
                Some(room)
            }
            Event::Exited { ref room } => {
                self.rooms.exited(room);
                out.push(Update::Event(event));
                None
            }
            Event::History { ref room, .. } => {
                if !self.rooms.knows_replay(room) {
                    out.push(Update::Event(event));
                }
                None
            }
            Event::Refused { id: None, refusal, text } if is_about_the_account(&refusal) => {
                // The connection is closed behind it.
                self.farewell = Some(LinkError::Refused { refusal, text });
                None
            }
            Event::ShuttingDown { .. } => {
                self.farewell = Some(LinkError::Refused {
                    refusal: Refusal::ShuttingDown,
                    text: "the server has stopped, as it said".to_owned(),
                });
                out.push(Update::Event(event));
                None
            }
            Event::Welcome(_) | Event::Pong { .. } | Event::Unknown => None,
            other => {
                out.push(Update::Event(other));
                None
            }
        }
    }
}

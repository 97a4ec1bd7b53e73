//! The rooms of a connection: which to enter again, and how far each was told. Owns their
//! cursors; never sends.

use std::collections::BTreeMap;

use chat_protocol::{Cursor, Event, JournalId, RoomAddress, Sequence};

use crate::connection::{Gap, Update};
use crate::cursor::{RoomCursor, Told};

/// How a room is entered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Join,
    Watch,
}

#[derive(Debug, Default)]
struct Room {
    /// None: it was only heard of (a message from a user).
    entry: Option<Entry>,
    cursor: RoomCursor,
    /// The last messages that come on entering again are known.
    replay_is_known: bool,
}

/// All rooms of a connection, and the history their sequences belong to.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: BTreeMap<RoomAddress, Room>,
    /// Where to begin in rooms that are not entered yet.
    starts: Vec<Cursor>,
    journal: JournalId,
}

impl Rooms {
    pub(crate) const fn new(starts: Vec<Cursor>, journal: JournalId) -> Self {
        Self { rooms: BTreeMap::new(), starts, journal }
    }

    /// A room was entered; `newest` is its newest stored event.
    pub(crate) fn entered(
        &mut self,
        address: &RoomAddress,
        entry: Entry,
        newest: Sequence,
        out: &mut Vec<Update>,
    ) {
        let start = self.take_start(address, out);
        let room = self.rooms.entry(address.clone()).or_default();
        if let Some(start) = start {
            room.cursor = RoomCursor::new(Some(start));
        }
        room.entry = Some(entry);
        room.cursor.entered(newest);
    }

    fn take_start(&mut self, address: &RoomAddress, out: &mut Vec<Update>) -> Option<Sequence> {
        let starts = &mut self.starts;
        let at =
            starts.iter().position(|start| *address == RoomAddress::Named(start.room.clone()))?;
        let start = starts.swap_remove(at);
        if start.journal == self.journal {
            return Some(start.seq);
        }
        out.push(another_history(address));
        None
    }

    /// Is it entered, as far as we know?
    pub(crate) fn knows(&self, address: &RoomAddress) -> bool {
        self.rooms.get(address).is_some_and(|room| room.entry.is_some())
    }

    /// A room was left.
    pub(crate) fn exited(&mut self, room: &RoomAddress) {
        self.rooms.remove(room);
    }

    /// A stored event came live.
    pub(crate) fn live(
        &mut self,
        address: &RoomAddress,
        event: Event,
        own: bool,
        out: &mut Vec<Update>,
    ) {
        self.tell(address, out, |cursor, told| cursor.live(event, own, told));
    }

    /// What we said ourselves was stored as `seq`.
    pub(crate) fn own(&mut self, address: &RoomAddress, seq: Sequence, out: &mut Vec<Update>) {
        self.tell(address, out, |cursor, told| cursor.own(seq, told));
    }

    /// The server says that a part is gone.
    pub(crate) fn gap(
        &mut self,
        address: &RoomAddress,
        (from, to): (Sequence, Sequence),
        why: &str,
        out: &mut Vec<Update>,
    ) {
        self.tell(address, out, |cursor, told| cursor.gap(from, to, why, told));
    }

    /// A page that was asked for.
    pub(crate) fn page(
        &mut self,
        address: &RoomAddress,
        (events, more): (Vec<Event>, bool),
        own: impl Fn(&Event) -> bool,
        out: &mut Vec<Update>,
    ) {
        self.tell(address, out, |cursor, told| {
            cursor.page(events, more, own, told);
        });
    }

    /// A page that was asked for was refused.
    pub(crate) fn page_refused(&mut self, address: &RoomAddress, why: &str, out: &mut Vec<Update>) {
        self.tell(address, out, |cursor, told| cursor.refused(why, told));
    }

    /// Behind which sequence of the room a page is wanted now.
    pub(crate) fn next_page(&mut self, address: &RoomAddress) -> Option<Sequence> {
        self.rooms.get_mut(address)?.cursor.next_page()
    }

    /// Are the last messages, which come unasked on entering, known already? Says so once.
    pub(crate) fn knows_replay(&mut self, address: &RoomAddress) -> bool {
        self.rooms.get_mut(address).is_some_and(|room| std::mem::take(&mut room.replay_is_known))
    }

    /// The connection is gone.
    pub(crate) fn disconnected(&mut self) {
        for room in self.rooms.values_mut() {
            room.cursor.disconnected();
        }
    }

    /// There is a connection again: which rooms to enter again, and how. A direct room belongs
    /// to the guest that we were: `resumed` says that we are it still.
    pub(crate) fn reconnected(
        &mut self,
        journal: JournalId,
        resumed: bool,
        out: &mut Vec<Update>,
    ) -> Vec<(RoomAddress, Entry)> {
        let same_journal = std::mem::replace(&mut self.journal, journal) == journal;
        let mut entries = Vec::new();
        self.rooms.retain(|address, room| {
            if resumed && is_direct(address) {
                return true; // the server has not left it either
            }
            let Some(entry) = room.entry.filter(|_| !is_direct(address)) else {
                out.push(Update::Gap(Gap {
                    room: address.clone(),
                    missing: None,
                    why: "the conversation belonged to the guest that you were".to_owned(),
                }));
                return false;
            };
            room.replay_is_known = same_journal;
            if !same_journal {
                room.cursor = RoomCursor::new(None);
                out.push(another_history(address));
            }
            entries.push((address.clone(), entry));
            true
        });
        entries
    }

    fn tell(
        &mut self,
        address: &RoomAddress,
        out: &mut Vec<Update>,
        act: impl FnOnce(&mut RoomCursor, &mut Vec<Told>),
    ) {
        let mut told = Vec::new();
        let room = match self.rooms.get_mut(address) {
            Some(room) => room,
            None => self.rooms.entry(address.clone()).or_default(),
        };
        act(&mut room.cursor, &mut told);
        out.extend(told.into_iter().map(|told| match told {
            Told::Event(event) => Update::Event(event),
            Told::Missing { from, to, why } => {
                Update::Gap(Gap { room: address.clone(), missing: Some((from, to)), why })
            }
        }));
    }
}

const fn is_direct(address: &RoomAddress) -> bool {
    match address {
        RoomAddress::Direct(_) => true,
        RoomAddress::Named(_) => false,
    }
}

fn another_history(room: &RoomAddress) -> Update {
    Update::Gap(Gap {
        room: room.clone(),
        missing: None,
        why: "the server has another history than before".to_owned(),
    })
}

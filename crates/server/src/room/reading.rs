//! Until when a user has read rooms, and what its sessions tell each other of that. Never goes back;
//! never knows what was said.

use std::sync::{MutexGuard, PoisonError};

use chat_protocol::{RoomAddress, Timestamp};

use super::Seat;
use super::seat::keep;
use crate::limits::READ_UNTIL_MAX;

/// One session among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SessionNumber(pub(crate) u64);

/// One of a user's sessions has read more of a room.
#[derive(Clone, Debug)]
pub(crate) struct ReadMark {
    /// The first one of a user is 1.
    pub(crate) number: u64,
    /// Which session: it knows.
    pub(crate) by: SessionNumber,
    /// Which room, as the user calls it.
    pub(crate) room: RoomAddress,
}

/// Until when a user has read rooms, where it said so by a time; also of rooms that it left.
#[derive(Debug, Default)]
pub(super) struct ReadUntil {
    /// Who was told of last stands last.
    times: Vec<(RoomAddress, Timestamp)>,
    changes: u64,
}

impl ReadUntil {
    /// Another number when something has changed.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    fn set(&mut self, room: &RoomAddress, time: Timestamp) -> bool {
        let at = self.times.iter().position(|(of, _)| of == room);
        let before = at.map(|at| self.times.remove(at).1);
        if before.is_none() && self.times.len() >= READ_UNTIL_MAX {
            self.times.remove(0);
        }
        self.times.push((room.clone(), before.map_or(time, |before| before.max(time))));
        let is_news = before.is_none_or(|before| before < time);
        self.changes += u64::from(is_news);
        is_news
    }
}

impl ReadUntil {
    /// A room is called otherwise.
    pub(super) fn readdress(&mut self, from: &RoomAddress, to: &RoomAddress) {
        if let Some(at) = self.times.iter().position(|(of, _)| of == from) {
            let (_, time) = self.times.remove(at);
            self.set(to, time);
        }
    }
}

impl Seat {
    /// Until when it has read a room, if it said so.
    pub(crate) fn read_until(&self, room: &RoomAddress) -> Option<Timestamp> {
        let until = self.lock_read_until();
        until.as_ref()?.times.iter().find(|(of, _)| of == room).map(|(_, time)| *time)
    }

    /// It has read a room until then; never goes back. Is that news?
    pub(crate) fn mark_read_until(&self, room: &RoomAddress, time: Timestamp) -> bool {
        self.lock_read_until().get_or_insert_default().set(room, time)
    }

    /// One of its sessions has read more of a room: the others are told.
    pub(crate) fn tell_read(&self, by: SessionNumber, room: RoomAddress) {
        self.rooms.change(|rooms| {
            let reads = &mut rooms.news().reads;
            let number = reads.back().map_or(1, |last| last.number + 1);
            reads.retain(|mark| mark.room != room);
            keep(reads, ReadMark { number, by, room });
        });
    }

    /// The last one that was told.
    pub(crate) fn reads_told(&self) -> u64 {
        self.rooms.get().reads().next_back().map_or(0, |last| last.number)
    }

    pub(super) fn lock_read_until(&self) -> MutexGuard<'_, Option<Box<ReadUntil>>> {
        self.read_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Identity, UserName};
    use uuid::Uuid;

    use super::*;
    use crate::limits::SEAT_NEWS_MAX;

    fn room(number: usize) -> RoomAddress {
        RoomAddress::parse(&format!("r{number}")).unwrap()
    }

    fn seat() -> Seat {
        Seat::new(Identity(Uuid::nil()), UserName::parse("ana").unwrap())
    }

    #[test]
    fn what_is_read_never_goes_back_and_the_oldest_mark_goes_first() {
        let seat = seat();
        assert!(seat.mark_read_until(&room(0), Timestamp(7)));
        assert!(!seat.mark_read_until(&room(0), Timestamp(5)));
        assert_eq!(seat.read_until(&room(0)), Some(Timestamp(7)));
        for number in 1..=READ_UNTIL_MAX {
            assert!(seat.mark_read_until(&room(number), Timestamp(1)));
        }
        assert_eq!(seat.read_until(&room(0)), None);
        assert_eq!(seat.read_until(&room(READ_UNTIL_MAX)), Some(Timestamp(1)));
        assert_eq!(
            seat.lock_read_until().as_ref().map(|until| until.times.len()),
            Some(READ_UNTIL_MAX)
        );
    }

    #[test]
    fn marks_that_nobody_has_taken_are_one_a_room_and_bounded() {
        let seat = seat();
        for number in (0..10_000).chain([0, 0]) {
            seat.tell_read(SessionNumber(3), room(number));
        }
        let rooms = seat.rooms.get();
        assert_eq!(rooms.reads().count(), SEAT_NEWS_MAX);
        assert_eq!(rooms.reads().filter(|mark| mark.room == room(0)).count(), 1);
        assert_eq!(rooms.reads().next_back().map(|mark| mark.number), Some(10_002));
    }
}

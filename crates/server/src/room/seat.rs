//! What a user and the rooms it is in know of each other. The rooms write it, the user's sessions
//! follow it: nobody awaits anybody.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_protocol::{Identity, RoomAddress, Sequence};
use tokio::sync::watch;

use super::RoomHandle;
use crate::journal::RoomId;

/// Something that belongs to a user and not to a room (gone, renamed, away) has one number in all
/// the rooms it is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChangeId(u64);

/// Where those numbers come from.
#[derive(Debug, Default)]
pub(crate) struct Changes(AtomicU64);

impl Changes {
    /// A number that no other change has.
    pub(crate) fn next(&self) -> ChangeId {
        ChangeId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// One room that a user is in.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    /// The room.
    pub(crate) room: RoomHandle,
    /// As this user calls it.
    pub(crate) address: RoomAddress,
    /// The newest event when it entered: what comes behind it is new to it.
    pub(crate) since: Sequence,
}

/// A user's place in the rooms it is in.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Whose.
    pub(crate) identity: Identity,
    rooms: watch::Sender<BTreeMap<RoomId, Membership>>,
}

impl Seat {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, rooms: watch::Sender::default() }
    }

    /// Follows the rooms this user is in.
    pub(crate) fn follow(&self) -> watch::Receiver<BTreeMap<RoomId, Membership>> {
        self.rooms.subscribe()
    }

    /// The rooms this user is in.
    pub(crate) fn rooms(&self) -> Vec<Membership> {
        self.rooms.borrow().values().cloned().collect()
    }

    /// The direct rooms this user is in, as it calls them.
    pub(crate) fn direct(&self) -> Vec<(RoomId, RoomAddress)> {
        let rooms = self.rooms.borrow();
        let direct = rooms.iter().filter_map(|(id, place)| match &place.address {
            RoomAddress::Direct(_) => Some((*id, place.address.clone())),
            RoomAddress::Named(_) => None,
        });
        direct.collect()
    }

    /// In how many rooms this user is.
    pub(crate) fn rooms_count(&self) -> usize {
        self.rooms.borrow().len()
    }

    /// Is this user in that room?
    pub(crate) fn is_in(&self, room: &RoomHandle) -> bool {
        self.rooms.borrow().values().any(|membership| membership.room.is_same(room))
    }

    pub(super) fn entered(&self, id: RoomId, membership: Membership) {
        self.rooms.send_modify(|rooms| {
            rooms.insert(id, membership);
        });
    }

    /// A direct room is called by its other user's name. Nobody is woken: its sessions learn of it
    /// from the room.
    pub(super) fn renamed(&self, id: RoomId, address: RoomAddress) {
        self.rooms.send_if_modified(|rooms| {
            if let Some(membership) = rooms.get_mut(&id) {
                membership.address = address;
            }
            false
        });
    }

    pub(super) fn left(&self, id: RoomId) {
        self.rooms.send_modify(|rooms| {
            rooms.remove(&id);
        });
    }
}

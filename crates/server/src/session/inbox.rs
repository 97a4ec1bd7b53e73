//! What comes to a session from its rooms: merges their feeds and keeps, for each, how far the
//! session is. Never reads the journal, never encodes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use chat_protocol::{Identity, RoomAddress, Sequence, UserName};

use crate::frontend::Dialect;
use crate::journal::RoomId;
use crate::limits::SESSION_CHANGES_SEEN;
use crate::room::{
    Bell, ChangeId, Envelope, FeedItem, RoomEvent, RoomHandle, Rung, Snapshot, Subscription,
};

/// A session's place in a room's stream of events.
#[derive(Debug)]
pub(super) struct Place {
    /// The room's number.
    pub(super) id: RoomId,
    /// The room.
    pub(super) room: RoomHandle,
    /// As this session's user calls it.
    pub(super) address: RoomAddress,
    /// The newest stored event that was delivered.
    pub(super) cursor: Sequence,
    /// The newest change of the roster that was delivered.
    pub(super) presence: u64,
    /// The user is in the room; otherwise the session only watches.
    pub(super) is_member: bool,
    /// How its events look to this session, once that was asked.
    pub(super) dialect: Option<Dialect>,
    /// None: let go of, until there is room again.
    feed: Option<Subscription>,
}

/// The merged feeds.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The feeds ring it.
    bell: Arc<Bell>,
    /// Places that may have something.
    ready: Rung,
    places: Vec<Option<Place>>,
    /// Rooms that it watches as far as it knows, and that are not there for it.
    absent: Vec<RoomAddress>,
    is_detached: bool,
    /// Something stored was delivered since this was last asked.
    has_news: bool,
    /// The same, for another who asks.
    has_untold: bool,
    seen: VecDeque<ChangeId>,
}

impl Inbox {
    /// Follows a room from a snapshot on; `cursor`: what was delivered already.
    pub(super) fn follow(
        &mut self,
        room: RoomHandle,
        address: RoomAddress,
        snapshot: Snapshot,
        cursor: Sequence,
        is_member: bool,
    ) -> usize {
        let slot = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        snapshot.feed.ring(Arc::clone(&self.bell), slot);
        let (id, feed) = (snapshot.id, Some(snapshot.feed));
        let presence = snapshot.roster.version;
        let place =
            Some(Place { id, room, address, cursor, presence, is_member, dialect: None, feed });
        match self.places.get_mut(slot) {
            Some(free) => *free = place,
            None => {
                self.places.reserve_exact(1); // most sessions follow one room, and there are many
                self.places.push(place);
            }
        }
        slot
    }

    /// Follows it no longer.
    pub(super) fn drop_slot(&mut self, slot: usize) -> Option<Place> {
        self.places.get_mut(slot)?.take()
    }

    /// Lets go of all feeds, so that what they hold can go; the places stay.
    pub(super) fn detach(&mut self) {
        self.places.iter_mut().flatten().for_each(|place| place.feed = None);
        self.is_detached = true;
    }

    /// Are the places to be attached to their feeds again?
    pub(super) const fn is_detached(&self) -> bool {
        self.is_detached
    }

    /// The places will be attached now.
    pub(super) fn attaching(&mut self) -> Vec<usize> {
        self.is_detached = false;
        self.slots().map(|(slot, _)| slot).collect()
    }

    /// Follows a place's feed again.
    pub(super) fn attach(&mut self, slot: usize, feed: Subscription) {
        feed.ring(Arc::clone(&self.bell), slot);
        if let Some(place) = self.place_mut(slot) {
            // One that was entered in the meantime has a feed already: there is one, not two.
            place.feed = Some(feed);
        }
    }

    /// How many rooms are followed.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.slots().count() + self.absent.len()).unwrap_or(u64::MAX)
    }

    /// It watches a room that is not there for it.
    pub(super) fn watch_absent(&mut self, room: RoomAddress) {
        if !self.is_absent(&room) {
            self.absent.push(room);
        }
    }

    /// Does it watch this room that is not there for it?
    pub(super) fn is_absent(&self, room: &RoomAddress) -> bool {
        self.absent.contains(room)
    }

    /// It does no longer.
    pub(super) fn leave_absent(&mut self, room: &RoomAddress) -> Option<RoomAddress> {
        let at = self.absent.iter().position(|absent| absent == room)?;
        Some(self.absent.swap_remove(at))
    }

    /// A user has another name, and so its direct room another address.
    pub(super) fn readdress(&mut self, from: &UserName, to: &UserName) {
        let is_old =
            |address: &RoomAddress| matches!(address, RoomAddress::Direct(user) if user == from);
        for place in self.places.iter_mut().flatten().filter(|place| is_old(&place.address)) {
            place.address = RoomAddress::Direct(to.clone());
        }
    }

    /// Follows nothing any more. The bell stays: others than feeds ring it too.
    pub(super) fn clear(&mut self) {
        let bell = std::mem::take(&mut self.bell);
        *self = Self { bell, ..Self::default() };
    }

    /// What wakes the session.
    pub(super) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// The front end may see its rooms otherwise from now on.
    pub(super) fn forget_dialects(&mut self) {
        self.places.iter_mut().flatten().for_each(|place| place.dialect = None);
    }

    /// Where a room is followed.
    pub(super) fn slot_of(&self, id: RoomId) -> Option<usize> {
        self.places.iter().position(|place| place.as_ref().is_some_and(|place| place.id == id))
    }

    /// Where a room is followed, by its address.
    pub(super) fn slot_at(&self, address: &RoomAddress) -> Option<usize> {
        self.slots().find(|(_, place)| place.address == *address).map(|(slot, _)| slot)
    }

    /// Follows a room no longer that was only watched.
    pub(super) fn drop_watched(&mut self, slot: usize) -> Option<Place> {
        let is_watched = self.place(slot).is_some_and(|place| !place.is_member);
        if is_watched { self.drop_slot(slot) } else { None }
    }

    pub(super) fn place(&self, slot: usize) -> Option<&Place> {
        self.places.get(slot)?.as_ref()
    }

    pub(super) fn place_mut(&mut self, slot: usize) -> Option<&mut Place> {
        self.places.get_mut(slot)?.as_mut()
    }

    /// The slots in use.
    pub(super) fn slots(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().enumerate().filter_map(|(slot, place)| Some((slot, place.as_ref()?)))
    }

    /// There is something to follow.
    pub(super) fn is_following(&self) -> bool {
        self.slots().any(|(_, place)| place.feed.is_some())
    }

    /// Who is to be woken when something comes.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.bell.register(cx.waker());
    }

    /// The next batch of any room, in turn. Pending: whoever was registered before is woken.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) fn poll_next(&mut self) -> Poll<(usize, FeedItem)> {
        loop {
            while let Some(slot) = self.ready.next() {
                let Some(feed) = self.place_mut(slot).and_then(|place| place.feed.as_mut()) else {
                    continue; // it was left
                };
                let (item, has_more) = feed.next();
                if has_more {
                    self.ready.again(slot);
                }
                if let Some(item) = item {
                    return Poll::Ready((slot, item));
                }
            }
            self.bell.take(&mut self.ready);
            if self.ready.is_empty() {
                return Poll::Pending;
            }
        }
    }

    /// From which event on the shared encoding of an envelope is for this session; none: it is to be
    /// looked at event by event.
    pub(super) fn takes_from(
        &self,
        slot: usize,
        envelope: &Envelope,
        me: Option<Identity>,
        shares_own: bool,
    ) -> Option<usize> {
        let place = self.place(slot)?;
        let is_next = envelope.sequences().is_none_or(|range| *range.start() > place.cursor);
        let is_shared = matches!(place.address, RoomAddress::Named(_));
        if !is_next || !is_shared || envelope.has_changes() {
            return None;
        }
        let from = envelope.new_from(place.presence)?;
        let has_own = me.is_some_and(|me| envelope.is_by(me, from));
        let hides_own = envelope.presence().is_some() || envelope.is_for_others();
        (!has_own || (shares_own && !hides_own)).then_some(from)
    }

    /// Is this event new here?
    pub(super) fn is_new(&mut self, slot: usize, event: &RoomEvent) -> bool {
        let Some(place) = self.place(slot) else {
            return false;
        };
        let behind = event.event.sequence().is_none_or(|sequence| sequence > place.cursor);
        let fresh = event.presence.is_none_or(|version| version > place.presence);
        behind && fresh && event.change.is_none_or(|change| self.see(change))
    }

    /// The first time that this change comes by? Remembers the last few.
    pub(super) fn see(&mut self, change: ChangeId) -> bool {
        if self.seen.iter().rev().any(|seen| *seen == change) {
            return false;
        }
        if self.seen.len() >= SESSION_CHANGES_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(change);
        true
    }

    /// Was something stored delivered since this was last asked?
    pub(super) const fn take_news(&mut self) -> bool {
        std::mem::replace(&mut self.has_news, false)
    }

    /// The same, for another who asks.
    pub(super) const fn take_untold(&mut self) -> bool {
        std::mem::replace(&mut self.has_untold, false)
    }

    /// Would it say so?
    pub(super) const fn has_untold(&self) -> bool {
        self.has_untold
    }

    /// Something stored was delivered.
    pub(super) const fn has_told(&mut self) {
        self.has_news = true;
        self.has_untold = true;
    }

    /// The envelope was delivered.
    pub(super) fn advance(&mut self, slot: usize, envelope: &Envelope) {
        if envelope.sequences().is_some() {
            self.has_told();
        }
        let Some(place) = self.place_mut(slot) else {
            return;
        };
        if let Some(range) = envelope.sequences() {
            place.cursor = place.cursor.max(*range.end());
        }
        if let Some(range) = envelope.presence() {
            place.presence = place.presence.max(*range.end());
        }
    }
}

//! What a user and the rooms it is in know of each other. The rooms write it, the user's sessions
//! follow it: nobody awaits anybody.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat_protocol::event::UserInfo;
use chat_protocol::{Identity, Refusal, RoomAddress, Sequence, Timestamp, UserName};

use super::followed::{Followed, Follower};
use super::handle::Person;
use super::heard::DirectSignal;
use super::reading::{ReadMark, ReadUntil};
use super::{Bell, RoomHandle};
use crate::journal::RoomId;
use crate::limits::SEAT_NEWS_MAX;

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
    /// The other one of a direct room; in one's own that is oneself.
    pub(crate) peer: Option<Identity>,
    read: Arc<ReadUpTo>,
}

/// How far a user has read a room.
#[derive(Debug)]
struct ReadUpTo {
    seq: AtomicU64,
    /// So far it was told to clients that do not say what is read.
    told: AtomicU64,
    /// It has said so; else it is where it entered.
    is_marked: AtomicBool,
}

impl Membership {
    pub(super) fn new(
        room: RoomHandle,
        address: RoomAddress,
        since: Sequence,
        peer: Option<Identity>,
    ) -> Self {
        let (seq, told) = (AtomicU64::new(since.0), AtomicU64::new(since.0));
        let read = ReadUpTo { seq, told, is_marked: AtomicBool::new(false) };
        Self { room, address, since, peer, read: Arc::new(read) }
    }

    /// What the user has read of it.
    pub(crate) fn read(&self) -> Sequence {
        Sequence(self.read.seq.load(Ordering::Relaxed))
    }

    /// The user had read so far, and was told so far, when it was here last.
    pub(crate) fn restore_read(&self, seq: Sequence, told: Sequence) {
        self.read.seq.store(seq.0.min(self.since.0), Ordering::Relaxed);
        self.read.told.store(told.0.min(self.since.0), Ordering::Relaxed);
        self.read.is_marked.store(seq > Sequence(0), Ordering::Relaxed);
    }

    /// The user has read up to here; never goes back. Is that news?
    pub(crate) fn mark_read(&self, seq: Sequence) -> bool {
        self.read.is_marked.store(true, Ordering::Relaxed);
        self.read.seq.fetch_max(seq.0, Ordering::Relaxed) < seq.0
    }

    /// What has reached clients of the user that do not say what is read.
    pub(crate) fn told(&self) -> Sequence {
        Sequence(self.read.told.load(Ordering::Relaxed))
    }

    /// Such a client was told so far; never goes back.
    fn mark_told(&self, seq: Sequence) {
        self.read.told.fetch_max(seq.0, Ordering::Relaxed);
    }

    /// Has the user said how far it has read?
    pub(crate) fn is_marked(&self) -> bool {
        self.read.is_marked.load(Ordering::Relaxed)
    }
}

/// Somebody lets the user into a room.
#[derive(Clone, Debug)]
pub(crate) struct Invitation {
    /// The first one of a user is 1.
    pub(crate) number: u64,
    /// Which room.
    pub(crate) room: RoomAddress,
    /// Who.
    pub(crate) from: UserName,
    /// That is an account's, which may be called otherwise.
    pub(crate) account: bool,
    pub(crate) account_name: Option<UserName>,
}

/// The user has another name.
#[derive(Clone, Debug)]
pub(crate) struct Renaming {
    /// The first one of a user is 1.
    pub(crate) number: u64,
    /// Its number in the rooms.
    pub(crate) change: ChangeId,
    pub(crate) from: UserName,
    pub(crate) to: UserName,
}

/// What a user is called, and whether it is away.
pub(crate) type Profile = UserInfo;

/// A user's place in the rooms it is in.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Whose.
    pub(crate) identity: Identity,
    profile: Mutex<Profile>,
    /// Of an account, which is in its rooms also while it is away: what that is called.
    account: OnceLock<Box<UserName>>,
    pub(super) rooms: Followed<Rooms>,
    /// Until when it has read rooms, where it said so; most never do.
    pub(super) read_until: Mutex<Option<Box<ReadUntil>>>,
    /// It may do everything in every room.
    is_administrator: AtomicBool,
}

/// The rooms that a user is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rooms {
    pub(crate) places: Places,
    /// What else has come to pass; of most nothing has.
    pub(super) news: Option<Box<SeatNews>>,
    /// It is on its way out, and enters no more.
    is_closed: bool,
    /// Its sessions are to end, and why.
    pub(crate) ended: Option<Arc<Refusal>>,
}

/// What has come to pass of a user's rooms: the last few of each kind.
#[derive(Clone, Debug, Default)]
pub(super) struct SeatNews {
    /// Where it was put out of rooms that it has not entered again.
    put_out: VecDeque<(RoomId, Sequence)>,
    /// Into which rooms it was let.
    invitations: VecDeque<Invitation>,
    /// What it was called, and is.
    renamings: VecDeque<Renaming>,
    /// What one of its sessions has read, for the others.
    pub(super) reads: VecDeque<ReadMark>,
    /// What somebody signals to it, or it to somebody, and how often that came to pass.
    pub(super) signals: VecDeque<DirectSignal>,
    pub(super) signals_count: u64,
}

/// One more of a kind; the oldest goes.
pub(super) fn keep<T>(kind: &mut VecDeque<T>, news: T) {
    kind.push_back(news);
    if kind.len() > SEAT_NEWS_MAX {
        kind.pop_front();
    }
}

impl Rooms {
    /// Behind which event it may read nothing of a room, since it was put out.
    pub(crate) fn put_out(&self, id: RoomId) -> Option<Sequence> {
        let news = self.news.as_ref()?;
        news.put_out.iter().find(|(room, _)| *room == id).map(|(_, seq)| *seq)
    }

    /// Into which rooms it was let, the last few.
    pub(crate) fn invitations(&self) -> impl Iterator<Item = &Invitation> {
        self.news.iter().flat_map(|news| &news.invitations)
    }

    /// What it was called, and is; the last few.
    pub(crate) fn renamings(&self) -> impl DoubleEndedIterator<Item = &Renaming> {
        self.news.iter().flat_map(|news| &news.renamings)
    }

    /// What one of its sessions has read, for the others; the last few.
    pub(crate) fn reads(&self) -> impl DoubleEndedIterator<Item = &ReadMark> {
        self.news.iter().flat_map(|news| &news.reads)
    }

    pub(super) fn news(&mut self) -> &mut SeatNews {
        self.news.get_or_insert_default()
    }
}

/// Memberships by the numbers of their rooms, in order. A list: most users are in a few rooms, and
/// there are many users.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<(RoomId, Membership)>);

impl Places {
    /// The place in a room.
    pub(crate) fn get(&self, id: RoomId) -> Option<&Membership> {
        let at = self.find(id).ok()?;
        self.0.get(at).map(|(_, place)| place)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RoomId, &Membership)> {
        self.0.iter().map(|(id, place)| (*id, place))
    }

    fn get_mut(&mut self, id: RoomId) -> Option<&mut Membership> {
        let at = self.find(id).ok()?;
        self.0.get_mut(at).map(|(_, place)| place)
    }

    fn insert(&mut self, id: RoomId, place: Membership) {
        match self.get_mut(id) {
            Some(found) => *found = place,
            None => {
                let at = self.find(id).unwrap_or_else(|at| at);
                self.0.reserve_exact(1); // doubling would cost the many who are in one room
                self.0.insert(at, (id, place));
            }
        }
    }

    fn remove(&mut self, id: RoomId) {
        if let Ok(at) = self.find(id) {
            self.0.remove(at);
        }
    }

    fn find(&self, id: RoomId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(other, _)| *other)
    }
}

/// The user is on its way out.
#[derive(Debug)]
pub(super) struct SeatClosed;

impl Seat {
    pub(crate) fn new(identity: Identity, name: UserName) -> Self {
        let profile = Mutex::new(Profile::new(name));
        Self {
            identity,
            profile,
            account: OnceLock::new(),
            is_administrator: AtomicBool::new(false),
            rooms: Followed::default(),
            read_until: Mutex::default(),
        }
    }

    /// It may from now on, or no longer.
    pub(crate) fn set_administrator(&self, is_administrator: bool) {
        self.is_administrator.store(is_administrator, Ordering::Relaxed);
    }

    /// May it do everything in every room?
    pub(crate) fn is_administrator(&self) -> bool {
        self.is_administrator.load(Ordering::Relaxed)
    }

    /// In which rooms it is, and behind which event it entered each.
    pub(crate) fn since(&self) -> HashMap<RoomId, Sequence> {
        self.rooms.get().places.iter().map(|(id, place)| (id, place.since)).collect()
    }

    /// It was put out of a room; what stands behind `seq` is not for it.
    pub(super) fn put_out(&self, id: RoomId, seq: Sequence) {
        self.rooms.change(|rooms| {
            rooms.places.remove(id);
            let put_out = &mut rooms.news().put_out;
            put_out.retain(|(room, _)| *room != id);
            keep(put_out, (id, seq));
        });
    }

    /// Its sessions are to end.
    pub(crate) fn end(&self, why: Refusal) {
        self.rooms.change(|rooms| rooms.ended = Some(Arc::new(why)));
    }

    /// It has another name: its sessions learn of it here too, which may share no room with it.
    pub(crate) fn renamed(&self, change: ChangeId, from: UserName, to: UserName) {
        self.rooms.change(|rooms| {
            let renamings = &mut rooms.news().renamings;
            let number = renamings.back().map_or(1, |last| last.number + 1);
            renamings.reserve_exact(1); // most are called otherwise once, if ever
            keep(renamings, Renaming { number, change, from, to });
        });
    }

    /// The last one that was told.
    pub(crate) fn renamings_told(&self) -> u64 {
        self.rooms.get().renamings().next_back().map_or(0, |last| last.number)
    }

    /// Somebody lets it into a room.
    pub(super) fn invited(
        &self,
        room: RoomAddress,
        from: UserName,
        (account, account_name): (bool, Option<UserName>),
    ) {
        self.rooms.change(|rooms| {
            let invitations = &mut rooms.news().invitations;
            let number = invitations.back().map_or(1, |last| last.number + 1);
            keep(invitations, Invitation { number, room, from, account, account_name });
        });
    }

    /// Its name, and whether it is away, now.
    pub(crate) fn profile(&self) -> MutexGuard<'_, Profile> {
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For who may refuse it something.
    pub(crate) fn person(&self) -> Person {
        let Profile { name, login, .. } = self.profile().clone();
        Person { identity: self.identity, name, account: self.account().cloned(), login }
    }

    /// All that is told of it.
    pub(crate) fn info(&self) -> UserInfo {
        let (account, administrator) = (self.is_account(), self.is_administrator());
        let profile = self.profile().clone();
        let account_name = self.account().filter(|account| **account != profile.name).cloned();
        UserInfo { account, account_name, administrator, ..profile }
    }

    /// Is it an account's?
    pub(crate) fn is_account(&self) -> bool {
        self.account.get().is_some()
    }

    /// The name of the account whose it is; its own may be another.
    pub(crate) fn account(&self) -> Option<&UserName> {
        self.account.get().map(|name| &**name)
    }

    /// The name by which it is remembered: an account's, whatever it is called.
    pub(crate) fn known_as(&self) -> UserName {
        self.account().cloned().unwrap_or_else(|| self.profile().name.clone())
    }

    /// It is this account's from now on.
    pub(crate) fn set_account(&self, name: UserName) {
        self.account.set(Box::new(name)).ok(); // it is already
    }

    /// Another number when it has entered, left or read something. To ask costs no allocation: it is
    /// asked often, and seldom is anything different.
    pub(crate) fn fingerprint(&self) -> u64 {
        let rooms = self.rooms.get();
        let mix = |sum: u64, number: u64| (sum ^ number).wrapping_mul(0x0100_0000_01b3);
        let until = self.lock_read_until().as_ref().map_or(0, |until| until.changes());
        rooms.places.iter().fold(0xcbf2_9ce4_8422_2325 ^ until, |sum, (id, place)| {
            mix(mix(mix(sum, id.0.unsigned_abs()), place.read().0), place.told().0)
        })
    }

    /// What is to be kept of an account: the rooms it is in and what it has read; none if it is on
    /// its way out.
    pub(crate) fn kept(&self) -> Option<Vec<(Membership, Option<Timestamp>)>> {
        let rooms = self.rooms.get();
        let kept =
            |(_, place): (RoomId, &Membership)| (place.clone(), self.read_until(&place.address));
        (!rooms.is_closed).then(|| rooms.places.iter().map(kept).collect())
    }

    /// Follows the rooms this user is in.
    pub(crate) fn follow(&self, bell: Arc<Bell>) -> Follower<Rooms> {
        self.rooms.follow(bell)
    }

    /// Does anybody follow it?
    pub(super) fn has_sessions(&self) -> bool {
        self.rooms.is_followed()
    }

    /// The rooms this user is in.
    pub(crate) fn rooms(&self) -> Vec<Membership> {
        self.rooms.get().places.iter().map(|(_, place)| place.clone()).collect()
    }

    /// What this user has read of the rooms it is in.
    pub(crate) fn read(&self) -> HashMap<RoomId, (RoomAddress, Sequence)> {
        let rooms = self.rooms.get();
        let read = |place: &Membership| (place.address.clone(), place.read());
        rooms.places.iter().map(|(id, place)| (id, read(place))).collect()
    }

    /// It has read so far. Of which rooms is that news?
    pub(crate) fn mark_read(
        &self,
        read: impl IntoIterator<Item = (RoomId, Sequence)>,
    ) -> Vec<RoomAddress> {
        let rooms = self.rooms.get();
        let marked = |(id, seq)| {
            let place = rooms.places.get(id)?;
            place.mark_read(seq).then(|| place.address.clone())
        };
        read.into_iter().filter_map(marked).collect()
    }

    /// A client that does not say what is read was told so far.
    pub(crate) fn mark_told(&self, told: impl IntoIterator<Item = (RoomId, Sequence)>) {
        let rooms = self.rooms.get();
        for (id, seq) in told {
            if let Some(place) = rooms.places.get(id) {
                place.mark_told(seq);
            }
        }
    }

    /// The user's place in a room, as it calls it.
    pub(crate) fn place(&self, room: &RoomAddress) -> Option<(RoomId, Membership)> {
        let rooms = self.rooms.get();
        let place = rooms.places.iter().find(|(_, place)| place.address == *room);
        place.map(|(id, place)| (id, place.clone()))
    }

    /// The direct rooms this user is in, as it calls them.
    pub(crate) fn direct(&self) -> Vec<(RoomId, RoomAddress)> {
        let rooms = self.rooms.get();
        let direct = rooms.places.iter().filter_map(|(id, place)| match &place.address {
            RoomAddress::Direct(_) => Some((id, place.address.clone())),
            RoomAddress::Named(_) => None,
        });
        direct.collect()
    }

    /// In how many rooms this user is.
    pub(crate) fn rooms_count(&self) -> usize {
        self.rooms.get().places.0.len()
    }

    /// Is this user in that room?
    pub(crate) fn is_in(&self, room: &RoomHandle) -> bool {
        self.rooms.get().places.iter().any(|(_, place)| place.room.is_same(room))
    }

    /// The user goes: it enters no more rooms. Those that it is in are to be left.
    pub(crate) fn close(&self) -> Vec<Membership> {
        self.rooms.change(|rooms| rooms.is_closed = true);
        self.rooms()
    }

    pub(super) fn entered(&self, id: RoomId, membership: Membership) -> Result<(), SeatClosed> {
        let is_in = self.rooms.change(|rooms| {
            if !rooms.is_closed {
                if let Some(news) = &mut rooms.news {
                    news.put_out.retain(|(room, _)| *room != id);
                }
                rooms.places.insert(id, membership);
            }
            !rooms.is_closed
        });
        if is_in { Ok(()) } else { Err(SeatClosed) }
    }

    pub(super) fn left(&self, id: RoomId) {
        self.rooms.change(|rooms| {
            rooms.places.remove(id);
        });
    }

    /// The other user of a direct room has another name.
    pub(super) fn readdress(&self, id: RoomId, address: RoomAddress) {
        let before = self.rooms.get().places.get(id).map(|place| place.address.clone());
        if let (Some(before), Some(until)) = (before, &mut *self.lock_read_until()) {
            until.readdress(&before, &address);
        }
        self.rooms.change(|rooms| {
            if let Some(place) = rooms.places.get_mut(id) {
                place.address = address;
            }
        });
    }
}

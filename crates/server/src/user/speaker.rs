//! Somebody who speaks: one user, however many sessions it has. Never knows who may have its name.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::event::UserInfo;
use chat_protocol::{
    Identity, LineText, MetadataKey, MetadataValue, Refusal, Sequence, Timestamp, UserName,
};

use super::claim::Pass;
use crate::journal::{AccountRoom, Metadata, RoomKey, Shun, Shunned, TokenHash};
use crate::rate::Buckets;
use crate::room::{Seat, author_bit};

/// Somebody who speaks.
#[derive(Debug)]
pub(crate) struct User {
    /// Its places in rooms.
    pub(crate) seat: Arc<Seat>,
    /// Who came when.
    pub(super) arrival: u64,
    /// How often it was parked.
    parkings: AtomicU64,
    /// Sessions it has, and those that may come back.
    claims: AtomicUsize,
    /// Sessions it has.
    sessions: AtomicUsize,
    /// What an account's sessions may be ended by.
    passes: Mutex<Vec<Arc<Pass>>>,
    /// Whom it does not want to hear; most want to hear everybody.
    shuns: Mutex<Option<Box<Shuns>>>,
    /// The authors' bits of those whom it ignores.
    ignored: AtomicU64,
    /// Its seat's fingerprint when that was looked at last.
    fingerprint: AtomicU64,
    /// What is stored of the rooms that an account is in.
    kept: Mutex<BTreeMap<RoomKey, Kept>>,
    /// What programs know of it; of most nothing.
    metadata: Mutex<Option<Box<Metadata>>>,
    /// An account's rooms were entered, as far as they could be.
    settling: AtomicU8,
    /// When it came, and asked for something last, in milliseconds; 0: not yet.
    came_ms: AtomicU64,
    active_ms: AtomicU64,
    /// Why it goes.
    last_words: Mutex<Option<LineText>>,
    /// What an account's sessions have taken together.
    buckets: Buckets,
}

/// How far a room is read: up to an event, and until a time.
type Kept = (Sequence, Sequence, Option<Timestamp>);

const NOT_SETTLED: u8 = 0;
const SETTLING: u8 = 1;
const SETTLED: u8 = 2;

/// Whom a user shuns, with their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shuns {
    pub(crate) ignored: BTreeMap<Identity, UserName>,
    pub(crate) blocked: BTreeMap<Identity, UserName>,
}

impl Shuns {
    fn list(&mut self, how: Shun) -> &mut BTreeMap<Identity, UserName> {
        match how {
            Shun::Ignored => &mut self.ignored,
            Shun::Blocked => &mut self.blocked,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ignored.len() + self.blocked.len()
    }
}

impl User {
    pub(super) fn new(identity: Identity, name: UserName, arrival: u64) -> Self {
        Self {
            seat: Arc::new(Seat::new(identity, name)),
            arrival,
            parkings: AtomicU64::new(0),
            claims: AtomicUsize::new(1),
            sessions: AtomicUsize::new(1),
            passes: Mutex::default(),
            shuns: Mutex::default(),
            ignored: AtomicU64::new(0),
            fingerprint: AtomicU64::new(0),
            kept: Mutex::default(),
            metadata: Mutex::default(),
            settling: AtomicU8::new(NOT_SETTLED),
            came_ms: AtomicU64::new(0),
            active_ms: AtomicU64::new(0),
            last_words: Mutex::default(),
            buckets: Buckets::default(),
        }
    }

    /// The permanent id behind it.
    pub(crate) fn identity(&self) -> Identity {
        self.seat.identity
    }

    /// Its name, now.
    pub(crate) fn name(&self) -> UserName {
        self.seat.profile().name.clone()
    }

    /// Its name, and whether it is away.
    pub(crate) fn info(&self) -> UserInfo {
        self.seat.info()
    }

    /// What its sessions have taken together; a guest has only one.
    pub(crate) fn buckets(&self) -> Option<&Buckets> {
        self.seat.is_account().then_some(&self.buckets)
    }

    /// It has a session.
    pub(crate) fn is_present(&self) -> bool {
        self.sessions.load(Ordering::Relaxed) > 0
    }

    /// It has other sessions beside one that asks.
    pub(crate) fn has_several_sessions(&self) -> bool {
        self.sessions.load(Ordering::Relaxed) > 1
    }

    /// Away with a message, or back.
    pub(crate) fn set_away(&self, text: Option<LineText>) {
        self.seat.profile().away = text;
    }

    /// It asks for something.
    pub(crate) fn is_active(&self, now: Timestamp) {
        self.active_ms.store(now.0, Ordering::Relaxed);
        let (order, came) = (Ordering::Relaxed, &self.came_ms);
        came.compare_exchange(0, now.0, order, order).ok(); // it came before
    }

    /// When it came.
    pub(crate) fn came_at(&self) -> Timestamp {
        Timestamp(self.came_ms.load(Ordering::Relaxed))
    }

    /// When it asked for something last.
    pub(crate) fn active_at(&self) -> Timestamp {
        Timestamp(self.active_ms.load(Ordering::Relaxed))
    }

    /// Why it will go.
    pub(crate) fn set_last_words(&self, words: Option<LineText>) {
        *self.last_words.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }

    /// Why it goes.
    pub(crate) fn last_words(&self) -> Option<LineText> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What programs know of it.
    pub(crate) fn metadata(&self) -> Metadata {
        self.lock_metadata().as_deref().cloned().unwrap_or_default()
    }

    /// How one thing is that is known of it.
    pub(crate) fn known(&self, key: &MetadataKey) -> Option<MetadataValue> {
        self.lock_metadata().as_ref()?.get(key).cloned()
    }

    /// All that is known of it from now on.
    pub(crate) fn set_metadata(&self, metadata: Metadata) {
        *self.lock_metadata() = (!metadata.is_empty()).then(|| Box::new(metadata));
    }

    /// Whom it shuns.
    pub(crate) fn shuns(&self) -> Shuns {
        self.lock_shuns().as_deref().cloned().unwrap_or_default()
    }

    /// It shuns somebody from now on.
    pub(crate) fn shun(&self, shunned: Shunned) {
        let mut shuns = self.lock_shuns();
        let Shunned { whom, name, how } = shunned;
        shuns.get_or_insert_default().list(how).insert(whom, name);
        self.mark_ignored(shuns.as_deref());
    }

    /// It does so no more. Did it?
    pub(crate) fn unshun(&self, whom: Identity, how: Shun) -> bool {
        let mut shuns = self.lock_shuns();
        let did = shuns.as_mut().is_some_and(|shuns| shuns.list(how).remove(&whom).is_some());
        shuns.take_if(|shuns| shuns.len() == 0);
        self.mark_ignored(shuns.as_deref());
        did
    }

    /// The authors' bits of those whom it ignores: an envelope with none of them has nothing of
    /// them.
    pub(crate) fn ignored_bits(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }

    /// Are this user's messages not to be shown to it?
    pub(crate) fn ignores(&self, author: Identity) -> bool {
        self.ignored_bits() & author_bit(author) != 0
            && self.lock_shuns().as_ref().is_some_and(|shuns| shuns.ignored.contains_key(&author))
    }

    /// Are this user's direct messages not to be taken?
    pub(crate) fn blocks(&self, author: Identity) -> bool {
        self.lock_shuns().as_ref().is_some_and(|shuns| shuns.blocked.contains_key(&author))
    }

    /// Ends sessions of an account, parked ones too, and says why: all, or those that came with
    /// this token or certificate; never `but`.
    pub(crate) fn cut(&self, access: Option<TokenHash>, but: Option<&Pass>, why: &Refusal) {
        for pass in self.lock_passes().iter() {
            let is_meant = access.is_none() || pass.access == access;
            if is_meant && !but.is_some_and(|but| std::ptr::eq(but, &raw const **pass)) {
                pass.cut(why.clone());
            }
        }
    }

    /// An account's rooms are to be entered now; once.
    pub(crate) fn begins_to_settle(&self) -> bool {
        let (before, now, order) = (NOT_SETTLED, SETTLING, Ordering::Relaxed);
        self.settling.compare_exchange(before, now, order, order).is_ok()
    }

    /// An account's rooms were entered: what it is in counts from now on.
    pub(crate) fn has_settled(&self) {
        self.settling.store(SETTLED, Ordering::Relaxed);
    }

    /// Does what it is in count?
    pub(crate) fn is_settled(&self) -> bool {
        self.settling.load(Ordering::Relaxed) == SETTLED
    }

    /// Has it entered, left or read something since this was asked last?
    pub(crate) fn has_moved(&self) -> bool {
        let now = self.seat.fingerprint();
        self.fingerprint.swap(now, Ordering::Relaxed) != now
    }

    /// This is stored of an account's rooms.
    pub(crate) fn keep(&self, kept: AccountRoom) {
        let AccountRoom { room, read, told, read_until, .. } = kept;
        self.lock_kept().insert(room, (read, told, read_until));
    }

    /// Nothing is known of what is stored.
    pub(crate) fn forget_kept(&self) {
        self.lock_kept().clear();
        self.fingerprint.store(0, Ordering::Relaxed);
    }

    /// The rooms that are to be stored, and those that were left, since this was asked last.
    pub(crate) fn kept_since(&self, now: Vec<AccountRoom>) -> (Vec<AccountRoom>, Vec<RoomKey>) {
        let mut kept = self.lock_kept();
        let is_in: HashSet<&RoomKey> = now.iter().map(|room| &room.room).collect();
        let left =
            kept.extract_if(.., |room, _| !is_in.contains(room)).map(|(room, _)| room).collect();
        let changed =
            now.into_iter().filter(|AccountRoom { room, read, told, read_until, .. }| {
                let now = (*read, *told, *read_until);
                kept.insert(room.clone(), now).is_none_or(|before| before != now)
            });
        (changed.collect(), left)
    }

    pub(super) fn claims(&self) -> usize {
        self.claims.load(Ordering::Relaxed)
    }

    pub(super) fn add_claim(&self) {
        self.claims.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are left.
    pub(super) fn remove_claim(&self) -> usize {
        self.claims.fetch_sub(1, Ordering::Relaxed) - 1
    }

    pub(super) fn came(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn went(&self) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn next_parking(&self) -> u64 {
        self.parkings.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn lock_passes(&self) -> MutexGuard<'_, Vec<Arc<Pass>>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_kept(&self) -> MutexGuard<'_, BTreeMap<RoomKey, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_shuns(&self) -> MutexGuard<'_, Option<Box<Shuns>>> {
        self.shuns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_metadata(&self) -> MutexGuard<'_, Option<Box<Metadata>>> {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark_ignored(&self, shuns: Option<&Shuns>) {
        let ignored = shuns.into_iter().flat_map(|shuns| shuns.ignored.keys());
        let bits = ignored.fold(0, |bits, identity| bits | author_bit(*identity));
        self.ignored.store(bits, Ordering::Relaxed);
    }
}

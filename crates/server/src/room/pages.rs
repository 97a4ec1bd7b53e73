//! Stored events in aligned pages, for sessions that are behind: a page is read once for all who
//! need it, encoded once a dialect like every envelope, and kept for a while. A thousand lagging
//! readers cost one read and one encoding. Never holds more than its bound.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{RoomAddress, Sequence};
use tokio::sync::OnceCell;

use super::{Envelope, RoomEvent};
use crate::journal::{Journal, JournalError, Range, RoomId};
use crate::limits::PAGES_KEPT_BYTES_MAX;

/// A part of a room's history.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// What is stored of it, in order; at least one envelope, or nothing is stored any more.
    pub(crate) envelopes: Arc<[Arc<Envelope>]>,
    /// The last sequence that it covers.
    pub(crate) through: Sequence,
}

/// The pages that are kept.
#[derive(Clone, Debug)]
pub(crate) struct Pages(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Journal,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    pages: HashMap<Key, Arc<OnceCell<Page>>>,
    /// The oldest first, with what it weighs.
    order: VecDeque<(Key, usize)>,
    bytes: usize,
}

/// A page of a room, as far as it went when it was read: a page that grows is another page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    room: RoomId,
    number: u64,
    through: Sequence,
}

impl Pages {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Arc::new(Shared { journal, kept: Mutex::default() }))
    }

    /// The page that has the event behind `cursor`, up to `last` at most. It may begin before.
    /// `address`: what everybody calls the room; none: a direct room.
    pub(crate) async fn behind(
        &self,
        room: RoomId,
        address: Option<&RoomAddress>,
        cursor: Sequence,
        last: Sequence,
    ) -> Result<Page, JournalError> {
        let size = u64::from(PAGE_EVENTS_MAX);
        let number = cursor.0 / size;
        let through = Sequence(last.0.min((number + 1) * size));
        let key = Key { room, number, through };
        let cell = Arc::clone(self.lock().pages.entry(key).or_default());
        let page = cell.get_or_try_init(|| self.read(key, address, &cell)).await;
        if page.is_err() {
            self.lock().remove(key, &cell);
        }
        page.cloned()
    }

    /// A message of this room is deleted. Who reads its page at this moment may still show it, and
    /// the deletion behind it.
    pub(super) fn forget(&self, room: RoomId, target: Sequence) {
        let number = (target.0.saturating_sub(1)) / u64::from(PAGE_EVENTS_MAX);
        self.lock().forget(|key| key.room == room && key.number == number);
    }

    /// What was before this event is not kept any more.
    pub(super) fn forget_before(&self, room: RoomId, first: Sequence) {
        let number = (first.0.saturating_sub(1)) / u64::from(PAGE_EVENTS_MAX);
        self.lock().forget(|key| key.room == room && key.number <= number);
    }

    async fn read(
        &self,
        key: Key,
        address: Option<&RoomAddress>,
        cell: &Arc<OnceCell<Page>>,
    ) -> Result<Page, JournalError> {
        let range = Range::After {
            after: Sequence(key.number * u64::from(PAGE_EVENTS_MAX)),
            before: Some(key.through.next()),
        };
        let page = self.0.journal.page(key.room, range, PAGE_EVENTS_MAX).await?;
        let events = page.entries.into_iter().map(|entry| RoomEvent::stored(entry, address));
        let envelopes: Arc<[Arc<Envelope>]> = Envelope::cut(events.collect()).collect();
        let bytes = envelopes.iter().map(|envelope| envelope.text_bytes()).sum();
        self.lock().keep(key, cell, bytes);
        Ok(Page { envelopes, through: key.through })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Makes room for a page that was read; who still holds an old one goes on with it. One that
    /// was to be forgotten while it was read is not kept.
    fn keep(&mut self, key: Key, cell: &Arc<OnceCell<Page>>, bytes: usize) {
        if !self.pages.get(&key).is_some_and(|kept| Arc::ptr_eq(kept, cell)) {
            return;
        }
        self.order.push_back((key, bytes));
        self.bytes += bytes;
        while self.bytes > PAGES_KEPT_BYTES_MAX
            && let Some((oldest, bytes)) = self.order.pop_front()
        {
            self.pages.remove(&oldest);
            self.bytes -= bytes;
        }
    }

    fn remove(&mut self, key: Key, cell: &Arc<OnceCell<Page>>) {
        if self.pages.get(&key).is_some_and(|kept| Arc::ptr_eq(kept, cell)) {
            self.pages.remove(&key);
        }
    }

    fn forget(&mut self, is_it: impl Fn(&Key) -> bool) {
        self.pages.retain(|key, _| !is_it(key));
        let bytes = &mut self.bytes;
        self.order.retain(|(key, weight)| {
            let stays = !is_it(key);
            *bytes -= if stays { 0 } else { *weight };
            stays
        });
    }
}

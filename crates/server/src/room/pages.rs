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
        let page = cell.get_or_try_init(|| self.read(key, address)).await;
        if page.is_err() {
            self.lock().pages.remove(&key);
        }
        page.cloned()
    }

    async fn read(&self, key: Key, address: Option<&RoomAddress>) -> Result<Page, JournalError> {
        let range = Range::After {
            after: Sequence(key.number * u64::from(PAGE_EVENTS_MAX)),
            before: Some(key.through.next()),
        };
        let page = self.0.journal.page(key.room, range, PAGE_EVENTS_MAX).await?;
        let events = page.entries.into_iter().map(|entry| RoomEvent::stored(entry, address));
        let envelopes: Arc<[Arc<Envelope>]> = Envelope::cut(events.collect()).collect();
        let bytes = envelopes.iter().map(|envelope| envelope.text_bytes()).sum();
        self.lock().keep(key, bytes);
        Ok(Page { envelopes, through: key.through })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Makes room for a page that was read; who still holds an old one goes on with it.
    fn keep(&mut self, key: Key, bytes: usize) {
        self.order.push_back((key, bytes));
        self.bytes += bytes;
        while self.bytes > PAGES_KEPT_BYTES_MAX
            && let Some((oldest, bytes)) = self.order.pop_front()
        {
            self.pages.remove(&oldest);
            self.bytes -= bytes;
        }
    }
}

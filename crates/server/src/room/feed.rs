//! A room's broadcast channel; the only file that names it. Never waits for a reader: who is too
//! far behind is told so, and reads the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;
use tokio::sync::broadcast::{self, error::TryRecvError};

use super::{Bell, Envelope};

/// The sending end; the room's actor has it.
#[derive(Debug)]
pub(super) struct Feed {
    sender: broadcast::Sender<Arc<Envelope>>,
    shared: Arc<Shared>,
}

/// What both ends have of each other.
#[derive(Debug, Default)]
struct Shared {
    /// So many envelopes were published.
    published: AtomicU64,
    listeners: Mutex<Listeners>,
}

/// What is rung for each who listens, once it has a bell.
type Listeners = Slab<Option<Rope>>;

/// To a session's bell, for one of its places.
#[derive(Debug)]
struct Rope {
    bell: Arc<Bell>,
    place: usize,
}

impl Feed {
    pub(super) fn new(envelopes: usize) -> Self {
        Self { sender: broadcast::Sender::new(envelopes), shared: Arc::default() }
    }

    /// Nobody listening is no failure.
    pub(super) fn publish(&self, envelope: Arc<Envelope>) {
        drop(self.sender.send(envelope));
        self.shared.published.fetch_add(1, Ordering::Release);
        for (_, rope) in self.shared.listeners().iter() {
            if let Some(Rope { bell, place }) = rope {
                bell.ring(*place);
            }
        }
    }

    pub(super) fn subscribe(&self) -> Subscription {
        let shared = Arc::clone(&self.shared);
        let key = shared.listeners().insert(None);
        let taken = shared.published.load(Ordering::Acquire);
        Subscription { receiver: self.sender.subscribe(), taken, shared, key }
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Waits until nobody listens.
    pub(super) async fn silent(&self) {
        self.sender.closed().await;
    }
}

impl Shared {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a reader gets.
#[derive(Clone, Debug)]
pub(crate) enum FeedItem {
    /// The next batch.
    Envelope(Arc<Envelope>),
    /// The feed has moved on: envelopes were missed here.
    Lagged,
}

/// The receiving end. It is not polled: it rings a bell when there is something.
#[derive(Debug)]
pub(crate) struct Subscription {
    receiver: broadcast::Receiver<Arc<Envelope>>,
    taken: u64,
    shared: Arc<Shared>,
    key: usize,
}

impl Subscription {
    /// From now on it rings this bell, for this place; and once at once: something may have come
    /// before.
    pub(crate) fn ring(&self, bell: Arc<Bell>, place: usize) {
        if let Some(rope) = self.shared.listeners().get_mut(self.key) {
            rope.insert(Rope { bell, place }).bell.ring(place);
        }
    }

    /// The next item, if there is one, and whether there are more. Behind the last one the bell rings
    /// again.
    pub(crate) fn next(&mut self) -> (Option<FeedItem>, bool) {
        let item = match self.receiver.try_recv() {
            Ok(envelope) => {
                self.taken += 1;
                Some(FeedItem::Envelope(envelope))
            }
            Err(TryRecvError::Lagged(missed)) => {
                self.taken += missed;
                Some(FeedItem::Lagged)
            }
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        };
        (item, self.shared.published.load(Ordering::Acquire) > self.taken)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = self.shared.listeners();
        listeners.try_remove(self.key);
        if listeners.is_empty() {
            *listeners = Slab::new(); // one that was large costs no publishing any more
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Event, Identity};
    use uuid::Uuid;

    use super::super::{RoomEvent, Rung};
    use super::*;

    fn publish(feed: &Feed) {
        let event = RoomEvent::of(Identity(Uuid::nil()), None, None, Event::Done { id: None });
        Envelope::cut(vec![event]).for_each(|envelope| feed.publish(envelope));
    }

    fn rung(bell: &Bell) -> Vec<usize> {
        let mut rung = Rung::default();
        bell.take(&mut rung);
        std::iter::from_fn(|| rung.next()).collect()
    }

    #[test]
    fn a_bell_is_rung_for_its_place_as_long_as_its_subscription_lasts() {
        let (feed, bell) = (Feed::new(2), Arc::<Bell>::default());
        let (mut one, other) = (feed.subscribe(), feed.subscribe());
        publish(&feed);
        one.ring(Arc::clone(&bell), 3);
        other.ring(Arc::clone(&bell), 70);
        assert_eq!(rung(&bell), [3, 70], "something may have come before");
        assert!(matches!(one.next(), (Some(FeedItem::Envelope(_)), false)));
        drop(one);
        publish(&feed);
        assert_eq!(rung(&bell), [70]);
        drop(other);
        publish(&feed);
        assert_eq!(rung(&bell), [0; 0]);
        assert!(!feed.has_listeners());
    }
}

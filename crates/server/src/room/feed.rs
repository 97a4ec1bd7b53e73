//! A room's broadcast channel; the only file that names it. Never waits for a reader: who is too
//! far behind is told so, and reads the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast::{self, error::TryRecvError};

use super::bell::Rope;
use super::{Bell, Envelope};

/// The sending end; the room's actor has it.
#[derive(Debug)]
pub(super) struct Feed {
    sender: broadcast::Sender<Arc<Envelope>>,
    /// So many envelopes were published.
    published: Arc<AtomicU64>,
    ropes: Mutex<Vec<Arc<Rope>>>,
}

impl Feed {
    pub(super) fn new(envelopes: usize) -> Self {
        let sender = broadcast::Sender::new(envelopes);
        Self { sender, published: Arc::default(), ropes: Mutex::default() }
    }

    /// Nobody listening is no failure.
    pub(super) fn publish(&self, envelope: Arc<Envelope>) {
        drop(self.sender.send(envelope));
        self.published.fetch_add(1, Ordering::Release);
        self.ropes().retain(|rope| {
            let is_held = Arc::strong_count(rope) > 1;
            if is_held {
                rope.pull();
            }
            is_held
        });
    }

    pub(super) fn subscribe(&self) -> Subscription {
        let rope = Arc::<Rope>::default();
        let mut ropes = self.ropes();
        if ropes.len() > 2 * self.sender.receiver_count() + 16 {
            ropes.retain(|rope| Arc::strong_count(rope) > 1);
        }
        ropes.push(Arc::clone(&rope));
        let published = Arc::clone(&self.published);
        let taken = published.load(Ordering::Acquire);
        Subscription { receiver: self.sender.subscribe(), published, taken, rope }
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Waits until nobody listens.
    pub(super) async fn silent(&self) {
        self.sender.closed().await;
    }

    fn ropes(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Rope>>> {
        self.ropes.lock().unwrap_or_else(PoisonError::into_inner)
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
    published: Arc<AtomicU64>,
    taken: u64,
    rope: Arc<Rope>,
}

impl Subscription {
    /// From now on it rings this bell, for this place; at once if it has something already.
    pub(crate) fn ring(&self, bell: Arc<Bell>, place: usize) {
        self.rope.hang(bell, place);
    }

    /// The next item, if there is one, and whether there are more. Behind the last one the bell rings
    /// again.
    pub(crate) fn next(&mut self) -> (Option<FeedItem>, bool) {
        self.rope.answer();
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
        (item, self.published.load(Ordering::Acquire) > self.taken)
    }
}

//! How the author of a record learns what became of it: a ticket goes with the record, the writer
//! settles it, the session picks the receipt up. Never waits for the session.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use chat_protocol::{MessageKey, Refusal, RequestId, RoomAddress, Sequence, Timestamp};
use futures::task::AtomicWaker;

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// On disk, now or (a duplicate) by an earlier try.
    Stored {
        /// Its number in the room.
        sequence: Sequence,
        /// When it was stored first.
        time: Timestamp,
        /// An earlier try was stored.
        duplicate: bool,
    },
    /// Not stored.
    Refused(Refusal),
    /// The journal stopped before it could say: no acknowledgement, and no refusal either.
    Unknown,
}

/// An outcome, and for whom.
#[derive(Debug)]
pub(crate) struct Receipt {
    /// The request that asked.
    pub(crate) request: Option<RequestId>,
    /// As the author calls the room.
    pub(crate) room: RoomAddress,
    /// The author's key.
    pub(crate) key: Option<MessageKey>,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// Where one session's receipts arrive. Bounded by what the session lets be in flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipts(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    arrived: Mutex<VecDeque<Receipt>>,
    waker: AtomicWaker,
}

impl Receipts {
    /// A ticket for a record of this session.
    pub(crate) fn ticket(
        &self,
        request: Option<RequestId>,
        room: RoomAddress,
        key: Option<MessageKey>,
    ) -> Ticket {
        Ticket {
            receipts: self.clone(),
            receipt: Some(Receipt { request, room, key, outcome: Outcome::Unknown }),
        }
    }

    /// Waits until there is one. Takes nothing: [`Self::take`] does.
    pub(crate) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.waker.register(cx.waker());
        if self.lock().is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// The next one that has arrived.
    pub(crate) fn take(&self) -> Option<Receipt> {
        let mut arrived = self.lock();
        let receipt = arrived.pop_front();
        if arrived.is_empty() {
            *arrived = VecDeque::new(); // an idle session holds no buffers
        }
        receipt
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Receipt>> {
        self.0.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to settle one record. Dropped unsettled, it settles as unknown.
#[derive(Debug)]
pub(crate) struct Ticket {
    receipts: Receipts,
    receipt: Option<Receipt>,
}

impl Ticket {
    /// Tells the author.
    pub(crate) fn settle(mut self, outcome: Outcome) {
        self.hand_in(outcome);
    }

    /// As the author calls the room.
    pub(crate) fn room(&self) -> Option<&RoomAddress> {
        self.receipt.as_ref().map(|receipt| &receipt.room)
    }

    fn hand_in(&mut self, outcome: Outcome) {
        if let Some(mut receipt) = self.receipt.take() {
            receipt.outcome = outcome;
            self.receipts.lock().push_back(receipt);
            self.receipts.0.waker.wake();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.hand_in(Outcome::Unknown);
    }
}

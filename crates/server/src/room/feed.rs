//! A room's broadcast channel; the only file that names it. Never waits for a reader: who is too
//! far behind is told so, and reads the journal.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::ReusableBoxFuture;

use super::Envelope;

/// The sending end; the room's actor has it.
#[derive(Debug)]
pub(super) struct Feed(broadcast::Sender<Arc<Envelope>>);

impl Feed {
    pub(super) fn new(envelopes: usize) -> Self {
        Self(broadcast::Sender::new(envelopes))
    }

    /// Nobody listening is no failure.
    pub(super) fn publish(&self, envelope: Arc<Envelope>) {
        drop(self.0.send(envelope));
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription(ReusableBoxFuture::new(receive(self.0.subscribe())))
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Waits until nobody listens.
    pub(super) async fn silent(&self) {
        self.0.closed().await;
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

/// The receiving end, as a stream that ends with the room.
#[derive(Debug)]
pub(crate) struct Subscription(ReusableBoxFuture<'static, (Received, Receiver)>);

type Receiver = broadcast::Receiver<Arc<Envelope>>;
type Received = Result<Arc<Envelope>, RecvError>;

async fn receive(mut receiver: Receiver) -> (Received, Receiver) {
    let received = receiver.recv().await;
    (received, receiver)
}

impl Stream for Subscription {
    type Item = FeedItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FeedItem>> {
        let (received, receiver) = ready!(self.0.poll(cx));
        self.0.set(receive(receiver));
        Poll::Ready(match received {
            Ok(envelope) => Some(FeedItem::Envelope(envelope)),
            Err(RecvError::Lagged(_)) => Some(FeedItem::Lagged),
            Err(RecvError::Closed) => None,
        })
    }
}

//! A value that somebody else changes, for a session that is woken often and seldom for this: to look
//! costs one load. Never polls what is known to wait.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch;

/// A watched value.
pub(super) struct Watched<T> {
    receiver: watch::Receiver<T>,
    /// Wakes the session at the next change. It was polled once, by the session's task, whose waker
    /// stays the same: there is no need to poll it again.
    alarm: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<T: Clone + Send + Sync + 'static> Watched<T> {
    pub(super) fn new(receiver: watch::Receiver<T>) -> Self {
        Self { receiver, alarm: None }
    }

    /// The value as it is, which is no news any more.
    pub(super) fn take(&mut self) -> T {
        self.alarm = None; // it may have rung for this
        self.receiver.borrow_and_update().clone()
    }

    /// Is it another than the one that was taken last? A value that nobody can change is not.
    pub(super) fn has_changed(&self) -> bool {
        self.receiver.has_changed().unwrap_or(false)
    }

    /// What was taken is to be taken again.
    pub(super) fn look_again(&mut self) {
        self.alarm = None;
        self.receiver.mark_changed();
    }

    /// To wait for a certain value.
    pub(super) fn receiver(&self) -> watch::Receiver<T> {
        self.receiver.clone()
    }

    pub(super) fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.has_changed() {
                self.alarm = None;
                return Poll::Ready(());
            }
            if self.alarm.is_some() {
                return Poll::Pending;
            }
            let mut receiver = self.receiver.clone();
            let mut alarm = Box::pin(async move {
                if receiver.changed().await.is_err() {
                    std::future::pending::<()>().await; // nobody can change it any more
                }
            });
            if alarm.as_mut().poll(cx).is_pending() {
                self.alarm = Some(alarm);
            }
        }
    }
}

//! What wakes a session. One poll by hand and not a `select!`: a session is woken for nearly every
//! delivery, and what is not the reason must cost next to nothing. Never deals with what happened.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use chat_protocol::Refusal;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Session;
use super::outbox::{Exchanged, poll_exchange};
use crate::room::{FeedItem, Follower};

/// One thing that has happened, the most urgent first.
pub(super) enum Woken {
    /// An account's session is ended from outside.
    Cut(Refusal),
    /// What became of something that the peer asked for.
    Receipts,
    /// The daemon is about to do something else.
    Stage,
    /// A room has something to tell.
    News(usize, FeedItem),
    /// The user has entered or left rooms.
    Rooms,
    /// A user that it watches has come or gone, or is otherwise.
    Watched,
    /// Its guest is back in another session.
    Replaced,
    /// Bytes came or went.
    Exchanged(io::Result<Exchanged>),
    /// A deadline is past.
    TimeIsUp,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Waits for one thing to happen.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was read is in the input, what was written has left the outbox.
    pub(super) async fn woken(&mut self) -> Woken {
        poll_fn(|cx| self.poll_woken(cx)).await
    }

    fn poll_woken(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        // Whatever rings the bell from here on wakes it again; all of it is looked at behind this.
        self.inbox.register(cx);
        if let Poll::Ready(why) = self.poll_cut(cx) {
            return Poll::Ready(Woken::Cut(why));
        }
        if self.in_flight > 0 && self.caller.receipts.poll_ready(cx).is_ready() {
            return Poll::Ready(Woken::Receipts);
        }
        if self.stage.has_changed() {
            return Poll::Ready(Woken::Stage);
        }
        let takes_news = self.outbox.has_room() && !self.is_closing && !self.leaves_off;
        if takes_news {
            if let Poll::Ready((slot, item)) = self.inbox.poll_next() {
                return Poll::Ready(Woken::News(slot, item));
            }
            if self.seat.as_ref().is_some_and(Follower::has_changed) {
                return Poll::Ready(Woken::Rooms);
            }
            if self.watching.as_ref().is_some_and(|watching| watching.has_news()) {
                return Poll::Ready(Woken::Watched);
            }
        }
        if self.poll_replaced(cx).is_ready() {
            return Poll::Ready(Woken::Replaced);
        }
        let wants_input = self.wants_input();
        let input = if wants_input { Some(&mut self.input) } else { None };
        match poll_exchange(cx, &mut self.stream, input, &mut self.outbox) {
            // All is written, and all that could come is waited for already.
            Poll::Ready(Ok(Exchanged { read: None, .. }))
                if takes_news && wants_input && self.outbox.is_empty() => {}
            Poll::Ready(exchanged) => return Poll::Ready(Woken::Exchanged(exchanged)),
            Poll::Pending => {}
        }
        self.poll_time(cx).map(|()| Woken::TimeIsUp)
    }

    /// A guest has no pass, and an account's is looked at by one load: the alarm is polled once, and
    /// wakes the session's task.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<Refusal> {
        let Some(pass) = self.caller.pass().filter(|_| !self.is_closing) else {
            return Poll::Pending;
        };
        if self.cut_alarm.is_none() {
            let mut alarm = Box::pin(pass.alarm());
            let is_set = alarm.as_mut().poll(cx).is_pending();
            let pass = Arc::clone(pass);
            self.cut_alarm = is_set.then_some(alarm);
            return if is_set { Poll::Pending } else { Poll::Ready(pass.why()) };
        }
        if pass.is_cut() { Poll::Ready(pass.why()) } else { Poll::Pending }
    }

    fn poll_replaced(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.caller.ticket {
            Some(ticket) => ticket.replaced.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

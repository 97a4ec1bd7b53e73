//! What a session does when time is up: for a name, for a silent guest, for a peer that takes
//! nothing, for the end. Never a timer a message: one deadline, the nearest.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::{Ending, Session};

/// How long a line session that nobody has typed into is kept quiet, in case it is a native client
/// on a slow link.
pub(super) const HESITATION: Duration = Duration::from_secs(2);
/// How long a peer may take too little before what the feeds hold for it is let go.
pub(super) const DETACH: Duration = Duration::from_secs(5);
/// How often a peer that has ended, and may still listen, is looked at.
pub(super) const PROBE: Duration = Duration::from_secs(60);
/// How long the last bytes of a session may take.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// When something has to happen, if nothing else does before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.name_deadline(),
            self.hesitates,
            self.outbox.stall(self.around.limits.write_stall),
            self.detach_deadline(),
            self.farewell_since.map(|since| since + FAREWELL),
            self.probes_at,
            self.held_until(),
            self.confirmation_due(),
        ];
        deadlines.iter().flatten().min().copied()
    }

    /// When the feeds are let go of.
    fn detach_deadline(&self) -> Option<Instant> {
        let since = self.outbox.full_since()?;
        let is_attached = !self.inbox.is_detached() && self.inbox.is_following();
        is_attached.then_some(since + DETACH)
    }

    /// By when it has to have a name, as long as it has none.
    fn name_deadline(&self) -> Option<Instant> {
        if self.is_welcome {
            return None;
        }
        let limits = &self.around.limits;
        let is_typed = self.manners.is_typed;
        let limit = if is_typed { limits.login } else { limits.handshake };
        Some(self.opened + limit?)
    }

    pub(super) async fn time_is_up(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        let is_past = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if is_past(self.hesitates) {
            self.announce().await?;
        }
        if is_past(self.outbox.stall(self.around.limits.write_stall)) {
            return Err(Ending::Stalled);
        }
        if is_past(self.farewell_since.map(|since| since + FAREWELL)) {
            return Err(Ending::Done);
        }
        if is_past(self.detach_deadline()) {
            self.inbox.detach();
        }
        if is_past(self.probes_at) {
            // Reading again tells a peer that only listens (the end, once more) from one that is
            // gone (an error).
            self.probes_at = None;
            self.has_ended = false;
        }
        if is_past(self.held_until()) {
            self.let_go_on();
        }
        if is_past(self.confirmation_due()) {
            self.ask_for_a_sign();
        }
        if is_past(self.name_deadline()) {
            return Err(Ending::NoName);
        }
        Ok(())
    }
}

/// Waits for a deadline, or for ever.
pub(super) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

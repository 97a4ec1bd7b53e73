//! What the service manager is told (sd_notify(3)): ready, reloading, stopping, alive. Owns these
//! messages; never fails a daemon because nobody listens. Without `NOTIFY_SOCKET` all of it is
//! nothing.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

/// All listeners accept: after the start, and after [`reloading`].
pub(crate) fn ready() {
    send(&[NotifyState::Ready]);
}

/// A reload begins; [`ready`] ends it, whether it was taken or refused.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => not_sent(&error),
    }
}

/// The stop begins.
pub(crate) fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// How often to [`ping`]: half of what the service manager waits; none: it does not watch.
pub(crate) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|timeout| timeout / 2).filter(|interval| !interval.is_zero())
}

/// The daemon is alive.
pub(crate) fn ping() {
    send(&[NotifyState::Watchdog]);
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        not_sent(&error);
    }
}

fn not_sent(error: &io::Error) {
    warn!(%error, "service manager not told");
}

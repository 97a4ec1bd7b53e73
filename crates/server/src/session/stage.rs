//! What the daemon as a whole is doing, as a session follows it: to look costs one load, and a bell
//! among all sessions' bells says when to. Never decides what follows from it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::room::{Bell, Bells, Hung};

/// What the daemon as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Serving.
    Running,
    /// Will stop in so many seconds.
    Leaving { in_seconds: u64 },
    /// Finishes what was accepted, and nothing more.
    Stopping,
}

/// Where the daemon says it.
#[derive(Clone, Debug)]
pub(crate) struct Stages {
    sender: watch::Sender<Stage>,
    bells: Arc<Bells>,
}

/// Where it is heard.
#[derive(Clone, Debug)]
pub(crate) struct StageReader {
    /// To wait for it.
    pub(crate) receiver: watch::Receiver<Stage>,
    bells: Arc<Bells>,
}

/// A session that hears it.
#[derive(Debug)]
pub(super) struct StageFollower {
    receiver: watch::Receiver<Stage>,
    _hung: Hung,
}

impl Stages {
    /// At the start.
    pub(crate) fn new() -> Self {
        Self { sender: watch::Sender::new(Stage::Running), bells: Arc::default() }
    }

    /// From now on.
    pub(crate) fn begin(&self, stage: Stage) {
        self.sender.send_replace(stage);
        self.bells.ring();
    }

    /// The stage stays as it is; who waits for another one is woken, and looks at what else there is
    /// for everybody.
    pub(crate) fn wake_all(&self) {
        self.sender.send_modify(|_| ());
        self.bells.ring();
    }

    /// Hears it.
    pub(crate) fn reader(&self) -> StageReader {
        StageReader { receiver: self.sender.subscribe(), bells: Arc::clone(&self.bells) }
    }
}

impl StageReader {
    pub(super) fn follow(self, bell: Arc<Bell>) -> StageFollower {
        StageFollower { receiver: self.receiver, _hung: self.bells.hang(bell) }
    }
}

impl StageFollower {
    /// As it is, which is no news any more.
    pub(super) fn take(&mut self) -> Stage {
        *self.receiver.borrow_and_update()
    }

    /// Is it another than the one that was taken last, or is there something else to look at?
    pub(super) fn has_changed(&self) -> bool {
        self.receiver.has_changed().unwrap_or(false)
    }

    /// To wait for a certain one.
    pub(super) fn receiver(&self) -> watch::Receiver<Stage> {
        self.receiver.clone()
    }
}

//! What administrators tell everybody: the last few, which each session takes when it is woken.
//! Never waits for a session.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{LineText, UserName};

use crate::limits::ANNOUNCEMENTS_KEPT;

/// What is told to everybody.
#[derive(Clone)]
pub(crate) struct Announcements {
    told: Arc<Mutex<Told>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// One thing that is told.
#[derive(Clone, Debug)]
pub(crate) enum Announcement {
    /// To everybody.
    ToAll(String),
    /// To those who want to hear it.
    Wallops {
        /// Who says it.
        from: UserName,
        /// What.
        text: LineText,
    },
}

#[derive(Debug, Default)]
struct Told {
    /// So many there were.
    count: u64,
    last: VecDeque<Arc<Announcement>>,
}

impl Announcements {
    /// `wake` wakes all sessions.
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { told: Arc::default(), wake: Arc::new(wake) }
    }

    /// Tells everybody.
    pub(crate) fn say(&self, announcement: Announcement) {
        let mut told = self.lock();
        told.count += 1;
        if told.last.len() >= ANNOUNCEMENTS_KEPT {
            told.last.pop_front();
        }
        told.last.push_back(Arc::new(announcement));
        drop(told);
        (self.wake)();
    }

    /// Wakes everybody, without telling anything.
    pub(super) fn wake_all(&self) {
        (self.wake)();
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.lock().count
    }

    /// Those behind the first `seen`, and how many there were.
    pub(crate) fn since(&self, seen: u64) -> (Vec<Arc<Announcement>>, u64) {
        let told = self.lock();
        let new = usize::try_from(told.count.saturating_sub(seen)).unwrap_or(usize::MAX);
        let skip = told.last.len().saturating_sub(new);
        (told.last.iter().skip(skip).cloned().collect(), told.count)
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Announcements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announcements").field("count", &self.count()).finish_non_exhaustive()
    }
}

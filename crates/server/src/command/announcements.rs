//! What administrators tell everybody: the last few, which each session takes when it is woken.
//! Never waits for a session.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::ANNOUNCEMENTS_KEPT;

/// What is told to everybody.
#[derive(Clone)]
pub(crate) struct Announcements {
    told: Arc<Mutex<Told>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

#[derive(Debug, Default)]
struct Told {
    /// So many there were.
    count: u64,
    last: VecDeque<Arc<str>>,
}

impl Announcements {
    /// `wake` wakes all sessions.
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { told: Arc::default(), wake: Arc::new(wake) }
    }

    /// Tells everybody.
    pub(crate) fn say(&self, text: String) {
        let mut told = self.lock();
        told.count += 1;
        if told.last.len() >= ANNOUNCEMENTS_KEPT {
            told.last.pop_front();
        }
        told.last.push_back(text.into());
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
    pub(crate) fn since(&self, seen: u64) -> (Vec<Arc<str>>, u64) {
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

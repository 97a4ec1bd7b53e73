//! Who is told when somebody comes or goes: sessions by the names that they watch. Keeps only that a
//! name has news, never what; the session looks. So nothing queues, and nobody waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::UserName;
use chat_protocol::event::UserState;
use chat_protocol::limits::WATCHED_USERS_MAX;

use crate::room::{Bell, SessionNumber};

/// Names, and the sessions that watch them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watchers(Arc<Mutex<HashMap<UserName, Sessions>>>);

type Sessions = HashMap<SessionNumber, Arc<Watch>>;

/// A user as it was when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Tells it from a later one of its name.
    pub(crate) arrival: u64,
    /// How it was.
    pub(crate) state: UserState,
}

/// What wakes a session that watches.
#[derive(Debug)]
struct Watch {
    bell: Arc<Bell>,
    has_news: AtomicBool,
    /// Of these, each once.
    changed: Mutex<Vec<UserName>>,
}

/// A session's part: whom it watches, and how it saw them last. Dropped, it watches nobody.
#[derive(Debug)]
pub(crate) struct Watching {
    watchers: Watchers,
    session: SessionNumber,
    watch: Arc<Watch>,
    seen: HashMap<UserName, Option<Seen>>,
}

impl Watchers {
    /// Something of whoever has this name, or had it, is otherwise.
    pub(super) fn tell(&self, name: &UserName) {
        if let Some(sessions) = self.lock().get(name) {
            sessions.values().for_each(|watch| watch.tell(name));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserName, Sessions>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    fn tell(&self, name: &UserName) {
        let mut changed = self.lock();
        if !changed.contains(name) && changed.len() < WATCHED_USERS_MAX {
            changed.push(name.clone());
        }
        drop(changed);
        self.has_news.store(true, Ordering::Release);
        self.bell.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UserName>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watching {
    /// Watches nobody yet; what comes rings the bell.
    pub(super) fn new(watchers: Watchers, session: SessionNumber, bell: Arc<Bell>) -> Self {
        let (has_news, changed) = (AtomicBool::new(false), Mutex::default());
        let watch = Arc::new(Watch { bell, has_news, changed });
        Self { watchers, session, watch, seen: HashMap::new() }
    }

    /// Watches these too, if there is place for all of them.
    pub(crate) fn add(&mut self, names: &[UserName]) -> bool {
        let before = self.seen.len();
        let new: Vec<&UserName> =
            names.iter().filter(|name| !self.seen.contains_key(*name)).collect();
        for name in &new {
            if self.seen.len() >= WATCHED_USERS_MAX && !self.seen.contains_key(*name) {
                let added = new.into_iter().cloned().collect::<Vec<_>>();
                self.remove(&added);
                debug_assert_eq!(self.seen.len(), before);
                return false;
            }
            self.seen.insert((*name).clone(), None);
            let mut watchers = self.watchers.lock();
            let sessions = watchers.entry((*name).clone()).or_default();
            sessions.insert(self.session, Arc::clone(&self.watch));
        }
        true
    }

    /// Watches these no more.
    pub(crate) fn remove(&mut self, names: &[UserName]) {
        for name in names.iter().filter(|name| self.seen.remove(*name).is_some()) {
            forget(&mut self.watchers.lock(), self.session, name);
            self.watch.lock().retain(|changed| changed != name);
        }
    }

    /// Whom it watches.
    pub(crate) fn names(&self) -> Vec<UserName> {
        self.seen.keys().cloned().collect()
    }

    /// Is there something to look at?
    pub(crate) fn has_news(&self) -> bool {
        self.watch.has_news.load(Ordering::Acquire)
    }

    /// The names at which it is to be looked now.
    pub(crate) fn take(&self) -> Vec<UserName> {
        self.watch.has_news.store(false, Ordering::Release);
        std::mem::take(&mut *self.watch.lock())
    }

    /// How somebody is seen now, and how it was before; none: it is not watched any more.
    pub(crate) fn see(&mut self, name: &UserName, now: Option<Seen>) -> Option<Option<Seen>> {
        self.seen.get_mut(name).map(|seen| std::mem::replace(seen, now))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watchers = self.watchers.lock();
        for name in self.seen.keys() {
            forget(&mut watchers, self.session, name);
        }
    }
}

fn forget(watchers: &mut HashMap<UserName, Sessions>, session: SessionNumber, name: &UserName) {
    if let Some(sessions) = watchers.get_mut(name) {
        sessions.remove(&session);
        if sessions.is_empty() {
            watchers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> UserName {
        UserName::parse(&format!("user{number}")).unwrap()
    }

    fn watching(watchers: &Watchers, session: u64) -> Watching {
        Watching::new(watchers.clone(), SessionNumber(session), Arc::default())
    }

    #[test]
    fn a_session_has_news_of_whom_it_watches_once_a_name() {
        let watchers = Watchers::default();
        let (mut one, mut other) = (watching(&watchers, 1), watching(&watchers, 2));
        assert!(one.add(&[name(1), name(2)]) && other.add(&[name(2)]));
        watchers.tell(&name(1));
        watchers.tell(&name(1));
        assert!(one.has_news() && !other.has_news());
        assert_eq!(one.take(), [name(1)]);
        assert!(!one.has_news());
        one.remove(&[name(2)]);
        watchers.tell(&name(2));
        assert!(!one.has_news() && other.has_news());
        drop((one, other));
        assert!(watchers.lock().is_empty());
    }

    #[test]
    fn a_session_watches_so_many_and_no_more() {
        let watchers = Watchers::default();
        let mut one = watching(&watchers, 1);
        let names: Vec<UserName> = (0..WATCHED_USERS_MAX).map(name).collect();
        assert!(one.add(&names));
        assert!(one.add(&names), "these are watched already");
        assert!(!one.add(&[name(1), name(1_000)]));
        one.remove(&[name(0)]);
        assert!(!one.add(&[name(1_000), name(1_001)]), "all of them or none");
        assert_eq!(one.names().len(), WATCHED_USERS_MAX - 1);
        assert!(one.add(&[name(1_000), name(1_000)]));
        for name in names.iter().chain(&names) {
            watchers.tell(name);
        }
        assert!(one.watch.lock().len() <= WATCHED_USERS_MAX);
        assert_eq!(watchers.lock().len(), WATCHED_USERS_MAX);
    }
}

//! A value that sessions follow, and the bells to ring when it is another. To look whether it is costs
//! a session one load; a change costs a lock and a ring for each who follows. Never awaits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slab::Slab;

use super::Bell;

/// Bells of sessions, to be rung together.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<Slab<Arc<Bell>>>);

/// A bell among others; it is taken down when this is dropped.
#[derive(Debug)]
pub(crate) struct Hung {
    among: Arc<Bells>,
    key: usize,
}

impl Bells {
    /// Rings this one too, until the answer is dropped.
    pub(crate) fn hang(self: &Arc<Self>, bell: Arc<Bell>) -> Hung {
        Hung { among: Arc::clone(self), key: self.lock().insert(bell) }
    }

    /// Wakes all the sessions.
    pub(crate) fn ring(&self) {
        self.lock().iter().for_each(|(_, bell)| bell.wake());
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Arc<Bell>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        self.among.lock().try_remove(self.key);
    }
}

/// A value with followers.
#[derive(Debug, Default)]
pub(crate) struct Followed<T>(Arc<Shared<T>>);

#[derive(Debug, Default)]
struct Shared<T> {
    /// How often it was changed.
    version: AtomicU64,
    value: Mutex<T>,
    bells: Bells,
}

/// Who follows a value.
#[derive(Debug)]
pub(crate) struct Follower<T> {
    shared: Arc<Shared<T>>,
    /// The version that was taken last.
    taken: Option<u64>,
    key: usize,
}

impl<T> Followed<T> {
    /// Follows it from now on. What it is now is no news.
    pub(crate) fn follow(&self, bell: Arc<Bell>) -> Follower<T> {
        let shared = Arc::clone(&self.0);
        let taken = Some(shared.version.load(Ordering::Acquire));
        let mut bells = shared.bells.lock();
        bells.reserve_exact(1); // most users have one session, and there are many
        let key = bells.insert(bell);
        drop(bells);
        Follower { shared, taken, key }
    }

    /// Does anybody?
    pub(crate) fn is_followed(&self) -> bool {
        !self.0.bells.lock().is_empty()
    }

    /// How many do?
    pub(crate) fn followers(&self) -> usize {
        self.0.bells.lock().len()
    }

    /// As it is. Whoever holds this keeps others from changing it.
    pub(crate) fn get(&self) -> MutexGuard<'_, T> {
        self.0.get()
    }

    /// Changes it, and rings.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.0.get();
        let result = change(&mut value);
        self.0.version.fetch_add(1, Ordering::Release);
        drop(value);
        self.0.bells.ring();
        result
    }
}

impl<T> Shared<T> {
    fn get(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Follower<T> {
    /// The value as it is, which is no news any more.
    pub(crate) fn take(&mut self) -> T {
        let value = self.shared.get();
        self.taken = Some(self.shared.version.load(Ordering::Acquire));
        value.clone()
    }
}

impl<T> Follower<T> {
    /// Was it changed since it was taken? Whoever asks has said before whom its bell wakes.
    pub(crate) fn has_changed(&self) -> bool {
        self.taken != Some(self.shared.version.load(Ordering::Acquire))
    }

    /// What was taken is to be taken again.
    pub(crate) const fn look_again(&mut self) {
        self.taken = None;
    }
}

impl<T> Drop for Follower<T> {
    fn drop(&mut self) {
        self.shared.bells.lock().try_remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn bell() -> (Arc<Bell>, Arc<Woken>) {
        let (bell, woken) = (Arc::new(Bell::default()), Arc::new(Woken::default()));
        bell.register(&Waker::from(Arc::clone(&woken)));
        (bell, woken)
    }

    #[test]
    fn who_follows_is_rung_and_takes_the_newest() {
        let followed = Followed::<u32>::default();
        assert!(!followed.is_followed());
        let ((one, one_woken), (other, other_woken)) = (bell(), bell());
        let (mut one, other) = (followed.follow(one), followed.follow(other));
        assert!(!one.has_changed());
        followed.change(|number| *number = 1);
        followed.change(|number| *number = 2);
        assert!(one.has_changed() && other.has_changed());
        assert_eq!([&one_woken, &other_woken].map(|woken| woken.0.load(Ordering::Relaxed)), [1, 1]);
        assert_eq!(one.take(), 2);
        assert!(!one.has_changed());
        one.look_again();
        assert!(one.has_changed());
        drop((one, other));
        assert!(!followed.is_followed());
    }

    #[test]
    fn a_bell_that_was_taken_down_is_not_rung() {
        let bells = Arc::new(Bells::default());
        let ((one, one_woken), (other, other_woken)) = (bell(), bell());
        let (hung, _other) = (bells.hang(one), bells.hang(other));
        drop(hung);
        bells.ring();
        assert_eq!([&one_woken, &other_woken].map(|woken| woken.0.load(Ordering::Relaxed)), [0, 1]);
    }
}

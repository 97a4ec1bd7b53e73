//! How a session learns that one of its feeds has something for it. One bell a session; a feed rings
//! it, and it remembers for which place: what a wake-up costs does not grow with the number of
//! rooms, and nothing is registered anew for every envelope. Never knows what the news is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;

/// Places that have a bit of their own. The last bit is for all others.
const LOW: usize = 63;
const HIGH_BIT: u64 = 1 << LOW;

/// A session's bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    session: AtomicWaker,
    rung: AtomicU64,
    high: Mutex<Vec<usize>>,
}

impl Bell {
    /// Who is to be woken.
    pub(crate) fn register(&self, session: &Waker) {
        self.session.register(session);
    }

    /// Something else than a place has news.
    pub(crate) fn wake(&self) {
        self.session.wake();
    }

    /// Adds the places that were rung for since this was last asked.
    pub(crate) fn take(&self, places: &mut Rung) {
        if self.rung.load(Ordering::Acquire) == 0 {
            return;
        }
        let rung = self.rung.swap(0, Ordering::AcqRel);
        places.low |= rung & !HIGH_BIT;
        if rung & HIGH_BIT != 0 {
            places.high.append(&mut self.high.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn ring(&self, place: usize) {
        let bit = 1 << place.min(LOW);
        if place >= LOW {
            self.high.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        }
        if self.rung.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
            self.session.wake();
        }
    }
}

/// Places for which a bell was rung; the session takes one after the other, in turn.
#[derive(Debug, Default)]
pub(crate) struct Rung {
    low: u64,
    high: Vec<usize>,
    turn: u32,
}

impl Rung {
    /// The next place.
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.low == 0 {
            return self.high.pop();
        }
        let place = (self.low.rotate_right(self.turn).trailing_zeros() + self.turn) % u64::BITS;
        self.low &= !(1 << place);
        self.turn = (place + 1) % u64::BITS;
        usize::try_from(place).ok()
    }

    /// There is more for a place: it comes behind the others.
    pub(crate) fn again(&mut self, place: usize) {
        if place < LOW {
            self.low |= 1 << place;
        } else {
            self.high.insert(0, place);
        }
    }

    /// There is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_empty()
    }
}

/// One feed's rope to one session's bell.
#[derive(Debug, Default)]
pub(super) struct Rope {
    bell: OnceLock<(Arc<Bell>, usize)>,
    /// It is in the bell's list already.
    is_listed: AtomicBool,
}

impl Rope {
    /// There is something.
    pub(super) fn pull(&self) {
        if let Some((bell, place)) = self.bell.get()
            && (*place < LOW || !self.is_listed.swap(true, Ordering::AcqRel))
        {
            bell.ring(*place);
        }
    }

    /// Hangs it up, and rings once: something may have come before. A rope stays where it is hung.
    pub(super) fn hang(&self, bell: Arc<Bell>, place: usize) {
        let (bell, place) = self.bell.get_or_init(|| (bell, place));
        self.is_listed.store(true, Ordering::Release);
        bell.ring(*place);
    }

    /// Somebody looks now; what comes from here on rings again.
    pub(super) fn answer(&self) {
        if self.bell.get().is_some_and(|(_, place)| *place >= LOW) {
            self.is_listed.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_rung_for_once_and_comes_in_turn() {
        let bell = Arc::new(Bell::default());
        let ropes: Vec<Rope> = (0..200).map(|_| Rope::default()).collect();
        for (place, rope) in ropes.iter().enumerate() {
            rope.pull(); // it hangs nowhere yet
            rope.hang(Arc::clone(&bell), place);
            rope.pull();
        }
        let mut rung = Rung::default();
        bell.take(&mut rung);
        let mut places: Vec<usize> = std::iter::from_fn(|| rung.next()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..200).collect::<Vec<_>>());
        ropes.iter().for_each(Rope::answer);
        for place in [7, 150] {
            ropes[place].pull();
            ropes[place].pull();
        }
        bell.take(&mut rung);
        assert_eq!([rung.next(), rung.next(), rung.next()], [Some(7), Some(150), None]);
    }

    #[test]
    fn a_busy_place_waits_for_the_others() {
        let mut rung = Rung { low: 0b1011, ..Rung::default() };
        let mut order = Vec::new();
        for _ in 0..6 {
            let place = rung.next().unwrap();
            order.push(place);
            rung.again(place);
        }
        assert_eq!(order, [0, 1, 3, 0, 1, 3]);
    }
}

//! How a session learns that one of its feeds has something for it. One bell a session; a feed rings
//! it, and it remembers for which place: what a wake-up costs does not grow with the number of
//! rooms, and nothing is registered anew for every envelope. Never knows what the news is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;

/// Places that have a bit of their own. The last bit is for all others.
const LOW: usize = 63;
const HIGH_BIT: u64 = 1 << LOW;
/// Bits of a word.
const WORD: usize = 64;

/// A session's bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    session: AtomicWaker,
    rung: AtomicU64,
    /// A bit for each place behind the low ones.
    high: Mutex<Vec<u64>>,
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

    /// There is something for a place.
    pub(super) fn ring(&self, place: usize) {
        let bit = if place < LOW {
            1 << place
        } else {
            mark(&mut self.high(), place - LOW);
            HIGH_BIT
        };
        if self.rung.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
            self.session.wake();
        }
    }

    /// Adds the places that were rung for since this was last asked.
    pub(crate) fn take(&self, places: &mut Rung) {
        if self.rung.load(Ordering::Acquire) == 0 {
            return;
        }
        let rung = self.rung.swap(0, Ordering::AcqRel);
        places.low |= rung & !HIGH_BIT;
        if rung & HIGH_BIT != 0 {
            let mut first = LOW;
            for word in self.high().iter_mut() {
                places.high.extend(marked(std::mem::take(word)).map(|bit| first + bit));
                first += WORD;
            }
        }
    }

    fn high(&self) -> MutexGuard<'_, Vec<u64>> {
        self.high.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mark(words: &mut Vec<u64>, bit: usize) {
    let at = bit / WORD;
    if words.len() <= at {
        words.resize(at + 1, 0);
    }
    if let Some(word) = words.get_mut(at) {
        *word |= 1 << (bit % WORD);
    }
}

/// The bits that are set.
fn marked(word: u64) -> impl Iterator<Item = usize> {
    (0..WORD).filter(move |bit| word >> bit & 1 == 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_rung_for_once_and_comes_in_turn() {
        let bell = Bell::default();
        for place in (0..200).chain(0..200) {
            bell.ring(place);
        }
        let mut rung = Rung::default();
        bell.take(&mut rung);
        let mut places: Vec<usize> = std::iter::from_fn(|| rung.next()).collect();
        places.sort_unstable();
        assert_eq!(places, (0..200).collect::<Vec<_>>());
        for place in [7, 150, 7, 150] {
            bell.ring(place);
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

//! How long to wait before the next try. Owns the doubling; never sleeps, and takes its chance
//! from the caller.

use std::time::Duration;

/// Waits that double from a shortest to a longest one, each drawn between the shortest and the
/// doubled, so that the clients of a server that comes back do not all come at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    ceiling: Duration,
}

impl Backoff {
    pub(crate) fn new(shortest: Duration, longest: Duration) -> Self {
        Self { shortest, longest: longest.max(shortest), ceiling: shortest }
    }

    /// The next wait. `chance` is drawn evenly from 0 to 1.
    pub(crate) fn next(&mut self, chance: f64) -> Duration {
        self.ceiling = (self.ceiling * 2).min(self.longest);
        let spread = self.ceiling.saturating_sub(self.shortest);
        self.shortest + spread.mul_f64(chance.clamp(0.0, 1.0))
    }

    /// It worked: begin anew.
    pub(crate) const fn reset(&mut self) {
        self.ceiling = self.shortest;
    }
}

/// A number from 0 to 1, good enough to spread retries.
pub(crate) fn chance() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds every `RandomState` anew.
    let drawn = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let [first, second, ..] = drawn.to_le_bytes();
    f64::from(u16::from_le_bytes([first, second])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_stay_in_their_bounds_and_begin_anew() {
        let (shortest, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        let mut backoff = Backoff::new(shortest, longest);
        let longest_draws: Vec<u64> = (0..8).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(longest_draws, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.next(0.0), shortest);
        backoff.reset();
        assert_eq!(backoff.next(1.0), Duration::from_secs(1));
    }
}

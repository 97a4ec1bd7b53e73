//! Wrong passwords, counted: after a few, the next try has to wait, longer each time. Bounded;
//! never asks a clock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chat_protocol::{Refusal, Timestamp, UserName};

use crate::limits::TRIES_REMEMBERED;

/// The first wait, and the longest: of an account, whose owner waits with the guesser, it is short.
const WAIT_MS: u64 = 1_000;
const WAIT_OF_ACCOUNT_MS_MAX: u64 = 60_000;
const WAIT_OF_ADDRESS_MS_MAX: u64 = 15 * 60_000;
/// After so long without another one, tries are forgotten.
const FORGOTTEN_AFTER_MS: u64 = 60 * 60_000;

/// What is tried, or from where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tried {
    /// The password of an account, whether there is one of this name or not.
    Account(UserName),
    /// A password, from there.
    Address(IpAddr),
    /// To make an account, from there.
    Registration(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Timestamp,
}

/// So many tries do not have to wait; none: none has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FreeTries {
    /// Of one account's password.
    pub(crate) account: Option<u64>,
    /// Of passwords, from one address.
    pub(crate) address: Option<u64>,
    /// To make an account, from one address.
    pub(crate) registration: Option<u64>,
}

/// What was tried lately.
#[derive(Debug)]
pub(super) struct Throttle {
    tries: Mutex<HashMap<Tried, Tries>>,
    free: Mutex<FreeTries>,
}

impl Throttle {
    pub(super) fn new(free: FreeTries) -> Self {
        Self { tries: Mutex::default(), free: Mutex::new(free) }
    }

    /// Another number of tries is free.
    pub(super) fn set_free(&self, free: FreeTries) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) = free;
    }

    /// May it be tried now?
    ///
    /// # Errors
    /// It has to wait for one of these.
    pub(super) fn may_try(&self, what: &[Tried], now: Timestamp) -> Result<(), Refusal> {
        let free = *self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = self.lock();
        let waits = what.iter().filter_map(|tried| {
            let tries = tries.get(tried)?;
            let until = tries.last.0 + tried.wait_ms(tries.count, free);
            until.checked_sub(now.0).filter(|wait| *wait > 0)
        });
        match waits.max() {
            Some(wait) => Err(Refusal::TooManyTries { seconds: wait.div_ceil(1_000) }),
            None => Ok(()),
        }
    }

    /// It was tried.
    pub(super) fn tried(&self, what: &[Tried], now: Timestamp) {
        let mut all = self.lock();
        for tried in what {
            if all.len() >= TRIES_REMEMBERED && !all.contains_key(tried) {
                forget(&mut all, now);
            }
            let tries = all.entry(tried.clone()).or_insert(Tries { count: 0, last: now });
            if now.0.saturating_sub(tries.last.0) > FORGOTTEN_AFTER_MS {
                tries.count = 0;
            }
            *tries = Tries { count: tries.count.saturating_add(1), last: now };
        }
    }

    /// It was not looked at after all.
    pub(super) fn take_back(&self, what: &[Tried]) {
        let mut all = self.lock();
        for tried in what {
            if let Some(tries) = all.get_mut(tried) {
                tries.count = tries.count.saturating_sub(1);
            }
        }
    }

    /// It was right: the account's tries are forgotten, the address loses this one; else a
    /// guesser with an account of its own could guess for ever.
    pub(super) fn succeeded(&self, what: &[Tried]) {
        self.take_back(what);
        let mut all = self.lock();
        for tried in what.iter().filter(|tried| matches!(tried, Tried::Account(_))) {
            all.remove(tried);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tried, Tries>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tried {
    const fn free(&self, free: FreeTries) -> Option<u64> {
        match self {
            Self::Account(_) => free.account,
            Self::Address(_) => free.address,
            Self::Registration(_) => free.registration,
        }
    }

    /// After so many tries.
    fn wait_ms(&self, count: u32, free: FreeTries) -> u64 {
        let above = self.free(free).and_then(|free| u64::from(count).checked_sub(free));
        let Some(above) = above else { return 0 };
        let longest = match self {
            Self::Account(_) => WAIT_OF_ACCOUNT_MS_MAX,
            Self::Address(_) | Self::Registration(_) => WAIT_OF_ADDRESS_MS_MAX,
        };
        WAIT_MS.saturating_mul(1 << above.min(20)).min(longest)
    }
}

/// Makes room: what is long ago, and if that is nothing, the quarter that is longest ago.
fn forget(all: &mut HashMap<Tried, Tries>, now: Timestamp) {
    all.retain(|_, tries| now.0.saturating_sub(tries.last.0) <= FORGOTTEN_AFTER_MS);
    if all.len() < TRIES_REMEMBERED {
        return;
    }
    let mut times: Vec<u64> = all.values().map(|tries| tries.last.0).collect();
    let at = times.len() / 4;
    let (_, oldest, _) = times.select_nth_unstable(at);
    let oldest = *oldest;
    let mut left = at + 1;
    all.retain(|_, tries| {
        let goes = tries.last.0 <= oldest && left > 0;
        left -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: FreeTries =
        FreeTries { account: Some(5), address: Some(10), registration: Some(10) };

    fn ana() -> Tried {
        Tried::Account(UserName::parse("ana").unwrap())
    }

    fn address(number: u32) -> Tried {
        Tried::Address(IpAddr::from(number.to_be_bytes()))
    }

    fn wait(throttle: &Throttle, what: &Tried, now: u64) -> u64 {
        match throttle.may_try(std::slice::from_ref(what), Timestamp(now)) {
            Ok(()) => 0,
            Err(Refusal::TooManyTries { seconds }) => seconds,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn after_a_few_tries_the_next_one_waits_longer_each_time() {
        let throttle = Throttle::new(FREE);
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..13 {
            let seconds = wait(&throttle, &ana(), now);
            waits.push(seconds);
            now += seconds * 1_000;
            throttle.tried(&[ana(), address(1)], Timestamp(now));
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(wait(&throttle, &ana(), now + FORGOTTEN_AFTER_MS), 0);
        assert_eq!(wait(&throttle, &address(2), now), 0, "another address");
        assert!(wait(&throttle, &address(1), now) > 0);
        throttle.set_free(FreeTries { account: None, address: None, registration: None });
        assert_eq!(wait(&throttle, &address(1), now), 0, "switched off");
    }

    #[test]
    fn a_right_password_ends_it_for_the_account_alone() {
        let throttle = Throttle::new(FREE);
        for _ in 0..20 {
            throttle.tried(&[ana(), address(1)], Timestamp(0));
        }
        throttle.succeeded(&[ana(), address(1)]);
        assert_eq!(wait(&throttle, &ana(), 0), 0);
        assert!(wait(&throttle, &address(1), 0) > 0);
    }

    #[test]
    fn a_flood_of_names_is_bounded_and_the_latest_are_remembered() {
        let throttle = Throttle::new(FREE);
        let flood = u32::try_from(3 * TRIES_REMEMBERED).unwrap();
        for number in 0..flood {
            throttle.tried(&[address(number)], Timestamp(u64::from(number)));
            assert!(throttle.lock().len() <= TRIES_REMEMBERED);
        }
        assert!(throttle.lock().contains_key(&address(flood - 1)));
        assert!(!throttle.lock().contains_key(&address(0)));
    }
}

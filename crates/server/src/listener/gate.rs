//! How many connections are in, in all and from each address. When it is full, accepting waits; an
//! address that has its share is turned away. Nobody is thrown out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::limits::ADDRESSES_REMEMBERED;
use crate::rate::Buckets;

/// The count, and its limit.
#[derive(Debug)]
pub(crate) struct Gate(watch::Sender<Count>);

#[derive(Debug)]
struct Count {
    inside: u64,
    limit: u64,
}

/// One place inside. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Gate>);

impl Gate {
    /// A gate for so many; none: no limit.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self(watch::Sender::new(Count { inside: 0, limit: limit.unwrap_or(u64::MAX) }))
    }

    /// Another limit. Who is inside stays.
    pub(crate) fn set_limit(&self, limit: Option<u64>) {
        self.0.send_modify(|count| count.limit = limit.unwrap_or(u64::MAX));
    }

    /// Waits for a place.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn enter(gate: &Arc<Self>) -> Pass {
        let mut changes = gate.0.subscribe();
        while !gate.try_enter() {
            // The sender lives as long as this gate: no error.
            drop(changes.changed().await);
        }
        Pass(Arc::clone(gate))
    }

    /// Who comes now waits.
    pub(super) fn is_full(&self) -> bool {
        let count = self.0.borrow();
        count.inside >= count.limit
    }

    fn try_enter(&self) -> bool {
        self.0.send_if_modified(|count| {
            let is_free = count.inside < count.limit;
            count.inside += u64::from(is_free);
            is_free
        })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.inside -= 1);
    }
}

/// How many of something each address has.
#[derive(Debug)]
pub(crate) struct Shares {
    taken: Mutex<Taken>,
    /// When time began, for the rates.
    started: Instant,
}

#[derive(Debug, Default)]
struct Taken {
    by: HashMap<IpAddr, Holder>,
    /// Those who have none at the moment, and are remembered for their rates.
    idle: usize,
}

#[derive(Debug, Default)]
struct Holder {
    count: u64,
    /// What its sessions have taken together.
    buckets: Arc<Buckets>,
}

/// One of them. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    address: IpAddr,
    /// What the sessions of its address have taken together.
    pub(crate) buckets: Arc<Buckets>,
}

impl Shares {
    pub(crate) fn new(started: Instant) -> Self {
        Self { taken: Mutex::default(), started }
    }

    /// One more for an address; none: it has as many as it may.
    pub(crate) fn take(shares: &Arc<Self>, address: IpAddr, limit: Option<u64>) -> Option<Share> {
        let address = holder(address);
        let mut taken = shares.lock();
        let count = taken.by.get(&address).map(|holder| holder.count);
        if limit.is_some_and(|limit| count.unwrap_or(0) >= limit) {
            return None;
        }
        if count == Some(0) {
            taken.idle -= 1;
        }
        let holder = taken.by.entry(address).or_default();
        holder.count += 1;
        let buckets = Arc::clone(&holder.buckets);
        Some(Share { of: Arc::clone(shares), address, buckets })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Who has gone and comes back at once is as fast as it was: it is remembered, within a bound.
    fn remember(&mut self, address: IpAddr, started: Instant) {
        let now = Instant::now();
        if self.by.get(&address).is_some_and(|it| it.buckets.are_full(now, started)) {
            self.by.remove(&address);
            return;
        }
        self.idle += 1;
        if self.idle > ADDRESSES_REMEMBERED {
            self.by.retain(|_, it| it.count > 0 || !it.buckets.are_full(now, started));
            self.idle = self.by.values().filter(|it| it.count == 0).count();
        }
        if self.idle > ADDRESSES_REMEMBERED {
            self.by.retain(|_, it| it.count > 0);
            self.idle = 0;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.lock();
        let Some(holder) = taken.by.get_mut(&self.address) else { return };
        holder.count -= 1;
        if holder.count == 0 {
            taken.remember(self.address, self.of.started);
        }
    }
}

/// Who has an IPv6 address usually has the 2^64 around it.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::rate::{Kind, Meter, Rate, RateLimits, Rates};

    #[test]
    fn a_full_gate_waits_for_a_place_or_a_higher_limit() {
        let gate = Arc::new(Gate::new(Some(1)));
        assert!(!gate.is_full());
        let first = Gate::enter(&gate).now_or_never().unwrap();
        assert!(gate.is_full());
        assert!(Gate::enter(&gate).now_or_never().is_none());
        drop(first);
        let _second = Gate::enter(&gate).now_or_never().unwrap();
        assert!(Gate::enter(&gate).now_or_never().is_none());
        gate.set_limit(Some(2));
        assert!(Gate::enter(&gate).now_or_never().is_some());
    }

    #[test]
    fn an_address_has_its_share_and_a_network_of_ipv6_is_one() {
        let shares = Arc::new(Shares::new(Instant::now()));
        let take = |address: &str| Shares::take(&shares, address.parse().unwrap(), Some(2));
        let first = take("192.0.2.1").unwrap();
        let _second = take("::ffff:192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none());
        let _other = take("192.0.2.2").unwrap();
        drop(first);
        let _third = take("192.0.2.1").unwrap();
        let _six = (take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap());
        assert!(take("2001:db8::ffff:0:0:3").is_none());
        assert!(take("2001:db8:0:1::1").is_some());
        assert_eq!(shares.lock().by.len(), 3, "nothing is kept of who has gone");
    }

    #[test]
    fn who_comes_back_at_once_is_as_fast_as_it_was() {
        let started = Instant::now();
        let shares = Arc::new(Shares::new(started));
        let rates = Rates { messages: Some(Rate::per_second(1)), ..Rates::default() };
        let limits = RateLimits { own: Rates::default(), address: rates };
        let says = |number: u32| {
            let address = IpAddr::from(number.to_be_bytes());
            let share = Shares::take(&shares, address, None).unwrap();
            let meter = Meter::new(limits, Some(Arc::clone(&share.buckets)), started);
            meter.take(Kind::Message, None, started)
        };
        assert!((0..1_000).any(|_| says(1).is_err()), "it has used up its burst");
        for number in 2..30_000 {
            says(number).unwrap();
            let taken = shares.lock();
            assert!(taken.by.len() <= ADDRESSES_REMEMBERED + 1);
            assert_eq!(taken.idle, taken.by.len());
        }
    }
}

//! How many connections are in, in all and from each address. When it is full, accepting waits; an
//! address that has its share is turned away. Nobody is thrown out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

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
#[derive(Debug, Default)]
pub(crate) struct Shares {
    taken: Mutex<HashMap<IpAddr, u64>>,
    /// How often an address was turned away since the start.
    refusals: AtomicU64,
}

/// One of them. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    /// One more for an address; none: it has as many as it may, which is counted.
    pub(crate) fn take(shares: &Arc<Self>, address: IpAddr, limit: u64) -> Option<Share> {
        let address = holder(address);
        let mut taken = shares.lock();
        let count = taken.entry(address).or_default();
        if *count >= limit {
            if *count == 0 {
                taken.remove(&address);
            }
            shares.refusals.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *count += 1;
        Some(Share { of: Arc::clone(shares), address })
    }

    /// How often an address was turned away since the start.
    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.lock();
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
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

    #[test]
    fn a_full_gate_waits_for_a_place_or_a_higher_limit() {
        let gate = Arc::new(Gate::new(Some(1)));
        let first = Gate::enter(&gate).now_or_never().unwrap();
        assert!(Gate::enter(&gate).now_or_never().is_none());
        drop(first);
        let _second = Gate::enter(&gate).now_or_never().unwrap();
        assert!(Gate::enter(&gate).now_or_never().is_none());
        gate.set_limit(Some(2));
        assert!(Gate::enter(&gate).now_or_never().is_some());
    }

    #[test]
    fn an_address_has_its_share_and_a_network_of_ipv6_is_one() {
        let shares = Arc::<Shares>::default();
        let take = |address: &str| Shares::take(&shares, address.parse().unwrap(), 2);
        let first = take("192.0.2.1").unwrap();
        let _second = take("::ffff:192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none());
        let _other = take("192.0.2.2").unwrap();
        drop(first);
        let _third = take("192.0.2.1").unwrap();
        let _six = (take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap());
        assert!(take("2001:db8::ffff:0:0:3").is_none());
        assert!(take("2001:db8:0:1::1").is_some());
        assert_eq!(shares.refusals(), 2);
        assert_eq!(shares.lock().len(), 3, "nothing is kept of who has gone");
    }
}

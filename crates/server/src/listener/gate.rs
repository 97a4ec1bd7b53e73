//! How many connections are in. When it is full, accepting waits; nobody is thrown out.

use std::sync::Arc;

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
}

//! What a session of an account said itself. Its other sessions show it, this one does not; the
//! feed tells it to all. Bounded by what may be in flight.

use std::collections::VecDeque;

use chat_protocol::{RoomAddress, Sequence};

use crate::limits::SESSION_IN_FLIGHT_MAX;

/// What was stored and not told by the feed yet.
#[derive(Debug, Default)]
pub(super) struct SaidHere(VecDeque<(RoomAddress, Sequence)>);

impl SaidHere {
    /// Something that was said here is stored.
    pub(super) fn stored(&mut self, room: &RoomAddress, sequence: Sequence) {
        if self.0.len() >= SESSION_IN_FLIGHT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((room.clone(), sequence));
    }

    /// The feed tells this one. Was it said here?
    pub(super) fn take(&mut self, room: &RoomAddress, sequence: Sequence) -> bool {
        let at = self.0.iter().position(|said| said.1 == sequence && said.0 == *room);
        if let Some(at) = at {
            self.0.remove(at);
        }
        if self.0.is_empty() {
            self.0 = VecDeque::new(); // an idle session holds no buffers
        }
        at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_here_is_known_once() {
        let ops = RoomAddress::parse("ops").unwrap();
        let mut said = SaidHere::default();
        said.stored(&ops, Sequence(7));
        assert!(!said.take(&ops, Sequence(6)));
        assert!(!said.take(&RoomAddress::parse("lobby").unwrap(), Sequence(7)));
        assert!(said.take(&ops, Sequence(7)));
        assert!(!said.take(&ops, Sequence(7)));
        for sequence in 0..10_000 {
            said.stored(&ops, Sequence(sequence));
        }
        assert!(said.0.len() <= SESSION_IN_FLIGHT_MAX);
    }
}

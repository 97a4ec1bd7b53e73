//! A message's id (<https://ircv3.net/specs/extensions/message-ids>): the same for all sessions, live and
//! in history. Its number in its room, and a print that tells rooms apart; whoever has the room has
//! the message by the number.

use std::fmt;

use chat_protocol::{Event, RoomAddress, Sequence, UserName};

/// What a print keeps of its hash.
const PRINT_BITS: u64 = (1 << 40) - 1;

/// `msgid`: `17-9c31f00aa2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageId {
    /// Its number in the room.
    pub(super) seq: Sequence,
    print: u64,
}

impl MessageId {
    /// A stored event's. `room` is as the line has it: what is said to oneself is in a room of that
    /// name.
    pub(super) fn of(room: &RoomAddress, seq: Sequence, from: &UserName) -> Self {
        let print = match room {
            RoomAddress::Named(name) => print([b"#", name.folded().as_bytes()]),
            // The two of a direct room, in whatever order.
            RoomAddress::Direct(name) => {
                let (one, other) = (name.folded(), from.folded());
                print([one.min(other).as_bytes(), one.max(other).as_bytes()])
            }
        };
        Self { seq, print }
    }

    /// The same of an event; none: it is not stored.
    pub(super) fn of_event(event: &Event) -> Option<Self> {
        if let Event::Message { room, seq, from, .. }
        | Event::TopicChanged { room, seq, from, .. }
        | Event::Deleted { room, seq, from, .. }
        | Event::RoomChanged { room, seq, from, .. }
        | Event::Tombstone { room, seq, from, .. } = event
        {
            Some(Self::of(room, *seq, from))
        } else {
            None
        }
    }

    /// Reads one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (seq, print) = text.split_once('-')?;
        let id =
            Self { seq: Sequence(seq.parse().ok()?), print: u64::from_str_radix(print, 16).ok()? };
        (id.to_string() == text).then_some(id)
    }

    /// May it be of this room? Of a direct room any may.
    pub(super) fn may_be_in(self, room: &RoomAddress) -> bool {
        match room {
            RoomAddress::Named(name) => self.print == print([b"#", name.folded().as_bytes()]),
            RoomAddress::Direct(_) => true,
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:010x}", self.seq, self.print)
    }
}

/// FNV-1a, and its upper half over the lower: nobody is kept from making two prints alike, and nobody
/// gains by it.
fn print(parts: [&[u8]; 2]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, mix);
    (hash ^ (hash >> 40)) & PRINT_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_knows_its_room() {
        let name = |text| UserName::parse(text).unwrap();
        let by = |room: &str, seq, from| {
            MessageId::of(&RoomAddress::parse(room).unwrap(), Sequence(seq), &name(from))
        };
        let of = |room, seq| by(room, seq, "ana");
        let id = of("lobby", 17);
        assert_eq!(MessageId::parse(&id.to_string()), Some(id));
        assert_eq!(of("LOBBY", 17), id, "whoever writes it how");
        assert!(id.may_be_in(&RoomAddress::parse("lobby").unwrap()));
        assert!(!id.may_be_in(&RoomAddress::parse("ops").unwrap()));
        assert_ne!(of("ops", 17), id);
        assert_eq!(of("@bob", 3), by("@Ana", 3, "BOB"), "both of a direct room call it the same");
        assert_ne!(of("@bob", 3), of("@kai", 3));
        for text in ["", "17", "17-", "-1", "x-1", "017-9c31f00aa2", "17-9C31F00AA2", "17-1"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }
}

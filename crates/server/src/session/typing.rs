//! That somebody types is told now and then, and not at every key. Never tells it itself.

use chat_protocol::limits::TYPING_PAUSE;
use chat_protocol::{RoomAddress, TypingState};
use tokio::time::Instant;

use crate::limits::TYPING_ROOMS_MAX;

/// Where a session was heard to type a moment ago; mostly nowhere.
#[derive(Debug, Default)]
pub(super) struct Typing(Vec<Heard>);

#[derive(Debug)]
struct Heard {
    room: RoomAddress,
    at: Instant,
    /// It was told that it is over, too.
    is_over: bool,
}

impl Typing {
    /// Is that to be told? Once in a while; that it is over, behind that, once.
    pub(super) fn is_heard(
        &mut self,
        room: &RoomAddress,
        state: TypingState,
        now: Instant,
    ) -> bool {
        self.0.retain(|heard| now.duration_since(heard.at) < TYPING_PAUSE);
        let is_over = state == TypingState::Done;
        if let Some(heard) = self.0.iter_mut().find(|heard| heard.room == *room) {
            return is_over && !std::mem::replace(&mut heard.is_over, true);
        }
        let has_place = self.0.len() < TYPING_ROOMS_MAX;
        if has_place {
            self.0.push(Heard { room: room.clone(), at: now, is_over });
        }
        has_place
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::TypingState::{Active, Done, Paused};

    use super::*;

    #[test]
    fn a_room_is_told_once_in_a_while_and_of_the_end_once() {
        let (ops, lobby) =
            (RoomAddress::parse("ops").unwrap(), RoomAddress::parse("lobby").unwrap());
        let (mut typing, now) = (Typing::default(), Instant::now());
        assert!(typing.is_heard(&ops, Active, now));
        assert!(!typing.is_heard(&ops, Active, now));
        assert!(!typing.is_heard(&ops, Paused, now));
        assert!(typing.is_heard(&lobby, Active, now));
        assert!(typing.is_heard(&ops, Done, now));
        assert!(!typing.is_heard(&ops, Done, now));
        let later = now + TYPING_PAUSE;
        assert!(typing.is_heard(&ops, Active, later));
        assert!(typing.is_heard(&lobby, Done, later), "it may have begun long ago");
        assert!(!typing.is_heard(&lobby, Done, later));
    }

    #[test]
    fn a_session_types_in_so_many_rooms_at_once() {
        let (mut typing, now) = (Typing::default(), Instant::now());
        let heard = (0..100).filter(|number| {
            typing.is_heard(&RoomAddress::parse(&format!("r{number}")).unwrap(), Active, now)
        });
        assert_eq!(heard.count(), TYPING_ROOMS_MAX);
        let later = now + TYPING_PAUSE;
        assert!(typing.is_heard(&RoomAddress::parse("ops").unwrap(), Active, later));
        assert_eq!(typing.0.len(), 1);
    }
}

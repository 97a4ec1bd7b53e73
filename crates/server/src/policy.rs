//! Who may do what: pure functions. Never touches a room's state, a name or the clock.

use chat_protocol::{Refusal, RoomAddress};

use crate::room::{RoomHandle, Seat};

/// Only members write. `room` is what the author calls it.
pub(crate) fn not_in(room: Option<&RoomAddress>) -> Refusal {
    room.map_or(Refusal::NotNamed, |room| Refusal::NotInRoom { room: room.clone() })
}

/// Everybody may enter, up to so many rooms each.
pub(crate) fn may_enter(seat: &Seat, room: &RoomHandle, rooms_max: u64) -> Result<(), Refusal> {
    let rooms = u64::try_from(seat.rooms_count()).unwrap_or(u64::MAX);
    if rooms < rooms_max || seat.is_in(room) {
        Ok(())
    } else {
        Err(Refusal::TooManyJoined { limit: rooms_max })
    }
}

//! What is told to those who are there, and kept by nobody.

use chat_protocol::{Event, MessageKey, Refusal, RequestId, RoomAddress, Signal};

use super::say::direct;
use super::{Answer, Caller, House};
use crate::room::Signalled;

/// Signals something in a room one is in, or to a user. Who does not follow the room yet does not
/// hear it.
pub(super) async fn signal(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
    (signal, key): (Signal, Option<MessageKey>),
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let room = match (user.seat.place(&address), &address, &signal) {
        (Some((_, place)), ..) => place.room,
        // Who begins to type to somebody has said nothing yet: there is nobody to tell.
        (None, RoomAddress::Direct(_), Signal::Typing { .. }) => {
            return Ok(Answer::Event(Event::Done { id }));
        }
        (None, RoomAddress::Direct(_), Signal::Tags { .. }) => {
            direct(house, user, &address).await?
        }
        (None, _, _) => return Err(Refusal::NotInRoom { room: address }),
    };
    let is_typing = signal.is_typing();
    let key = key.or_else(|| (!is_typing).then(|| MessageKey((house.identity)().0)));
    let signalled = Signalled { room: address.clone(), signal, key };
    let Some(key) = key.filter(|_| !is_typing) else {
        room.typing(caller.asker()?, signalled).await;
        return Ok(Answer::Event(Event::Done { id }));
    };
    match room.signal(caller.asker()?, signalled).await {
        Ok(Ok(time_ms)) => Ok(Answer::Event(Event::Signalled { id, room: address, time_ms, key })),
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => Err(Refusal::NotInRoom { room: address }),
    }
}

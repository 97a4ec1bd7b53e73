//! What is told to those who are there, and kept by nobody.

use chat_protocol::{Event, MessageKey, Refusal, RequestId, RoomAddress, Signal};

use super::room::may_address;
use super::{Answer, Caller, House, called_now, peer};
use crate::room::Signalled;

/// Signals something in a room one is in, or to a user. What programs tell each other goes to a user's
/// sessions also where the two have no direct room.
pub(super) async fn signal(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
    (signal, key): (Signal, Option<MessageKey>),
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let address = called_now(house, address)?;
    let is_typing = signal.is_typing();
    let key = key.or_else(|| (!is_typing).then(|| MessageKey((house.identity)().0)));
    let is_of_programs = matches!(signal, Signal::Tags { .. } | Signal::Query { .. });
    let room = match (user.seat.place(&address), &address) {
        (_, RoomAddress::Direct(_)) if is_of_programs => {
            return to_user(house, caller, id, address, (signal, key)).await;
        }
        (Some((_, place)), _) => place.room,
        // Who begins to type to somebody has said nothing yet: there is nobody to tell.
        (None, RoomAddress::Direct(_)) if is_typing => {
            return Ok(Answer::Event(Event::Done { id }));
        }
        (None, _) => return Err(Refusal::NotInRoom { room: address }),
    };
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

/// By the seats of the two: whoever has a session hears it now, and nobody later.
async fn to_user(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
    (signal, key): (Signal, Option<MessageKey>),
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let peer = peer(house, &room)?;
    let is_oneself = peer.identity == user.identity();
    if !is_oneself {
        may_address(house, user, &peer).await?;
    }
    let (time_ms, from) = ((house.clock)(), user.name());
    let told =
        |room| Event::Signal { room, time_ms, from: from.clone(), signal: signal.clone(), key };
    let (by, author) = (caller.session, user.identity());
    if let Some(here) = peer.here.filter(|_| !is_oneself) {
        here.seat.signal(by, author, told(RoomAddress::Direct(from.clone())));
    }
    if user.has_several_sessions() {
        user.seat.signal(by, author, told(room.clone()));
    }
    let signal = told(room.clone());
    let key = key.unwrap_or_else(|| MessageKey((house.identity)().0));
    Ok(Answer::Signalled { answer: Event::Signalled { id, room, time_ms, key }, signal })
}

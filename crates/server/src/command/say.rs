//! What is written: messages, topics, deletions. The answer is a receipt, when the journal has it.

use chat_protocol::{LineText, MessageKey, Refusal, RequestId, RoomAddress, Sequence};

use super::list::look;
use super::room::open_direct;
use super::{Answer, Caller, House, journal_refusal, key_of, peer};
use crate::journal::RoomKey;
use crate::room::{RoomHandle, Said};
use crate::user::User;

/// A message that somebody wants to say.
pub(super) struct Saying {
    pub(super) room: RoomAddress,
    pub(super) said: Said,
    pub(super) key: Option<MessageKey>,
}

/// Says something in a room one is in, or to a user.
pub(super) async fn say(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    saying: Saying,
) -> Result<Answer, Refusal> {
    let (user, asker) = (caller.user()?, caller.asker()?);
    let Saying { room: address, said, key } = saying;
    let room = match &address {
        RoomAddress::Named(_) => named(house, &address)?,
        RoomAddress::Direct(_) => direct(house, user, &address).await?,
    };
    let ticket = caller.receipts.ticket(id, address, key);
    room.say(asker, said, key, ticket).await;
    Ok(Answer::InFlight)
}

/// Changes the topic of a room one is in.
pub(super) async fn set_topic(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
    topic: LineText,
) -> Result<Answer, Refusal> {
    let asker = caller.asker()?;
    let room = named(house, &address)?;
    let ticket = caller.receipts.ticket(id, address, None);
    room.set_topic(asker, topic, ticket).await;
    Ok(Answer::InFlight)
}

/// Deletes a message in a room one is in: whose it may be, the room knows.
pub(super) async fn delete(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
    (seq, reason): (Option<Sequence>, Option<LineText>),
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let key = key_of(house, caller, &address)?;
    let room = house.directory.find(&key);
    let room = room.filter(|room| user.seat.is_in(room));
    let room = room.ok_or_else(|| Refusal::NotInRoom { room: address.clone() })?;
    let target = match seq {
        Some(seq) => Some(seq),
        None => match look(house, caller, &key, &address).await? {
            Some(look) => {
                let last = house.journal.last_own(look.id, user.identity()).await;
                last.map_err(journal_refusal)?
            }
            None => None,
        },
    };
    let none = || Refusal::NoSuchMessage { room: address.clone(), seq };
    let target = target.ok_or_else(none)?;
    let ticket = caller.receipts.ticket(id, address.clone(), None);
    room.delete(caller.asker()?, target, reason, ticket).await;
    Ok(Answer::InFlight)
}

/// A room with members is live; the room itself knows who they are.
pub(super) fn named(house: &House, address: &RoomAddress) -> Result<RoomHandle, Refusal> {
    let RoomAddress::Named(name) = address else {
        return Err(Refusal::OnlyNamedRooms);
    };
    let room = house.directory.find(&RoomKey::Named(name.clone()));
    room.ok_or_else(|| Refusal::NotInRoom { room: address.clone() })
}

/// The first word to somebody opens the direct room.
pub(super) async fn direct(
    house: &House,
    user: &User,
    address: &RoomAddress,
) -> Result<RoomHandle, Refusal> {
    let peer = peer(house, address)?;
    let key = RoomKey::direct(user.identity(), peer.identity);
    let is_open = |room: &RoomHandle| {
        let has = |peer: &User| peer.seat.is_in(room) && !peer.blocks(user.identity());
        user.seat.is_in(room) && peer.here.as_deref().is_some_and(has)
    };
    match house.directory.find(&key) {
        Some(room) if is_open(&room) => Ok(room),
        Some(_) | None => open_direct(house, user, address, false).await.map(|(room, _)| room),
    }
}

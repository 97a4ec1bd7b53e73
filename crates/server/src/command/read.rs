//! What one has read, and what one has not.

use std::cmp::Reverse;

use chat_protocol::event::UnreadInfo;
use chat_protocol::limits::UNREAD_ROOMS_MAX;
use chat_protocol::{Event, Refusal, RequestId, RoomAddress, Sequence};

use super::{Answer, Caller, House, journal_refusal};

/// What others have said in one's rooms behind what one has read.
pub(super) async fn unread(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let mut places = user.seat.read();
    let rooms = places.iter().map(|(room, (_, read))| (*room, *read)).collect();
    let found = house.journal.unread(rooms, user.identity(), user.name()).await;
    let info = |unread: crate::journal::Unread| {
        let (room, read) = places.remove(&unread.room)?;
        Some(UnreadInfo { room, read, messages: unread.messages, mentions: unread.mentions })
    };
    let mut rooms: Vec<UnreadInfo> =
        found.map_err(journal_refusal)?.into_iter().filter_map(info).collect();
    rooms.sort_by_key(|info| Reverse((info.mentions, info.messages)));
    let total = u64::try_from(rooms.len()).unwrap_or(u64::MAX);
    rooms.truncate(UNREAD_ROOMS_MAX);
    Ok(Answer::Event(Event::UnreadList { id, rooms, total }))
}

/// One has read a room up to an event.
pub(super) fn mark(
    caller: &Caller,
    id: Option<RequestId>,
    room: &RoomAddress,
    seq: Sequence,
) -> Result<Answer, Refusal> {
    let places = caller.user()?.seat.rooms();
    let place = places.iter().find(|place| place.address == *room);
    let place = place.ok_or_else(|| Refusal::NotInRoom { room: room.clone() })?;
    place.mark_read(seq);
    Ok(Answer::Event(Event::Done { id }))
}

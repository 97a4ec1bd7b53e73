//! What one has read, and what one has not; by an event, or by a time. A user's other sessions learn
//! of it through its seat.

use std::cmp::Reverse;

use chat_protocol::event::UnreadInfo;
use chat_protocol::limits::UNREAD_ROOMS_MAX;
use chat_protocol::{Event, Refusal, RequestId, RoomAddress, Sequence, Timestamp};

use super::{Answer, Caller, House, journal_refusal};
use crate::room::SessionNumber;
use crate::user::User;

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
    room: RoomAddress,
    seq: Sequence,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let Some((_, place)) = user.seat.place(&room) else {
        return Err(Refusal::NotInRoom { room });
    };
    if place.mark_read(seq) {
        tell_others(user, caller.session, room);
    }
    Ok(Answer::Event(Event::Done { id }))
}

/// One has read a room until a time; also one that one is not in.
pub(super) async fn mark_until(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
    time: Timestamp,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let time = time.min((house.clock)());
    let mut is_news = user.seat.mark_read_until(&room, time);
    if let Some((number, place)) = user.seat.place(&room) {
        let later = Timestamp(time.0.saturating_add(1));
        let next = house.journal.sequence_at(number, later).await.map_err(journal_refusal)?;
        is_news |= place.mark_read(Sequence(next.0.saturating_sub(1)));
    }
    if is_news {
        tell_others(user, caller.session, room.clone());
    }
    get(house, caller, id, room).await
}

/// How far one has read a room.
pub(super) async fn get(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
) -> Result<Answer, Refusal> {
    let (seq, time_ms) = position(house, caller.user()?, &room).await?;
    Ok(Answer::Event(Event::ReadIs { id, room, seq, time_ms }))
}

/// Up to which event, and until when, a user has read a room; no time: it never said so.
pub(crate) async fn position(
    house: &House,
    user: &User,
    room: &RoomAddress,
) -> Result<(Sequence, Option<Timestamp>), Refusal> {
    let until = user.seat.read_until(room);
    let Some((number, place)) = user.seat.place(room) else {
        return Ok((Sequence(0), until));
    };
    let seq = place.read();
    let said = if place.is_marked() && seq > Sequence(0) {
        house.journal.time_of(number, seq).await.map_err(journal_refusal)?
    } else {
        None
    };
    Ok((seq, until.max(said)))
}

/// A user's other sessions, if it has any, learn that a room is read further.
pub(crate) fn tell_others(user: &User, by: SessionNumber, room: RoomAddress) {
    if user.has_several_sessions() {
        user.seat.tell_read(by, room);
    }
}

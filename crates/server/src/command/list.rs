//! What can be looked up: rooms, users, members, topics, history.

use std::collections::HashSet;
use std::sync::Arc;

use chat_protocol::command::HistoryRange;
use chat_protocol::event::{ConversationInfo, RoomInfo};
use chat_protocol::limits::{LIST_ENTRIES_MAX, PAGE_EVENTS_MAX};
use chat_protocol::{
    Event, Moment, Refusal, RequestId, RoomAddress, RoomName, Sequence, Timestamp, UserName,
};

use super::{Answer, Caller, House, journal_refusal, key_of, peer};
use crate::journal::{Look, Range, RoomId, RoomKey};
use crate::policy;
use crate::room::{Members, RoomEvent, RoomHandle, Seat, Summary};
use crate::user::User;

/// The rooms: the fullest first, then those that only have a history.
pub(super) async fn rooms(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    let seat = caller.claim.as_ref().map(|claim| &claim.user().seat);
    let is_in = |handle: &RoomHandle| seat.is_some_and(|seat| seat.is_in(handle));
    let live = house.directory.named().into_iter().filter_map(|(room, handle)| {
        let summary = handle.summary();
        let is_shown = !summary.is_private || is_in(&handle);
        let members = count(summary.members);
        let Summary { topic, topic_set, since: since_ms, .. } = summary;
        let topic_set = topic_set.filter(|_| topic.is_some());
        is_shown.then_some(RoomInfo { room, members, topic, topic_set, since_ms })
    });
    let mut live: Vec<RoomInfo> = live.collect();
    live.sort_by(|one, other| {
        other.members.cmp(&one.members).then_with(|| one.room.cmp(&other.room))
    });
    let known: HashSet<RoomName> = live.iter().map(|info| info.room.clone()).collect();
    let (stored, stored_total) =
        house.journal.rooms(LIST_ENTRIES_MAX).await.map_err(journal_refusal)?;
    let quiet = stored.into_iter().filter(|room| !known.contains(&room.name)).map(|room| {
        let topic = Some(room.topic).filter(|topic| !topic.as_str().is_empty());
        let topic_set = room.topic_set.filter(|_| topic.is_some());
        RoomInfo { room: room.name, members: 0, topic, topic_set, since_ms: room.created }
    });
    let mut rooms = live;
    rooms.extend(quiet);
    let total = count(rooms.len()).max(stored_total);
    rooms.truncate(LIST_ENTRIES_MAX);
    Ok(Answer::Event(Event::RoomList { id, rooms, total, time_ms: Some((house.clock)()) }))
}

/// Who is connected.
pub(super) fn users(house: &House, caller: &Caller, id: Option<RequestId>) -> Event {
    let me = caller.claim.as_ref().map(|claim| &claim.user().seat);
    // Who is invisible is told to who shares a room with it.
    let may_tell = |user: &User| {
        let is_in = |me: &Arc<Seat>| user.seat.rooms().iter().any(|place| me.is_in(&place.room));
        !user.seat.profile().invisible
            || me.is_some_and(|me| Arc::ptr_eq(me, &user.seat) || is_in(me))
    };
    let (users, total) = house.registry.list(LIST_ENTRIES_MAX, may_tell);
    Event::UserList { id, users, total: count(total) }
}

/// Who had a name, and is gone.
pub(super) fn was(house: &House, id: Option<RequestId>, name: UserName) -> Event {
    let users = house.registry.departed().who_was(&name);
    Event::PastUsers { id, name, users }
}

/// Who is in a room.
pub(super) async fn members(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
) -> Result<Answer, Refusal> {
    let key = key_of(house, caller, &room)?;
    let look = look(house, caller, &key, &room).await?;
    if look.is_some_and(|look| look.is_out) {
        return Err(Refusal::NotInRoom { room });
    }
    let live = house.directory.find(&key);
    let listed = match &live {
        Some(live) => live.members().await.ok(),
        None => None,
    };
    let private = live.as_ref().is_some_and(|live| live.summary().is_private);
    let Members { members, total } = listed.unwrap_or_default();
    Ok(Answer::Event(Event::MemberList { id, room, members, total, private }))
}

/// A room's topic.
pub(super) async fn topic(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
) -> Result<Answer, Refusal> {
    let RoomAddress::Named(name) = &room else {
        return Err(Refusal::OnlyNamedRooms);
    };
    let key = RoomKey::Named(name.clone());
    let look = look(house, caller, &key, &room).await?;
    if look.as_ref().is_some_and(|look| look.is_out) {
        return Err(Refusal::NotInRoom { room });
    }
    let topic = look.and_then(|look| look.topic);
    let live = house.directory.find(&key);
    let topic_set = live.and_then(|live| live.summary().topic_set).filter(|_| topic.is_some());
    Ok(Answer::Event(Event::TopicIs { id, room, topic, topic_set }))
}

/// A page of a room's history.
pub(super) async fn history(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
    range: HistoryRange,
    limit: u32,
) -> Result<Answer, Refusal> {
    let key = key_of(house, caller, &room)?;
    let room = match &room {
        // As the other user writes its name.
        RoomAddress::Direct(_) => RoomAddress::Direct(peer(house, &room)?.name),
        RoomAddress::Named(_) => room,
    };
    let Some(stored) = look(house, caller, &key, &room).await?.map(|look| look.id) else {
        return Ok(Answer::Event(Event::History { id, room, events: Vec::new(), more: false }));
    };
    let part = range.part;
    let range = place(house, stored, range).await?;
    let limit = limit.min(PAGE_EVENTS_MAX);
    let reader = caller.reader((house.clock)());
    let page = house.journal.page_for(reader, stored, (range, part), limit).await;
    let event = |entry| caller.shown(RoomEvent::stored(entry, Some(&room)));
    let page = page.map_err(journal_refusal)?;
    let events = page.entries.into_iter().map(event).collect();
    Ok(Answer::Event(Event::History { id, room, events, more: page.more }))
}

/// Where one's rooms were spoken in last.
pub(super) async fn conversations(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    (after, before): (Timestamp, Timestamp),
    newest: bool,
    limit: u32,
) -> Result<Answer, Refusal> {
    let seat = &caller.user()?.seat;
    let mut places = seat.read();
    let rooms = places.keys().copied().collect();
    let reader = caller.reader((house.clock)());
    let last = house.journal.last_said(reader, rooms).await.map_err(journal_refusal)?;
    let info = |(room, last_ms): (RoomId, Timestamp)| {
        let (room, _) = places.remove(&room)?;
        (after < last_ms && last_ms < before).then_some(ConversationInfo { room, last_ms })
    };
    let mut conversations: Vec<ConversationInfo> = last.into_iter().filter_map(info).collect();
    conversations.sort_by_key(|info| info.last_ms);
    let limit = usize::try_from(limit.min(PAGE_EVENTS_MAX)).unwrap_or(usize::MAX);
    if newest {
        conversations.drain(..conversations.len().saturating_sub(limit));
    }
    conversations.truncate(limit);
    Ok(Answer::Event(Event::ConversationList { id, conversations }))
}

/// Where a page begins or ends, in sequences: times are looked up by the daemon's clock.
async fn place(house: &House, room: RoomId, range: HistoryRange) -> Result<Range, Refusal> {
    let HistoryRange { after, before, around, after_ms, before_ms, around_ms, newest, part: _ } =
        range;
    let now = (house.clock)();
    let at = async |moment: Option<Moment>| match moment {
        None => Ok(None),
        Some(moment) => {
            let time = moment.resolve(now);
            house.journal.sequence_at(room, time).await.map(Some).map_err(journal_refusal)
        }
    };
    let behind = |seq: Sequence| Sequence(seq.0.saturating_sub(1));
    let around = around.or(at(around_ms).await?);
    let after = after.max(at(after_ms).await?.map(behind));
    let before = [before, at(before_ms).await?].into_iter().flatten().min();
    match (around, after) {
        (Some(around), None) if before.is_none() => Ok(Range::Around { around }),
        (Some(_), _) => Err(Refusal::malformed(&"around stands alone, without after and before")),
        (None, Some(after)) if !newest => Ok(Range::After { after, before }),
        (None, after) => Ok(Range::Before { after: after.unwrap_or_default(), before }),
    }
}

/// A room as the caller may know it; none if somebody is there and nothing was stored yet. A room that
/// is not there for the caller cannot be told from one that nobody has made: one that is only
/// watched is none.
pub(super) async fn look(
    house: &House,
    caller: &Caller,
    key: &RoomKey,
    room: &RoomAddress,
) -> Result<Option<Look>, Refusal> {
    let reader = caller.reader((house.clock)());
    let look = house.journal.look(key.clone(), reader).await.map_err(journal_refusal)?;
    let is_there = match &look {
        Some(look) => policy::may_know(look.visibility, look.role),
        None => house.directory.find(key).is_some_and(|room| room.summary().members > 0),
    };
    if is_there { Ok(look) } else { Err(Refusal::NoSuchRoom { room: room.clone() }) }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

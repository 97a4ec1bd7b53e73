//! What administrators look at: how the daemon is, all rooms, all of one room; and the end of a room.

use std::collections::HashMap;
use std::sync::Arc;

use chat_protocol::administration::{
    BanInfo, LimitInfo, Limitation, RoomReport, RoomUser, SessionsInfo, Status, StoredRoomInfo,
};
use chat_protocol::limits::LIST_ENTRIES_MAX;
use chat_protocol::{
    Access, Event, LineText, Refusal, RequestId, Role, RoomAddress, RoomName, Setting,
};

use super::admin::{administrator, deed};
use super::list::look;
use super::moderation::by_operator;
use super::{Answer, Caller, House, account, journal_refusal, key_of};
use crate::journal::{Remembered, RoomKey};
use crate::policy::{Restriction, Standing};
use crate::room::{Ask, RoomHandle, Target};

/// How the daemon is.
pub(super) async fn status(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    administrator(caller)?;
    let figures = house.journal.figures().await.map_err(journal_refusal)?;
    let sessions = house.tally.sessions().into_iter().map(|speaking| SessionsInfo {
        speak: speaking.what.to_owned(),
        plain: speaking.plain,
        tls: speaking.encrypted,
    });
    let hits = house.tally.hits().into_iter();
    let status = Status {
        version: format!("chat-server {}", env!("CARGO_PKG_VERSION")),
        server: house.server_name.to_string(),
        up_s: house.is_serving.then(|| house.started.elapsed().as_secs()),
        sessions: sessions.collect(),
        users: count(house.registry.list(0, |_| true).1),
        accounts: count(house.registry.accounts_count()),
        rooms_live: count(house.directory.named().len()),
        rooms_stored: figures.rooms,
        journal_bytes: figures.bytes,
        index_behind: figures.unindexed,
        address_bans: count(house.banned_addresses.list((house.clock)()).len()),
        limits: hits.map(|(name, hits)| LimitInfo { name: name.to_owned(), hits }).collect(),
    };
    Ok(Answer::Event(Event::Status { id, status: Box::new(status) }))
}

/// All rooms that are stored, in order of their names.
pub(super) async fn rooms(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    after: Option<RoomName>,
) -> Result<Answer, Refusal> {
    administrator(caller)?;
    let stored = house.journal.stored_rooms(after, LIST_ENTRIES_MAX).await;
    let (mut rooms, total) = stored.map_err(journal_refusal)?;
    let live: HashMap<RoomName, RoomHandle> = house.directory.named().into_iter().collect();
    for StoredRoomInfo { room, members, .. } in &mut rooms {
        *members = live.get(room).map_or(0, |live| count(live.summary().members));
    }
    Ok(Answer::Event(Event::StoredRoomList { id, rooms, total }))
}

/// All of one room.
pub(super) async fn room(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomName,
) -> Result<Answer, Refusal> {
    administrator(caller)?;
    let stored = house.journal.stored_room(room.clone()).await.map_err(journal_refusal)?;
    let no_such = || Refusal::NoSuchRoom { room: RoomAddress::Named(room.clone()) };
    let stored = stored.ok_or_else(no_such)?;
    let (mut members, mut members_total) = (Vec::new(), 0);
    if let Some(live) = house.directory.find(&RoomKey::Named(room))
        && let Ok(listed) = live.members().await
    {
        members = listed.members.into_iter().map(|member| member.name).collect();
        members_total = listed.total;
    }
    let now = (house.clock)();
    let limitation = |restriction: Option<Restriction>| {
        let restriction = restriction.filter(|restriction| restriction.holds(now))?;
        let Restriction { until_ms, reason } = restriction;
        Some(Limitation { until_ms, reason })
    };
    let users = stored.remembered.into_iter().map(|Remembered { name, standing, .. }| {
        let Standing { role, is_admitted, ban, mute, .. } = standing;
        let (banned, muted) = (limitation(ban), limitation(mute));
        RoomUser { user: name, role, invited: is_admitted, banned, muted }
    });
    let mut users: Vec<RoomUser> = users.collect();
    users.sort_by(|one, other| other.role.cmp(&one.role).then_with(|| one.user.cmp(&other.user)));
    users.truncate(LIST_ENTRIES_MAX);
    let report = RoomReport {
        room: stored.name,
        topic: Some(stored.topic).filter(|topic| !topic.as_str().is_empty()),
        settings: stored.settings,
        first: stored.first,
        last: stored.last,
        members,
        members_total,
        users,
    };
    Ok(Answer::Event(Event::RoomReport { id, report: Box::new(report) }))
}

/// Puts everybody out of a room, and lets nobody in any more.
pub(super) async fn close(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomName,
    reason: LineText,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let stored = house.journal.stored_room(room.clone()).await.map_err(journal_refusal)?;
    let no_such = || Refusal::NoSuchRoom { room: RoomAddress::Named(room.clone()) };
    stored.ok_or_else(no_such)?;
    let changes = vec![deed(who, "close room", &room, &reason)];
    account::changed(house.journal.change(changes).await, || Refusal::Unavailable)?;
    for set in [Setting::Access { access: Access::Invite, key: None }, Setting::Hidden { on: true }]
    {
        by_operator(house, &room, Ask::Set { set, secret: None }).await?;
    }
    // A kick takes no role, and who has one could come back.
    while let Some((target, role)) = keeper(house, &room).await? {
        by_operator(house, &room, Ask::Take { target, role }).await?;
    }
    // Who enters while this goes on does so by an invitation of somebody who is still in.
    while let Some(target) = somebody(house, &room).await? {
        let reason = Some(reason.clone()).filter(|reason| !reason.as_str().is_empty());
        by_operator(house, &room, Ask::Kick { target, reason }).await?;
    }
    Ok(Answer::Event(Event::Done { id }))
}

/// Somebody who is more than a member, and as what.
async fn keeper(house: &House, room: &RoomName) -> Result<Option<(Target, Role)>, Refusal> {
    let stored = house.journal.stored_room(room.clone()).await.map_err(journal_refusal)?;
    let remembered = stored.map(|stored| stored.remembered).unwrap_or_default();
    let keeper = remembered.into_iter().find(|known| !known.standing.role.is_member());
    Ok(keeper.map(|known| {
        let (name, account) = (known.name, Some(known.identity));
        (Target { name, seat: None, account, is_kept: true }, known.standing.role)
    }))
}

/// Somebody who is in a room, or could come back into it.
async fn somebody(house: &House, room: &RoomName) -> Result<Option<Target>, Refusal> {
    if let Some(live) = house.directory.find(&RoomKey::Named(room.clone()))
        && let Ok(listed) = live.members().await
        && let Some(user) = listed.members.iter().find_map(|it| house.registry.find(&it.name))
    {
        let (name, seat) = (user.name(), Some(Arc::clone(&user.seat)));
        return Ok(Some(Target { name, seat, account: None, is_kept: false }));
    }
    let stored = house.journal.stored_room(room.clone()).await.map_err(journal_refusal)?;
    let remembered = stored.map(|stored| stored.remembered).unwrap_or_default();
    let may_come = |known: &Remembered| {
        let Standing { role, is_admitted, .. } = known.standing;
        is_admitted || !role.is_member()
    };
    Ok(remembered.into_iter().find(may_come).map(|known| {
        let (name, account) = (known.name, Some(known.identity));
        Target { name, seat: None, account, is_kept: true }
    }))
}

/// Who is banned from a room.
pub(super) async fn bans(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    room: RoomAddress,
) -> Result<Answer, Refusal> {
    let RoomAddress::Named(name) = &room else { return Err(Refusal::OnlyNamedRooms) };
    let key = key_of(house, caller, &room)?;
    let look = look(house, caller, &key, &room).await?;
    if look.as_ref().is_some_and(|look| look.is_out) {
        return Err(Refusal::NotInRoom { room });
    }
    let stored = house.journal.stored_room(name.clone()).await.map_err(journal_refusal)?;
    let remembered = match house.directory.find(&key) {
        Some(live) => live.remembered().await.ok(),
        None => None,
    };
    let stored = || stored.map(|stored| stored.remembered).unwrap_or_default();
    let remembered = remembered.unwrap_or_else(stored);
    let now = (house.clock)();
    let ban = |known: Remembered| {
        let Restriction { until_ms, reason } = known.standing.ban.filter(|ban| ban.holds(now))?;
        Some(BanInfo { user: known.name, until_ms, reason })
    };
    let mut bans: Vec<BanInfo> = remembered.into_iter().filter_map(ban).collect();
    bans.sort_by(|one, other| one.user.cmp(&other.user));
    let total = count(bans.len());
    bans.truncate(LIST_ENTRIES_MAX);
    Ok(Answer::Event(Event::BanList { id, room, bans, total }))
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

//! What is asked about people, and what an administrator does to them. Never touches an account.

use chat_protocol::event::RoomHeld;
use chat_protocol::limits::LIST_ENTRIES_MAX;
use chat_protocol::{Event, LineText, Password, Refusal, RequestId, Role, RoomAddress, UserName};

use super::admin::administrator;
use super::{Answer, Caller, House, guest};

/// Who somebody is, and in which rooms, as far as the caller may know of them.
pub(super) async fn whois(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: &UserName,
) -> Result<Answer, Refusal> {
    let user = house.registry.find(name);
    let user = user.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
    let seat = caller.claim.as_ref().map(|claim| &claim.user().seat);
    let info = user.info();
    let mut rooms = Vec::new();
    for place in user.seat.rooms().into_iter().take(LIST_ENTRIES_MAX) {
        let RoomAddress::Named(room) = place.address else { continue };
        let is_shared = seat.is_some_and(|seat| seat.is_in(&place.room));
        let is_told = is_shared || !(info.invisible || place.room.summary().is_private);
        if !is_told || !caller.may_follow(&RoomAddress::Named(room.clone())) {
            continue;
        }
        let described = place.room.describe(Some(user.identity())).await;
        let role = described.ok().and_then(|described| described.role).unwrap_or(Role::Member);
        rooms.push(RoomHeld { room, role });
    }
    let now = (house.clock)();
    let idle_ms = now.0.saturating_sub(user.active_at().0);
    let since_ms = user.came_at();
    let metadata = user.metadata();
    let user = Box::new(info);
    Ok(Answer::Event(Event::UserIs { id, user, rooms, since_ms, idle_ms, metadata }))
}

/// How many there are.
pub(super) fn census(house: &House, id: Option<RequestId>) -> Event {
    let mut census = house.registry.census();
    let rooms = house.directory.named().into_iter().filter(|(_, handle)| {
        let summary = handle.summary();
        summary.members > 0 && !summary.is_private
    });
    census.rooms = u64::try_from(rooms.count()).unwrap_or(u64::MAX);
    Event::CensusIs { id, census }
}

/// Who knows an administrator's password administers, whoever it is: as long as it is here.
pub(super) async fn administer(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    password: Password,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let (accounts, journal) = (&house.accounts, &house.journal);
    let verified = accounts.verify(journal, caller.origin.address, &name, password).await?;
    if !house.registry.is_administrator(verified.account) {
        return Err(Refusal::NotAdministrator);
    }
    tracing::info!(name = %user.name(), administrator = %name, "administers");
    user.seat.set_administrator(true);
    Ok(Answer::Event(Event::Done { id }))
}

/// Administers no longer, until its next session.
pub(super) fn cease(caller: &Caller, id: Option<RequestId>) -> Result<Answer, Refusal> {
    caller.user()?.seat.set_administrator(false);
    Ok(Answer::Event(Event::Done { id }))
}

/// Ends all sessions of a user.
pub(super) async fn disconnect(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    (name, reason): (UserName, LineText),
) -> Result<Answer, Refusal> {
    let by = administrator(caller)?;
    let user = house.registry.find(&name);
    let user = user.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
    tracing::info!(%name, %by, "disconnected");
    let words = LineText::parse(&format!("disconnected by {by}: {reason}")).ok();
    user.set_last_words(words);
    user.seat.end(Refusal::Disconnected { reason });
    for (token, claim) in house.returns.evict(&user) {
        guest::leave(house, claim, Some(token)).await;
    }
    Ok(Answer::Event(Event::Done { id }))
}

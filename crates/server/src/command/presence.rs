//! What a user tells of itself: its name, and that it is away. The rooms tell the others, once.

use chat_protocol::{Event, LineText, Refusal, UserName};

use super::{Answer, Caller, House};
use crate::room::ChangeId;
use crate::user::User;

/// Takes another name.
pub(super) async fn nick(house: &House, caller: &Caller, to: UserName) -> Result<Answer, Refusal> {
    let claim = caller.claim.as_ref().ok_or(Refusal::NotNamed)?;
    let user = claim.user();
    if user.seat.is_account() {
        return Err(Refusal::LoggedIn { name: user.name() });
    }
    let from = house.registry.rename(user, &to)?;
    if from != to {
        house.registry.departed().left(user, from.clone(), (house.clock)());
    }
    if let Some(ticket) = &caller.ticket {
        super::guest::save(house, claim, ticket.hash).await?;
    }
    let change = tell_renamed(house, user).await;
    Ok(Answer::Changed { change, event: Event::Renamed { from, to } })
}

/// A user has another name: its rooms learn of it.
pub(super) async fn tell_renamed(house: &House, user: &User) -> ChangeId {
    let (change, to) = (house.registry.changes().next(), user.name());
    for membership in user.seat.rooms() {
        membership.room.rename(user.identity(), to.clone(), change).await;
    }
    change
}

/// Is away with a message, or back.
pub(super) async fn away(
    house: &House,
    caller: &Caller,
    text: Option<LineText>,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let change = tell_away(house, user, text.clone()).await;
    Ok(Answer::Changed { change, event: Event::AwayChanged { user: user.name(), text } })
}

/// A user is away, or back: its rooms learn of it.
pub(super) async fn tell_away(house: &House, user: &User, text: Option<LineText>) -> ChangeId {
    user.set_away(text.clone());
    house.registry.tell_watchers(&user.name());
    let change = house.registry.changes().next();
    for membership in user.seat.rooms() {
        membership.room.set_away(user.identity(), text.clone(), change).await;
    }
    change
}

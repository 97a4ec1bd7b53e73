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
    flushed(user).await;
    change
}

/// What somebody tells of itself; what is not given stays.
pub(super) struct Told {
    pub(super) real_name: Option<LineText>,
    pub(super) login: Option<LineText>,
    pub(super) bot: Option<bool>,
    pub(super) invisible: Option<bool>,
}

/// Tells something else of itself.
pub(super) async fn set_profile(
    house: &House,
    caller: &Caller,
    told: Told,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let Told { real_name, login, bot, invisible } = told;
    let event = {
        let mut profile = user.seat.profile();
        let before = profile.real_name.clone();
        if let Some(real_name) = &real_name {
            profile.real_name = Some(real_name.clone()).filter(|name| !name.is_empty());
        }
        let is_other = profile.real_name != before;
        if let Some(login) = login {
            profile.login = Some(login).filter(|login| !login.is_empty());
        }
        profile.bot = bot.unwrap_or(profile.bot);
        profile.invisible = invisible.unwrap_or(profile.invisible);
        Event::ProfileChanged {
            user: profile.name.clone(),
            real_name: real_name.filter(|_| is_other),
            bot: profile.bot,
            invisible: profile.invisible,
        }
    };
    house.registry.tell_watchers(&user.name());
    let change = retell(house, user, &event).await;
    Ok(Answer::Changed { change, event })
}

/// A user tells something else of itself: its rooms learn of it.
pub(super) async fn retell(house: &House, user: &User, event: &Event) -> ChangeId {
    let change = house.registry.changes().next();
    for membership in user.seat.rooms() {
        membership.room.retell(user.identity(), event.clone(), change).await;
    }
    flushed(user).await;
    change
}

/// Waits until the others in a user's rooms are told.
async fn flushed(user: &User) {
    for membership in user.seat.rooms() {
        membership.room.flushed().await;
    }
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
    flushed(user).await;
    change
}

//! An account that stays in its rooms while it is not connected: it is shown as away there, and what
//! is said to it waits. Never holds a session.

use std::sync::Arc;

use chat_protocol::{Event, Identity, LineText, Refusal, RequestId};

use super::account::{changed, settle};
use super::{Answer, Caller, House, guest, presence};
use crate::journal::AccountChange;
use crate::limits::STAYING_ACCOUNTS_MAX;
use crate::user::{Called, Claim, User};

/// What the others see of it.
const NOT_CONNECTED: &str = "not connected";

/// So it shall be from now on, or as it is.
pub(super) async fn stay(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    on: Option<bool>,
) -> Result<Answer, Refusal> {
    let account = caller.account()?.identity();
    if let Some(stays) = on {
        let before = house.registry.stays(account);
        if !house.registry.set_stay(account, stays) {
            let limit = u64::try_from(STAYING_ACCOUNTS_MAX).unwrap_or(u64::MAX);
            let what = "accounts that stay in their rooms".to_owned();
            return Err(Refusal::TooMany { what, limit });
        }
        let set = vec![AccountChange::SetStay { account, stays }];
        let stored = changed(house.journal.change(set).await, || Refusal::LoggedOut);
        if stored.is_err() {
            house.registry.set_stay(account, before);
        }
        stored?;
    }
    Ok(Answer::Event(Event::StayIs { id, on: house.registry.stays(account) }))
}

/// The last session of an account that stays is over: its claim is kept.
pub(super) async fn keep(house: &House, claim: Claim) {
    let user = Arc::clone(claim.user());
    presence::own_name_again(house, &user).await;
    drop(house.staying.keep(claim));
    is_gone(house, &user).await;
}

/// An account has a session again, which holds it from now on.
pub(super) async fn wake(house: &House, user: &User) {
    drop(house.staying.take(user.identity()));
    if user.info().away.is_some_and(|away| away.as_str() == NOT_CONNECTED) {
        presence::tell_away(house, user, None).await;
    }
}

/// Nobody is behind it any more; whoever is away already says why itself.
pub(super) async fn is_gone(house: &House, user: &User) {
    if user.info().away.is_none() && !user.is_present() {
        presence::tell_away(house, user, LineText::parse(NOT_CONNECTED).ok()).await;
    }
}

/// It may not stay any more.
pub(super) async fn end(house: &House, account: Identity) {
    if let Some(claim) = house.staying.take(account) {
        guest::leave(house, claim, None).await;
    }
}

/// At start: those that stay are in their rooms again.
pub(crate) async fn enter_all(house: House) {
    let accounts = house.registry.staying();
    let mut count = 0_usize;
    for account in accounts {
        if house.stopping.is_cancelled() {
            return;
        }
        let Ok(claim) = house.registry.attach(account, None, (house.clock)(), Called::Account)
        else {
            continue;
        };
        settle(&house, claim.user()).await;
        guest::leave(&house, claim, None).await; // its claim is kept
        count += 1;
    }
    if count > 0 {
        tracing::info!(count, "accounts stay in their rooms");
    }
}

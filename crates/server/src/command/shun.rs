//! Whom one does not want to hear: ignoring and blocking. Kept for accounts; a guest's end with it.

use chat_protocol::limits::SHUNNED_MAX;
use chat_protocol::{Event, Identity, Refusal, RequestId, UserName};

use super::account::changed;
use super::{Answer, Caller, House, peer_named};
use crate::journal::{AccountChange, Shun, Shunned};

/// Somebody is ignored or blocked from now on.
pub(super) async fn shun(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    how: Shun,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let peer = peer_named(house, &name)?;
    if peer.identity == user.identity() {
        return Err(Refusal::Yourself);
    }
    if user.shuns().len() >= SHUNNED_MAX {
        let limit = u64::try_from(SHUNNED_MAX).unwrap_or(u64::MAX);
        return Err(Refusal::TooMany { what: "users whom you ignore or block".to_owned(), limit });
    }
    let shunned = Shunned { whom: peer.identity, name: peer.name, how };
    if user.seat.is_account() {
        let account = user.identity();
        let change = AccountChange::Shun { account, shunned: shunned.clone() };
        changed(house.journal.change(vec![change]).await, || Refusal::Unavailable)?;
    }
    user.shun(shunned);
    Ok(Answer::Event(Event::Done { id }))
}

/// And no more.
pub(super) async fn unshun(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: &UserName,
    how: Shun,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let shuns = user.shuns();
    let list = match how {
        Shun::Ignored => shuns.ignored,
        Shun::Blocked => shuns.blocked,
    };
    // By the name it has, or by the one it had.
    let by_name = list.iter().find(|(_, shunned)| *shunned == name).map(|(whom, _)| *whom);
    let now = || peer_named(house, name).ok().map(|peer| peer.identity);
    let whom = by_name.or_else(|| now().filter(|whom| list.contains_key(whom)));
    let whom = whom.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
    if user.seat.is_account() {
        let change = AccountChange::Unshun { account: user.identity(), whom, how };
        let gone = || Refusal::NoSuchUser { name: name.clone() };
        changed(house.journal.change(vec![change]).await, gone)?;
    }
    user.unshun(whom, how);
    Ok(Answer::Event(Event::Done { id }))
}

/// Who they are.
pub(super) fn list(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    let shuns = caller.user()?.shuns();
    let now =
        |(whom, name): (Identity, UserName)| house.registry.account_name(whom).unwrap_or(name);
    let mut ignored: Vec<UserName> = shuns.ignored.into_iter().map(now).collect();
    let mut blocked: Vec<UserName> = shuns.blocked.into_iter().map(now).collect();
    ignored.sort();
    blocked.sort();
    Ok(Answer::Event(Event::Shunned { id, ignored, blocked }))
}

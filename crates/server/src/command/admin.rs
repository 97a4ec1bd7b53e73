//! What administrators do: announce, suspend, make and delete accounts. What is done is stored
//! together with who did it, to whom and why, or not at all.

use std::fmt::Display;

use chat_protocol::event::{AccountInfo, SuspensionInfo};
use chat_protocol::limits::LIST_ENTRIES_MAX;
use chat_protocol::{Event, Identity, LineText, Password, Refusal, RequestId, Timestamp, UserName};

use super::account::{changed, evict};
use super::{Announcement, Answer, Caller, House, journal_refusal, stay};
use crate::journal::{Account, AccountChange, Deed, Suspension};

/// Who the caller is, if it is an administrator now.
pub(super) fn administrator(caller: &Caller) -> Result<String, Refusal> {
    let name = caller.claim.as_ref().map(|claim| claim.user().seat.known_as().to_string());
    if caller.origin.is_administrator {
        return Ok(name.map_or_else(|| "operator".to_owned(), |name| format!("operator ({name})")));
    }
    let account = caller.claim.as_ref().filter(|_| caller.scope.is_none());
    account
        .filter(|claim| claim.user().seat.is_administrator())
        .and(name)
        .ok_or(Refusal::NotAdministrator)
}

pub(super) fn deed(
    who: String,
    what: &str,
    whom: &dyn Display,
    why: &dyn Display,
) -> AccountChange {
    AccountChange::Record(Deed {
        time: Timestamp(0),
        who,
        what: what.to_owned(),
        whom: whom.to_string(),
        why: why.to_string(),
    })
}

fn account_of(house: &House, name: &UserName) -> Result<Identity, Refusal> {
    let account = house.registry.account_named(name);
    account.ok_or_else(|| Refusal::NoSuchAccount { name: name.clone() })
}

async fn store(house: &House, name: &UserName, changes: Vec<AccountChange>) -> Result<(), Refusal> {
    let missing = || Refusal::NoSuchAccount { name: name.clone() };
    changed(house.journal.change(changes).await, missing)
}

/// Tells everybody.
pub(super) async fn announce(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    text: LineText,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let name = caller.claim.as_ref().map(|claim| claim.user().name().to_string());
    let changes = vec![deed(who, "announce", &"", &text)];
    changed(house.journal.change(changes).await, || Refusal::Unavailable)?;
    let from = name.unwrap_or_else(|| "the operator".to_owned());
    house.announcements.say(Announcement::ToAll(format!("announcement by {from}: {text}")));
    Ok(Answer::Event(Event::Done { id }))
}

/// Tells those who want to hear it.
pub(super) async fn wallops(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    text: LineText,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let from = caller.claim.as_ref().ok_or(Refusal::NotNamed)?.user().name();
    let changes = vec![deed(who, "wallops", &"", &text)];
    changed(house.journal.change(changes).await, || Refusal::Unavailable)?;
    house.announcements.say(Announcement::Wallops { from, text });
    Ok(Answer::Event(Event::Done { id }))
}

/// An account's sessions end, and it may not log in for a while.
pub(super) async fn suspend(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    (name, for_s, reason): (UserName, Option<u64>, LineText),
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let account = account_of(house, &name)?;
    let now = (house.clock)();
    let until = for_s.map(|seconds| Timestamp(now.0.saturating_add(seconds.saturating_mul(1_000))));
    let suspension = Suspension { until, why: reason.clone() };
    let what = for_s.map_or("suspend".to_owned(), |seconds| format!("suspend for {seconds} s"));
    let changes = vec![
        AccountChange::Suspend { account, suspension: Some(suspension.clone()) },
        AccountChange::ForgetSessions { account, but: None },
        deed(who, &what, &name, &reason),
    ];
    store(house, &name, changes).await?;
    house.registry.set_suspension(account, Some(suspension));
    end_sessions(house, account, &Refusal::Suspended { until_ms: until, reason }).await;
    stay::end(house, account).await;
    Ok(Answer::Event(Event::Done { id }))
}

/// All of them, those that may come back too.
async fn end_sessions(house: &House, account: Identity, why: &Refusal) {
    if let Some(user) = house.registry.find_account(account) {
        user.cut(None, None, why);
        evict(house, &user).await;
    }
}

/// It may log in again.
pub(super) async fn unsuspend(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let account = account_of(house, &name)?;
    let changes = vec![
        AccountChange::Suspend { account, suspension: None },
        deed(who, "unsuspend", &name, &""),
    ];
    store(house, &name, changes).await?;
    house.registry.set_suspension(account, None);
    Ok(Answer::Event(Event::Done { id }))
}

/// Another password; sessions and tokens end.
pub(super) async fn reset_password(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    password: Password,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let account = account_of(house, &name)?;
    let password = house.accounts.hash(password).await?;
    let changes = vec![
        AccountChange::SetPassword { account, password },
        AccountChange::RevokeAll { account },
        deed(who, "reset password", &name, &""),
    ];
    store(house, &name, changes).await?;
    end_sessions(house, account, &Refusal::LoggedOut).await;
    Ok(Answer::Event(Event::Done { id }))
}

/// A new account, whether guests may make some or not.
pub(super) async fn add(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    password: Password,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let AccountChange::Record(deed) = deed(who, "add account", &name, &"") else {
        return Err(Refusal::Unavailable);
    };
    let identity = (house.identity)();
    let made = house.accounts.make(&house.journal, identity, name, password, vec![deed]).await?;
    house.registry.add_account(&made);
    Ok(Answer::Event(Event::Done { id }))
}

/// An account is no more; what it said stays.
pub(super) async fn delete(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    reason: LineText,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let account = account_of(house, &name)?;
    let changes =
        vec![AccountChange::Delete { account }, deed(who, "delete account", &name, &reason)];
    store(house, &name, changes).await?;
    let user = house.registry.find_account(account);
    house.registry.remove_account(account);
    if let Some(user) = user {
        user.cut(None, None, &Refusal::LoggedOut);
        evict(house, &user).await;
    }
    stay::end(house, account).await;
    Ok(Answer::Event(Event::Done { id }))
}

/// An account is an administrator from now on, or no longer.
pub(super) async fn set_administrator(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: UserName,
    is_administrator: bool,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let account = account_of(house, &name)?;
    let what = if is_administrator { "make administrator" } else { "administrator no more" };
    let changes = vec![
        AccountChange::SetAdministrator { account, is_administrator },
        deed(who, what, &name, &""),
    ];
    store(house, &name, changes).await?;
    house.registry.set_administrator(account, is_administrator);
    Ok(Answer::Event(Event::Done { id }))
}

/// The accounts, by name.
pub(super) async fn list(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    after: Option<UserName>,
) -> Result<Answer, Refusal> {
    administrator(caller)?;
    let all = house.journal.accounts().await.map_err(journal_refusal)?;
    let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let now = (house.clock)();
    let behind = |account: &Account| after.as_ref().is_none_or(|after| account.name > *after);
    let mut certificates = house.journal.all_certificates().await.map_err(journal_refusal)?;
    let info = |account: Account| AccountInfo {
        certificates: certificates.remove(&account.identity).unwrap_or_default(),
        administrator: house.registry.is_administrator(account.identity),
        name: account.name,
        created_ms: account.created,
        suspended: account
            .suspension
            .filter(|suspension| suspension.until.is_none_or(|until| now < until))
            .map(|Suspension { until, why }| SuspensionInfo { until_ms: until, reason: why }),
    };
    let accounts = all.into_iter().filter(behind).take(LIST_ENTRIES_MAX).map(info).collect();
    Ok(Answer::Event(Event::AccountList { id, accounts, total }))
}

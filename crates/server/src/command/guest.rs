//! Who a session is: a new guest, or one that comes back; and what becomes of it when the session is
//! over. Never speaks to the peer.

use std::pin::Pin;
use std::sync::Arc;

use chat_protocol::{Fingerprint, Hello, Refusal, UserName};
use sha2::{Digest, Sha256};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::scope::Scope;
use super::{Caller, House, account, certificate, presence, stay};
use crate::journal::{Guest, TokenHash};
use crate::user::{Called, Claim, LetGo, NotAttached, User, friendly};

/// Who a session wants to be.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Somebody, by a friendly random name.
    Somebody,
    /// As a client says; one that gives no name is an observer.
    This(Hello),
}

/// A session's guest; an observer has no claim.
#[derive(Debug, Default)]
pub(crate) struct Identified {
    /// Its name.
    pub(crate) claim: Option<Claim>,
    /// How it comes back, if it wants to.
    pub(crate) ticket: Option<ReturnTicket>,
    /// It came back.
    pub(crate) resumed: bool,
    /// What it may do; none: all that its user may.
    pub(crate) scope: Option<Scope>,
}

/// How a guest comes back.
#[derive(Debug)]
pub(crate) struct ReturnTicket {
    /// What is known of its token.
    pub(crate) hash: TokenHash,
    /// Cancelled when the guest is back in another session: this one lets go.
    pub(crate) replaced: Pin<Box<WaitForCancellationFutureOwned>>,
    /// For the client, and nobody else.
    pub(crate) token: String,
}

/// Finds out who a session is; `certificate`: its connection has this one. A guest that may come back is
/// on disk when this returns.
///
/// # Errors
/// The name cannot be had.
pub(crate) async fn identify(
    house: &House,
    caller: &Caller,
    wanted: Wanted,
    certificate: Option<Fingerprint>,
) -> Result<Identified, Refusal> {
    let hello = match wanted {
        Wanted::Somebody => return somebody(house, false).await,
        Wanted::This(hello) => hello,
    };
    if let Some(token) = hello.resume
        && let Ok(claim) = house.returns.take(hash(&token)).await
    {
        if !claim.pass().is_some_and(|pass| pass.is_cut()) {
            account::settle(house, claim.user()).await;
            let ticket = Some(present(house, token));
            return Ok(Identified { claim: Some(claim), ticket, resumed: true, scope: None });
        }
        leave(house, claim, Some(hash(&token))).await; // was logged out while it was away
    }
    if let Some(token) = hello.token {
        return account::identify_by_token(house, caller, &token, Called::Account, hello.resumable)
            .await;
    }
    let name = hello.name.as_deref().map(UserName::parse).transpose();
    let name = name.map_err(|error| Refusal::name_invalid(&error))?;
    if hello.certificate {
        let whose =
            certificate::whose(house, caller.origin.counted(), certificate, name.as_ref()).await?;
        let (account, _, fingerprint) = whose;
        let whose = (account, fingerprint);
        return certificate::enter(house, whose, Called::Account, hello.resumable).await;
    }
    let Some(name) = name else { return Ok(Identified::default()) };
    if let Some(password) = hello.password {
        return account::identify(
            house,
            caller,
            (&name, password),
            Called::Account,
            hello.resumable,
        )
        .await;
    }
    let claim = house.registry.claim(name, (house.identity)())?;
    identified(house, claim, hello.resumable, None).await
}

/// A new guest, by a friendly random name.
pub(super) async fn somebody(house: &House, is_resumable: bool) -> Result<Identified, Refusal> {
    let draw = || friendly((house.identity)().0.as_u128());
    let claim = house.registry.claim_random((house.identity)(), draw)?;
    identified(house, claim, is_resumable, None).await
}

/// A session is this user; one that may come back is on disk when this returns.
pub(super) async fn identified(
    house: &House,
    claim: Claim,
    is_resumable: bool,
    scope: Option<Scope>,
) -> Result<Identified, Refusal> {
    let mut ticket = None;
    if is_resumable {
        let token = format!("{}{}", (house.identity)().0.simple(), (house.identity)().0.simple());
        if let Err(refusal) = save(house, &claim, hash(&token)).await {
            leave(house, claim, None).await;
            return Err(refusal);
        }
        ticket = Some(present(house, token));
    }
    Ok(Identified { claim: Some(claim), ticket, resumed: false, scope })
}

fn present(house: &House, token: String) -> ReturnTicket {
    let hash = hash(&token);
    let replaced = Box::pin(house.returns.present(hash).cancelled_owned());
    ReturnTicket { hash, replaced, token }
}

fn hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token).into())
}

/// Stores a guest that may come back, or its new name.
pub(crate) async fn save(house: &House, claim: &Claim, token: TokenHash) -> Result<(), Refusal> {
    let user = claim.user();
    let access = claim.pass().and_then(|pass| pass.access);
    let guest = Guest { token, identity: user.identity(), name: user.name(), access };
    house.journal.save_guest(guest).await.map_err(super::journal_refusal)
}

/// The session is over for good: the guest leaves its rooms, and its name is free. An account that
/// stays does not leave.
pub(crate) async fn leave(house: &House, mut claim: Claim, token: Option<TokenHash>) {
    if claim.user().seat.is_account() {
        account::keep_rooms(house, claim.user()).await;
    }
    match claim.let_go_or_stay() {
        LetGo::Stays => stay::keep(house, claim).await,
        LetGo::NotLast => {
            let user = Arc::clone(claim.user());
            drop(claim);
            if house.staying.has(user.identity()) {
                stay::is_gone(house, &user).await;
            }
        }
        LetGo::Last => {
            let user = claim.user();
            presence::own_name_again(house, user).await;
            leave_rooms(house, user).await;
            house.registry.departed().left(user, user.name(), (house.clock)());
        }
    }
    if let Some(token) = token {
        house.returns.forget(token);
        // A journal that has stopped forgets nothing: the guest may come back after a restart.
        drop(house.journal.forget_guest(token).await);
    }
}

/// The connection broke: name and rooms are kept for a while.
pub(crate) fn park(house: &House, claim: Claim, token: TokenHash) {
    let parking = house.returns.park(token, claim);
    let waiting = house.clone();
    house.parkings.spawn(async move {
        let is_stopping = tokio::select! {
            () = tokio::time::sleep(waiting.resume_grace) => false,
            () = waiting.stopping.cancelled() => true,
        };
        let Some(claim) = waiting.returns.expire(token, parking) else { return };
        if !is_stopping {
            let name = claim.user().name();
            leave(&waiting, claim, Some(token)).await;
            tracing::info!(%name, "did not come back");
        }
    });
}

/// At start: the guests of the last run may come back, and their names are kept until then.
///
/// # Errors
/// They cannot be read.
pub(crate) async fn park_stored(house: &House) -> Result<usize, crate::journal::JournalError> {
    let guests = house.journal.guests().await?;
    let mut parked = 0;
    for Guest { token, identity, name, access } in guests {
        let claim = match house.registry.account_name(identity) {
            Some(_) => house
                .registry
                .attach(identity, access, (house.clock)(), Called::By(&name))
                .map_err(|error| match error {
                    NotAttached::Refused(refusal) => refusal,
                    NotAttached::Leaving | NotAttached::Occupied(_) => Refusal::NameTaken { name },
                }),
            None => house.registry.claim(name, identity),
        };
        match claim {
            Ok(claim) => {
                park(house, claim, token);
                parked += 1;
            }
            Err(refusal) => {
                tracing::warn!(%refusal, "a stored guest cannot come back");
                house.journal.forget_guest(token).await?;
            }
        }
    }
    Ok(parked)
}

async fn leave_rooms(house: &House, user: &User) {
    let change = house.registry.changes().next();
    let reason = user.last_words();
    for membership in user.seat.close() {
        // A room that is gone has no members.
        drop(membership.room.leave(user.identity(), Some(change), reason.clone()).await);
    }
}

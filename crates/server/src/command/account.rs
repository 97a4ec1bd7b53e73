//! What one does with one's account: register, log in and out, password, tokens; and the rooms that
//! an account is in while it is away. Never hashes, never speaks to the peer.

use std::sync::Arc;

use chat_protocol::event::TokenInfo;
use chat_protocol::limits::{TOKEN_ROOMS_MAX, TOKENS_MAX};
use chat_protocol::{
    Event, Fingerprint, Identity, Password, Refusal, RequestId, RoomAddress, RoomName, Token,
    TokenName, UserName,
};

use super::guest::Identified;
use super::room::{self, How};
use super::scope::Scope;
use super::{Answer, Caller, House, certificate, journal_refusal, metadata, presence, stay};
use crate::account::{Verified, hash_of, new_token};
use crate::journal::{
    AccountChange, AccountRoom, Changed, MetadataOwner, RoomKey, StoredToken, TokenHash,
};
use crate::room::{Entrant, Membership};
use crate::user::{Called, Claim, NotAttached, User, friendly};

/// How long the last session of an account may take to leave its rooms.
const HAND_OVER: std::time::Duration = std::time::Duration::from_secs(5);

/// At start: whose the names are.
///
/// # Errors
/// They cannot be read.
pub(crate) async fn open(house: &House) -> Result<usize, crate::journal::JournalError> {
    let accounts = house.journal.accounts().await?;
    for account in &accounts {
        house.registry.add_account(account);
    }
    Ok(accounts.len())
}

/// At start, and when the configuration is read again: who administers. Operators with a password
/// get an account with it.
pub(crate) async fn set_operators(house: &House, operators: Vec<(UserName, Option<Password>)>) {
    for (name, password) in &operators {
        let Some(password) = password.clone() else { continue };
        if let Err(refusal) = provide(house, name, password).await {
            tracing::error!(%name, %refusal, "an operator's account cannot be provided");
        }
    }
    house.registry.set_operators(operators.into_iter().map(|(name, _)| name));
}

/// The account of an operator, with the password that is configured.
async fn provide(house: &House, name: &UserName, password: Password) -> Result<(), Refusal> {
    let (accounts, journal) = (&house.accounts, &house.journal);
    let Some(account) = house.registry.account_named(name) else {
        let identity = (house.identity)();
        let made = accounts.make(journal, identity, name.clone(), password, Vec::new()).await?;
        house.registry.add_account(&made);
        return Ok(());
    };
    if accounts.verify(journal, None, name, password.clone()).await.is_ok() {
        return Ok(());
    }
    let password = accounts.hash(password).await?;
    let changes = vec![AccountChange::SetPassword { account, password }];
    changed(journal.change(changes).await, || Refusal::Unavailable)
}

/// A guest keeps its name: it is an account from now on, in the same rooms.
pub(super) async fn register(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    password: Password,
) -> Result<Answer, Refusal> {
    let claim = caller.claim.as_ref().ok_or(Refusal::NotNamed)?;
    let user = claim.user();
    let name = user.name();
    if user.seat.is_account() {
        return Err(Refusal::LoggedIn { name: user.seat.known_as() });
    }
    let accounts = &house.accounts;
    let who = (user.identity(), name.clone());
    let from = caller.origin.counted();
    let made = accounts.register(&house.journal, &house.registry, from, who, password).await;
    let account = made?;
    house.registry.promote(claim, &account);
    user.has_settled();
    metadata::keep(house, user).await;
    tracing::info!(%name, "registered");
    let changed = Event::AccountChanged { user: name.clone(), account: true, account_name: None };
    presence::retell(house, user, &changed).await;
    let token = caller.ticket.as_ref().map(|ticket| ticket.token.clone());
    Ok(Answer::Event(Event::Identified { id, name, account: true, account_name: None, token }))
}

/// Becomes an account; by its name, or by the one that it has.
pub(super) async fn login(
    house: &House,
    caller: &Caller,
    (name, password): (UserName, Password),
    keeps_name: bool,
) -> Result<Answer, Refusal> {
    let user = caller.claim.as_ref().map(Claim::user);
    if let Some(user) = user.filter(|user| user.seat.is_account()) {
        return Err(Refusal::LoggedIn { name: user.seat.known_as() });
    }
    let is_resumable = caller.ticket.is_some();
    let called = user.filter(|_| keeps_name).map_or(Called::Account, |user| Called::As(user));
    let identified = identify(house, caller, (&name, password), called, is_resumable).await?;
    Ok(Answer::Became(Box::new(identified)))
}

/// Is a guest again: by the name that it had beside the account's, or by another.
pub(super) async fn logout(house: &House, caller: &Caller) -> Result<Answer, Refusal> {
    let user = caller.account()?.user();
    let is_resumable = caller.ticket.is_some();
    let identified = match house.registry.claim_from(user, (house.identity)()) {
        Some(claim) => super::guest::identified(house, claim, is_resumable, None).await?,
        None => super::guest::somebody(house, is_resumable).await?,
    };
    Ok(Answer::Became(Box::new(identified)))
}

/// Who has this name and password; a token may stand for the password.
///
/// # Errors
/// They do not go together, or the account may not log in.
pub(super) async fn identify(
    house: &House,
    caller: &Caller,
    (name, password): (&UserName, Password),
    called: Called<'_>,
    is_resumable: bool,
) -> Result<Identified, Refusal> {
    if let Some(token) = password.as_token() {
        let identified = identify_by_token(house, caller, &token, called, is_resumable).await?;
        let account = house.registry.account_named(name);
        let is_it = identified.claim.as_ref().is_some_and(|it| Some(it.identity()) == account);
        if is_it {
            return Ok(identified);
        }
        if let Some(claim) = identified.claim {
            let hash = identified.ticket.map(|ticket| ticket.hash);
            super::guest::leave(house, claim, hash).await;
        }
        return Err(Refusal::LoginFailed);
    }
    let (accounts, journal) = (&house.accounts, &house.journal);
    let verified = accounts.verify(journal, caller.origin.counted(), name, password).await?;
    let claim = begin(house, verified.account, None, called).await?;
    if let Err(refusal) = verified.is_still_true(journal, name).await {
        return Err(after_all(house, claim, called, refusal).await);
    }
    super::guest::identified(house, claim, is_resumable, None).await
}

/// Who somebody has proved to be, whose session has not begun.
#[derive(Debug)]
pub(crate) struct Proven {
    /// By this name.
    pub(crate) name: UserName,
    by: By,
}

impl Proven {
    /// It knows its password.
    pub(super) const fn by_password(name: UserName, verified: Verified) -> Self {
        Self { name, by: By::Password(verified) }
    }

    /// Its connection has its certificate.
    pub(crate) fn by_certificate(
        (account, name, fingerprint): (Identity, UserName, Fingerprint),
    ) -> Self {
        Self { name, by: By::Certificate { account, fingerprint } }
    }
}

/// What it was proved by.
#[derive(Debug)]
enum By {
    Password(Verified),
    Token(Token),
    Certificate { account: Identity, fingerprint: Fingerprint },
}

/// Somebody knows a password, or has a token.
///
/// # Errors
/// They do not go together.
pub(crate) async fn prove(
    house: &House,
    caller: &Caller,
    name: UserName,
    password: Password,
) -> Result<Proven, Refusal> {
    let (accounts, journal) = (&house.accounts, &house.journal);
    let from = caller.origin.address;
    let (account, by) = match password.as_token() {
        Some(token) => {
            let stored = accounts.token(journal, from, &token).await?;
            (stored.account, By::Token(token))
        }
        None => {
            let verified = accounts.verify(journal, from, &name, password).await?;
            (verified.account, By::Password(verified))
        }
    };
    let known = house.registry.may_log_in(account, (house.clock)())?;
    if known == name { Ok(Proven { name: known, by }) } else { Err(Refusal::LoginFailed) }
}

/// Somebody makes an account that it will be.
///
/// # Errors
/// The name is somebody's, or no accounts are made.
pub(crate) async fn prove_anew(
    house: &House,
    caller: &Caller,
    name: UserName,
    password: Password,
) -> Result<Proven, Refusal> {
    let (accounts, journal, registry) = (&house.accounts, &house.journal, &house.registry);
    let from = caller.origin.address;
    // Held while it is made: nobody else takes it.
    let claim = registry.claim(name.clone(), (house.identity)())?;
    let who = (claim.identity(), name.clone());
    let made = accounts.register(journal, registry, from, who, password.clone()).await;
    if let Ok(account) = &made {
        registry.add_account(account);
    }
    drop(claim);
    made?;
    tracing::info!(%name, "registered");
    let verified = accounts.verify(journal, from, &name, password).await?;
    Ok(Proven { name, by: By::Password(verified) })
}

/// The session of who has proved to be somebody begins.
///
/// # Errors
/// It is not that one any more, or may not log in.
pub(crate) async fn enter(
    house: &House,
    proven: Proven,
    called: Called<'_>,
) -> Result<Identified, Refusal> {
    let Proven { name, by } = proven;
    let verified = match by {
        By::Password(verified) => verified,
        By::Token(token) => {
            let caller = Caller::default();
            return identify_by_token(house, &caller, &token, called, false).await;
        }
        By::Certificate { account, fingerprint } => {
            return certificate::enter(house, (account, fingerprint), called, false).await;
        }
    };
    let claim = begin(house, verified.account, None, called).await?;
    if let Err(refusal) = verified.is_still_true(&house.journal, &name).await {
        return Err(after_all(house, claim, called, refusal).await);
    }
    super::guest::identified(house, claim, false, None).await
}

/// Whose token this is.
///
/// # Errors
/// Nobody's, or the account may not log in.
pub(super) async fn identify_by_token(
    house: &House,
    caller: &Caller,
    token: &Token,
    called: Called<'_>,
    is_resumable: bool,
) -> Result<Identified, Refusal> {
    let (accounts, journal) = (&house.accounts, &house.journal);
    let StoredToken { hash, account, info } =
        accounts.token(journal, caller.origin.counted(), token).await?;
    let claim = begin(house, account, Some(hash), called).await?;
    // Revoked while it began: a revocation that found no session to end.
    let is_there = journal.token(hash).await.map_err(journal_refusal)?.is_some();
    if !is_there {
        return Err(after_all(house, claim, called, Refusal::LoginFailed).await);
    }
    let scope = Scope::of(info);
    // A session that may do less than its account does not come back as all of it.
    super::guest::identified(house, claim, is_resumable && scope.is_none(), scope).await
}

/// A session of an account has begun, and was not to. Who has given up its name for it ends with it.
pub(super) async fn after_all(
    house: &House,
    claim: Claim,
    called: Called<'_>,
    why: Refusal,
) -> Refusal {
    if let Called::As(user) = called
        && !house.registry.find(&user.name()).is_some_and(|it| std::ptr::eq(&raw const *it, user))
    {
        user.seat.end(why.clone());
    }
    super::guest::leave(house, claim, None).await;
    why
}

/// A session of an account begins. The first one enters its rooms; but if it has the name of the user
/// that it was until now, that one has to leave its own first.
pub(super) async fn begin(
    house: &House,
    account: Identity,
    access: Option<TokenHash>,
    called: Called<'_>,
) -> Result<Claim, Refusal> {
    loop {
        let mut freed = std::pin::pin!(house.registry.freed());
        freed.as_mut().enable();
        match house.registry.attach(account, access, (house.clock)(), called) {
            Ok(claim) => {
                let has_name_of = |user: &User| user.name() == claim.user().name();
                if !matches!(called, Called::As(user) if has_name_of(user)) {
                    settle(house, claim.user()).await;
                }
                stay::wake(house, claim.user()).await;
                return Ok(claim);
            }
            Err(NotAttached::Refused(refusal)) => return Err(refusal),
            Err(NotAttached::Occupied(guest)) => give_up_name(house, &guest).await?,
            Err(NotAttached::Leaving) => {
                if tokio::time::timeout(HAND_OVER, freed).await.is_err() {
                    return Err(Refusal::Busy);
                }
            }
        }
    }
}

/// Somebody has a name that was registered by an administrator meanwhile: it gets another.
async fn give_up_name(house: &House, guest: &User) -> Result<(), Refusal> {
    let draw = || friendly((house.identity)().0.as_u128());
    let from = house.registry.rename_at_random(guest, draw)?;
    presence::tell_renamed(house, guest, from).await;
    Ok(())
}

/// An account wants to be called by its own name, which somebody else may have.
pub(super) async fn free_name(house: &House, user: &User, own: &UserName) -> Result<(), Refusal> {
    match house.registry.find(own).filter(|other| other.identity() != user.identity()) {
        Some(other) => give_up_name(house, &other).await,
        None => Ok(()),
    }
}

/// A guest has become an account that has its name now: where it may, that is in the guest's rooms. Those
/// who watch the name are told.
pub(crate) async fn succeed(house: &House, guest: &User, user: &User) {
    let change = house.registry.changes().next();
    let places = guest.seat.rooms().into_iter().filter(|place| place.peer.is_none());
    for Membership { room, address, .. } in places {
        let seat = Arc::clone(&user.seat);
        let entrant = Entrant { seat, address, follows: false, secret: None, may_administer: true };
        room.succeed(guest.identity(), entrant, change).await;
        room.flushed().await;
    }
    house.registry.tell_watchers(&user.name());
}

/// Enters the rooms that the account was in, and takes up what it had read and whom it shuns. The
/// first session does it.
pub(crate) async fn settle(house: &House, user: &User) {
    if !user.seat.is_account() || !user.begins_to_settle() {
        return;
    }
    let account = user.identity();
    let (rooms, shunned) = match house.journal.belongings(account).await {
        Ok(belongings) => belongings,
        Err(error) => {
            tracing::error!(%error, name = %user.name(), "the rooms of an account cannot be read");
            return;
        }
    };
    for shunned in shunned {
        user.shun(shunned);
    }
    match house.journal.metadata(MetadataOwner::Account(account)).await {
        Ok(metadata) => user.set_metadata(metadata),
        Err(error) => tracing::error!(%error, name = %user.name(), "metadata cannot be read"),
    }
    for kept in rooms {
        if let Err(refusal) = enter_again(house, user, kept).await {
            tracing::debug!(%refusal, name = %user.name(), "a room was not entered again");
        }
    }
    user.has_settled();
}

async fn enter_again(house: &House, user: &User, kept: AccountRoom) -> Result<(), Refusal> {
    let AccountRoom { room: key, read, told, read_until, peer } = &kept;
    let (address, is_over) = match key {
        RoomKey::Named(name) => (RoomAddress::Named(name.clone()), false),
        RoomKey::Direct(one, other) => {
            let other = if *one == user.identity() { *other } else { *one };
            let account = house.registry.account_name(other);
            let is_guest = account.is_none();
            let here = house.registry.find_account(other).map(|user| user.name());
            let Some(name) = here.or(account).or_else(|| peer.clone()) else { return Ok(()) };
            let there = house.registry.find(&name);
            let is_there = there.is_some_and(|there| there.identity() == other);
            (RoomAddress::Direct(name), is_guest && !is_there)
        }
    };
    if let Some(time) = read_until {
        user.seat.mark_read_until(&address, *time);
    }
    let how = How { may_administer: true, ..How::default() };
    let (room, snapshot) = room::enter(house, user, key, &address, how).await?;
    let place = user.seat.rooms().into_iter().find(|place| place.room.is_same(&room));
    if let Some(place) = place {
        place.restore_read(*read, *told);
    }
    if is_over && snapshot.roster.last <= *read {
        // The talk with a guest ends with the guest, once all of it is read.
        drop(room.leave(user.identity(), None, None).await); // or it is gone
        let rooms = vec![kept.room];
        let leave = AccountChange::LeaveRooms { account: user.identity(), rooms };
        house.journal.change_later(vec![leave]).await.map_err(journal_refusal)?;
        return Ok(());
    }
    user.keep(kept);
    Ok(())
}

/// Stores what an account has entered, left and read since this was called last.
pub(crate) async fn keep_rooms(house: &House, user: &User) {
    let account = user.identity();
    let Some(places) = user.seat.kept().filter(|_| user.is_settled()) else { return };
    let key = |(place, read_until): (Membership, _)| {
        let (read, told) = (place.read(), place.told());
        match place.address {
            RoomAddress::Named(name) => {
                let room = RoomKey::Named(name);
                Some(AccountRoom { room, read, told, read_until, peer: None })
            }
            // A talk with a guest ends with the guest.
            RoomAddress::Direct(_) => {
                let name = house.registry.account_name(place.peer?)?;
                let room = RoomKey::direct(account, place.peer?);
                Some(AccountRoom { room, read, told, read_until, peer: Some(name) })
            }
        }
    };
    let (rooms, left) = user.kept_since(places.into_iter().filter_map(key).collect());
    let mut changes = Vec::new();
    if !rooms.is_empty() {
        changes.push(AccountChange::KeepRooms { account, rooms });
    }
    if !left.is_empty() {
        changes.push(AccountChange::LeaveRooms { account, rooms: left });
    }
    if !changes.is_empty() && matches!(house.journal.change(changes).await, Ok(Changed::DiskFull)) {
        user.forget_kept(); // all of it again, when there is room
    }
}

/// Stores it for all accounts that are here, now and again and again.
pub(crate) async fn keep_all_rooms(house: House) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(crate::limits::ROOMS_KEPT_PAUSE) => {}
            () = house.stopping.cancelled() => {}
        }
        let accounts = house.registry.present_accounts();
        for user in accounts.iter().filter(|user| user.is_settled() && user.has_moved()) {
            keep_rooms(&house, user).await;
        }
        if house.stopping.is_cancelled() {
            return;
        }
    }
}

/// Another password; all other sessions of the account end.
pub(super) async fn change_password(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    old: Password,
    new: Password,
) -> Result<Answer, Refusal> {
    let claim = caller.account()?;
    let user = claim.user();
    let (accounts, journal) = (&house.accounts, &house.journal);
    accounts.verify(journal, caller.origin.counted(), &user.seat.known_as(), old).await?;
    let password = accounts.hash(new).await?;
    let account = user.identity();
    let but = caller.ticket.as_ref().map(|ticket| ticket.hash);
    let changes = vec![
        AccountChange::SetPassword { account, password },
        AccountChange::ForgetSessions { account, but },
    ];
    changed(journal.change(changes).await, || Refusal::LoggedOut)?;
    user.cut(None, claim.pass().map(|pass| &**pass), &Refusal::LoggedOut);
    evict(house, user).await;
    Ok(Answer::Event(Event::Done { id }))
}

/// A personal token, told once.
pub(super) async fn make_token(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    (name, rooms, read_only): (TokenName, Vec<RoomName>, bool),
) -> Result<Answer, Refusal> {
    let account = caller.account()?.user().identity();
    if rooms.len() > TOKEN_ROOMS_MAX {
        let limit = u64::try_from(TOKEN_ROOMS_MAX).unwrap_or(u64::MAX);
        return Err(Refusal::TooMany { what: "rooms of a token".to_owned(), limit });
    }
    let token = new_token(house.identity);
    let created_ms = (house.clock)();
    let info = TokenInfo { name: name.clone(), rooms, read_only, created_ms };
    let stored = StoredToken { hash: hash_of(&token), account, info };
    match house.journal.change(vec![AccountChange::AddToken(stored)]).await {
        Ok(Changed::Taken) => Err(Refusal::TokenExists { name }),
        Ok(Changed::Full) => {
            let limit = u64::try_from(TOKENS_MAX).unwrap_or(u64::MAX);
            Err(Refusal::TooMany { what: "tokens of yours".to_owned(), limit })
        }
        other => changed(other, || Refusal::Unavailable)
            .map(|()| Answer::Event(Event::TokenMade { id, name, token })),
    }
}

/// The tokens that one has.
pub(super) async fn tokens(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    let account = caller.account()?.user().identity();
    let tokens = house.journal.tokens(account).await.map_err(journal_refusal)?;
    let tokens = tokens.into_iter().map(|token| token.info).collect();
    Ok(Answer::Event(Event::TokenList { id, tokens }))
}

/// A token is worth nothing from now on.
pub(super) async fn revoke_token(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    name: TokenName,
) -> Result<Answer, Refusal> {
    let user = caller.account()?.user();
    let account = user.identity();
    let tokens = house.journal.tokens(account).await.map_err(journal_refusal)?;
    let token = tokens.into_iter().find(|token| token.info.name == name);
    let no_such = || Refusal::NoSuchToken { name: name.clone() };
    let token = token.ok_or_else(no_such)?;
    let revoke = AccountChange::RevokeToken { account, name: name.clone() };
    changed(house.journal.change(vec![revoke]).await, no_such)?;
    user.cut(Some(token.hash), None, &Refusal::LoggedOut);
    evict(house, user).await;
    Ok(Answer::Event(Event::Done { id }))
}

/// Those of a user's sessions that were ended and are nowhere do not come back.
pub(super) async fn evict(house: &House, user: &User) {
    for (token, claim) in house.returns.evict(user) {
        super::guest::leave(house, claim, Some(token)).await;
    }
}

/// What the journal made of a change, for who asked for it.
pub(super) fn changed(
    changed: Result<Changed, crate::journal::JournalError>,
    missing: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    match changed.map_err(journal_refusal)? {
        Changed::Done => Ok(()),
        Changed::Missing => Err(missing()),
        Changed::DiskFull => Err(Refusal::DiskFull),
        Changed::Taken | Changed::Full => Err(Refusal::Unavailable),
    }
}

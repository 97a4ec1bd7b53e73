//! The names that are claimed, and those that are accounts'. A guest's claim ends with its session,
//! an account's user with the last of its sessions. A map behind a lock: every use is one look-up,
//! and nothing awaits within.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::event::{Census, UserInfo, UserState};
use chat_protocol::name::OPERATOR_NAME;
use chat_protocol::{ByIdentity, Identity, Refusal, Timestamp, UserName};
use tokio::sync::Notify;

use super::claim::{Claim, LetGo, Pass};
use super::departed::Departed;
use super::looks::Looks;
use super::speaker::User;
use super::watchers::{Seen, Watchers, Watching};
use crate::journal::{Account, Suspension, TokenHash};
use crate::limits::{ACCOUNT_SESSIONS_MAX, RANDOM_NAME_TRIES, STAYING_ACCOUNTS_MAX};
use crate::room::{Bell, Changes, SessionNumber};

/// The claimed names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    names: Mutex<Names>,
    changes: Changes,
    sessions: AtomicU64,
    watchers: Watchers,
    departed: Departed,
    /// An account's user has left its rooms: another session may begin it anew.
    freed: Notify,
    /// Connections that are nobody yet.
    unnamed: AtomicU64,
}

/// A connection that is nobody yet.
#[derive(Debug)]
pub(crate) struct Unnamed(Registry);

impl Drop for Unnamed {
    fn drop(&mut self) {
        self.0.0.unnamed.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<UserName, Arc<User>>,
    looks: Looks,
    by_arrival: BTreeMap<u64, Arc<User>>,
    arrivals: u64,
    /// The most users that were here at a time.
    most: u64,
    accounts: ByIdentity<Registered>,
    registered: HashMap<UserName, Identity>,
    /// Of operators: nobody registers them, and they are administrators.
    operators: HashSet<UserName>,
}

/// What is known of an account at any time.
#[derive(Clone, Debug)]
struct Registered {
    name: UserName,
    is_administrator: bool,
    suspension: Option<Suspension>,
    stays: bool,
    /// Its user, whatever that is called, while there is one.
    here: Option<Arc<User>>,
}

impl Registered {
    fn may_log_in(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.suspension {
            Some(Suspension { until, why }) if until.is_none_or(|until| now < until) => {
                Err(Refusal::Suspended { until_ms: *until, reason: why.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What an account's user is called when it begins. Where that is not free, it is called as the
/// account is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Called<'a> {
    /// As the account is.
    Account,
    /// So.
    By(&'a UserName),
    /// As this user, whose one session becomes the account's. It gives up its name at once, and
    /// leaves its rooms before the other enters some.
    As(&'a User),
}

/// Why a session of an account cannot begin.
#[derive(Debug)]
pub(crate) enum NotAttached {
    /// For good, or for now.
    Refused(Refusal),
    /// Its last session is leaving its rooms: wait for [`Registry::freed`].
    Leaving,
    /// A guest has the name, since before it was registered.
    Occupied(Arc<User>),
}

impl Registry {
    /// Numbers for what belongs to a user and not to a room.
    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// A number that no other session has.
    pub(crate) fn next_session(&self) -> SessionNumber {
        SessionNumber(self.0.sessions.fetch_add(1, Ordering::Relaxed))
    }

    /// Claims a name for a new guest.
    ///
    /// # Errors
    /// Taken, an account's, or confusable with one that is.
    pub(crate) fn claim(&self, name: UserName, identity: Identity) -> Result<Claim, Refusal> {
        let mut names = self.lock();
        names.hold(&name, identity)?;
        let user = names.begin(name, identity, None, None);
        drop(names);
        self.tell_watchers(&user.name());
        Ok(Claim::new(self.clone(), user, None))
    }

    /// A guest begins under the name of a user whose one session it was, if that is nobody's.
    pub(crate) fn claim_from(&self, user: &User, identity: Identity) -> Option<Claim> {
        let mut names = self.lock();
        if !names.may_hand_over(user, identity) {
            return None;
        }
        let guest = names.begin(user.name(), identity, None, Some(user));
        drop(names);
        self.tell_watchers(&guest.name());
        Some(Claim::new(self.clone(), guest, None))
    }

    /// Claims one of the names that `draw` gives, with a number if they are all taken.
    pub(crate) fn claim_random(
        &self,
        identity: Identity,
        mut draw: impl FnMut() -> UserName,
    ) -> Result<Claim, Refusal> {
        self.pick(&mut draw, |name| self.claim(name, identity))
    }

    /// Gives a user one of the names that `draw` gives.
    pub(crate) fn rename_at_random(
        &self,
        user: &User,
        mut draw: impl FnMut() -> UserName,
    ) -> Result<UserName, Refusal> {
        self.pick(&mut draw, |name| self.rename(user, &name))
    }

    fn pick<T>(
        &self,
        draw: &mut impl FnMut() -> UserName,
        mut take: impl FnMut(UserName) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        for _ in 1..RANDOM_NAME_TRIES {
            if let Ok(taken) = take(draw()) {
                return Ok(taken);
            }
        }
        let base = draw();
        let mut number = self.lock().arrivals;
        loop {
            number += 1;
            let name = UserName::parse(&format!("{base}-{number}"))
                .map_err(|error| Refusal::name_invalid(&error))?;
            match take(name) {
                Err(
                    Refusal::NameTaken { .. }
                    | Refusal::NameRegistered { .. }
                    | Refusal::NameConfusable { .. },
                ) => {}
                result => return result,
            }
        }
    }

    /// Takes another name, and gives the old one.
    ///
    /// # Errors
    /// Taken, or confusable with one that is. One's own name in other letters is fine, and so is
    /// the name of one's account.
    pub(crate) fn rename(&self, user: &User, to: &UserName) -> Result<UserName, Refusal> {
        let mut names = self.lock();
        let from = user.name();
        if !names.is_held_by(&from, user) {
            return Ok(from); // its claim has just ended, or it has given up its name
        }
        let Some(held) = names.release(&from) else { return Ok(from) };
        let result = names.hold(to, user.identity());
        let now = if result.is_ok() { to } else { &from };
        names.looks.take(now);
        names.by_name.insert(now.clone(), held);
        user.seat.profile().name = now.clone();
        drop(names);
        self.tell_watchers(&from);
        self.tell_watchers(to);
        result.map(|()| from)
    }

    /// The user of a name.
    pub(crate) fn find(&self, name: &UserName) -> Option<Arc<User>> {
        self.lock().by_name.get(name).cloned()
    }

    /// The user of a name; if nobody has it, the user of the account of that name.
    pub(crate) fn meet(&self, name: &UserName) -> Option<Arc<User>> {
        let names = self.lock();
        let account = || names.accounts.get(names.registered.get(name)?)?.here.as_ref();
        names.by_name.get(name).or_else(account).cloned()
    }

    /// Who has left.
    pub(crate) fn departed(&self) -> &Departed {
        &self.0.departed
    }

    /// A session that wants to know who comes and goes; its bell wakes it.
    pub(crate) fn watching(&self, session: SessionNumber, bell: Arc<Bell>) -> Watching {
        Watching::new(self.0.watchers.clone(), session, bell)
    }

    /// How whoever has this name is seen; none: nobody has it. A guest that may come back has it.
    pub(crate) fn see(&self, name: &UserName) -> Option<Seen> {
        let user = self.find(name)?;
        let UserInfo { name, away, account, account_name, real_name, .. } = user.info();
        let state = UserState { name, online: true, account, account_name, away, real_name };
        Some(Seen { arrival: user.arrival, state })
    }

    /// Something of this user is otherwise: who watches it looks.
    pub(crate) fn tell_watchers(&self, name: &UserName) {
        self.0.watchers.tell(name);
    }

    /// The user of an account, if it has a session.
    pub(crate) fn find_account(&self, account: Identity) -> Option<Arc<User>> {
        self.lock().accounts.get(&account)?.here.clone()
    }

    /// The users of accounts that have sessions.
    pub(crate) fn present_accounts(&self) -> Vec<Arc<User>> {
        let names = self.lock();
        names.by_arrival.values().filter(|user| user.seat.is_account()).cloned().collect()
    }

    /// The first `limit` users in order of arrival, of those that may be told, and how many there
    /// are.
    pub(crate) fn list(
        &self,
        limit: usize,
        may_tell: impl Fn(&User) -> bool,
    ) -> (Vec<UserInfo>, usize) {
        let names = self.lock();
        let is_told = |user: &&Arc<User>| user.is_present() && may_tell(user);
        let present = || names.by_arrival.values().filter(is_told);
        (present().take(limit).map(|user| user.info()).collect(), present().count())
    }

    /// How many there are; of rooms it knows nothing.
    pub(crate) fn census(&self) -> Census {
        let names = self.lock();
        let present = || names.by_arrival.values().filter(|user| user.is_present());
        let count = |is_it: fn(&User) -> bool| {
            u64::try_from(present().filter(|user| is_it(user)).count()).unwrap_or(u64::MAX)
        };
        Census {
            users: count(|_| true),
            users_most: names.most,
            invisible: count(|user| user.seat.profile().invisible),
            administrators: count(|user| user.seat.is_administrator()),
            unnamed: self.0.unnamed.load(Ordering::Relaxed),
            rooms: 0,
        }
    }

    /// A connection that is nobody yet; dropped, it is somebody, or gone.
    pub(crate) fn unnamed(&self) -> Unnamed {
        self.0.unnamed.fetch_add(1, Ordering::Relaxed);
        Unnamed(self.clone())
    }

    /// These names are operators': they alone.
    pub(crate) fn set_operators(&self, operators: impl IntoIterator<Item = UserName>) {
        let mut names = self.lock();
        let before = std::mem::take(&mut names.operators);
        for name in before {
            names.forget_looks(&name);
        }
        for name in operators {
            names.looks.take(&name);
            names.operators.insert(name);
        }
        names.crown();
    }

    /// An account is there; its name is nobody else's from now on.
    pub(crate) fn add_account(&self, account: &Account) {
        let mut names = self.lock();
        let Account { identity, name, is_administrator, suspension, stays, created: _ } =
            account.clone();
        names.looks.take(&name);
        names.registered.insert(name.clone(), identity);
        let here = None;
        let registered = Registered { name, is_administrator, suspension, stays, here };
        names.accounts.insert(identity, registered);
    }

    /// A guest is an account from now on: it keeps its identity, its name and its rooms.
    pub(crate) fn promote(&self, claim: &Claim, account: &Account) {
        self.add_account(account);
        claim.user().seat.set_account(account.name.clone());
        let mut names = self.lock();
        if let Some(registered) = names.accounts.get_mut(&account.identity) {
            registered.here = Some(Arc::clone(claim.user()));
        }
        names.crown();
        drop(names);
        claim.give_pass(None);
        self.tell_watchers(&account.name);
    }

    /// It is deleted: its name is free once its sessions have ended.
    pub(crate) fn remove_account(&self, account: Identity) {
        let mut names = self.lock();
        if let Some(Registered { name, .. }) = names.accounts.remove(&account) {
            names.registered.remove(&name);
            names.forget_looks(&name);
        }
    }

    /// How many accounts there are.
    pub(crate) fn accounts_count(&self) -> usize {
        self.lock().accounts.len()
    }

    /// The account of a name.
    pub(crate) fn account_named(&self, name: &UserName) -> Option<Identity> {
        self.lock().registered.get(name).copied()
    }

    /// The name of an account.
    pub(crate) fn account_name(&self, account: Identity) -> Option<UserName> {
        self.lock().accounts.get(&account).map(|registered| registered.name.clone())
    }

    /// The name of an account that may log in now.
    ///
    /// # Errors
    /// It is suspended, or no more.
    pub(crate) fn may_log_in(
        &self,
        account: Identity,
        now: Timestamp,
    ) -> Result<UserName, Refusal> {
        let names = self.lock();
        let registered = names.accounts.get(&account).ok_or(Refusal::LoginFailed)?;
        registered.may_log_in(now)?;
        Ok(registered.name.clone())
    }

    /// May a guest make an account of this name?
    ///
    /// # Errors
    /// It is an account already, or an operator's.
    pub(crate) fn may_register(&self, name: &UserName) -> Result<(), Refusal> {
        is_nobodys(name)?;
        let names = self.lock();
        if names.registered.contains_key(name) || names.operators.contains(name) {
            return Err(Refusal::NameRegistered { name: name.clone() });
        }
        names.looks.are_free(name)
    }

    /// Is it an administrator, now?
    pub(crate) fn is_administrator(&self, account: Identity) -> bool {
        self.lock().is_administrator(account)
    }

    /// It is an administrator from now on, or no longer.
    pub(crate) fn set_administrator(&self, account: Identity, is_administrator: bool) {
        let mut names = self.lock();
        if let Some(registered) = names.accounts.get_mut(&account) {
            registered.is_administrator = is_administrator;
        }
        names.crown();
    }

    /// It may not log in from now on, or may again.
    pub(crate) fn set_suspension(&self, account: Identity, suspension: Option<Suspension>) {
        if let Some(registered) = self.lock().accounts.get_mut(&account) {
            registered.suspension = suspension;
        }
    }

    /// It stays in its rooms from now on while it is not connected, or leaves them; if there is place
    /// for one more.
    pub(crate) fn set_stay(&self, account: Identity, stays: bool) -> bool {
        let mut names = self.lock();
        let others = names.accounts.iter().filter(|(other, it)| it.stays && **other != account);
        if stays && others.count() >= STAYING_ACCOUNTS_MAX {
            return false;
        }
        if let Some(registered) = names.accounts.get_mut(&account) {
            registered.stays = stays;
        }
        true
    }

    /// Does it?
    pub(crate) fn stays(&self, account: Identity) -> bool {
        self.lock().accounts.get(&account).is_some_and(|registered| registered.stays)
    }

    /// The accounts that are in their rooms without being connected.
    pub(crate) fn staying(&self) -> Vec<Identity> {
        let names = self.lock();
        let stays = |registered: &Registered| registered.stays && registered.suspension.is_none();
        let staying = names.accounts.iter().filter(|(_, registered)| stays(registered));
        staying.map(|(account, _)| *account).take(STAYING_ACCOUNTS_MAX).collect()
    }

    /// One session less, unless it was the last one of an account that stays.
    pub(super) fn let_go_or_stay(&self, user: &User) -> LetGo {
        let names = self.lock();
        let registered = names.accounts.get(&user.identity());
        let stays = registered.is_some_and(|it| it.stays && it.suspension.is_none());
        if stays && user.seat.is_account() && user.claims() == 1 {
            return LetGo::Stays;
        }
        match user.remove_claim() {
            0 => {
                user.seat.close();
                LetGo::Last
            }
            _ => LetGo::NotLast,
        }
    }

    /// A session of an account begins. `access`: the personal token, or the
    /// certificate, that it came with.
    ///
    /// # Errors
    /// [`NotAttached`] says what to do about it.
    pub(crate) fn attach(
        &self,
        account: Identity,
        access: Option<TokenHash>,
        now: Timestamp,
        called: Called<'_>,
    ) -> Result<Claim, NotAttached> {
        let mut names = self.lock();
        let Some(registered) = names.accounts.get(&account) else {
            return Err(NotAttached::Refused(Refusal::LoginFailed));
        };
        registered.may_log_in(now).map_err(NotAttached::Refused)?;
        let own = registered.name.clone();
        let user = match registered.here.clone() {
            Some(user) => match user.claims() {
                0 => return Err(NotAttached::Leaving),
                claims if claims >= ACCOUNT_SESSIONS_MAX => {
                    let limit = u64::try_from(ACCOUNT_SESSIONS_MAX).unwrap_or(u64::MAX);
                    let what = "sessions of this account".to_owned();
                    return Err(NotAttached::Refused(Refusal::TooMany { what, limit }));
                }
                _ => {
                    user.add_claim();
                    user.came();
                    user
                }
            },
            None => names.begin_account(account, own, called)?,
        };
        let name = user.name();
        // Under the lock: who is suspended from now on finds this session among those to end.
        let claim = Claim::new(self.clone(), user, Some(Pass::new(access)));
        drop(names);
        // Who has handed over its name leaves its rooms, and then that is told.
        if !matches!(called, Called::As(user) if user.arrival == claim.user().arrival) {
            self.tell_watchers(&name);
        }
        Ok(claim)
    }

    /// Waits until an account's user has left its rooms. Begin to wait, then try.
    pub(crate) fn freed(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.freed.notified()
    }

    /// One session less. Was it the last one?
    pub(super) fn let_go(&self, user: &User) -> bool {
        let _names = self.lock();
        let is_last = user.remove_claim() == 0;
        if is_last {
            user.seat.close();
        }
        is_last
    }

    /// A user is no more.
    pub(super) fn end(&self, user: &User) {
        let mut names = self.lock();
        let name = user.name();
        if names.is_held_by(&name, user) {
            names.release(&name);
            names.by_arrival.remove(&user.arrival);
        }
        if let Some(registered) = names.accounts.get_mut(&user.identity()) {
            registered.here.take_if(|here| std::ptr::eq(&raw const **here, user));
        }
        drop(names);
        self.tell_watchers(&name);
        self.0.freed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operator's name stands in rooms as that of who changed them.
fn is_nobodys(name: &UserName) -> Result<(), Refusal> {
    match name.folded() == OPERATOR_NAME {
        true => Err(Refusal::name_invalid(&format!("user name \"{name}\" is reserved"))),
        false => Ok(()),
    }
}

impl Names {
    /// `instead_of`: the user whose place and profile this one takes.
    fn begin(
        &mut self,
        name: UserName,
        identity: Identity,
        account: Option<UserName>,
        instead_of: Option<&User>,
    ) -> Arc<User> {
        self.arrivals += 1;
        let arrival = instead_of.map_or(self.arrivals, |user| user.arrival);
        let user = Arc::new(User::new(identity, name.clone(), arrival));
        if let Some(before) = instead_of {
            let profile = before.seat.profile().clone();
            *user.seat.profile() = profile;
        }
        if let Some(account) = account {
            user.seat.set_account(account);
            user.seat.set_administrator(self.is_administrator(identity));
        }
        self.by_name.insert(name, Arc::clone(&user));
        self.by_arrival.insert(user.arrival, Arc::clone(&user));
        self.most = self.most.max(u64::try_from(self.by_arrival.len()).unwrap_or(u64::MAX));
        user
    }

    /// The user of an account that is not here.
    fn begin_account(
        &mut self,
        account: Identity,
        own: UserName,
        called: Called<'_>,
    ) -> Result<Arc<User>, NotAttached> {
        let (name, instead_of) = match called {
            Called::As(user) if self.may_hand_over(user, account) => (user.name(), Some(user)),
            Called::By(name) if self.hold(name, account).is_ok() => (name.clone(), None),
            Called::Account | Called::By(_) | Called::As(_) => match self.by_name.get(&own) {
                Some(user) => return Err(NotAttached::Occupied(Arc::clone(user))),
                None => (own.clone(), None),
            },
        };
        let user = self.begin(name, account, Some(own), instead_of);
        if let Some(registered) = self.accounts.get_mut(&account) {
            registered.here = Some(Arc::clone(&user));
        }
        Ok(user)
    }

    /// May this user's name be another's from now on? It has one session, and nobody else has
    /// registered the name.
    fn may_hand_over(&self, user: &User, to: Identity) -> bool {
        let name = user.name();
        let is_own = self.registered.get(&name) == Some(&to);
        let is_reserved = self.registered.contains_key(&name) || self.operators.contains(&name);
        let stays = self.accounts.get(&user.identity()).is_some_and(|it| it.stays);
        let may_go = user.claims() == 1 && !stays && self.is_held_by(&name, user);
        may_go && (is_own || !is_reserved)
    }

    fn is_held_by(&self, name: &UserName, user: &User) -> bool {
        self.by_name.get(name).is_some_and(|held| std::ptr::eq(&raw const **held, user))
    }

    fn is_administrator(&self, account: Identity) -> bool {
        self.accounts.get(&account).is_some_and(|registered| {
            registered.is_administrator || self.operators.contains(&registered.name)
        })
    }

    /// Who is connected is an administrator in rooms, or not.
    fn crown(&self) {
        for user in self.by_name.values() {
            user.seat.set_administrator(self.is_administrator(user.identity()));
        }
    }

    /// Is it free for this one? Then its looks are taken too.
    fn hold(&mut self, name: &UserName, who: Identity) -> Result<(), Refusal> {
        is_nobodys(name)?;
        let is_own = self.registered.get(name) == Some(&who);
        let is_reserved = self.registered.contains_key(name) || self.operators.contains(name);
        if is_reserved && !is_own {
            return Err(Refusal::NameRegistered { name: name.clone() });
        }
        if self.by_name.contains_key(name) {
            return Err(Refusal::NameTaken { name: name.clone() });
        }
        self.looks.take_if_free(name)
    }

    /// Its looks are free, unless somebody else has the name for another reason.
    fn forget_looks(&mut self, name: &UserName) {
        let is_used = self.by_name.contains_key(name)
            || self.registered.contains_key(name)
            || self.operators.contains(name);
        if !is_used {
            self.looks.forget(name);
        }
    }

    fn release(&mut self, name: &UserName) -> Option<Arc<User>> {
        let held = self.by_name.remove(name);
        self.forget_looks(name);
        held
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn someone() -> Identity {
        Identity(Uuid::new_v4())
    }

    #[test]
    fn a_name_is_claimed_once_until_its_claim_ends() {
        let registry = Registry::default();
        let ana = registry.claim(name("ana"), someone()).unwrap();
        let taken = registry.claim(name("ANA"), someone()).unwrap_err();
        assert_eq!(taken, Refusal::NameTaken { name: name("ANA") });
        drop(ana);
        assert!(registry.claim(name("ANA"), someone()).is_ok());
        assert_eq!(registry.list(10, |_| true).1, 0);
        assert!(registry.lock().looks.is_empty());
    }

    #[test]
    fn a_look_alike_in_another_script_is_refused_and_plain_ascii_is_not() {
        let registry = Registry::default();
        let _latin = registry.claim(name("paypal"), someone()).unwrap();
        assert!(matches!(
            registry.claim(name("раураl"), someone()),
            Err(Refusal::NameConfusable { .. })
        ));
        let _bobl = registry.claim(name("bobl"), someone()).unwrap();
        assert!(registry.claim(name("bob1"), someone()).is_ok());
    }

    #[test]
    fn renaming_frees_the_old_name_and_a_refused_one_keeps_it() {
        let registry = Registry::default();
        let ana = registry.claim(name("ana"), someone()).unwrap();
        let _bob = registry.claim(name("bob"), someone()).unwrap();
        assert!(registry.rename(ana.user(), &name("bob")).is_err());
        assert!(Arc::ptr_eq(&registry.find(&name("ana")).unwrap(), ana.user()));
        assert_eq!(registry.rename(ana.user(), &name("Ana")).unwrap(), name("ana"));
        assert_eq!(ana.user().name().as_str(), "Ana");
        registry.rename(ana.user(), &name("maya")).unwrap();
        assert!(registry.find(&name("ana")).is_none());
        drop(ana);
        assert!(registry.find(&name("maya")).is_none());
    }

    #[test]
    fn random_names_end_in_a_number_when_they_run_out() {
        let registry = Registry::default();
        let draw = || name("otter");
        let first = registry.claim_random(someone(), draw).unwrap();
        let second = registry.claim_random(someone(), draw).unwrap();
        assert_eq!(first.user().name().as_str(), "otter");
        assert_eq!(second.user().name().as_str(), "otter-2");
    }

    fn account(registry: &Registry, text: &str) -> Identity {
        let (identity, name) = (someone(), name(text));
        let (created, is_administrator, suspension) = (Timestamp(0), false, None);
        let stays = false;
        let account = Account { identity, name, created, is_administrator, suspension, stays };
        registry.add_account(&account);
        identity
    }

    #[test]
    fn sessions_of_an_account_share_one_user_until_the_last_one_has_left_its_rooms() {
        let registry = Registry::default();
        let ana = account(&registry, "ana");
        let refused = registry.claim(name("Ana"), someone()).unwrap_err();
        assert_eq!(refused, Refusal::NameRegistered { name: name("Ana") });
        let attach = || registry.attach(ana, None, Timestamp(0), Called::Account);
        let (mut one, mut other) = (attach().unwrap(), attach().unwrap());
        assert!(Arc::ptr_eq(one.user(), other.user()));
        assert_eq!(registry.list(10, |_| true).1, 1);
        assert!(!one.let_go());
        assert!(other.let_go(), "the last one");
        drop(one);
        assert!(matches!(attach(), Err(NotAttached::Leaving)), "its rooms are being left");
        drop(other);
        let next = attach().unwrap();
        assert_eq!(next.user().identity(), ana);
        let limit = (1..ACCOUNT_SESSIONS_MAX).map(|_| attach().unwrap()).collect::<Vec<_>>();
        assert!(matches!(attach(), Err(NotAttached::Refused(Refusal::TooMany { .. }))));
        drop((next, limit));
        assert!(registry.find(&name("ana")).is_none());
    }

    #[test]
    fn who_is_suspended_has_no_session_that_is_not_ended() {
        let registry = Registry::default();
        let ana = account(&registry, "ana");
        let session = registry.attach(ana, None, Timestamp(0), Called::Account).unwrap();
        let why = chat_protocol::LineText::parse("spam").unwrap();
        registry.set_suspension(ana, Some(Suspension { until: Some(Timestamp(9)), why }));
        session.user().cut(None, None, &Refusal::LoggedOut);
        assert!(session.pass().unwrap().is_cut());
        let at = |time| registry.attach(ana, None, Timestamp(time), Called::Account);
        assert!(matches!(at(8), Err(NotAttached::Refused(Refusal::Suspended { .. }))));
        assert!(at(9).is_ok());
    }

    #[test]
    fn a_token_that_is_revoked_ends_its_own_sessions_alone() {
        let registry = Registry::default();
        let ana = account(&registry, "ana");
        let token = TokenHash([1; 32]);
        let by_token = registry.attach(ana, Some(token), Timestamp(0), Called::Account).unwrap();
        let by_password = registry.attach(ana, None, Timestamp(0), Called::Account).unwrap();
        by_password.user().cut(Some(token), None, &Refusal::LoggedOut);
        assert!(by_token.pass().unwrap().is_cut() && !by_password.pass().unwrap().is_cut());
        let own = by_password.pass().map(|pass| &**pass);
        by_password.user().cut(None, own, &Refusal::LoggedOut);
        assert!(!by_password.pass().unwrap().is_cut());
    }

    #[test]
    fn the_looks_of_an_account_are_its_own_also_while_it_is_away() {
        let registry = Registry::default();
        let paypal = account(&registry, "paypal");
        let refused = registry.claim(name("раураl"), someone());
        assert!(matches!(refused, Err(Refusal::NameConfusable { .. })));
        registry.remove_account(paypal);
        assert!(registry.claim(name("раураl"), someone()).is_ok());
    }
}

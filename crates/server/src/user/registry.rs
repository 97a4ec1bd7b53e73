//! The names that are claimed. A claim ends when its guard is dropped. A map behind a lock: every
//! use is one look-up, and nothing awaits within.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::event::UserInfo;
use chat_protocol::{Identity, LineText, Refusal, UserName};

use crate::limits::RANDOM_NAME_TRIES;
use crate::room::{Changes, Seat};

/// Somebody who speaks.
#[derive(Debug)]
pub(crate) struct User {
    /// Its places in rooms.
    pub(crate) seat: Arc<Seat>,
    /// Who came when.
    arrival: u64,
    /// How often it was parked.
    parkings: AtomicU64,
    /// It has a session.
    is_present: AtomicBool,
}

impl User {
    /// The permanent id behind it.
    pub(crate) fn identity(&self) -> Identity {
        self.seat.identity
    }

    /// Its name, now.
    pub(crate) fn name(&self) -> UserName {
        self.seat.profile().name.clone()
    }

    /// Its name, and whether it is away.
    pub(crate) fn info(&self) -> UserInfo {
        self.seat.profile().clone()
    }

    fn is_present(&self) -> bool {
        self.is_present.load(Ordering::Relaxed)
    }

    /// Away with a message, or back.
    pub(crate) fn set_away(&self, text: Option<LineText>) {
        self.seat.profile().away = text;
    }
}

/// The claimed names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    names: Mutex<Names>,
    changes: Changes,
}

#[derive(Debug, Default)]
struct Names {
    by_name: HashMap<UserName, Arc<User>>,
    by_skeleton: HashMap<String, Vec<UserName>>,
    by_arrival: BTreeMap<u64, Arc<User>>,
    arrivals: u64,
}

/// A name that is held. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Claim {
    registry: Registry,
    user: Arc<User>,
    /// The user's: asked for with every delivery.
    identity: Identity,
}

impl Claim {
    /// Whose it is.
    pub(crate) const fn user(&self) -> &Arc<User> {
        &self.user
    }

    /// Who that is.
    pub(crate) const fn identity(&self) -> Identity {
        self.identity
    }

    /// Its session is over; a number that tells this time from the next.
    pub(super) fn next_parking(&self) -> u64 {
        self.user.is_present.store(false, Ordering::Relaxed);
        self.user.parkings.fetch_add(1, Ordering::Relaxed)
    }

    /// It has a session again.
    pub(super) fn returned(&self) {
        self.user.is_present.store(true, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut names = self.registry.lock();
        names.release(&self.user.name());
        names.by_arrival.remove(&self.user.arrival);
    }
}

impl Registry {
    /// Numbers for what belongs to a user and not to a room.
    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// Claims a name for a new guest.
    ///
    /// # Errors
    /// Taken, or confusable with one that is.
    pub(crate) fn claim(&self, name: UserName, identity: Identity) -> Result<Claim, Refusal> {
        let mut names = self.lock();
        names.hold(&name)?;
        names.arrivals += 1;
        let user = Arc::new(User {
            seat: Arc::new(Seat::new(identity, name.clone())),
            arrival: names.arrivals,
            parkings: AtomicU64::new(0),
            is_present: AtomicBool::new(true),
        });
        names.by_name.insert(name, Arc::clone(&user));
        names.by_arrival.insert(user.arrival, Arc::clone(&user));
        Ok(Claim { registry: self.clone(), user, identity })
    }

    /// Claims one of the names that `draw` gives, with a number if they are all taken.
    pub(crate) fn claim_random(
        &self,
        identity: Identity,
        mut draw: impl FnMut() -> UserName,
    ) -> Result<Claim, Refusal> {
        for _ in 1..RANDOM_NAME_TRIES {
            if let Ok(claim) = self.claim(draw(), identity) {
                return Ok(claim);
            }
        }
        let base = draw();
        let mut number = self.lock().arrivals;
        loop {
            number += 1;
            let name = UserName::parse(&format!("{base}-{number}"))
                .map_err(|error| Refusal::name_invalid(&error))?;
            match self.claim(name, identity) {
                Err(Refusal::NameTaken { .. } | Refusal::NameConfusable { .. }) => {}
                result => return result,
            }
        }
    }

    /// Takes another name, and gives the old one.
    ///
    /// # Errors
    /// Taken, or confusable with one that is. One's own name in other letters is fine.
    pub(crate) fn rename(&self, user: &User, to: &UserName) -> Result<UserName, Refusal> {
        let mut names = self.lock();
        let from = user.name();
        let Some(held) = names.release(&from) else {
            return Ok(from); // its claim has just ended
        };
        let result = names.hold(to);
        let now = if result.is_ok() { to } else { &from };
        names.index(now);
        names.by_name.insert(now.clone(), held);
        user.seat.profile().name = now.clone();
        result.map(|()| from)
    }

    /// The user of a name.
    pub(crate) fn find(&self, name: &UserName) -> Option<Arc<User>> {
        self.lock().by_name.get(name).cloned()
    }

    /// The first `limit` users in order of arrival, and how many there are.
    pub(crate) fn list(&self, limit: usize) -> (Vec<UserInfo>, usize) {
        let names = self.lock();
        let present = || names.by_arrival.values().filter(|user| user.is_present());
        (present().take(limit).map(|user| user.info()).collect(), present().count())
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    /// Is it free? Then its looks are taken too. Two plain ASCII names may look alike (`bob1`,
    /// `bobl`): only a foreign script makes them confusable.
    fn hold(&mut self, name: &UserName) -> Result<(), Refusal> {
        if self.by_name.contains_key(name) {
            return Err(Refusal::NameTaken { name: name.clone() });
        }
        let alike = self.by_skeleton.get(&name.skeleton());
        let confusable = |like: &&UserName| !(name.as_str().is_ascii() && like.as_str().is_ascii());
        if let Some(like) = alike.into_iter().flatten().find(confusable) {
            return Err(Refusal::NameConfusable { name: name.clone(), like: like.clone() });
        }
        self.index(name);
        Ok(())
    }

    fn index(&mut self, name: &UserName) {
        let alike = self.by_skeleton.entry(name.skeleton()).or_default();
        if !alike.contains(name) {
            alike.push(name.clone());
        }
    }

    fn release(&mut self, name: &UserName) -> Option<Arc<User>> {
        let skeleton = name.skeleton();
        if let Some(alike) = self.by_skeleton.get_mut(&skeleton) {
            alike.retain(|like| like != name);
            if alike.is_empty() {
                self.by_skeleton.remove(&skeleton);
            }
        }
        self.by_name.remove(name)
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
        assert_eq!(registry.list(10).1, 0);
        assert!(registry.lock().by_skeleton.is_empty());
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
}

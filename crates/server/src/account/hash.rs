//! Passwords and their hashes: argon2id, so many at a time, so many that wait. Never stores one.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use chat_protocol::{Password, Refusal};
use tokio::sync::Semaphore;

use super::scram::ScramKeys;
use crate::journal::StoredPassword;
use crate::limits::{HASHES_AT_ONCE, HASHES_WAITING_MAX};

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashCost {
    /// Memory, in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
}

impl Default for HashCost {
    /// OWASP's second choice: 19 MiB, about 26 ms.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Hashes and verifies, off the runtime's threads.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    params: Params,
    /// Nobody's password, so that a name that nobody has takes the same work.
    nobodys: Arc<str>,
    /// Those that are worked on.
    working: Arc<Semaphore>,
    /// Those that are worked on, or wait.
    waiting: Arc<Semaphore>,
}

impl Hasher {
    /// # Errors
    /// The cost is none that a hash can have.
    pub(crate) fn new(cost: HashCost) -> Result<Self, String> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| error.to_string())?;
        // Costs what all others cost when it is verified, and next to nothing to make.
        let cheap = Params::new(8, 1, 1, None).map_err(|error| error.to_string())?;
        let nobodys = argon2id(&cheap).hash_password(uuid::Uuid::new_v4().as_bytes());
        let nobodys = nobodys.map_err(|error| error.to_string())?.to_string();
        let HashCost { memory_kib, passes, lanes } = cost;
        let cost = format!("m={memory_kib},t={passes},p={lanes}");
        let nobodys = nobodys.replace("m=8,t=1,p=1", &cost).into();
        Ok(Self {
            params,
            nobodys,
            working: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING_MAX)),
        })
    }

    /// What is stored of a password.
    ///
    /// # Errors
    /// As many wait as may.
    pub(crate) async fn hash(&self, password: Password) -> Result<StoredPassword, Refusal> {
        let argon2 = argon2id(&self.params);
        let hashed = self.work(move || {
            let hash = argon2.hash_password(password.reveal().as_bytes())?.to_string();
            Ok(StoredPassword { hash, scram: Some(keys(&password)) })
        });
        hashed.await?.map_err(|error: argon2::password_hash::Error| {
            tracing::error!(%error, "a password cannot be hashed");
            Refusal::Unavailable
        })
    }

    /// The keys of a password for SCRAM.
    ///
    /// # Errors
    /// As many wait as may.
    pub(crate) async fn scram(&self, password: Password) -> Result<String, Refusal> {
        self.work(move || keys(&password)).await
    }

    /// Is it the password of this hash? Without one it is not, after the same work.
    ///
    /// # Errors
    /// As many wait as may.
    pub(crate) async fn verify(
        &self,
        hash: Option<String>,
        password: Password,
    ) -> Result<bool, Refusal> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| (*self.nobodys).to_owned());
        let argon2 = argon2id(&self.params);
        let is_right = self
            .work(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                argon2.verify_password(password.reveal().as_bytes(), &hash).ok()
            })
            .await?;
        Ok(is_known && is_right.is_some())
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let turn = Arc::clone(&self.working).acquire_owned().await.map_err(|_| Refusal::Busy)?;
        // Who goes away meanwhile still holds its turn until the work is done.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        done.await.map_err(|_panicked| Refusal::Unavailable)
    }
}

/// By a salt that no other has.
fn keys(password: &Password) -> String {
    ScramKeys::of(password.reveal(), uuid::Uuid::new_v4().into_bytes()).to_string()
}

fn argon2id(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

/// A cost for tests.
#[cfg(test)]
pub(crate) const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_that_of_its_hash_alone() {
        let hasher = Hasher::new(CHEAP).unwrap();
        let hash = hasher.hash(password("correct-horse")).await.unwrap().hash;
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        let is = async |hash, text| hasher.verify(hash, password(text)).await.unwrap();
        assert!(is(Some(hash.clone()), "correct-horse").await);
        assert!(!is(Some(hash.clone()), "battery-staple").await);
        assert!(!is(None, "correct-horse").await);
        assert!(!is(Some("damaged".to_owned()), "correct-horse").await);
        let costly = Hasher::new(HashCost { memory_kib: 64, passes: 3, lanes: 2 }).unwrap();
        let nobodys = PasswordHash::new(&costly.nobodys).unwrap();
        assert_eq!(Params::try_from(&nobodys).unwrap().t_cost(), 3, "{nobodys}");
        let again = hasher.hash(password("correct-horse")).await.unwrap().hash;
        assert_ne!(hash, again, "salted");
    }

    #[tokio::test]
    async fn so_many_wait_and_the_next_is_told_that_it_is_busy() {
        let hasher = Hasher::new(CHEAP).unwrap();
        let all = HASHES_AT_ONCE + HASHES_WAITING_MAX;
        let places = Arc::clone(&hasher.waiting).acquire_many_owned(u32::try_from(all).unwrap());
        let places = places.await.unwrap();
        let refused = hasher.hash(password("correct-horse")).await;
        assert_eq!(refused, Err(Refusal::Busy));
        drop(places);
        assert!(hasher.hash(password("correct-horse")).await.is_ok());
    }
}

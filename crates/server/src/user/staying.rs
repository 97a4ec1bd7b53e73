//! Accounts that are in their rooms without being connected: each is held by a claim, as by a session
//! that never speaks. Never tells the rooms.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{ByIdentity, Identity};

use super::Claim;

/// Who is here without a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Staying(Arc<Mutex<ByIdentity<Claim>>>);

impl Staying {
    /// The last session of an account that stays is over: its claim is kept. Gives one that was kept
    /// before, if there was one.
    pub(crate) fn keep(&self, claim: Claim) -> Option<Claim> {
        let account = claim.identity();
        self.lock().insert(account, claim)
    }

    /// It has a session again, or is to leave: what held it.
    pub(crate) fn take(&self, account: Identity) -> Option<Claim> {
        self.lock().remove(&account)
    }

    /// Is it held without a session?
    pub(crate) fn has(&self, account: Identity) -> bool {
        self.lock().contains_key(&account)
    }

    fn lock(&self) -> MutexGuard<'_, ByIdentity<Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

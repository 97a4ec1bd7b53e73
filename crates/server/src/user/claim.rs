//! A session's share of a user: as long as one is held, the name is. Also what ends an account's
//! session from outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chat_protocol::{Identity, Refusal};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::registry::Registry;
use super::speaker::User;
use crate::journal::TokenHash;

/// A share of a user. Dropped, it is let go; with the last one, the name is free again.
#[derive(Debug)]
pub(crate) struct Claim {
    registry: Registry,
    user: Arc<User>,
    /// The user's: asked for with every delivery.
    identity: Identity,
    /// An account's sessions have one.
    pass: OnceLock<Arc<Pass>>,
    /// Let go; was it the last one?
    let_go: Option<bool>,
    is_parked: AtomicBool,
}

/// What has become of a user whose session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetGo {
    /// It has other sessions.
    NotLast,
    /// Its rooms are to be left before the claim is dropped.
    Last,
    /// It stays in its rooms as long as the claim is kept.
    Stays,
}

/// By what an account's session is let in, and may be ended.
#[derive(Debug)]
pub(crate) struct Pass {
    /// The personal token, or the certificate, that it came with.
    pub(crate) access: Option<TokenHash>,
    is_cut: AtomicBool,
    cut: CancellationToken,
    why: Mutex<Option<Refusal>>,
}

impl Pass {
    pub(super) fn new(access: Option<TokenHash>) -> Arc<Self> {
        Arc::new(Self {
            access,
            is_cut: AtomicBool::new(false),
            cut: CancellationToken::new(),
            why: Mutex::default(),
        })
    }

    pub(super) fn cut(&self, why: Refusal) {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.is_cut.store(true, Ordering::Release);
        self.cut.cancel();
    }

    /// Is it worth nothing any more?
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Acquire)
    }

    /// Wakes when it is.
    pub(crate) fn alarm(&self) -> WaitForCancellationFutureOwned {
        self.cut.clone().cancelled_owned()
    }

    /// Why it is.
    pub(crate) fn why(&self) -> Refusal {
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.clone().unwrap_or(Refusal::LoggedOut)
    }
}

impl Claim {
    pub(super) fn new(registry: Registry, user: Arc<User>, pass: Option<Arc<Pass>>) -> Self {
        let claim = Self {
            registry,
            identity: user.identity(),
            user,
            pass: OnceLock::new(),
            let_go: None,
            is_parked: AtomicBool::new(false),
        };
        if let Some(pass) = pass {
            claim.keep(pass);
        }
        claim
    }

    /// Whose it is.
    pub(crate) const fn user(&self) -> &Arc<User> {
        &self.user
    }

    /// Who that is.
    pub(crate) const fn identity(&self) -> Identity {
        self.identity
    }

    /// By what an account's session is let in; a guest has none.
    pub(crate) fn pass(&self) -> Option<&Arc<Pass>> {
        self.pass.get()
    }

    /// Its user is an account now.
    pub(super) fn give_pass(&self, access: Option<TokenHash>) {
        self.keep(Pass::new(access));
    }

    fn keep(&self, pass: Arc<Pass>) {
        self.user.lock_passes().push(Arc::clone(&pass));
        self.pass.set(pass).ok(); // it has one already
    }

    /// Its session is over. Was it the last one of its user? Then its rooms are to be left before
    /// this is dropped, and nobody else becomes this user meanwhile.
    pub(crate) fn let_go(&mut self) -> bool {
        let registry = &self.registry;
        *self.let_go.get_or_insert_with(|| registry.let_go(&self.user))
    }

    /// Its session is over. If it was the last one, and its account stays, it is to be kept.
    pub(crate) fn let_go_or_stay(&mut self) -> LetGo {
        let left = self.registry.let_go_or_stay(&self.user);
        match left {
            LetGo::Stays => self.rests(),
            LetGo::Last => self.let_go = Some(true),
            LetGo::NotLast => self.let_go = Some(false),
        }
        left
    }

    /// It is held without a session.
    fn rests(&self) {
        if !self.is_parked.swap(true, Ordering::Relaxed) {
            self.user.went();
        }
    }

    /// Its session is over; a number that tells this time from the next.
    pub(super) fn next_parking(&self) -> u64 {
        self.rests();
        self.user.next_parking()
    }

    /// It has a session again.
    pub(super) fn returned(&self) {
        if self.is_parked.swap(false, Ordering::Relaxed) {
            self.user.came();
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !*self.is_parked.get_mut() {
            self.user.went();
        }
        if let Some(pass) = self.pass.get() {
            self.user.lock_passes().retain(|other| !Arc::ptr_eq(other, pass));
        }
        if self.let_go() {
            self.registry.end(&self.user);
        }
    }
}

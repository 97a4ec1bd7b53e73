//! Guests that can come back: who has the token takes up the name and the rooms of the session
//! that broke, or that is about to. Never touches the journal, never waits for a room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Claim, User};
use crate::journal::TokenHash;

/// How long an old session may take to let go when its guest comes back.
const HAND_OVER: Duration = Duration::from_secs(5);

/// Where the guests with a token are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Returns(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    guests: Mutex<HashMap<TokenHash, Place>>,
    parked: Notify,
}

#[derive(Debug)]
enum Place {
    /// In a session, which ends when this is cancelled.
    Present(CancellationToken),
    /// Nowhere; its name and its rooms are kept. The number tells one parking from a later one.
    Parked(Claim, u64),
}

/// A guest is not known by this token (any more).
#[derive(Debug)]
pub(crate) struct Forgotten;

impl Returns {
    /// A guest is in a session; the token it gets tells the session to let go.
    pub(crate) fn present(&self, token: TokenHash) -> CancellationToken {
        let replaced = CancellationToken::new();
        self.lock().insert(token, Place::Present(replaced.clone()));
        replaced
    }

    /// Its session is over, and it may come back. The number is for [`Self::expire`].
    pub(crate) fn park(&self, token: TokenHash, claim: Claim) -> u64 {
        let number = claim.next_parking();
        self.lock().insert(token, Place::Parked(claim, number));
        self.0.parked.notify_waiters();
        number
    }

    /// It has not come back since that parking: its name and rooms are free to go.
    pub(crate) fn expire(&self, token: TokenHash, parking: u64) -> Option<Claim> {
        let mut guests = self.lock();
        match guests.remove(&token) {
            Some(Place::Parked(claim, number)) if number == parking => Some(claim),
            Some(place) => {
                guests.insert(token, place);
                None
            }
            None => None,
        }
    }

    /// Those of a user that are parked: they do not come back.
    pub(crate) fn evict(&self, user: &User) -> Vec<(TokenHash, Claim)> {
        let mut guests = self.lock();
        let is_cut = |claim: &Claim| claim.pass().is_some_and(|pass| pass.is_cut());
        let evicted = guests.extract_if(|_, place| match place {
            Place::Parked(claim, _) => {
                std::ptr::eq(&raw const **claim.user(), user) && is_cut(claim)
            }
            Place::Present(_) => false,
        });
        let claims = evicted.filter_map(|(token, place)| match place {
            Place::Parked(claim, _) => Some((token, claim)),
            Place::Present(_) => None,
        });
        claims.collect()
    }

    /// It does not come back.
    pub(crate) fn forget(&self, token: TokenHash) {
        self.lock().remove(&token);
    }

    /// It comes back. If it is still in a session, that one lets go first: the newest wins.
    ///
    /// # Errors
    /// [`Forgotten`]: its time is over, or it never was.
    pub(crate) async fn take(&self, token: TokenHash) -> Result<Claim, Forgotten> {
        let taken = tokio::time::timeout(HAND_OVER, async {
            loop {
                let mut parked = std::pin::pin!(self.0.parked.notified());
                parked.as_mut().enable();
                if let Some(result) = self.try_take(token) {
                    return result;
                }
                parked.await;
            }
        });
        taken.await.unwrap_or(Err(Forgotten))
    }

    /// None: a session has it, and was told to let go.
    fn try_take(&self, token: TokenHash) -> Option<Result<Claim, Forgotten>> {
        let mut guests = self.lock();
        match guests.remove(&token) {
            None => Some(Err(Forgotten)),
            Some(Place::Parked(claim, _)) => {
                claim.returned();
                Some(Ok(claim))
            }
            Some(Place::Present(replaced)) => {
                replaced.cancel();
                guests.insert(token, Place::Present(replaced));
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Place>> {
        self.0.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Identity, UserName};
    use futures::FutureExt;
    use uuid::Uuid;

    use super::super::Registry;
    use super::*;

    const TOKEN: TokenHash = TokenHash([7; 32]);

    fn ana(registry: &Registry) -> Claim {
        registry.claim(UserName::parse("ana").unwrap(), Identity(Uuid::new_v4())).unwrap()
    }

    #[tokio::test]
    async fn a_parked_guest_comes_back_once() {
        let (registry, returns) = (Registry::default(), Returns::default());
        let claim = ana(&registry);
        let identity = claim.user().identity();
        returns.park(TOKEN, claim);
        let back = returns.take(TOKEN).await.unwrap();
        assert_eq!(back.user().identity(), identity);
        assert!(returns.take(TOKEN).await.is_err());
    }

    #[tokio::test]
    async fn the_newest_of_two_sessions_wins() {
        let (registry, returns) = (Registry::default(), Returns::default());
        let claim = ana(&registry);
        let replaced = returns.present(TOKEN);
        let mut coming = Box::pin(returns.take(TOKEN));
        assert!((&mut coming).now_or_never().is_none());
        assert!(replaced.is_cancelled());
        returns.park(TOKEN, claim);
        assert!(coming.await.is_ok());
    }

    #[tokio::test]
    async fn an_expired_guest_is_forgotten_and_an_early_alarm_does_nothing() {
        let (registry, returns) = (Registry::default(), Returns::default());
        let first = returns.park(TOKEN, ana(&registry));
        let claim = returns.take(TOKEN).await.unwrap();
        let second = returns.park(TOKEN, claim);
        assert!(returns.expire(TOKEN, first).is_none());
        assert!(returns.expire(TOKEN, second).is_some());
        assert!(returns.take(TOKEN).await.is_err());
        assert_eq!(registry.list(10, |_| true).1, 0, "the name is free");
    }
}

//! Who has left, the last few: by what name, and when. In memory only; never knows why.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::event::{PastUser, UserInfo};
use chat_protocol::limits::PAST_USERS_MAX;
use chat_protocol::{Timestamp, UserName};

use super::User;
use crate::limits::DEPARTED_MAX;

/// Those who have left, the last one last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departed(Arc<Mutex<VecDeque<PastUser>>>);

impl Departed {
    /// Somebody has left, or has another name now.
    pub(crate) fn left(&self, user: &User, name: UserName, left_ms: Timestamp) {
        let UserInfo { account, real_name, login, .. } = user.info();
        let account_name = user.seat.account().filter(|account| **account != name).cloned();
        self.remember(PastUser { name, left_ms, account, account_name, real_name, login });
    }

    /// Who had this name, the last one first.
    pub(crate) fn who_was(&self, name: &UserName) -> Vec<PastUser> {
        let departed = self.lock();
        let was = departed.iter().rev().filter(|user| user.name == *name);
        was.take(PAST_USERS_MAX).cloned().collect()
    }

    fn remember(&self, user: PastUser) {
        let mut departed = self.lock();
        if departed.len() >= DEPARTED_MAX {
            departed.pop_front();
        }
        departed.push_back(user);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<PastUser>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(name: &str, time: u64) -> PastUser {
        let name = UserName::parse(name).unwrap();
        let left_ms = Timestamp(time);
        PastUser { name, left_ms, account: false, account_name: None, real_name: None, login: None }
    }

    #[test]
    fn the_last_one_comes_first_and_the_oldest_is_forgotten() {
        let departed = Departed::default();
        departed.remember(past("first", 0));
        for time in 1..=100 {
            departed.remember(past("Bob", time));
        }
        let name = |name: &str| UserName::parse(name).unwrap();
        let bobs = departed.who_was(&name("bob"));
        assert_eq!(bobs.len(), PAST_USERS_MAX);
        assert_eq!(bobs.first(), Some(&past("Bob", 100)));
        assert_eq!(departed.who_was(&name("first")).len(), 1);
        for _ in 0..DEPARTED_MAX {
            departed.remember(past("other", 7));
        }
        assert!(departed.who_was(&name("first")).is_empty());
        assert_eq!(departed.lock().len(), DEPARTED_MAX);
    }
}

//! Users whose coming and going a session is told of, whether it shares a room with them or not.
//! Compares how they are with how it told of them last: what came and went in between is not told.

use chat_protocol::event::{UserChange, UserState};
use chat_protocol::limits::WATCHED_USERS_MAX;
use chat_protocol::{Event, Refusal, RequestId, UserName};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Session;
use crate::command::Watches;
use crate::user::Seen;

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Watches others than before, or says whom.
    pub(super) fn watches(&mut self, id: Option<RequestId>, watches: Watches) {
        let registry = &self.around.house.registry;
        let names = match watches {
            Watches::More(names) => {
                let (session, inbox) = (self.caller.session, &self.inbox);
                let begin = || Box::new(registry.watching(session, inbox.bell()));
                if !self.watching.get_or_insert_with(begin).add(&names) {
                    let limit = u64::try_from(WATCHED_USERS_MAX).unwrap_or(u64::MAX);
                    let what = "watched users".to_owned();
                    return self.tell(&Event::refused(id, Refusal::TooMany { what, limit }));
                }
                names
            }
            Watches::Fewer(names) => {
                match &mut self.watching {
                    Some(watching) if !names.is_empty() => watching.remove(&names),
                    Some(_) | None => self.watching = None,
                }
                return self.tell(&Event::Done { id });
            }
            Watches::All => self.watching.as_ref().map(|all| all.names()).unwrap_or_default(),
        };
        let mut users = Vec::with_capacity(names.len());
        for name in names {
            let now = registry.see(&name);
            users.push(now.as_ref().map_or_else(|| gone(name.clone()), |seen| seen.state.clone()));
            if let Some(watching) = &mut self.watching {
                watching.see(&name, now);
            }
        }
        users.sort_by(|one, other| one.name.cmp(&other.name));
        self.tell(&Event::UserStates { id, users });
    }

    /// Somebody has come or gone, or is otherwise.
    pub(super) fn tell_watched(&mut self) {
        let Some(watching) = &self.watching else { return };
        for name in watching.take() {
            let now = self.around.house.registry.see(&name);
            let Some(watching) = &mut self.watching else { return };
            let Some(before) = watching.see(&name, now.clone()) else { continue };
            for (change, user) in changes(before, now) {
                let is_told_there = matches!(change, UserChange::Away | UserChange::RealName);
                if !is_told_there || !self.shares_room_with(&name) {
                    self.tell(&Event::UserWatched { change, user });
                }
            }
        }
    }

    /// Then what it tells of itself is told there.
    fn shares_room_with(&self, name: &UserName) -> bool {
        let user = self.around.house.registry.find(name);
        user.is_some_and(|user| self.inbox.slots().any(|(_, place)| user.seat.is_in(&place.room)))
    }
}

/// Not here.
const fn gone(name: UserName) -> UserState {
    UserState { name, online: false, account: false, away: None, real_name: None }
}

/// What there is to tell of somebody, in order.
fn changes(before: Option<Seen>, now: Option<Seen>) -> Vec<(UserChange, UserState)> {
    let went = |before: Seen| (UserChange::Offline, gone(before.state.name));
    match (before, now) {
        (None, None) => Vec::new(),
        (None, Some(now)) => vec![(UserChange::Online, now.state)],
        (Some(before), None) => vec![went(before)],
        (Some(before), Some(now)) if before.arrival != now.arrival => {
            vec![went(before), (UserChange::Online, now.state)]
        }
        (Some(before), Some(now)) => {
            let account =
                (before.state.account != now.state.account).then_some(UserChange::Account);
            let away = (before.state.away != now.state.away).then_some(UserChange::Away);
            // What it calls itself at first is no news.
            let (was, is) = (&before.state.real_name, &now.state.real_name);
            let real_name = (was.is_some() && was != is).then_some(UserChange::RealName);
            let changed = [account, away, real_name].into_iter().flatten();
            changed.map(|change| (change, now.state.clone())).collect()
        }
    }
}

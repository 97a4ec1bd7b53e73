//! What changes a room, and what somebody may do there: asked for here, decided by the room.

use chat_protocol::{Event, LineText, Refusal, RequestId, Role, RoomAddress, Setting, UserName};

use super::list::look;
use super::say::named;
use super::{Answer, Caller, House, key_of};
use crate::policy::Secret;
use crate::room::{Ask, Description, Target};

/// Somebody, by the name that was typed.
fn target(house: &House, name: UserName) -> Target {
    let seat = house.registry.find(&name).map(|user| std::sync::Arc::clone(&user.seat));
    Target { name, seat }
}

/// Who asks, and where.
pub(super) struct Asked<'a> {
    pub(super) house: &'a House,
    pub(super) caller: &'a Caller,
    pub(super) id: Option<RequestId>,
    pub(super) room: RoomAddress,
}

impl Asked<'_> {
    pub(super) async fn invite(self, user: UserName) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Invite(target)).await
    }

    pub(super) async fn kick(
        self,
        user: UserName,
        reason: Option<LineText>,
    ) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Kick { target, reason }).await
    }

    pub(super) async fn ban(
        self,
        user: UserName,
        for_ms: Option<u64>,
        reason: Option<LineText>,
    ) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Ban { target, for_ms, reason }).await
    }

    pub(super) async fn unban(self, user: UserName) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Unban(target)).await
    }

    pub(super) async fn mute(
        self,
        user: UserName,
        for_ms: Option<u64>,
        reason: Option<LineText>,
    ) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Mute { target, for_ms, reason }).await
    }

    pub(super) async fn unmute(self, user: UserName) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Unmute(target)).await
    }

    pub(super) async fn give(self, user: UserName, role: Role) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Give { target, role }).await
    }

    pub(super) async fn take(self, user: UserName, role: Role) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Take { target, role }).await
    }

    pub(super) async fn transfer(self, user: UserName) -> Result<Answer, Refusal> {
        let target = target(self.house, user);
        self.change(Ask::Transfer(target)).await
    }

    /// Sets something about the room.
    pub(super) async fn set(self, set: Setting) -> Result<Answer, Refusal> {
        set.check().map_err(|error| Refusal::malformed(&error))?;
        let RoomAddress::Named(name) = &self.room else { return Err(Refusal::OnlyNamedRooms) };
        let secret = match &set {
            Setting::Access { key: Some(key), .. } => Some(Secret::of(name, key)),
            Setting::Access { key: None, .. }
            | Setting::Hidden { .. }
            | Setting::Moderated { .. }
            | Setting::Announcement { .. }
            | Setting::Slow { .. }
            | Setting::Members { .. }
            | Setting::Keep { .. }
            | Setting::History { .. }
            | Setting::Topic { .. }
            | Setting::External { .. }
            | Setting::Unknown => None,
        };
        self.change(Ask::Set { set, secret }).await
    }

    /// What the room is like, and who one is there.
    pub(super) async fn settings(self) -> Result<Answer, Refusal> {
        let Self { house, caller, id, room } = self;
        let RoomAddress::Named(_) = &room else { return Err(Refusal::OnlyNamedRooms) };
        let key = key_of(house, caller, &room)?;
        let look = look(house, caller, &key, &room).await?;
        if look.as_ref().is_some_and(|look| look.is_out) {
            return Err(Refusal::NotInRoom { room });
        }
        let me = caller.claim.as_ref().map(|claim| claim.user().identity());
        let live = match house.directory.find(&key) {
            Some(live) => live.describe(me).await.ok(),
            None => None,
        };
        let stored = || {
            let look = look.map(|look| (look.settings, look.role));
            let (settings, role) = look.unwrap_or_default();
            Description { settings, role, since: None }
        };
        let Description { settings, role, since: since_ms } = live.unwrap_or_else(stored);
        Ok(Answer::Event(Event::SettingsAre { id, room, settings, role, since_ms }))
    }

    /// Asks a room that one is in for a change.
    async fn change(self, ask: Ask) -> Result<Answer, Refusal> {
        let user = self.caller.user()?;
        let handle = named(self.house, &self.room)?;
        let ticket = self.caller.receipts.ticket(self.id, self.room, None);
        handle.change(user.identity(), ask, ticket).await;
        Ok(Answer::InFlight)
    }
}

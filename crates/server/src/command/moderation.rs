//! What changes a room, and what somebody may do there: asked for here, decided by the room.

use std::future::poll_fn;
use std::sync::Arc;

use chat_protocol::{
    Event, LineText, Refusal, RequestId, Role, RoomAddress, RoomName, Setting, UserName,
};

use super::list::look;
use super::say::named;
use super::{Answer, Caller, House, account, admin, journal_refusal, key_of};
use crate::journal::{Outcome, Receipts, RoomKey};
use crate::policy::Secret;
use crate::room::{Ask, Asker, Description, Seat, Target};

/// How often a room that is just let go is opened anew.
const OPENED_AGAIN: u32 = 8;

/// Somebody, by the name that was typed: a user who is here, or an account that is away.
fn target(house: &House, name: UserName) -> Target {
    let registry = &house.registry;
    // A guest that had the name before it was registered is not the account.
    let seat = registry.meet(&name).map(|user| Arc::clone(&user.seat));
    let is_account = |seat: &&Arc<Seat>| seat.is_account();
    let here = seat.as_ref().filter(is_account).map(|seat| seat.identity);
    let account = here.or_else(|| registry.account_named(&name));
    // As it is called; as its account is written; as it was typed.
    let called = seat.as_ref().map(|seat| seat.profile().name.clone());
    let own = account.and_then(|account| registry.account_name(account));
    let own = own.filter(|own| *own == name);
    let name = called.filter(|called| *called != name).or(own).unwrap_or(name);
    Target { name, seat, account, is_kept: false }
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
        let mut target = target(self.house, user);
        if let (Some(account), None) = (target.account, &target.seat) {
            let RoomAddress::Named(room) = &self.room else { return Err(Refusal::OnlyNamedRooms) };
            let room = RoomKey::Named(room.clone());
            let (rooms, _) =
                self.house.journal.belongings(account).await.map_err(journal_refusal)?;
            target.is_kept = rooms.iter().any(|kept| kept.room == room);
        }
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
            | Setting::Mask { .. }
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

    /// Asks a room that one is in for a change; the operator asks any.
    async fn change(self, ask: Ask) -> Result<Answer, Refusal> {
        let Self { house, caller, id, room } = self;
        if caller.claim.is_none() && caller.origin.is_administrator {
            let RoomAddress::Named(name) = &room else { return Err(Refusal::OnlyNamedRooms) };
            let stored = house.journal.stored_room(name.clone()).await.map_err(journal_refusal)?;
            stored.ok_or_else(|| Refusal::NoSuchRoom { room: room.clone() })?;
            let (what, whom) = deed_of(&ask);
            by_operator(house, name, ask).await?;
            let who = admin::administrator(caller)?;
            let changes = vec![admin::deed(who, &format!("{what} in {name}"), &whom, &"")];
            account::changed(house.journal.change(changes).await, || Refusal::Unavailable)?;
            return Ok(Answer::Event(Event::Done { id }));
        }
        let asker = caller.asker()?;
        let handle = named(house, &room)?;
        let ticket = caller.receipts.ticket(id, room, None);
        handle.change(asker, ask, ticket).await;
        Ok(Answer::InFlight)
    }
}

/// Changes a room from the server's command line, whoever is in it.
///
/// # Errors
/// It cannot be done.
pub(super) async fn by_operator(house: &House, room: &RoomName, ask: Ask) -> Result<(), Refusal> {
    let receipts = Receipts::default();
    let address = RoomAddress::Named(room.clone());
    let mut refusal = Refusal::Unavailable;
    for _ in 0..OPENED_AGAIN {
        let handle = house.directory.open(&RoomKey::Named(room.clone()));
        let ticket = receipts.ticket(None, address.clone(), None);
        handle.change(Asker::OPERATOR, ask.clone(), ticket).await;
        poll_fn(|cx| receipts.poll_ready(cx)).await;
        match receipts.take().map(|receipt| receipt.outcome) {
            Some(Outcome::Stored { .. }) => return Ok(()),
            // It was let go in this moment.
            Some(Outcome::Refused(not_in @ Refusal::NotInRoom { .. })) => refusal = not_in,
            Some(Outcome::Refused(refusal)) => return Err(refusal),
            Some(Outcome::Unknown) | None => return Err(Refusal::Unavailable),
        }
    }
    Err(refusal)
}

/// What it is called in the audit log, and to whom it is done.
fn deed_of(ask: &Ask) -> (&'static str, String) {
    let whom = |target: &Target| target.name.to_string();
    match ask {
        Ask::Invite(target) => ("invite", whom(target)),
        Ask::Kick { target, .. } => ("kick", whom(target)),
        Ask::Ban { target, .. } => ("ban", whom(target)),
        Ask::Unban(target) => ("unban", whom(target)),
        Ask::Mute { target, .. } => ("mute", whom(target)),
        Ask::Unmute(target) => ("unmute", whom(target)),
        Ask::Give { target, .. } => ("give a role", whom(target)),
        Ask::Take { target, .. } => ("take a role", whom(target)),
        Ask::Transfer(target) => ("transfer", whom(target)),
        Ask::Set { .. } => ("set", String::new()),
    }
}

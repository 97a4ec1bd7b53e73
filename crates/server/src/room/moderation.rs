//! What somebody wants to change in a room. Decides by [`policy`] on what is committed, and changes
//! nothing: what is stored does, in `memory.rs`.

use std::sync::Arc;

use chat_protocol::limits::ROOM_MASKS_MAX;
use chat_protocol::{
    Identity, LineText, Refusal, Role, RoomAddress, RoomChange, Setting, Timestamp, UserName,
};

use super::Seat;
use super::handle::{Asker, Power};
use super::members::Open;
use crate::journal::{Change, Remembered};
use crate::limits::ROOM_USERS_MAX;
use crate::policy::{self, Rank, Restriction, Secret, Standing};

/// To whom something is done.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As it was typed.
    pub(crate) name: UserName,
    /// Who has this name now.
    pub(crate) seat: Option<Arc<Seat>>,
    /// The account of this name, also while it is away.
    pub(crate) account: Option<Identity>,
    /// It is away, and in the room all the same.
    pub(crate) is_kept: bool,
}

/// What somebody wants to change.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Invite(Target),
    Kick { target: Target, reason: Option<LineText> },
    Ban { target: Target, for_ms: Option<u64>, reason: Option<LineText> },
    Unban(Target),
    Mute { target: Target, for_ms: Option<u64>, reason: Option<LineText> },
    Unmute(Target),
    Give { target: Target, role: Role },
    Take { target: Target, role: Role },
    Transfer(Target),
    Set { set: Setting, secret: Option<Secret> },
}

/// A user as a room knows it.
struct Known<'a> {
    identity: Identity,
    name: UserName,
    /// By what it is remembered, if that is another name.
    known_as: Option<UserName>,
    rank: Rank,
    role: Role,
    is_in: bool,
    standing: Option<&'a Standing>,
}

/// One question to a room, and what it is decided by.
pub(super) struct Asking<'a> {
    pub(super) open: &'a Open,
    pub(super) who: Asker,
    /// What the one who asks calls the room.
    pub(super) room: &'a RoomAddress,
    pub(super) now: Timestamp,
}

impl Ask {
    /// The seat of who is invited, to be told.
    pub(super) fn invited(&self) -> Option<Arc<Seat>> {
        match self {
            Self::Invite(target) => target.seat.clone(),
            Self::Kick { .. }
            | Self::Ban { .. }
            | Self::Unban(_)
            | Self::Mute { .. }
            | Self::Unmute(_)
            | Self::Give { .. }
            | Self::Take { .. }
            | Self::Transfer(_)
            | Self::Set { .. } => None,
        }
    }
}

/// May one of this rank do it to that one?
type May = fn(&RoomAddress, Rank, (&UserName, Rank)) -> Result<(), Refusal>;

impl Asking<'_> {
    /// The change to be stored, if it may be.
    pub(super) fn decide(&self, ask: Ask) -> Result<Change, Refusal> {
        match ask {
            Ask::Invite(target) => self.invite(&target),
            Ask::Kick { target, reason } => self.kick(&target, reason),
            Ask::Ban { target, for_ms, reason } => self.ban(&target, for_ms, reason),
            Ask::Unban(target) => self.unban(&target),
            Ask::Mute { target, for_ms, reason } => self.mute(&target, for_ms, reason),
            Ask::Unmute(target) => self.unmute(&target),
            Ask::Give { target, role } => self.give(&target, role),
            Ask::Take { target, role } => self.take(&target, role),
            Ask::Transfer(target) => self.transfer(&target),
            Ask::Set { set, secret } => {
                policy::may_set(self.room, self.rank(), &set)?;
                let set = self.by_whom(set.without_key())?;
                let (target, change) = (None, RoomChange::Set { set });
                Ok(Change { target, change, passes_all: false, secret, known_as: None })
            }
        }
    }

    /// A mask says who set it, and when; all else is as it is.
    fn by_whom(&self, set: Setting) -> Result<Setting, Refusal> {
        let Setting::Mask { list, mask, on, .. } = set else { return Ok(set) };
        let settings = &self.open.rules.settings;
        if settings.has_mask(list, &mask) == on {
            let is = if on { "is" } else { "is not" };
            let what = format!("{mask} {is} in the list \"{list}\" of {}", self.room);
            return Err(Refusal::already_so(&what));
        }
        if on && settings.masks.len() >= ROOM_MASKS_MAX {
            let limit = u64::try_from(ROOM_MASKS_MAX).unwrap_or(u64::MAX);
            return Err(Refusal::TooManyMasks { room: self.room.clone(), limit });
        }
        let (by, time_ms) = (self.open.name_of(self.who), Some(self.now));
        Ok(Setting::Mask { list, mask, on, by, time_ms })
    }

    fn rank(&self) -> Rank {
        self.open.rank_of(self.who)
    }

    fn invite(&self, target: &Target) -> Result<Change, Refusal> {
        policy::may_invite(self.room, &self.open.rules.settings, self.rank())?;
        let known = self.find(target)?;
        if known.is_in {
            return Err(self.already(&known.name, "is in"));
        }
        if known.standing.and_then(|standing| standing.ban.as_ref()).is_some_and(|b| self.holds(b))
        {
            return Err(self.already(&known.name, "is banned from"));
        }
        let passes_all = policy::may(policy::Act::EnterClosed, self.rank(), self.room).is_ok();
        let change = self.done_to(&known, |user| RoomChange::Invited { user })?;
        Ok(Change { passes_all, ..change })
    }

    fn kick(&self, target: &Target, reason: Option<LineText>) -> Result<Change, Refusal> {
        let known = self.other(target, policy::may_kick)?;
        // From the server's command line also those who may come back.
        let may_come = self.who.power == Power::Operator && known.standing.is_some();
        if !known.is_in && !target.is_kept && !may_come {
            return Err(self.already(&known.name, "is not in"));
        }
        self.done_to(&known, |user| RoomChange::Kicked { user, reason })
    }

    fn ban(
        &self,
        target: &Target,
        for_ms: Option<u64>,
        reason: Option<LineText>,
    ) -> Result<Change, Refusal> {
        let known = self.below(target)?;
        let until_ms = self.until(for_ms);
        self.done_to(&known, |user| RoomChange::Banned { user, until_ms, reason })
    }

    fn unban(&self, target: &Target) -> Result<Change, Refusal> {
        policy::may(policy::Act::Restrict, self.rank(), self.room)?;
        // A ban outlives its guest: its name is what is known of it. An account's is its own.
        let by_name = self.open.banned_by_name(&target.name, self.now);
        let known = match target.account.filter(|account| self.is_banned(*account)).or(by_name) {
            Some(identity) => self.known(identity, target),
            None => self.find(target)?,
        };
        let ban = known.standing.and_then(|standing| standing.ban.as_ref());
        if !ban.is_some_and(|ban| self.holds(ban)) {
            return Err(self.already(&known.name, "is not banned from"));
        }
        self.done_to(&known, |user| RoomChange::Unbanned { user })
    }

    fn mute(
        &self,
        target: &Target,
        for_ms: Option<u64>,
        reason: Option<LineText>,
    ) -> Result<Change, Refusal> {
        let known = self.below(target)?;
        let until_ms = self.until(for_ms);
        self.done_to(&known, |user| RoomChange::Muted { user, until_ms, reason })
    }

    fn unmute(&self, target: &Target) -> Result<Change, Refusal> {
        let known = self.below(target)?;
        let mute = known.standing.and_then(|standing| standing.mute.as_ref());
        if !mute.is_some_and(|mute| self.holds(mute)) {
            return Err(self.already(&known.name, "is not muted in"));
        }
        self.done_to(&known, |user| RoomChange::Unmuted { user })
    }

    fn give(&self, target: &Target, role: Role) -> Result<Change, Refusal> {
        let rank = self.rank();
        policy::may_give(self.room, rank, role, false)?;
        if matches!(role, Role::Member | Role::Owner) {
            let detail = "a role to give is voice or operator";
            return Err(Refusal::malformed(&detail));
        }
        let known = self.find(target)?;
        if known.role >= role {
            return Err(self.already(&known.name, &format!("is {} of", known.role)));
        }
        let was = known.role;
        self.done_to(&known, |user| RoomChange::Role { user, role, was })
    }

    fn take(&self, target: &Target, role: Role) -> Result<Change, Refusal> {
        let known = self.find(target)?;
        let is_own = known.identity == self.who.identity;
        policy::may_give(self.room, self.rank(), role, is_own)?;
        if is_own && known.role == Role::Owner && role == Role::Operator {
            // An owner is an operator too: it ceases to be both.
            let was = Role::Owner;
            return self.done_to(&known, |user| RoomChange::Role { user, role: Role::Member, was });
        }
        // Only the server's command line takes a room from its owner, and gives it to nobody.
        let stays_owner = role == Role::Owner && self.who.power != Power::Operator;
        if known.role != role || role == Role::Member || stays_owner {
            return Err(self.already(&known.name, &format!("is {} of", known.role)));
        }
        self.done_to(&known, |user| RoomChange::Role { user, role: Role::Member, was: role })
    }

    fn transfer(&self, target: &Target) -> Result<Change, Refusal> {
        policy::may(policy::Act::Transfer, self.rank(), self.room)?;
        let known = self.find(target)?;
        if !known.is_in && (self.who.power != Power::Operator || target.account.is_none()) {
            return Err(self.already(&known.name, "is not in"));
        }
        if known.role == Role::Owner {
            return Err(self.already(&known.name, "is owner of"));
        }
        self.done_to(&known, |to| RoomChange::Transferred { to })
    }

    /// Somebody else, whom one may put in its place.
    fn below(&self, target: &Target) -> Result<Known<'_>, Refusal> {
        self.other(target, policy::may_restrict)
    }

    /// Somebody else, to whom one may do this.
    fn other(&self, target: &Target, may: May) -> Result<Known<'_>, Refusal> {
        policy::may(policy::Act::Kick, self.rank(), self.room)?;
        let known = self.find(target)?;
        if known.identity == self.who.identity {
            return Err(Refusal::Yourself);
        }
        may(self.room, self.rank(), (&known.name, known.rank))?;
        Ok(known)
    }

    /// By its name: who is connected, whose account it is, whom the room remembers.
    fn find(&self, target: &Target) -> Result<Known<'_>, Refusal> {
        let name = &target.name;
        let connected = target.seat.as_ref().map(|seat| seat.identity).or(target.account);
        let remembered = || {
            let by_name = |(_, remembered): &(&Identity, &Remembered)| remembered.name == *name;
            self.open.remembered.iter().find(by_name).map(|(identity, _)| *identity)
        };
        match connected.or_else(remembered) {
            Some(identity) => Ok(self.known(identity, target)),
            None => Err(Refusal::NoSuchUser { name: name.clone() }),
        }
    }

    fn known(&self, identity: Identity, target: &Target) -> Known<'_> {
        let member = self.open.members.get(&identity);
        let named = target.seat.as_ref().filter(|seat| seat.identity == identity);
        let seat = member.map(|member| &member.seat).or(named);
        let name = target.name.clone();
        let remembered = self.open.remembered.get(&identity);
        let role = remembered.map_or(Role::Member, |remembered| remembered.standing.role);
        Known {
            identity,
            known_as: seat.and_then(|seat| seat.account()).cloned(),
            name: member.map_or(name, |member| member.name.clone()),
            rank: self.open.rank(identity).max(role.into()),
            role,
            is_in: member.is_some(),
            standing: remembered.map(|remembered| &remembered.standing),
        }
    }

    fn done_to(
        &self,
        known: &Known<'_>,
        change: impl FnOnce(UserName) -> RoomChange,
    ) -> Result<Change, Refusal> {
        let is_full = known.standing.is_none() && self.open.remembers_all_it_may();
        if is_full && self.open.forgettable(self.now).is_none() {
            let limit = u64::try_from(ROOM_USERS_MAX).unwrap_or(u64::MAX);
            return Err(Refusal::TooManyRemembered { room: self.room.clone(), limit });
        }
        let change = change(known.name.clone());
        let known_as = known.known_as.clone();
        let target = Some(known.identity);
        Ok(Change { target, change, passes_all: false, secret: None, known_as })
    }

    fn is_banned(&self, who: Identity) -> bool {
        let standing = self.open.standing(who);
        standing.and_then(|standing| standing.ban.as_ref()).is_some_and(|ban| self.holds(ban))
    }

    fn until(&self, for_ms: Option<u64>) -> Option<Timestamp> {
        for_ms.map(|ms| Timestamp(self.now.0.saturating_add(ms)))
    }

    fn holds(&self, restriction: &Restriction) -> bool {
        restriction.holds(self.now)
    }

    fn already(&self, name: &UserName, what: &str) -> Refusal {
        Refusal::already_so(&format!("{name} {what} {}", self.room))
    }
}

#[cfg(test)]
mod tests;

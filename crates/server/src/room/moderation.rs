//! What somebody wants to change in a room, and what becomes of the room when it is changed. Decides
//! by [`policy`] on what is committed; changes nothing before the journal has handed it back.

use std::sync::Arc;

use chat_protocol::{
    Identity, LineText, Refusal, Role, RoomAddress, RoomChange, Sequence, Setting, Timestamp,
    UserName,
};

use super::Seat;
use super::members::{Member, Open};
use crate::journal::{Admission, Change, Remembered};
use crate::limits::ROOM_USERS_MAX;
use crate::policy::{self, Rank, Restriction, Secret, Standing};

/// To whom something is done.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As it was typed.
    pub(crate) name: UserName,
    /// Who has this name now.
    pub(crate) seat: Option<Arc<Seat>>,
}

/// What somebody wants to change.
#[derive(Debug)]
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
    rank: Rank,
    role: Role,
    is_in: bool,
    standing: Option<&'a Standing>,
}

/// One question to a room, and what it is decided by.
pub(super) struct Asking<'a> {
    pub(super) open: &'a Open,
    pub(super) who: Identity,
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
                let change = RoomChange::Set { set: set.without_key() };
                Ok(Change { target: None, change, secret })
            }
        }
    }

    fn rank(&self) -> Rank {
        self.open.rank(self.who)
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
        self.done_to(&known, |user| RoomChange::Invited { user })
    }

    fn kick(&self, target: &Target, reason: Option<LineText>) -> Result<Change, Refusal> {
        let known = self.below(target)?;
        if !known.is_in {
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
        // A ban outlives its guest: its name is what is known of it.
        let by_name = self.open.banned_by_name(&target.name, self.now);
        let known = match by_name.or_else(|| target.seat.as_ref().map(|seat| seat.identity)) {
            Some(identity) => self.known(identity, target.name.clone()),
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
        policy::may_give(self.room, self.rank(), role, known.identity == self.who)?;
        if known.role != role || matches!(role, Role::Member | Role::Owner) {
            return Err(self.already(&known.name, &format!("is {} of", known.role)));
        }
        self.done_to(&known, |user| RoomChange::Role { user, role: Role::Member, was: role })
    }

    fn transfer(&self, target: &Target) -> Result<Change, Refusal> {
        policy::may(policy::Act::Transfer, self.rank(), self.room)?;
        let known = self.find(target)?;
        if !known.is_in {
            return Err(self.already(&known.name, "is not in"));
        }
        if known.role == Role::Owner {
            return Err(self.already(&known.name, "is owner of"));
        }
        self.done_to(&known, |to| RoomChange::Transferred { to })
    }

    /// Somebody else, whom one may put in its place.
    fn below(&self, target: &Target) -> Result<Known<'_>, Refusal> {
        policy::may(policy::Act::Restrict, self.rank(), self.room)?;
        let known = self.find(target)?;
        if known.identity == self.who {
            return Err(Refusal::Yourself);
        }
        policy::may_restrict(self.room, self.rank(), (&known.name, known.rank))?;
        Ok(known)
    }

    /// By its name: who is in the room, who is connected, whom the room remembers.
    fn find(&self, target: &Target) -> Result<Known<'_>, Refusal> {
        let name = &target.name;
        let connected = target.seat.as_ref().map(|seat| seat.identity);
        let remembered = || {
            let by_name = |(_, remembered): &(&Identity, &Remembered)| remembered.name == *name;
            self.open.remembered.iter().find(by_name).map(|(identity, _)| *identity)
        };
        match connected.or_else(remembered) {
            Some(identity) => Ok(self.known(identity, name.clone())),
            None => Err(Refusal::NoSuchUser { name: name.clone() }),
        }
    }

    fn known(&self, identity: Identity, name: UserName) -> Known<'_> {
        let member = self.open.members.get(&identity);
        let remembered = self.open.remembered.get(&identity);
        let role = remembered.map_or(Role::Member, |remembered| remembered.standing.role);
        Known {
            identity,
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
        Ok(Change { target: Some(known.identity), change, secret: None })
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

/// Somebody who was put out of the room, and where.
pub(super) type PutOut = (Member, Sequence);

impl Open {
    /// Who somebody is here.
    pub(super) fn rank(&self, who: Identity) -> Rank {
        match self.members.get(&who) {
            None => Rank::Outsider,
            Some(member) if member.seat.is_administrator() => Rank::Administrator,
            Some(_) => self.standing(who).map_or(Rank::Member, |standing| standing.role.into()),
        }
    }

    /// What is remembered of somebody.
    pub(super) fn standing(&self, who: Identity) -> Option<&Standing> {
        self.remembered.get(&who).map(|remembered| &remembered.standing)
    }

    /// A ban of this one, or of its name: a guest has another identity each time.
    pub(super) fn ban_of(
        &self,
        who: Identity,
        name: &UserName,
        now: Timestamp,
    ) -> Option<&Restriction> {
        let own = self.standing(who).and_then(|standing| standing.ban.as_ref());
        own.filter(|ban| ban.holds(now)).or_else(|| {
            let other = self.banned_by_name(name, now)?;
            self.standing(other)?.ban.as_ref()
        })
    }

    /// Who is banned by this name.
    pub(super) fn banned_by_name(&self, name: &UserName, now: Timestamp) -> Option<Identity> {
        let banned = *self.banned_names.get(name)?;
        let ban = self.standing(banned)?.ban.as_ref();
        ban.is_some_and(|ban| ban.holds(now)).then_some(banned)
    }

    /// Somebody may speak: is that remembered, does it hold?
    pub(super) fn mute_of(&self, who: Identity) -> Option<&Restriction> {
        self.standing(who).and_then(|standing| standing.mute.as_ref())
    }

    /// A change is stored, and is so from now on. Gives who is in the room no more.
    pub(super) fn apply_change(
        &mut self,
        author: Identity,
        change: &Change,
        seq: Sequence,
    ) -> Option<PutOut> {
        if let Some(target) = change.target {
            self.remember(target, change, seq);
        }
        if let Some(remembered) = self.remembered.get_mut(&author) {
            remembered.standing.acted(&change.change);
        }
        if let RoomChange::Set { set } = &change.change {
            self.rules.settings.set(set);
            if let Setting::Access { .. } = set {
                self.rules.secret = change.secret;
                for remembered in self.remembered.values_mut() {
                    remembered.standing.is_admitted = false;
                }
            }
        }
        change.change.puts_out()?;
        let member = self.members.remove(&change.target?)?;
        self.order.remove(&member.entry);
        self.changed();
        Some((member, seq))
    }

    /// When a room is closed, who is in it stays in, and sees what it saw.
    pub(super) fn to_admit_when(&self, change: &RoomChange) -> Vec<Admission> {
        if !change.closes() {
            return Vec::new();
        }
        // Who is in sees what it saw: all of a room that was open.
        let was_private = self.rules.settings.is_private();
        let behind = |member: &Member| if was_private { member.since } else { Sequence(0) };
        let mut places_left = ROOM_USERS_MAX.saturating_sub(self.remembered.len());
        let members = self.members.iter().filter(|(who, _)| {
            let is_remembered = self.remembered.contains_key(who);
            let has_place = is_remembered || places_left > 0;
            places_left -= usize::from(has_place && !is_remembered);
            has_place
        });
        members.map(|(_, member)| admission(member, behind(member))).collect()
    }

    /// No more users fit.
    pub(super) fn remembers_all_it_may(&self) -> bool {
        self.remembered.len() >= ROOM_USERS_MAX
    }

    /// These are remembered no longer.
    pub(super) fn forget(&mut self, forgotten: &[Identity]) {
        if !forgotten.is_empty() {
            self.remembered.retain(|who, _| !forgotten.contains(who));
            self.index_bans();
        }
    }

    /// Whom it can forget first when it is full: who was put out longest ago, and may enter.
    pub(super) fn forgettable(&self, now: Timestamp) -> Option<Identity> {
        let holds = |restriction: &Option<Restriction>| {
            restriction.as_ref().is_some_and(|restriction| restriction.holds(now))
        };
        let may_go = self.remembered.values().filter(|known| {
            let Standing { role, is_admitted, ban, mute, .. } = &known.standing;
            let is_out = !self.members.contains_key(&known.identity);
            is_out && role.is_member() && !is_admitted && !holds(ban) && !holds(mute)
        });
        may_go.min_by_key(|known| known.standing.cut).map(|known| known.identity)
    }

    /// Somebody enters: is that to be remembered?
    pub(super) fn to_admit(&self, seat: &Seat) -> Option<Admission> {
        let (identity, name) = (seat.identity, seat.profile().name.clone());
        let standing = self.standing(identity);
        let keeps_order = standing.is_some_and(|standing| standing.role >= Role::Operator);
        let behind = if keeps_order { Sequence(0) } else { self.last };
        let is_private = self.rules.settings.is_private();
        let is_remembered = match standing {
            None => !is_private || self.remembers_all_it_may(),
            Some(standing) => {
                let is_let_in = standing.is_admitted && standing.behind.is_some();
                standing.cut.is_none() && (!is_private || is_let_in)
            }
        };
        (!is_remembered).then_some(Admission { identity, name, behind })
    }

    /// It is remembered.
    pub(super) fn admitted(&mut self, admission: Admission) {
        let Admission { identity, name, behind } = admission;
        let standing = Standing::default();
        let remembered = Remembered { identity, name, standing };
        let remembered = self.remembered.entry(identity).or_insert(remembered);
        remembered.standing.admit(behind);
    }

    fn remember(&mut self, target: Identity, change: &Change, seq: Sequence) {
        let Some(name) = change.change.user() else { return };
        let remembered = self.remembered.entry(target).or_insert_with(|| Remembered {
            identity: target,
            name: name.clone(),
            standing: Standing::default(),
        });
        let before = std::mem::replace(&mut remembered.name, name.clone());
        remembered.standing.suffered(&change.change, seq);
        let is_banned = remembered.standing.ban.is_some();
        if remembered.standing.is_blank() {
            self.remembered.remove(&target);
        }
        if is_banned || self.banned_names.get(&before) == Some(&target) {
            self.index_bans();
        }
    }

    /// Bans by name.
    pub(super) fn index_bans(&mut self) {
        let banned = self.remembered.values().filter(|known| known.standing.ban.is_some());
        self.banned_names = banned.map(|known| (known.name.clone(), known.identity)).collect();
    }
}

fn admission(member: &Member, behind: Sequence) -> Admission {
    Admission { identity: member.seat.identity, name: member.name.clone(), behind }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, VecDeque};

    use uuid::Uuid;

    use super::super::members::{Crowd, Held};
    use super::*;
    use crate::journal::RoomId;
    use crate::policy::Rules;

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn who(number: usize) -> Identity {
        Identity(Uuid::from_u128(u128::try_from(number).unwrap()))
    }

    /// ops, with nobody in it but ana, its owner.
    fn ops() -> Open {
        let ana = Arc::new(Seat::new(who(0), user("ana")));
        let (name, away, is_followed, since) = (user("ana"), None, true, Sequence(0));
        let member = Member { seat: ana, name, away, entry: 1, is_followed, since };
        let mut open = Open {
            id: RoomId(1),
            address: RoomAddress::parse("ops").ok(),
            topic: None,
            first: Sequence(1),
            last: Sequence(0),
            recent: VecDeque::new(),
            members: HashMap::from([(who(0), member)]),
            order: BTreeMap::from([(1, who(0))]),
            entries: 1,
            presence: 0,
            told: None,
            held: Held::default(),
            crowd: Crowd::default(),
            leaving: Vec::new(),
            rules: Rules::default(),
            remembered: HashMap::new(),
            banned_names: HashMap::new(),
            founder: None,
            spoke: HashMap::new(),
        };
        open.founded_by(who(0), user("ana"));
        open
    }

    fn asks(open: &Open, ask: Ask) -> Result<Change, Refusal> {
        let room = &RoomAddress::parse("ops").unwrap();
        Asking { open, who: who(0), room, now: Timestamp(1_000) }.decide(ask)
    }

    fn stranger(number: usize) -> Target {
        let name = user(&format!("guest{number}"));
        let seat = Some(Arc::new(Seat::new(who(number), name.clone())));
        Target { name, seat }
    }

    fn ban(number: usize, for_ms: Option<u64>) -> Ask {
        Ask::Ban { target: stranger(number), for_ms, reason: None }
    }

    #[test]
    fn a_room_remembers_so_many_and_forgets_first_what_is_over() {
        let mut open = ops();
        for number in 1..ROOM_USERS_MAX {
            let for_ms = (number == 7).then_some(1_000);
            let change = asks(&open, ban(number, for_ms)).unwrap();
            let seq = Sequence(u64::try_from(number).unwrap());
            assert!(open.apply_change(who(0), &change, seq).is_none());
        }
        assert_eq!(open.remembered.len(), ROOM_USERS_MAX);
        let limit = u64::try_from(ROOM_USERS_MAX).unwrap();
        let room = RoomAddress::parse("ops").unwrap();
        let full = Err(Refusal::TooManyRemembered { room, limit });
        assert_eq!(asks(&open, ban(ROOM_USERS_MAX, None)).map(|_| ()), full);
        assert!(asks(&open, ban(3, None)).is_ok(), "one that is remembered already");
        // The ban of the seventh is over in a while: it makes place.
        assert_eq!(open.forgettable(Timestamp(1_999)), None);
        assert_eq!(open.forgettable(Timestamp(2_000)), Some(who(7)));
        open.forget(&[who(7)]);
        assert!(asks(&open, ban(ROOM_USERS_MAX, None)).is_ok());
        // Who knocks at the closed room's door meanwhile is let in, and not remembered.
        open.rules.settings.set(&Setting::parse("hidden", "on").unwrap());
        let seat = Seat::new(who(9_999), user("late"));
        assert!(open.to_admit(&seat).is_some());
        let change = asks(&open, ban(ROOM_USERS_MAX, None)).unwrap();
        open.apply_change(who(0), &change, Sequence(5_000));
        assert!(open.to_admit(&seat).is_none());
    }

    #[test]
    fn a_ban_of_a_name_holds_for_whoever_has_it_until_it_is_lifted() {
        let mut open = ops();
        let change = asks(&open, ban(5, Some(500))).unwrap();
        open.apply_change(who(0), &change, Sequence(1));
        let now = Timestamp(1_000);
        assert!(open.ban_of(who(77), &user("GUEST5"), now).is_some());
        assert!(open.ban_of(who(5), &user("another"), now).is_some());
        assert!(open.ban_of(who(77), &user("guest5"), Timestamp(1_500)).is_none());
        // Its guest is gone: its name is enough.
        let gone = Target { name: user("guest5"), seat: None };
        let change = asks(&open, Ask::Unban(gone)).unwrap();
        assert_eq!(change.target, Some(who(5)));
        open.apply_change(who(0), &change, Sequence(2));
        assert!(open.ban_of(who(77), &user("guest5"), now).is_none());
        assert!(open.ban_of(who(5), &user("guest5"), now).is_none());
    }
}

//! What an open room remembers of users, as the journal has it: their roles, bans, and what they may
//! see. Changes with what is stored; never decides.

use chat_protocol::name::OPERATOR_NAME;
use chat_protocol::{Identity, MaskList, Role, RoomChange, Sequence, Setting, Timestamp, UserName};

use super::Seat;
use super::handle::{Asker, Person, Power};
use super::members::{Member, Open};
use crate::journal::{Admission, Change, Remembered};
use crate::limits::ROOM_USERS_MAX;
use crate::policy::{self, Rank, Restriction, Standing};

/// Somebody who was put out of the room, and where.
pub(super) type PutOut = (Member, Sequence);

impl Open {
    /// Who somebody is here.
    pub(super) fn rank(&self, who: Identity) -> Rank {
        self.rank_of(Asker { identity: who, power: Power::Own })
    }

    /// Who somebody is here, by the right by which it asks.
    pub(super) fn rank_of(&self, who: Asker) -> Rank {
        let Asker { identity, power } = who;
        if power == Power::Operator {
            return Rank::Administrator;
        }
        match self.members.get(&identity) {
            None => Rank::Outsider,
            Some(member) if power == Power::Own && member.seat.is_administrator() => {
                Rank::Administrator
            }
            Some(_) => {
                self.standing(identity).map_or(Rank::Member, |standing| standing.role.into())
            }
        }
    }

    /// What somebody who asks is called here; none: it is not in.
    pub(super) fn name_of(&self, who: Asker) -> Option<UserName> {
        match who.power {
            Power::Operator => UserName::parse(OPERATOR_NAME).ok(),
            Power::Own | Power::Scoped => {
                self.members.get(&who.identity).map(|member| member.name.clone())
            }
        }
    }

    /// Is this member an account, and which, if that is called otherwise?
    pub(super) fn account_of(&self, who: Identity, name: &UserName) -> (bool, Option<UserName>) {
        let account = self.members.get(&who).and_then(|member| member.seat.account());
        (account.is_some(), account.filter(|account| *account != name).cloned())
    }

    /// What is remembered of somebody.
    pub(super) fn standing(&self, who: Identity) -> Option<&Standing> {
        self.remembered.get(&who).map(|remembered| &remembered.standing)
    }

    /// A ban of this one, or of a guest's name: it has another identity each time.
    pub(super) fn ban_of(&self, who: &Person, now: Timestamp) -> Option<&Restriction> {
        let own = self.standing(who.identity).and_then(|standing| standing.ban.as_ref());
        own.filter(|ban| ban.holds(now)).or_else(|| {
            let other = self.banned_by_name(&who.name, now).filter(|_| who.account.is_none())?;
            self.standing(other)?.ban.as_ref()
        })
    }

    /// Does a mask of this list mean it?
    pub(super) fn is_masked(&self, list: MaskList, who: &Person) -> bool {
        policy::is_masked(&self.rules.settings, list, &who.masked())
    }

    /// Does a mask mute this member?
    pub(super) fn mutes_by_mask(&self, who: Identity) -> bool {
        let masks = &self.rules.settings.masks;
        let member = self.members.get(&who).filter(|_| !masks.is_empty());
        member.is_some_and(|member| self.is_masked(MaskList::Mute, &member.seat.person()))
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
    pub(super) fn apply_change(&mut self, change: &Change, seq: Sequence) -> Option<PutOut> {
        if let Some(target) = change.target {
            self.remember(target, change, seq);
        }
        for (_, remembered) in
            self.remembered.iter_mut().filter(|(who, _)| Some(**who) != change.target)
        {
            remembered.standing.gave_way(&change.change);
        }
        if let RoomChange::Set { set } = &change.change {
            self.rules.settings.set(set);
            if let Setting::Access { .. } = set {
                self.rules.secret = change.secret;
            }
            for remembered in self.remembered.values_mut() {
                if policy::sends_away(set, &remembered.name) {
                    remembered.standing.ask_anew();
                }
            }
        }
        self.told = None; // it has their roles
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
        let (identity, name) = (seat.identity, seat.known_as());
        let standing = self.standing(identity);
        let keeps_order = standing.is_some_and(|standing| standing.role >= Role::Operator);
        let behind = if keeps_order { Sequence(0) } else { self.last };
        let is_private = self.rules.settings.is_private();
        let is_remembered = match standing {
            None => !is_private || self.remembers_all_it_may(),
            Some(standing) => {
                let is_let_in = standing.is_admitted && standing.behind.is_some();
                let is_done = standing.cut.is_none() && !standing.is_invited;
                is_done && (!is_private || is_let_in)
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
        let name = change.known_as.as_ref().or(change.change.user());
        let Some(name) = name else { return };
        let remembered = self.remembered.entry(target).or_insert_with(|| Remembered {
            identity: target,
            name: name.clone(),
            standing: Standing::default(),
        });
        let before = std::mem::replace(&mut remembered.name, name.clone());
        remembered.standing.suffered(&change.change, change.passes_all, seq);
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
    Admission { identity: member.seat.identity, name: member.seat.known_as(), behind }
}

//! Who enters a room, watches it and leaves: a part of the room's actor. Never stores anything itself.

use std::sync::Arc;

use chat_protocol::event::UserInfo;
use chat_protocol::{Event, Identity, LineText, MaskList, Refusal, Role, RoomAddress, Sequence};
use tokio::time::Instant;
use uuid::Uuid;

use super::actor::{EntryReply, RoomActor, Step, Turn};
use super::handle::{Entrant, NotThere, Person, RoomHandle};
use super::members::{Crowd, Member, Open};
use super::{ChangeId, Membership, RoomEvent};
use crate::journal::RoomKey;
use crate::limits::QUIET_PRESENCE_PAUSE;
use crate::policy::{self, AtTheDoor, Secret};

impl RoomActor {
    /// Somebody wants to enter. Who is to be remembered is in when it is.
    pub(super) fn knocks(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        entrant: Entrant,
        reply: EntryReply,
    ) {
        let seat = &entrant.seat;
        let who = seat.identity;
        let is_in = open.members.contains_key(&who);
        if open.address.is_some() && !is_in {
            let person = seat.person();
            let secret = entrant.secret.as_ref();
            let is_administrator = entrant.may_administer && seat.is_administrator();
            let door = self.at_the_door(open, Some(&person), secret, is_administrator);
            if let Err(refusal) = policy::may_enter(&entrant.address, &open.rules, &door) {
                drop(reply.send(Err(refusal))); // the session may be gone
                return;
            }
            if let Some(admission) = open.to_admit(seat) {
                turn.admissions.push(admission.clone());
                turn.steps.push(Step::Enter { entrant, admission, reply });
                return;
            }
            self.found(open, &person);
        }
        match self.enter(open, entrant) {
            Ok(joined) => {
                turn.steps.extend(joined.map(Step::Presence));
                turn.waiting.push((Some(who), reply));
            }
            Err(refusal) => drop(reply.send(Err(refusal))), // the session may be gone
        }
    }

    /// Whoever makes a room owns it; where people find themselves belongs to nobody.
    fn found(&self, open: &mut Open, who: &Person) {
        let is_new = open.last == Sequence(0) && open.entries == 0;
        let default_room = self.directory.settings().default_room.clone().map(RoomAddress::Named);
        if is_new && open.address != default_room {
            let name = who.known_as().clone();
            open.founded_by(who.identity, name);
        }
    }

    fn at_the_door<'a>(
        &self,
        open: &'a Open,
        who: Option<&Person>,
        secret: Option<&'a Secret>,
        is_administrator: bool,
    ) -> AtTheDoor<'a> {
        let now = self.now();
        AtTheDoor {
            standing: who.and_then(|who| open.standing(who.identity)),
            ban: who.and_then(|who| open.ban_of(who, now)),
            is_masked: who.is_some_and(|who| open.is_masked(MaskList::Ban, who)),
            is_expected: who.is_some_and(|who| open.is_masked(MaskList::Invite, who)),
            secret,
            is_administrator,
            members: u64::try_from(open.members.len()).unwrap_or(u64::MAX),
            now,
        }
    }

    pub(super) fn may_watch(&self, open: &Open, who: Option<&Person>) -> Result<(), Refusal> {
        let Some(room) = &open.address else { return Ok(()) };
        if who.is_some_and(|who| open.members.contains_key(&who.identity)) {
            return Ok(());
        }
        policy::may_watch(room, &open.rules, &self.at_the_door(open, who, None, false))
    }

    /// Makes somebody a member, if it is not; gives what the others are told.
    pub(super) fn enter(
        &self,
        open: &mut Open,
        entrant: Entrant,
    ) -> Result<Option<RoomEvent>, Refusal> {
        let Entrant { seat, address, follows, secret: _, may_administer: _ } = entrant;
        let who = seat.identity;
        if follows {
            open.followed_by(Some(who));
        }
        let Some(sender) = self.sender.upgrade().filter(|_| !open.members.contains_key(&who))
        else {
            return Ok(None); // is in already, or nobody has a handle any more
        };
        let address = open.address.clone().unwrap_or(address);
        let room = RoomHandle::new(sender, Arc::clone(&self.summary));
        let peer = match &self.key {
            RoomKey::Direct(one, other) => Some(if *one == who { *other } else { *one }),
            RoomKey::Named(_) => None,
        };
        let place = Membership::new(room, address, open.last, peer);
        let entered = seat.entered(open.id, place);
        // Read behind that: a change of name from now on reaches this room too.
        let UserInfo { name, away, real_name, account, account_name, .. } = seat.info();
        if entered.is_err() {
            return Err(Refusal::NoSuchUser { name });
        }
        open.entries += 1;
        open.order.insert(open.entries, who);
        let (entry, is_followed, since) = (open.entries, follows, open.last);
        let user = name.clone();
        let member = Member { seat, name, away: away.clone(), entry, is_followed, since };
        open.members.insert(who, member);
        self.summarise(open);
        let time_ms = self.now();
        let role = open.standing(who).map_or(Role::Member, |standing| standing.role);
        Ok(self.presence(open, who, None, |room| Event::Joined {
            room,
            time_ms,
            user,
            account,
            account_name,
            away,
            real_name,
            role,
        }))
    }

    /// A guest is an account now, under the same name: who is there is told that, and no coming and
    /// going. But where that one may not enter just so, or is more or less than the guest was, it
    /// enters as everybody does.
    pub(super) fn succeed(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        guest: Identity,
        entrant: Entrant,
        change: ChangeId,
    ) {
        let Entrant { seat, address, may_administer, .. } = entrant;
        let who = seat.identity;
        let role = |who| open.standing(who).map_or(Role::Member, |standing| standing.role);
        let is_alike = role(guest) == role(who) && !open.members.contains_key(&who);
        let is_administrator = may_administer && seat.is_administrator();
        let door = self.at_the_door(open, Some(&seat.person()), None, is_administrator);
        let may = policy::may_enter(&address, &open.rules, &door).is_ok();
        let Some(sender) = self.sender.upgrade() else { return };
        if !is_alike || !may || open.to_admit(&seat).is_some() {
            return;
        }
        let Some(before) = open.members.get(&guest) else { return };
        let room = RoomHandle::new(sender, Arc::clone(&self.summary));
        let entry = before.entry;
        if seat.entered(open.id, Membership::new(room, address, open.last, None)).is_err() {
            return;
        }
        if let Some(before) = open.members.remove(&guest) {
            before.seat.left(open.id);
        }
        let UserInfo { name, away, account, account_name, .. } = seat.info();
        let event = Event::AccountChanged { user: name.clone(), account, account_name };
        let since = open.last;
        let member = Member { seat, name, away, entry, is_followed: false, since };
        open.members.insert(who, member);
        open.order.insert(entry, who);
        open.changed();
        let (change, presence) = (Some(change), Some(open.presence));
        turn.steps.push(Step::Presence(RoomEvent::of(who, change, presence, event)));
    }

    pub(super) fn leave(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        who: Identity,
        (gone, reason): (Option<ChangeId>, Option<LineText>),
    ) -> Result<(), NotThere> {
        if let Some(at) = open.leaving.iter().position(|member| member.seat.identity == who) {
            open.leaving.swap_remove(at).seat.left(open.id);
            return Ok(());
        }
        let member = open.members.remove(&who).ok_or(NotThere)?;
        open.order.remove(&member.entry);
        member.seat.left(open.id);
        self.summarise(open);
        // An account is in its direct rooms also while it is away.
        let ends =
            gone.is_some() && matches!(self.key, RoomKey::Direct(..)) && !member.seat.is_account();
        if ends {
            // A direct room ends with either of its two, behind the last word of this one.
            let others = open.members.drain().map(|(_, other)| other).collect();
            turn.steps.push(Step::Release(others));
            open.order.clear();
        }
        let (time_ms, user) = (self.now(), member.name);
        let left = self.presence(open, who, gone, |room| match gone {
            Some(_) => Event::Gone { room, time_ms, user, reason },
            None => Event::Left { room, time_ms, user, reason },
        });
        turn.steps.extend(left.map(Step::Presence));
        Ok(())
    }

    /// The roster has changed. A direct room has no comings and goings to tell.
    pub(super) fn presence(
        &self,
        open: &mut Open,
        author: Identity,
        change: Option<ChangeId>,
        event: impl FnOnce(RoomAddress) -> Event,
    ) -> Option<RoomEvent> {
        open.changed();
        if self.is_quiet(open) {
            let (is_in, crowd) = (open.members.contains_key(&author), &mut open.crowd);
            *(if is_in { &mut crowd.joined } else { &mut crowd.left }) += 1;
            crowd.due.get_or_insert_with(|| Instant::now() + QUIET_PRESENCE_PAUSE);
            return None;
        }
        let presence = Some(open.presence);
        open.address.clone().map(|room| RoomEvent::of(author, change, presence, event(room)))
    }

    /// So many are there that it is told how many come and go, and not who.
    pub(super) fn is_quiet(&self, open: &Open) -> bool {
        open.members.len() > self.directory.settings().quiet
    }

    /// Who has come and gone in a large room.
    pub(super) fn tell_crowd(&self, open: &mut Open) {
        let Crowd { joined, left, .. } = std::mem::take(&mut open.crowd);
        let Some(room) = open.address.clone() else { return };
        let members_total = u64::try_from(open.members.len()).unwrap_or(u64::MAX);
        let event = Event::Crowd { room, joined, left, members_total };
        let (author, presence) = (Identity(Uuid::nil()), Some(open.presence));
        self.publish(vec![RoomEvent::of(author, None, presence, event)]);
    }
}

//! What an open room knows: its topic, its last events, and who is in it. Never decides, never
//! stores.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Weak};

use chat_protocol::event::{RoleHeld, TopicSet};
use chat_protocol::limits::{LIST_ENTRIES_MAX, QUIET_MEMBERS_TOLD};
use chat_protocol::{
    ByIdentity, Identity, LineText, Role, RoomAddress, Sequence, Timestamp, UserName,
};

use tokio::time::Instant;

use super::handle::{Members, Roster};
use super::{RoomEvent, Seat};
use crate::journal::{Remembered, RoomId};
use crate::limits::{HELD_PRESENCE_EVENTS_MAX, PRESENCE_AT_ONCE, PRESENCE_PAUSE};
use crate::policy::{Extent, Rank, Rules, Speaker, Standing, Visibility};

/// What an open room knows.
pub(super) struct Open {
    pub(super) id: RoomId,
    /// What everybody calls it; a direct room is called differently by each of the two.
    pub(super) address: Option<RoomAddress>,
    pub(super) topic: Option<LineText>,
    /// Who set it, if anybody did.
    pub(super) topic_set: Option<TopicSet>,
    /// When that was stored, or somebody entered first.
    pub(super) since: Timestamp,
    /// The first stored event that is kept.
    pub(super) first: Sequence,
    pub(super) last: Sequence,
    pub(super) recent: VecDeque<RoomEvent>,
    pub(super) members: ByIdentity<Member>,
    /// Who came when: the roster in order of entry.
    pub(super) order: BTreeMap<u64, Identity>,
    pub(super) entries: u64,
    pub(super) presence: u64,
    /// Who is there as it is told, as long as nothing changes and somebody is being told.
    pub(super) told: Option<Told>,
    /// Who has come and gone a moment ago, and is told of together.
    pub(super) held: Held,
    /// Those who have come and gone, and are not told of yet.
    pub(super) crowd: Crowd,
    /// Members of a direct room that has ended, who have to hear its last words first.
    pub(super) leaving: Vec<Member>,
    /// What it is like.
    pub(super) rules: Rules,
    /// What it remembers of users, and who is banned by name.
    pub(super) remembered: ByIdentity<Remembered>,
    pub(super) banned_names: HashMap<UserName, Identity>,
    /// Who has made it, until that is stored.
    pub(super) founder: Option<(Identity, UserName)>,
    /// When members spoke last, in slow mode.
    pub(super) spoke: ByIdentity<Timestamp>,
}

/// Comings and goings that wait for the next ones: while many come, their notices are told together,
/// a few times a second, or with the next message. The first few of a calm room do not wait.
#[derive(Default)]
pub(super) struct Held {
    pub(super) events: Vec<RoomEvent>,
    /// Not before.
    again: Option<Instant>,
    /// So many did not wait since then.
    at_once: usize,
}

impl Held {
    /// May they be told now? Then the next ones wait.
    pub(super) fn may_go(&mut self, now: Instant) -> bool {
        if self.again.is_none_or(|again| again <= now) {
            self.again = Some(now + PRESENCE_PAUSE);
            self.at_once = 0;
            return true;
        }
        self.at_once += 1;
        self.at_once < PRESENCE_AT_ONCE || self.events.len() >= HELD_PRESENCE_EVENTS_MAX
    }

    /// When they are told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.again.filter(|_| !self.events.is_empty())
    }
}

/// Who has come and gone in a large room since it was told last.
#[derive(Default)]
pub(super) struct Crowd {
    pub(super) joined: u64,
    pub(super) left: u64,
    /// When it is told.
    pub(super) due: Option<Instant>,
}

/// A roster that somebody is being told.
pub(super) struct Told {
    names: Weak<[UserName]>,
    roles: Vec<RoleHeld>,
}

pub(super) struct Member {
    pub(super) seat: Arc<Seat>,
    pub(super) name: UserName,
    pub(super) away: Option<LineText>,
    pub(super) entry: u64,
    /// A session of its has followed the room.
    pub(super) is_followed: bool,
    /// The newest event when it entered.
    pub(super) since: Sequence,
}

impl Open {
    /// A message is deleted.
    pub(super) fn bury(&mut self, target: Sequence) {
        let is_it = |event: &&mut RoomEvent| event.event.sequence() == Some(target);
        if let Some(event) = self.recent.iter_mut().find(is_it) {
            event.bury();
        }
    }

    /// What was before this event is not kept any more.
    pub(super) fn forget_before(&mut self, first: Sequence) {
        self.first = self.first.max(first);
        self.recent.retain(|event| event.event.sequence().is_none_or(|sequence| sequence >= first));
    }

    /// What somebody may read. `since`: it is in, from behind this event on.
    pub(super) fn extent(&self, who: Option<Identity>, since: Option<Sequence>) -> Option<Extent> {
        let standing = who.and_then(|who| self.standing(who));
        let cut = standing.and_then(|standing| standing.cut);
        Visibility::of(&self.rules.settings).extent(standing, since, cut)
    }

    /// Somebody who is about to speak.
    pub(super) fn speaker(&self, who: Identity, rank: Rank, now: Timestamp) -> Speaker<'_> {
        let (mute, spoke) = (self.mute_of(who), self.spoke.get(&who).copied());
        Speaker { rank, mute, is_masked: self.mutes_by_mask(who), spoke, now }
    }

    /// Somebody has made it, and owns it.
    pub(super) fn founded_by(&mut self, identity: Identity, name: UserName) {
        let standing = Standing { role: Role::Owner, ..Standing::default() };
        self.remembered.insert(identity, Remembered { identity, name: name.clone(), standing });
        self.founder = Some((identity, name));
    }

    /// A member spoke. Who spoke so long ago that it does not matter is forgotten now and then.
    pub(super) fn spoke(&mut self, who: Identity, now: Timestamp) {
        let pause_ms = self.rules.settings.slow_s.saturating_mul(1_000);
        if pause_ms == 0 {
            self.spoke = ByIdentity::default();
            return;
        }
        if self.spoke.len() > 2 * self.members.len() {
            self.spoke.retain(|_, spoke| spoke.0.saturating_add(pause_ms) > now.0);
        }
        self.spoke.insert(who, now);
    }

    /// A session of this member follows the room now.
    pub(super) fn followed_by(&mut self, who: Option<Identity>) {
        let members = self.members.values_mut().chain(&mut self.leaving);
        for member in members.filter(|member| Some(member.seat.identity) == who) {
            member.is_followed = true;
        }
    }

    /// Takes those out of the room who follow it, and so will hear its last words, or who have no
    /// session to hear them. All others are waited for: their sessions come, or end.
    pub(super) fn release(&mut self) {
        let id = self.id;
        self.leaving.retain(|member| {
            let waits = !member.is_followed && member.seat.has_sessions();
            if !waits {
                member.seat.left(id);
            }
            waits
        });
    }

    /// The roster is another.
    pub(super) fn changed(&mut self) {
        self.presence += 1;
        self.told = None;
    }

    /// The roster as it is told on entering; a large one is cut short.
    pub(super) fn roster(&mut self, is_quiet: bool) -> Roster {
        let limit = if is_quiet { QUIET_MEMBERS_TOLD } else { LIST_ENTRIES_MAX };
        let told = self.told.take();
        let told = told.and_then(|Told { names, roles }| Some((names.upgrade()?, roles)));
        let (names, roles) = told.unwrap_or_else(|| {
            let names = self.by_entry().take(limit).map(|member| member.name.clone()).collect();
            (names, self.roles(limit))
        });
        self.told = Some(Told { names: Arc::downgrade(&names), roles: roles.clone() });
        let (version, last) = (self.presence, self.last);
        Roster { names, roles, total: self.total(), version, last }
    }

    /// Who is there and what is told of them, as much of it as a list has.
    pub(super) fn listed(&self) -> Members {
        let info = |member: &Member| {
            let mut info = member.seat.info();
            if info.name != member.name {
                info.name = member.name.clone();
            }
            if info.away != member.away {
                info.away.clone_from(&member.away);
            }
            info.role = self.role(member);
            info
        };
        let members = self.by_entry().take(LIST_ENTRIES_MAX).map(info).collect();
        Members { members, total: self.total() }
    }

    /// Who came first.
    fn by_entry(&self) -> impl Iterator<Item = &Member> {
        self.order.values().filter_map(|who| self.members.get(who))
    }

    /// Those of the first who are more than members.
    fn roles(&self, limit: usize) -> Vec<RoleHeld> {
        if self.remembered.is_empty() {
            return Vec::new();
        }
        let held =
            |member: &Member| RoleHeld { user: member.name.clone(), role: self.role(member) };
        let more = |member: &&Member| !self.role(member).is_member();
        self.by_entry().take(limit).filter(more).map(held).collect()
    }

    fn role(&self, member: &Member) -> Role {
        self.standing(member.seat.identity).map_or(Role::Member, |known| known.role)
    }

    fn total(&self) -> u64 {
        u64::try_from(self.members.len()).unwrap_or(u64::MAX)
    }
}

//! The room actor. Owns the roster, the topic and the feed; decides each command on committed
//! state; never touches a socket or SQL. It publishes only what the journal handed back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::{
    Event, Identity, LineText, MessageKey, Refusal, Role, RoomAddress, Sequence, Timestamp,
    UserName,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::directory::Directory;
use super::feed::Feed;
use super::handle::{Entrant, NotThere, Person, RoomCommand, RoomHandle, Snapshot, Summary};
use super::members::{Crowd, Held, Member, Open};
use super::moderation::{Ask, Asking, PutOut};
use super::{ChangeId, Envelope, Membership, Profile, RoomEvent, Seat};
use crate::journal::{
    Admission, Body, Entry, Journal, JournalError, Outcome, Parcel, Range, Record, RoomKey, Ticket,
};
use crate::limits::{QUIET_PRESENCE_PAUSE, ROOM_TURN_COMMANDS};
use crate::policy::{self, AtTheDoor, Extent, Rank, Secret};

/// A room's task.
pub(super) struct RoomActor {
    pub(super) key: RoomKey,
    pub(super) mailbox: mpsc::Receiver<RoomCommand>,
    /// For the handles it gives its members; weak, so that it does not keep itself alive.
    pub(super) sender: mpsc::WeakSender<RoomCommand>,
    pub(super) feed: Feed,
    pub(super) journal: Journal,
    pub(super) directory: Directory,
    pub(super) summary: Arc<Mutex<Summary>>,
}

/// What one turn does, in order: presence stands behind what was said before it.
#[derive(Default)]
struct Turn {
    records: Vec<Record>,
    steps: Vec<Step>,
    admissions: Vec<Admission>,
    /// Who has to make place for others that are remembered.
    forgotten: Vec<Identity>,
    /// Who may do what is another question behind this: it is asked when this is committed.
    changes_rights: bool,
    /// Who waits for the room as it is when all has been decided.
    waiting: Vec<(Option<Identity>, EntryReply)>,
}

enum Step {
    /// The next of the records.
    Record,
    /// The next of the records, a change of the room.
    Change {
        invited: Option<Arc<Seat>>,
        admissions: Vec<Admission>,
    },
    Presence(RoomEvent),
    /// Somebody enters, and is remembered from now on.
    Enter {
        entrant: Entrant,
        admission: Admission,
        reply: EntryReply,
    },
    /// These are not in the room any more, once all that stands before is published.
    Release(Vec<Member>),
}

type EntryReply = oneshot::Sender<Result<Snapshot, Refusal>>;

impl RoomActor {
    /// Works until nobody needs the room any more.
    pub(super) async fn run(mut self) {
        let mut open = match self.open().await {
            Ok(Ok(open)) => open,
            Ok(Err(refusal)) => return self.finish(|command| command.refuse(&refusal)).await,
            Err(error) => {
                tracing::error!(room = ?self.key, %error, "a room cannot be opened");
                return self.finish(|command| command.refuse(&Refusal::Unavailable)).await;
            }
        };
        let mut commands = Vec::new();
        loop {
            let unused = open.members.is_empty() && open.leaving.is_empty();
            let received = tokio::select! {
                count = self.mailbox.recv_many(&mut commands, ROOM_TURN_COMMANDS) => Some(count),
                () = self.feed.silent(), if unused => None,
                () = due(open.crowd.due) => {
                    self.tell_crowd(&mut open);
                    continue;
                }
                () = due(open.held.due()) => {
                    open.held.may_go(Instant::now());
                    self.publish(std::mem::take(&mut open.held.events));
                    continue;
                }
                () = self.directory.closed() => Some(0),
            };
            if received == Some(0) {
                break; // the daemon stops
            }
            if self.turn(&mut open, &mut commands).await.is_err() {
                return self.fall_silent().await;
            }
            if open.members.is_empty()
                && open.leaving.is_empty()
                && !self.feed.has_listeners()
                && self.mailbox.is_empty()
            {
                break;
            }
        }
        drop(self.journal.close_room(open.id).await); // a journal that has stopped knows no rooms
        self.finish(RoomCommand::find_nobody).await;
    }

    async fn open(&self) -> Result<Result<Open, Refusal>, JournalError> {
        let opened = match self.journal.open_room(self.key.clone()).await? {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let recent_max = self.directory.settings().recent;
        let entries = if opened.last == Sequence(0) || recent_max == 0 {
            Vec::new()
        } else {
            let range = Range::Before { before: None };
            self.journal.page(opened.id, range, recent_max).await?.entries
        };
        let address = opened.name.map(RoomAddress::Named);
        let topic = Some(opened.topic).filter(|topic| !topic.as_str().is_empty());
        let recent = entries.into_iter();
        let recent = recent.map(|entry| RoomEvent::stored(entry, address.as_ref())).collect();
        let remembered = opened.remembered.into_iter().map(|known| (known.identity, known));
        let mut open = Open {
            id: opened.id,
            address,
            topic,
            first: opened.first,
            last: opened.last,
            recent,
            members: HashMap::new(),
            order: BTreeMap::new(),
            entries: 0,
            presence: 0,
            told: None,
            held: Held::default(),
            crowd: Crowd::default(),
            leaving: Vec::new(),
            rules: opened.rules,
            remembered: remembered.collect(),
            banned_names: HashMap::new(),
            founder: None,
            spoke: HashMap::new(),
        };
        open.index_bans();
        self.summarise(&open);
        Ok(Ok(open))
    }

    /// The journal has stopped, and the daemon is about to. What was to be written, until then, is
    /// neither done nor refused: its author would not try again after the restart.
    async fn fall_silent(mut self) {
        loop {
            tokio::select! {
                Some(command) = self.mailbox.recv() => command.leave_open(),
                () = self.directory.closed() => break,
            }
        }
        self.finish(RoomCommand::leave_open).await;
    }

    /// The room ends: who still asks is answered, or sees that it is gone and opens it anew.
    async fn finish(mut self, answer: impl Fn(RoomCommand)) {
        self.directory.forget(&self.key, &self.summary);
        self.mailbox.close();
        while let Some(command) = self.mailbox.recv().await {
            answer(command);
        }
    }

    /// Decides what came, stores what is to be stored, publishes what is stored.
    async fn turn(
        &self,
        open: &mut Open,
        commands: &mut Vec<RoomCommand>,
    ) -> Result<(), JournalError> {
        let mut commands = commands.drain(..).peekable();
        while commands.peek().is_some() {
            let mut turn = Turn::default();
            while !turn.changes_rights
                && let Some(command) = commands.next()
            {
                self.decide(open, &mut turn, command);
            }
            self.commit(open, turn).await?;
        }
        Ok(())
    }

    async fn commit(&self, open: &mut Open, turn: Turn) -> Result<(), JournalError> {
        let Turn { records, steps, admissions, forgotten, waiting, .. } = turn;
        for (who, reply) in waiting {
            drop(reply.send(Ok(self.snapshot(open, who)))); // the session may be gone
        }
        let (entries, is_stored) = if records.is_empty() && admissions.is_empty() {
            (Vec::new(), true)
        } else {
            let founder = open.founder.clone();
            let parcel = Parcel { records, admissions, forgotten: forgotten.clone(), founder };
            self.journal.store(open.id, parcel).await?
        };
        if is_stored {
            open.forget(&forgotten);
        }
        let mut entries = entries.into_iter();
        let is_about_more = !entries.as_slice().is_empty();
        let mut events = std::mem::take(&mut open.held.events);
        let mut put_out = Vec::new();
        for step in steps {
            match step {
                Step::Record => {
                    let entry = entries.next().flatten();
                    events.extend(entry.map(|entry| self.stored(open, entry, &mut put_out)));
                }
                Step::Change { invited, admissions } => {
                    let Some(entry) = entries.next().flatten() else { continue };
                    let from = entry.name.clone();
                    events.push(self.stored(open, entry, &mut put_out));
                    admissions.into_iter().for_each(|admission| open.admitted(admission));
                    self.summarise(open);
                    if let Some((seat, room)) = invited.zip(open.address.clone()) {
                        seat.invited(room, from);
                    }
                }
                Step::Presence(event) => events.push(event),
                Step::Enter { entrant, admission, reply } => {
                    if !is_stored {
                        drop(reply.send(Err(Refusal::DiskFull)));
                        continue;
                    }
                    open.admitted(admission);
                    let who = entrant.seat.identity;
                    let entered = self.enter(open, entrant);
                    let snapshot = entered.map(|joined| {
                        events.extend(joined);
                        self.snapshot(open, Some(who))
                    });
                    drop(reply.send(snapshot)); // the session may be gone
                }
                Step::Release(members) => open.leaving.extend(members),
            }
        }
        if open.last > Sequence(0) {
            open.founder = None; // it is stored by now
        }
        if is_about_more || events.is_empty() || open.held.may_go(Instant::now()) {
            self.publish(events);
        } else {
            open.held.events = events;
        }
        for (member, seq) in put_out {
            member.seat.put_out(open.id, seq);
        }
        open.release();
        Ok(())
    }

    fn publish(&self, events: Vec<RoomEvent>) {
        Envelope::cut(events).for_each(|envelope| self.feed.publish(envelope));
    }

    fn decide(&self, open: &mut Open, turn: &mut Turn, command: RoomCommand) {
        match command {
            RoomCommand::Enter { entrant, reply } => self.knocks(open, turn, entrant, reply),
            RoomCommand::Watch { who, reply } => match self.may_watch(open, who.as_ref()) {
                Ok(()) => {
                    let who = who.map(|who| who.identity);
                    open.followed_by(who);
                    turn.waiting.push((who, reply));
                }
                Err(refusal) => drop(reply.send(Err(refusal))), // the session may be gone
            },
            RoomCommand::Leave { who, gone, reply } => {
                drop(reply.send(self.leave(open, turn, who, gone)));
            }
            RoomCommand::Say { who, text, kind, key, ticket } => {
                let now = self.now();
                let decided = Self::decided(open, who, &ticket, |room, open, rank| {
                    policy::may_speak(room, &open.rules.settings, &open.speaker(who, rank, now))
                });
                if decided.is_ok() {
                    open.spoke(who, now);
                }
                Self::record(open, turn, who, Body::Message { text, kind }, (key, decided), ticket);
            }
            RoomCommand::SetTopic { who, topic, ticket } => {
                let now = self.now();
                let decided = Self::decided(open, who, &ticket, |room, open, rank| {
                    policy::may_set_topic(room, &open.rules.settings, &open.speaker(who, rank, now))
                });
                Self::record(open, turn, who, Body::Topic(topic), (None, decided), ticket);
            }
            RoomCommand::Delete { who, target, ticket } => {
                let decided = Self::decided(open, who, &ticket, |room, _, rank| {
                    policy::may(policy::Act::DeleteOwn, rank, room)
                });
                let of_anybody = ticket.room().is_some_and(|room| {
                    policy::may(policy::Act::DeleteOthers, open.rank(who), room).is_ok()
                });
                let body = Body::Deletion { target, of_anybody };
                Self::record(open, turn, who, body, (None, decided), ticket);
            }
            RoomCommand::Change { who, ask, ticket } => self.change(open, turn, who, *ask, ticket),
            RoomCommand::ForgetBefore { first } => open.forget_before(first),
            RoomCommand::Rename { who, to, change } => Self::rename(open, turn, who, to, change),
            RoomCommand::SetAway { who, text, change } => set_away(open, turn, who, text, change),
            RoomCommand::Roster { is_long: true, reply } => drop(reply.send(open.long_roster())),
            RoomCommand::Roster { is_long: false, reply } => {
                drop(reply.send(open.roster(self.is_quiet(open))));
            }
            RoomCommand::Describe { who, reply } => {
                let is_in = who.filter(|who| open.members.contains_key(who));
                let role = is_in.map(|who| open.standing(who).map_or(Role::Member, |s| s.role));
                drop(reply.send((open.rules.settings.clone(), role)));
            }
        }
    }

    /// Somebody wants to enter. Who is to be remembered is in when it is.
    fn knocks(&self, open: &mut Open, turn: &mut Turn, entrant: Entrant, reply: EntryReply) {
        let seat = &entrant.seat;
        let who = seat.identity;
        let is_in = open.members.contains_key(&who);
        if open.address.is_some() && !is_in {
            let name = seat.profile().name.clone();
            let person = Person { identity: who, name };
            let secret = entrant.secret.as_ref();
            let door = self.at_the_door(open, Some(&person), secret, seat.is_administrator());
            if let Err(refusal) = policy::may_enter(&entrant.address, &open.rules, &door) {
                drop(reply.send(Err(refusal))); // the session may be gone
                return;
            }
            if let Some(admission) = open.to_admit(seat) {
                turn.admissions.push(admission.clone());
                turn.steps.push(Step::Enter { entrant, admission, reply });
                return;
            }
            self.found(open, person);
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
    fn found(&self, open: &mut Open, who: Person) {
        let is_new = open.last == Sequence(0) && open.entries == 0;
        let default_room = self.directory.settings().default_room.clone().map(RoomAddress::Named);
        if is_new && open.address != default_room {
            open.founded_by(who.identity, who.name);
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
            ban: who.and_then(|who| open.ban_of(who.identity, &who.name, now)),
            secret,
            is_administrator,
            members: u64::try_from(open.members.len()).unwrap_or(u64::MAX),
            now,
        }
    }

    fn may_watch(&self, open: &Open, who: Option<&Person>) -> Result<(), Refusal> {
        let Some(room) = &open.address else { return Ok(()) };
        if who.is_some_and(|who| open.members.contains_key(&who.identity)) {
            return Ok(());
        }
        policy::may_watch(room, &open.rules, &self.at_the_door(open, who, None, false))
    }

    /// Makes somebody a member, if it is not; gives what the others are told.
    fn enter(&self, open: &mut Open, entrant: Entrant) -> Result<Option<RoomEvent>, Refusal> {
        let Entrant { seat, address, follows, secret: _ } = entrant;
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
        let entered = seat.entered(open.id, Membership::new(room, address, open.last));
        // Read behind that: a change of name from now on reaches this room too.
        let Profile { name, away } = seat.profile().clone();
        if entered.is_err() {
            return Err(Refusal::NoSuchUser { name });
        }
        open.entries += 1;
        open.order.insert(open.entries, who);
        let (entry, is_followed, since) = (open.entries, follows, open.last);
        let member = Member { seat, name: name.clone(), away, entry, is_followed, since };
        open.members.insert(who, member);
        self.summarise(open);
        let time_ms = self.now();
        Ok(self.presence(open, who, None, |room| Event::Joined { room, time_ms, user: name }))
    }

    fn change(&self, open: &Open, turn: &mut Turn, who: Identity, ask: Ask, ticket: Ticket) {
        let (Some(room), true) = (ticket.room(), open.address.is_some()) else {
            return ticket.settle(Outcome::Refused(Refusal::OnlyNamedRooms));
        };
        let Some(member) = open.members.get(&who) else {
            let refusal = policy::not_in(Some(room));
            return ticket.settle(Outcome::Refused(refusal));
        };
        let invited = ask.invited();
        let change = match (Asking { open, who, room, now: self.now() }).decide(ask) {
            Ok(change) => change,
            Err(refusal) => return ticket.settle(Outcome::Refused(refusal)),
        };
        let is_new = change.target.is_some_and(|target| open.standing(target).is_none());
        let forgotten =
            (is_new && open.remembers_all_it_may()).then(|| open.forgettable(self.now()));
        turn.forgotten.extend(forgotten.flatten());
        let admissions = open.to_admit_when(&change.change);
        turn.admissions.extend(admissions.iter().cloned());
        turn.records.push(Record {
            author: who,
            name: member.name.clone(),
            body: Body::Change(Box::new(change)),
            key: None,
            refusal: None,
            ticket,
        });
        turn.steps.push(Step::Change { invited, admissions });
        turn.changes_rights = true;
    }

    fn leave(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        who: Identity,
        gone: Option<ChangeId>,
    ) -> Result<(), NotThere> {
        if let Some(at) = open.leaving.iter().position(|member| member.seat.identity == who) {
            open.leaving.swap_remove(at).seat.left(open.id);
            return Ok(());
        }
        let member = open.members.remove(&who).ok_or(NotThere)?;
        open.order.remove(&member.entry);
        member.seat.left(open.id);
        self.summarise(open);
        let ends = gone.is_some() && matches!(self.key, RoomKey::Direct(..));
        if ends {
            // A direct room ends with either of its two, behind the last word of this one.
            let others = open.members.drain().map(|(_, other)| other).collect();
            turn.steps.push(Step::Release(others));
            open.order.clear();
        }
        let (time_ms, user) = (self.now(), member.name);
        let left = self.presence(open, who, gone, |room| match gone {
            Some(_) => Event::Gone { room, time_ms, user },
            None => Event::Left { room, time_ms, user },
        });
        turn.steps.extend(left.map(Step::Presence));
        Ok(())
    }

    /// The roster has changed. A direct room has no comings and goings to tell.
    fn presence(
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
    fn is_quiet(&self, open: &Open) -> bool {
        open.members.len() > self.directory.settings().quiet
    }

    /// Who has come and gone in a large room.
    fn tell_crowd(&self, open: &mut Open) {
        let Crowd { joined, left, .. } = std::mem::take(&mut open.crowd);
        let Some(room) = open.address.clone() else { return };
        let members_total = u64::try_from(open.members.len()).unwrap_or(u64::MAX);
        let event = Event::Crowd { room, joined, left, members_total };
        let (author, presence) = (Identity(Uuid::nil()), Some(open.presence));
        self.publish(vec![RoomEvent::of(author, None, presence, event)]);
    }

    fn rename(open: &mut Open, turn: &mut Turn, who: Identity, to: UserName, change: ChangeId) {
        let Some(member) = open.members.get_mut(&who) else {
            return;
        };
        let from = std::mem::replace(&mut member.name, to.clone());
        if open.address.is_none() {
            for (_, other) in open.members.iter().filter(|(identity, _)| **identity != who) {
                other.seat.readdress(open.id, RoomAddress::Direct(to.clone()));
            }
        }
        open.changed();
        let event = Event::Renamed { from, to };
        let (change, presence) = (Some(change), Some(open.presence));
        turn.steps.push(Step::Presence(RoomEvent::of(who, change, presence, event)));
    }

    /// May it write that? In a direct room whoever is in it may.
    fn decided(
        open: &Open,
        who: Identity,
        ticket: &Ticket,
        may: impl FnOnce(&RoomAddress, &Open, Rank) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match (open.rank(who), ticket.room()) {
            (Rank::Outsider, room) => Err(policy::not_in(room)),
            (_, None) => Err(Refusal::NotNamed),
            (rank, Some(room)) => may(room, open, rank),
        }
    }

    /// Hands a record to the journal. One that is refused goes there too, if it may be a retry of one
    /// that was not: that one's result is what its author is to be told.
    fn record(
        open: &Open,
        turn: &mut Turn,
        author: Identity,
        body: Body,
        (key, decided): (Option<MessageKey>, Result<(), Refusal>),
        ticket: Ticket,
    ) {
        let member = open.members.get(&author).map(|member| &member.name);
        let remembered = || open.remembered.get(&author).map(|known| &known.name);
        let refusal = decided.err();
        let name = match (member.or_else(remembered), &refusal) {
            (Some(name), None) => name.clone(),
            (Some(name), Some(_)) if key.is_some() => name.clone(),
            (_, refusal) => {
                let refusal = refusal.clone().unwrap_or_else(|| policy::not_in(ticket.room()));
                return ticket.settle(Outcome::Refused(refusal));
            }
        };
        turn.records.push(Record { author, name, body, key, refusal, ticket });
        turn.steps.push(Step::Record);
    }

    /// What the journal handed back becomes the room's state, and an event.
    fn stored(&self, open: &mut Open, entry: Entry, put_out: &mut Vec<PutOut>) -> RoomEvent {
        open.last = entry.sequence;
        match &entry.body {
            Body::Topic(topic) => {
                open.topic = Some(topic.clone()).filter(|topic| !topic.as_str().is_empty());
                self.summarise(open);
            }
            Body::Deletion { target, .. } => {
                open.bury(*target);
                self.directory.pages().forget(open.id, *target);
            }
            Body::Change(change) => {
                put_out.extend(open.apply_change(entry.author, change, entry.sequence));
            }
            Body::Message { .. } | Body::Tombstone => {}
        }
        let event = RoomEvent::stored(entry, open.address.as_ref());
        let recent_max = usize::try_from(self.directory.settings().recent).unwrap_or(usize::MAX);
        if recent_max > 0 {
            if open.recent.len() >= recent_max {
                open.recent.pop_front();
            }
            open.recent.push_back(event.clone());
        }
        event
    }

    /// The room as somebody may see it.
    fn snapshot(&self, open: &mut Open, who: Option<Identity>) -> Snapshot {
        let roster = open.roster(self.is_quiet(open));
        let since = who.and_then(|who| open.members.get(&who)).map(|member| member.since);
        let none = Extent { behind: open.last, through: open.last };
        let extent = open.extent(who, since).unwrap_or(none);
        let may_see = |event: &&RoomEvent| event.event.sequence().is_none_or(|seq| extent.has(seq));
        Snapshot {
            id: open.id,
            address: open.address.clone(),
            topic: open.topic.clone(),
            first: open.first.max(extent.behind.next()),
            roster,
            recent: open.recent.iter().filter(may_see).cloned().collect(),
            feed: self.feed.subscribe(),
        }
    }

    fn summarise(&self, open: &Open) {
        let (members, topic) = (open.members.len(), open.topic.clone());
        let is_private = open.rules.settings.is_private();
        let summary = Summary { members, topic, is_private };
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = summary;
    }

    fn now(&self) -> Timestamp {
        (self.directory.settings().clock)()
    }
}

/// Waits until it is time, or for ever.
async fn due(time: Option<Instant>) {
    match time {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn set_away(
    open: &mut Open,
    turn: &mut Turn,
    who: Identity,
    text: Option<LineText>,
    change: ChangeId,
) {
    let Some(member) = open.members.get_mut(&who) else {
        return;
    };
    member.away.clone_from(&text);
    let event = Event::AwayChanged { user: member.name.clone(), text };
    open.changed();
    let (change, presence) = (Some(change), Some(open.presence));
    turn.steps.push(Step::Presence(RoomEvent::of(who, change, presence, event)));
}

//! The room actor. Owns the roster, the topic and the feed; decides each command on committed
//! state; never touches a socket or SQL. It publishes only what the journal handed back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::{
    Event, Identity, LineText, MessageKey, Refusal, RoomAddress, Sequence, Timestamp, UserName,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::directory::Directory;
use super::feed::Feed;
use super::handle::{Entrant, NotThere, RoomCommand, RoomHandle, Snapshot, Summary};
use super::members::{Crowd, Held, Member, Open};
use super::{ChangeId, Envelope, Membership, Profile, RoomEvent};
use crate::journal::{Body, Entry, Journal, JournalError, Outcome, Range, Record, RoomKey, Ticket};
use crate::limits::{QUIET_PRESENCE_PAUSE, ROOM_TURN_COMMANDS};
use crate::policy;

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
    /// Who waits for the room as it is when all has been decided.
    waiting: Vec<oneshot::Sender<Result<Snapshot, Refusal>>>,
}

enum Step {
    /// The next of the records.
    Record,
    Presence(RoomEvent),
    /// These are not in the room any more, once all that stands before is published.
    Release(Vec<Member>),
}

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
        self.summarise(0, topic.as_ref());
        let recent = entries.into_iter();
        let recent = recent.map(|entry| RoomEvent::stored(entry, address.as_ref())).collect();
        Ok(Ok(Open {
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
        }))
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
        let mut turn = Turn::default();
        for command in commands.drain(..) {
            self.decide(open, &mut turn, command);
        }
        for waiting in turn.waiting.drain(..) {
            drop(waiting.send(Ok(self.snapshot(open)))); // the session may be gone
        }
        let entries = if turn.records.is_empty() {
            Vec::new()
        } else {
            self.journal.append(open.id, turn.records).await?
        };
        let mut entries = entries.into_iter();
        let is_stored = !entries.as_slice().is_empty();
        let mut events = std::mem::take(&mut open.held.events);
        for step in turn.steps {
            match step {
                Step::Record => {
                    events.extend(entries.next().flatten().map(|entry| self.stored(open, entry)));
                }
                Step::Presence(event) => events.push(event),
                Step::Release(members) => open.leaving.extend(members),
            }
        }
        if is_stored || events.is_empty() || open.held.may_go(Instant::now()) {
            self.publish(events);
        } else {
            open.held.events = events;
        }
        open.release();
        Ok(())
    }

    fn publish(&self, events: Vec<RoomEvent>) {
        Envelope::cut(events).for_each(|envelope| self.feed.publish(envelope));
    }

    fn decide(&self, open: &mut Open, turn: &mut Turn, command: RoomCommand) {
        match command {
            RoomCommand::Enter { entrant, reply } => {
                match self.enter(open, turn, entrant) {
                    Ok(()) => turn.waiting.push(reply),
                    Err(refusal) => drop(reply.send(Err(refusal))), // the session may be gone
                }
            }
            RoomCommand::Watch { who, reply } => {
                open.followed_by(who);
                turn.waiting.push(reply);
            }
            RoomCommand::Leave { who, gone, reply } => {
                drop(reply.send(self.leave(open, turn, who, gone)));
            }
            RoomCommand::Say { who, text, kind, key, ticket } => {
                Self::record(open, turn, who, Body::Message { text, kind }, key, ticket);
            }
            RoomCommand::SetTopic { who, topic, ticket } => {
                Self::record(open, turn, who, Body::Topic(topic), None, ticket);
            }
            RoomCommand::Delete { who, target, ticket } => {
                Self::record(open, turn, who, Body::Deletion { target }, None, ticket);
            }
            RoomCommand::ForgetBefore { first } => open.forget_before(first),
            RoomCommand::Rename { who, to, change } => Self::rename(open, turn, who, to, change),
            RoomCommand::SetAway { who, text, change } => set_away(open, turn, who, text, change),
            RoomCommand::Roster { is_long: true, reply } => drop(reply.send(open.long_roster())),
            RoomCommand::Roster { is_long: false, reply } => {
                drop(reply.send(open.roster(self.is_quiet(open))));
            }
        }
    }

    fn enter(&self, open: &mut Open, turn: &mut Turn, entrant: Entrant) -> Result<(), Refusal> {
        let Entrant { seat, address, follows } = entrant;
        let who = seat.identity;
        if follows {
            open.followed_by(Some(who));
        }
        let Some(sender) = self.sender.upgrade().filter(|_| !open.members.contains_key(&who))
        else {
            return Ok(()); // is in already, or nobody has a handle any more
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
        let (entry, is_followed) = (open.entries, follows);
        open.members.insert(who, Member { seat, name: name.clone(), away, entry, is_followed });
        self.summarise(open.members.len(), open.topic.as_ref());
        let time_ms = self.now();
        self.presence(open, turn, who, None, |room| Event::Joined { room, time_ms, user: name });
        Ok(())
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
        self.summarise(open.members.len(), open.topic.as_ref());
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
        self.presence(open, turn, who, gone, |room| match gone {
            Some(_) => Event::Gone { room, time_ms, user },
            None => Event::Left { room, time_ms, user },
        });
        Ok(())
    }

    /// The roster has changed. A direct room has no comings and goings to tell.
    fn presence(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        author: Identity,
        change: Option<ChangeId>,
        event: impl FnOnce(RoomAddress) -> Event,
    ) {
        open.changed();
        if self.is_quiet(open) {
            let (is_in, crowd) = (open.members.contains_key(&author), &mut open.crowd);
            *(if is_in { &mut crowd.joined } else { &mut crowd.left }) += 1;
            crowd.due.get_or_insert_with(|| Instant::now() + QUIET_PRESENCE_PAUSE);
        } else if let Some(address) = open.address.clone() {
            let event = event(address);
            let presence = Some(open.presence);
            turn.steps.push(Step::Presence(RoomEvent { author, change, presence, event }));
        }
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
        self.publish(vec![RoomEvent { author, change: None, presence, event }]);
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
        turn.steps.push(Step::Presence(RoomEvent { author: who, change, presence, event }));
    }

    fn record(
        open: &Open,
        turn: &mut Turn,
        author: Identity,
        body: Body,
        key: Option<MessageKey>,
        ticket: Ticket,
    ) {
        let Some(member) = open.members.get(&author) else {
            let refusal = policy::not_in(ticket.room());
            return ticket.settle(Outcome::Refused(refusal));
        };
        turn.records.push(Record { author, name: member.name.clone(), body, key, ticket });
        turn.steps.push(Step::Record);
    }

    /// What the journal handed back becomes the room's state, and an event.
    fn stored(&self, open: &mut Open, entry: Entry) -> RoomEvent {
        open.last = entry.sequence;
        match &entry.body {
            Body::Topic(topic) => {
                open.topic = Some(topic.clone()).filter(|topic| !topic.as_str().is_empty());
                self.summarise(open.members.len(), open.topic.as_ref());
            }
            Body::Deletion { target } => {
                open.bury(*target);
                self.directory.pages().forget(open.id, *target);
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

    fn snapshot(&self, open: &mut Open) -> Snapshot {
        let roster = open.roster(self.is_quiet(open));
        Snapshot {
            id: open.id,
            address: open.address.clone(),
            topic: open.topic.clone(),
            first: open.first,
            roster,
            recent: open.recent.iter().cloned().collect(),
            feed: self.feed.subscribe(),
        }
    }

    fn summarise(&self, members: usize, topic: Option<&LineText>) {
        let summary = Summary { members, topic: topic.cloned() };
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
    turn.steps.push(Step::Presence(RoomEvent { author: who, change, presence, event }));
}

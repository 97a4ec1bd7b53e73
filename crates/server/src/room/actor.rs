//! The room actor. Owns the roster, the topic and the feed; decides each command on committed
//! state; never touches a socket or SQL. It publishes only what the journal handed back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::event::TopicSet;
use chat_protocol::{
    ByIdentity, Event, Identity, LineText, MaskList, MessageKey, Refusal, Role, RoomAddress,
    Sequence, Timestamp, UserName,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::directory::Directory;
use super::feed::Feed;
use super::handle::{Asker, Description, Entrant, NotThere, RoomCommand, Said, Snapshot, Summary};
use super::members::{Crowd, Held, Member, Open};
use super::memory::PutOut;
use super::moderation::{Ask, Asking};
use super::{ChangeId, Envelope, RoomEvent, Seat};
use crate::journal::{
    Admission, Body, Entry, Journal, JournalError, Outcome, Parcel, Range, Record, RoomKey, Ticket,
};
use crate::limits::ROOM_TURN_COMMANDS;
use crate::policy::{self, Extent, Rank};

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
pub(super) struct Turn {
    pub(super) records: Vec<Record>,
    pub(super) steps: Vec<Step>,
    pub(super) admissions: Vec<Admission>,
    /// Who has to make place for others that are remembered.
    pub(super) forgotten: Vec<Identity>,
    /// Who may do what is another question behind this: it is asked when this is committed.
    pub(super) changes_rights: bool,
    /// Who waits for the room as it is when all has been decided.
    pub(super) waiting: Vec<(Option<Identity>, EntryReply)>,
    /// Who is answered when all of it is published.
    pub(super) answers: Vec<Reply>,
}

impl Turn {
    /// Most commands are something that is said: a record, and its step.
    fn for_up_to(commands: usize) -> Self {
        let (records, steps) = (Vec::with_capacity(commands), Vec::with_capacity(commands));
        Self { records, steps, ..Self::default() }
    }
}

/// An answer that stands behind what it is about: who has it finds that the others were told.
pub(super) enum Reply {
    Entered(EntryReply, Box<Result<Snapshot, Refusal>>),
    Left(oneshot::Sender<Result<(), NotThere>>, Result<(), NotThere>),
    Flushed(oneshot::Sender<()>),
}

impl Reply {
    fn send(self) {
        // Who asked may be gone.
        match self {
            Self::Entered(to, snapshot) => drop(to.send(*snapshot)),
            Self::Left(to, left) => drop(to.send(left)),
            Self::Flushed(to) => drop(to.send(())),
        }
    }
}

pub(super) enum Step {
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

pub(super) type EntryReply = oneshot::Sender<Result<Snapshot, Refusal>>;

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
            let range = Range::Before { after: Sequence(0), before: None };
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
            topic_set: opened.topic_set,
            since: opened.since.unwrap_or_else(|| self.now()),
            first: opened.first,
            last: opened.last,
            recent,
            members: ByIdentity::default(),
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
            spoke: ByIdentity::default(),
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
            let mut turn = Turn::for_up_to(commands.len());
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
        let Turn { records, steps, admissions, forgotten, waiting, mut answers, .. } = turn;
        for (who, reply) in waiting {
            answers.push(Reply::Entered(reply, Box::new(Ok(self.snapshot(open, who)))));
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
        let mut behind = entries.iter().flatten().count();
        let mut entries = entries.into_iter();
        let is_about_more = !entries.as_slice().is_empty();
        let mut events = std::mem::take(&mut open.held.events);
        events.reserve_exact(steps.len());
        let mut put_out = Vec::new();
        for step in steps {
            match step {
                Step::Record => {
                    let Some(entry) = entries.next().flatten() else { continue };
                    behind -= 1;
                    events.push(self.stored(open, entry, behind, &mut put_out));
                }
                Step::Change { invited, admissions } => {
                    let Some(entry) = entries.next().flatten() else { continue };
                    let from = entry.name.clone();
                    let account = (entry.is_account, entry.account_name.clone());
                    behind -= 1;
                    events.push(self.stored(open, entry, behind, &mut put_out));
                    admissions.into_iter().for_each(|admission| open.admitted(admission));
                    self.summarise(open);
                    if let Some((seat, room)) = invited.zip(open.address.clone()) {
                        seat.invited(room, from, account);
                    }
                }
                Step::Presence(event) => events.push(event),
                Step::Enter { entrant, admission, reply } => {
                    if !is_stored {
                        answers.push(Reply::Entered(reply, Box::new(Err(Refusal::DiskFull))));
                        continue;
                    }
                    open.admitted(admission);
                    let who = entrant.seat.identity;
                    let entered = self.enter(open, entrant);
                    let snapshot = entered.map(|joined| {
                        events.extend(joined);
                        self.snapshot(open, Some(who))
                    });
                    answers.push(Reply::Entered(reply, Box::new(snapshot)));
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
        answers.into_iter().for_each(Reply::send);
        Ok(())
    }

    pub(super) fn publish(&self, events: Vec<RoomEvent>) {
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
            RoomCommand::Leave { who, gone, reason, reply } => {
                let left = self.leave(open, turn, who, (gone, reason));
                turn.answers.push(Reply::Left(reply, left));
            }
            RoomCommand::Say { who, said, key, ticket } => {
                let now = self.now();
                let Said { text, kind, reply_to, by } = said;
                let decided = Self::decided(open, who, &ticket, |room, open, rank| {
                    let mut speaker = open.speaker(who.identity, rank, now);
                    let settings = &open.rules.settings;
                    if rank == Rank::Outsider {
                        let ban = open.ban_of(&by, now);
                        speaker.is_masked = open.is_masked(MaskList::Ban, &by)
                            || open.is_masked(MaskList::Mute, &by);
                        policy::may_speak_outside(room, settings, ban, &speaker)?;
                    } else {
                        policy::may_speak(room, settings, &speaker)?;
                    }
                    reply_to.map_or(Ok(()), |seq| open.has_said(room, seq))
                });
                if decided.is_ok() {
                    open.spoke(who.identity, now);
                }
                let body = Body::Message { text, kind, reply_to };
                let is_outside = !open.members.contains_key(&who.identity);
                let name = Some(by.name).filter(|_| is_outside && decided.is_ok());
                Self::record(open, turn, (who.identity, name), body, (key, decided), ticket);
            }
            RoomCommand::Signal { who, signalled, reply } => {
                drop(reply.send(self.signal(open, turn, who, signalled))); // nobody may wait
            }
            RoomCommand::SetTopic { who, topic, ticket } => {
                let now = self.now();
                let decided = Self::decided(open, who, &ticket, |room, open, rank| {
                    policy::may_set_topic(
                        room,
                        &open.rules.settings,
                        &open.speaker(who.identity, rank, now),
                    )
                });
                let (who, body) = ((who.identity, None), Body::Topic(topic));
                Self::record(open, turn, who, body, (None, decided), ticket);
            }
            RoomCommand::Delete { who, target, reason, ticket } => {
                let decided = Self::decided(open, who, &ticket, |room, _, rank| {
                    policy::may(policy::Act::DeleteOwn, rank, room)
                });
                let of_anybody = ticket.room().is_some_and(|room| {
                    policy::may(policy::Act::DeleteOthers, open.rank_of(who), room).is_ok()
                });
                let body = Body::Deletion { target, of_anybody, original: None, reason };
                Self::record(open, turn, (who.identity, None), body, (None, decided), ticket);
            }
            RoomCommand::Change { who, ask, ticket } => self.change(open, turn, who, *ask, ticket),
            RoomCommand::ForgetBefore { first } => open.forget_before(first),
            RoomCommand::Rename { who, to, change } => self.rename(open, turn, who, to, change),
            RoomCommand::SetAway { who, text, change } => set_away(open, turn, who, text, change),
            RoomCommand::Flush { reply } => turn.answers.push(Reply::Flushed(reply)),
            RoomCommand::Retell { who, event, change } => retell(open, turn, who, *event, change),
            RoomCommand::Succeed { guest, entrant, change } => {
                self.succeed(open, turn, guest, *entrant, change);
            }
            // In a large room nobody is told what is known of one of many.
            RoomCommand::Known { event, .. } if self.is_quiet(open) && event.is_about_user() => {}
            RoomCommand::Known { who, event, change } => {
                turn.steps.push(Step::Presence(RoomEvent::of(who, Some(change), None, *event)));
            }
            RoomCommand::Members { reply } => drop(reply.send(open.listed())),
            RoomCommand::Roster { reply } => drop(reply.send(open.roster(self.is_quiet(open)))),
            RoomCommand::Remembered { reply } => {
                drop(reply.send(open.remembered.values().cloned().collect()));
            }
            RoomCommand::Describe { who, reply } => {
                let is_in = who.filter(|who| open.members.contains_key(who));
                let role = is_in.map(|who| open.standing(who).map_or(Role::Member, |s| s.role));
                let (settings, since) = (open.rules.settings.clone(), Some(open.since));
                drop(reply.send(Description { settings, role, since }));
            }
        }
    }

    fn change(&self, open: &Open, turn: &mut Turn, who: Asker, ask: Ask, ticket: Ticket) {
        let (Some(room), true) = (ticket.room(), open.address.is_some()) else {
            return ticket.settle(Outcome::Refused(Refusal::OnlyNamedRooms));
        };
        let Some(name) = open.name_of(who) else {
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
        let (is_account, account_name) = open.account_of(who.identity, &name);
        turn.records.push(Record {
            author: who.identity,
            is_account,
            account_name,
            name,
            is_bot: false,
            body: Body::Change(Box::new(change)),
            key: None,
            refusal: None,
            ticket,
        });
        turn.steps.push(Step::Change { invited, admissions });
        turn.changes_rights = true;
    }

    fn rename(
        &self,
        open: &mut Open,
        turn: &mut Turn,
        who: Identity,
        to: UserName,
        change: ChangeId,
    ) {
        let Some(member) = open.members.get_mut(&who) else {
            return;
        };
        let from = std::mem::replace(&mut member.name, to.clone());
        if open.address.is_none() {
            let is_ones_own = matches!(&self.key, RoomKey::Direct(one, other) if one == other);
            let calls_it_so = |(it, _): &(&Identity, &Member)| **it != who || is_ones_own;
            for (_, other) in open.members.iter().filter(calls_it_so) {
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
        who: Asker,
        ticket: &Ticket,
        may: impl FnOnce(&RoomAddress, &Open, Rank) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match (open.rank_of(who), ticket.room()) {
            (Rank::Outsider, None) => Err(policy::not_in(None)),
            (_, None) => Err(Refusal::NotNamed),
            (rank, Some(room)) => may(room, open, rank),
        }
    }

    /// Hands a record to the journal. One that is refused goes there too, if it may be a retry of one
    /// that was not: that one's result is what its author is to be told.
    fn record(
        open: &Open,
        turn: &mut Turn,
        (author, outside): (Identity, Option<UserName>),
        body: Body,
        (key, decided): (Option<MessageKey>, Result<(), Refusal>),
        ticket: Ticket,
    ) {
        let member = open.members.get(&author);
        let is_bot = member.is_some_and(|member| member.seat.profile().bot);
        let member = member.map(|member| &member.name);
        let remembered = || open.remembered.get(&author).map(|known| &known.name);
        let refusal = decided.err();
        let name = match (outside.as_ref().or(member).or_else(remembered), &refusal) {
            (Some(name), None) => name.clone(),
            (Some(name), Some(_)) if key.is_some() => name.clone(),
            (_, refusal) => {
                let refusal = refusal.clone().unwrap_or_else(|| policy::not_in(ticket.room()));
                return ticket.settle(Outcome::Refused(refusal));
            }
        };
        let (is_account, account_name) = open.account_of(author, &name);
        turn.records.push(Record {
            author,
            name,
            is_account,
            account_name,
            is_bot,
            body,
            key,
            refusal,
            ticket,
        });
        turn.steps.push(Step::Record);
    }

    /// What the journal handed back becomes the room's state, and an event. So many of its batch
    /// come `behind` it: what they will push out of the recent ones is not put there.
    fn stored(
        &self,
        open: &mut Open,
        entry: Entry,
        behind: usize,
        put_out: &mut Vec<PutOut>,
    ) -> RoomEvent {
        open.last = entry.sequence;
        match &entry.body {
            Body::Topic(topic) => {
                open.topic = Some(topic.clone()).filter(|topic| !topic.as_str().is_empty());
            }
            Body::Deletion { target, .. } => {
                open.bury(*target);
                self.directory.pages().forget(open.id, *target);
            }
            Body::Change(change) => {
                put_out.extend(open.apply_change(change, entry.sequence));
            }
            Body::Message { .. } | Body::Tombstone => {}
        }
        let event = RoomEvent::stored(entry, open.address.as_ref());
        if let Some(set) = topic_set(&event) {
            open.topic_set = Some(set);
            self.summarise(open);
        }
        let recent_max = usize::try_from(self.directory.settings().recent).unwrap_or(usize::MAX);
        if behind < recent_max {
            if open.recent.len() >= recent_max {
                open.recent.pop_front();
            }
            open.recent.push_back(event.clone());
        }
        event
    }

    /// The room as somebody may see it.
    pub(super) fn snapshot(&self, open: &mut Open, who: Option<Identity>) -> Snapshot {
        let roster = open.roster(self.is_quiet(open));
        let since = who.and_then(|who| open.members.get(&who)).map(|member| member.since);
        let none = Extent { behind: open.last, through: open.last };
        let extent = open.extent(who, since).unwrap_or(none);
        let may_see = |event: &&RoomEvent| event.event.sequence().is_none_or(|seq| extent.has(seq));
        Snapshot {
            id: open.id,
            address: open.address.clone(),
            topic: open.topic.clone(),
            topic_set: open.topic_set.clone(),
            is_private: open.rules.settings.is_private(),
            first: open.first.max(extent.behind.next()),
            roster,
            recent: open.recent.iter().filter(may_see).cloned().collect(),
            feed: self.feed.subscribe(),
        }
    }

    pub(super) fn summarise(&self, open: &Open) {
        let (members, topic) = (open.members.len(), open.topic.clone());
        let is_private = open.rules.settings.is_private();
        let topic_set = open.topic_set.clone();
        let since = Some(open.since);
        let summary = Summary { members, topic, topic_set, since, is_private };
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = summary;
    }

    pub(super) fn now(&self) -> Timestamp {
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

fn retell(open: &mut Open, turn: &mut Turn, who: Identity, event: Event, change: ChangeId) {
    if open.members.contains_key(&who) {
        open.changed();
        let (change, presence) = (Some(change), Some(open.presence));
        turn.steps.push(Step::Presence(RoomEvent::of(who, change, presence, event)));
    }
}

/// Who set the topic, if that is what an event is.
fn topic_set(event: &RoomEvent) -> Option<TopicSet> {
    if let Event::TopicChanged { from, time_ms, .. } = &event.event {
        Some(TopicSet { by: from.clone(), time_ms: *time_ms })
    } else {
        None
    }
}

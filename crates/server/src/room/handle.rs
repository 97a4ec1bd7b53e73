//! A room's face: its methods are all that can be asked of a room.

use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::event::{RoleHeld, TopicSet, UserInfo};
use chat_protocol::{
    Event, Identity, LineText, Masked, MessageKey, MessageText, Refusal, Role, RoomAddress,
    RoomSettings, SayKind, Sequence, Signal, Timestamp, UserName,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{Ask, ChangeId, RoomEvent, Seat, Subscription};
use crate::journal::{Outcome, Remembered, RoomId, Ticket};
use crate::policy::{self, Secret};

/// The room was let go in this moment: open it again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RoomGone;

/// A handle on a room.
#[derive(Clone, Debug)]
pub(crate) struct RoomHandle {
    mailbox: mpsc::Sender<RoomCommand>,
    summary: Arc<Mutex<Summary>>,
}

/// What a list of rooms shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// How many are in it.
    pub(crate) members: usize,
    /// Its topic.
    pub(crate) topic: Option<LineText>,
    /// Who set it.
    pub(crate) topic_set: Option<TopicSet>,
    /// When it was made.
    pub(crate) since: Option<Timestamp>,
    /// It is there only for who is in it.
    pub(crate) is_private: bool,
}

/// Somebody, for who may be refused.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Who.
    pub(crate) identity: Identity,
    /// Its name: a guest that is banned is banned by name too.
    pub(crate) name: UserName,
    /// What its account is called, if it is one's.
    pub(crate) account: Option<UserName>,
    /// What its client calls it.
    pub(crate) login: Option<LineText>,
}

impl Person {
    /// The name by which it is remembered.
    pub(crate) fn known_as(&self) -> &UserName {
        self.account.as_ref().unwrap_or(&self.name)
    }

    /// As a room's masks see it.
    pub(crate) fn masked(&self) -> Masked<'_> {
        let account = self.account.as_ref();
        Masked { name: &self.name, login: self.login.as_ref().map(LineText::as_str), account }
    }
}

/// Who asks a room for something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// Who.
    pub(crate) identity: Identity,
    /// By which right.
    pub(crate) power: Power,
}

/// By which right somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// Its own.
    Own,
    /// A token that is not for everything: it is no administrator by that.
    Scoped,
    /// The server's, from its command line. It is in no room.
    Operator,
}

impl Asker {
    /// The server's own user.
    pub(crate) const OPERATOR: Self =
        Self { identity: Identity(Uuid::nil()), power: Power::Operator };
}

/// Somebody who wants to enter.
#[derive(Debug)]
pub(crate) struct Entrant {
    /// Who.
    pub(crate) seat: Arc<Seat>,
    /// What it calls the room.
    pub(crate) address: RoomAddress,
    /// The session that asks follows the room from the answer on. Otherwise the user's sessions
    /// learn of the room from the seat.
    pub(crate) follows: bool,
    /// The key that it gave.
    pub(crate) secret: Option<Secret>,
    /// It may enter as an administrator of the server, if it is one.
    pub(crate) may_administer: bool,
}

/// Who is in a room, as it is told on entering.
#[derive(Debug)]
pub(crate) struct Roster {
    /// In order of entry, not more than may be told. All who enter at the same time share them.
    pub(crate) names: Arc<[UserName]>,
    /// Those of them who are more than members.
    pub(crate) roles: Vec<RoleHeld>,
    /// How many there are.
    pub(crate) total: u64,
    /// The presence version: changes up to it are in here.
    pub(crate) version: u64,
    /// The newest stored event.
    pub(crate) last: Sequence,
}

/// Who is in a room, and what is told of them.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// In order of entry, as many as a list has.
    pub(crate) members: Vec<UserInfo>,
    /// How many there are.
    pub(crate) total: u64,
}

/// A room at one moment, and the feed from that moment on.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Its number.
    pub(crate) id: RoomId,
    /// What everybody calls it; none: a direct room.
    pub(crate) address: Option<RoomAddress>,
    /// Its topic.
    pub(crate) topic: Option<LineText>,
    /// Who set it, if that is among its last events.
    pub(crate) topic_set: Option<TopicSet>,
    /// It is in no list.
    pub(crate) is_private: bool,
    /// The first stored event that is kept.
    pub(crate) first: Sequence,
    /// Who is there.
    pub(crate) roster: Roster,
    /// The last stored events, oldest first; they end with the newest.
    pub(crate) recent: Vec<RoomEvent>,
    /// What comes.
    pub(crate) feed: Subscription,
}

/// What a room is like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    /// That.
    pub(crate) settings: RoomSettings,
    /// Who the one who asks is there; none: it is not in it.
    pub(crate) role: Option<Role>,
    /// When its first event that is kept was stored, or it was entered first.
    pub(crate) since: Option<Timestamp>,
}

/// What a room can be asked.
#[derive(Debug)]
pub(super) enum RoomCommand {
    Enter {
        entrant: Entrant,
        reply: oneshot::Sender<Result<Snapshot, Refusal>>,
    },
    Watch {
        who: Option<Person>,
        reply: oneshot::Sender<Result<Snapshot, Refusal>>,
    },
    Leave {
        who: Identity,
        gone: Option<ChangeId>,
        reason: Option<LineText>,
        reply: oneshot::Sender<Result<(), NotThere>>,
    },
    Say {
        who: Asker,
        said: Said,
        key: Option<MessageKey>,
        ticket: Ticket,
    },
    Signal {
        who: Asker,
        signalled: Signalled,
        reply: SignalReply,
    },
    SetTopic {
        who: Asker,
        topic: LineText,
        ticket: Ticket,
    },
    Delete {
        who: Asker,
        target: Sequence,
        reason: Option<LineText>,
        ticket: Ticket,
    },
    Change {
        who: Asker,
        ask: Box<Ask>,
        ticket: Ticket,
    },
    ForgetBefore {
        first: Sequence,
    },
    Rename {
        who: Identity,
        to: UserName,
        change: ChangeId,
    },
    SetAway {
        who: Identity,
        text: Option<LineText>,
        change: ChangeId,
    },
    /// All that was asked before is done, and told.
    Flush {
        reply: oneshot::Sender<()>,
    },
    /// A member tells something else of itself.
    Retell {
        who: Identity,
        event: Box<Event>,
        change: ChangeId,
    },
    /// A guest is this account now.
    Succeed {
        guest: Identity,
        entrant: Box<Entrant>,
        change: ChangeId,
    },
    Known {
        who: Identity,
        event: Box<Event>,
        change: ChangeId,
    },
    Roster {
        reply: oneshot::Sender<Roster>,
    },
    Members {
        reply: oneshot::Sender<Members>,
    },
    Describe {
        who: Option<Identity>,
        reply: oneshot::Sender<Description>,
    },
    Remembered {
        reply: oneshot::Sender<Vec<Remembered>>,
    },
}

/// A message, as its author says it.
#[derive(Debug)]
pub(crate) struct Said {
    /// What.
    pub(crate) text: MessageText,
    /// How it is meant.
    pub(crate) kind: SayKind,
    /// Which earlier message of the room it answers.
    pub(crate) reply_to: Option<Sequence>,
    /// Who says it: it may not be in the room.
    pub(crate) by: Person,
}

/// A signal, as its author gives it.
#[derive(Debug)]
pub(crate) struct Signalled {
    /// What the author calls the room.
    pub(crate) room: RoomAddress,
    /// What.
    pub(crate) signal: Signal,
    /// What it is called.
    pub(crate) key: Option<MessageKey>,
}

/// When it was told.
pub(super) type SignalReply = oneshot::Sender<Result<Timestamp, Refusal>>;

/// Not a member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotThere;

impl RoomHandle {
    pub(super) const fn new(
        mailbox: mpsc::Sender<RoomCommand>,
        summary: Arc<Mutex<Summary>>,
    ) -> Self {
        Self { mailbox, summary }
    }

    /// The same room, and not a later one of its name?
    pub(super) fn is(&self, other: &Arc<Mutex<Summary>>) -> bool {
        Arc::ptr_eq(&self.summary, other)
    }

    /// Its actor is gone: the handle is of no use any more.
    pub(super) fn is_gone(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// The same room?
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.is(&other.summary)
    }

    /// What a list of rooms shows; may be a moment old.
    pub(crate) fn summary(&self) -> Summary {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a user a member, tells the others, and gives the room as it is. A member gets the
    /// room again and nobody is told.
    pub(crate) async fn enter(
        &self,
        entrant: Entrant,
    ) -> Result<Result<Snapshot, Refusal>, RoomGone> {
        self.ask(|reply| RoomCommand::Enter { entrant, reply }).await
    }

    /// The room as it is, for a member's session, or for somebody who only looks.
    pub(crate) async fn watch(
        &self,
        who: Option<Person>,
    ) -> Result<Result<Snapshot, Refusal>, RoomGone> {
        self.ask(|reply| RoomCommand::Watch { who, reply }).await
    }

    /// Ends a membership. With `gone`, the user leaves all its rooms at once.
    pub(crate) async fn leave(
        &self,
        who: Identity,
        gone: Option<ChangeId>,
        reason: Option<LineText>,
    ) -> Result<Result<(), NotThere>, RoomGone> {
        self.ask(|reply| RoomCommand::Leave { who, gone, reason, reply }).await
    }

    /// Says something; the ticket tells what became of it, also if the room is gone.
    pub(crate) async fn say(
        &self,
        who: Asker,
        said: Said,
        key: Option<MessageKey>,
        ticket: Ticket,
    ) {
        self.tell(RoomCommand::Say { who, said, key, ticket }).await;
    }

    /// Tells those who are there that a member types, if they are to be told; nobody waits for it.
    pub(crate) async fn typing(&self, who: Asker, signalled: Signalled) {
        let (reply, _) = oneshot::channel();
        self.tell(RoomCommand::Signal { who, signalled, reply }).await;
    }

    /// Tells those who are there what a member signals, and says when.
    pub(crate) async fn signal(
        &self,
        who: Asker,
        signalled: Signalled,
    ) -> Result<Result<Timestamp, Refusal>, RoomGone> {
        self.ask(|reply| RoomCommand::Signal { who, signalled, reply }).await
    }

    /// Changes the topic; the ticket tells what became of it.
    pub(crate) async fn set_topic(&self, who: Asker, topic: LineText, ticket: Ticket) {
        self.tell(RoomCommand::SetTopic { who, topic, ticket }).await;
    }

    /// Deletes a member's message; the ticket tells what became of it.
    pub(crate) async fn delete(
        &self,
        who: Asker,
        target: Sequence,
        reason: Option<LineText>,
        ticket: Ticket,
    ) {
        self.tell(RoomCommand::Delete { who, target, reason, ticket }).await;
    }

    /// Changes the room, or what somebody may do there; the ticket tells what became of it.
    pub(crate) async fn change(&self, who: Asker, ask: Ask, ticket: Ticket) {
        self.tell(RoomCommand::Change { who, ask: Box::new(ask), ticket }).await;
    }

    /// What was before this event is not kept any more.
    pub(super) async fn forget_before(&self, first: Sequence) {
        self.tell(RoomCommand::ForgetBefore { first }).await;
    }

    /// A member has another name.
    pub(crate) async fn rename(&self, who: Identity, to: UserName, change: ChangeId) {
        self.tell(RoomCommand::Rename { who, to, change }).await;
    }

    /// Waits until all that was asked before is done and told; a room that is gone has nothing.
    pub(crate) async fn flushed(&self) {
        drop(self.ask(|reply| RoomCommand::Flush { reply }).await);
    }

    /// A member tells something else of itself.
    pub(crate) async fn retell(&self, who: Identity, event: Event, change: ChangeId) {
        self.tell(RoomCommand::Retell { who, event: Box::new(event), change }).await;
    }

    /// A guest is an account from now on, under the same name, and so another user: that is in where
    /// the guest was, if it may be. Where it may not the guest is as before.
    pub(crate) async fn succeed(&self, guest: Identity, entrant: Entrant, change: ChangeId) {
        let entrant = Box::new(entrant);
        self.tell(RoomCommand::Succeed { guest, entrant, change }).await;
    }

    /// A member is away, or back.
    pub(crate) async fn set_away(&self, who: Identity, text: Option<LineText>, change: ChangeId) {
        self.tell(RoomCommand::SetAway { who, text, change }).await;
    }

    /// Programs know something else of the room, or of a member; `who` made it so.
    pub(crate) async fn known(&self, who: Identity, event: Event, change: ChangeId) {
        self.tell(RoomCommand::Known { who, event: Box::new(event), change }).await;
    }

    /// Who is there, as it is told on entering?
    pub(crate) async fn roster(&self) -> Result<Roster, RoomGone> {
        self.ask(|reply| RoomCommand::Roster { reply }).await
    }

    /// Who is there, as many as a list has?
    pub(crate) async fn members(&self) -> Result<Members, RoomGone> {
        self.ask(|reply| RoomCommand::Members { reply }).await
    }

    /// What is it like, and who is this one there?
    pub(crate) async fn describe(&self, who: Option<Identity>) -> Result<Description, RoomGone> {
        self.ask(|reply| RoomCommand::Describe { who, reply }).await
    }

    /// What does it remember of users?
    pub(crate) async fn remembered(&self) -> Result<Vec<Remembered>, RoomGone> {
        self.ask(|reply| RoomCommand::Remembered { reply }).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> RoomCommand,
    ) -> Result<T, RoomGone> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.send(command(reply)).await.map_err(|_| RoomGone)?;
        answer.await.map_err(|_| RoomGone)
    }

    /// A room that is gone has no members: there is nobody to tell, and nobody may write.
    async fn tell(&self, command: RoomCommand) {
        match self.mailbox.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Closed(command)) => command.find_nobody(),
            Err(TrySendError::Full(command)) => {
                // Seldom, and large.
                if let Err(gone) = Box::pin(self.mailbox.send(command)).await {
                    gone.0.find_nobody();
                }
            }
        }
    }
}

impl RoomCommand {
    /// What becomes of a command that a room without members gets. Who waits for a reply sees
    /// that the room is gone.
    pub(super) fn find_nobody(self) {
        match self {
            Self::Say { ticket, .. }
            | Self::SetTopic { ticket, .. }
            | Self::Change { ticket, .. }
            | Self::Delete { ticket, .. } => {
                let refusal = policy::not_in(ticket.room());
                ticket.settle(Outcome::Refused(refusal));
            }
            Self::Enter { .. }
            | Self::Signal { .. }
            | Self::Watch { .. }
            | Self::Leave { .. }
            | Self::ForgetBefore { .. }
            | Self::Known { .. }
            | Self::Rename { .. }
            | Self::SetAway { .. }
            | Self::Retell { .. }
            | Self::Succeed { .. }
            | Self::Flush { .. }
            | Self::Describe { .. }
            | Self::Remembered { .. }
            | Self::Members { .. }
            | Self::Roster { .. } => {}
        }
    }

    /// The same when nobody knows what is stored: only who does not write is told no.
    pub(super) fn leave_open(self) {
        match self {
            // The ticket says that it is unknown.
            Self::Say { .. }
            | Self::SetTopic { .. }
            | Self::Change { .. }
            | Self::Delete { .. } => {}
            Self::Enter { .. }
            | Self::Signal { .. }
            | Self::Watch { .. }
            | Self::Leave { .. }
            | Self::ForgetBefore { .. }
            | Self::Known { .. }
            | Self::Rename { .. }
            | Self::SetAway { .. }
            | Self::Retell { .. }
            | Self::Succeed { .. }
            | Self::Flush { .. }
            | Self::Describe { .. }
            | Self::Remembered { .. }
            | Self::Members { .. }
            | Self::Roster { .. } => self.refuse(&Refusal::Unavailable),
        }
    }

    /// The same for a room that cannot be.
    pub(super) fn refuse(self, refusal: &Refusal) {
        match self {
            Self::Enter { reply, .. } | Self::Watch { reply, .. } => {
                drop(reply.send(Err(refusal.clone()))); // the session may be gone
            }
            Self::Signal { reply, .. } => drop(reply.send(Err(refusal.clone()))), // the same
            Self::Say { ticket, .. }
            | Self::SetTopic { ticket, .. }
            | Self::Change { ticket, .. }
            | Self::Delete { ticket, .. } => {
                ticket.settle(Outcome::Refused(refusal.clone()));
            }
            Self::Leave { .. }
            | Self::ForgetBefore { .. }
            | Self::Known { .. }
            | Self::Rename { .. }
            | Self::SetAway { .. }
            | Self::Retell { .. }
            | Self::Succeed { .. }
            | Self::Flush { .. }
            | Self::Describe { .. }
            | Self::Remembered { .. }
            | Self::Members { .. }
            | Self::Roster { .. } => {}
        }
    }
}

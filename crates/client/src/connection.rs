//! The public face of a connection that reconnects: options, updates, the handle. Never touches a
//! socket; the actor behind it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_protocol::event::Welcome;
use chat_protocol::{
    Command, Cursor, Event, MessageKey, RequestId, RoomAddress, Sequence, UserName,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::actor::{Actor, Order, Wires};
use crate::link::Coming;
use crate::{Link, LinkError, Naming, ServerAddress, Trouble};

/// Commands that wait to be taken by the connection; a sender waits beyond that.
pub const ORDERS_QUEUED_MAX: usize = 256;
/// Updates that wait to be taken by the consumer; the socket is not read beyond that.
pub const UPDATES_QUEUED_MAX: usize = 1_024;
/// Requests on the wire without an answer; no more are taken beyond that.
pub const IN_FLIGHT_MAX: usize = 1_024;
/// Wishes for the next connection that wait to be heard; more are not needed.
const WISHES_QUEUED_MAX: usize = 8;

/// What a connection needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the server is.
    pub server: ServerAddress,
    /// Which name to ask for.
    pub naming: Naming,
    /// Where to begin in these rooms once they are joined or watched: everything behind the cursor
    /// is told first. Other rooms are told from where they are entered.
    pub cursors: Vec<Cursor>,
    /// How long things may take.
    pub timing: Timing,
}

/// How long things may take.
#[derive(Clone, Debug)]
pub struct Timing {
    /// To connect.
    pub connect: Duration,
    /// From a hello to its answer.
    pub hello: Duration,
    /// From a question to its answer ([`Link::ask`]).
    pub answer: Duration,
    /// Without a sign of life before asking for one; as long again, and the connection is broken.
    pub silence: Duration,
    /// The shortest wait before connecting again.
    pub retry_shortest: Duration,
    /// The longest wait before connecting again.
    pub retry_longest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            silence: Duration::from_secs(30),
            retry_shortest: Duration::from_millis(500),
            retry_longest: Duration::from_secs(30),
        }
    }
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(server: ServerAddress, naming: Naming) -> Self {
        Self { server, naming, cursors: Vec::new(), timing: Timing::default() }
    }
}

/// What the consumer of a connection is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// There is a connection: the first update, and again after each [`Update::Disconnected`].
    Connected(Box<Welcome>),
    /// What the server tells unasked. Stored events of a room come exactly once and in order,
    /// also across connections; what was said through this connection's own handle is not among
    /// them (its answer tells it).
    Event(Event),
    /// The answer to a command sent through the handle.
    Answered {
        /// What [`Handle::send`] returned.
        id: RequestId,
        /// What came of it.
        answer: Answer,
    },
    /// A part of a room's history that cannot be told.
    Gap(Gap),
    /// The connection is gone; there will be another.
    Disconnected {
        /// Why, in words.
        why: String,
        /// When the next try is.
        retry_in: Duration,
        /// Which try that will be since the connection was lost, from 1.
        tries: u32,
        /// What kind of trouble it is.
        trouble: Trouble,
    },
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The server's answer; a refusal is one.
    Event(Event),
    /// The connection was lost before the answer, and the command is not sent again: it may have
    /// been done or not. A message is sent again with its key, and is unknown only if the server
    /// has forgotten the guest that said it.
    Unknown,
}

/// A part of a room's history that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub room: RoomAddress,
    /// The first and the last that are missing; none: nobody knows, sequences begin anew.
    pub missing: Option<(Sequence, Sequence)>,
    /// Why, in words.
    pub why: String,
}

/// The connection has ended: it was dropped, or it has sent [`Command::Quit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection has ended")]
pub struct Closed;

/// A connection that reconnects, joins and watches its rooms again, and fills what it missed.
///
/// Updates must be taken: when [`UPDATES_QUEUED_MAX`] wait, the socket is not read any more (and
/// the server feeds from its journal later). Dropping the connection ends it.
#[derive(Debug)]
pub struct Connection {
    handle: Handle,
    updates: mpsc::Receiver<Update>,
    _actor: JoinSet<()>,
}

/// Sends commands on a [`Connection`]. Clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    orders: mpsc::Sender<Order>,
    wishes: mpsc::Sender<Wish>,
    ids: Arc<AtomicU64>,
}

/// What a consumer wants of the connection itself. Unlike a command it is heard also while there is
/// none.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Connect now.
    Reconnect,
    /// Ask for this name from now on.
    Name(UserName),
    /// Be this from now on.
    Naming(Box<Naming>),
}

/// A place in the queue of commands.
#[derive(Debug)]
pub struct Slot<'a> {
    permit: mpsc::Permit<'a, Order>,
    ids: &'a AtomicU64,
}

impl Connection {
    /// Connects and says hello; from then on reconnects for ever.
    ///
    /// # Errors
    /// [`LinkError`], if there is no first connection.
    pub async fn open(options: Options) -> Result<Self, LinkError> {
        let Options { server, naming, timing, .. } = &options;
        let link = Link::open_as(server, naming, timing, Coming::First).await?;
        let (orders, orders_taken) = mpsc::channel(ORDERS_QUEUED_MAX);
        let (updates_told, updates) = mpsc::channel(UPDATES_QUEUED_MAX);
        let ids = Arc::new(AtomicU64::new(1));
        let (wishes, wishes_taken) = mpsc::channel(WISHES_QUEUED_MAX);
        let handle = Handle { orders, wishes, ids: Arc::clone(&ids) };
        let wires = Wires { orders: orders_taken, wishes: wishes_taken, updates: updates_told };
        let actor = Actor::new(options, &link, wires, ids);
        let mut tasks = JoinSet::new();
        tasks.spawn(actor.run(link));
        Ok(Self { handle, updates, _actor: tasks })
    }

    /// A handle to send commands with.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Says goodbye: the server does not wait for this guest to come back. Updates that nobody
    /// has taken are lost.
    pub async fn quit(mut self) {
        if self.handle.send(Command::Quit { reason: None }).await.is_ok() {
            while self.updates.recv().await.is_some() {}
        }
    }

    /// The next update; none after [`Command::Quit`].
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }
}

impl Handle {
    /// Sends a command, also while there is no connection: then it waits for one. A message
    /// without a key gets one.
    ///
    /// # Errors
    /// [`Closed`] after the end of the connection.
    ///
    /// # Cancel safety
    /// Either it returned, or nothing was sent.
    pub async fn send(&self, command: Command) -> Result<RequestId, Closed> {
        Ok(self.reserve().await?.send(command))
    }

    /// Waits for a place in the queue: for a `select!` that has something else to do meanwhile.
    ///
    /// # Errors
    /// [`Closed`] after the end of the connection.
    ///
    /// # Cancel safety
    /// Nothing is lost but the turn in the line of those who wait.
    pub async fn reserve(&self) -> Result<Slot<'_>, Closed> {
        let permit = self.orders.reserve().await.map_err(|_| Closed)?;
        Ok(Slot { permit, ids: &self.ids })
    }

    /// Connects anew at once: instead of waiting for the next try, or because the connection is
    /// thought to be dead (the machine slept). Nothing is lost by it.
    pub fn reconnect(&self) {
        // With so many wishes waiting, one of them is this one.
        self.wishes.try_send(Wish::Reconnect).ok();
    }

    /// Asks for this name when the server has forgotten who we were, and tries at once. It does
    /// not rename a guest that the server knows: [`Command::Nick`] does.
    pub fn ask_for_name(&self, name: UserName) {
        // With so many wishes waiting, nobody listens any more.
        self.wishes.try_send(Wish::Name(name)).ok();
    }

    /// Comes as this from the next connection on, and tries at once: after [`Trouble::Account`]. What was
    /// not acknowledged is then unknown, unless it is the same account again.
    pub fn come_as(&self, naming: Naming) {
        // With so many wishes waiting, nobody listens any more.
        self.wishes.try_send(Wish::Naming(Box::new(naming))).ok();
    }
}

impl Slot<'_> {
    /// Sends a command. A message without a key gets one.
    #[must_use = "the answer carries this id"]
    pub fn send(self, mut command: Command) -> RequestId {
        if let Command::Say { key, .. } = &mut command {
            key.get_or_insert_with(|| MessageKey(Uuid::now_v7()));
        }
        let id = next_id(self.ids);
        self.permit.send(Order { id, command });
        id
    }
}

/// A request id that no other request of the connection has.
pub(crate) fn next_id(ids: &AtomicU64) -> RequestId {
    RequestId(ids.fetch_add(1, Ordering::Relaxed))
}

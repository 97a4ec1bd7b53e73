//! One connection, from accept to close: the `select!` loop between a socket, a front end, the
//! rooms' feeds and the receipts. Never decides who may do what, never blocks anybody else.

mod act;
mod deliver;
mod inbox;
mod outbox;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{Event, RoomName};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::command::guest::ReturnTicket;
use crate::command::{Caller, House};
use crate::frontend::{Frontend, Frontends, Wire};
use crate::journal::RoomId;
use crate::limits::{SESSION_IN_FLIGHT_MAX, SESSION_INPUT_BYTES_MAX};
use crate::room::Membership;
use inbox::Inbox;
use outbox::{Exchanged, Outbox, exchange};

/// How long a line session that nobody has typed into is kept quiet, in case it is a native client
/// on a slow link.
const HESITATION: Duration = Duration::from_secs(2);
/// How long the last bytes of a session may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a peer has to see that we have closed, and how much we throw away meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// What the daemon as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Serving.
    Running,
    /// Will stop in so many seconds.
    Leaving { in_seconds: u64 },
    /// Finishes what was accepted, and nothing more.
    Stopping,
}

/// Limits of a session; reloaded for new ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    /// For a program to say hello.
    pub(crate) handshake: Option<Duration>,
    /// For a person to give a name.
    pub(crate) login: Option<Duration>,
    /// For a peer to take a byte.
    pub(crate) write_stall: Option<Duration>,
}

/// What sessions need of the world.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// What commands work on.
    pub(crate) house: House,
    /// How front ends are made.
    pub(crate) frontends: Frontends,
    /// What a welcome says; the name is filled in.
    pub(crate) welcome: Arc<Welcome>,
    /// Where a line session begins.
    pub(crate) default_room: Option<RoomName>,
    /// Bounds in time.
    pub(crate) limits: SessionLimits,
}

/// Why a session ends.
#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error("done")]
    Done,
    #[error("the peer is gone: {0}")]
    Lost(#[from] std::io::Error),
    #[error("the peer took nothing for too long")]
    Stalled,
    #[error("its guest is back in another session")]
    Replaced,
    #[error("no name in time")]
    NoName,
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] crate::journal::JournalError),
}

/// A connection.
pub(crate) struct Session<S> {
    stream: S,
    around: Arc<Surroundings>,
    stage: watch::Receiver<Stage>,
    frontend: Box<dyn Frontend>,
    caller: Caller,
    /// The rooms of the session's user, once it has a name.
    seat: Option<watch::Receiver<BTreeMap<RoomId, Membership>>>,
    inbox: Inbox,
    input: BytesMut,
    outbox: Outbox,
    /// Records of this session that the journal has not answered yet.
    in_flight: usize,
    opened: Instant,
    is_welcome: bool,
    /// Until then it is not announced to the default room.
    hesitates: Option<Instant>,
    /// It may still turn out to speak something else.
    undecided: bool,
    /// The peer will send no more.
    has_ended: bool,
    /// Nothing more is taken; the outbox is written, and that was it.
    closing: Option<Instant>,
    told_leaving: bool,
    /// It has said that it leaves: it is not waited for.
    said_goodbye: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A session for who speaks; `input` was read already. `undecided`: it was taken for a line
    /// session because it was silent.
    pub(crate) fn new(
        stream: S,
        around: Arc<Surroundings>,
        stage: watch::Receiver<Stage>,
        wire: Wire,
        input: BytesMut,
        undecided: bool,
    ) -> Self {
        let frontend = around.frontends.make(wire, undecided);
        Self {
            stream,
            around,
            stage,
            frontend,
            caller: Caller::default(),
            seat: None,
            inbox: Inbox::default(),
            input,
            outbox: Outbox::default(),
            in_flight: 0,
            opened: Instant::now(),
            is_welcome: false,
            hesitates: None,
            undecided,
            has_ended: false,
            closing: None,
            told_leaving: false,
            said_goodbye: false,
        }
    }

    /// Serves the peer until either side has enough. A panic ends this session only.
    pub(crate) async fn run(mut self) {
        let ending = AssertUnwindSafe(self.talk()).catch_unwind().await;
        let name = self.caller.claim.as_ref().map(|claim| claim.user().name().to_string());
        let name = name.as_deref().unwrap_or("-");
        self.part().await; // a free name is free before the peer sees that it is closed
        match ending {
            Ok(Err(ending @ (Ending::Stalled | Ending::Journal(_)))) => {
                tracing::warn!(name, why = %ending, "session ended");
            }
            Ok(Err(ending)) => tracing::info!(name, why = %ending, "session ended"),
            Ok(Ok(())) => tracing::info!(name, why = "done", "session ended"),
            Err(_panic) => tracing::error!(name, "session panicked"),
        }
        if self.stream.shutdown().await.is_ok() && *self.stage.borrow() != Stage::Stopping {
            drop(tokio::time::timeout(LINGER, linger(&mut self.stream)).await);
        }
    }

    async fn talk(&mut self) -> Result<(), Ending> {
        if let Some(wish) = self.frontend.open(self.outbox.bytes()) {
            self.identify(wish).await?;
        }
        loop {
            self.act().await?;
            if self.closing.is_some() && self.outbox.is_empty() {
                return Ok(());
            }
            self.wait().await?;
        }
    }

    /// Waits for one thing to happen, and deals with it.
    async fn wait(&mut self) -> Result<(), Ending> {
        let has_room = self.outbox.has_room();
        let wants_input = self.wants_input();
        let is_open = self.closing.is_none();
        let deadline = deadline(&[
            self.name_deadline(),
            self.hesitates,
            self.outbox.stall(self.around.limits.write_stall),
            self.closing.map(|since| since + FAREWELL),
        ]);
        let input = if wants_input { Some(&mut self.input) } else { None };
        tokio::select! {
            biased;
            () = self.caller.receipts.ready(), if self.in_flight > 0 && has_room => {
                self.take_receipts();
                Ok(())
            }
            Ok(()) = self.stage.changed() => {
                self.stage_changed();
                Ok(())
            }
            Some((slot, item)) = self.inbox.next(), if has_room && is_open && self.inbox.is_following() => {
                self.deliver(slot, item).await
            }
            Ok(()) = rooms_changed(&mut self.seat), if self.seat.is_some() && has_room && is_open => {
                self.rooms_changed().await
            }
            () = replaced(self.caller.ticket.as_ref()) => Err(Ending::Replaced),
            exchanged = exchange(&mut self.stream, input, &mut self.outbox) => {
                self.has_ended |= exchanged? == Exchanged::Read(0);
                Ok(())
            }
            () = sleep_until(deadline), if deadline.is_some() => self.time_is_up().await,
        }
    }

    fn wants_input(&self) -> bool {
        self.accepts_commands() && !self.has_ended && self.input.len() < SESSION_INPUT_BYTES_MAX
    }

    /// What the peer asks is dealt with as long as what was asked before is.
    fn accepts_commands(&self) -> bool {
        self.closing.is_none()
            && self.in_flight < SESSION_IN_FLIGHT_MAX
            && self.outbox.has_room()
            && *self.stage.borrow() != Stage::Stopping
    }

    /// By when it has to have a name, as long as it has none.
    fn name_deadline(&self) -> Option<Instant> {
        if self.is_welcome {
            return None;
        }
        let limits = &self.around.limits;
        let is_typed = self.frontend.manners().is_typed;
        let limit = if is_typed { limits.login } else { limits.handshake };
        Some(self.opened + limit?)
    }

    async fn time_is_up(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        let is_past = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if is_past(self.hesitates) {
            self.announce().await?;
        }
        if is_past(self.outbox.stall(self.around.limits.write_stall)) {
            return Err(Ending::Stalled);
        }
        if is_past(self.closing.map(|since| since + FAREWELL)) {
            return Err(Ending::Done);
        }
        if is_past(self.name_deadline()) {
            return Err(Ending::NoName);
        }
        Ok(())
    }

    /// Nothing more is taken; what waits is still written.
    fn close(&mut self) {
        self.closing.get_or_insert_with(Instant::now);
    }

    fn stage_changed(&mut self) {
        let stage = *self.stage.borrow_and_update();
        let in_seconds = match stage {
            Stage::Running => return,
            Stage::Leaving { in_seconds } => in_seconds,
            Stage::Stopping => 0,
        };
        if !std::mem::replace(&mut self.told_leaving, true) {
            let time_ms = (self.around.house.clock)();
            self.tell(&Event::ShuttingDown { time_ms, in_seconds });
        }
        self.close_if_finished();
    }

    /// When the daemon stops, or the peer has ended, a session goes once it is done.
    fn close_if_finished(&mut self) {
        if *self.stage.borrow() == Stage::Stopping && self.in_flight == 0 {
            self.close();
        }
    }

    fn tell(&mut self, event: &Event) {
        self.frontend.tell(event, self.outbox.bytes());
    }

    /// Writes until there is room for more.
    async fn make_room(&mut self) -> Result<(), Ending> {
        while !self.outbox.has_room() {
            let deadline = self.outbox.stall(self.around.limits.write_stall);
            tokio::select! {
                wrote = exchange(&mut self.stream, None, &mut self.outbox) => {
                    wrote?;
                }
                () = sleep_until(deadline), if deadline.is_some() => return Err(Ending::Stalled),
                () = stopping(&mut self.stage) => return Err(Ending::Done),
            }
        }
        Ok(())
    }
}

/// Lets the peer read our last words: closing while it still sends would throw them away.
async fn linger<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut thrown_away = [0; 512];
    let mut bytes = 0;
    while bytes < LINGER_BYTES_MAX {
        match stream.read(&mut thrown_away).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes += count,
        }
    }
}

fn deadline(deadlines: &[Option<Instant>]) -> Option<Instant> {
    deadlines.iter().flatten().min().copied()
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn stopping(stage: &mut watch::Receiver<Stage>) {
    if stage.wait_for(|stage| *stage == Stage::Stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn replaced(ticket: Option<&ReturnTicket>) {
    match ticket {
        Some(ticket) => ticket.replaced.cancelled().await,
        None => std::future::pending().await,
    }
}

async fn rooms_changed(
    seat: &mut Option<watch::Receiver<BTreeMap<RoomId, Membership>>>,
) -> Result<(), watch::error::RecvError> {
    match seat {
        Some(rooms) => rooms.changed().await,
        None => std::future::pending().await,
    }
}

//! One connection, from accept to close: the loop between a socket, a front end, the rooms' feeds
//! and the receipts. Never decides who may do what, never blocks anybody else.

mod act;
mod deadline;
mod deliver;
mod follow;
mod inbox;
mod metadata;
mod outbox;
mod pace;
mod read;
mod said_here;
mod stage;
mod typing;
mod watching;
mod who;
mod woken;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{Event, Fingerprint, MetadataKey, Refusal, RoomName};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::account::Origin;
use crate::command::account::Proven;
use crate::command::scram::Underway;
use crate::command::{Announcement, Caller, House};
use crate::frontend::{AtEnd, Frontend, Frontends, Manners, Reach, Way, Wire};
use crate::limits::{SESSION_IN_FLIGHT_MAX, SESSION_INPUT_BYTES_MAX};
use crate::rate::{Meter, RateLimits};
use crate::room::{Follower, Rooms};
use crate::tally::{Counted, Spoken};
use crate::user::{Pass, Unnamed, Watching};
use deadline::{PROBE, sleep_until};
use deliver::Shown;
use inbox::Inbox;
use outbox::{Exchanged, Outbox, exchange};
use pace::Flood;
use read::Confirmation;
use said_here::SaidHere;
use stage::StageFollower;
pub(crate) use stage::{Stage, StageReader, Stages};
use typing::Typing;
use woken::Woken;

/// How long a peer has to see that we have closed, and how much we throw away meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_SILENT: Duration = Duration::from_millis(100);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Limits of a session; reloaded for new ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    /// For a program to say hello.
    pub(crate) handshake: Option<Duration>,
    /// For a person to give a name.
    pub(crate) login: Option<Duration>,
    /// For a peer to take a byte.
    pub(crate) write_stall: Option<Duration>,
    /// How fast it may be, unless it is exempt.
    pub(crate) rates: RateLimits,
    /// How long a flood is only slowed.
    pub(crate) flood_refused: Option<Duration>,
    /// How long until it ends.
    pub(crate) flood_closed: Option<Duration>,
}

/// Who is at the other end, as far as the listener knows.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// For the log.
    pub(crate) peer: Box<str>,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// How fast it is; none: it is exempt.
    pub(crate) meter: Option<Box<Meter>>,
    /// It came in by TLS.
    pub(crate) is_encrypted: bool,
    /// With this certificate, whose key it has.
    pub(crate) certificate: Option<Fingerprint>,
    /// It speaks inside WebSocket.
    pub(crate) is_web: bool,
}

impl Visitor {
    fn way(&self) -> Way {
        let reach = match (self.origin.address, self.is_web, self.is_encrypted) {
            (None, _, _) | (_, true, _) => Reach::Otherwise,
            (Some(_), false, true) => Reach::Encrypted,
            (Some(_), false, false) => Reach::Plain,
        };
        Way { reach, has_certificate: self.certificate.is_some() }
    }
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
    /// Web pages from which browsers may connect.
    pub(crate) origins: Arc<[String]>,
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
    #[error("the daemon stops, and the peer does not take what it missed")]
    Full,
    #[error("its guest is back in another session")]
    Replaced,
    #[error("it was ended, and the peer does not take what stood before")]
    Cut,
    #[error("no name in time")]
    NoName,
    #[error("the journal cannot be read: {0}")]
    Journal(#[from] crate::journal::JournalError),
}

/// Something that is done seldom, or not waited for long: on the heap, so that a session that waits is
/// small.
type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), Ending>> + Send + 'a>>;

/// What few sessions have.
#[derive(Debug, Default)]
struct Seldom {
    /// What this session of an account said itself, until its feed tells it: it is not shown again.
    said_here: SaidHere,
    /// Where it was heard to type a moment ago.
    typing: Typing,
    /// Of what metadata it is told.
    metadata_keys: Box<[MetadataKey]>,
    /// A proof that goes on.
    scram: Option<Underway>,
    /// The certificate with which it came.
    certificate: Option<Fingerprint>,
    /// Has its client what it was told?
    confirmation: Confirmation,
}

/// A connection. Its fields stand as they are written: what every delivery looks at is in few cache
/// lines, and what is for seldom moments behind it.
#[repr(C)]
pub(crate) struct Session<S> {
    stream: S,
    around: Arc<Surroundings>,
    /// Records of this session that the journal has not answered yet.
    in_flight: usize,
    /// The front end's.
    manners: Manners,
    /// As it was told last.
    stage_now: Stage,
    is_welcome: bool,
    /// It may still turn out to speak something else.
    undecided: bool,
    /// The peer will send no more.
    has_ended: bool,
    /// Nothing more is taken; the outbox is written, and that was it.
    is_closing: bool,
    /// It gets no more news: the daemon stops, and there was no room for what stood before them.
    leaves_off: bool,
    /// It has said that it leaves: it is not waited for.
    said_goodbye: bool,
    /// The peer has sent a byte.
    has_spoken: bool,
    told_leaving: bool,
    outbox: Outbox,
    inbox: Inbox,
    input: BytesMut,
    frontend: Box<dyn Frontend>,
    /// Whose coming and going it is told of.
    watching: Option<Box<Watching>>,
    /// What few sessions have.
    seldom: Option<Box<Seldom>>,
    /// It was too fast.
    flood: Option<Box<Flood>>,
    /// Rings at the nearest deadline, if there is one.
    timer: Option<Pin<Box<Sleep>>>,
    /// Until then it is not announced to the default room.
    hesitates: Option<Instant>,
    /// Since when it is to end; it does, whatever the peer takes.
    farewell_since: Option<Instant>,
    /// When a peer that has ended is looked at again.
    probes_at: Option<Instant>,
    stage: StageFollower,
    /// The rooms of the session's user, once it has a name.
    seat: Option<Follower<Rooms>>,
    caller: Caller,
    /// How it came here.
    reach: Reach,
    /// Who is at the other end, for the log.
    peer: Box<str>,
    opened: Instant,
    /// The last invitation that was told.
    invitations_told: u64,
    /// The last mark of what another session has read that was told.
    reads_told: u64,
    /// The last other name of its user that it was told.
    renamings_told: u64,
    /// The last signal from user to user that it was told.
    signals_told: u64,
    /// So many announcements were told, or were before it.
    announced: u64,
    /// As long as it is nobody.
    unnamed: Option<Unnamed>,
    /// Who it has proved to be, before it has a name here.
    proven: Option<Box<Proven>>,
    /// Wakes it when it is ended from outside.
    cut_alarm: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// It counts as long as it lasts.
    counted: Counted,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// A session for who speaks; `input` was read already. `undecided`: it was taken for a line
    /// session because it was silent.
    pub(crate) fn new(
        stream: S,
        visitor: Visitor,
        around: Arc<Surroundings>,
        stage: StageReader,
        wire: Wire,
        input: BytesMut,
        undecided: bool,
    ) -> Self {
        let way = visitor.way();
        let frontend = around.frontends.make(wire, undecided, way);
        let Visitor { peer, origin, meter, is_encrypted, certificate, is_web: _ } = visitor;
        let with_certificate = |_| Box::new(Seldom { certificate, ..Seldom::default() });
        let counted = Counted::new(&around.house.tally, spoken(wire), is_encrypted);
        let has_spoken = !input.is_empty();
        let announced = around.house.announcements.count();
        let session = around.house.registry.next_session();
        let inbox = Inbox::default();
        let mut stage = stage.follow(inbox.bell());
        let stage_now = stage.take();
        let unnamed = Some(around.house.registry.unnamed());
        Self {
            stream,
            peer,
            around,
            stage_now,
            stage,
            reach: way.reach,
            manners: frontend.manners(),
            frontend,
            caller: Caller { origin, meter, session, ..Caller::default() },
            seat: None,
            invitations_told: 0,
            reads_told: 0,
            renamings_told: 0,
            signals_told: 0,
            inbox,
            input,
            outbox: Outbox::default(),
            in_flight: 0,
            opened: Instant::now(),
            is_welcome: false,
            unnamed,
            proven: None,
            hesitates: None,
            undecided,
            has_ended: false,
            is_closing: false,
            leaves_off: false,
            farewell_since: None,
            has_spoken,
            probes_at: None,
            told_leaving: false,
            said_goodbye: false,
            announced,
            watching: None,
            seldom: certificate.map(with_certificate),
            cut_alarm: None,
            flood: None,
            counted,
            timer: None,
        }
    }

    /// Serves the peer until either side has enough. A panic ends this session only.
    #[expect(clippy::manual_async_fn, reason = "the session would stand in its future twice")]
    pub(crate) fn run(mut self) -> impl Future<Output = ()> {
        async move {
            let ending = AssertUnwindSafe(self.talk()).catch_unwind().await;
            Box::pin(self.end(ending)).await;
        }
    }

    async fn end(&mut self, ending: std::thread::Result<Result<(), Ending>>) {
        let name = self.caller.claim.as_ref().map(|claim| claim.user().name().to_string());
        let name = name.as_deref().unwrap_or("-");
        if let Ok(Ok(())) = ending {
            self.mark_told();
        }
        self.part().await; // a free name is free before the peer sees that it is closed
        self.span().in_scope(|| match ending {
            Ok(Err(ending @ (Ending::Stalled | Ending::Journal(_)))) => {
                tracing::warn!(name, why = %ending, "session ended");
            }
            Ok(Err(ending)) => tracing::info!(name, why = %ending, "session ended"),
            Ok(Ok(())) => tracing::info!(name, why = "done", "session ended"),
            Err(_panic) => tracing::error!(name, "session panicked"),
        });
        // Of a socket it is done at once; TLS says goodbye first, if the peer takes it.
        if let Ok(Ok(())) = tokio::time::timeout(LINGER, self.stream.shutdown()).await {
            let is_stopping = self.stage_now == Stage::Stopping;
            drop(tokio::time::timeout(LINGER, linger(&mut self.stream, is_stopping)).await);
        }
    }

    /// What the log has of this session has its peer with it. Made when something is said: a span
    /// that lives as long as its session would cost every wake-up.
    fn span(&self) -> tracing::Span {
        tracing::info_span!("session", peer = %self.peer)
    }

    async fn talk(&mut self) -> Result<(), Ending> {
        if let Some(doing) = self.begin() {
            doing.await?;
        }
        loop {
            match self.turn().await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // What it said is still answered.
                Err(Ending::Full) => self.leaves_off = true,
                Err(ending) => return Err(ending),
            }
        }
    }

    /// What it does by itself.
    fn begin(&mut self) -> Option<Doing<'_>> {
        if let Some(why) = self.is_banned() {
            return Some(self.cutting(why)); // banned while it was found out who speaks
        }
        let wish = self.frontend.open(self.outbox.bytes())?;
        Some(Box::pin(self.identify(wish)))
    }

    /// Is that all?
    async fn turn(&mut self) -> Result<bool, Ending> {
        if !self.input.is_empty() || self.has_ended {
            self.act().await?;
        }
        if self.is_closing && self.outbox.is_empty() {
            return Ok(true);
        }
        self.wait().await?;
        Ok(false)
    }

    /// Waits for one thing to happen, and deals with it.
    async fn wait(&mut self) -> Result<(), Ending> {
        self.mind_untold();
        let has_room = self.outbox.has_room();
        if has_room && self.inbox.is_detached() && !self.leaves_off {
            return Box::pin(self.attach_again()).await;
        }
        let doing: Doing<'_> = match self.woken().await {
            Woken::News(slot, item) => match self.show(slot, item) {
                Shown::All => return Ok(()),
                Shown::Behind { last_missed, envelope } => {
                    Box::pin(self.fill_and_show(slot, last_missed, envelope))
                }
                Shown::Lagged => Box::pin(self.lagged(slot)),
            },
            Woken::Cut(why) => self.cutting(why),
            Woken::Stage => {
                self.stage_changed();
                let Some(why) = self.is_banned() else { return Ok(()) };
                self.cutting(why)
            }
            Woken::Rooms => Box::pin(self.rooms_changed()),
            Woken::TimeIsUp => Box::pin(self.time_is_up()),
            Woken::Receipts => {
                self.take_receipts();
                return Ok(());
            }
            Woken::Watched => {
                self.tell_watched();
                return Ok(());
            }
            Woken::Exchanged(exchanged) => {
                self.exchanged(&exchanged?);
                return Ok(());
            }
            Woken::Replaced => return Err(Ending::Replaced),
        };
        doing.await
    }

    fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    fn certificate(&self) -> Option<Fingerprint> {
        self.seldom.as_ref().and_then(|seldom| seldom.certificate)
    }

    fn metadata_keys(&self) -> &[MetadataKey] {
        self.seldom.as_ref().map_or(&[], |seldom| &seldom.metadata_keys)
    }

    fn exchanged(&mut self, exchanged: &Exchanged) {
        match exchanged.read {
            Some(0) => {
                self.has_ended = true;
                if self.manners.at_end == AtEnd::Receive {
                    self.probes_at = Some(Instant::now() + PROBE);
                }
            }
            Some(_) => self.has_spoken = true,
            None => {}
        }
    }

    fn wants_input(&self) -> bool {
        self.accepts_commands() && !self.has_ended && self.input.len() < SESSION_INPUT_BYTES_MAX
    }

    /// What the peer asks is dealt with as long as what was asked before is.
    fn accepts_commands(&self) -> bool {
        !self.is_closing
            && !self.said_goodbye
            && self.in_flight < SESSION_IN_FLIGHT_MAX
            && self.outbox.has_room_to_answer()
            && self.stage_now != Stage::Stopping
            && !self.is_held_back()
    }

    /// Nothing more is taken; what waits is still written.
    fn close(&mut self) {
        self.is_closing = true;
        self.farewell();
    }

    /// From now on there is not for ever.
    fn farewell(&mut self) {
        self.farewell_since.get_or_insert_with(Instant::now);
    }

    fn stage_changed(&mut self) {
        let stage = self.stage.take();
        self.stage_now = stage;
        self.take_announcements();
        let in_seconds = match stage {
            Stage::Running => return,
            Stage::Leaving { in_seconds } => in_seconds,
            Stage::Stopping => 0,
        };
        if !std::mem::replace(&mut self.told_leaving, true) {
            let time_ms = (self.around.house.clock)();
            self.tell(&Event::ShuttingDown { time_ms, in_seconds });
        }
        if stage == Stage::Stopping {
            self.farewell();
        }
        self.close_if_finished();
    }

    /// What administrators told everybody since this was called last.
    fn take_announcements(&mut self) {
        let (new, count) = self.around.house.announcements.since(self.announced);
        self.announced = count;
        if self.is_welcome && !self.is_closing {
            for announcement in new {
                match &*announcement {
                    Announcement::ToAll(text) => self.tell(&Event::Notice { text: text.clone() }),
                    Announcement::Wallops { from, text } if self.manners.wants_wallops => {
                        let (from, text) = (from.clone(), text.clone());
                        self.tell(&Event::Wallops { from, text });
                    }
                    Announcement::Wallops { .. } => {}
                }
            }
        }
    }

    /// Its address was banned meanwhile: it sees nothing after that.
    fn is_banned(&self) -> Option<Refusal> {
        let house = &self.around.house;
        let address = self.caller.origin.address.filter(|_| !self.is_closing);
        house.banned_addresses.find(address, (house.clock)())
    }

    /// When the daemon stops, or the peer says goodbye, a session goes once all it said is stored.
    fn close_if_finished(&mut self) {
        let is_stopping = self.stage_now == Stage::Stopping;
        if (is_stopping || self.said_goodbye) && self.in_flight == 0 {
            self.close();
        }
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Entered { .. } | Event::Exited { .. } | Event::Renamed { .. } = event {
            self.inbox.forget_dialects();
        }
        if let Event::Refused { refusal, .. } = event {
            self.around.house.tally.refused(refusal);
        }
        self.frontend.tell(event, self.outbox.bytes());
    }

    /// Writes until there is room for more.
    async fn make_room(&mut self) -> Result<(), Ending> {
        // Waits on a copy: what the daemon does is still news to this session.
        let (mut stage, mut bans) = (self.stage.receiver(), self.stage.receiver());
        while !self.outbox.has_room() {
            self.outbox.mark();
            let deadline = self.outbox.stall(self.around.limits.write_stall);
            tokio::select! {
                wrote = exchange(&mut self.stream, None, &mut self.outbox) => {
                    wrote?;
                }
                () = sleep_until(deadline), if deadline.is_some() => return Err(Ending::Stalled),
                () = stopping(&mut stage) => return Err(Ending::Full),
                () = worthless(self.caller.pass()) => return Err(Ending::Cut),
                () = banned(&mut bans, &self.around.house, self.caller.origin.address) => {
                    return Err(Ending::Cut);
                }
            }
        }
        Ok(())
    }
}

/// What is counted of it.
const fn spoken(wire: Wire) -> Spoken {
    match wire {
        Wire::Native => Spoken::Native,
        Wire::Line => Spoken::Line,
        Wire::Irc => Spoken::Irc,
        Wire::Http => Spoken::Http,
    }
}

/// Lets the peer read our last words: closing while it still sends would throw them away. For one
/// that is silent, a daemon that stops waits only a moment.
async fn linger<S: AsyncRead + Unpin>(stream: &mut S, is_stopping: bool) {
    let mut thrown_away = [0; 4_096];
    let mut bytes = 0;
    while bytes < LINGER_BYTES_MAX {
        let limit = if is_stopping && bytes == 0 { LINGER_SILENT } else { LINGER };
        match tokio::time::timeout(limit, stream.read(&mut thrown_away)).await {
            Ok(Ok(0) | Err(_)) | Err(_) => return,
            Ok(Ok(count)) => bytes += count,
        }
    }
}

async fn stopping(stage: &mut watch::Receiver<Stage>) {
    if stage.wait_for(|stage| *stage == Stage::Stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until its address is banned, or for ever.
async fn banned(stage: &mut watch::Receiver<Stage>, house: &House, address: Option<IpAddr>) {
    while house.banned_addresses.find(address, (house.clock)()).is_none() {
        if stage.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits until an account's session is ended from outside, or for ever.
async fn worthless(pass: Option<&Arc<Pass>>) {
    match pass {
        Some(pass) => pass.alarm().await,
        None => std::future::pending().await,
    }
}

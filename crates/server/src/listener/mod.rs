//! Listeners: sockets that accept, TLS, and finding out who speaks. Never reads a command.

mod begun;
mod client_certificate;
mod detect;
mod gate;
mod socket;
mod tls;
mod websocket;

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat_protocol::Fingerprint;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::config::{Exempt, ListenUrl, Protocol};
use crate::frontend::Wire;
use crate::rate::Meter;
use crate::session::{Session, Stage, StageReader, Surroundings, Visitor};
use crate::tally::Limit;
use detect::{Found, detect};
pub(crate) use gate::{Gate, Shares};
use gate::{Pass, Share};
use socket::{Connection, Peer, Socket};
use tls::Encrypted;
pub(crate) use tls::{Tls, Validity};

/// How long accepting pauses when the system has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that accepts, and what is spoken there.
pub(crate) struct Listener {
    socket: Socket,
    url: ListenUrl,
}

/// How long who is turned away may take to read why.
const TURNED_AWAY: Duration = Duration::from_secs(1);

/// What one address may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressLimits {
    /// All this, and rates, hold.
    pub(crate) enabled: bool,
    /// Connections at a time.
    pub(crate) connections: Option<u64>,
    /// TLS handshakes at a time.
    pub(crate) handshakes: Option<u64>,
    /// Who is not limited.
    pub(crate) exempt: Exempt,
}

/// What a listener does with who comes.
#[derive(Clone)]
pub(crate) struct Reception {
    /// What sessions need; as it is when they begin.
    pub(crate) around: watch::Receiver<Arc<Surroundings>>,
    /// What the daemon does.
    pub(crate) stage: StageReader,
    /// How many may be in.
    pub(crate) gate: Arc<Gate>,
    /// What one address may have.
    pub(crate) limits: watch::Receiver<AddressLimits>,
    /// Connections of each address.
    pub(crate) connections: Arc<Shares>,
    /// TLS handshakes of each address.
    pub(crate) shaking: Arc<Shares>,
    /// The certificate, if there is one.
    pub(crate) tls: watch::Receiver<Option<Tls>>,
    /// TLS handshakes that may be in progress.
    pub(crate) handshakes: Arc<Semaphore>,
    /// Tracks the sessions.
    pub(crate) sessions: TaskTracker,
}

impl Listener {
    /// Binds.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) async fn bind(url: &ListenUrl) -> io::Result<Self> {
        let (socket, url) = Socket::bind(url).await?;
        Ok(Self { socket, url })
    }

    /// Where it listens; a picked port is filled in.
    pub(crate) const fn url(&self) -> &ListenUrl {
        &self.url
    }

    /// Accepts until the daemon stops.
    pub(crate) async fn serve(self, reception: Reception) {
        let mut stage = reception.stage.receiver.clone();
        let reception = Arc::new(reception);
        tokio::select! {
            () = self.accept_all(&reception) => {}
            // An error: the daemon is gone, and this with it.
            _ = stage.wait_for(|stage| *stage == Stage::Stopping) => {}
        }
        self.socket.remove();
    }

    async fn accept_all(&self, reception: &Arc<Reception>) {
        loop {
            match self.socket.accept().await {
                Ok((connection, peer)) => self.arrives(connection, &peer, reception).await,
                Err(error) => {
                    reception.around.borrow().house.tally.hit(Limit::OpenFiles);
                    tracing::warn!(%error, url = %self.url, "cannot accept; pausing");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn arrives(&self, connection: Connection, peer: &Peer, reception: &Arc<Reception>) {
        let limits = *reception.limits.borrow();
        let origin = peer.origin(limits.enabled && !peer.is_exempt(limits.exempt));
        let (house, times) = {
            let around = reception.around.borrow();
            (around.house.clone(), around.limits)
        };
        if let Some(why) = house.banned_addresses.find(origin.address, (house.clock)()) {
            let refusals = house.tally.hit(Limit::AddressBans);
            return self.turn_away(connection, peer, &why, refusals, reception);
        }
        let share = match origin.counted() {
            None => None,
            Some(address) => {
                let share = Shares::take(&reception.connections, address, limits.connections);
                if share.is_none() {
                    let limit = limits.connections.unwrap_or_default();
                    let why = format!(
                        "Your address has {limit} connections here, and that is the limit."
                    );
                    let refusals = house.tally.hit(Limit::ConnectionsPerAddress);
                    return self.turn_away(connection, peer, &why, refusals, reception);
                }
                share
            }
        };
        let buckets = share.as_ref().map(|share| Arc::clone(&share.buckets));
        let meter = origin.is_limited.then(|| Meter::new(times.rates, buckets, house.started));
        if reception.gate.is_full() {
            house.tally.hit(Limit::Connections);
        }
        let pass = (Gate::enter(&reception.gate).await, share.map(Box::new));
        let peer = peer.to_string().into_boxed_str();
        tracing::info_span!("session", %peer).in_scope(|| tracing::debug!("accepted"));
        let (is_encrypted, certificate, is_web) = (false, None, false);
        let visitor = Visitor { peer, origin, meter, is_encrypted, certificate, is_web };
        let (protocol, at) = (self.url.protocol, Arc::clone(reception));
        let arrival = Box::new(Arrival { visitor, shaking: limits.handshakes, protocol, at });
        reception.sessions.spawn(self.welcome(connection, arrival, pass));
    }

    /// Says why, in words: who asks too much is a person, or a program of one.
    fn turn_away(
        &self,
        connection: Connection,
        peer: &Peer,
        why: &impl Display,
        refusals: u64,
        reception: &Reception,
    ) {
        tracing::info_span!("session", %peer).in_scope(|| {
            tracing::info!(%why, refusals, "turned away");
        });
        if self.url.tls {
            return;
        }
        let why = format!("{why}\r\n");
        reception.sessions.spawn(async move {
            let said = async {
                match connection {
                    Connection::Tcp(mut stream) => stream.write_all(why.as_bytes()).await,
                    #[cfg(unix)]
                    Connection::Unix(mut stream) => stream.write_all(why.as_bytes()).await,
                }
            };
            drop(timeout(TURNED_AWAY, said).await); // it is gone: nobody is left to be told
        });
    }

    fn welcome(
        &self,
        connection: Connection,
        arrival: Box<Arrival>,
        pass: (Pass, Option<Box<Share>>),
    ) -> impl Future<Output = ()> + use<> {
        // In a box: the task of a session does not keep the place of what came before.
        let received = Box::pin(receive(connection, self.url.tls, arrival));
        async move {
            match received.await {
                None => {}
                Some(Received::Tcp(speaker)) => talk(speaker).await,
                #[cfg(unix)]
                Some(Received::Unix(speaker)) => talk(speaker).await,
                Some(Received::Wrapped(speaker)) => talk(speaker).await,
            }
            drop(pass);
        }
    }
}

/// Somebody who is not served yet. In a box, so that the task of a session does not keep its place.
struct Arrival {
    visitor: Visitor,
    /// How many TLS handshakes its address may have.
    shaking: Option<u64>,
    /// What is spoken here.
    protocol: Protocol,
    at: Arc<Reception>,
}

/// It is known who speaks.
enum Received {
    Tcp(Box<Speaker<TcpStream>>),
    #[cfg(unix)]
    Unix(Box<Speaker<UnixStream>>),
    /// Inside TLS or WebSocket.
    Wrapped(Box<Speaker<Encrypted>>),
}

/// Somebody who is to be served, and what was read already.
struct Speaker<S> {
    stream: S,
    input: BytesMut,
    wire: Wire,
    undecided: bool,
    arrival: Box<Arrival>,
}

/// Finds out who speaks. `tls`: it is inside TLS for certain.
async fn receive(connection: Connection, tls: bool, arrival: Box<Arrival>) -> Option<Received> {
    match connection {
        Connection::Tcp(stream) => meet(stream, tls, arrival, Received::Tcp).await,
        #[cfg(unix)]
        Connection::Unix(stream) => meet(stream, tls, arrival, Received::Unix).await,
    }
}

async fn meet<S>(
    mut stream: S,
    tls: bool,
    arrival: Box<Arrival>,
    plain: fn(Box<Speaker<S>>) -> Received,
) -> Option<Received>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut input = BytesMut::new();
    let found =
        if tls { Found::Tls } else { who_speaks(&mut stream, &mut input, &arrival).await? };
    match found {
        Found::Speaks { wire, undecided } => {
            Some(plain(Box::new(Speaker { stream, input, wire, undecided, arrival })))
        }
        Found::WebSocket => meet_web(Box::new(stream), input, arrival).await,
        Found::Tls => meet_encrypted(stream, input, arrival).await,
    }
}

/// The same behind a TLS handshake.
async fn meet_encrypted<S>(stream: S, head: BytesMut, mut arrival: Box<Arrival>) -> Option<Received>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut stream, certificate) = shake_hands(stream, head, &arrival).await?;
    let mut input = BytesMut::new();
    arrival.visitor.is_encrypted = true;
    arrival.visitor.certificate = certificate;
    match who_speaks(&mut stream, &mut input, &arrival).await? {
        Found::Speaks { wire, undecided } => {
            Some(Received::Wrapped(Box::new(Speaker { stream, input, wire, undecided, arrival })))
        }
        Found::WebSocket => meet_web(stream, input, arrival).await,
        Found::Tls => {
            arrival.log(|| tracing::info!("TLS inside TLS; closed"));
            None
        }
    }
}

/// IRC inside WebSocket: the session does not know.
async fn meet_web(
    stream: Encrypted,
    head: BytesMut,
    mut arrival: Box<Arrival>,
) -> Option<Received> {
    let stream = upgrade(stream, head, &arrival).await?;
    arrival.visitor.is_web = true;
    let (input, wire, undecided) = (BytesMut::new(), Wire::Irc, false);
    Some(Received::Wrapped(Box::new(Speaker { stream, input, wire, undecided, arrival })))
}

/// Answers a request for a WebSocket.
async fn upgrade(stream: Encrypted, head: BytesMut, arrival: &Arrival) -> Option<Encrypted> {
    let (limit, origins) = {
        let around = arrival.at.around.borrow();
        (around.limits.handshake.unwrap_or(Duration::MAX), Arc::clone(&around.origins))
    };
    let mut stage = arrival.at.stage.receiver.clone();
    let handshake = timeout(limit, websocket::accept(stream, head, &origins));
    let why = tokio::select! {
        done = handshake => match done {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_late) => "not done in time".to_owned(),
        },
        _ = stage.wait_for(|stage| *stage == Stage::Stopping) => "the daemon stops".to_owned(),
    };
    arrival.log(|| tracing::info!(why, "no WebSocket"));
    None
}

/// Waits for a peer's first bytes, if they tell something.
async fn who_speaks<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    arrival: &Arrival,
) -> Option<Found> {
    let wire = match arrival.protocol {
        Protocol::Native => Wire::Native,
        Protocol::Line => Wire::Line,
        Protocol::Irc => Wire::Irc,
        Protocol::IrcWebSocket => return Some(Found::WebSocket),
        Protocol::Auto => match detect(stream, input).await {
            Ok(Found::Speaks { wire: Wire::Http, .. })
                if websocket::is_asked_for(stream, input).await =>
            {
                return Some(Found::WebSocket);
            }
            Ok(found) => return Some(found),
            Err(error) => {
                arrival.log(|| tracing::info!(%error, "gone before a word"));
                return None;
            }
        },
    };
    Some(Found::Speaks { wire, undecided: false })
}

/// Nobody waits for one who does not end its handshake: not for ever, and not for its place.
async fn shake_hands<S>(
    stream: S,
    head: BytesMut,
    arrival: &Arrival,
) -> Option<(Encrypted, Option<Fingerprint>)>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let at = &arrival.at;
    let Some(tls) = at.tls.borrow().clone() else {
        arrival
            .log(|| tracing::warn!("speaks TLS, and there is no certificate: set [tls]; closed"));
        return None;
    };
    let share = arrival
        .visitor
        .origin
        .counted()
        .map(|address| Shares::take(&at.shaking, address, arrival.shaking));
    if let Some(None) = share {
        let refusals = at.around.borrow().house.tally.hit(Limit::HandshakesPerAddress);
        arrival.log(|| tracing::info!(refusals, "turned away: TLS handshakes of its address"));
        return None;
    }
    let limit = at.around.borrow().limits.handshake.unwrap_or(Duration::MAX);
    let mut stage = at.stage.receiver.clone();
    let handshake = timeout(limit, async {
        if at.handshakes.available_permits() == 0 {
            at.around.borrow().house.tally.hit(Limit::Handshakes);
        }
        // It is never closed.
        let _place = at.handshakes.acquire().await.map_err(io::Error::other)?;
        let asks = arrival.protocol != Protocol::IrcWebSocket; // browsers
        tls.accept(stream, head, asks).await
    });
    let why = tokio::select! {
        done = handshake => match done {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_late) => "not done in time".to_owned(),
        },
        _ = stage.wait_for(|stage| *stage == Stage::Stopping) => "the daemon stops".to_owned(),
    };
    arrival.log(|| tracing::info!(why, "no TLS handshake"));
    None
}

/// No `async fn`: what it is called with would stand in the session's task.
#[expect(clippy::boxed_local, reason = "the box is to be free before the session runs")]
fn talk<S: AsyncRead + AsyncWrite + Send + Unpin>(
    speaker: Box<Speaker<S>>,
) -> impl Future<Output = ()> {
    let Speaker { stream, input, wire, undecided, arrival } = *speaker;
    let Arrival { visitor, at, .. } = *arrival;
    let around = Arc::clone(&at.around.borrow());
    let stage = at.stage.clone();
    tracing::debug!(peer = %visitor.peer, ?wire, undecided, "speaks");
    Session::new(stream, visitor, around, stage, wire, input, undecided).run()
}

impl Arrival {
    fn log(&self, say: impl FnOnce()) {
        tracing::info_span!("session", peer = %self.visitor.peer).in_scope(say);
    }
}

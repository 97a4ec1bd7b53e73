//! Listeners: sockets that accept, and finding out who speaks. Never reads a command.

mod detect;
mod gate;
mod socket;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::config::{ListenUrl, Protocol};
use crate::frontend::Wire;
use crate::session::{Session, Stage, Surroundings};
use detect::detect;
pub(crate) use gate::Gate;
use gate::Pass;
use socket::{Connection, Socket};

/// How long accepting pauses when the system has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that accepts, and what is spoken there.
pub(crate) struct Listener {
    socket: Socket,
    url: ListenUrl,
}

/// What a listener does with who comes.
#[derive(Clone)]
pub(crate) struct Reception {
    /// What sessions need; as it is when they begin.
    pub(crate) around: watch::Receiver<Arc<Surroundings>>,
    /// What the daemon does.
    pub(crate) stage: watch::Receiver<Stage>,
    /// How many may be in.
    pub(crate) gate: Arc<Gate>,
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
    pub(crate) async fn serve(self, mut reception: Reception) {
        let mut stage = reception.stage.clone();
        tokio::select! {
            () = self.accept_all(&mut reception) => {}
            // An error: the daemon is gone, and this with it.
            _ = stage.wait_for(|stage| *stage == Stage::Stopping) => {}
        }
        self.socket.remove();
    }

    async fn accept_all(&self, reception: &mut Reception) {
        loop {
            match self.socket.accept().await {
                Ok((connection, peer)) => {
                    let pass = Gate::enter(&reception.gate).await;
                    let peer = peer.to_string().into_boxed_str();
                    tracing::info_span!("session", %peer).in_scope(|| tracing::info!("accepted"));
                    reception.sessions.spawn(self.welcome(connection, peer, reception, pass));
                }
                Err(error) => {
                    tracing::warn!(%error, url = %self.url, "cannot accept; pausing");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn welcome(
        &self,
        connection: Connection,
        peer: Box<str>,
        reception: &Reception,
        pass: Pass,
    ) -> impl Future<Output = ()> + use<> {
        let around = Arc::clone(&reception.around.borrow());
        let stage = reception.stage.clone();
        let protocol = self.url.protocol;
        async move {
            match connection {
                Connection::Tcp(stream) => serve(stream, peer, protocol, around, stage).await,
                #[cfg(unix)]
                Connection::Unix(stream) => serve(stream, peer, protocol, around, stage).await,
            }
            drop(pass);
        }
    }
}

/// Finds out who speaks, and serves it.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    peer: Box<str>,
    protocol: Protocol,
    around: Arc<Surroundings>,
    stage: watch::Receiver<Stage>,
) {
    let mut input = BytesMut::new();
    let (wire, undecided) = match protocol {
        Protocol::Native => (Wire::Native, false),
        Protocol::Line => (Wire::Line, false),
        Protocol::Irc => (Wire::Irc, false),
        Protocol::Auto => match detect(&mut stream, &mut input).await {
            Ok(found) => found,
            Err(error) => {
                let span = tracing::info_span!("session", %peer);
                span.in_scope(|| tracing::info!(%error, "gone before a word"));
                return;
            }
        },
    };
    tracing::debug!(%peer, ?wire, undecided, "speaks");
    Session::new(stream, peer, around, stage, wire, input, undecided).run().await;
}

//! The sockets themselves, TCP and Unix; what is Unix-only is here.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};

use crate::account::Origin;
use crate::config::{Endpoint, Exempt, ListenUrl};

/// When a silent TCP peer is asked whether it is still there, and how often.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

pub(super) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

pub(super) enum Connection {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// Who is at the other end, for the log.
pub(super) enum Peer {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix {
        user_id: Option<u32>,
    },
}

impl Peer {
    /// Is it exempt from rates and from what one address may?
    pub(super) fn is_exempt(&self, exempt: Exempt) -> bool {
        match self {
            Self::Tcp(address) => exempt.loopback && address.ip().to_canonical().is_loopback(),
            #[cfg(unix)]
            Self::Unix { .. } => exempt.unix,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix { user_id: Some(id) } => write!(f, "unix:uid={id}"),
            #[cfg(unix)]
            Self::Unix { user_id: None } => f.write_str("unix"),
        }
    }
}

impl Peer {
    /// As far as it counts for who it is.
    pub(super) fn origin(&self, is_limited: bool) -> Origin {
        match self {
            Self::Tcp(address) => Origin::tcp(*address, is_limited),
            #[cfg(unix)]
            Self::Unix { user_id } => Origin::unix(*user_id, is_limited),
        }
    }
}

impl Socket {
    /// Binds, and says where it got to.
    pub(super) async fn bind(url: &ListenUrl) -> io::Result<(Self, ListenUrl)> {
        match &url.endpoint {
            Endpoint::Tcp { host, port } => {
                let listener = TcpListener::bind((host.as_str(), *port)).await?;
                mind(&listener)?;
                let url = url.bound_to(listener.local_addr()?);
                Ok((Self::Tcp(listener), url))
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => Ok((Self::Unix(unix::Listener::bind(path)?), url.clone())),
            #[cfg(not(unix))]
            Endpoint::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Connection, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                #[cfg(not(target_os = "linux"))]
                mind(&stream)?;
                Ok((Connection::Tcp(stream), Peer::Tcp(address)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await,
        }
    }

    /// Takes a Unix socket's file away.
    pub(super) fn remove(&self) {
        match self {
            Self::Tcp(_) => {}
            #[cfg(unix)]
            Self::Unix(listener) => listener.remove(),
        }
    }
}

/// What is written goes at once, and a peer that is silent is asked whether it is there. On Linux a
/// connection has that from the socket that it came to (tcp(7)), which saves four calls for each.
fn mind<'a>(socket: impl Into<SockRef<'a>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_INTERVAL);
    socket.set_tcp_keepalive(&keepalive)
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};

    use tokio::net::UnixListener;

    use super::{Connection, Peer};

    pub(crate) struct Listener {
        socket: UnixListener,
        path: PathBuf,
    }

    impl Listener {
        /// A socket file that nobody listens at is a dead daemon's: it is replaced.
        pub(super) fn bind(path: &Path) -> io::Result<Self> {
            let is_dead = || {
                let answer = UnixStream::connect(path).map_err(|error| error.kind());
                matches!(answer, Err(io::ErrorKind::ConnectionRefused))
            };
            let socket = match UnixListener::bind(path) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dead() => {
                    std::fs::remove_file(path)?;
                    UnixListener::bind(path)?
                }
                result => result?,
            };
            Ok(Self { socket, path: path.to_owned() })
        }

        pub(super) async fn accept(&self) -> io::Result<(Connection, Peer)> {
            let (stream, _) = self.socket.accept().await?;
            let user_id = stream.peer_cred().ok().map(|peer| peer.uid());
            Ok((Connection::Unix(stream), Peer::Unix { user_id }))
        }

        pub(super) fn remove(&self) {
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::warn!(%error, path = %self.path.display(), "socket file not removed");
            }
        }
    }
}

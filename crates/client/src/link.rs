//! One established connection to a server: its socket, its frames, the hello. Owns the framed
//! socket; never reconnects, and knows no rooms.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use chat_protocol::command::PROTOCOL_VERSION;
use chat_protocol::event::Welcome;
use chat_protocol::{Command, Event, Hello, Refusal, Request, RequestId, UserName, frame};
use futures::{Sink, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, Encoder, Framed, LengthDelimitedCodec};

use crate::connection::Timing;
use crate::naming::Credentials;
use crate::{Naming, PreambleError, ServerAddress, SkipPreamble, TlsError, tls};

/// What may wait to be written before no more requests are taken, in bytes.
const UNWRITTEN_BYTES_MAX: usize = 64 * 1_024;

/// One connection to a server that has said welcome.
///
/// Good for a program that asks a few things and leaves; what lives longer wants a
/// [`crate::Connection`].
#[derive(Debug)]
pub struct Link {
    framed: Framed<Box<dyn Socket>, ClientCodec>,
    welcome: Welcome,
    answer_timeout: Duration,
    last_id: u64,
    /// All is given to the socket, but TLS still holds some of it.
    is_flushing: bool,
}

/// Why a connection could not be made, or ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nothing answers there.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Where.
        address: ServerAddress,
        /// Why.
        source: io::Error,
    },
    /// There is no encrypted connection.
    #[error("{address}: {source}")]
    Tls {
        /// Where.
        address: ServerAddress,
        /// Why.
        source: Box<TlsError>,
    },
    /// It took too long.
    #[error("no answer from the server in {} s ({what})", .after.as_secs_f32())]
    Deadline {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The hello, or the question, was refused.
    #[error("{}", .text)]
    Refused {
        /// For programs.
        refusal: Refusal,
        /// For people, as the server said it.
        text: String,
    },
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// What came is no native protocol.
    #[error("the server does not speak this protocol: {0}")]
    Foreign(String),
}

/// Whether this client has been here, and will be again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coming<'a> {
    /// It asks something and leaves.
    Once,
    /// For the first time: it wants a token to come back with.
    First,
    /// With the token of the last time.
    Back(&'a str),
}

/// What a wait on the link brought.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The server said something.
    Event(Box<Event>),
    /// All that was pushed is written.
    Flushed,
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Socket for T {}

/// Frames both ways: the server's by `LengthDelimitedCodec`, ours by the protocol crate.
#[derive(Debug)]
struct ClientCodec(SkipPreamble<LengthDelimitedCodec>);

impl Decoder for ClientCodec {
    type Item = BytesMut;
    type Error = PreambleError;
    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<BytesMut>, PreambleError> {
        self.0.decode(bytes)
    }
}

impl Encoder<Hello> for ClientCodec {
    type Error = PreambleError;
    fn encode(&mut self, hello: Hello, bytes: &mut BytesMut) -> Result<(), PreambleError> {
        frame::encode_hello(&hello, bytes);
        Ok(())
    }
}

impl Link {
    /// Connects, says hello with each name of `naming` until one is welcome.
    ///
    /// # Errors
    /// [`LinkError`] of connecting, or the refusal of the last name.
    pub async fn open(
        address: &ServerAddress,
        naming: &Naming,
        timing: &Timing,
    ) -> Result<Self, LinkError> {
        Self::open_as(address, naming, timing, Coming::Once).await
    }

    /// The same, for a client that may come back, or does.
    pub(crate) async fn open_as(
        address: &ServerAddress,
        naming: &Naming,
        timing: &Timing,
        coming: Coming<'_>,
    ) -> Result<Self, LinkError> {
        let socket = deadline("connecting", timing.connect, connect(address)).await?;
        let codec = ClientCodec(SkipPreamble::new(frame::server_frames()));
        let mut framed = Framed::new(socket, codec);
        let welcome = hello(&mut framed, naming, timing.hello, coming).await?;
        Ok(Self { framed, welcome, answer_timeout: timing.answer, last_id: 0, is_flushing: false })
    }

    /// Who the server is, and who we are.
    #[must_use]
    pub const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks, and waits for the answer; what else the server tells meanwhile is dropped.
    ///
    /// # Errors
    /// [`LinkError`], a refusal among them.
    pub async fn ask(&mut self, command: Command) -> Result<Event, LinkError> {
        self.last_id += 1;
        let id = RequestId(self.last_id);
        self.push(&Request { id: Some(id), command });
        deadline("its answer", self.answer_timeout, async {
            loop {
                match self.turn(true).await? {
                    Turn::Flushed => {}
                    Turn::Event(event) if event.request_id() != Some(id) => {}
                    Turn::Event(event) => return refusal_or(*event),
                }
            }
        })
        .await
    }

    /// Takes a request to write. Check [`Self::has_room`] before.
    pub(crate) fn push(&mut self, request: &Request) {
        frame::encode_request(request, self.framed.write_buffer_mut());
    }

    /// May more be pushed?
    pub(crate) fn has_room(&self) -> bool {
        self.framed.write_buffer().len() < UNWRITTEN_BYTES_MAX
    }

    /// Is something pushed and not written?
    pub(crate) fn is_writing(&self) -> bool {
        !self.framed.write_buffer().is_empty() || self.is_flushing
    }

    /// Writes what was pushed, and (if `read`) waits for the next event.
    ///
    /// # Cancel safety
    /// Nothing is lost: bytes read and bytes to write stay in the link.
    pub(crate) async fn turn(&mut self, read: bool) -> Result<Turn, LinkError> {
        poll_fn(|context| self.poll_turn(context, read)).await
    }

    fn poll_turn(
        &mut self,
        context: &mut Context<'_>,
        read: bool,
    ) -> Poll<Result<Turn, LinkError>> {
        if self.is_writing() {
            let framed = Pin::new(&mut self.framed);
            let flushed = Sink::<Hello>::poll_flush(framed, context);
            self.is_flushing = flushed.is_pending();
            if let Poll::Ready(flushed) = flushed {
                return Poll::Ready(flushed.map(|()| Turn::Flushed).map_err(broken));
            }
        }
        if !read {
            return Poll::Pending;
        }
        self.framed.poll_next_unpin(context).map(|frame| {
            let event = decoded(frame)?;
            Ok(Turn::Event(Box::new(event)))
        })
    }
}

async fn connect(address: &ServerAddress) -> Result<Box<dyn Socket>, LinkError> {
    let failed = |source| LinkError::Connect { address: address.clone(), source };
    match address {
        ServerAddress::Tcp { host, port } => {
            Ok(Box::new(connect_to(host, *port).await.map_err(failed)?))
        }
        ServerAddress::Tls { host, port, trust, own } => {
            let stream = connect_to(host, *port).await.map_err(failed)?;
            let server = ServerAddress::Tcp { host: host.clone(), port: *port }.to_string();
            let secure = Box::pin(tls::secure(stream, host, &server, trust, own.as_deref())).await;
            let stream = secure.map_err(|source| LinkError::Tls {
                address: address.clone(),
                source: Box::new(source),
            })?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        ServerAddress::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await.map_err(failed)?;
            Ok(Box::new(stream))
        }
        #[cfg(not(unix))]
        ServerAddress::Unix(_) => Err(failed(io::ErrorKind::Unsupported.into())),
    }
}

async fn connect_to(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // Requests are written in batches: there is nothing for Nagle to gather.
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn hello(
    framed: &mut Framed<Box<dyn Socket>, ClientCodec>,
    naming: &Naming,
    timeout: Duration,
    coming: Coming<'_>,
) -> Result<Welcome, LinkError> {
    let mut refused = LinkError::Closed;
    let Credentials { password, token, certificate } = naming.credentials();
    for name in naming.candidates() {
        let hello = Hello {
            v: PROTOCOL_VERSION,
            name: name.map(|name: UserName| name.as_str().to_owned()),
            resumable: coming != Coming::Once,
            resume: match coming {
                Coming::Back(token) => Some(token.to_owned()),
                Coming::Once | Coming::First => None,
            },
            password: password.clone(),
            token: token.clone(),
            certificate,
            client: Some(concat!("chat-client ", env!("CARGO_PKG_VERSION")).to_owned()),
        };
        framed.send(hello).await.map_err(broken)?;
        match deadline("its welcome", timeout, welcome_or_refusal(framed)).await {
            Err(error) if is_about_the_name(&error) => refused = error,
            answer => return answer,
        }
    }
    Err(refused)
}

async fn welcome_or_refusal(
    framed: &mut Framed<Box<dyn Socket>, ClientCodec>,
) -> Result<Welcome, LinkError> {
    loop {
        let event = refusal_or(decoded(framed.next().await)?)?;
        if let Event::Welcome(welcome) = event {
            return Ok(*welcome);
        }
    }
}

/// May another name be welcome?
pub(crate) const fn is_about_the_name(error: &LinkError) -> bool {
    matches!(
        error,
        LinkError::Refused {
            refusal: Refusal::NameTaken { .. }
                | Refusal::NameRegistered { .. }
                | Refusal::NameConfusable { .. }
                | Refusal::NameInvalid { .. }
                | Refusal::Unknown,
            ..
        }
    )
}

fn refusal_or(event: Event) -> Result<Event, LinkError> {
    if let Event::Refused { refusal, text, .. } = event {
        return Err(LinkError::Refused { refusal, text });
    }
    Ok(event)
}

fn decoded(frame: Option<Result<BytesMut, PreambleError>>) -> Result<Event, LinkError> {
    let frame = frame.ok_or(LinkError::Closed)?.map_err(broken)?;
    frame::decode_event(&frame).map_err(|error| LinkError::Foreign(error.to_string()))
}

fn broken(error: PreambleError) -> LinkError {
    match error {
        // In TLS an end without a goodbye is an error; to us it is an end.
        PreambleError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            LinkError::Closed
        }
        PreambleError::Io(error) => LinkError::Io(error),
        PreambleError::TooLong | PreambleError::WantsTls => LinkError::Foreign(error.to_string()),
    }
}

async fn deadline<T>(
    what: &'static str,
    after: Duration,
    work: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    tokio::time::timeout(after, work).await.unwrap_or(Err(LinkError::Deadline { what, after }))
}

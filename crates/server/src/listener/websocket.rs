//! IRC inside WebSocket (<https://ircv3.net/specs/extensions/websocket>): one line a message, without its
//! end, as a stream of lines. Frames, fragments, pings and closing are tungstenite's. Never knows what
//! a line means.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::begun::Begun;
use super::tls::Encrypted;
use crate::limits::{
    WEBSOCKET_BUFFER_BYTES, WEBSOCKET_LINE_BYTES_MAX, WEBSOCKET_MESSAGE_BYTES_MAX,
    WEBSOCKET_REQUEST_BYTES_MAX,
};

/// The subprotocols, and whether messages are text.
const SUBPROTOCOLS: [(&str, bool); 2] = [("text.ircv3.net", true), ("binary.ircv3.net", false)];
/// Who has begun a request ends it soon.
const REQUEST_END: Duration = Duration::from_secs(1);

/// Waits for the end of a request that has begun: does it ask for IRC inside WebSocket? Takes nothing
/// away.
pub(super) async fn is_asked_for<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
) -> bool {
    let has_end = |input: &BytesMut| input.windows(4).any(|end| end == b"\r\n\r\n");
    let read = async {
        while !has_end(input) && input.len() < WEBSOCKET_REQUEST_BYTES_MAX {
            match stream.read_buf(input).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    };
    drop(timeout(REQUEST_END, read).await); // what has come is looked at all the same
    asks(input)
}

fn asks(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let header = |name: &str| {
        let mut lines = text.lines().skip(1);
        lines.find_map(|line| line.split_once(':').filter(|(word, _)| *word == name))
    };
    let upgrades = header("upgrade").is_some_and(|(_, value)| value.trim() == "websocket");
    let speaks_irc = header("sec-websocket-protocol").is_some_and(|(_, offered)| {
        SUBPROTOCOLS.iter().any(|(name, _)| words(offered).any(|word| word == *name))
    });
    upgrades && speaks_irc
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

/// Answers a request; `head` was read already. `origins`: pages from which browsers may come.
///
/// # Errors
/// The peer is gone, asks for something else, or comes from elsewhere.
///
/// # Cancel safety
/// The connection is closed.
pub(super) async fn accept(
    stream: Encrypted,
    head: BytesMut,
    origins: &[String],
) -> io::Result<Encrypted> {
    let config = WebSocketConfig::default()
        .read_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .write_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .max_write_buffer_size(WEBSOCKET_BUFFER_BYTES + 2 * WEBSOCKET_LINE_BYTES_MAX)
        .max_message_size(Some(WEBSOCKET_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(WEBSOCKET_MESSAGE_BYTES_MAX));
    let mut is_text = true;
    #[expect(clippy::result_large_err, reason = "tungstenite asks for it")]
    let answer = |request: &Request, mut response: Response| {
        if !may_come(request.headers(), origins) {
            return Err(refusal());
        }
        if let Some((name, text)) = chosen(request.headers()) {
            is_text = text;
            let value = HeaderValue::from_static(name);
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value);
        }
        Ok(response)
    };
    let stream = Begun::new(head, stream);
    let socket = accept_hdr_async_with_config(stream, answer, Some(config)).await;
    let socket = socket.map_err(io::Error::other)?;
    Ok(Box::new(Lines {
        socket,
        is_text,
        read: Bytes::new(),
        line: BytesMut::new(),
        has_ended: false,
    }))
}

/// The first that the client offers and that there is.
fn chosen(headers: &HeaderMap) -> Option<(&'static str, bool)> {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(words);
    offered.find_map(|word| SUBPROTOCOLS.into_iter().find(|(name, _)| *name == word))
}

/// What is no browser says no origin. A browser's page may come from where the configuration says, or
/// from this server by its bare address: a name may be any site's that points here.
fn may_come(headers: &HeaderMap, origins: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.iter().any(|listed| listed == "*" || listed == origin) {
        return true;
    }
    let page: Option<Uri> = origin.parse().ok();
    let page = page.as_ref().and_then(Uri::authority);
    let here = headers.get(HOST).and_then(|host| host.to_str().ok());
    page.is_some_and(|page| {
        let host = page.host().trim_start_matches('[').trim_end_matches(']');
        let is_bare = host == "localhost" || host.parse::<IpAddr>().is_ok();
        is_bare && here == Some(page.as_str())
    })
}

fn refusal() -> ErrorResponse {
    let why = "This page may not connect here: its origin is not in server.origins.\r\n";
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// Lines, each of which is a message.
struct Lines {
    socket: WebSocketStream<Begun<Encrypted>>,
    is_text: bool,
    /// A message that was read, and its line end.
    read: Bytes,
    /// The beginning of a line that is written.
    line: BytesMut,
    /// One of the two has said that it closes, or there was something that cannot be.
    has_ended: bool,
}

impl Lines {
    /// There was something that cannot be: says so, as far as that is possible, and that is the end.
    fn end(&mut self, error: &Error) {
        let code = if matches!(error, Error::Capacity(_)) {
            Some(CloseCode::Size)
        } else if matches!(error, Error::Utf8(_)) {
            Some(CloseCode::Invalid)
        } else if matches!(error, Error::Protocol(_)) {
            Some(CloseCode::Protocol)
        } else {
            None // the peer is gone
        };
        if let Some(code) = code {
            let frame = CloseFrame { code, reason: "".into() };
            drop(Pin::new(&mut self.socket).start_send(Message::Close(Some(frame))));
        }
        self.has_ended = true;
    }

    fn send(&mut self) -> io::Result<()> {
        let line = self.line.split();
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let message = if self.is_text {
            Message::text(String::from_utf8_lossy(line).into_owned())
        } else {
            Message::binary(Bytes::copy_from_slice(line))
        };
        Pin::new(&mut self.socket).start_send(message).map_err(io::Error::other)
    }
}

impl AsyncRead for Lines {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.read.is_empty() {
            if self.has_ended {
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Text(text))) => self.read = with_end(text.as_bytes()),
                Some(Ok(Message::Binary(bytes))) => self.read = with_end(&bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => self.has_ended = true,
                Some(Err(error)) => self.end(&error),
            }
        }
        let count = self.read.len().min(buf.remaining());
        buf.put_slice(self.read.get(..count).unwrap_or_default());
        self.read.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// A message is one line, whatever is in it.
fn with_end(message: &[u8]) -> Bytes {
    let mut line: Vec<u8> = message
        .strip_suffix(b"\n")
        .unwrap_or(message)
        .iter()
        // A line end within would be another line: it becomes what no line may have.
        .map(|byte| if *byte == b'\n' { 0 } else { *byte })
        .collect();
    line.push(b'\n');
    line.into()
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.has_ended {
            return Poll::Ready(Ok(buf.len())); // nobody reads it any more
        }
        let mut taken = 0;
        while let Some(rest) = buf.get(taken..).filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Ready(ready) => ready.map_err(io::Error::other)?,
                Poll::Pending if taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
            let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
            let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if self.line.len() + part.len() > WEBSOCKET_LINE_BYTES_MAX {
                return Poll::Ready(Err(ErrorKind::InvalidData.into()));
            }
            self.line.extend_from_slice(part);
            taken += part.len();
            if end.is_some() {
                self.send()?;
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        settled(ready!(Pin::new(&mut self.socket).poll_flush(cx)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        settled(ready!(Pin::new(&mut self.socket).poll_close(cx)))
    }
}

/// That it is closed already is no error.
fn settled(result: Result<(), Error>) -> Poll<io::Result<()>> {
    Poll::Ready(match result {
        Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    })
}

#[cfg(test)]
mod tests;

//! What waits to be written to a session, and for how long it has waited. Bounded; holds no buffer
//! while there is nothing. Also the reading half: both ends of the socket in one future.

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::limits::{SESSION_OUTBOX_BYTES_MAX, SESSION_READ_BYTES};

/// The bytes, and since when the peer has taken none of them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: BytesMut,
    stuck_since: Option<Instant>,
}

/// What happened at the socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Exchanged {
    /// So many bytes came; 0: no more will.
    Read(usize),
    /// Some were taken.
    Wrote,
}

impl Outbox {
    /// Where to append.
    pub(super) const fn bytes(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// There is room for one more envelope, page or answer.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() < SESSION_OUTBOX_BYTES_MAX
    }

    /// When the peer will have taken nothing for so long.
    pub(super) fn stall(&self, stall: Option<Duration>) -> Option<Instant> {
        Some(self.stuck_since? + stall?)
    }

    fn took(&mut self, count: usize) {
        self.bytes.advance(count);
        self.stuck_since = None;
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }
}

/// Writes what waits; reads into `input` if it is given.
///
/// # Cancel safety
/// Nothing is lost: what was read is in `input`, what was written has left the outbox.
pub(super) fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    mut input: Option<&mut BytesMut>,
    outbox: &mut Outbox,
) -> impl Future<Output = io::Result<Exchanged>> {
    std::future::poll_fn(move |cx| {
        if !outbox.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, &outbox.bytes) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => {
                    outbox.took(count);
                    return Poll::Ready(Ok(Exchanged::Wrote));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    outbox.stuck_since.get_or_insert_with(Instant::now);
                }
            }
        }
        match input.as_deref_mut() {
            Some(input) => read(Pin::new(&mut *stream), cx, input),
            None => Poll::Pending,
        }
    })
}

/// Reads through the stack, so that a session that waits holds no buffer.
fn read<S: AsyncRead>(
    stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    input: &mut BytesMut,
) -> Poll<io::Result<Exchanged>> {
    let mut chunk = [const { MaybeUninit::uninit() }; SESSION_READ_BYTES];
    let mut chunk = ReadBuf::uninit(&mut chunk);
    stream.poll_read(cx, &mut chunk).map_ok(|()| {
        input.extend_from_slice(chunk.filled());
        Exchanged::Read(chunk.filled().len())
    })
}

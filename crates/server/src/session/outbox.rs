//! What waits to be written to a session, and for how long it has waited. Bounded; holds no buffer
//! while there is nothing. Also the reading half: both ends of the socket in one future.

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::limits::{SESSION_OUTBOX_BYTES_MAX, SESSION_READ_BYTES};

/// The bytes, and since when the peer has taken none of them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// What many sessions write, not copied; before the rest.
    shared: Bytes,
    bytes: BytesMut,
    /// The stream has taken all, but still holds some of it: TLS does.
    is_flushing: bool,
    stuck_since: Option<Instant>,
    /// Since when there is no room for news, though some may be taken now and then.
    full_since: Option<Instant>,
}

/// What happened at the socket; not both nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exchanged {
    /// So many bytes came; 0: no more will.
    pub(super) read: Option<usize>,
    /// Some were taken.
    pub(super) wrote: bool,
}

impl Outbox {
    /// Where to append.
    pub(super) const fn bytes(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// Appends what other sessions write too.
    pub(super) fn append(&mut self, shared: Bytes) {
        if self.next().is_empty() {
            self.shared = shared;
        } else {
            self.bytes.extend_from_slice(&shared);
        }
    }

    /// All is written, and flushed.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0 && !self.is_flushing
    }

    fn len(&self) -> usize {
        self.shared.len() + self.bytes.len()
    }

    /// There is room for one more envelope or page.
    pub(super) fn has_room(&self) -> bool {
        self.len() < SESSION_OUTBOX_BYTES_MAX
    }

    /// There is room for one more answer: also behind a busy room, who asks is answered.
    pub(super) fn has_room_to_answer(&self) -> bool {
        self.len() < 2 * SESSION_OUTBOX_BYTES_MAX
    }

    /// The peer is waited for: from now on, or from earlier on, it takes nothing, or too little.
    pub(super) fn mark(&mut self) {
        self.stuck_since.get_or_insert_with(Instant::now);
        if !self.has_room() {
            self.full_since.get_or_insert_with(Instant::now);
        }
    }

    /// Since when there is no room for news.
    pub(super) const fn full_since(&self) -> Option<Instant> {
        self.full_since
    }

    /// When the peer will have taken nothing for so long.
    pub(super) fn stall(&self, stall: Option<Duration>) -> Option<Instant> {
        Some(self.stuck_since? + stall?)
    }

    /// What is to be written next; some of it, if there is any.
    fn next(&self) -> &[u8] {
        if self.shared.is_empty() { &self.bytes } else { &self.shared }
    }

    /// A socket has nothing to flush; TLS may hold back a record that the socket did not take.
    fn flush<S: AsyncWrite>(
        &mut self,
        stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let flushed = stream.poll_flush(cx);
        self.is_flushing = flushed.is_pending();
        if !self.is_flushing {
            self.stuck_since = None;
        }
        flushed
    }

    fn took(&mut self, count: usize) {
        self.stuck_since = None;
        if self.shared.is_empty() {
            self.bytes.advance(count);
            if self.bytes.is_empty() {
                self.bytes = BytesMut::new();
            }
        } else {
            self.shared.advance(count);
            if self.shared.is_empty() {
                self.shared = Bytes::new(); // what is written need not be kept for anybody
            }
        }
        if self.has_room() {
            self.full_since = None;
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
    std::future::poll_fn(move |cx| poll_exchange(cx, stream, input.as_deref_mut(), outbox))
}

/// The same, once.
pub(super) fn poll_exchange<S: AsyncRead + AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    stream: &mut S,
    input: Option<&mut BytesMut>,
    outbox: &mut Outbox,
) -> Poll<io::Result<Exchanged>> {
    let wrote = match write(Pin::new(&mut *stream), cx, outbox) {
        Poll::Ready(result) => result?,
        Poll::Pending => {
            outbox.mark();
            false
        }
    };
    let read = match input {
        Some(input) => read(Pin::new(&mut *stream), cx, input),
        None => Poll::Pending,
    };
    match read {
        Poll::Ready(read) => Poll::Ready(Ok(Exchanged { read: Some(read?), wrote })),
        Poll::Pending if wrote => Poll::Ready(Ok(Exchanged { read: None, wrote })),
        Poll::Pending => Poll::Pending,
    }
}

/// Were some bytes taken?
fn write<S: AsyncWrite>(
    mut stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    outbox: &mut Outbox,
) -> Poll<io::Result<bool>> {
    if outbox.is_empty() {
        return Poll::Ready(Ok(false));
    }
    if outbox.is_flushing {
        ready!(outbox.flush(stream.as_mut(), cx))?;
        if outbox.is_empty() {
            return Poll::Ready(Ok(true));
        }
    }
    match ready!(stream.as_mut().poll_write(cx, outbox.next()))? {
        0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        count => outbox.took(count),
    }
    if outbox.is_empty() {
        // What is not flushed now will be; something was taken all the same.
        if let Poll::Ready(Err(error)) = outbox.flush(stream, cx) {
            return Poll::Ready(Err(error));
        }
    }
    Poll::Ready(Ok(true))
}

/// Reads through the stack, so that a session that waits holds no buffer.
fn read<S: AsyncRead>(
    stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    input: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    let mut chunk = [const { MaybeUninit::uninit() }; SESSION_READ_BYTES];
    let mut chunk = ReadBuf::uninit(&mut chunk);
    stream.poll_read(cx, &mut chunk).map_ok(|()| {
        input.extend_from_slice(chunk.filled());
        chunk.filled().len()
    })
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn it_is_full_only_as_long_as_there_is_no_room() {
        let (mut ours, mut theirs) = tokio::io::duplex(SESSION_OUTBOX_BYTES_MAX);
        let mut outbox = Outbox::default();
        let state = |outbox: &Outbox| {
            (outbox.full_since().is_some(), outbox.stall(Some(Duration::ZERO)).is_some())
        };
        outbox.bytes().resize(2 * SESSION_OUTBOX_BYTES_MAX, b'x');
        exchange(&mut ours, None, &mut outbox).await.unwrap();
        assert_eq!(state(&outbox), (false, false), "half was taken");
        assert!(exchange(&mut ours, None, &mut outbox).now_or_never().is_none());
        assert_eq!(state(&outbox), (true, true));
        theirs.read_exact(&mut [0]).await.unwrap();
        exchange(&mut ours, None, &mut outbox).await.unwrap();
        assert_eq!(state(&outbox), (false, false), "there is room for one more");
        assert!(exchange(&mut ours, None, &mut outbox).now_or_never().is_none());
        assert_eq!(state(&outbox), (false, true));
    }
}

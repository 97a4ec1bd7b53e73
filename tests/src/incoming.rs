//! Bytes that come from somewhere (a socket, a pipe), readable with a deadline. A thread reads
//! them; a bounded channel brings them.

use std::fmt;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Instant;

/// Chunks that may wait; behind them, the sender feels it.
const CHUNKS_MAX: usize = 64;
const CHUNK_BYTES: usize = 64 * 1_024;

/// What has come, and what will.
pub(crate) struct Incoming {
    chunks: Receiver<io::Result<Vec<u8>>>,
    /// Come, and not taken yet.
    pub(crate) waiting: Vec<u8>,
    end: Option<End>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Cleanly.
    Closed,
    /// With an error.
    Broken(String),
}

/// What waiting for more came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum More {
    /// There is more.
    Came,
    /// There will never be more.
    Ended(End),
    /// Nothing came in time.
    Late,
}

impl Incoming {
    /// Reads from now on.
    pub(crate) fn from(mut reader: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = sync_channel(CHUNKS_MAX);
        thread::spawn(move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            loop {
                let read = reader.read(&mut chunk);
                let is_last = !matches!(read, Ok(1..));
                let bytes = read.map(|count| chunk.get(..count).unwrap_or_default().to_vec());
                if sender.send(bytes).is_err() || is_last {
                    return;
                }
            }
        });
        Self { chunks, waiting: Vec::new(), end: None }
    }

    /// Waits for more bytes behind those that wait.
    pub(crate) fn more(&mut self, deadline: Instant) -> More {
        if let Some(end) = &self.end {
            return More::Ended(end.clone());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let end = match self.chunks.recv_timeout(left) {
            Ok(Ok(bytes)) if bytes.is_empty() => End::Closed,
            Ok(Ok(bytes)) => {
                self.waiting.extend(bytes);
                return More::Came;
            }
            Ok(Err(error)) => End::Broken(error.to_string()),
            Err(RecvTimeoutError::Timeout) => return More::Late,
            Err(RecvTimeoutError::Disconnected) => End::Broken("the reader is gone".to_owned()),
        };
        self.end = Some(end.clone());
        More::Ended(end)
    }

    /// Takes the first bytes of what waits.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.waiting.split_off(count);
        std::mem::replace(&mut self.waiting, rest)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("waiting", &Shown(&self.waiting))
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Bytes as a failing test shows them.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BYTES_MAX: usize = 2_000;
        let shown = self.0.get(..BYTES_MAX).unwrap_or(self.0);
        write!(f, "\"{}\"", shown.escape_ascii())?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} bytes more"),
        }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//! Prints from a thread of its own, so that a reader of stdout that is slow, or gone, never holds
//! up the connection. Owns stdout and stderr; never decides what is printed.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use rustyline::ExternalPrinter;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::exit::{Exit, Failure};

/// Chunks that wait to be printed.
const CHUNKS_QUEUED_MAX: usize = 64;

/// Whole lines, each with its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// What was asked for: stdout.
    Data(String),
    /// What is said about it: stderr.
    Talk(String),
}

impl Chunk {
    /// One line of talk, without its line end.
    pub(crate) fn talk(line: impl fmt::Display) -> Self {
        Self::Talk(format!("{line}\n"))
    }
}

/// Where chunks go.
pub(crate) enum Screen {
    /// stdout and stderr.
    Streams,
    /// Above the line that is being edited.
    Editor(Box<dyn ExternalPrinter + Send>),
}

/// The handle of the printing thread.
#[derive(Debug)]
pub(crate) struct Printer {
    chunks: mpsc::Sender<Chunk>,
    /// None once it was heard.
    ended: Option<oneshot::Receiver<io::Result<()>>>,
}

impl Printer {
    pub(crate) fn start(screen: Screen) -> anyhow::Result<Self> {
        let (chunks, queue) = mpsc::channel(CHUNKS_QUEUED_MAX);
        let (end, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || end.send(print_all(screen, queue)).ok())
            .context("cannot start a thread")?;
        Ok(Self { chunks, ended: Some(ended) })
    }

    /// Prints a chunk, once there is room.
    ///
    /// # Cancel safety
    /// Either it returned, or the chunk is not printed.
    pub(crate) async fn print(&mut self, chunk: Chunk) -> anyhow::Result<()> {
        match self.chunks.send(chunk).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.why_it_ended().await),
        }
    }

    /// Waits for room for a chunk, which [`Self::print_now`] takes; false: printing has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn has_room(&self) -> bool {
        self.chunks.reserve().await.is_ok()
    }

    /// Waits until nobody reads any more, or stdout fails.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn closed(&self) {
        self.chunks.closed().await;
    }

    /// Prints a chunk if there is room, as there is after [`Self::has_room`]; else gives it back.
    pub(crate) fn print_now(&self, chunk: Chunk) -> Result<(), Chunk> {
        self.chunks.try_send(chunk).map_err(TrySendError::into_inner)
    }

    /// Waits until all is printed.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        drop(self.chunks);
        heard(&mut self.ended).await
    }

    /// Why printing has ended.
    pub(crate) async fn why_it_ended(&mut self) -> anyhow::Error {
        let heard = heard(&mut self.ended).await;
        heard.err().unwrap_or_else(nobody_reads)
    }
}

async fn heard(ended: &mut Option<oneshot::Receiver<io::Result<()>>>) -> anyhow::Result<()> {
    let Some(receiver) = ended else {
        return Ok(());
    };
    let outcome = receiver.await;
    *ended = None;
    match outcome {
        Ok(Err(error)) => Err(failure(&error)),
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

/// `chat-client | head -1`: that is how a pipe says "enough".
fn nobody_reads() -> anyhow::Error {
    Failure::new(Exit::Ok, "").into()
}

fn failure(error: &io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::BrokenPipe {
        return nobody_reads();
    }
    Failure::new(Exit::Internal, format!("cannot write to stdout: {error}")).into()
}

fn print_all(mut screen: Screen, mut queue: mpsc::Receiver<Chunk>) -> io::Result<()> {
    while let Some(chunk) = queue.blocking_recv() {
        screen.print(chunk)?;
    }
    Ok(())
}

impl Screen {
    fn print(&mut self, chunk: Chunk) -> io::Result<()> {
        match (self, chunk) {
            (Self::Streams, Chunk::Data(text)) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes())?;
                stdout.flush()
            }
            (Self::Streams, Chunk::Talk(text)) => {
                // Nobody is left to tell that nobody listens.
                io::stderr().lock().write_all(text.as_bytes()).ok();
                Ok(())
            }
            (Self::Editor(editor), Chunk::Data(text) | Chunk::Talk(text)) => {
                editor.print(text).map_err(io::Error::other)
            }
        }
    }
}

//! Signals that end the program, and those of a shell that has jobs. The one place that knows them,
//! per operating system.

use std::io;

use crate::exit::Exit;

/// Waits for Ctrl-C, or to be asked to stop.
#[cfg(unix)]
pub(crate) async fn asked_to_stop() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) else {
        // Without handlers the signals end the program by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
        _ = hangup.recv() => Exit::Terminated,
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn asked_to_stop() -> Exit {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        Err(_) => std::future::pending().await,
    }
}

/// What a shell wants of a program that has the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// Give it back, and stop.
    Stop,
    /// Somebody else stopped us, and we go on: take it again.
    Continue,
}

/// The signals of job control.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Jobs {
    stop: Option<tokio::signal::unix::Signal>,
    go_on: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Jobs {
    pub(crate) fn new() -> Self {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler the system's own way remains: the program stops.
        let listen = |kind: Signal| signal(SignalKind::from_raw(kind.as_raw())).ok();
        Self { stop: listen(Signal::TSTP), go_on: listen(Signal::CONT) }
    }

    /// Waits for the next one.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next(&mut self) -> Shell {
        tokio::select! {
            () = received(&mut self.stop) => Shell::Stop,
            () = received(&mut self.go_on) => Shell::Continue,
        }
    }

    /// Is there a shell that would continue us? Without one, a stopped program stays stopped.
    pub(crate) fn has_shell(&self) -> bool {
        let parent = rustix::process::getppid();
        let session = |pid| rustix::process::getsid(pid).ok();
        let alone = parent.is_none_or(|parent| parent.is_init());
        !alone && session(parent) == session(None)
    }

    /// Stops this program, and those that it was started with, until a shell continues them.
    pub(crate) async fn stop(&mut self) -> io::Result<()> {
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        // Any thread may take the signal, and this one would go on for a moment: long enough to draw on
        // the shell's screen.
        if self.go_on.is_some() {
            received(&mut self.go_on).await;
        }
        Ok(())
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            if signal.recv().await.is_none() {
                std::future::pending().await
            }
        }
        None => std::future::pending().await,
    }
}

/// There is no job control.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Jobs {}

#[cfg(not(unix))]
impl Jobs {
    pub(crate) fn new() -> Self {
        Self {}
    }

    pub(crate) async fn next(&mut self) -> Shell {
        std::future::pending().await
    }

    pub(crate) fn has_shell(&self) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "it is elsewhere")]
    pub(crate) async fn stop(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

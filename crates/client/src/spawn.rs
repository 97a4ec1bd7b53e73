//! `--spawn`: a chat-server beside the client. Owns the child process; knows nothing of chat.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use chat_client::{Link, LinkError, Naming, ServerAddress, Timing};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::exit::{Exit, Failure};

const STARTING_MAX: Duration = Duration::from_secs(20);
const STOPPING_MAX: Duration = Duration::from_secs(20);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(30);
/// What is kept of what the server logs until it listens, in bytes.
const LOG_BYTES_MAX: usize = 4_096;

/// A server that runs as long as the client.
#[derive(Debug)]
pub(crate) struct SpawnedServer {
    child: Child,
    /// Reads the server's log, so that it never waits for a reader.
    _log: JoinSet<()>,
}

/// Starts a server at `address` if none answers there.
pub(crate) async fn unless_one_answers(
    address: &ServerAddress,
) -> anyhow::Result<Option<SpawnedServer>> {
    match answers(address).await {
        Err(LinkError::Connect { source, .. })
            if matches!(source.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {}
        Ok(()) | Err(_) => return Ok(None),
    }
    let program = program();
    let url = match address {
        ServerAddress::Tcp { .. } => format!("auto://{address}"),
        ServerAddress::Tls { .. } => {
            let why = format!("{address} does not answer, and --spawn has no certificate for it");
            return Err(Failure::new(Exit::Usage, why).into());
        }
        ServerAddress::Unix(_) => address.to_string(),
    };
    let mut command = Command::new(&program);
    command
        .args(["--listen", &url])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Ctrl-C in the terminal is for the client, which then stops the server.
    #[cfg(unix)]
    command.process_group(0);
    let child = command.spawn().map_err(|error| {
        let why = format!("cannot start {}: {error}", program.display());
        Failure::new(Exit::Network, why)
    })?;
    started(child, address).await.map(Some)
}

/// The server beside this program, else the one in `PATH`.
fn program() -> PathBuf {
    let name = format!("chat-server{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().map(|client| client.with_file_name(&name));
    match beside {
        Ok(path) if path.is_file() => path,
        Ok(_) | Err(_) => PathBuf::from(OsString::from(name)),
    }
}

async fn answers(address: &ServerAddress) -> Result<(), LinkError> {
    Link::open(address, &Naming::Observer, &Timing::default()).await.map(drop)
}

async fn started(mut child: Child, address: &ServerAddress) -> anyhow::Result<SpawnedServer> {
    let mut stderr = child.stderr.take().context("its stderr is a pipe")?;
    let deadline = Instant::now() + STARTING_MAX;
    let mut log = Vec::new();
    let mut chunk = [0; 1_024];
    let started = timeout_at(deadline, async {
        loop {
            tokio::select! {
                read = stderr.read(&mut chunk) => match read {
                    Ok(0) | Err(_) => return child.wait().await.map(Some),
                    Ok(count) => log.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                },
                answer = try_later(address) => if answer.is_ok() {
                    return Ok(None);
                },
            }
            let surplus = log.len().saturating_sub(LOG_BYTES_MAX);
            log.drain(..surplus);
        }
    })
    .await;
    let why = match started {
        Ok(Ok(None)) => {
            let mut reader = JoinSet::new();
            reader.spawn(async move {
                // A log that cannot be read is a log that nobody misses here.
                tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await.ok();
            });
            return Ok(SpawnedServer { child, _log: reader });
        }
        Ok(Ok(Some(status))) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer at {address} in {} s", STARTING_MAX.as_secs()),
    };
    let log = String::from_utf8_lossy(&log);
    let sentence = format!("chat-server did not start: {why}\n{}", log.trim_end());
    Err(Failure::new(Exit::Network, sentence).into())
}

async fn try_later(address: &ServerAddress) -> Result<(), LinkError> {
    sleep(TRY_AGAIN_AFTER).await;
    answers(address).await
}

impl SpawnedServer {
    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.ask_to_stop().context("cannot stop chat-server")?;
        let stopped = timeout(STOPPING_MAX, self.child.wait()).await;
        let status = match stopped {
            Ok(status) => status.context("cannot stop chat-server")?,
            Err(_) => anyhow::bail!("chat-server did not stop in {} s", STOPPING_MAX.as_secs()),
        };
        anyhow::ensure!(status.success(), "chat-server ended badly: {status}");
        Ok(())
    }

    #[cfg(unix)]
    fn ask_to_stop(&self) -> io::Result<()> {
        use rustix::process::{Pid, Signal, kill_process};
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        match id.and_then(Pid::from_raw) {
            Some(id) => Ok(kill_process(id, Signal::TERM)?),
            // It has ended already.
            None => Ok(()),
        }
    }

    #[cfg(not(unix))]
    fn ask_to_stop(&mut self) -> io::Result<()> {
        self.child.start_kill()
    }
}

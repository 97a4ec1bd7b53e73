//! How the command line asks for what administrators do: by the daemon's admin socket if it runs, on
//! the data directory if it does not.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use bytes::BytesMut;
use chat_protocol::command::PROTOCOL_VERSION;
use chat_protocol::frame::{self, LENGTH_BYTES};
use chat_protocol::limits::SERVER_FRAME_BYTES_MAX;
use chat_protocol::{Command, Event, Hello, Request, RequestId};

use super::say;
use crate::limits::{ADMIN_SOCKET, ADMIN_SOCKET_ANSWER};

/// Does a command on a data directory that no daemon uses.
pub(crate) type Alone = fn(&Path, Command) -> anyhow::Result<Event>;

/// Where to ask.
pub(super) struct Administration<'a> {
    pub(super) data: &'a Path,
    pub(super) alone: Alone,
}

impl Administration<'_> {
    /// The answer to a command.
    pub(super) fn ask(&self, command: Command) -> anyhow::Result<Event> {
        match ask_the_daemon(&command, self.data)? {
            Some(answer) => Ok(answer),
            None => (self.alone)(self.data, command),
        }
    }

    /// Asks for what has no other answer than that it is done.
    pub(super) fn tell(&self, command: Command, told: &str) -> anyhow::Result<ExitCode> {
        let answer = self.ask(command)?;
        let Event::Done { .. } = answer else { return refused(&answer) };
        say(format_args!("{told}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// It is not what was asked for.
pub(super) fn refused(answer: &Event) -> anyhow::Result<ExitCode> {
    let Event::Refused { text, .. } = answer else { anyhow::bail!("an answer to something else") };
    writeln!(io::stderr(), "chat-server: {text}").ok();
    Ok(ExitCode::FAILURE)
}

/// None: no daemon runs here.
#[cfg(unix)]
fn ask_the_daemon(command: &Command, data: &Path) -> anyhow::Result<Option<Event>> {
    use std::os::unix::net::UnixStream;

    let path = data.join(ADMIN_SOCKET);
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::InvalidInput
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    stream.set_read_timeout(Some(ADMIN_SOCKET_ANSWER))?;
    let mut out = BytesMut::new();
    frame::encode_hello(&Hello { v: PROTOCOL_VERSION, ..Hello::default() }, &mut out);
    let id = Some(RequestId(1));
    frame::encode_request(&Request { id, command: command.clone() }, &mut out);
    stream.write_all(&out)?;
    loop {
        let event = read_event(&mut stream).context("the daemon did not answer")?;
        if answered(&event, id) {
            return Ok(Some(event));
        }
    }
}

#[cfg(not(unix))]
fn ask_the_daemon(_: &Command, _: &Path) -> anyhow::Result<Option<Event>> {
    Ok(None)
}

/// Is it the answer, or that the session came to nothing?
#[cfg(unix)]
fn answered(event: &Event, id: Option<RequestId>) -> bool {
    if let Event::Refused { id: of, .. } = event {
        return of.is_none() || *of == id;
    }
    if let Event::Done { id: of }
    | Event::AccountList { id: of, .. }
    | Event::Status { id: of, .. }
    | Event::AddressBanList { id: of, .. }
    | Event::StoredRoomList { id: of, .. }
    | Event::RoomReport { id: of, .. } = event
    {
        return *of == id;
    }
    false
}

#[cfg(unix)]
fn read_event(stream: &mut impl Read) -> anyhow::Result<Event> {
    let mut length = [0; LENGTH_BYTES];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length))?;
    anyhow::ensure!(length <= SERVER_FRAME_BYTES_MAX, "not a chat-server");
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(frame::decode_event(&frame)?)
}

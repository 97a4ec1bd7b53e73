//! `chat-client send`: one message, or one a line. Reads what is to be said; the line mode says it.

use std::io::{self, IsTerminal, Read};

use anyhow::Context;
use chat_protocol::MessageText;
use chat_protocol::limits::MESSAGE_TEXT_BYTES_MAX;
use tokio::sync::{mpsc, oneshot};

use crate::exit::{Exit, Failure};
use crate::input::{Typed, read_stdin};

/// What is read of stdin for one message, in bytes: enough to see that it is too long, whatever
/// escape sequences are dropped from it.
const STDIN_BYTES_MAX: u64 = 1_024 * 1_024;

/// The lines or the one message to send.
pub(crate) async fn input(
    text: &[String],
    lines: bool,
    no_input: bool,
) -> anyhow::Result<mpsc::Receiver<Typed>> {
    if text.is_empty() && no_input {
        let sentence = "nothing to send: --no-input, and no TEXT behind send";
        return Err(Failure::new(Exit::Usage, sentence).into());
    }
    if lines {
        return read_stdin();
    }
    let text = if text.is_empty() { whole_stdin().await? } else { text.join(" ") };
    let text = chat_client::program_output(text.trim_end());
    if text.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "nothing to send: the text is empty").into());
    }
    let message = MessageText::parse(&text).map_err(|error| {
        let hint = if text.len() > MESSAGE_TEXT_BYTES_MAX || text.contains('\n') {
            " (--lines sends every line as a message)"
        } else {
            ""
        };
        Failure::new(Exit::Refused, format!("not sent: {error}{hint}"))
    })?;
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(Typed::Message(message)).context("a new channel has room")?;
    Ok(receiver)
}

/// Read in a thread of its own, so that a signal or a timeout ends the program meanwhile.
async fn whole_stdin() -> anyhow::Result<String> {
    let (done, read) = oneshot::channel();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut bytes = Vec::new();
            let stdin = io::stdin().lock();
            let outcome = stdin.take(STDIN_BYTES_MAX).read_to_end(&mut bytes);
            done.send(outcome.map(|_| String::from_utf8_lossy(&bytes).into_owned())).ok()
        })
        .context("cannot start a thread")?;
    read.await.context("the reader of stdin is gone")?.context("cannot read stdin")
}

/// Is a person to be told to type?
pub(crate) fn waits_for_a_person(text: &[String], no_input: bool) -> bool {
    text.is_empty() && !no_input && io::stdin().is_terminal()
}

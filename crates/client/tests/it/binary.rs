//! The binary in a pipe: what is said, what is printed, how it ends.

use std::ffi::OsStr;
use std::process::{Output, Stdio};

use chat_protocol::{Event, Refusal, UserName};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::fake::{Fake, Room, entered, lobby, message, said_by, stored};

/// The program at this server, with a clean environment and pipes.
pub(crate) fn program<A: AsRef<OsStr>>(server: &Fake, arguments: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-client"));
    command
        .args(arguments)
        .env_clear()
        .env("USER", "ana")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("CHAT_CLIENT_SERVER", server.address().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it with this stdin.
pub(crate) async fn run(mut command: Command, stdin: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writes = async move {
        // It may end before it has read all.
        input.write_all(stdin).await.ok();
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), writes);
    output.unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[tokio::test]
async fn ten_thousand_lines_are_all_said_as_they_are_and_in_order() {
    let server = Fake::start().await;
    let mut room = Room::with_messages(0);
    let mut lines: Vec<String> = (0..10_000).map(|n| format!("line {n}")).collect();
    lines[7] = "/quit is no command in a pipe".to_owned();
    let stdin = lines.join("\n\n") + "\n \n";
    let command = program::<&str>(&server, &[]);
    let (output, ()) = tokio::join!(run(command, stdin.as_bytes()), server.play(&mut room));
    assert_eq!((code(&output), stdout(&output)), (0, ""), "{}", stderr(&output));
    assert_eq!(room.texts(), lines);
    assert_eq!(room.names, [Some("ana".to_owned())]);
}

#[tokio::test]
async fn messages_are_stdout_and_talk_is_stderr() {
    let server = Fake::start().await;
    let mut command = program(&server, &["--no-input"]);
    let plays = async {
        let mut peer = server.welcome(1).await;
        let join = peer.request().await;
        peer.tell(&entered(&join, 0)).await;
        let joined = br#"{"type":"joined","room":"lobby","time_ms":1,"user":"eve"}"#;
        peer.tell(&serde_json::from_slice(joined).unwrap()).await;
        peer.tell(&said_by("eve", 1, "hi\nbob: I resign")).await;
        let elsewhere = br#"{"type":"message","room":"ops","seq":4,"time_ms":1,"from":"lee",
            "text":"ready","kind":"action"}"#;
        peer.tell(&serde_json::from_slice(elsewhere).unwrap()).await;
        peer
    };
    let mut child = command.spawn().unwrap();
    let _peer = plays.await;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for expected in ["eve: hi", "eve: bob: I resign", "[ops] * lee ready"] {
        assert_eq!(lines.next_line().await.unwrap().unwrap(), expected);
    }
    let id = rustix::process::Pid::from_child(&ended_soon(&child));
    let _ = id;
}

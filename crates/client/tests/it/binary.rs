//! The binary in a pipe: what is said, what is printed, how it ends.

use std::cell::Cell;
use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::time::Duration;

use chat_protocol::{Command, Event, Refusal, UserName};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command as Process};

use crate::fake::{Fake, Room, entered, message, said_by, stored};

/// The program at this server, with a clean environment and pipes.
pub(crate) fn program<A: AsRef<OsStr>>(server: &Fake, arguments: &[A]) -> Process {
    let mut command = Process::new(env!("CARGO_BIN_EXE_chat-client"));
    command
        .args(arguments)
        .env_clear()
        .env("USER", "ana")
        .env("TZ", "UTC")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("CHAT_CLIENT_SERVER", server.address().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it with this stdin.
pub(crate) async fn run(mut command: Process, stdin: &[u8]) -> Output {
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
    signal(&child, rustix::process::Signal::TERM);
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(code(&output), 143);
    let said = stderr(&output);
    assert!(said.starts_with("connected to fake as ana\n"), "{said}");
    assert!(said.contains("* eve joined\n"), "{said}");
}

#[cfg(unix)]
fn signal(child: &Child, signal: rustix::process::Signal) {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, signal).unwrap();
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_program_quietly() {
    let server = Fake::start().await;
    let mut child = program(&server, &["--follow"]).spawn().unwrap();
    let mut peer = server.welcome(1).await;
    let join = peer.request().await;
    peer.tell(&entered(&join, 0)).await;
    peer.tell(&message(1)).await;
    let mut stdout = child.stdout.take().unwrap();
    let mut line = [0; 16];
    stdout.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"maya: message 1\n");
    drop(stdout);
    peer.tell(&message(2)).await;
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(code(&output), 0);
    assert!(!stderr(&output).contains("roken"), "{}", stderr(&output));
}

#[tokio::test]
async fn an_explicit_name_that_is_taken_is_exit_5_and_a_default_one_gets_a_number() {
    let server = Fake::start().await;
    let taken = |name: &str| {
        let name = UserName::parse(name).unwrap();
        Event::refused(None, Refusal::NameTaken { name })
    };
    let refuses = async {
        let mut peer = server.accept().await;
        peer.hello().await;
        peer.tell(&taken("ana")).await;
    };
    let command = program(&server, &["--name", "ana"]);
    let (output, ()) = tokio::join!(run(command, b""), refuses);
    assert_eq!(code(&output), 5);
    let said = "The name \"ana\" is taken. Take another: --name NAME\n";
    assert_eq!(stderr(&output), said);

    let plays = async {
        let mut peer = server.accept().await;
        peer.hello().await;
        peer.tell(&taken("ana")).await;
        let hello = peer.hello().await;
        assert_eq!(hello.name.as_deref(), Some("ana2"));
        peer.tell(&crate::fake::welcome(&hello, 1)).await;
        let join = peer.request().await;
        peer.tell(&entered(&join, 0)).await;
    };
    let (output, ()) = tokio::join!(run(program::<&str>(&server, &[]), b""), plays);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[tokio::test]
async fn a_room_that_refuses_is_exit_5_before_anything_is_read() {
    let server = Fake::start().await;
    let refuses = async {
        let mut peer = server.welcome(1).await;
        let join = peer.request().await;
        let refusal = Refusal::TooManyRooms { limit: 1 };
        peer.tell(&Event::refused(join.id, refusal)).await;
        assert_eq!(peer.request().await.command, Command::Quit { reason: None });
    };
    let command = program(&server, &["--room", "lobby"]);
    let (output, ()) = tokio::join!(run(command, b"hi\n"), refuses);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
}

#[tokio::test]
async fn what_is_not_acknowledged_in_time_is_exit_6() {
    let server = Fake::start().await;
    let mut room = Room::with_messages(0);
    room.stores_at_most = 1;
    let command = program(&server, &["--drain", "50ms"]);
    let (output, ()) = tokio::join!(run(command, b"one\ntwo\nthree\n"), server.play(&mut room));
    assert_eq!(code(&output), 6);
    let said = stderr(&output);
    assert!(said.contains("2 messages were not acknowledged in 0.05 s"), "{said}");
}

#[tokio::test]
async fn a_server_that_stands_still_before_one_is_in_is_not_waited_for_longer_than_that() {
    for (stdin, exit, sentence) in [
        (&b"one\ntwo\n"[..], 6, "2 messages were not acknowledged in 0.05 s"),
        (b"one\n", 6, "1 message was not acknowledged in 0.05 s"),
        (b"", 3, "the server has not answered in 0.05 s"),
    ] {
        let server = Fake::start().await;
        // The join is read, and never answered.
        let plays = async {
            let mut peer = server.welcome(1).await;
            peer.request().await;
            peer
        };
        let command = program(&server, &["--room", "lobby", "--drain", "50ms"]);
        let (output, _peer) = tokio::join!(run(command, stdin), plays);
        assert_eq!(code(&output), exit, "{}", stderr(&output));
        assert!(stderr(&output).contains(sentence), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn a_pipe_is_read_no_further_ahead_than_the_bounds_say_until_one_is_in() {
    let server = Fake::start().await;
    let mut child = program(&server, &["--room", "lobby"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut peer = server.welcome(1).await;
    let join = peer.request().await;
    // Far more than the pipe, the queue and what is read ahead can hold.
    const LINES: u64 = 20_000;
    let line = |n: u64| format!("{n} {}\n", "x".repeat(100));
    let written = Cell::new(0);
    let writes = async {
        for n in 0..LINES {
            stdin.write_all(line(n).as_bytes()).await.unwrap();
            written.set(n + 1);
        }
        drop(stdin);
    };
    let plays = async {
        // It stands still: the program in front is held up.
        let mut before = u64::MAX;
        while std::mem::replace(&mut before, written.get()) != before {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(before > 0 && before < LINES / 2, "{before} lines are taken");
        peer.tell(&entered(&join, 0)).await;
        for n in 0..LINES {
            let say = peer.request().await;
            let Command::Say { text, .. } = &say.command else { panic!("{say:?}") };
            assert_eq!(text.as_str(), line(n).trim_end());
            peer.tell(&stored(&say, n + 1)).await;
        }
        assert_eq!(peer.request().await.command, Command::Quit { reason: None });
    };
    tokio::join!(writes, plays);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn what_is_unknown_after_a_lost_connection_is_exit_6() {
    let server = Fake::start().await;
    let plays = async {
        let mut peer = server.welcome(1).await;
        let join = peer.request().await;
        peer.tell(&entered(&join, 0)).await;
        peer.request().await;
        drop(peer);
        // The server has forgotten the guest.
        let mut peer = server.welcome(1).await;
        while !matches!(peer.request().await.command, Command::Quit { .. }) {}
    };
    let command = program(&server, &["send", "--room", "lobby", "hello", "there"]);
    let (output, ()) = tokio::join!(run(command, b""), plays);
    assert_eq!(code(&output), 6, "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("lost before the answer") && said.contains("1 unknown"), "{said}");
}

#[tokio::test]
async fn the_whole_of_stdin_is_one_message_or_one_a_line() {
    let server = Fake::start().await;
    let mut room = Room::with_messages(0);
    let command = program(&server, &["send", "--room", "lobby"]);
    let stdin = b"a note\nof \x1b[1mtwo\x1b[0m lines\n";
    let (output, ()) = tokio::join!(run(command, stdin), server.play(&mut room));
    assert_eq!((code(&output), stdout(&output), stderr(&output)), (0, "", ""));
    assert_eq!(room.texts(), ["a note\nof two lines"]);

    let mut room = Room::with_messages(0);
    let command = program(&server, &["send", "--lines"]);
    let (output, ()) = tokio::join!(run(command, stdin), server.play(&mut room));
    assert_eq!(code(&output), 0);
    assert_eq!(room.texts(), ["a note", "of two lines"]);

    let long = "x".repeat(5_000);
    let output = run(program(&server, &["send"]), long.as_bytes()).await;
    assert_eq!(code(&output), 5);
    assert!(stderr(&output).contains("5000 bytes, the limit is 4096"));
}

#[tokio::test]
async fn nothing_there_is_exit_3_and_says_what_to_do() {
    let server = Fake::start().await;
    let address = server.address().to_string();
    let command = program::<&str>(&server, &[]);
    drop(server);
    let output = run(command, b"").await;
    assert_eq!(code(&output), 3);
    let said =
        format!("No chat daemon at {address}. Start one: chat-server   Or: --server HOST:PORT\n");
    assert_eq!(stderr(&output), said);
}

#[tokio::test]
async fn wrong_usage_and_configuration_are_exit_2() {
    let server = Fake::start().await;
    for arguments in [
        &["--rom", "x"][..],
        &["--room", "a b"],
        &["--timeout", "soon"],
        &["send", "--no-input"],
        &["--events"],
    ] {
        let output = run(program(&server, arguments), b"").await;
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("chat-client")).unwrap();
    let path = folder.path().join("chat-client").join("config.toml");
    std::fs::write(&path, "room = \"ops\"\nport = 5005\n").unwrap();
    let mut command = program::<&str>(&server, &[]);
    command.env("XDG_CONFIG_HOME", folder.path());
    let output = run(command, b"").await;
    assert_eq!(code(&output), 2);
    let said = stderr(&output);
    let place = format!("{}: TOML parse error at line 2, column 1", path.display());
    assert!(said.contains(&place), "{said}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_exit_124_when_time_is_up() {
    let server = Fake::start().await;
    let command = program(&server, &["rooms", "--timeout", "100ms"]);
    let (output, _peer) = tokio::join!(run(command, b""), server.accept());
    assert_eq!(code(&output), 124);
}

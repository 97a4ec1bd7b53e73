//! A program whose output is said: `tail -F app.log | chat-client --room ops`. Nothing is lost, nothing
//! comes twice or out of order, and while nobody takes it, the program is held up.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use samovar_tests::{DEADLINE, Home, NativeClient, Server, Setup, Signal, chat_client};

/// As a log has them: with a number, and of very different lengths.
fn lines(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n} {}", "x".repeat(n * 7 % 900))).collect()
}

/// The client in a room, with a pipe to its input.
fn pipe(server: &Server, home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(chat_client());
    command.args(["--server", server.address(), "--room", "ops"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

/// Takes the room's messages until it has so many.
#[track_caller]
fn take(reader: &mut NativeClient, count: usize) -> Vec<String> {
    (0..count).map(|_| reader.message().2).collect()
}

/// Waits until it stands still for as long as nobody would wait for one line. True as soon as it is held
/// up; false while it gets on.
fn stands_still(written: &AtomicUsize) -> usize {
    let deadline = Instant::now() + DEADLINE;
    let mut before = usize::MAX;
    loop {
        let now = written.load(Ordering::Acquire);
        if now == before {
            return now;
        }
        assert!(Instant::now() < deadline, "it is never held up: {now} lines");
        before = now;
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

#[test]
fn a_server_that_stands_still_holds_the_program_up_and_loses_nothing() {
    const LINES: usize = 20_000;
    let server = Server::start("");
    let mut reader = server.native("reader");
    reader.join("ops");
    let home = Home::new();
    let mut child = pipe(&server, &home, &[]);
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let writer = std::thread::spawn(move || {
        for (n, line) in lines(LINES).iter().enumerate() {
            writeln!(stdin, "{line}").expect("the client reads on");
            counted.store(n + 1, Ordering::Release);
            if n == 100 {
                // From here on it is the server's turn to stand still.
                std::thread::park();
            }
        }
    });
    let first = take(&mut reader, 101);
    server.signal(Signal::STOP);
    writer.thread().unpark();
    let held_up = stands_still(&written);
    assert!(held_up > 101, "the queues take some");
    assert!(held_up < LINES / 2, "nothing holds it up: {held_up} lines");
    server.signal(Signal::CONT);
    let rest = take(&mut reader, LINES - 101);
    assert_eq!([first, rest].concat(), lines(LINES));
    writer.join().expect("it has written all");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_server_that_is_killed_in_the_midst_loses_nothing_and_repeats_nothing() {
    const LINES: usize = 5_000;
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server = Setup::new("").listen(socket).start();
    let mut reader = server.native("reader");
    reader.join("ops");
    let mut child = pipe(&server, &home, &["--drain", "60s"]);
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let writer = std::thread::spawn(move || {
        for line in lines(LINES) {
            writeln!(stdin, "{line}").expect("the client reads on");
        }
    });
    take(&mut reader, 1_000);
    server.stop(Signal::KILL);
    let server = server.start_again();
    writer.join().expect("it has written all");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut later = server.native("later");
    later.join("ops");
    assert_eq!(later.stored("ops"), lines(LINES));
}

#[test]
fn a_log_that_is_followed_is_said_line_by_line() {
    const LINES: usize = 5_000;
    let server = Server::start("");
    let mut reader = server.native("reader");
    reader.join("ops");
    let home = Home::new();
    let log = home.write("app.log", "");
    let mut tail = Command::new("tail");
    tail.args(["-n", "+1", "-F"]).arg(&log).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut tail = tail.spawn().expect("it starts");
    let mut command = home.command(chat_client());
    command.args(["--server", server.address(), "--room", "ops"]);
    command.stdin(tail.stdout.take().expect("it is a pipe"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut client = command.spawn().expect("it starts");
    let mut file = OpenOptions::new().append(true).open(&log).expect("it is there");
    // In pieces that end anywhere, as a program's buffer does it.
    let all = lines(LINES).join("\n") + "\n";
    for piece in all.as_bytes().chunks(4_096) {
        file.write_all(piece).expect("there is room");
    }
    assert_eq!(take(&mut reader, LINES), lines(LINES));
    tail.kill().expect("it is ours");
    tail.wait().expect("it is ours");
    assert_eq!(client.wait().expect("it ends").code(), Some(0));
}

//! A server that wants to drive the terminal: whatever it says in names, topics, texts and its own words,
//! every byte that the client writes is the client's own. What it wrote is read before the terminal
//! understands it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use samovar_tests::{Home, Pane, Process, Signal, chat_client, framed, run};
use serde_json::{Value, json};

/// A title, a cleared screen, a colour, a clipboard, an 8-bit CSI, text that runs backwards.
const EVIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31m\u{1b}]52;c;b3duZWQ=\u{7}\u{9b}31m\u{202e}evil";

/// What is told one after the other; each in a connection of its own, for some end it.
fn told() -> Vec<Value> {
    let message = |from: &str, text: &str| {
        json!({"type": "message", "room": "lobby", "seq": 1,
        "time_ms": 1, "from": from, "text": text})
    };
    vec![
        json!({"type": "notice", "text": EVIL}),
        message("maya", EVIL),
        message(EVIL, "hi"),
        json!({"type": "message", "room": EVIL, "seq": 1, "time_ms": 1, "from": "maya", "text": "hi"}),
        json!({"type": "topic_changed", "room": "lobby", "seq": 1, "time_ms": 1, "from": "maya", "topic": EVIL}),
        json!({"type": "signal", "room": "lobby", "time_ms": 1, "from": "maya", "signal": "react",
            "seq": 1, "text": EVIL}),
        json!({"type": "signal", "room": "lobby", "time_ms": 1, "from": EVIL, "signal": "typing",
            "state": "active"}),
        json!({"type": "joined", "room": "lobby", "time_ms": 1, "user": EVIL}),
        json!({"type": "renamed", "from": "maya", "to": EVIL}),
        json!({"type": "away_changed", "user": "maya", "text": EVIL}),
        json!({"type": "gap", "room": "lobby", "from": 1, "to": 2, "why": EVIL}),
        json!({"type": "refused", "refusal": {"code": EVIL}, "text": EVIL}),
        json!({"type": EVIL, "text": EVIL}),
        json!({"type": "deleted", "room": "lobby", "seq": 1, "time_ms": 1, "from": "maya", "target": 1,
            "reason": EVIL}),
    ]
}

/// Plays a server that welcomes everybody, answers what it has to, and tells one of [`told`] in each
/// connection; then says `the end`.
fn hostile() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let mut tells = told().into_iter();
        for stream in listener.incoming() {
            // Clients that have gone are no matter.
            stream.and_then(|stream| converse(stream, tells.next().as_ref())).ok();
        }
    });
    address
}

fn converse(mut stream: TcpStream, evil: Option<&Value>) -> std::io::Result<()> {
    read_frame(&mut stream)?;
    let welcome = json!({"type": "welcome", "v": 1, "server": EVIL, "version": EVIL, "name": "ana",
        "motd": format!("{EVIL}\n{EVIL}"), "default_room": "lobby",
        "journal": "00000000-0000-0000-0000-000000000001"});
    tell(&mut stream, &welcome)?;
    loop {
        let request = read_frame(&mut stream)?;
        let id = &request["id"];
        let answer = match request["type"].as_str().unwrap_or_default() {
            "join" => {
                json!({"type": "entered", "id": id, "room": "lobby", "members": ["ana", "maya"],
                "members_total": 2, "seq": 0})
            }
            "ping" => json!({"type": "pong", "id": id, "time_ms": 1}),
            "unread" => json!({"type": "unread_list", "id": id, "rooms": [], "total": 0}),
            "mark_read" | "signal" => json!({"type": "done", "id": id}),
            _ => json!({"type": "refused", "id": id, "refusal": {"code": EVIL}, "text": EVIL}),
        };
        tell(&mut stream, &answer)?;
        if request["type"] == "join" {
            let end = json!({"type": "notice", "text": "the end"});
            tell(&mut stream, evil.unwrap_or(&end))?;
            if evil.is_some() {
                // The next one comes in the next connection.
                stream.shutdown(Shutdown::Write)?;
            }
        }
    }
}

fn read_frame(stream: &mut TcpStream) -> std::io::Result<Value> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)];
    stream.read_exact(&mut payload)?;
    Ok(serde_json::from_slice(&payload)?)
}

fn tell(stream: &mut TcpStream, event: &Value) -> std::io::Result<()> {
    stream.write_all(&framed(event.to_string().as_bytes()))
}

/// None of the server's sequences is in what was written.
#[track_caller]
fn is_harmless(written: &str) {
    for evil in ["\u{1b}]0;owned", "\u{1b}]52", "\u{1b}[31m\u{1b}", "\u{9b}", "\u{202e}", "\u{7}"] {
        assert!(!written.contains(evil), "{evil:?} is in {written:?}");
    }
}

#[test]
fn nothing_that_a_server_says_drives_the_screen() {
    let address = hostile();
    let pane = Pane::open(80, 24, &[]);
    let program = chat_client().display();
    let log = pane.home().path().join("written");
    pane.enter(&format!("clear; {program} --server {address} --name ana --room lobby"));
    pane.record(&log);
    pane.wait_until("everything was told", |screen| {
        // The waits between tries are not what this is about.
        if screen.contains("retry in") {
            pane.enter("/reconnect");
        }
        screen.contains("the end")
    });
    // A screen is written in pieces, and what comes last is the one that nothing else has.
    pane.type_in("ж");
    let read = || String::from_utf8_lossy(&std::fs::read(&log).expect("it is there")).into_owned();
    pane.wait_until("all of it was written down", |_| read().contains('ж'));
    is_harmless(&read());
    assert!(!pane.title().contains("owned"), "{}", pane.title());
    let screen = pane.screen();
    assert!(screen.contains("#lobby") && screen.contains("F1 help"), "{screen}");
}

/// Only lines: nothing in them that a terminal does not show.
#[track_caller]
fn are_lines(written: &str) {
    is_harmless(written);
    let control = written.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(control, None, "{written:?}");
}

#[test]
fn nothing_that_a_server_says_drives_the_terminal_in_lines() {
    let home = Home::new();
    let command = |address: SocketAddr, arguments: &[&str]| {
        let mut command = home.command(chat_client());
        command.args(["--server", &address.to_string(), "--name", "ana"]).args(arguments);
        command
    };
    // What it says is talk, or data for a program.
    let talk = ["--room", "lobby", "--no-input"];
    let mut talk = Process::start(&mut command(hostile(), &talk));
    let data = ["--room", "lobby", "--no-input", "--json", "--events"];
    let mut data = Process::start(&mut command(hostile(), &data));
    let (mut said, mut printed) = (String::new(), String::new());
    while !said.ends_with("the end\n") {
        said += &talk.stderr_line();
        said.push('\n');
    }
    while !printed.contains("the end") {
        printed += &data.stdout_line();
        printed.push('\n');
    }
    for (process, lines) in [(talk, said), (data, printed)] {
        are_lines(&lines);
        process.signal(Signal::INT);
        let finished = process.finish();
        are_lines(&finished.stdout);
        are_lines(&finished.stderr);
    }
    let address = hostile();
    for subcommand in [&["rooms"][..], &["status"], &["tail", "--room", "lobby"]] {
        let finished = run(&mut command(address, subcommand), "");
        assert_eq!(finished.code, Some(5), "{finished:?}");
        are_lines(&finished.stderr);
    }
}

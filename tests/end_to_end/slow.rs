//! Nothing that one session does, or fails to do, slows another or costs it anything; nobody is
//! dropped for being slow.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Instant;

use samovar_tests::{Client, NativeClient, Server, Setup, Signal, say};

/// A connection that never reads, and what it has asked for.
fn deaf(server: &Server, said: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(said).unwrap();
    stream
}

const HELLO_AND_JOIN: [&[u8]; 2] =
    [br#"{"type":"hello","v":1,"name":"deaf"}"#, br#"{"type":"join","room":"lobby"}"#];

fn frames(payloads: &[&[u8]]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| samovar_tests::framed(payload)).collect()
}

/// Says so many long messages, and sees them come back.
fn chat(ana: &mut NativeClient, messages: usize) {
    let text = "x".repeat(4_000);
    for n in 0..messages {
        ana.say("lobby", &format!("{n} {text}"));
    }
    for n in 0..messages {
        assert!(ana.message().2.starts_with(&format!("{n} ")));
    }
}

/// What did not fit into the socket is fed to it from the journal, whole and in order.
#[test]
fn a_reader_that_falls_behind_gets_every_message() {
    const MESSAGES: u64 = 6_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut slow = server.native("slow");
    let mut line = server.connect();
    line.send("/look\n");
    ana.join("lobby");
    slow.join("lobby");
    let before = server.memory_bytes();
    // The readers of the two others take a few MB, and then nothing until they are asked for more.
    let text = "x".repeat(4_000);
    for first in (1..=MESSAGES).step_by(100) {
        let group = first..first + 100;
        let mut bytes = Vec::new();
        for n in group.clone() {
            bytes.extend(ana.request(say("lobby", &format!("{n} {text}"))).1);
        }
        ana.raw().send(bytes);
        for n in group {
            assert_eq!(ana.message().0, n);
        }
    }
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < 64 * 1024 * 1024, "{growth} bytes for two slow readers");
    for n in 1..=MESSAGES {
        let (seq, from, said) = slow.message();
        assert_eq!((seq, from.as_str()), (n, "ana"));
        assert!(said.starts_with(&format!("{n} ")), "{n}");
    }
    let heard = |line: &mut Client| loop {
        let said = String::from_utf8(line.line()).unwrap();
        if let Some(said) = said.strip_prefix("ana: ") {
            return said.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
    };
    for n in 1..=MESSAGES {
        assert_eq!(heard(&mut line), n);
    }
}

#[test]
fn who_never_reads_costs_a_bounded_amount_and_nobody_notices() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let deaf = deaf(&server, &frames(&HELLO_AND_JOIN));
    ana.event(); // it has joined
    let before = server.memory_bytes();
    chat(&mut ana, 2_000);
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < 64 * 1024 * 1024, "{growth} bytes for one that does not read");
    drop(deaf);
}

/// The one room has readers that are far behind, the other has none; said in turn, both are as fast.
#[test]
fn who_is_far_behind_slows_nobody_down() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.join("calm");
    let hello = |n: u32| format!(r#"{{"type":"hello","v":1,"name":"deaf{n}"}}"#);
    let _deaf: Vec<TcpStream> = (0..10)
        .map(|n| deaf(&server, &frames(&[hello(n).as_bytes(), HELLO_AND_JOIN[1]])))
        .collect();
    (0..10).for_each(|_| assert!(format!("{:?}", ana.event()).starts_with("Joined")));
    chat(&mut ana, 500);
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..201 {
        for (room, times) in ["lobby", "calm"].into_iter().zip(&mut times) {
            let began = Instant::now();
            ana.say(room, "how long?");
            assert_eq!(ana.message().2, "how long?", "{n}");
            times.push(began.elapsed());
        }
    }
    let [behind, calm] = times.map(|mut times| {
        times.sort_unstable();
        times[100]
    });
    assert!(behind < calm * 3, "{behind:?} with readers that are behind, {calm:?} without");
}

/// Answers that nobody takes are not made: the server stops reading.
#[test]
fn who_asks_and_never_reads_is_not_read_from() {
    let config = "[line]\nidentify = \"ask\"\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut ana = server.connect();
    ana.send("ana\n");
    ana.lines_until("* you are in lobby, 1 here: ana");
    let before = server.memory_bytes();
    let stream = deaf(&server, b"deaf\n");
    let mut asking = stream.try_clone().unwrap();
    let asker = thread::spawn(move || while asking.write_all(&b"/help\n".repeat(1_000)).is_ok() {});
    ana.expect("* deaf joined\n");
    for n in 0..200 {
        ana.send(format!("/nick ana{n}\n"));
        ana.expect(format!("* {} is now ana{n}\n", previous(n)));
    }
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < 16 * 1024 * 1024, "{growth} bytes of answers that nobody takes");
    stream.shutdown(Shutdown::Both).unwrap();
    asker.join().unwrap();
}

fn previous(n: u32) -> String {
    match n {
        0 => "ana".to_owned(),
        n => format!("ana{}", n - 1),
    }
}

#[test]
fn a_peer_that_takes_nothing_for_too_long_is_closed() {
    let server = Server::start("[limits]\nwrite_stall = \"200ms\"\n");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let _deaf = deaf(&server, &frames(&HELLO_AND_JOIN));
    ana.event(); // it has joined
    chat(&mut ana, 2_000);
    server.wait_for_log("the peer took nothing for too long");
    let room = samovar_tests::room("lobby");
    let members = ana.ask(chat_protocol::Command::Members { room });
    assert!(
        matches!(members, chat_protocol::Event::MemberList { total: 1, .. }),
        "it is a member no more: {members:?}"
    );
}

#[test]
fn a_stop_does_not_wait_for_who_never_reads() {
    let mut server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let _deaf = deaf(&server, &frames(&HELLO_AND_JOIN));
    ana.event(); // it has joined
    chat(&mut ana, 2_000);
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    assert!(server.logs().contains("stopped"), "{}", server.logs());
}

/// More than may be in flight at once, then the end: all of it is said.
#[test]
fn a_long_pipe_through_nc_is_said_whole() {
    const LINES: usize = 3_000;
    for style in ["samovar", "grillo", "netcat"] {
        let config = format!("[line]\nstyle = \"{style}\"\n");
        let server =
            Setup::new(&config).listen("line://127.0.0.1:0").listen("native://127.0.0.1:0").start();
        let mut ana = NativeClient::connect(server.address_of(1)).greeted("ana");
        ana.join("lobby");
        let mut pipe = Client::netcat(server.address(), &["-N"]);
        if style == "grillo" {
            pipe.send("pipe\n");
        }
        pipe.send((0..LINES).map(|n| format!("line {n}\n")).collect::<String>());
        pipe.end();
        for n in 0..LINES {
            assert_eq!(ana.message().2, format!("line {n}"), "{style}");
        }
    }
}

#[test]
fn what_was_said_before_eof_is_acknowledged_before_the_close() {
    const MESSAGES: usize = 3_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut bytes = Vec::new();
    for n in 0..MESSAGES {
        bytes.extend(ana.request(say("lobby", &n.to_string())).1);
    }
    ana.raw().send(bytes);
    ana.raw().end();
    let acknowledged = ana
        .rest()
        .into_iter()
        .filter(|event| matches!(event, chat_protocol::Event::Stored { .. }))
        .count();
    assert_eq!(acknowledged, MESSAGES);
}

//! A peer that is busy, or stuck, is answered, closed or left behind in time.

use std::io::{Read, Write};
use std::net::TcpStream;

use chat_protocol::command::HistoryRange;
use chat_protocol::frame::{self, LENGTH_BYTES};
use chat_protocol::{Command, Event, Refusal, Sequence};
use samovar_tests::{DEADLINE, NativeClient, Server, Signal, framed, room, say};

const HISTORY: &[u8] = br#"{"type":"history","room":"lobby"}"#;

/// A connection that never reads, and what it has asked for.
#[track_caller]
fn deaf(server: &Server, payloads: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let asked: Vec<u8> = payloads.iter().flat_map(|payload| framed(payload)).collect();
    stream.write_all(&asked).unwrap();
    stream
}

/// Says so many messages of this length in the lobby, and returns when all are stored.
#[track_caller]
fn fill(client: &mut NativeClient, messages: usize, length: usize) {
    let text = "x".repeat(length);
    for first in (0..messages).step_by(500) {
        let (mut last, mut bytes) = (None, Vec::new());
        for _ in first..messages.min(first + 500) {
            let (id, frame) = client.request(say("lobby", &text));
            last = Some(id);
            bytes.extend(frame);
        }
        client.raw().send(bytes);
        while !matches!(client.event(), Event::Stored { id, .. } if id == last) {}
    }
}

#[test]
fn a_peer_that_takes_nothing_is_closed_without_any_traffic() {
    let server = Server::start("[limits]\nwrite_stall = \"1s\"\n");
    let mut ana = server.native("ana");
    ana.join("lobby");
    fill(&mut ana, 100, 4_000);
    let mut asked = vec![br#"{"type":"hello","v":1,"name":"deaf"}"#.as_slice()];
    asked.extend([HISTORY; 200]);
    let _deaf = deaf(&server, &asked);
    let line = server.wait_for_log("took nothing");
    assert!(line.contains("name=\"deaf\""), "{line}");
    let users = ana.ask(Command::Users);
    assert!(matches!(users, Event::UserList { total: 1, .. }), "its name is free: {users:?}");
}

/// A connection that reads one frame at a time, and nothing in advance.
struct Reader(TcpStream);

impl Reader {
    #[track_caller]
    fn connect(server: &Server, payloads: &[&[u8]]) -> Self {
        let stream = deaf(server, payloads);
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(stream)
    }

    #[track_caller]
    fn event(&mut self) -> Event {
        let mut length = [0; LENGTH_BYTES];
        self.0.read_exact(&mut length).unwrap();
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        frame::decode_event(&payload).unwrap()
    }
}

#[test]
fn who_asks_behind_a_busy_room_is_answered() {
    const MESSAGES: u64 = 20_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut slow = Reader::connect(
        &server,
        &[br#"{"type":"hello","v":1,"name":"slow"}"#, br#"{"type":"join","room":"lobby"}"#],
    );
    assert!(matches!(ana.event(), Event::Joined { .. }));
    fill(&mut ana, usize::try_from(MESSAGES).unwrap(), 1_000);
    // The other end of what it does not read is in the daemon; in the middle of that it asks.
    slow.0.write_all(&framed(br#"{"type":"ping","id":7}"#)).unwrap();
    let mut pacer = server.native("pacer");
    pacer.join("elsewhere");
    let (mut seen, mut answered_after) = (0, None);
    while seen < MESSAGES {
        match slow.event() {
            Event::Message { seq, .. } => {
                assert_eq!(seq.0, seen + 1, "a hole");
                seen += 1;
            }
            Event::Pong { .. } => answered_after = Some(seen),
            Event::Welcome(_) | Event::Entered { .. } | Event::Roster { .. } => {}
            other => panic!("{other:?}"),
        }
        if seen % 100 == 0 {
            // It is slow: somebody else is heard meanwhile.
            pacer.say("elsewhere", "tick");
        }
    }
    let Some(after) = answered_after else { panic!("not answered before the end of the flood") };
    assert!(after < MESSAGES, "answered after {after} of {MESSAGES} messages");
}

#[test]
fn a_stop_ends_in_time_with_a_peer_that_asked_and_takes_nothing() {
    let mut server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    fill(&mut ana, 100, 4_000);
    let say = br#"{"type":"say","room":"lobby","text":"and this"}"#.as_slice();
    let mut asked = vec![
        br#"{"type":"hello","v":1,"name":"deaf"}"#.as_slice(),
        br#"{"type":"join","room":"lobby"}"#.as_slice(),
    ];
    asked.extend([HISTORY, say].repeat(200));
    let _deaf = deaf(&server, &asked);
    while !matches!(ana.event(), Event::Message { from, .. } if from.as_str() == "deaf") {}
    // Long enough for the sockets to be full.
    ana.join("elsewhere");
    for n in 0..300 {
        ana.say("elsewhere", &n.to_string());
    }
    let page = HistoryRange::default();
    let newest = ana.ask(Command::History { room: room("lobby"), range: page, limit: 1 });
    assert!(
        matches!(&newest, Event::History { events, .. }
            if events.iter().all(|event| event.sequence() < Some(Sequence(300)))),
        "it is not stuck: {newest:?}"
    );
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    let logs = server.logs();
    assert!(logs.contains("stopped"), "{logs}");
    assert!(!logs.contains("did not finish in time"), "{logs}");
}

#[test]
fn an_observer_watches_no_more_rooms_than_a_guest_may_be_in() {
    let server = Server::start("[rooms]\nper_user_max = 3\n");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    for name in ["one", "two", "three"] {
        ana.join(name);
    }
    bob.join("four");
    let mut eye = NativeClient::connect(server.address());
    assert_eq!(eye.hello(None).name, None);
    for name in ["one", "two", "three"] {
        let watched = eye.ask(Command::Watch { room: room(name) });
        assert!(matches!(watched, Event::Entered { .. }), "{name}: {watched:?}");
    }
    let fourth = Command::Watch { room: room("four") };
    assert_eq!(eye.refused(fourth), Refusal::TooManyJoined { limit: 3 });
    // Nor does it cost what it watches.
    ana.say("three", "live");
    assert_eq!(eye.message(), (1, "ana".to_owned(), "live".to_owned()));
}

/// As joining again is no other room for a guest.
#[test]
fn a_room_that_is_watched_already_counts_once() {
    let server = Server::start("[rooms]\nper_user_max = 1\n");
    let mut ana = server.native("ana");
    ana.join("one");
    let again = ana.ask(Command::Join { room: room("one"), key: None });
    assert!(matches!(again, Event::Entered { .. }), "a guest: {again:?}");
    let mut eye = NativeClient::connect(server.address());
    assert_eq!(eye.hello(None).name, None);
    for time in ["once", "again"] {
        let watched = eye.ask(Command::Watch { room: room("one") });
        assert!(matches!(watched, Event::Entered { .. }), "an observer, {time}: {watched:?}");
    }
}

//! A guest whose connection broke comes back as the same guest: by its token, and nobody else.

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{Command, Event, Hello, MessageKey, Refusal, Sequence, frame};
use samovar_tests::{NativeClient, Server, Signal, room, say};

/// Says hello, and is welcome.
#[track_caller]
fn hello(server: &Server, hello: &Hello) -> (NativeClient, Welcome) {
    let mut client = NativeClient::connect(server.address());
    let mut bytes = BytesMut::new();
    frame::encode_hello(hello, &mut bytes);
    client.raw().send(bytes);
    match client.event() {
        Event::Welcome(welcome) => (client, *welcome),
        other => panic!("expected a welcome, but came {other:?}"),
    }
}

/// Comes for the first time, and gets a token.
#[track_caller]
fn comes(server: &Server, name: &str) -> (NativeClient, String) {
    let wanted = Hello { v: 1, name: Some(name.to_owned()), resumable: true, ..Hello::default() };
    let (client, welcome) = hello(server, &wanted);
    assert_eq!(welcome.name.map(String::from).as_deref(), Some(name));
    assert!(!welcome.resumed, "{name} was never here");
    (client, welcome.token.expect("who wants a token gets one"))
}

/// Comes with a token and, for the case that this one is forgotten, with a name.
#[track_caller]
fn comes_back(server: &Server, token: &str, name: Option<&str>) -> (NativeClient, Welcome) {
    let wanted = Hello {
        v: 1,
        name: name.map(str::to_owned),
        resumable: true,
        resume: Some(token.to_owned()),
        ..Hello::default()
    };
    hello(server, &wanted)
}

/// Came back as the guest that it was.
#[track_caller]
fn returned(server: &Server, token: &str, name: &str) -> NativeClient {
    let (client, welcome) = comes_back(server, token, Some("somebody"));
    assert!(welcome.resumed, "{welcome:?}");
    assert_eq!(welcome.name.map(String::from).as_deref(), Some(name));
    client
}

/// A hello with a name that is taken.
#[track_caller]
fn is_refused_to_a_stranger(server: &Server, name: &str) {
    let mut stranger = NativeClient::connect(server.address());
    stranger.send_hello(Some(name));
    let answer = stranger.event();
    assert!(
        matches!(&answer, Event::Refused { refusal: Refusal::NameTaken { name: taken }, .. }
            if taken.as_str() == name),
        "{answer:?}"
    );
}

/// Says it in the lobby under a key of its own; where it is stored, and whether it was before.
#[track_caller]
fn say_with_key(client: &mut NativeClient, text: &str, number: u128) -> (Sequence, bool) {
    let Command::Say { room, text, kind, .. } = say("lobby", text) else {
        panic!("a message is said");
    };
    let key: MessageKey = key(number);
    match client.ask(Command::say(room, text, kind, Some(key))) {
        Event::Stored { seq, duplicate, .. } => (seq, duplicate),
        other => panic!("expected to be heard, but came {other:?}"),
    }
}

fn key(number: u128) -> MessageKey {
    let hex = format!("\"{:032x}\"", 0x0189_0a5d_ac96_774b_bcce_b302_099a_0000 + number);
    serde_json::from_str(&hex).expect("a key is 32 digits")
}

/// The next thing it is told is this message: nothing came between.
#[track_caller]
fn is_told_next(client: &mut NativeClient, expected: (u64, &str, &str)) {
    match client.event() {
        Event::Message { seq, from, text, .. } => {
            assert_eq!((seq.0, from.as_str(), text.as_str()), expected);
        }
        other => panic!("expected {expected:?}, but came {other:?}"),
    }
}

/// Enters the lobby, and reads the history that follows.
#[track_caller]
fn enters_the_lobby(client: &mut NativeClient) {
    let seq = client.join("lobby");
    if seq > Sequence(0) {
        let history = client.event();
        assert!(matches!(history, Event::History { .. }), "{history:?}");
    }
}

#[test]
fn a_guest_whose_connection_broke_comes_back_and_nobody_has_noticed() {
    let server = Server::start("");
    let (mut ana, token) = comes(&server, "ana");
    ana.join("lobby");
    let mut bob = server.native("bob");
    enters_the_lobby(&mut bob);
    assert_eq!(say_with_key(&mut ana, "one", 1), (Sequence(1), false));
    is_told_next(&mut bob, (1, "ana", "one"));
    drop(ana);
    server.wait_for_log("name=\"ana\" why=");
    is_refused_to_a_stranger(&server, "ana");
    assert_eq!(bob.say("lobby", "meanwhile"), Sequence(2));
    is_told_next(&mut bob, (2, "bob", "meanwhile"));
    let mut ana = returned(&server, &token, "ana");
    let entered = ana.event();
    assert!(
        matches!(&entered, Event::Entered { room: of, .. } if *of == room("lobby")),
        "it is where it was: {entered:?}"
    );
    assert_eq!(say_with_key(&mut ana, "one", 1), (Sequence(1), true), "a retry");
    assert_eq!(say_with_key(&mut ana, "two", 2), (Sequence(3), false), "and no hole");
    is_told_next(&mut bob, (3, "ana", "two"));
}

#[test]
fn a_guest_comes_back_after_the_daemon_was_killed() {
    let server = Server::start("");
    let (mut ana, token) = comes(&server, "ana");
    ana.join("lobby");
    assert_eq!(say_with_key(&mut ana, "one", 1), (Sequence(1), false));
    let server = server.restart(Signal::KILL);
    is_refused_to_a_stranger(&server, "ana");
    let mut bob = server.native("bob");
    enters_the_lobby(&mut bob);
    let mut ana = returned(&server, &token, "ana");
    enters_the_lobby(&mut ana);
    assert_eq!(say_with_key(&mut ana, "one", 1), (Sequence(1), true), "a retry");
    assert_eq!(say_with_key(&mut ana, "two", 2), (Sequence(2), false), "and no hole");
    assert_eq!(bob.message(), (2, "ana".to_owned(), "two".to_owned()));
    assert_eq!(bob.stored("lobby"), ["one", "two"]);
}

#[test]
fn a_guest_comes_back_under_the_name_it_took_before_the_daemon_was_killed() {
    let server = Server::start("");
    let (mut ana, token) = comes(&server, "ana");
    let done = ana.ask(Command::Nick { name: "maya".parse().unwrap() });
    assert!(matches!(done, Event::Done { .. }), "{done:?}");
    let server = server.restart(Signal::KILL);
    is_refused_to_a_stranger(&server, "maya");
    let _another = server.native("ana");
    let _maya = returned(&server, &token, "maya");
}

#[test]
fn of_two_sessions_with_one_token_the_newest_wins() {
    let server = Server::start("");
    let (mut first, token) = comes(&server, "ana");
    first.join("lobby");
    let mut bob = server.native("bob");
    enters_the_lobby(&mut bob);
    assert_eq!(first.say("lobby", "one"), Sequence(1));
    is_told_next(&mut bob, (1, "ana", "one"));
    let mut second = returned(&server, &token, "ana");
    let told = first.rest(); // it is closed
    assert!(!told.iter().any(|event| matches!(event, Event::Exited { .. })), "{told:?}");
    assert_eq!(second.say("lobby", "two"), Sequence(2));
    is_told_next(&mut bob, (2, "ana", "two"));
    // And once more: who came back can be replaced as well.
    let mut third = returned(&server, &token, "ana");
    second.rest();
    assert_eq!(third.say("lobby", "three"), Sequence(3));
    is_told_next(&mut bob, (3, "ana", "three"));
}

#[test]
fn who_quits_does_not_come_back_and_its_name_is_free_at_once() {
    let server = Server::start("");
    let (mut ana, token) = comes(&server, "ana");
    ana.join("lobby");
    let mut bob = server.native("bob");
    enters_the_lobby(&mut bob);
    ana.send(Command::Quit { reason: None });
    ana.rest();
    let mut stranger = server.native("ana");
    let gone = bob.event();
    assert!(matches!(&gone, Event::Gone { user, .. } if user.as_str() == "ana"), "{gone:?}");
    let (_eye, welcome) = comes_back(&server, &token, None);
    assert_eq!((welcome.resumed, welcome.name), (false, None), "worth nothing");
    let (_other, welcome) = comes_back(&server, &token, Some("other"));
    assert!(!welcome.resumed, "worth nothing: {welcome:?}");
    assert_eq!(welcome.name.map(String::from).as_deref(), Some("other"));
    assert_ne!(welcome.token.as_deref(), Some(token.as_str()), "a new guest has a new token");
    // Nor after a restart; and the stranger was not disturbed.
    assert!(matches!(stranger.ask(Command::Ping), Event::Pong { .. }));
    let server = server.restart(Signal::KILL);
    let (_eye, welcome) = comes_back(&server, &token, None);
    assert_eq!((welcome.resumed, welcome.name), (false, None), "worth nothing");
    let _another = server.native("ana");
}

#[test]
fn who_does_not_come_back_in_time_is_gone() {
    for grace in ["0s", "50ms"] {
        let server = Server::start(&format!("[server]\nresume_grace = \"{grace}\"\n"));
        let (mut ana, token) = comes(&server, "ana");
        ana.join("lobby");
        let mut bob = server.native("bob");
        enters_the_lobby(&mut bob);
        drop(ana);
        let gone = bob.event();
        assert!(
            matches!(&gone, Event::Gone { user, .. } if user.as_str() == "ana"),
            "{grace}: {gone:?}"
        );
        server.wait_for_log("did not come back");
        let (_ana, welcome) = comes_back(&server, &token, Some("ana"));
        assert!(!welcome.resumed, "{grace}: {welcome:?}");
    }
}

#[test]
fn who_asked_for_no_token_is_gone_when_its_connection_breaks() {
    let server = Server::start("");
    let wanted = Hello { v: 1, name: Some("ana".to_owned()), ..Hello::default() };
    let (mut ana, welcome) = hello(&server, &wanted);
    assert_eq!(welcome.token, None);
    ana.join("lobby");
    let mut bob = server.native("bob");
    enters_the_lobby(&mut bob);
    drop(ana);
    let gone = bob.event();
    assert!(matches!(&gone, Event::Gone { user, .. } if user.as_str() == "ana"), "{gone:?}");
}

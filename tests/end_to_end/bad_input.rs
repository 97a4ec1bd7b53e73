//! Bad input of native clients, bad names, silence: a clear answer or a clean close, a bounded cost,
//! and nobody else notices.

use chat_protocol::{Event, Refusal};
use samovar_tests::{Cast, NativeClient, Server, Setup, Style, framed};

/// Ana is in the lobby and hears of nobody but bob, who is the sentinel.
fn nothing_but(ana: &mut NativeClient, server: &Server) {
    let mut bob = server.native("bob");
    bob.join("lobby");
    match ana.event() {
        Event::Joined { user, .. } => assert_eq!(user.as_str(), "bob"),
        other => panic!("somebody was noticed: {other:?}"),
    }
}

fn lobby_with_ana() -> (Server, NativeClient) {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    (server, ana)
}

#[test]
fn a_frame_over_the_limit_is_refused_and_closed() {
    let (server, mut ana) = lobby_with_ana();
    let before = server.memory_bytes();
    let mut eve = NativeClient::connect(server.address());
    eve.raw().send([0x00, 0xff, 0xff, 0xff]);
    let Event::Refused { refusal, text, .. } = eve.event() else {
        panic!("not refused");
    };
    let detail = "a frame is longer than 65536 bytes".to_owned();
    assert_eq!(refusal, Refusal::Malformed { detail });
    assert_eq!(text, "That could not be read: a frame is longer than 65536 bytes.");
    eve.expect_closed();
    // Nothing was allocated for it.
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < 8 * 1024 * 1024, "{growth} bytes for one length prefix");

    // Also behind a hello.
    let mut eve = server.native("eve");
    eve.raw().send([0x00, 0x01, 0x00, 0x01]);
    assert!(matches!(eve.event(), Event::Refused { refusal: Refusal::Malformed { .. }, .. }));
    eve.expect_closed();
    nothing_but(&mut ana, &server);
}

#[test]
fn half_a_frame_and_a_hang_up_is_noticed_by_nobody() {
    let (server, mut ana) = lobby_with_ana();
    let whole = framed(br#"{"type":"hello","v":1,"name":"eve"}"#);
    for count in [1, 3, 4, 5, whole.len() - 1] {
        let mut eve = NativeClient::connect(server.address());
        eve.raw().send(&whole[..count]);
        eve.raw().end();
        eve.expect_closed();
    }
    let mut eve = server.native("eve");
    eve.raw().send(&whole[..whole.len() - 1]);
    drop(eve);
    server.wait_for_log("name=\"eve\" why=");
    nothing_but(&mut ana, &server);
}

#[test]
fn one_byte_at_a_time_is_understood_the_same() {
    let (server, mut ana) = lobby_with_ana();
    let mut eve = NativeClient::connect(server.address());
    for payload in [
        r#"{"type":"hello","v":1,"name":"eve"}"#,
        r#"{"type":"join","room":"lobby","id":1}"#,
        r#"{"type":"say","room":"lobby","text":"slowly","id":2}"#,
    ] {
        for byte in framed(payload.as_bytes()) {
            eve.raw().send([byte]);
        }
    }
    assert!(matches!(eve.event(), Event::Welcome(_)));
    assert!(matches!(eve.event(), Event::Entered { .. }));
    assert!(matches!(eve.event(), Event::Stored { .. }));
    assert_eq!(ana.message(), (1, "eve".to_owned(), "slowly".to_owned()));
}

#[test]
fn what_is_not_json_is_answered_and_the_session_goes_on() {
    let (_server, mut ana) = lobby_with_ana();
    for payload in [
        &b""[..],
        b"hello",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        br#"{"type":"say"}"#,
        br#"{"type":"say","room":"lobby"}"#,
        br#"{"type":"say","room":"no room","text":"x"}"#,
        br#"{"type":"say","room":"lobby","text":"a\u0000b"}"#,
        br#"{"type":"say","room":"lobby","text":"\u001b[2J"}"#,
        br#"{"type":"say","room":"lobby","text":"\u202e"}"#,
        br#"{"type":"say","room":"lobby","text":7}"#,
        br#"{"type":"say","room":"lobby","text":"x","key":"no uuid"}"#,
        br#"{"type":"set_topic","room":"lobby","topic":"two\nlines"}"#,
        br#"{"type":"join","room":"@"}"#,
    ] {
        ana.send_frame(payload);
        let event = ana.event();
        let is_malformed =
            matches!(&event, Event::Refused { refusal: Refusal::Malformed { .. }, .. });
        assert!(is_malformed, "{}: {event:?}", payload.escape_ascii());
    }
    // What is refused has the request's id, as far as that could be read.
    ana.send_frame(r#"{"id":77,"type":"say","room":"lobby"}"#);
    assert_eq!(ana.json()["id"], 77);
    // Deep nesting is no way to end the daemon.
    ana.send_frame("[".repeat(60_000));
    assert!(matches!(ana.event(), Event::Refused { .. }));
    assert_eq!(ana.say("lobby", "still here").0, 1);
}

/// What no name has, and what is said to it.
const NO_NAMES: &[(&str, &str)] = &[
    ("", "user name is empty"),
    ("a b", "user name \"a b\" has a space (position 2)"),
    (" ana", "user name \" ana\" has a space (position 1)"),
    ("a\nb", "user name \"a\\nb\" has the character U+000A (position 2)"),
    ("a\r\nb", "user name \"a\\r\\nb\" has the character U+000D (position 2)"),
    ("a\0b", "user name \"a\\0b\" has the character U+0000 (position 2)"),
    ("a\u{1b}[2J", "user name \"a\\u{1b}[2J\" has the character U+001B (position 2)"),
    ("a\u{200b}b", "user name \"a\\u{200b}b\" has the character U+200B (position 2)"),
    ("a\u{200d}b", "user name \"a\\u{200d}b\" has the character U+200D (position 2)"),
    ("\u{feff}ana", "user name \"\\u{feff}ana\" has the character U+FEFF (position 1)"),
    ("a\u{202e}b", "user name \"a\\u{202e}b\" has the character U+202E (position 2)"),
    ("a\u{2066}b", "user name \"a\\u{2066}b\" has the character U+2066 (position 2)"),
    ("ana:", "user name \"ana:\" has \":\" (position 4)"),
    ("@ana", "user name \"@ana\" has \"@\" (position 1)"),
    ("#ana", "user name \"#ana\" has \"#\" (position 1)"),
    ("7ana", "user name \"7ana\" starts with \"7\""),
    ("-ana", "user name \"-ana\" starts with \"-\""),
    ("Server", "user name \"Server\" is reserved"),
];

#[test]
fn a_name_that_is_none_is_refused_and_another_may_follow() {
    let (server, mut ana) = lobby_with_ana();
    let mut eve = NativeClient::connect(server.address());
    for (name, why) in NO_NAMES {
        eve.send_hello(Some(name));
        let Event::Refused { refusal, .. } = eve.event() else {
            panic!("{name:?} is taken");
        };
        let detail = (*why).to_owned();
        assert_eq!(refusal, Refusal::NameInvalid { detail });
    }
    let endless = "x".repeat(60_000);
    eve.send_hello(Some(&endless));
    let Event::Refused { refusal, .. } = eve.event() else {
        panic!("60,000 bytes are a name");
    };
    let detail = "user name is too long (60000 bytes, the limit is 32)".to_owned();
    assert_eq!(refusal, Refusal::NameInvalid { detail });
    eve.send_hello(Some("ANA"));
    assert!(matches!(eve.event(), Event::Refused { refusal: Refusal::NameTaken { .. }, .. }));
    // Cyrillic letters that look like another's name.
    eve.send_hello(Some("\u{430}n\u{430}"));
    assert!(matches!(
        eve.event(),
        Event::Refused {
            refusal: Refusal::NameConfusable { .. } | Refusal::NameInvalid { .. },
            ..
        }
    ));
    assert_eq!(eve.hello(Some("eve")).name.unwrap().as_str(), "eve");
    nothing_but(&mut ana, &server);
}

#[test]
fn an_endless_name_is_refused_and_asked_for_again() {
    let server = Setup::new("[line]\nstyle = \"grillo\"\n").listen("line://127.0.0.1:0").start();
    let before = server.memory_bytes();
    let mut cast = Cast::new(Style::Grillo);
    cast.play(
        &server,
        "
        eve connects
        eve<< Please enter your name:\\s
        ",
    );
    cast.client("eve").send(format!("{}\n", "x".repeat(4_000)));
    cast.play(
        &server,
        "
        eve< Not a name: user name is too long (4000 bytes, the limit is 32).
        eve<< Please enter your name:\\s
        ",
    );
    cast.client("eve").send(format!("{}\n", "x".repeat(1024 * 1024)));
    cast.play(
        &server,
        "
        eve< Not sent: the line is too long (the limit is 4352 bytes).
        eve<< Please enter your name:\\s
        eve>> \\xff\\xff\\n
        eve< That was not UTF-8 text; it was not sent.
        eve<< Please enter your name:\\s
        eve> eve
        eve< Welcome eve!
        eve< Available commands are: !commands !quit !users
        eve< Current users are: eve
        ",
    );
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < 4 * 1024 * 1024, "{growth} bytes for names");
    cast.finish(server);
}

#[test]
fn who_never_gives_a_right_name_is_closed() {
    let server = Setup::new("[line]\nstyle = \"grillo\"\n").listen("line://127.0.0.1:0").start();
    let mut eve = server.connect();
    eve.send("a b\n".repeat(1_000));
    let answers = String::from_utf8(eve.rest()).unwrap();
    let refusals = answers.matches("Not a name").count();
    assert!((1..1_000).contains(&refusals), "{refusals} refusals");
}

#[test]
fn a_silent_connection_is_closed_after_its_time() {
    let server = Setup::new("[limits]\nhandshake = \"200ms\"\nlogin = \"200ms\"\n")
        .listen("native://127.0.0.1:0")
        .listen("line://127.0.0.1:0?style=grillo")
        .listen("line://127.0.0.1:0?style=talker")
        .start();
    NativeClient::connect(server.address_of(0)).expect_closed();
    let mut asked = samovar_tests::Client::connect(server.address_of(1));
    asked.expect("Please enter your name: ");
    asked.expect_closed();
    let mut greeted = samovar_tests::Client::connect(server.address_of(2));
    greeted.expect("Welcome to Samovar\r\n");
    greeted.expect_closed();
    server.wait_for_logs("why=no name in time", 3);
}

//! Between two: what is said is heard, whatever becomes of names and of who said it.

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Refusal, RoomAddress, Sequence};
use samovar_tests::{Cast, NativeClient, Server, Setup, Style, room, say};

use crate::irc::Irc;

/// The next message, with its room; all else is skipped.
#[track_caller]
fn heard(client: &mut NativeClient) -> (RoomAddress, u64, String) {
    loop {
        if let Event::Message { room, seq, text, .. } = client.event() {
            return (room, seq.0, text.to_string());
        }
    }
}

#[test]
fn the_last_words_of_a_guest_who_leaves_are_heard() {
    let server = Server::start("");
    let mut bob = server.native("bob");
    for number in 0..10 {
        let name = format!("ana{number}");
        let mut ana = server.native(&name);
        let mut bytes = Vec::new();
        for text in ["one", "two", "three"] {
            bytes.extend(ana.request(say("@bob", text)).1);
        }
        bytes.extend(ana.request(Command::Quit { reason: None }).1);
        ana.raw().send(bytes);
        for (seq, text) in (1..).zip(["one", "two", "three"]) {
            assert_eq!(bob.message(), (seq, name.clone(), text.to_owned()));
        }
        ana.rest(); // it is closed
    }
}

#[test]
fn the_last_words_of_all_who_leave_at_once_are_heard() {
    const GUESTS: usize = 10;
    let server = Server::start("");
    let mut bob = server.native("bob");
    let mut guests: Vec<NativeClient> =
        (0..GUESTS).map(|number| server.native(&format!("ana{number}"))).collect();
    for ana in &mut guests {
        let mut bytes = Vec::new();
        for text in ["one", "two", "three"] {
            bytes.extend(ana.request(say("@bob", text)).1);
        }
        bytes.extend(ana.request(Command::Quit { reason: None }).1);
        ana.raw().send(bytes);
    }
    for ana in &mut guests {
        let told = ana.rest(); // it is closed
        let stored = told.iter().filter(|event| matches!(event, Event::Stored { .. }));
        assert_eq!(stored.count(), 3, "acknowledged: {told:?}");
    }
    // All of it is stored, and all who said it are gone.
    let mut all = vec![Vec::new(); GUESTS];
    while all.iter().map(Vec::len).sum::<usize>() < 3 * GUESTS {
        if let Event::Message { from, text, .. } = bob.event() {
            let number: usize = from.as_str().strip_prefix("ana").unwrap().parse().unwrap();
            all[number].push(text.to_string());
            eprintln!("bob heard {from}: {text}"); // shown if one is missing
        }
    }
    assert!(all.iter().all(|texts| *texts == ["one", "two", "three"]), "{all:?}");
}

#[test]
fn a_direct_room_follows_its_users_names() {
    let server = Server::start("");
    let [mut x, mut y] = ["x", "yb"].map(|name| server.native(name));
    x.join("lobby");
    y.join("lobby");
    assert_eq!(x.say("@yb", "one"), Sequence(1));
    assert_eq!(heard(&mut x), (room("@yb"), 1, "one".to_owned()));
    assert_eq!(heard(&mut y), (room("@x"), 1, "one".to_owned()));
    let done = y.ask(Command::Nick { name: "yc".parse().unwrap() });
    assert!(matches!(done, Event::Done { .. }), "{done:?}");
    assert_eq!(y.say("@x", "two"), Sequence(2));
    assert_eq!(heard(&mut x), (room("@yc"), 2, "two".to_owned()));
    assert_eq!(heard(&mut y), (room("@x"), 2, "two".to_owned()));
    // Another one may have the old name now, and has nothing to do with this room.
    let mut stranger = server.native("yb");
    assert_eq!(x.say("@yc", "three"), Sequence(3));
    assert_eq!(heard(&mut x), (room("@yc"), 3, "three".to_owned()));
    assert_eq!(heard(&mut y), (room("@x"), 3, "three".to_owned()));
    assert_eq!(x.say("@yb", "who are you?"), Sequence(1), "a room of its own");
    assert_eq!(heard(&mut stranger), (room("@x"), 1, "who are you?".to_owned()));
    assert_eq!(heard(&mut x), (room("@yb"), 1, "who are you?".to_owned()));
    assert_eq!(stranger.say("@x", "nobody"), Sequence(2));
    assert_eq!(heard(&mut x), (room("@yb"), 2, "nobody".to_owned()));
    let left = x.ask(Command::Leave { room: room("@yc"), reason: None });
    assert!(matches!(left, Event::Done { .. }), "{left:?}");
    // What was left is the room with yc; it opens again, and goes on where it was.
    assert_eq!(y.say("@x", "four"), Sequence(4));
    assert_eq!(heard(&mut x), (room("@yc"), 4, "four".to_owned()));
}

#[test]
fn what_is_typed_behind_a_leave_is_said_in_the_room_before() {
    let config = "[line]\nidentify = \"ask\"\n";
    let setup = Setup::new(config).listen("line://127.0.0.1:0").listen("native://127.0.0.1:0");
    let server = setup.start();
    let mut bob = NativeClient::connect(server.address_of(1)).greeted("bob");
    bob.join("lobby");
    let mut ana = server.connect();
    ana.send("ana\n");
    ana.lines_until("* you are in lobby, 2 here: bob, ana");
    ana.send("/join ops\n/leave\nhello\n");
    assert_eq!(heard(&mut bob), (room("lobby"), 1, "hello".to_owned()));
    ana.expect("* you are in ops, 1 here: ana\n");
}

#[test]
fn what_one_says_to_oneself_is_stored_once_and_follows_ones_name() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    assert_eq!(ana.say("@ana", "buy milk"), Sequence(1));
    assert_eq!(heard(&mut ana), (room("@ana"), 1, "buy milk".to_owned()));
    let done = ana.ask(Command::Nick { name: "anna".parse().unwrap() });
    assert!(matches!(done, Event::Done { .. }), "{done:?}");
    assert_eq!(ana.say("@anna", "and bread"), Sequence(2));
    assert_eq!(heard(&mut ana), (room("@anna"), 2, "and bread".to_owned()));
    assert_eq!(ana.stored("@anna"), ["buy milk", "and bread"]);
    // Nobody else has part in it.
    let mut eve = server.native("eve");
    let range = HistoryRange::default();
    let refusal = eve.refused(Command::History { room: room("@anna"), range, limit: 10 });
    assert_eq!(refusal, Refusal::NoSuchRoom { room: room("@anna") });
    // In IRC it is told twice to who wants echoes: as what one says, and as what one is told.
    let mut irc = Irc::greeted(server.address(), "bob");
    irc.send("PRIVMSG bob :once");
    irc.expect(":bob!bob@samovar PRIVMSG bob :once");
    irc.send("CAP REQ echo-message");
    irc.until("echo-message");
    irc.send("PRIVMSG bob :twice");
    irc.expect(":bob!bob@samovar PRIVMSG bob :twice");
    irc.expect(":bob!bob@samovar PRIVMSG bob :twice");
    irc.send("PING 1");
    assert!(irc.until("PONG irc.samovar :1").is_empty());
}

#[test]
fn a_line_client_is_shown_what_it_says_to_itself() {
    let server = Server::start("[line]\nidentify = \"ask\"\n");
    Cast::new(Style::Samovar).play(
        &server,
        r#"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        ana> /msg ana buy milk
        ana< [@ana] ana: buy milk
        "#,
    );
}

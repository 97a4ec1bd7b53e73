//! `chat-server status` and `chat-server room`, with and without a running daemon.

use samovar_tests::{Setup, Signal, room, say};

use super::*;

#[test]
fn the_status_says_who_is_in_and_how_large_it_is() {
    let server = server("connections_per_address = 3\n");
    let mut ana = server.native("ana");
    ana.join("ops");
    ana.say("ops", "hello");
    ana.ask(Command::Register {
        password: chat_protocol::Password::parse("correct-horse").unwrap(),
    });
    let mut line = server.connect();
    line.line();
    let mut irc = server.connect();
    irc.send("NICK eve\r\nUSER eve 0 * :eve\r\n");
    irc.line();
    server.connect().until_lost(); // one too many
    let status = printed(server.home(), &["status"]);
    let lines: Vec<&str> = status.lines().collect();
    assert!(
        lines[0].starts_with("chat-server ") && lines[0].contains(" (Samovar), up "),
        "{status}"
    );
    // The command line itself is a session too.
    assert_eq!(lines[1], "sessions: 2 native, 1 line, 1 irc");
    assert_eq!(lines[2], "users: 3, accounts: 1");
    assert_eq!(lines[3], "rooms: 2 live, 1 stored");
    assert!(lines[4].starts_with("journal: ") && lines[4].contains(", index: "), "{status}");
    assert_eq!(lines[5], "banned addresses: 0");
    assert_eq!(lines[6], "limits that have hit: limits.connections_per_address 1");
    let json = printed(server.home(), &["status", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["v"], &json["accounts"]), (&1.into(), &1.into()));
    assert!(json["journal_bytes"].as_u64().unwrap() > 0 && json["up_s"].is_u64(), "{json}");
    let mut server = server;
    server.stop(Signal::TERM);
    let stopped = by_hand(server.home(), &["status"]);
    assert_eq!(stopped.code, Some(1), "{stopped:?}");
    assert!(stopped.stdout.contains(", not running\naccounts: 1, rooms: 1\n"), "{stopped:?}");
    let nowhere = by_hand(&Home::new(), &["status"]);
    assert_eq!(nowhere.code, Some(2), "{nowhere:?}");
}

#[test]
fn a_room_is_shown_changed_given_away_and_closed_from_the_command_line() {
    let server = Server::start("[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n");
    let here = server.home();
    let password = || chat_protocol::Password::parse("correct-horse").unwrap();
    let mut ana = server.native("ana");
    ana.join("ops");
    ana.ask(Command::Register { password: password() });
    ana.say("ops", "ours");
    let mut bob = server.native("bob");
    bob.join("ops");
    let mut eve = server.native("eve");
    eve.join("ops");
    let ban = r#"{"type":"ban","room":"ops","user":"eve","reason":"spam"}"#;
    assert!(matches!(ana.ask(serde_json::from_str(ban).unwrap()), Event::Stored { .. }));
    let shown = printed(here, &["room", "show", "OPS"]);
    assert_eq!(
        shown,
        "ops\nopen to all\nevents 1 to 2\n2 here: ana, bob\nana: owner\neve: banned (spam)\n"
    );
    assert_eq!(printed(here, &["room", "set", "ops", "slow", "30s"]), "ops is changed\n");
    assert_eq!(printed(here, &["room", "transfer", "ops", "bob"]), "ops is bob's\n");
    let shown = printed(here, &["room", "show", "ops"]);
    assert!(shown.contains("\nbob: owner\nana: operator\n"), "one owner: {shown}");
    assert_eq!(printed(here, &["room", "list"]), "ops  2 here  #4  slow: 30s\n");
    // Who is in it is told, by whom.
    let changed = std::iter::repeat_with(|| bob.event())
        .find(|event| matches!(event, Event::RoomChanged { seq, .. } if seq.0 == 3));
    let Some(Event::RoomChanged { from, .. }) = changed else { panic!("{changed:?}") };
    assert_eq!(from.as_str(), "the-operator");
    assert!(matches!(
        server.native("guest").refused(Command::Nick { name: from }),
        chat_protocol::Refusal::NameInvalid { .. }
    ));
    let wrong = by_hand(here, &["room", "set", "nowhere", "slow", "30s"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(1), ""), "{wrong:?}");
    assert_eq!(printed(here, &["room", "close", "ops", "moved to #new"]), "ops is closed\n");
    for client in [&mut ana, &mut bob] {
        assert!(matches!(
            client.refused(say("ops", "still?")),
            chat_protocol::Refusal::NotInRoom { .. }
        ));
        let again = Command::Join { room: room("ops"), key: None };
        assert!(matches!(client.refused(again), chat_protocol::Refusal::NoSuchRoom { .. }));
    }
    // What was said stays, and it is opened again while no daemon runs.
    let mut server = server;
    server.stop(Signal::TERM);
    let home = server.into_home();
    assert!(printed(&home, &["room", "show", "ops"]).contains("\n0 here\n"));
    printed(&home, &["room", "set", "ops", "access", "open"]);
    printed(&home, &["room", "set", "ops", "hidden", "off"]);
    assert_eq!(printed(&home, &["room", "transfer", "ops", "ana"]), "ops is ana's\n");
    let audit = printed(&home, &["audit"]);
    assert!(audit.contains("operator  close room ops: moved to #new\n"), "{audit}");
    assert!(audit.contains("operator  transfer in ops ana\n"), "{audit}");
    let server = Setup::new("").start_in(home);
    let mut carl = server.native("carl");
    carl.join("ops");
    assert!(printed(server.home(), &["verify"]).contains(": fine"));
    assert!(printed(server.home(), &["room", "show", "ops"]).contains("\nana: owner\n"));
}

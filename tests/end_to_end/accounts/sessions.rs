//! Many sessions, one user; and what waits for an account that is away.

use chat_protocol::{RoomAddress, Sequence};
use samovar_tests::{room, say};

use super::*;

/// The next message, with its room.
#[track_caller]
fn heard(client: &mut NativeClient) -> (RoomAddress, String) {
    loop {
        if let Event::Message { room, text, .. } = client.event() {
            return (room, text.to_string());
        }
    }
}

#[test]
fn three_at_once_are_one_member_who_comes_and_goes_once() {
    let server = server();
    let mut bob = server.native("bob");
    bob.join("lobby");
    let mut phone = registered(&server, "ana");
    phone.join("lobby");
    let mut desk = logged_in(&server, "ana", HORSE);
    let mut telnet = server.connect();
    telnet.send(format!("/login ana {HORSE}\n"));
    telnet.lines_until("* you are logged in as ana");
    phone.say("lobby", "from the phone");
    assert_eq!(heard(&mut desk), (room("lobby"), "from the phone".to_owned()));
    assert_eq!(telnet.line(), b"ana: from the phone\n");
    telnet.send("from telnet\n");
    assert_eq!(phone.message().2, "from the phone", "native clients are shown their own");
    assert_eq!(phone.message().2, "from telnet");
    // A room that one enters or leaves, all do.
    desk.join("ops");
    phone.say("ops", "all in");
    assert_eq!(telnet.line(), b"[ops] ana: all in\n", "and not what it said itself");
    drop(phone);
    drop(telnet);
    assert_eq!(heard(&mut desk).1, "from telnet");
    desk.say("lobby", "last");
    drop(desk);
    let mut seen = Vec::new();
    loop {
        match bob.event() {
            Event::Joined { user, .. } if user == name("ana") => seen.push("joined".to_owned()),
            Event::Message { text, .. } => seen.push(text.to_string()),
            Event::Gone { user, .. } if user == name("ana") => break,
            Event::Left { user, .. } => assert_ne!(user, name("ana")),
            _ => {}
        }
    }
    assert_eq!(seen, ["joined", "from the phone", "from telnet", "last"]);
}

#[test]
fn what_is_said_to_an_account_that_is_away_waits_for_it() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    ana.say("ops", "read");
    let marked = ana.ask(Command::MarkRead { room: room("ops"), seq: Sequence(1) });
    done(&marked);
    let mut bob = registered(&server, "bob");
    bob.join("ops");
    // Gone by a broken connection.
    drop(ana);
    while !matches!(bob.event(), Event::Gone { .. }) {}
    bob.say("ops", "unread");
    for text in ["are you there?", "call me"] {
        assert!(matches!(bob.ask(say("@ana", text)), Event::Stored { .. }));
    }
    let server = server.restart(samovar_tests::Signal::TERM);
    let mut ana = logged_in(&server, "ana", HORSE);
    let mut all: Vec<_> = (0..3).map(|_| heard(&mut ana)).collect();
    all.sort();
    let expected =
        [(room("ops"), "unread"), (room("@bob"), "are you there?"), (room("@bob"), "call me")];
    assert_eq!(all, expected.map(|(room, text)| (room, text.to_owned())));
    // And she answers, while he is away.
    assert!(matches!(ana.ask(say("@bob", "here I am")), Event::Stored { .. }));
    let mut bob = logged_in(&server, "bob", HORSE);
    let mut last = heard(&mut bob);
    while last.1 != "here I am" {
        last = heard(&mut bob);
    }
    assert_eq!(last.0, room("@ana"));
}

#[test]
fn a_room_that_was_left_is_not_entered_again() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    ana.join("lobby");
    drop(ana);
    let mut ana = logged_in(&server, "ana", HORSE);
    done(&ana.ask(Command::Leave { room: room("ops"), reason: None }));
    drop(ana);
    let server = server.restart(samovar_tests::Signal::TERM);
    let mut ana = logged_in(&server, "ana", HORSE);
    assert!(matches!(ana.event(), Event::Entered { room: lobby, .. } if lobby == room("lobby")));
    assert!(matches!(ana.ask(Command::Ping), Event::Pong { .. }));
    let not_there = Refusal::NotInRoom { room: room("ops") };
    assert_eq!(ana.refused(say("ops", "x")), not_there);
}

#[test]
fn one_takes_ones_name_back_from_ones_own_dead_connection() {
    let server = server();
    drop(registered(&server, "ana"));
    // It sleeps: nothing comes, nothing goes, and nobody has told the daemon.
    let asleep = logged_in(&server, "ana", HORSE);
    let mut awake = logged_in(&server, "ana", HORSE);
    awake.say_in_lobby("awake");
    drop(asleep);
}

trait InLobby {
    fn say_in_lobby(&mut self, text: &str);
}

impl InLobby for NativeClient {
    #[track_caller]
    fn say_in_lobby(&mut self, text: &str) {
        self.join("lobby");
        self.say("lobby", text);
    }
}

#[test]
fn a_changed_password_ends_the_other_sessions() {
    let server = server();
    let mut ana = registered(&server, "ana");
    let resumable = Hello { resumable: true, ..with_password("ana", HORSE) };
    let (mut other, welcome) = comes(&server, &resumable);
    let wrong = Command::ChangePassword { old: password(STAPLE), new: password(STAPLE) };
    assert_eq!(ana.refused(wrong), Refusal::LoginFailed);
    done(&ana.ask(Command::ChangePassword { old: password(HORSE), new: password(STAPLE) }));
    let rest = other.rest();
    assert!(
        matches!(rest.last(), Some(Event::Refused { refusal: Refusal::LoggedOut, .. })),
        "{rest:?}"
    );
    let back = Hello { resume: welcome.token, ..resumable };
    assert_eq!(refused(&server, &back), Refusal::LoginFailed);
    ana.say_in_lobby("still here");
    drop(logged_in(&server, "ana", STAPLE));
}

#[test]
fn an_account_comes_back_by_the_token_of_its_welcome() {
    let server = server();
    drop(registered(&server, "ana"));
    let resumable = Hello { resumable: true, ..with_password("ana", HORSE) };
    let (mut ana, welcome) = comes(&server, &resumable);
    ana.join("lobby");
    let mut bob = server.native("bob");
    bob.join("lobby");
    drop(ana);
    let back = Hello { v: 1, resume: welcome.token, resumable: true, ..Hello::default() };
    let (_ana, again) = comes(&server, &back);
    assert!(again.resumed && again.account);
    bob.say("lobby", "nobody left");
    let told = bob.event();
    assert!(matches!(told, Event::Message { .. }), "{told:?}");
    let server = server.restart(samovar_tests::Signal::KILL);
    let (_ana, again) = comes(&server, &back);
    assert!(again.resumed && again.account && again.name == Some(name("ana")));
}

#[test]
fn what_was_acknowledged_to_one_who_is_away_is_told_after_a_kill() {
    let mut server = server();
    drop(registered(&server, "ana"));
    let mut bob = registered(&server, "bob");
    for number in 0..5 {
        let text = format!("call {number}");
        assert!(matches!(bob.ask(say("@ana", &text)), Event::Stored { .. }));
        server = server.restart(samovar_tests::Signal::KILL);
        let mut ana = logged_in(&server, "ana", HORSE);
        while heard(&mut ana) != (room("@bob"), text.clone()) {}
        let seq = Sequence(number + 1);
        done(&ana.ask(Command::MarkRead { room: room("@bob"), seq }));
        drop(ana);
        bob = logged_in(&server, "bob", HORSE);
    }
}

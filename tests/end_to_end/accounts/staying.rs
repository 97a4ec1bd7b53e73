//! An account that stays in its rooms while it is not connected.

use chat_protocol::event::UserInfo;
use samovar_tests::{Signal, room, say};

use super::*;

#[track_caller]
fn stay(client: &mut NativeClient, on: Option<bool>) -> bool {
    match client.ask(Command::Stay { on }) {
        Event::StayIs { on, .. } => on,
        other => panic!("{other:?}"),
    }
}

/// Who is in a room, and why each is away.
#[track_caller]
fn members(client: &mut NativeClient, place: &str) -> Vec<(String, Option<String>)> {
    let shown = |user: UserInfo| (user.name.to_string(), user.away.map(|away| away.to_string()));
    match client.ask(Command::Members { room: room(place) }) {
        Event::MemberList { members, .. } => members.into_iter().map(shown).collect(),
        other => panic!("{other:?}"),
    }
}

/// The next that is told of whether somebody is there: none, it is gone.
#[track_caller]
fn told_of(client: &mut NativeClient, who: &str) -> Option<Option<String>> {
    loop {
        match client.event() {
            Event::AwayChanged { user, text } if user == name(who) => {
                return Some(text.map(|text| text.to_string()));
            }
            Event::Gone { user, .. } if user == name(who) => return None,
            Event::Left { user, .. } | Event::Joined { user, .. } if user == name(who) => {
                panic!("{who} came or went");
            }
            _ => {}
        }
    }
}

fn not_connected() -> Option<Option<String>> {
    Some(Some("not connected".to_owned()))
}

#[test]
fn it_is_a_member_while_it_is_not_connected_and_what_is_said_waits() {
    let server = server();
    let mut ana = registered(&server, "ana");
    assert!(!stay(&mut ana, None));
    assert!(stay(&mut ana, Some(true)));
    ana.join("ops");
    let mut bob = registered(&server, "bob");
    bob.join("ops");
    drop(ana);
    assert_eq!(told_of(&mut bob, "ana"), not_connected());
    let there = [("ana", Some("not connected")), ("bob", None)];
    let there = there.map(|(name, away)| (name.to_owned(), away.map(str::to_owned)));
    assert_eq!(members(&mut bob, "ops"), there);
    let Event::UserList { users, .. } = bob.ask(Command::Users) else { panic!("no list") };
    assert_eq!(users.len(), 1, "who is connected is another question: {users:?}");
    bob.say("ops", "unread");
    assert!(matches!(bob.ask(say("@ana", "psst")), Event::Stored { .. }));
    let mut ana = logged_in(&server, "ana", HORSE);
    assert_eq!(told_of(&mut bob, "ana"), Some(None), "it is back, and did not come");
    let mut texts = [ana.message().2, ana.message().2];
    texts.sort();
    assert_eq!(texts, ["psst", "unread"]);
    assert!(stay(&mut ana, None));
    // With a word of its own it keeps that.
    done(&ana.ask(Command::Away { text: chat_protocol::LineText::parse("tea").ok() }));
    assert_eq!(told_of(&mut bob, "ana"), Some(Some("tea".to_owned())));
    assert!(!stay(&mut ana, Some(false)));
    drop(ana);
    assert_eq!(told_of(&mut bob, "ana"), None);
}

#[test]
fn it_is_there_again_after_a_restart_however_the_daemon_ended() {
    for signal in [Signal::TERM, Signal::KILL] {
        let server = server();
        let mut bob = registered(&server, "bob");
        let mut ana = registered(&server, "ana");
        assert!(stay(&mut ana, Some(true)));
        ana.join("ops");
        bob.join("ops");
        drop(ana);
        assert_eq!(told_of(&mut bob, "ana"), not_connected());
        assert!(matches!(bob.ask(say("@ana", "before")), Event::Stored { .. }));
        drop(bob);
        let server = server.restart(signal);
        server.wait_for_log("accounts stay in their rooms");
        let mut bob = logged_in(&server, "bob", HORSE);
        bob.join("ops");
        let there = members(&mut bob, "ops");
        let ana = ("ana".to_owned(), Some("not connected".to_owned()));
        assert!(there.contains(&ana), "{there:?}");
        assert!(matches!(bob.ask(say("@ana", "behind")), Event::Stored { .. }));
        let mut ana = logged_in(&server, "ana", HORSE);
        assert_eq!([ana.message().2, ana.message().2], ["before", "behind"]);
    }
}

#[test]
fn the_last_of_its_sessions_leaves_it_there_and_a_suspension_does_not() {
    let operator = format!("[[operator]]\nname = \"root\"\npassword = \"{HORSE}\"\n");
    let server = Server::start(&format!("{CHEAP}{operator}"));
    let mut root = logged_in(&server, "root", HORSE);
    let mut phone = registered(&server, "ana");
    phone.join("ops");
    root.join("ops");
    let mut desk = logged_in(&server, "ana", HORSE);
    assert!(stay(&mut desk, Some(true)));
    drop(phone);
    desk.say("ops", "one is left");
    desk.send(Command::Quit { reason: None });
    assert_eq!(told_of(&mut root, "ana"), not_connected(), "also when it says goodbye");
    let reason = chat_protocol::LineText::default();
    done(&root.ask(Command::Suspend { user: name("ana"), for_s: None, reason }));
    assert_eq!(told_of(&mut root, "ana"), None);
    done(&root.ask(Command::Unsuspend { user: name("ana") }));
    drop(logged_in(&server, "ana", HORSE));
    let server = server.restart(Signal::TERM);
    server.wait_for_log("accounts stay in their rooms");
    let mut root = logged_in(&server, "root", HORSE);
    root.join("ops");
    let here = members(&mut root, "ops");
    assert!(here.iter().any(|(who, _)| who == "ana"), "it stays again: {here:?}");
    let reason = chat_protocol::LineText::default();
    done(&root.ask(Command::DeleteAccount { user: name("ana"), reason }));
    assert_eq!(told_of(&mut root, "ana"), None);
    let mut other = server.native("ana");
    assert!(other.join("ops") > chat_protocol::Sequence(0), "its name is free");
}

#[test]
fn lines_say_whether_one_stays() {
    let server = server();
    Cast::new(Style::Samovar).play(
        &server,
        r#"
        ana connects
        ana< Welcome $ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: $ana
        ana> /stay on
        ana< ! That needs an account: /login NAME PASSWORD, or /register PASSWORD.
        ana> /register correct-horse
        ana< * you are logged in as $ana
        ana> /stay
        ana< * you leave your rooms when you are not connected
        ana> /stay on
        ana< * you stay in your rooms while you are not connected
        ana> /stay maybe
        ana< ! It is on or off. Usage: /stay [on|off]
        "#,
    );
}

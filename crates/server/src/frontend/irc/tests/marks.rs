//! What is deleted, what is read, and who is watched.

use chat_protocol::event::{Original, UserChange, UserState};
use chat_protocol::{LineText, RoomAddress};

use super::*;

fn room(name: &str) -> RoomAddress {
    RoomAddress::parse(name).unwrap()
}

fn name(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn enter(session: &mut IrcFrontend) -> String {
    let entered = Event::Entered {
        id: None,
        room: room("a"),
        topic: None,
        topic_set: None,
        private: false,
        roles: Vec::new(),
        members: [].into(),
        members_total: 0,
        seq: Sequence(0),
        read_ms: Some(Timestamp(5_000)),
    };
    told(session, &entered)
}

/// ana deletes what bob said as message 3.
fn deleted(place: &str, reason: &str) -> Event {
    Event::Deleted {
        room: room(place),
        seq: Sequence(9),
        time_ms: Timestamp(2_000),
        from: name("ana"),
        target: Sequence(3),
        original: Some(Box::new(Original { time_ms: Timestamp(1_000), from: name("bob") })),
        reason: LineText::parse(reason).ok(),
    }
}

#[test]
fn a_deletion_names_the_message_by_its_id_to_who_knows_what_that_is() {
    for place in ["a", "@bob"] {
        // What the other one said is told as said to oneself.
        let to = if place == "a" { place } else { "@ana" };
        let id = identifier::MessageId::of_event(&said(to, 3, "bob", "hi")).unwrap();
        let target = if place == "a" { "#a" } else { "bob" };
        for (reason, text) in [("", ""), ("spam", " :spam")] {
            let expected = format!(":ana!ana@samovar REDACT {target} {id}{text}\r\n");
            let mut session = capable("draft/message-redaction");
            assert_eq!(told(&mut session, &deleted(place, reason)), expected);
            assert_eq!(told(&mut capable("message-tags"), &deleted(place, reason)), "");
        }
    }
}

#[test]
fn deleting_is_asked_by_an_id_of_the_room() {
    let mut session = capable("draft/message-redaction labeled-response batch");
    enter(&mut session);
    let id = identifier::MessageId::of_event(&said("a", 3, "bob", "hi")).unwrap();
    let foreign = identifier::MessageId::of_event(&said("b", 3, "bob", "hi")).unwrap();
    for (line, expected) in [
        (format!("REDACT #a {foreign}"), format!("UNKNOWN_MSGID #a {foreign} :")),
        ("REDACT #a none".to_owned(), "UNKNOWN_MSGID #a none :".to_owned()),
        (format!("REDACT #b {foreign}"), "INVALID_TARGET #b :".to_owned()),
        (format!("REDACT a!b {foreign}"), "INVALID_TARGET a!b :".to_owned()),
    ] {
        let (asked, answer) = feed(&mut session, &format!("{line}\r\n"));
        assert!(asked.is_empty(), "{asked:?}");
        let expected = format!(":chat.example FAIL REDACT {expected}");
        assert!(answer.starts_with(&expected), "{answer}");
    }
    let (asked, _) = feed(&mut session, &format!("@label=1 REDACT #a {id} :spam\r\n"));
    assert_eq!(asked, [r#"{"reason":"spam","room":"a","seq":3,"type":"delete"}"#]);
    assert_eq!(told(&mut session, &stored(2, "a", 9)), "", "not before it is told");
    let told_all = told(&mut session, &deleted("a", "spam"));
    assert_eq!(told_all, format!("@label=1 :ana!ana@samovar REDACT #a {id} :spam\r\n"));
    feed(&mut session, &format!("REDACT #a {id}\r\n"));
    let refusal = Refusal::NotYours { room: room("a"), seq: Sequence(3) };
    let answer = told(&mut session, &Event::refused(Some(RequestId(3)), refusal));
    let expected = format!(":chat.example FAIL REDACT REDACT_FORBIDDEN #a {id} :");
    assert!(answer.starts_with(&expected), "{answer}");
}

#[test]
fn what_is_read_is_marked_by_a_time_and_told_before_the_names_end() {
    let mut session = capable("draft/read-marker");
    let entered = enter(&mut session);
    let mark = ":chat.example MARKREAD #a timestamp=1970-01-01T00:00:05.000Z\r\n";
    let names = entered.find(" 366 ").unwrap();
    assert!(entered.find(mark).unwrap() < names, "{entered}");
    assert!(!enter(&mut capable("batch")).contains("MARKREAD"));
    let time = "timestamp=1970-01-01T00:00:07.000Z";
    let (asked, _) = feed(&mut session, &format!("MARKREAD #A {time}\r\n"));
    assert_eq!(asked, [r#"{"room":"A","time_ms":7000,"type":"mark_read_until"}"#]);
    let read = |id, time_ms| Event::ReadIs { id, room: room("a"), seq: Sequence(0), time_ms };
    let answer = told(&mut session, &read(Some(RequestId(2)), Some(Timestamp(7_000))));
    assert_eq!(answer, format!(":chat.example MARKREAD #A {time}\r\n"), "as it called it");
    let (asked, _) = feed(&mut session, "MARKREAD bob\r\n");
    assert_eq!(asked, [r#"{"room":"@bob","type":"get_read"}"#]);
    let answer = told(&mut session, &read(Some(RequestId(3)), None));
    assert_eq!(answer, ":chat.example MARKREAD bob *\r\n");
    let moved =
        Event::ReadMoved { room: room("a"), seq: Sequence(4), time_ms: Some(Timestamp(7_000)) };
    let line = format!(":chat.example MARKREAD #a {time}\r\n");
    assert_eq!(told(&mut session, &moved), line);
    assert_eq!(told(&mut capable("batch"), &moved), "");
    for (line, expected) in [
        ("MARKREAD", "NEED_MORE_PARAMS :"),
        ("MARKREAD #a *", "INVALID_PARAMS #a * :"),
        ("MARKREAD #a timestamp=x", "INVALID_PARAMS #a timestamp=x :"),
        ("MARKREAD a!b", "INVALID_PARAMS a!b :"),
    ] {
        let (asked, answer) = feed(&mut session, &format!("{line}\r\n"));
        assert!(asked.is_empty(), "{asked:?}");
        let expected = format!(":chat.example FAIL MARKREAD {expected}");
        assert!(answer.starts_with(&expected), "{answer}");
    }
}

fn state(user: &str, online: bool, away: Option<&str>) -> UserState {
    let away = away.and_then(|text| LineText::parse(text).ok());
    UserState {
        name: name(user),
        online,
        account: false,
        account_name: None,
        away,
        real_name: None,
    }
}

#[test]
fn monitored_users_are_told_in_lines_that_fit() {
    let mut session = registered();
    let (asked, answer) = feed(&mut session, "MONITOR + bob,BOB,*!a@b,eve\r\n");
    assert_eq!(asked, [r#"{"names":["bob","eve"],"type":"watch_users"}"#]);
    assert!(answer.starts_with(":chat.example 432 ana *!a@b :"), "a mask is no name: {answer}");
    let id = |id: u64| Some(RequestId(id + 1));
    let users = vec![state("bob", true, None), state("eve", false, None)];
    let both = ":chat.example 730 ana :bob!bob@samovar\r\n:chat.example 731 ana :eve\r\n";
    assert_eq!(told(&mut session, &Event::UserStates { id: id(1), users: users.clone() }), both);
    feed(&mut session, "MONITOR S\r\n");
    assert_eq!(told(&mut session, &Event::UserStates { id: id(2), users: users.clone() }), both);
    feed(&mut session, "MONITOR L\r\n");
    assert_eq!(
        told(&mut session, &Event::UserStates { id: id(3), users }),
        ":chat.example 732 ana :bob,eve\r\n:chat.example 733 ana :End of MONITOR list\r\n"
    );
    for (line, expected) in [
        ("MONITOR - eve", r#"{"names":["eve"],"type":"unwatch_users"}"#),
        ("MONITOR C", r#"{"type":"unwatch_users"}"#),
    ] {
        let (asked, _) = feed(&mut session, &format!("{line}\r\n"));
        assert_eq!(asked, [expected]);
        let id = session.asked.last_id();
        assert_eq!(told(&mut session, &Event::Done { id: Some(id) }), "");
    }
    let (asked, _) = feed(&mut session, "MONITOR - *!a@b\r\n");
    assert!(asked.is_empty(), "nobody is not everybody");
    let many: Vec<UserState> =
        (0..100).map(|n| state(&format!("{}{n}", "x".repeat(28)), true, None)).collect();
    feed(&mut session, "MONITOR S\r\n");
    let id = session.asked.last_id();
    let answer = told(&mut session, &Event::UserStates { id: Some(id), users: many });
    assert!(answer.lines().all(|line| line.len() + 2 <= LINE_BYTES_MAX), "{answer}");
    assert_eq!(answer.matches("@samovar").count(), 100);
    feed(&mut session, "MONITOR + kai,liv\r\n");
    let refusal = Refusal::TooMany { what: "watched users".to_owned(), limit: 100 };
    let id = session.asked.last_id();
    let answer = told(&mut session, &Event::refused(Some(id), refusal));
    assert_eq!(answer, ":chat.example 734 ana 100 kai,liv :The MONITOR list is full\r\n");
}

#[test]
fn who_watches_is_told_more_if_it_knows_more() {
    let changed = |change, user| Event::UserWatched { change, user };
    let came = changed(UserChange::Online, state("bob", true, None));
    let away = changed(UserChange::Away, state("bob", true, Some("tea")));
    let went = changed(UserChange::Offline, state("bob", false, None));
    for (capabilities, told_away) in [
        ("batch", ""),
        ("extended-monitor", ""),
        ("away-notify", ""),
        ("extended-monitor away-notify", ":bob!bob@samovar AWAY :tea\r\n"),
    ] {
        let mut session = capable(capabilities);
        assert_eq!(told(&mut session, &came), ":chat.example 730 ana :bob!bob@samovar\r\n");
        assert_eq!(told(&mut session, &away), told_away, "{capabilities}");
        assert_eq!(told(&mut session, &went), ":chat.example 731 ana :bob\r\n");
    }
}

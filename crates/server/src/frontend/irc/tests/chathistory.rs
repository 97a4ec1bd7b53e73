//! What is asked of history, and how it is shown.

use chat_protocol::event::ConversationInfo;
use chat_protocol::{LineText, RoomAddress};

use super::*;

fn room(name: &str) -> RoomAddress {
    RoomAddress::parse(name).unwrap()
}

/// In `#a`, and agreed on these.
fn inside(capabilities: &str) -> IrcFrontend {
    let mut session = capable(capabilities);
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
        read_ms: None,
    };
    told(&mut session, &entered);
    session
}

fn id_in(name: &str, seq: u64) -> String {
    let from = UserName::parse("bob").unwrap();
    identifier::MessageId::of(&room(name), Sequence(seq), &from).to_string()
}

#[test]
fn selectors_are_ranges() {
    let time = "timestamp=1970-01-01T00:00:05.000Z";
    let later = "timestamp=1970-01-01T00:00:09.000Z";
    let (one, two) = (format!("msgid={}", id_in("a", 3)), format!("msgid={}", id_in("a", 9)));
    for (line, expected) in [
        ("LATEST #a * 5".to_owned(), r#""limit":5,"part":"messages""#),
        ("latest #A * 500".to_owned(), r#""limit":100,"part":"messages""#),
        (format!("LATEST #a {one} 5"), r#""after":3,"limit":5,"newest":true,"part":"messages""#),
        (format!("BEFORE #a {time} 5"), r#""before_ms":5000,"limit":5,"part":"messages""#),
        (format!("BEFORE #a {one} 5"), r#""before":3,"limit":5,"part":"messages""#),
        (format!("AFTER #a {time} 5"), r#""after_ms":5001,"limit":5,"part":"messages""#),
        (format!("AROUND #a {one} 5"), r#""around":3,"limit":5,"part":"messages""#),
        (format!("AROUND #a {time} 5"), r#""around_ms":5000,"limit":5,"part":"messages""#),
        (
            format!("BETWEEN #a {one} {two} 5"),
            r#""after":3,"before":9,"limit":5,"part":"messages""#,
        ),
        (
            format!("BETWEEN #a {two} {one} 5"),
            r#""after":3,"before":9,"limit":5,"newest":true,"part":"messages""#,
        ),
        (
            format!("BETWEEN #a {later} {time} 5"),
            r#""after_ms":5001,"before_ms":9000,"limit":5,"newest":true,"part":"messages""#,
        ),
    ] {
        let (asked, answer) = feed(&mut inside("batch"), &format!("CHATHISTORY {line}\r\n"));
        assert_eq!(answer, "", "{line}");
        let name = if line.starts_with("latest") { "A" } else { "a" };
        let expected = format!("{{{expected},\"room\":\"{name}\",\"type\":\"history\"}}");
        assert_eq!(asked, [expected], "{line}");
    }
    let (asked, _) = feed(&mut inside("draft/event-playback"), "CHATHISTORY LATEST bob * 5\r\n");
    assert_eq!(asked, [r#"{"limit":5,"part":"kept","room":"@bob","type":"history"}"#]);
    let (asked, _) =
        feed(&mut inside("batch"), &format!("CHATHISTORY TARGETS {later} {time} 7\r\n"));
    let expected =
        r#"{"after_ms":5000,"before_ms":9000,"limit":7,"newest":true,"type":"conversations"}"#;
    assert_eq!(asked, [expected]);
}

#[test]
fn what_names_no_message_is_told_and_rooms_outside_are_alike() {
    let foreign = format!("BEFORE #a msgid={} 5", id_in("b", 3));
    for (line, expected) in [
        ("LATEST #b * 5", "INVALID_TARGET LATEST #b :"),
        ("LATEST #nowhere * 5", "INVALID_TARGET LATEST #nowhere :"),
        ("LATEST # * 5", "INVALID_TARGET LATEST # :"),
        ("LATEST a!b * 5", "INVALID_TARGET LATEST a!b :"),
        ("LATEST #a *", "INVALID_PARAMS LATEST :Insufficient parameters"),
        ("LATEST #a * 5 6", "INVALID_PARAMS LATEST :Too many parameters"),
        ("LATEST #a * five", "INVALID_PARAMS LATEST five :Invalid limit"),
        ("LATEST #a * -5", "INVALID_PARAMS LATEST -5 :Invalid limit"),
        ("BEFORE #a * 5", "INVALID_MSGREFTYPE BEFORE #a * :"),
        ("BEFORE #a seq=4 5", "INVALID_MSGREFTYPE BEFORE #a seq=4 :"),
        ("BEFORE #a msgid=4 5", "MESSAGE_ERROR BEFORE #a msgid=4 :There is no such message"),
        (&foreign, "MESSAGE_ERROR BEFORE #a msgid=3-"),
        ("BEFORE #a timestamp=now 5", "INVALID_PARAMS BEFORE timestamp=now :Invalid timestamp"),
        (
            "AFTER #a timestamp=1969-12-31T23:59:59.000Z 5",
            "INVALID_PARAMS AFTER timestamp=1969-12-31T23:59:59.000Z :Invalid timestamp",
        ),
        ("AROUND #a", "INVALID_PARAMS AROUND :Insufficient parameters"),
        ("TARGETS msgid=1 timestamp=2 5", "INVALID_PARAMS TARGETS msgid=1 :Invalid timestamp"),
        ("SIDEWAYS #a * 5", "INVALID_PARAMS SIDEWAYS :Unknown command"),
    ] {
        let (asked, answer) = feed(&mut inside("batch"), &format!("CHATHISTORY {line}\r\n"));
        assert!(asked.is_empty(), "{line}: {asked:?}");
        let expected = format!(":chat.example FAIL CHATHISTORY {expected}");
        assert!(answer.starts_with(&expected), "{line}: {answer}");
    }
    let (_, answer) = feed(&mut inside("batch"), "CHATHISTORY\r\n");
    assert_eq!(answer, ":chat.example 461 ana CHATHISTORY :Not enough parameters\r\n");
}

fn history(id: u64, name: &str, events: Vec<Event>) -> Event {
    Event::History { id: Some(RequestId(id)), room: room(name), events, more: false }
}

#[test]
fn a_page_is_a_batch_with_what_was_said_and_more_for_who_plays_events_back() {
    let topic = Event::TopicChanged {
        room: room("a"),
        seq: Sequence(2),
        time_ms: Timestamp(2_000),
        from: UserName::parse("bob").unwrap(),
        topic: LineText::parse("tea").unwrap(),
    };
    let events = vec![said("a", 1, "bob", "hi"), topic];
    let said = "@batch=1;time=1970-01-01T00:00:01.000Z :bob!bob@samovar PRIVMSG #a :hi\r\n";
    let topic = "@batch=1;time=1970-01-01T00:00:02.000Z :bob!bob@samovar TOPIC #a :tea\r\n";
    for (capabilities, lines) in [
        ("batch server-time", said.to_owned()),
        ("batch server-time draft/event-playback", format!("{said}{topic}")),
    ] {
        let mut session = inside(capabilities);
        feed(&mut session, "CHATHISTORY LATEST #A * 5\r\n");
        let answer = told(&mut session, &history(2, "a", events.clone()));
        let expected =
            format!(":chat.example BATCH +1 chathistory #A\r\n{lines}:chat.example BATCH -1\r\n");
        assert_eq!(answer, expected, "{capabilities}");
    }
}

#[test]
fn what_the_other_one_said_in_private_is_to_oneself() {
    let mut session = inside("batch server-time labeled-response");
    feed(&mut session, "@label=x CHATHISTORY LATEST BOB * 5\r\n");
    let events = vec![said("@bob", 1, "bob", "hi"), said("@bob", 2, "ana", "hello")];
    let answer = told(&mut session, &history(2, "@bob", events));
    let time = "time=1970-01-01T00:00:01.000Z";
    assert_eq!(
        answer.split_terminator("\r\n").collect::<Vec<_>>(),
        [
            "@label=x :chat.example BATCH +1 chathistory BOB",
            &format!("@batch=1;{time} :bob!bob@samovar PRIVMSG ana :hi"),
            &format!("@batch=1;{time} :ana!ana@samovar PRIVMSG bob :hello"),
            ":chat.example BATCH -1",
        ]
    );
    feed(&mut session, "@label=y CHATHISTORY LATEST nemo * 5\r\n");
    let refusal = Refusal::NoSuchUser { name: UserName::parse("nemo").unwrap() };
    let answer = told(&mut session, &Event::refused(Some(RequestId(3)), refusal));
    let expected = "@label=y :chat.example FAIL CHATHISTORY INVALID_TARGET LATEST nemo :";
    assert!(answer.starts_with(expected), "{answer}");
}

#[test]
fn who_asks_for_history_is_not_shown_it_on_entering() {
    assert_eq!(inside("batch").manners().replay, 20);
    assert_eq!(inside("draft/chathistory").manners().replay, 0);
}

#[test]
fn conversations_are_a_batch_of_their_own() {
    let mut session = inside("batch");
    let time = "timestamp=1970-01-01T00:00:05.000Z";
    feed(&mut session, &format!("CHATHISTORY TARGETS {time} {time} 7\r\n"));
    let info = |name, last_ms| ConversationInfo { room: room(name), last_ms: Timestamp(last_ms) };
    let conversations = vec![info("a", 5_001), info("@bob", 6_000)];
    let id = Some(RequestId(2));
    let answer = told(&mut session, &Event::ConversationList { id, conversations });
    assert_eq!(
        answer,
        ":chat.example BATCH +1 draft/chathistory-targets\r\n\
         @batch=1 :chat.example CHATHISTORY TARGETS #a 1970-01-01T00:00:05.001Z\r\n\
         @batch=1 :chat.example CHATHISTORY TARGETS bob 1970-01-01T00:00:06.000Z\r\n\
         :chat.example BATCH -1\r\n"
    );
}

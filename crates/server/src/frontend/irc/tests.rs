use chat_protocol::event::Welcome;
use chat_protocol::{JournalId, MessageText, Refusal, SayKind, Sequence, Timestamp};
use uuid::Uuid;

use super::*;

fn session() -> IrcFrontend {
    let settings = IrcSettings::new("chat.example", 20, TimeZone::UTC);
    IrcFrontend::new(Arc::new(settings))
}

fn welcome(name: &str) -> Event {
    Event::Welcome(Box::new(Welcome {
        v: 1,
        server: "Samovar".to_owned(),
        version: "chat-server 1".to_owned(),
        name: UserName::parse(name).ok(),
        account: false,
        default_room: None,
        motd: None,
        journal: JournalId(Uuid::nil()),
        token: None,
        resumed: false,
    }))
}

/// Feeds lines; gives what was asked, in words, and what was answered.
fn feed(session: &mut IrcFrontend, lines: &str) -> (Vec<String>, String) {
    let (mut input, mut out) = (BytesMut::from(lines.as_bytes()), BytesMut::new());
    let mut asked = Vec::new();
    loop {
        match session.decode(&mut input, false, &mut out) {
            Decoded::Incomplete => break,
            Decoded::Handled => {}
            Decoded::Identify(Wish::Named(name)) => asked.push(format!("be {name}")),
            Decoded::Request(request) => {
                let json = serde_json::to_value(&request.command).unwrap();
                asked.push(json.to_string());
            }
            Decoded::Identify(_) | Decoded::Become(_) => panic!("not by IRC"),
            Decoded::Close => {
                asked.push("close".to_owned());
                break;
            }
        }
    }
    (asked, String::from_utf8(out.to_vec()).unwrap())
}

fn told(session: &mut IrcFrontend, event: &Event) -> String {
    let mut out = BytesMut::new();
    session.tell(event, &mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

fn registered() -> IrcFrontend {
    let mut session = session();
    feed(&mut session, "NICK ana\r\nUSER a 0 * :Ana\r\n");
    told(&mut session, &welcome("ana"));
    session
}

#[test]
fn nick_and_user_make_somebody_and_cap_holds_it_back() {
    let mut session = session();
    let (asked, answer) = feed(&mut session, "CAP LS 302\r\nNICK ana\r\nUSER a 0 * :Ana\r\n");
    assert!(asked.is_empty(), "{asked:?}");
    assert_eq!(answer, ":chat.example CAP * LS :away-notify echo-message server-time\r\n");
    let (asked, answer) =
        feed(&mut session, "CAP REQ :server-time sasl\r\nCAP REQ server-time\r\n");
    assert!(asked.is_empty(), "{asked:?}");
    assert!(answer.contains("CAP * NAK :server-time sasl\r\n"), "{answer}");
    assert!(answer.ends_with("CAP * ACK :server-time\r\n"), "{answer}");
    assert_eq!(feed(&mut session, "CAP END\r\n").0, ["be ana"]);
    let answer = told(&mut session, &welcome("ana"));
    assert!(answer.starts_with(":chat.example 001 ana :Welcome, ana!ana@samovar\r\n"), "{answer}");
    assert!(answer.ends_with(":chat.example 422 ana :There is no message of the day\r\n"));
}

#[test]
fn a_name_that_is_taken_is_asked_for_again() {
    let mut session = session();
    feed(&mut session, "NICK ana\nUSER a 0 * :Ana\n");
    let refusal = Refusal::NameTaken { name: UserName::parse("ana").unwrap() };
    let answer = told(&mut session, &Event::refused(None, refusal));
    assert_eq!(answer, ":chat.example 433 * ana :The name \"ana\" is taken.\r\n");
    assert_eq!(feed(&mut session, "NICK bob\n").0, ["be bob"]);
}

#[test]
fn commands_are_ours() {
    for (line, expected) in [
        ("JOIN #a,#b", &[r#"{"room":"a","type":"join"}"#, r#"{"room":"b","type":"join"}"#][..]),
        ("PART #a :bye", &[r#"{"room":"a","type":"leave"}"#]),
        ("PRIVMSG #a :hi there", &[r#"{"room":"a","text":"hi there","type":"say"}"#]),
        ("PRIVMSG bob :hi", &[r#"{"room":"@bob","text":"hi","type":"say"}"#]),
        (
            "PRIVMSG #a :\u{1}ACTION waves\u{1}",
            &[r#"{"kind":"action","room":"a","text":"waves","type":"say"}"#],
        ),
        ("TOPIC #a", &[r#"{"room":"a","type":"get_topic"}"#]),
        ("TOPIC #a :", &[r#"{"room":"a","topic":"","type":"set_topic"}"#]),
        ("NAMES #a", &[r#"{"room":"a","type":"members"}"#]),
        ("LIST", &[r#"{"type":"rooms"}"#]),
        ("NICK bob", &[r#"{"name":"bob","type":"nick"}"#]),
        ("AWAY :tea", &[r#"{"text":"tea","type":"away"}"#]),
        ("AWAY", &[r#"{"type":"away"}"#]),
    ] {
        let (asked, answer) = feed(&mut registered(), &format!("{line}\r\n"));
        assert_eq!(
            (asked.as_slice(), answer.as_str()),
            (&*expected.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), ""),
            "{line}"
        );
    }
}

#[test]
fn what_cannot_be_is_answered_and_nothing_is_asked() {
    for (line, number) in [
        ("JOIN ops", 403),
        ("JOIN #", 403),
        ("JOIN", 461),
        ("PRIVMSG #a", 412),
        ("PRIVMSG", 411),
        ("PRIVMSG #a :", 412),
        ("PRIVMSG a!b :hi", 401),
        ("NICK 1st", 432),
        ("USER a 0 * :again", 462),
        ("XYZZY", 421),
    ] {
        let (asked, answer) = feed(&mut registered(), &format!("{line}\r\n"));
        assert!(asked.is_empty(), "{line}: {asked:?}");
        assert!(answer.starts_with(&format!(":chat.example {number} ana")), "{line}: {answer}");
    }
    let long = format!("PRIVMSG #a :{}\r\nPING x\r\n", "x".repeat(20_000));
    let (asked, answer) = feed(&mut registered(), &long);
    assert!(asked.is_empty());
    assert!(answer.contains(" 417 ") && answer.ends_with("PONG chat.example :x\r\n"), "{answer}");
}

#[test]
fn what_is_said_is_a_line_or_several_and_none_ends_another() {
    let mut session = registered();
    let text = format!("one\nQUIT :two\n{}", "x".repeat(1_000));
    let event = Event::Message {
        room: RoomAddress::parse("ops").unwrap(),
        seq: Sequence(1),
        time_ms: Timestamp(0),
        from: UserName::parse("bob").unwrap(),
        text: MessageText::parse(&text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
    };
    let answer = told(&mut session, &event);
    let lines: Vec<&str> = answer.split_terminator("\r\n").collect();
    assert_eq!(lines[0], ":bob!bob@samovar PRIVMSG #ops :one");
    assert_eq!(lines[1], ":bob!bob@samovar PRIVMSG #ops :QUIT :two");
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.len() + 2 <= LINE_BYTES_MAX));
    feed(&mut session, "CAP REQ server-time\r\n");
    let answer = told(&mut session, &event);
    assert!(answer.starts_with("@time=1970-01-01T00:00:00.000Z :bob!bob@samovar PRIVMSG"));
}

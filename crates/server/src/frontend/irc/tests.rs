use chat_protocol::event::Welcome;
use chat_protocol::{
    JournalId, MessageText, Refusal, RequestId, SayKind, Sequence, Timestamp, UserName,
};
use uuid::Uuid;

use super::*;

fn session() -> IrcFrontend {
    let settings = IrcSettings::new("chat.example", 20, TimeZone::UTC);
    IrcFrontend::new(Arc::new(settings), Way::PLAIN)
}

fn welcome(name: &str) -> Event {
    Event::Welcome(Box::new(Welcome {
        v: 1,
        server: "Samovar".to_owned(),
        version: "chat-server 1".to_owned(),
        name: UserName::parse(name).ok(),
        account: false,
        account_name: None,
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
            Decoded::Identify(_) | Decoded::Prove(_) | Decoded::Become(_) => panic!("not by IRC"),
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
    welcomed(&mut session);
    session
}

/// It has a name, and has told what it said of itself: its first request is answered.
fn welcomed(session: &mut IrcFrontend) -> String {
    let answer = told(session, &welcome("ana"));
    let (asked, _) = feed(session, "");
    assert_eq!(asked, [r#"{"login":"a","real_name":"Ana","type":"set_profile"}"#]);
    assert_eq!(told(session, &Event::Done { id: Some(RequestId(1)) }), "");
    answer
}

#[test]
fn a_server_is_called_by_its_host_name_or_by_ours() {
    let long = format!("{}.example", "x".repeat(63));
    for name in ["chat.example", "a.b.c", "4.chat-2.example", "CHAT.example", &long] {
        assert!(is_host_name(name), "{name}");
    }
    let too_long = format!("{}.example", "x".repeat(64));
    for name in [
        "chat",
        "",
        ".",
        "chat.",
        ".chat",
        "a..b",
        "-a.example",
        "a-.example",
        "my chat.example",
        "ch\u{e4}t.example",
        "chat_1.example",
        "chat.example:6697",
        "a!b.example",
        &too_long,
    ] {
        assert!(!is_host_name(name), "{name}");
    }
    let called = |name| IrcSettings::new(name, 20, TimeZone::UTC).server;
    assert_eq!(called("chat.example"), "chat.example");
    assert_eq!(called("Samovar"), "irc.samovar");
}

#[test]
fn another_name_is_another_mask() {
    let mut session = session();
    feed(&mut session, "CAP REQ chghost\r\nNICK ana\r\nUSER a 0 * :Ana\r\nCAP END\r\n");
    welcomed(&mut session);
    let called = |name| UserName::parse(name).unwrap();
    let renamed = Event::Renamed { from: called("bob"), to: called("rob") };
    assert_eq!(
        told(&mut session, &renamed),
        ":bob!bob@samovar NICK :rob\r\n:rob!bob@samovar CHGHOST rob samovar\r\n"
    );
}

#[test]
fn nick_and_user_make_somebody_and_cap_holds_it_back() {
    let mut session = session();
    let (asked, answer) = feed(&mut session, "CAP LS 302\r\nNICK ana\r\nUSER a 0 * :Ana\r\n");
    assert!(asked.is_empty(), "{asked:?}");
    assert_eq!(
        answer,
        ":chat.example CAP * LS * :account-notify account-tag away-notify batch cap-notify chghost \
         draft/account-registration=before-connect draft/chathistory draft/event-playback \
         draft/message-redaction draft/metadata-2=max-subs=50,max-keys=20,max-value-bytes=300 \
         draft/metadata-3=max-subs=50,max-keys=20,max-value-bytes=300 draft/multiline=max-bytes=4096,max-lines=64 draft/no-implicit-names \
         draft/pre-away\r\n\
         :chat.example CAP * LS :draft/read-marker echo-message extended-join extended-monitor invite-notify labeled-response message-tags \
         multi-prefix sasl=PLAIN,SCRAM-SHA-256 server-time setname soju.im/search standard-replies userhost-in-names\r\n"
    );
    let (asked, answer) =
        feed(&mut session, "CAP REQ :server-time nothing\r\nCAP REQ server-time\r\n");
    assert!(asked.is_empty(), "{asked:?}");
    assert!(answer.contains("CAP * NAK :server-time nothing\r\n"), "{answer}");
    assert!(answer.ends_with("CAP * ACK :server-time\r\n"), "{answer}");
    assert_eq!(feed(&mut session, "CAP END\r\n").0, ["be ana"]);
    let answer = welcomed(&mut session);
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
        ("PART #a :bye", &[r#"{"reason":"bye","room":"a","type":"leave"}"#]),
        ("PRIVMSG #a :hi there", &[r#"{"room":"a","text":"hi there","type":"say"}"#]),
        (
            "PRIVMSG bob :hi", // who is away is told of
            &[r#"{"room":"@bob","text":"hi","type":"say"}"#, r#"{"type":"whois","user":"bob"}"#],
        ),
        (
            "PRIVMSG #a :\u{1}ACTION waves\u{1}",
            &[r#"{"kind":"action","room":"a","text":"waves","type":"say"}"#],
        ),
        (
            "PRIVMSG #a :\u{1}PING 7\u{1}",
            &[r#"{"room":"a","signal":"query","text":"PING 7","type":"signal"}"#],
        ),
        (
            "NOTICE #a :\u{1}VERSION x 1\u{1}",
            &[
                r#"{"answers":true,"room":"a","signal":"query","text":"VERSION x 1","type":"signal"}"#,
            ],
        ),
        ("NOTICE bob :\u{1}\u{1}", &[]),
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
        ("PRIVMSG #a :\u{1}DCC SEND x 1 2 3\u{1}", 404),
        ("PRIVMSG bob :\u{1}DCC CHAT x 1 2\u{1}", 404),
        ("INVITE", 337),
        ("NICK 1st", 432),
        ("USER a 0 * :again", 462),
        ("XYZZY", 421),
        ("MODE #a +b *!*@10.0.0.1", 696), // not done, and not said to be
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

/// Registered, and agreed on these.
fn capable(capabilities: &str) -> IrcFrontend {
    let mut session = registered();
    let (_, answer) = feed(&mut session, &format!("CAP REQ :{capabilities}\r\n"));
    assert!(answer.contains(" ACK "), "{answer}");
    session
}

/// The same, in `#a`.
fn in_a(capabilities: &str) -> IrcFrontend {
    let mut session = capable(capabilities);
    session.rooms.push("a".parse().unwrap());
    session
}

fn said(room: &str, seq: u64, from: &str, text: &str) -> Event {
    Event::Message {
        room: RoomAddress::parse(room).unwrap(),
        seq: Sequence(seq),
        time_ms: Timestamp(1_000),
        from: UserName::parse(from).unwrap(),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
        account: true,
        account_name: None,
        bot: false,
    }
}

fn stored(id: u64, room: &str, seq: u64) -> Event {
    Event::Stored {
        id: Some(RequestId(id)),
        room: RoomAddress::parse(room).unwrap(),
        seq: Sequence(seq),
        time_ms: Timestamp(1_000),
        key: None,
        duplicate: false,
    }
}

#[test]
fn an_echo_has_the_label_and_a_pong_comes_behind_it() {
    let mut session = in_a("batch echo-message labeled-response");
    let lines = "@label=7 PRIVMSG #a :hi\r\nPRIVMSG #a :two\r\nPING x\r\n";
    let mut input = BytesMut::from(lines.as_bytes());
    let mut out = BytesMut::new();
    let mut asked = 0;
    let mut go_on = |session: &mut IrcFrontend, out: &mut BytesMut| loop {
        match session.decode(&mut input, false, out) {
            Decoded::Incomplete => return asked,
            Decoded::Request(_) => asked += 1,
            Decoded::Handled => {}
            other @ (Decoded::Identify(_)
            | Decoded::Prove(_)
            | Decoded::Become(_)
            | Decoded::Close) => {
                panic!("{other:?}")
            }
        }
    };
    assert_eq!(go_on(&mut session, &mut out), 2, "what is said does not wait");
    session.tell(&stored(2, "a", 4), &mut out);
    session.tell(&stored(3, "a", 5), &mut out);
    assert!(session.manners().watches_own);
    assert!(out.is_empty(), "not before it is shown");
    session.tell(&said("a", 3, "bob", "before"), &mut out);
    session.tell(&said("a", 4, "ana", "hi"), &mut out);
    go_on(&mut session, &mut out);
    session.tell(&said("a", 5, "ana", "two"), &mut out);
    go_on(&mut session, &mut out);
    let told = String::from_utf8(out.to_vec()).unwrap();
    assert_eq!(
        told.split_terminator("\r\n").collect::<Vec<_>>(),
        [
            ":bob!bob@samovar PRIVMSG #a :before",
            "@label=7 :ana!ana@samovar PRIVMSG #a :hi",
            ":ana!ana@samovar PRIVMSG #a :two",
            ":chat.example PONG chat.example :x",
        ]
    );
    assert!(!session.manners().watches_own);
}

#[test]
fn what_does_not_come_back_is_acknowledged() {
    let mut session = in_a("batch labeled-response");
    feed(&mut session, "@label=1 PRIVMSG #a :hi\r\n");
    assert_eq!(told(&mut session, &stored(2, "a", 4)), "", "the others do not have it yet");
    assert_eq!(told(&mut session, &said("a", 4, "ana", "hi")), "@label=1 :chat.example ACK\r\n");
    // An echo that came before its receipt, and a room that is left before the echo.
    let mut session = in_a("batch echo-message labeled-response");
    feed(&mut session, "@label=1 PRIVMSG #a :hi\r\n@label=2 PRIVMSG #a :two\r\n");
    assert_eq!(
        told(&mut session, &said("a", 4, "ana", "hi")),
        ":ana!ana@samovar PRIVMSG #a :hi\r\n"
    );
    assert_eq!(told(&mut session, &stored(2, "a", 4)), "@label=1 :chat.example ACK\r\n");
    assert_eq!(told(&mut session, &stored(3, "a", 5)), "");
    let exited = Event::Exited { room: RoomAddress::parse("a").unwrap() };
    let told = told(&mut session, &exited);
    assert_eq!(told, ":ana!ana@samovar PART #a\r\n@label=2 :chat.example ACK\r\n");
}

#[test]
fn answers_have_their_label_at_once_and_later() {
    let mut session = capable("batch labeled-response");
    let (_, answer) = feed(&mut session, "@label=1 PING x\r\n@label=2 MOTD\r\n@label=3 PONG\r\n");
    assert_eq!(
        answer,
        "@label=1 :chat.example PONG chat.example :x\r\n\
         @label=2 :chat.example 422 ana :There is no message of the day\r\n\
         @label=3 :chat.example ACK\r\n"
    );
    assert_eq!(feed(&mut session, "@label=4 LIST\r\n").1, "");
    let rooms =
        Event::RoomList { id: Some(RequestId(2)), rooms: Vec::new(), total: 0, time_ms: None };
    assert_eq!(
        told(&mut session, &rooms),
        "@label=4 :chat.example BATCH +l4 labeled-response\r\n\
         @batch=l4 :chat.example 321 ana Channel :Users  Name\r\n\
         @batch=l4 :chat.example 323 ana :End of /LIST\r\n\
         :chat.example BATCH -l4\r\n"
    );
    let lines = b"@label=5 PRIVMSG #a :hi\xaa\r\n";
    let (mut input, mut out) = (BytesMut::from(&lines[..]), BytesMut::new());
    session.decode(&mut input, false, &mut out);
    assert!(out.starts_with(b"@label=5 :chat.example FAIL PRIVMSG INVALID_UTF8 "), "{out:?}");
}

#[test]
fn tags_are_for_who_agreed_on_them() {
    let event = said("lobby", 17, "bob", "one\ntwo");
    let id = identifier::MessageId::of_event(&event).unwrap();
    let line = ":bob!bob@samovar PRIVMSG #lobby";
    for (capabilities, first, second) in [
        ("batch", String::new(), ""),
        ("account-tag", "@account=bob ".to_owned(), "@account=bob "),
        ("message-tags", format!("@msgid={id} "), ""),
        (
            "server-time account-tag message-tags",
            format!("@time=1970-01-01T00:00:01.000Z;account=bob;msgid={id} "),
            "@time=1970-01-01T00:00:01.000Z;account=bob ",
        ),
    ] {
        let expected = format!("{first}{line} :one\r\n{second}{line} :two\r\n");
        assert_eq!(told(&mut capable(capabilities), &event), expected, "{capabilities}");
    }
}

#[test]
fn capabilities_are_listed_taken_and_given_back() {
    let mut session = registered();
    let (_, answer) = feed(&mut session, "CAP LIST\r\nCAP REQ :batch echo-message\r\nCAP LIST\r\n");
    assert_eq!(
        answer,
        ":chat.example CAP ana LIST :\r\n\
         :chat.example CAP ana ACK :batch echo-message\r\n\
         :chat.example CAP ana LIST :batch echo-message\r\n"
    );
    let (_, answer) =
        feed(&mut session, "CAP REQ :-batch nothing\r\nCAP REQ :-batch\r\nCAP LIST\r\n");
    assert_eq!(
        answer,
        ":chat.example CAP ana NAK :-batch nothing\r\n\
         :chat.example CAP ana ACK :-batch\r\n\
         :chat.example CAP ana LIST :echo-message\r\n"
    );
    // Who speaks version 302 is told of changes, and cannot give that back.
    let (_, answer) = feed(&mut session, "CAP LS 302\r\nCAP REQ :-cap-notify\r\nCAP LIST\r\n");
    assert!(answer.ends_with(" LIST :cap-notify echo-message\r\n"), "{answer}");
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
        account: false,
        account_name: None,
        bot: false,
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

mod any_input;
mod chathistory;
mod marks;
mod metadata;
mod multiline;

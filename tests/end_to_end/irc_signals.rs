//! What IRC clients ask and tell each other, from user to user: CTCP and TAGMSG. Heard by all sessions of
//! who it is for, and kept by nobody.

use chat_protocol::command::{Command, HistoryRange};
use chat_protocol::{Event, Signal};
use samovar_tests::{Client, Server, room};

use crate::irc::Irc;
use crate::irc_history::capable;

const CTCP: char = '\u{1}';

/// Another session of an account, with these capabilities.
fn again(server: &Server, account: &str, capabilities: &str) -> Irc {
    let mut irc = Irc(Client::connect(server.address()));
    irc.send(&format!("CAP REQ :{capabilities}\r\nPASS {account}:correct-horse"));
    irc.send(&format!("NICK {account}\r\nUSER a 0 * :a\r\nCAP END"));
    irc.until(&format!(" 422 {account} :There is no message of the day"));
    irc
}

/// An account with two sessions.
fn two_sessions(server: &Server, account: &str, capabilities: &str) -> [Irc; 2] {
    let mut first = capable(server, account, capabilities);
    first.send("PRIVMSG NickServ :REGISTER correct-horse");
    first.until(&format!(" :You are now logged in as {account}"));
    [first, again(server, account, capabilities)]
}

/// Nothing waits to be told.
#[track_caller]
fn hears_nothing(irc: &mut Irc) {
    irc.send("PING nothing");
    assert_eq!(irc.until(" :nothing"), [""; 0]);
}

fn accounts() -> Server {
    let fast = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n";
    Server::start(fast)
}

#[test]
fn a_question_and_its_answer_reach_every_session_and_are_kept_by_nobody() {
    let server = accounts();
    let [mut ana, mut other_ana] = two_sessions(&server, "ana", "echo-message");
    let [mut bob, mut other_bob] = two_sessions(&server, "bob", "message-tags");
    let mut native = server.native("eve");
    // They have not spoken: there is no direct room.
    ana.send(&format!("PRIVMSG bob :{CTCP}VERSION{CTCP}"));
    for irc in [&mut bob, &mut other_bob] {
        let asked = irc.line();
        assert!(asked.starts_with("@msgid="), "{asked}");
        assert!(asked.ends_with(&format!(" :ana!ana@samovar PRIVMSG bob :{CTCP}VERSION{CTCP}")));
    }
    for irc in [&mut ana, &mut other_ana] {
        irc.expect(&format!(":ana!ana@samovar PRIVMSG bob :{CTCP}VERSION{CTCP}"));
    }
    other_bob.send(&format!("NOTICE ana :{CTCP}VERSION samovar 1{CTCP}"));
    for irc in [&mut ana, &mut other_ana] {
        irc.expect(&format!(":bob!bob@samovar NOTICE ana :{CTCP}VERSION samovar 1{CTCP}"));
    }
    // Bob's take no echo, and would take it for a question to themselves.
    hears_nothing(&mut bob);
    hears_nothing(&mut other_bob);
    // A native client hears it too, and what it has to say is heard.
    bob.send(&format!("PRIVMSG eve :{CTCP}PING 7{CTCP}"));
    let (asker, text) = std::iter::from_fn(|| Some(native.event()))
        .find_map(|event| match event {
            Event::Signal { room, signal: Signal::Query { text, answers: false }, .. } => {
                Some((room, text))
            }
            _ => None,
        })
        .unwrap();
    assert_eq!((asker.clone(), text.as_str()), (room("@bob"), "PING 7"));
    let signal = Signal::Query { text, answers: true };
    let answer = native.ask(Command::Signal { room: asker, signal, key: None });
    assert!(matches!(answer, Event::Signalled { .. }), "{answer:?}");
    for irc in [&mut bob, &mut other_bob] {
        assert!(irc.line().ends_with(&format!(" NOTICE bob :{CTCP}PING 7{CTCP}")));
    }
    // The first thing that they say is the first that is kept.
    native.say("@bob", "hi");
    let range = HistoryRange::default();
    match native.ask(Command::History { room: room("@bob"), range, limit: 10 }) {
        Event::History { events, .. } => assert!(
            matches!(&events[..], [Event::Message { text, .. }] if text.as_str() == "hi"),
            "{events:?}"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tags_reach_every_session_of_who_they_are_for_oneself_too() {
    let server = accounts();
    let tags = "message-tags echo-message labeled-response batch";
    let [mut ana, mut other_ana] = two_sessions(&server, "ana", tags);
    let [mut bob, mut other_bob] = two_sessions(&server, "bob", "message-tags");
    ana.send("@label=1;+draft/react=x;+example.com/y=7 TAGMSG bob");
    let end = "+draft/react=x;+example.com/y=7 TAGMSG bob";
    let told = "+draft/react=x;+example.com/y=7;msgid=";
    for (irc, label) in [(&mut ana, "@label=1;"), (&mut other_ana, "@")] {
        let line = irc.line();
        assert!(line.starts_with(&format!("{label}{told}")), "{line} for {end}");
        assert!(line.ends_with(" :ana!ana@samovar TAGMSG bob"), "{line}");
    }
    for irc in [&mut bob, &mut other_bob] {
        let line = irc.line();
        assert!(line.starts_with(&format!("@{told}")), "{line}");
        assert!(line.ends_with(" :ana!ana@samovar TAGMSG bob"), "{line}");
    }
    // To oneself: all sessions hear it, the one that tells it as an echo and as what it is told.
    ana.send("@label=2;+example.com/y=8 TAGMSG ana");
    let echo = ana.line();
    assert!(echo.starts_with("@label=2;+example.com/y=8;msgid="), "{echo}");
    for irc in [&mut ana, &mut other_ana] {
        let line = irc.line();
        assert!(line.starts_with("@+example.com/y=8;msgid="), "{line}");
        assert!(line.ends_with(" :ana!ana@samovar TAGMSG ana"), "{line}");
    }
    ana.send(&format!("PRIVMSG ana :{CTCP}PING 1{CTCP}"));
    for irc in [&mut ana, &mut other_ana] {
        assert!(irc.line().ends_with(&format!(" PRIVMSG ana :{CTCP}PING 1{CTCP}")));
    }
    for irc in [&mut other_ana, &mut bob, &mut other_bob] {
        hears_nothing(irc);
    }
}

#[test]
fn who_is_blocked_or_ignored_or_not_there_is_not_heard_and_nothing_leads_past_the_server() {
    let server = accounts();
    let mut ana = server.native("ana");
    let [mut bob, mut eve] = ["bob", "eve"].map(|nick| Irc::greeted(server.address(), nick));
    let mut shuns = |json: &str| {
        let answer = ana.ask(serde_json::from_str(json).unwrap());
        assert!(matches!(answer, Event::Shunned { .. } | Event::Done { .. }), "{answer:?}");
    };
    shuns(r#"{"type":"block","user":"bob"}"#);
    shuns(r#"{"type":"ignore","user":"eve"}"#);
    bob.send(&format!("PRIVMSG ana :{CTCP}VERSION{CTCP}"));
    let refused = bob.line();
    assert!(refused.starts_with(":irc.samovar "), "{refused}");
    assert!(refused.contains(" bob ana :"), "{refused}");
    bob.send(&format!("NOTICE ana :{CTCP}VERSION mine{CTCP}")); // nothing answers a notice
    bob.send(&format!("PRIVMSG eve :{CTCP}DCC SEND x 2130706433 1 1{CTCP}"));
    assert!(bob.line().starts_with(":irc.samovar 404 bob eve :"));
    bob.send(&format!("PRIVMSG nobody2 :{CTCP}VERSION{CTCP}"));
    assert!(bob.line().starts_with(":irc.samovar 401 bob nobody2 :"));
    hears_nothing(&mut bob);
    eve.send(&format!("PRIVMSG ana :{CTCP}VERSION{CTCP}"));
    hears_nothing(&mut eve);
    let mut kai = Irc::greeted(server.address(), "kai");
    kai.send(&format!("PRIVMSG ana :{CTCP}VERSION{CTCP}"));
    loop {
        if let Event::Signal { from, .. } = ana.event() {
            assert_eq!(from.as_str(), "kai", "the first that she hears");
            break;
        }
    }
}

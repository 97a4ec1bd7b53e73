//! What IRC clients ask of history, delete, mark and watch, beside native ones.

use chat_protocol::{Command, Event, LineText, Password, RoomAddress, Sequence, Timestamp};
use samovar_tests::{Client, Server, Signal};

use crate::irc::Irc;

/// Registered, with these capabilities.
pub(crate) fn capable(server: &Server, nick: &str, capabilities: &str) -> Irc {
    let mut irc = Irc(Client::connect(server.address()));
    irc.send(&format!("CAP REQ :{capabilities}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    irc.send("CAP END");
    irc.until(&format!(" 422 {nick} :There is no message of the day"));
    irc
}

fn tag<'a>(line: &'a str, name: &str) -> &'a str {
    let tags = line.strip_prefix('@').and_then(|line| line.split(' ').next()).unwrap();
    let mut values = tags.split(';').filter_map(|tag| tag.split_once('='));
    values.find(|(tag, _)| *tag == name).map(|(_, value)| value).unwrap()
}

/// The texts of the next batch, and its lines.
fn batch(irc: &mut Irc, target: &str) -> Vec<String> {
    let begin = irc.line();
    assert!(begin.ends_with(&format!(" chathistory {target}")), "{begin}");
    let reference = begin.split('+').nth(1).and_then(|words| words.split(' ').next()).unwrap();
    irc.until(&format!(" BATCH -{reference}"))
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split(" :").last()).collect()
}

#[test]
fn history_is_paged_by_ids_and_times_and_only_by_who_is_there() {
    let server = Server::start("[server]\nname = \"chat.example\"\n");
    let mut eve = server.native("eve");
    eve.join("ops");
    for number in 1..=9 {
        eve.say("ops", &format!("m{number}"));
    }
    let capabilities = "batch server-time message-tags draft/chathistory";
    let mut ana = capable(&server, "ana", capabilities);
    // A room that is there and one that is not look alike, until one is in.
    for room in ["#ops", "#none"] {
        ana.send(&format!("CHATHISTORY LATEST {room} * 5"));
        let refused = ana.line();
        let expected = format!(":chat.example FAIL CHATHISTORY INVALID_TARGET LATEST {room} :");
        assert!(refused.starts_with(&expected), "{refused}");
    }
    ana.send("JOIN #ops");
    ana.until(" 366 ana #ops :End of /NAMES list");
    ana.send("CHATHISTORY LATEST #ops * 3"); // and nothing was shown by itself
    let lines = batch(&mut ana, "#ops");
    assert_eq!(texts(&lines), ["m7", "m8", "m9"]);
    let (seventh, time) = (tag(&lines[0], "msgid").to_owned(), tag(&lines[0], "time").to_owned());
    for (asked, expected) in [
        (format!("BEFORE #ops msgid={seventh} 2"), &["m5", "m6"][..]),
        (format!("AFTER #ops msgid={seventh} 1"), &["m8"]),
        (format!("LATEST #ops msgid={seventh} 1"), &["m9"]),
        (format!("AROUND #ops msgid={seventh} 3"), &["m6", "m7", "m8"]),
        (format!("AFTER #ops timestamp={time} 100"), &[]),
    ] {
        ana.send(&format!("CHATHISTORY {asked}"));
        let lines = batch(&mut ana, "#ops");
        if !expected.is_empty() {
            assert_eq!(texts(&lines), expected, "{asked}");
        }
        let is_behind = |line: &String| tag(line, "time") > time.as_str();
        assert!(!asked.contains("timestamp") || lines.iter().all(is_behind), "{lines:?}");
    }
    // A direct room, by the name of the other; and which ones there are.
    ana.send("PRIVMSG eve :psst");
    while eve.message().2 != "psst" {}
    eve.say("@ana", "what?");
    ana.until(" PRIVMSG ana :what?");
    ana.send("CHATHISTORY LATEST EVE * 5");
    let lines = batch(&mut ana, "EVE");
    assert!(lines[0].ends_with(" :ana!ana@samovar PRIVMSG eve :psst"), "{lines:?}");
    assert!(lines[1].ends_with(" :eve!eve@samovar PRIVMSG ana :what?"), "{lines:?}");
    ana.send(
        "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z \
         timestamp=2200-01-01T00:00:00.000Z 9",
    );
    let begin = ana.line();
    assert!(begin.ends_with(" draft/chathistory-targets"), "{begin}");
    for target in ["#ops", "eve"] {
        let line = ana.line();
        assert!(line.contains(&format!(" CHATHISTORY TARGETS {target} 2")), "{line}");
    }
    ana.line();
    let all = Command::Conversations {
        after_ms: Timestamp(0),
        before_ms: Timestamp(u64::MAX),
        newest: true,
        limit: 1,
    };
    let Event::ConversationList { conversations, .. } = eve.ask(all) else { panic!() };
    let rooms: Vec<String> = conversations.iter().map(|info| info.room.to_string()).collect();
    assert_eq!(rooms, ["@ana"]);
}

#[test]
fn what_anybody_deletes_is_redacted_and_gone_from_history() {
    let server = Server::start("[server]\nname = \"chat.example\"\n");
    let mut eve = server.native("eve");
    eve.join("ops");
    let capabilities = "batch server-time message-tags echo-message draft/chathistory \
                        draft/message-redaction";
    let mut ana = capable(&server, "ana", capabilities);
    let mut old = Irc::greeted(server.address(), "old");
    for (irc, nick) in [(&mut ana, "ana"), (&mut old, "old")] {
        irc.send("JOIN #ops");
        irc.until(&format!(" 366 {nick} #ops :End of /NAMES list"));
    }
    eve.say("ops", "oops");
    let said = ana.until(" PRIVMSG #ops :oops");
    drop(said);
    ana.send("PRIVMSG #ops :me too");
    let own = ana.line();
    let own = tag(&own, "msgid").to_owned();
    let room = RoomAddress::parse("ops").unwrap();
    eve.ask(Command::Delete { room, seq: Some(Sequence(1)), reason: None });
    let redacted = ana.line();
    assert!(redacted.contains(" :eve!eve@samovar REDACT #ops 1-"), "{redacted}");
    let first = redacted.split(' ').nth(4).unwrap().to_owned();
    ana.send(&format!("REDACT #ops {first}"));
    let refused = ana.line();
    let expected = format!(":chat.example FAIL REDACT UNKNOWN_MSGID #ops {first} :");
    assert!(refused.starts_with(&expected), "gone already: {refused}");
    ana.send(&format!("REDACT #ops {own} :wrong room"));
    let redacted = ana.line();
    let expected = format!(" :ana!ana@samovar REDACT #ops {own} :wrong room");
    assert!(redacted.ends_with(&expected), "{redacted}");
    let reason = loop {
        if let Event::Deleted { reason: Some(reason), original, .. } = eve.event() {
            assert_eq!(original.unwrap().from.as_str(), "ana");
            break reason;
        }
    };
    assert_eq!(reason.as_str(), "wrong room");
    ana.send("PRIVMSG #ops :last");
    ana.until(" PRIVMSG #ops :last");
    ana.send("CHATHISTORY LATEST #ops * 5");
    let begin = ana.line();
    assert!(begin.ends_with(" chathistory #ops"), "{begin}");
    assert!(ana.line().ends_with(" PRIVMSG #ops :last"));
    // Who does not know of it is told nothing.
    let lines = old.until(" PRIVMSG #ops :last");
    assert!(lines.iter().all(|line| !line.contains("REDACT")), "{lines:?}");
}

#[test]
fn what_is_read_goes_to_the_other_client_and_friends_are_announced() {
    let server = Server::start("[server]\nname = \"chat.example\"\n");
    let mut ana = capable(&server, "ana", "draft/read-marker");
    ana.send("PRIVMSG NickServ :REGISTER correct-horse");
    ana.until(" :You are now logged in as ana");
    let mut again = Irc(Client::connect(server.address()));
    again.send("CAP REQ draft/read-marker\r\nPASS ana:correct-horse\r\nNICK x\r\nUSER a 0 * :a");
    again.send("CAP END");
    again.until(" 422 ana :There is no message of the day");
    ana.send("JOIN #ops");
    ana.until(":chat.example MARKREAD #ops *");
    again.until(" 366 ana #ops :End of /NAMES list");
    let mark = "MARKREAD #ops timestamp=2022-11-11T11:11:11.111Z";
    ana.send(mark);
    ana.until(&format!(":chat.example {mark}"));
    again.expect(&format!(":chat.example {mark}"));
    again.send("MARKREAD #ops timestamp=2021-11-11T11:11:11.111Z"); // never goes back
    again.expect(&format!(":chat.example {mark}"));
    ana.send("MONITOR + bob");
    ana.expect(":chat.example 731 ana :bob");
    let mut bob = Irc::greeted(server.address(), "bob");
    ana.expect(":chat.example 730 ana :bob!bob@samovar");
    bob.send("QUIT");
    ana.expect(":chat.example 731 ana :bob");
}

/// Comes in as the account, and gives what it is told until it has asked something.
fn comes(server: &Server, capabilities: &str) -> (Irc, Vec<String>) {
    let mut irc = Irc(Client::connect(server.address()));
    irc.send(&format!("CAP REQ :{capabilities}\r\nPASS maya:correct-horse\r\nNICK maya"));
    irc.send("USER maya 0 * :maya\r\nCAP END\r\nPING go-on");
    let told = irc.until("go-on");
    let said = told.into_iter().filter(|line| line.contains(" PRIVMSG #ops ")).collect();
    (irc, said)
}

#[test]
fn what_an_account_missed_is_told_once_and_not_to_a_client_that_asks() {
    let server = Server::start("");
    let mut maya = server.native("maya");
    maya.ask(Command::Register { password: Password::parse("correct-horse").unwrap() });
    maya.join("ops");
    drop(maya);
    let mut tomas = server.native("tomas");
    tomas.join("ops");
    tomas.say("ops", "m1");
    assert_eq!(comes(&server, "draft/chathistory batch").1, [""; 0]);
    let (mut irc, told) = comes(&server, "server-time");
    assert_eq!(texts(&told), ["m1"]);
    irc.send("QUIT :bye");
    irc.until("Goodbye");
    assert_eq!(comes(&server, "server-time").1, [""; 0]);
}

#[test]
fn what_a_client_was_told_is_not_told_again_after_a_restart_and_what_is_over_is_not_told() {
    let server = Server::start("");
    let mut maya = server.native("maya");
    maya.ask(Command::Register { password: Password::parse("correct-horse").unwrap() });
    maya.join("ops");
    drop(maya);
    let mut tomas = server.native("tomas");
    tomas.join("ops");
    let room = RoomAddress::parse("ops").unwrap();
    for topic in ["old plans", "new plans"] {
        tomas.ask(Command::SetTopic { room: room.clone(), topic: LineText::parse(topic).unwrap() });
        tomas.say("ops", &format!("talk of {topic}"));
    }
    let mut irc = Irc(Client::connect(server.address()));
    irc.send("CAP REQ :server-time\r\nPASS maya:correct-horse\r\nNICK maya\r\nUSER m 0 * :m");
    irc.send("CAP END\r\nPING 1");
    let told = irc.until(" PONG irc.samovar :1");
    let texts_told = told.iter().filter(|line| line.contains(" PRIVMSG #ops ")).cloned();
    assert_eq!(texts(&texts_told.collect::<Vec<_>>()), ["talk of old plans", "talk of new plans"]);
    // The topic as it is, and not how it was set.
    assert!(!told.iter().any(|line| line.contains(" TOPIC ")), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with(" 332 maya #ops :new plans")), "{told:?}");
    // It has them, has said nothing since, and the daemon stops.
    irc.send("PING 2");
    irc.until(" PONG irc.samovar :2");
    let server = server.restart(Signal::TERM);
    let (mut irc, told) = comes(&server, "server-time");
    assert_eq!(told, [""; 0]);
    let mut tomas = server.native("tomas");
    tomas.join("ops");
    tomas.say("ops", "live");
    irc.until(" PRIVMSG #ops :live");
    irc.send("PRIVMSG #ops :and mine");
    while tomas.message().2 != "and mine" {}
    irc.send("PING 3");
    irc.until(" PONG irc.samovar :3");
    irc.0.end();
    irc.0.expect_closed();
    let server = server.restart(Signal::KILL);
    let mut tomas = server.native("tomas");
    tomas.join("ops");
    tomas.say("ops", "while you were away");
    // A client without a clock reads when it was.
    let (_irc, told) = comes(&server, "setname");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(":tomas!tomas@samovar PRIVMSG #ops :["), "{told:?}");
    assert!(told[0].ends_with("] while you were away"), "{told:?}");
}

#[test]
fn a_client_that_only_listens_is_asked_whether_it_has_what_it_was_told() {
    let server = Server::start("");
    let mut maya = server.native("maya");
    maya.ask(Command::Register { password: Password::parse("correct-horse").unwrap() });
    maya.join("ops");
    let mut tomas = server.native("tomas");
    tomas.join("ops");
    let (mut irc, _) = comes(&server, "server-time");
    tomas.say("ops", "heard and not answered");
    irc.until(" PRIVMSG #ops :heard and not answered");
    irc.until("PING :irc.samovar");
    irc.send("PONG irc.samovar");
    // The answer is dealt with, and what an account was told is on disk when a session of its ends.
    irc.send("JOIN #elsewhere");
    irc.until(" JOIN #elsewhere");
    maya.send(Command::Quit { reason: None });
    maya.rest();
    let server = server.restart(Signal::KILL);
    let (_irc, told) = comes(&server, "server-time");
    assert_eq!(told, [""; 0]);
}

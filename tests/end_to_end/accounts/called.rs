//! An account whose user is called otherwise, for as long as it is here: its name is borrowed, and it is
//! who it is.

use chat_protocol::event::{UserChange, UserInfo};
use chat_protocol::{LineText, RoomAddress, RoomChange};
use samovar_tests::{Signal, room, say};

use super::*;
use crate::irc::Irc;

#[track_caller]
fn nick(client: &mut NativeClient, to: &str) {
    done(&client.ask(Command::Nick { name: name(to) }));
}

fn ban(whom: &str) -> Command {
    Command::Ban { room: room("den"), user: name(whom), for_ms: None, reason: None }
}

fn join(name: &str) -> Command {
    Command::Join { room: room(name), key: None }
}

/// The next message, with its room.
#[track_caller]
fn heard(client: &mut NativeClient) -> (RoomAddress, String) {
    loop {
        if let Event::Message { room, text, .. } = client.event() {
            return (room, text.to_string());
        }
    }
}

/// Until it is told of another name: which.
#[track_caller]
fn renamed(client: &mut NativeClient) -> (UserName, UserName) {
    loop {
        if let Event::Renamed { from, to } = client.event() {
            return (from, to);
        }
    }
}

#[track_caller]
fn info(client: &mut NativeClient, whom: &str) -> UserInfo {
    match client.ask(Command::Whois { user: name(whom) }) {
        Event::UserIs { user, .. } => *user,
        other => panic!("{other:?}"),
    }
}

/// Until nobody has this name.
#[track_caller]
fn gone(client: &mut NativeClient, whom: &str) {
    while matches!(client.ask(Command::Whois { user: name(whom) }), Event::UserIs { .. }) {}
}

#[test]
fn a_name_is_borrowed_until_the_last_session_ends() {
    let server = server();
    let mut phone = registered(&server, "ana");
    let mut desk = logged_in(&server, "ana", HORSE);
    let bob = registered(&server, "bob");
    let mut eve = server.native("eve");
    let refused_as =
        |client: &mut NativeClient, to| client.refused(Command::Nick { name: name(to) });
    assert_eq!(refused_as(&mut phone, "bob"), Refusal::NameRegistered { name: name("bob") });
    assert_eq!(refused_as(&mut phone, "eve"), Refusal::NameTaken { name: name("eve") });
    nick(&mut phone, "foo");
    // All of its sessions are told, though they share no room; a new one is one of them.
    assert_eq!(renamed(&mut desk), (name("ana"), name("foo")));
    let (third, welcome) = comes(&server, &with_password("ana", HORSE));
    assert_eq!(welcome.name, Some(name("foo")));
    assert_eq!((welcome.account, welcome.account_name), (true, Some(name("ana"))));
    let foo = info(&mut eve, "foo");
    assert_eq!((foo.account, foo.account_name), (true, Some(name("ana"))));
    // Nobody else has either name meanwhile; it may go back to its own.
    assert_eq!(refused_as(&mut eve, "foo"), Refusal::NameTaken { name: name("foo") });
    assert_eq!(refused_as(&mut eve, "ana"), Refusal::NameRegistered { name: name("ana") });
    nick(&mut desk, "ana");
    assert_eq!(info(&mut eve, "ana").account_name, None);
    nick(&mut desk, "foo");
    drop((phone, desk, third, bob));
    gone(&mut eve, "foo");
    nick(&mut eve, "foo");
    let (_ana, welcome) = comes(&server, &with_password("ana", HORSE));
    assert_eq!((welcome.name, welcome.account_name), (Some(name("ana")), None));
}

#[test]
fn a_ban_meets_the_account_and_never_who_has_the_name_next() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("den");
    nick(&mut ana, "foo");
    let mut bob = registered(&server, "bob");
    nick(&mut bob, "baz");
    bob.join("den");
    // She is the owner still, and bans him by the name that he has.
    let banned = ana.ask(ban("baz"));
    assert!(matches!(banned, Event::Stored { .. }), "{banned:?}");
    let told = loop {
        if let Event::RoomChanged { change, .. } = ana.event() {
            break change;
        }
    };
    assert!(matches!(told, RoomChange::Banned { user, .. } if user == name("baz")));
    while !matches!(bob.event(), Event::Exited { .. }) {}
    let bans = |client: &mut NativeClient| match client.ask(Command::Bans { room: room("den") }) {
        Event::BanList { bans, .. } => bans.into_iter().map(|ban| ban.user).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(bans(&mut ana), [name("bob")], "by its own name");
    for other in ["bob", "baz", "bob2"] {
        nick(&mut bob, other);
        assert!(matches!(bob.refused(join("den")), Refusal::Banned { .. }), "as {other}");
    }
    let mut guest = server.native("baz");
    guest.join("den");
    drop((ana, bob, guest));
    // And so it is stored.
    let server = server.restart(Signal::TERM);
    let mut guest = server.native("baz");
    guest.join("den");
    let mut bob = logged_in(&server, "bob", HORSE);
    nick(&mut bob, "foo");
    assert!(matches!(bob.refused(join("den")), Refusal::Banned { .. }));
    let mut ana = logged_in(&server, "ana", HORSE);
    ana.join("den");
    assert_eq!(bans(&mut ana), [name("bob")]);
    let unbanned = ana.ask(Command::Unban { room: room("den"), user: name("foo") });
    assert!(matches!(unbanned, Event::Stored { .. }), "{unbanned:?}");
    bob.join("den");
    // Away or called otherwise: the account's name means it.
    assert!(matches!(ana.ask(ban("bob")), Event::Stored { .. }));
    while !matches!(bob.event(), Event::Exited { .. }) {}
    assert!(matches!(bob.refused(join("den")), Refusal::Banned { .. }));
}

#[test]
fn who_is_suspended_is_so_by_any_name_and_proves_itself_by_its_own() {
    const OPERATOR: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n\
        [[operator]]\nname = \"root2\"\npassword = \"correct-horse\"\n";
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    let mut ana = registered(&server, "ana");
    assert_eq!(
        ana.refused(Command::Nick { name: name("root2") }),
        Refusal::NameRegistered { name: name("root2") }
    );
    nick(&mut root, "foo");
    let announce = |text: &str| Command::Announce { text: LineText::parse(text).unwrap() };
    done(&root.ask(announce("still an administrator")));
    drop(root);
    // A name that an administrator has left gives nothing.
    let mut guest = server.native("maya");
    gone(&mut guest, "foo");
    nick(&mut ana, "foo");
    assert_eq!(ana.refused(announce("x")), Refusal::NotAdministrator);
    // Her password is her account's.
    let change = Command::ChangePassword { old: password(HORSE), new: password(STAPLE) };
    done(&ana.ask(change));
    let mut root = logged_in(&server, "root2", HORSE);
    let suspend = |whom: &str| Command::Suspend {
        user: name(whom),
        for_s: None,
        reason: LineText::parse("too loud").unwrap(),
    };
    assert_eq!(root.refused(suspend("foo")), Refusal::NoSuchAccount { name: name("foo") });
    done(&root.ask(suspend("ana")));
    let told = ana.rest();
    assert!(matches!(told.last(), Some(Event::Refused { refusal: Refusal::Suspended { .. }, .. })));
    let again = refused(&server, &with_password("ana", STAPLE));
    assert!(matches!(again, Refusal::Suspended { .. }));
}

#[test]
fn a_talk_is_with_the_account_and_not_with_the_name() {
    let server = server();
    let mut ana = registered(&server, "ana");
    let mut bob = registered(&server, "bob");
    nick(&mut ana, "foo");
    bob.say("@foo", "one");
    assert_eq!(heard(&mut ana), (room("@bob"), "one".to_owned()));
    bob.say("@ana", "two"); // the account's name means it too
    assert_eq!(heard(&mut ana), (room("@bob"), "two".to_owned()));
    assert_eq!(heard(&mut bob), (room("@foo"), "one".to_owned()));
    assert_eq!(heard(&mut bob), (room("@foo"), "two".to_owned()));
    // What he has read he has read, whatever she is called.
    let read =
        |bob: &mut NativeClient, who: &str| match bob.ask(Command::GetRead { room: room(who) }) {
            Event::ReadIs { seq, time_ms, .. } => (seq.0, time_ms),
            other => panic!("{other:?}"),
        };
    let time_ms = chat_protocol::Timestamp(u64::MAX);
    drop(bob.ask(Command::MarkReadUntil { room: room("@ana"), time_ms }));
    let before = read(&mut bob, "@foo");
    assert!(before.0 == 2 && before.1.is_some(), "{before:?}");
    assert_eq!(read(&mut bob, "@ana"), before);
    drop(ana);
    assert_eq!(renamed(&mut bob), (name("foo"), name("ana")));
    assert_eq!(read(&mut bob, "@ana"), before);
    // Somebody else has the name now, and no part in that talk.
    let mut guest = server.native("foo");
    bob.say("@ana", "three");
    assert_eq!(heard(&mut bob), (room("@ana"), "three".to_owned()));
    bob.say("@foo", "who are you?");
    assert_eq!(heard(&mut guest), (room("@bob"), "who are you?".to_owned()));
    let mut ana = logged_in(&server, "ana", HORSE);
    assert_eq!(ana.stored("@bob"), ["one", "two", "three"]);
    // Whom he blocks he blocks by any name.
    nick(&mut ana, "fox");
    done(&bob.ask(Command::Block { user: name("fox") }));
    nick(&mut ana, "ana");
    assert!(matches!(ana.refused(say("@bob", "x")), Refusal::Blocked { .. }));
    match bob.ask(Command::Shunned) {
        Event::Shunned { blocked, .. } => assert_eq!(blocked, [name("ana")]),
        other => panic!("{other:?}"),
    }
    // What is read is read, after a restart too.
    done(&bob.ask(Command::MarkRead { room: room("@ana"), seq: chat_protocol::Sequence(3) }));
    drop((ana, bob, guest));
    let server = server.restart(Signal::TERM);
    let mut bob = logged_in(&server, "bob", HORSE);
    match bob.ask(Command::GetRead { room: room("@ana") }) {
        Event::ReadIs { seq, .. } => assert_eq!(seq, chat_protocol::Sequence(3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_comes_back_after_a_restart_is_called_as_before() {
    let server = server();
    drop(registered(&server, "ana"));
    let resumable = Hello { resumable: true, ..with_password("ana", HORSE) };
    let (mut ana, welcome) = comes(&server, &resumable);
    nick(&mut ana, "foo");
    drop(ana);
    let server = server.restart(Signal::KILL);
    assert!(matches!(
        server.native("eve").refused(Command::Nick { name: name("foo") }),
        Refusal::NameTaken { .. }
    ));
    let (_ana, welcome) = comes(&server, &Hello { resume: welcome.token, ..resumable });
    assert!(welcome.resumed);
    assert_eq!((welcome.name, welcome.account_name), (Some(name("foo")), Some(name("ana"))));
}

/// `\0ana\0correct-horse`
const ANA: &str = "AUTHENTICATE AGFuYQBjb3JyZWN0LWhvcnNl";

#[test]
fn in_irc_one_logs_in_under_the_nick_that_one_has() {
    let server = server();
    drop(registered(&server, "ana"));
    let mut eve = server.native("eve");
    let watched = eve.ask(Command::WatchUsers { names: vec![name("foo"), name("bar")] });
    assert!(matches!(watched, Event::UserStates { .. }), "{watched:?}");
    let mut foo = Irc::greeted(server.address(), "foo");
    let changed = |eve: &mut NativeClient| loop {
        if let Event::UserWatched { change, user } = eve.event() {
            return (change, user.name, user.account_name);
        }
    };
    assert_eq!(changed(&mut eve), (UserChange::Online, name("foo"), None));
    foo.send("JOIN #lobby");
    foo.until(" 366 foo #lobby :End of /NAMES list");
    let mut maya = Irc::greeted(server.address(), "maya");
    maya.send("CAP REQ :account-tag account-notify extended-join");
    maya.send("JOIN #lobby");
    maya.until(" 366 maya #lobby :End of /NAMES list");
    foo.send("AUTHENTICATE PLAIN");
    foo.send(ANA);
    let told = foo.until(" 900 foo foo!foo@samovar ana :You are now logged in as ana");
    assert!(told.iter().all(|line| !line.contains(" NICK ")), "{told:?}");
    foo.until(" 903 foo :SASL authentication successful");
    assert_eq!(changed(&mut eve), (UserChange::Account, name("foo"), Some(name("ana"))));
    maya.expect(":foo!foo@samovar ACCOUNT ana"); // and no coming and going
    foo.send("PRIVMSG #lobby :it is me");
    maya.expect("@account=ana :foo!foo@samovar PRIVMSG #lobby :it is me");
    maya.send("WHOIS foo");
    let told = maya.until(" 318 maya foo :End of /WHOIS list");
    assert!(
        told.iter().any(|line| line.ends_with(" 330 maya foo ana :is logged in as")),
        "{told:?}"
    );
    maya.send("WHO foo %na");
    maya.until(" 354 maya foo ana");
    // Who comes as the account now is that one, and is told its nick; all hear of a new one.
    let mut more = Irc::greeted(server.address(), "more");
    more.send(&format!("NS IDENTIFY ana {HORSE}"));
    more.until(":more!more@samovar NICK :foo");
    more.send("NICK bar");
    more.until(":foo!foo@samovar NICK :bar");
    foo.until(":foo!foo@samovar NICK :bar");
    assert_eq!(changed(&mut eve), (UserChange::Offline, name("foo"), None));
    assert_eq!(changed(&mut eve), (UserChange::Online, name("bar"), Some(name("ana"))));
    drop(more);
    // Who speaks to the account speaks to its user.
    maya.send("CAP REQ :echo-message");
    maya.send("PRIVMSG ana :psst");
    maya.until(":maya!maya@samovar PRIVMSG bar :psst");
    foo.until(":maya!maya@samovar PRIVMSG bar :psst");
    // Logged out, it is a guest by the same name.
    foo.send("NS LOGOUT");
    foo.until(" 901 bar bar!bar@samovar :You are now logged out");
    assert_eq!(changed(&mut eve), (UserChange::Account, name("bar"), None));
}

#[test]
fn in_irc_one_comes_with_the_nick_that_one_gives_if_it_is_free() {
    let server = server();
    drop(registered(&server, "ana"));
    let mut eve = server.native("eve");
    let comes_as = |nick: &str| {
        let mut irc = Irc(samovar_tests::Client::connect(server.address()));
        irc.send("CAP REQ sasl");
        irc.send("AUTHENTICATE PLAIN");
        irc.until("AUTHENTICATE +");
        irc.send(ANA);
        irc.until("SASL authentication successful");
        irc.send(&format!("NICK {nick}\r\nUSER x 0 * :x\r\nCAP END"));
        let welcome = loop {
            let line = irc.line();
            if line.contains(" 001 ") {
                break line;
            }
        };
        (irc, welcome.split(' ').nth(2).unwrap().to_owned())
    };
    let (first, called) = comes_as("foo");
    assert_eq!(called, "foo");
    assert_eq!(info(&mut eve, "foo").account_name, Some(name("ana")));
    let (second, called) = comes_as("bar"); // is here already
    assert_eq!(called, "foo");
    drop((first, second));
    gone(&mut eve, "foo");
    let (_third, called) = comes_as("eve"); // is somebody else
    assert_eq!(called, "ana");
}

#[test]
fn in_lines_an_account_takes_another_name_and_is_shown_as_who_it_is() {
    let server = server();
    Cast::new(Style::Samovar).play(
        &server,
        r#"
        ana connects
        ana< Welcome $guest
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: $guest
        ana> /nick ana
        ana< * $guest is now ana
        ana> /register correct-horse
        ana< * you are logged in as ana
        bob connects
        bob< Welcome $other
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, $other
        ana< * $other joined
        ana> /nick foo
        ana< * ana is now foo
        bob< * ana is now foo
        bob> /who
        bob< * connected (2): foo (account ana), $other
        ana> hi
        bob< foo: hi
        # it is asked for by its own name, and is here already
        bob> /login ana correct-horse
        ana< * $other left
        bob< * you are logged in as foo
        bob> /nick ana
        bob< * foo is now ana
        ana< * foo is now ana
        "#,
    );
}

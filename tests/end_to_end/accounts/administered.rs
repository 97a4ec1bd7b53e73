//! What administrators do, over the wire, a Unix socket and the command line; and that it is told.

use chat_protocol::LineText;
use samovar_tests::{Finished, Home, Setup, chat_server, run, say};

use super::*;

const OPERATOR: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n\
    [[operator]]\nname = \"root2\"\npassword = \"correct-horse\"\n";

fn line(text: &str) -> LineText {
    LineText::parse(text).unwrap()
}

#[track_caller]
fn by_hand(home: &Home, arguments: &[&str], input: &str) -> Finished {
    run(home.command(chat_server()).arg("--data").arg(home.data()).args(arguments), input)
}

#[test]
fn a_suspended_account_sees_nothing_after_that_in_any_front_end() {
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    root.join("lobby");
    let mut eve = registered(&server, "eve");
    eve.join("lobby");
    let mut telnet = server.connect();
    telnet.send(format!("/login eve {HORSE}\n"));
    telnet.lines_until("* you are logged in as eve");
    let resumable = Hello { resumable: true, ..with_password("eve", HORSE) };
    let (broken, welcome) = comes(&server, &resumable);
    drop(broken);
    root.say("lobby", "before");
    // Her question and the suspension race, and the answer loses.
    let reason = line("too loud");
    let (suspend, mut bytes) =
        root.request(Command::Suspend { user: name("eve"), for_s: Some(3_600), reason });
    let (after, more) = root.request(say("lobby", "after"));
    bytes.extend(more);
    root.raw().send(&bytes);
    done(&root.answer(suspend));
    root.answer(after);
    let told = eve.rest();
    assert!(!format!("{told:?}").contains("after"), "{told:?}");
    assert!(matches!(told.last(), Some(Event::Refused { refusal: Refusal::Suspended { .. }, .. })));
    let told = String::from_utf8(telnet.rest()).unwrap();
    assert!(told.starts_with("root2: before\n! This account is suspended until "), "{told}");
    assert!(told.ends_with("UTC: too loud\n") && !told.contains("after"), "{told}");
    let suspended = |refusal| matches!(refusal, Refusal::Suspended { .. });
    assert!(suspended(refused(&server, &with_password("eve", HORSE))));
    assert!(suspended(refused(&server, &Hello { resume: welcome.token, ..resumable })));
    // Who does not know the password learns nothing.
    assert_eq!(refused(&server, &with_password("eve", STAPLE)), Refusal::LoginFailed);
    let server = server.restart(samovar_tests::Signal::TERM);
    assert!(suspended(refused(&server, &with_password("eve", HORSE))));
    let mut root = logged_in(&server, "root2", HORSE);
    done(&root.ask(Command::Unsuspend { user: name("eve") }));
    drop(logged_in(&server, "eve", HORSE));
}

#[test]
fn everybody_is_told_an_announcement_and_only_administrators_make_one() {
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    let mut bob = server.native("bob");
    let mut telnet = server.connect();
    telnet.send(format!(
        "/login root2 {HORSE}
"
    ));
    telnet.lines_until("* you are logged in as root2");
    let refusal = bob.refused(Command::Announce { text: line("free tea") });
    assert_eq!(refusal, Refusal::NotAdministrator);
    done(&root.ask(Command::Announce { text: line("back at ten") }));
    let told = bob.event();
    assert!(
        matches!(&told, Event::Notice { text } if text == "announcement by root2: back at ten"),
        "{told:?}"
    );
    telnet.lines_until("* announcement by root2: back at ten");
}

#[test]
fn an_administrator_stops_being_one_at_once() {
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    let mut ana = registered(&server, "ana");
    let set = |administrator| Command::SetAdministrator { user: name("ana"), administrator };
    done(&root.ask(set(true)));
    assert!(matches!(ana.ask(Command::Accounts { after: None }), Event::AccountList { .. }));
    done(&root.ask(set(false)));
    assert_eq!(ana.refused(Command::Accounts { after: None }), Refusal::NotAdministrator);
}

#[test]
fn a_password_that_is_reset_ends_sessions_and_tokens_and_a_deleted_account_frees_its_name() {
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    let mut ana = registered(&server, "ana");
    let token = chat_protocol::TokenName::parse("ci").unwrap();
    let made = ana.ask(Command::MakeToken { name: token, rooms: Vec::new(), read_only: false });
    let Event::TokenMade { token, .. } = made else { panic!("{made:?}") };
    let (user, password) = (name("ana"), password(STAPLE));
    done(&root.ask(Command::ResetPassword { user, password }));
    assert!(matches!(ana.rest().last(), Some(Event::Refused { refusal: Refusal::LoggedOut, .. })));
    let by_token = Hello { v: 1, token: Some(token), ..Hello::default() };
    assert_eq!(refused(&server, &by_token), Refusal::LoginFailed);
    let mut ana = logged_in(&server, "ana", STAPLE);
    let (user, reason) = (name("ana"), line("gone"));
    done(&root.ask(Command::DeleteAccount { user, reason }));
    ana.rest(); // it is closed
    drop(registered(&server, "ana"));
}

#[test]
fn the_daemons_own_user_administers_over_a_unix_socket_and_the_command_line() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let setup = Setup::new(CHEAP).listen("auto://127.0.0.1:0").listen(socket.as_str());
    let server = setup.start_in(home);
    let mut ana = registered(&server, "ana");
    let mut local = NativeClient::connect(server.address_of(1)).greeted("me");
    done(&local.ask(Command::Announce { text: line("hi") }));
    let told = ana.event();
    assert!(matches!(told, Event::Notice { .. }), "{told:?}");
    let home = server.home();
    let finished = by_hand(home, &["account", "suspend", "ana", "--for", "2h", "too loud"], "");
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(0), "ana is suspended\n"),
        "{finished:?}"
    );
    ana.rest(); // it is closed
    let finished =
        by_hand(home, &["account", "add", "maya", "--password-stdin"], "battery-staple\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    drop(logged_in(&server, "maya", STAPLE));
    let finished = by_hand(home, &["account", "delete", "nobody2"], "");
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (Some(1), "chat-server: There is no account nobody2.\n")
    );
}

#[test]
fn without_a_daemon_the_command_line_does_the_same_and_the_audit_has_it_all() {
    let home = Home::new();
    let finished = by_hand(&home, &["account", "list"], "");
    assert_eq!(finished.code, Some(2), "{finished:?}");
    let added = by_hand(&home, &["account", "add", "ana"], "");
    let told = added.stdout.trim_end();
    let secret =
        told.strip_prefix("password of ana, shown now and never again: ").unwrap().to_owned();
    for arguments in [
        &["account", "admin", "ana"][..],
        &["account", "add", "bob", "--password-stdin"],
        &["account", "suspend", "bob", "spam"],
    ] {
        let finished = by_hand(&home, arguments, "battery-staple\n");
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
    let finished = by_hand(&home, &["account", "list"], "");
    assert_eq!(finished.stdout, "ana  administrator\nbob  This account is suspended: spam\n");
    let server = Setup::new(CHEAP).start_in(home);
    let mut ana = logged_in(&server, "ana", &secret);
    done(&ana.ask(Command::Unsuspend { user: name("bob") }));
    drop(logged_in(&server, "bob", STAPLE));
    let audit = by_hand(server.home(), &["audit"], "").stdout;
    let deeds: Vec<&str> =
        audit.lines().filter_map(|line| line.split_once("  ")).map(|(_, deed)| deed).collect();
    assert_eq!(
        deeds,
        [
            "operator  add account ana",
            "operator  make administrator ana",
            "operator  add account bob",
            "operator  suspend bob: spam",
            "ana  unsuspend bob",
        ]
    );
    let json = by_hand(server.home(), &["audit", "--json"], "").stdout;
    assert!(
        json.lines()
            .nth(3)
            .unwrap()
            .contains(r#""who":"operator","what":"suspend","whom":"bob","why":"spam""#),
        "{json}"
    );
    let verified = by_hand(server.home(), &["verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_guest_gives_up_a_name_that_was_registered_for_somebody_else() {
    let server = Server::start(OPERATOR);
    let mut root = logged_in(&server, "root2", HORSE);
    let mut guest = server.native("maya");
    guest.join("lobby");
    let (user, password) = (name("maya"), password(STAPLE));
    done(&root.ask(Command::AddAccount { user, password }));
    guest.say("lobby", "still maya");
    let (mut maya, welcome) = comes(&server, &with_password("maya", STAPLE));
    assert_eq!(welcome.name, Some(name("maya")));
    let renamed = loop {
        if let Event::Renamed { from, to } = guest.event() {
            assert_eq!(from, name("maya"));
            break to;
        }
    };
    maya.join("lobby");
    guest.say("lobby", "somebody else now");
    let range = chat_protocol::command::HistoryRange::default();
    let history = Command::History { room: samovar_tests::room("lobby"), range, limit: 1 };
    match maya.ask(history) {
        Event::History { events, .. } => {
            assert!(matches!(&events[0], Event::Message { from, .. } if *from == renamed));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_are_read_again_without_a_restart() {
    let server = server();
    let mut ana = registered(&server, "ana");
    assert_eq!(ana.refused(Command::Accounts { after: None }), Refusal::NotAdministrator);
    server.write_config(&format!("operator = [{{ name = \"ana\" }}]\n{CHEAP}"));
    server.signal(samovar_tests::Signal::HUP);
    server.wait_for_log("reloaded");
    while !matches!(ana.ask(Command::Accounts { after: None }), Event::AccountList { .. }) {}
    server.write_config(CHEAP);
    server.signal(samovar_tests::Signal::HUP);
    while matches!(ana.ask(Command::Accounts { after: None }), Event::AccountList { .. }) {}
}

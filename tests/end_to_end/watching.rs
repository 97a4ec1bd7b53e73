//! Who is told when somebody comes or goes without sharing a room with it.

use chat_protocol::event::{UserChange, UserState};
use chat_protocol::limits::WATCHED_USERS_MAX;
use chat_protocol::{Command, Event, LineText, Password, Refusal, UserName};
use samovar_tests::{NativeClient, Server, room};

fn names(names: &[&str]) -> Vec<UserName> {
    names.iter().map(|name| UserName::parse(name).unwrap()).collect()
}

fn state(name: &str, online: bool) -> UserState {
    let name = UserName::parse(name).unwrap();
    UserState { name, online, account: false, away: None, real_name: None }
}

fn away(text: Option<&str>) -> Command {
    Command::Away { text: text.map(|text| LineText::parse(text).unwrap()) }
}

/// Watches these, and gives who is here.
#[track_caller]
fn watch(client: &mut NativeClient, whom: &[&str]) -> Vec<UserState> {
    states(client, Command::WatchUsers { names: names(whom) })
}

#[track_caller]
fn states(client: &mut NativeClient, command: Command) -> Vec<UserState> {
    match client.ask(command) {
        Event::UserStates { users, .. } => users,
        other => panic!("{other:?}"),
    }
}

/// The next change that is told; nothing else came before.
#[track_caller]
fn changed(client: &mut NativeClient) -> (UserChange, UserState) {
    match client.event() {
        Event::UserWatched { change, user } => (change, user),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn done(client: &mut NativeClient, command: Command) {
    let answer = client.ask(command);
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
}

#[test]
fn who_is_watched_comes_and_goes_and_is_away() {
    let server = Server::start("[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n");
    let mut ana = server.native("ana");
    let mut eve = server.native("eve");
    assert_eq!(watch(&mut ana, &["bob", "eve"]), [state("bob", false), state("eve", true)]);
    let mut bob = server.native("Bob");
    assert_eq!(changed(&mut ana), (UserChange::Online, state("Bob", true)));
    drop(bob.ask(away(Some("tea"))));
    let reason = Some(LineText::parse("tea").unwrap());
    let gone_for_tea = UserState { away: reason, ..state("Bob", true) };
    assert_eq!(changed(&mut ana), (UserChange::Away, gone_for_tea.clone()));
    let password = Password::parse("correct-horse").unwrap();
    drop(bob.ask(Command::Register { password }));
    let registered = UserState { account: true, ..gone_for_tea };
    assert_eq!(changed(&mut ana), (UserChange::Account, registered.clone()));
    assert_eq!(states(&mut ana, Command::WatchedUsers), [registered, state("eve", true)]);
    drop(bob);
    assert_eq!(changed(&mut ana), (UserChange::Offline, state("Bob", false)));
    done(&mut ana, Command::UnwatchUsers { names: names(&["EVE"]) });
    assert_eq!(states(&mut ana, Command::WatchedUsers), [state("bob", false)]);
    drop(eve.ask(away(Some("x"))));
    done(&mut ana, Command::UnwatchUsers { names: vec![] });
    assert_eq!(states(&mut ana, Command::WatchedUsers), []);
    assert!(matches!(ana.ask(Command::Ping), Event::Pong { .. }), "eve is watched no more");
}

#[test]
fn another_name_is_another_user() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    assert_eq!(watch(&mut ana, &["qux"]), [state("qux", false)]);
    done(&mut bob, Command::Nick { name: names(&["qux"]).remove(0) });
    assert_eq!(changed(&mut ana), (UserChange::Online, state("qux", true)));
    done(&mut bob, Command::Nick { name: names(&["QUX"]).remove(0) });
    done(&mut bob, Command::Nick { name: names(&["quux"]).remove(0) });
    assert_eq!(changed(&mut ana).0, UserChange::Offline);
}

#[test]
fn in_a_room_that_is_shared_it_is_told_there_that_somebody_is_away() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    ana.join("ops");
    bob.join("ops");
    assert!(matches!(ana.event(), Event::Joined { .. }));
    assert_eq!(watch(&mut ana, &["bob"]), [state("bob", true)]);
    drop(bob.ask(away(Some("tea"))));
    assert!(matches!(ana.event(), Event::AwayChanged { text: Some(_), .. }));
    done(&mut bob, Command::Leave { room: room("ops"), reason: None });
    assert!(matches!(ana.event(), Event::Left { .. }));
    drop(bob.ask(away(None)));
    assert_eq!(changed(&mut ana), (UserChange::Away, state("bob", true)));
}

#[test]
fn who_is_gone_or_has_another_name_is_remembered() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let was = |client: &mut NativeClient| match client
        .ask(Command::Was { name: names(&["bob"]).remove(0) })
    {
        Event::PastUsers { users, .. } => users,
        other => panic!("{other:?}"),
    };
    assert_eq!(was(&mut ana), []);
    let mut first = server.native("Bob");
    done(&mut first, Command::Nick { name: names(&["robert"]).remove(0) });
    assert_eq!(watch(&mut ana, &["bob"]), [state("bob", false)]);
    let second = server.native("BOB");
    assert_eq!(changed(&mut ana).0, UserChange::Online);
    drop(second);
    assert_eq!(changed(&mut ana).0, UserChange::Offline);
    let gone = was(&mut ana);
    let shown: Vec<&str> = gone.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(shown, ["BOB", "Bob"], "the last one first, as they wrote it");
    assert!(gone[0].left_ms >= gone[1].left_ms);
    assert!(gone.iter().all(|user| !user.account));
}

#[test]
fn one_watches_so_many_and_an_observer_may_too() {
    let server = Server::start("");
    let mut eye = NativeClient::connect(server.address());
    assert_eq!(eye.hello(None).name, None);
    let many: Vec<String> = (0..WATCHED_USERS_MAX).map(|number| format!("u{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(watch(&mut eye, &many).len(), WATCHED_USERS_MAX);
    let refusal = eye.refused(Command::WatchUsers { names: names(&["u1", "one-more"]) });
    assert!(matches!(refusal, Refusal::TooMany { limit: 100, .. }), "{refusal:?}");
    let _u7 = server.native("u7");
    assert_eq!(changed(&mut eye), (UserChange::Online, state("u7", true)));
}

#[test]
fn a_guest_that_may_come_back_is_here_until_it_is_forgotten() {
    let server = Server::start("[server]\nresume_grace = \"1s\"\n");
    let mut ana = server.native("ana");
    assert_eq!(watch(&mut ana, &["bob"]), [state("bob", false)]);
    let mut bob = NativeClient::connect(server.address());
    bob.send_frame(r#"{"type":"hello","v":1,"name":"bob","resumable":true}"#);
    let Event::Welcome(welcome) = bob.event() else { panic!("no welcome") };
    assert_eq!(changed(&mut ana).0, UserChange::Online);
    drop(bob);
    let mut bob = NativeClient::connect(server.address());
    let token = welcome.token.unwrap();
    bob.send_frame(format!(r#"{{"type":"hello","v":1,"name":"bob","resume":"{token}"}}"#));
    let Event::Welcome(welcome) = bob.event() else { panic!("no welcome") };
    assert!(welcome.resumed);
    // Nothing was told of that: what comes next is that it is away.
    drop(bob.ask(away(Some("x"))));
    assert_eq!(changed(&mut ana).0, UserChange::Away);
    drop(bob);
    assert_eq!(changed(&mut ana), (UserChange::Offline, state("bob", false)));
}

#[test]
fn who_watches_is_told_what_somebody_calls_itself_anew() {
    let server = Server::start("");
    let called = |text: &str| Command::SetProfile {
        real_name: Some(LineText::parse(text).unwrap()),
        login: None,
        bot: None,
        invisible: None,
    };
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    watch(&mut ana, &["bob"]);
    drop(bob.ask(called("Bob B."))); // its first is no news
    drop(bob.ask(called("Robert")));
    let real_name = Some(LineText::parse("Robert").unwrap());
    let robert = UserState { real_name, ..state("bob", true) };
    assert_eq!(changed(&mut ana), (UserChange::RealName, robert));
    // In a room that is shared it is told there.
    ana.join("lobby");
    bob.join("lobby");
    drop(bob.ask(called("Bobby")));
    loop {
        match ana.event() {
            Event::ProfileChanged { real_name, .. } => {
                assert_eq!(real_name.unwrap().as_str(), "Bobby");
                break;
            }
            Event::UserWatched { change, .. } => panic!("{change:?}"),
            _ => {}
        }
    }
}

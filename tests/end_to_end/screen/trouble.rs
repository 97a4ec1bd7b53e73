//! What keeps the screen from its server, and what helps: another certificate, a session that was
//! ended, a name that is another's now.

use std::path::Path;

use chat_protocol::{Command, Password, UserName};
use samovar_tests::{Certificate, Home, Pane, Server, Setup, Signal, chat_client};

use super::{client, in_lobby};

const HORSE: &str = "correct-horse";
const STAPLE: &str = "battery-staple";

#[test]
fn another_certificate_is_a_warning_on_the_screen_and_in_lines() {
    let home = Home::new();
    let old = Certificate::new(&home, "tls");
    let server = Setup::new(&old.config()).listen("auto+tls://127.0.0.1:0").start_in(home);
    let pane = Pane::open(140, 40, &[]);
    client(&pane, &server, "--tls-pin --room lobby");
    pane.wait_for("1 here");
    let plain = Pane::open(140, 40, &[]);
    let program = chat_client().display();
    plain.enter(&format!(
        "clear; {program} --server {} --name lee --tls-pin --plain --room lobby",
        server.address()
    ));
    plain.wait_for("* you are in lobby");
    let new = Certificate::new(server.home(), "new");
    server.write_config(&new.config());
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    // Whoever is connected stays; at the next connection it is seen.
    pane.enter("/reconnect");
    pane.wait_for("HAS CHANGED !!!");
    let screen = pane.wait_for("remove line 1 of");
    assert!(screen.contains(&old.fingerprint) && screen.contains(&new.fingerprint), "{screen}");
    pane.enter("is anybody there?");
    pane.wait_for("queued");
    // Its owner says that the new one is right.
    let known = pane.home().path().join("state/chat-client/known_servers");
    std::fs::write(&known, "").expect("it is there");
    pane.enter("/reconnect");
    pane.wait_gone("HAS CHANGED");
    pane.wait_for("✓");
    // In lines it is a paragraph, and what is typed waits too.
    let mut ended = server;
    let address = ended.address().to_owned();
    ended.stop(Signal::KILL);
    plain.wait_for("! connection lost");
    let _server = Setup::new(&new.config())
        .listen(format!("auto+tls://{address}"))
        .start_in(ended.into_home());
    plain.wait_for("HAS CHANGED !!!");
    plain.wait_for("remove line 1 of");
    plain.enter("hello?");
    plain.wait_for("! there is no connection: what you type is sent when there is one");
}

#[test]
fn a_session_that_was_ended_says_so_and_comes_in_again() {
    let (server, pane) = in_lobby(120, 24);
    pane.enter(&format!("/register {HORSE}"));
    pane.wait_for("you are logged in as ana");
    let mut ana = server.native("maya");
    let login = Command::Login {
        name: UserName::parse("ana").expect("a name"),
        password: Password::parse(HORSE).expect("a password"),
    };
    ana.ask(login);
    ana.ask(Command::ChangePassword {
        old: Password::parse(HORSE).expect("a password"),
        new: Password::parse(STAPLE).expect("a password"),
    });
    pane.wait_for("! logged out");
    pane.wait_for("/login NAME PASSWORD comes in again");
    pane.enter("typed meanwhile");
    pane.wait_for("queued");
    pane.enter(&format!("/login ana {STAPLE}"));
    pane.wait_gone("logged out");
    pane.wait_until("it is stored", |screen| screen.contains('✓'));
}

#[test]
fn a_name_that_is_taken_meanwhile_is_told_and_another_one_comes_in() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server = Setup::new("").listen(socket).start();
    let pane = Pane::open(100, 24, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("1 here");
    pane.press("C-z");
    pane.is_given_back();
    // While the client stands still, the server begins anew, and somebody else takes the name.
    server.stop(Signal::KILL);
    std::fs::remove_dir_all(server.home().data()).expect("it is there");
    let server = server.start_again();
    let mut other = server.native("ana");
    other.join("lobby");
    pane.enter("fg");
    pane.wait_for("! not let in");
    pane.wait_for("/nick NAME asks for another name");
    pane.enter("/nick ana_");
    pane.wait_gone("not let in");
    pane.wait_for("ana_ ›");
    other.say("lobby", "who are you?");
    pane.wait_for("who are you?");
}

/// Where the client goes: a name that leads to one socket, and later to another.
fn lead(name: &Path, to: &Server) {
    std::fs::remove_file(name).ok();
    let socket = to.address().strip_prefix("unix:").expect("a socket");
    std::os::unix::fs::symlink(socket, name).expect("the folder can be written");
}

/// A server of this name, at a socket of its own.
fn at_a_socket(name: &str, home: Home) -> Server {
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    Setup::new(&format!("[server]\nname = \"{name}\"\n")).listen(socket).start_in(home)
}

/// In the lobby of the server to which the name leads.
fn client_at(name: &Path) -> Pane {
    let pane = Pane::open(100, 24, &[]);
    let (program, name) = (chat_client().display(), name.display());
    pane.enter(&format!("clear; {program} --server unix:{name} --name ana --room lobby"));
    pane.wait_for("1 here");
    pane
}

#[test]
fn a_server_that_moved_is_found_and_goes_on_where_it_was() {
    let folder = Home::new();
    let name = folder.path().join("chat");
    let mut server = at_a_socket("old.lan", Home::new());
    lead(&name, &server);
    let pane = client_at(&name);
    pane.enter("before");
    pane.wait_for("✓");
    server.stop(Signal::KILL);
    pane.wait_for("! connection lost");
    pane.enter("meanwhile");
    pane.wait_for("queued");
    // The same data, at another address.
    let home = server.into_home();
    let socket = format!("unix:{}", home.path().join("moved.sock").display());
    let server = Setup::new("").listen(socket).start_in(home);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "we have moved");
    lead(&name, &server);
    pane.enter("/reconnect");
    let screen = pane.wait_until("both are stored", |screen| screen.matches('✓').count() == 2);
    assert!(screen.contains("we have moved"), "{screen}");
    assert!(!screen.contains("may be missing"), "{screen}");
    assert_eq!(maya.stored("lobby"), ["before", "we have moved", "meanwhile"]);
}

#[test]
fn a_name_that_leads_to_another_server_is_told_and_its_history_begins_anew() {
    let folder = Home::new();
    let name = folder.path().join("chat");
    let mut old = at_a_socket("old.lan", Home::new());
    lead(&name, &old);
    let pane = client_at(&name);
    pane.wait_for("old.lan");
    pane.enter("said to the old one");
    pane.wait_for("✓");
    old.stop(Signal::KILL);
    let new = at_a_socket("new.lan", Home::new());
    let mut maya = new.native("maya");
    maya.join("lobby");
    maya.say("lobby", "this is the new one");
    lead(&name, &new);
    pane.enter("/reconnect");
    pane.wait_for("Another server answers here now: new.lan; it was");
    pane.wait_for("what came before may be missing: the server has");
    let screen = pane.wait_for("this is the new one");
    assert!(screen.contains("said to the old one"), "it stays legible: {screen}");
    assert!(screen.lines().next().is_some_and(|line| line.contains("new.lan")), "{screen}");
    pane.enter("and I am here");
    while maya.message().2 != "and I am here" {}
}

#[test]
fn a_server_that_answers_no_more_may_have_another_address() {
    let mut server = at_a_socket("old.lan", Home::new());
    let name = server.home().path().join("chat.sock");
    let pane = client_at(&name);
    server.stop(Signal::KILL);
    pane.wait_until("one is told what to do", |screen| {
        pane.enter("/reconnect");
        screen.contains("Has its address changed? Leave, and: chat-client --server")
    });
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server: Server = Setup::new("").listen(socket).start();
    let pane = Pane::open(100, 24, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("1 here");
    server.stop(Signal::TERM);
    pane.wait_for("the server stops");
    pane.enter("typed meanwhile");
    pane.wait_for("queued");
    let server = server.start_again();
    pane.enter("/reconnect");
    pane.wait_until("it is stored", |screen| screen.contains('✓'));
    let mut eve = server.native("eve");
    assert_eq!(eve.stored("lobby"), ["typed meanwhile"]);
}

//! What keeps the screen from its server, and what helps: another certificate, a session that was
//! ended, a name that is another's now.

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
        keeps_name: false,
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

//! Accounts: who is registered, logs in and out, by the word of a password or a token; and what a
//! stranger learns of it: nothing.

mod administered;
mod called;
mod client;
mod guessed;
mod reading;
mod sessions;
mod shunned;
mod staying;
mod tokens;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{Command, Event, Hello, Password, Refusal, UserName, frame};
use samovar_tests::{Cast, NativeClient, Server, Style};

/// Hashes that cost little; all else as usual.
const CHEAP: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n";

const HORSE: &str = "correct-horse";
const STAPLE: &str = "battery-staple";

fn server() -> Server {
    Server::start(CHEAP)
}

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Says hello, and gives the answer.
#[track_caller]
fn say_hello(client: &mut NativeClient, hello: &Hello) -> Event {
    let mut bytes = BytesMut::new();
    frame::encode_hello(hello, &mut bytes);
    client.raw().send(bytes);
    client.event()
}

fn with_password(name: &str, text: &str) -> Hello {
    let (name, password) = (Some(name.to_owned()), Some(password(text)));
    Hello { v: 1, name, password, ..Hello::default() }
}

/// Is the account of that name, from the hello on.
#[track_caller]
fn logged_in(server: &Server, name: &str, text: &str) -> NativeClient {
    comes(server, &with_password(name, text)).0
}

#[track_caller]
fn comes(server: &Server, hello: &Hello) -> (NativeClient, Welcome) {
    let mut client = NativeClient::connect(server.address());
    match say_hello(&mut client, hello) {
        Event::Welcome(welcome) => (client, *welcome),
        other => panic!("expected a welcome, but came {other:?}"),
    }
}

/// A guest that has made an account of its name.
#[track_caller]
fn registered(server: &Server, name: &str) -> NativeClient {
    let mut client = server.native(name);
    register(&mut client);
    client
}

#[track_caller]
fn register(client: &mut NativeClient) {
    let answer = client.ask(Command::Register { password: password(HORSE) });
    assert!(matches!(answer, Event::Identified { account: true, .. }), "{answer:?}");
}

/// What a hello is refused with.
#[track_caller]
fn refused(server: &Server, hello: &Hello) -> Refusal {
    let mut client = NativeClient::connect(server.address());
    match say_hello(&mut client, hello) {
        Event::Refused { refusal, .. } => refusal,
        other => panic!("expected a refusal, but came {other:?}"),
    }
}

#[track_caller]
fn done(answer: &Event) {
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
}

#[test]
fn a_name_is_registered_in_lines_and_is_its_accounts_from_then_on() {
    let server = server();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        ana connects
        ana< Welcome $guest
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: $guest
        ana> /nick ana
        ana< * $guest is now ana
        ana> /register short
        ana< ! Not a password: a password has at least 8 characters.
        ana> /register correct-horse
        ana< * you are logged in as ana
        ana> /register correct-horse
        ana< ! You are logged in as ana. /logout makes you a guest first.
        bob connects
        bob< Welcome $other
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, $other
        ana< * $other joined
        bob> /nick ANA
        bob< ! The name "ANA" is registered. If it is yours, log in: /login ANA PASSWORD; or take another name.
        # she logs in over there too: one ana, and bob is gone
        bob> /login ana correct-horse
        ana< * $other left
        bob< * you are logged in as ana
        bob> in two places
        ana< ana: in two places
        ana> so it is
        bob< ana: so it is
        bob> /logout
        bob< * you are a guest again: $third
        bob< * you left lobby; you are in no room; /join ROOM enters one
        bob< * you are in lobby, 2 here: ana, $third
        ana< * $third joined
        "#,
    );
}

#[test]
fn an_account_outlives_the_daemon() {
    let server = server();
    drop(registered(&server, "ana"));
    let server = server.restart(samovar_tests::Signal::TERM);
    let hello = Hello { v: 1, name: Some("ana".to_owned()), ..Hello::default() };
    assert_eq!(refused(&server, &hello), Refusal::NameRegistered { name: name("ana") });
    let (_ana, welcome) = comes(&server, &with_password("ANA", HORSE));
    assert_eq!(welcome.name.unwrap().as_str(), "ana", "as it was written first");
    assert!(welcome.account);
}

#[test]
fn a_line_session_logs_in_where_it_is_asked_for_a_name() {
    for (identify, login, wrong) in [
        ("ask", "/login ana correct-horse", "/login ana battery-staple"),
        ("login", "login ana correct-horse", "login ana battery-staple"),
    ] {
        let server = Server::start(&format!("[line]\nidentify = \"{identify}\"\n{CHEAP}"));
        drop(registered(&server, "ana"));
        let mut client = server.connect();
        let asks = if identify == "ask" { "Please enter your name: " } else { "" };
        client.expect(asks);
        client.send(format!("{wrong}\n"));
        client.expect(format!("That name and that password do not go together.\n{asks}"));
        client.send(format!("{login}\n"));
        client.lines_until("* you are in lobby, 1 here: ana");
    }
}

#[test]
fn what_one_says_right_before_one_logs_in_is_ones_own() {
    let server = server();
    drop(registered(&server, "ana"));
    let mut bob = server.native("bob");
    bob.join("lobby");
    let mut client = server.connect();
    client.send(format!("one\n/login ana {HORSE}\ntwo\n/look\n"));
    let lines = client.lines_until("* in lobby (2): bob, ana");
    assert!(
        !lines.iter().any(|line| line.ends_with(": one") || line.ends_with(": two")),
        "{lines:?}"
    );
    let said: Vec<(String, String)> =
        (0..2).map(|_| bob.message()).map(|(_, from, text)| (from, text)).collect();
    assert_eq!(said[0].1, "one");
    assert_eq!(said[1], ("ana".to_owned(), "two".to_owned()));
}

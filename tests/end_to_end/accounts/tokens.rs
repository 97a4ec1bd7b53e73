//! Personal tokens: a program is its owner, as far as the token reaches, until it is revoked.

use chat_protocol::{Token, TokenName};
use samovar_tests::{room, say};

use super::*;

fn token_name() -> TokenName {
    TokenName::parse("ci").unwrap()
}

#[track_caller]
fn token(client: &mut NativeClient, rooms: &[&str], read_only: bool) -> Token {
    let rooms = rooms.iter().map(|room| chat_protocol::RoomName::parse(room).unwrap()).collect();
    match client.ask(Command::MakeToken { name: token_name(), rooms, read_only }) {
        Event::TokenMade { token, .. } => token,
        other => panic!("expected a token, but came {other:?}"),
    }
}

fn with_token(token: &Token) -> Hello {
    Hello { v: 1, token: Some(token.clone()), ..Hello::default() }
}

#[test]
fn a_revoked_token_stops_at_once_for_sessions_that_are_here_and_those_that_come_back() {
    let server = server();
    let mut ana = registered(&server, "ana");
    let token = token(&mut ana, &[], false);
    let resumable = Hello { resumable: true, ..with_token(&token) };
    let (mut program, welcome) = comes(&server, &resumable);
    assert_eq!(welcome.name, Some(name("ana")));
    let (broken, elsewhere) = comes(&server, &resumable);
    drop(broken);
    program.join("lobby");
    // It is in the lobby too, as its other session.
    while !matches!(ana.event(), Event::Entered { .. }) {}
    ana.say("lobby", "before");
    assert_eq!(program.message().2, "before");
    done(&ana.ask(Command::RevokeToken { name: token_name() }));
    ana.say("lobby", "after");
    let rest = program.rest();
    assert!(!format!("{rest:?}").contains("after"), "{rest:?}");
    assert!(matches!(rest.last(), Some(Event::Refused { refusal: Refusal::LoggedOut, .. })));
    assert_eq!(refused(&server, &with_token(&token)), Refusal::LoginFailed);
    for welcome in [welcome, elsewhere] {
        let back = Hello { resume: welcome.token, resumable: true, ..with_token(&token) };
        assert_eq!(refused(&server, &back), Refusal::LoginFailed);
    }
    let server = server.restart(samovar_tests::Signal::TERM);
    assert_eq!(refused(&server, &with_token(&token)), Refusal::LoginFailed);
}

#[test]
fn a_token_for_a_room_sees_and_says_nothing_elsewhere() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    ana.join("lobby");
    let token = token(&mut ana, &["ops"], false);
    let (mut program, _) = comes(&server, &with_token(&token));
    assert!(matches!(program.event(), Event::Entered { room: ops, .. } if ops == room("ops")));
    ana.say("lobby", "not for programs");
    ana.say("ops", "for programs");
    assert_eq!(program.message().2, "for programs");
    program.say("ops", "heard");
    assert_eq!(program.refused(say("lobby", "x")), Refusal::OutOfScope);
    let leaves = [Command::Tokens, Command::Unread, Command::Logout];
    for command in leaves {
        assert_eq!(program.refused(command), Refusal::OutOfScope);
    }
}

#[test]
fn a_token_to_read_says_nothing_and_stands_for_a_password() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    let token = token(&mut ana, &[], true);
    let (mut program, _) = comes(&server, &with_password("ana", token.reveal()));
    assert_eq!(program.refused(say("ops", "x")), Refusal::OutOfScope);
    // Somebody else's name with it is nobody's.
    drop(registered(&server, "bob"));
    let other = with_password("bob", token.reveal());
    assert_eq!(refused(&server, &other), Refusal::LoginFailed);
    match ana.ask(Command::Tokens) {
        Event::TokenList { tokens, .. } => {
            assert!(tokens[0].read_only && tokens.len() == 1, "{tokens:?}");
        }
        other => panic!("{other:?}"),
    }
    let again = Command::MakeToken { name: token_name(), rooms: Vec::new(), read_only: false };
    assert_eq!(ana.refused(again), Refusal::TokenExists { name: token_name() });
}

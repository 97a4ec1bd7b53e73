//! What somebody who guesses learns, and how often it may guess.

use chat_protocol::Command;

use super::*;

#[test]
fn an_unknown_name_and_a_wrong_password_get_the_same_answer_after_the_same_work() {
    let server = Server::start("[accounts]\npassword_hash = { m = 4096, t = 2, p = 1 }\n");
    drop(registered(&server, "ana"));
    // Of many, the fastest: what the machine does beside it only adds.
    let fastest = |name: &dyn Fn(u32) -> String| {
        let tries = (0..4).map(|number| {
            let began = std::time::Instant::now();
            let refusal = refused(&server, &with_password(&name(number), STAPLE));
            assert_eq!(refusal, Refusal::LoginFailed);
            began.elapsed()
        });
        tries.min().unwrap()
    };
    let known = fastest(&|_| "ana".to_owned());
    let unknown = fastest(&|number| format!("nobody{number}"));
    assert!(unknown * 3 > known && known * 3 > unknown, "{known:?}, {unknown:?}");
}

#[test]
fn guessing_is_slowed_down_for_names_that_are_there_and_those_that_are_not() {
    let server = server();
    drop(registered(&server, "ana"));
    let answers = |name: &str| -> Vec<Refusal> {
        (0..7).map(|_| refused(&server, &with_password(name, STAPLE))).collect()
    };
    let known = answers("ana");
    assert_eq!(known, answers("bob"));
    assert_eq!(known[4], Refusal::LoginFailed);
    assert!(matches!(known[5], Refusal::TooManyTries { .. }), "{known:?}");
    // The right one waits too: an answer would tell that it is right.
    let right = refused(&server, &with_password("ana", HORSE));
    assert!(matches!(right, Refusal::TooManyTries { .. }), "{right:?}");
}

#[test]
fn a_flood_of_log_ins_leaves_others_alone() {
    let server = Server::start("[accounts]\npassword_hash = { m = 65536, t = 3, p = 1 }\n");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut guessers: Vec<NativeClient> =
        (0..100).map(|_| NativeClient::connect(server.address())).collect();
    for (number, guesser) in guessers.iter_mut().enumerate() {
        let mut bytes = BytesMut::new();
        frame::encode_hello(&with_password(&format!("n{number}"), STAPLE), &mut bytes);
        guesser.raw().send(bytes);
    }
    // More wait than may: the last ones are told at once, while the first are still worked on.
    let busy = |guesser: &mut NativeClient| match guesser.event() {
        Event::Refused { refusal: Refusal::Busy, .. } => true,
        Event::Refused { refusal: Refusal::LoginFailed, .. } => false,
        other => panic!("{other:?}"),
    };
    ana.say("lobby", "still here");
    assert_eq!(ana.stored("lobby"), ["still here"]);
    assert!(guessers.iter_mut().any(busy));
}

#[test]
fn names_of_the_service_and_look_alikes_of_accounts_are_nobodys() {
    let server = server();
    drop(registered(&server, "paypal"));
    let hello = |name: &str| Hello { v: 1, name: Some(name.to_owned()), ..Hello::default() };
    for reserved in ["NickServ", "admin", "operator"] {
        let refusal = refused(&server, &hello(reserved));
        assert!(matches!(refusal, Refusal::NameInvalid { .. }), "{refusal:?}");
    }
    // The account is away, and still nobody looks like it.
    let refusal = refused(&server, &hello("раураl"));
    assert!(matches!(refusal, Refusal::NameConfusable { .. }), "{refusal:?}");
}

#[test]
fn a_password_is_nowhere_in_the_log() {
    let server = Server::start(&format!("{CHEAP}[log]\nlevel = \"trace\"\n"));
    let mut ana = registered(&server, "ana");
    let (old, new) = (password(HORSE), password(STAPLE));
    done(&ana.ask(Command::ChangePassword { old, new }));
    drop(logged_in(&server, "ana", STAPLE));
    let mut client = server.connect();
    client.send(format!("/login ana {HORSE}\n/login ana {HORSE} too many\n"));
    client.lines_until("! These are more than two words; a password has no white space. Usage: /login NAME PASSWORD");
    let log = server.logs();
    assert!(!log.contains(HORSE) && !log.contains(STAPLE), "{log}");
}

#[test]
fn closed_registration_is_closed_and_an_operators_name_is_nobodys() {
    let server = Server::start(
        "[accounts]\nregistration = \"closed\"\npassword_hash = { m = 8, t = 1, p = 1 }\n\
         [[operator]]\nname = \"ana\"\npassword = \"correct-horse\"\n[[operator]]\nname = \"maya\"\n",
    );
    let mut bob = server.native("bob");
    let refusal = bob.refused(Command::Register { password: password(HORSE) });
    assert_eq!(refusal, Refusal::RegistrationClosed);
    let hello = Hello { v: 1, name: Some("maya".to_owned()), ..Hello::default() };
    assert_eq!(refused(&server, &hello), Refusal::NameRegistered { name: name("maya") });
    let mut ana = logged_in(&server, "ana", HORSE);
    let (user, password) = (name("maya"), password(STAPLE));
    done(&ana.ask(Command::AddAccount { user, password }));
    let mut maya = logged_in(&server, "maya", STAPLE);
    assert!(matches!(
        maya.ask(Command::Accounts { after: None }),
        Event::AccountList { total: 2, .. }
    ));
    assert_eq!(bob.refused(Command::Accounts { after: None }), Refusal::NotAdministrator);
}

//! Rights that end count at once, and what is private stays so: in every front end.

use chat_protocol::{Command, Event, Hello, Password, Refusal, UserName};
use samovar_tests::{Client, NativeClient, Server, room, say};

const CHEAP: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n\
    [[operator]]\nname = \"root2\"\npassword = \"correct-horse\"\n";

fn command(json: &str) -> Command {
    serde_json::from_str(json).unwrap()
}

fn password() -> Password {
    Password::parse("correct-horse").unwrap()
}

#[track_caller]
fn change(owner: &mut NativeClient, json: &str) {
    let answer = owner.ask(command(json));
    assert!(matches!(answer, Event::Stored { .. } | Event::Done { .. }), "{answer:?}");
}

#[track_caller]
fn hello(server: &Server, hello: &Hello) -> NativeClient {
    let mut client = NativeClient::connect(server.address());
    client.send_frame(serde_json::to_vec(hello).unwrap());
    let answer = client.event();
    assert!(matches!(answer, Event::Welcome(_)), "{answer:?}");
    client
}

#[track_caller]
fn logged_in(server: &Server, name: &str) -> NativeClient {
    let (name, password) = (Some(name.to_owned()), Some(password()));
    hello(server, &Hello { v: 1, name, password, ..Hello::default() })
}

#[track_caller]
fn registered(server: &Server, name: &str) -> NativeClient {
    let mut client = server.native(name);
    let answer = client.ask(Command::Register { password: password() });
    assert!(matches!(answer, Event::Identified { account: true, .. }), "{answer:?}");
    client
}

/// What an IRC client is told until all it asked is answered.
fn answers_of_irc(irc: &mut Client, asked: &str) -> Vec<String> {
    irc.send(format!("{asked}\r\nPING :that-was-all\r\n"));
    let mut lines = Vec::new();
    loop {
        let line = String::from_utf8(irc.line()).unwrap();
        if line.ends_with("that-was-all\r\n") {
            return lines;
        }
        lines.push(line.trim_end().to_owned());
    }
}

fn irc(server: &Server, nick: &str, pass: Option<&str>) -> Client {
    let mut irc = server.connect();
    let pass = pass.map(|pass| format!("PASS {pass}\r\n")).unwrap_or_default();
    let welcome =
        answers_of_irc(&mut irc, &format!("{pass}NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    assert!(welcome.iter().any(|line| line.contains(" 001 ")), "{welcome:?}");
    irc
}

/// The same in lines.
fn answers_in_lines(line: &mut Client, typed: &str) -> Vec<String> {
    line.send(format!("{typed}\n/thatwasall\n"));
    let mut lines = line.lines_until("! Unknown command: thatwasall.");
    lines.pop();
    lines
}

#[test]
fn who_is_put_out_in_the_middle_of_a_batch_sees_nothing_of_its_rest() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("ops");
    let mut bob = server.connect();
    bob.send("/nick bob\n/join ops\n");
    bob.lines_until("* you are in ops, 2 here: ana, bob");
    let mut eve = server.native("eve");
    eve.join("ops");
    let batch = [
        say("ops", "for all"),
        command(r#"{"type":"kick","room":"ops","user":"bob","reason":"spam"}"#),
        say("ops", "without bob"),
        command(r#"{"type":"kick","room":"ops","user":"eve"}"#),
        say("ops", "without eve"),
    ];
    let (mut asked, mut bytes) = (Vec::new(), Vec::new());
    for command in batch {
        let (id, request) = ana.request(command);
        asked.push(id);
        bytes.extend(request);
    }
    ana.raw().send(bytes);
    for id in asked {
        let answer = ana.answer(id);
        assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
    }
    assert_eq!(
        answers_in_lines(&mut bob, "/search without"),
        [
            "* eve joined",
            "ana: for all",
            "* ana kicked bob: spam",
            "* you left ops; you are in lobby",
            "* nothing found",
        ]
    );
    while !matches!(eve.event(), Event::Message { .. }) {}
    let told: Vec<String> = (0..4).map(|_| format!("{:?}", eve.event())).collect();
    assert!(told[0].contains("Kicked") && told[1].contains("without bob"), "{told:?}");
    assert!(told[2].contains("Kicked") && told[3].starts_with("Exited"), "{told:?}");
    assert!(matches!(eve.ask(Command::Ping), Event::Pong { .. }));
    let found = eve.ask(command(r#"{"type":"search","text":"without"}"#));
    assert!(matches!(&found, Event::Found { hits, .. } if hits.len() == 1), "{found:?}");
}

#[test]
fn a_role_that_is_taken_and_a_token_that_is_revoked_count_no_more_over_irc() {
    let server = Server::start(CHEAP);
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    change(&mut ana, r#"{"type":"set","room":"ops","set":{"setting":"moderated","on":true}}"#);
    let mut carl = irc(&server, "carl", None);
    answers_of_irc(&mut carl, "JOIN #ops");
    change(&mut ana, r#"{"type":"give_role","room":"ops","user":"carl","role":"voice"}"#);
    assert!(!answers_of_irc(&mut carl, "PRIVMSG #ops :I may").concat().contains(" 404 "));
    change(&mut ana, r#"{"type":"take_role","room":"ops","user":"carl","role":"voice"}"#);
    let refused = answers_of_irc(&mut carl, "PRIVMSG #ops :I may not");
    assert!(refused.last().unwrap().contains(" 404 carl #ops :Only who has voice"), "{refused:?}");

    let made = ana.ask(command(r#"{"type":"make_token","name":"irc"}"#));
    let Event::TokenMade { token, .. } = made else { panic!("{made:?}") };
    let mut program = irc(&server, "program", Some(&format!("ana:{}", token.reveal())));
    let seen = answers_of_irc(&mut program, "PRIVMSG #ops :as ana");
    assert!(!seen.concat().contains(" 404 "), "{seen:?}");
    change(&mut ana, r#"{"type":"revoke_token","name":"irc"}"#);
    ana.say("ops", "after that");
    let rest = String::from_utf8(program.until_lost()).unwrap();
    assert!(!rest.contains("after that"), "{rest}");

    // And so does a suspension.
    let mut eve = registered(&server, "eve");
    eve.join("ops");
    let mut also = irc(&server, "also", Some("eve:correct-horse"));
    let mut root = logged_in(&server, "root2");
    change(&mut root, r#"{"type":"suspend","user":"eve","reason":"spam"}"#);
    ana.say("ops", "without her");
    let rest = String::from_utf8(also.until_lost()).unwrap();
    assert!(!rest.contains("without her"), "{rest}");
}

#[test]
fn a_private_room_is_none_in_lines_and_over_irc_too() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    for name in ["secret", "hidden"] {
        ana.join(name);
        ana.say(name, "tea and secrets");
    }
    change(
        &mut ana,
        r#"{"type":"set","room":"secret","set":{"setting":"access","access":"invite"}}"#,
    );
    change(&mut ana, r#"{"type":"set","room":"hidden","set":{"setting":"hidden","on":true}}"#);
    let mut bob = server.connect();
    bob.send("/nick bob\n");
    let asked = |name: &str| {
        [
            "/who NAME",
            "/bans NAME",
            "/search in:NAME tea",
            "/search secrets",
            "/leave NAME",
            "/rooms",
        ]
        .join("\n")
        .replace("NAME", name)
    };
    answers_in_lines(&mut bob, "/who"); // and all of the welcome
    let expected = answers_in_lines(&mut bob, &asked("nowhere")).join("\n");
    assert!(expected.contains("There is no room nowhere."), "{expected}");
    for name in ["secret", "hidden"] {
        let seen = answers_in_lines(&mut bob, &asked(name)).join("\n");
        assert_eq!(seen.replace(name, "nowhere"), expected);
    }
    let mut eve = irc(&server, "eve", None);
    let asked = |name: &str| {
        [
            "NAMES #NAME",
            "WHO #NAME",
            "TOPIC #NAME",
            "MODE #NAME",
            "MODE #NAME +b",
            "LIST",
            "PART #NAME",
        ]
        .join("\r\n")
        .replace("NAME\r\n", &format!("{name}\r\n"))
        .replace("#NAME", &format!("#{name}"))
    };
    let expected = answers_of_irc(&mut eve, &asked("nowhere")).join("\n");
    for name in ["secret", "hidden"] {
        let seen = answers_of_irc(&mut eve, &asked(name)).join("\n");
        assert_eq!(seen.replace(name, "nowhere"), expected);
    }
}

#[test]
fn an_account_that_is_away_is_kicked_banned_and_given_a_role_by_its_name() {
    let server = Server::start(CHEAP);
    let mut ana = registered(&server, "ana");
    ana.join("ops");
    let goes_away = |ana: &mut NativeClient, mut bob: NativeClient| {
        bob.send(Command::Quit { reason: None });
        bob.rest();
        while !matches!(ana.event(), Event::Gone { .. } | Event::Left { .. }) {}
    };
    let in_ops = |bob: &mut NativeClient| {
        let Event::Refused { .. } = bob.ask(say("ops", "here?")) else { return true };
        false
    };
    let mut bob = registered(&server, "bob");
    bob.join("ops");
    goes_away(&mut ana, bob);
    change(&mut ana, r#"{"type":"give_role","room":"ops","user":"bob","role":"operator"}"#);
    let mut bob = logged_in(&server, "bob");
    assert!(in_ops(&mut bob));
    let list = bob.ask(Command::Members { room: room("ops") });
    let Event::MemberList { members, .. } = list else { panic!("{list:?}") };
    let roles: Vec<String> =
        members.iter().map(|member| format!("{} {}", member.name, member.role)).collect();
    assert_eq!(roles, ["ana owner", "bob operator"]);
    goes_away(&mut ana, bob);
    change(&mut ana, r#"{"type":"kick","room":"ops","user":"bob"}"#);
    let mut bob = logged_in(&server, "bob");
    assert!(!in_ops(&mut bob), "it does not come back to it by itself");
    bob.join("ops");
    goes_away(&mut ana, bob);
    change(&mut ana, r#"{"type":"ban","room":"ops","user":"BOB","reason":"spam"}"#);
    let mut bob = logged_in(&server, "bob");
    let join = || Command::Join { room: room("ops"), key: None };
    assert!(matches!(bob.refused(join()), Refusal::Banned { .. }));
    let bans = ana.ask(Command::Bans { room: room("ops") });
    let Event::BanList { bans, total: 1, .. } = bans else { panic!("{bans:?}") };
    assert_eq!(bans[0].user.as_str(), "bob");
    change(&mut ana, r#"{"type":"unban","room":"ops","user":"bob"}"#);
    bob.join("ops");
}

#[test]
fn a_ban_of_a_guest_is_one_of_its_name_for_guests_and_for_no_account() {
    let server = Server::start(CHEAP);
    let mut ana = server.native("ana");
    ana.join("ops");
    let mut bob = server.native("bob");
    bob.join("ops");
    change(&mut ana, r#"{"type":"ban","room":"ops","user":"bob"}"#);
    drop(bob);
    let join = || Command::Join { room: room("ops"), key: None };
    let again = std::iter::repeat_with(|| {
        let mut again = NativeClient::connect(server.address());
        again.send_hello(Some("bob"));
        (matches!(again.event(), Event::Welcome(_)), again)
    });
    let mut guest = again.into_iter().find(|(is_welcome, _)| *is_welcome).unwrap().1;
    assert!(matches!(guest.refused(join()), Refusal::Banned { .. }));
    guest.send(Command::Quit { reason: None });
    guest.rest();
    let mut root = logged_in(&server, "root2");
    let user = UserName::parse("bob").unwrap();
    let added = root.ask(Command::AddAccount { user, password: password() });
    assert!(matches!(added, Event::Done { .. }), "{added:?}");
    logged_in(&server, "bob").join("ops");
}

#[test]
fn a_token_for_some_rooms_is_no_administrators_there() {
    let server = Server::start(CHEAP);
    let mut ana = server.native("ana");
    ana.join("ops");
    let mut root = logged_in(&server, "root2");
    root.join("ops");
    let made = root.ask(command(r#"{"type":"make_token","name":"bot","rooms":["ops"]}"#));
    let Event::TokenMade { token, .. } = made else { panic!("{made:?}") };
    let mut bot = hello(&server, &Hello { v: 1, token: Some(token), ..Hello::default() });
    let set = || command(r#"{"type":"set","room":"ops","set":{"setting":"slow","seconds":9}}"#);
    for asked in [set(), command(r#"{"type":"kick","room":"ops","user":"ana"}"#)] {
        assert!(matches!(bot.refused(asked), Refusal::NotAllowed { .. }));
    }
    assert_eq!(bot.refused(Command::Status), Refusal::OutOfScope);
    let answer = root.ask(set());
    assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
}

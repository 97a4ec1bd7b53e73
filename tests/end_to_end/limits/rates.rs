//! How fast somebody may be: a burst is fine, a flood is slowed, then refused, then ended.

use chat_protocol::Refusal;
use chat_protocol::command::HistoryRange;
use samovar_tests::{Client, Signal, room, say};

use super::*;

fn notices(told: &[Event]) -> Vec<&str> {
    told.iter()
        .filter_map(|event| match event {
            Event::Notice { text } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("number {n}")).collect()
}

#[test]
fn messages_over_the_rate_wait_and_all_are_stored_and_it_is_told_once() {
    let server = server("messages_per_second = 100\n");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let said = texts(1_100);
    let (answers, told) = all_at_once(&mut ana, said.iter().map(|text| say("lobby", text)));
    assert!(answers.iter().all(|answer| matches!(answer, Event::Stored { .. })));
    let told = notices(&told);
    assert_eq!(told, ["you are too fast: 100 messages a second are read here, the others wait"]);
    assert!(hits(&server, "limits.messages_per_second") > 0);
    let mut reader = server.native("bob");
    assert_eq!(reader.stored("lobby"), said);
}

#[test]
fn a_pipe_of_lines_is_slowed_and_said_whole() {
    let server =
        server("messages_per_second = 100\nflood_refused = \"1ms\"\nflood_closed = \"1ms\"\n");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut nc = Client::netcat(server.address(), &["-N"]);
    let said = texts(1_100);
    nc.send(said.iter().map(|text| format!("{text}\n")).collect::<String>());
    nc.end();
    for text in &said {
        assert_eq!(ana.message().2, *text);
    }
}

#[test]
fn sessions_of_an_account_and_of_an_address_share_their_rate() {
    let server = server(
        "messages_per_second = 1000\nmessages_per_second_per_address = 20\n\
         queries_per_second = 5\nqueries_per_second_per_address = 1000\n",
    );
    let mut clients: Vec<NativeClient> = (0..3).map(|n| server.native(&format!("n{n}"))).collect();
    let mut told = Vec::new();
    for client in &mut clients {
        client.join("lobby");
        let (_, more) = all_at_once(client, texts(70).iter().map(|text| say("lobby", text)));
        told.extend(notices(&more).into_iter().map(str::to_owned));
    }
    assert_eq!(
        told,
        ["you are too fast: 20 messages a second from your address are read here, the others wait"],
        "the third one"
    );
    // Two sessions of one account, of which neither alone is too fast.
    let password = || chat_protocol::Password::parse("correct-horse").unwrap();
    let mut ana = server.native("ana");
    ana.ask(Command::Register { password: password() });
    let mut again = server.native("guest");
    let name = chat_protocol::UserName::parse("ana").unwrap();
    again.ask(Command::Login { name, password: password(), keeps_name: false });
    let page =
        || Command::History { room: room("lobby"), range: HistoryRange::default(), limit: 1 };
    let one = all_at_once(&mut ana, (0..30).map(|_| page())).1;
    let other = all_at_once(&mut again, (0..30).map(|_| page())).1;
    assert_eq!(notices(&one), Vec::<&str>::new());
    assert_eq!(
        notices(&other),
        ["you are too fast: 5 questions for what was said a second are read here, the others wait"]
    );
}

#[test]
fn a_flood_of_commands_is_refused_and_then_ended() {
    let limits = "commands_per_second = 20\nflood_refused = \"200ms\"\nflood_closed = \"500ms\"\n";
    let server = server(limits);
    let mut ana = server.native("ana");
    let mut bytes = Vec::new();
    for _ in 0..2_000 {
        bytes.extend(ana.request(Command::Rooms).1);
    }
    ana.raw().send(bytes);
    let told = ana.until_lost();
    let is = |event: &Event| match event {
        Event::RoomList { .. } => 0,
        Event::Notice { .. } => 1,
        Event::Refused { id: Some(_), refusal: Refusal::TooFast { .. }, .. } => 2,
        Event::Refused { id: None, refusal: Refusal::TooFast { .. }, .. } => 3,
        other => panic!("{other:?}"),
    };
    let mut order: Vec<i32> = told.iter().map(is).collect();
    order.retain(|kind| *kind > 0);
    order.dedup();
    assert_eq!(order, [1, 2, 3], "told, refused, ended");
    // Nobody waits for who floods, and it may come back.
    let mut bob = server.native("bob");
    bob.join("lobby");
    drop(server.native("ana"));
}

#[test]
fn an_irc_client_that_floods_is_refused_too_and_then_ended() {
    let limits = "messages_per_second = 20\nflood_refused = \"200ms\"\nflood_closed = \"500ms\"\n";
    let server = server(limits);
    let mut irc = server.connect();
    irc.send("NICK eve\r\nUSER eve 0 * :eve\r\nJOIN #lobby\r\n");
    let flood: String = (0..2_000).map(|n| format!("PRIVMSG #lobby :number {n}\r\n")).collect();
    irc.send(flood);
    let told = String::from_utf8(irc.until_lost()).unwrap();
    assert!(told.contains("you are too fast: 20 messages a second are read here"), "{told}");
    assert!(told.contains("Too fast: 20 messages a second, and no more."), "{told}");
    let mut bob = server.native("bob");
    assert!(bob.stored("lobby").len() < 1_000);
}

#[test]
fn who_waits_for_each_answer_is_slowed_and_never_refused() {
    let limits = "queries_per_second = 20\nflood_refused = \"1ms\"\nflood_closed = \"1ms\"\n";
    let server = server(limits);
    let mut ana = server.native("ana");
    ana.join("lobby");
    for _ in 0..210 {
        assert_eq!(ana.stored("lobby"), Vec::<String>::new());
    }
    assert!(hits(&server, "limits.queries_per_second") > 0);
}

#[test]
fn rooms_are_made_so_many_an_hour_and_those_that_are_there_are_entered() {
    let server = server("rooms_per_hour = 3\nrooms_per_hour_per_address = 5\n");
    let mut ana = server.native("ana");
    let join = |name: &str| Command::Join { room: room(name), key: None };
    for name in ["one", "two", "three"] {
        ana.join(name);
        ana.say(name, "mine");
    }
    let refusal = ana.refused(join("four"));
    assert!(matches!(refusal, Refusal::TooManyRoomsMade { seconds: 1_000.. }), "{refusal:?}");
    // Of its address there are two left.
    let mut bob = server.native("bob");
    bob.join("one");
    bob.join("bobs");
    let mut eve = server.native("eve");
    eve.join("eves");
    let refusal = eve.refused(join("evil"));
    assert!(matches!(refusal, Refusal::TooManyRoomsMade { .. }), "{refusal:?}");
    ana.join("bobs");
    assert_eq!(hits(&server, "limits.rooms_per_hour"), 2);
}

#[test]
fn who_is_exempt_is_as_fast_as_it_likes_and_so_is_everybody_without_limits() {
    for limits in [
        "messages_per_second = 1\n",
        "exempt = []\nenabled = false\nmessages_per_second = 1\nconnections_per_address = 1\n",
        "exempt = []\nmessages_per_second = \"off\"\nmessages_per_second_per_address = \"off\"\n",
    ] {
        let server = Server::start(&format!("[limits]\n{limits}"));
        let _other = server.native("other");
        let mut ana = server.native("ana");
        ana.join("lobby");
        let (answers, told) = all_at_once(&mut ana, texts(500).iter().map(|it| say("lobby", it)));
        assert!(answers.iter().all(|answer| matches!(answer, Event::Stored { .. })));
        assert_eq!(notices(&told), Vec::<&str>::new(), "{limits}");
    }
}

#[test]
fn rates_are_read_again_for_who_comes_then() {
    let server = server("messages_per_second = 1\n");
    server.write_config(&config("messages_per_second = \"off\"\nlogin_attempts = 1\n"));
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let (_, told) = all_at_once(&mut ana, texts(100).iter().map(|text| say("lobby", text)));
    assert_eq!(notices(&told), Vec::<&str>::new());
    let login = || Command::Login {
        name: chat_protocol::UserName::parse("root2").unwrap(),
        password: chat_protocol::Password::parse("wrong-horse").unwrap(),
        keeps_name: false,
    };
    assert_eq!(ana.refused(login()), Refusal::LoginFailed);
    assert!(matches!(ana.refused(login()), Refusal::TooManyTries { .. }));
}

#[test]
fn guessing_is_slowed_down_for_an_address_whatever_the_names() {
    let server = server("login_attempts_per_address = 3\nlogin_attempts = \"off\"\n");
    let login = |n: u32| Command::Login {
        name: chat_protocol::UserName::parse(&format!("nobody{n}")).unwrap(),
        password: chat_protocol::Password::parse("wrong-horse").unwrap(),
        keeps_name: false,
    };
    let answers: Vec<Refusal> =
        (0..5).map(|n| server.native(&format!("guest{n}")).refused(login(n))).collect();
    assert_eq!(answers[..3], [Refusal::LoginFailed, Refusal::LoginFailed, Refusal::LoginFailed]);
    assert!(matches!(answers[4], Refusal::TooManyTries { .. }), "{answers:?}");
    // Who comes in another way is somebody else.
    assert_eq!(printed(server.home(), &["account", "list"]), "");
    assert_eq!(hits(&server, "limits.login_attempts"), 2);
}

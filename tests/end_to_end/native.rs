//! The native protocol, as a program in any language sees it.

use chat_protocol::command::{Command, HistoryRange};
use chat_protocol::{Event, LineText, Refusal, RequestId, Sequence};
use samovar_tests::{Cast, NativeClient, Server, Style, room, say};

fn check(script: &str) {
    let server = Server::start("[line]\nidentify = \"ask\"\n");
    Cast::new(Style::Samovar).play(&server, script);
}

#[test]
fn a_hello_is_answered_by_a_welcome() {
    check(
        r#"
        ana connects natively
        ana> {"type":"hello","v":1,"name":"ana","client":"a test"}
        ana< {"type":"welcome","v":1,"server":"Samovar","name":"ana","default_room":"lobby"}
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"refused","refusal":{"code":"hello_twice"}}
        ana> {"type":"join","room":"lobby","id":1}
        ana< {"type":"entered","id":1,"room":"lobby","members":["ana"],"members_total":1,"seq":0}
        ana> {"type":"ping","id":2}
        ana< {"type":"pong","id":2}
        ana> {"type":"quit"}
        ana is closed
        "#,
    );
}

#[test]
fn another_version_is_refused_with_the_one_that_is_spoken() {
    check(
        r#"
        ana connects natively
        ana> {"type":"hello","v":99,"name":"ana"}
        ana< {"type":"refused","refusal":{"code":"version","v":99,"supported":1}}
        # the same connection may try again
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"welcome","v":1,"name":"ana"}
        "#,
    );
}

#[test]
fn a_command_before_the_hello_is_refused() {
    check(
        r#"
        ana connects natively
        ana> {"type":"join","room":"lobby","id":5}
        ana< {"type":"refused","id":5,"refusal":{"code":"hello_first"}}
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"welcome","name":"ana"}
        "#,
    );
}

#[test]
fn what_a_newer_client_says_is_answered_cleanly() {
    check(
        r#"
        ana connects natively
        ana> {"type":"hello","v":1,"name":"ana","from_the_future":{"x":[1]}}
        ana< {"type":"welcome","name":"ana"}
        ana> {"type":"levitate","id":1,"height":3}
        ana< {"type":"refused","id":1,"refusal":{"code":"unknown_command","word":"levitate"}}
        ana> {"type":"join","room":"lobby","id":2,"quietly":true}
        ana< {"type":"entered","id":2}
        ana> {"type":"say","room":"lobby","text":"hi","id":3,"colour":"red"}
        ana< {"type":"stored","id":3,"room":"lobby","seq":1}
        ana< {"type":"message","room":"lobby","seq":1,"from":"ana","text":"hi"}
        # without an id, the answer has none either
        ana> {"type":"ping"}
        ana< {"type":"pong","id":null}
        "#,
    );
}

#[test]
fn an_observer_looks_on_and_says_nothing() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.say("lobby", "before");
    let mut eye = NativeClient::connect(server.address());
    assert_eq!(eye.hello(None).name, None);
    assert_eq!(eye.refused(say("lobby", "boo")), Refusal::NotNamed);
    assert_eq!(eye.refused(Command::Join { room: room("lobby"), key: None }), Refusal::NotNamed);
    assert_eq!(eye.refused(Command::Away { text: None }), Refusal::NotNamed);
    assert_eq!(eye.refused(say("@ana", "boo")), Refusal::NotNamed);
    let Event::RoomList { rooms, total, .. } = eye.ask(Command::Rooms) else {
        panic!("no list of rooms");
    };
    assert_eq!((rooms.len(), total, rooms[0].members), (1, 1, 1));
    let Event::UserList { users, .. } = eye.ask(Command::Users) else {
        panic!("no list of users");
    };
    assert_eq!(users.len(), 1, "an observer is nobody: {users:?}");
    let page = eye.ask(Command::History {
        room: room("lobby"),
        range: HistoryRange::default(),
        limit: 10,
    });
    assert!(matches!(page, Event::History { events, .. } if events.len() == 1));
    let watched = eye.ask(Command::Watch { room: room("lobby") });
    assert!(matches!(watched, Event::Entered { seq: Sequence(1), .. }), "{watched:?}");
    ana.say("lobby", "live");
    assert_eq!(eye.message(), (2, "ana".to_owned(), "live".to_owned()));
    // Nobody was told of it.
    let mut bob = server.native("bob");
    bob.join("lobby");
    let told = (0..3).map(|_| ana.event()).collect::<Vec<Event>>();
    assert!(matches!(&told[2], Event::Joined { user, .. } if user.as_str() == "bob"), "{told:?}");
}

#[test]
fn two_thousand_in_one_go_are_stored_in_order_and_acknowledged_in_order() {
    const MESSAGES: u64 = 2_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    ana.join("lobby");
    bob.join("lobby");
    let (mut ids, mut bytes) = (Vec::new(), Vec::new());
    for number in 0..MESSAGES {
        let (id, frame) = ana.request(say("lobby", &format!("number {number}")));
        ids.push(id);
        bytes.extend(frame);
    }
    ana.raw().send(bytes);
    let acknowledged: Vec<(RequestId, Sequence)> = std::iter::from_fn(|| Some(ana.event()))
        .filter_map(|event| match event {
            Event::Stored { id, seq, .. } => Some((id.unwrap(), seq)),
            Event::Message { .. } | Event::Joined { .. } => None,
            other => panic!("{other:?}"),
        })
        .take(ids.len())
        .collect();
    let dense: Vec<(RequestId, Sequence)> = ids.into_iter().zip((1..).map(Sequence)).collect();
    assert_eq!(acknowledged, dense);
    for number in 0..MESSAGES {
        let expected = (number + 1, "ana".to_owned(), format!("number {number}"));
        assert_eq!(bob.message(), expected);
    }
    bob.say("lobby", "the end");
    assert_eq!(bob.message().0, MESSAGES + 1);
}

#[test]
fn a_retry_with_the_same_key_gets_the_first_result_and_leaves_no_hole() {
    check(
        r#"
        ana connects natively
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"welcome"}
        ana> {"type":"join","room":"lobby","id":1}
        ana< {"type":"entered","id":1}
        ana> {"type":"say","room":"lobby","text":"once","id":2,"key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        ana< {"type":"stored","id":2,"seq":1,"key":"01890a5d-ac96-774b-bcce-b302099a8057","duplicate":null}
        ana< {"type":"message","seq":1,"text":"once","key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        ana> {"type":"say","room":"lobby","text":"once","id":3,"key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        ana< {"type":"stored","id":3,"seq":1,"key":"01890a5d-ac96-774b-bcce-b302099a8057","duplicate":true}
        ana> {"type":"say","room":"lobby","text":"twice","id":4,"key":"01890a5d-ac96-774b-bcce-b302099a8058"}
        ana< {"type":"stored","id":4,"seq":2}
        ana< {"type":"message","seq":2,"text":"twice"}
        # another's key is another key
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome"}
        bob> {"type":"join","room":"lobby","id":1}
        bob< {"type":"entered","id":1,"seq":2}
        bob< {"type":"history","events":[{"seq":1,"text":"once"},{"seq":2,"text":"twice"}],"more":false}
        bob> {"type":"say","room":"lobby","text":"me","id":2,"key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        bob< {"type":"stored","id":2,"seq":3,"duplicate":null}
        bob< {"type":"message","seq":3,"text":"me"}
        "#,
    );
}

#[test]
fn a_native_and_a_line_client_talk_in_private() {
    check(
        r#"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome"}
        bob> {"type":"join","room":"@ana","id":0}
        bob< {"type":"entered","id":0,"room":"@ana"}
        bob> {"type":"say","room":"@ana","text":"psst","id":1}
        # where ana speaks stays as it was
        ana< [@bob] bob: psst
        ana> what?
        bob< {"type":"stored","id":1,"room":"@ana","seq":1}
        bob< {"type":"message","room":"@ana","seq":1,"from":"bob","text":"psst"}
        ana> /msg bob yes?
        bob< {"type":"message","room":"@ana","seq":2,"from":"ana","text":"yes?"}
        ana> /join @bob
        ana< * you are in @bob
        ana> tea?
        bob< {"type":"message","room":"@ana","seq":3,"from":"ana","text":"tea?"}
        bob> {"type":"say","room":"@ana","text":"coffee","id":2}
        ana< bob: coffee
        # a third one hears nothing of it
        eve connects natively
        eve> {"type":"hello","v":1,"name":"eve"}
        eve< {"type":"welcome"}
        eve> {"type":"history","room":"@ana","id":1}
        eve< {"type":"refused","id":1}
        eve> {"type":"rooms","id":2}
        eve< {"type":"room_list","id":2,"rooms":[{"room":"lobby"}],"total":1}
        "#,
    );
}

#[test]
fn a_direct_message_arrives_with_its_own_sequence() {
    let server = Server::start("");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    assert_eq!(ana.say("@bob", "one"), Sequence(1));
    assert_eq!(bob.message(), (1, "ana".to_owned(), "one".to_owned()));
    assert_eq!(bob.say("@ana", "two"), Sequence(2));
    assert_eq!(ana.message().0, 1);
    assert_eq!(ana.message(), (2, "bob".to_owned(), "two".to_owned()));
    assert_eq!(
        ana.refused(say("@nobody1", "x")),
        Refusal::NoSuchUser { name: "nobody1".parse().unwrap() }
    );
}

#[test]
fn a_direct_room_follows_the_other_ones_new_name() {
    check(
        r#"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome"}
        ana> /join @bob
        ana< * you are in @bob
        ana> one
        bob< {"type":"entered","room":"@ana"}
        bob< {"type":"message","room":"@ana","seq":1,"from":"ana","text":"one"}
        bob> {"type":"nick","name":"rob","id":1}
        ana< * bob is now rob
        ana> two
        ana> /msg rob three
        bob< {"type":"renamed","from":"bob","to":"rob"}
        bob< {"type":"done","id":1}
        bob< {"type":"message","room":"@ana","seq":2,"from":"ana","text":"two"}
        bob< {"type":"message","room":"@ana","seq":3,"from":"ana","text":"three"}
        bob> {"type":"say","room":"@ana","text":"four","id":2}
        ana< rob: four
        # and ends with its guest
        bob hangs up
        ana< * the talk with rob is over; you are in lobby
        ana> /msg rob five
        ana< ! There is no rob here. /who lists who is.
        "#,
    );
}

#[test]
fn topic_away_and_actions_are_told_to_natives() {
    check(
        r#"
        ana connects natively
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"welcome"}
        ana> {"type":"join","room":"lobby","id":1}
        ana< {"type":"entered","id":1,"topic":null}
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, bob
        ana< {"type":"joined","room":"lobby","user":"bob"}
        bob> /topic tea
        ana< {"type":"topic_changed","room":"lobby","seq":1,"from":"bob","topic":"tea"}
        bob< * bob set the topic: tea
        ana> {"type":"get_topic","room":"lobby","id":2}
        ana< {"type":"topic_is","id":2,"topic":"tea"}
        bob> /me waves
        ana< {"type":"message","seq":2,"from":"bob","kind":"action","text":"waves"}
        bob> /away lunch
        bob< * bob is away: lunch
        ana< {"type":"away_changed","user":"bob","text":"lunch"}
        ana> {"type":"members","room":"lobby","id":3}
        ana< {"type":"member_list","id":3,"members":[{"name":"ana"},{"name":"bob","away":"lunch"}],"total":2}
        bob> /away
        bob< * bob is back
        ana< {"type":"away_changed","user":"bob","text":null}
        ana> {"type":"set_topic","room":"lobby","topic":"","id":4}
        ana< {"type":"stored","id":4,"seq":3}
        ana< {"type":"topic_changed","seq":3,"topic":""}
        bob< * ana cleared the topic
        bob> /quit
        ana< {"type":"gone","user":"bob"}
        "#,
    );
}

#[test]
fn a_new_name_is_told_once_to_who_shares_two_rooms() {
    let server = Server::start("");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    for name in ["tea", "coffee"] {
        ana.join(name);
        bob.join(name);
    }
    let done = ana.ask(Command::Nick { name: "maya".parse().unwrap() });
    assert!(matches!(done, Event::Done { .. }), "{done:?}");
    ana.ask(Command::Away { text: Some(LineText::parse("lunch").unwrap()) });
    ana.say("tea", "end");
    ana.say("coffee", "end");
    ana.send(Command::Quit { reason: None });
    bob.send(Command::Ping);
    let (mut renamed, mut away, mut gone) = (0, 0, 0);
    while gone == 0 {
        match bob.event() {
            Event::Renamed { from, to } => {
                assert_eq!((from.as_str(), to.as_str()), ("ana", "maya"));
                renamed += 1;
            }
            Event::AwayChanged { .. } => away += 1,
            Event::Message { from, .. } => assert_eq!(from.as_str(), "maya"),
            Event::Gone { user, .. } => {
                assert_eq!(user.as_str(), "maya");
                gone += 1;
            }
            Event::Pong { .. } | Event::Entered { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    // Anything told twice would come before the answer to this.
    let mut eve = server.native("eve");
    eve.join("tea");
    eve.join("coffee");
    loop {
        match bob.event() {
            Event::Joined { room: of, .. } if of == room("coffee") => break,
            // What was said in the other room may come behind: order is a room's own.
            Event::Joined { .. } | Event::Pong { .. } | Event::Message { .. } => {}
            other => panic!("told twice: {other:?}"),
        }
    }
    assert_eq!((renamed, away, gone), (1, 1, 1));
}

#[test]
fn a_taken_name_is_refused_and_an_old_one_is_free() {
    let server = Server::start("");
    let [mut ana, bob] = ["ana", "bob"].map(|name| server.native(name));
    let nick = |name: &str| Command::Nick { name: name.parse().unwrap() };
    assert!(matches!(ana.refused(nick("BOB")), Refusal::NameTaken { .. }));
    drop(bob);
    server.wait_for_log("name=\"bob\" why=");
    assert!(matches!(ana.ask(nick("bob")), Event::Done { .. }));
    let _another = server.native("ana");
}

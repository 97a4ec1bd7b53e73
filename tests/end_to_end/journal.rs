//! What was acknowledged is there: after a kill, a restart, a room that was empty.

use std::collections::BTreeMap;

use chat_protocol::{Command, Event, LineText, RequestId, Sequence};
use samovar_tests::{Cast, NativeClient, Server, Setup, Signal, Style, room, say};

/// The texts of a room by their sequences.
fn stored(server: &Server, name: &str) -> BTreeMap<u64, String> {
    let mut observer = NativeClient::connect(server.address());
    observer.hello(None);
    (1..).zip(observer.stored(name)).collect()
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_sequences_go_on() {
    const ROUNDS: usize = 3;
    const SENT: usize = 600;
    const ACKNOWLEDGED: usize = 100;
    let mut server = Server::start("");
    let mut known: BTreeMap<u64, String> = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut ana = server.native("ana");
        let mut bob = server.native("bob");
        ana.join("lobby");
        bob.join("lobby");
        let (mut texts, mut bytes) = (BTreeMap::new(), Vec::new());
        for number in 0..SENT {
            let text = format!("{round}/{number}");
            let (id, frame) = ana.request(say("lobby", &text));
            bytes.extend(frame);
            texts.insert(id, text);
        }
        ana.raw().send(bytes);
        // In the middle of it, the daemon dies.
        let mut acknowledged: Vec<(RequestId, Sequence)> = Vec::new();
        while acknowledged.len() < ACKNOWLEDGED {
            if let Event::Stored { id, seq, .. } = ana.event() {
                acknowledged.push((id.unwrap(), seq));
            }
        }
        server = server.restart(Signal::KILL);
        let after = stored(&server, "lobby");
        for (seq, text) in &known {
            assert_eq!(after.get(seq), Some(text), "known before, and changed");
        }
        for (id, seq) in acknowledged {
            assert_eq!(after.get(&seq.0), texts.get(&id), "acknowledged, and not there");
        }
        for event in bob.until_lost() {
            if let Event::Message { seq, text, .. } = event {
                assert_eq!(after.get(&seq.0).map(String::as_str), Some(text.as_str()), "shown");
            }
        }
        // Nothing is there that was not sent, and nothing twice.
        let new: Vec<&String> = after.range(1 + last(&known)..).map(|(_, text)| text).collect();
        let sent: Vec<&String> = texts.values().take(new.len()).collect();
        assert_eq!(new, sent);
        known = after;
    }
    let mut bob = server.native("bob");
    assert_eq!(bob.join("lobby").0, last(&known));
    assert_eq!(bob.say("lobby", "goes on").0, last(&known) + 1);
}

fn last(texts: &BTreeMap<u64, String>) -> u64 {
    texts.keys().next_back().copied().unwrap_or(0)
}

#[test]
fn what_was_said_before_a_kill_is_shown_on_entering() {
    let setup = Setup::new("[line]\nidentify = \"ask\"\n").listen("line://127.0.0.1:0");
    let server = setup.start();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, bob
        ana< * bob joined
        ana> shown, so it is stored
        bob< ana: shown, so it is stored
        ana> /topic tea at five
        bob< * ana set the topic: tea at five
        ana< * ana set the topic: tea at five
        ",
    );
    let server = server.restart(Signal::KILL);
    cast.play(
        &server,
        r"
        ana is closed
        bob is closed
        eve connects
        eve<< Please enter your name:\s
        eve> ana
        eve< Welcome ana
        eve< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        eve< * you are in lobby, 1 here: ana
        eve< * topic: tea at five
        eve< * last 2 messages of lobby:
        eve< [MM-DD hh:mm] ana: shown, so it is stored
        eve< [MM-DD hh:mm] * ana set the topic: tea at five
        eve< * end of history
        ",
    );
    cast.finish(server);
}

#[test]
fn a_topic_survives_a_clean_restart() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("ops");
    let topic = LineText::parse("deploys, alerts").unwrap();
    let set = ana.ask(Command::SetTopic { room: room("ops"), topic });
    assert!(matches!(set, Event::Stored { seq: Sequence(1), .. }), "{set:?}");
    let server = server.restart(Signal::TERM);
    let mut bob = server.native("bob");
    let asked = bob.ask(Command::GetTopic { room: room("ops") });
    let Event::TopicIs { topic: Some(topic), .. } = asked else {
        panic!("no topic: {asked:?}");
    };
    assert_eq!(topic.as_str(), "deploys, alerts");
    let entered = bob.ask(Command::Join { room: room("ops"), key: None });
    assert!(
        matches!(&entered, Event::Entered { topic: Some(topic), seq: Sequence(1), .. }
            if topic.as_str() == "deploys, alerts"),
        "{entered:?}"
    );
}

#[test]
fn a_room_that_was_left_empty_goes_on_where_it_was() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("ops");
    assert_eq!(ana.say("ops", "one").0, 1);
    assert_eq!(ana.say("ops", "two").0, 2);
    let left = ana.ask(Command::Leave { room: room("ops"), reason: None });
    assert!(matches!(left, Event::Done { .. }), "{left:?}");
    let Event::RoomList { rooms, .. } = ana.ask(Command::Rooms) else {
        panic!("no list of rooms");
    };
    assert_eq!((rooms.len(), rooms[0].members), (1, 0), "an empty room is still listed");
    assert_eq!(ana.join("ops").0, 2);
    assert_eq!(ana.say("ops", "three").0, 3);
    let texts: Vec<String> = stored(&server, "ops").into_values().collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_key_is_known_after_others_came_between() {
    let server = Server::start("");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        ana connects natively
        ana> {"type":"hello","v":1,"name":"ana"}
        ana< {"type":"welcome"}
        ana> {"type":"join","room":"lobby","id":1}
        ana< {"type":"entered","id":1}
        ana> {"type":"say","room":"lobby","text":"a","id":2,"key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        ana< {"type":"stored","id":2,"seq":1}
        ana< {"type":"message","seq":1}
        ana> {"type":"say","room":"lobby","text":"b","id":3}
        ana< {"type":"stored","id":3,"seq":2}
        ana< {"type":"message","seq":2}
        ana> {"type":"leave","room":"lobby","id":4}
        ana< {"type":"done","id":4}
        ana< {"type":"exited","room":"lobby"}
        ana> {"type":"join","room":"lobby","id":5}
        ana< {"type":"entered","id":5,"seq":2}
        ana< {"type":"history","events":[{"seq":1},{"seq":2}]}
        ana> {"type":"say","room":"lobby","text":"a","id":6,"key":"01890a5d-ac96-774b-bcce-b302099a8057"}
        ana< {"type":"stored","id":6,"seq":1,"duplicate":true}
        ana> {"type":"say","room":"lobby","text":"c","id":7}
        ana< {"type":"stored","id":7,"seq":3}
        "#,
    );
}

#[test]
fn a_second_daemon_on_the_same_data_refuses_to_start() {
    let server = Server::start("");
    let data = server.home().data();
    let second = Setup::default().data(&data).run(&samovar_tests::Home::new(), &[]);
    assert_eq!(second.code, Some(1), "{second:?}");
    let message = format!(
        "chat-server: another chat-server uses the data directory {}; stop it, or choose another \
         with --data",
        data.display()
    );
    assert!(second.stderr.contains(&message), "{}", second.stderr);
    assert!(!second.stderr.contains("listening url="), "{}", second.stderr);
    // The first one has not noticed.
    let mut ana = server.native("ana");
    ana.join("lobby");
    assert_eq!(ana.say("lobby", "still here").0, 1);
}

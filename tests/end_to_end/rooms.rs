//! Many people in many rooms: a message reaches all of its own room, once and in one order, and
//! nobody else.

use std::sync::Barrier;
use std::thread;

use chat_protocol::command::{Command, HistoryRange};
use chat_protocol::{Event, Refusal, Sequence};
use samovar_tests::{Cast, Client, NativeClient, Server, Setup, Style, check, room};

const LINES: usize = 20;
const NATIVES: usize = 10;
const MESSAGES_EACH: usize = 10;

/// A class: twenty with `nc`'s way of speaking, ten with the native one.
#[test]
fn thirty_at_once_each_receive_all_of_the_others_once_and_in_one_order() {
    let server =
        Setup::default().listen("line://127.0.0.1:0").listen("native://127.0.0.1:0").start();
    let mut lines: Vec<Client> = (0..LINES).map(|_| greeted(&server)).collect();
    let mut natives: Vec<NativeClient> = (0..NATIVES)
        .map(|number| {
            let client = NativeClient::connect(server.address_of(1));
            let mut client = client.greeted(&format!("pupil{number}"));
            client.join("lobby");
            client
        })
        .collect();
    let texts = |pupil: usize| (0..MESSAGES_EACH).map(move |n| format!("pupil {pupil} says {n}"));
    let start = Barrier::new(LINES + NATIVES);
    let received: Vec<Vec<String>> = thread::scope(|scope| {
        let mut pupils = Vec::new();
        for (pupil, client) in lines.iter_mut().enumerate() {
            let start = &start;
            pupils.push(scope.spawn(move || {
                start.wait();
                for text in texts(pupil) {
                    client.send(format!("{text}\n"));
                }
                let expected = (LINES + NATIVES - 1) * MESSAGES_EACH;
                (0..expected).map(|_| heard(client)).collect::<Vec<String>>()
            }));
        }
        for (number, client) in natives.iter_mut().enumerate() {
            let (start, pupil) = (&start, LINES + number);
            pupils.push(scope.spawn(move || {
                start.wait();
                for text in texts(pupil) {
                    client.send(samovar_tests::say("lobby", &text));
                }
                let expected = (LINES + NATIVES) * MESSAGES_EACH;
                let messages = (0..expected).map(|_| client.message());
                let all: Vec<String> = messages.map(|(_, _, text)| text).collect();
                all.into_iter().filter(|text| !texts(pupil).any(|own| own == *text)).collect()
            }));
        }
        pupils.into_iter().map(|pupil| pupil.join().unwrap()).collect()
    });
    let stored = natives[0].stored("lobby");
    assert_eq!(stored.len(), (LINES + NATIVES) * MESSAGES_EACH);
    for (pupil, received) in received.iter().enumerate() {
        let others: Vec<&String> =
            stored.iter().filter(|text| !texts(pupil).any(|own| own == **text)).collect();
        assert_eq!(received.iter().collect::<Vec<_>>(), others, "pupil {pupil}");
        let own: Vec<&String> =
            stored.iter().filter(|text| texts(pupil).any(|own| own == **text)).collect();
        assert_eq!(own, texts(pupil).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }
    // Nothing came twice: the next thing that everybody hears is this.
    natives[0].say("lobby", "the lesson is over");
    for client in &mut lines {
        assert_eq!(heard(client), "the lesson is over");
    }
    for client in &mut natives {
        assert_eq!(client.message().2, "the lesson is over");
    }
}

/// A line client that has been greeted.
fn greeted(server: &Server) -> Client {
    let mut client = server.connect();
    for expected in ["Welcome ", "Type to talk.", "* you are in lobby"] {
        let line = String::from_utf8(client.line()).unwrap();
        assert!(line.starts_with(expected), "{line}");
    }
    client
}

/// The text of the next message; who comes and goes is skipped.
fn heard(client: &mut Client) -> String {
    loop {
        let line = String::from_utf8(client.line()).unwrap();
        if !line.starts_with("* ") {
            let (_name, text) = line.split_once(": ").unwrap();
            return text.trim_end_matches('\n').to_owned();
        }
    }
}

#[test]
fn rooms_do_not_hear_each_other() {
    let server = Setup::new("[line]\nidentify = \"ask\"\n").listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Samovar);
    let enter = |name: &str, members: &str| {
        format!(
            "
            {name} connects
            {name}<< Please enter your name:\\s
            {name}> {name}
            {name}< Welcome {name}
            {name}< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
            {name}< * you are in lobby, {members}
            "
        )
    };
    cast.play(&server, &enter("ana", "1 here: ana"));
    cast.play(&server, &enter("bob", "2 here: ana, bob"));
    cast.play(
        &server,
        "
        ana< * bob joined
        # /join makes a room current and keeps the others
        bob> /join ops
        bob< * you are in ops, 1 here: bob
        bob> nobody hears this
        ana> hello lobby
        bob< [lobby] ana: hello lobby
        # ana has heard nothing of ops: the next thing is this
        bob> /leave lobby
        bob< * you left lobby
        ana< * bob left
        ana> bob has gone
        # and bob nothing of lobby
        ana> /join ops
        ana< * you are in ops, 2 here: bob, ana
        ana< * last 1 message of ops:
        ana< [MM-DD hh:mm] bob: nobody hears this
        ana< * end of history
        bob< * ana joined
        ana> ops at last
        bob< ana: ops at last
        bob> /rooms
        bob< * rooms (2):
        bob<   ops  2 here
        bob<   lobby  1 here
        bob> /who lobby
        bob< * in lobby (1): ana
        bob> /leave
        bob< * you left ops; you are in no room; /join ROOM enters one
        ana< * bob left
        bob> does anybody hear me?
        bob< ! You are in no room. /join ROOM
        ana> /leave
        ana< * you left ops; you are in lobby
        ",
    );
    cast.finish(server);
}

#[test]
fn natives_in_two_rooms_hear_their_own() {
    let server = Server::start("");
    let [mut ana, mut bob, mut eve] = ["ana", "bob", "eve"].map(|name| server.native(name));
    ana.join("tea");
    bob.join("coffee");
    eve.join("tea");
    eve.join("coffee");
    assert_eq!(ana.say("tea", "green"), Sequence(1));
    assert_eq!(bob.say("coffee", "black"), Sequence(1));
    assert_eq!(eve.say("tea", "end"), Sequence(2));
    assert_eq!(eve.say("coffee", "end"), Sequence(2));
    let heard = |client: &mut NativeClient| {
        let mut texts = vec![client.message().2];
        while texts.last().is_some_and(|text| text != "end") {
            texts.push(client.message().2);
        }
        texts
    };
    assert_eq!(heard(&mut ana), ["green", "end"]);
    assert_eq!(heard(&mut bob), ["black", "end"]);
}

#[test]
fn there_are_as_many_rooms_as_there_may_be() {
    let server = Server::start("[rooms]\nmax = 2\n");
    let mut ana = server.native("ana");
    ana.join("one");
    ana.join("two");
    let three = || Command::Join { room: room("three"), key: None };
    assert_eq!(ana.refused(three()), Refusal::TooManyRooms { limit: 2 });
    // Those that there are stay open to others.
    let mut bob = server.native("bob");
    bob.join("two");
    assert_eq!(bob.refused(three()), Refusal::TooManyRooms { limit: 2 });
}

#[test]
fn a_user_is_in_as_many_rooms_as_it_may_be() {
    let server = Server::start("[rooms]\nper_user_max = 2\n");
    let mut ana = server.native("ana");
    ana.join("one");
    ana.join("two");
    let three = || Command::Join { room: room("three"), key: None };
    assert_eq!(ana.refused(three()), Refusal::TooManyJoined { limit: 2 });
    // Entering again is no other room, and who leaves one may enter another.
    ana.join("two");
    ana.ask(Command::Leave { room: room("one"), reason: None });
    ana.join("three");
}

#[test]
fn watching_makes_no_rooms_beyond_the_limit() {
    let server = Server::start("[rooms]\nmax = 2\n");
    let mut eye = NativeClient::connect(server.address());
    eye.hello(None);
    let watched = (0..50).map(|n| eye.ask(Command::Watch { room: room(&format!("room{n}")) }));
    let entered = watched.filter(|answer| matches!(answer, Event::Entered { .. })).count();
    assert!(entered <= 2, "{entered} rooms of 2");
    // And those who want to talk still can.
    let mut ana = server.native("ana");
    ana.join("room0");
}

/// A room's history is paged, in bounded pages, from either end.
#[test]
fn pages_of_history_are_bounded_and_have_no_holes() {
    const MESSAGES: u64 = 250;
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    for n in 1..=MESSAGES {
        assert_eq!(ana.say("lobby", &format!("number {n}")).0, n);
    }
    let mut page = |after: Option<u64>, before: Option<u64>, limit: u32| {
        let (after, before) = (after.map(Sequence), before.map(Sequence));
        let range = HistoryRange { after, before, ..HistoryRange::default() };
        match ana.ask(Command::History { room: room("lobby"), range, limit }) {
            Event::History { events, more, .. } => {
                let sequences = events.iter().filter_map(Event::sequence).map(|seq| seq.0);
                (sequences.collect::<Vec<u64>>(), more)
            }
            other => panic!("no page: {other:?}"),
        }
    };
    let run = |from: u64, to: u64| (from..=to).collect::<Vec<u64>>();
    assert_eq!(page(None, None, 5_000), (run(151, 250), true));
    assert_eq!(page(None, Some(151), 100), (run(51, 150), true));
    assert_eq!(page(None, Some(51), 100), (run(1, 50), false));
    assert_eq!(page(Some(0), None, 100), (run(1, 100), true));
    assert_eq!(page(Some(200), None, 100), (run(201, 250), false));
    assert_eq!(page(Some(100), Some(104), 100).0, run(101, 103));
    assert_eq!(page(Some(250), None, 100), (Vec::new(), false));
    assert_eq!(page(Some(u64::MAX), None, 100).0, Vec::<u64>::new());
    assert_eq!(page(None, Some(0), 100).0, Vec::<u64>::new());
    assert_eq!(page(None, Some(u64::MAX), 3).0, run(248, 250));
    assert_eq!(page(None, None, 0).0, Vec::<u64>::new());
}

/// Subscribed first, then shown what was before: nothing is missed between the two, nor told twice.
#[test]
fn who_comes_and_goes_under_load_sees_no_gap_and_no_repeat() {
    const MESSAGES: u64 = 3_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut bytes = Vec::new();
    for n in 1..=MESSAGES {
        bytes.extend(ana.request(samovar_tests::say("lobby", &n.to_string())).1);
    }
    thread::scope(|scope| {
        for number in 0..4 {
            let server = &server;
            scope.spawn(move || come_and_go(server, &format!("guest{number}"), MESSAGES));
        }
        ana.raw().send(bytes);
        while ana.message().0 < MESSAGES {}
        // Whoever waits for one more message gets it.
        ana.say("lobby", "end");
    });
}

/// Enters, takes some messages, leaves, and again, until all are there.
fn come_and_go(server: &Server, name: &str, last: u64) {
    let mut guest = server.native(name);
    loop {
        let mut next = 1 + guest.join("lobby").0;
        if next > last {
            return;
        }
        for _ in 0..50 {
            let (seq, from, text) = guest.message();
            assert_eq!((seq, from.as_str()), (next, "ana"), "{name}");
            if seq > last {
                return;
            }
            assert_eq!(text, seq.to_string());
            next += 1;
        }
        let id = guest.send(Command::Leave { room: room("lobby"), reason: None });
        // What is told until it has left goes on in the same way.
        let mut has = (false, false);
        while has != (true, true) {
            match guest.event() {
                Event::Message { seq, .. } => {
                    assert_eq!(seq.0, next, "{name}");
                    next += 1;
                }
                Event::Done { id: done } => has.0 |= done == Some(id),
                Event::Exited { .. } => has.1 = true,
                Event::History { .. }
                | Event::Joined { .. }
                | Event::Left { .. }
                | Event::Gone { .. }
                | Event::Roster { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_name_that_ten_want_at_once_is_had_by_one() {
    let server = Server::start("");
    let start = Barrier::new(10);
    let winners: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = NativeClient::connect(server.address());
                    start.wait();
                    client.send_hello(Some("ana"));
                    let answer = client.event();
                    start.wait(); // nobody goes before all have an answer
                    usize::from(matches!(answer, Event::Welcome(_)))
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert_eq!(winners, 1);
}

#[test]
fn nobody_speaks_in_a_room_without_being_in_it() {
    check(
        Style::Samovar,
        r#"
        ana connects
        ana< Welcome $ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: $ana
        ana> /msg $ana hello me
        ana< [@$ana] $ana: hello me
        ana> /msg nobodyhere hello
        ana< ! There is no nobodyhere here. /who lists who is.
        ana> /leave ops
        ana< ! You are not in ops. /join ops
        ana> /who ops
        ana< ! There is no room ops. /rooms lists them.
        "#,
    );
}

/// Who comes to a room with many is counted; who is there is told as far as it is short.
#[test]
fn a_large_room_tells_how_many_come_and_go_and_not_who() {
    let server = Server::start("[rooms]\nquiet_presence = 2\n");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        eve connects natively
        eve> {"type":"hello","v":1,"name":"eve"}
        eve< {"type":"welcome","name":"eve"}
        eve> {"type":"join","id":1,"room":"lobby"}
        eve< {"type":"entered","id":1,"members":["eve"],"members_total":1}
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome","name":"bob"}
        bob> {"type":"join","id":1,"room":"lobby"}
        bob< {"type":"entered","id":1,"members":["eve","bob"],"members_total":2}
        eve< {"type":"joined","room":"lobby","user":"bob"}
        ana connects
        ana< Welcome $ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 3 here: eve, bob, $ana
        # counted, all in one, the next time that it is told
        eve< {"type":"crowd","room":"lobby","joined":1,"left":0,"members_total":3}
        bob< {"type":"crowd","room":"lobby","joined":1,"left":0,"members_total":3}
        ana< * 1 joined; 3 here
        # messages are for all
        bob> {"type":"say","id":2,"room":"lobby","text":"hi"}
        bob< {"type":"stored","id":2}
        bob< {"type":"message","seq":1}
        eve< {"type":"message","seq":1,"from":"bob"}
        ana< bob: hi
        # and in a small room it is told again who goes
        eve> {"type":"quit"}
        eve is closed
        bob< {"type":"gone","user":"eve"}
        ana< * eve left
        "#,
    );
    cast.finish(server);
}

//! How far one has read: by an event or a time, in one session and told to the others.

use chat_protocol::{Sequence, Timestamp};
use samovar_tests::{Signal, room};

use super::*;

/// Up to which event, and until when.
type Read = (u64, Option<u64>);

#[track_caller]
fn get(client: &mut NativeClient, place: &str) -> Read {
    read_is(client.ask(Command::GetRead { room: room(place) }))
}

#[track_caller]
fn until(client: &mut NativeClient, place: &str, time: u64) -> Read {
    read_is(client.ask(Command::MarkReadUntil { room: room(place), time_ms: Timestamp(time) }))
}

#[track_caller]
fn read_is(answer: Event) -> Read {
    match answer {
        Event::ReadIs { seq, time_ms, .. } => (seq.0, time_ms.map(|time| time.0)),
        other => panic!("{other:?}"),
    }
}

/// The next message's time.
#[track_caller]
fn said_at(client: &mut NativeClient) -> u64 {
    loop {
        if let Event::Message { time_ms, .. } = client.event() {
            return time_ms.0;
        }
    }
}

/// What another session has read, and what was heard before that.
#[track_caller]
fn moved(client: &mut NativeClient) -> (String, Read) {
    loop {
        match client.event() {
            Event::ReadMoved { room, seq, time_ms } => {
                return (room.to_string(), (seq.0, time_ms.map(|time| time.0)));
            }
            Event::Message { .. } | Event::Entered { .. } | Event::History { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_one_session_has_read_the_others_are_told_and_it_is_not() {
    let server = server();
    let mut phone = registered(&server, "ana");
    phone.join("lobby");
    let mut desk = logged_in(&server, "ana", HORSE);
    phone.say("lobby", "one");
    let one = said_at(&mut phone);
    phone.say("lobby", "two");
    let two = said_at(&mut phone);
    done(&phone.ask(Command::MarkRead { room: room("lobby"), seq: Sequence(1) }));
    assert_eq!(moved(&mut desk), ("lobby".to_owned(), (1, Some(one))));
    done(&phone.ask(Command::MarkRead { room: room("lobby"), seq: Sequence(1) }));
    assert_eq!(until(&mut desk, "lobby", two), (2, Some(two)));
    assert_eq!(moved(&mut phone), ("lobby".to_owned(), (2, Some(two))));
    // Who types has read what was shown.
    let mut telnet = server.connect();
    telnet.send(format!("/login ana {HORSE}\n"));
    telnet.lines_until("* you are logged in as ana");
    let mut bob = server.native("bob");
    bob.join("lobby");
    bob.say("lobby", "three");
    let three = said_at(&mut bob);
    while telnet.line() != b"bob: three\n" {}
    telnet.send("/topic\n");
    for client in [&mut phone, &mut desk] {
        let heard = std::iter::from_fn(|| Some(client.event())).find_map(|event| match event {
            Event::ReadMoved { seq, time_ms, .. } => Some((seq, time_ms)),
            _ => None,
        });
        assert_eq!(heard, Some((Sequence(3), Some(Timestamp(three)))));
    }
    // And whoever marks is told nothing: its next event is another.
    phone.say("lobby", "four");
    done(&phone.ask(Command::MarkRead { room: room("lobby"), seq: Sequence(4) }));
    phone.say("lobby", "five");
    let rest: Vec<Event> = std::iter::from_fn(|| Some(phone.event())).take(2).collect();
    let texts = |event: &Event| matches!(event, Event::Message { .. });
    assert!(rest.iter().all(texts), "{rest:?}");
}

#[test]
fn a_time_is_kept_as_it_was_given_and_never_goes_back() {
    let server = server();
    let mut ana = server.native("ana");
    assert_eq!(get(&mut ana, "nowhere"), (0, None));
    ana.join("lobby");
    assert_eq!(get(&mut ana, "lobby"), (0, None), "nobody has said so yet");
    assert_eq!(until(&mut ana, "lobby", 1_546_612_406_123), (0, Some(1_546_612_406_123)));
    assert_eq!(until(&mut ana, "lobby", 1_500_000_000_000), (0, Some(1_546_612_406_123)));
    assert_eq!(until(&mut ana, "@bob", 7), (0, Some(7)), "though nothing was said there");
    ana.say("lobby", "hi");
    let said = said_at(&mut ana);
    let (seq, now) = until(&mut ana, "lobby", u64::MAX);
    assert_eq!(seq, 1);
    assert!(now.is_some_and(|now| now >= said), "a time to come is now: {now:?}");
    done(&ana.ask(Command::Leave { room: room("lobby"), reason: None }));
    match ana.ask(Command::Join { room: room("lobby"), key: None }) {
        Event::Entered { read_ms, .. } => assert_eq!(read_ms.map(|time| time.0), now),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_account_has_read_is_so_after_a_restart() {
    let server = server();
    let mut ana = registered(&server, "ana");
    ana.join("lobby");
    ana.join("ops");
    ana.say("ops", "read");
    let read = said_at(&mut ana);
    ana.say("ops", "unread");
    assert_eq!(until(&mut ana, "lobby", 1_600_000_000_001), (0, Some(1_600_000_000_001)));
    done(&ana.ask(Command::MarkRead { room: room("ops"), seq: Sequence(1) }));
    drop(ana);
    let server = server.restart(Signal::TERM);
    let mut ana = logged_in(&server, "ana", HORSE);
    let mut entered = Vec::new();
    while entered.len() < 2 {
        if let Event::Entered { room, read_ms, .. } = ana.event() {
            entered.push((room.to_string(), read_ms.map(|time| time.0)));
        }
    }
    entered.sort();
    let expected = [("lobby", 1_600_000_000_001), ("ops", read)];
    assert_eq!(entered, expected.map(|(room, time)| (room.to_owned(), Some(time))));
    assert_eq!(get(&mut ana, "ops"), (1, Some(read)));
}

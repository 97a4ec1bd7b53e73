//! What is told to those who are there and kept by nobody: who types, reactions, what programs tell
//! each other. And what a message answers, which is kept.

use chat_protocol::command::{Command, HistoryRange};
use chat_protocol::{
    ClientTags, Event, MessageText, ReactionText, Refusal, SayKind, Sequence, Setting, Signal,
    TypingState, UserName,
};
use samovar_tests::{NativeClient, Server, room, say};

fn typing(place: &str, state: TypingState) -> Command {
    Command::Signal { room: room(place), signal: Signal::Typing { state }, key: None }
}

fn react(place: &str, seq: u64, text: &str) -> Command {
    let text = ReactionText::parse(text).unwrap();
    Command::Signal {
        room: room(place),
        signal: Signal::React { seq: Sequence(seq), text, undo: false },
        key: None,
    }
}

fn answering(place: &str, text: &str, seq: u64) -> Command {
    Command::Say {
        room: room(place),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: Some(Sequence(seq)),
    }
}

#[track_caller]
fn done(client: &mut NativeClient, command: Command) {
    let answer = client.ask(command);
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
}

/// The next message, and what was signalled before it: where, by whom, what.
#[track_caller]
fn until_message(client: &mut NativeClient) -> (String, Vec<(String, String, Signal)>) {
    let mut signals = Vec::new();
    loop {
        match client.event() {
            Event::Message { text, .. } => return (text.to_string(), signals),
            Event::Signal { room, from, signal, .. } => {
                signals.push((room.to_string(), from.to_string(), signal));
            }
            _ => {}
        }
    }
}

fn told(place: &str, from: &str, state: TypingState) -> (String, String, Signal) {
    (place.to_owned(), from.to_owned(), Signal::Typing { state })
}

/// A page with all that is stored.
#[track_caller]
fn history(client: &mut NativeClient, place: &str) -> Vec<Event> {
    let range = HistoryRange::default();
    match client.ask(Command::History { room: room(place), range, limit: 100 }) {
        Event::History { events, .. } => events,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_types_is_told_to_the_others_now_and_then_and_kept_by_nobody() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    ana.join("lobby");
    bob.join("lobby");
    let mut nc = server.connect();
    while !nc.line().starts_with(b"* you are in lobby") {}
    for state in [TypingState::Active, TypingState::Active, TypingState::Paused] {
        done(&mut ana, typing("lobby", state)); // but for the first too soon: dropped
    }
    done(&mut ana, typing("lobby", TypingState::Done));
    done(&mut ana, typing("lobby", TypingState::Done));
    ana.say("lobby", "hi");
    let both = [TypingState::Active, TypingState::Done].map(|state| told("lobby", "ana", state));
    assert_eq!(until_message(&mut bob), ("hi".to_owned(), both.to_vec()));
    assert_eq!(until_message(&mut ana), ("hi".to_owned(), vec![]), "she knows that she types");
    let shown = nc.line();
    assert_eq!(shown, b"ana: hi\n", "lines show nothing of it");
    let stored = history(&mut bob, "lobby");
    assert!(matches!(&stored[..], [Event::Message { seq: Sequence(1), .. }]), "{stored:?}");
}

#[test]
fn who_may_not_speak_does_not_type_and_who_is_not_there_is_told_so() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    ana.join("ops");
    bob.join("ops");
    ana.say("ops", "mine");
    let set = Setting::Moderated { on: true };
    let answer = ana.ask(Command::Set { room: room("ops"), set });
    assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
    done(&mut bob, typing("ops", TypingState::Active));
    let refusal = bob.refused(react("ops", 1, "+1"));
    assert!(matches!(refusal, Refusal::NotAllowed { .. }), "{refusal:?}");
    ana.say("ops", "quiet");
    assert_eq!(until_message(&mut ana).0, "mine");
    assert_eq!(until_message(&mut ana), ("quiet".to_owned(), vec![]));
    let refusal = bob.refused(typing("elsewhere", TypingState::Active));
    assert_eq!(refusal, Refusal::NotInRoom { room: room("elsewhere") });
}

#[test]
fn in_a_direct_room_each_sees_the_other_type() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    done(&mut bob, typing("@ana", TypingState::Active)); // there is no talk yet: nobody is told
    assert!(matches!(ana.ask(say("@bob", "psst")), Event::Stored { .. }));
    assert_eq!(until_message(&mut bob), ("psst".to_owned(), vec![]));
    done(&mut bob, typing("@ana", TypingState::Done));
    assert!(matches!(bob.ask(say("@ana", "what?")), Event::Stored { .. }));
    assert_eq!(until_message(&mut ana).0, "psst");
    let (text, signals) = until_message(&mut ana);
    assert_eq!((text.as_str(), signals), ("what?", vec![told("@bob", "bob", TypingState::Done)]));
}

#[test]
fn nobody_sees_who_types_of_whom_it_ignores_nor_in_a_large_room() {
    let server = Server::start("[rooms]\nquiet_presence = 3\n");
    let [mut ana, mut bob, mut eve] = ["ana", "bob", "eve"].map(|name| server.native(name));
    for client in [&mut ana, &mut bob, &mut eve] {
        client.join("lobby");
    }
    done(&mut ana, Command::Ignore { user: UserName::parse("bob").unwrap() });
    done(&mut bob, typing("lobby", TypingState::Active));
    eve.say("lobby", "small");
    assert_eq!(until_message(&mut ana), ("small".to_owned(), vec![]));
    let heard = vec![told("lobby", "bob", TypingState::Active)];
    assert_eq!(until_message(&mut eve), ("small".to_owned(), heard));
    let mut fourth = server.native("fourth");
    fourth.join("lobby");
    done(&mut eve, typing("lobby", TypingState::Active));
    eve.say("lobby", "large");
    assert_eq!(until_message(&mut fourth), ("large".to_owned(), vec![]));
}

#[test]
fn a_reaction_is_told_to_all_who_are_there_its_author_too() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    ana.join("lobby");
    bob.join("lobby");
    ana.say("lobby", "hi");
    let signalled = bob.ask(react("lobby", 1, "👍"));
    assert!(matches!(signalled, Event::Signalled { .. }), "{signalled:?}");
    let nothing = Refusal::NoSuchMessage { room: room("lobby"), seq: Some(Sequence(2)) };
    assert_eq!(bob.refused(react("lobby", 2, "👍")), nothing);
    let long = format!(
        r#"{{"id":99,"type":"signal","room":"lobby","signal":"react","seq":1,"text":"{}"}}"#,
        "x".repeat(65)
    );
    bob.send_frame(long);
    let refused = bob.answer(chat_protocol::RequestId(99));
    assert!(matches!(&refused, Event::Refused { text, .. } if text.contains("64")), "{refused:?}");
    ana.say("lobby", "thanks");
    for client in [&mut ana, &mut bob] {
        assert_eq!(until_message(client).0, "hi");
        let (text, signals) = until_message(client);
        let react = Signal::React {
            seq: Sequence(1),
            text: ReactionText::parse("👍").unwrap(),
            undo: false,
        };
        let expected = ("lobby".to_owned(), "bob".to_owned(), react);
        assert_eq!((text.as_str(), signals), ("thanks", vec![expected]));
    }
    assert_eq!(history(&mut ana, "lobby").len(), 2);
}

#[test]
fn what_programs_tell_each_other_is_for_who_is_there() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    let tags = ClientTags::parse("+example.com/x=a\\sb;+y").unwrap();
    let signal = Signal::Tags { tags };
    ana.join("lobby");
    bob.join("lobby");
    assert!(matches!(ana.ask(say("@bob", "psst")), Event::Stored { .. }));
    assert_eq!(until_message(&mut bob).0, "psst");
    for (place, there) in [("lobby", "lobby"), ("@bob", "@ana")] {
        let (room, signal) = (room(place), signal.clone());
        let command = Command::Signal { room, signal: signal.clone(), key: None };
        let Event::Signalled { key: called, time_ms: at, .. } = ana.ask(command) else {
            panic!("not signalled");
        };
        for (client, place) in [(&mut ana, place), (&mut bob, there)] {
            let heard = std::iter::from_fn(|| Some(client.event())).find_map(|event| match event {
                Event::Signal { room, from, signal, key, time_ms } => {
                    Some((room, from.to_string(), signal, key, time_ms))
                }
                _ => None,
            });
            let place = samovar_tests::room(place);
            let expected = (place, "ana".to_owned(), signal.clone(), Some(called), at);
            assert_eq!(heard, Some(expected));
        }
    }
    ana.say("lobby", "hi");
    assert_eq!(history(&mut bob, "lobby").len(), 1);
}

#[test]
fn what_a_message_answers_is_kept() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.say("lobby", "a question");
    let nothing = Refusal::NoSuchMessage { room: room("lobby"), seq: Some(Sequence(2)) };
    assert_eq!(ana.refused(answering("lobby", "too early", 2)), nothing);
    let nothing = Refusal::NoSuchMessage { room: room("lobby"), seq: Some(Sequence(0)) };
    assert_eq!(ana.refused(answering("lobby", "of nothing", 0)), nothing);
    assert!(matches!(ana.ask(answering("lobby", "an answer", 1)), Event::Stored { .. }));
    drop(until_message(&mut ana));
    let answer = |event: &Event| match event {
        Event::Message { reply_to, text, .. } => (text.to_string(), reply_to.map(|seq| seq.0)),
        other => panic!("{other:?}"),
    };
    let live = ana.event();
    assert_eq!(answer(&live), ("an answer".to_owned(), Some(1)));
    let server = server.restart(samovar_tests::Signal::TERM);
    let mut bob = server.native("bob");
    bob.join("lobby");
    let kept: Vec<_> = history(&mut bob, "lobby").iter().map(answer).collect();
    let expected = [("a question", None), ("an answer", Some(1))];
    assert_eq!(kept, expected.map(|(text, seq)| (text.to_owned(), seq)));
}

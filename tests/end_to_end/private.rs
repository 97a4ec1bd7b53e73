//! Rooms that are there only for who is in them: what others can find out, and what who is let in sees.

use std::thread;
use std::time::Instant;

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, LineText, Moment, Refusal, Sequence};
use samovar_tests::{Cast, NativeClient, Server, Setup, Signal, Style, room, say};

const HINT: &str =
    "Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.";

/// A daemon, and a script of the default style on it.
fn play(script: &str) {
    let server = Server::start("");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(&server, &script.replace("HINT", HINT));
    cast.finish(server);
}

fn command(json: &str) -> Command {
    serde_json::from_str(json).unwrap()
}

/// Sets something about a room, as its owner.
#[track_caller]
fn set(owner: &mut NativeClient, name: &str, setting: &str) {
    let answer =
        owner.ask(command(&format!(r#"{{"type":"set","room":"{name}","set":{{{setting}}}}}"#)));
    assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
}

const INVITE: &str = r#""setting":"access","access":"invite""#;
const KEYED: &str = r#""setting":"access","access":"key","key":"open sesame""#;
const HIDDEN: &str = r#""setting":"hidden","on":true"#;

/// The sequences of what somebody may read of a room.
#[track_caller]
fn read(client: &mut NativeClient, name: &str) -> Vec<u64> {
    let range = HistoryRange { after: Some(Sequence(0)), ..HistoryRange::default() };
    match client.ask(Command::History { room: room(name), range, limit: 100 }) {
        Event::History { events, .. } => {
            events.iter().filter_map(Event::sequence).map(|seq| seq.0).collect()
        }
        other => panic!("expected a page of {name}, but came {other:?}"),
    }
}

fn search(words: &str, within: Option<&str>) -> Command {
    Command::Search {
        whole: false,
        room: within.map(room),
        text: LineText::parse(words).unwrap(),
        from: None,
        after_ms: None,
        before_ms: None,
        before: None,
        limit: 50,
    }
}

/// The rooms and numbers of what somebody finds.
#[track_caller]
fn found(client: &mut NativeClient, words: &str) -> Vec<(String, u64)> {
    match client.ask(search(words, None)) {
        Event::Found { hits, next: None, .. } => {
            hits.into_iter().map(|hit| (hit.room.to_string(), hit.seq.0)).collect()
        }
        other => panic!("expected what was found, but came {other:?}"),
    }
}

/// Everything that can be asked of a room, but for entering it.
fn questions(name: &str) -> Vec<Command> {
    let at = room(name);
    let all = HistoryRange::default();
    let history = |range| Command::History { room: room(name), range, limit: 10 };
    let mut questions = vec![
        history(all),
        history(HistoryRange { after: Some(Sequence(0)), ..all }),
        history(HistoryRange { around: Some(Sequence(1)), ..all }),
        history(HistoryRange { after_ms: Some(Moment::Ago { ms: 60_000 }), ..all }),
        search("tea", Some(name)),
        Command::Members { room: at.clone() },
        Command::GetTopic { room: at.clone() },
        Command::GetSettings { room: at.clone() },
        Command::Bans { room: at.clone() },
        Command::SetTopic { room: at.clone(), topic: LineText::parse("mine").unwrap() },
        Command::Leave { room: at.clone(), reason: None },
        Command::MarkRead { room: at.clone(), seq: Sequence(1) },
        Command::Delete { room: at.clone(), seq: None, reason: None },
        Command::Delete { room: at, seq: Some(Sequence(2)), reason: None },
        say(name, "anybody?"),
    ];
    for asked in [
        r#""type":"invite","user":"bob""#,
        r#""type":"kick","user":"ana""#,
        r#""type":"ban","user":"nobodyhere""#,
        r#""type":"unban","user":"ana""#,
        r#""type":"mute","user":"ana""#,
        r#""type":"unmute","user":"ana""#,
        r#""type":"give_role","user":"bob","role":"operator""#,
        r#""type":"take_role","user":"nobodyhere","role":"voice""#,
        r#""type":"transfer","user":"bob""#,
        r#""type":"set","set":{"setting":"hidden","on":false}"#,
    ] {
        questions.push(command(&format!(r#"{{{asked},"room":"{name}"}}"#)));
    }
    // In the end: what is followed is there as long as it is.
    questions.push(Command::Watch { room: room(name) });
    questions.extend([
        history(all),
        Command::Members { room: room(name) },
        Command::Leave { room: room(name), reason: None },
    ]);
    questions
}

/// What it is answered, with what belongs to the room and the question taken out.
fn answers(client: &mut NativeClient, name: &str) -> Vec<String> {
    questions(name)
        .into_iter()
        .map(|question| {
            let mut answer = serde_json::to_value(client.ask(question)).unwrap();
            answer.as_object_mut().unwrap().remove("id");
            answer.to_string().replace(name, "ROOM")
        })
        .collect()
}

#[test]
fn a_private_room_cannot_be_told_from_one_that_does_not_exist() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let kinds = [
        ("invited", &[INVITE][..]),
        ("keyed", &[KEYED]),
        ("hidden", &[HIDDEN]),
        ("both", &[INVITE, HIDDEN]),
    ];
    for (name, settings) in kinds {
        ana.join(name);
        ana.say(name, "tea and secrets");
        settings.iter().for_each(|setting| set(&mut ana, name, setting));
    }
    let mut eye = NativeClient::connect(server.address());
    eye.hello(None);
    let mut bob = server.native("bob");
    let check = |ana_is_there: bool, bob: &mut NativeClient, eye: &mut NativeClient| {
        for (who, client) in [("bob", bob), ("an observer", eye)] {
            let expected = answers(client, "never-made");
            for (name, _) in kinds {
                let seen = answers(client, name);
                for (at, (seen, expected)) in seen.iter().zip(&expected).enumerate() {
                    let question = &questions(name)[at];
                    assert_eq!(seen, expected, "{who}, {ana_is_there}: {question:?}");
                }
            }
            assert_eq!(found(client, "secrets"), []);
            let listed = client.ask(Command::Rooms);
            let Event::RoomList { rooms, total, .. } = listed else { panic!("{listed:?}") };
            assert_eq!((rooms.len(), total), (0, 0), "{who}: {rooms:?}");
        }
    };
    check(true, &mut bob, &mut eye);
    // She sees them all, and finds what was said.
    let Event::RoomList { rooms, .. } = ana.ask(Command::Rooms) else { panic!("no list") };
    assert_eq!(rooms.len(), 4);
    assert_eq!(found(&mut ana, "secrets").len(), 4);
    // Nobody is there, and the rooms are only stored.
    ana.send(Command::Quit { reason: None });
    ana.rest();
    check(false, &mut bob, &mut eye);
}

#[test]
fn a_room_by_invitation_is_entered_by_who_is_invited_and_read_from_there_on() {
    play(
        r#"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        ana> /join den
        ana< * you are in den, 1 here: $ana
        ana> before anybody came
        bob connects
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 2 here: $ana, $bob
        ana< [lobby] * $bob joined
        ana> /set access invite
        ana< * $ana set access: by invitation
        bob> /join den
        bob< ! One enters den by invitation. Ask somebody who is in it.
        bob> /who den
        bob< ! There is no room den. /rooms lists them.
        bob> /join DEN sesame
        bob< ! One enters DEN by invitation. Ask somebody who is in it.
        ana> /invite $bob
        ana< * $ana invited $bob
        bob< * $ana invites you to den: /join den
        ana> while he hesitates
        # the room has it, before he comes
        ana> /look
        ana< * in den (1): $ana (owner)
        # invited is not in
        bob> /who den
        bob< ! There is no room den. /rooms lists them.
        bob> /join den
        bob< * you are in den, 2 here: $ana, $bob
        bob< * last 1 message of den:
        bob< [MM-DD hh:mm] $ana: while he hesitates
        bob< * end of history
        ana< * $bob joined
        bob> /history
        bob< * 2 messages of den:
        bob< [MM-DD hh:mm] #3 * $ana invited $bob
        bob< [MM-DD hh:mm] #4 $ana: while he hesitates
        bob< * end of history; before it: /history before 3
        bob> /history before 3
        bob< * nothing to show of den
        bob> /search came
        bob< * nothing found
        # only operators invite here
        bob> /invite $ana
        bob< ! In den it takes an operator to do that.
        # in and out as one likes, until one is put out
        bob> /leave
        bob< * you left den; you are in lobby
        ana< * $bob left
        bob> /history
        bob< * nothing to show of lobby
        bob> /join den
        bob< * you are in den, 2 here: $ana, $bob
        bob< * last 1 message of den:
        bob< [MM-DD hh:mm] $ana: while he hesitates
        bob< * end of history
        ana< * $bob joined
        ana> /kick $bob
        ana< * $ana kicked $bob
        bob< * $ana kicked $bob
        bob< * you left den; you are in lobby
        bob> /join den
        bob< ! One enters den by invitation. Ask somebody who is in it.
        bob> /search hesitates
        bob< * nothing found
        # nobody is shown what the other said in a room of two
        ana> /msg $bob sorry
        bob< [@$ana] $ana: sorry
        "#,
    );
}

#[test]
fn a_key_lets_in_who_has_it_and_is_asked_for_once() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("vault");
    ana.say("vault", "old");
    set(&mut ana, "vault", KEYED);
    let told = loop {
        if let Event::RoomChanged { change, .. } = ana.event() {
            break serde_json::to_string(&change).unwrap();
        }
    };
    assert_eq!(told, r#"{"change":"set","set":{"setting":"access","access":"key"}}"#);
    let mut bob = server.native("bob");
    let join = |key: &str| command(&format!(r#"{{"type":"join","room":"vault","key":"{key}"}}"#));
    let needed = Refusal::KeyNeeded { room: room("vault") };
    assert_eq!(bob.refused(command(r#"{"type":"join","room":"vault"}"#)), needed);
    assert_eq!(bob.refused(join("open barley")), needed);
    let Event::Entered { seq, .. } = bob.ask(join("open sesame")) else { panic!("not let in") };
    assert_eq!(seq, Sequence(2));
    ana.say("vault", "new");
    assert_eq!(read(&mut bob, "vault"), [3], "from the first entry on");
    bob.ask(Command::Leave { room: room("vault"), reason: None });
    ana.say("vault", "while he was away");
    bob.join("vault");
    assert_eq!(read(&mut bob, "vault"), [3, 4]);
    // A new key is a new lock for who is not in.
    let mut cyd = server.native("cyd");
    cyd.ask(join("open sesame"));
    bob.ask(Command::Leave { room: room("vault"), reason: None });
    set(&mut ana, "vault", &KEYED.replace("sesame", "oats"));
    assert_eq!(bob.refused(join("open sesame")), needed);
    cyd.ask(Command::Leave { room: room("vault"), reason: None });
    cyd.join("vault");
    // Hidden, it does not say that it wants a key.
    set(&mut ana, "vault", HIDDEN);
    let no_room = Refusal::NoSuchRoom { room: room("vault") };
    assert_eq!(bob.refused(join("open sesame")), no_room);
    assert!(matches!(bob.ask(join("open oats")), Event::Entered { .. }));
}

#[test]
fn a_room_has_as_many_members_as_it_may_have() {
    let server = Server::start("");
    let [mut ana, mut bob, mut cyd] = ["ana", "bob", "cyd"].map(|name| server.native(name));
    ana.join("small");
    set(&mut ana, "small", r#""setting":"members","max":2"#);
    bob.join("small");
    let full = Refusal::RoomFull { room: room("small"), limit: 2 };
    let join = Command::Join { room: room("small"), key: None };
    assert_eq!(cyd.refused(join.clone()), full);
    bob.join("small");
    bob.ask(Command::Leave { room: room("small"), reason: None });
    assert!(matches!(cyd.ask(join), Event::Entered { .. }));
}

#[test]
fn without_history_one_sees_what_comes_while_one_is_there() {
    let server = Server::start("");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    ana.join("brief");
    ana.say("brief", "before tea");
    set(&mut ana, "brief", r#""setting":"history","on":false"#);
    bob.join("brief");
    assert_eq!(read(&mut bob, "brief"), Vec::<u64>::new());
    ana.say("brief", "now tea");
    assert_eq!(bob.message().2, "now tea", "nothing was shown on entering");
    assert_eq!(read(&mut bob, "brief"), [3]);
    bob.ask(Command::Leave { room: room("brief"), reason: None });
    assert_eq!(read(&mut bob, "brief"), Vec::<u64>::new());
    assert_eq!(found(&mut bob, "tea"), []);
    bob.join("brief");
    assert_eq!(read(&mut bob, "brief"), Vec::<u64>::new());
    assert_eq!(found(&mut ana, "tea"), [("brief".to_owned(), 3), ("brief".to_owned(), 1)]);
}

#[test]
fn a_room_keeps_less_than_the_server_if_it_says_so() {
    let server = Setup::new("[history]\nmax_events = 100\n").start();
    let mut ana = server.native("ana");
    ana.join("short");
    ana.join("long");
    set(&mut ana, "short", r#""setting":"keep","events":3"#);
    set(&mut ana, "long", r#""setting":"keep","events":1000"#);
    for n in 0..120 {
        ana.send(say("short", &n.to_string()));
        ana.send(say("long", &n.to_string()));
    }
    ana.say("short", "last");
    ana.say("long", "last");
    let server = server.restart(Signal::TERM);
    let mut ana = server.native("ana");
    let began = Instant::now();
    while read(&mut ana, "short") != [120, 121, 122] || read(&mut ana, "long").first() != Some(&23)
    {
        assert!(began.elapsed() < samovar_tests::DEADLINE, "what is too much does not go");
    }
}

#[test]
fn who_only_watches_is_shown_that_the_room_closes_and_nothing_behind_it() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("open");
    let mut eye = NativeClient::connect(server.address());
    eye.hello(None);
    eye.ask(Command::Watch { room: room("open") });
    let mut bytes = Vec::new();
    for request in [
        say("open", "one"),
        command(&format!(r#"{{"type":"set","room":"open","set":{{{INVITE}}}}}"#)),
        say("open", "two"),
    ] {
        bytes.extend(ana.request(request).1);
    }
    ana.raw().send(bytes);
    assert_eq!(eye.message().2, "one");
    assert!(matches!(eye.event(), Event::RoomChanged { .. }));
    assert!(matches!(eye.event(), Event::Exited { .. }));
    assert!(matches!(eye.ask(Command::Ping), Event::Pong { .. }), "nothing behind it");
}

/// A room that was open keeps its words in the index: they are nobody's but its members'.
#[test]
fn what_was_indexed_while_a_room_was_open_is_found_by_its_members_alone() {
    const MESSAGES: usize = 600;
    let server = Server::start("");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    ana.join("plans");
    for n in 0..MESSAGES {
        ana.send(say("plans", &format!("blueprint {n}")));
    }
    ana.say("plans", "blueprint last");
    assert!(!found_some(&mut bob, "blueprint").is_empty());
    set(&mut ana, "plans", INVITE);
    assert!(found_some(&mut bob, "blueprint").is_empty());
    assert!(!found_some(&mut ana, "blueprint").is_empty());
    set(&mut ana, "plans", r#""setting":"access","access":"open""#);
    assert!(!found_some(&mut bob, "blueprint").is_empty());
}

/// The first page.
fn found_some(client: &mut NativeClient, words: &str) -> Vec<u64> {
    match client.ask(search(words, None)) {
        Event::Found { hits, .. } => hits.into_iter().map(|hit| hit.seq.0).collect(),
        other => panic!("expected what was found, but came {other:?}"),
    }
}

/// All who enter at once a room for few: no more than these are in.
#[test]
fn a_limit_holds_when_all_come_at_once() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("narrow");
    set(&mut ana, "narrow", r#""setting":"members","max":4"#);
    let entered: usize = thread::scope(|scope| {
        let guests: Vec<_> = (0..8)
            .map(|n| {
                let server = &server;
                scope.spawn(move || {
                    let mut guest = server.native(&format!("guest{n}"));
                    let join = Command::Join { room: room("narrow"), key: None };
                    let is_in = matches!(guest.ask(join), Event::Entered { .. });
                    (guest, usize::from(is_in))
                })
            })
            .collect();
        let guests: Vec<_> = guests.into_iter().map(|guest| guest.join().unwrap()).collect();
        guests.iter().map(|(_, is_in)| is_in).sum()
    });
    assert_eq!(entered, 3, "and ana");
}

//! Who may do what in a room, and what follows: the same in every front end, live and later.

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Hello, Sequence};
use samovar_tests::{
    Cast, NativeClient, Server, Setup, Signal, Style, chat_server, room, run, say,
};

const HINT: &str =
    "Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.";

/// A daemon, and a script of the default style on it.
fn play(config: &str, script: &str) {
    let server = Server::start(config);
    let mut cast = Cast::new(Style::Samovar);
    cast.play(&server, &script.replace("HINT", HINT));
    cast.finish(server);
}

/// bob at line mode, and eve natively, in a room of ana's, who is at line mode.
const THREE: &str = r#"
    ana connects
    ana< Welcome $ana
    ana< HINT
    ana< * you are in lobby, 1 here: $ana
    ana> /nick ana
    ana< * $ana is now ana
    ana> /join ops
    ana< * you are in ops, 1 here: ana
    bob connects
    bob< Welcome $bob
    bob< HINT
    bob< * you are in lobby, 2 here: ana, $bob
    ana< [lobby] * $bob joined
    bob> /nick bob
    bob< * $bob is now bob
    ana< * $bob is now bob
    bob> /join ops
    bob< * you are in ops, 2 here: ana, bob
    ana< * bob joined
    eve connects natively
    eve> {"type":"hello","v":1,"name":"eve"}
    eve< {"type":"welcome","name":"eve"}
    eve> {"type":"join","id":1,"room":"ops"}
    eve< {"type":"entered","id":1,"members":["ana","bob","eve"],"seq":0}
    ana< * eve joined
    bob< * eve joined
"#;

fn three(script: &str) {
    play("", &format!("{THREE}{script}"));
}

#[test]
fn who_is_kicked_sees_its_kick_and_nothing_behind_it() {
    three(
        r#"
        bob> buy now
        ana< bob: buy now
        eve< {"type":"message","seq":1}
        ana> /kick bob spam
        ana< * ana kicked bob: spam
        bob< * ana kicked bob: spam
        bob< * you left ops; you are in lobby
        eve< {"type":"room_changed","room":"ops","seq":2,"from":"ana","change":"kicked","user":"bob","reason":"spam"}
        ana> he is gone
        eve< {"type":"message","seq":3}
        # not in the room, not in history, not in a search
        bob> /history
        bob< * nothing to show of lobby
        bob> /search gone
        bob< * nothing found
        bob> /search buy
        bob< * found 1 message, newest first:
        bob< [MM-DD hh:mm] [ops] #1 bob: *buy* now
        bob> /who ops
        bob< ! You are not in ops. /join ops
        # the door is open: who enters again may read what was said meanwhile
        bob> /join ops
        bob< * you are in ops, 3 here: ana, eve, bob
        bob< * last 2 messages of ops:
        bob< [MM-DD hh:mm] bob: buy now
        bob< [MM-DD hh:mm] ana: he is gone
        bob< * end of history
        ana< * bob joined
        eve< {"type":"joined","user":"bob"}
        bob> /history
        bob< * 3 messages of ops:
        bob< [MM-DD hh:mm] #1 bob: buy now
        bob< [MM-DD hh:mm] #2 * ana kicked bob: spam
        bob< [MM-DD hh:mm] #3 ana: he is gone
        bob< * end of history
        # and natively
        ana> /kick EVE
        ana< * ana kicked eve
        bob< * ana kicked eve
        eve< {"type":"room_changed","seq":4,"change":"kicked","user":"eve"}
        eve< {"type":"exited","room":"ops"}
        ana> bye eve
        bob< ana: bye eve
        eve> {"type":"history","id":2,"room":"ops"}
        eve< {"type":"history","id":2,"more":false,"events":[{"type":"message","seq":1},{"type":"room_changed","seq":2},{"type":"message","seq":3},{"type":"room_changed","seq":4}]}
        eve> {"type":"search","id":3,"text":"bye"}
        eve< {"type":"found","id":3,"hits":[]}
        eve> {"type":"watch","id":4,"room":"ops"}
        eve< {"type":"refused","id":4,"refusal":{"code":"not_in_room","room":"ops"}}
        eve> {"type":"get_topic","id":5,"room":"ops"}
        eve< {"type":"refused","id":5,"refusal":{"code":"not_in_room","room":"ops"}}
        eve> {"type":"say","id":6,"room":"ops","text":"hello?"}
        eve< {"type":"refused","id":6,"refusal":{"code":"not_in_room","room":"ops"}}
        "#,
    );
}

#[test]
fn who_is_banned_stays_out_by_whatever_door_until_the_ban_is_lifted() {
    three(
        r#"
        ana> /ban eve 2h spam
        ana< * ana banned eve for 2h: spam
        bob< * ana banned eve for 2h: spam
        eve< {"type":"room_changed","seq":1,"change":"banned","user":"eve","reason":"spam"}
        eve< {"type":"exited","room":"ops"}
        ana> secret
        bob< ana: secret
        eve> {"type":"join","id":2,"room":"OPS"}
        eve< {"type":"refused","id":2,"refusal":{"code":"banned","room":"OPS","reason":"spam"}}
        eve> {"type":"watch","id":3,"room":"ops"}
        eve< {"type":"refused","id":3,"refusal":{"code":"banned","room":"ops"}}
        eve> {"type":"history","id":4,"room":"ops"}
        eve< {"type":"history","id":4,"events":[{"type":"room_changed","seq":1}]}
        eve> {"type":"history","id":5,"room":"ops","around":2}
        eve< {"type":"history","id":5,"events":[{"type":"room_changed","seq":1}]}
        eve> {"type":"search","id":6,"text":"secret","room":"ops"}
        eve< {"type":"found","id":6,"hits":[]}
        eve> {"type":"members","id":7,"room":"ops"}
        eve< {"type":"refused","id":7,"refusal":{"code":"not_in_room"}}
        # a guest that comes back is another one: the ban is of its name too
        eve> {"type":"quit"}
        eve is closed
        eva connects natively
        eva> {"type":"hello","v":1,"name":"Eve"}
        eva< {"type":"welcome","name":"Eve"}
        eva> {"type":"join","id":1,"room":"ops"}
        eva< {"type":"refused","id":1,"refusal":{"code":"banned","room":"ops"}}
        eva> {"type":"history","id":4,"room":"ops"}
        eva< {"type":"history","id":4,"events":[{"type":"room_changed","seq":1}]}
        # nobody else lifts it
        bob> /unban eve
        bob< ! In ops it takes an operator to do that.
        ana> /unban EVE
        ana< * ana lifted the ban of EVE
        bob< * ana lifted the ban of EVE
        ana> /unban eve
        ana< ! eve is not banned from ops.
        eva> {"type":"join","id":2,"room":"ops"}
        eva< {"type":"entered","id":2,"seq":3}
        ana< * Eve joined
        bob< * Eve joined
        "#,
    );
}

#[test]
fn roles_are_given_and_taken_by_those_above() {
    three(
        r#"
        bob> /kick eve
        bob< ! In ops it takes an operator to do that.
        bob> /op bob
        bob< ! In ops it takes an owner to do that.
        ana> /op bob
        ana< * ana made bob operator
        bob< * ana made bob operator
        eve< {"type":"room_changed","seq":1,"change":"role","user":"bob","role":"operator","was":"member"}
        ana> /op bob
        ana< ! bob is operator of ops.
        bob> /mute ana
        bob< ! ana is as much as you in ops, or more.
        bob> /ban ana
        bob< ! ana is as much as you in ops, or more.
        bob> /deop ana
        bob< ! In ops it takes an owner to do that.
        bob> /voice eve
        ana< * bob gave eve voice
        bob< * bob gave eve voice
        eve< {"type":"room_changed","seq":2,"role":"voice"}
        eve> {"type":"give_role","id":2,"room":"ops","user":"eve","role":"operator"}
        eve< {"type":"refused","id":2,"refusal":{"code":"not_allowed","needs":"owner"}}
        bob> /kick bob
        bob< ! That is you.
        bob> /kick nobodyhere
        bob< ! There is no nobodyhere here. /who lists who is.
        bob> /set access invite
        bob< ! In ops it takes an owner to do that.
        bob> /set topic operators
        bob< * bob set topic: by operators
        ana< * bob set topic: by operators
        eve< {"type":"room_changed","seq":3,"change":"set","set":{"setting":"topic","operators":true}}
        eve> {"type":"set_topic","id":3,"room":"ops","topic":"mine"}
        eve< {"type":"refused","id":3,"refusal":{"code":"not_allowed","needs":"operator"}}
        # an operator steps back; the room changes hands
        bob> /deop bob
        bob< * bob made bob operator no longer
        ana< * bob made bob operator no longer
        eve< {"type":"room_changed","seq":4}
        ana> /transfer eve
        ana< * ana gave the room to eve
        bob< * ana gave the room to eve
        eve< {"type":"room_changed","seq":5,"change":"transferred","to":"eve"}
        ana> /transfer ana
        ana< ! In ops it takes an owner to do that.
        eve> {"type":"get_settings","id":4,"room":"ops"}
        eve< {"type":"settings_are","id":4,"role":"owner","settings":{"topic_by_operators":true}}
        ana> /set
        ana< * ops: topic: by operators; you are operator
        ana> /set colour red
        ana< ! A room has access, key, hidden, moderated, announcement, slow, members, keep, history, topic, external and mask, and no colour. Usage: /set [WHAT VALUE]
        eve> {"type":"take_role","id":5,"room":"ops","user":"ana","role":"operator"}
        eve< {"type":"stored","id":5,"seq":6}
        eve< {"type":"room_changed","seq":6}
        ana< * eve made ana operator no longer
        bob< * eve made ana operator no longer
        # a revoked role stops counting at once
        ana> /kick bob
        ana< ! In ops it takes an operator to do that.
        "#,
    );
}

#[test]
fn who_is_muted_or_too_fast_is_told_how_long() {
    three(
        r#"
        ana> /mute bob 1h noise
        ana< * ana muted bob for 1h: noise
        bob< * ana muted bob for 1h: noise
        eve< {"type":"room_changed","seq":1,"change":"muted"}
        bob> hello
        bob< ! You are muted in ops for another 1h: noise.
        bob> /topic mine
        bob< ! You are muted in ops for another 1h: noise.
        # a mute outlives leaving, and slow mode comes on top
        bob> /leave
        bob< * you left ops; you are in lobby
        ana< * bob left
        eve< {"type":"left"}
        bob> /join ops
        bob< * you are in ops, 3 here: ana, eve, bob
        ana< * bob joined
        eve< {"type":"joined"}
        ana> /set slow 1h
        ana< * ana set slow: 1h
        bob< * ana set slow: 1h
        eve< {"type":"room_changed","seq":2}
        bob> hello
        bob< ! You are muted in ops for another 1h: noise.
        ana> /unmute bob
        ana< * ana unmuted bob
        bob< * ana unmuted bob
        eve< {"type":"room_changed","seq":3}
        ana> /unmute bob
        ana< ! bob is not muted in ops.
        bob> hello
        ana< bob: hello
        eve< {"type":"message","seq":4}
        bob> hello again
        bob< ! ops is in slow mode: you speak again in 1h.
        # leaving does not help; operators need not wait
        bob> /leave
        bob< * you left ops; you are in lobby
        ana< * bob left
        eve< {"type":"left"}
        bob> /join ops
        bob< * you are in ops, 3 here: ana, eve, bob
        bob< * last 1 message of ops:
        bob< [MM-DD hh:mm] bob: hello
        bob< * end of history
        ana< * bob joined
        eve< {"type":"joined"}
        bob> hello again
        bob< ! ops is in slow mode: you speak again in 1h.
        ana> one
        ana> two
        bob< ana: one
        bob< ana: two
        eve< {"type":"message","seq":5}
        eve< {"type":"message","seq":6}
        ana> /set slow off
        ana< * ana set slow: off
        bob< * ana set slow: off
        eve< {"type":"room_changed","seq":7}
        ana> /set moderated on
        ana< * ana set moderated: on
        bob< * ana set moderated: on
        eve< {"type":"room_changed","seq":8}
        bob> may I?
        bob< ! Only who has voice may do that in ops.
        ana> /voice bob
        ana< * ana gave bob voice
        bob< * ana gave bob voice
        eve< {"type":"room_changed","seq":9}
        bob> thanks
        ana< bob: thanks
        eve< {"type":"message","seq":10}
        ana> /set announcement on
        ana< * ana set announcement: on
        bob< * ana set announcement: on
        eve< {"type":"room_changed","seq":11}
        bob> may I still?
        bob< ! In ops it takes an operator to do that.
        ana> /devoice bob
        ana< * ana took bob's voice
        bob< * ana took bob's voice
        eve< {"type":"room_changed","seq":12}
        "#,
    );
}

#[test]
fn an_operator_deletes_what_others_said() {
    three(
        r#"
        eve> {"type":"say","id":2,"room":"ops","text":"rude"}
        eve< {"type":"stored","id":2,"seq":1}
        eve< {"type":"message","seq":1}
        ana< eve: rude
        bob< eve: rude
        bob> /delete 1
        bob< ! Message 1 of ops is not yours to delete.
        ana> /delete 1
        ana< * ana deleted message 1
        bob< * ana deleted message 1
        eve< {"type":"deleted","seq":2,"target":1,"from":"ana"}
        eve> {"type":"history","id":3,"room":"ops"}
        eve< {"type":"history","id":3,"events":[{"type":"tombstone","seq":1},{"type":"deleted","seq":2}]}
        "#,
    );
}

#[test]
fn a_ban_ends_when_its_time_is_over() {
    let server = Server::start("");
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    ana.join("ops");
    bob.join("ops");
    let command = |json: &str| serde_json::from_str(json).unwrap();
    ana.ask(command(r#"{"type":"ban","room":"ops","user":"bob","for_ms":1500}"#));
    let join = || command(r#"{"type":"join","room":"ops"}"#);
    assert!(bob.refused(join()).to_string().starts_with("You are banned from ops for another "));
    let began = std::time::Instant::now();
    while !matches!(bob.ask(join()), Event::Entered { .. }) {
        assert!(began.elapsed() < samovar_tests::DEADLINE, "the ban does not end");
    }
}

#[test]
fn what_a_room_remembers_outlives_the_daemon_and_is_exported() {
    let server = Setup::new("").start();
    let [mut ana, mut bob] = ["ana", "bob"].map(|name| server.native(name));
    ana.join("ops");
    bob.join("ops");
    let command = |json: &str| serde_json::from_str(json).unwrap();
    ana.ask(command(r#"{"type":"ban","room":"ops","user":"bob","reason":"spam"}"#));
    ana.ask(command(r#"{"type":"set","room":"ops","set":{"setting":"moderated","on":true}}"#));
    let server = server.restart(Signal::KILL);
    let [mut cyd, mut bob] = ["cyd", "bob"].map(|name| server.native(name));
    let refused = bob.refused(command(r#"{"type":"join","room":"ops"}"#));
    assert_eq!(refused.to_string(), "You are banned from ops: spam.");
    cyd.join("ops");
    let refused = cyd.refused(say("ops", "hello"));
    assert_eq!(refused.to_string(), "Only who has voice may do that in ops.");
    let data = server.home().data();
    let chat = |arguments: &[&str]| {
        let mut command = server.home().command(chat_server());
        run(command.arg("--data").arg(&data).args(arguments), "")
    };
    let export = chat(&["export", "--format", "text"]).stdout;
    let lines: Vec<&str> =
        export.lines().map(|line| &line["2026-11-21 12:00:00 ".len()..]).collect();
    assert_eq!(lines, ["[ops] * ana banned bob: spam", "[ops] * ana set moderated: on"]);
    let json = chat(&["export", "--room", "ops"]).stdout;
    let line: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(line["type"], "room_changed");
    assert_eq!((&line["change"], &line["user"]), (&"banned".into(), &"bob".into()));
    let verified = chat(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

/// What a slow reader is fed from the journal ends with its kick as well.
#[test]
fn a_reader_that_is_far_behind_gets_all_up_to_its_kick_and_nothing_more() {
    const BEFORE: u64 = 3_000;
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("ops");
    let mut slow = server.native("slow");
    slow.join("ops");
    let mut watcher = NativeClient::connect(server.address());
    watcher.hello(None);
    watcher.ask(Command::Watch { room: room("ops") });
    let text = "x".repeat(4_000);
    let talk = |ana: &mut NativeClient, from: u64, to: u64| {
        let mut bytes = Vec::new();
        for n in from..to {
            bytes.extend(ana.request(say("ops", &format!("{n} {text}"))).1);
            if n % 100 == 99 {
                ana.raw().send(std::mem::take(&mut bytes));
                while !ana.message().0.is_multiple_of(100) {}
            }
        }
    };
    talk(&mut ana, 0, BEFORE);
    let kick = r#"{"type":"kick","room":"ops","user":"slow"}"#;
    let close = r#"{"type":"set","room":"ops","set":{"setting":"hidden","on":true}}"#;
    for (json, seq) in [(kick, BEFORE + 1), (close, BEFORE + 2)] {
        let answer = ana.ask(serde_json::from_str(json).unwrap());
        assert!(matches!(answer, Event::Stored { seq: Sequence(at), .. } if at == seq));
    }
    for n in 0..300 {
        ana.say("ops", &format!("behind {n} {text}"));
    }
    for (client, last) in [(&mut slow, BEFORE + 1), (&mut watcher, BEFORE + 2)] {
        let mut next = 1;
        loop {
            match client.event() {
                Event::Exited { .. } => break,
                Event::Joined { .. } | Event::Roster { .. } => {}
                event => {
                    assert_eq!(event.sequence(), Some(Sequence(next)), "{event:?}");
                    next += 1;
                }
            }
        }
        assert_eq!(next, last + 1, "all up to the end");
        client.send(Command::Ping);
        let pong = client.event();
        assert!(matches!(pong, Event::Pong { .. }), "nothing behind it: {pong:?}");
    }
}

/// Who is not there when it is kicked comes back to the rooms that it is still in.
#[test]
fn a_guest_that_is_put_out_while_its_connection_is_broken_is_out_when_it_comes_back() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("ops");
    let hello = |resume: Option<String>| {
        let mut client = NativeClient::connect(server.address());
        let name = Some("bob".to_owned());
        let hello = Hello { v: 1, name, resumable: true, resume, ..Hello::default() };
        client.send_frame(serde_json::to_vec(&hello).unwrap());
        let Event::Welcome(welcome) = client.event() else { panic!("not welcome") };
        (client, welcome)
    };
    let (mut bob, welcome) = hello(None);
    bob.join("ops");
    bob.join("lobby");
    drop(bob);
    let ban = r#"{"type":"ban","room":"ops","user":"bob","reason":"away"}"#;
    ana.ask(serde_json::from_str(ban).unwrap());
    ana.say("ops", "he is out");
    let (mut bob, welcome) = hello(welcome.token);
    assert!(welcome.resumed);
    let Event::Entered { room: at, .. } = bob.event() else { panic!("it is in no room") };
    assert_eq!(at, room("lobby"));
    // Nor by another name.
    bob.ask(Command::Nick { name: "robert".parse().unwrap() });
    let join = Command::Join { room: room("ops"), key: None };
    assert_eq!(bob.refused(join).to_string(), "You are banned from ops: away.");
    let range = HistoryRange { after: Some(Sequence(0)), ..HistoryRange::default() };
    let history = bob.ask(Command::History { room: room("ops"), range, limit: 10 });
    let Event::History { events, .. } = history else { panic!("{history:?}") };
    assert_eq!(events.len(), 1, "its ban, and nothing behind it: {events:?}");
}

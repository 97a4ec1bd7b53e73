//! Ignoring and blocking, in every front end.

use chat_protocol::command::HistoryRange;
use samovar_tests::{room, say};

use super::*;

#[test]
fn nothing_that_an_ignored_user_says_is_shown_in_lines() {
    let server = server();
    let mut bob = server.native("bob");
    let mut maya = server.native("maya");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        ana connects
        ana< Welcome $ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: $ana
        ana> /ignore nobody2
        ana< ! There is no nobody2 here. /who lists who is.
        ana> /ignore bob
        ana< * you are shown nothing that bob says any more
        ana> /ignore
        ana< * ignored: bob
        "#,
    );
    bob.join("lobby");
    maya.join("lobby");
    bob.say("lobby", "you cannot hear this");
    let to_ana = format!("@{}", cast.name("ana"));
    assert!(matches!(bob.ask(say(&to_ana, "nor this")), Event::Stored { .. }));
    maya.say("lobby", "you can hear me");
    cast.play(
        &server,
        r#"
        ana< * bob joined
        ana< * maya joined
        ana< maya: you can hear me
        ana> /history
        ana< * 1 message of lobby:
        ana< [MM-DD hh:mm] #2 maya: you can hear me
        ana< * end of history
        ana> /search hear
        ana< * found 1 message, newest first:
        ana< [MM-DD hh:mm] [lobby] #2 maya: you can *hear* me
        ana> /unignore bob
        ana< * you are shown what bob says
        "#,
    );
    bob.say("lobby", "and now");
    cast.play(&server, "ana< bob: and now");
}

#[test]
fn an_account_ignores_in_all_its_sessions_and_after_a_restart() {
    let server = server();
    let mut ana = registered(&server, "ana");
    let mut bob = registered(&server, "bob");
    ana.join("lobby");
    bob.join("lobby");
    done(&ana.ask(Command::Ignore { user: name("bob") }));
    let mut other = logged_in(&server, "ana", HORSE);
    bob.say("lobby", "secret");
    bob.say("lobby", "secret too");
    let hidden = |client: &mut NativeClient| loop {
        match client.event() {
            Event::Hidden { seq, .. } => break seq.0,
            Event::Message { text, .. } => panic!("{text}"),
            _ => {}
        }
    };
    assert_eq!([hidden(&mut ana), hidden(&mut other)], [1, 1], "its number is there");
    drop((ana, other));
    let server = server.restart(samovar_tests::Signal::TERM);
    let mut ana = logged_in(&server, "ana", HORSE);
    let range = HistoryRange::default();
    let history = Command::History { room: room("lobby"), range, limit: 10 };
    match ana.ask(history) {
        Event::History { events, .. } => {
            assert!(events.iter().all(|event| matches!(event, Event::Hidden { .. })), "{events:?}");
            assert_eq!(events.len(), 2);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_blocked_cannot_talk_to_one_also_while_one_is_away() {
    let server = server();
    let mut ana = registered(&server, "ana");
    let mut bob = registered(&server, "bob");
    assert!(matches!(bob.ask(say("@ana", "hi")), Event::Stored { .. }));
    done(&ana.ask(Command::Block { user: name("bob") }));
    let blocked = Refusal::Blocked { name: name("ana") };
    assert_eq!(bob.refused(say("@ana", "hello?")), blocked);
    drop(ana);
    assert_eq!(bob.refused(say("@ana", "hello?")), blocked);
    let mut ana = logged_in(&server, "ana", HORSE);
    done(&ana.ask(Command::Unblock { user: name("bob") }));
    assert!(matches!(bob.ask(say("@ana", "at last")), Event::Stored { .. }));
}

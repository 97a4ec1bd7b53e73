//! What is deleted, what is not kept, and what one has not read: the same in every front end.

use std::time::Instant;

use chat_protocol::command::{Command, HistoryRange};
use chat_protocol::{Event, LineText, Sequence};
use samovar_tests::{Cast, NativeClient, Server, Setup, Signal, Style, room, say};

const HINT: &str =
    "Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.";

/// A daemon, and a script of the default style on it.
fn play(config: &str, script: &str) {
    let server = Server::start(config);
    let mut cast = Cast::new(Style::Samovar);
    cast.play(&server, &script.replace("HINT", HINT));
    cast.finish(server);
}

#[test]
fn a_deleted_message_is_gone_for_all_who_see_it_later() {
    play(
        "",
        r#"
        eve connects natively
        eve> {"type":"hello","v":1,"name":"eve"}
        eve< {"type":"welcome","name":"eve"}
        eve> {"type":"join","id":1,"room":"lobby"}
        eve< {"type":"entered","id":1}
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 2 here: eve, $ana
        eve< {"type":"joined"}
        ana> the password is xyzzy
        eve< {"type":"message","seq":1}
        ana> oops
        eve< {"type":"message","seq":2}
        ana> /delete 1
        ana< * $ana deleted message 1
        eve< {"type":"deleted","room":"lobby","seq":3,"from":"$ana","target":1}
        # who comes later, who pages and who searches
        bob connects
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 3 here: eve, $ana, $bob
        bob< * last 2 messages of lobby:
        bob< [MM-DD hh:mm] * a message of $ana was deleted
        bob< [MM-DD hh:mm] $ana: oops
        bob< * end of history
        ana< * $bob joined
        eve< {"type":"joined"}
        bob> /history
        bob< * 3 messages of lobby:
        bob< [MM-DD hh:mm] #1 * a message of $ana was deleted
        bob< [MM-DD hh:mm] #2 $ana: oops
        bob< [MM-DD hh:mm] #3 * $ana deleted message 1
        bob< * end of history
        bob> /search xyzzy
        bob< * nothing found
        eve> {"type":"history","id":2,"room":"lobby","after":0}
        eve< {"type":"history","id":2,"events":[{"type":"tombstone","room":"lobby","seq":1,"from":"$ana"},{"type":"message","seq":2},{"type":"deleted","seq":3,"target":1}]}
        # another's, one that is gone, one that never was, no number at all
        bob> /delete 2
        bob< ! Message 2 of lobby is not yours to delete.
        bob> /delete
        bob< ! None of the last messages of lobby is yours. /history shows them.
        bob> /delete two
        bob< ! N is a message's number: /history shows them. Usage: /delete [N]
        ana> /delete 1
        ana< ! There is no message 1 in lobby. /history shows their numbers.
        ana> /delete #99
        ana< ! There is no message 99 in lobby. /history shows their numbers.
        # without a number: the last one
        ana> /delete
        ana< * $ana deleted message 2
        bob< * $ana deleted message 2
        eve< {"type":"deleted","seq":4,"target":2}
        "#,
    );
}

#[test]
fn what_has_come_since_one_last_typed_is_counted() {
    play(
        "",
        r#"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        ana> /unread
        ana< * nothing new since you last typed
        ana> /join ops
        ana< * you are in ops, 1 here: $ana
        eve connects natively
        eve> {"type":"hello","v":1,"name":"eve"}
        eve< {"type":"welcome","name":"eve"}
        eve> {"type":"join","id":1,"room":"lobby"}
        eve< {"type":"entered","id":1}
        ana< [lobby] * eve joined
        eve> {"type":"say","id":2,"room":"lobby","text":"one"}
        eve< {"type":"stored","id":2}
        eve< {"type":"message"}
        ana< [lobby] eve: one
        eve> {"type":"say","id":3,"room":"lobby","text":"two, $ana?"}
        eve< {"type":"stored","id":3}
        eve< {"type":"message"}
        ana< [lobby] eve: two, $ana?
        ana> /unread
        ana< * new since you last typed, in 1 room:
        ana<   lobby  2 messages, one has your name; behind #0
        # looking is not reading
        ana> /unread
        ana< * new since you last typed, in 1 room:
        ana<   lobby  2 messages, one has your name; behind #0
        ana> I am back
        ana> /unread
        ana< * nothing new since you last typed
        # a program says what its person has read
        ana> /join lobby
        ana< * you are in lobby, 2 here: $ana, eve
        ana> three
        eve< {"type":"message","seq":3}
        eve> {"type":"unread","id":4}
        eve< {"type":"unread_list","id":4,"total":1,"rooms":[{"room":"lobby","read":0,"messages":1,"mentions":0}]}
        eve> {"type":"mark_read","id":5,"room":"lobby","seq":3}
        eve< {"type":"done","id":5}
        eve> {"type":"mark_read","id":6,"room":"lobby","seq":1}
        eve< {"type":"done","id":6}
        eve> {"type":"unread","id":7}
        eve< {"type":"unread_list","id":7,"total":0,"rooms":[]}
        eve> {"type":"mark_read","id":8,"room":"nowhere","seq":1}
        eve< {"type":"refused","id":8,"refusal":{"code":"not_in_room"}}
        "#,
    );
}

fn history(client: &mut NativeClient, range: HistoryRange) -> Vec<u64> {
    let page = client.ask(Command::History { room: room("lobby"), range, limit: 100 });
    let Event::History { events, .. } = page else { panic!("expected a page, but came {page:?}") };
    events.iter().filter_map(Event::sequence).map(|seq| seq.0).collect()
}

/// Asks until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < samovar_tests::DEADLINE, "{what}");
    }
}

#[test]
fn what_is_not_kept_goes_while_the_daemon_runs_and_a_reader_is_told_of_the_gap() {
    let server = Setup::new("[history]\nmax_age = \"1s\"\nrooms = [\"ops off\"]\n").start();
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.join("ops");
    for n in 0..250 {
        ana.say("lobby", &format!("tea {n}"));
    }
    ana.say("ops", "kept");
    // Somebody who comes now is shown the last ones; later there are none.
    until("the old ones go", || history(&mut ana, HistoryRange::default()).is_empty());
    let found = |client: &mut NativeClient, words: &str| {
        let text = LineText::parse(words).unwrap();
        let (room, from, after_ms, before_ms, before) = (None, None, None, None, None);
        let search = Command::Search {
            whole: false,
            room,
            text,
            from,
            after_ms,
            before_ms,
            before,
            limit: 50,
        };
        match client.ask(search) {
            Event::Found { hits, .. } => hits.len(),
            other => panic!("expected what was found, but came {other:?}"),
        }
    };
    assert_eq!((found(&mut ana, "tea"), found(&mut ana, "kept")), (0, 1));
    let mut bob = server.native("bob");
    assert_eq!(bob.join("lobby"), Sequence(250), "numbers go on");
    let seq = ana.say("lobby", "more tea");
    assert_eq!(seq, Sequence(251));
    assert_eq!(bob.message(), (251, "ana".to_owned(), "more tea".to_owned()));
}

#[test]
fn who_resumes_behind_what_is_kept_is_told_of_one_gap_and_goes_on() {
    let config = "[history]\nmax_events = 10\n";
    let server = Server::start(config);
    let mut ana = server.native("ana");
    ana.join("lobby");
    for n in 0..500 {
        ana.send(say("lobby", &n.to_string()));
    }
    assert_eq!(ana.say("lobby", "last"), Sequence(501));
    // The sweep at the next start takes what is too much.
    let server = server.restart(Signal::TERM);
    let mut ana = server.native("ana");
    ana.join("lobby");
    let range = HistoryRange { after: Some(Sequence(3)), ..HistoryRange::default() };
    until("the old ones go", || history(&mut ana, range).len() == 10);
    assert_eq!(history(&mut ana, range), (492..=501).collect::<Vec<_>>());
}

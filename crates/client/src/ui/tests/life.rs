//! The life of the connection, as one sees it.

use chat_client::{Answer, Gap, Trouble, Update};
use chat_protocol::event::UnreadInfo;
use chat_protocol::{Command, Event, Refusal, Sequence, Timestamp};

use super::{Action, Effect, Stage, kept_out, lost, room, said, user, welcome};

#[test]
fn what_is_typed_without_a_connection_waits_and_says_so() {
    let mut stage = Stage::new(80, 24);
    stage.tell(lost("the server closed the connection", 4, 1));
    stage.shows("! connection lost 08:12:00 · retry in 4 s (try 1) · /reconnect now");
    stage.enter("are you there?");
    stage.shows("queued");
    stage.shows("1 message queued");
    stage.now_ms += 1_500;
    stage.act(Action::Tick);
    stage.shows("retry in 3 s");
    stage.tell(welcome("ana"));
    stage.hides("connection lost");
    stage.shows("sending…");
    stage.store(1);
    stage.shows("✓");
    // The server is told how far one has read; then nothing moves by itself.
    stage.now_ms += 2_000;
    stage.act(Action::Tick);
    stage.answer_all();
    assert_eq!(stage.app.next_tick(), None);
}

#[test]
fn the_server_is_told_how_far_one_has_read_and_tells_what_was_read_elsewhere() {
    let mut stage = Stage::new(80, 24);
    stage.join("build");
    stage.enter("/go ops");
    for seq in 1..=3 {
        stage.hear("ops", seq, "maya", "seen");
        stage.hear("build", seq, "bot", "@ana not seen");
    }
    stage.effects.clear();
    assert_eq!(stage.app.next_tick(), Some(Timestamp(stage.now_ms + 2_000)), "not at once");
    stage.now_ms += 2_000;
    stage.act(Action::Tick);
    let marks: Vec<_> = std::iter::from_fn(|| stage.sent()).map(|(_, command)| command).collect();
    assert_eq!(marks, [Command::MarkRead { room: room("ops"), seq: Sequence(3) }]);
    stage.shows("build @3");
    // Another client of the same user has read two of them.
    stage.tell(lost("gone", 1, 1));
    stage.tell(welcome("ana"));
    let (ticket, command) = std::iter::from_fn(|| stage.sent()).last().unwrap();
    assert_eq!(command, Command::Unread);
    let unread = UnreadInfo { room: room("build"), read: Sequence(2), messages: 1, mentions: 1 };
    stage.answer(ticket, Event::UnreadList { id: None, rooms: vec![unread], total: 1 });
    stage.shows("build @1");
}

#[test]
fn a_deleted_message_keeps_its_place_and_loses_its_text() {
    let mut stage = Stage::new(80, 24);
    stage.hear("ops", 1, "maya", "what I should not have said");
    stage.hear("ops", 2, "lee", "what?");
    let time_ms = Timestamp(stage.now_ms);
    let (from, target) = (user("maya"), Sequence(1));
    stage.event(Event::Deleted {
        room: room("ops"),
        seq: Sequence(3),
        time_ms,
        from,
        target,
        original: None,
        reason: None,
    });
    stage.hides("should not have said");
    stage.shows("a message of maya was deleted");
    let tombstone = |seq| Event::Tombstone {
        room: room("ops"),
        seq: Sequence(seq),
        time_ms,
        from: user("kai"),
        key: None,
    };
    stage.event(tombstone(4));
    stage.shows("a message of kai was deleted");
    assert_eq!(stage.app.room().newest(), Sequence(4));
    stage.effects.clear();
    stage.enter("/delete");
    assert!(matches!(stage.sent(), Some((_, Command::Delete { seq: None, .. }))));
}

#[test]
fn a_queue_that_is_full_says_so_and_keeps_what_is_typed() {
    let mut stage = Stage::new(80, 24);
    stage.tell(lost("gone", 4, 1));
    for n in 0..crate::ui::limits::OUTBOX_COMMANDS_MAX {
        stage.enter(&format!("{n}"));
    }
    stage.enter("one too many");
    stage.shows("commands wait for the server; this one was not taken");
    assert_eq!(stage.app.input().text(), "one too many");
}

#[test]
fn an_answer_that_never_came_is_told_at_the_message() {
    let mut stage = Stage::new(80, 24);
    stage.enter("did it send?");
    let (ticket, _) = stage.sent().unwrap();
    stage.act(Action::Answered(ticket, Answer::Unknown));
    stage.shows("? the connection was lost: it may be sent or not");
}

#[test]
fn a_name_that_was_taken_meanwhile_is_told() {
    let mut stage = Stage::new(80, 24);
    stage.tell(lost("the server closed the connection", 1, 1));
    stage.tell(welcome("ana2"));
    stage.shows("You are ana2 now: ana was taken meanwhile.");
    stage.shows("ana2 ›");
}

#[test]
fn a_name_that_was_chosen_without_a_connection_is_not_asked_for_twice() {
    let mut stage = Stage::new(120, 24);
    stage.tell(kept_out("The name \"ana\" is taken.", 8, 3, Trouble::Name));
    stage.enter("/nick ana_");
    assert!(stage.effects.contains(&Effect::AskForName(user("ana_"))));
    stage.effects.clear();
    stage.tell(welcome("ana_"));
    assert!(
        !stage.effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::Nick { .. })))
    );
}

#[test]
fn a_gap_and_another_history_are_rows_that_say_so() {
    let mut stage = Stage::new(80, 24);
    stage.event(said("ops", 5, stage.now_ms, "maya", "before"));
    let why = "the server does not keep them any more".to_owned();
    let missing = Some((Sequence(6), Sequence(9)));
    stage.tell(Update::Gap(Gap { room: room("ops"), missing, why }));
    stage.shows("messages 6 to 9 are missing: the server does not keep them");
    let why = "the server has another history than before".to_owned();
    stage.tell(Update::Gap(Gap { room: room("ops"), missing: None, why }));
    stage.shows("what came before may be missing: the server has another history");
    let events = vec![said("ops", 1, stage.now_ms, "maya", "after")];
    stage.event(Event::History { id: None, room: room("ops"), events, more: false });
    stage.shows("before");
    stage.shows("after");
}

#[test]
fn one_comes_back_to_where_one_was() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.enter("/ignore troll");
    stage.join("build");
    stage.enter("/hush");
    let memory = stage.app.memory();
    let mut start = super::start();
    start.memory = memory;
    let mut stage = Stage::with(80, 24, start.clone());
    let time_ms = stage.now_ms;
    let events: Vec<Event> =
        (43..46).map(|seq| said("ops", seq, time_ms, "lee", &format!("text {seq}."))).collect();
    let replay = Event::History { id: None, room: room("ops"), events, more: true };
    stage.event(replay.clone());
    stage.shows("2 new since");
    assert_eq!(stage.app.room().unread, 0, "they are seen");
    stage.join("build");
    assert!(stage.app.room().muted);
    assert!(stage.app.ignored.contains(&user("troll")));
    // Of another history nothing was read.
    start.memory.journal = None;
    let mut stage = Stage::with(80, 24, start);
    stage.event(replay);
    stage.hides("new since");
}

#[test]
fn a_conversation_that_ended_stays_until_one_leaves_it() {
    let mut stage = Stage::new(80, 24);
    stage.hear("@mila", 1, "mila", "do you have a minute?");
    stage.event(Event::Exited { room: room("@mila") });
    stage.shows("2 @mila @1");
    stage.press("Alt-a");
    stage.shows("do you have a minute?");
    stage.shows("mila is gone: the conversation is over");
    // Another mila is another conversation, whose sequences begin anew.
    stage.hear("@mila", 1, "mila", "I am new here");
    stage.shows("I am new here");
    stage.enter("/leave");
    let (ticket, _) = stage.sent().unwrap();
    stage.answer(ticket, Event::refused(None, Refusal::NotInRoom { room: room("@mila") }));
    stage.hides("@mila @");
    stage.shows(" #ops");
}

#[test]
fn a_server_that_stops_says_when() {
    let mut stage = Stage::new(80, 24);
    stage.event(Event::ShuttingDown { time_ms: Timestamp(0), in_seconds: 30 });
    stage.shows("the server stops in 30 seconds");
    stage.event(Event::Notice { text: "\u{1b}[2Jevil".to_owned() });
    stage.shows("\\u{1b}[2Jevil");
}

#[test]
fn who_is_here_follows_what_is_told() {
    let mut stage = Stage::new(140, 24);
    let time_ms = Timestamp(stage.now_ms);
    stage.event(Event::Joined {
        room: room("ops"),
        time_ms,
        user: user("kai"),
        account: false,
        account_name: None,
        away: None,
        real_name: None,
        role: chat_protocol::Role::Member,
    });
    stage.shows("15 here");
    stage.event(Event::Renamed { from: user("kai"), to: user("kay") });
    stage.shows("kai joined · kai is now kay");
    stage.event(Event::Gone { room: room("ops"), time_ms, user: user("kay"), reason: None });
    stage.shows("14 here");
    stage.enter("/option joins hidden");
    stage.hides("is now kay");
}

//! Who types, and that one does oneself; what another session of one's own has read.

use chat_protocol::{Event, Sequence, Signal, Timestamp, TypingState};

use super::{Action, Stage, room, user};

fn types(stage: &mut Stage, name: &str, state: TypingState) {
    let signal = Signal::Typing { state };
    let (time_ms, from) = (Timestamp(stage.now_ms), user(name));
    stage.event(Event::Signal { room: room("ops"), time_ms, from, signal, key: None });
}

#[test]
fn who_types_is_told_until_it_is_over() {
    let mut stage = Stage::new(80, 24);
    types(&mut stage, "maya", TypingState::Active);
    stage.shows("maya is typing…");
    assert_eq!(stage.app.next_tick(), Some(Timestamp(stage.now_ms + 6_000)));
    stage.now_ms += 6_000;
    stage.act(Action::Tick);
    stage.hides("typing");
    assert_eq!(stage.app.next_tick(), None, "nothing moves by itself");
    // Who has said something does not type any more; who pauses does for longer.
    types(&mut stage, "maya", TypingState::Active);
    types(&mut stage, "lee", TypingState::Paused);
    stage.shows("maya and lee are typing…");
    stage.hear("ops", 1, "maya", "there");
    stage.shows("lee is typing…");
    stage.now_ms += 10_000;
    stage.act(Action::Tick);
    stage.shows("lee is typing…");
    types(&mut stage, "lee", TypingState::Done);
    stage.hides("typing");
    // So many that nobody reads their names; and some more.
    for n in 0..20 {
        types(&mut stage, &format!("n{n}"), TypingState::Active);
    }
    stage.shows("8 are typing…");
    // Neither oneself, elsewhere, nor whom one ignores.
    let mut stage = Stage::new(140, 40);
    stage.enter("/ignore troll");
    types(&mut stage, "troll", TypingState::Active);
    types(&mut stage, "ana", TypingState::Active);
    stage.hides("typing…");
    types(&mut stage, "maya", TypingState::Active);
    stage.shows("maya is typing…");
}

#[test]
fn others_are_told_that_one_types_now_and_then() {
    let active = || Signal::Typing { state: TypingState::Active };
    let mut stage = Stage::new(80, 24);
    stage.type_in("hel");
    assert_eq!(stage.signals, [active()]);
    stage.now_ms += 2_900;
    stage.type_in("lo");
    assert_eq!(stage.signals.len(), 1, "at most once in three seconds");
    stage.now_ms += 100;
    stage.type_in("!");
    assert_eq!(stage.signals.len(), 2);
    // What is said says it by itself; what is dropped does not.
    stage.press("Enter");
    assert_eq!(stage.signals.len(), 2);
    stage.type_in("never mind");
    stage.press("Ctrl-U");
    assert_eq!(stage.signals[2..], [active(), Signal::Typing { state: TypingState::Done }]);
    // A command is nobody's business, a slash that is said is.
    stage.signals.clear();
    stage.type_in("/quit");
    assert_eq!(stage.signals, []);
    stage.press("Ctrl-U");
    stage.type_in("//");
    assert!(!stage.signals.is_empty());
    stage.press("Ctrl-U");
    stage.enter("/option typing off");
    stage.signals.clear();
    stage.type_in("unseen");
    assert_eq!(stage.signals, []);
}

#[test]
fn what_another_session_reads_is_read_here_at_once() {
    let mut stage = Stage::new(80, 24);
    stage.join("build");
    stage.enter("/go ops");
    for seq in 1..=3 {
        stage.hear("build", seq, "bot", "@ana look");
    }
    stage.shows("build @3");
    let moved = |seq| Event::ReadMoved { room: room("build"), seq: Sequence(seq), time_ms: None };
    stage.event(moved(2));
    stage.shows("build @1");
    stage.event(moved(3));
    stage.hides("build @");
}

//! Answers to messages, and reactions.

use chat_protocol::{Command, Event, ReactionText, Sequence, Signal, Timestamp};

use super::{NOW_MS, Stage, room, said, user};

fn answer_of(event: Event, to: u64) -> Event {
    match event {
        Event::Message { room, seq, time_ms, from, text, kind, key, account, bot, .. } => {
            let reply_to = Some(Sequence(to));
            Event::Message { room, seq, time_ms, from, text, kind, key, reply_to, account, bot }
        }
        other => panic!("{other:?}"),
    }
}

fn reaction(from: &str, seq: u64, text: &str, undo: bool) -> Event {
    let text = ReactionText::parse(text).unwrap();
    Event::Signal {
        room: room("ops"),
        time_ms: Timestamp(NOW_MS),
        from: user(from),
        signal: Signal::React { seq: Sequence(seq), text, undo },
        key: None,
    }
}

/// What was said next, and what it answers.
fn next_said(stage: &mut Stage) -> (String, Option<u64>) {
    loop {
        match stage.sent().expect("it is said").1 {
            Command::Say { text, reply_to, .. } => {
                return (text.as_str().to_owned(), reply_to.map(|seq| seq.0));
            }
            // Older messages are loaded as one goes up.
            Command::History { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_shows_what_it_answers() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.event(answer_of(said("ops", 44, NOW_MS, "tomas", "are you sure?"), 41));
    stage.event(answer_of(said("ops", 45, NOW_MS, "lee", "about last week"), 7));
    let screen = stage.screen();
    let at = |text: &str| screen.lines().position(|line| line.contains(text)).unwrap();
    assert_eq!(at("↪ maya: keeping the canary off until tomorrow") + 1, at("are you sure?"));
    assert_eq!(at("↪ an earlier message, #7") + 1, at("about last week"));
    stage.enter("/ignore maya");
    stage.answer_all();
    stage.shows("↪ somebody whom you ignore");
}

#[test]
fn who_answers_me_names_me() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.enter("the canary is back");
    stage.store(44);
    stage.join("build");
    stage.event(answer_of(said("ops", 45, NOW_MS, "lee", "and well"), 44));
    stage.shows("ops @1");
}

#[test]
fn a_message_is_chosen_and_what_is_said_next_answers_it() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.effects.clear();
    stage.press("Alt-r");
    stage.shows("Enter answers · + reacts · Esc closes");
    for _ in 0..2 {
        stage.press("Up");
    }
    stage.press("Enter");
    stage.shows(" ↪ maya: keeping the canary off until tomorrow");
    stage.enter("for how long?");
    assert_eq!(next_said(&mut stage), ("for how long?".to_owned(), Some(41)));
    // Once: what is said after that answers nothing.
    stage.enter("hm");
    assert_eq!(next_said(&mut stage), ("hm".to_owned(), None));
    for (open, close) in [("F5", "Esc"), ("Alt-r", "Ctrl-C")] {
        stage.press(open);
        stage.press("Enter");
        stage.shows("↪ lee: the flag was at 100 %");
        stage.press(close);
        assert_eq!(stage.app.room().answering, None, "{close} drops it");
    }
}

#[test]
fn what_is_chosen_is_seen_on_the_smallest_screen_too() {
    let mut stage = Stage::new(20, 5);
    stage.history();
    stage.event(answer_of(said("ops", 44, NOW_MS, "tomas", "sure?"), 41));
    stage.event(reaction("lee", 44, "👍", false));
    stage.hear("ops", 45, "maya", "yes");
    stage.press("Alt-r");
    stage.shows("maya: yes");
    stage.press("Up");
    stage.shows("tomas: sure?");
    stage.press("Up");
    stage.shows("9f31c0a");
}

#[test]
fn the_words_take_a_number_or_the_last_message_of_somebody_else() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.effects.clear();
    stage.enter("/reply #41 one");
    stage.enter("/reply two");
    assert_eq!(next_said(&mut stage), ("one".to_owned(), Some(41)));
    assert_eq!(next_said(&mut stage), ("two".to_owned(), Some(43)));
    stage.act(super::Action::Paste("/reply #40 two\nlines".to_owned()));
    stage.press("Enter");
    assert_eq!(next_said(&mut stage), ("two\nlines".to_owned(), Some(40)));
    stage.signals.clear();
    stage.enter("/react 👍");
    stage.press("Alt-r");
    stage.type_in("+");
    assert_eq!(stage.app.input().text(), "/react #43 ");
    stage.enter("🎉");
    let texts: Vec<_> = stage.signals.iter().collect();
    let react = |text| {
        let text = ReactionText::parse(text).unwrap();
        Signal::React { seq: Sequence(43), text, undo: false }
    };
    assert_eq!(texts, [&react("👍"), &react("🎉")]);
}

#[test]
fn reactions_stand_below_their_message_until_they_are_taken_back() {
    let mut stage = Stage::new(80, 24);
    stage.history();
    stage.event(reaction("tomas", 41, "👍", false));
    stage.event(reaction("ana", 41, "👍", false));
    stage.event(reaction("lee", 41, "rollback", false));
    stage.event(reaction("lee", 4_000, "👎", false));
    stage.shows("👍 tomas, ana · rollback lee");
    stage.hides("👎");
    stage.event(reaction("lee", 41, "rollback", true));
    stage.event(reaction("ana", 41, "👍", true));
    stage.shows("👍 tomas");
    stage.hides("rollback lee");
    stage.press("F4");
    assert!(super::view::plain_text(&stage.app, 0).iter().any(|line| line == "👍 tomas"));
}

#[test]
fn there_is_nothing_to_answer_in_an_empty_room() {
    let mut stage = Stage::new(80, 24);
    stage.press("Alt-r");
    stage.shows("there is no message to answer");
    stage.enter("/reply hello");
    stage.shows("A message is named by its number, #41. Usage: /reply #N TEXT");
}

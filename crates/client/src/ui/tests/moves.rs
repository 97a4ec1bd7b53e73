//! From room to room, up and down, and what is loaded for it.

use chat_protocol::{Command, Event, Sequence};

use super::{Action, NOW_MS, Stage, room, said};
use crate::ui::room::Scroll;

/// ops with messages `from..=to` in memory, and more on the server.
fn with_messages(from: u64, to: u64) -> Stage {
    let mut stage = Stage::new(80, 24);
    stage.app.welcome = false;
    let events = (from..=to).map(|seq| said("ops", seq, NOW_MS, "maya", &format!("text {seq}.")));
    stage.event(Event::History {
        id: None,
        room: room("ops"),
        events: events.collect(),
        more: from > 1,
    });
    stage.effects.clear();
    stage
}

fn page(stage: &mut Stage, from: u64, to: u64, more: bool) {
    let Some((ticket, Command::History { .. })) = stage.sent() else {
        panic!("no page is asked for")
    };
    let events = (from..=to).map(|seq| said("ops", seq, NOW_MS, "maya", &format!("text {seq}.")));
    stage.answer(
        ticket,
        Event::History { id: None, room: room("ops"), events: events.collect(), more },
    );
}

#[test]
fn going_up_loads_what_is_older_and_end_comes_back() {
    let mut stage = with_messages(101, 140);
    stage.press("PgUp");
    assert!(
        matches!(stage.effects.as_slice(), [super::Effect::Send(_, Command::History { range, .. })]
        if range.before == Some(Sequence(101)))
    );
    stage.press("PgUp");
    page(&mut stage, 1, 100, false);
    assert_eq!(stage.sent(), None, "it is asked for once");
    for _ in 0..20 {
        stage.press("PgUp");
    }
    stage.shows("text 1.");
    assert_eq!(
        stage.screen().lines().nth(2).map(|line| line.contains("text 1.")),
        Some(true),
        "{}",
        stage.screen()
    );
    stage.hear("ops", 141, "lee", "meanwhile");
    stage.shows("↓ 1 new below · End jumps down");
    stage.press("End");
    stage.shows("meanwhile");
    stage.hides("new below");
}

#[test]
fn a_screen_up_and_a_screen_down_is_where_one_was() {
    let mut stage = with_messages(1, 200);
    for _ in 0..5 {
        stage.press("PgUp");
    }
    let before = stage.screen();
    stage.press("PgUp");
    stage.press("PgDn");
    assert_eq!(stage.screen(), before);
    for _ in 0..6 {
        stage.press("PgDn");
    }
    assert_eq!(stage.app.room().scroll, Scroll::Bottom);
}

#[test]
fn a_message_far_away_is_loaded_with_what_is_around_it() {
    let mut stage = with_messages(901, 1_000);
    stage.enter("/search needle");
    let Some((ticket, Command::Search { .. })) = stage.sent() else { panic!("no search") };
    let hit = chat_protocol::search::Hit {
        text: None,
        room: room("ops"),
        seq: Sequence(50),
        time_ms: chat_protocol::Timestamp(NOW_MS),
        from: super::user("maya"),
        kind: chat_protocol::SayKind::Text,
        snippet: Vec::new(),
    };
    stage.answer(ticket, Event::Found { id: None, hits: vec![hit], next: None, unsearched: 0 });
    stage.press("Enter");
    page(&mut stage, 1, 99, true);
    stage.shows("text 50.");
    stage.hear("ops", 1_001, "lee", "now");
    stage.hides("now");
    // Down through what lies between: page by page, no message missing, none twice.
    for _ in 0..4 {
        stage.press("PgDn");
    }
    page(&mut stage, 100, 199, true);
    stage.press("PgDn");
    stage.press("PgDn");
    stage.shows("text 120.");
    stage.press("End");
    page(&mut stage, 902, 1_001, true);
    stage.shows("text 1001.");
    stage.hear("ops", 1_002, "lee", "live again");
    stage.shows("live again");
}

#[test]
fn what_is_said_while_a_page_is_under_way_is_not_left_out() {
    let mut stage = with_messages(1, 40);
    stage.app.room_mut().window.newer = crate::ui::room::Edge::More;
    for _ in 0..2 {
        stage.press("PgUp");
    }
    stage.press("End");
    stage.hear("ops", 42, "lee", "text 42.");
    // What was asked for before does not belong here any more.
    page(&mut stage, 90, 99, false);
    stage.hides("text 99.");
    page(&mut stage, 1, 41, false);
    page(&mut stage, 42, 42, false);
    stage.shows("text 41.");
    stage.shows("text 42.");
    assert_eq!(stage.sent(), None);
}

#[test]
fn the_next_unread_room_is_a_mention_first() {
    let mut stage = Stage::new(80, 24);
    for name in ["build", "lobby"] {
        stage.join(name);
    }
    stage.enter("/go ops");
    stage.hear("build", 1, "bot", "passed");
    stage.hear("lobby", 1, "lee", "@ana?");
    stage.shows("Alt-a → lobby");
    stage.press("Alt-a");
    stage.shows(" #lobby");
    stage.press("Shift-Right");
    stage.shows(" #build");
    stage.press("Alt-a");
    stage.shows("nothing new elsewhere");
    stage.enter("/go 1");
    stage.shows(" #ops");
    stage.press("Alt-9");
    stage.shows("there is no room 9");
}

#[test]
fn what_came_while_one_was_away_has_a_line_above_it() {
    let mut stage = with_messages(1, 3);
    stage.act(Action::Focus(false));
    stage.hear("ops", 4, "lee", "first new");
    stage.hear("ops", 5, "lee", "second new");
    stage.shows("2 new since 08:12");
    assert_eq!(stage.app.room().unread, 2);
    stage.act(Action::Focus(true));
    assert_eq!(stage.app.room().unread, 0);
    stage.shows("2 new since 08:12");
    stage.join("lobby");
    stage.enter("/go ops");
    stage.hides("new since");
}

#[test]
fn a_muted_room_counts_mentions_only() {
    let mut stage = Stage::new(80, 24);
    stage.join("build");
    stage.enter("/go ops");
    stage.enter("/hush build");
    stage.hear("build", 1, "bot", "passed");
    stage.hides("build 1");
    stage.hear("build", 2, "bot", "@ana failed");
    stage.shows("build @1");
}

#[test]
fn leaving_a_room_shows_another() {
    let mut stage = Stage::new(80, 24);
    stage.join("lobby");
    stage.enter("/leave");
    stage.answer_all();
    stage.shows(" #ops");
    stage.enter("/leave");
    stage.answer_all();
    stage.shows("in no room");
    stage.enter("hello?");
    stage.shows("You are in no room. /join ROOM");
}

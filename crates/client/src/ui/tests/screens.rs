//! Every state of the screen, as one would see it.

use chat_protocol::search::{Hit, SnippetPart};
use chat_protocol::{Command, Event, LineText, SayKind, Sequence, Timestamp};
use insta::assert_snapshot;
use ratatui::style::Modifier;

use super::{MINUTE_MS, NOW_MS, Stage, lost, room, said, user};
use crate::ui::theme::Theme;

/// The sketch of the client: a morning in ops, with other rooms beside it.
fn morning(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    stage.history();
    stage.join("lobby");
    stage.join("build");
    stage.enter("/go ops");
    for seq in 1..=3 {
        stage.hear("lobby", seq, "kai", "hello");
    }
    for seq in 1..=12 {
        stage.hear("build", seq, "bot", "build passed");
    }
    stage.hear("@maya", 1, "maya", "do you have a minute?");
    for name in ["kai", "noor"] {
        stage.event(Event::Joined {
            room: room("ops"),
            time_ms: Timestamp(NOW_MS),
            user: user(name),
            account: false,
            account_name: None,
            away: None,
            real_name: None,
            role: chat_protocol::Role::Member,
        });
    }
    stage.event(Event::Left {
        room: room("ops"),
        time_ms: Timestamp(NOW_MS),
        user: user("zed"),
        reason: None,
    });
    stage.act(super::Action::Focus(false));
    let text = "@ana can you re-run the load test before standup?";
    stage.event(said("ops", 44, NOW_MS - 9 * MINUTE_MS, "lee", text));
    stage.act(super::Action::Focus(true));
    stage.enter("on it, results in ten minutes");
    stage.store(45);
    stage.enter("python bench.py --rps 400");
    stage.type_in("run finished: p99 = 41 ms, error rate 0");
    stage
}

#[test]
fn a_morning_on_80_columns() {
    assert_snapshot!(morning(80, 24).screen());
}

#[test]
fn a_morning_on_140_columns() {
    assert_snapshot!(morning(140, 40).screen());
}

#[test]
fn a_morning_on_a_very_small_terminal() {
    assert_snapshot!(morning(20, 5).screen());
}

#[test]
fn without_a_connection_everything_stays_legible() {
    let mut stage = morning(80, 24);
    stage.tell(lost("the server closed the connection", 1, 1));
    stage.now_ms += 7_000;
    stage.tell(lost("Connection refused", 4, 3));
    stage.press("Enter");
    assert_snapshot!(stage.screen());
    assert_eq!(stage.app.next_tick(), Some(Timestamp(stage.now_ms + 1_000)));
}

#[test]
fn the_first_run() {
    let mut stage = Stage::new(80, 24);
    assert_snapshot!("the_first_run_in_an_empty_room", stage.screen());
    stage.history();
    assert_snapshot!(stage.screen());
    stage.enter("hi");
    stage.hides("Welcome");
}

#[test]
fn a_search_and_what_it_found() {
    let mut stage = morning(80, 24);
    stage.press("Ctrl-F");
    stage.type_in("canary");
    assert_snapshot!("a_search_before_it_is_sent", stage.screen());
    stage.effects.clear();
    stage.press("Enter");
    let Some((ticket, Command::Search { room: within, text, .. })) = stage.sent() else {
        panic!("nothing was searched for");
    };
    assert_eq!((within, text.as_str()), (Some(room("ops")), "canary"));
    let part = |text: &str, hit| SnippetPart { text: LineText::parse(text).unwrap(), hit };
    let hit = |seq, days_ago: u64| Hit {
        text: None,
        room: room("ops"),
        seq: Sequence(seq),
        time_ms: Timestamp(NOW_MS - days_ago * 24 * 60 * MINUTE_MS),
        from: user("maya"),
        kind: SayKind::Text,
        snippet: vec![part("keeping the ", false), part("canary", true), part(" off", false)],
    };
    let hits = vec![hit(41, 1), hit(12, 400)];
    stage.answer(ticket, Event::Found { id: None, hits, next: None, unsearched: 0 });
    stage.press("Down");
    assert_snapshot!(stage.screen());
}

#[test]
fn a_paste_of_many_lines_waits() {
    let mut stage = morning(80, 24);
    stage.press("Ctrl-U");
    let lines: Vec<String> = (1..=12).map(|n| format!("line {n}")).collect();
    stage.act(super::Action::Paste(lines.join("\r\n")));
    assert_snapshot!(stage.screen());
    stage.press("Ctrl-U");
    assert!(stage.app.input().is_empty());
}

#[test]
fn help_is_made_from_the_tables() {
    let mut stage = morning(80, 24);
    stage.press("F1");
    assert_snapshot!("help_keys", stage.screen());
    for _ in 0..2 {
        stage.press("PgDn");
    }
    assert_snapshot!("help_commands", stage.screen());
    stage.press("Esc");
    stage.shows("on it, results in ten minutes");
}

#[test]
fn the_switcher_finds_rooms_by_some_of_their_letters() {
    let mut stage = morning(80, 24);
    stage.press("Ctrl-G");
    assert_snapshot!("the_switcher", stage.screen());
    stage.type_in("bl");
    assert_snapshot!("the_switcher_with_letters", stage.screen());
    stage.press("Enter");
    stage.shows(" #build");
}

#[test]
fn without_colours_a_mention_is_still_seen() {
    let mut stage = morning(80, 24);
    stage.app.settings.theme = Theme::Mono;
    let buffer = stage.buffer();
    assert!(buffer.content().iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
    let named = buffer.content().windows(4).find(|cells| {
        cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() == "@ana"
    });
    let modifier = named.expect("it is there")[0].modifier;
    assert!(modifier.contains(Modifier::BOLD | Modifier::REVERSED));
}

#[test]
fn plain_text_is_what_was_said() {
    let stage = morning(80, 10);
    let lines = super::view::plain_text(&stage.app, 0);
    assert_snapshot!(lines.join("\n"));
    let older = super::view::plain_text(&stage.app, 1);
    assert!(older.iter().all(|line| !lines.contains(line)), "{older:?}");
}

#[test]
fn nothing_breaks_a_screen_of_any_size() {
    let mut stage = morning(80, 24);
    let nasty = [
        "👩‍👩‍👧‍👦 family 👍🏽 flags 🇨🇿🇺🇸 ☺️",
        "مرحبا بالعالم and עברית",
        "日本語のとても長い文章がここにあります",
        "e\u{301}\u{301}\u{301} zalgo \u{200b}\u{feff}zero",
        "tab\tin\tit\nand a second line",
    ];
    for (n, text) in (50..).zip(nasty) {
        stage.hear("ops", n, "maya", text);
    }
    stage.hear("ops", 60, "maya", &"long ".repeat(800));
    stage.hear("ops", 61, "maya", &"x".repeat(4_000));
    for (width, height) in [
        (1, 1),
        (2, 2),
        (5, 3),
        (20, 5),
        (20, 50),
        (39, 7),
        (40, 8),
        (80, 12),
        (99, 24),
        (100, 24),
        (300, 80),
    ] {
        stage.act(super::Action::Resized(ratatui::layout::Size::new(width, height)));
        for key in [
            "F1", "Esc", "Ctrl-F", "Esc", "Ctrl-G", "Esc", "Ctrl-R", "Esc", "PgUp", "PgUp", "PgDn",
            "Ctrl-End",
        ] {
            stage.press(key);
            stage.buffer();
        }
    }
}

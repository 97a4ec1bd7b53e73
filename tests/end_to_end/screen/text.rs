//! What people write, and what bad people write, on a real terminal: nothing of it moves anything, and
//! everything stands where it belongs.

use super::in_lobby;

/// The column at which a text begins, in cells as the terminal counts them: tmux gives wide characters
/// one place each in its text, so what is before must be narrow.
fn column(screen: &str, text: &str) -> usize {
    let line = screen.lines().find(|line| line.contains(text)).expect("it is seen");
    line.split(text).next().unwrap_or_default().chars().count()
}

#[test]
fn wide_and_joined_graphemes_do_not_shift_what_is_around_them() {
    let (server, pane) = in_lobby(110, 30);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "plain");
    let before = pane.wait_for("plain");
    let bars = |screen: &str| {
        let members = screen.lines().filter(|line| line.contains('│'));
        members.map(|line| line.matches('│').count()).collect::<Vec<_>>()
    };
    for (n, text) in [
        "日本語のとても長い文章",
        "👩‍👩‍👧‍👦 family",
        "👍🏽 skin, 🇨🇿 flag, ☺️ variant",
        "e\u{301}\u{301}\u{301} accents",
        "مرحبا בעולם right to left",
        "zero\u{200b}width\u{feff}",
    ]
    .iter()
    .enumerate()
    {
        maya.say("lobby", &format!("{n}. {text}"));
        let screen = pane.wait_for(&format!("{n}. "));
        assert_eq!(bars(&screen), bars(&before), "{screen}");
        assert_eq!(column(&screen, &format!("{n}. ")), column(&before, "plain"), "{screen}");
    }
    // The cursor of the input steps over them as one.
    pane.type_in("日本語👩‍👩‍👧‍👦e\u{301}x");
    pane.wait_for("日本語");
    pane.press("Left");
    pane.press("BSpace");
    pane.press("BSpace");
    pane.press("BSpace");
    let screen = pane
        .wait_until("the family and the accent are gone", |screen| screen.contains("ana › 日本x"));
    assert!(!screen.contains("語x"), "{screen}");
}

#[test]
fn a_line_of_ten_thousand_characters_is_a_paste_that_says_so() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    let longest = "long ".repeat(800) + "END";
    maya.say("lobby", &longest);
    pane.wait_for("END");
    pane.press("PageUp");
    pane.wait_for("jumps down");
    pane.press("End");
    pane.wait_for("END");
    pane.paste(&"y".repeat(10_000));
    pane.wait_for("too long: 10000/4096");
    pane.press("Enter");
    pane.wait_for("not sent");
    pane.press("C-u");
    pane.wait_gone("yyyy");
    pane.enter("still alive");
    pane.wait_for("✓");
}

#[test]
fn an_address_is_one_link_over_all_its_lines() {
    let (server, pane) = in_lobby(60, 24);
    let log = pane.home().path().join("written");
    pane.record(&log);
    let mut maya = server.native("maya");
    maya.join("lobby");
    let link = format!("https://git.lan/ops/{}/commit/9f31c0a", "flags-and-more/".repeat(6));
    maya.say("lobby", &format!("see {link} for it"));
    pane.wait_for("9f31c0a");
    let read = || String::from_utf8_lossy(&std::fs::read(&log).expect("it is there")).into_owned();
    let opens = format!(";{link}\u{1b}\\");
    pane.wait_until("each line of it leads to the whole address", |_| {
        read().matches(&opens).count() > 1
    });
    let written = read();
    assert!(!written.contains(";https://git.lan/ops/flags-and-more/\u{1b}"), "{written:?}");
}

#[test]
fn no_text_drives_the_terminal() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    // The server refuses these from everybody; a title, a colour or a cleared screen never comes.
    for text in
        ["\u{1b}[2Jgone", "\u{9b}31mred", "\u{202e}reversed", "bell\u{7}", "\u{1b}]0;owned\u{7}"]
    {
        let frame = format!(
            r#"{{"type":"say","id":90,"room":"lobby","text":{},"key":null}}"#,
            serde_json::to_string(text).expect("text")
        );
        maya.send_frame(frame);
    }
    maya.say("lobby", "harmless \u{2}bold\u{2} \u{3}4red\u{3}");
    let screen = pane.wait_for("harmless bold red");
    assert!(screen.contains("#lobby"), "{screen}");
    let raw = pane.coloured();
    assert!(!raw.contains("\u{202e}") && !raw.contains("owned\u{7}"), "{raw:?}");
    assert!(!pane.title().contains("owned"), "{}", pane.title());
}

#[test]
fn a_storm_of_sizes_with_a_flood_ends_in_a_whole_screen() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    let writer = std::thread::spawn(move || {
        for n in 1..=500 {
            maya.say("lobby", &format!("drop {n}. 日本語 👩‍👩‍👧‍👦"));
        }
        maya
    });
    for n in 0..60 {
        pane.resize(20 + (n * 37) % 140, 5 + (n * 11) % 40);
    }
    drop(writer.join());
    pane.resize(20, 5);
    pane.type_in("tiny");
    pane.wait_for("› tiny");
    pane.resize(80, 24);
    pane.wait_for("F1 help");
    let screen = pane.wait_for("drop 500.");
    assert!(screen.contains("#lobby"), "{screen}");
    assert_eq!(screen.matches("drop 500.").count(), 1, "{screen}");
}

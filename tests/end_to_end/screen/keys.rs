//! Every key of the table, pressed on a real terminal: each does what F1 says of it, with Alt and without.

use samovar_tests::Pane;

use super::in_lobby;

/// Presses a key and waits for what it shows.
#[track_caller]
fn shows(pane: &Pane, key: &str, text: &str) {
    pane.press(key);
    pane.wait_for(text);
}

/// The same, and closes what it opened.
#[track_caller]
fn opens(pane: &Pane, key: &str, text: &str) {
    shows(pane, key, text);
    pane.press("Escape");
    pane.wait_gone(text);
}

#[test]
fn keys_of_rooms_and_of_what_is_open() {
    let (server, pane) = in_lobby(100, 24);
    let mut maya = server.native("maya");
    for room in ["lobby", "ops", "build"] {
        maya.join(room);
    }
    for room in ["ops", "build"] {
        pane.enter(&format!("/join {room}"));
        pane.wait_for(&format!(" #{room}  "));
    }
    shows(&pane, "C-n", " #lobby  ");
    shows(&pane, "C-p", " #build  ");
    shows(&pane, "M-2", " #ops  ");
    shows(&pane, "M-1", " #lobby  ");
    maya.say("ops", "something new");
    pane.wait_for("Alt-a → ops");
    shows(&pane, "M-a", " #ops  ");
    maya.say("build", "something else");
    pane.wait_for("Alt-a → build");
    shows(&pane, "S-Right", " #build  ");
    pane.enter("/go 1");
    pane.wait_for(" #lobby  ");
    opens(&pane, "C-g", "go to ›");
    opens(&pane, "C-f", "search #lobby ›");
    opens(&pane, "C-r", "typed before ›");
    opens(&pane, "F1", "say it");
    shows(&pane, "M-e", "nothing here was refused");
    pane.press("C-l");
    pane.wait_gone("nothing here was refused");
    shows(&pane, "F3", "nothing here was refused");
    maya.say("lobby", "what do you think?");
    for key in ["M-r", "F5"] {
        opens(&pane, key, "Enter answers · + reacts");
    }
    for key in ["M-l", "F4"] {
        pane.press(key);
        pane.wait_gone("F1 help");
        pane.wait_for(" maya: what do you think?");
        shows(&pane, "Escape", "F1 help");
    }
    for n in 0..40 {
        maya.say("lobby", &format!("line {n}."));
    }
    pane.wait_for("line 39.");
    for key in ["C-End", "M-End", "End", "NPage"] {
        shows(&pane, "PPage", "jumps down");
        pane.press(key);
        pane.wait_gone("jumps down");
    }
    shows(&pane, "C-d", "Ctrl-C again leaves");
}

#[test]
fn keys_of_the_input() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    pane.wait_for("maya joined");
    for key in ["M-Enter", "C-j"] {
        pane.type_in("one");
        pane.press(key);
        pane.type_in("two");
        pane.wait_for("2 lines: Enter sends as one");
        pane.press("C-u");
        pane.wait_gone("2 lines");
    }
    pane.type_in("ma");
    shows(&pane, "Tab", "ana › maya:");
    pane.press("C-u");
    pane.type_in("/hel");
    shows(&pane, "Tab", "ana › /help");
    shows(&pane, "BTab", "ana › /help");
    pane.press("C-u");
    // What stands in the box is marked by letters, and so is where the cursor is.
    pane.type_in("bb cc dd");
    for (key, mark, expected) in [
        ("Home", "1", "1bb cc dd"),
        ("End", "2", "1bb cc dd2"),
        ("C-a", "3", "31bb cc dd2"),
        ("C-e", "4", "31bb cc dd24"),
        ("M-b", "5", "31bb cc 5dd24"),
        ("C-Left", "6", "31bb cc 65dd24"),
        ("M-Left", "7", "31bb cc 765dd24"),
        ("M-f", "8", "31bb cc 765dd248"),
        ("Left", "9", "31bb cc 765dd2498"),
        ("C-b", "a", "31bb cc 765dd24a98"),
        ("Right", "e", "31bb cc 765dd24a9e8"),
        ("C-Right", "f", "31bb cc 765dd24a9e8f"),
        ("M-Right", "g", "31bb cc 765dd24a9e8fg"),
        ("BSpace", "h", "31bb cc 765dd24a9e8fh"),
        ("C-h", "i", "31bb cc 765dd24a9e8fi"),
        ("C-w", "j", "31bb cc j"),
        ("M-BSpace", "k", "31bb cc k"),
        ("C-y", "l", "31bb cc kjl"),
    ] {
        pane.press(key);
        pane.type_in(mark);
        pane.wait_until(&format!("{key} was pressed"), |screen| {
            screen.lines().any(|line| line.trim_end() == format!("ana › {expected}"))
        });
    }
    pane.press("Home");
    pane.press("DC");
    pane.wait_for("ana › 1bb cc kjl");
    pane.press("C-k");
    pane.wait_gone("bb cc");
    pane.enter("said before");
    pane.wait_for("✓");
    shows(&pane, "Up", "ana › said before");
    pane.press("Down");
    pane.wait_gone("ana › said before");
    pane.type_in("half a thought");
    pane.press("C-c");
    pane.wait_for("cleared; Ctrl-Y brings it back");
    shows(&pane, "C-y", "ana › half a thought");
}

//! The full screen in a real terminal: keys, sizes, the shell, the end in every way.

mod hostile;
mod keys;
mod plain;
mod text;
mod trouble;

use chat_protocol::{Command, Event, ReactionText, Signal as Told, TypingState};
use samovar_tests::{Pane, Server, Setup, Signal, chat_client, room};

/// Starts the client in a pane, as ana in the lobby.
fn client(pane: &Pane, server: &Server, arguments: &str) {
    let program = chat_client().display();
    pane.enter(&format!(
        "clear; {program} --server {} --name ana {arguments}; echo \"exit $?\"",
        server.address()
    ));
}

fn in_lobby(columns: u16, rows: u16) -> (Server, Pane) {
    let server = Server::start("");
    let pane = Pane::open(columns, rows, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("#lobby");
    pane.wait_for("1 here");
    (server, pane)
}

#[test]
fn two_people_talk_and_see_what_became_of_it() {
    let (server, pane) = in_lobby(80, 24);
    pane.wait_for("Welcome. You are guest \"ana\"");
    let mut maya = server.native("maya");
    maya.join("lobby");
    pane.wait_for("maya joined");
    maya.say("lobby", "hi ana, see https://example.org/x");
    pane.wait_for("hi ana, see https://example.org/x");
    pane.enter("hello maya");
    let screen = pane.wait_until("it is stored", |screen| screen.contains('✓'));
    let line = screen.lines().find(|line| line.contains("hello maya")).unwrap_or_default();
    assert!(line.ends_with('✓'), "{screen}");
    // Her own comes back to her too.
    assert_eq!(maya.message().1, "maya");
    assert_eq!(maya.message().2, "hello maya");
    pane.enter("/quit");
    pane.wait_for("exit 0");
    pane.is_given_back();
}

#[test]
fn one_answers_a_message_and_reacts_to_it() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    let first = maya.say("lobby", "is web-3 up?");
    maya.say("lobby", "and web-4?");
    pane.wait_for("and web-4?");
    for key in ["M-r", "F5"] {
        pane.press(key);
        pane.wait_for("Enter answers · + reacts");
        pane.press("Escape");
        pane.wait_gone("Enter answers · + reacts");
    }
    pane.press("F5");
    pane.press("Up");
    pane.press("Enter");
    pane.wait_for(" ↪ maya: is web-3 up?");
    pane.enter("since noon");
    pane.wait_for("✓");
    let answer = loop {
        if let Event::Message { from, reply_to, seq, .. } = maya.event()
            && from.as_str() == "ana"
        {
            assert_eq!(reply_to, Some(first));
            break seq;
        }
    };
    for (text, undo) in [("👍", false), ("rollback", false), ("rollback", true)] {
        let text = ReactionText::parse(text).expect("a reaction");
        let signal = Told::React { seq: answer, text, undo };
        maya.ask(Command::Signal { room: room("lobby"), signal, key: None });
    }
    pane.wait_for("👍 maya");
    pane.wait_gone("rollback");
    // One's own is told to oneself too.
    pane.enter(&format!("/react #{first} :+1:"));
    pane.wait_for(":+1: ana");
    pane.enter(&format!("/unreact #{first} :+1:"));
    pane.wait_gone(":+1: ana");
}

#[test]
fn what_is_deleted_is_gone_from_every_screen() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "better not said");
    pane.wait_for("better not said");
    maya.ask(Command::Delete { room: room("lobby"), seq: None, reason: None });
    pane.wait_for("a message of maya was deleted");
    pane.wait_gone("better not said");
    pane.enter("mine is worse");
    pane.wait_for("✓");
    pane.enter("/delete");
    pane.wait_for("a message of ana was deleted");
    pane.wait_gone("mine is worse");
}

#[test]
fn nobody_there_is_said_before_the_screen_switches() {
    let pane = Pane::open(80, 24, &[]);
    let program = chat_client().display().to_string();
    pane.enter(&format!("{program} --server unix:/nowhere/at/all; echo \"exit $?\""));
    pane.wait_for("No chat daemon at unix:/nowhere/at/all.");
    pane.wait_for("exit 3");
}

#[test]
fn the_screen_follows_the_terminal_through_any_storm_of_sizes() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "👩‍👩‍👧 日本語 e\u{301} مرحبا and a tail");
    pane.wait_for("and a tail");
    pane.resize(140, 40);
    pane.wait_for(" Rooms ");
    pane.wait_for("2 here");
    for n in 0..30 {
        pane.resize(20 + n * 4, 5 + n);
    }
    pane.resize(20, 5);
    pane.type_in("tiny");
    pane.wait_for("ana › tiny");
    pane.resize(80, 24);
    pane.wait_for("F1 help");
    pane.wait_for("ana › tiny");
    let screen = pane.wait_for("and a tail");
    assert_eq!(screen.matches("and a tail").count(), 1, "{screen}");
}

#[test]
fn the_shell_gets_its_terminal_back_and_gives_it_again() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    pane.wait_for("maya joined");
    pane.type_in("half a thought");
    pane.wait_for("half a thought");
    pane.press("C-z");
    pane.is_given_back();
    maya.say("lobby", "said while you slept");
    pane.enter("fg");
    pane.wait_for("said while you slept");
    pane.wait_for("ana › half a thought");
    pane.press("C-c");
    // Stopped by somebody else, it does the same.
    pane.signal(Signal::TSTP);
    pane.is_given_back();
    pane.enter("fg");
    pane.wait_for("F1 help");
}

#[test]
fn the_terminal_is_whole_after_every_end() {
    for (how, exit) in [("TERM", "exit 143"), ("HUP", "exit 143"), ("INT", "exit 130")] {
        let (_server, pane) = in_lobby(80, 24);
        pane.signal(match how {
            "TERM" => Signal::TERM,
            "HUP" => Signal::HUP,
            _ => Signal::INT,
        });
        pane.wait_for(exit);
        pane.is_given_back();
    }
    let (_server, pane) = in_lobby(80, 24);
    pane.enter("/crash");
    pane.wait_for("panicked at");
    pane.wait_for("asked to");
    pane.is_given_back();
}

#[test]
fn ctrl_c_asks_before_it_leaves() {
    let (_server, pane) = in_lobby(80, 24);
    pane.type_in("oops");
    pane.press("C-c");
    pane.wait_gone("oops");
    pane.press("C-c");
    pane.wait_for("Ctrl-C again leaves");
    pane.press("C-c");
    pane.wait_for("exit 0");
    pane.is_given_back();
}

#[test]
fn what_is_typed_while_the_server_is_away_arrives_once_it_is_back() {
    let home = samovar_tests::Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let server = Setup::new("").listen(socket).start();
    let pane = Pane::open(80, 24, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("1 here");
    pane.enter("before");
    pane.wait_for("✓");
    let mut stopped = server;
    stopped.stop(Signal::KILL);
    pane.wait_for("! connection lost");
    pane.enter("typed offline");
    pane.wait_for("queued");
    pane.wait_for("1 message queued");
    let server = stopped.start_again();
    pane.enter("/reconnect");
    pane.wait_gone("connection lost");
    pane.wait_until("both are stored", |screen| screen.matches('✓').count() == 2);
    let mut eve = server.native("eve");
    assert_eq!(eve.stored("lobby"), ["before", "typed offline"]);
}

#[test]
fn history_comes_from_the_server_as_one_goes_up() {
    let server = Server::start("");
    let mut maya = server.native("maya");
    maya.join("lobby");
    for n in 1..=300 {
        maya.say("lobby", &format!("number {n}."));
    }
    let pane = Pane::open(80, 24, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("number 300.");
    for _ in 0..60 {
        pane.press("PageUp");
    }
    pane.wait_until("the first is seen", |screen| {
        // What is loaded while one goes up is gone up to with the next key.
        pane.press("PageUp");
        screen.contains("number 1.")
    });
    maya.say("lobby", "the newest");
    pane.wait_for("new below · End jumps down");
    pane.press("End");
    pane.wait_for("the newest");
}

#[test]
fn a_search_jumps_to_what_it_found() {
    let server = Server::start("");
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "the needle is here");
    for n in 1..=250 {
        maya.say("lobby", &format!("straw {n}."));
    }
    let pane = Pane::open(80, 24, &[]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("straw 250.");
    pane.press("C-f");
    pane.wait_for("search #lobby ›");
    pane.enter("needle");
    pane.wait_for("1 found for needle");
    pane.press("Enter");
    pane.wait_for("straw 1.");
    pane.wait_for("the needle is here");
    pane.press("End");
    pane.wait_for("straw 250.");
}

#[test]
fn a_paste_of_many_lines_is_one_message_after_enter() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    pane.wait_for("maya joined");
    pane.paste("one\ntwo\nthree");
    pane.wait_for("3 lines: Enter sends as one · Ctrl-U drops");
    pane.press("Enter");
    assert_eq!(maya.message().2, "one\ntwo\nthree");
}

#[test]
fn one_comes_back_to_where_one_was() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "read before");
    pane.wait_for("read before");
    // tmux says that nobody looks at a pane without a client; who types does.
    pane.type_in("I am here");
    pane.wait_for("I am here");
    pane.signal(Signal::TERM);
    pane.wait_for("exit 143");
    maya.say("lobby", "said meanwhile");
    maya.say("lobby", "and this");
    client(&pane, &server, "--room lobby");
    let screen = pane.wait_for("2 new since");
    let line = |text: &str| screen.lines().position(|line| line.contains(text));
    assert!(
        line("read before") < line("2 new since") && line("2 new since") < line("said meanwhile")
    );
}

#[test]
fn an_editor_writes_the_message() {
    let server = Server::start("");
    let pane = Pane::open(80, 24, &[("EDITOR", "./editor.sh")]);
    let script = pane
        .home()
        .write("editor.sh", "#!/bin/sh\ngrep -q begun \"$1\" && echo 'from the editor' > \"$1\"\n");
    let chmod = std::process::Command::new("chmod").arg("+x").arg(script).status();
    assert!(chmod.is_ok_and(|status| status.success()));
    client(&pane, &server, "--room lobby");
    pane.wait_for("1 here");
    pane.type_in("begun");
    pane.wait_for("begun");
    pane.press("C-x");
    pane.wait_for("ana › from the editor");
    pane.press("Enter");
    pane.wait_for("✓");
}

#[test]
fn plain_text_can_be_copied_and_the_screen_comes_back() {
    let (server, pane) = in_lobby(60, 16);
    let mut maya = server.native("maya");
    maya.join("lobby");
    let long = format!("https://example.org/{}", "x".repeat(80));
    maya.say("lobby", &long);
    pane.wait_for("maya joined");
    pane.press("F4");
    let screen = pane.wait_for("any other key returns");
    assert!(screen.replace('\n', "").contains(&format!("maya: {long}")), "{screen}");
    pane.press("Escape");
    pane.wait_for("F1 help");
}

#[test]
fn no_color_means_none_and_mentions_are_still_seen() {
    let server = Server::start("");
    let pane = Pane::open(80, 24, &[("NO_COLOR", "1")]);
    client(&pane, &server, "--room lobby");
    pane.wait_for("1 here");
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "@ana look");
    pane.wait_for("@ana look");
    let coloured = pane.coloured();
    let codes: Vec<&str> =
        coloured.split("\x1b[").skip(1).filter_map(|rest| rest.split('m').next()).collect();
    let has_colour = codes.iter().flat_map(|codes| codes.split(';')).any(|code| {
        code.parse().is_ok_and(|code: u8| {
            (30..=38).contains(&code) || (40..=48).contains(&code) || code >= 90
        })
    });
    assert!(!has_colour, "{codes:?}");
    let named = coloured.split("@ana").next().unwrap_or_default();
    let style = named.rsplit("\x1b[").next().unwrap_or_default();
    assert!(style.contains('7') && coloured.contains("\x1b[1"), "{coloured:?}");
}

#[test]
fn a_mention_rings_and_another_message_does_not() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "just talking");
    pane.wait_for("just talking");
    assert!(!pane.has_rung());
    let log = pane.home().path().join("written");
    pane.record(&log);
    maya.say("lobby", "@ana are you there?");
    pane.wait_for("@ana are you there?");
    pane.wait_until("it rings", |_| pane.has_rung());
    // What crosses ssh, and becomes a notification where the terminal is.
    let notice = "\u{1b}]9;#lobby maya: @ana are you there?";
    pane.wait_until("the terminal is asked to tell it", |_| {
        std::fs::read(&log).is_ok_and(|log| String::from_utf8_lossy(&log).contains(notice))
    });
}

#[test]
fn the_keyboard_is_live_while_a_flood_comes_in() {
    let (server, pane) = in_lobby(80, 24);
    let mut flood = server.native("flood");
    flood.join("lobby");
    let writer = std::thread::spawn(move || {
        for n in 1..=4_000 {
            flood.say("lobby", &format!("drop {n}."));
        }
        flood
    });
    pane.wait_for("drop 1");
    pane.type_in("still here");
    pane.wait_for("ana › still here");
    pane.press("Enter");
    drop(writer.join());
    pane.wait_for("drop 4000.");
}

#[test]
fn who_types_is_seen_by_the_others() {
    let (server, pane) = in_lobby(80, 24);
    let mut maya = server.native("maya");
    maya.join("lobby");
    pane.wait_for("maya joined");
    pane.type_in("half a sentence");
    let (from, signal) = loop {
        if let Event::Signal { from, signal, .. } = maya.event() {
            break (from, signal);
        }
    };
    let typing = chat_protocol::Signal::Typing { state: TypingState::Active };
    assert_eq!((from.as_str(), &signal), ("ana", &typing));
    maya.ask(Command::Signal { room: room("lobby"), signal: typing, key: None });
    pane.wait_for("maya is typing…");
    maya.say("lobby", "there it is");
    pane.wait_gone("maya is typing…");
}

#[test]
fn plain_lines_are_still_there_for_who_wants_them() {
    let server = Server::start("");
    let pane = Pane::open(80, 24, &[]);
    client(&pane, &server, "--room lobby --plain");
    pane.wait_for("* you are in lobby · 1 here: ana");
    pane.enter("/quit");
    pane.wait_for("exit 0");
    let dumb = Pane::open(80, 24, &[]);
    let program = chat_client().display();
    dumb.enter(&format!("clear; TERM=dumb {program} --server {} --name lee", server.address()));
    dumb.wait_for("* you are in lobby");
}

//! The bots of examples/, against the daemon.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use chat_protocol::{Command, Event, Setting};
use samovar_tests::{
    Home, NativeClient, Process, Server, Setup, Signal, example, repository, room, say,
};

fn start(server: &Server, home: &Home, bot: &str, arguments: &[&str]) -> Process {
    let mut command = home.command(&example(bot));
    Process::start(command.args(["--server", server.address()]).args(arguments))
}

/// Waits until somebody is in a room where this client is too.
#[track_caller]
fn comes(client: &mut NativeClient, name: &str) {
    while !matches!(client.event(), Event::Joined { user, .. } if user.as_str() == name) {}
}

/// The next thing that the bot says.
#[track_caller]
fn told(client: &mut NativeClient, bot: &str) -> String {
    loop {
        let (_, from, text) = client.message();
        if from == bot {
            return text;
        }
    }
}

/// Ends as it should, and its name is free at once.
#[track_caller]
fn stops(bot: Process, client: &mut NativeClient, name: &str) {
    bot.signal(Signal::TERM);
    let finished = bot.finish();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    while !matches!(client.event(), Event::Gone { user, .. } if user.as_str() == name) {}
}

#[test]
fn the_echo_bot_says_what_it_is_told_to_and_nothing_else() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let home = Home::new();
    let bot = start(&server, &home, "echo", &["--room", "lobby"]);
    comes(&mut ana, "echo");
    ana.say("lobby", "hello, echo");
    ana.say("lobby", "!echo one two");
    assert_eq!(told(&mut ana, "echo"), "one two");
    assert!(matches!(ana.ask(say("@echo", "to you alone")), Event::Stored { .. }));
    loop {
        if let Event::Message { room: place, from, text, .. } = ana.event()
            && from.as_str() == "echo"
        {
            assert_eq!((place, text.as_str()), (room("@echo"), "to you alone"));
            break;
        }
    }
    stops(bot, &mut ana, "echo");
    drop(server.native("echo"));
}

#[test]
fn a_bot_comes_back_and_answers_what_was_said_meanwhile() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server = Setup::new("").listen(socket).start();
    let mut ana = server.native("ana");
    ana.join("lobby");
    let bot = start(&server, &home, "echo", &[]);
    comes(&mut ana, "echo");
    // Who is seen to come may not know yet that it has.
    ana.say("lobby", "!echo ready");
    assert_eq!(told(&mut ana, "echo"), "ready");
    server.stop(Signal::KILL);
    let server = server.start_again();
    let mut ben = server.native("ben");
    ben.join("lobby");
    ben.say("lobby", "!echo still there?");
    assert_eq!(told(&mut ben, "echo"), "still there?");
    stops(bot, &mut ben, "echo");
}

#[test]
fn a_bot_that_may_not_be_in_its_room_says_so() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("team");
    let set = Setting::parse("access", "invite").unwrap();
    let answer = ana.ask(Command::Set { room: room("team"), set });
    assert!(!matches!(answer, Event::Refused { .. }), "{answer:?}");
    let finished = start(&server, &Home::new(), "echo", &["--room", "team"]).finish();
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("not in team: "), "{finished:?}");
}

#[test]
fn hangman_is_played_by_all_who_are_there_and_goes_on_after_a_restart() {
    let server = Server::start("");
    let home = Home::new();
    home.write("words", "samovar\n");
    let arguments = ["--room", "games", "--words", "words", "--file", "scores.json"];
    let mut ana = server.native("ana");
    let mut ben = server.native("ben");
    ana.join("games");
    ben.join("games");
    let bot = start(&server, &home, "hangman", &arguments);
    comes(&mut ana, "hangman");
    ana.say("games", "a");
    ana.say("games", "!hangman");
    assert_eq!(told(&mut ana, "hangman"), "_ _ _ _ _ _ _ · 7 left · say a letter, or the word");
    ben.say("games", "A");
    assert_eq!(told(&mut ana, "hangman"), "_ a _ _ _ a _ · 7 left");
    ana.say("games", "e");
    assert_eq!(told(&mut ana, "hangman"), "_ a _ _ _ a _ · missed e · 6 left");
    ana.say("games", "a");
    let tried = "a was tried · _ a _ _ _ a _ · missed e · 6 left";
    assert_eq!(told(&mut ana, "hangman"), tried);
    stops(bot, &mut ana, "hangman");

    let bot = start(&server, &home, "hangman", &arguments);
    comes(&mut ana, "hangman");
    ana.say("games", "!scores");
    assert_eq!(told(&mut ana, "hangman"), "ben 2");
    ana.say("games", "what is it? samovar?");
    ana.say("games", "samovar");
    let won = "ana has it: samovar! 5 points · !hangman plays again";
    assert_eq!(told(&mut ana, "hangman"), won);
    ben.say("games", "!hangman");
    assert!(told(&mut ana, "hangman").starts_with("_ _ _ _ _ _ _ · 7 left"));
    for letter in ["b", "c", "d", "e", "f", "g"] {
        ben.say("games", letter);
        assert!(told(&mut ana, "hangman").contains(letter));
    }
    ben.say("games", "h");
    assert!(told(&mut ana, "hangman").starts_with("Hanged. It was samovar."));
    ana.say("games", "!scores");
    assert_eq!(told(&mut ana, "hangman"), "ana 5, ben 2");
    stops(bot, &mut ana, "hangman");
}

#[test]
fn a_log_is_told_to_a_room_also_after_it_was_moved_away() {
    let server = Server::start("");
    let home = Home::new();
    let log = home.write("app.log", "ERROR before the bot came\n");
    let append = |text: &str| {
        let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let mut ana = server.native("ana");
    ana.join("ops");
    let arguments = ["--room", "ops", "--file", "app.log", "--only", "ERROR"];
    let bot = start(&server, &home, "log-to-room", &arguments);
    comes(&mut ana, "log");
    append("\x1b[31mERROR\x1b[0m disk full\nINFO fine\nERROR again\nERROR no end of li");
    assert_eq!(told(&mut ana, "log"), "ERROR disk full\nERROR again");
    append("ne yet\n");
    assert_eq!(told(&mut ana, "log"), "ERROR no end of line yet");
    std::fs::rename(&log, home.path().join("app.log.1")).unwrap();
    append("ERROR in a new file\n");
    assert_eq!(told(&mut ana, "log"), "ERROR in a new file");
    ana.say("ops", "!last");
    assert!(told(&mut ana, "log").contains("INFO fine\nERROR again\nERROR no end of line yet\n"));
    // More than a message holds comes in several, and in order.
    let lines: Vec<String> = (0..500).map(|n| format!("ERROR number {n}")).collect();
    append(&(lines.join("\n") + "\n"));
    let mut heard = Vec::new();
    while heard.len() < lines.len() {
        heard.extend(told(&mut ana, "log").lines().map(str::to_owned));
    }
    assert_eq!(heard, lines);
    stops(bot, &mut ana, "log");
}

/// What they show is how little a bot needs.
#[test]
fn no_bot_is_longer_than_150_lines() {
    for bot in ["coming", "echo", "hangman", "log_to_room"] {
        let file = repository().join("examples").join(bot).with_extension("rs");
        let lines = std::fs::read_to_string(Path::new(&file)).unwrap().lines().count();
        assert!(lines <= 150, "{bot} has {lines} lines");
    }
}

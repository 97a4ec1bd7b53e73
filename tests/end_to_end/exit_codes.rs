//! How `chat-client` ends: every exit code that `--help` lists, from the program and a real daemon.

use std::fs::File;
use std::process::{Command, Stdio};

use samovar_tests::{Finished, Home, Process, Server, Signal, chat_client, run};

/// `chat-client --server … ARGUMENTS`.
fn command(server: &Server, home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(chat_client());
    command.args(["--server", server.address()]).args(arguments);
    command
}

#[track_caller]
fn ends(finished: &Finished, code: i32, said: &str) {
    assert_eq!(finished.code, Some(code), "{finished:?}");
    assert!(finished.stderr.contains(said), "{said}: {finished:?}");
}

/// A pipe that knows that it is in the lobby: it has printed what was said there. Its input is
/// open.
fn pipe(server: &Server, home: &Home, arguments: &[&str]) -> Process {
    let mut eve = server.native("eve");
    eve.join("lobby");
    let mut process =
        Process::start(&mut command(server, home, &[&["--room", "lobby"], arguments].concat()));
    while !matches!(eve.event(), chat_protocol::Event::Joined { .. }) {}
    eve.say("lobby", "you are in");
    assert!(process.stdout_line().ends_with("you are in"));
    process
}

#[test]
fn what_was_done_is_0_and_nothing_found_is_1() {
    let server = Server::start("");
    let home = Home::new();
    let check = |arguments: &[&str], code| {
        let finished = run(&mut command(&server, &home, arguments), "");
        assert_eq!(finished.code, Some(code), "{arguments:?}: {finished:?}");
    };
    check(&["rooms"], 1);
    check(&["send", "--room", "lobby", "hello there"], 0);
    check(&["search", "hello"], 0);
    check(&["search", "goodbye"], 1);
    check(&["tail", "--room", "lobby"], 0);
    check(&["tail", "--room", "nowhere"], 1);
    check(&["who", "nowhere"], 1);
    check(&["status"], 0);
    check(&["logout"], 1);
    check(&["--help"], 0);
    check(&["--version"], 0);
}

#[test]
fn wrong_usage_is_2_and_names_what_is_wrong() {
    let server = Server::start("");
    let home = Home::new();
    let config = home.write("wrong.toml", "rom = \"ops\"\n").display().to_string();
    for (arguments, said) in [
        (&["--rom", "ops"][..], "--rom"),
        (&["--room", "a b"], "has a space"),
        (&["tail", "-n", "many"], "many"),
        (&["--config", &config], "line 1, column 1"),
        (&["send", "--no-input", "--room", "lobby"], "--no-input"),
        (&["--token-file", &config, "rooms"], "not a token"),
    ] {
        ends(&run(&mut command(&server, &home, arguments), ""), 2, said);
    }
}

#[test]
fn nobody_there_is_3_and_says_what_to_do() {
    let home = Home::new();
    let nowhere = format!("unix:{}", home.path().join("none.sock").display());
    for subcommand in [&["rooms"][..], &["send", "--room", "lobby", "x"], &["status"], &[]] {
        let mut command = home.command(chat_client());
        command.args(["--server", &nowhere]).args(subcommand);
        ends(&run(&mut command, ""), 3, "Start one: chat-server");
    }
}

#[test]
fn a_name_that_needs_a_log_in_is_4_and_says_how() {
    let server = Server::start("");
    let home = Home::new();
    ends(&run(&mut command(&server, &home, &["register", "ana"]), "correct-horse\n"), 0, "");
    let stranger = Home::new();
    let sends = ["send", "--name", "ana", "--room", "lobby", "x"];
    let said = "chat-client login ana";
    ends(&run(&mut command(&server, &stranger, &sends), ""), 4, said);
    ends(&run(&mut command(&server, &stranger, &["login", "ana"]), "wrong-horse\n"), 4, "");
}

#[test]
fn what_is_refused_is_5_and_says_why() {
    let server = Server::start("");
    let home = Home::new();
    let mut eve = server.native("adam");
    eve.join("lobby");
    for (arguments, input, said) in [
        (&["--name", "adam", "--room", "lobby"][..], "x\n", "is taken"),
        (&["send", "--room", "@someone", "x"], "", "someone"),
        (&["send", "--room", "lobby"], "x".repeat(5_000).as_str(), "--lines"),
    ] {
        ends(&run(&mut command(&server, &home, arguments), input), 5, said);
    }
}

#[test]
fn what_is_not_acknowledged_in_time_is_6_and_is_counted() {
    let server = Server::start("");
    let home = Home::new();
    let mut pipe = pipe(&server, &home, &["--drain", "200ms"]);
    server.signal(Signal::STOP);
    pipe.write("one\ntwo\n");
    pipe.end_input();
    ends(&pipe.finish(), 6, "2 messages were not acknowledged in 0.2 s");
    server.signal(Signal::CONT);
}

#[test]
fn input_that_cannot_be_read_is_10() {
    let server = Server::start("");
    let home = Home::new();
    let folder = File::open(home.path()).expect("it is there");
    let mut command = command(&server, &home, &["--room", "lobby"]);
    let output = command.stdin(Stdio::from(folder)).output().expect("it starts");
    assert_eq!(output.status.code(), Some(10), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read stdin"), "{output:?}");
}

#[test]
fn time_that_is_up_is_124() {
    let server = Server::start("");
    let home = Home::new();
    let follows = ["tail", "--follow", "--room", "lobby", "--timeout", "300ms"];
    ends(&run(&mut command(&server, &home, &follows), ""), 124, "");
    let talks = ["--room", "lobby", "--no-input", "--timeout", "300ms"];
    ends(&run(&mut command(&server, &home, &talks), ""), 124, "");
}

#[test]
fn signals_are_130_and_143() {
    let server = Server::start("");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let home = Home::new();
        let pipe = pipe(&server, &home, &[]);
        pipe.signal(signal);
        ends(&pipe.finish(), code, "");
    }
}

//! `chat-client` in a pipe, and the program in examples/ that speaks the protocol by itself.

use std::path::Path;
use std::process::Command;

use samovar_tests::{Finished, Home, NativeClient, Process, Server, chat_client, repository, run};

/// `chat-client --server … ARGUMENTS`, with this input, to its end.
fn client(server: &Server, arguments: &[&str], input: &str) -> Finished {
    run(&mut command(server, &Home::new(), arguments), input)
}

fn command(server: &Server, home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(chat_client());
    command.args(["--server", server.address()]).args(arguments);
    command
}

/// A server whose lobby has these messages of ana, who has gone.
fn server_with(texts: &[&str]) -> Server {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    for text in texts {
        ana.say("lobby", text);
    }
    server
}

fn lobby(server: &Server) -> NativeClient {
    let mut eve = server.native("eve");
    eve.join("lobby");
    eve
}

#[test]
fn every_line_of_a_pipe_becomes_a_message() {
    let server = Server::start("");
    let mut eve = lobby(&server);
    let finished = client(&server, &["--room", "lobby", "--name", "pipe"], "a\nb\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(eve.message(), (1, "pipe".to_owned(), "a".to_owned()));
    assert_eq!(eve.message(), (2, "pipe".to_owned(), "b".to_owned()));
    // One's own are not printed back.
    assert_eq!(finished.stdout, "", "{finished:?}");
}

#[test]
fn a_long_pipe_is_delivered_whole_and_in_order() {
    const LINES: u64 = 1_000;
    let server = Server::start("");
    let mut eve = lobby(&server);
    let input: String = (1..=LINES).map(|n| format!("line {n}\n")).collect();
    let finished = client(&server, &["--room", "lobby", "--name", "pipe"], &input);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for n in 1..=LINES {
        assert_eq!(eve.message(), (n, "pipe".to_owned(), format!("line {n}")));
    }
}

#[test]
fn the_room_comes_to_stdout_and_the_talk_to_stderr() {
    let server = Server::start("");
    let mut eve = lobby(&server);
    let home = Home::new();
    let mut pipe =
        Process::start(&mut command(&server, &home, &["--room", "lobby", "--name", "pipe"]));
    pipe.write("hello\n");
    assert_eq!(eve.message().2, "hello");
    eve.say("lobby", "hello pipe");
    let line = pipe.stdout_line();
    assert!(line.contains("eve") && line.contains("hello pipe"), "{line}");
    pipe.end_input();
    let finished = pipe.finish();
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn send_says_one_message_of_many_lines_or_one_a_line() {
    let server = Server::start("");
    let mut eve = lobby(&server);
    let send = |arguments: &[&str], input: &str| {
        let arguments = [&["send", "--room", "lobby", "--name", "note"][..], arguments].concat();
        let finished = client(&server, &arguments, input);
        assert_eq!(finished.code, Some(0), "{finished:?}");
    };
    send(&["web-3", "is back"], "");
    assert_eq!(eve.message().2, "web-3 is back");
    send(&[], "one\ntwo\n");
    assert_eq!(eve.message().2, "one\ntwo");
    send(&["--lines"], "one\ntwo\n");
    assert_eq!(eve.message().2, "one");
    assert_eq!(eve.message().2, "two");
}

#[test]
fn tail_and_history_print_the_last_messages() {
    let server = server_with(&["one", "two", "three"]);
    let tail = client(&server, &["tail", "-n", "2", "--room", "lobby"], "");
    assert_eq!(tail.code, Some(0), "{tail:?}");
    let lines: Vec<&str> = tail.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{tail:?}");
    assert!(lines[0].ends_with("ana: two") && lines[1].ends_with("ana: three"), "{tail:?}");
    let history = client(&server, &["history", "--room", "lobby"], "");
    assert_eq!(history.code, Some(0), "{history:?}");
    assert_eq!(history.stdout.lines().count(), 3, "{history:?}");
    // They join nothing.
    let who = client(&server, &["who"], "");
    assert!(!who.stdout.contains("tester"), "{who:?}");
}

#[test]
fn json_is_one_object_a_line() {
    let server = server_with(&["one", "two \"quoted\""]);
    let tail = client(&server, &["tail", "-n", "5", "--json", "--room", "lobby"], "");
    assert_eq!(tail.code, Some(0), "{tail:?}");
    let objects: Vec<serde_json::Value> =
        tail.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2, "{tail:?}");
    for (object, (seq, text)) in objects.iter().zip([(1, "one"), (2, "two \"quoted\"")]) {
        assert_eq!(object["v"], 1);
        assert_eq!(object["type"], "message");
        assert_eq!(object["room"], "lobby");
        assert_eq!(object["from"], "ana");
        assert_eq!(object["seq"], seq);
        assert_eq!(object["text"], text);
        let time = object["time"].as_str().unwrap();
        assert!(time.contains('T') && time.ends_with('Z'), "RFC 3339: {time}");
    }
}

#[test]
fn rooms_and_who_list_what_there_is() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.join("ops");
    let rooms = client(&server, &["rooms"], "");
    assert_eq!(rooms.code, Some(0), "{rooms:?}");
    assert_eq!(rooms.stdout.lines().count(), 2, "{rooms:?}");
    assert!(rooms.stdout.contains("lobby") && rooms.stdout.contains("ops"), "{rooms:?}");
    for arguments in [&["who"][..], &["who", "ops"], &["who", "--room", "ops"]] {
        let who = client(&server, arguments, "");
        assert_eq!(who.code, Some(0), "{who:?}");
        assert_eq!(who.stdout.trim_end(), "ana", "{arguments:?}: {who:?}");
    }
}

#[test]
fn no_server_is_exit_3_with_a_hint() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new();
    let address = port.to_string();
    let command = &mut home.command(chat_client());
    let failed = run(command.args(["--server", &address, "rooms"]), "");
    assert_eq!(failed.code, Some(3), "{failed:?}");
    assert!(failed.stderr.contains(&address), "{failed:?}");
    assert!(failed.stderr.contains("--server"), "{failed:?}");
}

#[test]
fn an_explicit_name_that_is_taken_is_exit_5() {
    let server = Server::start("");
    let _eve = lobby(&server);
    let failed = client(&server, &["--room", "lobby", "--name", "eve"], "hello\n");
    assert_eq!(failed.code, Some(5), "{failed:?}");
    assert!(failed.stderr.contains("The name \"eve\" is taken."), "{failed:?}");
}

#[test]
fn a_login_name_that_is_taken_gets_a_number() {
    let server = Server::start("");
    let mut eve = lobby(&server);
    let _tester = server.native("tester");
    let finished = client(&server, &["--room", "lobby"], "hello\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let (_, from, text) = eve.message();
    assert!(from.starts_with("tester") && from != "tester", "{from}");
    assert_eq!(text, "hello");
}

#[test]
fn nothing_found_is_exit_1_and_wrong_usage_exit_2() {
    let server = Server::start("");
    let nothing = client(&server, &["tail", "-n", "2", "--room", "nowhere"], "");
    assert!(matches!(nothing.code, Some(1 | 5)), "{nothing:?}");
    let wrong = client(&server, &["--rom", "lobby"], "");
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

/// The program in examples/ speaks the protocol with Python's standard library alone.
#[test]
fn the_python_example_says_and_hears() {
    let server = Server::start("");
    let mut eve = lobby(&server);
    let (host, port) = server.address().rsplit_once(':').unwrap();
    let home = Home::new();
    let example = repository().join("examples/native.py");
    let mut command = home.command(Path::new("python3"));
    command.arg(example).args([host, port, "snake", "lobby", "2", "hello", "from python"]);
    let mut python = Process::start(&mut command);
    assert_eq!(eve.message(), (1, "snake".to_owned(), "hello from python".to_owned()));
    eve.say("lobby", "hello snake");
    python.end_input();
    let finished = python.finish();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let mut lines: Vec<&str> = finished.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["eve: hello snake", "snake: hello from python", "stored as 1"],
        "{finished:?}"
    );
}

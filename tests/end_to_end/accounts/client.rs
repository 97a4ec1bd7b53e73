//! `chat-client register`, `login`, `logout`: whose name it has, and what it keeps.

use samovar_tests::{Finished, Home, chat_client, run};

use super::*;

#[track_caller]
fn client(server: &Server, home: &Home, arguments: &[&str], input: &str) -> Finished {
    let mut command = home.command(chat_client());
    command.args(["--server", server.address()]).args(arguments);
    run(&mut command, input)
}

#[test]
fn a_client_that_has_registered_is_its_account_until_it_logs_out() {
    let server = server();
    let home = Home::new();
    let finished = client(&server, &home, &["register", "ana"], "correct-horse\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let mut eve = server.native("eve");
    eve.join("lobby");
    let finished = client(&server, &home, &["send", "--room", "lobby", "hi"], "");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(eve.message(), (1, "ana".to_owned(), "hi".to_owned()));
    // Nobody else is ana.
    let stranger = client(&server, &Home::new(), &["send", "--name", "ana", "hi"], "");
    assert_eq!(stranger.code, Some(4), "{stranger:?}");
    assert!(stranger.stderr.contains("chat-client login ana"), "{stranger:?}");
    let finished = client(&server, &home, &["logout"], "");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let finished = client(&server, &home, &["send", "--name", "ana", "hi"], "");
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let finished = client(&server, &home, &["login", "ana"], "battery-staple\n");
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let finished = client(&server, &home, &["login", "ana"], "correct-horse\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!format!("{finished:?}").contains("samovar_"), "{finished:?}");
}

#[test]
fn a_token_comes_from_a_file_or_a_command_and_a_revoked_one_asks_to_log_in() {
    let server = server();
    let home = Home::new();
    let mut ana = registered(&server, "ana");
    let called = chat_protocol::TokenName::parse("ci").unwrap();
    let make = Command::MakeToken { name: called.clone(), rooms: Vec::new(), read_only: false };
    let Event::TokenMade { token, .. } = ana.ask(make) else { panic!("no token") };
    let file = home.write("token", &format!("{}\n", token.reveal()));
    let file = file.display().to_string();
    let config = home.write("client.toml", &format!("token_command = \"cat '{file}'\"\n"));
    let config = config.display().to_string();
    ana.join("lobby");
    for by in [["--token-file", &file], ["--config", &config]] {
        let arguments = [&["send", "--room", "lobby", "from a program"][..], &by].concat();
        let finished = client(&server, &home, &arguments, "");
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
    assert_eq!(ana.stored("lobby"), ["from a program", "from a program"]);
    done(&ana.ask(Command::RevokeToken { name: called }));
    let finished = client(&server, &home, &["--token-file", &file, "send", "hi"], "");
    assert_eq!(finished.code, Some(4), "{finished:?}");
}

#[test]
fn a_pipe_of_an_account_has_the_room_that_was_asked_for() {
    let server = server();
    let home = Home::new();
    let finished = client(&server, &home, &["register", "ana"], "correct-horse\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let mut ana = logged_in(&server, "ana", HORSE);
    ana.join("ops");
    ana.join("build");
    let mut bob = server.native("bob");
    bob.join("ops");
    bob.join("build");
    bob.say("ops", "not for the pipe");
    bob.say("build", "for the pipe");
    let finished = client(&server, &home, &["--room", "build"], "made\n");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(!finished.stdout.contains("not for the pipe"), "{finished:?}");
    assert_eq!(bob.stored("build"), ["for the pipe", "made"]);
}

//! Backup, export and verify, beside a daemon that runs.

use samovar_tests::{Finished, Home, NativeClient, Server, Setup, chat_server, run};

/// `chat-server --data …` with these arguments.
fn chat(home: &Home, data: &std::path::Path, arguments: &[&str]) -> Finished {
    let mut command = home.command(chat_server());
    run(command.arg("--data").arg(data).args(arguments), "")
}

#[test]
fn a_backup_of_a_running_daemon_is_whole_and_restored_it_is_another_history() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.say("lobby", "one");
    ana.say("lobby", "two\nlines");
    let backup = server.home().path().join("backup.sqlite");
    let path = backup.to_str().unwrap();
    let data = server.home().data();
    let made = chat(server.home(), &data, &["backup", path]);
    assert_eq!(made.code, Some(0), "{made:?}");
    ana.say("lobby", "behind the backup");
    let again = chat(server.home(), &data, &["backup", path]);
    assert_eq!(again.code, Some(1), "an existing file is not replaced: {again:?}");
    assert!(again.stderr.contains("--force"), "{again:?}");
    for arguments in [&["verify"][..], &["verify", path]] {
        let verified = chat(server.home(), &data, arguments);
        assert_eq!(verified.code, Some(0), "{arguments:?}: {verified:?}");
    }

    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::copy(&backup, home.data().join("journal.sqlite")).unwrap();
    let restored = Setup::new("").start_in(home);
    let journal = |server: &Server| {
        let mut observer = NativeClient::connect(server.address());
        let journal = observer.hello(None).journal;
        (journal, observer.stored("lobby"))
    };
    let (first, said) = journal(&server);
    let (second, kept) = journal(&restored);
    assert_ne!(first, second);
    assert_eq!(said, ["one", "two\nlines", "behind the backup"]);
    assert_eq!(kept, ["one", "two\nlines"]);
}

#[test]
fn an_export_has_what_was_said_and_no_line_speaks_for_somebody_else() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    ana.join("ops");
    ana.say("lobby", "hi\nbob: I resign");
    ana.say("ops", "deployed");
    let data = server.home().data();
    let text = chat(server.home(), &data, &["export", "--room", "lobby", "--format", "text"]);
    assert_eq!(text.code, Some(0), "{text:?}");
    let lines: Vec<&str> = text.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("[lobby] ana: ")), "{lines:?}");
    let json = chat(server.home(), &data, &["export"]);
    let rooms: Vec<String> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| format!("{}: {}", line["room"], line["text"]))
        .collect();
    assert_eq!(rooms, ["\"lobby\": \"hi\\nbob: I resign\"", "\"ops\": \"deployed\""]);
}

#[test]
fn what_is_no_journal_is_refused_and_left_as_it_is() {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    let file = home.data().join("journal.sqlite");
    std::fs::write(&file, "this is no database").unwrap();
    let refused = chat(&home, &home.data(), &["--listen", "auto://127.0.0.1:0"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("journal.sqlite"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "this is no database");
}

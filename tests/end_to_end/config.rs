//! Configuration: what is right is said to be, what is wrong is said where and how.

use samovar_tests::{
    Certificate, Finished, Home, NativeClient, Process, Setup, Signal, chat_server, repository, run,
};

/// `chat-server check` with this file.
fn check(config: &str) -> (Finished, String) {
    let home = Home::new();
    let path = home.write("chat.toml", config);
    let command = &mut home.command(chat_server());
    let finished = run(command.arg("--config").arg(&path).arg("check"), "");
    (finished, path.display().to_string())
}

#[test]
fn a_right_file_is_fine() {
    let (checked, path) = check("listen = [\"auto://0.0.0.0:5005\"]\n[history]\nreplay = 50\n");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(checked.stdout, format!("configuration is fine: {path}\n"));
    assert_eq!(checked.stderr, "");
}

#[test]
fn without_a_file_the_default_is_fine() {
    let home = Home::new();
    let checked = run(home.command(chat_server()).arg("check"), "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(checked.stdout, "configuration is fine: the default\n");
}

/// What is wrong, the place, and what is said there.
const WRONG: &[(&str, &str, &str)] = &[
    ("[history]\nrepaly = 5\n", ":2:1:", "replay"),
    ("[histroy]\nreplay = 5\n", ":1:2:", "history"),
    ("replay = 5\n", ":1:1:", "history"),
    ("[history]\nreplay = \"many\"\n", ":2:10:", "a whole number from 0 to 100"),
    ("[history]\n  replay = 101\n", ":2:12:", "a whole number from 0 to 100"),
    ("[history]\nsync = \"never\"\n", ":2:8:", "\"always\" or \"os\""),
    ("[line]\nstyle = \"talkr\"\n", ":2:9:", "talker"),
    ("[server]\ndefault_room = \"a b\"\n", ":2:16:", "space"),
    ("[server]\nshutdown_delay = \"5 apples\"\n", ":2:18:", "\"5s\""),
    ("listen = [\"tcp://127.0.0.1:5005\"]\n", ":1:11:", "auto://"),
    ("listen = [\"127.0.0.1:5005\"]\n", ":1:11:", "auto://127.0.0.1:5005"),
    ("listen = []\n", ":1:10:", "auto://127.0.0.1:5005"),
    ("[limits]\nwrite_stall = 5\n", ":2:15:", "\"5m\""),
    ("[log]\nlevel = \"loud\"\n", ":2:9:", "debug"),
    ("[server]\nname = \"x\"\nname = \"y\"\n", ":3:1:", "TOML"),
    ("[server\n", ":1:8:", "TOML"),
    ("[server]\nname = \n", ":2:8:", "TOML"),
];

#[test]
fn a_wrong_file_is_told_with_line_column_and_what_would_be_right() {
    for (config, place, right) in WRONG {
        let (checked, path) = check(config);
        assert_eq!(checked.code, Some(2), "{config}: {checked:?}");
        assert_eq!(checked.stdout, "");
        let place = format!("chat-server: {path}{place} ");
        assert!(checked.stderr.starts_with(&place), "{place}\n{}", checked.stderr);
        assert!(checked.stderr.contains(right), "{right}\n{}", checked.stderr);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_line() {
    let (checked, path) = check("[history]\nrepaly = 5\nsync = \"never\"\n");
    let places: Vec<&str> = checked.stderr.lines().filter(|line| line.contains(&path)).collect();
    assert_eq!(places.len(), 2, "{}", checked.stderr);
    assert!(checked.stderr.contains("2 | repaly = 5\n  | ^^^^^^\n"), "{}", checked.stderr);
    assert!(
        checked.stderr.contains("3 | sync = \"never\"\n  |        ^^^^^^^"),
        "{}",
        checked.stderr
    );
}

#[test]
fn a_daemon_with_a_wrong_file_does_not_start() {
    let failed = Setup::new("[history]\nrepaly = 5\n").run(&Home::new(), &[]);
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("test.toml:2:1:"), "{}", failed.stderr);
}

#[test]
fn a_file_that_is_named_and_not_there_is_an_error() {
    let home = Home::new();
    let command = &mut home.command(chat_server());
    let failed = run(command.args(["--config", "nowhere.toml", "check"]), "");
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("nowhere.toml"), "{}", failed.stderr);
}

#[test]
fn a_configuration_may_come_from_a_pipe() {
    let home = Home::new();
    let command = &mut home.command(chat_server());
    let checked = run(
        command.args(["check", "--config", "/dev/stdin"]),
        "[server]\nname = \"From a pipe\"\n",
    );
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let command = &mut home.command(chat_server());
    let failed = run(command.args(["check", "--config", "/dev/stdin"]), "[server]\nnmae = \"x\"\n");
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("/dev/stdin:2:1:"), "{}", failed.stderr);
}

#[test]
fn the_environment_wins_over_the_file() {
    let server = Setup::new("[server]\nname = \"File\"\nmotd = \"file\"\n")
        .variable("CHAT_SERVER_SERVER_NAME", "Environment")
        .start();
    let welcome = NativeClient::connect(server.address()).hello(None);
    assert_eq!(welcome.server, "Environment");
    assert_eq!(welcome.motd.as_deref(), Some("file"));
}

#[test]
fn a_wrong_variable_is_told_by_its_name() {
    for (name, value, right) in [
        ("CHAT_SERVER_HISTORY_REPLAY", "many", "a whole number from 0 to 100"),
        ("CHAT_SERVER_HISTORY_REPALY", "5", "CHAT_SERVER_HISTORY_REPLAY"),
    ] {
        let failed = Setup::default().variable(name, value).run(&Home::new(), &["check"]);
        assert_eq!(failed.code, Some(2), "{failed:?}");
        assert!(failed.stderr.contains(name), "{}", failed.stderr);
        assert!(failed.stderr.contains(right), "{}", failed.stderr);
    }
}

#[test]
fn a_flag_wins_over_the_environment() {
    let server = Setup::default()
        .listen("line://127.0.0.1:0")
        .variable("CHAT_SERVER_LISTEN", "native://127.0.0.1:0")
        .start();
    assert!(server.logs().contains("listening url=line://"), "{}", server.logs());
}

#[test]
fn without_a_flag_the_data_is_where_the_environment_says_and_private() {
    use std::os::unix::fs::PermissionsExt;
    for (variable, folder) in [(None, "state/chat-server"), (Some("STATE_DIRECTORY"), "managed")] {
        let home = Home::new();
        let data = home.path().join(folder);
        let mut command = home.command(chat_server());
        command.args(["--listen", "auto://127.0.0.1:0"]);
        command.envs(variable.map(|variable| (variable, &data)));
        let mut daemon = Process::start(&mut command);
        while !daemon.stderr_line().contains("listening url=") {}
        let mode = std::fs::metadata(&data).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", data.display());
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.finish().code, Some(0));
    }
}

#[test]
fn the_file_in_the_current_folder_is_found() {
    let home = Home::new();
    home.write("chat-server.toml", "[history]\nrepaly = 5\n");
    let failed = run(home.command(chat_server()).arg("check"), "");
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("chat-server.toml:2:1:"), "{}", failed.stderr);
}

#[test]
fn the_file_in_the_repository_is_fine() {
    let home = Home::new();
    let file = repository().join("config/chat-server.toml");
    let checked = run(home.command(chat_server()).arg("check").arg("--config").arg(file), "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    // And with every key that has no default.
    let text = std::fs::read_to_string(repository().join("config/chat-server.toml")).unwrap();
    let all: String = text.lines().map(|line| uncommented(line) + "\n").collect();
    assert_ne!(all, text);
    assert_ne!(check(&all).0.code, Some(0), "there is no certificate");
    drop(Certificate::new(&home, "."));
    let file = home.write("all.toml", &all);
    let checked = run(home.command(chat_server()).arg("check").arg("--config").arg(file), "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

/// A line that begins with `#` and no blank is a key that has no default.
fn uncommented(line: &str) -> String {
    match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => key.to_owned(),
        Some(_) | None => line.to_owned(),
    }
}

#[test]
fn wrong_usage_is_exit_2() {
    let home = Home::new();
    for arguments in [&["--lisen", "x"][..], &["serve"], &["--listen", "nowhere"]] {
        let failed = run(home.command(chat_server()).args(arguments), "");
        assert_eq!(failed.code, Some(2), "{arguments:?}: {failed:?}");
    }
}

//! A backup is made in the middle of a run, and takes the place of what was lost.

use std::fs;

use samovar_tests::checker::{Finals, Log, Seen, check};
use samovar_tests::{Home, NativeClient, Process, Server, Setup, Signal, chat_client};
use serde_json::Value;

use super::crowd::{Crowd, End, history};
use super::log::LOBBY;

/// A `chat-client` that follows the lobby and prints all that it is told.
fn follower(home: &Home, address: &str) -> Process {
    let mut command = home.command(chat_client());
    command.args(["--server", address, "--room", LOBBY, "--name", "follower"]);
    let mut follower = Process::start(command.args(["--json", "--events"]));
    printed(&mut follower, |event| event["type"] == "connected");
    follower
}

/// Reads on until it prints this.
#[track_caller]
fn printed(follower: &mut Process, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let event = serde_json::from_str(&follower.stdout_line()).unwrap();
        if is_it(&event) {
            return event;
        }
    }
}

fn sends(log: &[Seen]) -> impl Iterator<Item = Seen> {
    log.iter().filter(|seen| matches!(seen, Seen::Send { .. })).cloned()
}

/// A backup has all that was acknowledged before it began, and nothing that was not sent before it
/// was done.
#[track_caller]
fn has_what_was_acknowledged(backup: &[(u64, u64)], before: &Log, after: &Log) {
    let mut log = before.clone();
    sends(&after.all()[before.all().len()..]).for_each(|send| log.push(send));
    let wrong = check(&log, &Finals::from([(LOBBY.to_owned(), backup.to_vec())]));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn journal(server: &Server) -> String {
    let mut observer = NativeClient::connect(server.address());
    observer.hello(None).journal.to_string()
}

#[test]
fn a_restored_backup_is_whole_and_who_comes_back_is_told_of_another_history() {
    let place = Home::new();
    let file = place.path().join("backup.sqlite");
    let socket = format!("unix:{}", place.path().join("socket").display());
    let setup = Setup::default().listen("auto://127.0.0.1:0").listen(&socket);
    let mut server = setup.clone().start();
    let mut follower = follower(&place, &socket);
    let mut crowd = Crowd::new(3, 1);
    let (before, after) = crowd.round(&server, End::Lost, |log| {
        log.wait_for_acknowledgements(100);
        let before = log.log();
        let make = Setup::default().data(server.home().data());
        let made = make.run(&place, &["backup", file.to_str().unwrap()]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let after = log.log();
        log.wait_for_acknowledgements(100);
        server.signal(Signal::KILL);
        (before, after)
    });
    server.finish();
    let old = Setup::default().start_in(server.into_home());
    let (lost, lost_journal) = (history(old.address()), journal(&old));
    drop(old);
    // The backup instead.
    let home = Home::new();
    fs::create_dir_all(home.data()).unwrap();
    fs::copy(&file, home.data().join("journal.sqlite")).unwrap();
    let server = setup.start_in(home);
    let restored = history(server.address());
    assert_ne!(journal(&server), lost_journal);
    assert!(restored.len() >= 100 && restored.len() < lost.len(), "{} messages", restored.len());
    assert!(lost.starts_with(&restored), "each is where it was");
    has_what_was_acknowledged(&restored, &before, &after);
    let gap = printed(&mut follower, |event| event["type"] == "gap");
    assert_eq!((&gap["room"], &gap["from"]), (&Value::from(LOBBY), &Value::Null), "{gap}");
    // Another history: what was seen of the old one says nothing of it, but that it was sent.
    let old_log = std::mem::take(&mut crowd.log).log();
    sends(old_log.all()).for_each(|send| crowd.log.push(send));
    crowd.round(&server, End::Finished, |_| {});
    let whole = crowd.finish(server, "a restored backup");
    let (_, last) = whole.stored().last().unwrap();
    printed(&mut follower, |event| event["text"] == format!("m{last}"));
}

//! A database that is damaged: `verify` names what is wrong, and a daemon that could lose something
//! by it does not start. The journal's own tests have every kind; here are some, from the outside.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use samovar_tests::{Finished, Home, Server, Setup, Signal, run};

const PAGE_BYTES: usize = 4_096;
const TEXT: &str = "the kettle is on";

fn database(home: &Home) -> PathBuf {
    home.data().join("journal.sqlite")
}

/// The place of a daemon that was stopped, with three messages in the lobby.
fn stopped() -> Home {
    let mut server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    for text in ["one", TEXT, "three"] {
        ana.say("lobby", text);
    }
    server.stop(Signal::TERM);
    server.into_home()
}

/// What Python's SQLite answers.
fn sql(home: &Home, sql: &str) -> String {
    const RUN: &str = "import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as c: print(*[r[0] for r in c.execute(sys.argv[2])], end='')
c.close()";
    let mut python = Command::new("python3");
    let answer = run(python.args(["-c", RUN]).arg(database(home)).arg(sql), "");
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.stdout
}

/// Changes some bytes of the file.
fn flip(home: &Home, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(database(home)).unwrap();
    change(&mut bytes);
    fs::write(database(home), bytes).unwrap();
}

/// Where a text stands in the file, for the first time.
fn place_of(bytes: &[u8], text: &str) -> usize {
    let mut places = bytes.windows(text.len());
    places.position(|window| window == text.as_bytes()).expect("it was said")
}

fn verified(home: &Home) -> Finished {
    Setup::default().run(home, &["verify"])
}

/// `verify` says this and ends with 1.
#[track_caller]
fn is_named(home: &Home, finding: &str) {
    let verified = verified(home);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!((verified.stdout.clone() + &verified.stderr).contains(finding), "{verified:?}");
}

/// A daemon does not start, says this, and leaves the file as it is.
#[track_caller]
fn does_not_start(home: &Home, why: &str) {
    let before = fs::read(database(home)).unwrap();
    let refused = Setup::default().run(home, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains(why), "{refused:?}");
    assert!(!refused.stderr.contains("listening url="), "{refused:?}");
    assert!(fs::read(database(home)).unwrap() == before, "it was changed");
}

#[test]
fn what_is_sound_is_said_to_be() {
    let home = stopped();
    let verified = verified(&home);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn a_newest_message_that_is_gone_is_named_and_no_number_is_used_twice() {
    let home = stopped();
    sql(&home, "DELETE FROM messages WHERE body = 'three'");
    is_named(&home, "room lobby: message 3 is missing at its end");
    does_not_start(&home, "has messages 1 to 2, and its row says 1 to 3");
}

#[test]
fn a_message_that_is_gone_from_the_middle_is_named() {
    let home = stopped();
    sql(&home, &format!("DELETE FROM messages WHERE body = '{TEXT}'"));
    is_named(&home, "room lobby: message 2 is missing");
}

#[test]
fn a_character_that_nobody_can_have_said_is_named() {
    let home = stopped();
    flip(&home, |bytes| {
        let at = place_of(bytes, TEXT);
        bytes[at] = 0x1b;
    });
    is_named(&home, "room lobby: message 2: the text has the character U+001B");
}

#[test]
fn a_page_that_is_torn_is_named_and_refused() {
    let home = stopped();
    let page = sql(&home, "SELECT rootpage FROM sqlite_schema WHERE name = 'messages'");
    let from = (page.parse::<usize>().unwrap() - 1) * PAGE_BYTES;
    flip(&home, |bytes| bytes[from..from + PAGE_BYTES].fill(0xaa));
    is_named(&home, "the structure: ");
    does_not_start(&home, "the database is damaged");
}

#[test]
fn a_file_that_was_cut_off_is_named_and_refused() {
    let home = stopped();
    flip(&home, |bytes| bytes.truncate(4 * PAGE_BYTES));
    is_named(&home, "malformed");
    does_not_start(&home, "the database is damaged");
}

#[test]
fn a_flipped_bit_at_the_beginning_is_refused() {
    let home = stopped();
    flip(&home, |bytes| bytes[3] ^= 1);
    is_named(&home, "is not a journal");
    does_not_start(&home, "is not a journal");
}

/// Also where it is not noticed (a letter of a message), nobody falls over it.
#[test]
fn whatever_byte_is_flipped_the_commands_answer() {
    const FLIPS: usize = 24;
    let home = stopped();
    let sound = fs::read(database(&home)).unwrap();
    for at in (0..sound.len()).step_by(sound.len() / FLIPS + 1) {
        flip(&home, |bytes| bytes[at] ^= 0x55);
        for command in ["verify", "export"] {
            let answered = Setup::default().run(&home, &[command]);
            assert!(matches!(answered.code, Some(0 | 1)), "{command}, {at}: {answered:?}");
            assert!(!answered.stderr.contains("panicked"), "{command}, {at}: {answered:?}");
        }
        fs::write(database(&home), &sound).unwrap();
    }
}

//! Planted damages: what a start refuses, and what a verification says.

use super::*;
use crate::journal::examine;

/// What a test puts into room `Lobby` (1) and `ops` (2), and into a direct room (3).
pub(super) async fn fill(journal: &Journal) {
    let receipts = Receipts::default();
    let lobby = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let mut topic = said(&receipts, "", None);
    topic.body = Body::Topic(LineText::parse("tea").unwrap());
    let batch = vec![said(&receipts, "one", Some(7)), said(&receipts, "two\nlines", None), topic];
    journal.append(lobby, batch).await.unwrap();
    let ops = journal.open_room(RoomKey::Named(RoomName::parse("ops").unwrap())).await;
    let batch = vec![said(&receipts, "up", Some(8)), said(&receipts, "down", Some(9))];
    journal.append(ops.unwrap().unwrap().id, batch).await.unwrap();
    let direct = RoomKey::direct(ana(), Identity(Uuid::from_u128(2)));
    let direct = journal.open_room(direct).await.unwrap().unwrap().id;
    journal.append(direct, vec![said(&receipts, "psst", None)]).await.unwrap();
}

/// A directory with messages, stopped cleanly.
pub(super) async fn filled() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    fill(&journal).await;
    journal.stop().await;
    directory
}

fn plant(directory: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(database(directory)).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// Overwrites the first page of a table or index; returns the file's content then.
fn tear(directory: &Path, name: &str) -> Vec<u8> {
    let connection = rusqlite::Connection::open(database(directory)).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: usize = connection.query_row(sql, [name], |row| row.get(0)).unwrap();
    let mut content = std::fs::read(database(directory)).unwrap();
    content[(page - 1) * 4_096..page * 4_096].fill(0xaa);
    std::fs::write(database(directory), &content).unwrap();
    content
}

#[tokio::test]
async fn a_sound_database_has_nothing_wrong_also_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    fill(&journal).await;
    for _ in 0..2 {
        let report = verify(&database(directory.path())).unwrap();
        assert_eq!(report.findings, [""; 0]);
        assert_eq!((report.rooms, report.messages), (3, 6));
        journal.stop().await;
    }
}

/// What is done to a database, and what is said of it then: how each finding begins.
const PLANTED: &[(&str, &[&str])] = &[
    (
        "INSERT INTO accounts VALUES (zeroblob(16), 'ana', 'ana', 'hunter2', 0, 0, 0, NULL, '', 0)",
        &["account ana: its password is not argon2id"],
    ),
    (
        "INSERT INTO accounts VALUES (zeroblob(16), 'a', 'a b', '$argon2id$', 0, 0, 0, NULL, '', 0)",
        &["accounts: the database is damaged: a stored user: user name \"a b\" has a space"],
    ),
    (
        "INSERT INTO account_tokens VALUES (zeroblob(32), zeroblob(16), 'ci', '', 0, 0)",
        &["account_tokens: there is no account 00000000-0000-0000-0000-000000000000"],
    ),
    (
        "INSERT INTO account_certificates VALUES (zeroblob(32), zeroblob(16), 0)",
        &["account_certificates: there is no account 00000000-0000-0000-0000-000000000000"],
    ),
    (
        "INSERT INTO account_rooms VALUES (zeroblob(16), '#ops', 'lobby', '', 0, NULL, 0)",
        &[
            "account_rooms: there is no account 00000000-0000-0000-0000-000000000000",
            "account 00000000-0000-0000-0000-000000000000: key \"#ops\" is not that of \"lobby\"",
        ],
    ),
    ("DELETE FROM messages WHERE id = (1 << 40 | 2)", &["room Lobby: message 2 is missing"]),
    (
        "UPDATE messages SET time_ms = 5 WHERE id = (1 << 40 | 2)",
        &["room Lobby: message 2 is from 1970-01-01T00:00:00.005Z, the one before it from \
               1970-01-01T12:00:00.000Z"],
    ),
    (
        "INSERT INTO messages VALUES (77 << 40 | 1, 5, zeroblob(16), 'x', 0, NULL, 'y', 1000, NULL)",
        &["room 77: has no row, and 1 messages"],
    ),
    (
        "UPDATE messages SET body = char(27) WHERE id = (1 << 40 | 2)",
        &["room Lobby: message 2: the text has the character U+001B"],
    ),
    (
        "UPDATE messages SET name = 'a b' WHERE id = (2 << 40 | 1)",
        &["room ops: message 1: user name \"a b\" has a space"],
    ),
    (
        "UPDATE messages SET body = CAST(x'ff' AS TEXT) WHERE id = (2 << 40 | 1)",
        &["room ops: message 1: "],
    ),
    (
        "UPDATE messages SET kind = 9 WHERE id = (2 << 40 | 1)",
        &["room ops: message 1: a message of kind 9"],
    ),
    (
        "UPDATE rooms SET last_seq = 9 WHERE id = 2",
        &["room ops: messages 3 to 9 are missing at its end"],
    ),
    (
        "UPDATE rooms SET last_seq = 1 WHERE id = 2",
        &["room ops: has messages up to 2, and its row says 1: numbers could be used twice"],
    ),
    ("UPDATE rooms SET last_time_ms = 1 WHERE id = 2", &["room ops: its newest message is from"]),
    ("UPDATE rooms SET topic = 'x' WHERE id = 1", &["room Lobby: its topic is another"]),
    ("UPDATE rooms SET key = '#Ops' WHERE id = 2", &["room 2: key \"#Ops\" is not that of"]),
    ("UPDATE rooms SET key = '@x' WHERE id = 3", &["room 3: key \"@x\" names no two users"]),
    (
        "DROP INDEX message_keys; UPDATE messages SET key = zeroblob(16) WHERE id >> 40 = 2",
        &[
            "the schema: index message_keys is missing",
            "keys: 2 messages of one author have the same, the first in room 2 is 1",
        ],
    ),
    (
        "INSERT INTO guests VALUES (zeroblob(32), zeroblob(16), 'a b', NULL)",
        &["guests: cannot be read to the end: a stored guest: user name \"a b\" has a space"],
    ),
    (
        "UPDATE messages SET kind = 5 WHERE id = (2 << 40 | 1)",
        &["room ops: message 1: a stored change: "],
    ),
    (
        "UPDATE rooms SET settings = '{\"hidden\":true}' WHERE id = 2",
        &["room ops: its row says that others may read it than its settings do"],
    ),
    ("UPDATE rooms SET settings = '{' WHERE id = 2", &["room ops: a room's settings: "]),
    (
        "INSERT INTO room_users VALUES (2, zeroblob(16), 'Bob', 'Bob', '{\"rank\":9}');
         INSERT INTO room_users VALUES (9, zeroblob(16), 'Bob', 'bob', '{}')",
        &[
            "room 2: remembers a user by no name",
            "room 2: what a room remembers: ",
            "room 9: has no row, and remembers users",
        ],
    ),
    ("CREATE TABLE more (x)", &["the schema: table more is not from chat-server"]),
    ("UPDATE messages SET time_ms = 43200000 WHERE id = (1 << 40 | 2)", &[]),
];

#[tokio::test]
async fn a_verification_says_what_was_planted() {
    for (sql, expected) in PLANTED {
        let directory = filled().await;
        plant(directory.path(), sql);
        let found = verify(&database(directory.path())).unwrap().findings;
        let all = found.len() == expected.len()
            && found.iter().zip(*expected).all(|(found, expected)| found.starts_with(expected));
        assert!(all, "{sql}: {found:#?}");
    }
}

#[tokio::test]
async fn findings_are_counted_behind_the_first_hundred() {
    let directory = filled().await;
    plant(
        directory.path(),
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 152)
         INSERT INTO messages SELECT 2 << 40 | i, 43200000, zeroblob(16), 'a b', 0, NULL, '', 1000 + i, NULL FROM n;
         UPDATE rooms SET last_seq = 152 WHERE id = 2",
    );
    let report = verify(&database(directory.path())).unwrap();
    assert_eq!((report.findings.len(), report.findings_total), (100, 150));
}

#[tokio::test]
async fn torn_pages_are_found_by_a_verification() {
    for name in ["messages", "rooms", "message_keys", "journal", "rooms_by_time"] {
        let directory = filled().await;
        tear(directory.path(), name);
        let found = verify(&database(directory.path())).unwrap().findings;
        assert!(found.iter().any(|found| found.starts_with("the structure:")), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_start_refuses_what_is_damaged_and_changes_nothing() {
    for name in ["messages", "rooms"] {
        let directory = filled().await;
        let content = tear(directory.path(), name);
        let error = open(directory.path(), noon).unwrap_err();
        assert!(matches!(error, JournalError::Damaged(_)), "{name}: {error}");
        assert!(std::fs::read(database(directory.path())).unwrap() == content, "{name}");
    }
    let directory = filled().await;
    let mut content = std::fs::read(database(directory.path())).unwrap();
    content.truncate(4 * 4_096);
    std::fs::write(database(directory.path()), &content).unwrap();
    let error = open(directory.path(), noon).unwrap_err();
    assert!(matches!(error, JournalError::Damaged(_)), "{error}");
    assert!(std::fs::read(database(directory.path())).unwrap() == content);
}

#[tokio::test]
async fn a_start_refuses_a_room_that_ends_elsewhere_than_its_row_says() {
    for sql in [
        "UPDATE rooms SET last_seq = 9 WHERE id = 2",
        "DELETE FROM messages WHERE id = (2 << 40 | 2)",
        "DELETE FROM rooms WHERE id = 3",
    ] {
        let directory = filled().await;
        plant(directory.path(), sql);
        let error = open(directory.path(), noon).unwrap_err();
        assert!(matches!(error, JournalError::Damaged(_)), "{sql}: {error}");
    }
}

#[tokio::test]
async fn after_a_kill_the_whole_structure_is_checked() {
    let directory = filled().await;
    let journal = open(directory.path(), noon).unwrap();
    fill(&journal).await;
    let killed = tempfile::tempdir().unwrap();
    let copy = || {
        for name in ["journal.sqlite", "journal.sqlite-wal"] {
            std::fs::copy(directory.path().join(name), killed.path().join(name)).unwrap();
        }
    };
    copy();
    open(killed.path(), noon).unwrap().stop().await;
    copy();
    // A page that is not in the log, and that no start needs.
    let page = {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_rooms_1'";
        let connection = rusqlite::Connection::open(database(directory.path())).unwrap();
        connection.query_row(sql, [], |row| row.get::<_, usize>(0)).unwrap()
    };
    let mut content = std::fs::read(database(killed.path())).unwrap();
    content[(page - 1) * 4_096..page * 4_096].fill(0xaa);
    std::fs::write(database(killed.path()), &content).unwrap();
    let error = open(killed.path(), noon).unwrap_err();
    assert!(matches!(error, JournalError::Damaged(_)), "{error}");
    journal.stop().await;
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |content: &[u8]| {
        std::fs::write(database(directory.path()), content).unwrap();
        let error = open(directory.path(), noon).unwrap_err();
        assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
        let error = verify(&database(directory.path())).unwrap_err();
        assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
        assert!(std::fs::read(database(directory.path())).unwrap() == content);
    };
    refused(b"a letter to the editor");
    refused(&[0; 8_192]);
    let foreign = directory.path().join("foreign");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE recipes (x); PRAGMA user_version = 1").unwrap();
    drop(connection);
    refused(&std::fs::read(&foreign).unwrap());
}

#[tokio::test]
async fn a_log_of_another_database_is_not_applied() {
    let directory = filled().await;
    let copy = directory.path().join("copy");
    backup(directory.path(), &copy, false).unwrap();
    let journal = open(directory.path(), noon).unwrap();
    fill(&journal).await;
    let log = std::fs::read(directory.path().join("journal.sqlite-wal")).unwrap();
    assert!(!log.is_empty());
    journal.stop().await;
    let copy = std::fs::read(copy).unwrap();
    // The log of a killed daemon beside a restored backup, and beside nothing.
    for content in [&copy[..], &[]] {
        std::fs::write(database(directory.path()), content).unwrap();
        std::fs::write(directory.path().join("journal.sqlite-wal"), &log).unwrap();
        let error = open(directory.path(), noon).unwrap_err();
        assert!(matches!(error, JournalError::StrayLog { .. }), "{error}");
        assert_eq!(std::fs::read(directory.path().join("journal.sqlite-wal")).unwrap(), log);
    }
}

#[test]
fn a_check_of_the_structure_ends_at_its_limit() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
             WHERE i < 100000) INSERT INTO t SELECT hex(randomblob(32)) FROM n",
        )
        .unwrap();
    let check = |limit_us| {
        examine::structure(&connection, std::time::Duration::from_micros(limit_us)).unwrap()
    };
    assert_eq!(check(u64::MAX), examine::Checked::Sound);
    // The limit may also fall before or behind the check.
    while check(100) != examine::Checked::Unfinished {}
    assert_eq!(check(u64::MAX), examine::Checked::Sound, "the connection goes on");
}

//! Whether a file is a journal that can be relied on: what is cheap enough for every start, and
//! what is worth its time after a crash. Also how the commands beside the daemon open it. Never
//! writes, never deletes.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use chat_protocol::Sequence;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::apply::message_id;
use super::record::RoomId;
use super::{JournalError, schema};

/// What a database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where its header says how it is written: 1 with a rollback journal, 2 with a write-ahead log.
const WRITE_VERSION_AT: usize = 18;

/// Where the database of a data directory is.
pub(crate) fn database(directory: &Path) -> PathBuf {
    directory.join("journal.sqlite")
}

/// A database file, before SQLite has touched it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// None yet.
    Nothing,
    /// Closed as it should be.
    Closed,
    /// Its write-ahead log is still there: it is in use, or whoever used it was killed.
    Open,
}

/// Looks at the file itself: SQLite would apply a log that belongs to another database, and throw
/// one away that stands beside an empty file.
pub(super) fn file(path: &Path) -> Result<Contents, JournalError> {
    let wrong = |error| JournalError::Directory { path: path.to_owned(), error };
    let foreign = |why: &str| JournalError::Foreign { path: path.to_owned(), why: why.to_owned() };
    let log = beside(path, "-wal");
    let logged = size(&log).map_err(wrong)?;
    if size(path).map_err(wrong)? == 0 {
        return if logged == 0 {
            Ok(Contents::Nothing)
        } else {
            Err(JournalError::StrayLog { log, database: path.to_owned() })
        };
    }
    if size(&beside(path, "-journal")).map_err(wrong)? > 0 {
        return Ok(Contents::Open); // killed while it was made: SQLite rolls that back
    }
    let mut header = Vec::with_capacity(100);
    File::open(path).map_err(wrong)?.take(100).read_to_end(&mut header).map_err(wrong)?;
    if header.len() < 100 || !header.starts_with(MAGIC) {
        return Err(foreign("it is no SQLite database, or its beginning is damaged"));
    }
    if logged == 0 {
        return Ok(Contents::Closed);
    }
    if header.get(WRITE_VERSION_AT) == Some(&1) {
        return Err(JournalError::StrayLog { log, database: path.to_owned() });
    }
    Ok(Contents::Open)
}

/// Refuses what is not ours, before anything is written to it.
pub(super) fn owner(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(damage);
    let application = number("PRAGMA application_id")?;
    if application == i64::from(schema::APPLICATION_ID) {
        return Ok(());
    }
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application == 0 && tables == 0 {
        return Ok(()); // nothing there yet
    }
    let why =
        format!("it is an SQLite database of something else (application id {application:#x})");
    Err(JournalError::Foreign { path: path.to_owned(), why })
}

/// Opens a database to read it, also while a daemon writes it. One that is not there, not ours, or
/// of a newer daemon is an error.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    if file(path)? == Contents::Nothing {
        return Err(JournalError::Missing(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    owner(&connection, path)?;
    match schema::steps_done(&connection)? {
        0 => Err(JournalError::Missing(path.to_owned())),
        _ => Ok(connection),
    }
}

/// Opens a database that has this binary's shape.
pub(super) fn open_current(path: &Path) -> Result<Connection, JournalError> {
    let connection = open_to_read(path)?;
    let (found, known) = (schema::steps_done(&connection)?, schema::steps());
    if found < known { Err(JournalError::OlderSchema { found, known }) } else { Ok(connection) }
}

/// How a check of the structure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// All of it is sound.
    Sound,
    /// There was no time for all of it.
    Unfinished,
}

/// Reads the whole structure, for `limit` at most.
pub(super) fn structure(connection: &Connection, limit: Duration) -> Result<Checked, JournalError> {
    let interrupt = connection.get_interrupt_handle();
    let (done, is_done) = mpsc::channel::<()>();
    let first = std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let first =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        drop(done);
        first
    });
    match first {
        Ok(first) if first == "ok" => Ok(Checked::Sound),
        Ok(first) => Err(JournalError::Damaged(one_line(&first))),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(Checked::Unfinished)
        }
        Err(error) => Err(damage(error)),
    }
}

/// Every room's newest message is the one that its row names, and no message is behind the last
/// room: what was said can be continued without taking a number twice.
pub(super) fn ends(connection: &Connection) -> Result<(), JournalError> {
    let wrong = connection
        .query_row(
            "SELECT id, first_seq, last_seq,
                 (SELECT min(messages.id) FROM messages
                  WHERE messages.id BETWEEN rooms.id << 40 AND (rooms.id << 40) | ?1) AS oldest,
                 (SELECT max(messages.id) FROM messages
                  WHERE messages.id BETWEEN rooms.id << 40 AND (rooms.id << 40) | ?1) AS newest
             FROM rooms
             WHERE oldest IS NOT iif(first_seq > last_seq, NULL, (rooms.id << 40) | first_seq)
                OR newest IS NOT iif(first_seq > last_seq, NULL, (rooms.id << 40) | last_seq)
                OR first_seq NOT BETWEEN 1 AND last_seq + 1
             LIMIT 1",
            [message_id(RoomId(0), Sequence(u64::MAX))],
            |row| {
                let row_says: (u64, u64) = (row.get(1)?, row.get(2)?);
                let found: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
                Ok((row.get(0)?, row_says, found))
            },
        )
        .optional()
        .map_err(damage)?;
    if let Some((room, (first, last), (oldest, newest))) = wrong {
        let room: i64 = room;
        let [oldest, newest] =
            [oldest, newest].map(|id| id.map_or(Sequence(0), super::apply::sequence_of));
        return Err(JournalError::Damaged(format!(
            "room {room} has messages {oldest} to {newest}, and its row says {first} to {last}"
        )));
    }
    let stray: bool = connection
        .query_row(
            "SELECT coalesce((SELECT max(id) FROM messages) >> 40, 0)
                  > coalesce((SELECT max(id) FROM rooms), 0)",
            [],
            |row| row.get(0),
        )
        .map_err(damage)?;
    if stray {
        return Err(JournalError::Damaged("there are messages of a room that has no row".into()));
    }
    Ok(())
}

/// What SQLite says of a file that it cannot read is damage; all else is what it is.
pub(super) fn damage(error: rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Damaged(one_line(&error.to_string()))
        }
        Some(_) | None => JournalError::Sqlite(error),
    }
}

/// An error as part of a finding, without the advice on what to do.
pub(super) fn cause(error: JournalError) -> String {
    if let JournalError::Damaged(what) = error { what } else { error.to_string() }
}

/// SQLite's findings, without the line that names the database.
pub(super) fn findings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("***"))
}

fn one_line(text: &str) -> String {
    findings(text).collect::<Vec<_>>().join("; ")
}

/// SQLite's other files: the same name with something behind it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// In bytes; 0 if it is not there.
fn size(path: &Path) -> std::io::Result<u64> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

//! The database's shape, and the way from an older shape to this one. Never reads a message.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::JournalError;

/// One step each; `user_version` says how many are done.
const MIGRATIONS: &[&str] = &[
    include_str!("001_rooms_and_messages.sql"),
    include_str!("002_guests.sql"),
    include_str!("003_search.sql"),
    include_str!("004_deletion_and_retention.sql"),
    include_str!("005_rooms.sql"),
    include_str!("006_accounts.sql"),
    include_str!("007_replies.sql"),
    include_str!("008_read_until.sql"),
    include_str!("009_notices.sql"),
    include_str!("010_staying.sql"),
    include_str!("011_address_bans.sql"),
    include_str!("012_metadata.sql"),
    include_str!("013_scram.sql"),
    include_str!("014_told.sql"),
    include_str!("015_room_times.sql"),
    include_str!("016_certificates.sql"),
    include_str!("017_merging.sql"),
];

/// "Samo", so that `file` and a careful person can tell whose database it is.
pub(super) const APPLICATION_ID: i32 = 0x5361_6d6f;

/// Brings the database to this binary's shape, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    let done = steps_done(connection)?;
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(done) {
        step(connection, index, sql)?.commit()?;
    }
    Ok(())
}

/// A step, all of it, not committed.
fn step<'a>(
    connection: &'a mut Connection,
    index: usize,
    sql: &str,
) -> Result<Transaction<'a>, JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", index + 1)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(transaction)
}

/// The steps that this binary knows.
pub(super) const fn steps() -> usize {
    MIGRATIONS.len()
}

/// The steps that the database has behind it; more than this binary knows is an error.
pub(super) fn steps_done(connection: &Connection) -> Result<usize, JournalError> {
    let done = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if done > MIGRATIONS.len() {
        return Err(JournalError::NewerSchema { found: done, known: MIGRATIONS.len() });
    }
    Ok(done)
}

/// A database as all steps make it from nothing, in memory: what others are compared with.
pub(super) fn model() -> Result<Connection, JournalError> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// As the daemon opens it; pages go to the file before the commit.
    fn open(directory: &Path) -> Connection {
        let connection = Connection::open(directory.join("journal.sqlite")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "cache_size", 1).unwrap();
        connection
    }

    /// What a kill at this moment leaves behind.
    fn kill(directory: &Path) -> tempfile::TempDir {
        let left = tempfile::tempdir().unwrap();
        for name in ["journal.sqlite", "journal.sqlite-wal"] {
            std::fs::copy(directory.join(name), left.path().join(name)).unwrap();
        }
        left
    }

    fn shape(connection: &Connection) -> Vec<(String, Option<String>)> {
        let mut statement =
            connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_migration_that_is_killed_resumes_at_every_step() {
        for (killed_in, sql) in MIGRATIONS.iter().enumerate() {
            let directory = tempfile::tempdir().unwrap();
            let mut connection = open(directory.path());
            for (index, sql) in MIGRATIONS.iter().enumerate().take(killed_in) {
                step(&mut connection, index, sql).unwrap().commit().unwrap();
            }
            let transaction = step(&mut connection, killed_in, sql).unwrap();
            let left = kill(directory.path());
            drop(transaction);
            let mut connection = open(left.path());
            assert_eq!(steps_done(&connection).unwrap(), killed_in, "all of a step or nothing");
            migrate(&mut connection).unwrap();
            assert_eq!(steps_done(&connection).unwrap(), steps());
            assert_eq!(shape(&connection), shape(&model().unwrap()));
        }
    }
}

//! The database's shape, and the way from an older shape to this one. Never reads a message.

use rusqlite::{Connection, TransactionBehavior};

use super::JournalError;

/// One step each; `user_version` says how many are done.
const MIGRATIONS: &[&str] =
    &[include_str!("001_rooms_and_messages.sql"), include_str!("002_search.sql")];

/// "Samo", so that `file` and a careful person can tell whose database it is.
const APPLICATION_ID: i32 = 0x5361_6d6f;

/// Brings the database to this binary's shape, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    let done: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if done > MIGRATIONS.len() {
        return Err(JournalError::NewerSchema { found: done, known: MIGRATIONS.len() });
    }
    for (index, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(())
}

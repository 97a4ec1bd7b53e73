//! The index of words, written behind the commit: a slice at a time, when the writer has nothing
//! else to do, or when it is too far behind. Never looks for anything, never stores a message.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::JournalError;
use super::handle::Sync;
use crate::limits::{
    INDEX_BEHIND_MESSAGES_MAX, INDEX_DUE_MESSAGES, INDEX_PATIENCE, INDEX_SHARE, INDEX_SLICE_BYTES,
    INDEX_SLICE_MESSAGES_MAX, INDEX_SLICE_MESSAGES_MIN,
};

/// How far apart the marks are by which a search finds a time, in milliseconds.
const MARKS_APART_MS: i64 = 60_000;

/// How far the index is.
#[derive(Debug)]
pub(super) struct Index {
    /// All up to this number is in it.
    through: i64,
    /// The newest number that was given.
    newest: i64,
    sync: Sync,
    /// Before that, only a writer that has had nothing to do for a while writes the next slice: while
    /// messages come, the index has a small share of the time.
    next_slice: Instant,
    /// The disk is full: not tried again before a commit went well.
    is_paused: bool,
}

impl Index {
    pub(super) fn open(connection: &Connection, sync: Sync) -> Result<Self, JournalError> {
        let through =
            connection.query_row("SELECT number FROM search_mark", [], |row| row.get(0))?;
        let newest: i64 =
            connection
                .query_row("SELECT coalesce(max(number), 0) FROM messages", [], |row| row.get(0))?;
        Ok(Self {
            through,
            newest: newest.max(through),
            sync,
            next_slice: Instant::now(),
            is_paused: false,
        })
    }

    /// The newest number that was given to a message.
    pub(super) const fn newest(&self) -> i64 {
        self.newest
    }

    /// Messages up to this number are in the index.
    pub(super) const fn through(&self) -> i64 {
        self.through
    }

    /// Messages up to this number are committed.
    pub(super) const fn committed(&mut self, newest: i64) {
        self.newest = newest;
        self.is_paused = false;
    }

    /// How long it is better to wait for something else to do, before the next slice.
    pub(super) fn patience(&self) -> Duration {
        self.next_slice.saturating_duration_since(Instant::now()).min(INDEX_PATIENCE)
    }

    /// Is there enough for a slice, for a writer with nothing else to do? Less than that a search
    /// reads by itself.
    pub(super) const fn is_due(&self) -> bool {
        !self.is_paused && self.newest - self.through >= INDEX_DUE_MESSAGES
    }

    /// After a commit of `stored` messages: if it is too far behind, catches up by as many.
    pub(super) fn keep_up(
        &mut self,
        connection: &mut Connection,
        stored: i64,
    ) -> Result<(), JournalError> {
        let enough = self.through + stored + 1;
        while !self.is_paused
            && self.newest - self.through > INDEX_BEHIND_MESSAGES_MAX
            && self.through < enough
        {
            self.write_slice(connection)?;
        }
        Ok(())
    }

    /// Writes the next slice. It is not waited for until it is on disk: the mark is written with
    /// it, and what a power cut takes is written again.
    pub(super) fn write_slice(&mut self, connection: &mut Connection) -> Result<(), JournalError> {
        if self.sync == Sync::Always {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        let began = Instant::now();
        let behind = self.newest - self.through;
        let count = (behind / 8).clamp(INDEX_SLICE_MESSAGES_MIN, INDEX_SLICE_MESSAGES_MAX);
        let written = slice(connection, self.through, count);
        self.next_slice = began + INDEX_SHARE * began.elapsed();
        if self.sync == Sync::Always {
            connection.pragma_update(None, "synchronous", "FULL")?;
        }
        match written {
            // Nothing there: what was given numbers is deleted by now.
            Ok(None) => self.through = self.newest,
            Ok(Some(through)) => self.through = through,
            Err(JournalError::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DiskFull) =>
            {
                self.is_paused = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Indexes so many that come behind `from`; says how far it got.
fn slice(connection: &mut Connection, from: i64, count: i64) -> Result<Option<i64>, JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some((through, time)) = bounds(&transaction, from, count)? else {
        return Ok(None);
    };
    transaction
        .prepare_cached(
            "INSERT INTO search (rowid, room, name, body)
             SELECT number, room, name, body FROM searchable
             WHERE number > ?1 AND number <= ?2 ORDER BY number",
        )?
        .execute((from, through))?;
    transaction
        .prepare_cached("UPDATE search_mark SET number = ?1, time_ms = max(time_ms, ?2)")?
        .execute((through, time))?;
    transaction
        .prepare_cached(
            "INSERT INTO search_marks (time_ms, number)
             SELECT time_ms, number FROM search_mark WHERE time_ms >=
                 (SELECT coalesce(max(time_ms), -?1) + ?1 FROM search_marks)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![MARKS_APART_MS])?;
    transaction.commit()?;
    Ok(Some(through))
}

/// The last number of the slice behind `from`, and its latest time.
fn bounds(
    connection: &Connection,
    from: i64,
    count: i64,
) -> Result<Option<(i64, i64)>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, time_ms, octet_length(body) FROM messages
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query((from, count))?;
    let mut bounds = None;
    let mut bytes: i64 = 0;
    while bytes < INDEX_SLICE_BYTES
        && let Some(row) = rows.next()?
    {
        let (number, time, length): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        bytes += length;
        bounds = Some((number, bounds.map_or(time, |(_, latest): (i64, i64)| latest.max(time))));
    }
    Ok(bounds)
}

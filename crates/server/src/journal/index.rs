//! The index of words, written behind the commit: a piece at a time, when the writer has nothing
//! else to do, or when it is too far behind. A piece is a slice of the messages, or some pages of what
//! slices wrote, merged. Never looks for anything, never stores a message.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::JournalError;
use super::handle::Sync;
use crate::limits::{
    INDEX_BEHIND_MESSAGES_MAX, INDEX_DUE_MESSAGES, INDEX_MERGE_PAGES, INDEX_PATIENCE, INDEX_SHARE,
    INDEX_SLICE_BYTES, INDEX_SLICE_MESSAGES_MAX, INDEX_SLICE_MESSAGES_MIN,
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
    /// There may be more to merge than was merged. What a start finds is merged behind its next slice.
    has_unmerged: bool,
    sync: Sync,
    /// Before that, only a writer that has had nothing to do for a while does the next piece: while
    /// messages come, the index has a small share of the time.
    next_piece: Instant,
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
            has_unmerged: false,
            sync,
            next_piece: Instant::now(),
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

    /// How long it is better to wait for something else to do, before the next piece.
    pub(super) fn patience(&self) -> Duration {
        self.next_piece.saturating_duration_since(Instant::now()).min(INDEX_PATIENCE)
    }

    /// Is there a piece to do, for a writer with nothing else to do? A few messages a search reads by
    /// itself.
    pub(super) const fn is_due(&self) -> bool {
        let is_behind = self.newest - self.through >= INDEX_DUE_MESSAGES;
        !self.is_paused && (is_behind || self.has_unmerged)
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
            self.do_piece(connection)?;
        }
        Ok(())
    }

    /// Does the next piece. It is not waited for until it is on disk: the mark is written with its
    /// slice, and what a power cut takes is written again. What can be merged is merged first: in
    /// pieces, since the commits that come meanwhile, and on one core all sessions, wait for it.
    pub(super) fn do_piece(&mut self, connection: &mut Connection) -> Result<(), JournalError> {
        if self.sync == Sync::Always {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        let began = Instant::now();
        let done =
            if self.has_unmerged { self.merge(connection) } else { self.write_slice(connection) };
        self.next_piece = began + INDEX_SHARE * began.elapsed();
        if self.sync == Sync::Always {
            connection.pragma_update(None, "synchronous", "FULL")?;
        }
        match done {
            Err(JournalError::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DiskFull) =>
            {
                self.is_paused = true;
                Ok(())
            }
            done => done,
        }
    }

    fn write_slice(&mut self, connection: &mut Connection) -> Result<(), JournalError> {
        let behind = self.newest - self.through;
        let count = (behind / 8).clamp(INDEX_SLICE_MESSAGES_MIN, INDEX_SLICE_MESSAGES_MAX);
        // Nothing there: what was given numbers is deleted by now.
        self.through = slice(connection, self.through, count)?.unwrap_or(self.newest);
        self.has_unmerged = true;
        Ok(())
    }

    fn merge(&mut self, connection: &Connection) -> Result<(), JournalError> {
        let before = connection.total_changes();
        connection
            .prepare_cached("INSERT INTO search (search, rank) VALUES ('merge', ?1)")?
            .execute([INDEX_MERGE_PAGES])?;
        // That one row is counted; what was merged comes on top (<https://sqlite.org/fts5.html>, 6.8).
        self.has_unmerged = connection.total_changes() - before >= 2;
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

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    /// An index that is so many messages behind, each with words of its own.
    fn behind(messages: i64) -> (Connection, Index) {
        let connection = schema::model().unwrap();
        let room = "INSERT INTO rooms (id, key, name, topic, last_seq, last_time_ms)
                    VALUES (1, '#ops', 'ops', '', ?1, 0)";
        connection.execute(room, [messages]).unwrap();
        let message = "INSERT INTO messages (id, time_ms, author, name, kind, body, number)
                       SELECT 1 << 40 | value, 0, zeroblob(16), 'ana', 0,
                              printf('tea%d cup%d', value, value), value
                       FROM generate_series";
        let numbers = "WITH RECURSIVE generate_series (value) AS
                       (SELECT 1 UNION ALL SELECT value + 1 FROM generate_series WHERE value < ?1)";
        connection.execute(&format!("{numbers} {message}"), [messages]).unwrap();
        let index = Index::open(&connection, Sync::Os).unwrap();
        (connection, index)
    }

    #[test]
    fn what_slices_wrote_is_merged_a_few_pages_at_a_time() {
        let (mut connection, mut index) = behind(2_000);
        let (mut slices, mut rows_most) = (0, 0);
        while index.is_due() {
            let (is_merge, before) = (index.has_unmerged, connection.total_changes());
            index.do_piece(&mut connection).unwrap();
            if is_merge {
                // The pages that it wrote, and those that it has read and took away.
                rows_most = rows_most.max(connection.total_changes() - before);
            } else {
                slices += 1;
            }
        }
        assert!(rows_most <= 8 * INDEX_MERGE_PAGES.unsigned_abs(), "{rows_most} at once");
        let segments = "SELECT count(DISTINCT segid) FROM search_idx";
        let segments: i64 = connection.query_row(segments, [], |row| row.get(0)).unwrap();
        assert!(slices > 10 && segments < 4, "{slices} slices are {segments} segments");
        let found = "SELECT count(*) FROM search WHERE search MATCH 'tea1 OR tea999 OR tea1500'";
        let found: i64 = connection.query_row(found, [], |row| row.get(0)).unwrap();
        assert_eq!(found, 3);
    }
}

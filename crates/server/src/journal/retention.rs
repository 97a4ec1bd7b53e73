//! What is kept, and taking away what is not: oldest first, a slice at a time, from the table and
//! from the index. A room keeps its last number, so that none is used twice. Never runs by itself.

use std::collections::HashMap;
use std::time::Duration;

use chat_protocol::{RoomName, Sequence, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::JournalError;
use super::apply::message_id;
use super::history::sequence_at;
use super::record::{RoomId, RoomKey};
use crate::limits::{ROOMS_PAGE, SWEEP_EVENTS};

/// How much of a room is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Nothing older.
    pub(crate) age: Option<Duration>,
    /// No more events than the last so many.
    pub(crate) events: Option<u64>,
}

/// What is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retention {
    /// Of a room that is not named here, and of direct rooms.
    pub(crate) otherwise: Keep,
    /// Of these rooms.
    pub(crate) rooms: HashMap<RoomName, Keep>,
    /// How long the keys of what was taken away are remembered.
    pub(crate) keys: Duration,
}

/// A room that has lost its oldest events.
#[derive(Debug)]
pub(crate) struct Pruned {
    pub(crate) key: RoomKey,
    pub(crate) id: RoomId,
    /// The first that is kept.
    pub(crate) first: Sequence,
}

/// What one slice of a sweep did.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    pub(crate) pruned: Vec<Pruned>,
    /// Go on behind this room; none: that was all.
    pub(crate) next: Option<RoomId>,
}

/// A room as its row has it.
struct Row {
    id: RoomId,
    key: String,
    name: String,
    first: Sequence,
    last: Sequence,
    /// What the room says itself.
    own: Keep,
}

impl Keep {
    /// No more than either.
    fn least(self, other: Self) -> Self {
        Self {
            age: [self.age, other.age].into_iter().flatten().min(),
            events: [self.events, other.events].into_iter().flatten().min(),
        }
    }
}

impl Retention {
    fn keeps_all(&self) -> bool {
        let all = Keep::default();
        self.otherwise == all && self.rooms.values().all(|keep| *keep == all)
    }

    fn of(&self, key: &RoomKey) -> Keep {
        let own = match key {
            RoomKey::Named(name) => self.rooms.get(name),
            RoomKey::Direct(..) => None,
        };
        own.copied().unwrap_or(self.otherwise)
    }
}

/// One slice: the rooms behind `after`, as far as it gets. `indexed`: the index has all up to this
/// number.
pub(super) fn sweep(
    connection: &mut Connection,
    retention: &Retention,
    after: RoomId,
    now: Timestamp,
    indexed: i64,
) -> Result<Swept, JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if after == RoomId(0) {
        transaction
            .prepare_cached("DELETE FROM spent_keys WHERE until_ms < ?1")?
            .execute([milliseconds(now)])?;
    }
    let swept = if retention.keeps_all() && !has_own(&transaction)? {
        Swept::default()
    } else {
        rooms(&transaction, retention, after, now, indexed)?
    };
    transaction.commit()?;
    Ok(swept)
}

fn rooms(
    transaction: &Transaction<'_>,
    retention: &Retention,
    after: RoomId,
    now: Timestamp,
    indexed: i64,
) -> Result<Swept, JournalError> {
    let rows = rows(transaction, after)?;
    let page_is_full = rows.len() == ROOMS_PAGE;
    let mut swept = Swept::default();
    let mut left = SWEEP_EVENTS;
    let mut done = after;
    for row in rows {
        // A room that cannot be read is left alone: `verify` says what is wrong with it.
        if let Ok(key) = RoomKey::restored(&row.key, &row.name) {
            let wanted = first_kept(transaction, &row, retention.of(&key).least(row.own), now)?;
            let first = Sequence(wanted.0.min(row.first.0 + left));
            if first > row.first {
                left -= first.0 - row.first.0;
                let until = now.0.saturating_add(in_milliseconds(retention.keys));
                prune(transaction, &row, first, Timestamp(until), indexed)?;
                swept.pruned.push(Pruned { key, id: row.id, first });
            }
            if first < wanted {
                swept.next = Some(done); // again, until it has lost all that it has to
                return Ok(swept);
            }
        }
        done = row.id;
    }
    swept.next = page_is_full.then_some(done);
    Ok(swept)
}

fn rows(transaction: &Transaction<'_>, after: RoomId) -> Result<Vec<Row>, JournalError> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, key, name, first_seq, last_seq, keep_age_ms, keep_events FROM rooms
         WHERE id > ?1 AND first_seq <= last_seq ORDER BY id LIMIT ?2",
    )?;
    let rows =
        statement.query_map((after.0, i64::try_from(ROOMS_PAGE).unwrap_or(i64::MAX)), |row| {
            Ok(Row {
                id: RoomId(row.get(0)?),
                key: row.get(1)?,
                name: row.get(2)?,
                first: Sequence(row.get(3)?),
                last: Sequence(row.get(4)?),
                own: Keep {
                    age: row.get::<_, Option<u64>>(5)?.map(Duration::from_millis),
                    events: row.get(6)?,
                },
            })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Does any room keep less than others do?
fn has_own(connection: &Connection) -> Result<bool, JournalError> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM rooms WHERE keep_age_ms NOT NULL OR keep_events NOT NULL)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The first event that a room is to keep.
fn first_kept(
    transaction: &Transaction<'_>,
    row: &Row,
    keep: Keep,
    now: Timestamp,
) -> Result<Sequence, JournalError> {
    let by_count =
        keep.events.map_or(row.first, |events| Sequence((row.last.0 + 1).saturating_sub(events)));
    let by_age = match keep.age {
        None => row.first,
        Some(age) => {
            let oldest = Timestamp(now.0.saturating_sub(in_milliseconds(age)));
            let time: Option<u64> = transaction
                .prepare_cached("SELECT time_ms FROM messages WHERE id = ?1")?
                .query_row([message_id(row.id, row.first)], |row| row.get(0))
                .optional()?;
            if time.is_none_or(|time| time < oldest.0) {
                sequence_at(transaction, row.id, oldest)?
            } else {
                row.first
            }
        }
    };
    Ok(row.first.max(by_count).max(by_age))
}

/// Takes a room's events before `first` away.
fn prune(
    transaction: &Transaction<'_>,
    row: &Row,
    first: Sequence,
    keys_until: Timestamp,
    indexed: i64,
) -> Result<(), JournalError> {
    let (from, to) = (message_id(row.id, row.first), message_id(row.id, first));
    transaction
        .prepare_cached(
            "INSERT INTO search (search, rowid, room, name, body)
             SELECT 'delete', number, room, name, body FROM searchable
             WHERE id >= ?1 AND id < ?2 AND number <= ?3",
        )?
        .execute((from, to, indexed))?;
    transaction
        .prepare_cached(
            "INSERT INTO spent_keys (author, key, id, time_ms, until_ms)
             SELECT author, key, id, time_ms, ?3 FROM messages
             WHERE id >= ?1 AND id < ?2 AND key IS NOT NULL",
        )?
        .execute((from, to, milliseconds(keys_until)))?;
    transaction
        .prepare_cached("DELETE FROM messages WHERE id >= ?1 AND id < ?2")?
        .execute((from, to))?;
    transaction
        .prepare_cached("UPDATE rooms SET first_seq = ?2 WHERE id = ?1")?
        .execute((row.id.0, i64::try_from(first.0).unwrap_or(i64::MAX)))?;
    Ok(())
}

/// Is any key of what was taken away remembered?
pub(super) fn has_spent_keys(connection: &Connection) -> Result<bool, JournalError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM spent_keys)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn milliseconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

fn in_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

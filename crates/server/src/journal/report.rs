//! What the operator is told of what is stored: how much it is, and its rooms. Only reads.

use chat_protocol::administration::StoredRoomInfo;
use chat_protocol::{LineText, RoomName, RoomSettings, Sequence};
use rusqlite::{Connection, OptionalExtension, params};

use super::record::{RoomId, RoomKey};
use super::standing::{self, Remembered};
use super::{JournalError, apply};

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Rooms that have a name.
    pub(crate) rooms: u64,
    /// On disk, with what is not copied into the database yet.
    pub(crate) bytes: u64,
    /// Messages that are not indexed yet.
    pub(crate) unindexed: u64,
}

/// A room, with what it remembers.
#[derive(Debug)]
pub(crate) struct StoredReport {
    pub(crate) name: RoomName,
    pub(crate) topic: LineText,
    pub(crate) settings: RoomSettings,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
    pub(crate) remembered: Vec<Remembered>,
}

pub(super) fn figures(connection: &Connection) -> Result<Figures, JournalError> {
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
    let database = one("PRAGMA page_count")?.saturating_mul(one("PRAGMA page_size")?);
    let log = connection.path().map(|path| format!("{path}-wal"));
    let log = log.and_then(|path| Some(std::fs::metadata(path).ok()?.len()));
    let unindexed = super::search::unindexed(connection)?;
    Ok(Figures {
        rooms: one("SELECT count(*) FROM rooms WHERE name <> ''")?,
        bytes: database.saturating_add(log.unwrap_or_default()),
        unindexed: u64::try_from(unindexed).unwrap_or(0),
    })
}

/// Rooms behind a name, in order, and how many there are in all.
pub(super) fn rooms(
    connection: &Connection,
    after: Option<&RoomName>,
    limit: usize,
) -> Result<(Vec<StoredRoomInfo>, u64), JournalError> {
    let total = connection
        .prepare_cached("SELECT count(*) FROM rooms WHERE name <> ''")?
        .query_row([], |row| row.get(0))?;
    let after = after.map_or("#".to_owned(), |name| RoomKey::Named(name.clone()).stored());
    let mut statement = connection.prepare_cached(
        "SELECT name, last_seq, settings FROM rooms WHERE name <> '' AND key > ?1
         ORDER BY key LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(StoredRoomInfo {
            room: name(&row.get::<_, String>(0)?)?,
            members: 0,
            last: Sequence(row.get(1)?),
            settings: standing::settings_of(&row.get::<_, String>(2)?)?,
        });
    }
    Ok((found, total))
}

/// A room; none: nothing is stored there.
pub(super) fn room(
    connection: &Connection,
    room: &RoomName,
) -> Result<Option<StoredReport>, JournalError> {
    let snapshot = connection.unchecked_transaction()?;
    let row: Option<(i64, String, String, String, u64, u64)> = snapshot
        .prepare_cached(
            "SELECT id, name, topic, settings, first_seq, last_seq FROM rooms WHERE key = ?1",
        )?
        .query_row([RoomKey::Named(room.clone()).stored()], |row| {
            let (first, last) = (row.get(4)?, row.get(5)?);
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, first, last))
        })
        .optional()?;
    let Some((id, shown, topic, settings, first, last)) = row else { return Ok(None) };
    Ok(Some(StoredReport {
        name: name(&shown)?,
        topic: apply::line(&topic)?,
        settings: standing::settings_of(&settings)?,
        first: Sequence(first),
        last: Sequence(last),
        remembered: standing::remembered(&snapshot, RoomId(id))?,
    }))
}

fn name(text: &str) -> Result<RoomName, JournalError> {
    RoomName::parse(text)
        .map_err(|error| JournalError::Damaged(format!("a stored room's name: {error}")))
}

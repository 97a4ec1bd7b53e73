//! Reading what is stored, on read-only connections. Never writes, never waits for the writer.

use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::command::HistoryPart;
use chat_protocol::event::{Original, TopicSet};
use chat_protocol::limits::UNREAD_COUNTED_MAX;
use chat_protocol::{
    Identity, LineText, MessageKey, MessageText, RoomName, Sequence, Timestamp, UserName,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::JournalError;
use super::apply::{
    KIND_ACTION, KIND_CHANGE, KIND_DELETION, KIND_NOTICE, KIND_TEXT, KIND_TOMBSTONE, KIND_TOPIC,
    known_time, line, message_id, say_kind, sequence_of, topic_set,
};
use super::deletion;
use super::record::{Body, Entry, RoomId, RoomKey};
use super::standing::{self, Reader};
use crate::limits::UNREAD_READ_MAX;
use crate::policy::Extent;

/// Which part of a room's history; the bounds are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// The first events behind `after`, and before `before`.
    After { after: Sequence, before: Option<Sequence> },
    /// The last events before `before`, or the newest; behind `after`.
    Before { after: Sequence, before: Option<Sequence> },
    /// Half of them before this one, the other half from it on.
    Around { around: Sequence },
}

/// Events of a room, oldest first.
#[derive(Debug)]
pub(crate) struct Page {
    /// What was found.
    pub(crate) entries: Vec<Entry>,
    /// There is more in the direction of the range; around a place, on either side.
    pub(crate) more: bool,
}

/// What others have said in a room behind what was read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) room: RoomId,
    /// Counted up to [`UNREAD_COUNTED_MAX`].
    pub(crate) messages: u64,
    /// Those that have the reader's name as a word.
    pub(crate) mentions: u64,
}

/// A room with a name, in a list.
#[derive(Debug)]
pub(crate) struct StoredRoom {
    /// Its name.
    pub(crate) name: RoomName,
    /// Its topic; empty: none.
    pub(crate) topic: LineText,
    /// Who set that.
    pub(crate) topic_set: Option<TopicSet>,
    /// When it was made.
    pub(crate) created: Option<Timestamp>,
}

/// The connections that read.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let turns = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), turns }
    }

    /// Runs `query` on a connection of its own, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let turns = Arc::clone(&self.turns);
        let turn = turns.acquire_owned().await.map_err(|_| JournalError::Stopped)?;
        let idle = Arc::clone(&self.idle);
        let read = move || {
            let take = || idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = take().ok_or(JournalError::Stopped)?;
            let result = query(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(turn);
            result
        };
        tokio::task::spawn_blocking(read).await.map_err(|_| JournalError::Stopped)?
    }
}

pub(super) fn page(
    connection: &Connection,
    room: RoomId,
    range: Range,
    limit: u32,
    (extent, part): (Extent, HistoryPart),
) -> Result<Page, JournalError> {
    let of = Of { connection, room, extent, part };
    match range {
        Range::After { after, before } => of.forwards(after, before, limit),
        Range::Before { after, before } => of.backwards(after, before, limit),
        Range::Around { around } => {
            let earlier = of.backwards(Sequence(0), Some(around), limit / 2)?;
            let here = Sequence(around.0.saturating_sub(1));
            let later = of.forwards(here, None, limit - limit / 2)?;
            let mut entries = earlier.entries;
            entries.extend(later.entries);
            Ok(Page { entries, more: earlier.more || later.more })
        }
    }
}

/// What a page is read of.
struct Of<'a> {
    connection: &'a Connection,
    room: RoomId,
    extent: Extent,
    part: HistoryPart,
}

impl Of<'_> {
    /// The first events behind `after`.
    fn forwards(
        &self,
        after: Sequence,
        before: Option<Sequence>,
        limit: u32,
    ) -> Result<Page, JournalError> {
        self.entries(after, before, limit, "ORDER BY id")
    }

    /// The last events before `before`.
    fn backwards(
        &self,
        after: Sequence,
        before: Option<Sequence>,
        limit: u32,
    ) -> Result<Page, JournalError> {
        let mut page = self.entries(after, before, limit, "ORDER BY id DESC")?;
        page.entries.reverse();
        Ok(page)
    }

    fn entries(
        &self,
        after: Sequence,
        before: Option<Sequence>,
        limit: u32,
        order: &str,
    ) -> Result<Page, JournalError> {
        let part = match self.part {
            HistoryPart::All => String::new(),
            HistoryPart::Kept => format!("AND kind <> {KIND_TOMBSTONE}"),
            HistoryPart::Messages => {
                format!("AND kind IN ({KIND_TEXT}, {KIND_ACTION}, {KIND_NOTICE})")
            }
        };
        let statement = self.connection.prepare_cached(&format!(
            "SELECT id, time_ms, author, name, kind, key, body, reply_to,
                    (SELECT accounts.name FROM accounts WHERE identity = author), {ORIGINAL}
             FROM messages
             WHERE id > ?1 AND id < ?2 {part} {order} LIMIT ?3"
        ))?;
        let end = self.extent.through.next();
        let before = before.map_or(end, |before| before.min(end));
        entries(statement, self.room, after.max(self.extent.behind), before, limit)
    }
}

fn entries(
    mut statement: CachedStatement<'_>,
    room: RoomId,
    low: Sequence,
    high: Sequence,
    limit: u32,
) -> Result<Page, JournalError> {
    let bounds = (message_id(room, low), message_id(room, high), i64::from(limit) + 1);
    let mut rows = statement.query(bounds)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(Page { entries, more })
}

/// Halves what is between the first and the last: a room's times never run back.
pub(super) fn sequence_at(
    connection: &Connection,
    room: RoomId,
    time: Timestamp,
) -> Result<Sequence, JournalError> {
    let mut newest = connection.prepare_cached("SELECT last_seq FROM rooms WHERE id = ?1")?;
    let newest = newest.query_row([room.0], |row| row.get(0)).optional()?.map(Sequence);
    let mut statement = connection.prepare_cached(
        "SELECT id, time_ms FROM messages WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1",
    )?;
    let (mut low, mut high) = (Sequence(1), newest.unwrap_or_default().next());
    while low < high {
        let middle = Sequence(low.0.midpoint(high.0));
        let found: Option<(i64, u64)> = statement
            .query_row((message_id(room, middle), message_id(room, high)), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        match found {
            Some((id, said)) if said < time.0 => low = sequence_of(id).next(),
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// When the last message of each room that somebody may read was stored.
pub(super) fn last_said(
    connection: &Connection,
    rooms: &[RoomId],
    reader: &Reader,
) -> Result<Vec<(RoomId, Timestamp)>, JournalError> {
    let mut found = Vec::new();
    for &room in rooms {
        let Some(extent) = standing::extent(connection, room, reader)? else { continue };
        let newest = Range::Before { after: Sequence(0), before: None };
        let page = page(connection, room, newest, 1, (extent, HistoryPart::Messages))?;
        found.extend(page.entries.last().map(|entry| (room, entry.time)));
    }
    Ok(found)
}

/// When an event was stored, if it is kept.
pub(super) fn time_of(
    connection: &Connection,
    room: RoomId,
    sequence: Sequence,
) -> Result<Option<Timestamp>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT time_ms FROM messages WHERE id = ?1")?;
    let time = statement.query_row([message_id(room, sequence)], |row| row.get(0)).optional()?;
    Ok(time.map(Timestamp))
}

/// The first event that is kept; 1 of a room that has none.
pub(super) fn first_kept(connection: &Connection, room: RoomId) -> Result<Sequence, JournalError> {
    let mut statement = connection.prepare_cached("SELECT first_seq FROM rooms WHERE id = ?1")?;
    let first = statement.query_row([room.0], |row| row.get(0)).optional()?;
    Ok(first.map_or(Sequence(1), Sequence))
}

pub(super) fn unread(
    connection: &Connection,
    rooms: &[(RoomId, Sequence)],
    reader: Identity,
    name: &UserName,
) -> Result<Vec<Unread>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM messages WHERE id > ?1 AND id <= ?2 AND kind IN (?3, ?4, ?7) AND author <> ?5
         ORDER BY id LIMIT ?6",
    )?;
    let mut found = Vec::new();
    let mut left = UNREAD_READ_MAX;
    for &(room, read) in rooms {
        let limit = UNREAD_COUNTED_MAX.min(left);
        let (from, to) = (message_id(room, read), message_id(room, Sequence(u64::MAX)));
        let mut rows = statement.query(params![
            from,
            to,
            KIND_TEXT,
            KIND_ACTION,
            reader.0.as_bytes(),
            limit,
            KIND_NOTICE
        ])?;
        let mut unread = Unread { room, messages: 0, mentions: 0 };
        while let Some(row) = rows.next()? {
            unread.messages += 1;
            unread.mentions += u64::from(name.is_mentioned_in(&row.get::<_, String>(0)?));
            left -= 1;
        }
        if unread.messages > 0 {
            found.push(unread);
        }
    }
    Ok(found)
}

pub(super) fn find_room(
    connection: &Connection,
    key: &RoomKey,
) -> Result<Option<RoomId>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT id FROM rooms WHERE key = ?1")?;
    Ok(statement.query_row([key.stored()], |row| row.get(0).map(RoomId)).optional()?)
}

pub(super) fn rooms(
    connection: &Connection,
    limit: usize,
) -> Result<(Vec<StoredRoom>, u64), JournalError> {
    let total = connection
        .prepare_cached("SELECT count(*) FROM rooms WHERE name <> '' AND visibility < 2")?
        .query_row([], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "SELECT name, topic, created_ms, topic_by, topic_ms FROM rooms
         WHERE name <> '' AND visibility < 2
         ORDER BY last_time_ms DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let topic: String = row.get(1)?;
        found.push(StoredRoom {
            name: RoomName::parse(&name).map_err(|error| damaged(&error))?,
            topic: line(&topic)?,
            topic_set: topic_set(&row.get::<_, String>(3)?, row.get(4)?),
            created: known_time(row.get(2)?),
        });
    }
    Ok((found, total))
}

/// When what a deletion deleted was said, and by whom. `body` begins with its number.
pub(super) const ORIGINAL: &str = "
    CASE kind WHEN 4 THEN (SELECT of.time_ms FROM messages AS of
        WHERE of.id = messages.id - (messages.id & 0xffffffffff) + CAST(messages.body AS INTEGER))
    END,
    CASE kind WHEN 4 THEN (SELECT of.name FROM messages AS of
        WHERE of.id = messages.id - (messages.id & 0xffffffffff) + CAST(messages.body AS INTEGER))
    END";

fn original(row: &Row<'_>) -> Result<Option<Original>, JournalError> {
    let (time, name): (Option<u64>, Option<String>) = (row.get(9)?, row.get(10)?);
    let Some((time_ms, name)) = time.map(Timestamp).zip(name) else { return Ok(None) };
    let from = UserName::parse(&name).map_err(|error| damaged(&error))?;
    Ok(Some(Original { time_ms, from }))
}

/// Parses a row again: what was damaged on disk is said, and never shown.
pub(super) fn entry(row: &Row<'_>) -> Result<Entry, JournalError> {
    let name: String = row.get(3)?;
    let body: String = row.get(6)?;
    let text = || MessageText::parse(&body).map_err(|error| damaged(&error));
    let reply_to = row.get::<_, Option<i64>>(7)?.map(|seq| Sequence(seq.unsigned_abs()));
    let body = match row.get(4)? {
        KIND_TOPIC => Body::Topic(line(&body)?),
        KIND_TOMBSTONE => Body::Tombstone,
        KIND_DELETION => {
            let (target, reason) = deletion::read(&body)?;
            let original = original(row)?.map(Box::new);
            Body::Deletion { target, of_anybody: false, original, reason }
        }
        KIND_CHANGE => Body::Change(Box::new(standing::change(&body)?)),
        other => {
            let unknown = || damaged(&format!("a message of kind {other}"));
            Body::Message { text: text()?, kind: say_kind(other).ok_or_else(unknown)?, reply_to }
        }
    };
    let key: Option<[u8; 16]> = row.get(5)?;
    let name = UserName::parse(&name).map_err(|error| damaged(&error))?;
    let account = row.get::<_, Option<String>>(8)?;
    let account = account.map(|account| UserName::parse(&account)).transpose();
    let account = account.map_err(|error| damaged(&error))?;
    Ok(Entry {
        sequence: sequence_of(row.get(0)?),
        time: Timestamp(row.get::<_, i64>(1)?.unsigned_abs()),
        author: Identity(Uuid::from_bytes(row.get(2)?)),
        is_account: account.is_some(),
        account_name: account.filter(|account| *account != name),
        name,
        is_bot: false,
        body,
        key: key.map(|bytes| MessageKey(Uuid::from_bytes(bytes))),
    })
}

fn damaged(what: &impl ToString) -> JournalError {
    JournalError::Damaged(what.to_string())
}

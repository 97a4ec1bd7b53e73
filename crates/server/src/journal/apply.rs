//! One record inside the writer's transaction: the sequence, the time, the key. Never commits.

use chat_protocol::event::TopicSet;
use chat_protocol::{LineText, Refusal, RoomName, SayKind, Sequence, Timestamp, UserName};
use rusqlite::{CachedStatement, OptionalExtension, Row, Transaction, params};

use super::JournalError;
use super::record::{Body, Entry, Record, RoomId, RoomKey};
use super::writer::RoomState;
use super::{deletion, standing};

/// The sequence's share of a message's id.
pub(super) const SEQUENCE_BITS: u32 = 40;
/// The highest sequence.
const SEQUENCE_MAX: u64 = (1 << SEQUENCE_BITS) - 1;

/// What became of a record, once the transaction is committed.
pub(super) enum Applied {
    /// It has a number now.
    Stored(Entry),
    /// An earlier record has its key.
    Duplicate { sequence: Sequence, time: Timestamp },
    /// It cannot be stored.
    Refused(Refusal),
}

/// How a body is stored.
pub(super) const KIND_TEXT: i64 = 0;
pub(super) const KIND_ACTION: i64 = 1;
pub(super) const KIND_TOPIC: i64 = 2;
pub(super) const KIND_TOMBSTONE: i64 = 3;
pub(super) const KIND_DELETION: i64 = 4;
pub(super) const KIND_CHANGE: i64 = 5;
pub(super) const KIND_NOTICE: i64 = 6;

/// A transaction, and what the records in it share.
pub(super) struct Turn<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    /// What stores a message.
    pub(super) insert: CachedStatement<'a>,
    pub(super) now: Timestamp,
    /// How many messages the journal has been given.
    pub(super) newest: i64,
    /// The index has all up to this number.
    pub(super) indexed: i64,
    /// Keys of what retention took may come again.
    pub(super) has_spent_keys: bool,
}

/// What stores a message, once for all records of a turn.
pub(super) fn insert<'a>(
    transaction: &'a Transaction<'a>,
) -> rusqlite::Result<CachedStatement<'a>> {
    transaction.prepare_cached(
        "INSERT INTO messages (id, time_ms, author, name, kind, key, body, number, reply_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (author, key) WHERE key IS NOT NULL DO NOTHING",
    )
}

/// A message's id.
pub(super) fn message_id(room: RoomId, sequence: Sequence) -> i64 {
    (room.0 << SEQUENCE_BITS) | i64::try_from(sequence.0.min(SEQUENCE_MAX)).unwrap_or(i64::MAX)
}

/// The sequence of a message's id.
pub(super) fn sequence_of(id: i64) -> Sequence {
    Sequence(id.unsigned_abs() & SEQUENCE_MAX)
}

/// Stores one record, or finds that it was stored. A retry and a refusal leave no hole.
pub(super) fn record(
    turn: &mut Turn<'_>,
    room: RoomId,
    state: &mut RoomState,
    record: &Record,
) -> Result<Applied, JournalError> {
    let transaction = turn.transaction;
    if turn.has_spent_keys
        && let Some(applied) = spent(transaction, room, record)?
    {
        return Ok(applied);
    }
    if let Some(refusal) = &record.refusal {
        return match record.key {
            Some(_) => Ok(first_result(transaction, room, record)?
                .unwrap_or_else(|| Applied::Refused(refusal.clone()))),
            None => Ok(Applied::Refused(refusal.clone())),
        };
    }
    let mut body = record.body.clone();
    if let Body::Deletion { target, of_anybody, original, .. } = &mut body {
        match deletion::bury(transaction, room, record, (*target, *of_anybody), turn.indexed)? {
            Ok(found) => *original = Some(Box::new(found)),
            Err(refusal) => return Ok(Applied::Refused(refusal)),
        }
    }
    let entry = Entry {
        sequence: state.last.next(),
        time: turn.now.max(state.time),
        author: record.author,
        name: record.name.clone(),
        is_account: record.is_account,
        account_name: record.account_name.clone(),
        is_bot: record.is_bot,
        body,
        key: record.key,
    };
    let written;
    let (kind, body) = match &entry.body {
        Body::Message { text, kind, .. } => (kind_of(*kind), text.as_str()),
        Body::Topic(topic) => (KIND_TOPIC, topic.as_str()),
        Body::Deletion { target, reason, .. } => {
            written = deletion::written(*target, reason.as_ref());
            (KIND_DELETION, written.as_str())
        }
        Body::Change(change) => {
            written = standing::body(change)?;
            (KIND_CHANGE, written.as_str())
        }
        Body::Tombstone => (KIND_TOMBSTONE, ""),
    };
    let key = entry.key.as_ref().map(|key| key.0.as_bytes());
    let reply_to = if let Body::Message { reply_to, .. } = &entry.body { *reply_to } else { None };
    let inserted = turn.insert.execute(params![
        message_id(room, entry.sequence),
        i64::try_from(entry.time.0).unwrap_or(i64::MAX),
        entry.author.0.as_bytes(),
        entry.name.as_str(),
        kind,
        key,
        body,
        turn.newest + 1,
        reply_to.map(|seq| i64::try_from(seq.0).unwrap_or(i64::MAX)),
    ])?;
    if inserted == 0 {
        let first = first_result(transaction, room, record)?;
        return first.ok_or_else(|| JournalError::Damaged("a key is there, and is not".to_owned()));
    }
    turn.newest += 1;
    state.created.get_or_insert(entry.time);
    state.last = entry.sequence;
    state.time = entry.time;
    if let Body::Topic(topic) = &entry.body {
        state.topic.clone_from(topic);
        state.topic_set = Some(TopicSet { by: entry.name.clone(), time_ms: entry.time });
    }
    if let Body::Change(change) = &entry.body {
        standing::follow(transaction, room, state, change, entry.sequence)?;
    }
    Ok(Applied::Stored(entry))
}

const fn kind_of(kind: SayKind) -> i64 {
    match kind {
        SayKind::Text => KIND_TEXT,
        SayKind::Action => KIND_ACTION,
        SayKind::Notice => KIND_NOTICE,
    }
}

/// How a stored message is meant; none: it is no message.
pub(super) const fn say_kind(kind: i64) -> Option<SayKind> {
    match kind {
        KIND_TEXT => Some(SayKind::Text),
        KIND_ACTION => Some(SayKind::Action),
        KIND_NOTICE => Some(SayKind::Notice),
        _ => None,
    }
}

/// What became of the first record with this key; none: there was none.
fn first_result(
    transaction: &Transaction<'_>,
    room: RoomId,
    record: &Record,
) -> Result<Option<Applied>, JournalError> {
    let key = record.key.as_ref().map(|key| key.0.as_bytes());
    let found: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT id, time_ms FROM messages WHERE author = ?1 AND key = ?2")?
        .query_row(params![record.author.0.as_bytes(), key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(id, time)| duplicate(room, id, time)))
}

fn duplicate(room: RoomId, id: i64, time: i64) -> Applied {
    if RoomId::of_message(id) != room {
        return Applied::Refused(Refusal::malformed(&"this key was used in another room"));
    }
    Applied::Duplicate { sequence: sequence_of(id), time: Timestamp(time.unsigned_abs()) }
}

/// The first result of a key whose message retention took.
fn spent(
    transaction: &Transaction<'_>,
    room: RoomId,
    record: &Record,
) -> Result<Option<Applied>, JournalError> {
    let Some(key) = &record.key else { return Ok(None) };
    let found: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT id, time_ms FROM spent_keys WHERE author = ?1 AND key = ?2")?
        .query_row(params![record.author.0.as_bytes(), key.0.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.map(|(id, time)| duplicate(room, id, time)))
}

/// Writes a room's row, after its batch.
pub(super) fn room(
    transaction: &Transaction<'_>,
    id: RoomId,
    state: &mut RoomState,
) -> Result<(), JournalError> {
    if state.last == Sequence(0) {
        return Ok(()); // all of the batch was refused: there is nothing to remember
    }
    let set = state.topic_set.as_ref();
    transaction
        .prepare_cached(
            "INSERT INTO rooms (id, key, name, topic, last_seq, last_time_ms, created_ms, topic_by,
                 topic_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET topic = excluded.topic,
                 last_seq = excluded.last_seq, last_time_ms = excluded.last_time_ms,
                 topic_by = excluded.topic_by, topic_ms = excluded.topic_ms",
        )?
        .execute(params![
            id.0,
            state.key.stored(),
            state.key.shown(),
            state.topic.as_str(),
            i64::try_from(state.last.0).unwrap_or(i64::MAX),
            i64::try_from(state.time.0).unwrap_or(i64::MAX),
            stored_time(state.created),
            set.map_or("", |set| set.by.as_str()),
            stored_time(set.map(|set| set.time_ms)),
        ])?;
    state.stored = true;
    if std::mem::take(&mut state.has_new_rules) {
        standing::write_rules(transaction, id, &state.rules)?;
    }
    Ok(())
}

/// A time that may not be known.
fn stored_time(time: Option<Timestamp>) -> i64 {
    time.map_or(0, |time| i64::try_from(time.0).unwrap_or(i64::MAX))
}

/// The same, read.
pub(super) fn known_time(time: i64) -> Option<Timestamp> {
    (time > 0).then_some(Timestamp(time.unsigned_abs()))
}

/// Who set a topic, from `topic_by` and `topic_ms`.
pub(super) fn topic_set(by: &str, time: i64) -> Option<TopicSet> {
    Some(TopicSet { by: UserName::parse(by).ok()?, time_ms: known_time(time)? })
}

/// Reads `SELECT id, name, topic, last_seq, last_time_ms, first_seq, settings, secret, created_ms, topic_by, topic_ms`. The
/// name is the stored one: whoever opens a room later does not rewrite it.
pub(super) fn room_row(
    row: &Row<'_>,
    key: &RoomKey,
) -> rusqlite::Result<Result<(RoomId, RoomState), JournalError>> {
    let id = RoomId(row.get(0)?);
    let (name, topic): (String, String) = (row.get(1)?, row.get(2)?);
    let (last, time) = (Sequence(row.get(3)?), Timestamp(row.get(4)?));
    let first = Sequence(row.get(5)?);
    let key = match key {
        RoomKey::Named(_) => RoomName::parse(&name)
            .map(RoomKey::Named)
            .map_err(|error| JournalError::Damaged(format!("a stored room's name: {error}"))),
        RoomKey::Direct(..) => Ok(key.clone()),
    };
    let rules = standing::rules(row, 6)?;
    let created = known_time(row.get(8)?);
    let topic_set = topic_set(&row.get::<_, String>(9)?, row.get(10)?);
    Ok(key.and_then(|key| {
        let (topic, rules) = (line(&topic)?, rules?);
        let has_new_rules = false;
        let stored = true;
        let state = RoomState {
            key,
            first,
            last,
            time,
            created,
            topic,
            topic_set,
            rules,
            has_new_rules,
            stored,
        };
        Ok((id, state))
    }))
}

/// A stored line.
pub(super) fn line(text: &str) -> Result<LineText, JournalError> {
    LineText::parse(text).map_err(|error| JournalError::Damaged(format!("a stored line: {error}")))
}

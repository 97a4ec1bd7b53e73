//! Deleting one message: it keeps its number, its author and its key, and loses its text, in the
//! table and in the index. Never decides who may delete what others said.

use chat_protocol::event::Original;
use chat_protocol::limits::OWN_LAST_EVENTS_MAX;
use chat_protocol::{Identity, LineText, Refusal, Sequence, Timestamp, UserName};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::JournalError;
use super::apply::{
    KIND_ACTION, KIND_NOTICE, KIND_TEXT, KIND_TOMBSTONE, line, message_id, say_kind, sequence_of,
};
use super::record::{Record, RoomId};

/// Makes a tombstone of a message: of the record's author, or of anybody. `indexed`: the index has all up to this
/// number.
pub(super) fn bury(
    transaction: &Transaction<'_>,
    room: RoomId,
    record: &Record,
    (target, of_anybody): (Sequence, bool),
    indexed: i64,
) -> Result<Result<Original, Refusal>, JournalError> {
    let id = message_id(room, target);
    let found = transaction
        .prepare_cached("SELECT author, kind, time_ms, name FROM messages WHERE id = ?1")?
        .query_row([id], |row| {
            let author = Identity(Uuid::from_bytes(row.get(0)?));
            Ok((author, row.get(1)?, Timestamp(row.get(2)?), row.get::<_, String>(3)?))
        })
        .optional()?;
    let message = found.filter(|(_, kind, ..)| say_kind(*kind).is_some());
    let Some((author, _, time_ms, name)) = message else {
        return Ok(Err(no_such_message(record, target)));
    };
    if author != record.author && !of_anybody {
        let room = record.ticket.room().cloned();
        return Ok(Err(
            room.map_or(Refusal::NotNamed, |room| Refusal::NotYours { room, seq: target })
        ));
    }
    // The index has to be given exactly what it was given before, and nothing it was not given.
    transaction
        .prepare_cached(
            "INSERT INTO search (search, rowid, room, name, body)
             SELECT 'delete', number, room, name, body FROM searchable
             WHERE id = ?1 AND number <= ?2",
        )?
        .execute((id, indexed))?;
    transaction
        .prepare_cached("UPDATE messages SET kind = ?2, body = '' WHERE id = ?1")?
        .execute((id, KIND_TOMBSTONE))?;
    let from = UserName::parse(&name).map_err(|error| JournalError::Damaged(error.to_string()))?;
    Ok(Ok(Original { time_ms, from }))
}

/// A deletion as it is stored: `17`, or `17 spam`.
pub(super) fn written(target: Sequence, reason: Option<&LineText>) -> String {
    match reason {
        Some(reason) => format!("{target} {reason}"),
        None => target.to_string(),
    }
}

/// And back.
pub(super) fn read(body: &str) -> Result<(Sequence, Option<LineText>), JournalError> {
    let (target, reason) = body.split_once(' ').map_or((body, None), |(at, why)| (at, Some(why)));
    let target = target.parse().map_err(|_| JournalError::Damaged(format!("deletes {target}")))?;
    Ok((Sequence(target), reason.map(line).transpose()?))
}

fn no_such_message(record: &Record, target: Sequence) -> Refusal {
    let room = record.ticket.room().cloned();
    room.map_or(Refusal::NotNamed, |room| Refusal::NoSuchMessage { room, seq: Some(target) })
}

/// The last message of an author among a room's newest events.
pub(super) fn last_own(
    connection: &Connection,
    room: RoomId,
    author: Identity,
) -> Result<Option<Sequence>, JournalError> {
    let end = message_id(room, Sequence(u64::MAX));
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(id) FROM messages WHERE id > ?1 AND id <= ?2")?
        .query_row((message_id(room, Sequence(0)), end), |row| row.get(0))?;
    let newest = newest.map_or(Sequence(0), sequence_of);
    let oldest = Sequence(newest.0.saturating_sub(OWN_LAST_EVENTS_MAX));
    let own: Option<i64> = connection
        .prepare_cached(
            "SELECT id FROM messages WHERE id > ?1 AND id <= ?2 AND author = ?3 AND kind IN (?4, ?5, ?6)
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(
            params![
                message_id(room, oldest),
                end,
                author.0.as_bytes(),
                KIND_TEXT,
                KIND_ACTION,
                KIND_NOTICE
            ],
            |row| row.get(0),
        )
        .optional()?;
    Ok(own.map(sequence_of))
}

//! All that is stored, room by room, in pages. Never shortens silently: a hole or a message that
//! cannot be read ends it with an error. Never decides how a message looks.

use std::fmt;

use chat_protocol::command::HistoryPart;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{Identity, RoomName, Sequence, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::apply::message_id;
use super::examine::{cause, damage, open_current};
use super::history::{Range, find_room, first_kept, page};
use super::record::{Entry, RoomId, RoomKey};
use super::{JournalError, database};
use crate::limits::ROOMS_PAGE;
use crate::policy::Extent;

/// What of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// These rooms; none: all that have a name.
    pub(crate) rooms: Vec<RoomName>,
    /// The direct rooms too.
    pub(crate) direct: bool,
    /// Nothing before this time.
    pub(crate) since: Option<Timestamp>,
    /// Nothing at this time or later.
    pub(crate) until: Option<Timestamp>,
}

/// Where something was said, for somebody who is in none of the rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A room that has a name.
    Named(RoomName),
    /// A room of two. Names change hands, identities do not.
    Direct {
        /// Who.
        between: [Identity; 2],
        /// What they called themselves there last; who never spoke has none.
        names: [Option<String>; 2],
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (between, names) = match self {
            Self::Named(name) => return f.write_str(name.as_str()),
            Self::Direct { between, names } => (between, names),
        };
        for ((mark, identity), name) in ["@", ","].iter().zip(between).zip(names) {
            match name {
                Some(name) => write!(f, "{mark}{name}")?,
                None => write!(f, "{mark}{identity}")?,
            }
        }
        Ok(())
    }
}

struct StoredRoom {
    id: RoomId,
    key: RoomKey,
    first: Sequence,
    last: Sequence,
    time: Timestamp,
}

/// Hands every selected entry to `each`, in order of room and sequence. Holds a page at a time, and
/// no transaction, so that a slow reader of the export holds up nobody.
///
/// # Errors
/// [`JournalError`] in `E`, or the first error of `each`.
pub(crate) fn export<E: From<JournalError>>(
    directory: &std::path::Path,
    selection: &Selection,
    mut each: impl FnMut(&Place, &Entry) -> Result<(), E>,
) -> Result<(), E> {
    let connection = open_current(&database(directory))?;
    for room in &selection.rooms {
        if find_room(&connection, &RoomKey::Named(room.clone()))?.is_none() {
            return Err(JournalError::NoSuchRoom(room.clone()).into());
        }
    }
    let mut after = String::new();
    loop {
        let rooms = rooms_after(&connection, &after)?;
        let Some(last) = rooms.last() else {
            return Ok(());
        };
        after = last.key.stored();
        for room in rooms.iter().filter(|room| selection.has(room)) {
            export_room(&connection, room, selection, &mut each)?;
        }
    }
}

impl Selection {
    fn has(&self, room: &StoredRoom) -> bool {
        let is_chosen = match &room.key {
            RoomKey::Named(name) => self.rooms.is_empty() || self.rooms.contains(name),
            RoomKey::Direct(..) => self.direct,
        };
        is_chosen && self.since.is_none_or(|since| room.time >= since)
    }
}

fn rooms_after(connection: &Connection, after: &str) -> Result<Vec<StoredRoom>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, key, name, last_seq, last_time_ms, first_seq FROM rooms
         WHERE key > ?1 ORDER BY key LIMIT ?2",
    )?;
    let mut rows = statement.query((after, i64::try_from(ROOMS_PAGE).unwrap_or(i64::MAX)))?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next().map_err(damage)? {
        let id = RoomId(row.get(0)?);
        let (key, name): (String, String) = (row.get(1)?, row.get(2)?);
        let key = RoomKey::restored(&key, &name)
            .map_err(|error| JournalError::Damaged(format!("room {id}: {error}")))?;
        let (last, time) = (Sequence(row.get(3)?), Timestamp(row.get(4)?));
        let first = Sequence(row.get::<_, u64>(5)?.max(1));
        rooms.push(StoredRoom { id, key, first, last, time });
    }
    Ok(rooms)
}

fn export_room<E: From<JournalError>>(
    connection: &Connection,
    room: &StoredRoom,
    selection: &Selection,
    each: &mut impl FnMut(&Place, &Entry) -> Result<(), E>,
) -> Result<(), E> {
    let place = place(connection, room)?;
    let damaged = |what: String| JournalError::Damaged(format!("{place}: {what}"));
    let mut after = match selection.since {
        Some(since) => before_time(connection, room, since)?,
        None => Sequence(room.first.0 - 1),
    };
    while after < room.last {
        let range = Range::After { after, before: Some(room.last.next()) };
        let page =
            page(connection, room.id, range, PAGE_EVENTS_MAX, (Extent::ALL, HistoryPart::All))
                .map_err(|error| damaged(format!("behind message {after}: {}", cause(error))))?;
        for entry in &page.entries {
            if entry.sequence != after.next() && !is_swept(connection, room.id, entry.sequence)? {
                return Err(damaged(missing(after, entry.sequence)).into());
            }
            after = entry.sequence;
            if selection.until.is_some_and(|until| entry.time >= until) {
                return Ok(());
            }
            each(&place, entry)?;
        }
        if !page.more && after < room.last {
            if is_swept(connection, room.id, room.last.next())? {
                return Ok(());
            }
            return Err(damaged(missing(after, room.last.next())).into());
        }
    }
    Ok(())
}

/// What stood before this one was there a moment ago, and a daemon has taken it away since.
fn is_swept(connection: &Connection, room: RoomId, next: Sequence) -> Result<bool, JournalError> {
    Ok(first_kept(connection, room)? >= next)
}

/// What is missing between two sequences, in words.
pub(super) fn missing(after: Sequence, before: Sequence) -> String {
    let (from, to) = (after.0 + 1, before.0.saturating_sub(1));
    if from == to {
        format!("message {from} is missing")
    } else {
        format!("messages {from} to {to} are missing")
    }
}

/// The sequence before the first message at `since` or later. Times never run back in a room.
fn before_time(
    connection: &Connection,
    room: &StoredRoom,
    since: Timestamp,
) -> Result<Sequence, JournalError> {
    let mut statement = connection.prepare_cached("SELECT time_ms FROM messages WHERE id = ?1")?;
    let (mut low, mut high) = (room.first.0 - 1, room.last.0);
    while low < high {
        let middle = Sequence(low + (high - low) / 2 + 1);
        let time: Option<i64> = statement
            .query_row([message_id(room.id, middle)], |row| row.get(0))
            .optional()
            .map_err(damage)?;
        // What is missing is found when the export comes to it.
        if time.is_some_and(|time| Timestamp(time.unsigned_abs()) < since) {
            low = middle.0;
        } else {
            high = middle.0 - 1;
        }
    }
    Ok(Sequence(low))
}

fn place(connection: &Connection, room: &StoredRoom) -> Result<Place, JournalError> {
    let (one, other) = match &room.key {
        RoomKey::Named(name) => return Ok(Place::Named(name.clone())),
        RoomKey::Direct(one, other) => (*one, *other),
    };
    let name = |identity: Identity| -> Result<Option<String>, JournalError> {
        connection
            .prepare_cached(
                "SELECT name FROM messages WHERE id BETWEEN ?1 AND ?2 AND author = ?3
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(
                (
                    message_id(room.id, Sequence(0)),
                    message_id(room.id, room.last),
                    identity.0.as_bytes(),
                ),
                |row| row.get(0),
            )
            .optional()
            .map_err(damage)
    };
    Ok(Place::Direct { between: [one, other], names: [name(one)?, name(other)?] })
}

//! Says what is wrong with a database: its structure, its shape, and what the daemon relies on.
//! Reads all of it as it is at one moment; never writes, never repairs.

use std::path::Path;

use chat_protocol::{LineText, RoomName, Sequence, UserName};
use rusqlite::{Connection, Row};

use super::apply::{message_id, sequence_of};
use super::examine::{self, cause, damage};
use super::export::missing;
use super::history;
use super::record::{Body, RoomId, RoomKey};
use super::{JournalError, account, guest, schema, standing};
use crate::limits::FINDINGS_MAX;
use crate::policy::Visibility;

/// What a verification found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What is wrong, a line each; the first ones.
    pub(crate) findings: Vec<String>,
    /// How much is wrong.
    pub(crate) findings_total: u64,
    /// Rooms that were looked at.
    pub(crate) rooms: u64,
    /// Messages that were looked at.
    pub(crate) messages: u64,
}

/// Reads the whole database, also while a daemon writes it.
///
/// # Errors
/// [`JournalError`]: it cannot be opened. What is wrong in it is in the [`Report`].
pub(crate) fn verify(database: &Path) -> Result<Report, JournalError> {
    let connection = examine::open_current(database)?;
    let snapshot = connection.unchecked_transaction()?;
    let mut report = Report::default();
    type Part = fn(&Connection, &mut Report) -> Result<(), JournalError>;
    let parts: [(&str, Part); 9] = [
        ("the structure", structure),
        ("the schema", shape),
        ("the journal's id", journal_id),
        ("rooms and messages", rooms),
        ("messages without a room", strays),
        ("keys", keys),
        ("guests", guests),
        ("accounts", accounts),
        ("what rooms remember of users", room_users),
    ];
    for (what, part) in parts {
        if let Err(error) = part(&snapshot, &mut report) {
            report.note(format!("{what}: cannot be read to the end: {}", cause(error)));
        }
    }
    Ok(report)
}

impl Report {
    fn note(&mut self, finding: String) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

fn structure(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(1000)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next().map_err(damage)? {
        let text: String = row.get(0)?;
        for finding in examine::findings(&text).filter(|finding| *finding != "ok") {
            report.note(format!("the structure: {finding}"));
        }
    }
    Ok(())
}

/// Tables and indexes are those that the migrations make, in the same words.
fn shape(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let (found, expected) = (objects(connection)?, objects(&schema::model()?)?);
    for (name, sql) in &expected {
        match found.iter().find(|(other, _)| other == name) {
            None => report.note(format!("the schema: {name} is missing")),
            Some((_, other)) if other != sql => {
                report.note(format!("the schema: {name} is another than this chat-server makes"));
            }
            Some(_) => {}
        }
    }
    for (name, _) in
        found.iter().filter(|(name, _)| expected.iter().all(|(other, _)| other != name))
    {
        report.note(format!("the schema: {name} is not from chat-server"));
    }
    Ok(())
}

type Object = (String, Option<String>);

fn objects(connection: &Connection) -> Result<Vec<Object>, JournalError> {
    let mut statement = connection.prepare(
        "SELECT type || ' ' || name, sql FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect::<Result<_, _>>().map_err(damage)
}

/// One, or none in a backup that no daemon has opened yet.
fn journal_id(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let count: u64 = connection
        .query_row("SELECT count(*) FROM journal WHERE length(id) = 16", [], |row| row.get(0))
        .map_err(damage)?;
    if count > 1 {
        report.note(format!("the journal's id: there are {count}"));
    }
    Ok(())
}

fn rooms(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT id, key, name, topic, last_seq, last_time_ms, first_seq, settings, visibility
         FROM rooms ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next().map_err(damage)? {
        let id = RoomId(row.get(0)?);
        report.rooms += 1;
        match StoredRoom::read(id, row, report) {
            Ok(room) => messages(connection, &room, report)?,
            Err(error) => report.note(format!("room {id}: {error}")),
        }
    }
    Ok(())
}

/// A room's row.
struct StoredRoom {
    id: RoomId,
    label: String,
    topic: String,
    first: Sequence,
    last: i64,
    time: i64,
}

impl StoredRoom {
    fn read(id: RoomId, row: &Row<'_>, report: &mut Report) -> rusqlite::Result<Self> {
        let (key, name): (String, String) = (row.get(1)?, row.get(2)?);
        let room = Self {
            id,
            label: match RoomName::parse(&name) {
                Ok(name) => format!("room {name}"),
                Err(_) => format!("room {id}"),
            },
            topic: row.get(3)?,
            last: row.get(4)?,
            time: row.get(5)?,
            first: Sequence(row.get(6)?),
        };
        if room.first == Sequence(0) || room.first.0 > room.last.unsigned_abs() + 1 {
            let (first, last) = (room.first, room.last);
            report.note(format!("{}: its row says {first} to {last}", room.label));
        }
        if let Err(error) = RoomKey::restored(&key, &name) {
            report.note(format!("room {id}: {error}"));
        }
        let settings = standing::settings_of(&row.get::<_, String>(7)?);
        match settings.map(|settings| standing::number(Visibility::of(&settings))) {
            Ok(number) if number == row.get::<_, u8>(8)? => {}
            Ok(_) => report.note(format!(
                "{}: its row says that others may read it than its settings do",
                room.label
            )),
            Err(error) => report.note(format!("{}: {}", room.label, cause(error))),
        }
        if let Err(error) = LineText::parse(&room.topic) {
            report.note(format!("{}: its topic: {error}", room.label));
        }
        Ok(room)
    }
}

/// A room's messages: dense, in the order of time, up to what the room's row says.
fn messages(
    connection: &Connection,
    room: &StoredRoom,
    report: &mut Report,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, time_ms, author, name, kind, key, body, reply_to, NULL, NULL, NULL FROM messages
         WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    let ends = [Sequence(0), Sequence(u64::MAX)].map(|sequence| message_id(room.id, sequence));
    let mut rows = statement.query(ends)?;
    let before = Sequence(room.first.0.saturating_sub(1));
    let mut walk = Walk { room, last: before, time: 0, topic: None };
    while let Some(row) = rows.next().map_err(damage)? {
        report.messages += 1;
        walk.step(row, report);
    }
    walk.end(report);
    Ok(())
}

/// How far the reading of a room has come.
struct Walk<'a> {
    room: &'a StoredRoom,
    last: Sequence,
    time: i64,
    /// The one that was set last; none: none was.
    topic: Option<String>,
}

impl Walk<'_> {
    fn step(&mut self, row: &Row<'_>, report: &mut Report) {
        let label = &self.room.label;
        // The first two columns are integers, or the structure is wrong and said to be.
        let (id, time): (i64, i64) =
            (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
        let sequence = sequence_of(id);
        if sequence == Sequence(0) {
            report.note(format!("{label}: there is a message 0; they begin at 1"));
            return;
        }
        if sequence < self.room.first {
            report.note(format!("{label}: message {sequence} should be gone"));
            return;
        }
        if sequence != self.last.next() {
            report.note(format!("{label}: {}", missing(self.last, sequence)));
        }
        self.last = sequence;
        if time < self.time {
            report.note(format!(
                "{label}: message {sequence} is from {}, the one before it from {}",
                in_words(time),
                in_words(self.time)
            ));
        }
        self.time = self.time.max(time);
        match history::entry(row) {
            Ok(entry) => match entry.body {
                Body::Topic(topic) => self.topic = Some(topic.as_str().to_owned()),
                Body::Deletion { target, .. } if target >= sequence => {
                    report.note(format!(
                        "{label}: message {sequence} deletes {target}, which comes later"
                    ));
                }
                Body::Message { .. }
                | Body::Deletion { .. }
                | Body::Change(_)
                | Body::Tombstone => {}
            },
            Err(error) => report.note(format!("{label}: message {sequence}: {}", cause(error))),
        }
    }

    fn end(self, report: &mut Report) {
        let StoredRoom { label, last, time, topic, .. } = self.room;
        let found = i64::try_from(self.last.0).unwrap_or(i64::MAX);
        if found < *last {
            let behind = Sequence(last.unsigned_abs()).next();
            report.note(format!("{label}: {} at its end", missing(self.last, behind)));
        } else if found > *last {
            report.note(format!(
                "{label}: has messages up to {found}, and its row says {last}: numbers could be \
                 used twice"
            ));
        } else if self.room.first <= self.last && self.time != *time {
            report.note(format!(
                "{label}: its newest message is from {}, and its row says {}",
                in_words(self.time),
                in_words(*time)
            ));
        }
        if self.topic.as_ref().is_some_and(|set| set != topic) {
            report.note(format!("{label}: its topic is another than the one that was set last"));
        }
    }
}

fn in_words(time: i64) -> String {
    jiff::Timestamp::from_millisecond(time)
        .map_or_else(|_| format!("{time} ms"), |time| format!("{time:.3}"))
}

fn strays(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT id >> 40, count(*) FROM messages
         WHERE id >> 40 NOT IN (SELECT id FROM rooms) GROUP BY 1",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next().map_err(damage)? {
        let (room, count): (i64, u64) = (row.get(0)?, row.get(1)?);
        report.messages += count;
        report.note(format!("room {room}: has no row, and {count} messages"));
    }
    Ok(())
}

fn keys(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT min(id), count(*) FROM messages WHERE key IS NOT NULL
         GROUP BY author, key HAVING count(*) > 1",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next().map_err(damage)? {
        let (id, count): (i64, u64) = (row.get(0)?, row.get(1)?);
        report.note(format!(
            "keys: {count} messages of one author have the same, the first in room {} is {}",
            id >> 40,
            sequence_of(id)
        ));
    }
    Ok(())
}

/// Accounts, and what belongs to them.
fn accounts(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    account::examine(connection, |finding| report.note(finding))
}

/// They are read as a start reads them.
fn guests(connection: &Connection, _: &mut Report) -> Result<(), JournalError> {
    guest::all(connection).map(drop)
}

/// Each belongs to a room, and can be read.
fn room_users(connection: &Connection, report: &mut Report) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT room_users.room, room_users.name, room_users.folded, room_users.standing,
                rooms.id NOT NULL
         FROM room_users LEFT JOIN rooms ON rooms.id = room_users.room
         ORDER BY room_users.room",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next().map_err(damage)? {
        let (room, name, folded, json): (i64, String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let is_there: bool = row.get(4)?;
        if !is_there {
            report.note(format!("room {room}: has no row, and remembers users"));
        }
        if !UserName::parse(&name).is_ok_and(|name| name.folded() == folded) {
            report.note(format!("room {room}: remembers a user by no name"));
        }
        if let Err(error) = standing::parsed(&json) {
            report.note(format!("room {room}: {}", cause(error)));
        }
    }
    Ok(())
}

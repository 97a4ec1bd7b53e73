//! Finding messages by their words: in the index, and in what is not in the index yet. Never writes
//! to the journal: what is not indexed is indexed in memory, for this one search.

use std::collections::HashMap;

use chat_protocol::limits::PAGE_HITS_MAX;
use chat_protocol::search::{Query, SnippetPart, Term};
use chat_protocol::{
    Identity, MessageText, RoomName, SayKind, SearchCursor, Sequence, Timestamp, UserName,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::JournalError;
use super::apply::{say_kind, sequence_of};
use super::record::RoomId;
use super::snippet::{CLOSE, OPEN, snippet};
use super::standing::{self, Known, Reader};
use crate::limits::{SEARCH_SCANNED_MAX, SEARCH_TAIL_MESSAGES_MAX};
use crate::policy::Visibility;

/// What is searched for.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Which words.
    pub(crate) query: Query,
    /// Where.
    pub(crate) scope: Scope,
    /// For whom.
    pub(crate) reader: Reader,
    /// Only what this user said.
    pub(crate) from: Option<UserName>,
    /// Only what was said then or later.
    pub(crate) after: Option<Timestamp>,
    /// Only what was said before.
    pub(crate) before: Option<Timestamp>,
    /// Only what is older than this.
    pub(crate) cursor: Option<SearchCursor>,
    /// How many at most.
    pub(crate) limit: u32,
    /// With their whole texts.
    pub(crate) whole: bool,
}

/// In which rooms is searched.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// In this one.
    Room(RoomId),
    /// In all that the reader may read; these are direct ones.
    Readable { direct: Vec<RoomId> },
}

/// A page of what was found, newest first.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The messages.
    pub(crate) hits: Vec<FoundMessage>,
    /// Where to go on; none: that was all.
    pub(crate) next: Option<SearchCursor>,
    /// So many could not be looked at: they are not indexed yet.
    pub(crate) unsearched: u64,
}

/// One message that was found.
#[derive(Debug)]
pub(crate) struct FoundMessage {
    pub(crate) room: RoomId,
    /// The room's name; none: a direct room.
    pub(crate) room_name: Option<RoomName>,
    pub(crate) sequence: Sequence,
    pub(crate) time: Timestamp,
    pub(crate) author: Identity,
    pub(crate) from: UserName,
    pub(crate) kind: SayKind,
    pub(crate) snippet: Vec<SnippetPart>,
    /// If it was asked for.
    pub(crate) text: Option<MessageText>,
}

/// A place where words are indexed: on disk, or what is newer, in memory.
#[derive(Clone, Copy)]
enum Words {
    Indexed,
    Recent,
}

/// Makes ready for what is not indexed yet.
pub(super) fn prepare(connection: &Connection) -> Result<(), JournalError> {
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection.execute_batch(
        "CREATE VIRTUAL TABLE temp.recent USING fts5 (
             room, name, body, columnsize = 0,
             tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    )?)
}

/// One page. All of it sees the same moment: what is indexed meanwhile is neither missed nor found
/// twice.
pub(super) fn search(connection: &Connection, search: &Search) -> Result<Found, JournalError> {
    let transaction = connection.unchecked_transaction()?;
    let found = Run::new(connection, search)?.page()?;
    transaction.rollback()?; // what was indexed in memory goes with it
    Ok(found)
}

/// One search, under way.
struct Run<'a> {
    connection: &'a Connection,
    search: &'a Search,
    expression: String,
    /// Only its words: what is marked.
    marked: String,
    /// Nothing up to this number is late enough.
    above: i64,
    /// Only numbers below this one.
    below: i64,
    found: Found,
    /// What rooms remember of the reader, and where it was put out.
    standings: HashMap<RoomId, Known>,
    /// How many messages may still be looked at.
    left: u32,
}

impl<'a> Run<'a> {
    fn new(connection: &'a Connection, search: &'a Search) -> Result<Self, JournalError> {
        let above = match search.after {
            Some(after) => mark_before(connection, after)?,
            None => 0,
        };
        let below =
            search.cursor.map_or(i64::MAX, |SearchCursor(n)| i64::try_from(n).unwrap_or(i64::MAX));
        let expression = expression(search);
        let marked: Vec<String> = search.query.with.iter().map(body).collect();
        // Without words nothing is marked.
        let marked = if marked.is_empty() { expression.clone() } else { marked.join(" AND ") };
        let (found, left) = (Found::default(), SEARCH_SCANNED_MAX);
        let standings = standing::everywhere(connection, &search.reader)?;
        Ok(Self { connection, search, expression, marked, above, below, found, standings, left })
    }

    fn page(mut self) -> Result<Found, JournalError> {
        let mark: i64 =
            self.connection.query_row("SELECT number FROM search_mark", [], |row| row.get(0))?;
        let newest: i64 = self.connection.query_row(
            "SELECT coalesce(max(number), 0) FROM messages",
            [],
            |row| row.get(0),
        )?;
        // Numbers are dense: that many of the newest, and no more, are read here.
        let newest = newest.min(self.below.saturating_sub(1));
        let recent = mark.max(newest.saturating_sub(SEARCH_TAIL_MESSAGES_MAX)).max(self.above);
        self.found.unsearched = (recent - mark.max(self.above)).max(0).unsigned_abs();
        if recent < newest {
            self.index_recent(recent)?;
            self.scan(Words::Recent, recent)?;
        }
        if self.found.next.is_none() {
            self.below = self.below.min(mark.saturating_add(1));
            self.scan(Words::Indexed, self.above)?;
        }
        Ok(self.found)
    }

    /// Indexes in memory what comes behind this number.
    fn index_recent(&self, behind: i64) -> Result<(), JournalError> {
        self.connection
            .prepare_cached(
                "INSERT INTO temp.recent (rowid, room, name, body)
                 SELECT number, room, name, body FROM main.searchable
                 WHERE number > ?1 AND number < ?2 ORDER BY number",
            )?
            .execute((behind, self.below))?;
        Ok(())
    }

    /// Takes what has the words, newest first, until the page is full.
    fn scan(&mut self, words: Words, above: i64) -> Result<(), JournalError> {
        let mut candidates = self.connection.prepare_cached(words.candidates())?;
        let mut shown = self.connection.prepare_cached(words.shown())?;
        let limit = usize::try_from(self.search.limit.clamp(1, PAGE_HITS_MAX)).unwrap_or(1);
        let mut rows = candidates.query(params![self.expression, above, self.below])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            if self.left == 0 {
                self.found.next = last.map(SearchCursor);
                return Ok(());
            }
            self.left -= 1;
            let number: i64 = row.get(0)?;
            if self.is_wanted(row)? {
                if self.found.hits.len() == limit {
                    self.found.next = last.map(SearchCursor);
                    return Ok(());
                }
                self.take(&mut shown, number)?;
            }
            last = Some(number.unsigned_abs());
        }
        Ok(())
    }

    /// The words are there, and the word for its room; the rest is looked at here.
    fn is_wanted(&self, row: &Row<'_>) -> Result<bool, JournalError> {
        let (id, time): (i64, i64) = (row.get(1)?, row.get(2)?);
        let time = Timestamp(time.unsigned_abs());
        if self.search.after.is_some_and(|after| time < after)
            || self.search.before.is_some_and(|before| time >= before)
        {
            return Ok(false);
        }
        if let Some(from) = &self.search.from {
            let name: String = row.get(3)?;
            if UserName::parse(&name).ok().as_ref() != Some(from) {
                return Ok(false);
            }
        }
        let room = RoomId::of_message(id);
        Ok(match &self.search.scope {
            Scope::Room(only) => room == *only,
            Scope::Readable { direct } => {
                let is_named: bool = row.get(4)?;
                is_named || direct.contains(&room)
            }
        } && self.may_read(room, sequence_of(id), standing::visibility_of(row.get(5)?)?))
    }

    /// The room's word in the index says what everybody might read; this says what this one may.
    fn may_read(&self, room: RoomId, seq: Sequence, visibility: Visibility) -> bool {
        let since = self.search.reader.places.get(&room).copied();
        let known = self.standings.get(&room);
        let standing = known.and_then(|known| known.standing.as_ref());
        let cut = known.and_then(|known| known.cut);
        visibility.extent(standing, since, cut).is_some_and(|extent| extent.has(seq))
    }

    fn take(&mut self, shown: &mut CachedStatement<'_>, number: i64) -> Result<(), JournalError> {
        let parameters = params![self.marked, number, OPEN.to_string(), CLOSE.to_string()];
        let mut found = shown.query_row(parameters, |row| Ok(message(row)))??;
        found.text.take_if(|_| !self.search.whole);
        self.found.hits.push(found);
        Ok(())
    }
}

impl Words {
    /// Which messages have the words.
    const fn candidates(self) -> &'static str {
        match self {
            Self::Indexed => {
                "SELECT messages.number, messages.id, messages.time_ms, messages.name,
                        rooms.name <> '', rooms.visibility
                 FROM main.search CROSS JOIN messages ON messages.number = search.rowid
                      CROSS JOIN rooms ON rooms.id = messages.id >> 40
                 WHERE search MATCH ?1 AND search.rowid > ?2 AND search.rowid < ?3
                 ORDER BY search.rowid DESC"
            }
            Self::Recent => {
                "SELECT messages.number, messages.id, messages.time_ms, messages.name,
                        rooms.name <> '', rooms.visibility
                 FROM temp.recent CROSS JOIN messages ON messages.number = recent.rowid
                      CROSS JOIN rooms ON rooms.id = messages.id >> 40
                 WHERE recent MATCH ?1 AND recent.rowid > ?2 AND recent.rowid < ?3
                 ORDER BY recent.rowid DESC"
            }
        }
    }

    /// One of them, with what was found marked.
    const fn shown(self) -> &'static str {
        match self {
            Self::Indexed => {
                "SELECT messages.id, messages.time_ms, messages.name, messages.kind, rooms.name,
                        highlight(search, 2, ?3, ?4), messages.author, messages.body
                 FROM main.search CROSS JOIN messages ON messages.number = search.rowid
                      CROSS JOIN rooms ON rooms.id = messages.id >> 40
                 WHERE search MATCH ?1 AND search.rowid = ?2"
            }
            Self::Recent => {
                "SELECT messages.id, messages.time_ms, messages.name, messages.kind, rooms.name,
                        highlight(recent, 2, ?3, ?4), messages.author, messages.body
                 FROM temp.recent CROSS JOIN messages ON messages.number = recent.rowid
                      CROSS JOIN rooms ON rooms.id = messages.id >> 40
                 WHERE recent MATCH ?1 AND recent.rowid = ?2"
            }
        }
    }
}

fn message(row: &Row<'_>) -> Result<FoundMessage, JournalError> {
    let id: i64 = row.get(0)?;
    let text: String = row.get(7)?;
    let text =
        MessageText::parse(&text).map_err(|error| JournalError::Damaged(error.to_string()))?;
    let (name, room_name, marked): (String, String, String) =
        (row.get(2)?, row.get(4)?, row.get(5)?);
    let damaged = |error| JournalError::Damaged(format!("a stored name: {error}"));
    let room_name = Some(room_name).filter(|name| !name.is_empty());
    Ok(FoundMessage {
        room: RoomId::of_message(id),
        room_name: room_name.map(|name| RoomName::parse(&name).map_err(damaged)).transpose()?,
        sequence: sequence_of(id),
        time: Timestamp(row.get::<_, i64>(1)?.unsigned_abs()),
        author: Identity(Uuid::from_bytes(row.get(6)?)),
        from: UserName::parse(&name).map_err(damaged)?,
        kind: say_kind(row.get(3)?).unwrap_or_default(),
        snippet: snippet(&marked),
        text: Some(text),
    })
}

/// A number up to which nothing was said at this time or later.
fn mark_before(connection: &Connection, time: Timestamp) -> Result<i64, JournalError> {
    let time = i64::try_from(time.0).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT number FROM search_marks WHERE time_ms < ?1 ORDER BY time_ms DESC LIMIT 1",
    )?;
    Ok(statement.query_row([time], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The search in the index's own language. What was typed stands in it only between quotes.
fn expression(search: &Search) -> String {
    let Query { with, without } = &search.query;
    let mut all: Vec<String> = with.iter().map(body).collect();
    all.push(match &search.scope {
        Scope::Room(room) => format!("room : \"r{room}\""),
        Scope::Readable { direct } => {
            let rooms = direct.iter().map(|room| format!(" OR \"r{room}\""));
            format!("room : (\"named\"{})", rooms.collect::<String>())
        }
    });
    // A name is no word by itself: the exact one is looked for among those that have its letters.
    let from = search.from.as_ref().map(UserName::as_str);
    let from = from.filter(|name| name.contains(char::is_alphanumeric));
    all.extend(from.map(|name| format!("name : \"{name}\"")));
    let all = all.join(" AND ");
    if without.is_empty() {
        return all;
    }
    let none: Vec<String> = without.iter().map(body).collect();
    format!("({all}) NOT ({})", none.join(" OR "))
}

fn body(term: &Term) -> String {
    let words = term.words.replace('"', " ");
    let star = if term.is_prefix { " *" } else { "" };
    format!("body : \"{words}\"{star}")
}

/// How many messages are not indexed yet.
pub(super) fn unindexed(connection: &Connection) -> Result<i64, JournalError> {
    let sql = "SELECT coalesce(max(number), 0) - (SELECT number FROM search_mark) FROM messages";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

//! The one thread that commits. Takes all jobs that wait, from all rooms, applies them in ONE
//! transaction, and only then tells anybody. Never decides who may do what.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::event::TopicSet;
use chat_protocol::{LineText, Refusal, Sequence, Timestamp};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::JournalError;
use super::account::{self, AccountChange, Changed};
use super::apply::{self, Applied, Turn};
use super::guest::{self, GuestChange};
use super::handle::{JournalSettings, checkpoint};
use super::index::Index;
use super::receipt::Outcome;
use super::record::{Entry, OpenedRoom, Parcel, RoomId, RoomKey};
use super::retention::{self, Retention, Swept};
use super::standing;
use crate::limits::{JOURNAL_TURN_JOBS, WAL_PAGES, WRITER_CACHE_KIB};
use crate::policy::Rules;

/// Rooms that the journal can number: the sequence takes the lower 40 of an id's 63 bits.
const ROOM_ID_MAX: i64 = (1 << 23) - 1;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Look a room up, or give it a number.
    Open { key: RoomKey, reply: oneshot::Sender<Result<OpenedRoom, Refusal>> },
    /// Store a batch.
    Append(Batch),
    /// Store or forget a guest.
    Guest { change: GuestChange, reply: Option<oneshot::Sender<()>> },
    /// Changes of accounts, all of them or none; stops at the first that cannot be.
    Accounts { changes: Vec<AccountChange>, reply: Option<oneshot::Sender<Changed>> },
    /// Take away what is not to be kept, behind this room, a slice.
    Sweep { after: RoomId, reply: oneshot::Sender<Swept> },
    /// Forget a room that nobody is in.
    Close { room: RoomId },
    /// Finish.
    Stop,
    /// Pretend that the disk ends here.
    #[cfg(test)]
    LimitPages { pages: u64, reply: oneshot::Sender<()> },
}

/// A room, while its actor lives.
#[derive(Clone, Debug)]
pub(super) struct RoomState {
    pub(super) key: RoomKey,
    /// The first event that is kept, when the room was opened.
    pub(super) first: Sequence,
    pub(super) last: Sequence,
    pub(super) time: Timestamp,
    /// When the first one was stored.
    pub(super) created: Option<Timestamp>,
    pub(super) topic: LineText,
    pub(super) topic_set: Option<TopicSet>,
    pub(super) rules: Rules,
    /// They are to be written.
    pub(super) has_new_rules: bool,
    /// It has a row.
    pub(super) stored: bool,
}

impl RoomState {
    /// A room in which nothing was ever stored.
    fn new(key: RoomKey) -> Self {
        let topic = LineText::default();
        Self {
            key,
            first: Sequence(1),
            last: Sequence(0),
            time: Timestamp(0),
            created: None,
            topic,
            topic_set: None,
            rules: Rules::default(),
            has_new_rules: false,
            stored: false,
        }
    }
}

/// A room's batch, and where its entries are waited for.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) room: RoomId,
    pub(super) parcel: Parcel,
    pub(super) reply: oneshot::Sender<Committed>,
}

/// What became of a room's batch.
#[derive(Debug)]
pub(super) struct Committed {
    /// In the records' places.
    pub(super) entries: Vec<Option<Entry>>,
    /// The disk had room.
    pub(super) is_stored: bool,
}

/// What becomes of a guest, and who waits for it.
type GuestJob = (GuestChange, Option<oneshot::Sender<()>>);

/// What becomes of accounts, and who waits for it.
type AccountJob = (Vec<AccountChange>, Option<oneshot::Sender<Changed>>);

/// What stands in a transaction beside the rooms' batches.
#[derive(Default)]
struct People {
    guests: Vec<GuestJob>,
    accounts: Vec<AccountJob>,
}

impl People {
    const fn is_empty(&self) -> bool {
        self.guests.is_empty() && self.accounts.is_empty()
    }

    /// Tells who waits what came of it.
    fn answer(self, changed: impl Iterator<Item = Changed>) {
        for reply in self.guests.into_iter().filter_map(|(_, reply)| reply) {
            reply.send(()).ok(); // the session may be gone
        }
        for ((_, reply), changed) in self.accounts.into_iter().zip(changed) {
            reply.and_then(|reply| reply.send(changed).ok());
        }
    }
}

enum Go {
    On,
    Stop,
}

pub(super) struct Writer {
    connection: Connection,
    /// Keeps the time.
    runtime: tokio::runtime::Handle,
    clock: fn() -> Timestamp,
    retention: Arc<Retention>,
    /// Keys of what retention took are remembered.
    has_spent_keys: bool,
    index: Index,
    rooms: HashMap<RoomId, RoomState>,
    /// The room of the last batch.
    asked_last: Option<RoomId>,
    /// Rooms with a name that are open without a row, and those that have one.
    named: u64,
    named_max: u64,
    next_id: i64,
    /// Numbers of rooms that never stored anything.
    free_ids: Vec<RoomId>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        settings: &JournalSettings,
    ) -> Result<Self, JournalError> {
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
        connection.set_prepared_statement_cache_capacity(32);
        let next_id =
            connection
                .query_row("SELECT coalesce(max(id), 0) + 1 FROM rooms", [], |row| row.get(0))?;
        let named =
            connection
                .query_row("SELECT count(*) FROM rooms WHERE name <> ''", [], |row| row.get(0))?;
        let index = Index::open(&connection, settings.sync)?;
        let has_spent_keys = retention::has_spent_keys(&connection)?;
        Ok(Self {
            connection,
            runtime: tokio::runtime::Handle::current(),
            index,
            clock: settings.clock,
            retention: Arc::clone(&settings.retention),
            has_spent_keys,
            rooms: HashMap::new(),
            asked_last: None,
            named,
            named_max: settings.rooms_max,
            next_id,
            free_ids: Vec::new(),
        })
    }

    /// Works until it is stopped, or until a commit fails.
    ///
    /// # Errors
    /// A commit failed; the log says why.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), JournalError> {
        let mut turn = Vec::new();
        while let Some(first) = self.next(&mut queue)? {
            turn.push(first);
            if self.others_may_come(turn.first()) {
                std::thread::yield_now();
            }
            while turn.len() < JOURNAL_TURN_JOBS
                && let Ok(job) = queue.try_recv()
            {
                turn.push(job);
            }
            match self.turn(&mut turn) {
                Ok(Go::On) => {}
                Ok(Go::Stop) => break,
                Err(error) => {
                    // Unknown, not "not stored": no acknowledgement, no refusal, and no next try.
                    tracing::error!(%error, "a commit failed; stopping");
                    return Err(error);
                }
            }
        }
        if let Err(error) = checkpoint(&self.connection) {
            tracing::warn!(%error, "not checkpointed at the end; the next start does it");
        }
        Ok(())
    }

    /// Is it worth a turn behind who else runs on this core, so that rooms that are about to ask come
    /// into the same transaction? Not where the same room as before asks: it may be the only busy one.
    fn others_may_come(&self, first: Option<&Job>) -> bool {
        matches!(first, Some(Job::Append(batch)) if self.asked_last != Some(batch.room))
    }

    /// The next job; none: nobody is left to ask. As long as none waits, the index is minded.
    fn next(&mut self, queue: &mut mpsc::Receiver<Job>) -> Result<Option<Job>, JournalError> {
        while self.index.is_due() {
            match queue.try_recv() {
                Ok(job) => return Ok(Some(job)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            let patience = self.index.patience();
            if patience > Duration::ZERO {
                let more = async { tokio::time::timeout(patience, queue.recv()).await };
                if let Ok(job) = self.runtime.block_on(more) {
                    return Ok(job);
                }
            }
            self.index.do_piece(&mut self.connection).inspect_err(|error| {
                tracing::error!(%error, "the index cannot be written; stopping");
            })?;
        }
        Ok(queue.blocking_recv())
    }

    fn turn(&mut self, turn: &mut Vec<Job>) -> Result<Go, JournalError> {
        let mut batches = Vec::new();
        let mut people = People::default();
        let mut sweeps = Vec::new();
        let mut go = Go::On;
        for job in turn.drain(..) {
            match job {
                Job::Open { key, reply } => {
                    let opened = self.open(key)?;
                    drop(reply.send(opened)); // the room's actor may be gone
                }
                Job::Append(batch) => {
                    self.asked_last = Some(batch.room);
                    batches.push(batch);
                }
                Job::Guest { change, reply } => people.guests.push((change, reply)),
                Job::Accounts { changes, reply } => people.accounts.push((changes, reply)),
                Job::Sweep { after, reply } => sweeps.push((after, reply)),
                Job::Close { room } => self.close(room),
                Job::Stop => go = Go::Stop,
                #[cfg(test)]
                Job::LimitPages { pages, reply } => {
                    self.connection.pragma_update(None, "max_page_count", pages.max(1))?;
                    reply.send(()).expect("the test waits");
                }
            }
        }
        if !batches.is_empty() || !people.is_empty() {
            self.commit(batches, people)?;
        }
        for (after, reply) in sweeps {
            drop(reply.send(self.sweep(after)?)); // the sweeper may be gone
        }
        Ok(go)
    }

    /// A full disk ends a sweep; the next one tries again.
    fn sweep(&mut self, after: RoomId) -> Result<Swept, JournalError> {
        let (now, indexed) = ((self.clock)(), self.index.through());
        match retention::sweep(&mut self.connection, &self.retention, after, now, indexed) {
            Ok(swept) => {
                self.has_spent_keys = retention::has_spent_keys(&self.connection)?;
                Ok(swept)
            }
            Err(JournalError::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DiskFull) =>
            {
                tracing::warn!(%error, "the disk is full; nothing old is taken away for now");
                Ok(Swept::default())
            }
            Err(error) => Err(error),
        }
    }

    fn commit(&mut self, batches: Vec<Batch>, people: People) -> Result<(), JournalError> {
        let began = std::time::Instant::now();
        let before: Vec<(RoomId, RoomState)> = batches
            .iter()
            .filter_map(|batch| Some((batch.room, self.rooms.get(&batch.room)?.clone())))
            .collect();
        match self.store(&batches, &people) {
            Ok((applied, changed)) => {
                let elapsed_us = began.elapsed().as_micros();
                let records: usize = applied.iter().map(Vec::len).sum();
                tracing::debug!(rooms = batches.len(), batch = records, elapsed_us, "committed");
                for (batch, applied) in batches.into_iter().zip(applied) {
                    batch.settle(applied, true);
                }
                people.answer(changed.into_iter());
                let stored = i64::try_from(records).unwrap_or(i64::MAX);
                self.index.keep_up(&mut self.connection, stored)
            }
            Err(JournalError::Sqlite(error))
                if error.sqlite_error_code() == Some(ErrorCode::DiskFull) =>
            {
                tracing::error!(%error, "the disk is full; refusing to store until there is room");
                self.rooms.extend(before);
                batches.into_iter().for_each(Batch::refuse);
                // Not stored: such a guest cannot come back after a restart.
                people.answer(std::iter::repeat(Changed::DiskFull));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// One transaction; nobody is told before it is committed.
    fn store(
        &mut self,
        batches: &[Batch],
        people: &People,
    ) -> Result<(Vec<Vec<Applied>>, Vec<Changed>), JournalError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut turn = Turn {
            transaction: &transaction,
            insert: apply::insert(&transaction)?,
            now: (self.clock)(),
            newest: self.index.newest(),
            indexed: self.index.through(),
            has_spent_keys: self.has_spent_keys,
        };
        let mut all = Vec::with_capacity(batches.len());
        for batch in batches {
            let room = self.rooms.get_mut(&batch.room).ok_or_else(|| {
                JournalError::Damaged(format!("room {} is written to and not open", batch.room))
            })?;
            let Parcel { records, forgotten, admissions, founder } = &batch.parcel;
            for who in forgotten {
                standing::forget(&transaction, batch.room, *who)?;
            }
            // A full disk may have ended the transaction: nothing more is written behind an error.
            let applied: Vec<Applied> = records
                .iter()
                .map(|record| apply::record(&mut turn, batch.room, room, record))
                .collect::<Result<_, _>>()?;
            apply::room(&transaction, batch.room, room)?;
            if room.stored {
                if let Some((identity, name)) = founder {
                    standing::found(&transaction, batch.room, (*identity, name))?;
                }
                for admission in admissions {
                    standing::admit(&transaction, batch.room, admission)?;
                }
            }
            all.push(applied);
        }
        for (change, _) in &people.guests {
            guest::apply(&transaction, change)?;
        }
        let now = turn.now;
        let changed =
            people.accounts.iter().map(|(changes, _)| together(&transaction, changes, now));
        let changed = changed.collect::<Result<Vec<_>, _>>()?;
        let newest = turn.newest;
        drop(turn); // its statement is the transaction's
        transaction.commit()?;
        self.index.committed(newest);
        Ok((all, changed))
    }

    fn open(&mut self, key: RoomKey) -> Result<Result<OpenedRoom, Refusal>, JournalError> {
        let row = self
            .connection
            .prepare_cached(
                "SELECT id, name, topic, last_seq, last_time_ms, first_seq, settings, secret,
                        created_ms, topic_by, topic_ms
                 FROM rooms WHERE key = ?1",
            )?
            .query_row([key.stored()], |row| apply::room_row(row, &key))
            .optional()?;
        let row = match row {
            Some(Ok((id, state))) => Some(
                standing::remembered(&self.connection, id)
                    .map(|remembered| (id, state, remembered)),
            ),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        let (id, state, remembered) = match row {
            Some(Ok(stored)) => stored,
            Some(Err(error)) => {
                // This room is lost to people until it is mended; all others go on.
                tracing::error!(%error, room = ?key, "a stored room cannot be read");
                return Ok(Err(Refusal::Unavailable));
            }
            None => match self.number(&key) {
                Ok(id) => (id, RoomState::new(key), Vec::new()),
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        let name = match &state.key {
            RoomKey::Named(name) => Some(name.clone()),
            RoomKey::Direct(..) => None,
        };
        let RoomState { first, last, .. } = state;
        let (topic, topic_set) = (state.topic.clone(), state.topic_set.clone());
        let (since, rules) = (state.created, state.rules.clone());
        let opened =
            OpenedRoom { id, name, since, first, last, topic, topic_set, rules, remembered };
        self.rooms.insert(id, state);
        Ok(Ok(opened))
    }

    /// A number for a room that is not stored yet.
    fn number(&mut self, key: &RoomKey) -> Result<RoomId, Refusal> {
        let is_named = matches!(key, RoomKey::Named(_));
        if is_named && self.named >= self.named_max {
            return Err(Refusal::TooManyRooms { limit: self.named_max });
        }
        let id = self.free_ids.pop().or_else(|| {
            let id = RoomId(self.next_id);
            self.next_id += 1;
            (id.0 <= ROOM_ID_MAX).then_some(id)
        });
        let id = id.ok_or(Refusal::TooManyRooms { limit: ROOM_ID_MAX.unsigned_abs() })?;
        self.named += u64::from(is_named);
        Ok(id)
    }

    fn close(&mut self, room: RoomId) {
        if let Some(state) = self.rooms.remove(&room)
            && !state.stored
        {
            self.free_ids.push(room);
            self.named -= u64::from(matches!(state.key, RoomKey::Named(_)));
        }
    }
}

/// All of these changes, or none.
fn together(
    transaction: &Transaction<'_>,
    changes: &[AccountChange],
    now: Timestamp,
) -> Result<Changed, JournalError> {
    transaction.execute_batch("SAVEPOINT changes")?;
    for change in changes {
        let changed = account::apply(transaction, change, now)?;
        if changed != Changed::Done {
            transaction.execute_batch("ROLLBACK TO changes; RELEASE changes")?;
            return Ok(changed);
        }
    }
    transaction.execute_batch("RELEASE changes")?;
    Ok(Changed::Done)
}

impl Batch {
    /// Tells each author, then the room.
    fn settle(self, applied: Vec<Applied>, is_stored: bool) {
        let entries = self.parcel.records.into_iter().zip(applied);
        let entries = entries.map(|(record, applied)| {
            let (outcome, entry) = match applied {
                Applied::Stored(entry) => {
                    let outcome = Outcome::Stored {
                        sequence: entry.sequence,
                        time: entry.time,
                        duplicate: false,
                    };
                    (outcome, Some(entry))
                }
                Applied::Duplicate { sequence, time } => {
                    (Outcome::Stored { sequence, time, duplicate: true }, None)
                }
                Applied::Refused(refusal) => (Outcome::Refused(refusal), None),
            };
            record.ticket.settle(outcome);
            entry
        });
        let entries = entries.collect();
        drop(self.reply.send(Committed { entries, is_stored })); // the room's actor may be gone
    }

    fn refuse(self) {
        let full = || Applied::Refused(Refusal::DiskFull);
        let applied = self.parcel.records.iter().map(|_| full()).collect();
        self.settle(applied, false);
    }
}

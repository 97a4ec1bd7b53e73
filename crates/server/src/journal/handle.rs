//! The journal's face: opens the database, starts the writer, and offers what the rest may ask.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat_protocol::administration::{AddressBan, StoredRoomInfo};
use chat_protocol::command::HistoryPart;
use chat_protocol::event::CertificateInfo;
use chat_protocol::{Fingerprint, Identity, JournalId, RoomName, Sequence, Timestamp, UserName};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::account::{
    self, Account, AccountChange, AccountRoom, Changed, Shunned, StoredPassword, StoredToken,
};
use super::examine::{self, Checked, Contents};
use super::guest::{Guest, GuestChange, TokenHash};
use super::history::{Page, Range, Readers, StoredRoom, Unread};
use super::metadata::{Metadata, MetadataOwner};
#[cfg(test)]
use super::record::Record;
use super::record::{Entry, OpenedRoom, Parcel, RoomId, RoomKey};
use super::report::{self, Figures, StoredReport};
use super::retention::{Retention, Swept};
use super::search::{Found, Search};
use super::standing::{self, Look, Reader};
use super::writer::{Batch, Committed, Job, Writer};
use super::{JournalError, certificate, schema};
use crate::limits::{JOURNAL_QUEUE_JOBS, JOURNAL_READERS, JOURNAL_SEARCHES, START_CHECK};
use crate::policy::Extent;

/// When a commit is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// When it is on disk (fsync).
    Always,
    /// When the operating system has it: a power cut can take acknowledged messages.
    Os,
}

/// What the journal needs to know.
#[derive(Clone, Debug)]
pub(crate) struct JournalSettings {
    /// The directory that holds the database and the lock; made if it is missing.
    pub(crate) directory: PathBuf,
    /// When a commit is done.
    pub(crate) sync: Sync,
    /// What is kept.
    pub(crate) retention: Arc<Retention>,
    /// How many rooms with a name may be stored.
    pub(crate) rooms_max: u64,
    /// The time of day.
    pub(crate) clock: fn() -> Timestamp,
}

/// A handle on the journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
    /// A search takes longer than a page: some readers are left to pages.
    searches: Arc<Semaphore>,
    id: JournalId,
    failed: CancellationToken,
    writer: Arc<std::sync::Mutex<Option<std::thread::JoinHandle<()>>>>,
}

impl Journal {
    /// Locks the directory, looks whether the database can be relied on, brings it up to date,
    /// checkpoints it, and starts the writer.
    ///
    /// # Errors
    /// [`JournalError`] says what to do about it.
    pub(crate) fn open(settings: &JournalSettings) -> Result<Self, JournalError> {
        let lock = lock(&settings.directory)?;
        let path = examine::database(&settings.directory);
        let found = examine::file(&path)?;
        let mut connection = Connection::open(&path)?;
        examine::owner(&connection, &path)?;
        if found == Contents::Open {
            check_after_crash(&connection)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?; // what is deleted is overwritten
        schema::migrate(&mut connection)?;
        examine::ends(&connection)?;
        let id = identify(&connection)?;
        checkpoint(&connection)?;
        if settings.sync == Sync::Os {
            connection.pragma_update(None, "synchronous", "OFF")?;
        }
        let readers =
            (0..JOURNAL_READERS).map(|_| open_reader(&path)).collect::<Result<Vec<_>, _>>()?;
        let failed = CancellationToken::new();
        let (jobs, queue) = mpsc::channel(JOURNAL_QUEUE_JOBS);
        let writer = Writer::new(connection, settings)?;
        let failed_here = failed.clone();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let panics = failed_here.drop_guard();
                if writer.run(queue).is_ok() {
                    panics.disarm();
                }
                drop(lock); // held as long as anything can be written
            })
            .map_err(|error| JournalError::Directory { path, error })?;
        let writer = Arc::new(std::sync::Mutex::new(Some(thread)));
        let searches = Arc::new(Semaphore::new(JOURNAL_SEARCHES));
        Ok(Self { jobs, readers: Readers::new(readers), searches, id, failed, writer })
    }

    /// The random id of this history.
    pub(crate) const fn id(&self) -> JournalId {
        self.id
    }

    /// Waits until the writer has failed: nothing more can be stored, the daemon has to stop.
    pub(crate) async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Has the writer failed?
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_cancelled()
    }

    /// A room as it is stored; a new one gets a number, and a row with its first record.
    pub(crate) async fn open_room(
        &self,
        key: RoomKey,
    ) -> Result<Result<OpenedRoom, chat_protocol::Refusal>, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Open { key, reply }).await?;
        answer.await.map_err(|_| JournalError::Stopped)
    }

    /// The room's actor is gone. A room that never stored anything gives its number back.
    pub(crate) async fn close_room(&self, room: RoomId) -> Result<(), JournalError> {
        self.ask(Job::Close { room }).await
    }

    /// Stores a room's batch. Each record's ticket is settled before this returns; the entries are
    /// what the room may publish, in the records' places. And is anything stored? Not if the disk
    /// is full.
    ///
    /// # Errors
    /// [`JournalError::Stopped`]: nobody knows whether it is stored.
    pub(crate) async fn store(
        &self,
        room: RoomId,
        parcel: Parcel,
    ) -> Result<(Vec<Option<Entry>>, bool), JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Append(Batch { room, parcel, reply })).await?;
        let Committed { entries, is_stored } = answer.await.map_err(|_| JournalError::Stopped)?;
        Ok((entries, is_stored))
    }

    /// The same, of records alone.
    #[cfg(test)]
    pub(crate) async fn append(
        &self,
        room: RoomId,
        records: Vec<Record>,
    ) -> Result<Vec<Option<Entry>>, JournalError> {
        let parcel = Parcel { records, ..Parcel::default() };
        self.store(room, parcel).await.map(|(entries, _)| entries)
    }

    /// Stores a guest that may come back, or its new name. It is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Stopped`]: nobody knows whether it is stored.
    pub(crate) async fn save_guest(&self, guest: Guest) -> Result<(), JournalError> {
        let (reply, answer) = oneshot::channel();
        let change = GuestChange::Save(guest);
        self.ask(Job::Guest { change, reply: Some(reply) }).await?;
        answer.await.map_err(|_| JournalError::Stopped)
    }

    /// Who may come back has another name. It is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Stopped`]: nobody knows whether it is stored.
    pub(crate) async fn rename_guest(
        &self,
        identity: Identity,
        name: UserName,
    ) -> Result<(), JournalError> {
        let (reply, answer) = oneshot::channel();
        let change = GuestChange::Rename(identity, name);
        self.ask(Job::Guest { change, reply: Some(reply) }).await?;
        answer.await.map_err(|_| JournalError::Stopped)
    }

    /// A guest does not come back.
    pub(crate) async fn forget_guest(&self, token: TokenHash) -> Result<(), JournalError> {
        self.ask(Job::Guest { change: GuestChange::Forget(token), reply: None }).await
    }

    /// Changes accounts: all of it or nothing. It is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Stopped`]: nobody knows whether it is stored.
    pub(crate) async fn change(
        &self,
        changes: Vec<AccountChange>,
    ) -> Result<Changed, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Accounts { changes, reply: Some(reply) }).await?;
        answer.await.map_err(|_| JournalError::Stopped)
    }

    /// The same, not waited for; what is asked for later stands behind it.
    pub(crate) async fn change_later(
        &self,
        changes: Vec<AccountChange>,
    ) -> Result<(), JournalError> {
        self.ask(Job::Accounts { changes, reply: None }).await
    }

    /// All accounts.
    pub(crate) async fn accounts(&self) -> Result<Vec<Account>, JournalError> {
        self.readers.read(account::all).await
    }

    /// What the account of a name logs in with: its identity, and what is stored of its password.
    pub(crate) async fn password(
        &self,
        name: UserName,
    ) -> Result<Option<(Identity, StoredPassword)>, JournalError> {
        self.readers.read(move |connection| account::password(connection, &name)).await
    }

    /// The same, and what names of no account get their salts by.
    pub(crate) async fn scram(
        &self,
        name: UserName,
    ) -> Result<(Option<(Identity, StoredPassword)>, [u8; 32]), JournalError> {
        let read = move |connection: &Connection| {
            Ok((account::password(connection, &name)?, account::scram_secret(connection)?))
        };
        self.readers.read(read).await
    }

    /// A personal token.
    pub(crate) async fn token(&self, hash: TokenHash) -> Result<Option<StoredToken>, JournalError> {
        self.readers.read(move |connection| account::token(connection, hash)).await
    }

    /// The personal tokens of an account.
    pub(crate) async fn tokens(&self, account: Identity) -> Result<Vec<StoredToken>, JournalError> {
        self.readers.read(move |connection| account::tokens(connection, account)).await
    }

    /// The account that has a certificate.
    pub(crate) async fn certificate(
        &self,
        fingerprint: Fingerprint,
    ) -> Result<Option<Identity>, JournalError> {
        let read =
            move |connection: &Connection| certificate::of_fingerprint(connection, fingerprint);
        self.readers.read(read).await
    }

    /// The certificates of an account.
    pub(crate) async fn certificates(
        &self,
        account: Identity,
    ) -> Result<Vec<CertificateInfo>, JournalError> {
        self.readers.read(move |connection| certificate::of_account(connection, account)).await
    }

    /// The certificates of all accounts.
    pub(crate) async fn all_certificates(
        &self,
    ) -> Result<HashMap<Identity, Vec<Fingerprint>>, JournalError> {
        self.readers.read(certificate::all).await
    }

    /// The rooms that an account is in, and whom it shuns.
    pub(crate) async fn belongings(
        &self,
        account: Identity,
    ) -> Result<(Vec<AccountRoom>, Vec<Shunned>), JournalError> {
        let read = move |connection: &Connection| {
            Ok((account::rooms(connection, account)?, account::shunned(connection, account)?))
        };
        self.readers.read(read).await
    }

    /// What is known of a room or an account.
    pub(crate) async fn metadata(&self, owner: MetadataOwner) -> Result<Metadata, JournalError> {
        self.readers.read(move |connection| super::metadata::of(connection, &owner)).await
    }

    /// Addresses from which nobody comes in.
    pub(crate) async fn address_bans(&self) -> Result<Vec<AddressBan>, JournalError> {
        self.readers.read(super::address::all).await
    }

    /// How much is stored.
    pub(crate) async fn figures(&self) -> Result<Figures, JournalError> {
        self.readers.read(report::figures).await
    }

    /// Rooms behind a name, hidden ones too, and how many there are in all.
    pub(crate) async fn stored_rooms(
        &self,
        after: Option<RoomName>,
        limit: usize,
    ) -> Result<(Vec<StoredRoomInfo>, u64), JournalError> {
        self.readers.read(move |connection| report::rooms(connection, after.as_ref(), limit)).await
    }

    /// A room with what it remembers; none: nothing is stored there.
    pub(crate) async fn stored_room(
        &self,
        room: RoomName,
    ) -> Result<Option<StoredReport>, JournalError> {
        self.readers.read(move |connection| report::room(connection, &room)).await
    }

    /// Takes away what is not to be kept: one slice, of the rooms behind `after`.
    ///
    /// # Errors
    /// [`JournalError::Stopped`].
    pub(crate) async fn sweep(&self, after: RoomId) -> Result<Swept, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Sweep { after, reply }).await?;
        answer.await.map_err(|_| JournalError::Stopped)
    }

    /// The last message of an author, if it is among a room's newest events.
    pub(crate) async fn last_own(
        &self,
        room: RoomId,
        author: Identity,
    ) -> Result<Option<Sequence>, JournalError> {
        self.readers
            .read(move |connection| super::deletion::last_own(connection, room, author))
            .await
    }

    /// What others have said in rooms behind certain events; the rooms in which nothing was are
    /// left out.
    pub(crate) async fn unread(
        &self,
        rooms: Vec<(RoomId, Sequence)>,
        reader: Identity,
        name: UserName,
    ) -> Result<Vec<Unread>, JournalError> {
        self.readers
            .read(move |connection| super::history::unread(connection, &rooms, reader, &name))
            .await
    }

    /// The first event of a room that is kept.
    pub(crate) async fn first_kept(&self, room: RoomId) -> Result<Sequence, JournalError> {
        self.readers.read(move |connection| super::history::first_kept(connection, room)).await
    }

    /// The guests that may come back.
    pub(crate) async fn guests(&self) -> Result<Vec<Guest>, JournalError> {
        self.readers.read(super::guest::all).await
    }

    /// A page of a room's events, oldest first.
    pub(crate) async fn page(
        &self,
        room: RoomId,
        range: Range,
        limit: u32,
    ) -> Result<Page, JournalError> {
        self.readers
            .read(move |connection| {
                super::history::page(
                    connection,
                    room,
                    range,
                    limit,
                    (Extent::ALL, HistoryPart::All),
                )
            })
            .await
    }

    /// A page of what somebody may read, at this moment, of a room.
    pub(crate) async fn page_for(
        &self,
        reader: Reader,
        room: RoomId,
        (range, part): (Range, HistoryPart),
        limit: u32,
    ) -> Result<Page, JournalError> {
        let page = move |connection: &Connection| {
            let snapshot = connection.unchecked_transaction()?;
            match standing::extent(&snapshot, room, &reader)? {
                Some(extent) => super::history::page(&snapshot, room, range, limit, (extent, part)),
                None => Ok(Page { entries: Vec::new(), more: false }),
            }
        };
        self.readers.read(page).await
    }

    /// When the last message of each of these rooms was stored, as far as somebody may read them.
    pub(crate) async fn last_said(
        &self,
        reader: Reader,
        rooms: Vec<RoomId>,
    ) -> Result<Vec<(RoomId, Timestamp)>, JournalError> {
        self.readers
            .read(move |connection| super::history::last_said(connection, &rooms, &reader))
            .await
    }

    /// A room as somebody may know it; none: nothing is stored there.
    pub(crate) async fn look(
        &self,
        key: RoomKey,
        reader: Reader,
    ) -> Result<Option<Look>, JournalError> {
        let look = move |connection: &Connection| {
            let snapshot = connection.unchecked_transaction()?;
            standing::look(&snapshot, &key, &reader)
        };
        self.readers.read(look).await
    }

    /// The first sequence of a room at a time or later: where an event of that time would stand.
    pub(crate) async fn sequence_at(
        &self,
        room: RoomId,
        time: Timestamp,
    ) -> Result<Sequence, JournalError> {
        self.readers
            .read(move |connection| super::history::sequence_at(connection, room, time))
            .await
    }

    /// When an event was stored, if it is kept.
    pub(crate) async fn time_of(
        &self,
        room: RoomId,
        sequence: Sequence,
    ) -> Result<Option<Timestamp>, JournalError> {
        self.readers
            .read(move |connection| super::history::time_of(connection, room, sequence))
            .await
    }

    /// A page of the messages that have certain words, newest first.
    pub(crate) async fn search(&self, search: Search) -> Result<Found, JournalError> {
        let turns = Arc::clone(&self.searches);
        let turn = turns.acquire_owned().await.map_err(|_| JournalError::Stopped)?;
        let search = move |connection: &Connection| {
            let found = super::search::search(connection, &search);
            drop(turn);
            found
        };
        self.readers.read(search).await
    }

    /// The stored rooms that have a name, the one that spoke last first, at most `limit`,
    /// and how many there are.
    pub(crate) async fn rooms(&self, limit: usize) -> Result<(Vec<StoredRoom>, u64), JournalError> {
        self.readers.read(move |connection| super::history::rooms(connection, limit)).await
    }

    /// Lets the writer finish what it has, checkpoints, and waits for its thread.
    pub(crate) async fn stop(&self) {
        if self.ask(Job::Stop).await.is_err() {
            return; // it stopped by itself, and said why
        }
        let thread = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let joined =
            tokio::task::spawn_blocking(move || thread.map(std::thread::JoinHandle::join)).await;
        if !matches!(joined, Ok(None | Some(Ok(())))) {
            tracing::error!("the journal's thread panicked");
        }
    }

    /// A disk that is full: the database may have so many pages (at least what it has).
    #[cfg(test)]
    pub(super) async fn limit_pages(&self, pages: u64) {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::LimitPages { pages, reply }).await.unwrap();
        answer.await.unwrap();
    }

    /// How many messages are not indexed yet.
    #[cfg(test)]
    pub(super) async fn unindexed(&self) -> i64 {
        self.readers.read(super::search::unindexed).await.unwrap()
    }

    async fn ask(&self, job: Job) -> Result<(), JournalError> {
        self.jobs.send(job).await.map_err(|_| JournalError::Stopped)
    }
}

/// One daemon a directory.
fn lock(directory: &Path) -> Result<File, JournalError> {
    let wrong = |error| JournalError::Directory { path: directory.to_owned(), error };
    make_private(directory).map_err(wrong)?;
    let file = File::create(directory.join("lock")).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(wrong(error)),
    }
}

/// A new directory is for the daemon's own user alone: it holds what people said.
fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// After a clean stop nothing was going on that could have torn the file; after a crash a disk that
/// only said it had written may have. The daemon is waited for, so the check has a limit.
fn check_after_crash(connection: &Connection) -> Result<(), JournalError> {
    let began = std::time::Instant::now();
    let checked = examine::structure(connection, START_CHECK)?;
    let elapsed_ms = began.elapsed().as_millis();
    match checked {
        Checked::Sound => tracing::info!(elapsed_ms, "not stopped cleanly; the database is sound"),
        Checked::Unfinished => tracing::warn!(
            elapsed_ms,
            "not stopped cleanly, and the database is too large to be checked now; \
             `chat-server verify` does it while the daemon runs"
        ),
    }
    Ok(())
}

/// What is only in the page cache must not be acknowledged as a duplicate later.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), JournalError> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(JournalError::Checkpoint) }
}

/// A connection that cannot write to the journal.
fn open_reader(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    super::search::prepare(&connection)?;
    Ok(connection)
}

/// A new database has no id, and neither has a backup: whoever opens it first gives it one.
fn identify(connection: &Connection) -> Result<JournalId, JournalError> {
    connection.execute(
        "INSERT INTO journal (only, id) VALUES (1, ?1) ON CONFLICT DO NOTHING",
        [Uuid::new_v4().as_bytes()],
    )?;
    let bytes: [u8; 16] = connection.query_row("SELECT id FROM journal", [], |row| row.get(0))?;
    Ok(JournalId(Uuid::from_bytes(bytes)))
}

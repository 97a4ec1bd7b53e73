//! The journal: the one durable, ordered record of what happened, on embedded SQLite. SQL stands
//! nowhere else. Never knows a session, a member or a wire format.

mod account;
mod address;
mod apply;
mod backup;
mod certificate;
mod deletion;
mod examine;
mod export;
mod guest;
mod handle;
mod history;
mod index;
mod metadata;
mod receipt;
mod record;
mod report;
mod retention;
mod schema;
mod search;
mod snippet;
mod standing;
mod verify;
mod writer;

pub(crate) use account::{
    Account, AccountChange, AccountRoom, Changed, Deed, Shun, Shunned, StoredPassword, StoredToken,
    Suspension, audit,
};
pub(crate) use backup::{BackupError, backup};
pub(crate) use examine::database;
pub(crate) use export::{Place, Selection, export};
pub(crate) use guest::{Guest, TokenHash};
pub(crate) use handle::{Journal, JournalSettings, Sync};
pub(crate) use history::{Range, Unread};
pub(crate) use metadata::{Metadata, MetadataOwner};
pub(crate) use receipt::{Outcome, Receipts, Ticket};
pub(crate) use record::{Body, Change, Entry, Parcel, Record, RoomId, RoomKey};
pub(crate) use retention::{Keep, Pruned, Retention};
pub(crate) use search::{Found, FoundMessage, Scope, Search};
pub(crate) use standing::{Admission, Look, Reader, Remembered};
pub(crate) use verify::verify;

/// Why the journal could not do what was asked. It goes to the log; a person gets a refusal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// Another daemon has this directory.
    #[error(
        "another chat-server uses the data directory {0}; stop it, or choose another with --data"
    )]
    Locked(std::path::PathBuf),
    /// The directory or the lock cannot be made.
    #[error("data directory {path}: {error}")]
    Directory {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A newer daemon wrote it.
    #[error(
        "the database has schema {found}, this chat-server knows up to {known}: start the newer version"
    )]
    NewerSchema {
        /// In the file.
        found: usize,
        /// In this binary.
        known: usize,
    },
    /// An older daemon wrote it, and no newer one has opened it yet.
    #[error(
        "the database has schema {found}, this chat-server has {known}: start its daemon once, \
         which brings it up to date"
    )]
    OlderSchema {
        /// In the file.
        found: usize,
        /// In this binary.
        known: usize,
    },
    /// Not there.
    #[error("there is no journal at {0}; say where it is with --data DIR")]
    Missing(std::path::PathBuf),
    /// Something else's.
    #[error("{path} is not a journal: {why}; nothing in it was changed")]
    Foreign {
        /// Which.
        path: std::path::PathBuf,
        /// What it is.
        why: String,
    },
    /// A log beside a database that never wrote it.
    #[error(
        "{log} does not belong to {database}: the database was put there, or taken away, without \
         its log; put back what belongs together, or move the log away"
    )]
    StrayLog {
        /// The log.
        log: std::path::PathBuf,
        /// The database.
        database: std::path::PathBuf,
    },
    /// No such room.
    #[error("there is no room {0}")]
    NoSuchRoom(chat_protocol::RoomName),
    /// What the file says cannot be.
    #[error(
        "the database is damaged: {0}; `chat-server verify` lists what is wrong; nothing was \
         repaired or thrown away"
    )]
    Damaged(String),
    /// What was written before cannot be made durable.
    #[error(
        "the journal could not be checkpointed at start; nothing is served before it can. If a \
         backup or a verification of it runs, let it finish"
    )]
    Checkpoint,
    /// SQLite.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer is gone: it failed before, and said so in the log.
    #[error("the journal has stopped")]
    Stopped,
}

#[cfg(test)]
mod tests;

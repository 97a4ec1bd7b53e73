//! The journal: the one durable, ordered record of what happened, on embedded SQLite. SQL stands
//! nowhere else. Never knows a session, a member or a wire format.

mod apply;
mod handle;
mod history;
mod index;
mod receipt;
mod record;
mod schema;
mod search;
mod snippet;
mod writer;

pub(crate) use handle::{Journal, JournalSettings, Sync};
pub(crate) use history::Range;
pub(crate) use receipt::{Outcome, Receipts, Ticket};
pub(crate) use record::{Body, Entry, Record, RoomId, RoomKey};
pub(crate) use search::{Found, FoundMessage, Scope, Search};

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
    /// What the file says cannot be.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// What was written before cannot be made durable.
    #[error("the journal could not be checkpointed at start; nothing is served before it can")]
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

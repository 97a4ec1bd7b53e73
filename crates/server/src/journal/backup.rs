//! A copy of the database, made while the daemon writes. Owns how the copy becomes a file that is
//! whole or not there; never changes the database it copies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{JournalError, examine};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// There is one.
    #[error("{0} exists; choose another name, or replace it with --force")]
    Exists(PathBuf),
    /// A folder, a device.
    #[error("{0} cannot be replaced by a backup: it is no ordinary file")]
    NotAFile(PathBuf),
    /// The original.
    #[error("{0} is where the daemon has its data; choose another place for the backup")]
    IsTheData(PathBuf),
    /// SQLite takes no such path.
    #[error("{0:?} is not UTF-8; choose another name for the backup")]
    NotUtf8(PathBuf),
    /// Somebody else makes the same one.
    #[error("another backup to {0} is being made")]
    Underway(PathBuf),
    /// The disk.
    #[error("cannot write {path}: {error}")]
    Io {
        /// What was being written.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The database, or its copy.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Copies the database of `directory` to `file`, as it is at this moment, and returns the copy's
/// size in bytes. Under its name it is whole, checked and on disk. It has no journal id: the first
/// daemon that opens it gives it one, so that nobody goes on reading it with a cursor of the
/// original.
///
/// # Errors
/// [`BackupError`]; then what was called `file` before is still there.
pub(crate) fn backup(directory: &Path, file: &Path, replaces: bool) -> Result<u64, BackupError> {
    let database = examine::database(directory);
    let source = examine::open_to_read(&database)?;
    refuse_places(directory, file, replaces)?;
    let part = Part::claim(file)?;
    source
        .execute("VACUUM INTO ?1", [part.in_sql()?])
        .map_err(|error| part.wrong(error, "copying the database"))?;
    part.finish_copy()?;
    part.become_file(replaces)
}

fn refuse_places(directory: &Path, file: &Path, replaces: bool) -> Result<(), BackupError> {
    let wrong = |error| BackupError::Io { path: file.to_owned(), error };
    let is_reserved = file.file_name().is_none_or(|name| {
        let name = name.to_string_lossy();
        name == "lock" || name.starts_with("journal.sqlite")
    });
    let folder = folder(file).canonicalize().map_err(wrong)?;
    if is_reserved && folder == directory.canonicalize().map_err(wrong)? {
        return Err(BackupError::IsTheData(file.to_owned()));
    }
    match file.symlink_metadata() {
        Ok(found) if !found.is_file() => Err(BackupError::NotAFile(file.to_owned())),
        Ok(_) if !replaces => Err(BackupError::Exists(file.to_owned())),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(wrong(error)),
    }
}

/// The folder that a file is in.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

/// The copy while it is made, beside the file that it becomes. Dropped before, it is removed; what
/// a killed one left behind is overwritten by the next.
struct Part {
    file: PathBuf,
    path: PathBuf,
    /// Locked as long as this is the one who writes it.
    handle: File,
}

impl Part {
    fn claim(file: &Path) -> Result<Self, BackupError> {
        let file = std::path::absolute(file)
            .map_err(|error| BackupError::Io { path: file.into(), error })?;
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = file.with_file_name(name);
        let wrong = |error| BackupError::Io { path: path.clone(), error };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)] // what people said is for the operator alone
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let handle = options.open(&path).map_err(wrong)?;
        match handle.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Underway(file)),
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
        handle.set_len(0).map_err(wrong)?;
        std::fs::remove_file(examine::beside(&path, "-journal")).ok(); // of a killed one
        Ok(Self { file, path, handle })
    }

    /// SQLite's errors do not say which of two files they are about.
    fn wrong(&self, error: rusqlite::Error, what: &str) -> BackupError {
        let error = examine::damage(error);
        if let JournalError::Sqlite(error) = error {
            let error = io::Error::other(format!("{what}: {error}"));
            return BackupError::Io { path: self.path.clone(), error };
        }
        error.into()
    }

    fn in_sql(&self) -> Result<&str, BackupError> {
        self.path.to_str().ok_or_else(|| BackupError::NotUtf8(self.path.clone()))
    }

    /// Takes the id away, and reads all of the copy once.
    fn finish_copy(&self) -> Result<(), BackupError> {
        let wrong = |error| self.wrong(error, "finishing the copy");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let copy = Connection::open_with_flags(&self.path, flags).map_err(wrong)?;
        // No file beside it, and no fsync: it is nobody's before it is whole.
        copy.pragma_update(None, "journal_mode", "MEMORY").map_err(wrong)?;
        copy.pragma_update(None, "synchronous", "OFF").map_err(wrong)?;
        copy.execute("DELETE FROM journal", []).map_err(wrong)?;
        examine::structure(&copy, std::time::Duration::MAX)?;
        examine::ends(&copy)?;
        copy.close().map_err(|(_, error)| wrong(error))
    }

    fn become_file(self, replaces: bool) -> Result<u64, BackupError> {
        let wrong = |error| BackupError::Io { path: self.file.clone(), error };
        self.handle.sync_all().map_err(wrong)?;
        let bytes = self.handle.metadata().map_err(wrong)?.len();
        if !replaces && self.file.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(self.file.clone()));
        }
        std::fs::rename(&self.path, &self.file).map_err(wrong)?;
        #[cfg(unix)] // a folder can be opened, and the rename in it be made durable
        File::open(folder(&self.file)).and_then(|folder| folder.sync_all()).map_err(wrong)?;
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has its new name, or nobody needs it.
        std::fs::remove_file(&self.path).ok();
        // SQLite leaves its own there when the disk is full.
        std::fs::remove_file(examine::beside(&self.path, "-journal")).ok();
    }
}

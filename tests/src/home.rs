//! A place for a daemon that no other test sees: its data, its configuration, its sockets.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder that goes when this goes.
#[derive(Debug)]
pub struct Home(TempDir);

impl Home {
    /// A new, empty one.
    #[must_use]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the daemon's data is.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file, and says where it is.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("the temporary folder can be written");
        path
    }

    /// A command that runs here and sees nothing of the tester's own configuration.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("TZ", "UTC")
            .env("USER", "tester")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

//! A daemon whose clock a test sets. Never waits.

use std::fs;
use std::path::PathBuf;

use crate::{Home, Setup};

/// The library that changes what time a program thinks it is: /usr/lib/ARCH/faketime/.
fn libfaketime() -> PathBuf {
    let libraries = fs::read_dir("/usr/lib").into_iter().flatten().map_while(Result::ok);
    let found = libraries
        .map(|library| library.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists());
    found.expect("libfaketime is installed (Debian: faketime)")
}

/// A clock that a test sets.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that goes right, and a daemon that goes by it. What it waits for does not depend on
    /// the time of day, so that stays real.
    #[must_use]
    pub fn in_home(home: &Home) -> (Self, Setup) {
        let clock = Self { file: home.path().join("clock") };
        clock.set("+0");
        let setup = Setup::default()
            .variable("LD_PRELOAD", libfaketime())
            .variable("FAKETIME_TIMESTAMP_FILE", &clock.file)
            .variable("FAKETIME_NO_CACHE", "1")
            .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        (clock, setup)
    }

    /// So much off, at once.
    pub fn set(&self, offset: &str) {
        let next = self.file.with_extension("next");
        fs::write(&next, offset).expect("a file of the test can be written");
        fs::rename(next, &self.file).expect("and put in its place");
    }
}

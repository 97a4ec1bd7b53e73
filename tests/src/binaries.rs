//! Where the binaries under test are: built before the first test that needs them, so that none
//! ever runs an old one.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The daemon.
#[must_use]
pub fn chat_server() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("chat-server"))
}

/// The terminal client.
#[must_use]
pub fn chat_client() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("chat-client"))
}

/// The load generator.
#[must_use]
pub fn chat_bench() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("chat-bench"))
}

/// A program of examples/.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

/// The repository's root.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is a folder of the repository")
}

/// Builds into the folder, and with the profile, that this test itself was built with. `--workspace`
/// chooses the same features as a test of the whole workspace does: nothing is built twice.
fn build(binary: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    // TARGET/PROFILE/deps/end_to_end-HASH
    let folder = test.ancestors().nth(2).expect("cargo's layout of targets");
    let target = folder.parent().expect("cargo's layout of targets");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--workspace", "--bin", binary])
        .args(["--profile", profile])
        .arg("--target-dir")
        .arg(target)
        .current_dir(repository())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{binary} does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.join(binary)
}

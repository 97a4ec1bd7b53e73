//! The state file: what is remembered from run to run, for each server. Owns
//! `$XDG_STATE_HOME/chat-client/state.toml`; a lost one costs nothing but comfort.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::ui::Memory;

/// Servers that are remembered; beyond that, no new one is.
const SERVERS_MAX: usize = 100;

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
struct State {
    #[serde(default)]
    servers: BTreeMap<String, Memory>,
}

/// What is remembered of the server at this address; nothing if the file cannot be read.
pub(crate) fn load(server: &str) -> Memory {
    let state = default_path().map(|path| read(&path)).unwrap_or_default();
    state.servers.get(server).cloned().unwrap_or_default()
}

/// Remembers this of a server. Other programs' servers in the file stay.
pub(crate) fn save(server: &str, memory: Memory) -> io::Result<()> {
    default_path().map_or(Ok(()), |path| save_to(&path, server, memory))
}

fn default_path() -> Option<PathBuf> {
    Some(folder()?.join("state.toml"))
}

/// Which certificates servers had when they were seen first.
pub(crate) fn known_servers() -> Option<PathBuf> {
    Some(folder()?.join("known_servers"))
}

fn folder() -> Option<PathBuf> {
    let folders = etcetera::base_strategy::choose_native_strategy().ok()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(folder.join("chat-client"))
}

fn read(path: &Path) -> State {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    toml::from_str(&text).unwrap_or_default()
}

fn save_to(path: &Path, server: &str, memory: Memory) -> io::Result<()> {
    let mut state = read(path);
    if state.servers.get(server) == Some(&memory) {
        return Ok(());
    }
    if state.servers.len() < SERVERS_MAX || state.servers.contains_key(server) {
        state.servers.insert(server.to_owned(), memory);
    }
    let text = toml::to_string(&state).map_err(io::Error::other)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Whole or not at all, and nobody else's to read.
    let new = path.with_extension(format!("new-{}", std::process::id()));
    write_private(&new, &text)?;
    std::fs::rename(&new, path)
}

pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use chat_protocol::{JournalId, RoomName, Sequence, UserName};

    use super::*;

    #[test]
    fn what_is_remembered_comes_back_and_a_broken_file_is_no_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("state.toml");
        let mut memory = Memory::default();
        memory.begin(JournalId(uuid::Uuid::nil()));
        memory.remember(&RoomName::parse("ops").unwrap(), Sequence(41));
        memory.ignored.insert(UserName::parse("troll").unwrap());
        memory.muted.insert(RoomName::parse("build").unwrap());
        save_to(&path, "chat.lan:5005", memory.clone()).unwrap();
        save_to(&path, "unix:/x", Memory::default()).unwrap();
        assert_eq!(read(&path).servers.get("chat.lan:5005"), Some(&memory));
        std::fs::write(&path, "broken = [").unwrap();
        assert!(read(&path).servers.is_empty());
        save_to(&path, "chat.lan:5005", memory.clone()).unwrap();
        assert_eq!(read(&path).servers.get("chat.lan:5005"), Some(&memory));
        memory.begin(JournalId(uuid::Uuid::max()));
        assert!(memory.read.is_empty(), "another history");
        assert!(!memory.ignored.is_empty());
    }
}

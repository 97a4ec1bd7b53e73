//! What this machine remembers of a server from run to run: whom one ignores, which rooms are mute,
//! how far one has read. Pure; `state.rs` keeps it in a file. Read positions that the server keeps
//! for an account take the place of these.

use std::collections::{BTreeMap, BTreeSet};

use chat_protocol::{JournalId, RoomName, Sequence, UserName};
use serde::{Deserialize, Serialize};

use super::limits::READ_ROOMS_MAX;

/// What is remembered of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// The history that `read` belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) journal: Option<JournalId>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) ignored: BTreeSet<UserName>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) muted: BTreeSet<RoomName>,
    /// The last sequence that was read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) read: BTreeMap<RoomName, Sequence>,
}

impl Memory {
    /// Of another history nothing was read. False: it is another one than before.
    pub(crate) fn begin(&mut self, journal: JournalId) -> bool {
        let is_same = self.journal.replace(journal) == Some(journal);
        if !is_same {
            self.read.clear();
        }
        is_same
    }

    /// So far a room was read.
    pub(crate) fn remember(&mut self, room: &RoomName, seq: Sequence) {
        if seq > Sequence(0) && (self.read.len() < READ_ROOMS_MAX || self.read.contains_key(room)) {
            self.read.insert(room.clone(), seq);
        }
    }
}

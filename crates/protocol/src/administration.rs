//! What administrators are told: how the daemon is, its rooms, banned addresses. Shapes only.

use serde::{Deserialize, Serialize};

use crate::{LineText, Network, Role, RoomName, RoomSettings, Sequence, Timestamp, UserName};

/// How the daemon is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Its program and version.
    pub version: String,
    /// What it calls itself.
    pub server: String,
    /// For how long it has been running, in seconds; none: it does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_s: Option<u64>,
    /// Sessions by what they speak.
    pub sessions: Vec<SessionsInfo>,
    /// Users who are here.
    pub users: u64,
    /// Accounts there are.
    pub accounts: u64,
    /// Rooms with a name that somebody is in or looks at.
    pub rooms_live: u64,
    /// Rooms with a name that are stored.
    pub rooms_stored: u64,
    /// The journal on disk, in bytes, with what is not copied into it yet.
    pub journal_bytes: u64,
    /// Messages that wait to be indexed for searches.
    pub index_behind: u64,
    /// Addresses and networks that are banned.
    pub address_bans: u64,
    /// Limits that have hit since the start, and how often.
    pub limits: Vec<LimitInfo>,
}

/// Sessions that speak the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionsInfo {
    /// What: `native`, `line`, `irc`, `http`.
    pub speak: String,
    /// Plain ones.
    pub plain: u64,
    /// Encrypted ones.
    pub tls: u64,
}

/// A limit that has hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitInfo {
    /// Which.
    pub name: String,
    /// How often.
    pub hits: u64,
}

/// A ban of a room, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanInfo {
    /// Who.
    pub user: UserName,
    /// Until then; none: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LineText>,
}

/// A banned address or network, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressBan {
    /// Which.
    pub network: Network,
    /// Who banned it.
    pub by: String,
    /// When.
    pub since_ms: Timestamp,
    /// Until then; none: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "LineText::is_empty")]
    pub reason: LineText,
}

impl AddressBan {
    /// Is it still so?
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until_ms.is_none_or(|until| until > now)
    }
}

/// A room, in a list of all, with those that are hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRoomInfo {
    /// Its name.
    pub room: RoomName,
    /// How many are in it.
    pub members: u64,
    /// Its newest event.
    pub last: Sequence,
    /// What it is like.
    #[serde(default)]
    pub settings: RoomSettings,
}

/// All that is known of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomReport {
    /// Its name.
    pub room: RoomName,
    /// Its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<LineText>,
    /// What it is like.
    #[serde(default)]
    pub settings: RoomSettings,
    /// The first stored event that is kept.
    pub first: Sequence,
    /// The newest.
    pub last: Sequence,
    /// Who is in it, at most [`crate::limits::LIST_ENTRIES_MAX`].
    pub members: Vec<UserName>,
    /// How many are in it.
    pub members_total: u64,
    /// Whom it remembers, those with a role first, at most [`crate::limits::LIST_ENTRIES_MAX`].
    pub users: Vec<RoomUser>,
}

/// What a room remembers of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomUser {
    /// Who.
    pub user: UserName,
    /// What it is there.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
    /// It may enter, though the room is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invited: bool,
    /// It may not enter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned: Option<Limitation>,
    /// It may not speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<Limitation>,
}

/// Until when, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limitation {
    /// None: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<LineText>,
}

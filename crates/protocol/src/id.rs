//! Numbers and keys: who asked, which message, how far.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! unique {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// The dense per-room number of a journalled event: 1, 2, 3, … never reused. 0 is "before the
    /// first".
    Sequence
}

number! {
    /// What a client calls its request; the answer carries it back.
    RequestId
}

number! {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    Timestamp
}

number! {
    /// Where a search goes on: what is older than this is not told yet. Of one journal, and of no
    /// meaning otherwise.
    SearchCursor
}

unique! {
    /// Chosen by the sender of a message, unique for its identity: a retry with the same key
    /// returns the first result.
    MessageKey
}

unique! {
    /// The permanent id behind a user: an account's, or a random one issued to a guest.
    Identity
}

/// What is kept of each identity. They are random and given by the server, so half of one is a good hash
/// of it, whatever people try.
pub type ByIdentity<T> = HashMap<Identity, T, BuildHasherDefault<IdentityHasher>>;

/// The hash of an identity: its first eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    /// The length of what comes, which is always the same.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

unique! {
    /// The random id of one history, renewed by a restore.
    JournalId
}

impl Sequence {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// How far a client has read in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The history that the sequence belongs to.
    pub journal: JournalId,
    /// The room.
    pub room: crate::RoomName,
    /// The last sequence read.
    pub seq: Sequence,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn identities_have_hashes_of_their_own() {
        let hasher = BuildHasherDefault::<IdentityHasher>::default();
        let identities = || (0..1_000).map(|n: u128| Identity(Uuid::from_u128(n << 64 | 7)));
        let hashes: HashSet<u64> = identities().map(|identity| hasher.hash_one(identity)).collect();
        assert_eq!(hashes.len(), 1_000);
        let kept: ByIdentity<u8> = identities().map(|identity| (identity, 1)).collect();
        assert_eq!(kept.len(), 1_000);
    }
}

//! What goes into the journal, and what comes back.

use std::fmt;

use chat_protocol::event::{Original, TopicSet};
use chat_protocol::{
    Identity, LineText, MessageKey, MessageText, Refusal, RoomChange, RoomName, SayKind, Sequence,
    Timestamp, UserName,
};
use uuid::Uuid;

use super::{Admission, Remembered, Ticket};
use crate::policy::{Rules, Secret};

/// A room's number in the journal, from 1; below 2^23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomId(pub(crate) i64);

impl RoomId {
    /// The room of a message's id.
    pub(super) const fn of_message(id: i64) -> Self {
        Self(id >> super::apply::SEQUENCE_BITS)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What makes a room the same room: its folded name, or the two identities of a direct room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RoomKey {
    /// A room that has a name.
    Named(RoomName),
    /// A room of two; the smaller identity first.
    Direct(Identity, Identity),
}

impl RoomKey {
    /// The direct room of two identities, whoever begins.
    pub(crate) fn direct(one: Identity, other: Identity) -> Self {
        Self::Direct(one.min(other), one.max(other))
    }

    /// As the database has it.
    pub(super) fn stored(&self) -> String {
        match self {
            Self::Named(name) => format!("#{}", name.folded()),
            Self::Direct(one, other) => format!("@{one}{other}"),
        }
    }

    /// What [`stored`](Self::stored) and [`shown`](Self::shown) made of a room, again.
    ///
    /// # Errors
    /// In words: they do not belong together, or no room has these.
    pub(super) fn restored(stored: &str, shown: &str) -> Result<Self, String> {
        let key = match stored.strip_prefix('@') {
            None => RoomName::parse(shown).map(Self::Named).map_err(|error| error.to_string())?,
            Some(pair) => {
                let (one, other) = pair.split_at_checked(pair.len() / 2).unwrap_or_default();
                let identity = |text: &str| text.parse::<Uuid>().map(Identity);
                match (identity(one), identity(other)) {
                    (Ok(one), Ok(other)) => Self::direct(one, other),
                    (Ok(_) | Err(_), _) => {
                        return Err(format!("key {stored:?} names no two users"));
                    }
                }
            }
        };
        if key.stored() == stored && key.shown() == shown {
            Ok(key)
        } else {
            Err(format!("key {stored:?} is not that of {shown:?}"))
        }
    }

    /// As people see it; a direct room has no name of its own.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Named(name) => name.as_str(),
            Self::Direct(..) => "",
        }
    }
}

/// What a room has decided to store.
#[derive(Debug)]
pub(crate) struct Record {
    /// Who.
    pub(crate) author: Identity,
    /// Its name, now.
    pub(crate) name: UserName,
    /// It is an account, which may be called otherwise; a program; not stored.
    pub(crate) is_account: bool,
    pub(crate) account_name: Option<UserName>,
    pub(crate) is_bot: bool,
    /// What.
    pub(crate) body: Body,
    /// A retry with the same key returns the first result.
    pub(crate) key: Option<MessageKey>,
    /// It is refused, unless it is a retry of what was stored when it was still allowed.
    pub(crate) refusal: Option<Refusal>,
    /// Where the author's session waits for the result.
    pub(crate) ticket: Ticket,
}

/// What can be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Somebody said something.
    Message {
        /// What.
        text: MessageText,
        /// How it is meant.
        kind: SayKind,
        /// Which earlier message it answers.
        reply_to: Option<Sequence>,
    },
    /// Somebody changed the topic.
    Topic(LineText),
    /// Somebody deleted a message.
    Deletion {
        /// Which.
        target: Sequence,
        /// Anybody's, not only one's own; not stored.
        of_anybody: bool,
        /// When that was said, and who said it; found when it is deleted.
        original: Option<Box<Original>>,
        /// Why.
        reason: Option<LineText>,
    },
    /// Somebody changed the room.
    Change(Box<Change>),
    /// Here was a message; only read, never recorded.
    Tombstone,
}

/// A change of a room, and of what it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// To whom it is done, if it is done to somebody.
    pub(crate) target: Option<Identity>,
    /// By what name that one is remembered, if not by the one that it has; not stored here.
    pub(crate) known_as: Option<UserName>,
    /// What.
    pub(crate) change: RoomChange,
    /// Of an invitation: whoever invites keeps order, so it holds also where the room is full, or a mask
    /// bans; not stored here.
    pub(crate) passes_all: bool,
    /// The room's new key; not stored here.
    pub(crate) secret: Option<Secret>,
}

/// What a room wants to be stored at once.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    /// In this order.
    pub(crate) records: Vec<Record>,
    /// Before them: nothing is remembered of these any more.
    pub(crate) forgotten: Vec<Identity>,
    /// Behind them.
    pub(crate) admissions: Vec<Admission>,
    /// Who has made the room, until it is stored.
    pub(crate) founder: Option<(Identity, UserName)>,
}

/// What is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its number in the room.
    pub(crate) sequence: Sequence,
    /// When; never before the one before it.
    pub(crate) time: Timestamp,
    /// Who.
    pub(crate) author: Identity,
    /// Its name, then.
    pub(crate) name: UserName,
    /// It is an account, which may be called otherwise.
    pub(crate) is_account: bool,
    pub(crate) account_name: Option<UserName>,
    /// It says of itself that it is a program; read again, nobody knows.
    pub(crate) is_bot: bool,
    /// What.
    pub(crate) body: Body,
    /// The sender's key.
    pub(crate) key: Option<MessageKey>,
}

/// A room as the journal has it when its actor starts.
#[derive(Debug)]
pub(crate) struct OpenedRoom {
    /// Its number.
    pub(crate) id: RoomId,
    /// Its name as whoever made it wrote it; none: a direct room.
    pub(crate) name: Option<RoomName>,
    /// When its first event was stored, as far as that is known.
    pub(crate) since: Option<Timestamp>,
    /// The first stored event that is kept.
    pub(crate) first: Sequence,
    /// The newest stored event; 0: none yet.
    pub(crate) last: Sequence,
    /// Its topic; empty: none.
    pub(crate) topic: LineText,
    /// Who set that.
    pub(crate) topic_set: Option<TopicSet>,
    /// What it is like.
    pub(crate) rules: Rules,
    /// What it remembers of users.
    pub(crate) remembered: Vec<Remembered>,
}

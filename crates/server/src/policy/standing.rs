//! What a room remembers of a user, what it is like, and what follows from both for who may read.
//! Pure; stored by the journal, kept by the room.

use std::fmt;

use chat_protocol::{
    LineText, Refusal, Role, RoomAddress, RoomChange, RoomName, RoomSecret, RoomSettings, Sequence,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a room is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// As everybody in it may know.
    pub(crate) settings: RoomSettings,
    /// What is known of its key.
    pub(crate) secret: Option<Secret>,
}

/// A room's key, hashed with the room's name. It is no better guarded than what is said in the room,
/// which stands beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

impl Secret {
    /// Of a key that somebody typed.
    pub(crate) fn of(room: &RoomName, key: &RoomSecret) -> Self {
        let hash = Sha256::new().chain_update(room.folded()).chain_update([0]);
        Self(hash.chain_update(key.reveal().trim()).finalize().into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Somebody may not do something, for a while or until it is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restriction {
    /// None: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until_ms: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<LineText>,
}

impl Restriction {
    /// Is it still so?
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.until_ms.is_none_or(|until| until > now)
    }

    /// To whom is banned.
    pub(crate) fn as_ban(&self, room: &RoomAddress, now: Timestamp) -> Refusal {
        let (left_ms, reason) = (self.left_ms(now), self.reason.clone());
        Refusal::Banned { room: room.clone(), left_ms, reason }
    }

    /// To whom is muted.
    pub(crate) fn as_mute(&self, room: &RoomAddress, now: Timestamp) -> Refusal {
        let (left_ms, reason) = (self.left_ms(now), self.reason.clone());
        Refusal::Muted { room: room.clone(), left_ms, reason }
    }

    fn left_ms(&self, now: Timestamp) -> Option<u64> {
        self.until_ms.map(|until| until.0.saturating_sub(now.0))
    }
}

/// What a room remembers of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Standing {
    /// Who it is there.
    #[serde(skip_serializing_if = "Role::is_member")]
    pub(crate) role: Role,
    /// It may enter a closed room: it was invited, or has entered before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_admitted: bool,
    /// It was invited by somebody who keeps order, and has not entered since: it may also where the
    /// room is full, or a mask bans.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_invited: bool,
    /// Of a private room it sees what comes behind this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behind: Option<Sequence>,
    /// It was put out here, and sees nothing of what comes behind until it enters again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<Sequence>,
    /// It may not enter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ban: Option<Restriction>,
    /// It may not speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mute: Option<Restriction>,
}

impl Standing {
    /// After this was done to it, as event `seq`; `passes_all`: it is an invitation by somebody who
    /// keeps order. What becomes of the others is in [`Self::gave_way`].
    pub(crate) fn suffered(&mut self, change: &RoomChange, passes_all: bool, seq: Sequence) {
        match change {
            RoomChange::Invited { .. } => {
                self.is_admitted = true;
                self.is_invited |= passes_all;
                self.behind.get_or_insert(Sequence(seq.0.saturating_sub(1)));
            }
            RoomChange::Kicked { .. } => self.put_out(seq),
            RoomChange::Banned { until_ms, reason, .. } => {
                self.role = Role::Member;
                self.put_out(seq);
                let (until_ms, reason) = (*until_ms, reason.clone());
                self.ban = Some(Restriction { until_ms, reason });
            }
            RoomChange::Unbanned { .. } => self.ban = None,
            RoomChange::Muted { until_ms, reason, .. } => {
                let (until_ms, reason) = (*until_ms, reason.clone());
                self.mute = Some(Restriction { until_ms, reason });
            }
            RoomChange::Unmuted { .. } => self.mute = None,
            RoomChange::Role { role, .. } => self.role = *role,
            RoomChange::Transferred { .. } => self.role = Role::Owner,
            RoomChange::Set { .. } | RoomChange::Unknown => {}
        }
    }

    /// After this was done to somebody else: a room has one owner.
    pub(crate) const fn gave_way(&mut self, change: &RoomChange) {
        match change {
            RoomChange::Transferred { .. } if matches!(self.role, Role::Owner) => {
                self.role = Role::Operator;
            }
            RoomChange::Transferred { .. }
            | RoomChange::Invited { .. }
            | RoomChange::Kicked { .. }
            | RoomChange::Banned { .. }
            | RoomChange::Unbanned { .. }
            | RoomChange::Muted { .. }
            | RoomChange::Unmuted { .. }
            | RoomChange::Role { .. }
            | RoomChange::Set { .. }
            | RoomChange::Unknown => {}
        }
    }

    /// It has entered; of a private room it sees what comes behind this event, or what it saw
    /// before.
    pub(crate) fn admit(&mut self, behind: Sequence) {
        self.is_admitted = true;
        self.is_invited = false;
        self.behind.get_or_insert(behind);
        self.cut = None;
    }

    /// Who may enter is asked anew.
    pub(crate) const fn ask_anew(&mut self) {
        self.is_admitted = false;
        self.is_invited = false;
    }

    /// Who is put out keeps its role: else who keeps order could take the room from its owner, by a
    /// kick. A door that is closed is closed to it when it comes back, unless it keeps order there.
    fn put_out(&mut self, seq: Sequence) {
        self.is_invited = false;
        if self.role < Role::Operator {
            self.is_admitted = false;
            self.behind = None;
        }
        self.cut = Some(seq);
    }

    /// Nothing needs to be remembered.
    pub(crate) fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

/// Who may read a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everybody, all of it.
    #[default]
    All,
    /// Who is in it, what came since it entered.
    Stay,
    /// Who is in it, what came since it was let in; to others it is not there.
    Private,
    /// Who is in it, what came since it entered; to others it is not there.
    PrivateStay,
}

/// A part of a room's history: what comes behind `behind`, up to `through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) behind: Sequence,
    pub(crate) through: Sequence,
}

impl Visibility {
    pub(crate) const fn of(settings: &RoomSettings) -> Self {
        match (settings.is_private(), settings.no_history) {
            (false, false) => Self::All,
            (false, true) => Self::Stay,
            (true, false) => Self::Private,
            (true, true) => Self::PrivateStay,
        }
    }

    /// To who is not in it, it is not there.
    pub(crate) const fn is_private(self) -> bool {
        matches!(self, Self::Private | Self::PrivateStay)
    }

    /// What somebody may read. `since`: it is in the room, from behind this event on. `cut`: it, or
    /// its name, was put out here. None: nothing.
    pub(crate) fn extent(
        self,
        standing: Option<&Standing>,
        since: Option<Sequence>,
        cut: Option<Sequence>,
    ) -> Option<Extent> {
        let let_in = standing.and_then(|standing| standing.behind);
        let behind = match self {
            Self::All => Sequence(0),
            Self::Stay | Self::PrivateStay => since?,
            Self::Private => let_in.unwrap_or(since?),
        };
        Some(Extent { behind, through: cut.unwrap_or(Extent::ALL.through) })
    }
}

impl Extent {
    /// All of it.
    pub(crate) const ALL: Self = Self { behind: Sequence(0), through: Sequence(u64::MAX - 1) };

    /// Is this event in it?
    pub(crate) fn has(&self, seq: Sequence) -> bool {
        self.behind < seq && seq <= self.through
    }
}

//! What a room is like, who somebody is in it, and what can change in it. Never decides who may
//! change it, and never asks a clock.

mod mask;
mod setting;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::moment::age_text;
use crate::{LineText, Timestamp, UserName};
pub use mask::{HeldMask, Mask, MaskError, MaskList, Masked};
pub use setting::{RoomSecret, Setting, SettingError};

/// Who somebody is in a room; each may what those before it may.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// In it.
    #[default]
    Member,
    /// Speaks when the room is moderated.
    Voice,
    /// Keeps order.
    Operator,
    /// The room is its.
    Owner,
}

impl Role {
    /// Nothing beyond being in it.
    #[must_use]
    pub fn is_member(&self) -> bool {
        *self == Self::Member
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Member => "member",
            Self::Voice => "voice",
            Self::Operator => "operator",
            Self::Owner => "owner",
        })
    }
}

/// Who may enter a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everybody.
    #[default]
    Open,
    /// Who was invited.
    Invite,
    /// Who knows the key, and who was invited.
    Key,
}

/// What a room is like. A field that is not told has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomSettings {
    /// Who may enter.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Access,
    /// It is in no list, and there for nobody who is not in it.
    #[serde(skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// Only who has voice speaks, and operators.
    #[serde(skip_serializing_if = "is_default")]
    pub moderated: bool,
    /// Only operators speak.
    #[serde(skip_serializing_if = "is_default")]
    pub announcement: bool,
    /// So many seconds are between two messages of a member; 0: no such rule.
    #[serde(skip_serializing_if = "is_default")]
    pub slow_s: u64,
    /// No more members than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members_max: Option<u64>,
    /// Nothing older than so many seconds is kept, whatever the server keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_s: Option<u64>,
    /// No more events than the newest so many are kept, whatever the server keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_events: Option<u64>,
    /// Who enters sees only what comes from then on, and little is kept.
    #[serde(skip_serializing_if = "is_default")]
    pub no_history: bool,
    /// Only operators change the topic.
    #[serde(skip_serializing_if = "is_default")]
    pub topic_by_operators: bool,
    /// Who is not in it may speak there too.
    #[serde(skip_serializing_if = "is_default")]
    pub external: bool,
    /// Whom it means by patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<HeldMask>,
}

/// What has changed in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum RoomChange {
    /// Somebody may enter.
    Invited {
        /// Who.
        user: UserName,
    },
    /// Somebody was put out, and is in the room no more. No `left` follows.
    Kicked {
        /// Who.
        user: UserName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Somebody was put out if it was in, and may not enter. No `left` follows.
    Banned {
        /// Who.
        user: UserName,
        /// Until when; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<Timestamp>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Somebody may enter again.
    Unbanned {
        /// Who.
        user: UserName,
    },
    /// Somebody may not speak.
    Muted {
        /// Who.
        user: UserName,
        /// Until when; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<Timestamp>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Somebody may speak again.
    Unmuted {
        /// Who.
        user: UserName,
    },
    /// Somebody is something else in the room than before.
    Role {
        /// Who.
        user: UserName,
        /// Now.
        role: Role,
        /// Before.
        was: Role,
    },
    /// The room has another owner; the former one is an operator.
    Transferred {
        /// Whose it is.
        to: UserName,
    },
    /// The room is otherwise than before.
    Set {
        /// What was set; a key is not told.
        set: Setting,
    },
    /// Something that a newer server knows.
    #[serde(other)]
    Unknown,
}

impl RoomSettings {
    /// Only who is in it may read there, or know of it.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.hidden || matches!(self.access, Access::Invite | Access::Key)
    }

    /// Does a mask of this list mean this one?
    #[must_use]
    pub fn means(&self, list: MaskList, who: &Masked<'_>) -> bool {
        self.masks.iter().any(|held| held.list == list && held.mask.matches(who))
    }

    /// Is this mask in this list?
    #[must_use]
    pub fn has_mask(&self, list: MaskList, mask: &Mask) -> bool {
        self.masks.iter().any(|held| held.list == list && held.mask == *mask)
    }

    /// The same with one thing set.
    pub fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::Access { access, .. } => self.access = *access,
            Setting::Hidden { on } => self.hidden = *on,
            Setting::Moderated { on } => self.moderated = *on,
            Setting::Announcement { on } => self.announcement = *on,
            Setting::Slow { seconds } => self.slow_s = *seconds,
            Setting::Members { max } => self.members_max = *max,
            Setting::Keep { seconds, events } => {
                self.keep_s = *seconds;
                self.keep_events = *events;
            }
            Setting::History { on } => self.no_history = !*on,
            Setting::Topic { operators } => self.topic_by_operators = *operators,
            Setting::External { on } => self.external = *on,
            Setting::Mask { list, mask, on, by, time_ms } => {
                self.masks.retain(|held| held.list != *list || held.mask != *mask);
                if *on {
                    let (mask, by, time_ms) = (mask.clone(), by.clone(), *time_ms);
                    self.masks.push(HeldMask { list: *list, mask, by, time_ms });
                }
            }
            Setting::Unknown => {}
        }
    }

    /// In words, a few of them for each thing that is not as usual.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let usual = Self::default();
        let keep = Setting::Keep { seconds: self.keep_s, events: self.keep_events };
        let all = [
            (self.access != usual.access).then(|| self.access.to_string()),
            self.hidden.then(|| "hidden".to_owned()),
            self.moderated.then(|| "moderated".to_owned()),
            self.announcement.then(|| "for announcements".to_owned()),
            (self.slow_s > 0).then(|| Setting::Slow { seconds: self.slow_s }.to_string()),
            self.members_max.map(|max| Setting::Members { max: Some(max) }.to_string()),
            (self.keep_s.is_some() || self.keep_events.is_some()).then(|| keep.to_string()),
            self.no_history.then(|| Setting::History { on: false }.to_string()),
            self.topic_by_operators.then(|| Setting::Topic { operators: true }.to_string()),
            self.external.then(|| Setting::External { on: true }.to_string()),
        ];
        let masks = MaskList::ALL.into_iter().filter_map(|(word, list)| {
            let held = self.masks.iter().filter(|held| held.list == list);
            let masks: Vec<String> = held.map(|held| held.mask.to_string()).collect();
            (!masks.is_empty()).then(|| format!("mask {word}: {}", masks.join(" ")))
        });
        all.into_iter().flatten().chain(masks).collect()
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open to all",
            Self::Invite => "by invitation",
            Self::Key => "with a key",
        })
    }
}

impl RoomChange {
    /// What somebody did then, in words: behind its name.
    #[must_use]
    pub fn in_words(&self, time: Timestamp) -> String {
        match self {
            Self::Invited { user } => format!("invited {user}"),
            Self::Kicked { user, reason } => format!("kicked {user}{}", why(reason.as_ref())),
            Self::Banned { user, until_ms, reason } => {
                format!("banned {user}{}{}", span(time, *until_ms), why(reason.as_ref()))
            }
            Self::Unbanned { user } => format!("lifted the ban of {user}"),
            Self::Muted { user, until_ms, reason } => {
                format!("muted {user}{}{}", span(time, *until_ms), why(reason.as_ref()))
            }
            Self::Unmuted { user } => format!("unmuted {user}"),
            Self::Role { user, role: Role::Operator, .. } => format!("made {user} operator"),
            Self::Role { user, role: Role::Voice, .. } => format!("gave {user} voice"),
            Self::Role { user, was: Role::Operator, .. } => {
                format!("made {user} operator no longer")
            }
            Self::Role { user, was: Role::Voice, .. } => format!("took {user}'s voice"),
            Self::Role { user, role, .. } => format!("made {user} {role}"),
            Self::Transferred { to } => format!("gave the room to {to}"),
            Self::Set { set } => format!("set {set}"),
            Self::Unknown => "changed the room".to_owned(),
        }
    }

    /// To whom it is done, if it is done to somebody.
    #[must_use]
    pub const fn user(&self) -> Option<&UserName> {
        match self {
            Self::Invited { user }
            | Self::Kicked { user, .. }
            | Self::Banned { user, .. }
            | Self::Unbanned { user }
            | Self::Muted { user, .. }
            | Self::Unmuted { user }
            | Self::Role { user, .. }
            | Self::Transferred { to: user } => Some(user),
            Self::Set { .. } | Self::Unknown => None,
        }
    }

    /// This one may read there no longer, whether it was in the room or only watched it.
    #[must_use]
    pub const fn puts_out(&self) -> Option<&UserName> {
        match self {
            Self::Kicked { user, .. } | Self::Banned { user, .. } => Some(user),
            Self::Invited { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Transferred { .. }
            | Self::Set { .. }
            | Self::Unknown => None,
        }
    }

    /// From here on only members may read there.
    #[must_use]
    pub const fn closes(&self) -> bool {
        match self {
            Self::Set { set: Setting::Access { access, .. } } => {
                matches!(access, Access::Invite | Access::Key)
            }
            Self::Set { set: Setting::Hidden { on } } => *on,
            Self::Set { set: _ }
            | Self::Kicked { .. }
            | Self::Banned { .. }
            | Self::Invited { .. }
            | Self::Unbanned { .. }
            | Self::Muted { .. }
            | Self::Unmuted { .. }
            | Self::Role { .. }
            | Self::Transferred { .. }
            | Self::Unknown => false,
        }
    }
}

fn why(reason: Option<&LineText>) -> String {
    let reason = reason.filter(|reason| !reason.as_str().is_empty());
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn span(time: Timestamp, until: Option<Timestamp>) -> String {
    let until = until.map(|until| until.0.saturating_sub(time.0));
    until.map(|ms| format!(" for {}", age_text(ms))).unwrap_or_default()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let set = Setting::parse("key", "open sesame").unwrap();
        assert!(!format!("{set:?}{set}").contains("sesame"));
        let told = serde_json::to_string(&RoomChange::Set { set: set.without_key() }).unwrap();
        assert_eq!(told, r#"{"change":"set","set":{"setting":"access","access":"key"}}"#);
    }

    #[test]
    fn a_change_reads_as_a_sentence() {
        let (bob, spam) = (UserName::parse("bob").unwrap(), LineText::parse("spam").ok());
        let now = Timestamp(1_000);
        let until = Some(Timestamp(7_201_000));
        for (change, words) in [
            (RoomChange::Kicked { user: bob.clone(), reason: spam.clone() }, "kicked bob: spam"),
            (
                RoomChange::Banned { user: bob.clone(), until_ms: until, reason: spam },
                "banned bob for 2h: spam",
            ),
            (RoomChange::Muted { user: bob.clone(), until_ms: None, reason: None }, "muted bob"),
            (
                RoomChange::Role { user: bob, role: Role::Member, was: Role::Operator },
                "made bob operator no longer",
            ),
        ] {
            assert_eq!(change.in_words(now), words);
        }
    }

    #[test]
    fn a_change_of_a_newer_server_is_read() {
        let newer = r#"{"change":"renumbered","by":7}"#;
        assert_eq!(serde_json::from_str::<RoomChange>(newer).unwrap(), RoomChange::Unknown);
    }
}

//! One thing about a room that can be set: how it is typed, what it may be, and its words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Access, Mask, MaskList};
use crate::limits::{KEEP_S_MIN, MEMBERS_MIN, SLOW_S_MAX};
use crate::moment::{age_text, parse_span};
use crate::{LineText, Timestamp, UserName};

/// One thing about a room that can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "setting", rename_all = "snake_case")]
pub enum Setting {
    /// Who may enter.
    Access {
        /// Who.
        access: Access,
        /// With [`Access::Key`]: the key. Asked for, and never told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<RoomSecret>,
    },
    /// In no list.
    Hidden {
        /// Is it?
        on: bool,
    },
    /// Only who has voice speaks.
    Moderated {
        /// Is it?
        on: bool,
    },
    /// Only operators speak.
    Announcement {
        /// Is it?
        on: bool,
    },
    /// How long a member waits between two messages.
    Slow {
        /// In seconds; 0: not at all.
        seconds: u64,
    },
    /// How many may be in it.
    Members {
        /// None: as many as come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
    },
    /// How much is kept. What the server is configured to keep is the most.
    Keep {
        /// Nothing older, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
        /// No more events than these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        events: Option<u64>,
    },
    /// Who enters is shown what was before.
    History {
        /// Is it?
        on: bool,
    },
    /// Who changes the topic.
    Topic {
        /// Only operators.
        operators: bool,
    },
    /// Who is not in it may speak there too.
    External {
        /// May it?
        on: bool,
    },
    /// Whom it means by a pattern.
    Mask {
        /// For what.
        list: MaskList,
        /// Whom.
        mask: Mask,
        /// Does it, or no longer?
        on: bool,
        /// Who set it. Told, and never asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserName>,
        /// When. Told, and never asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_ms: Option<Timestamp>,
    },
    /// Something that a newer server or client knows.
    #[serde(other)]
    Unknown,
}

/// A room's key, as somebody types it. Never shown, never stored as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomSecret(LineText);

impl RoomSecret {
    /// Keeps it.
    #[must_use]
    pub const fn new(key: LineText) -> Self {
        Self(key)
    }

    /// For comparing, and for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for RoomSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomSecret")
    }
}

/// Why a setting is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such thing.
    #[error(
        "a room has access, key, hidden, moderated, announcement, slow, members, keep, history, topic, external and mask, and no {name}"
    )]
    Unknown {
        /// What was typed, harmless to show.
        name: String,
    },
    /// It is there, and that is no value of it.
    #[error("{name} is {expected}")]
    Value {
        /// What is set.
        name: &'static str,
        /// What it may be.
        expected: String,
    },
}

impl Setting {
    /// Reads `slow` and `30s`. `-` is what a room has from the start.
    ///
    /// # Errors
    /// [`SettingError`] says what it may be.
    pub fn parse(name: &str, value: &str) -> Result<Self, SettingError> {
        let name = name.to_ascii_lowercase();
        let setting = match name.as_str() {
            "access" => match value {
                "-" | "open" => Self::Access { access: Access::Open, key: None },
                "invite" => Self::Access { access: Access::Invite, key: None },
                _ => return Err(wrong("access", "open or invite; key WORD asks for a key")),
            },
            "key" => match value {
                "-" => Self::Access { access: Access::Open, key: None },
                key => {
                    let key = LineText::parse(key);
                    let key = key.map_err(|_| wrong("key", "a word or two"))?;
                    Self::Access { access: Access::Key, key: Some(RoomSecret(key)) }
                }
            },
            "hidden" => Self::Hidden { on: switch("hidden", value)? },
            "moderated" => Self::Moderated { on: switch("moderated", value)? },
            "announcement" => Self::Announcement { on: switch("announcement", value)? },
            "slow" => match value {
                "-" | "off" => Self::Slow { seconds: 0 },
                value => match parse_span(value) {
                    Some(ms) => Self::Slow { seconds: ms.div_ceil(1_000) },
                    None => return Err(wrong("slow", "a time (30s, 2m) or off")),
                },
            },
            "members" => match value {
                "-" | "off" => Self::Members { max: None },
                value => match value.parse() {
                    Ok(max) => Self::Members { max: Some(max) },
                    Err(_) => return Err(wrong("members", "a number or off")),
                },
            },
            "keep" => keep(value)?,
            "history" => match value {
                "-" => Self::History { on: true },
                value => Self::History { on: switch("history", value)? },
            },
            "topic" => match value {
                "-" | "all" => Self::Topic { operators: false },
                "operators" => Self::Topic { operators: true },
                _ => return Err(wrong("topic", "operators or all")),
            },
            "external" => Self::External { on: switch("external", value)? },
            "mask" => mask(value)?,
            _ => {
                let name = name.chars().take(32).collect::<String>().escape_debug().to_string();
                return Err(SettingError::Unknown { name });
            }
        };
        setting.check()?;
        Ok(setting)
    }

    /// A setting that came over the wire is checked here; [`Self::parse`] has done it.
    ///
    /// # Errors
    /// [`SettingError`] says what it may be.
    pub fn check(&self) -> Result<(), SettingError> {
        match self {
            Self::Access { access: Access::Key, key }
                if key.as_ref().is_none_or(|key| key.reveal().trim().is_empty()) =>
            {
                Err(wrong("key", "a word or two"))
            }
            Self::Slow { seconds } if *seconds > SLOW_S_MAX => {
                Err(wrong("slow", &format!("up to {}", age_text(SLOW_S_MAX * 1_000))))
            }
            Self::Members { max: Some(max) } if *max < MEMBERS_MIN => {
                Err(wrong("members", &format!("{MEMBERS_MIN} or more")))
            }
            Self::Keep { seconds: Some(seconds), .. } if *seconds < KEEP_S_MIN => {
                Err(wrong("keep", &format!("{} or longer", age_text(KEEP_S_MIN * 1_000))))
            }
            Self::Keep { events: Some(0), .. } => Err(wrong("keep", "one event or more")),
            Self::Unknown => Err(SettingError::Unknown { name: "such thing".to_owned() }),
            Self::Access { .. }
            | Self::Hidden { .. }
            | Self::Moderated { .. }
            | Self::Announcement { .. }
            | Self::Slow { .. }
            | Self::Members { .. }
            | Self::Keep { .. }
            | Self::History { .. }
            | Self::Topic { .. }
            | Self::External { .. }
            | Self::Mask { .. } => Ok(()),
        }
    }

    /// As everybody may be told it.
    #[must_use]
    pub fn without_key(&self) -> Self {
        let mut told = self.clone();
        if let Self::Access { key, .. } = &mut told {
            *key = None;
        }
        told
    }
}

fn wrong(name: &'static str, expected: &str) -> SettingError {
    SettingError::Value { name, expected: expected.to_owned() }
}

fn switch(name: &'static str, value: &str) -> Result<bool, SettingError> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "yes" => Ok(true),
        "off" | "no" | "-" => Ok(false),
        _ => Err(wrong(name, "on or off")),
    }
}

/// `ban bob*`, `-ban bob*`
fn mask(value: &str) -> Result<Setting, SettingError> {
    let (word, pattern) = value.split_once(' ').unwrap_or((value, ""));
    let (word, on) = word.strip_prefix('-').map_or((word, true), |word| (word, false));
    let list = MaskList::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    let Some((_, list)) = list else {
        let expected = "ban, mute, except, speak or invite (with - in front: no longer) and a name, \
                        as in: mask ban bob*";
        return Err(wrong("mask", expected));
    };
    let mask = Mask::parse(pattern.trim()).map_err(|error| wrong("mask", &error.to_string()))?;
    Ok(Setting::Mask { list, mask, on, by: None, time_ms: None })
}

/// `7d`, `5000`, `7d 5000`, `-`
fn keep(value: &str) -> Result<Setting, SettingError> {
    let (mut seconds, mut events) = (None, None);
    for word in value.split_whitespace().filter(|word| !matches!(*word, "-" | "off")) {
        if let Ok(count) = word.parse() {
            events = Some(count);
        } else if let Some(ms) = parse_span(word) {
            seconds = Some(ms / 1_000);
        } else {
            return Err(wrong("keep", "an age (7d), a number of events (5000), both, or off"));
        }
    }
    Ok(Setting::Keep { seconds, events })
}

/// What was set, in words: behind "set".
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switched = |on: &bool| if *on { "on" } else { "off" };
        match self {
            Self::Access { access, .. } => write!(f, "access: {access}"),
            Self::Hidden { on } => write!(f, "hidden: {}", switched(on)),
            Self::Moderated { on } => write!(f, "moderated: {}", switched(on)),
            Self::Announcement { on } => write!(f, "announcement: {}", switched(on)),
            Self::Slow { seconds: 0 } => f.write_str("slow: off"),
            Self::Slow { seconds } => write!(f, "slow: {}", age_text(seconds * 1_000)),
            Self::Members { max: None } => f.write_str("members: any number"),
            Self::Members { max: Some(max) } => write!(f, "members: up to {max}"),
            Self::Keep { seconds: None, events: None } => {
                f.write_str("keep: as long as the server does")
            }
            Self::Keep { seconds, events } => {
                let age = seconds.map(|seconds| age_text(seconds.saturating_mul(1_000)));
                let events = events.map(|events| format!("{events} events"));
                let parts: Vec<String> = [age, events].into_iter().flatten().collect();
                write!(f, "keep: {}", parts.join(", "))
            }
            Self::History { on } => write!(f, "history: {}", switched(on)),
            Self::Topic { operators: true } => f.write_str("topic: by operators"),
            Self::Topic { operators: false } => f.write_str("topic: by all"),
            Self::External { on } => write!(f, "external: {}", switched(on)),
            Self::Mask { list, mask, on: true, .. } => write!(f, "mask {list}: {mask}"),
            Self::Mask { list, mask, on: false, .. } => write!(f, "mask {list}: no longer {mask}"),
            Self::Unknown => f.write_str("something new"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_set_and_its_words_say_so() {
        for (typed, words) in [
            ("access invite", "access: by invitation"),
            ("key open sesame", "access: with a key"),
            ("key -", "access: open to all"),
            ("Hidden on", "hidden: on"),
            ("moderated -", "moderated: off"),
            ("announcement yes", "announcement: on"),
            ("slow 90s", "slow: 1m30s"),
            ("slow off", "slow: off"),
            ("members 12", "members: up to 12"),
            ("members -", "members: any number"),
            ("keep 10d", "keep: 10d"),
            ("keep 10d 500", "keep: 10d, 500 events"),
            ("keep -", "keep: as long as the server does"),
            ("history off", "history: off"),
            ("topic operators", "topic: by operators"),
            ("external on", "external: on"),
            ("mask ban Bob*", "mask ban: bob*"),
            ("mask -Mute a:bob", "mask mute: no longer a:bob"),
        ] {
            let (name, value) = typed.split_once(' ').unwrap();
            assert_eq!(Setting::parse(name, value).unwrap().to_string(), words, "{typed}");
        }
        for typed in [
            "access key",
            "key ",
            "hidden maybe",
            "slow 3",
            "slow 2w",
            "members 0",
            "members many",
            "keep 1s",
            "keep 0",
            "keep long",
            "topic nobody",
            "mask bob",
            "mask ban",
            "mask kick bob",
            "mask ban bob@host",
            "colour red",
        ] {
            let (name, value) = typed.split_once(' ').unwrap();
            assert!(Setting::parse(name, value).is_err(), "{typed}");
        }
    }
}

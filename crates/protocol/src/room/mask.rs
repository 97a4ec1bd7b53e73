//! Masks: whom a room means by a pattern, also those who have not come yet. Compares; never decides
//! what follows.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::MASK_BYTES_MAX;
use crate::{Timestamp, UserName, glob};

/// A list of masks, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskList {
    /// These may not enter.
    Ban,
    /// These may not speak.
    Mute,
    /// To these, neither of the two applies.
    Except,
    /// To these, no mute applies.
    Speak,
    /// These may enter where one needs an invitation.
    Invite,
}

impl MaskList {
    /// All of them, by the words that are typed.
    pub const ALL: [(&str, Self); 5] = [
        ("ban", Self::Ban),
        ("mute", Self::Mute),
        ("except", Self::Except),
        ("speak", Self::Speak),
        ("invite", Self::Invite),
    ];
}

impl fmt::Display for MaskList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, list)| list == self).map_or("", |(word, _)| *word);
        f.write_str(word)
    }
}

/// A pattern with `*` and `?`, for names (`ba*`), names and what clients call their users
/// (`ba*!login`), or accounts (`a:ba*`). Case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mask {
    /// Whoever has such a name.
    User {
        /// The name.
        name: String,
        /// What its client calls it, or its name; none: anything.
        login: Option<String>,
    },
    /// Who is such an account.
    Account {
        /// The account.
        name: String,
    },
}

/// Why a text is no mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// It is too long.
    #[error("a mask has up to {MASK_BYTES_MAX} bytes")]
    TooLong,
    /// It has no pattern, or one that no name can look like.
    #[error(
        "a mask is a name (bob, with * for anything and ? for one character), name!login, or \
         a:account"
    )]
    NotAMask,
}

/// Somebody, for masks.
#[derive(Clone, Copy, Debug)]
pub struct Masked<'a> {
    /// Its name.
    pub name: &'a UserName,
    /// What its client calls it.
    pub login: Option<&'a str>,
    /// Its account.
    pub account: Option<&'a UserName>,
}

impl Mask {
    /// Reads one.
    ///
    /// # Errors
    /// [`MaskError`] says what it looks like.
    pub fn parse(text: &str) -> Result<Self, MaskError> {
        if text.len() > MASK_BYTES_MAX {
            return Err(MaskError::TooLong);
        }
        let folded = text.to_lowercase();
        let is_pattern = |text: &str| {
            let is_strange = |c: char| {
                c.is_whitespace() || c.is_control() || matches!(c, '!' | '@' | ',' | ':' | '#')
            };
            !text.is_empty() && !text.contains(is_strange)
        };
        let mask = match folded.split_once(':') {
            Some(("a", name)) => Self::Account { name: name.to_owned() },
            Some(_) => return Err(MaskError::NotAMask),
            None => match folded.split_once('!') {
                Some((name, login)) => {
                    let login = Some(login.to_owned()).filter(|login| login != "*");
                    Self::User { name: name.to_owned(), login }
                }
                None => Self::User { name: folded, login: None },
            },
        };
        let is_one = match &mask {
            Self::User { name, login } => {
                is_pattern(name) && login.as_deref().is_none_or(is_pattern)
            }
            Self::Account { name } => is_pattern(name),
        };
        if is_one { Ok(mask) } else { Err(MaskError::NotAMask) }
    }

    /// Is this one meant?
    #[must_use]
    pub fn matches(&self, who: &Masked<'_>) -> bool {
        match self {
            Self::User { name, login } => {
                let is_login = |pattern: &String| {
                    let own = who.login.map(str::to_lowercase);
                    own.is_some_and(|own| glob::matches(pattern, &own))
                        || glob::matches(pattern, who.name.folded())
                };
                glob::matches(name, who.name.folded()) && login.as_ref().is_none_or(is_login)
            }
            Self::Account { name } => {
                who.account.is_some_and(|account| glob::matches(name, account.folded()))
            }
        }
    }
}

impl Mask {
    /// Can somebody of this name be meant, of whom nothing else is known?
    #[must_use]
    pub fn may_mean(&self, user: &UserName) -> bool {
        match self {
            Self::User { name, .. } | Self::Account { name } => glob::matches(name, user.folded()),
        }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { name, login: None } => f.write_str(name),
            Self::User { name, login: Some(login) } => write!(f, "{name}!{login}"),
            Self::Account { name } => write!(f, "a:{name}"),
        }
    }
}

impl Serialize for Mask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A mask that a room has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMask {
    /// In which list.
    pub list: MaskList,
    /// Whom it means.
    pub mask: Mask,
    /// Who set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserName>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn matches(mask: &str, name: &str, login: Option<&str>, is_account: bool) -> bool {
        let name = UserName::parse(name).unwrap();
        let account = is_account.then_some(&name);
        Mask::parse(mask).unwrap().matches(&Masked { name: &name, login, account })
    }

    #[test]
    fn a_mask_means_names_logins_or_accounts() {
        for mask in ["bob", "BOB", "b*", "?ob", "*", "bob!*", "bob!rob", "*!R*", "*!bob"] {
            assert!(matches(mask, "Bob", Some("Rob"), false), "{mask}");
        }
        for mask in ["bo", "ana", "bob!ana", "ana!rob", "a:bob", "a:*"] {
            assert!(!matches(mask, "Bob", Some("Rob"), false), "{mask}");
        }
        assert!(matches("a:B*", "bob", None, true));
        assert!(!matches("a:ana", "bob", None, true));
        assert!(matches("*!bob", "bob", None, false), "its name stands for a login");
    }

    #[test]
    fn what_is_no_mask_is_told_what_is_one() {
        for text in ["", "a b", "a!b!c", "a@b", "x:bob", "a:", "!", "a!", "#ops", "a,b", "a\u{7}"] {
            assert_eq!(Mask::parse(text), Err(MaskError::NotAMask), "{text}");
        }
        assert!(Mask::parse(&"a".repeat(MASK_BYTES_MAX)).is_ok());
        assert_eq!(Mask::parse(&"a".repeat(MASK_BYTES_MAX + 1)), Err(MaskError::TooLong));
    }

    #[test]
    fn a_mask_is_written_as_it_is_read() {
        for (text, written) in [("Bob", "bob"), ("b*!*", "b*"), ("*!Rob", "*!rob"), ("a:X", "a:x")]
        {
            let mask = Mask::parse(text).unwrap();
            assert_eq!(mask.to_string(), written);
            let json = serde_json::to_string(&mask).unwrap();
            assert_eq!(serde_json::from_str::<Mask>(&json).unwrap(), mask);
        }
    }
}

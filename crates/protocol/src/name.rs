//! Names of users and rooms: parsed once, at the edge; compared case-folded, shown as written.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved};
use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{ROOM_NAME_BYTES_MAX, USER_NAME_BYTES_MAX};

/// Characters that no name has: they mean something to IRC, to the shell of a command, or to us.
const FORBIDDEN: &[char] = &[',', ':', '!', '@', '*', '?', '#', '&', '+', '~', '%'];

/// Names that sound like the service itself.
const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "anonymous",
    "authserv",
    "botserv",
    "chanserv",
    "everyone",
    "global",
    "here",
    "hostserv",
    "memoserv",
    "nickserv",
    "nobody",
    "operator",
    "operserv",
    "samovar",
    "saslserv",
    "server",
    "service",
    "services",
    "system",
];

/// Why a name was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("{kind} name is empty")]
    Empty {
        /// Whose name.
        kind: NameKind,
    },
    /// Longer than the limit.
    #[error("{kind} name is too long ({bytes} bytes, the limit is {bytes_max})")]
    TooLong {
        /// Whose name.
        kind: NameKind,
        /// What it has.
        bytes: usize,
        /// What it may have.
        bytes_max: usize,
    },
    /// A character that names do not have.
    #[error("{kind} name \"{}\" has {} (position {position})", .name.escape_debug(), in_words(*.character))]
    Character {
        /// Whose name.
        kind: NameKind,
        /// The name, at most its limit long.
        name: String,
        /// The character.
        character: char,
        /// Which one it is, from 1.
        position: usize,
    },
    /// A digit or a dash in front.
    #[error("{kind} name \"{}\" starts with \"{}\"", .name.escape_debug(), .name.chars().next().unwrap_or(' '))]
    Leading {
        /// Whose name.
        kind: NameKind,
        /// The name.
        name: String,
    },
    /// A name of the service.
    #[error("{kind} name \"{name}\" is reserved")]
    Reserved {
        /// Whose name.
        kind: NameKind,
        /// The name.
        name: String,
    },
    /// Refused by RFC 8265 for its mix of characters (a bidi rule, a joiner out of context).
    #[error("{kind} name \"{}\" mixes characters that do not go together (RFC 8265)", .name.escape_debug())]
    Mixed {
        /// Whose name.
        kind: NameKind,
        /// The name.
        name: String,
    },
}

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A user's.
    User,
    /// A room's.
    Room,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Room => "room",
        })
    }
}

/// The name of a user: up to 32 bytes, RFC 8265 (PRECIS username), legal as an IRC nickname.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct UserName(Name);

/// The name of a room, without any sigil: up to 64 bytes; a digit in front is fine.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct RoomName(Name);

/// As it is shown; behind the separator as it is compared, where that is not the same. One allocation
/// and two words: a name is kept in many places, for each of many who are there.
#[derive(Clone)]
struct Name(Arc<str>);

/// No name has it.
const SEPARATOR: char = '\n';

/// Who changes rooms from the command line of the server. Nobody is called so.
pub const OPERATOR_NAME: &str = "the-operator";

impl UserName {
    /// Does it stand in `text` as a word? Case does not matter.
    #[must_use]
    pub fn is_mentioned_in(&self, text: &str) -> bool {
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        // Letter by letter, as names are folded: a sigma at the end of a word is none of its own.
        let text: String = text.chars().flat_map(char::to_lowercase).collect();
        let name = self.folded();
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + name.len()..).and_then(|behind| behind.chars().next());
            !before.is_some_and(in_word) && !behind.is_some_and(in_word)
        })
    }

    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let kind = NameKind::User;
        let name = parse(text, kind, USER_NAME_BYTES_MAX)?;
        if name.shown().starts_with(|c: char| c.is_numeric() || c == '-') {
            return Err(NameError::Leading { kind, name: text.to_owned() });
        }
        if RESERVED.contains(&name.folded()) {
            return Err(NameError::Reserved { kind, name: text.to_owned() });
        }
        Ok(Self(name))
    }

    /// What this name looks like (the skeleton of UTS 39): two names with the same skeleton are
    /// confusable.
    #[must_use]
    pub fn skeleton(&self) -> String {
        unicode_security::skeleton(self.0.folded()).collect()
    }
}

impl RoomName {
    /// Checks `text` and keeps it. One `#` in front, an IRC habit, is taken off.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.strip_prefix('#').unwrap_or(text);
        parse(text, NameKind::Room, ROOM_NAME_BYTES_MAX).map(Self)
    }
}

macro_rules! shown_as_name {
    ($name:ident) => {
        impl $name {
            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.shown()
            }

            /// The name for comparing: case-folded.
            #[must_use]
            pub fn folded(&self) -> &str {
                self.0.folded()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.folded() == other.folded()
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.folded().hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.folded().cmp(other.folded())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }
    };
}

shown_as_name!(UserName);
shown_as_name!(RoomName);

/// Where something is said: a room by its name (`ops`), or the direct room with a user (`@maya`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum RoomAddress {
    /// A room that has a name.
    Named(RoomName),
    /// The room of two with this user.
    Direct(UserName),
}

impl RoomAddress {
    /// `@maya` is the direct room with maya, all else a room's name.
    ///
    /// # Errors
    /// [`NameError`] of the name within.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('@') {
            Some(user) => UserName::parse(user).map(Self::Direct),
            None => RoomName::parse(text).map(Self::Named),
        }
    }
}

impl fmt::Display for RoomAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(room) => f.write_str(room.as_str()),
            Self::Direct(user) => write!(f, "@{}", user.as_str()),
        }
    }
}

impl FromStr for RoomAddress {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RoomAddress {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl Serialize for RoomAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => name.serialize(serializer),
            Self::Direct(_) => serializer.collect_str(self),
        }
    }
}

impl From<RoomAddress> for String {
    fn from(address: RoomAddress) -> Self {
        address.to_string()
    }
}

impl From<RoomName> for RoomAddress {
    fn from(room: RoomName) -> Self {
        Self::Named(room)
    }
}

fn parse(text: &str, kind: NameKind, bytes_max: usize) -> Result<Name, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty { kind });
    }
    if text.len() > bytes_max {
        return Err(NameError::TooLong { kind, bytes: text.len(), bytes_max });
    }
    let allowed_ascii = |c: char| c.is_ascii_graphic() && !FORBIDDEN.contains(&c);
    let refused = text
        .chars()
        .enumerate()
        .find(|(_, c)| (c.is_ascii() && !allowed_ascii(*c)) || is_invisible(*c));
    if let Some((index, character)) = refused {
        return Err(NameError::Character {
            kind,
            name: text.to_owned(),
            character,
            position: index + 1,
        });
    }
    if text.is_ascii() {
        return Ok(Name::new(text, &text.to_ascii_lowercase()));
    }
    let mixed = || NameError::Mixed { kind, name: text.to_owned() };
    let shown = UsernameCasePreserved::enforce(text).map_err(|_| mixed())?;
    let folded = UsernameCaseMapped::enforce(text).map_err(|_| mixed())?;
    // Width mapping may have made an ASCII character of a full-width one, or a longer text.
    if shown.chars().any(|c| c.is_ascii() && !allowed_ascii(c)) || shown.len() > bytes_max {
        return Err(mixed());
    }
    Ok(Name::new(&shown, &folded))
}

impl Name {
    fn new(shown: &str, folded: &str) -> Self {
        if shown == folded {
            return Self(shown.into());
        }
        Self(format!("{shown}{SEPARATOR}{folded}").into())
    }

    fn shown(&self) -> &str {
        self.0.split_once(SEPARATOR).map_or(&self.0, |(shown, _)| shown)
    }

    fn folded(&self) -> &str {
        self.0.split_once(SEPARATOR).map_or(&self.0, |(_, folded)| folded)
    }
}

/// White space of any kind, controls, and what takes no room on the screen.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || crate::text::is_dangerous(c)
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn in_words(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if is_invisible(c) => format!("the character U+{:04X}", u32::from(c)),
        c => format!("\"{c}\""),
    }
}

#[cfg(test)]
mod tests;

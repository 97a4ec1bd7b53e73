//! Metadata: what programs know of a user or a room beside its name, `display-name` and the like
//! (<https://ircv3.net/specs/extensions/metadata>). Never shown by itself.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::{METADATA_KEY_BYTES_MAX, METADATA_VALUE_BYTES_MAX};
use crate::text::{is_dangerous, shown_as_text};

/// Why metadata was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is not what a key looks like.
    #[error("a key has 1 to {METADATA_KEY_BYTES_MAX} of a-z, 0-9, _ . / and -")]
    Key,
    /// Longer than the limit, in bytes.
    #[error("the value is too long ({bytes} bytes, the limit is {METADATA_VALUE_BYTES_MAX})")]
    TooLong {
        /// What it has.
        bytes: usize,
    },
    /// A character that drives a terminal.
    #[error("the value has the character U+{:04X}, which is not allowed", u32::from(*.character))]
    Character {
        /// The character.
        character: char,
    },
}

/// What is known: `display-name`. Up to 32 bytes of lower-case ASCII.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MetadataKey(Arc<str>);

/// How it is: up to 300 bytes of one line.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MetadataValue(Arc<str>);

impl MetadataKey {
    /// Checks `text` and keeps it, in lower case.
    ///
    /// # Errors
    /// [`MetadataError::Key`].
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
        if text.is_empty() || text.len() > METADATA_KEY_BYTES_MAX || !text.chars().all(is_letter) {
            return Err(MetadataError::Key);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// It.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetadataValue {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`MetadataError`] says which limit or character.
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        if text.len() > METADATA_VALUE_BYTES_MAX {
            return Err(MetadataError::TooLong { bytes: text.len() });
        }
        match text.chars().find(|c| is_dangerous(*c)) {
            Some(character) => Err(MetadataError::Character { character }),
            None => Ok(Self(text.into())),
        }
    }

    /// It.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown_as_text!(MetadataKey, MetadataError);
shown_as_text!(MetadataValue, MetadataError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_bounded_and_plain() {
        assert_eq!(MetadataKey::parse("Display-Name").unwrap().as_str(), "display-name");
        assert!(MetadataKey::parse(&"k".repeat(METADATA_KEY_BYTES_MAX)).is_ok());
        for key in ["", "a b", "ä", "a:b", &"k".repeat(METADATA_KEY_BYTES_MAX + 1)] {
            assert_eq!(MetadataKey::parse(key), Err(MetadataError::Key), "{key}");
        }
        assert!(MetadataValue::parse(&"v".repeat(METADATA_VALUE_BYTES_MAX)).is_ok());
        let bytes = METADATA_VALUE_BYTES_MAX + 1;
        let too_long = Err(MetadataError::TooLong { bytes });
        assert_eq!(MetadataValue::parse(&"v".repeat(bytes)), too_long);
        let escape = Err(MetadataError::Character { character: '\u{1b}' });
        assert_eq!(MetadataValue::parse("\u{1b}[2J"), escape);
    }
}

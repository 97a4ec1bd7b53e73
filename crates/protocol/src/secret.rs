//! What nobody else may see: passwords and tokens. Parsed at the edge, and never in a `Debug`.

use std::fmt;

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Profile;
use serde::{Deserialize, Serialize};

use crate::limits::{PASSWORD_BYTES_MAX, TOKEN_BYTES_MAX, TOKEN_NAME_BYTES_MAX};

/// What a personal token begins with, so that it is known for one wherever a password may stand.
pub const TOKEN_PREFIX: &str = "samovar_";

/// A password, or a personal token in its place: RFC 8265 (OpaqueString), without white space.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Password(String);

/// Why a password was not taken. Never says what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing.
    #[error("a password is not empty")]
    Empty,
    /// Longer than the limit.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// Something that no keyboard types.
    #[error("a password has no white space and no control characters")]
    Character,
}

impl Password {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || crate::text::is_dangerous(c)) {
            return Err(PasswordError::Character);
        }
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        // The same letters, however a keyboard composes them.
        let enforced =
            OpaqueString::new().enforce(text).map_err(|_| PasswordError::Character)?.into_owned();
        Ok(Self(enforced))
    }

    /// It. For hashing and the wire, and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// It is a personal token.
    #[must_use]
    pub fn as_token(&self) -> Option<Token> {
        self.0.starts_with(TOKEN_PREFIX).then(|| Token(self.0.clone()))
    }
}

/// A personal token: who has it is its account, as far as it reaches.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

impl Token {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let is_fine = text.starts_with(TOKEN_PREFIX)
            && text.len() <= TOKEN_BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_fine { Ok(Self(text.to_owned())) } else { Err(TokenError) }
    }

    /// It. For its hash and the wire, and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// It is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token begins with \"{TOKEN_PREFIX}\"")]
pub struct TokenError;

/// What a token is called by its owner: one word.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenName(String);

/// It is no name of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token's name is one word of up to {TOKEN_NAME_BYTES_MAX} letters, digits and -_.")]
pub struct TokenNameError;

impl TokenName {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, TokenNameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_fine =
            !text.is_empty() && text.len() <= TOKEN_NAME_BYTES_MAX && text.chars().all(allowed);
        if is_fine { Ok(Self(text.to_owned())) } else { Err(TokenNameError) }
    }

    /// It.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! hidden {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

hidden!(Password);
hidden!(Token);

macro_rules! from_and_to_text {
    ($name:ident, $error:ident) => {
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(secret: $name) -> Self {
                secret.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }
    };
}

from_and_to_text!(Password, PasswordError);
from_and_to_text!(Token, TokenError);
from_and_to_text!(TokenName, TokenNameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_can_be_typed() {
        for (text, error) in [
            ("", PasswordError::Empty),
            ("two words", PasswordError::Character),
            ("bell\u{7}bell", PasswordError::Character),
            (&"x".repeat(PASSWORD_BYTES_MAX + 1), PasswordError::TooLong),
        ] {
            assert_eq!(Password::parse(text), Err(error), "{text}");
        }
        let composed = Password::parse("p\u{e4}ssw\u{f6}rd").unwrap();
        assert_eq!(Password::parse("pa\u{308}sswo\u{308}rd").unwrap(), composed);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let password = Password::parse("correct-horse").unwrap();
        let token = Token::parse("samovar_abc").unwrap();
        assert_eq!(format!("{password:?} {token:?}"), "Password(…) Token(…)");
        assert!(
            !serde_json::from_str::<Password>("\"hunter 2\"")
                .unwrap_err()
                .to_string()
                .contains("hunter")
        );
        assert!(password.as_token().is_none());
        assert_eq!(Password::parse("samovar_abc").unwrap().as_token(), Some(token));
    }

    #[test]
    fn a_tokens_name_is_one_word() {
        assert!(TokenName::parse("ci-2.build").is_ok());
        for text in ["", "two words", "a/b", &"x".repeat(TOKEN_NAME_BYTES_MAX + 1)] {
            assert!(TokenName::parse(text).is_err(), "{text}");
        }
    }
}

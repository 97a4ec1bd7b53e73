//! Which name to ask for. Owns the numbering; never talks to a server.

use chat_protocol::limits::USER_NAME_BYTES_MAX;
use chat_protocol::{Password, Token, UserName};

/// So many names are tried before giving up.
const NAME_TRIES_MAX: u32 = 100;

/// Which name a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// None: an observer, which may list, page and watch.
    Observer,
    /// This one and no other.
    Exact(UserName),
    /// This one, or else `ana2`, `ana3`, … Need not be a name: what is no name is made one.
    Numbered(String),
    /// This account.
    Account(UserName, Password),
    /// The account that made this token.
    Token(Token),
    /// The account that has the certificate which the server is shown; this one and no other, if it
    /// is named.
    Certificate(Option<UserName>),
}

/// What a client logs in with.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) password: Option<Password>,
    pub(crate) token: Option<Token>,
    /// That of the connection.
    pub(crate) certificate: bool,
}

impl Naming {
    /// The names to try, in order; `None` is the observer's.
    pub(crate) fn candidates(&self) -> Box<dyn Iterator<Item = Option<UserName>> + Send + '_> {
        match self {
            Self::Observer | Self::Token(_) => Box::new(std::iter::once(None)),
            Self::Exact(name) | Self::Account(name, _) => {
                Box::new(std::iter::once(Some(name.clone())))
            }
            Self::Certificate(name) => Box::new(std::iter::once(name.clone())),
            Self::Numbered(base) => {
                let base = as_name(base);
                let names = (1..=NAME_TRIES_MAX).filter_map(move |n| numbered(&base, n));
                Box::new(names.map(Some))
            }
        }
    }

    /// Does it come as an account, by what nobody has to be asked for?
    #[must_use]
    pub const fn has_account(&self) -> bool {
        matches!(self, Self::Token(_) | Self::Certificate(_))
    }

    /// What it logs in with.
    pub(crate) fn credentials(&self) -> Credentials {
        let none = Credentials::default();
        match self {
            Self::Observer | Self::Exact(_) | Self::Numbered(_) => none,
            Self::Account(_, password) => Credentials { password: Some(password.clone()), ..none },
            Self::Token(token) => Credentials { token: Some(token.clone()), ..none },
            Self::Certificate(_) => Credentials { certificate: true, ..none },
        }
    }

    /// The same way of naming, now with this name.
    pub(crate) fn renamed(&self, name: UserName) -> Self {
        match self {
            Self::Observer | Self::Exact(_) => Self::Exact(name),
            Self::Numbered(_) => Self::Numbered(name.as_str().to_owned()),
            // An account has one name.
            Self::Account(..) | Self::Token(_) | Self::Certificate(_) => self.clone(),
        }
    }
}

/// Drops what names do not have; `guest` if nothing is left.
fn as_name(text: &str) -> String {
    let name: String = text
        .chars()
        .skip_while(|c| c.is_numeric() || *c == '-')
        .filter(|c| UserName::parse(&format!("x{c}")).is_ok())
        .collect();
    if name.is_empty() { "guest".to_owned() } else { name }
}

/// `ana`, `ana2`, …: cut so that the number fits. None where that is no name (a reserved one).
fn numbered(base: &str, n: u32) -> Option<UserName> {
    let number = if n == 1 { String::new() } else { n.to_string() };
    let end = base.floor_char_boundary(USER_NAME_BYTES_MAX - number.len());
    UserName::parse(&format!("{}{number}", base.get(..end)?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_two(base: &str) -> Vec<String> {
        let naming = Naming::Numbered(base.to_owned());
        let names = naming.candidates().take(2).flatten();
        names.map(|name| name.to_string()).collect()
    }

    #[test]
    fn any_text_becomes_names_with_numbers() {
        assert_eq!(first_two("ana"), ["ana", "ana2"]);
        assert_eq!(first_two("DOMAIN\\ana smith"), ["DOMAIN\\anasmith", "DOMAIN\\anasmith2"]);
        assert_eq!(first_two("1ana"), ["ana", "ana2"]);
        assert_eq!(first_two("nobody"), ["nobody2", "nobody3"], "a reserved name");
        assert_eq!(first_two("\u{1b}@"), ["guest", "guest2"]);
        let long = "é".repeat(40);
        assert_eq!(first_two(&long), ["é".repeat(16), format!("{}2", "é".repeat(15))]);
    }
}

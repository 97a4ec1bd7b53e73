//! Who types in a room, as far as it was told: it is over by itself. Pure.

use chat_protocol::{Timestamp, UserName};

use super::Room;
use crate::ui::limits::TYPISTS_KEPT_MAX;

/// Somebody who types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typist {
    name: UserName,
    /// It is over then, if it is not told again.
    until: Timestamp,
}

impl Room {
    /// Somebody types, until then.
    pub(crate) fn types(&mut self, name: &UserName, until: Timestamp) {
        self.types_no_more(name);
        if self.typists.len() < TYPISTS_KEPT_MAX {
            self.typists.push(Typist { name: name.clone(), until });
        }
    }

    /// It has said something, or has gone, or says that it types no more.
    pub(crate) fn types_no_more(&mut self, name: &UserName) {
        self.typists.retain(|typist| typist.name != *name);
    }

    /// `maya is typing…`; nothing if nobody is.
    pub(crate) fn typing(&self, now: Timestamp) -> Option<String> {
        let names: Vec<&str> = self
            .typists
            .iter()
            .filter(|typist| typist.until > now)
            .map(|typist| typist.name.as_str())
            .collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} is typing…")),
            [one, two] => Some(format!("{one} and {two} are typing…")),
            many => Some(format!("{} are typing…", many.len())),
        }
    }

    /// When that changes by itself.
    pub(crate) fn next_typing_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.typists.iter().map(|typist| typist.until).filter(|until| *until > now).min()
    }
}

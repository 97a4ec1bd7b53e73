//! The rows of a room: what was said, and what else happened. Pure data. A new kind of stored event
//! is a new [`Body`]; the compiler then names who must show it.

use chat_protocol::{LineText, MessageText, SayKind, Sequence, Timestamp, UserName};

use super::limits::FOLDED_NAMES_MAX;
use super::reactions::Reactions;

/// A row's own number, for as long as it is kept: where the screen is scrolled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowId(pub(crate) u64);

/// What links a message that is not stored yet to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: RowId,
    /// Its number in the room; none: it is not stored, or of another history.
    pub(crate) seq: Option<Sequence>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) body: Body,
}

/// What a row says.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Somebody said something.
    Said {
        from: UserName,
        kind: SayKind,
        text: MessageText,
        delivery: Delivery,
        /// It names us, or answers us.
        mention: bool,
        /// The message that it answers.
        reply_to: Option<Sequence>,
        /// What others think of it.
        reactions: Reactions,
    },
    /// Somebody said something, and it is deleted.
    Deleted { from: UserName },
    /// The deletion of a message, which has a number of its own; what it deleted shows it.
    Deletion,
    /// Somebody changed the topic.
    Topic { from: UserName, topic: LineText },
    /// Who came, went, and has another name: folded.
    Presence(Presence),
    /// A part of the history that cannot be had.
    Gap(String),
    /// What the program says, in lines that are harmless.
    Talk(String),
    /// The same, about what went wrong.
    Warning(String),
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Somebody else's.
    Theirs,
    /// On its way, or waiting for a connection.
    Sending(Ticket),
    /// Ours, and on disk.
    Stored,
    /// Not stored, and why.
    Refused(String),
    /// Nobody knows.
    Unknown,
}

/// Joins and leaves that follow each other, told once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence {
    joined: Names,
    left: Names,
    renamed: Vec<(UserName, UserName)>,
    renamed_total: usize,
}

/// The first of many names, and how many there are.
#[derive(Clone, Debug, Default)]
struct Names {
    names: Vec<UserName>,
    total: usize,
}

impl Names {
    fn add(&mut self, name: &UserName) {
        self.total += 1;
        if self.names.len() < FOLDED_NAMES_MAX {
            self.names.push(name.clone());
        }
    }

    /// Takes a name out; false: it is not among those kept.
    fn remove(&mut self, name: &UserName) -> bool {
        let Some(at) = self.names.iter().position(|known| known == name) else {
            return false;
        };
        self.names.remove(at);
        self.total -= 1;
        true
    }

    fn said(&self, what: &str) -> Option<String> {
        let names: Vec<&str> = self.names.iter().map(UserName::as_str).collect();
        let more = self.total.saturating_sub(self.names.len());
        match (names.len(), more) {
            (0, 0) => None,
            (0, more) => Some(format!("{more} {what}")),
            (_, 0) => Some(format!("{} {what}", names.join(", "))),
            (_, more) => Some(format!("{} and {more} more {what}", names.join(", "))),
        }
    }
}

impl Presence {
    pub(crate) fn joined(&mut self, name: &UserName) {
        // Who went and came back was not away for long enough to tell.
        if !self.left.remove(name) {
            self.joined.add(name);
        }
    }

    pub(crate) fn left(&mut self, name: &UserName) {
        if !self.joined.remove(name) {
            self.left.add(name);
        }
    }

    pub(crate) fn renamed(&mut self, from: &UserName, to: &UserName) {
        self.renamed_total += 1;
        if self.renamed.len() < FOLDED_NAMES_MAX {
            self.renamed.push((from.clone(), to.clone()));
        }
    }

    /// Nothing is left to tell: who came has gone again.
    pub(crate) fn is_empty(&self) -> bool {
        self.joined.total + self.left.total + self.renamed_total == 0
    }

    /// `kai, noor joined · zed left`
    pub(crate) fn said(&self) -> String {
        let mut parts: Vec<String> =
            [self.joined.said("joined"), self.left.said("left")].into_iter().flatten().collect();
        parts.extend(self.renamed.iter().map(|(from, to)| format!("{from} is now {to}")));
        let more = self.renamed_total - self.renamed.len();
        if more > 0 {
            parts.push(format!("{more} more have other names"));
        }
        parts.join(" · ")
    }
}

impl Row {
    /// Does it wait for its answer?
    pub(crate) fn is_sending(&self) -> bool {
        matches!(self.body, Body::Said { delivery: Delivery::Sending(_), .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    #[test]
    fn comings_and_goings_are_folded() {
        let mut presence = Presence::default();
        presence.joined(&name("kai"));
        presence.joined(&name("noor"));
        presence.left(&name("zed"));
        presence.renamed(&name("a"), &name("b"));
        assert_eq!(presence.said(), "kai, noor joined · zed left · a is now b");
        presence.left(&name("kai"));
        presence.joined(&name("zed"));
        assert_eq!(presence.said(), "noor joined · a is now b");
    }

    #[test]
    fn a_crowd_that_comes_is_counted() {
        let mut presence = Presence::default();
        for n in 0..300 {
            presence.joined(&name(&format!("n{n}")));
        }
        assert!(presence.said().ends_with("n7 and 292 more joined"), "{}", presence.said());
    }
}

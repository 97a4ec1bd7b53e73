//! Signals: what is told to those who are there, and kept by nobody: that somebody types, how it
//! likes a message, what its program says to other programs.

use serde::{Deserialize, Serialize};

use crate::{ClientTags, LineText, ReactionText, Sequence};

/// Whether somebody types (<https://ircv3.net/specs/client-tags/typing>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypingState {
    /// It does. What is not told again within 6 s is over.
    Active,
    /// It has begun, and thinks. What is not told again within 30 s is over.
    Paused,
    /// It does no longer, and has said nothing.
    Done,
}

/// What is told to those who are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "snake_case")]
pub enum Signal {
    /// Somebody types.
    Typing {
        /// Does it?
        state: TypingState,
    },
    /// Somebody thinks this of a message.
    React {
        /// Of which.
        seq: Sequence,
        /// What: an emoji, a word.
        text: ReactionText,
        /// It thinks so no longer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
    /// A program tells other programs something that only they understand.
    Tags {
        /// What.
        tags: ClientTags,
    },
    /// A program asks other programs something (IRC's CTCP: `VERSION`, `PING 7`), or answers.
    Query {
        /// What.
        text: LineText,
        /// It is an answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        answers: bool,
    },
    /// A signal of a newer version.
    #[serde(other)]
    Unknown,
}

impl Signal {
    /// That somebody types: it goes by itself, and comes back soon.
    #[must_use]
    pub const fn is_typing(&self) -> bool {
        matches!(self, Self::Typing { .. })
    }

    /// What it weighs on a wire, about, in bytes.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::React { text, .. } => text.as_str().len(),
            Self::Tags { tags } => tags.as_str().len(),
            Self::Query { text, .. } => text.as_str().len(),
            Self::Typing { .. } | Self::Unknown => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Event};

    #[test]
    fn a_signal_is_flat_in_its_command_and_its_event() {
        let typing = r#"{"type":"signal","room":"ops","signal":"typing","state":"active"}"#;
        let command: Command = serde_json::from_str(typing).unwrap();
        assert_eq!(serde_json::to_string(&command).unwrap(), typing);
        let told = r#"{"type":"signal","room":"ops","time_ms":7,"from":"ana","signal":"react","seq":3,"text":"👍"}"#;
        let event: Event = serde_json::from_str(told).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), told);
    }

    #[test]
    fn a_newer_signal_is_unknown_and_no_error() {
        let newer = r#"{"type":"signal","room":"ops","signal":"wave","hands":2}"#;
        let command: Command = serde_json::from_str(newer).unwrap();
        assert!(matches!(command, Command::Signal { signal: Signal::Unknown, .. }), "{command:?}");
    }
}

//! The four dialogues of the line front end, as values. A style is chosen by name; five of its
//! values can be overridden by configuration, nothing else is a setting.

use serde::{Deserialize, Serialize};

/// The styles there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StyleName {
    /// Ours.
    #[default]
    Samovar,
    /// The terminal chat server of that name.
    Grillo,
    /// The tea party's talker, for telnet and MUD clients.
    Talker,
    /// A name at once, and every line is chat.
    Netcat,
}

/// How a session gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Identify {
    /// A friendly random one, at once.
    Random,
    /// The first line is the name.
    Ask,
    /// `login NAME`.
    Login,
}

/// What makes a line a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CommandSyntax {
    /// A prefix in front of the word.
    Prefixed,
    /// Every line is one; an unknown word is an error.
    Bare,
    /// A bare known word is a command, all else is said.
    Mixed,
}

/// Which commands are offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Words {
    /// `"all"`: every word of the table, and the style's own.
    All(All),
    /// These.
    These(Vec<String>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum All {
    /// It.
    All,
}

/// What configuration may change of a style.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Overrides {
    /// How a session gets its name.
    pub(crate) identify: Option<Identify>,
    /// What makes a line a command.
    pub(crate) commands: Option<CommandSyntax>,
    /// The characters that stand before a command.
    pub(crate) prefixes: Option<String>,
    /// Which commands are offered.
    pub(crate) words: Option<Words>,
    /// How many messages are shown on joining.
    pub(crate) replay: Option<u32>,
}

/// A style with its overrides.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// How things look.
    pub(crate) name: StyleName,
    pub(crate) identify: Identify,
    pub(crate) commands: CommandSyntax,
    pub(crate) prefixes: Vec<char>,
    pub(crate) words: Words,
    pub(crate) replay: u32,
}

impl Style {
    /// A style's own values, where nothing overrides them. `replay` is ours for our own style.
    pub(crate) fn new(name: StyleName, overrides: &Overrides, replay: u32) -> Self {
        let (identify, commands, prefix, words, replay) = match name {
            StyleName::Samovar => {
                (Identify::Random, CommandSyntax::Prefixed, "/", Words::All(All::All), replay)
            }
            StyleName::Grillo => {
                let words = these(&["commands", "quit", "users"]);
                (Identify::Ask, CommandSyntax::Prefixed, "!", words, 0)
            }
            StyleName::Talker => {
                let words = these(&["login", "logout", "say", "look", "who"]);
                (Identify::Login, CommandSyntax::Bare, "", words, 0)
            }
            StyleName::Netcat => (Identify::Random, CommandSyntax::Prefixed, "/", these(&[]), 0),
        };
        Self {
            name,
            identify: overrides.identify.unwrap_or(identify),
            commands: overrides.commands.unwrap_or(commands),
            prefixes: overrides.prefixes.as_deref().unwrap_or(prefix).chars().collect(),
            words: overrides.words.clone().unwrap_or(words),
            replay: overrides.replay.unwrap_or(replay),
        }
    }

    /// Is this word offered?
    pub(crate) fn offers(&self, word: &str) -> bool {
        match &self.words {
            Words::All(All::All) => true,
            Words::These(words) => words.iter().any(|offered| offered == word),
        }
    }

    /// Is any?
    pub(crate) fn offers_any(&self) -> bool {
        match &self.words {
            Words::All(All::All) => true,
            Words::These(words) => !words.is_empty(),
        }
    }

    /// What is shown before a word.
    pub(crate) fn prefix(&self) -> String {
        match self.commands {
            CommandSyntax::Prefixed => {
                self.prefixes.first().map(char::to_string).unwrap_or_default()
            }
            CommandSyntax::Bare | CommandSyntax::Mixed => String::new(),
        }
    }
}

fn these(words: &[&str]) -> Words {
    Words::These(words.iter().map(|word| (*word).to_owned()).collect())
}

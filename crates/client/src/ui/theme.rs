//! Colours: what a thing looks like, by name of the theme. Pure. `mono` has none and still tells
//! everything apart: NO_COLOR chooses it.

use ratatui::style::{Color, Modifier, Style};

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What people say.
    Text,
    /// Times, rules, hints.
    Quiet,
    /// The name of the room at the top, the room that is shown.
    Title,
    /// A room in the list with something new.
    Unread,
    /// One's own name in somebody's message, a room where one was named.
    Mention,
    /// What the program says.
    Talk,
    /// What went wrong, or is not connected.
    Alert,
    /// An address that one can open.
    Link,
    /// The row of a list that Enter takes.
    Chosen,
    /// What was searched for.
    Hit,
    /// The marks of a message that is stored.
    Done,
}

/// A set of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// The terminal's own sixteen: legible on dark and on light.
    #[default]
    Default,
    /// More colours for names, by number.
    Vivid,
    /// None.
    Mono,
}

/// The themes by name, for `/theme` and the configuration.
pub(crate) const THEMES: &[(&str, Theme)] =
    &[("default", Theme::Default), ("vivid", Theme::Vivid), ("mono", Theme::Mono)];

const NAMES_DEFAULT: &[Color] = &[
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::LightRed,
    Color::LightGreen,
    Color::LightBlue,
    Color::LightMagenta,
];
/// Of the 256, those that can be read on black and on white.
const NAMES_VIVID: &[u8] = &[
    31, 32, 33, 36, 37, 61, 62, 63, 65, 67, 68, 69, 71, 72, 95, 96, 97, 98, 99, 101, 103, 125, 127,
    128, 130, 131, 132, 133, 134, 136, 137, 160, 161, 162, 163, 166, 167, 168, 169, 172,
];

impl Theme {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        THEMES.iter().find(|(_, theme)| *theme == self).map_or("default", |(name, _)| name)
    }

    /// What a thing looks like.
    pub(crate) fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let coloured = |colour| if self == Self::Mono { plain } else { plain.fg(colour) };
        match role {
            Role::Text => plain,
            Role::Quiet => plain.add_modifier(Modifier::DIM),
            Role::Title => plain.add_modifier(Modifier::BOLD),
            Role::Unread => coloured(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Mention => {
                coloured(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::REVERSED)
            }
            Role::Talk => coloured(Color::Cyan),
            Role::Alert => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Role::Link => plain.add_modifier(Modifier::UNDERLINED),
            Role::Chosen => plain.add_modifier(Modifier::REVERSED),
            Role::Hit => {
                coloured(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            Role::Done => coloured(Color::Green),
        }
    }

    /// The colour of a name: always the same for the same name.
    pub(crate) fn name_style(self, folded: &str) -> Style {
        let hash = fnv1a(folded.as_bytes());
        let pick = |count: usize| usize::try_from(hash % count as u64).unwrap_or_default();
        match self {
            Self::Default => {
                let colour = NAMES_DEFAULT.get(pick(NAMES_DEFAULT.len())).copied();
                Style::new().fg(colour.unwrap_or(Color::Reset))
            }
            Self::Vivid => {
                let colour = NAMES_VIVID.get(pick(NAMES_VIVID.len())).copied();
                Style::new().fg(colour.map_or(Color::Reset, Color::Indexed))
            }
            Self::Mono => Style::new().add_modifier(Modifier::BOLD),
        }
    }
}

/// FNV-1a: the same on every machine and in every version, unlike the standard library's hash.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_without_colours_has_none_and_still_shows_a_mention() {
        let roles = [
            Role::Text,
            Role::Quiet,
            Role::Title,
            Role::Unread,
            Role::Mention,
            Role::Talk,
            Role::Alert,
            Role::Link,
            Role::Chosen,
            Role::Hit,
            Role::Done,
        ];
        for role in roles {
            assert_eq!(Theme::Mono.style(role).fg, None, "{role:?}");
        }
        assert_eq!(Theme::Mono.name_style("maya").fg, None);
        let mention = Theme::Mono.style(Role::Mention).add_modifier;
        assert!(mention.contains(Modifier::BOLD | Modifier::REVERSED));
    }

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(Theme::Default.name_style("maya"), Theme::Default.name_style("maya"));
        assert_ne!(Theme::Default.name_style("maya"), Theme::Default.name_style("lee"));
    }
}

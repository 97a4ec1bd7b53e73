//! Tab: words, names, rooms, emoji. Pure.

use chat_protocol::slash;

use super::App;
use super::words::OWN_WORDS;
use crate::ui::settings::SETTINGS;

/// What Tab goes through.
#[derive(Debug)]
pub(crate) struct Completing {
    /// Where what is completed begins, in bytes of the input.
    start: usize,
    candidates: Vec<String>,
    chosen: usize,
}

/// Emoji of one beginning that are offered.
const EMOJI_MAX: usize = 20;
const WITH_ROOMS: &[&str] = &["join", "leave", "part", "go", "hush", "who", "users"];

impl App {
    pub(super) fn complete(&mut self, forward: bool) {
        if let Some(completing) = &mut self.completing {
            let count = completing.candidates.len();
            let step = if forward { 1 } else { count - 1 };
            completing.chosen = (completing.chosen + step) % count;
        } else {
            let (start, candidates) = self.candidates();
            if candidates.is_empty() {
                return;
            }
            let chosen = if forward { 0 } else { candidates.len() - 1 };
            self.completing = Some(Completing { start, candidates, chosen });
        }
        let Some(completing) = &self.completing else { return };
        let (start, text) =
            (completing.start, completing.candidates.get(completing.chosen).cloned());
        self.input_mut().replace_before_cursor(start, &text.unwrap_or_default());
    }

    /// Where it begins, and what it may become.
    fn candidates(&self) -> (usize, Vec<String>) {
        let input = self.input();
        let before = input.text().get(..input.cursor()).unwrap_or_default();
        let start = before.rfind([' ', '\n']).map_or(0, |space| space + 1);
        let begun = before.get(start..).unwrap_or_default();
        let command = before.strip_prefix('/').filter(|_| !before.starts_with("//"));
        if let (Some(word), 0) = (command, start) {
            return (start, words(word));
        }
        if let Some(command) = command {
            let (word, _) = command.split_once(' ').unwrap_or((command, ""));
            let found = self.arguments(word, command, begun);
            if !found.is_empty() {
                return (start, found);
            }
        }
        if let Some(letters) = begun.strip_prefix(':').filter(|letters| letters.len() > 1) {
            return (start, emoji(letters));
        }
        (start, self.names(begun, start == 0))
    }

    fn arguments(&self, word: &str, command: &str, begun: &str) -> Vec<String> {
        let fold = begun.trim_start_matches('#').to_lowercase();
        if WITH_ROOMS.contains(&word) && !begun.starts_with('@') {
            let open = self.rooms.iter().map(crate::ui::room::Room::name);
            let known = self.known_rooms.iter().map(|(address, _)| address.to_string());
            let mut rooms: Vec<String> =
                open.chain(known).filter(|name| name.to_lowercase().starts_with(&fold)).collect();
            rooms.sort();
            rooms.dedup();
            return rooms;
        }
        let settings = || SETTINGS.iter();
        let values = |name: &str| {
            let setting = settings().find(|setting| setting.name == name);
            setting.map(|setting| setting.values).unwrap_or_default().iter().copied()
        };
        let offered: Vec<&str> = match (word, command.split(' ').collect::<Vec<_>>().as_slice()) {
            ("option", [_, _]) => settings().map(|setting| setting.name).collect(),
            ("option", [_, name, _]) => values(name).collect(),
            ("theme", [_, _]) => values("theme").collect(),
            ("help", [_, _]) => slash::WORDS.iter().map(|word| word.name).collect(),
            (_, _) => Vec::new(),
        };
        let fits = offered.into_iter().filter(|name| name.starts_with(begun));
        fits.map(|name| format!("{name} ")).collect()
    }

    /// Names of the room, those who spoke last first.
    fn names(&self, begun: &str, at_start: bool) -> Vec<String> {
        let (sign, letters) = match begun.strip_prefix('@') {
            Some(letters) => ("@", letters),
            None => ("", begun),
        };
        if sign.is_empty() && letters.is_empty() {
            return Vec::new();
        }
        let fold = letters.to_lowercase();
        let room = self.room();
        let here = |name: &&chat_protocol::UserName| room.members.contains(*name);
        let mut names: Vec<&str> = Vec::new();
        for name in room.speakers.iter().rev().filter(here).chain(&room.members) {
            let is_me = self.me.as_ref() == Some(name);
            if name.folded().starts_with(&fold) && !is_me && !names.contains(&name.as_str()) {
                names.push(name.as_str());
            }
        }
        let end = if at_start && sign.is_empty() { ": " } else { " " };
        names.into_iter().map(|name| format!("{sign}{name}{end}")).collect()
    }
}

fn words(begun: &str) -> Vec<String> {
    let fold = begun.to_lowercase();
    let table = slash::WORDS.iter().map(|word| word.name);
    let own = OWN_WORDS.iter().map(|own| own.name);
    let mut words: Vec<String> = table
        .chain(own)
        .filter(|name| name.starts_with(&fold))
        .map(|name| format!("/{name} "))
        .collect();
    words.dedup();
    words
}

fn emoji(letters: &str) -> Vec<String> {
    let letters = letters.trim_end_matches(':');
    let mut found: Vec<(&str, &str)> = emojis::iter()
        .flat_map(|emoji| emoji.shortcodes().map(move |code| (code, emoji.as_str())))
        .filter(|(code, _)| code.starts_with(letters))
        .collect();
    // The shortest name is the one that was meant.
    found.sort_by_key(|(code, _)| (code.len(), *code));
    found.truncate(EMOJI_MAX);
    found.into_iter().map(|(_, emoji)| format!("{emoji} ")).collect()
}

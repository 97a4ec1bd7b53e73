//! Which key does what: one table. `F1`, the bottom line and `[keys]` of the configuration are made
//! from it. Pure.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Submit,
    Newline,
    NextRoom,
    PreviousRoom,
    NextUnread,
    GoToRoom,
    ScrollUp,
    ScrollDown,
    Bottom,
    Search,
    Recall,
    Complete,
    CompleteBack,
    Editor,
    Answer,
    EditRefused,
    PlainView,
    Help,
    Interrupt,
    EndOfInput,
    Suspend,
    Redraw,
    Cancel,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Up,
    Down,
    Backspace,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Yank,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Binding {
    /// As `[keys]` of the configuration calls it.
    pub(crate) name: &'static str,
    pub(crate) act: Act,
    /// The keys that do it.
    pub(crate) keys: &'static [&'static str],
    pub(crate) help: &'static str,
}

const fn bind(
    name: &'static str,
    act: Act,
    keys: &'static [&'static str],
    help: &'static str,
) -> Binding {
    Binding { name, act, keys, help }
}

/// Every binding, in the order in which help shows them.
pub(crate) const BINDINGS: &[Binding] = &[
    bind("submit", Act::Submit, &["Enter"], "say it"),
    bind("newline", Act::Newline, &["Alt-Enter", "Ctrl-J"], "a new line in the message"),
    bind("complete", Act::Complete, &["Tab"], "complete a name, a /command, a room or an :emoji"),
    bind("complete_back", Act::CompleteBack, &["Shift-Tab"], "the completion before"),
    bind("next_room", Act::NextRoom, &["Ctrl-N"], "next room"),
    bind("previous_room", Act::PreviousRoom, &["Ctrl-P"], "previous room"),
    bind(
        "next_unread",
        Act::NextUnread,
        &["Alt-a", "Shift-Right"],
        "next room with something new, mentions first",
    ),
    bind("go_to_room", Act::GoToRoom, &["Ctrl-G"], "go to a room by some of its letters"),
    bind("scroll_up", Act::ScrollUp, &["PgUp"], "older messages"),
    bind("scroll_down", Act::ScrollDown, &["PgDn"], "newer messages"),
    bind(
        "bottom",
        Act::Bottom,
        &["Ctrl-End", "Alt-End"],
        "the newest message (also End on an empty input)",
    ),
    bind("search", Act::Search, &["Ctrl-F"], "search what was said"),
    bind("recall", Act::Recall, &["Ctrl-R"], "search what you typed here before"),
    bind("editor", Act::Editor, &["Ctrl-X"], "write the message in your editor"),
    bind("answer", Act::Answer, &["Alt-r", "F5"], "choose a message, to answer it or to react"),
    bind(
        "edit_refused",
        Act::EditRefused,
        &["Alt-e", "F3"],
        "take a message back that was not sent",
    ),
    bind(
        "plain_view",
        Act::PlainView,
        &["F4", "Alt-l"],
        "plain text without columns, to select and copy",
    ),
    bind("help", Act::Help, &["F1"], "this help"),
    bind("interrupt", Act::Interrupt, &["Ctrl-C"], "clear the input; again: leave"),
    bind("end_of_input", Act::EndOfInput, &["Ctrl-D"], "leave, on an empty input"),
    bind("suspend", Act::Suspend, &["Ctrl-Z"], "back to the shell; fg comes back"),
    bind("redraw", Act::Redraw, &["Ctrl-L"], "draw the screen anew"),
    bind("cancel", Act::Cancel, &["Esc"], "close what is open"),
    bind("left", Act::Left, &["Left", "Ctrl-B"], "cursor left"),
    bind("right", Act::Right, &["Right"], "cursor right"),
    bind("word_left", Act::WordLeft, &["Ctrl-Left", "Alt-Left", "Alt-b"], "a word left"),
    bind("word_right", Act::WordRight, &["Ctrl-Right", "Alt-Right", "Alt-f"], "a word right"),
    bind("line_start", Act::LineStart, &["Home", "Ctrl-A"], "start of the line"),
    bind("line_end", Act::LineEnd, &["End", "Ctrl-E"], "end of the line"),
    bind("up", Act::Up, &["Up"], "what you typed before"),
    bind("down", Act::Down, &["Down"], "what you typed after that"),
    bind("backspace", Act::Backspace, &["Backspace", "Ctrl-H"], "delete before the cursor"),
    bind("delete", Act::Delete, &["Delete"], "delete under the cursor"),
    bind("delete_word", Act::DeleteWord, &["Ctrl-W", "Alt-Backspace"], "delete a word"),
    bind("delete_to_start", Act::DeleteToStart, &["Ctrl-U"], "delete to the start; drops a paste"),
    bind("delete_to_end", Act::DeleteToEnd, &["Ctrl-K"], "delete to the end"),
    bind("yank", Act::Yank, &["Ctrl-Y"], "bring back what was deleted"),
];

/// The names of all actions, in alphabetical order.
#[cfg(test)]
pub(crate) fn action_names() -> Vec<String> {
    let mut names: Vec<String> = BINDINGS.iter().map(|binding| binding.name.to_owned()).collect();
    names.sort();
    names
}

/// A key with what is held beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// What was pressed. Shift is in the letter already.
    pub(crate) fn of(key: &KeyEvent) -> Self {
        let held = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = key.modifiers & held;
        let mut code = key.code;
        if code == KeyCode::BackTab {
            (code, modifiers) = (KeyCode::Tab, modifiers | KeyModifiers::SHIFT);
        }
        if let KeyCode::Char(c) = code {
            modifiers.remove(KeyModifiers::SHIFT);
            if modifiers.contains(KeyModifiers::CONTROL) {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        Self { code, modifiers }
    }

    /// As a terminal would say it.
    #[cfg(test)]
    pub(crate) const fn pressed(self) -> (KeyCode, KeyModifiers) {
        (self.code, self.modifiers)
    }

    /// The letter, if it is one to be typed.
    pub(crate) fn typed(self) -> Option<char> {
        match (self.code, self.modifiers.is_empty()) {
            (KeyCode::Char(c), true) => Some(c),
            (_, _) => None,
        }
    }

    /// Alt-1 to Alt-9.
    pub(crate) fn room_number(self) -> Option<usize> {
        match (self.code, self.modifiers == KeyModifiers::ALT) {
            (KeyCode::Char(c @ '1'..='9'), true) => {
                c.to_digit(10).and_then(|n| usize::try_from(n).ok())
            }
            (_, _) => None,
        }
    }
}

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no key; write Ctrl-G, Alt-a, F5, PgUp, Shift-Right or Esc")]
pub(crate) struct ChordError(String);

const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Esc", KeyCode::Esc),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
];

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let error = || ChordError(text.to_owned());
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        for (prefix, modifier) in [
            ("Ctrl-", KeyModifiers::CONTROL),
            ("Alt-", KeyModifiers::ALT),
            ("Shift-", KeyModifiers::SHIFT),
        ] {
            if let Some(behind) = rest.strip_prefix(prefix) {
                (rest, modifiers) = (behind, modifiers | modifier);
            }
        }
        let named = NAMED.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let function = || rest.strip_prefix('F')?.parse().ok().filter(|n| (1..=24).contains(n));
        let mut letters = rest.chars();
        let code = match (named, function(), letters.next(), letters.next()) {
            (Some(code), ..) => code,
            (None, Some(number), ..) => KeyCode::F(number),
            (None, None, Some(c), None) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            (None, None, Some(c), None) if !modifiers.is_empty() => KeyCode::Char(c),
            (..) => return Err(error()),
        };
        Ok(Self { code, modifiers })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in [
            ("Ctrl-", KeyModifiers::CONTROL),
            ("Alt-", KeyModifiers::ALT),
            ("Shift-", KeyModifiers::SHIFT),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        let named = NAMED.iter().find(|(_, code)| *code == self.code);
        match (named, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}

/// The keys as they are bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyMap(HashMap<Chord, Act>);

/// Why keys could not be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyMapError {
    /// No such action.
    #[error("there is no action \"{name}\" to bind a key to{}", .like.map(|like| format!("; did you mean {like}?")).unwrap_or_default())]
    Action {
        /// What was written.
        name: String,
        /// What is close.
        like: Option<&'static str>,
    },
    /// No such key.
    #[error(transparent)]
    Chord(#[from] ChordError),
}

impl Default for KeyMap {
    fn default() -> Self {
        let mut map = HashMap::new();
        for binding in BINDINGS {
            for key in binding.keys {
                if let Ok(chord) = key.parse() {
                    map.insert(chord, binding.act);
                }
            }
        }
        Self(map)
    }
}

impl KeyMap {
    /// What a key does.
    pub(crate) fn act(&self, chord: Chord) -> Option<Act> {
        self.0.get(&chord).copied()
    }

    /// Gives an action these keys instead of its own; a key does one thing.
    pub(crate) fn rebind(&mut self, name: &str, keys: &[String]) -> Result<(), KeyMapError> {
        let Some(binding) = BINDINGS.iter().find(|binding| binding.name == name) else {
            let names = BINDINGS.iter().map(|binding| binding.name);
            let like = chat_protocol::nearest::nearest(name, names);
            return Err(KeyMapError::Action { name: name.escape_debug().to_string(), like });
        };
        let chords: Result<Vec<Chord>, ChordError> = keys.iter().map(|key| key.parse()).collect();
        self.0.retain(|_, act| *act != binding.act);
        self.0.extend(chords?.into_iter().map(|chord| (chord, binding.act)));
        Ok(())
    }

    /// The keys that do it, as they are written; the table's order first.
    pub(crate) fn keys_of(&self, binding: &Binding) -> Vec<String> {
        let own = binding.keys.iter().filter(|key| {
            key.parse().is_ok_and(|chord: Chord| self.act(chord) == Some(binding.act))
        });
        let mut keys: Vec<String> = own.map(|key| (*key).to_owned()).collect();
        let mut others: Vec<String> = self
            .0
            .iter()
            .filter(|(_, act)| **act == binding.act)
            .map(|(chord, _)| chord.to_string())
            .filter(|key| !keys.contains(key))
            .collect();
        others.sort();
        keys.extend(others);
        keys
    }

    /// The first key that does it; nothing if none does.
    pub(crate) fn key(&self, act: Act) -> String {
        let binding = BINDINGS.iter().find(|binding| binding.act == act);
        binding.and_then(|binding| self.keys_of(binding).into_iter().next()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_key_and_does_one_thing() {
        let mut seen = HashMap::new();
        for binding in BINDINGS {
            for key in binding.keys {
                let chord: Chord = key.parse().unwrap();
                assert_eq!(chord.to_string(), *key);
                assert_eq!(seen.insert(chord, binding.name), None, "{key}");
            }
        }
    }

    /// Many terminals keep Alt for themselves. Rooms by their numbers have `/go N`.
    #[test]
    fn every_key_with_alt_has_another_way() {
        for binding in BINDINGS {
            let without = binding.keys.iter().any(|key| !key.contains("Alt-"));
            assert!(without, "{} has only {:?}", binding.name, binding.keys);
        }
    }

    #[test]
    fn what_terminals_send_is_found() {
        let map = KeyMap::default();
        let act = |code, modifiers| map.act(Chord::of(&KeyEvent::new(code, modifiers)));
        assert_eq!(act(KeyCode::Char('n'), KeyModifiers::CONTROL), Some(Act::NextRoom));
        assert_eq!(act(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Act::CompleteBack));
        assert_eq!(act(KeyCode::Right, KeyModifiers::SHIFT), Some(Act::NextUnread));
        assert_eq!(act(KeyCode::Char('N'), KeyModifiers::SHIFT), None);
        let shifted = Chord::of(&KeyEvent::new(KeyCode::Char('N'), KeyModifiers::SHIFT));
        assert_eq!(shifted.typed(), Some('N'));
    }

    #[test]
    fn keys_are_bound_anew_and_mistakes_are_named() {
        let mut map = KeyMap::default();
        map.rebind("next_room", &["F5".to_owned()]).unwrap();
        assert_eq!(map.key(Act::NextRoom), "F5");
        assert_eq!(map.act("Ctrl-N".parse().unwrap()), None);
        let error = map.rebind("nextroom", &[]).unwrap_err().to_string();
        assert!(error.contains("did you mean next_room?"), "{error}");
        let error = map.rebind("search", &["Strg-F".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("\"Strg-F\" is no key"), "{error}");
    }
}

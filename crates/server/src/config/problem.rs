//! What is wrong with a configuration, as a person reads it: where it stands, the line itself
//! with a caret, and what would be right. Owns this form; never decides what is wrong.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The characters of a line that are shown at most.
const EXCERPT_CHARACTERS_MAX: usize = 120;
/// Of a longer line, those that are shown before the place.
const EXCERPT_CHARACTERS_BEFORE: usize = 60;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file that is there, or was named, cannot be read.
    #[error("{}: cannot read the configuration: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is no configuration.
    #[error("{}: larger than {bytes_max} bytes; this is no configuration file", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What a file may have.
        bytes_max: u64,
    },
    /// Everything that is wrong, in the order in which it was read.
    #[error("{}", joined(.0))]
    Refused(Vec<Problem>),
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    place: Place,
    message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File {
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        excerpt: String,
        /// Blanks before the carets, in characters of `excerpt`.
        indent: usize,
        carets: usize,
    },
    Variable(String),
    Flag(&'static str),
}

impl Problem {
    /// Something at `span` (in bytes) of the file's `text`.
    pub(super) fn in_file(path: &Path, text: &str, span: &Range<usize>, message: String) -> Self {
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        let rest_of_line = after.lines().next().unwrap_or_default();
        let spanned = after.get(..end - start).unwrap_or_default();
        let marked = spanned.lines().next().unwrap_or_default().chars().count();
        let column = in_line.chars().count() + 1;
        let cut = if column + rest_of_line.chars().count() > EXCERPT_CHARACTERS_MAX {
            column.saturating_sub(EXCERPT_CHARACTERS_BEFORE)
        } else {
            0
        };
        let excerpt: String = [in_line, rest_of_line]
            .concat()
            .chars()
            .skip(cut)
            .take(EXCERPT_CHARACTERS_MAX)
            .map(one_cell)
            .collect();
        let indent = column - 1 - cut;
        let room = excerpt.chars().count().saturating_sub(indent);
        Self {
            place: Place::File {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column,
                excerpt,
                indent,
                carets: marked.min(room).max(1),
            },
            message,
        }
    }

    /// Something in an environment variable.
    pub(super) fn in_variable(name: &str, message: String) -> Self {
        Self { place: Place::Variable(shown(name)), message }
    }

    /// Something in a flag.
    pub(super) fn in_flag(flag: &'static str, message: String) -> Self {
        Self { place: Place::Flag(flag), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match &self.place {
            Place::File { path, line, column, excerpt, indent, carets } => {
                writeln!(f, "{}:{line}:{column}: {message}", path.display())?;
                writeln!(f, "{line} | {excerpt}")?;
                let margin = line.to_string().len();
                write!(f, "{:margin$} | {:indent$}{:^<carets$}", "", "", "")
            }
            Place::Variable(name) => write!(f, "{name}: {message}"),
            Place::Flag(flag) => write!(f, "{flag}: {message}"),
        }
    }
}

/// A text of the configuration as messages show it: bounded, and without anything that drives a
/// terminal.
pub(super) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string().replace("\\\"", "\"")
}

/// What keeps the carets below their place: a blank for a TAB, nothing that drives a terminal.
fn one_cell(c: char) -> char {
    match c {
        '\t' => ' ',
        c if chat_protocol::text::is_dangerous(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn joined(problems: &[Problem]) -> String {
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    problems.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, marked: &str) -> String {
        let start = text.find(marked).unwrap();
        let span = start..start + marked.len();
        Problem::in_file(Path::new("f.toml"), text, &span, "no".to_owned()).to_string()
    }

    #[test]
    fn the_caret_stands_below_the_place() {
        assert_eq!(
            shown("a = 1\n\u{1b}\tnäme = \"é\" # x\n", "\"é\""),
            "f.toml:2:10: no\n2 | \u{fffd} näme = \"é\" # x\n  |          ^^^"
        );
        assert_eq!(shown("a = [1,\r\n2]", "[1,\r\n2]"), "f.toml:1:5: no\n1 | a = [1,\n  |     ^^^");
    }

    #[test]
    fn a_place_behind_the_end_and_an_endless_line_are_shown_too() {
        let at_end = Problem::in_file(Path::new("f"), "a =", &(3..99), "no".to_owned());
        assert_eq!(at_end.to_string(), "f:1:4: no\n1 | a =\n  |    ^");
        let long = shown(&format!("{}X{}", "ä".repeat(9_000), "b".repeat(9_000)), "X");
        assert!(long.starts_with("f.toml:1:9001"), "{long}");
        let lines: Vec<&str> = long.lines().collect();
        assert_eq!(lines[1].chars().count(), 4 + EXCERPT_CHARACTERS_MAX);
        assert_eq!(lines[1].chars().position(|c| c == 'X'), lines[2].find('^'), "{long}");
    }
}

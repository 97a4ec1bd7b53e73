//! The line editor of a terminal, in a thread of its own: history, completion, and a printer that
//! writes above the line that is being edited. Owns the terminal; never decides what a line means.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use chat_protocol::slash::{self, Action};
use chat_protocol::{Command, UserName};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use tokio::sync::mpsc;

use crate::input::{LINES_QUEUED_MAX, Typed};

const PROMPT: &str = "> ";

/// Names to complete, shared with the thread of the editor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Arc<Mutex<BTreeSet<String>>>);

impl Names {
    pub(crate) fn add(&self, name: &UserName) {
        self.locked(|names| {
            names.insert(name.as_str().to_owned());
        });
    }

    pub(crate) fn remove(&self, name: &UserName) {
        self.locked(|names| {
            names.remove(name.as_str());
        });
    }

    fn locked<T>(&self, act: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A terminal with a line editor.
pub(crate) struct Terminal {
    pub(crate) typed: mpsc::Receiver<Typed>,
    pub(crate) printer: Box<dyn ExternalPrinter + Send>,
    pub(crate) names: Names,
    /// Restores the terminal when it is dropped.
    pub(crate) mode: TerminalMode,
}

/// Starts the editor.
pub(crate) fn start() -> anyhow::Result<Terminal> {
    let mode = TerminalMode::saved();
    let names = Names::default();
    let mut editor: Editor<Words, DefaultHistory> =
        Editor::new().context("cannot use this terminal; try --plain")?;
    editor.set_helper(Some(Words(names.clone())));
    let printer =
        editor.create_external_printer().context("cannot use this terminal; try --plain")?;
    let (sender, typed) = mpsc::channel(LINES_QUEUED_MAX);
    std::thread::Builder::new()
        .name("line editor".to_owned())
        .spawn(move || edit(editor, &sender))
        .context("cannot start a thread")?;
    Ok(Terminal { typed, printer: Box::new(printer), names, mode })
}

fn edit(mut editor: Editor<Words, DefaultHistory>, lines: &mpsc::Sender<Typed>) {
    loop {
        let typed = match editor.readline(PROMPT) {
            Ok(line) => {
                // It is a convenience; without it there is no history.
                if !line.strip_prefix('/').is_some_and(slash::has_secret) {
                    editor.add_history_entry(&line).ok();
                }
                Typed::Line(line)
            }
            Err(ReadlineError::Eof) => return,
            Err(ReadlineError::Interrupted) => Typed::Interrupted,
            Err(ReadlineError::Io(error)) => Typed::Failed(error),
            Err(error) => Typed::Failed(io::Error::other(error)),
        };
        let goes_on = matches!(&typed, Typed::Line(line) if !is_quit(line));
        if lines.blocking_send(typed).is_err() || !goes_on {
            return;
        }
    }
}

/// Behind `/quit` the terminal is left as it is: no new prompt.
fn is_quit(line: &str) -> bool {
    line.strip_prefix('/').is_some_and(|word| {
        slash::parse(word, None) == Ok(Action::Command(Command::Quit { reason: None }))
    })
}

/// Completes `/words` at the start of a line, and names anywhere.
struct Words(Names);

impl Helper for Words {}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..position).unwrap_or(line);
        let start = typed.rfind(' ').map_or(0, |space| space + 1);
        let begun = typed.get(start..).unwrap_or_default();
        let candidates = match begun.strip_prefix('/') {
            Some(word) if start == 0 => slash::WORDS
                .iter()
                .filter(|row| row.name.starts_with(word))
                .map(|row| format!("/{} ", row.name))
                .collect(),
            Some(_) | None => self.0.locked(|names| {
                let names = names.iter().filter(|name| name.starts_with(begun));
                names.cloned().collect()
            }),
        };
        Ok((start, candidates))
    }
}

/// The terminal's mode as it was found. The editor's thread may still hold the terminal in raw
/// mode when the program ends (a signal, a timeout).
#[derive(Debug)]
pub(crate) struct TerminalMode {
    #[cfg(unix)]
    found: Option<rustix::termios::Termios>,
}

impl TerminalMode {
    #[cfg(unix)]
    fn saved() -> Self {
        Self { found: rustix::termios::tcgetattr(io::stdin()).ok() }
    }

    #[cfg(not(unix))]
    fn saved() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for TerminalMode {
    fn drop(&mut self) {
        if let Some(found) = &self.found {
            // The terminal may be gone; then there is nothing to restore.
            rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Drain, found)
                .ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_are_completed() {
        let names = Names::default();
        names.add(&UserName::parse("maya").unwrap());
        let words = Words(names);
        let history = DefaultHistory::new();
        let complete = |line: &str| {
            let context = Context::new(&history);
            words.complete(line, line.len(), &context).unwrap()
        };
        assert_eq!(complete("/to"), (0, vec!["/topic ".to_owned(), "/token ".to_owned()]));
        assert_eq!(complete("/msg ma"), (5, vec!["maya".to_owned()]));
        assert_eq!(complete("hi /to"), (3, vec![]));
    }
}

//! What a typed line means, in each style. Never writes an answer.

use chat_protocol::slash::{self, Action, Word};
use chat_protocol::{Command, Password, Refusal, RoomAddress, UserName};

use super::style::{CommandSyntax, Identify, Style, StyleName};

/// What a line of somebody who has a name means.
#[derive(Debug)]
pub(super) enum Typed<'a> {
    /// Nothing.
    Nothing,
    /// Chat.
    Say(&'a str),
    /// For the server.
    Command(Command),
    /// What can be typed; one word, or all of them.
    Help(Option<&'static Word>),
    /// A command that is none, and why.
    Wrong(String),
}

/// What a line before the login means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login<'a> {
    Blank,
    Logout,
    NoName,
    Name(&'a str),
    Other,
}

/// Reads a line before the login (style talker).
pub(super) fn login(line: &str) -> Login<'_> {
    match line.split_once(' ').unwrap_or((line, "")) {
        _ if line.trim().is_empty() => Login::Blank,
        ("logout", _) => Login::Logout,
        ("login", name) if name.trim().is_empty() => Login::NoName,
        ("login", name) => Login::Name(name.trim()),
        _ => Login::Other,
    }
}

/// Reads a line before there is a name: `login NAME PASSWORD`, with a prefix where all else is a name.
pub(super) fn account(line: &str, style: &Style) -> Option<(UserName, Password)> {
    let is_prefix = |c: char| c == '/' || style.prefixes.contains(&c);
    let typed = match style.identify {
        Identify::Login => line.trim(),
        Identify::Ask | Identify::Random => line.trim().strip_prefix(is_prefix)?,
    };
    let mut words = typed.split_whitespace();
    let (login, name, password) = (words.next()?, words.next()?, words.next()?);
    let is_login = login == "login" && words.next().is_none();
    is_login.then_some(())?;
    Some((UserName::parse(name).ok()?, Password::parse(password).ok()?))
}

/// Reads a line of somebody who is in `here`.
pub(super) fn read<'a>(line: &'a str, style: &Style, here: Option<&RoomAddress>) -> Typed<'a> {
    match style.commands {
        CommandSyntax::Prefixed => prefixed(line, style, here),
        CommandSyntax::Bare | CommandSyntax::Mixed if line.trim().is_empty() => Typed::Nothing,
        CommandSyntax::Bare => match bare(line, style, here) {
            Some(typed) => typed,
            None => unknown(line),
        },
        CommandSyntax::Mixed => bare(line, style, here).unwrap_or(Typed::Say(line)),
    }
}

fn prefixed<'a>(line: &'a str, style: &Style, here: Option<&RoomAddress>) -> Typed<'a> {
    if style.name == StyleName::Samovar && line.trim().is_empty() {
        return Typed::Nothing;
    }
    let behind = line.strip_prefix(|c: char| style.prefixes.contains(&c));
    let Some(typed) = behind.filter(|_| style.offers_any()) else {
        return match line.trim().strip_prefix(|c: char| style.prefixes.contains(&c)) {
            Some(word) if style.name == StyleName::Grillo => {
                exact(word, style, here).unwrap_or(Typed::Say(line))
            }
            Some(_) | None => Typed::Say(line),
        };
    };
    match style.name {
        // Only a whole line that equals a command is one.
        StyleName::Grillo => {
            exact(line.trim().get(1..).unwrap_or_default(), style, here).unwrap_or(Typed::Say(line))
        }
        StyleName::Samovar | StyleName::Talker | StyleName::Netcat => {
            if typed.starts_with(|c: char| style.prefixes.contains(&c)) {
                return Typed::Say(typed); // "//" says a slash
            }
            let word = typed.split(' ').next().unwrap_or_default();
            if style.offers(word) || slash::find(word).is_none() {
                from_table(typed, here)
            } else {
                unknown(word)
            }
        }
    }
}

/// Grillo's commands have no arguments.
fn exact<'a>(word: &str, style: &Style, here: Option<&RoomAddress>) -> Option<Typed<'a>> {
    if !style.offers(word) {
        return None;
    }
    match (word, here) {
        ("users", Some(room)) => Some(Typed::Command(Command::Members { room: room.clone() })),
        _ => slash::find(word).map(|_| from_table(word, here)),
    }
}

/// A word without a prefix. Words are case-sensitive here.
fn bare<'a>(line: &'a str, style: &Style, here: Option<&RoomAddress>) -> Option<Typed<'a>> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "login" => None, // one is logged in
        _ if !style.offers(word) => None,
        "say" => Some(Typed::Say(rest)),
        "logout" => Some(Typed::Command(Command::Quit { reason: None })),
        _ if word.chars().any(char::is_uppercase) => None,
        _ => slash::find(word).map(|_| from_table(line, here)),
    }
}

fn from_table<'a>(typed: &str, here: Option<&RoomAddress>) -> Typed<'a> {
    match slash::parse(typed, here) {
        Ok(Action::Command(command)) => Typed::Command(command),
        Ok(Action::Help(word)) => Typed::Help(word),
        Err(error) => Typed::Wrong(error.to_string()),
    }
}

fn unknown<'a>(line: &str) -> Typed<'a> {
    let word = line.split_whitespace().next().unwrap_or_default();
    Typed::Wrong(Refusal::unknown_command(word).to_string())
}

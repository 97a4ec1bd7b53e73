//! What stands behind the words about accounts: names, passwords, tokens. An error never repeats
//! what may be a password.

use super::{SlashError, Typed, capital};
use crate::{Command, Fingerprint, LineText, Moment, Password, RoomName, TokenName, UserName};

pub(super) fn login(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let (name, password) = name_and_password(typed)?;
    Ok(Command::Login { name, password, keeps_name: false })
}

pub(super) fn name_and_password(typed: &Typed<'_>) -> Result<(UserName, Password), SlashError> {
    let (name, password) = two_words(typed)?;
    Ok((typed.peer(name)?, typed.password(password)?))
}

pub(super) fn password(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let (old, new) = two_words(typed)?;
    Ok(Command::ChangePassword { old: typed.password(old)?, new: typed.password(new)? })
}

/// Exactly two: what is too much may be a part of a password.
fn two_words<'a>(typed: &Typed<'a>) -> Result<(&'a str, &'a str), SlashError> {
    let mut words = typed.rest.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(one), Some(other), None) => Ok((one, other)),
        (_, _, None) => Err(typed.usage("Two words are needed")),
        (..) => Err(typed.usage("These are more than two words; a password has no white space")),
    }
}

pub(super) fn token(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let wrong = |error: &dyn std::fmt::Display| typed.usage(capital(&error.to_string()));
    let name = |text: &str| TokenName::parse(text).map_err(|error| wrong(&error));
    let mut words = typed.rest.split_whitespace().peekable();
    let Some(first) = words.next() else { return Ok(Command::Tokens) };
    if first.eq_ignore_ascii_case("revoke") {
        return match (words.next(), words.next()) {
            (Some(token), None) => Ok(Command::RevokeToken { name: name(token)? }),
            (..) => Err(typed.usage("Which one? One name is needed")),
        };
    }
    let access = words.next_if(|word| ["ro", "rw"].iter().any(|it| word.eq_ignore_ascii_case(it)));
    let rooms = words.map(|room| RoomName::parse(room).map_err(|error| wrong(&error)));
    Ok(Command::MakeToken {
        name: name(first)?,
        rooms: rooms.collect::<Result<_, _>>()?,
        read_only: access.is_some_and(|word| word.eq_ignore_ascii_case("ro")),
    })
}

pub(super) fn certificate(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let words: Vec<&str> = typed.rest.split_whitespace().collect();
    let (what, which) = words.split_first().unzip();
    let which = which.unwrap_or_default().iter().map(|word| Fingerprint::parse(word));
    let which = which.collect::<Result<Vec<_>, _>>();
    let which = which.map_err(|error| typed.usage(capital(&error.to_string())))?;
    let what = what.unwrap_or(&"list").to_ascii_lowercase();
    match (what.as_str(), which.as_slice()) {
        ("list", []) => Ok(Command::Certificates),
        ("add", []) => Ok(Command::AddCertificate { fingerprint: None }),
        ("add", [one]) => Ok(Command::AddCertificate { fingerprint: Some(*one) }),
        ("remove" | "del", [one]) => Ok(Command::RemoveCertificate { fingerprint: *one }),
        ("remove" | "del", []) => Err(typed.usage("Which one? Its fingerprint is needed")),
        (_, []) => Err(typed.usage("It is add, list or remove")),
        (..) => Err(typed.usage("That is too much")),
    }
}

pub(super) fn stay(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let on = match typed.rest.to_ascii_lowercase().as_str() {
        "" => None,
        "on" => Some(true),
        "off" => Some(false),
        _ => return Err(typed.usage("It is on or off")),
    };
    Ok(Command::Stay { on })
}

pub(super) fn suspend(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let (name, rest) = typed.rest.split_once(' ').unwrap_or((typed.rest, ""));
    let rest = rest.trim_start();
    let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    let (for_s, reason) = match Moment::parse_age(first) {
        Some(Moment::Ago { ms }) => (Some(ms.div_ceil(1_000)), behind.trim_start()),
        Some(Moment::At(_)) | None => (None, rest),
    };
    let reason: LineText = typed.line(reason)?;
    Ok(Command::Suspend { user: typed.peer(name)?, for_s, reason })
}

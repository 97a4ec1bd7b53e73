//! What stands behind the words that change a room: `/kick`, `/ban`, `/set` and the like. Never
//! knows what time it is, nor who may do what.

use super::{Action, SlashError, Typed, capital, command};
use crate::moment::parse_span;
use crate::room::Setting;
use crate::{Command, LineText, Role, RoomAddress, UserName};

/// A word behind which stands a name, and nothing else.
pub(super) fn of(
    typed: &Typed<'_>,
    make: impl FnOnce(RoomAddress, UserName) -> Command,
) -> Result<Action, SlashError> {
    let (user, rest) = user(typed)?;
    match rest {
        "" => command(make(typed.here()?, user)),
        _ => Err(typed.usage("There is one name, and nothing behind it")),
    }
}

/// `NAME [REASON]`
pub(super) fn kick(typed: &Typed<'_>) -> Result<Action, SlashError> {
    let (user, reason) = user(typed)?;
    command(Command::Kick { room: typed.here()?, user, reason: line(typed, reason)? })
}

/// `NAME [2h] [REASON]`
pub(super) fn ban(typed: &Typed<'_>) -> Result<Action, SlashError> {
    let (user, for_ms, reason) = restriction(typed)?;
    command(Command::Ban { room: typed.here()?, user, for_ms, reason })
}

/// `NAME [2h] [REASON]`
pub(super) fn mute(typed: &Typed<'_>) -> Result<Action, SlashError> {
    let (user, for_ms, reason) = restriction(typed)?;
    command(Command::Mute { room: typed.here()?, user, for_ms, reason })
}

pub(super) fn give(typed: &Typed<'_>, role: Role) -> Result<Action, SlashError> {
    of(typed, |room, user| Command::GiveRole { room, user, role })
}

pub(super) fn take(typed: &Typed<'_>, role: Role) -> Result<Action, SlashError> {
    of(typed, |room, user| Command::TakeRole { room, user, role })
}

/// `[WHAT VALUE]`
pub(super) fn set(typed: &Typed<'_>) -> Result<Action, SlashError> {
    let room = typed.here()?;
    let (name, value) = typed.rest.split_once(' ').unwrap_or((typed.rest, ""));
    if name.is_empty() {
        return command(Command::GetSettings { room });
    }
    let set = Setting::parse(name, value.trim());
    command(Command::Set { room, set: set.map_err(|error| typed.usage(capital(&error)))? })
}

fn restriction(typed: &Typed<'_>) -> Result<(UserName, Option<u64>, Option<LineText>), SlashError> {
    let (user, rest) = user(typed)?;
    let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    let for_ms = parse_span(word);
    let reason = if for_ms.is_some() { behind } else { rest };
    Ok((user, for_ms, line(typed, reason)?))
}

/// The name, and what stands behind it.
fn user<'a>(typed: &Typed<'a>) -> Result<(UserName, &'a str), SlashError> {
    let (name, rest) = typed.rest.split_once(' ').unwrap_or((typed.rest, ""));
    Ok((typed.user(name.strip_prefix('@').unwrap_or(name))?, rest.trim()))
}

fn line(typed: &Typed<'_>, text: &str) -> Result<Option<LineText>, SlashError> {
    (!text.is_empty()).then(|| typed.line(text)).transpose()
}

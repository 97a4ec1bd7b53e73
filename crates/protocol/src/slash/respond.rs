//! What stands behind `/reply` and `/react`: the number of a message, and what is said of it.

use super::{Action, SlashError, Typed, capital, command};
use crate::{Command, MessageText, ReactionText, SayKind, Sequence, Signal};

/// `#41 TEXT`
pub(super) fn reply(typed: &Typed<'_>) -> Result<Action, SlashError> {
    let room = typed.here()?;
    let (seq, text) = numbered(typed)?;
    let text = MessageText::parse(text).map_err(|error| typed.usage(capital(&error)))?;
    command(Command::Say { room, text, kind: SayKind::Text, key: None, reply_to: Some(seq) })
}

/// `#41 EMOJI`
pub(super) fn react(typed: &Typed<'_>, undo: bool) -> Result<Action, SlashError> {
    let room = typed.here()?;
    let (seq, text) = numbered(typed)?;
    let text = ReactionText::parse(text).map_err(|error| typed.usage(capital(&error)))?;
    command(Command::Signal { room, signal: Signal::React { seq, text, undo }, key: None })
}

/// A message's number, and what stands behind it. The sign is needed: a text may begin with a number.
fn numbered<'a>(typed: &Typed<'a>) -> Result<(Sequence, &'a str), SlashError> {
    let (number, text) = typed.rest.split_once(char::is_whitespace).unwrap_or((typed.rest, ""));
    let seq = number.strip_prefix('#').and_then(|digits| digits.parse().ok()).map(Sequence);
    let seq = seq.ok_or_else(|| typed.usage("A message is named by its number, #41"))?;
    match text.trim() {
        "" => Err(typed.usage("There is no text")),
        text => Ok((seq, text)),
    }
}

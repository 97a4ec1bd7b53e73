//! Sentences that are said in more than one place. Pure.

use chat_protocol::Sequence;

use crate::sanitise;

/// A part of a history that cannot be had.
pub(crate) fn gap(missing: Option<(Sequence, Sequence)>, why: &str) -> String {
    let why = sanitise::line(why);
    match missing {
        Some((from, to)) if from == to => format!("message {from} is missing: {why}"),
        Some((from, to)) => format!("messages {from} to {to} are missing: {why}"),
        None => format!("what came before may be missing: {why}"),
    }
}

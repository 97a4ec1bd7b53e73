//! The message that is answered, in a line. Pure.

use chat_protocol::Sequence;

use crate::ui::app::{App, Mode};
use crate::ui::room::Window;
use crate::ui::row::Body;

/// What stands before the message that is answered.
pub(super) const SIGN: &str = "↪ ";

/// `maya: keeping the canary off until tomorrow`, as far as it is here.
pub(super) fn quoted(app: &App, window: &Window, seq: Sequence) -> String {
    match window.of(seq).map(|row| &row.body) {
        Some(Body::Said { from, .. }) if app.ignored.contains(from) => {
            "somebody whom you ignore".to_owned()
        }
        Some(Body::Said { from, text, .. }) => {
            format!("{from}: {}", text.plain_lines().next().unwrap_or_default())
        }
        Some(Body::Deleted { from }) => format!("a deleted message of {from}"),
        Some(
            Body::Deletion
            | Body::Topic { .. }
            | Body::Presence(_)
            | Body::Gap(_)
            | Body::Talk(_)
            | Body::Warning(_),
        )
        | None => format!("an earlier message, #{seq}"),
    }
}

/// What will be answered, or is being chosen.
pub(super) fn notice(app: &App) -> Option<String> {
    if let Mode::Answer(_) = app.mode {
        return Some("Up, Down choose · Enter answers · + reacts · Esc closes".to_owned());
    }
    let room = app.room();
    let seq = room.answering?;
    Some(format!("{SIGN}{}", quoted(app, &room.window, seq)))
}

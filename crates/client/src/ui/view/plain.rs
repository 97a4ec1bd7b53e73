//! The plain view: text without columns, each message one line that the terminal itself wraps, so
//! that what one selects and copies is what was said. Pure.

use chat_protocol::SayKind;

use super::answered::{SIGN, quoted};
use super::rows::clock;
use crate::ui::app::App;
use crate::ui::graphemes::{graphemes, width};
use crate::ui::row::Body;

/// A screen of plain lines, without line ends; `back` screens before the newest.
pub(crate) fn plain_text(app: &App, back: usize) -> Vec<String> {
    let columns = usize::from(app.size.width).max(1);
    let rows = usize::from(app.size.height).saturating_sub(1).max(1);
    let mut skip = back * rows;
    let mut left = rows;
    let mut lines = Vec::new();
    for line in all(app) {
        let takes = width(&line).max(1).div_ceil(columns);
        if skip > 0 {
            skip = skip.saturating_sub(takes);
            continue;
        }
        if takes > left {
            break;
        }
        left -= takes;
        lines.push(line);
    }
    lines.reverse();
    lines
}

/// Every line of the room, the newest first.
fn all(app: &App) -> impl Iterator<Item = String> + '_ {
    app.room().window.rows().rev().flat_map(move |row| {
        let time = row.time.map(|time| clock(time, &app.start.zone)).unwrap_or_default();
        let mut lines: Vec<String> = match &row.body {
            Body::Said { from, .. } if app.ignored.contains(from) => Vec::new(),
            Body::Said { from, kind, text, reply_to, reactions, .. } => {
                let quoted =
                    reply_to.map(|seq| SIGN.to_owned() + &quoted(app, &app.room().window, seq));
                let said = text.plain_lines().map(|line| match kind {
                    SayKind::Text | SayKind::Notice => format!("{time} {from}: {line}"),
                    SayKind::Action => format!("{time} * {from} {line}"),
                });
                quoted.into_iter().chain(said).chain(reactions.said()).collect()
            }
            Body::Deleted { from } => vec![format!("{time} * a message of {from} was deleted")],
            Body::Deletion => Vec::new(),
            Body::Topic { from, topic } => {
                vec![format!("{time} * {from} changed the topic to: {topic}")]
            }
            Body::Presence(presence) => vec![format!("{time} * {}", presence.said())],
            Body::Gap(text) => vec![format!("! {text}")],
            Body::Talk(text) | Body::Warning(text) => text.split('\n').map(str::to_owned).collect(),
        };
        lines.reverse();
        lines.into_iter().map(|line| graphemes(&line).map(|grapheme| grapheme.shown).collect())
    })
}

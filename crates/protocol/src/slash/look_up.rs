//! What stands behind `/history` and `/search`: places in a history, words and options. Never knows
//! what time it is: an age goes to the server as it is.

use super::{SlashError, Typed};
use crate::command::HistoryRange;
use crate::limits::PAGE_EVENTS_MAX;
use crate::search::Query;
use crate::{Command, Moment, SearchCursor, Sequence};

/// How many messages are shown if nobody says.
const COUNT_DEFAULT: u32 = 20;

/// `[N] [before|after|around|since SEQUENCE|AGE]`
pub(super) fn history(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let room = typed.here()?;
    let mut words = typed.rest.split_whitespace().peekable();
    let count = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let limit = match count {
        None => COUNT_DEFAULT,
        Some(count) => count
            .parse()
            .ok()
            .filter(|count| (1..=PAGE_EVENTS_MAX).contains(count))
            .ok_or_else(|| typed.usage(format!("N is a number from 1 to {PAGE_EVENTS_MAX}")))?,
    };
    let range = match (words.next(), words.next(), words.next()) {
        (None, ..) => HistoryRange::default(),
        (Some(side), Some(place), None) => range(typed, side, place)?,
        (Some(_), ..) => return Err(where_usage(typed)),
    };
    Ok(Command::History { room, range, limit })
}

fn where_usage(typed: &Typed<'_>) -> SlashError {
    typed.usage("WHERE is before, after, around or since, and 41 or 2h")
}

/// A place is a sequence (`41`, `#41`) or an age (`2h`).
fn range(typed: &Typed<'_>, side: &str, place: &str) -> Result<HistoryRange, SlashError> {
    let digits = place.strip_prefix('#').unwrap_or(place);
    let seq = digits.parse().ok().map(Sequence);
    let time = Moment::parse_age(place);
    if seq.is_none() && time.is_none() {
        let place = place.escape_debug();
        let why = format!("Neither a number (41) nor an age (90m, 2h, 3d): {place}");
        return Err(typed.usage(why));
    }
    let all = HistoryRange::default();
    match side.to_ascii_lowercase().as_str() {
        "before" => Ok(HistoryRange { before: seq, before_ms: time, ..all }),
        "after" | "since" => Ok(HistoryRange { after: seq, after_ms: time, ..all }),
        "around" => Ok(HistoryRange { around: seq, around_ms: time, ..all }),
        _ => Err(where_usage(typed)),
    }
}

/// Words and, anywhere between them but not in quotes, `in:ROOM from:NAME since:AGE before:CURSOR`.
pub(super) fn search(typed: &Typed<'_>) -> Result<Command, SlashError> {
    let (mut room, mut from, mut after_ms, mut before) = (None, None, None, None);
    let mut words = Vec::new();
    for piece in pieces(typed.rest) {
        let (option, value) = piece.split_once(':').unwrap_or(("", ""));
        match option.to_ascii_lowercase().as_str() {
            "in" => room = Some(typed.room(value)?),
            "from" => from = Some(typed.user(value.strip_prefix('@').unwrap_or(value))?),
            "since" => {
                let why = || format!("Since: takes an age (90m, 2h, 3d), not {value}");
                after_ms = Some(Moment::parse_age(value).ok_or_else(|| typed.usage(why()))?);
            }
            "before" => {
                let why =
                    || format!("Before: takes the number that a search ended with, not {value}");
                let cursor = value.parse().map_err(|_| typed.usage(why()))?;
                before = Some(SearchCursor(cursor));
            }
            _ => words.push(piece),
        }
    }
    let text = words.join(" ");
    Query::parse(&text).map_err(|error| typed.usage(super::capital(&error)))?;
    let text = typed.line(&text)?;
    Ok(Command::Search {
        whole: false,
        room,
        text,
        from,
        after_ms,
        before_ms: None,
        before,
        limit: COUNT_DEFAULT,
    })
}

/// What stands between spaces; a quoted phrase keeps its own.
fn pieces(text: &str) -> Vec<&str> {
    let mut in_quotes = false;
    let is_end = |c: char| {
        in_quotes ^= c == '"';
        c.is_whitespace() && !in_quotes
    };
    text.split(is_end).filter(|piece| !piece.is_empty()).collect()
}

//! A room's events as lines of a style: what all sessions of a dialect see alike. Every line of a
//! text with several is prefixed, so that no text can speak for somebody else.

use std::fmt::{Display, Write};

use bytes::{BufMut, BytesMut};
use chat_protocol::{
    Event, LineText, MessageText, RoomAddress, RoomChange, SayKind, Timestamp, UserName,
};
use jiff::tz::TimeZone;

use super::style::StyleName;

/// Appends one line with the style's line end.
pub(crate) fn line(style: StyleName, line: impl Display, out: &mut BytesMut) {
    write!(out, "{line}").expect("a BytesMut takes all text");
    out.put_slice(match style {
        StyleName::Talker => b"\r\n",
        StyleName::Samovar | StyleName::Grillo | StyleName::Netcat => b"\n",
    });
}

/// Appends an event of a room. `here`: it is the session's current room and needs no label.
#[expect(clippy::wildcard_enum_match_arm, reason = "Event::sort names every variant")]
pub(crate) fn room_event(
    style: StyleName,
    here: bool,
    event: &Event,
    zone: &TimeZone,
    out: &mut BytesMut,
) {
    let show = |room: &RoomAddress, text: String, out: &mut BytesMut| {
        if here {
            line(style, text, out);
        } else {
            line(style, format_args!("[{room}] {text}"), out);
        }
    };
    match event {
        Event::Message { room, time_ms, from, text, kind, .. } => {
            for said in said(style, *time_ms, from, text, *kind, zone) {
                show(room, said, out);
            }
        }
        Event::TopicChanged { room, from, topic, .. } => {
            let text = match topic.as_str() {
                "" => format!("* {from} cleared the topic"),
                topic => format!("* {from} set the topic: {topic}"),
            };
            if style == StyleName::Samovar {
                show(room, text, out);
            }
        }
        Event::Deleted { room, from, target, reason, .. } if style == StyleName::Samovar => {
            show(room, format!("* {from} deleted message {target}{}", why(reason.as_ref())), out);
        }
        Event::Tombstone { room, from, .. } if style == StyleName::Samovar => {
            show(room, format!("* a message of {from} was deleted"), out);
        }
        Event::RoomChanged { room, time_ms, from, change, .. } => match (style, change) {
            (StyleName::Samovar, change) => {
                show(room, format!("* {from} {}", change.in_words(*time_ms)), out);
            }
            // No leave follows a kick.
            (StyleName::Grillo | StyleName::Talker, RoomChange::Kicked { user, .. }) => {
                if let Some(text) = moved(style, Moved::Left, *time_ms, user, zone) {
                    show(room, text, out);
                }
            }
            (StyleName::Grillo | StyleName::Talker | StyleName::Netcat, _) => {}
        },
        Event::Joined { room, time_ms, user, .. } => {
            if let Some(text) = moved(style, Moved::Joined, *time_ms, user, zone) {
                show(room, text, out);
            }
        }
        Event::Left { room, time_ms, user, .. } | Event::Gone { room, time_ms, user, .. } => {
            if let Some(text) = moved(style, Moved::Left, *time_ms, user, zone) {
                show(room, text, out);
            }
        }
        Event::Crowd { room, joined, left, members_total } if style == StyleName::Samovar => {
            let moved = |count: &u64, how| (*count > 0).then(|| format!("{count} {how}"));
            let moves: Vec<String> =
                [moved(joined, "joined"), moved(left, "left")].into_iter().flatten().collect();
            show(room, format!("* {}; {members_total} here", moves.join(", ")), out);
        }
        // These belong to a user and not to a room: no label.
        Event::Renamed { from, to } => match style {
            StyleName::Samovar | StyleName::Grillo | StyleName::Talker => {
                line(style, format_args!("* {from} is now {to}"), out);
            }
            StyleName::Netcat => {}
        },
        Event::AwayChanged { user, text } if style == StyleName::Samovar => match text {
            Some(text) => line(style, format_args!("* {user} is away: {text}"), out),
            None => line(style, format_args!("* {user} is back"), out),
        },
        // What this style does not show, and what is no line of a room.
        _ => {}
    }
}

/// A message, a string a line.
pub(super) fn said(
    style: StyleName,
    time: Timestamp,
    from: &UserName,
    text: &MessageText,
    kind: SayKind,
    zone: &TimeZone,
) -> impl Iterator<Item = String> {
    let clock = match style {
        StyleName::Grillo => format!("[{}] ", clock_12(time, zone)),
        StyleName::Samovar | StyleName::Talker | StyleName::Netcat => String::new(),
    };
    let before = match kind {
        SayKind::Text | SayKind::Notice => [&clock, from.as_str(), ": "].concat(),
        SayKind::Action => [&clock, "* ", from.as_str(), " "].concat(),
    };
    text.plain_lines().map(move |line| [before.as_str(), &line].concat())
}

enum Moved {
    Joined,
    Left,
}

/// `: spam`, or nothing.
pub(super) fn why(reason: Option<&LineText>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn moved(
    style: StyleName,
    moved: Moved,
    time: Timestamp,
    user: &UserName,
    zone: &TimeZone,
) -> Option<String> {
    Some(match (style, moved) {
        (StyleName::Samovar, Moved::Joined) => format!("* {user} joined"),
        (StyleName::Samovar, Moved::Left) => format!("* {user} left"),
        (StyleName::Grillo, Moved::Joined) => format!("[{}] {user} joins", clock_12(time, zone)),
        (StyleName::Grillo, Moved::Left) => format!("[{}] {user} leaves", clock_12(time, zone)),
        (StyleName::Talker, Moved::Joined) => format!("{user} has entered the room."),
        (StyleName::Talker, Moved::Left) => format!("{user} has left the room."),
        (StyleName::Netcat, Moved::Joined | Moved::Left) => return None,
    })
}

/// `09:03:05`, also in the evening: grillo's clock has twelve hours and does not say which.
pub(super) fn clock_12(time: Timestamp, zone: &TimeZone) -> String {
    strftime("%I:%M:%S", time, zone)
}

/// `11-20 21:03`.
pub(crate) fn date_and_time(time: Timestamp, zone: &TimeZone) -> String {
    strftime("%m-%d %H:%M", time, zone)
}

fn strftime(format: &str, time: Timestamp, zone: &TimeZone) -> String {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned(zone.clone()).strftime(format).to_string()
}

//! A room's events as lines of IRC: what all sessions of a dialect see alike. A text of several lines
//! is several messages, and none is longer than a line may be.

use bytes::BytesMut;
use chat_protocol::{Event, MessageText, RoomAddress, RoomChange, SayKind, Timestamp, UserName};
use unicode_segmentation::UnicodeSegmentation;

use super::message::{LINE_BYTES_MAX, Line};
use super::one_line;
use super::reply::{mask, target};

/// Appends an event of a room.
pub(crate) fn room_event(time: bool, event: &Event, out: &mut BytesMut) {
    match event {
        Event::Message { room, time_ms, from, text, kind, .. } => {
            said(time.then_some(*time_ms), from, room, text, *kind, None, out);
        }
        Event::TopicChanged { room, time_ms, from, topic, .. } => {
            let line = from_user(time.then_some(*time_ms), from, out).command("TOPIC");
            line.word(target(room)).text(topic);
        }
        Event::RoomChanged { room, time_ms, from, change, .. } => {
            changed(time.then_some(*time_ms), *time_ms, from, room, change, out);
        }
        Event::Joined { room, time_ms, user } => {
            let line = from_user(time.then_some(*time_ms), user, out).command("JOIN");
            line.word(target(room)).end();
        }
        Event::Left { room, time_ms, user } => {
            let line = from_user(time.then_some(*time_ms), user, out).command("PART");
            line.word(target(room)).end();
        }
        Event::Gone { time_ms, user, .. } => {
            from_user(time.then_some(*time_ms), user, out).command("QUIT").text("gone");
        }
        Event::Renamed { from, to } => from_user(None, from, out).command("NICK").text(to),
        Event::Crowd { .. }
        | Event::Deleted { .. }
        | Event::Tombstone { .. }
        | Event::UnreadList { .. }
        | Event::Identified { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::Shunned { .. }
        | Event::AccountList { .. }
        | Event::Hidden { .. }
        | Event::Signal { .. }
        | Event::Signalled { .. }
        | Event::ReadIs { .. }
        | Event::ReadMoved { .. }
        | Event::UserStates { .. }
        | Event::PastUsers { .. }
        | Event::UserWatched { .. }
        | Event::AwayChanged { .. }
        | Event::Welcome(_)
        | Event::Done { .. }
        | Event::Stored { .. }
        | Event::Refused { .. }
        | Event::Entered { .. }
        | Event::Exited { .. }
        | Event::Roster { .. }
        | Event::TopicIs { .. }
        | Event::SettingsAre { .. }
        | Event::Invited { .. }
        | Event::RoomList { .. }
        | Event::UserList { .. }
        | Event::MemberList { .. }
        | Event::History { .. }
        | Event::Found { .. }
        | Event::Gap { .. }
        | Event::Notice { .. }
        | Event::ShuttingDown { .. }
        | Event::Pong { .. }
        | Event::Unknown => {}
    }
}

/// Who is put out is kicked, whatever else it is; all other changes are told in words.
fn changed(
    time: Option<Timestamp>,
    at: Timestamp,
    from: &UserName,
    room: &RoomAddress,
    change: &RoomChange,
    out: &mut BytesMut,
) {
    match change.puts_out() {
        Some(user) => {
            let line = from_user(time, from, out).command("KICK").word(target(room)).word(user);
            line.text(one_line(&change.in_words(at)));
        }
        None => {
            let line = from_user(time, from, out).command("NOTICE").word(target(room));
            line.text(format_args!("* {from} {}", one_line(&change.in_words(at))));
        }
    }
}

/// A message, a line or several. `before`: what stands before each, for clients without a clock.
pub(super) fn said(
    time: Option<Timestamp>,
    from: &UserName,
    to: &RoomAddress,
    text: &MessageText,
    kind: SayKind,
    before: Option<&str>,
    out: &mut BytesMut,
) {
    // ":nick!nick@host PRIVMSG #target :" and "\x01ACTION \x01" and the line end.
    let overhead = 2 * from.as_str().len() + to.to_string().len() + 48;
    let room = LINE_BYTES_MAX.saturating_sub(overhead + before.map_or(0, str::len));
    for line in text.as_str().split('\n') {
        for part in parts(&one_line(line), room) {
            let line = from_user(time, from, out).command("PRIVMSG").word(target(to));
            let before = before.unwrap_or_default();
            match kind {
                SayKind::Text => line.text(format_args!("{before}{part}")),
                SayKind::Action => line.text(format_args!("\u{1}ACTION {before}{part}\u{1}")),
            }
        }
    }
}

pub(super) fn from_user<'a>(
    time: Option<Timestamp>,
    name: &UserName,
    out: &'a mut BytesMut,
) -> Line<'a> {
    let mut line = Line::new(out);
    if let Some(time) = time {
        let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        line = line.tag("time", &format!("{time:.3}"));
    }
    line.source(mask(name))
}

/// A text in parts of at most so many bytes, none of which ends within what people see as one
/// character (unless that alone is longer).
fn parts(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > bytes_max {
        let ends = rest.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
        let end = ends.take_while(|end| *end <= bytes_max).last();
        let end = end.unwrap_or_else(|| rest.floor_char_boundary(bytes_max.max(4)));
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_that_people_see() {
        assert_eq!(parts("", 10), [""]);
        assert_eq!(parts("0123456789", 10), ["0123456789"]);
        assert_eq!(parts("0123456789a", 10), ["0123456789", "a"]);
        let family = "👨\u{200d}👩\u{200d}👧"; // 18 bytes, one character
        assert_eq!(parts(&format!("abc{family}"), 20), ["abc", family]);
        let marks = "e\u{301}".repeat(10);
        assert!(parts(&marks, 8).iter().all(|part| part.starts_with('e') && part.len() <= 8));
        let one = format!("e{}", "\u{301}".repeat(50));
        assert_eq!(parts(&one, 20).concat(), one, "longer than a part: cut all the same");
    }
}

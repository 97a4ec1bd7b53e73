//! A room's events as lines of IRC: what all sessions of a dialect see alike. A text of several lines
//! is several messages, and none is longer than a line may be.

use bytes::BytesMut;
use chat_protocol::{
    Event, LineText, MessageText, RoomAddress, RoomChange, SayKind, Timestamp, UserName,
};
use unicode_segmentation::UnicodeSegmentation;

use super::identifier::MessageId;
use super::looks::{About, Frame, Look, Looks};
use super::message::LINE_BYTES_MAX;
use super::one_line;
use super::reply::{self, target};

/// Appends an event of a room, as all see it who look at it so.
pub(crate) fn room_event(looks: Looks, event: &Event, out: &mut BytesMut) {
    framed_event(Frame { looks, batch: None }, event, out);
}

/// The same in a frame of its own.
pub(super) fn framed_event(frame: Frame<'_>, event: &Event, out: &mut BytesMut) {
    let about = About::event(event);
    match event {
        Event::Message { room, from, text, kind, .. } => {
            said(frame, about, &Saying { from, to: room, text, kind: *kind, before: "" }, out);
        }
        Event::TopicChanged { room, from, topic, .. } => {
            frame.line(about, from, out).command("TOPIC").word(target(room)).text(topic);
        }
        Event::Deleted { room, from, target, original, reason, .. } => {
            if let Some(id) = MessageId::deleted(room, *target, original.as_deref())
                && frame.looks.has(Look::Redaction)
            {
                let about = About { id: None, ..about };
                let line = frame.line(about, from, out).command("REDACT");
                let line = line.word(reply::target(room)).word(id);
                match reason.as_ref().map(LineText::as_str).filter(|reason| !reason.is_empty()) {
                    Some(reason) => line.text(reason),
                    None => line.end(),
                }
            }
        }
        Event::RoomChanged { room, time_ms, from, change, .. } => {
            changed(frame, about, *time_ms, (from, room, change), out);
        }
        Event::Joined { room, user, .. } => {
            frame.line(about, user, out).command("JOIN").word(target(room)).end();
        }
        Event::Left { room, user, .. } => {
            frame.line(about, user, out).command("PART").word(target(room)).end();
        }
        Event::Gone { user, .. } => {
            frame.line(about, user, out).command("QUIT").text("gone");
        }
        Event::Renamed { from, to } => frame.line(about, from, out).command("NICK").text(to),
        Event::Crowd { .. }
        | Event::Tombstone { .. }
        | Event::UnreadList { .. }
        | Event::Identified { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::Shunned { .. }
        | Event::AccountList { .. }
        | Event::BanList { .. }
        | Event::Status { .. }
        | Event::AddressBanList { .. }
        | Event::StoredRoomList { .. }
        | Event::RoomReport { .. }
        | Event::Hidden { .. }
        | Event::Signal { .. }
        | Event::Signalled { .. }
        | Event::ReadIs { .. }
        | Event::ReadMoved { .. }
        | Event::UserStates { .. }
        | Event::PastUsers { .. }
        | Event::ConversationList { .. }
        | Event::Metadata { .. }
        | Event::MetadataKeys { .. }
        | Event::MetadataChanged { .. }
        | Event::StayIs { .. }
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
    frame: Frame<'_>,
    about: About<'_>,
    at: Timestamp,
    (from, room, change): (&UserName, &RoomAddress, &RoomChange),
    out: &mut BytesMut,
) {
    let line = frame.line(about, from, out);
    match change.puts_out() {
        Some(user) => {
            let line = line.command("KICK").word(target(room)).word(user);
            line.text(one_line(&change.in_words(at)));
        }
        None => {
            let line = line.command("NOTICE").word(target(room));
            line.text(format_args!("* {from} {}", one_line(&change.in_words(at))));
        }
    }
}

/// Something that is said.
pub(super) struct Saying<'a> {
    pub(super) from: &'a UserName,
    pub(super) to: &'a RoomAddress,
    pub(super) text: &'a MessageText,
    pub(super) kind: SayKind,
    /// What stands before each line, for clients without a clock.
    pub(super) before: &'a str,
}

/// A message, a line or several; the first has its id.
pub(super) fn said(frame: Frame<'_>, about: About<'_>, saying: &Saying<'_>, out: &mut BytesMut) {
    let Saying { from, to, text, kind, before } = saying;
    let word = if *kind == SayKind::Notice { "NOTICE" } else { "PRIVMSG" };
    // What stands around a text that is as long as it may be.
    let around = format!(":{} {word} {} :\r\n", reply::mask(from), target(to)).len();
    let overhead = around + if *kind == SayKind::Action { "\u{1}ACTION \u{1}".len() } else { 0 };
    let room = LINE_BYTES_MAX.saturating_sub(overhead + before.len());
    let mut about = about;
    for line in text.as_str().split('\n') {
        for part in parts(line, room) {
            let line = frame.line(about, from, out);
            let line = line.command(word).word(target(to));
            match kind {
                SayKind::Text | SayKind::Notice => line.text(format_args!("{before}{part}")),
                SayKind::Action => line.text(format_args!("\u{1}ACTION {before}{part}\u{1}")),
            }
            about = About { id: None, ..about };
        }
    }
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

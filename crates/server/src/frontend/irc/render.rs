//! A room's events as lines of IRC: what all sessions of a dialect see alike. A text of several lines
//! is several messages, and none is longer than a line may be.

use bytes::BytesMut;
use chat_protocol::event::account_of;
use chat_protocol::{
    Event, LineText, MessageKey, MessageText, RoomAddress, RoomChange, SayKind, Signal, Timestamp,
    TypingState, UserName,
};
use unicode_segmentation::UnicodeSegmentation;

use super::identifier::MessageId;
use super::looks::{About, Frame, Look, Looks};
use super::message::{Escaped, LINE_BYTES_MAX, Line};
use super::reply::{HOST, mask, target};
use super::{mode, multiline, one_line};

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
        Event::Deleted { room, from, target: deleted, reason, .. } => {
            if frame.looks.has(Look::Redaction) {
                let id = MessageId::of(room, *deleted, from);
                let about = About { id: None, ..about };
                let line = frame.line(about, from, out).command("REDACT");
                let line = line.word(target(room)).word(id);
                match reason.as_ref().map(LineText::as_str).filter(|reason| !reason.is_empty()) {
                    Some(reason) => line.text(reason),
                    None => line.end(),
                }
            }
        }
        Event::RoomChanged { room, time_ms, from, change, .. } => {
            changed(frame, about, *time_ms, (from, room, change), out);
        }
        Event::Joined { room, user, account, account_name, away, real_name, role, .. } => {
            let line = frame.line(about, user, out).command("JOIN").word(target(room));
            if frame.looks.has(Look::ExtendedJoin) {
                let real_name = real_name.as_ref().map_or(user.as_str(), |name| name.as_str());
                let account = account_of(*account, account_name.as_ref(), user);
                line.word(account.map_or("*", UserName::as_str)).text(real_name);
            } else {
                line.end();
            }
            // It has that from before: nobody gives it now.
            if let Some(mode) = mode::of_role(*role) {
                let line = frame.tags(About { account: None, ..about }, out).source(HOST);
                line.command("MODE").word(target(room)).word(mode).word(user).end();
            }
            if let Some(away) = away.as_ref().filter(|_| frame.looks.has(Look::Away)) {
                frame.line(about, user, out).command("AWAY").text(away);
            }
        }
        Event::Left { room, user, reason, .. } => {
            let line = frame.line(about, user, out).command("PART").word(target(room));
            match reason {
                Some(reason) => line.text(reason),
                None => line.end(),
            }
        }
        Event::Gone { user, reason, .. } => {
            let reason = reason.as_ref().map_or("gone", |reason| reason.as_str());
            frame.line(about, user, out).command("QUIT").text(reason);
        }
        Event::Signal { room, from, signal: Signal::Query { text, answers }, key, .. } => {
            let mut line = frame.tags(about, out);
            if let Some(MessageKey(key)) = key.filter(|_| frame.looks.has(Look::Tags)) {
                line = line.written_tag(format_args!("msgid={}", key.simple()));
            }
            let word = if *answers { "NOTICE" } else { "PRIVMSG" };
            let line = line.source(mask(from)).command(word).word(target(room));
            line.text(format_args!("\u{1}{text}\u{1}"));
        }
        Event::Signal { room, from, signal, key, .. } if frame.looks.has(Look::Tags) => {
            signalled(frame, about, (from, room, signal), *key, out);
        }
        Event::Renamed { from, to } => {
            frame.line(about, from, out).command("NICK").text(to);
            // What stands before the host is the name too (<https://ircv3.net/specs/extensions/chghost>).
            if frame.looks.has(Look::ChangedHost) {
                let line = frame.tags(about, out).source(format_args!("{to}!{from}@{HOST}"));
                line.command("CHGHOST").word(to).word(HOST).end();
            }
        }
        Event::Crowd { .. }
        | Event::Tombstone { .. }
        | Event::UnreadList { .. }
        | Event::Identified { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::CertificateList { .. }
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
        | Event::UserIs { .. }
        | Event::CensusIs { .. }
        | Event::ProfileChanged { .. }
        | Event::AccountChanged { .. }
        | Event::History { .. }
        | Event::Found { .. }
        | Event::Gap { .. }
        | Event::Notice { .. }
        | Event::Wallops { .. }
        | Event::ShuttingDown { .. }
        | Event::Pong { .. }
        | Event::Unknown => {}
    }
}

/// What clients tell each other: TAGMSG.
fn signalled(
    frame: Frame<'_>,
    about: About<'_>,
    (from, room, signal): (&UserName, &RoomAddress, &Signal),
    key: Option<MessageKey>,
    out: &mut BytesMut,
) {
    let (mut tags, mut reply_to) = (String::new(), None);
    match signal {
        Signal::Typing { state } => {
            tags.push_str(match state {
                TypingState::Active => "+typing=active",
                TypingState::Paused => "+typing=paused",
                TypingState::Done => "+typing=done",
            });
        }
        Signal::React { seq, text, undo } => {
            let name = if *undo { "+draft/unreact" } else { "+draft/react" };
            tags = format!("{name}={}", Escaped(text.as_str()));
            reply_to = Some(MessageId::of(room, *seq, from));
        }
        Signal::Tags { tags: written } => tags.push_str(written.as_str()),
        Signal::Query { .. } | Signal::Unknown => return,
    }
    let about = About { tags: &tags, reply_to, ..about };
    let mut line = frame.tags(about, out);
    if let Some(MessageKey(key)) = key {
        line = line.written_tag(format_args!("msgid={}", key.simple()));
    }
    line.source(mask(from)).command("TAGMSG").word(target(room)).end();
}

/// Who is put out is kicked, whatever else it is; what is a mode is a change of modes; all else is
/// told in words.
fn changed(
    frame: Frame<'_>,
    about: About<'_>,
    at: Timestamp,
    (from, room, change): (&UserName, &RoomAddress, &RoomChange),
    out: &mut BytesMut,
) {
    if let RoomChange::Invited { user } = change {
        if frame.looks.has(Look::Invite) {
            frame.line(about, from, out).command("INVITE").word(user).word(target(room)).end();
        }
        return;
    }
    let line = frame.line(about, from, out);
    if let RoomChange::Kicked { user, reason } = change {
        let reason = reason.as_ref().map_or(from.as_str(), |reason| reason.as_str());
        line.command("KICK").word(target(room)).word(user).text(reason);
    } else if let Some(user) = change.puts_out() {
        let line = line.command("KICK").word(target(room)).word(user);
        line.text(one_line(&change.in_words(at)));
    } else if let Some(changes) = mode::of_change(change) {
        mode::written(line.command("MODE").word(target(room)), &changes);
    } else {
        let line = line.command("NOTICE").word(target(room));
        line.text(format_args!("* {from} {}", one_line(&change.in_words(at))));
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
    let overhead = overhead(from, &target(to).to_string(), *kind);
    let room = LINE_BYTES_MAX.saturating_sub(overhead + before.len());
    let mut about = about;
    let say = |frame: Frame<'_>, about: About<'_>, joins: bool, part: &str, out: &mut BytesMut| {
        let mut line = frame.tags(about, out);
        if joins {
            line = line.written_tag(multiline::CONCAT);
        }
        let word = if *kind == SayKind::Notice { "NOTICE" } else { "PRIVMSG" };
        let line = line.source(mask(from)).command(word).word(target(to));
        match kind {
            SayKind::Text | SayKind::Notice => line.text(format_args!("{before}{part}")),
            SayKind::Action => line.text(format_args!("\u{1}ACTION {before}{part}\u{1}")),
        }
    };
    let is_one = text.as_str().len() <= room && !text.as_str().contains('\n');
    if is_one && text.seams().is_empty() {
        return say(frame, about, false, text.as_str(), out);
    }
    let pieces = multiline::pieces(text, |line| parts(line, room));
    if frame.looks.has(Look::Multiline) && *kind != SayKind::Action && pieces.len() > 1 {
        // What is in it is one behind the other, so a reference is open once.
        let reference = format!("m{}", about.id.map_or(0, |id| id.seq.0));
        let begin = frame.line(about, from, out).command("BATCH");
        begin.word(format_args!("+{reference}")).word(multiline::BATCH).word(target(to)).end();
        let within = Frame { batch: Some(&reference), ..frame };
        for (joins, piece) in pieces {
            say(within, About::default(), joins, piece, out);
        }
        let end = Line::new(out).source(mask(from)).command("BATCH");
        return end.word(format_args!("-{reference}")).end();
    }
    // A line without anything tells nothing, unless there is no other.
    let is_blank = pieces.iter().all(|(_, piece)| piece.is_empty());
    for (_, piece) in pieces.into_iter().filter(|(_, piece)| is_blank || !piece.is_empty()) {
        say(frame, about, false, piece, out);
        about = About { id: None, reply_to: None, ..about };
    }
}

/// What a line has beside its text, in bytes.
pub(super) fn overhead(from: &UserName, to: &str, kind: SayKind) -> usize {
    let command = if kind == SayKind::Notice { "NOTICE" } else { "PRIVMSG" };
    let action = if kind == SayKind::Action { "\u{1}ACTION \u{1}" } else { "" };
    let spaces = ":".len() + 3 * " ".len() + ":".len() + "\r\n".len();
    mask(from).to_string().len() + command.len() + to.len() + action.len() + spaces
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

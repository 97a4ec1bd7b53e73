//! History as a client asks for it (<https://ircv3.net/specs/extensions/chathistory>), and as one
//! that does not ask is shown it on entering: in a batch, if it takes batches. Never keeps any of it.

use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::command::{HistoryPart, HistoryRange};
use chat_protocol::event::ConversationInfo;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{
    Command, Event, Moment, Refusal, RoomAddress, RoomName, Sequence, Timestamp, UserName,
};

use super::asked::Asked;
use super::capability::Capability;
use super::identifier::MessageId;
use super::looks::{About, Frame, Look, time};
use super::message::Line;
use super::render::Saying;
use super::reply::target;
use super::{IrcFrontend, label, render};
use crate::frontend::line::render::date_and_time;

const COMMAND: &str = "CHATHISTORY";

/// What was asked for, for the answer.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// How the client wrote the room.
    pub(super) target: String,
    /// By which subcommand.
    subcommand: String,
}

/// What a selector means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reference {
    /// A message.
    Message(Sequence),
    /// A time.
    Time(Timestamp),
}

/// Why there is nothing to ask for.
#[derive(Debug)]
struct Wrong {
    code: &'static str,
    context: Vec<String>,
    why: &'static str,
}

/// `CHATHISTORY LATEST #lobby * 50`
pub(super) fn command(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let Some((subcommand, rest)) = parameters.split_first() else {
        return session.too_few(COMMAND, out);
    };
    let subcommand = subcommand.to_ascii_uppercase();
    let asked = match (subcommand.as_str(), rest) {
        ("TARGETS", [from, to, limit]) => targets(from, to, limit),
        ("LATEST" | "BEFORE" | "AFTER" | "AROUND", [target, at, limit]) => {
            page(session, &subcommand, target, (at, None), limit)
        }
        ("BETWEEN", [target, from, to, limit]) => {
            page(session, &subcommand, target, (from, Some(to)), limit)
        }
        ("LATEST" | "BEFORE" | "AFTER" | "AROUND" | "BETWEEN" | "TARGETS", rest) => {
            let why =
                if rest.len() < 4 { "Insufficient parameters" } else { "Too many parameters" };
            Err(Wrong::parameter("", why))
        }
        _ => Err(Wrong::parameter("", "Unknown command")),
    };
    match asked {
        Ok((command, asked)) => session.ask(command, asked),
        Err(Wrong { code, context, why }) => {
            let mut words = vec![subcommand.as_str()];
            words.extend(context.iter().map(String::as_str));
            session.fail(COMMAND, code, &words, why, out);
        }
    }
}

impl Wrong {
    /// A parameter that cannot be, or none in particular.
    fn parameter(parameter: &str, why: &'static str) -> Self {
        let context = Some(parameter).filter(|parameter| !parameter.is_empty());
        let context = context.into_iter().map(str::to_owned).collect();
        Self { code: "INVALID_PARAMS", context, why }
    }

    fn of(code: &'static str, context: &[&str], why: &'static str) -> Self {
        Self { code, context: context.iter().map(|word| (*word).to_owned()).collect(), why }
    }
}

/// `TARGETS`: where was something said, and when last?
fn targets(from: &str, to: &str, limit: &str) -> Result<(Command, Asked), Wrong> {
    let time = |text: &str| {
        let time = text.strip_prefix("timestamp=").and_then(parse_time);
        time.ok_or_else(|| Wrong::parameter(text, "Invalid timestamp"))
    };
    let (from, to) = (time(from)?, time(to)?);
    let limit = parse_limit(limit)?;
    let (after_ms, before_ms, newest) = (from.min(to), from.max(to), from > to);
    let command = Command::Conversations { after_ms, before_ms, newest, limit };
    Ok((command, Asked::Conversations))
}

/// A page of one room.
fn page(
    session: &IrcFrontend,
    subcommand: &str,
    target: &str,
    (at, until): (&str, Option<&str>),
    limit: &str,
) -> Result<(Command, Asked), Wrong> {
    let room = room(session, target).ok_or_else(|| {
        Wrong::of("INVALID_TARGET", &[target], "Messages could not be retrieved: enter it first")
    })?;
    let reference = |text: &str| match (subcommand, text) {
        ("LATEST", "*") => Ok(None),
        _ => reference(&room, target, text).map(Some),
    };
    let (at, until) = (reference(at)?, until.map(reference).transpose()?.flatten());
    let limit = parse_limit(limit)?;
    let part = if session.capabilities.has(Capability::EventPlayback) {
        HistoryPart::Kept
    } else {
        HistoryPart::Messages
    };
    let all = HistoryRange { part, ..HistoryRange::default() };
    let range = match (subcommand, at, until) {
        ("BEFORE", Some(at), _) => before(all, at),
        ("AFTER", Some(at), _) => after(all, at),
        ("AROUND", Some(Reference::Message(seq)), _) => HistoryRange { around: Some(seq), ..all },
        ("AROUND", Some(Reference::Time(time)), _) => {
            HistoryRange { around_ms: Some(Moment::At(time)), ..all }
        }
        ("BETWEEN", Some(from), Some(until)) => {
            let newest = from.is_behind(until).ok_or_else(|| {
                Wrong::parameter("", "Give two timestamps, or the ids of two messages")
            })?;
            let (low, high) = if newest { (until, from) } else { (from, until) };
            HistoryRange { newest, ..before(after(all, low), high) }
        }
        (_, Some(at), _) => HistoryRange { newest: true, ..after(all, at) },
        (_, None, _) => all,
    };
    let wanted = Wanted { target: target.to_owned(), subcommand: subcommand.to_owned() };
    Ok((Command::History { room, range, limit }, Asked::History(wanted)))
}

impl Reference {
    /// Is it the later one? None: it cannot be told.
    fn is_behind(self, other: Self) -> Option<bool> {
        match (self, other) {
            (Self::Message(one), Self::Message(other)) => Some(one > other),
            (Self::Time(one), Self::Time(other)) => Some(one > other),
            (Self::Message(_), Self::Time(_)) | (Self::Time(_), Self::Message(_)) => None,
        }
    }
}

/// Only what stands before this.
const fn before(range: HistoryRange, at: Reference) -> HistoryRange {
    match at {
        Reference::Message(seq) => HistoryRange { before: Some(seq), ..range },
        Reference::Time(time) => HistoryRange { before_ms: Some(Moment::At(time)), ..range },
    }
}

/// Only what stands behind this.
const fn after(range: HistoryRange, at: Reference) -> HistoryRange {
    match at {
        Reference::Message(seq) => HistoryRange { after: Some(seq), ..range },
        Reference::Time(time) => {
            let later = Timestamp(time.0.saturating_add(1));
            HistoryRange { after_ms: Some(Moment::At(later)), ..range }
        }
    }
}

/// A room that the session is in, or a user. One that it is not in looks as if there were none.
fn room(session: &IrcFrontend, target: &str) -> Option<RoomAddress> {
    match target.strip_prefix('#') {
        Some(name) => {
            let name = RoomName::parse(name).ok()?;
            session.rooms.contains(&name).then_some(RoomAddress::Named(name))
        }
        None => UserName::parse(target).ok().map(RoomAddress::Direct),
    }
}

/// `msgid=17-9c31f00aa2`, `timestamp=2026-11-21T18:00:00.000Z`
fn reference(room: &RoomAddress, target: &str, text: &str) -> Result<Reference, Wrong> {
    match text.split_once('=') {
        Some(("timestamp", time)) => {
            let time = parse_time(time).ok_or_else(|| Wrong::parameter(text, "Invalid timestamp"));
            time.map(Reference::Time)
        }
        Some(("msgid", id)) => {
            let id = MessageId::parse(id).filter(|id| id.may_be_in(room));
            let id = id.map(|id| Reference::Message(id.seq));
            id.ok_or_else(|| {
                Wrong::of("MESSAGE_ERROR", &[target, text], "There is no such message")
            })
        }
        Some(_) | None => {
            let why = "A message is named by msgid=ID or timestamp=TIME";
            Err(Wrong::of("INVALID_MSGREFTYPE", &[target, text], why))
        }
    }
}

/// A time as `server-time` writes it; not before 1970.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    let has_zone = text.ends_with('Z');
    u64::try_from(time.as_millisecond()).ok().filter(|_| has_zone).map(Timestamp)
}

/// At least one, and no more than is given at once.
fn parse_limit(text: &str) -> Result<u32, Wrong> {
    let limit: Option<u32> = text.parse().ok();
    let limit = limit.ok_or_else(|| Wrong::parameter(text, "Invalid limit"))?;
    Ok(if limit == 0 { PAGE_EVENTS_MAX } else { limit.min(PAGE_EVENTS_MAX) })
}

/// Stored events, as asked or on entering. With their times; a client that has no clock for them
/// reads them.
pub(super) fn batch(
    session: &mut IrcFrontend,
    called: &str,
    room: &RoomAddress,
    events: &[Event],
    out: &mut BytesMut,
) {
    let settings = Arc::clone(&session.settings);
    let batch = session.capabilities.has(Capability::Batch).then(|| session.next_batch());
    if let Some(batch) = &batch {
        label::begin(&settings.server, batch, "chathistory", out).word(called).end();
    }
    let frame = Frame { batch: batch.as_deref(), ..session.frame() };
    let playback = session.capabilities.has(Capability::EventPlayback);
    let me = session.me.clone().map(RoomAddress::Direct);
    for event in events {
        // What the other user of a direct room said is to oneself.
        let relabelled = match (room, &me, author(event)) {
            (RoomAddress::Direct(peer), Some(me), Some(from)) if peer == from => {
                Some(event.relabelled(me))
            }
            (RoomAddress::Direct(_) | RoomAddress::Named(_), _, _) => None,
        };
        let event = relabelled.as_ref().unwrap_or(event);
        if let Event::Message { room: to, time_ms, from, text, kind, .. } = event {
            let before = if frame.looks.has(Look::Time) {
                String::new()
            } else {
                format!("[{}] ", date_and_time(*time_ms, &settings.zone))
            };
            let saying = Saying { from, to, text, kind: *kind, before: &before };
            render::said(frame, About::event(event), &saying, out);
        } else if playback {
            render::framed_event(frame, event, out);
        }
    }
    if let Some(batch) = &batch {
        label::end(&settings.server, batch, out);
    }
}

/// Who did it.
const fn author(event: &Event) -> Option<&UserName> {
    if let Event::Message { from, .. } | Event::Deleted { from, .. } = event {
        Some(from)
    } else {
        None
    }
}

/// Where something was said.
pub(super) fn conversations(
    session: &mut IrcFrontend,
    conversations: &[ConversationInfo],
    out: &mut BytesMut,
) {
    let settings = Arc::clone(&session.settings);
    let batch = session.capabilities.has(Capability::Batch).then(|| session.next_batch());
    if let Some(batch) = &batch {
        label::begin(&settings.server, batch, "draft/chathistory-targets", out).end();
    }
    for ConversationInfo { room, last_ms } in conversations {
        let mut line = Line::new(out);
        if let Some(batch) = &batch {
            line = line.tag("batch", batch);
        }
        let line = line.source(&settings.server).command(COMMAND).word("TARGETS");
        line.word(target(room)).word(time(*last_ms)).end();
    }
    if let Some(batch) = &batch {
        label::end(&settings.server, batch, out);
    }
}

/// There is none for this one, or none at the moment.
pub(super) fn refused(
    session: &IrcFrontend,
    wanted: &Wanted,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    let is_passing = matches!(refusal, Refusal::Unavailable);
    let code = if is_passing { "MESSAGE_ERROR" } else { "INVALID_TARGET" };
    session.fail(COMMAND, code, &[&wanted.subcommand, &wanted.target], text, out);
}

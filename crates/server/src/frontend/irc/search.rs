//! What was said, by its words (<https://soju.im/search>, as soju's `doc/ext/search.md` has it), in a
//! batch, if the client takes batches. The same search as everywhere; never keeps any of it.

use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::limits::PAGE_HITS_MAX;
use chat_protocol::search::Hit;
use chat_protocol::{Command, LineText, Moment, Refusal, RoomAddress, Timestamp, UserName};

use super::asked::Asked;
use super::capability::Capability;
use super::chathistory::parse_time;
use super::identifier::MessageId;
use super::looks::{About, Frame, Look};
use super::message::Tags;
use super::render::Saying;
use super::{IrcFrontend, label, render, say};
use crate::frontend::line::render::date_and_time;

const COMMAND: &str = "SEARCH";
const BATCH: &str = "soju.im/search";

/// `SEARCH in=#lobby;from=ana;text=tea\s"in\sa\spot";limit=20`
pub(super) fn command(session: &mut IrcFrontend, attributes: &str, out: &mut BytesMut) {
    match asked(Tags(attributes)) {
        Ok(command) => session.ask(command, Asked::Search),
        Err((attribute, why)) => {
            session.fail(COMMAND, "INVALID_PARAMS", &[attribute], why, out);
        }
    }
}

/// What is asked for; else the attribute that cannot be, and why.
fn asked(attributes: Tags<'_>) -> Result<Command, (&'static str, &'static str)> {
    let time = |name: &'static str| match attributes.get(name) {
        Some(text) => parse_time(&text).map(Some).ok_or((name, "Invalid timestamp")),
        None => Ok(None),
    };
    let room = match attributes.get("in") {
        Some(target) => Some(say::somewhere(&target).ok_or(("in", "That is no room and no user"))?),
        None => None,
    };
    let from = match attributes.get("from") {
        Some(nick) => Some(UserName::parse(&nick).map_err(|_| ("from", "That is no name"))?),
        None => None,
    };
    let limit = match attributes.get("limit") {
        Some(limit) => limit.parse().map_err(|_| ("limit", "Invalid limit"))?,
        None => PAGE_HITS_MAX,
    };
    let text = attributes.get("text").unwrap_or_default();
    let text = LineText::parse(&text).map_err(|_| ("text", "One line of up to 512 bytes"))?;
    let (after, before) = (time("after")?, time("before")?);
    Ok(Command::Search {
        room,
        text,
        from,
        after_ms: after.map(Moment::At),
        // Then, too.
        before_ms: before.map(|time| Moment::At(Timestamp(time.0.saturating_add(1)))),
        before: None,
        limit: limit.clamp(1, PAGE_HITS_MAX),
        whole: true,
    })
}

/// What was found, oldest first. With their times; a client that has no clock for them reads them.
pub(super) fn found(session: &mut IrcFrontend, hits: &[Hit], out: &mut BytesMut) {
    let settings = Arc::clone(&session.settings);
    let batch = session.capabilities.has(Capability::Batch).then(|| session.next_batch());
    if let Some(batch) = &batch {
        label::begin(&settings.server, batch, BATCH, out).end();
    }
    let frame = Frame { batch: batch.as_deref(), ..session.frame() };
    let me = session.me.clone().map(RoomAddress::Direct);
    for hit in hits.iter().rev() {
        let Hit { room, seq, time_ms, from, kind, text: Some(text), .. } = hit else { continue };
        // What the other user of a direct room said is to oneself.
        let to = match (room, &me) {
            (RoomAddress::Direct(peer), Some(me)) if peer == from => me,
            (RoomAddress::Direct(_) | RoomAddress::Named(_), _) => room,
        };
        let before = if frame.looks.has(Look::Time) {
            String::new()
        } else {
            format!("[{}] ", date_and_time(*time_ms, &settings.zone))
        };
        let id = Some(MessageId::of(to, *seq, from));
        let about = About { time: Some(*time_ms), id, ..About::default() };
        let saying = Saying { from, to, text, kind: *kind, before: &before };
        render::said(frame, about, &saying, out);
    }
    if let Some(batch) = &batch {
        label::end(&settings.server, batch, out);
    }
}

/// It cannot be searched for, or not at the moment.
pub(super) fn refused(session: &IrcFrontend, refusal: &Refusal, text: &str, out: &mut BytesMut) {
    let is_passing = matches!(refusal, Refusal::Unavailable);
    let code = if is_passing { "INTERNAL_ERROR" } else { "INVALID_PARAMS" };
    session.fail(COMMAND, code, &[], text, out);
}

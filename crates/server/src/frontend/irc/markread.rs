//! How far one has read, between one's own clients
//! (<https://ircv3.net/specs/extensions/read-marker>). Never told to anybody else.

use bytes::BytesMut;
use chat_protocol::{Command, RoomAddress, RoomName, Timestamp, UserName};

use super::IrcFrontend;
use super::asked::Asked;
use super::chathistory::parse_time;
use super::looks::time;
use super::message::Line;

const COMMAND: &str = "MARKREAD";

/// `MARKREAD #lobby`, `MARKREAD #lobby timestamp=2026-11-21T18:00:00.000Z`
pub(super) fn command(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let Some((called, rest)) = parameters.split_first() else {
        return session.fail(COMMAND, "NEED_MORE_PARAMS", &[], "Missing parameters", out);
    };
    let room = match called.strip_prefix('#') {
        Some(name) => RoomName::parse(name).ok().map(RoomAddress::Named),
        None => UserName::parse(called).ok().map(RoomAddress::Direct),
    };
    let Some(room) = room else {
        return session.fail(COMMAND, "INVALID_PARAMS", &[called], "There is no such target", out);
    };
    let command = match rest.first() {
        None => Command::GetRead { room },
        Some(text) => match text.strip_prefix("timestamp=").and_then(parse_time) {
            Some(time_ms) => Command::MarkReadUntil { room, time_ms },
            None => {
                let why = "Give timestamp=YYYY-MM-DDThh:mm:ss.sssZ";
                return session.fail(COMMAND, "INVALID_PARAMS", &[called, text], why, out);
            }
        },
    };
    session.ask(command, Asked::Read((*called).to_owned()));
}

/// It is read until then; none: nobody knows.
pub(super) fn told(
    session: &IrcFrontend,
    called: &str,
    until: Option<Timestamp>,
    out: &mut BytesMut,
) {
    let line = Line::new(out).source(&session.settings.server).command(COMMAND).word(called);
    match until {
        Some(until) => line.word(format_args!("timestamp={}", time(until))).end(),
        None => line.word("*").end(),
    }
}

pub(super) fn refused(session: &IrcFrontend, called: &str, text: &str, out: &mut BytesMut) {
    session.fail(COMMAND, "INTERNAL_ERROR", &[called], text, out);
}

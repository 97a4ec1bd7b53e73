//! Deleting what was said (<https://ircv3.net/specs/extensions/message-redaction>). Whose it may be, the
//! room knows; who sees it deleted, [`super::looks`].

use bytes::BytesMut;
use chat_protocol::{Command, LineText, Refusal, RoomAddress, UserName};

use super::IrcFrontend;
use super::asked::Asked;
use super::identifier::MessageId;
use super::reply::room_of;

const COMMAND: &str = "REDACT";

/// What was asked for, for the answer.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    target: String,
    id: String,
}

/// `REDACT #lobby 17-9c31f00aa2 :spam`
pub(super) fn command(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let [target, id, rest @ ..] = parameters else {
        return session.too_few(COMMAND, out);
    };
    let room = room_of(target).or_else(|| UserName::parse(target).ok().map(RoomAddress::Direct));
    let is_in = match &room {
        Some(RoomAddress::Named(name)) => session.rooms.contains(name),
        Some(RoomAddress::Direct(_)) => true,
        None => false,
    };
    let Some(room) = room.filter(|_| is_in) else {
        let why = "You are not there, and can delete nothing";
        return session.fail(COMMAND, "INVALID_TARGET", &[target], why, out);
    };
    let Some(found) = MessageId::parse(id).filter(|id| id.may_be_in(&room)) else {
        return unknown(session, target, id, out);
    };
    let reason = match rest.first().map(|text| LineText::parse(text)).transpose() {
        Ok(reason) => reason.filter(|reason| !reason.is_empty()),
        Err(error) => {
            return session.fail(COMMAND, "INVALID_REASON", &[target], &error.to_string(), out);
        }
    };
    let wanted = Wanted { target: (*target).to_owned(), id: (*id).to_owned() };
    let command = Command::Delete { room, seq: Some(found.seq), reason };
    session.ask(command, Asked::Redact(wanted));
}

fn unknown(session: &IrcFrontend, target: &str, id: &str, out: &mut BytesMut) {
    let why = "There is no such message";
    session.fail(COMMAND, "UNKNOWN_MSGID", &[target, id], why, out);
}

pub(super) fn refused(
    session: &IrcFrontend,
    wanted: &Wanted,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    let Wanted { target, id } = wanted;
    if let Refusal::NoSuchMessage { .. } = refusal {
        return unknown(session, target, id, out);
    }
    if let Refusal::NotInRoom { .. } | Refusal::NoSuchRoom { .. } | Refusal::NoSuchUser { .. } =
        refusal
    {
        return session.fail(COMMAND, "INVALID_TARGET", &[target], text, out);
    }
    session.fail(COMMAND, "REDACT_FORBIDDEN", &[target, id], text, out);
}

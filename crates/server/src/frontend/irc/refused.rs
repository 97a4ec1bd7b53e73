//! Refusals as numerics.

use bytes::BytesMut;
use chat_protocol::Refusal;

use super::asked::Asked;
use super::command::bad_nick;
use super::message::Line;
use super::reply::word;
use super::{
    IrcFrontend, Phase, chathistory, markread, metadata, monitor, next_try, one_line, redact,
    search,
};

pub(super) fn refused(
    session: &mut IrcFrontend,
    asked: Option<&Asked>,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    if let Phase::Waiting { tries } = session.phase {
        let nick = session.registering.nick.take().unwrap_or_default();
        session.phase = next_try(tries);
        return bad_name(session, &nick, refusal, text, out);
    }
    let text = one_line(text);
    let Some(asked) = asked else {
        if let Refusal::Disconnected { .. } | Refusal::Suspended { .. } | Refusal::LoggedOut =
            refusal
        {
            return Line::new(out).command("ERROR").text(format_args!("Closing link: {text}"));
        }
        return session.notice(&text, out);
    };
    match asked {
        Asked::Nick(nick) => bad_name(session, nick, refusal, &text, out),
        Asked::Join(room) => {
            session.numeric(door(refusal), out).word(word(room)).text(text);
        }
        Asked::Part { room, .. }
        | Asked::Topic(room)
        | Asked::SetTopic(room)
        | Asked::Modes(room)
        | Asked::Masks { room, letter: 'b' | 'e' | 'I' } => {
            session.numeric(in_room(refusal), out).word(word(room)).text(text);
        }
        Asked::ModeBegins(room) => {
            session.mode_line = None;
            session.numeric(in_room(refusal), out).word(word(room)).text(text);
        }
        Asked::ModeMembers => session.mode_line = None,
        Asked::ModeAbsent { nick, .. } => {
            session.numeric(401, out).word(word(nick)).text("No such nick/channel");
        }
        Asked::Mode(change) => {
            let is_of_list = change.mask().is_some();
            let is_so = matches!(refusal, Refusal::AlreadySo { .. })
                || is_of_list && matches!(refusal, Refusal::NoSuchUser { .. });
            if let (Refusal::TooManyMasks { .. }, Some((letter, mask))) = (refusal, change.mask()) {
                let line = session.numeric(478, out).word(session.mode_room());
                line.word(mask).word(letter).text(text);
                return session.mode_refused(None, out);
            }
            let told = (!is_so).then_some((in_room(refusal), text.as_str()));
            session.mode_refused(told, out);
        }
        Asked::Say(to) | Asked::Signal(to) => {
            let number = if matches!(refusal, Refusal::NoSuchUser { .. }) { 401 } else { 404 };
            session.numeric(number, out).word(word(to)).text(text);
        }
        Asked::Kick { room, nick } => kick(session, (room, nick), refusal, &text, out),
        Asked::Invite { room, nick } => invite(session, (room, nick), refusal, &text, out),
        Asked::Names { end: Some(asked), .. } => session.end_of_names(asked, out),
        Asked::Names { end: None, .. } => {}
        Asked::Who(who) => session.end_of_who(who, out),
        Asked::Whois(nick) => session.nobody(nick, 318, out),
        Asked::IsHere { is_userhost } => session.is_here(*is_userhost, None, out),
        Asked::Oper => session.not_oper(out),
        Asked::Kill(nick) if matches!(refusal, Refusal::NoSuchUser { .. }) => {
            session.numeric(401, out).word(word(nick)).text("No such nick/channel");
        }
        Asked::Kill(_) | Asked::Wallops => session.numeric(481, out).text(text),
        Asked::Register => {
            let me = session.me().to_owned();
            session.not_registered(&me, refusal, out);
        }
        Asked::Search => search::refused(session, refusal, &text, out),
        Asked::History(wanted) => chathistory::refused(session, wanted, refusal, &text, out),
        Asked::Read(called) => markread::refused(session, called, &text, out),
        Asked::Watched(wanted) => monitor::refused(session, wanted, refusal, &text, out),
        Asked::Metadata(wanted) => metadata::refused(session, wanted, refusal, &text, out),
        Asked::Redact(wanted) => redact::refused(session, wanted, refusal, &text, out),
        Asked::Notice | Asked::IsAway | Asked::Masks { .. } => {}
        Asked::Whowas { .. }
        | Asked::List(_)
        | Asked::Conversations
        | Asked::Away
        | Asked::Service
        | Asked::Census
        | Asked::Time
        | Asked::Profile
        | Asked::UserMode { .. }
        | Asked::Deoper => session.notice(&text, out),
    }
}

/// Why a door is closed.
fn door(refusal: &Refusal) -> u16 {
    if let Refusal::RoomFull { .. } = refusal {
        471
    } else if let Refusal::InviteOnly { .. } = refusal {
        473
    } else if let Refusal::Banned { .. } = refusal {
        474
    } else if let Refusal::KeyNeeded { .. } = refusal {
        475
    } else if let Refusal::TooManyJoined { .. } = refusal {
        405
    } else {
        403
    }
}

/// Why something is not done in a room.
fn in_room(refusal: &Refusal) -> u16 {
    if let Refusal::NoSuchRoom { .. } = refusal {
        403
    } else if let Refusal::NotAllowed { .. } | Refusal::Outranked { .. } = refusal {
        482
    } else if let Refusal::NoSuchUser { .. } = refusal {
        401
    } else {
        442
    }
}

fn kick(
    session: &IrcFrontend,
    (room, nick): (&str, &str),
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    let (room, nick) = (word(room), word(nick));
    if let Refusal::NotInRoom { .. } = refusal {
        session.numeric(403, out).word(room).text("No such channel, or you are not in it");
    } else if let Refusal::AlreadySo { .. } = refusal {
        let line = session.numeric(441, out).word(nick).word(room);
        line.text("They aren't on that channel");
    } else if let Refusal::NoSuchUser { .. } = refusal {
        session.numeric(401, out).word(nick).text("No such nick/channel");
    } else {
        session.numeric(482, out).word(room).text(text);
    }
}

fn invite(
    session: &IrcFrontend,
    (room, nick): (&str, &str),
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    let (room, nick) = (word(room), word(nick));
    if let Refusal::AlreadySo { .. } = refusal {
        session.numeric(443, out).word(nick).word(room).text("is already on channel");
    } else if let Refusal::NoSuchUser { .. } = refusal {
        session.numeric(401, out).word(nick).text("No such nick/channel");
    } else {
        session.numeric(in_room(refusal), out).word(room).text(text);
    }
}

fn bad_name(session: &IrcFrontend, nick: &str, refusal: &Refusal, text: &str, out: &mut BytesMut) {
    if let Refusal::NameInvalid { .. } = refusal {
        return bad_nick(session, nick, text, out);
    }
    session.numeric(433, out).word(word(nick)).text(one_line(text));
}

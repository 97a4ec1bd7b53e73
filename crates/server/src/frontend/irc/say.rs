//! What is said: PRIVMSG, NOTICE, TAGMSG, and what people of IRC say to its services.

use bytes::BytesMut;
use chat_protocol::{
    ClientTags, Command, LineText, MessageText, Password, ReactionText, RoomAddress, SayKind,
    Sequence, Signal, TypingState, UserName,
};

use super::asked::Asked;
use super::capability::Capability;
use super::identifier::MessageId;
use super::message::{LINE_BYTES_MAX, Tags};
use super::reply::{room_of, word};
use super::{IrcFrontend, certificate, render};

/// Targets of one line.
const TARGETS_MAX: usize = 4;

/// `PRIVMSG #ops,ana :hi` and `NOTICE`, to which nothing is answered.
pub(super) fn say(
    session: &mut IrcFrontend,
    is_notice: bool,
    (targets, text): (&str, &str),
    tags: Tags<'_>,
    out: &mut BytesMut,
) {
    let targets: Vec<&str> = targets.split(',').collect();
    for (number, target) in targets.iter().enumerate() {
        if number >= TARGETS_MAX {
            let line = session.numeric(407, out).word(word(target));
            return line.text(format_args!("Too many targets: {TARGETS_MAX} at most"));
        }
        say_to(session, is_notice, (target, text), tags, out);
    }
}

fn say_to(
    session: &mut IrcFrontend,
    is_notice: bool,
    (to, text): (&str, &str),
    tags: Tags<'_>,
    out: &mut BytesMut,
) {
    if to.eq_ignore_ascii_case("nickserv") {
        return service(session, text, out);
    }
    let Some(room) = somewhere(to) else {
        if !is_notice {
            session.numeric(401, out).word(word(to)).text("No such nick/channel");
        }
        return;
    };
    let ctcp = text.strip_prefix('\u{1}').map(|text| text.trim_end_matches('\u{1}'));
    let (text, kind) = match ctcp.map(|ctcp| ctcp.split_once(' ').unwrap_or((ctcp, ""))) {
        Some(("ACTION", text)) => (text, SayKind::Action),
        Some(_) => return query(session, is_notice, (to, room), ctcp.unwrap_or_default(), out),
        None if is_notice => (text, SayKind::Notice),
        None => (text, SayKind::Text),
    };
    if text.is_empty() {
        return session.numeric(412, out).text("No text to send");
    }
    let fits = |me| render::overhead(me, to, kind) + text.len() <= LINE_BYTES_MAX;
    if !session.me.as_ref().is_none_or(fits) {
        let why = "That is too long for one line as the others get it: send it in parts";
        return session.numeric(417, out).text(why);
    }
    let text = match MessageText::parse(text) {
        Ok(text) => text,
        Err(error) => return session.numeric(404, out).word(word(to)).text(error),
    };
    let reply_to = reply_to(session, &room, tags);
    submit(session, (to, room), (text, kind, reply_to));
}

/// A question to other clients, or an answer (CTCP): passed on to who is there, and not kept. Nothing
/// that leads past the server.
fn query(
    session: &mut IrcFrontend,
    answers: bool,
    (to, room): (&str, RoomAddress),
    text: &str,
    out: &mut BytesMut,
) {
    let kind = text.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    let text = LineText::parse(text).ok().filter(|text| !text.is_empty());
    let Some(text) = text.filter(|_| !matches!(kind.as_str(), "DCC" | "XDCC")) else {
        if !answers {
            let why = "Clients ask each other in a line each, and not past the server (DCC)";
            session.numeric(404, out).word(word(to)).text(why);
        }
        return;
    };
    let asked = if answers { Asked::Notice } else { Asked::Signal(to.to_owned()) };
    session
        .ask(Command::Signal { room, signal: Signal::Query { text, answers }, key: None }, asked);
}

/// Says it, to a room or somebody; who is away is told of.
pub(super) fn submit(
    session: &mut IrcFrontend,
    (to, room): (&str, RoomAddress),
    (text, kind, reply_to): (MessageText, SayKind, Option<Sequence>),
) {
    let is_notice = kind == SayKind::Notice;
    let asked = if is_notice { Asked::Notice } else { Asked::Say(to.to_owned()) };
    session.ask(Command::Say { room: room.clone(), text, kind, key: None, reply_to }, asked);
    if let (RoomAddress::Direct(user), false) = (room, is_notice)
        && session.me.as_ref() != Some(&user)
    {
        session.ask(Command::Whois { user }, Asked::IsAway);
    }
}

/// What a message answers, by `+draft/reply` or `+reply`; what is not known here is not answered.
pub(super) fn reply_to(
    session: &IrcFrontend,
    room: &RoomAddress,
    tags: Tags<'_>,
) -> Option<Sequence> {
    if !session.capabilities.has(Capability::MessageTags) {
        return None;
    }
    let id = tags.get("+draft/reply").or_else(|| tags.get("+reply"))?;
    MessageId::parse(&id).filter(|id| id.may_be_in(room)).map(|id| id.seq)
}

/// `@+typing=active TAGMSG #ops`: what programs tell each other.
pub(super) fn signal(session: &mut IrcFrontend, to: &str, tags: Tags<'_>, out: &mut BytesMut) {
    let Some(room) = somewhere(to) else {
        return session.numeric(401, out).word(word(to)).text("No such nick/channel");
    };
    if !session.capabilities.has(Capability::MessageTags) {
        return session.numeric(421, out).word("TAGMSG").text("Ask for message-tags first");
    }
    let signal = signal_of(session, &room, tags);
    if let Some(signal) = signal {
        session.ask(Command::Signal { room, signal, key: None }, Asked::Signal(to.to_owned()));
    }
}

fn signal_of(session: &IrcFrontend, room: &RoomAddress, tags: Tags<'_>) -> Option<Signal> {
    if let Some(state) = tags.get("+typing") {
        let state = match &*state {
            "active" => TypingState::Active,
            "paused" => TypingState::Paused,
            "done" => TypingState::Done,
            _ => return None,
        };
        return Some(Signal::Typing { state });
    }
    let undone = || tags.get("+draft/unreact").map(|text| (text, true));
    let reaction = tags.get("+draft/react").map(|text| (text, false)).or_else(undone);
    if let Some((text, undo)) = reaction
        && let Some(seq) = reply_to(session, room, tags)
    {
        return Some(Signal::React { seq, text: ReactionText::parse(&text).ok()?, undo });
    }
    let others = tags.of_clients().collect::<Vec<_>>().join(";");
    let tags = ClientTags::parse(&others).ok().filter(|tags| !tags.as_str().is_empty())?;
    Some(Signal::Tags { tags })
}

/// A room, or somebody.
pub(super) fn somewhere(to: &str) -> Option<RoomAddress> {
    room_of(to).or_else(|| UserName::parse(to).ok().map(RoomAddress::Direct))
}

/// What people of IRC say to its services, as our commands: `IDENTIFY [NAME] PASSWORD`,
/// `REGISTER PASSWORD`, `LOGOUT`, `CERT ADD [FINGERPRINT]`, `CERT DEL FINGERPRINT`, `CERT LIST`.
pub(super) fn service(session: &mut IrcFrontend, text: &str, out: &mut BytesMut) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let me = session.me().to_owned();
    let command = match words.as_slice() {
        [word, password] if word.eq_ignore_ascii_case("identify") => login(&me, password),
        [word, name, password] if word.eq_ignore_ascii_case("identify") => login(name, password),
        [word] if word.eq_ignore_ascii_case("logout") => Some(Command::Logout),
        [word, rest @ ..] if word.eq_ignore_ascii_case("cert") => {
            return certificate::command(session, rest, out);
        }
        [word, password, ..] if word.eq_ignore_ascii_case("register") => {
            match Password::parse(password) {
                Ok(password) => Some(Command::Register { password }),
                Err(error) => return session.notice(&format!("Not a password: {error}"), out),
            }
        }
        _ => None,
    };
    match command {
        Some(command) => session.ask(command, Asked::Service),
        None => {
            let words = "IDENTIFY [NAME] PASSWORD, REGISTER PASSWORD, LOGOUT, CERT ADD|DEL|LIST";
            session.notice(words, out);
        }
    }
}

fn login(name: &str, password: &str) -> Option<Command> {
    let name = UserName::parse(name).ok()?;
    Some(Command::Login { name, password: Password::parse(password).ok()?, keeps_name: true })
}

//! What a client asks for once it has a name: IRC's commands as commands of ours.

use bytes::BytesMut;
use chat_protocol::{
    Command, LineText, MessageText, Password, RoomAddress, RoomName, RoomSecret, SayKind, UserName,
};

use super::asked::Asked;
use super::message::Message;
use super::reply::word;
use super::{Decoded, IrcFrontend, capability, chathistory, markread, metadata, monitor, redact};

/// A line of somebody who has a name.
pub(super) fn registered(
    session: &mut IrcFrontend,
    command: &str,
    message: &Message<'_>,
    out: &mut BytesMut,
) -> Decoded {
    let parameters = message.parameters.as_slice();
    match (command, parameters) {
        ("CAP", _) => capability::negotiate(session, parameters, out),
        ("PING", _) => session.pong(parameters, out),
        ("PONG" | "PASS", _) => {}
        ("USER", _) => session.numeric(462, out).text("You have registered already"),
        ("QUIT", _) => return session.goodbye(out),
        ("NICK", [nick, ..]) => match UserName::parse(nick) {
            Ok(name) => session.ask(Command::Nick { name }, Asked::Nick((*nick).to_owned())),
            Err(error) => bad_nick(session, nick, &error.to_string(), out),
        },
        ("NICK", []) => session.numeric(431, out).text("No nickname given"),
        ("JOIN", [rooms, more @ ..]) => {
            let mut keys = more.first().copied().unwrap_or_default().split(',');
            for room in rooms.split(',') {
                let key = keys.next().filter(|key| !key.is_empty());
                let key = key.and_then(|key| LineText::parse(key).ok()).map(RoomSecret::new);
                if let Some(address) = named(session, room, out) {
                    let asked = Asked::Join(room.to_owned());
                    session.ask(Command::Join { room: address, key }, asked);
                }
            }
        }
        ("PART", [rooms, ..]) => {
            for room in rooms.split(',') {
                if let Some(address) = named(session, room, out) {
                    let asked = Asked::Part(room.to_owned());
                    session.ask(Command::Leave { room: address }, asked);
                }
            }
        }
        ("PRIVMSG" | "NOTICE", [targets, text, ..]) => {
            for target in targets.split(',') {
                say(session, command, target, text, out);
            }
        }
        ("PRIVMSG" | "NOTICE", []) => {
            session.numeric(411, out).text(format_args!("No recipient given ({command})"));
        }
        ("PRIVMSG" | "NOTICE", [_]) => session.numeric(412, out).text("No text to send"),
        ("TOPIC", [room, rest @ ..]) => topic(session, room, rest.first().copied(), out),
        ("NAMES", [room, ..]) => {
            if let Some(room) = named(session, room, out) {
                session.ask(Command::Members { room: room.clone() }, Asked::Names(room));
            }
        }
        ("WHO", [mask, ..]) => match room_of(mask) {
            Some(room) => session.ask(Command::Members { room: room.clone() }, Asked::Who(room)),
            None => session.numeric(315, out).word(word(mask)).text("End of WHO list"),
        },
        ("WHOIS", [.., nick]) => session.ask(Command::Users, Asked::Whois((*nick).to_owned())),
        ("ISON", names) => {
            let names = names.iter().flat_map(|names| names.split(' ')).map(str::to_owned);
            session.ask(Command::Users, Asked::Ison(names.collect()));
        }
        ("CHATHISTORY", _) => chathistory::command(session, parameters, out),
        ("MARKREAD", _) => markread::command(session, parameters, out),
        ("METADATA", _) => metadata::command(session, parameters, out),
        ("MONITOR", _) => monitor::command(session, parameters, out),
        ("REDACT", _) => redact::command(session, parameters, out),
        ("USERHOST", names) => userhost(session, names, out),
        ("LIST", _) => session.ask(Command::Rooms, Asked::List),
        ("AWAY", rest) => match rest.first().filter(|text| !text.is_empty()) {
            None => session.ask(Command::Away { text: None }, Asked::Away),
            Some(text) => match LineText::parse(text) {
                Ok(text) => session.ask(Command::Away { text: Some(text) }, Asked::Away),
                Err(error) => session.fail("AWAY", "INVALID_TEXT", &[], &error.to_string(), out),
            },
        },
        ("MODE", [target, ..]) => mode(session, target, parameters.get(1).copied(), out),
        ("JOIN" | "PART" | "TOPIC" | "MODE" | "WHOIS", []) => session.too_few(command, out),
        ("WHO" | "NAMES", []) => {
            let number = if command == "WHO" { 315 } else { 366 };
            session.numeric(number, out).word("*").text("End of list");
        }
        ("MOTD", _) => session.numeric(422, out).text("There is no message of the day"),
        ("LUSERS", _) => session.numeric(255, out).text("I have my clients, and no other server"),
        ("VERSION", _) => {
            let server = session.settings.server.clone();
            let version = concat!("chat-server-", env!("CARGO_PKG_VERSION"));
            session.numeric(351, out).word(version).word(server).text("Samovar");
        }
        _ => session.numeric(421, out).word(word(command)).text("Unknown command"),
    }
    Decoded::Handled
}

pub(super) fn bad_nick(session: &IrcFrontend, nick: &str, why: &str, out: &mut BytesMut) {
    session.numeric(432, out).word(word(nick)).text(super::one_line(why));
}

/// `#lobby`
pub(super) fn room_of(text: &str) -> Option<RoomAddress> {
    let name = text.strip_prefix('#')?;
    RoomName::parse(name).ok().map(RoomAddress::Named)
}

/// The same; what is no room is told.
fn named(session: &IrcFrontend, text: &str, out: &mut BytesMut) -> Option<RoomAddress> {
    let room = room_of(text);
    if room.is_none() {
        session.numeric(403, out).word(word(text)).text("No such channel");
    }
    room
}

/// What people of IRC say to its services, as our commands: `IDENTIFY [NAME] PASSWORD`,
/// `REGISTER PASSWORD`.
fn service(session: &mut IrcFrontend, text: &str, out: &mut BytesMut) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let me = session.me().to_owned();
    let command = match words.as_slice() {
        [word, password] if word.eq_ignore_ascii_case("identify") => login(&me, password),
        [word, name, password] if word.eq_ignore_ascii_case("identify") => login(name, password),
        [word, password, ..] if word.eq_ignore_ascii_case("register") => {
            Password::parse(password).ok().map(|password| Command::Register { password })
        }
        _ => None,
    };
    match command {
        Some(command) => session.ask(command, Asked::Service),
        None => session.notice("IDENTIFY [NAME] PASSWORD, or REGISTER PASSWORD", out),
    }
}

fn login(name: &str, password: &str) -> Option<Command> {
    let name = UserName::parse(name).ok()?;
    Some(Command::Login { name, password: Password::parse(password).ok()? })
}

/// A room, or somebody.
fn say(session: &mut IrcFrontend, command: &str, to: &str, text: &str, out: &mut BytesMut) {
    if to.eq_ignore_ascii_case("nickserv") {
        return service(session, text, out);
    }
    let room = room_of(to)
        .or_else(|| UserName::parse(to).ok().map(RoomAddress::Direct))
        .filter(|_| !to.is_empty());
    let Some(room) = room else {
        return session.numeric(401, out).word(word(to)).text("No such nick/channel");
    };
    let ctcp = text.strip_prefix('\u{1}').map(|text| text.trim_end_matches('\u{1}'));
    let (text, kind) = match ctcp.map(|ctcp| ctcp.split_once(' ').unwrap_or((ctcp, ""))) {
        Some(("ACTION", text)) => (text, SayKind::Action),
        Some(_) => return, // a question to another client; there is nothing to keep of it
        None if command == "NOTICE" => (text, SayKind::Notice),
        None => (text, SayKind::Text),
    };
    if text.is_empty() {
        return session.numeric(412, out).text("No text to send");
    }
    match MessageText::parse(text) {
        Ok(text) => {
            let command = Command::say(room, text, kind, None);
            session.ask(command, Asked::Say(to.to_owned()));
        }
        Err(error) => session.numeric(404, out).word(word(to)).text(error),
    }
}

fn topic(session: &mut IrcFrontend, room: &str, text: Option<&str>, out: &mut BytesMut) {
    let Some(address) = named(session, room, out) else { return };
    let asked = room.to_owned();
    match text.map(LineText::parse) {
        None => session.ask(Command::GetTopic { room: address }, Asked::Topic(asked)),
        Some(Ok(topic)) => {
            session.ask(Command::SetTopic { room: address, topic }, Asked::SetTopic(asked));
        }
        Some(Err(error)) => session.fail("TOPIC", "INVALID_TEXT", &[room], &error.to_string(), out),
    }
}

/// What a room's modes are; they cannot be changed here.
fn mode(session: &IrcFrontend, target: &str, change: Option<&str>, out: &mut BytesMut) {
    match (room_of(target), change) {
        (Some(_), None) => session.numeric(324, out).word(word(target)).word("+nt").end(),
        (Some(_), Some("b" | "+b")) => {
            session.numeric(368, out).word(word(target)).text("End of channel ban list");
        }
        (Some(_), Some(_)) => {
            session.numeric(482, out).word(word(target)).text("Modes cannot be changed here");
        }
        (None, _) => session.numeric(221, out).word("+").end(),
    }
}

fn userhost(session: &IrcFrontend, names: &[&str], out: &mut BytesMut) {
    let own = names.iter().filter(|name| session.me().eq_ignore_ascii_case(name));
    let own: Vec<String> = own.map(|_| format!("{0}=+{0}@samovar", session.me())).collect();
    session.numeric(302, out).text(own.join(" "));
}

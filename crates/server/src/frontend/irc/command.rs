//! What a client asks for once it has a name: IRC's commands as commands of ours.

use bytes::BytesMut;
use chat_protocol::{Command, LineText, Password, UserName};

use super::asked::Asked;
use super::capability::Capability;
use super::message::Message;
use super::reply::word;
use super::rooms::Filter;
use super::{
    Decoded, IrcFrontend, capability, chathistory, markread, metadata, monitor, multiline, redact,
    sasl, say, search,
};

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
        ("PONG", _) => {}
        ("USER" | "PASS", _) => session.numeric(462, out).text("You have registered already"),
        ("AUTHENTICATE", _) => return sasl::authenticate(session, parameters, out),
        ("QUIT", _) => return session.goodbye(parameters.first().copied(), out),
        ("BATCH", _) => multiline::batch(session, parameters, message.tags, out),
        ("PRIVMSG" | "NOTICE", [target, text, ..]) if multiline::is_part(session, message) => {
            multiline::part(session, command == "NOTICE", (target, text), message.tags, out);
        }
        ("PRIVMSG" | "NOTICE", [targets, text, ..]) => {
            let is_notice = command == "NOTICE";
            say::say(session, is_notice, (targets, text), message.tags, out);
        }
        ("PRIVMSG" | "NOTICE", []) => {
            session.numeric(411, out).text(format_args!("No recipient given ({command})"));
        }
        ("PRIVMSG" | "NOTICE", [_]) => session.numeric(412, out).text("No text to send"),
        ("TAGMSG", [target, ..]) => say::signal(session, target, message.tags, out),
        ("NS" | "NICKSERV", [_, ..]) => say::service(session, &parameters.join(" "), out),
        _ => match about_rooms(session, command, parameters, out) {
            true => {}
            false if about_people(session, command, parameters, out) => {}
            false => about_server(session, command, parameters, out),
        },
    }
    Decoded::Handled
}

/// Was it about a room?
fn about_rooms(
    session: &mut IrcFrontend,
    command: &str,
    parameters: &[&str],
    out: &mut BytesMut,
) -> bool {
    match (command, parameters) {
        ("JOIN", [rooms, more @ ..]) => {
            session.join(rooms, more.first().copied().unwrap_or_default(), out);
        }
        ("PART", [rooms, more @ ..]) => session.part(rooms, more.first().copied(), out),
        ("TOPIC", [room, rest @ ..]) => session.topic(room, rest.first().copied(), out),
        ("NAMES", [rooms, ..]) => session.ask_names(rooms, out),
        ("NAMES", []) => session.numeric(366, out).word("*").text("End of /NAMES list"),
        ("LIST", _) => {
            let filter = Filter::parse(parameters.first().copied().unwrap_or_default());
            session.ask(Command::Rooms, Asked::List(filter));
        }
        ("SEARCH", [attributes, ..]) if session.capabilities.has(Capability::Search) => {
            search::command(session, attributes, out);
        }
        ("CHATHISTORY", _) => chathistory::command(session, parameters, out),
        ("MARKREAD", _) => markread::command(session, parameters, out),
        ("REDACT", _) => redact::command(session, parameters, out),
        ("KICK", [rooms, users, more @ ..]) => {
            session.kick((rooms, users), more.first().copied(), out);
        }
        ("INVITE", [user, room, ..]) => session.invite(user, room, out),
        ("INVITE", []) => session.invitations(out),
        ("MODE", [room, rest @ ..]) if room.starts_with('#') => {
            session.room_modes(room, rest, out);
        }
        ("MODE", [nick, rest @ ..]) => session.user_modes(nick, rest.first().copied(), out),
        ("JOIN" | "PART" | "TOPIC" | "KICK" | "INVITE" | "MODE", _) => {
            session.too_few(command, out);
        }
        _ => return false,
    }
    true
}

/// Was it about people, or about oneself?
fn about_people(
    session: &mut IrcFrontend,
    command: &str,
    parameters: &[&str],
    out: &mut BytesMut,
) -> bool {
    match (command, parameters) {
        ("NICK", [nick, ..]) if !nick.is_empty() => match UserName::parse(nick) {
            Ok(_) if session.me() == *nick => {} // it is
            Ok(name) => session.ask(Command::Nick { name }, Asked::Nick((*nick).to_owned())),
            Err(error) => bad_nick(session, nick, &error.to_string(), out),
        },
        ("NICK", _) => session.numeric(431, out).text("No nickname given"),
        ("WHO", [mask, more @ ..]) => session.who(mask, more.first().copied(), out),
        ("WHO", []) => session.numeric(315, out).word("*").text("End of WHO list"),
        ("WHOIS", [.., nick]) => match UserName::parse(nick) {
            Ok(user) => session.ask(Command::Whois { user }, Asked::Whois((*nick).to_owned())),
            Err(_) => session.nobody(nick, 318, out),
        },
        ("WHOWAS", [nick, more @ ..]) => session.ask_whowas(nick, more.first().copied(), out),
        ("WHOIS" | "WHOWAS", []) => session.numeric(431, out).text("No nickname given"),
        ("METADATA", _) => metadata::command(session, parameters, out),
        ("MONITOR", _) => monitor::command(session, parameters, out),
        ("ISON", names) => session.gather(false, names, out),
        ("USERHOST", names) => session.gather(true, names, out),
        ("AWAY", rest) => match rest.first().filter(|text| !text.is_empty()) {
            None => session.ask(Command::Away { text: None }, Asked::Away),
            Some(text) => match LineText::parse(text) {
                Ok(text) => session.ask(Command::Away { text: Some(text) }, Asked::Away),
                Err(error) => session.fail("AWAY", "INVALID_TEXT", &[], &error.to_string(), out),
            },
        },
        ("SETNAME", [name, ..]) if session.capabilities.has(Capability::Setname) => {
            match LineText::parse(name).ok().filter(|name| !name.is_empty()) {
                Some(name) => {
                    let real_name = Some(name);
                    let command =
                        Command::SetProfile { real_name, login: None, bot: None, invisible: None };
                    session.ask(command, Asked::Profile);
                }
                None => {
                    let why = "A real name is one line of up to 512 bytes";
                    session.fail("SETNAME", "INVALID_REALNAME", &[], why, out);
                }
            }
        }
        ("REGISTER", [account, _, password, ..]) => register(session, account, password, out),
        ("REGISTER", _) => session.too_few(command, out),
        _ => return false,
    }
    true
}

fn about_server(session: &mut IrcFrontend, command: &str, parameters: &[&str], out: &mut BytesMut) {
    match (command, parameters) {
        ("MOTD", _) => session.message_of_the_day(out),
        ("LUSERS", _) => session.ask(Command::Census, Asked::Census),
        ("VERSION", _) => session.version(out),
        ("TIME", _) => session.ask(Command::Ping, Asked::Time),
        ("INFO", _) => session.info(out),
        ("ADMIN", _) => session.admin(out),
        ("STATS", _) => session.stats(parameters.first().copied().unwrap_or("*"), out),
        ("LINKS", _) => session.links(out),
        ("HELP" | "HELPOP", _) => session.help(parameters.first().copied(), out),
        ("OPER", [name, password, ..]) => session.oper(name, password, out),
        ("KILL", [nick, more @ ..]) => {
            session.kill(nick, more.first().copied().unwrap_or_default(), out);
        }
        ("WALLOPS", [text, ..]) => session.wallops(text, out),
        ("OPER" | "KILL" | "WALLOPS", _) => session.too_few(command, out),
        _ => session.numeric(421, out).word(word(command)).text("Unknown command"),
    }
}

/// `REGISTER * * PASSWORD` (<https://ircv3.net/specs/extensions/account-registration>).
fn register(session: &mut IrcFrontend, account: &str, password: &str, out: &mut BytesMut) {
    let me = session.me().to_owned();
    if account != "*" && !account.eq_ignore_ascii_case(&me) {
        let why = "An account has the name of who makes it";
        return session.fail("REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", &[account], why, out);
    }
    match Password::parse(password) {
        Ok(password) => session.ask(Command::Register { password }, Asked::Register),
        Err(error) => {
            session.fail("REGISTER", "WEAK_PASSWORD", &[account], &error.to_string(), out);
        }
    }
}

pub(super) fn bad_nick(session: &IrcFrontend, nick: &str, why: &str, out: &mut BytesMut) {
    session.numeric(432, out).word(word(nick)).text(super::one_line(why));
}

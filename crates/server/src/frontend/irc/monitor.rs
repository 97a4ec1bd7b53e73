//! Who of some others is there (<https://ircv3.net/specs/extensions/monitor>), and how it is
//! (<https://ircv3.net/specs/extensions/extended-monitor>). The session watches; nothing is kept here.

use bytes::BytesMut;
use chat_protocol::event::{UserChange, UserState};
use chat_protocol::{Command, LineText, Refusal, UserName};

use super::IrcFrontend;
use super::asked::Asked;
use super::capability::Capability;
use super::command::bad_nick;
use super::message::Line;
use super::reply::{mask, word};

/// Names or masks in one line, in bytes.
const NAMES_BYTES_MAX: usize = 380;

/// What was asked for, for the answer.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// To watch these too.
    More(Vec<UserName>),
    /// To watch these no more, or nobody.
    Fewer,
    /// Who is watched?
    List,
    /// Who of them is here?
    Status,
}

/// `MONITOR + ana,bob`, `MONITOR - bob`, `MONITOR C`, `MONITOR L`, `MONITOR S`
pub(super) fn command(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    match parameters {
        ["+", names, ..] => {
            let names = parse(session, names, out);
            if !names.is_empty() {
                let command = Command::WatchUsers { names: names.clone() };
                session.ask(command, Asked::Watched(Wanted::More(names)));
            }
        }
        ["-", names, ..] => {
            let names: Vec<UserName> =
                names.split(',').filter_map(|name| UserName::parse(name).ok()).collect();
            if !names.is_empty() {
                session.ask(Command::UnwatchUsers { names }, Asked::Watched(Wanted::Fewer));
            }
        }
        ["C" | "c", ..] => {
            let everybody = Command::UnwatchUsers { names: Vec::new() };
            session.ask(everybody, Asked::Watched(Wanted::Fewer));
        }
        ["L" | "l", ..] => session.ask(Command::WatchedUsers, Asked::Watched(Wanted::List)),
        ["S" | "s", ..] => session.ask(Command::WatchedUsers, Asked::Watched(Wanted::Status)),
        [] | ["+" | "-"] => session.too_few("MONITOR", out),
        [other, ..] => {
            let why = "There are MONITOR + NAMES, - NAMES, C, L and S";
            session.fail("MONITOR", "INVALID_PARAMS", &[other], why, out);
        }
    }
}

/// Names, each once; a mask is none.
fn parse(session: &IrcFrontend, names: &str, out: &mut BytesMut) -> Vec<UserName> {
    let mut found: Vec<UserName> = Vec::new();
    for text in names.split(',').filter(|text| !text.is_empty()) {
        match UserName::parse(text) {
            Ok(name) if found.contains(&name) => {}
            Ok(name) => found.push(name),
            Err(error) => bad_nick(session, text, &error.to_string(), out),
        }
    }
    found
}

/// How those are that were asked for.
pub(super) fn states(
    session: &IrcFrontend,
    wanted: &Wanted,
    users: &[UserState],
    out: &mut BytesMut,
) {
    match wanted {
        Wanted::List => {
            let names = users.iter().map(|user| user.name.to_string());
            list(session, 732, names, out);
            session.numeric(733, out).text("End of MONITOR list");
        }
        Wanted::More(_) | Wanted::Status | Wanted::Fewer => {
            let (here, gone): (Vec<&UserState>, Vec<&UserState>) =
                users.iter().partition(|user| user.online);
            list(session, 730, here.into_iter().map(|user| mask(&user.name).to_string()), out);
            list(session, 731, gone.into_iter().map(|user| user.name.to_string()), out);
        }
    }
}

/// Names or masks, in lines that are not too long; none if there are none.
fn list(
    session: &IrcFrontend,
    number: u16,
    names: impl Iterator<Item = String>,
    out: &mut BytesMut,
) {
    let mut line = String::new();
    for name in names {
        if !line.is_empty() && line.len() + 1 + name.len() > NAMES_BYTES_MAX {
            session.numeric(number, out).text(&line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(&name);
    }
    if !line.is_empty() {
        session.numeric(number, out).text(line);
    }
}

/// Somebody has come or gone, or is otherwise.
pub(super) fn changed(
    session: &IrcFrontend,
    change: UserChange,
    user: &UserState,
    out: &mut BytesMut,
) {
    let has = |capability| session.capabilities.has(capability);
    let is_extended = has(Capability::ExtendedMonitor);
    match change {
        UserChange::Online => session.numeric(730, out).text(mask(&user.name)),
        UserChange::Offline => session.numeric(731, out).text(&user.name),
        UserChange::Away if is_extended && has(Capability::AwayNotify) => {
            let line = Line::new(out).source(mask(&user.name)).command("AWAY");
            match &user.away {
                Some(text) => line.text(text),
                None => line.end(),
            }
        }
        UserChange::RealName if is_extended && has(Capability::Setname) => {
            let real_name = user.real_name.as_ref().map_or(user.name.as_str(), LineText::as_str);
            Line::new(out).source(mask(&user.name)).command("SETNAME").text(real_name);
        }
        UserChange::Away | UserChange::RealName | UserChange::Account | UserChange::Unknown => {}
    }
}

pub(super) fn refused(
    session: &IrcFrontend,
    wanted: &Wanted,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    if let (Wanted::More(names), Refusal::TooMany { limit, .. }) = (wanted, refusal) {
        let names: Vec<&str> = names.iter().map(UserName::as_str).collect();
        let line = session.numeric(734, out).word(limit).word(word(&names.join(",")));
        return line.text("The MONITOR list is full");
    }
    session.notice(text, out);
}

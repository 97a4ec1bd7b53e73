//! What an IRC session is told for itself: the welcome, answers, its rooms.

use bytes::BytesMut;
use chat_protocol::event::{RoomInfo, UserInfo};
use chat_protocol::{Event, Refusal, RequestId, RoomAddress, SayKind, UserName};

use super::asked::{Asked, bad_nick};
use super::message::Line;
use super::reply::{mask, target};
use super::{IrcFrontend, Phase, next_try, one_line, render};
use crate::frontend::line::render::date_and_time;

pub(super) fn tell(session: &mut IrcFrontend, event: &Event, out: &mut BytesMut) {
    match event {
        Event::Welcome(welcome) => {
            session.phase = Phase::Registered;
            session.me.clone_from(&welcome.name);
            session.welcome(&welcome.version, welcome.motd.as_deref(), out);
        }
        Event::Refused { id, refusal, text } => refused(session, *id, refusal, text, out),
        Event::Entered { id, room, topic, members, .. } => {
            if let Some(id) = id {
                session.answered(*id);
            }
            if let (RoomAddress::Named(name), Some(me)) = (room, session.me.clone())
                && !session.rooms.contains(name)
            {
                session.rooms.reserve_exact(1);
                session.rooms.push(name.clone());
                Line::new(out).source(mask(&me)).command("JOIN").word(target(room)).end();
                if let Some(topic) = topic {
                    session.numeric(332, out).word(target(room)).text(topic);
                }
                session.names(room, members, out);
            }
        }
        Event::Exited { room } => {
            if let (RoomAddress::Named(name), Some(me)) = (room, &session.me) {
                let was_in = session.rooms.len();
                session.rooms.retain(|room| room != name);
                if session.rooms.len() == was_in {
                    return; // it was kicked, and told so
                }
                Line::new(out).source(mask(me)).command("PART").word(target(room)).end();
            }
        }
        Event::Roster { room, members, .. } => session.names(room, members, out),
        Event::TopicIs { id, room, topic } => {
            id.and_then(|id| session.answered(id));
            match topic {
                Some(topic) => session.numeric(332, out).word(target(room)).text(topic),
                None => session.numeric(331, out).word(target(room)).text("No topic is set"),
            }
        }
        Event::Identified { id, name, account, .. } => {
            id.and_then(|id| session.answered(id));
            if let Some(me) = session.me.replace(name.clone()).filter(|me| me != name) {
                Line::new(out).source(mask(&me)).command("NICK").text(name);
            }
            if *account {
                let line = session.numeric(900, out).word(mask(name)).word(name);
                line.text(format_args!("You are now logged in as {name}"));
            }
        }
        Event::RoomList { id, rooms, .. } => {
            id.and_then(|id| session.answered(id));
            list(session, rooms, out);
        }
        Event::MemberList { id, members, .. } => {
            let asked = id.and_then(|id| session.answered(id));
            member_list(session, asked, members, out);
        }
        Event::UserList { id, users, .. } => {
            let asked = id.and_then(|id| session.answered(id));
            user_list(session, asked, users, out);
        }
        Event::Done { id } | Event::Stored { id, .. } => {
            if let Some(Asked::Away) = id.and_then(|id| session.answered(id)) {
                session.notice("Your away message is changed", out);
            }
        }
        Event::History { id: None, room, events, .. } => replay(session, room, events, out),
        Event::Renamed { from, to } => {
            render::room_event(false, event, out);
            if session.me.as_ref() == Some(from) {
                session.me = Some(to.clone());
            }
        }
        Event::AwayChanged { user, text } => {
            if session.capabilities.away_notify && session.me.as_ref() != Some(user) {
                let line = Line::new(out).source(mask(user)).command("AWAY");
                match text {
                    Some(text) => line.text(text),
                    None => line.end(),
                }
            }
        }
        // What comes from the other user of a direct room is to oneself.
        Event::Message { room: RoomAddress::Direct(peer), from, .. } if peer == from => {
            let me = RoomAddress::Direct(session.me.clone().unwrap_or_else(|| peer.clone()));
            let time = session.capabilities.server_time;
            render::room_event(time, &event.relabelled(&me), out);
        }
        Event::RoomChanged { room, change, .. } => {
            render::room_event(session.capabilities.server_time, event, out);
            if let (RoomAddress::Named(name), Some(user)) = (room, change.puts_out())
                && session.me.as_ref() == Some(user)
            {
                session.rooms.retain(|room| room != name);
            }
        }
        Event::Invited { room, from } => {
            let me = session.me.clone();
            let line = Line::new(out).source(mask(from)).command("INVITE");
            line.word(me.as_ref().unwrap_or(from)).word(target(room)).end();
        }
        Event::SettingsAre { room, settings, .. } => {
            session.notice(&format!("{room}: {}", settings.in_words().join("; ")), out);
        }
        Event::Message { .. }
        | Event::TopicChanged { .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::Gone { .. } => {
            render::room_event(session.capabilities.server_time, event, out);
        }
        Event::Gap { room, from, to, why } => {
            session.notice(&format!("{room}: messages {from} to {to} are gone: {why}"), out);
        }
        Event::Notice { text } => session.notice(text, out),
        Event::ShuttingDown { in_seconds, .. } => {
            session.notice(&format!("The server is shutting down in {in_seconds} seconds"), out);
        }
        Event::Crowd { .. }
        | Event::Deleted { .. }
        | Event::Tombstone { .. }
        | Event::History { id: Some(_), .. }
        | Event::UnreadList { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::Shunned { .. }
        | Event::AccountList { .. }
        | Event::Hidden { .. }
        | Event::Signal { .. }
        | Event::Signalled { .. }
        | Event::ReadIs { .. }
        | Event::ReadMoved { .. }
        | Event::UserStates { .. }
        | Event::PastUsers { .. }
        | Event::UserWatched { .. }
        | Event::Found { .. }
        | Event::Pong { .. }
        | Event::Unknown => {}
    }
}

fn refused(
    session: &mut IrcFrontend,
    id: Option<RequestId>,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    if let Phase::Waiting { tries } = session.phase {
        let nick = session.nick.take().unwrap_or_default();
        session.phase = next_try(tries);
        return bad_name(session, &nick, refusal, text, out);
    }
    let text = one_line(text);
    match id.and_then(|id| session.answered(id)) {
        Some(Asked::Nick(nick)) => bad_name(session, &nick, refusal, &text, out),
        Some(Asked::Join(room)) => {
            let number = if matches!(refusal, Refusal::RoomFull { .. }) {
                471
            } else if matches!(refusal, Refusal::InviteOnly { .. }) {
                473
            } else if matches!(refusal, Refusal::Banned { .. }) {
                474
            } else if matches!(refusal, Refusal::KeyNeeded { .. }) {
                475
            } else {
                403
            };
            session.numeric(number, out).word(room).text(text);
        }
        Some(Asked::Part(room) | Asked::Topic(room)) => {
            let number = if matches!(refusal, Refusal::NoSuchRoom { .. }) { 403 } else { 442 };
            session.numeric(number, out).word(room).text(text);
        }
        Some(Asked::Say(to)) => {
            let number = if matches!(refusal, Refusal::NoSuchUser { .. }) { 401 } else { 404 };
            session.numeric(number, out).word(to).text(text);
        }
        Some(Asked::Names(room)) => session.names(&room, &[], out),
        Some(Asked::Who(room)) => {
            session.numeric(315, out).word(target(&room)).text("End of WHO list");
        }
        Some(Asked::Whois(_) | Asked::Ison(_) | Asked::List | Asked::Away | Asked::Service)
        | None => {
            session.notice(&text, out);
        }
    }
}

fn bad_name(session: &IrcFrontend, nick: &str, refusal: &Refusal, text: &str, out: &mut BytesMut) {
    if let Refusal::NameInvalid { .. } = refusal {
        return bad_nick(session, nick, text, out);
    }
    session.numeric(433, out).word(one_line(nick).replace(' ', "")).text(one_line(text));
}

fn list(session: &IrcFrontend, rooms: &[RoomInfo], out: &mut BytesMut) {
    session.numeric(321, out).word("Channel").text("Users  Name");
    for RoomInfo { room, members, topic } in rooms {
        let topic = topic.as_ref().map(ToString::to_string).unwrap_or_default();
        session.numeric(322, out).word(format_args!("#{room}")).word(members).text(topic);
    }
    session.numeric(323, out).text("End of /LIST");
}

fn member_list(
    session: &IrcFrontend,
    asked: Option<Asked>,
    members: &[UserInfo],
    out: &mut BytesMut,
) {
    match asked {
        Some(Asked::Names(room)) => {
            let names: Vec<UserName> = members.iter().map(|member| member.name.clone()).collect();
            session.names(&room, &names, out);
        }
        Some(Asked::Who(room)) => {
            let server = &session.settings.server;
            for UserInfo { name, away } in members {
                let here = if away.is_some() { "G" } else { "H" };
                let line = session.numeric(352, out).word(target(&room)).word(name);
                let line = line.word("samovar").word(server).word(name).word(here);
                line.text(format_args!("0 {name}"));
            }
            session.numeric(315, out).word(target(&room)).text("End of WHO list");
        }
        Some(_) | None => {}
    }
}

fn user_list(session: &IrcFrontend, asked: Option<Asked>, users: &[UserInfo], out: &mut BytesMut) {
    let find = |nick: &str| {
        let name = UserName::parse(nick).ok()?;
        users.iter().find(|user| user.name == name)
    };
    match asked {
        Some(Asked::Whois(nick)) => {
            let server = &session.settings.server;
            match find(&nick) {
                Some(UserInfo { name, away }) => {
                    let line = session.numeric(311, out).word(name).word(name).word("samovar");
                    line.word("*").text(name);
                    session.numeric(312, out).word(name).word(server).text("Samovar");
                    if let Some(away) = away {
                        session.numeric(301, out).word(name).text(away);
                    }
                    session.numeric(318, out).word(name).text("End of /WHOIS list");
                }
                None => {
                    let nick = one_line(&nick).replace(' ', "");
                    session.numeric(401, out).word(&nick).text("No such nick/channel");
                    session.numeric(318, out).word(&nick).text("End of /WHOIS list");
                }
            }
        }
        Some(Asked::Ison(names)) => {
            let there = names.iter().filter_map(|name| find(name));
            let there: Vec<&str> = there.map(|user| user.name.as_str()).collect();
            session.numeric(303, out).text(there.join(" "));
        }
        Some(_) | None => {}
    }
}

/// What was said before one came, with its time; a client that has no clock for it reads it.
fn replay(session: &IrcFrontend, room: &RoomAddress, events: &[Event], out: &mut BytesMut) {
    for event in events {
        let Event::Message { time_ms, from, text, kind, .. } = event else { continue };
        let kind: SayKind = *kind;
        if session.capabilities.server_time {
            render::said(Some(*time_ms), from, room, text, kind, None, out);
        } else {
            let before = format!("[{}] ", date_and_time(*time_ms, &session.settings.zone));
            render::said(None, from, room, text, kind, Some(&before), out);
        }
    }
}

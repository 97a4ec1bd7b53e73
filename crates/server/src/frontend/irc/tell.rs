//! What an IRC session is told for itself: the welcome, answers, its rooms.

use bytes::BytesMut;
use chat_protocol::event::{RoomInfo, UserInfo};
use chat_protocol::{Event, LineText, Refusal, RoomAddress, Timestamp, UserName};

use super::asked::{Asked, Concerns, Shown};
use super::capability::Capability;
use super::command::bad_nick;
use super::message::Line;
use super::reply::{mask, target};
use super::{
    IrcFrontend, Phase, chathistory, markread, metadata, monitor, next_try, one_line, redact,
    render,
};

/// Tells an event. What answers a labelled command goes by way of its label.
pub(super) fn tell(session: &mut IrcFrontend, event: &Event, out: &mut BytesMut) {
    let has = |capability| session.capabilities.has(capability);
    let shown = Shown {
        messages: has(Capability::EchoMessage),
        deletions: has(Capability::MessageRedaction),
    };
    let me = session.me.clone();
    match session.asked.concerns(event, me.as_ref(), shown) {
        Concerns::Nothing => show(session, None, event, out),
        Concerns::Later => {}
        Concerns::Part(waiting) => session.within(waiting.labelled, out, |session, out| {
            show(session, Some(&waiting.asked), event, out);
        }),
        Concerns::End(waiting) => {
            session.within(waiting.labelled, out, |session, out| {
                show(session, Some(&waiting.asked), event, out);
            });
            session.settle(waiting.labelled, out);
        }
    }
    while let Some(waiting) = session.asked.passed(event) {
        session.settle(waiting.labelled, out);
    }
}

/// An event as its lines. `asked`: what it answers.
fn show(session: &mut IrcFrontend, asked: Option<&Asked>, event: &Event, out: &mut BytesMut) {
    let frame = session.frame();
    match event {
        Event::Welcome(welcome) => {
            session.phase = Phase::Registered;
            session.me.clone_from(&welcome.name);
            session.welcome(&welcome.version, welcome.motd.as_deref(), out);
            metadata::greet(session);
        }
        Event::Refused { refusal, text, .. } => refused(session, asked, refusal, text, out),
        Event::Entered { room, topic, members, read_ms, .. } => {
            entered(session, room, (topic.as_ref(), *read_ms), members, out);
        }
        Event::Exited { room } => exited(session, room, out),
        Event::Roster { room, members, .. } => session.names(room, members, out),
        Event::TopicIs { room, topic, .. } => match topic {
            Some(topic) => session.numeric(332, out).word(target(room)).text(topic),
            None => session.numeric(331, out).word(target(room)).text("No topic is set"),
        },
        Event::Identified { name, account, .. } => {
            if let Some(me) = session.me.replace(name.clone()).filter(|me| me != name) {
                Line::new(out).source(mask(&me)).command("NICK").text(name);
            }
            if *account {
                let line = session.numeric(900, out).word(mask(name)).word(name);
                line.text(format_args!("You are now logged in as {name}"));
            }
        }
        Event::RoomList { rooms, .. } => list(session, rooms, out),
        Event::MemberList { members, .. } => member_list(session, asked, members, out),
        Event::UserList { users, .. } => user_list(session, asked, users, out),
        Event::History { id: None, room, events, .. } => {
            let target = target(room).to_string();
            chathistory::batch(session, &target, room, events, out);
        }
        Event::History { id: Some(_), room, events, .. } => {
            if let Some(Asked::History(wanted)) = asked {
                chathistory::batch(session, &wanted.target, room, events, out);
            }
        }
        Event::ConversationList { conversations, .. } => {
            chathistory::conversations(session, conversations, out);
        }
        Event::Renamed { from, to } => {
            render::framed_event(frame, event, out);
            if session.me.as_ref() == Some(from) {
                session.me = Some(to.clone());
            }
        }
        Event::AwayChanged { user, text } => away(session, user, text.as_ref(), out),
        // What comes from the other user of a direct room is to oneself.
        Event::Message { room: RoomAddress::Direct(peer), from, .. }
        | Event::Deleted { room: RoomAddress::Direct(peer), from, .. }
            if peer == from =>
        {
            let me = RoomAddress::Direct(session.me.clone().unwrap_or_else(|| peer.clone()));
            render::framed_event(frame, &event.relabelled(&me), out);
        }
        Event::RoomChanged { room, change, .. } => {
            render::framed_event(frame, event, out);
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
        Event::ReadIs { room, time_ms, .. } => {
            let asked = match asked {
                Some(Asked::Read(called)) => called.clone(),
                Some(_) | None => target(room).to_string(),
            };
            markread::told(session, &asked, *time_ms, out);
        }
        Event::ReadMoved { room, time_ms, .. } => {
            if session.capabilities.has(Capability::ReadMarker) {
                markread::told(session, &target(room).to_string(), *time_ms, out);
            }
        }
        Event::UserStates { users, .. } => {
            if let Some(Asked::Watched(wanted)) = asked {
                monitor::states(session, wanted, users, out);
            }
        }
        Event::Metadata { values, .. } => {
            if let Some(Asked::Metadata(wanted)) = asked {
                metadata::answer(session, wanted, values, out);
            }
        }
        Event::MetadataKeys { keys, .. } => {
            if let Some(Asked::Metadata(wanted)) = asked {
                metadata::watched(session, wanted, keys, out);
            }
        }
        Event::MetadataChanged { of, key, value } => {
            metadata::changed(session, of, key, value.as_ref(), out);
        }
        Event::Done { .. } => {
            if let Some(Asked::Metadata(wanted)) = asked {
                metadata::done(session, wanted, out);
            }
        }
        Event::UserWatched { change, user } => monitor::changed(session, *change, user, out),
        Event::BanList { room, bans, .. } => {
            for ban in bans {
                let line = session.numeric(367, out).word(target(room));
                line.word(format_args!("{}!*@*", ban.user)).end();
            }
            session.numeric(368, out).word(target(room)).text("End of channel ban list");
        }
        Event::Message { .. }
        | Event::Deleted { .. }
        | Event::TopicChanged { .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::Gone { .. } => render::framed_event(frame, event, out),
        Event::Gap { room, from, to, why } => {
            session.notice(&format!("{room}: messages {from} to {to} are gone: {why}"), out);
        }
        Event::Notice { text } => session.notice(text, out),
        Event::ShuttingDown { in_seconds, .. } => {
            session.notice(&format!("The server is shutting down in {in_seconds} seconds"), out);
        }
        Event::Stored { .. }
        | Event::Crowd { .. }
        | Event::Tombstone { .. }
        | Event::UnreadList { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::Shunned { .. }
        | Event::AccountList { .. }
        | Event::Status { .. }
        | Event::AddressBanList { .. }
        | Event::StoredRoomList { .. }
        | Event::RoomReport { .. }
        | Event::Hidden { .. }
        | Event::Signal { .. }
        | Event::Signalled { .. }
        | Event::PastUsers { .. }
        | Event::StayIs { .. }
        | Event::Found { .. }
        | Event::Pong { .. }
        | Event::Unknown => {}
    }
}

/// In a room, which it is told once.
fn entered(
    session: &mut IrcFrontend,
    room: &RoomAddress,
    (topic, read_ms): (Option<&LineText>, Option<Timestamp>),
    members: &[UserName],
    out: &mut BytesMut,
) {
    let (RoomAddress::Named(name), Some(me)) = (room, session.me.clone()) else { return };
    if session.rooms.contains(name) {
        return;
    }
    session.rooms.reserve_exact(1);
    session.rooms.push(name.clone());
    Line::new(out).source(mask(&me)).command("JOIN").word(target(room)).end();
    if let Some(topic) = topic {
        session.numeric(332, out).word(target(room)).text(topic);
    }
    if session.capabilities.has(Capability::ReadMarker) {
        markread::told(session, &target(room).to_string(), read_ms, out);
    }
    session.names(room, members, out);
}

/// Out of a room; who was kicked was told so.
fn exited(session: &mut IrcFrontend, room: &RoomAddress, out: &mut BytesMut) {
    let (RoomAddress::Named(name), Some(me)) = (room, &session.me) else { return };
    let was_in = session.rooms.len();
    session.rooms.retain(|room| room != name);
    if session.rooms.len() < was_in {
        Line::new(out).source(mask(me)).command("PART").word(target(room)).end();
    }
}

fn away(session: &IrcFrontend, user: &UserName, text: Option<&LineText>, out: &mut BytesMut) {
    if session.me.as_ref() == Some(user) {
        return match text {
            Some(_) => session.numeric(306, out).text("You have been marked as being away"),
            None => session.numeric(305, out).text("You are no longer marked as being away"),
        };
    }
    if session.capabilities.has(Capability::AwayNotify) {
        let line = Line::new(out).source(mask(user)).command("AWAY");
        match text {
            Some(text) => line.text(text),
            None => line.end(),
        }
    }
}

fn refused(
    session: &mut IrcFrontend,
    asked: Option<&Asked>,
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
    match asked {
        Some(Asked::Nick(nick)) => bad_name(session, nick, refusal, &text, out),
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
        Some(Asked::Part(room) | Asked::Topic(room) | Asked::SetTopic(room)) => {
            let number = if matches!(refusal, Refusal::NoSuchRoom { .. }) { 403 } else { 442 };
            session.numeric(number, out).word(room).text(text);
        }
        Some(Asked::Say(to)) => {
            let number = if matches!(refusal, Refusal::NoSuchUser { .. }) { 401 } else { 404 };
            session.numeric(number, out).word(to).text(text);
        }
        Some(Asked::History(wanted)) => chathistory::refused(session, wanted, refusal, &text, out),
        Some(Asked::Read(called)) => markread::refused(session, called, &text, out),
        Some(Asked::Watched(wanted)) => monitor::refused(session, wanted, refusal, &text, out),
        Some(Asked::Metadata(wanted)) => metadata::refused(session, wanted, refusal, &text, out),
        Some(Asked::Redact(wanted)) => redact::refused(session, wanted, refusal, &text, out),
        Some(Asked::Names(room)) => session.names(room, &[], out),
        Some(Asked::Who(room)) => {
            session.numeric(315, out).word(target(room)).text("End of WHO list");
        }
        Some(
            Asked::Whois(_)
            | Asked::Ison(_)
            | Asked::List
            | Asked::Away
            | Asked::Service
            | Asked::Conversations,
        )
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
    asked: Option<&Asked>,
    members: &[UserInfo],
    out: &mut BytesMut,
) {
    match asked {
        Some(Asked::Names(room)) => {
            let names: Vec<UserName> = members.iter().map(|member| member.name.clone()).collect();
            session.names(room, &names, out);
        }
        Some(Asked::Who(room)) => {
            let server = &session.settings.server;
            for UserInfo { name, away, .. } in members {
                let here = if away.is_some() { "G" } else { "H" };
                let line = session.numeric(352, out).word(target(room)).word(name);
                let line = line.word("samovar").word(server).word(name).word(here);
                line.text(format_args!("0 {name}"));
            }
            session.numeric(315, out).word(target(room)).text("End of WHO list");
        }
        Some(_) | None => {}
    }
}

fn user_list(session: &IrcFrontend, asked: Option<&Asked>, users: &[UserInfo], out: &mut BytesMut) {
    let find = |nick: &str| {
        let name = UserName::parse(nick).ok()?;
        users.iter().find(|user| user.name == name)
    };
    match asked {
        Some(Asked::Whois(nick)) => {
            let server = &session.settings.server;
            match find(nick) {
                Some(UserInfo { name, away, .. }) => {
                    let line = session.numeric(311, out).word(name).word(name).word("samovar");
                    line.word("*").text(name);
                    session.numeric(312, out).word(name).word(server).text("Samovar");
                    if let Some(away) = away {
                        session.numeric(301, out).word(name).text(away);
                    }
                    session.numeric(318, out).word(name).text("End of /WHOIS list");
                }
                None => {
                    let nick = one_line(nick).replace(' ', "");
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

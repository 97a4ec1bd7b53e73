//! What an IRC session is told for itself: the welcome, answers, its rooms.

use bytes::BytesMut;
use chat_protocol::event::{UserInfo, Welcome, account_of};
use chat_protocol::{Command, Event, LineText, RoomAddress, RoomChange, Signal, UserName};

use super::asked::{Asked, Concerns, Shown};
use super::capability::Capability;
use super::looks::About;
use super::message::Line;
use super::refused::refused;
use super::reply::{mask, target, word};
use super::{
    IrcFrontend, Phase, certificate, chathistory, markread, metadata, monitor, render, search,
};

/// Tells an event. What answers a labelled command goes by way of its label.
pub(super) fn tell(session: &mut IrcFrontend, event: &Event, out: &mut BytesMut) {
    // Where it is not in it hears nothing, not even itself.
    let is_outside = if let Event::Stored { room: RoomAddress::Named(room), .. } = event {
        !session.rooms.contains(room)
    } else {
        false
    };
    let deletions = session.capabilities.has(Capability::MessageRedaction);
    let shown = Shown { messages: !is_outside, deletions };
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
            if is_to_oneself(session, event) {
                show(session, None, event, out); // it is who said it, and to whom it was said
            }
        }
    }
    while let Some(waiting) = session.asked.passed(event) {
        session.settle(waiting.labelled, out);
    }
}

/// Does somebody speak to itself?
fn is_to_oneself(session: &IrcFrontend, event: &Event) -> bool {
    if let Event::Message { room: RoomAddress::Direct(to), from, .. }
    | Event::Signal { room: RoomAddress::Direct(to), from, .. } = event
    {
        to == from && session.me.as_ref() == Some(from)
    } else {
        false
    }
}

/// An event as its lines. `asked`: what it answers.
fn show(session: &mut IrcFrontend, asked: Option<&Asked>, event: &Event, out: &mut BytesMut) {
    match event {
        Event::Welcome(welcome) => {
            session.phase = Phase::Registered;
            session.me.clone_from(&welcome.name);
            let Welcome { name, account, account_name, .. } = &**welcome;
            session.account = name
                .as_ref()
                .and_then(|it| account_of(*account, account_name.as_ref(), it))
                .cloned();
            session.welcome(&welcome.version, out);
            introduce(session);
            metadata::greet(session);
        }
        Event::Refused { refusal, text, .. } => refused(session, asked, refusal, text, out),
        Event::Entered { room, topic, topic_set, members, roles, private, read_ms, .. } => {
            let topic = (topic.as_ref(), topic_set.as_ref());
            session.entered((room, *private), (topic, *read_ms), (members, roles), out);
        }
        Event::Exited { room } => match asked {
            Some(Asked::Part { reason, .. }) => session.exited(room, reason, out),
            Some(_) | None => session.exited(room, "", out),
        },
        Event::Identified { name, account, account_name, .. } => {
            let account = account_of(*account, account_name.as_ref(), name);
            identified(session, asked, name, account, out);
        }
        Event::History { id: None, room, events, .. } => {
            let target = target(room).to_string();
            chathistory::batch(session, &target, room, events, out);
        }
        Event::History { id: Some(_), room, events, .. } => {
            if let Some(Asked::History(wanted)) = asked {
                chathistory::batch(session, &wanted.target, room, events, out);
            }
        }
        Event::Found { hits, .. } => search::found(session, hits, out),
        Event::ConversationList { conversations, .. } => {
            chathistory::conversations(session, conversations, out);
        }
        Event::Renamed { from, to } => {
            render::framed_event(session.frame(), event, out);
            if session.me.as_ref() == Some(from) {
                session.me = Some(to.clone());
            }
        }
        Event::AwayChanged { user, text } => away(session, user, text.as_ref(), out),
        Event::ProfileChanged { user, real_name, .. } => {
            profile(session, asked, (user, real_name.as_ref()), out);
        }
        Event::AccountChanged { user, account, account_name } => {
            if session.capabilities.has(Capability::AccountNotify) {
                let account = account_of(*account, account_name.as_ref(), user);
                let line = Line::new(out).source(mask(user)).command("ACCOUNT");
                line.word(account.map_or("*", UserName::as_str)).end();
            }
        }
        Event::RoomChanged { .. } => room_changed(session, asked, event, out),
        Event::Invited { room, from, account, account_name } => {
            session.was_invited(room);
            let me = session.me.clone();
            let account = account_of(*account, account_name.as_ref(), from);
            let about = About { account, ..About::default() };
            let line = session.frame().line(about, from, out).command("INVITE");
            line.word(me.as_ref().unwrap_or(from)).word(target(room)).end();
        }
        // It has said it itself, and sees that it is told.
        Event::Message { .. } | Event::Signal { .. }
            if asked.is_some() && !session.capabilities.has(Capability::EchoMessage) => {}
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
        Event::UserWatched { change, user } => monitor::changed(session, *change, user, out),
        Event::Message { .. }
        | Event::Signal { .. }
        | Event::Deleted { .. }
        | Event::TopicChanged { .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::Gone { .. } => from_a_room(session, event, out),
        Event::Gap { room, from, to, why } => {
            session.notice(&format!("{room}: messages {from} to {to} are gone: {why}"), out);
        }
        Event::Notice { text } => session.notice(text, out),
        Event::Wallops { from, text } => {
            Line::new(out).source(mask(from)).command("WALLOPS").text(text);
        }
        Event::ShuttingDown { in_seconds, .. } => {
            session.notice(&format!("The server is shutting down in {in_seconds} seconds"), out);
        }
        Event::Done { .. } => match asked {
            Some(Asked::Metadata(wanted)) => metadata::done(session, wanted, out),
            Some(_) | None => done(session, asked, out),
        },
        Event::CertificateList { certificates, .. } => {
            certificate::list(session, certificates, out);
        }
        Event::Stored { .. }
        | Event::Signalled { .. }
        | Event::Tombstone { .. }
        | Event::Crowd { .. }
        | Event::Roster { .. }
        | Event::TopicIs { .. }
        | Event::SettingsAre { .. }
        | Event::RoomList { .. }
        | Event::UserList { .. }
        | Event::PastUsers { .. }
        | Event::UserIs { .. }
        | Event::CensusIs { .. }
        | Event::MemberList { .. }
        | Event::UnreadList { .. }
        | Event::StayIs { .. }
        | Event::TokenMade { .. }
        | Event::TokenList { .. }
        | Event::Shunned { .. }
        | Event::AccountList { .. }
        | Event::BanList { .. }
        | Event::Status { .. }
        | Event::AddressBanList { .. }
        | Event::StoredRoomList { .. }
        | Event::RoomReport { .. }
        | Event::Hidden { .. }
        | Event::Pong { .. }
        | Event::Unknown => answer(session, asked, event, out),
    }
}

/// What was asked for, if that is all that an event is.
fn answer(session: &mut IrcFrontend, asked: Option<&Asked>, event: &Event, out: &mut BytesMut) {
    match (event, asked) {
        (Event::TopicIs { room, topic, topic_set, .. }, _) => match topic {
            Some(topic) => {
                session.numeric(332, out).word(target(room)).text(topic);
                session.topic_set(room, topic_set.as_ref(), out);
            }
            None => session.numeric(331, out).word(target(room)).text("No topic is set"),
        },
        (Event::RoomList { rooms, time_ms, .. }, Some(Asked::List(filter))) => {
            session.list(rooms, filter, time_ms.unwrap_or_default(), out);
        }
        (Event::MemberList { members, private, .. }, Some(Asked::Names { room, end })) => {
            let login = |member: &UserInfo| member.login.as_ref().map(ToString::to_string);
            let logins: Vec<Option<String>> = members.iter().map(login).collect();
            let members = members.iter().zip(&logins);
            let members =
                members.map(|(member, login)| (&member.name, member.role, login.as_deref()));
            session.names((room, *private), members, out);
            if let Some(asked) = end {
                session.end_of_names(asked, out);
            }
        }
        (Event::MemberList { members, .. }, Some(Asked::Who(who))) => {
            session.who_are(who, members, out);
        }
        (Event::MemberList { members, .. }, Some(Asked::ModeMembers)) => session.plan(members, out),
        (Event::UserList { users, .. }, Some(Asked::Who(who))) => session.who_are(who, users, out),
        (Event::UserIs { user, rooms, since_ms, idle_ms, metadata, .. }, Some(asked)) => {
            let idle_s = idle_ms / 1_000;
            if let Asked::Whois(_) = asked {
                session.whois((user, rooms, metadata), (*since_ms, idle_s), out);
            } else if let Asked::Who(who) = asked {
                session.who_is(who, user, idle_s, out);
                session.end_of_who(who, out);
            } else if let Asked::IsHere { is_userhost } = asked {
                session.is_here(*is_userhost, Some(user), out);
            } else if let Asked::ModeAbsent { room, nick } = asked {
                let line = session.numeric(441, out).word(word(nick)).word(word(room));
                line.text("They aren't on that channel");
            } else if let (Asked::IsAway, Some(away)) = (asked, &user.away) {
                session.numeric(301, out).word(&user.name).text(away);
            }
        }
        (Event::PastUsers { users, .. }, Some(Asked::Whowas { nick, count })) => {
            session.whowas(nick, users, *count, out);
        }
        (Event::CensusIs { census, .. }, _) => session.census(census, out),
        (Event::Pong { time_ms, .. }, Some(Asked::Time)) => session.time(*time_ms, out),
        (Event::SettingsAre { settings, since_ms, .. }, Some(Asked::Modes(room))) => {
            session.modes(room, settings, *since_ms, out);
        }
        (Event::SettingsAre { settings, .. }, Some(Asked::Masks { room, letter })) => {
            session.masks(room, *letter, &settings.masks, out);
        }
        (Event::BanList { bans, .. }, Some(Asked::Masks { room, .. })) => {
            session.bans(room, bans, out);
        }
        (Event::SettingsAre { settings, role, .. }, Some(Asked::ModeBegins(_))) => {
            session.mode_begins(settings, *role, out);
        }
        _ => {}
    }
}

/// What it has said of itself before it had a name.
fn introduce(session: &mut IrcFrontend) {
    let registering = std::mem::take(&mut session.registering);
    let (login, real_name) = registering.user.unwrap_or_default();
    session.real_name.clone_from(&real_name);
    let command = Command::SetProfile { real_name, login, bot: None, invisible: None };
    session.ask(command, Asked::UserMode { bot: None, invisible: None });
    if let Some(text) = registering.away {
        session.ask(Command::Away { text: Some(text) }, Asked::Away);
    }
}

/// It is somebody else, or an account now.
fn identified(
    session: &mut IrcFrontend,
    asked: Option<&Asked>,
    name: &UserName,
    account: Option<&UserName>,
    out: &mut BytesMut,
) {
    session.account = account.cloned();
    let by_sasl = asked.is_none() && account.is_some();
    if let Some(account) = account.filter(|_| by_sasl) {
        session.logged_in(account, out);
        session.numeric(903, out).text("SASL authentication successful");
    }
    if let Some(me) = session.me.replace(name.clone()).filter(|me| me != name) {
        Line::new(out).source(mask(&me)).command("NICK").text(name);
    }
    match asked {
        Some(Asked::Register) => session.registered_as(name, out),
        Some(Asked::Service) if account.is_none() => {
            let me = mask(name);
            session.numeric(901, out).word(me).text("You are now logged out");
        }
        Some(Asked::Service) if account.is_some() => session.notice("You are logged in", out),
        Some(_) | None => {}
    }
    if let Some(account) = account.filter(|_| !by_sasl) {
        session.logged_in(account, out);
    }
}

fn profile(
    session: &mut IrcFrontend,
    asked: Option<&Asked>,
    (user, real_name): (&UserName, Option<&LineText>),
    out: &mut BytesMut,
) {
    if let Some(Asked::UserMode { bot, invisible }) = asked {
        if bot.is_some() || invisible.is_some() {
            session.modes_changed(*bot, *invisible, out);
        }
        return;
    }
    let Some(real_name) = real_name else { return };
    if session.me.as_ref() == Some(user) {
        session.real_name = Some(real_name.clone());
    }
    if session.capabilities.has(Capability::Setname) {
        Line::new(out).source(mask(user)).command("SETNAME").text(real_name);
    }
}

/// What it is told of a room; what comes from the other user of a direct room is to oneself.
fn from_a_room(session: &IrcFrontend, event: &Event, out: &mut BytesMut) {
    let is_own = |from: &UserName| session.me.as_ref() == Some(from);
    // What an account says elsewhere is news here; but what its program asks there, a program that
    // takes no echo would answer.
    let asks = matches!(event, Event::Signal { signal: Signal::Query { .. }, .. });
    let echoes =
        session.capabilities.has(Capability::EchoMessage) || (session.account.is_some() && !asks);
    if let Event::Message { from, .. } | Event::Signal { from, .. } = event
        && is_own(from)
        && !echoes
        && !is_to_oneself(session, event)
    {
        return;
    }
    if let Event::Message { room: RoomAddress::Direct(_), from, .. }
    | Event::Deleted { room: RoomAddress::Direct(_), from, .. }
    | Event::Signal { room: RoomAddress::Direct(_), from, .. } = event
        && !is_own(from)
        && let Some(me) = session.me.clone()
    {
        let told = event.relabelled(&RoomAddress::Direct(me));
        return render::framed_event(session.frame(), &told, out);
    }
    render::framed_event(session.frame(), event, out);
}

fn room_changed(
    session: &mut IrcFrontend,
    asked: Option<&Asked>,
    event: &Event,
    out: &mut BytesMut,
) {
    let Event::RoomChanged { room, change, .. } = event else { return };
    match (asked, change) {
        (Some(Asked::Mode(change)), _) => session.mode_done(Some(change), out),
        (Some(Asked::Invite { .. }), RoomChange::Invited { user }) => {
            session.numeric(341, out).word(user).word(target(room)).end();
        }
        _ => render::framed_event(session.frame(), event, out),
    }
    if let (RoomAddress::Named(name), Some(user)) = (room, change.puts_out())
        && session.me.as_ref() == Some(user)
    {
        session.rooms.retain(|room| room != name);
    }
}

fn done(session: &mut IrcFrontend, asked: Option<&Asked>, out: &mut BytesMut) {
    match asked {
        Some(Asked::Oper) => session.is_oper(out),
        Some(Asked::Deoper) => session.user_mode("-o", out),
        Some(Asked::Service) => session.notice("Done. CERT LIST shows your certificates", out),
        Some(_) | None => {}
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

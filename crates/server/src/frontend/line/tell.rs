//! What a line session is told for itself: the welcome, answers, its rooms. Events of a room that
//! all see alike are in `render.rs`, what is stored in `stored.rs`.

use std::fmt::Write;

use bytes::BytesMut;
use chat_protocol::administration::BanInfo;
use chat_protocol::event::{RoomInfo, UnreadInfo, UserInfo, Welcome};
use chat_protocol::limits::UNREAD_COUNTED_MAX;
use chat_protocol::moment::in_utc;
use chat_protocol::slash::{self, Word};
use chat_protocol::text::is_dangerous;
use chat_protocol::{Event, LineText, Role, RoomAddress, RoomSettings, UserName};

use super::stored::counted;
use super::style::{StyleName, Words};
use super::{LineFrontend, Phase, render};
use crate::limits::NAMES_ON_ENTERING_MAX;

#[expect(clippy::wildcard_enum_match_arm, reason = "Event::sort names every variant")]
pub(super) fn tell(session: &mut LineFrontend, event: &Event, out: &mut BytesMut) {
    match event {
        Event::Welcome(welcome) => session.welcome(welcome, out),
        Event::Refused { refusal, text, .. } => match session.phase {
            Phase::Waiting { tries } => session.name_refused(refusal, text, tries, out),
            Phase::Naming { .. } | Phase::Talking | Phase::Tired => session.complain(text, out),
        },
        // Somebody else's doing: a direct room was opened. Its messages say so, with its label.
        Event::Entered { id: None, room, .. } => session.remember(room),
        Event::Entered { id: Some(_), room, topic, members, members_total, .. } => {
            session.entered(room, topic.as_ref(), members, *members_total, out);
        }
        Event::Exited { room } => session.exited(room, out),
        Event::RoomList { rooms, total, .. } => session.room_list(rooms, *total, out),
        Event::UserList { users, total, .. } => session.user_list(None, users, *total, out),
        Event::MemberList { room, members, total, .. } => {
            session.user_list(Some(room), members, *total, out);
        }
        Event::TopicIs { room, topic: Some(topic), .. } => {
            session.note(&format!("topic of {room}: {topic}"), out);
        }
        Event::TopicIs { room, topic: None, .. } => {
            session.note(&format!("{room} has no topic"), out)
        }
        Event::SettingsAre { room, settings, role, .. } => {
            session.settings(room, settings, *role, out);
        }
        Event::Invited { room, from, .. } => {
            let prefix = session.style().prefix();
            session.note(&format!("{from} invites you to {room}: {prefix}join {room}"), out);
        }
        Event::History { id, room, events, .. } => session.history(id.is_none(), room, events, out),
        Event::UnreadList { rooms, total, .. } => session.unread(rooms, *total, out),
        Event::Found { hits, next, unsearched, .. } => {
            session.found(hits, *next, *unsearched, out);
        }
        Event::Identified { name, account, .. } => session.identified(name, *account, out),
        Event::StayIs { on: true, .. } => {
            session.note("you stay in your rooms while you are not connected", out);
        }
        Event::StayIs { on: false, .. } => {
            session.note("you leave your rooms when you are not connected", out);
        }
        Event::TokenMade { name, token, .. } => session.token_made(name, token, out),
        Event::TokenList { tokens, .. } => session.token_list(tokens, out),
        Event::CertificateList { certificates, .. } => session.certificates(certificates, out),
        Event::Shunned { ignored, blocked, .. } => session.shunned(ignored, blocked, out),
        Event::AccountList { accounts, total, .. } => session.account_list(accounts, *total, out),
        Event::BanList { room, bans, total, .. } => session.ban_list(room, bans, *total, out),
        Event::Gap { room, from, to, why } => {
            session.note(&format!("{room}: messages {from} to {to} are gone: {}", plain(why)), out);
        }
        Event::Notice { text } => session.note(&plain(text), out),
        Event::Wallops { from, text } => {
            session.note(&format!("wallops by {from}: {text}"), out);
        }
        Event::ShuttingDown { time_ms, in_seconds } => match session.style().name {
            StyleName::Grillo => {
                let clock = render::clock_12(*time_ms, &session.settings.zone);
                session.show(&format!("[{clock}]  shutting down in {in_seconds} seconds"), out);
            }
            StyleName::Samovar if *in_seconds == 0 => {
                session.note("the server is shutting down", out)
            }
            StyleName::Samovar => {
                session.note(&format!("the server is shutting down in {in_seconds} seconds"), out);
            }
            StyleName::Talker | StyleName::Netcat => {}
        },
        Event::Message { room, .. }
        | Event::TopicChanged { room, .. }
        | Event::Deleted { room, .. }
        | Event::Tombstone { room, .. }
        | Event::RoomChanged { room, .. }
        | Event::Joined { room, .. }
        | Event::Left { room, .. }
        | Event::Crowd { room, .. }
        | Event::Gone { room, .. } => {
            let here = session.here.as_ref() == Some(room);
            render::room_event(session.style().name, here, event, &session.settings.zone, out);
        }
        Event::Renamed { .. } | Event::AwayChanged { .. } => {
            render::room_event(session.style().name, true, event, &session.settings.zone, out);
            session.renamed(event);
        }
        // No acknowledgement in line mode; what was stored is seen by the others.
        Event::Done { id } => {
            if let Some(done) = session.when_done.take().filter(|_| id.is_some()) {
                session.note(&done, out);
            }
        }
        // What is seen by the others alone, asked for from the command line, or for programs.
        _ => {}
    }
}

impl LineFrontend {
    /// A remark that is no message.
    pub(super) fn note(&self, text: &str, out: &mut BytesMut) {
        self.show(&format!("* {text}"), out);
    }

    fn welcome(&mut self, welcome: &Welcome, out: &mut BytesMut) {
        self.phase = Phase::Talking;
        self.me.clone_from(&welcome.name);
        let name = welcome.name.as_ref().map_or("", UserName::as_str);
        match self.style().name {
            StyleName::Samovar => {
                self.show(&format!("Welcome {name}"), out);
                let prefix = self.style().prefix();
                let hint = format!(
                    "Type to talk. {prefix}help shows what else, {prefix}nick NAME changes your name, \
                     {prefix}quit leaves."
                );
                self.show(&hint, out);
                for line in welcome.motd.iter().flat_map(|motd| motd.lines()) {
                    self.note(&plain(line), out);
                }
            }
            StyleName::Grillo => {
                self.show(&format!("Welcome {name}!"), out);
                self.help(None, out);
            }
            StyleName::Talker => {}
            StyleName::Netcat => self.show(&format!("Welcome {name}"), out),
        }
    }

    pub(super) fn entered(
        &mut self,
        room: &RoomAddress,
        topic: Option<&LineText>,
        members: &[UserName],
        total: u64,
        out: &mut BytesMut,
    ) {
        let is_first = self.rooms.is_empty() && self.here.is_none();
        self.remember(room);
        self.here = Some(room.clone());
        match self.style().name {
            StyleName::Grillo if is_first => self.show(&current_users(members), out),
            StyleName::Talker | StyleName::Netcat if is_first => {}
            StyleName::Samovar | StyleName::Grillo | StyleName::Talker | StyleName::Netcat => {
                let names = match room {
                    RoomAddress::Named(_) => {
                        let shown = members.iter().take(NAMES_ON_ENTERING_MAX);
                        let shown: Vec<&str> = shown.map(UserName::as_str).collect();
                        format!(", {total} here: {}", listed(&shown, total))
                    }
                    RoomAddress::Direct(_) => String::new(),
                };
                self.note(&format!("you are in {room}{names}"), out);
                if let Some(topic) = topic {
                    self.note(&format!("topic: {topic}"), out);
                }
            }
        }
    }

    fn remember(&mut self, room: &RoomAddress) {
        if !self.rooms.contains(room) {
            self.rooms.reserve_exact(1); // most are in one room, and there are many
            self.rooms.push(room.clone());
        }
    }

    fn exited(&mut self, room: &RoomAddress, out: &mut BytesMut) {
        self.rooms.retain(|joined| joined != room);
        let what = match room {
            RoomAddress::Named(_) => format!("you left {room}"),
            RoomAddress::Direct(peer) => format!("the talk with {peer} is over"),
        };
        if self.here.as_ref() != Some(room) {
            return self.note(&what, out);
        }
        self.here = self.rooms.last().cloned();
        let now = match &self.here {
            Some(here) => format!("you are in {here}"),
            None => format!("you are in no room; {}join ROOM enters one", self.style().prefix()),
        };
        self.note(&format!("{what}; {now}"), out);
    }

    /// What a room is like, and who one is there.
    fn settings(
        &self,
        room: &RoomAddress,
        settings: &RoomSettings,
        role: Option<Role>,
        out: &mut BytesMut,
    ) {
        let words = settings.in_words();
        let like = if words.is_empty() { "open to all".to_owned() } else { words.join("; ") };
        let you = role.map(|role| match role {
            Role::Member => "a member".to_owned(),
            Role::Voice => "somebody who has voice".to_owned(),
            Role::Operator => "operator".to_owned(),
            Role::Owner => "its owner".to_owned(),
        });
        let you = you.map(|you| format!("; you are {you}")).unwrap_or_default();
        self.note(&format!("{room}: {like}{you}"), out);
    }

    /// A direct room is called by its other user's name.
    fn renamed(&mut self, event: &Event) {
        let Event::Renamed { from, to } = event else {
            return;
        };
        if self.me.as_ref() == Some(from) {
            self.me = Some(to.clone());
        }
        let old = RoomAddress::Direct(from.clone());
        for room in self.rooms.iter_mut().chain(self.here.as_mut()).filter(|room| **room == old) {
            *room = RoomAddress::Direct(to.clone());
        }
    }

    fn ban_list(&self, room: &RoomAddress, bans: &[BanInfo], total: u64, out: &mut BytesMut) {
        if bans.is_empty() {
            return self.note(&format!("nobody is banned from {room}"), out);
        }
        self.note(&format!("banned from {room} ({total}):"), out);
        for BanInfo { user, until_ms, reason } in bans {
            let until = until_ms.map(|until| format!("  until {}", in_utc(until)));
            let until = until.unwrap_or_default();
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            self.show(&format!("  {user}{until}{reason}"), out);
        }
        if let Some(more) = missing(bans.len(), total) {
            self.show(&format!("  and {more} more"), out);
        }
    }

    fn room_list(&self, rooms: &[RoomInfo], total: u64, out: &mut BytesMut) {
        self.note(&format!("rooms ({total}):"), out);
        for RoomInfo { room, members, topic, .. } in rooms {
            let topic = topic.as_ref().map(|topic| format!("  {topic}")).unwrap_or_default();
            self.show(&format!("  {room}  {members} here{topic}"), out);
        }
        if let Some(more) = missing(rooms.len(), total) {
            self.show(&format!("  and {more} more"), out);
        }
    }

    fn unread(&self, rooms: &[UnreadInfo], total: u64, out: &mut BytesMut) {
        if rooms.is_empty() {
            return self.note("nothing new since you last typed", out);
        }
        self.note(&format!("new since you last typed, in {}:", counted(total, "room")), out);
        for UnreadInfo { room, read, messages, mentions } in rooms {
            let more = if *messages >= u64::from(UNREAD_COUNTED_MAX) { " or more" } else { "" };
            let mentions = match mentions {
                0 => String::new(),
                1 => ", one has your name".to_owned(),
                count => format!(", {count} have your name"),
            };
            let messages = counted(*messages, "message");
            self.show(&format!("  {room}  {messages}{more}{mentions}; behind #{read}"), out);
        }
        if let Some(more) = missing(rooms.len(), total) {
            self.show(&format!("  and {more} more"), out);
        }
    }

    /// Who is connected, or who is in a room.
    fn user_list(
        &self,
        room: Option<&RoomAddress>,
        users: &[UserInfo],
        total: u64,
        out: &mut BytesMut,
    ) {
        let names: Vec<UserName> = users.iter().map(|user| user.name.clone()).collect();
        match self.style().name {
            StyleName::Samovar | StyleName::Netcat => {
                let place = room.map_or("connected".to_owned(), |room| format!("in {room}"));
                let shown: Vec<String> = users.iter().map(with_away).collect();
                let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
                self.note(&format!("{place} ({total}): {}", listed(&shown, total)), out);
            }
            StyleName::Grillo => self.show(&current_users(&names), out),
            StyleName::Talker => {
                self.show(
                    match room {
                        Some(_) => "The following are in this room:",
                        None => "The following are logged in:",
                    },
                    out,
                );
                for name in names {
                    self.show(name.as_str(), out);
                }
            }
        }
    }

    /// What can be typed.
    pub(super) fn help(&self, word: Option<&'static Word>, out: &mut BytesMut) {
        let prefix = self.style().prefix();
        match (&self.style().words, word) {
            (Words::All(_), Some(word)) => self.show(&slash::help_line(&prefix, word), out),
            (Words::All(_), None) => {
                for line in slash::help_lines(&prefix) {
                    self.show(&line, out);
                }
                if self.style().name == StyleName::Samovar {
                    self.show(
                        &format!("{prefix}{prefix}TEXT says a line that begins with {prefix}"),
                        out,
                    );
                }
            }
            (Words::These(words), _) => {
                let words: Vec<String> =
                    words.iter().map(|word| format!("{prefix}{word}")).collect();
                self.show(&format!("Available commands are: {}", words.join(" ")), out);
            }
        }
    }
}

/// As grillo lists them: sorted.
fn current_users(members: &[UserName]) -> String {
    let mut names: Vec<&str> = members.iter().map(UserName::as_str).collect();
    names.sort_unstable();
    format!("Current users are: {}", names.join(", "))
}

fn listed(names: &[&str], total: u64) -> String {
    let mut list = names.join(", ");
    if let Some(more) = missing(names.len(), total) {
        write!(list, " and {more} more").expect("a string takes all");
    }
    list
}

fn missing(shown: usize, total: u64) -> Option<u64> {
    total.checked_sub(u64::try_from(shown).unwrap_or(u64::MAX)).filter(|more| *more > 0)
}

fn with_away(user: &UserInfo) -> String {
    let role = (!user.role.is_member()).then(|| user.role.to_string());
    let away = user.away.as_ref().map(|away| format!("away: {away}"));
    let account = user.account_name.as_ref().map(|account| format!("account {account}"));
    let what: Vec<String> = role.into_iter().chain(account).chain(away).collect();
    if what.is_empty() {
        user.name.to_string()
    } else {
        format!("{} ({})", user.name, what.join(", "))
    }
}

/// Text of the operator or the server, without what drives a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_dangerous(*c)).collect()
}

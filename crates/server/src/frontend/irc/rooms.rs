//! Rooms: JOIN, PART, TOPIC, NAMES, LIST, KICK, INVITE.

use bytes::BytesMut;
use chat_protocol::event::{RoleHeld, RoomInfo, TopicSet};
use chat_protocol::{Command, LineText, Role, RoomAddress, RoomSecret, Timestamp, UserName};

use super::asked::Asked;
use super::capability::Capability;
use super::message::Line;
use super::reply::{HOST, mask, room_of, target, word};
use super::{IRC_INVITED_MAX, IrcFrontend, markread};
use chat_protocol::glob;

const MINUTE_MS: u64 = 60_000;

/// What LIST is narrowed to: ELIST's C, M, N, T and U.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    only: Vec<String>,
    not: Vec<String>,
    members: Bounds,
    /// How long it is there, in minutes.
    made: Bounds,
    /// How long it has its topic, in minutes.
    topic: Bounds,
}

/// More than this and fewer than that.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    more_than: Option<u64>,
    fewer_than: Option<u64>,
}

impl Bounds {
    /// `>3`, `<10`. Was it one of these?
    fn read(&mut self, text: &str) -> bool {
        if let Some(count) = text.strip_prefix('>') {
            self.more_than = count.parse().ok();
        } else if let Some(count) = text.strip_prefix('<') {
            self.fewer_than = count.parse().ok();
        } else {
            return false;
        }
        true
    }

    /// Is so many within them? `unit`: how many of these are one.
    fn have(self, count: u64, unit: u64) -> bool {
        let bound = |bound: u64| bound.saturating_mul(unit);
        self.more_than.is_none_or(|more| count > bound(more))
            && self.fewer_than.is_none_or(|fewer| count < bound(fewer))
    }

    /// How long ago it was. What is not known is neither long ago nor not.
    fn have_age(self, since: Option<Timestamp>, now: Timestamp) -> bool {
        if self.more_than.is_none() && self.fewer_than.is_none() {
            return true;
        }
        since.is_some_and(|since| self.have(now.0.saturating_sub(since.0), MINUTE_MS))
    }
}

impl Filter {
    /// `#a,#b`, `*an1`, `!*test*`, `>3`, `<10`, `C>60`, `T<5`.
    pub(super) fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let made = part.strip_prefix(['C', 'c']).is_some_and(|age| filter.made.read(age));
            let topic = part.strip_prefix(['T', 't']).is_some_and(|age| filter.topic.read(age));
            if made || topic || filter.members.read(part) {
                continue;
            }
            if let Some(mask) = part.strip_prefix('!') {
                filter.not.push(mask.to_lowercase());
            } else {
                filter.only.push(part.to_lowercase());
            }
        }
        filter
    }

    fn takes(&self, info: &RoomInfo, now: Timestamp) -> bool {
        let name = format!("#{}", info.room.folded());
        let is = |masks: &[String]| masks.iter().any(|mask| glob::matches(mask, &name));
        (self.only.is_empty() || is(&self.only))
            && !is(&self.not)
            && self.members.have(info.members, 1)
            && self.made.have_age(info.since_ms, now)
            && self.topic.have_age(info.topic_set.as_ref().map(|set| set.time_ms), now)
    }
}

impl IrcFrontend {
    pub(super) fn join(&mut self, rooms: &str, keys: &str, out: &mut BytesMut) {
        if rooms == "0" {
            for room in self.rooms.clone() {
                let asked = Asked::Part { room: format!("#{room}"), reason: String::new() };
                let room = RoomAddress::Named(room);
                self.ask(Command::Leave { room, reason: None }, asked);
            }
            return;
        }
        let mut keys = keys.split(',');
        for room in rooms.split(',') {
            let key = keys.next().filter(|key| !key.is_empty());
            let key = key.and_then(|key| LineText::parse(key).ok()).map(RoomSecret::new);
            if let Some(address) = self.named(room, out) {
                let asked = Asked::Join(room.to_owned());
                self.ask(Command::Join { room: address, key }, asked);
            }
        }
    }

    pub(super) fn part(&mut self, rooms: &str, reason: Option<&str>, out: &mut BytesMut) {
        for room in rooms.split(',') {
            if let Some(address) = self.named(room, out) {
                let reason = reason.and_then(|reason| LineText::parse(reason).ok());
                let reason = reason.filter(|reason| !reason.is_empty());
                let words = reason.as_ref().map(ToString::to_string).unwrap_or_default();
                let asked = Asked::Part { room: room.to_owned(), reason: words };
                self.ask(Command::Leave { room: address, reason }, asked);
            }
        }
    }

    pub(super) fn topic(&mut self, room: &str, text: Option<&str>, out: &mut BytesMut) {
        let Some(address) = self.named(room, out) else { return };
        let asked = room.to_owned();
        match text.map(LineText::parse) {
            None => self.ask(Command::GetTopic { room: address }, Asked::Topic(asked)),
            Some(Ok(topic)) => {
                self.ask(Command::SetTopic { room: address, topic }, Asked::SetTopic(asked));
            }
            Some(Err(error)) => {
                self.fail("TOPIC", "INVALID_TEXT", &[room], &error.to_string(), out);
            }
        }
    }

    /// `KICK #a,#b ana,bob :why`; one room for all, or one for each.
    pub(super) fn kick(
        &mut self,
        (rooms, users): (&str, &str),
        reason: Option<&str>,
        out: &mut BytesMut,
    ) {
        let rooms: Vec<&str> = rooms.split(',').collect();
        let reason = reason.and_then(|reason| LineText::parse(reason).ok());
        for (number, user) in users.split(',').enumerate() {
            let Some(room) = rooms.get(number).or_else(|| rooms.last()) else { return };
            let Some(address) = self.named(room, out) else { continue };
            let Ok(name) = UserName::parse(user) else {
                self.numeric(401, out).word(word(user)).text("No such nick/channel");
                continue;
            };
            let asked = Asked::Kick { room: (*room).to_owned(), nick: user.to_owned() };
            let reason = reason.clone().filter(|reason| !reason.is_empty());
            self.ask(Command::Kick { room: address, user: name, reason }, asked);
        }
    }

    pub(super) fn invite(&mut self, user: &str, room: &str, out: &mut BytesMut) {
        let Some(address) = self.named(room, out) else { return };
        let Ok(name) = UserName::parse(user) else {
            return self.numeric(401, out).word(word(user)).text("No such nick/channel");
        };
        let asked = Asked::Invite { room: room.to_owned(), nick: user.to_owned() };
        self.ask(Command::Invite { room: address, user: name }, asked);
    }

    /// Somebody has invited it.
    pub(super) fn was_invited(&mut self, room: &RoomAddress) {
        self.invited.retain(|invited| invited != room);
        if self.invited.len() >= IRC_INVITED_MAX {
            self.invited.pop_front();
        }
        self.invited.push_back(room.clone());
    }

    /// `336` and `337`: where it was invited to, as far as it was told, and is not in.
    pub(super) fn invitations(&self, out: &mut BytesMut) {
        for room in &self.invited {
            self.numeric(336, out).word(target(room)).end();
        }
        self.numeric(337, out).text("End of /INVITE list");
    }

    /// `NAMES #a,#b`: one end for all.
    pub(super) fn ask_names(&mut self, rooms: &str, out: &mut BytesMut) {
        let asked = rooms.split(',').filter_map(|room| room_of(room).map(|is| (room, is)));
        let mut asked = asked.peekable();
        if asked.peek().is_none() {
            return self.end_of_names(rooms, out);
        }
        while let Some((room, address)) = asked.next() {
            let end = asked.peek().is_none().then(|| rooms.to_owned());
            let asked = Asked::Names { room: room.to_owned(), end };
            self.ask(Command::Members { room: address }, asked);
        }
    }

    /// `366`
    pub(super) fn end_of_names(&self, asked: &str, out: &mut BytesMut) {
        self.numeric(366, out).word(word(asked)).text("End of /NAMES list");
    }

    /// `#lobby`; what is no room is told.
    pub(super) fn named(&self, text: &str, out: &mut BytesMut) -> Option<RoomAddress> {
        let room = room_of(text);
        if room.is_none() {
            self.numeric(403, out).word(word(text)).text("No such channel");
        }
        room
    }

    /// In a room, which it is told once.
    pub(super) fn entered(
        &mut self,
        (room, is_private): (&RoomAddress, bool),
        ((topic, set), read): ((Option<&LineText>, Option<&TopicSet>), Option<Timestamp>),
        (members, roles): (&[UserName], &[RoleHeld]),
        out: &mut BytesMut,
    ) {
        let (RoomAddress::Named(name), Some(me)) = (room, self.me.clone()) else { return };
        if self.rooms.contains(name) {
            return;
        }
        self.rooms.reserve_exact(1);
        self.invited.retain(|invited| invited != room);
        self.rooms.push(name.clone());
        let line = Line::new(out).source(mask(&me)).command("JOIN").word(target(room));
        if self.capabilities.has(Capability::ExtendedJoin) {
            let account = self.account.as_ref().map_or("*", UserName::as_str);
            line.word(account).text(self.real_name());
        } else {
            line.end();
        }
        if let Some(topic) = topic {
            self.numeric(332, out).word(target(room)).text(topic);
            self.topic_set(room, set, out);
        }
        if self.capabilities.has(Capability::ReadMarker) {
            markread::told(self, &target(room).to_string(), read, out);
        }
        if !self.capabilities.has(Capability::NoImplicitNames) {
            let role = |user: &UserName| {
                roles.iter().find(|held| held.user == *user).map_or(Role::Member, |held| held.role)
            };
            let members = members.iter().map(|user| (user, role(user), None));
            let called = target(room).to_string();
            self.names((&called, is_private), members, out);
            self.end_of_names(&called, out);
        }
    }

    /// `333`: who set the topic, and when.
    pub(super) fn topic_set(&self, room: &RoomAddress, set: Option<&TopicSet>, out: &mut BytesMut) {
        if let Some(TopicSet { by, time_ms }) = set {
            let line = self.numeric(333, out).word(target(room)).word(mask(by));
            line.word(time_ms.0 / 1_000).end();
        }
    }

    /// Out of a room; who was kicked was told so.
    pub(super) fn exited(&mut self, room: &RoomAddress, reason: &str, out: &mut BytesMut) {
        let (RoomAddress::Named(name), Some(me)) = (room, &self.me) else { return };
        let was_in = self.rooms.len();
        self.rooms.retain(|room| room != name);
        if self.rooms.len() < was_in {
            let line = Line::new(out).source(mask(me)).command("PART").word(target(room));
            if reason.is_empty() { line.end() } else { line.text(reason) }
        }
    }

    /// What stands before a member's name.
    pub(super) fn prefix(&self, role: Role) -> &'static str {
        let all = self.capabilities.has(Capability::MultiPrefix);
        match role {
            Role::Member => "",
            Role::Voice => "+",
            // Who keeps order may all that voice may.
            Role::Operator | Role::Owner if all => "@+",
            Role::Operator | Role::Owner => "@",
        }
    }

    /// Who is in a room, in lines that are not too long; with what its client calls it, if known.
    pub(super) fn names<'a>(
        &self,
        (room, is_private): (&str, bool),
        members: impl Iterator<Item = (&'a UserName, Role, Option<&'a str>)>,
        out: &mut BytesMut,
    ) {
        const NAMES_BYTES_MAX: usize = 300;
        let symbol = if is_private { "@" } else { "=" };
        let mut line = String::new();
        for (name, role, login) in members {
            if line.len() > NAMES_BYTES_MAX {
                self.numeric(353, out).word(symbol).word(room).text(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(self.prefix(role));
            line.push_str(name.as_str());
            if self.capabilities.has(Capability::UserhostInNames) {
                line.push_str(&format!("!{}@{HOST}", login.unwrap_or(name.as_str())));
            }
        }
        if !line.is_empty() {
            self.numeric(353, out).word(symbol).word(room).text(line);
        }
    }

    /// The rooms, as they are now.
    pub(super) fn list(
        &self,
        rooms: &[RoomInfo],
        filter: &Filter,
        now: Timestamp,
        out: &mut BytesMut,
    ) {
        self.numeric(321, out).word("Channel").text("Users  Name");
        let is_told = |info: &&RoomInfo| info.members > 0 && filter.takes(info, now);
        for RoomInfo { room, members, topic, .. } in rooms.iter().filter(is_told) {
            let topic = topic.as_ref().map(ToString::to_string).unwrap_or_default();
            self.numeric(322, out).word(format_args!("#{room}")).word(members).text(topic);
        }
        self.numeric(323, out).text("End of /LIST");
    }
}

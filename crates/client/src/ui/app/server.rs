//! What the server tells. Pure. An event of a new kind (somebody typing, a role) gets its arm in
//! [`App::on_event`], and its place in the room.

use chat_client::{Gap, Update};
use chat_protocol::event::{Sort, Welcome};
use chat_protocol::{Command, Event, LineText, RoomAddress, Signal, Timestamp, UserName};

use super::{App, Asked, Effect, Hint, Net};
use crate::sanitise;
use crate::ui::keys::Act;
use crate::ui::room::{Edge, News, Room, Scroll, Side};
use crate::ui::row::{Body, Presence};
use crate::ui::settings::{Joins, Notify};
use crate::ui::words;

impl App {
    pub(super) fn on_told(&mut self, update: Update) {
        match update {
            Update::Connected(welcome) => self.on_connected(&welcome),
            Update::Disconnected { why, retry_in, tries, trouble } => {
                let since = match &self.net {
                    Net::Down { since, .. } => *since,
                    Net::Coming | Net::Up => self.now,
                };
                let retry_ms = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
                let retry_at = Timestamp(self.now.0.saturating_add(retry_ms));
                let why = sanitise::line(&why);
                self.net = Net::Down { since, why, retry_at, tries, trouble };
            }
            Update::Gap(gap) => self.on_gap(gap),
            Update::Event(event) => self.on_event(event),
            // It goes to `on_answered`.
            Update::Answered { .. } => {}
        }
    }

    fn on_connected(&mut self, welcome: &Welcome) {
        let first = self.net == Net::Coming;
        let is_same = self.start.memory.begin(welcome.journal);
        self.net = Net::Up;
        let server = sanitise::line(&welcome.server);
        let server_before = std::mem::replace(&mut self.server, server);
        if !first && !is_same && server_before != self.server {
            let now = &self.server;
            self.warn(format!("Another server answers here now: {now}; it was {server_before}."));
        }
        self.server_version = sanitise::line(&welcome.version);
        let name_before = std::mem::replace(&mut self.me, welcome.name.clone());
        if first {
            self.enter_first_rooms(welcome);
        } else if let (Some(before), Some(now)) = (name_before, &welcome.name)
            && before.as_str() != now.as_str()
        {
            let text = format!(
                "You are {now} now: {before} was taken meanwhile. /nick {before} tries again."
            );
            self.warn(text);
        }
        if let Some(wanted) = self.wanted_name.take()
            && welcome.name.as_ref() != Some(&wanted)
        {
            self.ask(Command::Nick { name: wanted.clone() }, Asked::Nick(wanted));
        }
        if self.room().scroll == Scroll::Bottom && self.room().window.newer == Edge::More {
            // What could not be loaded before.
            self.load(self.current, Side::Newest);
        }
        self.ping();
        self.ask(Command::Unread, Asked::ReadPositions);
    }

    fn enter_first_rooms(&mut self, welcome: &Welcome) {
        let mut rooms = self.start.rooms.clone();
        if rooms.is_empty() {
            rooms.extend(welcome.default_room.clone().map(RoomAddress::from));
        }
        if rooms.is_empty() {
            let key = self.start.keys.key(Act::GoToRoom);
            self.talk(format!("You are in no room. {key} lists them, /join ROOM enters one."));
        }
        for (index, room) in rooms.into_iter().enumerate() {
            self.ask(Command::Join { room, key: None }, Asked::Join { show: index == 0 });
        }
        let motd = welcome.motd.iter().flat_map(|motd| motd.lines()).map(sanitise::line);
        let motd: Vec<String> = motd.collect();
        if !motd.is_empty() {
            self.talk(motd.join("\n"));
        }
    }

    /// A room is entered. Returns which.
    pub(super) fn entered(
        &mut self,
        address: &RoomAddress,
        topic: Option<LineText>,
        members: &[UserName],
        total: u64,
    ) -> usize {
        let first = self.rooms.is_empty();
        let index = self.room_at(address);
        let nowhere = first.then(|| std::mem::replace(&mut self.nowhere, Room::new(None)));
        if let Some(room) = self.rooms.get_mut(index) {
            room.entered(topic, members, total);
            if let Some(nowhere) = nowhere {
                // What was said before there was a room stays legible.
                for row in nowhere.window.rows() {
                    room.push(row.time, row.body.clone());
                }
                room.input = nowhere.input;
            }
        }
        index
    }

    pub(super) fn left(&mut self, address: &RoomAddress) {
        let Some(index) = self.index_of(address) else { return };
        self.start.memory = self.memory();
        self.rooms.remove(index);
        if index < self.current || self.current == self.rooms.len() {
            self.current = self.current.saturating_sub(1);
        }
        self.hint = Some(Hint::Word(format!("you left {address}")));
    }

    /// A conversation that ended stays, with what was said in it, until one leaves it.
    fn on_exited(&mut self, address: &RoomAddress) {
        let Some(index) = self.index_of(address) else { return };
        match (address, self.rooms.get_mut(index)) {
            (RoomAddress::Direct(name), Some(room)) => {
                room.another_history(format!("{name} is gone: the conversation is over"));
            }
            (RoomAddress::Direct(_) | RoomAddress::Named(_), _) => self.left(address),
        }
        if let Some(why) = self.put_out.take() {
            self.warn(why);
        }
    }

    pub(super) fn renamed_to(&mut self, name: UserName) {
        if self.me.as_ref().is_none_or(|me| me.as_str() != name.as_str()) {
            self.hint = Some(Hint::Word(format!("you are {name} now")));
            self.welcome = false;
            self.me = Some(name);
        }
    }

    fn on_gap(&mut self, Gap { room, missing, why }: Gap) {
        let text = words::gap(missing, &why);
        let Some(index) = self.index_of(&room) else { return };
        let Some(room) = self.rooms.get_mut(index) else { return };
        match missing {
            Some((_, to)) => room.gap(to, text),
            None => room.another_history(text),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "Event::sort names every variant")]
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Message { ref room, .. }
            | Event::TopicChanged { ref room, .. }
            | Event::Deleted { ref room, .. }
            | Event::Hidden { ref room, .. }
            | Event::Tombstone { ref room, .. } => {
                let room = room.clone();
                self.on_stored(&room, &event);
            }
            Event::RoomChanged { ref room, ref from, ref change, time_ms, .. } => {
                if change.puts_out().is_some_and(|user| self.me.as_ref() == Some(user)) {
                    let what = sanitise::line(&change.in_words(time_ms));
                    self.put_out = Some(format!("{room}: {from} {what}"));
                }
                let room = room.clone();
                self.on_stored(&room, &event);
            }
            Event::Invited { room, from, .. } => {
                self.talk(format!("{from} invites you to {room}: /join {room}"));
            }
            Event::History { room, events, more, .. } => self.on_replay(&room, &events, more),
            Event::Entered { room, topic, members, members_total, .. } => {
                self.entered(&room, topic, &members, members_total);
            }
            Event::Exited { room } => self.on_exited(&room),
            Event::Roster { room, members, members_total, .. } => {
                if let Some(index) = self.index_of(&room)
                    && let Some(room) = self.rooms.get_mut(index)
                {
                    room.roster(&members, members_total);
                }
            }
            Event::Crowd { room, members_total, .. } => {
                if let Some(index) = self.index_of(&room)
                    && let Some(room) = self.rooms.get_mut(index)
                {
                    room.crowd(members_total);
                }
            }
            Event::Joined { room, time_ms, user, .. } => self.on_joined(&room, time_ms, &user),
            Event::Left { room, time_ms, user, .. } => self.on_left(&room, time_ms, &user),
            Event::Gone { time_ms, user, .. } => self.on_gone(time_ms, &user),
            Event::Renamed { from, to } => self.on_renamed(&from, &to),
            Event::AwayChanged { user, text } => self.on_away(&user, text.as_ref()),
            Event::Gap { room, from, to, why } => {
                self.on_gap(Gap { room, missing: Some((from, to)), why });
            }
            Event::Notice { text } => self.warn(sanitise::line(&text)),
            Event::Wallops { from, text } => self.warn(format!("wallops by {from}: {text}")),
            Event::ShuttingDown { in_seconds, .. } => self.warn(match in_seconds {
                0 => "the server stops now".to_owned(),
                seconds => format!("the server stops in {seconds} seconds"),
            }),
            Event::Signal { room, from, signal: Signal::Typing { state }, .. } => {
                self.on_typing(&room, &from, state);
            }
            Event::Signal { room, from, signal, .. } => self.on_reaction(&room, &from, &signal),
            Event::ReadMoved { room, seq, .. } => {
                let me = self.me.clone();
                let index = self.index_of(&room);
                if let Some(room) = index.and_then(|index| self.rooms.get_mut(index)) {
                    room.read_elsewhere(seq, me.as_ref());
                }
            }
            // Answers go to `on_answered`; the rest changes nothing that one sees.
            other => debug_assert!(
                matches!(other, Event::Stored { .. } | Event::Refused { .. })
                    || matches!(other.sort(), Sort::Answer | Sort::State),
                "{other:?} is to be shown"
            ),
        }
    }

    fn on_stored(&mut self, address: &RoomAddress, event: &Event) {
        let index = self.room_at(address);
        let in_view = self.is_in_view(index);
        let me = self.me.clone();
        let from = if let Event::Message { from, .. } = event { Some(from) } else { None };
        let ignored = from.is_some_and(|from| self.ignored.contains(from));
        let Some(room) = self.rooms.get_mut(index) else { return };
        // What an ignored user says is kept (one may look again), and is no news.
        let news = room.live(event, me.as_ref(), in_view || ignored);
        if news == News::Mention && !in_view && !ignored && self.settings.notify != Notify::Off {
            let title = room.title();
            if let Event::Message { from, text, .. } = event {
                let line = text.plain_lines().next().unwrap_or_default();
                let line = crate::ui::graphemes::fitted(&line, 120);
                self.effects.push(Effect::Notify(format!("{title} {from}: {line}")));
            }
        }
    }

    /// The last messages of a room that was entered.
    fn on_replay(&mut self, address: &RoomAddress, events: &[Event], more: bool) {
        let me = self.me.clone();
        let index = self.room_at(address);
        let Some(room) = self.rooms.get_mut(index) else { return };
        if room.window.newer == Edge::End {
            room.page(events, Side::Newest, more, me.as_ref());
            room.catch_up(me.as_ref());
        }
    }

    fn tell_presence(&mut self, index: usize, time: Timestamp, change: impl FnOnce(&mut Presence)) {
        let folded = self.settings.joins == Joins::Folded;
        if let Some(room) = self.rooms.get_mut(index).filter(|room| folded && room.window.is_live())
        {
            room.presence(time, change);
        }
    }

    fn on_joined(&mut self, address: &RoomAddress, time: Timestamp, user: &UserName) {
        let Some(index) = self.index_of(address) else { return };
        if let Some(room) = self.rooms.get_mut(index) {
            room.member_came(user);
        }
        if self.me.as_ref() != Some(user) {
            self.tell_presence(index, time, |presence| presence.joined(user));
        }
    }

    fn on_left(&mut self, address: &RoomAddress, time: Timestamp, user: &UserName) {
        let Some(index) = self.index_of(address) else { return };
        if let Some(room) = self.rooms.get_mut(index) {
            room.member_went(user);
        }
        self.tell_presence(index, time, |presence| presence.left(user));
    }

    /// Told once, and true of every room.
    fn on_gone(&mut self, time: Timestamp, user: &UserName) {
        for index in 0..self.rooms.len() {
            let was_here = self.rooms.get_mut(index).is_some_and(|room| room.member_went(user));
            if was_here {
                self.tell_presence(index, time, |presence| presence.left(user));
            }
        }
    }

    fn on_renamed(&mut self, from: &UserName, to: &UserName) {
        if self.me.as_ref() == Some(from) {
            self.renamed_to(to.clone());
        }
        let now = self.now;
        let direct = RoomAddress::Direct(from.clone());
        for index in 0..self.rooms.len() {
            let Some(room) = self.rooms.get_mut(index) else { continue };
            if room.address.as_ref() == Some(&direct) {
                room.address = Some(RoomAddress::Direct(to.clone()));
            }
            let was_away = room.away.contains(from);
            if room.member_went(from) {
                room.member_came(to);
                if was_away {
                    room.away.insert(to.clone());
                }
                self.tell_presence(index, now, |presence| presence.renamed(from, to));
            }
        }
        if self.ignored.remove(from) {
            self.ignored.insert(to.clone());
        }
    }

    fn on_away(&mut self, user: &UserName, text: Option<&LineText>) {
        let now = self.now;
        for (index, room) in self.rooms.iter_mut().enumerate() {
            if !room.members.contains(user) {
                continue;
            }
            match text {
                Some(_) => room.away.insert(user.clone()),
                None => room.away.remove(user),
            };
            if index == self.current && self.settings.joins == Joins::Folded {
                let said = match text {
                    Some(text) => format!("{user} is away: {text}"),
                    None => format!("{user} is back"),
                };
                room.push(Some(now), Body::Talk(said));
            }
        }
    }
}

//! What is shown of an update, as lines of text or JSON. Owns the wording; never prints.

use std::fmt::Write as _;

use chat_client::{Gap, Update};
use chat_protocol::event::{CertificateInfo, UnreadInfo, UserInfo, Welcome};
use chat_protocol::moment::in_utc;
use chat_protocol::search::Hit;
use chat_protocol::{Event, LineText, RoomAddress, RoomName, SayKind, SearchCursor, UserName};

use crate::printer::Chunk;
use crate::{advice, json, sanitise, search};

/// The form of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `NAME: TEXT`
    Text,
    /// A JSON object a line, messages only.
    Json,
    /// A JSON object a line, every event.
    JsonEvents,
}

/// Turns updates into chunks to print.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    /// The room whose lines have no `[room]` before them.
    pub(crate) here: Option<RoomAddress>,
    /// Show the last messages on entering a room.
    pub(crate) shows_replay: bool,
}

impl Output {
    /// What is shown of an update; answers are shown by whoever asked.
    pub(crate) fn update(&self, update: &Update) -> Option<Chunk> {
        let of_the_server = matches!(update, Update::Event(_));
        if self.form == Form::JsonEvents && !of_the_server {
            return json::update(update).map(Chunk::Data);
        }
        match update {
            Update::Connected(welcome) => Some(Chunk::Talk(greeting(welcome))),
            Update::Event(event) => self.event(event),
            Update::Answered { .. } => None,
            Update::Gap(gap) => Some(Chunk::talk(gap_line(gap))),
            // Tries 1, 2, 4, 8: who listens to every word has to hear it, and not all of them.
            Update::Disconnected { tries, .. } if !tries.is_power_of_two() => None,
            Update::Disconnected { why, retry_in, trouble, tries } => {
                let (why, seconds) = (sanitise::line(why), retry_in.as_secs_f32());
                let mut text = format!("! connection lost: {why} · retry in {seconds:.1} s\n");
                let helps = advice::lines(trouble, "this server", "wait for the next try");
                for line in
                    helps.into_iter().chain(advice::moved(trouble, *tries).map(str::to_owned))
                {
                    text.extend(["! ", &sanitise::line(&line), "\n"]);
                }
                Some(Chunk::Talk(text))
            }
        }
    }

    /// What is shown of an event.
    pub(crate) fn event(&self, event: &Event) -> Option<Chunk> {
        if let Event::History { events, .. } = event {
            return self.messages(events).filter(|_| self.shows_replay);
        }
        if matches!(event, Event::Message { .. }) {
            return self.messages(std::slice::from_ref(event));
        }
        let line = if self.form == Form::JsonEvents { json::event(event) } else { None };
        line.map(Chunk::Data).or_else(|| self.talk(event).map(Chunk::Talk))
    }

    /// The messages among stored events, as data.
    pub(crate) fn messages(&self, events: &[Event]) -> Option<Chunk> {
        self.data(events, false)
    }

    /// The messages of a page that a person asked for, with their numbers: so one can page.
    pub(crate) fn page(&self, events: &[Event]) -> Option<Chunk> {
        self.data(events, true)
    }

    fn data(&self, events: &[Event], numbered: bool) -> Option<Chunk> {
        let mut data = String::new();
        for event in events {
            match self.form {
                Form::Text => self.push_message(event, numbered, &mut data),
                Form::Json => data.extend(json::message(event)),
                Form::JsonEvents => data.extend(json::event(event)),
            }
        }
        (!data.is_empty()).then_some(Chunk::Data(data))
    }

    /// Every line of a message has its author before it, so that nobody can speak for another.
    fn push_message(&self, event: &Event, numbered: bool, data: &mut String) {
        let Event::Message { room, seq, from, text, kind, .. } = event else {
            return;
        };
        let number = if numbered { format!("#{seq} ") } else { String::new() };
        let place = self.place(room) + &number;
        for line in text.plain_lines() {
            let line = sanitise::lines(&line);
            data.push_str(&place);
            match kind {
                SayKind::Text | SayKind::Notice => data.extend([from.as_str(), ": ", &line, "\n"]),
                SayKind::Action => data.extend(["* ", from.as_str(), " ", &line, "\n"]),
            }
        }
    }

    fn place(&self, room: &RoomAddress) -> String {
        if self.here.as_ref() == Some(room) { String::new() } else { format!("[{room}] ") }
    }

    /// What is said on stderr, or on the screen between the messages.
    #[expect(clippy::wildcard_enum_match_arm, reason = "Event::sort names every variant")]
    pub(crate) fn talk(&self, event: &Event) -> Option<String> {
        let line = match event {
            Event::Refused { text, .. } => format!("! {}", sanitise::line(text)),
            Event::Entered { room, topic, members, members_total, .. } => {
                entered(room, topic.as_ref(), members, *members_total)
            }
            Event::Exited { room } => format!("* you left {room}"),
            Event::TopicChanged { room, from, topic, .. } => {
                format!("{}* {from} {}", self.place(room), topic_change(topic))
            }
            Event::RoomChanged { room, time_ms, from, change, .. } => {
                let what = sanitise::line(&change.in_words(*time_ms));
                format!("{}* {from} {what}", self.place(room))
            }
            Event::Invited { room, from, .. } => {
                format!("* {from} invites you to {room}: /join {room}")
            }
            Event::SettingsAre { room, settings, role, .. } => {
                let words = settings.in_words();
                let like =
                    if words.is_empty() { "open to all".to_owned() } else { words.join("; ") };
                let you = role.map(|role| format!("; you: {role}")).unwrap_or_default();
                format!("* {room}: {}{you}", sanitise::line(&like))
            }
            Event::Joined { room, user, .. } => format!("{}* {user} joined", self.place(room)),
            Event::Left { room, user, .. } => format!("{}* {user} left", self.place(room)),
            Event::Crowd { room, joined, left, members_total } => {
                let place = self.place(room);
                format!("{place}* {joined} joined, {left} left; {members_total} here")
            }
            Event::Gone { user, .. } => format!("* {user} left"),
            Event::Renamed { from, to } => format!("* {from} is now {to}"),
            Event::AwayChanged { user, text } => match text {
                Some(text) => format!("* {user} is away: {text}"),
                None => format!("* {user} is back"),
            },
            Event::TopicIs { room, topic, .. } => match topic {
                Some(topic) => format!("The topic of {room}: {topic}"),
                None => format!("{room} has no topic."),
            },
            Event::RoomList { rooms, total, .. } => {
                let rooms = rooms.iter().map(|info| {
                    let topic = info.topic.as_ref().map(|topic| format!("  {topic}"));
                    format!("{}  {}{}", info.room, info.members, topic.unwrap_or_default())
                });
                list("Rooms", rooms, *total)
            }
            Event::UserList { users, total, .. } => list("Connected", named(users), *total),
            Event::MemberList { room, members, total, .. } => {
                list(&format!("In {room}"), named(members), *total)
            }
            Event::Deleted { room, from, target, .. } => {
                format!("* {from} deleted message {target} of {room}")
            }
            Event::Tombstone { room, from, .. } => {
                format!("* a message of {from} in {room} was deleted")
            }
            Event::UnreadList { rooms, total, .. } => {
                let rooms = rooms.iter().map(|unread| {
                    let UnreadInfo { room, read, messages, mentions } = unread;
                    format!("{room}  {messages} ({mentions} with your name), behind #{read}")
                });
                list("Unread", rooms, *total)
            }
            Event::Found { hits, next, unsearched, .. } => found(hits, *next, *unsearched),
            Event::Gap { room, from, to, why } => {
                gap_line(&Gap { room: room.clone(), missing: Some((*from, *to)), why: why.clone() })
            }
            Event::Notice { text } => format!("! {}", sanitise::line(text)),
            Event::Wallops { from, text } => format!("! wallops by {from}: {text}"),
            Event::ShuttingDown { in_seconds, .. } => {
                format!("! the server is shutting down in {in_seconds} seconds")
            }
            Event::Identified { name, account: true, .. } => {
                format!("* you are logged in as {name}")
            }
            Event::Identified { name, .. } => format!("* you are a guest again: {name}"),
            Event::StayIs { on: true, .. } => {
                "* you stay in your rooms while you are not connected".to_owned()
            }
            Event::StayIs { on: false, .. } => {
                "* you leave your rooms when you are not connected".to_owned()
            }
            Event::TokenMade { name, token, .. } => {
                format!("Token {name}, shown now and never again: {}", token.reveal())
            }
            Event::TokenList { tokens, .. } => {
                let total = u64::try_from(tokens.len()).unwrap_or(u64::MAX);
                let tokens = tokens.iter().map(|token| {
                    let rooms: Vec<&str> = token.rooms.iter().map(RoomName::as_str).collect();
                    let how = if token.read_only { "ro" } else { "rw" };
                    format!("{}  {how}  {}", token.name, rooms.join(" "))
                });
                list("Tokens", tokens, total)
            }
            Event::CertificateList { certificates, .. } => {
                let total = u64::try_from(certificates.len()).unwrap_or(u64::MAX);
                let certificates = certificates.iter().map(|certificate| {
                    let CertificateInfo { fingerprint, added_ms } = certificate;
                    format!("{fingerprint}  added {}", in_utc(*added_ms))
                });
                list("Certificates", certificates, total)
            }
            Event::Shunned { ignored, blocked, .. } => {
                let names = |names: &[UserName]| {
                    let names: Vec<&str> = names.iter().map(UserName::as_str).collect();
                    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
                };
                format!("Ignored: {}\nBlocked: {}", names(ignored), names(blocked))
            }
            Event::AccountList { accounts, total, .. } => {
                let accounts = accounts.iter().map(|account| {
                    let administrator = if account.administrator { "  administrator" } else { "" };
                    let suspended = if account.suspended.is_some() { "  suspended" } else { "" };
                    let certificates = account.certificates.iter();
                    let certificates: String =
                        certificates.map(|it| format!("\n    certificate {it}")).collect();
                    format!("{}{administrator}{suspended}{certificates}", account.name)
                });
                list("Accounts", accounts, *total)
            }
            Event::BanList { room, bans, total, .. } => {
                let bans = bans.iter().map(|ban| {
                    let until = ban.until_ms.map(|until| format!("  until {}", in_utc(until)));
                    let reason = ban.reason.as_ref().map(|reason| format!(": {reason}"));
                    let (until, reason) = (until.unwrap_or_default(), reason.unwrap_or_default());
                    format!("{}{until}{reason}", ban.user)
                });
                list(&format!("Banned from {room}"), bans, *total)
            }
            // What is for programs, and what is shown as something else than talk.
            _ => return None,
        };
        Some(line + "\n")
    }
}

/// The program's words on an answer, for a screen that has its own place for messages.
pub(crate) fn answer_text(event: &Event) -> Option<String> {
    Some(on_a_screen().talk(event)?.trim_end().to_owned())
}

/// Stored messages with their rooms and numbers, a line each.
pub(crate) fn stored_lines(events: &[Event]) -> String {
    let mut lines = String::new();
    for event in events {
        on_a_screen().push_message(event, true, &mut lines);
    }
    lines.trim_end().to_owned()
}

const fn on_a_screen() -> Output {
    Output { form: Form::Text, here: None, shows_replay: false }
}

fn greeting(welcome: &Welcome) -> String {
    let mut text = format!("connected to {}", sanitise::line(&welcome.server));
    if let Some(name) = &welcome.name {
        // Writing to a String cannot fail.
        write!(text, " as {name}").ok();
    }
    text.push('\n');
    for line in welcome.motd.iter().flat_map(|motd| motd.lines()) {
        text.extend(["  ", &sanitise::line(line), "\n"]);
    }
    text
}

fn entered(
    room: &RoomAddress,
    topic: Option<&LineText>,
    members: &[UserName],
    total: u64,
) -> String {
    const SHOWN_MAX: usize = 20;
    let names: Vec<&str> = members.iter().take(SHOWN_MAX).map(UserName::as_str).collect();
    let more = if members.len() > SHOWN_MAX { ", …" } else { "" };
    let topic = topic.map(|topic| format!(" · {topic}")).unwrap_or_default();
    format!("* you are in {room}{topic} · {total} here: {}{more}", names.join(", "))
}

fn topic_change(topic: &LineText) -> String {
    match topic.as_str() {
        "" => "cleared the topic".to_owned(),
        topic => format!("changed the topic to: {topic}"),
    }
}

fn found(hits: &[Hit], next: Option<SearchCursor>, unsearched: u64) -> String {
    let mut text = match (hits.len(), next) {
        (0, None) => "Nothing found.".to_owned(),
        (count, _) => format!("Found {count}, newest first:"),
    };
    for hit in hits {
        text.extend(["\n  ", &search::text(hit, "*", "*")]);
    }
    // Writing to a String cannot fail.
    if let Some(next) = next {
        write!(text, "\n! more: the same search with before:{next}").ok();
    }
    if unsearched > 0 {
        write!(text, "\n! {unsearched} messages cannot be searched yet; try again soon").ok();
    }
    text
}

fn named(users: &[UserInfo]) -> impl Iterator<Item = String> {
    users.iter().map(user_line)
}

/// `maya`, `maya  away: lunch`, or `mo  account: maya`.
pub(crate) fn user_line(user: &UserInfo) -> String {
    let account = user.account_name.as_ref().map(|account| format!("  account: {account}"));
    let away = user.away.as_ref().map(|text| format!("  away: {text}"));
    format!("{}{}{}", user.name, account.unwrap_or_default(), away.unwrap_or_default())
}

fn list(title: &str, lines: impl Iterator<Item = String>, total: u64) -> String {
    let mut text = format!("{title} ({total}):");
    for line in lines {
        text.extend(["\n  ", &line]);
    }
    text
}

fn gap_line(Gap { room, missing, why }: &Gap) -> String {
    let why = sanitise::line(why);
    match missing {
        Some((from, to)) => format!("! missing in {room}: messages {from} to {to} · {why}"),
        None => format!("! missing in {room}: an unknown number of messages · {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(wire: &str) -> String {
        let output = Output {
            form: Form::Text,
            here: RoomAddress::parse("lobby").ok(),
            shows_replay: false,
        };
        match output.event(&serde_json::from_str(wire).unwrap()) {
            Some(Chunk::Data(text) | Chunk::Talk(text)) => text,
            None => String::new(),
        }
    }

    #[test]
    fn nobody_speaks_for_another_in_a_second_line() {
        let said = |room, kind| {
            shown(&format!(
                r#"{{"type":"message","room":"{room}","seq":1,"time_ms":0,"from":"eve",
                "text":"hi\nbob: I \u0002resign","kind":"{kind}"}}"#
            ))
        };
        assert_eq!(said("lobby", "text"), "eve: hi\neve: bob: I resign\n");
        assert_eq!(said("ops", "text"), "[ops] eve: hi\n[ops] eve: bob: I resign\n");
        assert_eq!(said("lobby", "action"), "* eve hi\n* eve bob: I resign\n");
    }

    #[test]
    fn free_text_of_a_server_cannot_drive_the_terminal() {
        assert_eq!(
            shown(r#"{"type":"notice","text":"\u001b[2J\u202eevil"}"#),
            "! \\u{1b}[2J\\u{202e}evil\n"
        );
    }
}

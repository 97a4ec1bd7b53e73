//! People: WHO, WHOX, WHOIS, WHOWAS, ISON, USERHOST.

use std::collections::BTreeMap;

use bytes::BytesMut;
use chat_protocol::event::{PastUser, RoomHeld, UserInfo};
use chat_protocol::{Command, MetadataKey, MetadataValue, RoomAddress, Timestamp, UserName, glob};

use super::IrcFrontend;
use super::asked::Asked;
use super::capability::Capability;
use super::reply::{HOST, room_of, word};
use crate::frontend::line::render::date_and_time;

/// What WHO asks for.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// As it was written.
    mask: String,
    room: Option<RoomAddress>,
    /// WHOX: which fields, and what the answer is known by
    /// (<https://ircv3.net/specs/extensions/whox>).
    fields: Option<(String, String)>,
}

/// Whether these are here, gathered name by name.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) left: usize,
    pub(super) found: Vec<String>,
}

impl IrcFrontend {
    pub(super) fn who(&mut self, mask: &str, options: Option<&str>, out: &mut BytesMut) {
        let fields = options.and_then(|options| options.strip_prefix('%')).map(|fields| {
            let (fields, token) = fields.split_once(',').unwrap_or((fields, ""));
            (fields.to_owned(), word(token))
        });
        let who = Who { mask: mask.to_owned(), room: room_of(mask), fields };
        match (&who.room, UserName::parse(mask)) {
            (Some(room), _) => {
                self.ask(Command::Members { room: room.clone() }, Asked::Who(Box::new(who)));
            }
            (None, Ok(user)) => self.ask(Command::Whois { user }, Asked::Who(Box::new(who))),
            (None, Err(_)) if mask.contains(['*', '?']) || mask == "0" => {
                self.ask(Command::Users, Asked::Who(Box::new(who)));
            }
            (None, Err(_)) => self.end_of_who(&who, out),
        }
    }

    pub(super) fn end_of_who(&self, who: &Who, out: &mut BytesMut) {
        self.numeric(315, out).word(word(&who.mask)).text("End of WHO list");
    }

    /// All of them, as far as they are meant.
    pub(super) fn who_are(&self, who: &Who, users: &[UserInfo], out: &mut BytesMut) {
        let mask = who.mask.to_lowercase();
        let is_meant = |user: &&UserInfo| {
            who.room.is_some() || mask == "0" || glob::matches(&mask, user.name.folded())
        };
        for user in users.iter().filter(is_meant) {
            self.who_is(who, user, 0, out);
        }
        self.end_of_who(who, out);
    }

    pub(super) fn who_is(&self, who: &Who, user: &UserInfo, idle_s: u64, out: &mut BytesMut) {
        let room = match &who.room {
            // As whoever made it wrote it, if one is in it.
            Some(RoomAddress::Named(room)) => {
                format!("#{}", self.rooms.iter().find(|known| *known == room).unwrap_or(room))
            }
            Some(RoomAddress::Direct(_)) | None => "*".to_owned(),
        };
        let server = &self.settings.server;
        let (login, name) = (login_of(user), &user.name);
        let flags = format!(
            "{}{}{}{}",
            if user.away.is_some() { "G" } else { "H" },
            if user.administrator { "*" } else { "" },
            if user.bot { "B" } else { "" },
            self.prefix(user.role),
        );
        let real_name = real_name_of(user);
        let Some((fields, token)) = &who.fields else {
            let line = self.numeric(352, out).word(room).word(&login).word(HOST).word(server);
            return line.word(name).word(flags).text(format_args!("0 {real_name}"));
        };
        let mut line = self.numeric(354, out);
        for field in "tcuihsnfdlao".chars().filter(|field| fields.contains(*field)) {
            line = match field {
                't' => line.word(token),
                'c' => line.word(&room),
                'u' => line.word(&login),
                'i' => line.word("255.255.255.255"),
                'h' => line.word(HOST),
                's' => line.word(server),
                'n' => line.word(name),
                'f' => line.word(&flags),
                'd' => line.word(0),
                'l' => line.word(idle_s),
                'a' if user.account => line.word(name),
                'a' => line.word(0),
                _ => line.word("n/a"),
            };
        }
        if fields.contains('r') { line.text(real_name) } else { line.end() }
    }

    pub(super) fn whois(
        &self,
        (user, rooms, metadata): (&UserInfo, &[RoomHeld], &BTreeMap<MetadataKey, MetadataValue>),
        (since, idle_s): (Timestamp, u64),
        out: &mut BytesMut,
    ) {
        let (server, name) = (&self.settings.server, &user.name);
        let line = self.numeric(311, out).word(name).word(login_of(user)).word(HOST);
        line.word("*").text(real_name_of(user));
        let rooms = rooms.iter().map(|held| format!("{}#{}", self.prefix(held.role), held.room));
        let rooms: Vec<String> = rooms.collect();
        for some in rooms.chunks(8) {
            self.numeric(319, out).word(name).text(some.join(" "));
        }
        self.numeric(312, out).word(name).word(server).text("Samovar");
        if user.administrator {
            self.numeric(313, out).word(name).text("administers this server");
        }
        if user.account {
            self.numeric(330, out).word(name).word(name).text("is logged in as");
        }
        if user.bot {
            self.numeric(335, out).word(name).text("is a bot");
        }
        if let Some(away) = &user.away {
            self.numeric(301, out).word(name).text(away);
        }
        let has = |capability| self.capabilities.has(capability);
        let hears = has(Capability::Metadata) || has(Capability::OldMetadata);
        for (key, value) in metadata.iter().filter(|_| hears) {
            self.numeric(760, out).word(name).word(key).word("*").text(value);
        }
        let line = self.numeric(317, out).word(name).word(idle_s).word(since.0 / 1_000);
        line.text("seconds idle, signon time");
        self.numeric(318, out).word(name).text("End of /WHOIS list");
    }

    pub(super) fn nobody(&self, nick: &str, end: u16, out: &mut BytesMut) {
        self.numeric(401, out).word(word(nick)).text("No such nick/channel");
        self.numeric(end, out).word(word(nick)).text("End of /WHOIS list");
    }

    /// `WHOWAS ana [COUNT]`
    pub(super) fn ask_whowas(&mut self, nick: &str, count: Option<&str>, out: &mut BytesMut) {
        let count = count.and_then(|count| count.parse::<usize>().ok()).filter(|count| *count > 0);
        match UserName::parse(nick) {
            Ok(name) => {
                let asked = Asked::Whowas { nick: nick.to_owned(), count };
                self.ask(Command::Was { name }, asked);
            }
            Err(_) => self.whowas(nick, &[], None, out),
        }
    }

    pub(super) fn whowas(
        &self,
        nick: &str,
        users: &[PastUser],
        count: Option<usize>,
        out: &mut BytesMut,
    ) {
        if users.is_empty() {
            self.numeric(406, out).word(word(nick)).text("There was no such nickname");
        }
        for past in users.iter().take(count.unwrap_or(usize::MAX)) {
            let name = &past.name;
            let login = past.login.as_ref().map_or(name.as_str(), |login| login.as_str());
            let real_name = past.real_name.as_ref().map_or(name.as_str(), |name| name.as_str());
            let line = self.numeric(314, out).word(name).word(word(login)).word(HOST);
            line.word("*").text(real_name);
            let left = date_and_time(past.left_ms, &self.settings.zone);
            self.numeric(312, out).word(name).word(&self.settings.server).text(left);
        }
        self.numeric(369, out).word(word(nick)).text("End of WHOWAS");
    }

    /// Asks for each of these whether it is here.
    pub(super) fn gather(&mut self, is_userhost: bool, names: &[&str], out: &mut BytesMut) {
        let names = names.iter().flat_map(|names| names.split(' ')).take(NAMES_MAX);
        let names: Vec<UserName> = names.filter_map(|name| UserName::parse(name).ok()).collect();
        self.gathered = Gathered { left: names.len(), found: Vec::new() };
        if names.is_empty() {
            return self.tell_gathered(is_userhost, out);
        }
        for user in names {
            self.ask(Command::Whois { user }, Asked::IsHere { is_userhost });
        }
    }

    /// One of them is, or is not.
    pub(super) fn is_here(
        &mut self,
        is_userhost: bool,
        user: Option<&UserInfo>,
        out: &mut BytesMut,
    ) {
        self.gathered.left = self.gathered.left.saturating_sub(1);
        if let Some(user) = user {
            let oper = if user.administrator { "*" } else { "" };
            let away = if user.away.is_some() { '-' } else { '+' };
            let name = &user.name;
            self.gathered.found.push(match is_userhost {
                true => format!("{name}{oper}={away}{}@{HOST}", login_of(user)),
                false => name.to_string(),
            });
        }
        if self.gathered.left == 0 {
            self.tell_gathered(is_userhost, out);
        }
    }

    fn tell_gathered(&mut self, is_userhost: bool, out: &mut BytesMut) {
        let Gathered { found, .. } = std::mem::take(&mut self.gathered);
        self.numeric(if is_userhost { 302 } else { 303 }, out).text(found.join(" "));
    }
}

/// Names of one question.
const NAMES_MAX: usize = 32;

/// What its client calls it; else its name.
fn login_of(user: &UserInfo) -> String {
    let login = user.login.as_ref().map_or(user.name.as_str(), |login| login.as_str());
    word(login)
}

fn real_name_of(user: &UserInfo) -> &str {
    user.real_name.as_ref().map_or(user.name.as_str(), |name| name.as_str())
}

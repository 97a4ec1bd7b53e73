//! What is asked about the server, and what its administrators do: MOTD, LUSERS, VERSION, TIME, INFO,
//! ADMIN, STATS, LINKS, HELP, OPER, KILL.

use std::fmt;

use bytes::BytesMut;
use chat_protocol::event::Census;
use chat_protocol::{Command, LineText, Password, Timestamp, UserName};

use super::IrcFrontend;
use super::asked::Asked;
use super::message::Line;
use super::reply::{mask, word};
use crate::frontend::line::render::date_and_time;

/// What HELP says of a command.
const HELP: &[(&str, &str)] = &[
    ("AWAY", "AWAY [:WHY]: be away, or back"),
    ("INVITE", "INVITE NICK #ROOM: let somebody in"),
    ("JOIN", "JOIN #ROOM [KEY]: enter a room, or make it"),
    ("KICK", "KICK #ROOM NICK [:WHY]: put somebody out"),
    ("LIST", "LIST [>MEMBERS | <MEMBERS | C>MINUTES | T<MINUTES | MASK]: the rooms"),
    ("MODE", "MODE #ROOM [+-iklmnst, o v NICK, b e I MASK]: what a room is like"),
    ("NICK", "NICK NAME: another name, as a guest"),
    ("NOTICE", "NOTICE NICK|#ROOM :TEXT: say something that nobody answers by itself"),
    ("OPER", "OPER NAME PASSWORD: administer"),
    ("PART", "PART #ROOM [:WHY]: leave"),
    ("PRIVMSG", "PRIVMSG NICK|#ROOM :TEXT: say something; to NickServ: REGISTER, IDENTIFY, CERT"),
    ("QUIT", "QUIT [:WHY]: go"),
    ("TOPIC", "TOPIC #ROOM [:TEXT]: what is it about"),
    ("WHO", "WHO #ROOM|MASK [%FIELDS]: who is there"),
    ("WHOIS", "WHOIS NICK: who is that"),
    ("WHOWAS", "WHOWAS NICK: who was that"),
];

/// Its own modes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UserModes {
    pub(super) bot: bool,
    pub(super) invisible: bool,
    pub(super) wallops: bool,
}

impl fmt::Display for UserModes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [(self.bot, "B"), (self.invisible, "i"), (self.wallops, "w")];
        f.write_str("+")?;
        flags.iter().filter(|(is, _)| *is).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl IrcFrontend {
    pub(super) fn version(&self, out: &mut BytesMut) {
        let version = concat!("chat-server-", env!("CARGO_PKG_VERSION"));
        self.numeric(351, out).word(version).word(&self.settings.server).text("Samovar");
        self.isupport(out);
    }

    pub(super) fn time(&self, time: Timestamp, out: &mut BytesMut) {
        let time = date_and_time(time, &self.settings.zone);
        self.numeric(391, out).word(&self.settings.server).text(time);
    }

    pub(super) fn info(&self, out: &mut BytesMut) {
        let version = concat!("chat-server ", env!("CARGO_PKG_VERSION"));
        for line in [version, "Samovar: what is said here is on disk before anybody sees it"] {
            self.numeric(371, out).text(line);
        }
        self.numeric(374, out).text("End of /INFO list");
    }

    pub(super) fn admin(&self, out: &mut BytesMut) {
        let server = &self.settings.server;
        self.numeric(256, out).word(server).text("Administrative info");
        self.numeric(257, out).text("Ask in a room, or who has a * in WHO");
        self.numeric(258, out).text(server);
        self.numeric(259, out).text("See the message of the day");
    }

    pub(super) fn stats(&self, what: &str, out: &mut BytesMut) {
        self.numeric(219, out).word(word(what)).text("End of /STATS report");
    }

    pub(super) fn links(&self, out: &mut BytesMut) {
        self.numeric(365, out).word("*").text("End of /LINKS list");
    }

    pub(super) fn help(&self, subject: Option<&str>, out: &mut BytesMut) {
        let Some(subject) = subject.map(str::to_ascii_uppercase) else {
            let names: Vec<&str> = HELP.iter().map(|(name, _)| *name).collect();
            self.numeric(704, out).word("*").text("HELP COMMAND tells more of these:");
            self.numeric(705, out).word("*").text(names.join(" "));
            return self.numeric(706, out).word("*").text("End of /HELP");
        };
        match HELP.iter().find(|(name, _)| *name == subject) {
            Some((name, text)) => {
                self.numeric(704, out).word(name).text(text);
                self.numeric(706, out).word(name).text("End of /HELP");
            }
            None => self.numeric(524, out).word(word(&subject)).text("There is no help on that"),
        }
    }

    pub(super) fn census(&self, census: &Census, out: &mut BytesMut) {
        let Census { users, users_most, invisible, administrators, unnamed, rooms } = census;
        let visible = users.saturating_sub(*invisible);
        let line = self.numeric(251, out);
        line.text(format_args!("There are {visible} users and {invisible} invisible on 1 servers"));
        self.numeric(252, out).word(administrators).text("operator(s) online");
        self.numeric(253, out).word(unnamed).text("unknown connection(s)");
        self.numeric(254, out).word(rooms).text("channels formed");
        self.numeric(255, out).text(format_args!("I have {users} clients and 0 servers"));
        for (number, whose) in [(265, "local"), (266, "global")] {
            let line = self.numeric(number, out).word(users).word(users_most);
            line.text(format_args!("Current {whose} users {users}, max {users_most}"));
        }
    }

    pub(super) fn oper(&mut self, name: &str, password: &str, out: &mut BytesMut) {
        match (UserName::parse(name), Password::parse(password)) {
            (Ok(name), Ok(password)) => {
                self.ask(Command::Administer { name, password }, Asked::Oper);
            }
            (Err(_), _) | (_, Err(_)) => self.not_oper(out),
        }
    }

    pub(super) fn not_oper(&self, out: &mut BytesMut) {
        self.numeric(464, out).text("Password incorrect");
    }

    pub(super) fn is_oper(&self, out: &mut BytesMut) {
        self.numeric(381, out).text("You are now an administrator of this server");
        self.user_mode("+o", out);
    }

    /// `WALLOPS :hi everyone`
    pub(super) fn wallops(&mut self, text: &str, out: &mut BytesMut) {
        match LineText::parse(text).ok().filter(|text| !text.is_empty()) {
            Some(text) => self.ask(Command::Wallops { text }, Asked::Wallops),
            None => self.numeric(412, out).text("No text to send, or none of one line"),
        }
    }

    pub(super) fn kill(&mut self, nick: &str, reason: &str, out: &mut BytesMut) {
        match UserName::parse(nick) {
            Ok(user) => {
                let reason = LineText::parse(reason).unwrap_or_default();
                self.ask(Command::Disconnect { user, reason }, Asked::Kill(nick.to_owned()));
            }
            Err(_) => self.numeric(401, out).word(word(nick)).text("No such nick/channel"),
        }
    }

    /// `MODE ana`, `MODE ana +iB-w`
    pub(super) fn user_modes(&mut self, nick: &str, change: Option<&str>, out: &mut BytesMut) {
        let is_own = UserName::parse(nick).is_ok_and(|name| self.me.as_ref() == Some(&name));
        let Some(change) = change.filter(|_| is_own) else {
            if is_own {
                let modes = self.modes.to_string();
                return self.numeric(221, out).word(modes).end();
            }
            return self.numeric(502, out).text("You see and change your own modes alone");
        };
        let mut on = true;
        let (mut bot, mut invisible) = (None, None);
        for letter in change.chars() {
            match letter {
                '+' => on = true,
                '-' => on = false,
                'B' if self.modes.bot != on => bot = Some(on),
                'i' if self.modes.invisible != on => invisible = Some(on),
                'o' if !on => self.ask(Command::CeaseToAdminister, Asked::Deoper),
                'w' if self.modes.wallops != on => {
                    self.modes.wallops = on;
                    self.user_mode(if on { "+w" } else { "-w" }, out);
                }
                'B' | 'i' | 'o' | 'w' => {}
                _ => self.numeric(501, out).text(format_args!("{letter} is no mode of a user")),
            }
        }
        if bot.is_some() || invisible.is_some() {
            let command = Command::SetProfile { real_name: None, login: None, bot, invisible };
            self.ask(command, Asked::UserMode { bot, invisible });
        }
    }

    /// Its modes are otherwise.
    pub(super) fn modes_changed(
        &mut self,
        bot: Option<bool>,
        invisible: Option<bool>,
        out: &mut BytesMut,
    ) {
        self.modes.bot = bot.unwrap_or(self.modes.bot);
        self.modes.invisible = invisible.unwrap_or(self.modes.invisible);
        let letters = |wanted: bool| {
            let is = |change: Option<bool>| change == Some(wanted);
            [(is(bot), 'B'), (is(invisible), 'i')].into_iter().filter(|(is, _)| *is)
        };
        let mut text = String::new();
        for (wanted, sign) in [(true, '+'), (false, '-')] {
            let letters: String = letters(wanted).map(|(_, letter)| letter).collect();
            if !letters.is_empty() {
                text.push(sign);
                text.push_str(&letters);
            }
        }
        self.user_mode(&text, out);
    }

    pub(super) fn user_mode(&self, text: &str, out: &mut BytesMut) {
        if let Some(me) = &self.me {
            Line::new(out).source(mask(me)).command("MODE").word(me).word(text).end();
        }
    }
}

//! Numerics, and what else the server says in its own name.

use std::fmt::Display;

use bytes::BytesMut;
use chat_protocol::{RoomAddress, RoomName, UserName};

use super::IrcFrontend;
use super::isupport::{ROOM_MODES, ROOM_MODES_WITH_PARAMETER, USER_MODES};
use super::message::Line;

/// The host that everybody is at: where somebody comes from is nobody's business.
pub(super) const HOST: &str = "samovar";

/// `nick!user@host` of a user.
pub(super) fn mask(name: &UserName) -> impl Display + use<'_> {
    std::fmt::from_fn(move |f| write!(f, "{name}!{name}@{HOST}"))
}

/// `#lobby`, or the name of the other user of a direct room.
pub(super) fn target(room: &RoomAddress) -> impl Display + use<'_> {
    std::fmt::from_fn(move |f| match room {
        RoomAddress::Named(name) => write!(f, "#{name}"),
        RoomAddress::Direct(name) => write!(f, "{name}"),
    })
}

/// `#lobby`
pub(super) fn room_of(text: &str) -> Option<RoomAddress> {
    let name = text.strip_prefix('#')?;
    RoomName::parse(name).ok().map(RoomAddress::Named)
}

/// What may stand as a word in an answer.
pub(super) fn word(text: &str) -> String {
    let word = super::one_line(text).replace(' ', "");
    let word = word.trim_start_matches(':');
    if word.is_empty() { "*".to_owned() } else { word.to_owned() }
}

impl IrcFrontend {
    /// `:server 001 ana`, to which parameters are added.
    pub(super) fn numeric<'a>(&self, number: u16, out: &'a mut BytesMut) -> Line<'a> {
        let number = std::fmt::from_fn(move |f| write!(f, "{number:03}"));
        Line::new(out).source(&self.settings.server).command(number).word(self.me())
    }

    /// A remark of the server.
    pub(super) fn notice(&self, text: &str, out: &mut BytesMut) {
        let line = Line::new(out).source(&self.settings.server).command("NOTICE").word(self.me());
        line.text(super::one_line(text));
    }

    /// Something cannot be done; `context`: with which words
    /// (<https://ircv3.net/specs/extensions/standard-replies>).
    pub(super) fn fail(
        &self,
        command: &str,
        code: &str,
        context: &[&str],
        text: &str,
        out: &mut BytesMut,
    ) {
        let line = Line::new(out).source(&self.settings.server).command("FAIL");
        let line = line.word(word(command)).word(code);
        let line = context.iter().fold(line, |line, text| line.word(word(text)));
        line.text(super::one_line(text));
    }

    pub(super) fn too_few(&self, command: &str, out: &mut BytesMut) {
        self.numeric(461, out).word(command).text("Not enough parameters");
    }

    /// `900`
    pub(super) fn logged_in(&self, name: &UserName, out: &mut BytesMut) {
        let line = self.numeric(900, out);
        let line = match &self.me {
            Some(me) => line.word(mask(me)),
            None => line.word(format_args!("{name}!{name}@{HOST}")),
        };
        line.word(name).text(format_args!("You are now logged in as {name}"));
    }

    /// The first lines of somebody who has a name now.
    pub(super) fn welcome(&self, version: &str, out: &mut BytesMut) {
        let server = &self.settings.server;
        let me = self.me();
        self.numeric(1, out).text(format_args!("Welcome, {me}!{me}@{HOST}"));
        self.numeric(2, out).text(format_args!("Your host is {server}, running {version}"));
        self.numeric(3, out).text("What is said here is on disk before anybody sees it");
        let line = self.numeric(4, out).word(server).word(version.replace(' ', "-"));
        line.word(USER_MODES).word(ROOM_MODES).word(ROOM_MODES_WITH_PARAMETER).end();
        self.isupport(out);
        self.message_of_the_day(out);
    }

    pub(super) fn message_of_the_day(&self, out: &mut BytesMut) {
        let Some(motd) = &self.settings.motd else {
            return self.numeric(422, out).text("There is no message of the day");
        };
        let server = &self.settings.server;
        self.numeric(375, out).text(format_args!("- {server} Message of the day -"));
        for line in motd.lines() {
            self.numeric(372, out).text(format_args!("- {}", super::one_line(line)));
        }
        self.numeric(376, out).text("End of /MOTD command");
    }
}

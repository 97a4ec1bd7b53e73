//! What a client and the server agree on beyond the RFCs: <https://ircv3.net/specs/extensions/capability-negotiation>.

use bytes::BytesMut;

use super::message::Line;
use super::{IrcFrontend, Phase};

/// The capabilities that are in use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Capabilities {
    /// `server-time`: what is told has its time.
    pub(super) server_time: bool,
    /// `echo-message`: one's own messages come back.
    pub(super) echo_message: bool,
    /// `away-notify`: who is away is told.
    pub(super) away_notify: bool,
}

/// What is offered.
const OFFERED: [&str; 3] = ["away-notify", "echo-message", "server-time"];

impl Capabilities {
    fn flag(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "server-time" => Some(&mut self.server_time),
            "echo-message" => Some(&mut self.echo_message),
            "away-notify" => Some(&mut self.away_notify),
            _ => None,
        }
    }
}

/// `CAP LS 302`, `CAP REQ :server-time -echo-message`, `CAP LIST`, `CAP END`.
pub(super) fn negotiate(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let Some(subcommand) = parameters.first().map(|word| word.to_ascii_uppercase()) else {
        return session.too_few("CAP", out);
    };
    let is_registered = session.phase == Phase::Registered;
    match subcommand.as_str() {
        "LS" => {
            session.negotiates = !is_registered;
            answer(session, "LS", &OFFERED.join(" "), out);
        }
        "LIST" => {
            let mut now = session.capabilities;
            let on = OFFERED.iter().filter(|name| now.flag(name).is_some_and(|flag| *flag));
            let on: Vec<&str> = on.copied().collect();
            answer(session, "LIST", &on.join(" "), out);
        }
        "REQ" => {
            session.negotiates = !is_registered;
            let wanted = parameters.get(1).copied().unwrap_or_default();
            let mut changed = session.capabilities;
            // All of it, or nothing.
            let is_known = wanted.split_whitespace().all(|word| {
                let (name, on) = word.strip_prefix('-').map_or((word, true), |name| (name, false));
                changed.flag(name).map(|flag| *flag = on).is_some()
            });
            if is_known {
                session.capabilities = changed;
            }
            answer(session, if is_known { "ACK" } else { "NAK" }, wanted, out);
        }
        "END" => session.negotiates = false,
        other => {
            let other = super::one_line(other);
            session.numeric(410, out).word(other).text("Invalid CAP subcommand");
        }
    }
}

fn answer(session: &IrcFrontend, subcommand: &str, text: &str, out: &mut BytesMut) {
    let server = &session.settings.server;
    Line::new(out).source(server).command("CAP").word(session.me()).word(subcommand).text(text);
}

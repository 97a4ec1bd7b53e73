//! From the first line to a name: NICK, USER, PASS, CAP, SASL, and an account made on the way.

use bytes::BytesMut;
use chat_protocol::{LineText, Password, Refusal, UserName};

use super::message::{Line, Message};
use super::sasl::{self, Sasl};
use super::{Decoded, IrcFrontend, Phase, account, capability};
use crate::frontend::{Proof, Wish};

/// What a client has said before it has a name.
#[derive(Debug, Default)]
pub(super) struct Registering {
    pub(super) nick: Option<String>,
    /// What PASS gave: the server's password, or an account's, or `NAME:PASSWORD`.
    pass: Option<String>,
    /// What USER gave: what its client calls it, and what it calls itself.
    pub(super) user: Option<(Option<LineText>, Option<LineText>)>,
    /// Between CAP LS and CAP END.
    pub(super) negotiates: bool,
    pub(super) sasl: Sasl,
    /// The account that it was before it proved to be one.
    pub(super) was: Option<UserName>,
    /// The account that it has proved to be.
    pub(super) proven: Option<UserName>,
    /// It makes an account, and is not answered yet.
    pub(super) registers: Option<String>,
    /// It comes away.
    pub(super) away: Option<LineText>,
}

impl IrcFrontend {
    /// A line of somebody who has no name yet; so many names were refused.
    pub(super) fn registering(
        &mut self,
        command: &str,
        message: &Message<'_>,
        tries: u32,
        out: &mut BytesMut,
    ) -> Decoded {
        match (command, message.parameters.as_slice()) {
            ("CAP", parameters) => {
                capability::negotiate(self, parameters, out);
                if !self.registering.negotiates && self.registering.sasl.is_underway() {
                    self.registering.sasl = Sasl::default();
                    self.numeric(906, out).text("SASL authentication aborted");
                }
            }
            ("NICK", [nick, ..]) if !nick.is_empty() => {
                self.registering.nick = Some((*nick).to_owned());
            }
            ("NICK", _) => self.numeric(431, out).text("No nickname given"),
            ("USER", [login, _, _, real_name, ..])
                if !login.is_empty() && !real_name.is_empty() =>
            {
                self.registering.user = Some((line(login), line(real_name)));
            }
            ("USER", _) => self.too_few("USER", out),
            ("PING", parameters) => self.pong(parameters, out),
            ("PASS", [pass, ..]) => self.registering.pass = Some((*pass).to_owned()),
            ("PASS", []) => self.too_few("PASS", out),
            ("AUTHENTICATE", parameters) => return sasl::authenticate(self, parameters, out),
            ("REGISTER", [account, _, password, ..]) => {
                return self.register_before(account, password, out);
            }
            ("REGISTER", _) => self.too_few("REGISTER", out),
            ("AWAY", parameters) => {
                let text = parameters.first().filter(|text| !text.is_empty());
                self.registering.away = text.and_then(|text| line(text));
            }
            ("PONG" | "NOTICE", _) => {}
            ("QUIT", _) => return self.goodbye(None, out),
            _ => self.numeric(451, out).text("You have not registered"),
        }
        self.ready(tries, out)
    }

    /// All has been said that a name takes.
    fn ready(&mut self, tries: u32, out: &mut BytesMut) -> Decoded {
        let Registering { nick: Some(nick), user: Some(_), negotiates: false, .. } =
            &*self.registering
        else {
            return Decoded::Handled;
        };
        let nick = nick.clone();
        let pass = self.registering.pass.take();
        if let Some(password) = &self.settings.password
            && !self.is_admitted
        {
            if pass.as_deref() != Some(password) {
                self.numeric(464, out).text("Password incorrect: PASS gives the server's");
                Line::new(out).command("ERROR").text("Closing link: password incorrect");
                self.phase = Phase::Over;
                return Decoded::Close;
            }
            self.is_admitted = true;
            self.phase = Phase::Waiting { tries };
            return Decoded::Identify(Wish::Named(nick));
        }
        self.phase = Phase::Waiting { tries };
        let by_account = pass.and_then(|pass| account(&nick, &pass));
        Decoded::Identify(by_account.unwrap_or(Wish::Named(nick)))
    }

    /// `REGISTER * * PASSWORD` ahead of the welcome
    /// (<https://ircv3.net/specs/extensions/account-registration>).
    fn register_before(&mut self, account: &str, password: &str, out: &mut BytesMut) -> Decoded {
        let nick = self.registering.nick.clone();
        let fail = |session: &Self, code: &str, text: &str, out: &mut BytesMut| {
            session.fail("REGISTER", code, &[account], text, out);
            Decoded::Handled
        };
        if !self.settings.registers_before {
            let why = "Say NICK and USER first, and register then";
            return fail(self, "COMPLETE_CONNECTION_REQUIRED", why, out);
        }
        let Some(nick) = nick else {
            return fail(self, "NEED_NICK", "Say NICK first", out);
        };
        if account != "*" && !account.eq_ignore_ascii_case(&nick) {
            let why = "An account has the name of who makes it";
            return fail(self, "ACCOUNT_NAME_MUST_BE_NICK", why, out);
        }
        let (name, password) = match (UserName::parse(&nick), Password::parse(password)) {
            (Ok(name), Ok(password)) => (name, password),
            (Err(error), _) => return fail(self, "BAD_ACCOUNT_NAME", &error.to_string(), out),
            (_, Err(error)) => return fail(self, "WEAK_PASSWORD", &error.to_string(), out),
        };
        self.registering.registers = Some(nick);
        Decoded::Prove(Box::new(Proof::Registration { name, password }))
    }

    /// What became of a proof, by SASL or by an account that was made.
    pub(super) fn has_proved(&mut self, proved: Result<UserName, Refusal>, out: &mut BytesMut) {
        if let Some(nick) = self.registering.registers.take() {
            return match proved {
                Ok(name) => {
                    self.registered_as(&name, out);
                    self.logged_in(&name, out);
                    self.registering.proven = Some(name);
                }
                Err(refusal) => self.not_registered(&nick, &refusal, out),
            };
        }
        match proved {
            // A guest that became this one was told by then.
            Ok(name)
                if self.phase == Phase::Registered
                    && self.registering.was.as_ref() != Some(&name) => {}
            Ok(name) => {
                self.logged_in(&name, out);
                self.numeric(903, out).text("SASL authentication successful");
                self.registering.proven = Some(name).filter(|_| self.phase != Phase::Registered);
            }
            Err(refusal) => {
                let text = super::one_line(&refusal.to_string());
                self.numeric(904, out).text(format_args!("SASL authentication failed: {text}"));
            }
        }
    }

    /// An account was made.
    pub(super) fn registered_as(&self, name: &UserName, out: &mut BytesMut) {
        let line = Line::new(out).source(&self.settings.server).command("REGISTER");
        line.word("SUCCESS").word(name).text("Account created");
    }

    /// None was made.
    pub(super) fn not_registered(&self, name: &str, refusal: &Refusal, out: &mut BytesMut) {
        let code = if let Refusal::NameTaken { .. }
        | Refusal::NameRegistered { .. }
        | Refusal::NameConfusable { .. } = refusal
        {
            "ACCOUNT_EXISTS"
        } else if let Refusal::PasswordInvalid { .. } = refusal {
            "WEAK_PASSWORD"
        } else if let Refusal::LoggedIn { .. } = refusal {
            "ALREADY_AUTHENTICATED"
        } else {
            "TEMPORARILY_UNAVAILABLE"
        };
        self.fail("REGISTER", code, &[name], &refusal.to_string(), out);
    }
}

/// A line that may be kept; what may not is not.
fn line(text: &str) -> Option<LineText> {
    LineText::parse(text).ok()
}

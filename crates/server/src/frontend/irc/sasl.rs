//! SASL (<https://ircv3.net/specs/extensions/sasl-3.1>): PLAIN, SCRAM-SHA-256, and EXTERNAL where the
//! connection has a certificate, in pieces of 400 bytes.
//! Reads what comes and never looks at an account.

use bytes::BytesMut;
use chat_protocol::{Password, UserName, base64};

use super::capability::Capability;
use super::message::Line;
use super::{Decoded, IrcFrontend, Phase};
use crate::frontend::Proof;

/// The mechanisms, as CAP LS names them.
const MECHANISMS: &str = "PLAIN,SCRAM-SHA-256";
const WITH_CERTIFICATE: &str = "PLAIN,EXTERNAL,SCRAM-SHA-256";
/// A piece, in bytes; one that is shorter is the last.
const PIECE_BYTES_MAX: usize = 400;
/// All pieces together, in bytes: more than the longest name twice and the longest password.
const PIECES_BYTES_MAX: usize = 4 * PIECE_BYTES_MAX;

/// How far it has come.
#[derive(Debug, Default)]
pub(super) struct Sasl(Option<Underway>);

/// A mechanism, and what came of a message until now.
#[derive(Debug)]
struct Underway {
    mechanism: Mechanism,
    said: String,
}

#[derive(Clone, Copy, Debug)]
enum Mechanism {
    Plain,
    External,
    /// Has its first message been answered?
    Scram {
        has_begun: bool,
    },
}

impl Sasl {
    /// A mechanism is chosen, and not done.
    pub(super) const fn is_underway(&self) -> bool {
        self.0.is_some()
    }
}

/// What there is on this connection.
pub(super) const fn mechanisms(session: &IrcFrontend) -> &'static str {
    if session.has_certificate { WITH_CERTIFICATE } else { MECHANISMS }
}

/// `AUTHENTICATE PLAIN`, `AUTHENTICATE BASE64`, `AUTHENTICATE *`.
pub(super) fn authenticate(
    session: &mut IrcFrontend,
    parameters: &[&str],
    out: &mut BytesMut,
) -> Decoded {
    let Some(word) = parameters.first() else {
        session.too_few("AUTHENTICATE", out);
        return Decoded::Handled;
    };
    if session.registering.proven.is_some() {
        session.numeric(907, out).text("You have already authenticated using SASL");
        return Decoded::Handled;
    }
    let Some(Underway { mechanism, mut said }) = session.registering.sasl.0.take() else {
        choose(session, word, out);
        return Decoded::Handled;
    };
    if *word == "*" {
        session.numeric(906, out).text("SASL authentication aborted");
        return Decoded::Handled;
    }
    if word.len() > PIECE_BYTES_MAX {
        session.numeric(905, out).text("SASL message too long");
        return Decoded::Handled;
    }
    if *word != "+" {
        said.push_str(word);
    }
    if said.len() > PIECES_BYTES_MAX {
        return failed(session, "it is too long", out);
    }
    if word.len() == PIECE_BYTES_MAX {
        session.registering.sasl.0 = Some(Underway { mechanism, said });
        return Decoded::Handled;
    }
    let proof = match mechanism {
        Mechanism::Plain => plain(&said).map(|(name, password)| Proof::Password { name, password }),
        Mechanism::External => external(&said).map(|name| Proof::Certificate { name }),
        Mechanism::Scram { has_begun } => {
            let said = base64::decode(&said).and_then(|said| String::from_utf8(said).ok());
            said.map(if has_begun { Proof::ScramNext } else { Proof::ScramFirst })
        }
    };
    match proof {
        Some(proof) => {
            session.registering.was.clone_from(&session.account);
            Decoded::Prove(Box::new(proof))
        }
        None => failed(session, "it is not what this mechanism says", out),
    }
}

/// What SCRAM is answered, after which it goes on.
pub(super) fn challenged(session: &mut IrcFrontend, said: &str, out: &mut BytesMut) {
    let mechanism = Mechanism::Scram { has_begun: true };
    session.registering.sasl.0 = Some(Underway { mechanism, said: String::new() });
    let said = base64::encode(said.as_bytes());
    for piece in said.as_bytes().chunks(PIECE_BYTES_MAX) {
        let piece = String::from_utf8_lossy(piece);
        Line::new(out).command("AUTHENTICATE").word(piece).end();
    }
    if said.len().is_multiple_of(PIECE_BYTES_MAX) {
        Line::new(out).command("AUTHENTICATE").word("+").end();
    }
}

fn choose(session: &mut IrcFrontend, mechanism: &str, out: &mut BytesMut) {
    let may = session.phase == Phase::Registered || session.capabilities.has(Capability::Sasl);
    let chosen = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => Some(Mechanism::Plain),
        "EXTERNAL" if session.has_certificate => Some(Mechanism::External),
        "SCRAM-SHA-256" => Some(Mechanism::Scram { has_begun: false }),
        _ => None,
    };
    if let Some(mechanism) = chosen.filter(|_| may) {
        session.registering.sasl.0 = Some(Underway { mechanism, said: String::new() });
        return Line::new(out).command("AUTHENTICATE").word("+").end();
    }
    session.numeric(908, out).word(mechanisms(session)).text("are available SASL mechanisms");
    failed(session, "there is no such mechanism", out);
}

fn failed(session: &IrcFrontend, why: &str, out: &mut BytesMut) -> Decoded {
    session.numeric(904, out).text(format_args!("SASL authentication failed: {why}"));
    Decoded::Handled
}

/// RFC 4616: `[authzid] NUL authcid NUL passwd`. Nobody acts for another.
fn plain(said: &str) -> Option<(UserName, Password)> {
    let said = String::from_utf8(base64::decode(said)?).ok()?;
    let mut parts = said.split('\0');
    let (for_whom, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    let name = UserName::parse(name).ok()?;
    let is_own = for_whom.is_empty() || UserName::parse(for_whom).is_ok_and(|whom| whom == name);
    let is_all = parts.next().is_none();
    (is_own && is_all).then_some((name, Password::parse(password).ok()?))
}

/// RFC 4422, appendix A: as whom it wants to act; nothing, `+` or `=`: as whoever it is.
fn external(said: &str) -> Option<Option<UserName>> {
    if said.is_empty() || said == "=" {
        return Some(None);
    }
    let name = String::from_utf8(base64::decode(said)?).ok()?;
    UserName::parse(&name).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_a_name_and_a_password_of_nobody_else() {
        let is = |said: &str| plain(said).map(|(name, _)| name.to_string());
        assert_eq!(is("AGFuYQBjb3JyZWN0LWhvcnNl").as_deref(), Some("ana")); // \0ana\0correct-horse
        assert_eq!(is("YW5hAGFuYQBjb3JyZWN0LWhvcnNl").as_deref(), Some("ana"));
        assert_eq!(is("Ym9iAGFuYQBjb3JyZWN0LWhvcnNl"), None, "bob, by ana's password");
        assert_eq!(is("AGFuYQA="), None, "no password");
        assert_eq!(is("AABjb3JyZWN0LWhvcnNl"), None, "no name");
        assert_eq!(is("AGFuYQBjb3JyZWN0LWhvcnNlAHg="), None, "a part too many");
    }

    #[test]
    fn external_is_a_name_or_nothing() {
        let is = |said: &str| external(said).map(|name| name.map(|name| name.to_string()));
        assert_eq!(is(""), Some(None));
        assert_eq!(is("="), Some(None));
        assert_eq!(is(&base64::encode(b"ana")), Some(Some("ana".to_owned())));
        for wrong in [&b"a b"[..], b"\0", b"ana\0", b"\xff"] {
            assert_eq!(is(&base64::encode(wrong)), None, "{wrong:?}");
        }
        assert_eq!(is("!!!!"), None);
    }
}

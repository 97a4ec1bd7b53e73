//! SASL (<https://ircv3.net/specs/extensions/sasl-3.1>): PLAIN, in pieces of 400 bytes. Reads what comes and
//! never looks at an account.

use bytes::BytesMut;
use chat_protocol::{Password, UserName};

use super::capability::Capability;
use super::message::Line;
use super::{Decoded, IrcFrontend, Phase};
use crate::frontend::Proof;

/// The mechanisms, as CAP LS names them.
pub(super) const MECHANISMS: &str = "PLAIN";
/// A piece, in bytes; one that is shorter is the last.
const PIECE_BYTES_MAX: usize = 400;
/// All pieces together, in bytes: more than the longest name twice and the longest password.
const PIECES_BYTES_MAX: usize = 4 * PIECE_BYTES_MAX;

/// How far it has come.
#[derive(Debug, Default)]
pub(super) struct Sasl(Option<String>);

impl Sasl {
    /// A mechanism is chosen, and not done.
    pub(super) const fn is_underway(&self) -> bool {
        self.0.is_some()
    }
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
    let Some(mut said) = session.registering.sasl.0.take() else {
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
        session.registering.sasl.0 = Some(said);
        return Decoded::Handled;
    }
    match plain(&said) {
        Some((name, password)) => {
            session.registering.again = session.account.as_ref() == Some(&name);
            Decoded::Prove(Box::new(Proof::Password { name, password }))
        }
        None => failed(session, "it is no name and password", out),
    }
}

fn choose(session: &mut IrcFrontend, mechanism: &str, out: &mut BytesMut) {
    let may = session.phase == Phase::Registered || session.capabilities.has(Capability::Sasl);
    if may && mechanism.eq_ignore_ascii_case("PLAIN") {
        session.registering.sasl.0 = Some(String::new());
        return Line::new(out).command("AUTHENTICATE").word("+").end();
    }
    session.numeric(908, out).word(MECHANISMS).text("are available SASL mechanisms");
    failed(session, "there is no such mechanism", out);
}

fn failed(session: &IrcFrontend, why: &str, out: &mut BytesMut) -> Decoded {
    session.numeric(904, out).text(format_args!("SASL authentication failed: {why}"));
    Decoded::Handled
}

/// RFC 4616: `[authzid] NUL authcid NUL passwd`. Nobody acts for another.
fn plain(said: &str) -> Option<(UserName, Password)> {
    let said = String::from_utf8(base64(said)?).ok()?;
    let mut parts = said.split('\0');
    let (for_whom, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    let name = UserName::parse(name).ok()?;
    let is_own = for_whom.is_empty() || UserName::parse(for_whom).is_ok_and(|whom| whom == name);
    let is_all = parts.next().is_none();
    (is_own && is_all).then_some((name, Password::parse(password).ok()?))
}

/// RFC 4648, with its padding, and nothing else.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (number, piece) in text.as_bytes().chunks(4).enumerate() {
        let is_last = (number + 1) * 4 == text.len();
        let padding = piece.iter().rev().take_while(|byte| **byte == b'=').count();
        if piece.len() < 4 || padding > 2 || (padding > 0 && !is_last) {
            return None;
        }
        let mut bits = 0_u32;
        for (place, byte) in piece.iter().enumerate() {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if place >= 4 - padding => 0,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend([first, second, third].into_iter().take(3 - padding));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_whole_or_not_at_all() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmE=", b"fooba"),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Z", "Zg", "Zg=", "Z===", "====", "Zg==Zm9v", "Zm9 ", "!!!!", "Zm=v"] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

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
}

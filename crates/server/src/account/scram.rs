//! SCRAM-SHA-256 (RFC 5802 and 7677): proving a password without sending it, by keys that are stored
//! beside its hash. Pure; never asks a journal, and never knows a password longer than it makes keys.

use std::fmt;

use chat_protocol::base64;
use sha2::{Digest, Sha256};

/// Rounds of new keys. The one who logs in does them too.
const ROUNDS: u32 = 16_384;
/// A salt, in bytes.
const SALT_BYTES: usize = 16;
/// What a client says at once, in bytes, is bounded where it comes in; its nonce here.
const NONCE_BYTES_MAX: usize = 256;
const BLOCK_BYTES: usize = 64;

type Hash = [u8; 32];

/// What is stored of a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ScramKeys {
    salt: [u8; SALT_BYTES],
    rounds: u32,
    stored: Hash,
    server: Hash,
}

impl ScramKeys {
    /// Of a password. Takes as long as its rounds.
    pub(crate) fn of(password: &str, salt: [u8; SALT_BYTES]) -> Self {
        Self::with_rounds(password, salt, ROUNDS)
    }

    fn with_rounds(password: &str, salt: [u8; SALT_BYTES], rounds: u32) -> Self {
        let salted = stretched(password.as_bytes(), &salt, rounds);
        let key = Hmac::new(&salted);
        let client = key.of(&[b"Client Key"]);
        Self {
            salt,
            rounds,
            stored: Sha256::digest(client).into(),
            server: key.of(&[b"Server Key"]),
        }
    }

    /// Of nobody: a salt that is always the same for a name, and keys that nobody has.
    pub(crate) fn nobodys(secret: &Hash, name: &str) -> Self {
        let secret = Hmac::new(secret);
        let mut salt = [0; SALT_BYTES];
        for (salt, byte) in salt.iter_mut().zip(secret.of(&[b"salt", name.as_bytes()])) {
            *salt = byte;
        }
        let stored = secret.of(&[b"stored", name.as_bytes()]);
        let server = secret.of(&[b"server", name.as_bytes()]);
        Self { salt, rounds: ROUNDS, stored, server }
    }

    /// As [`fmt::Display`] writes it: `ROUNDS:SALT:STORED:SERVER`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let rounds = parts.next()?.parse().ok().filter(|rounds| *rounds > 0)?;
        let mut bytes = || base64::decode(parts.next()?);
        let (salt, stored, server) = (bytes()?, bytes()?, bytes()?);
        let is_all = parts.next().is_none();
        let keys = Self {
            salt: salt.try_into().ok()?,
            rounds,
            stored: stored.try_into().ok()?,
            server: server.try_into().ok()?,
        };
        is_all.then_some(keys)
    }
}

impl fmt::Display for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [salt, stored, server] =
            [&self.salt[..], &self.stored, &self.server].map(base64::encode);
        write!(f, "{}:{salt}:{stored}:{server}", self.rounds)
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramKeys")
    }
}

/// What a client says first: `n,,n=ana,r=NONCE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst<'a> {
    /// As whom it wants to act, if it says so.
    pub(crate) acts_for: Option<String>,
    /// Who it is.
    pub(crate) name: String,
    header: &'a str,
    nonce: &'a str,
    bare: &'a str,
}

impl<'a> ClientFirst<'a> {
    /// Reads it; none: it is none, or wants the channel bound, which is not offered.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (binding, rest) = text.split_once(',')?;
        let (acts_for, bare) = rest.split_once(',')?;
        let header = text.get(..text.len() - bare.len())?;
        if !matches!(binding, "n" | "y") {
            return None;
        }
        let acts_for = match acts_for {
            "" => None,
            acts_for => Some(unescaped(acts_for.strip_prefix("a=")?)?),
        };
        let mut parts = bare.split(',');
        let name = unescaped(parts.next()?.strip_prefix("n=")?)?;
        let nonce = parts.next()?.strip_prefix("r=")?;
        let is_nonce = !nonce.is_empty()
            && nonce.len() <= NONCE_BYTES_MAX
            && nonce.bytes().all(|byte| byte.is_ascii_graphic());
        is_nonce.then_some(Self { acts_for, name, header, nonce, bare })
    }
}

/// `=2C` is a comma, `=3D` is `=`.
fn unescaped(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (character, rest) = match part.get(..2)? {
            "2C" => (',', part.get(2..)?),
            "3D" => ('=', part.get(2..)?),
            _ => return None,
        };
        plain.push(character);
        plain.push_str(rest);
    }
    (!plain.is_empty()).then_some(plain)
}

/// A proof that has begun.
#[derive(Debug)]
pub(crate) struct Exchange {
    keys: ScramKeys,
    header: String,
    /// Its own nonce and ours.
    nonce: String,
    /// All that was said until now, as it is proved.
    said: String,
}

impl Exchange {
    /// It has said this; gives what it is answered.
    pub(crate) fn begin(first: &ClientFirst<'_>, keys: ScramKeys, nonce: &str) -> (Self, String) {
        let nonce = format!("{}{nonce}", first.nonce);
        let answer = format!("r={nonce},s={},i={}", base64::encode(&keys.salt), keys.rounds);
        let said = format!("{},{answer}", first.bare);
        (Self { keys, header: base64::encode(first.header.as_bytes()), nonce, said }, answer)
    }

    /// `c=biws,r=NONCE,p=PROOF`: does it know the password? Then this proves to it that we know of it.
    pub(crate) fn finish(&self, last: &str) -> Option<String> {
        let (unproved, proof) = last.rsplit_once(",p=")?;
        let mut parts = unproved.split(',');
        let is_bound = parts.next()?.strip_prefix("c=")? == self.header;
        let is_fresh = parts.next()?.strip_prefix("r=")? == self.nonce;
        let proof: Hash = base64::decode(proof)?.try_into().ok()?;
        let said = [self.said.as_bytes(), b",", unproved.as_bytes()];
        let mut client = Hmac::new(&self.keys.stored).of(&said);
        client.iter_mut().zip(proof).for_each(|(byte, proof)| *byte ^= proof);
        let stored = Sha256::digest(client);
        // As long whether the first byte is wrong or the last.
        let differs = stored.iter().zip(self.keys.stored).fold(0, |all, (a, b)| all | (a ^ b));
        let is_it = is_bound && is_fresh && differs == 0;
        is_it.then(|| format!("v={}", base64::encode(&Hmac::new(&self.keys.server).of(&said))))
    }
}

/// HMAC-SHA-256 (RFC 2104) by a key.
struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        if key.len() > BLOCK_BYTES {
            block.iter_mut().zip(Sha256::digest(key)).for_each(|(byte, key)| *byte = key);
        } else {
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte = *key);
        }
        Self {
            inner: Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)),
            outer: Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)),
        }
    }

    fn of(&self, parts: &[&[u8]]) -> Hash {
        let inner = parts.iter().fold(self.inner.clone(), |hash, part| hash.chain_update(part));
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }
}

/// PBKDF2 (RFC 2898), one block of it: RFC 5802's `Hi`.
fn stretched(password: &[u8], salt: &[u8], rounds: u32) -> Hash {
    let key = Hmac::new(password);
    let mut last = key.of(&[salt, &1_u32.to_be_bytes()]);
    let mut all = last;
    for _ in 1..rounds {
        last = key.of(&[&last]);
        all.iter_mut().zip(last).for_each(|(all, byte)| *all ^= byte);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn keys() -> ScramKeys {
        let salt = base64::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap();
        ScramKeys::with_rounds("pencil", salt, 4_096)
    }

    #[test]
    fn the_example_of_the_rfc_is_proved() {
        let first = ClientFirst::parse(FIRST).unwrap();
        let (exchange, answer) = Exchange::begin(&first, keys(), NONCE);
        assert_eq!(
            answer,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let proved = exchange.finish(LAST);
        assert_eq!(proved.as_deref(), Some("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    #[test]
    fn what_is_not_exactly_that_proves_nothing() {
        let first = ClientFirst::parse(FIRST).unwrap();
        let (exchange, _) = Exchange::begin(&first, keys(), NONCE);
        for wrong in [
            LAST.replace("c=biws", "c=eSws"),
            LAST.replace("r=rOpr", "r=rOpR"),
            LAST.replace("p=dHz", "p=dHy"),
            LAST.replace("VQ=", "V"),
            LAST.replace(",p=", ",m=x,p="),
            String::new(),
            "c=biws".to_owned(),
        ] {
            assert_eq!(exchange.finish(&wrong), None, "{wrong}");
        }
        let (nobodys, _) = Exchange::begin(&first, ScramKeys::nobodys(&[7; 32], "user"), NONCE);
        assert_eq!(nobodys.finish(LAST), None);
    }

    #[test]
    fn what_a_client_says_first_is_read_or_not() {
        let name = |text: &str| ClientFirst::parse(text).map(|first| (first.name, first.acts_for));
        assert_eq!(name("y,a=a=2Cb,n=a=3Db,r=x"), Some(("a=b".into(), Some("a,b".into()))));
        for text in [
            "",
            "n",
            "n,,",
            "n,,n=ana",
            "n,,n=ana,r=",
            "n,,n=,r=x",
            "n,,n=a=2Db,r=x",
            "n,,n=a=,r=x",
            "n,ana,n=ana,r=x",
            "n,,m=x,n=ana,r=x",
            "p=tls-unique,,n=ana,r=x",
            "n,,n=ana,r=a b",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
        assert_eq!(name(&format!("n,,n=ana,r={}", "x".repeat(NONCE_BYTES_MAX + 1))), None);
    }

    #[test]
    fn keys_are_written_and_read_and_never_shown() {
        let keys = keys();
        let text = keys.to_string();
        assert_eq!(ScramKeys::parse(&text), Some(keys.clone()));
        assert_eq!(format!("{keys:?}"), "ScramKeys");
        for damaged in ["", "0:a:b:c", &text.replace(':', ";"), &format!("{text}:"), "4096:::"] {
            assert_eq!(ScramKeys::parse(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn the_keys_of_nobody_are_always_the_same_for_a_name_and_look_like_others() {
        let nobodys = |name| ScramKeys::nobodys(&[7; 32], name);
        assert_eq!(nobodys("ana"), nobodys("ana"));
        assert_ne!(nobodys("ana").salt, nobodys("bob").salt);
        assert_eq!(nobodys("ana").rounds, ScramKeys::of("x", [0; SALT_BYTES]).rounds);
    }
}

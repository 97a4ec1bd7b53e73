//! By what a certificate is known: its SHA-256. Never hashes; whoever has the certificate does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SHA-256 of a certificate (DER). Shown as 64 lower-case hexadecimal digits; read with colons and
/// in capitals too, as `openssl x509 -fingerprint -sha256` writes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

/// It is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate's fingerprint is its SHA-256: 64 hexadecimal digits")]
pub struct FingerprintError;

impl Fingerprint {
    /// Checks `text` and keeps it.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, FingerprintError> {
        // Colons stand between all bytes or nowhere.
        let step = if text.contains(':') { 3 } else { 2 };
        let bytes = text.as_bytes();
        if bytes.len() != 32 * step + 2 - step {
            return Err(FingerprintError);
        }
        let mut read = [0; 32];
        for (byte, digits) in read.iter_mut().zip(bytes.chunks(step)) {
            let (high, low) = match digits {
                [high, low] | [high, low, b':'] => (digit(*high)?, digit(*low)?),
                _ => return Err(FingerprintError),
            };
            *byte = high << 4 | low;
        }
        Ok(Self(read))
    }
}

fn digit(byte: u8) -> Result<u8, FingerprintError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(FingerprintError),
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;
    fn try_from(text: String) -> Result<Self, FingerprintError> {
        Self::parse(&text)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_one_is_read_and_one_is_shown() {
        let mut bytes = [0xab; 32];
        bytes[0] = 0x01;
        let plain = format!("01{}", "ab".repeat(31));
        let colons = format!("01{}", ":AB".repeat(31));
        for text in [&plain, &plain.to_uppercase(), &colons, &colons.to_lowercase()] {
            assert_eq!(Fingerprint::parse(text), Ok(Fingerprint(bytes)), "{text}");
        }
        assert_eq!(Fingerprint(bytes).to_string(), plain);
        let json = serde_json::to_string(&Fingerprint(bytes)).unwrap();
        assert_eq!(json, format!("\"{plain}\""));
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), Fingerprint(bytes));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            String::new(),
            "ab".repeat(20),
            "ab".repeat(31),
            "ab".repeat(33),
            "+a".repeat(32),
            "é".repeat(32),
            format!("{}:", "ab".repeat(32)),
            format!("ab{}", ":b".repeat(31)),
            format!("ab{}", ":ab:".repeat(16)),
            format!(":{}", "ab".repeat(32)),
            "ab:".repeat(32),
        ] {
            assert_eq!(Fingerprint::parse(&text), Err(FingerprintError), "{text}");
        }
        let third = format!("ab{}", ":ab".repeat(31)).replacen(":ab", "ab:", 1);
        assert_eq!(Fingerprint::parse(&third), Err(FingerprintError), "{third}");
    }
}

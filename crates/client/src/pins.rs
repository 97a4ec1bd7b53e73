//! Which certificate each server had when it was seen first: a text file, a line a server. Owns its
//! form; never decides what becomes of a server whose certificate is another one.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate (DER); shown as `openssl x509 -fingerprint -sha256` does: `AB:CD:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// A certificate that was seen, and the line of the file that says so, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The line.
    pub line: usize,
}

impl Fingerprint {
    /// Of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// This is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no SHA-256 fingerprint (AB:CD:…, 32 bytes)")]
pub struct NoFingerprint;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let byte = |digits: &str| {
            let is_byte = digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_hexdigit());
            is_byte.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(NoFingerprint)
    }
}

/// What the file says of a server (`HOST:PORT`); no file says nothing.
///
/// # Errors
/// The file cannot be read, or the server's line in it.
pub fn find(file: &Path, server: &str) -> io::Result<Option<Pin>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    for (line, content) in (1..).zip(text.lines()) {
        let mut words = content.split_whitespace();
        if words.next() == Some(server) {
            let fingerprint = words.next().unwrap_or_default().parse().map_err(|error| {
                io::Error::new(ErrorKind::InvalidData, format!("line {line} has {error}"))
            })?;
            return Ok(Some(Pin { fingerprint, line }));
        }
    }
    Ok(None)
}

/// Adds a line for a server; the file is nobody else's to read or write.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn add(file: &Path, server: &str, fingerprint: Fingerprint) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(format!("{server} {fingerprint}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("known_servers");
        assert_eq!(find(&file, "chat.lan:5005").unwrap(), None);
        let (one, two) = (Fingerprint::of(b"one"), Fingerprint::of(b"two"));
        add(&file, "chat.lan:5005", one).unwrap();
        add(&file, "[::1]:5005", two).unwrap();
        assert_eq!(find(&file, "chat.lan:5005").unwrap(), Some(Pin { fingerprint: one, line: 1 }));
        assert_eq!(find(&file, "[::1]:5005").unwrap(), Some(Pin { fingerprint: two, line: 2 }));
        assert_eq!(find(&file, "chat.lan:500").unwrap(), None);
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(one.to_string().to_lowercase().parse(), Ok(one));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_line_that_is_no_fingerprint_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_servers");
        for wrong in ["", " AB:CD", " +1:+2", &format!(" {}", vec!["AB"; 33].join(":"))] {
            fs::write(&file, format!("# mine\nh:1{wrong}\n")).unwrap();
            let error = find(&file, "h:1").unwrap_err().to_string();
            assert!(error.starts_with("line 2 has no SHA-256 fingerprint"), "{error}");
        }
    }
}

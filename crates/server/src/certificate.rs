//! `chat-server cert`: a certificate that a machine gives itself, for networks where nobody else
//! gives one. Owns its options, its files and what it prints; starts nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::ServerName;

/// By these every machine reaches itself.
const ITSELF: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const CERT_FILE: &str = "server.crt";
const KEY_FILE: &str = "server.key";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A name or address by which clients reach this machine; may be repeated [default: its name]
    #[arg(long, value_name = "HOST", value_parser = host)]
    name: Vec<String>,
    /// Where to put server.crt and server.key
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// How long it is valid
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    days: u16,
    /// Replace the files if they are there
    #[arg(long)]
    force: bool,
}

/// Makes the files, and says what to do with them.
///
/// # Errors
/// What made it impossible.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let Options { name, out, days, force } = options;
    let folder = std::path::absolute(&out).context("--out")?;
    let [cert_path, key_path] = [CERT_FILE, KEY_FILE].map(|file| folder.join(file));
    for path in [&cert_path, &key_path] {
        if !force && path.exists() {
            bail!("{} is there already; --force replaces it", path.display());
        }
    }
    let given = if name.is_empty() { own_name().into_iter().collect() } else { name };
    let mut names: Vec<String> = given;
    for name in ITSELF {
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let end = today.checked_add(i64::from(days).days())?;
    let key = KeyPair::generate().context("cannot make a key")?;
    let cert = params(&names, today, end)?.self_signed(&key).context("cannot sign")?;

    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    put(&key_path, &key.serialize_pem(), 0o600, force)?;
    put(&cert_path, &cert.pem(), 0o644, force)?;
    let told = told(&cert_path, &key_path, &names, end, &fingerprint(cert.der()));
    match io::stdout().write_all(told.as_bytes()) {
        // The files are what counts.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn params(names: &[String], today: Date, end: Date) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names).context("--name")?;
    if let Some(first) = names.first() {
        params.distinguished_name.push(DnType::CommonName, first.as_str());
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A client's clock may be behind.
    let (year, month, day) = numbers(today.yesterday()?)?;
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = numbers(end)?;
    params.not_after = rcgen::date_time_ymd(year, month, day);
    Ok(params)
}

fn numbers(date: Date) -> anyhow::Result<(i32, u8, u8)> {
    Ok((date.year().into(), date.month().try_into()?, date.day().try_into()?))
}

/// As `openssl x509 -fingerprint -sha256` shows it, and chat-client.
fn fingerprint(der: &[u8]) -> String {
    let digest = Sha256::digest(der);
    let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

fn told(cert: &Path, key: &Path, names: &[String], end: Date, fingerprint: &str) -> String {
    let quoted = |path: &Path| toml::Value::String(path.display().to_string());
    let first = names.first().map_or("HOST", String::as_str);
    let host = if first.contains(':') { format!("[{first}]") } else { first.to_owned() };
    format!(
        "{cert_shown}: for {names}; until {end}\n\
         {key_shown}: its private key, for the daemon's user alone\n\
         SHA-256 fingerprint: {fingerprint}\n\
         \n\
         Add to chat-server.toml:\n\
         [tls]\n\
         cert = {cert}\n\
         key = {key}\n\
         \n\
         Then: chat-client --server tls://{host} --tls-pin      shows the fingerprint: compare it\n\
         \u{20}  or: chat-client --server tls://{host} --tls-ca {CERT_FILE}\n",
        cert_shown = cert.display(),
        key_shown = key.display(),
        names = names.join(", "),
        cert = quoted(cert),
        key = quoted(key),
    )
}

/// Writes a file that nobody sees half written.
fn put(path: &Path, text: &str, mode: u32, force: bool) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        if !force {
            return fill(create(path, mode)?, text);
        }
        let new = path.with_extension(format!("new-{}", std::process::id()));
        fill(create(&new, mode)?, text)?;
        std::fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What can stand in a certificate.
fn host(text: &str) -> Result<String, String> {
    match ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("neither a host's name (chat.lan) nor an address (192.168.1.10)".to_owned()),
    }
}

/// This machine's, where the system tells it in a file.
fn own_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    host(name.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_can_be_certified() {
        for name in ["chat.lan", "localhost", "192.168.1.10", "fd00::1"] {
            assert_eq!(host(name).as_deref(), Ok(name));
        }
        for name in ["", "a b", "chat.lan:5005", "[::1]", "münchen"] {
            assert!(host(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_fingerprint_is_shown_as_openssl_does() {
        assert_eq!(
            fingerprint(b"abc"),
            "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
             B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
        );
    }
}

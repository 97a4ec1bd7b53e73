//! `CERT ADD`, `CERT DEL`, `CERT LIST`, as people of IRC say to its services, and what that is answered.
//! Never sees a certificate.

use bytes::BytesMut;
use chat_protocol::event::CertificateInfo;
use chat_protocol::moment::in_utc;
use chat_protocol::{Command, Fingerprint};

use super::IrcFrontend;
use super::asked::Asked;

/// What stands behind `CERT`.
pub(super) fn command(session: &mut IrcFrontend, words: &[&str], out: &mut BytesMut) {
    let (what, which) = match words {
        [] => ("LIST".to_owned(), None),
        [what] => (what.to_ascii_uppercase(), None),
        [what, which, ..] => (what.to_ascii_uppercase(), Some(Fingerprint::parse(which))),
    };
    let command = match (what.as_str(), which) {
        (_, Some(Err(error))) => {
            return session.notice(&format!("Not a fingerprint: {error}"), out);
        }
        ("ADD", None) => Command::AddCertificate { fingerprint: None },
        ("ADD", Some(Ok(fingerprint))) => {
            Command::AddCertificate { fingerprint: Some(fingerprint) }
        }
        ("DEL", Some(Ok(fingerprint))) => Command::RemoveCertificate { fingerprint },
        ("LIST", None) => Command::Certificates,
        _ => return session.notice("CERT ADD [FINGERPRINT], CERT DEL FINGERPRINT, CERT LIST", out),
    };
    session.ask(command, Asked::Service);
}

/// Those that one has.
pub(super) fn list(session: &IrcFrontend, certificates: &[CertificateInfo], out: &mut BytesMut) {
    if certificates.is_empty() {
        return session.notice("You log in by no certificate. CERT ADD adds this one", out);
    }
    for CertificateInfo { fingerprint, added_ms } in certificates {
        session.notice(&format!("{fingerprint}, added {}", in_utc(*added_ms)), out);
    }
}

//! What a line session is told of accounts: who it is, tokens, lists, and that something is done.

use bytes::BytesMut;
use chat_protocol::event::{AccountInfo, CertificateInfo, TokenInfo};
use chat_protocol::moment::in_utc;
use chat_protocol::{Command, Refusal, RoomName, Token, TokenName, UserName};

use super::LineFrontend;

impl LineFrontend {
    /// It is somebody else now.
    pub(super) fn identified(&mut self, name: &UserName, is_account: bool, out: &mut BytesMut) {
        self.me = Some(name.clone());
        let how = if is_account { "you are logged in as" } else { "you are a guest again:" };
        self.note(&format!("{how} {name}"), out);
    }

    pub(super) fn token_made(&self, name: &TokenName, token: &Token, out: &mut BytesMut) {
        self.note(&format!("token {name}, shown now and never again:"), out);
        self.show(&format!("  {}", token.reveal()), out);
    }

    pub(super) fn token_list(&self, tokens: &[TokenInfo], out: &mut BytesMut) {
        if tokens.is_empty() {
            return self.note("you have no tokens", out);
        }
        self.note(&format!("your tokens ({}):", tokens.len()), out);
        for TokenInfo { name, rooms, read_only, .. } in tokens {
            let how = if *read_only { "ro" } else { "rw" };
            let rooms: Vec<&str> = rooms.iter().map(RoomName::as_str).collect();
            let rooms = if rooms.is_empty() { "all rooms".to_owned() } else { rooms.join(" ") };
            self.show(&format!("  {name}  {how}  {rooms}"), out);
        }
    }

    pub(super) fn certificates(&self, certificates: &[CertificateInfo], out: &mut BytesMut) {
        if certificates.is_empty() {
            return self.note("you log in by no certificate", out);
        }
        self.note(&format!("your certificates ({}):", certificates.len()), out);
        for CertificateInfo { fingerprint, added_ms } in certificates {
            self.show(&format!("  {fingerprint}  added {}", in_utc(*added_ms)), out);
        }
    }

    pub(super) fn shunned(&self, ignored: &[UserName], blocked: &[UserName], out: &mut BytesMut) {
        if ignored.is_empty() && blocked.is_empty() {
            return self.note("you ignore nobody", out);
        }
        for (what, names) in [("ignored", ignored), ("blocked", blocked)] {
            let names: Vec<&str> = names.iter().map(UserName::as_str).collect();
            if !names.is_empty() {
                self.note(&format!("{what}: {}", names.join(", ")), out);
            }
        }
    }

    pub(super) fn account_list(&self, accounts: &[AccountInfo], total: u64, out: &mut BytesMut) {
        self.note(&format!("accounts ({total}):"), out);
        for AccountInfo { name, administrator, suspended, certificates, .. } in accounts {
            let administrator = if *administrator { "  administrator" } else { "" };
            let suspended = match suspended {
                Some(suspended) => {
                    let (until_ms, reason) = (suspended.until_ms, suspended.reason.clone());
                    format!("  {}", Refusal::Suspended { until_ms, reason })
                }
                None => String::new(),
            };
            self.show(&format!("  {name}{administrator}{suspended}"), out);
            for fingerprint in certificates {
                self.show(&format!("    certificate {fingerprint}"), out);
            }
        }
    }
}

/// What to say when it is done; most of what is typed shows by itself that it is.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest shows by itself, or is not typed")]
pub(super) fn when_done(command: &Command) -> Option<String> {
    Some(match command {
        Command::ChangePassword { .. } => "your password is changed".to_owned(),
        Command::RevokeToken { name } => format!("token {name} is revoked"),
        Command::AddCertificate { .. } => "you log in by this certificate too".to_owned(),
        Command::RemoveCertificate { .. } => "nobody logs in by that certificate".to_owned(),
        Command::Ignore { user } => format!("you are shown nothing that {user} says any more"),
        Command::Unignore { user } => format!("you are shown what {user} says"),
        Command::Block { user } => format!("{user} cannot talk to you directly any more"),
        Command::Unblock { user } => format!("{user} can talk to you directly"),
        Command::Suspend { user, .. } => format!("{user} is suspended"),
        Command::Unsuspend { user } => format!("{user} may log in again"),
        Command::ResetPassword { user, .. } => format!("{user} has a new password"),
        _ => return None,
    })
}

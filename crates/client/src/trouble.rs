//! Why there is no connection, sorted by what a person can do about it. Pure.

use std::path::PathBuf;

use chat_protocol::Refusal;

use crate::link::is_about_the_name;
use crate::{Fingerprint, LinkError, Pin, TlsError};

/// What keeps a connection away, for who decides what is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server or the way to it: nothing is to be done, it is tried again.
    Away,
    /// The server said that it stops. It comes back, or it does not; it is tried again.
    Stopped,
    /// The name is another one's: [`crate::Handle::ask_for_name`] asks for another.
    Name,
    /// We are not let in as the account that we were, or not at all any more: its token is revoked, its
    /// password is another, it is suspended. [`crate::Handle::come_as`] comes as somebody else.
    Account,
    /// The server shows another certificate than the one that was seen first. Nothing was sent. When
    /// its line is gone from the file, the one that is shown then is believed.
    Certificate(Box<ChangedCertificate>),
}

/// A server's certificate that is not the one that was seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCertificate {
    /// What remembers the first one.
    pub file: PathBuf,
    /// What it was.
    pub pin: Pin,
    /// What it is.
    pub shown: Fingerprint,
}

impl Trouble {
    pub(crate) fn of(error: &LinkError) -> Self {
        match error {
            LinkError::Tls { source, .. } => match &**source {
                TlsError::Changed(changed) => Self::Certificate(changed.clone()),
                TlsError::NoAuthorities(_)
                | TlsError::CaFile { .. }
                | TlsError::Own { .. }
                | TlsError::Pins { .. }
                | TlsError::UnknownIssuer
                | TlsError::Certificate(_)
                | TlsError::NotTls
                | TlsError::Name(_)
                | TlsError::Handshake(_) => Self::Away,
            },
            LinkError::Refused { refusal, .. } if is_about_the_account(refusal) => Self::Account,
            LinkError::Refused { refusal: Refusal::ShuttingDown, .. } => Self::Stopped,
            error if is_about_the_name(error) => Self::Name,
            LinkError::Connect { .. }
            | LinkError::Deadline { .. }
            | LinkError::Refused { .. }
            | LinkError::Closed
            | LinkError::Io(_)
            | LinkError::Foreign(_) => Self::Away,
        }
    }
}

/// Is it the account that ended, or is not let in?
pub(crate) const fn is_about_the_account(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::LoginFailed
            | Refusal::LoggedOut
            | Refusal::CertificateUnknown
            | Refusal::Suspended { .. }
    )
}

//! How the program ends: exit codes, and the sentence for a person. Never prints.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use chat_client::{LinkError, ServerAddress, TlsError};
use chat_protocol::Refusal;

use crate::{advice, sanitise};

/// The exit codes; `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    NothingFound,
    Usage,
    Network,
    LoginNeeded,
    Refused,
    Undelivered,
    Internal,
    Timeout,
    Interrupted,
    Terminated,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::NothingFound => 1,
            Exit::Usage => 2,
            Exit::Network => 3,
            Exit::LoginNeeded => 4,
            Exit::Refused => 5,
            Exit::Undelivered => 6,
            Exit::Internal => 10,
            Exit::Timeout => 124,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        })
    }
}

/// An error that knows its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// Empty: nothing to say.
    sentence: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into() }
    }

    /// How to end after `error`, and what to say.
    pub(crate) fn of(error: &anyhow::Error, server: &ServerAddress) -> (Exit, String) {
        let (exit, sentence) = if let Some(failure) = error.downcast_ref::<Self>() {
            (failure.exit, failure.sentence.clone())
        } else if let Some(error) = error.downcast_ref::<LinkError>() {
            of_link(error, server)
        } else {
            (Exit::Internal, format!("{error:#}"))
        };
        (exit, sanitise::lines(&sentence))
    }
}

fn of_link(error: &LinkError, server: &ServerAddress) -> (Exit, String) {
    match error {
        LinkError::Connect { source, .. } => {
            let nobody_there =
                matches!(source.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound);
            let sentence = if nobody_there {
                format!(
                    "No chat daemon at {server}. Start one: chat-server   Or: --server HOST:PORT"
                )
            } else {
                format!("Cannot reach {server}: {source}   Another: --server HOST:PORT")
            };
            (Exit::Network, sentence)
        }
        LinkError::Refused { refusal, text } => {
            if let Refusal::NameRegistered { name } = refusal {
                let sentence = format!(
                    "The name \"{name}\" is registered. If it is yours: chat-client login {name}   \
                     Another: --name NAME"
                );
                return (Exit::LoginNeeded, sentence);
            }
            if let Refusal::LoginFailed | Refusal::LoggedOut | Refusal::NotLoggedIn = refusal {
                return (Exit::LoginNeeded, format!("{text} Log in: chat-client login NAME"));
            }
            if let Refusal::CertificateUnknown = refusal {
                let sentence = "No account there has this certificate. Add it: chat-client login \
                                NAME, or make one: chat-client register NAME";
                return (Exit::LoginNeeded, sentence.to_owned());
            }
            let about_name = matches!(
                refusal,
                Refusal::NameTaken { .. }
                    | Refusal::NameConfusable { .. }
                    | Refusal::NameInvalid { .. }
            );
            let hint = if about_name { " Take another: --name NAME" } else { "" };
            let absent = matches!(refusal, Refusal::NoSuchRoom { .. } | Refusal::NoSuchUser { .. });
            let exit = if absent { Exit::NothingFound } else { Exit::Refused };
            (exit, format!("{text}{hint}"))
        }
        LinkError::Tls { source, .. } => (Exit::Network, of_tls(source, server)),
        LinkError::Deadline { .. }
        | LinkError::Closed
        | LinkError::Io(_)
        | LinkError::Foreign(_) => (Exit::Network, format!("{server}: {error}")),
    }
}

fn of_tls(error: &TlsError, server: &ServerAddress) -> String {
    let hint = match error {
        TlsError::Changed(changed) => {
            return advice::certificate(server, changed, "come again").join("\n");
        }
        TlsError::UnknownIssuer | TlsError::Certificate(_) => {
            "\nOf a server of your own, believe its own certificate: --tls-ca FILE   \
             Or the one that it shows now, and no other from then on: --tls-pin"
        }
        TlsError::NotTls => "   Without TLS: --server HOST:PORT",
        TlsError::NoAuthorities(_)
        | TlsError::CaFile { .. }
        | TlsError::Own { .. }
        | TlsError::Pins { .. }
        | TlsError::Name(_)
        | TlsError::Handshake(_) => "",
    };
    format!("{server}: {error}{hint}")
}

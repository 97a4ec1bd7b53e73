//! Why the server said no: part of an answer, not an error. Each says what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::REFUSAL_DETAIL_BYTES_MAX;
use crate::moment::{age_text, in_utc};
use crate::secret::PasswordError;
use crate::{Fingerprint, LineText, Role, RoomAddress, Sequence, Timestamp, TokenName, UserName};

/// Why something was refused. On the wire `{"code":"name_taken","name":"ana"}`, with the sentence
/// of [`fmt::Display`] beside it for clients that do not know the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody has this name.
    NameTaken {
        /// The name.
        name: UserName,
    },
    /// It looks like a name that somebody has.
    NameConfusable {
        /// The name.
        name: UserName,
        /// What it looks like.
        like: UserName,
    },
    /// It is not a name.
    NameInvalid {
        /// What is wrong with it.
        detail: String,
    },
    /// The hello asks for a version that this server does not speak.
    Version {
        /// Asked for.
        v: u32,
        /// Spoken here.
        supported: u32,
    },
    /// The first frame was not a hello.
    HelloFirst,
    /// A second hello.
    HelloTwice,
    /// No such command here.
    UnknownCommand {
        /// What was asked for.
        word: String,
    },
    /// What came could not be read.
    Malformed {
        /// What the parser said.
        detail: String,
    },
    /// What was searched for is no query.
    Query {
        /// What is wrong with it.
        detail: String,
    },
    /// An observer asked for what needs a name.
    NotNamed,
    /// One has to be in the room first.
    NotInRoom {
        /// Which.
        room: RoomAddress,
    },
    /// There is no such room.
    NoSuchRoom {
        /// Which.
        room: RoomAddress,
    },
    /// Only of oneself can that be said.
    NotYourself {
        /// Of whom it was to be said.
        name: UserName,
    },
    /// There is no such message, or no more.
    NoSuchMessage {
        /// In which room.
        room: RoomAddress,
        /// Which; none: the last of one's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<Sequence>,
    },
    /// Somebody else said it.
    NotYours {
        /// In which room.
        room: RoomAddress,
        /// Which.
        seq: Sequence,
    },
    /// That is not for this one to do there.
    NotAllowed {
        /// In which room.
        room: RoomAddress,
        /// Who may.
        needs: Role,
    },
    /// That is not to be done to this one, who is as much or more.
    Outranked {
        /// In which room.
        room: RoomAddress,
        /// Who.
        user: UserName,
    },
    /// It is so already, or has nothing to be taken away.
    AlreadySo {
        /// What is.
        detail: String,
    },
    /// One was put out, and may not enter.
    Banned {
        /// Of which room.
        room: RoomAddress,
        /// For so long from now, in milliseconds; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_ms: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// One may not speak.
    Muted {
        /// In which room.
        room: RoomAddress,
        /// For so long from now, in milliseconds; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_ms: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// The room is in slow mode.
    SlowMode {
        /// Which.
        room: RoomAddress,
        /// One speaks again in so long, in milliseconds.
        left_ms: u64,
    },
    /// One enters this room by invitation.
    InviteOnly {
        /// Which.
        room: RoomAddress,
    },
    /// The room has a key, and this is not it.
    KeyNeeded {
        /// Which.
        room: RoomAddress,
    },
    /// The room has as many members as it may have.
    RoomFull {
        /// Which.
        room: RoomAddress,
        /// The limit.
        limit: u64,
    },
    /// The room remembers as many roles, bans and invitations as it may.
    TooManyRemembered {
        /// Which.
        room: RoomAddress,
        /// The limit.
        limit: u64,
    },
    /// The room has as many masks as it may.
    TooManyMasks {
        /// Which.
        room: RoomAddress,
        /// The limit.
        limit: u64,
    },
    /// There is no such user here.
    NoSuchUser {
        /// Who.
        name: UserName,
    },
    /// A message to oneself.
    Yourself,
    /// This user is in as many rooms as it may be in: no conversation can be opened with it.
    NotReachable {
        /// Who.
        name: UserName,
    },
    /// A direct room has no topic and cannot be watched.
    OnlyNamedRooms,
    /// The server has as many rooms as it may have.
    TooManyRooms {
        /// The limit.
        limit: u64,
    },
    /// This user is in as many rooms as it may be in.
    TooManyJoined {
        /// The limit.
        limit: u64,
    },
    /// The name is an account's.
    NameRegistered {
        /// The name.
        name: UserName,
    },
    /// Name and password do not go together; nobody is told which of them is wrong.
    LoginFailed,
    /// As many log-ins wait as may wait.
    Busy,
    /// Too many tries that failed.
    TooManyTries {
        /// When the next one is looked at, in seconds from now.
        seconds: u64,
    },
    /// More than one may ask for in a while, without a pause.
    TooFast {
        /// Of what.
        what: String,
        /// So many a second one may.
        per_second: u64,
    },
    /// As many rooms were made as may be, lately.
    TooManyRoomsMade {
        /// When the next one can be made, in seconds from now.
        seconds: u64,
    },
    /// Nobody comes in from this address.
    AddressBanned {
        /// Until then; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<Timestamp>,
        /// Why.
        reason: LineText,
    },
    /// It is no password.
    PasswordInvalid {
        /// What is wrong with it.
        detail: String,
    },
    /// Who is not registered cannot do it.
    RegistrationClosed,
    /// That needs an account.
    NotLoggedIn,
    /// That is for guests.
    LoggedIn {
        /// As whom.
        name: UserName,
    },
    /// The account may not log in.
    Suspended {
        /// Until then; none: until it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<Timestamp>,
        /// Why.
        reason: LineText,
    },
    /// The session was ended: its token was revoked, its password changed, or its account deleted.
    LoggedOut,
    /// An administrator ended the session.
    Disconnected {
        /// Why.
        reason: LineText,
    },
    /// That is for administrators.
    NotAdministrator,
    /// There is no such account.
    NoSuchAccount {
        /// Which.
        name: UserName,
    },
    /// One has no such token.
    NoSuchToken {
        /// Which.
        name: TokenName,
    },
    /// One has a token of this name.
    TokenExists {
        /// Which.
        name: TokenName,
    },
    /// The token that one came with is not for that.
    OutOfScope,
    /// No token is for that.
    CameByToken,
    /// There is no certificate on this connection.
    NoCertificate,
    /// No account has the certificate of this connection.
    CertificateUnknown,
    /// An account has this certificate, one's own or another.
    CertificateTaken {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// One has no such certificate.
    NoSuchCertificate {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// One has as many as one may have.
    TooMany {
        /// Of what.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// This user takes no direct messages of one.
    Blocked {
        /// Who.
        name: UserName,
    },
    /// The disk is full: reading goes on, writing waits for room.
    DiskFull,
    /// The server has trouble reading what it stored; its log says which.
    Unavailable,
    /// The server stops.
    ShuttingDown,
    /// A refusal of a newer server; its sentence stands beside it.
    #[serde(other)]
    Unknown,
}

impl Refusal {
    /// What a parser said, cut to [`REFUSAL_DETAIL_BYTES_MAX`].
    #[must_use]
    pub fn malformed(detail: &impl ToString) -> Self {
        Self::Malformed { detail: bounded(detail.to_string()) }
    }

    /// What is wrong with a query, cut to [`REFUSAL_DETAIL_BYTES_MAX`].
    #[must_use]
    pub fn query(detail: &impl ToString) -> Self {
        Self::Query { detail: bounded(detail.to_string()) }
    }

    /// It is so already.
    #[must_use]
    pub fn already_so(detail: &impl ToString) -> Self {
        Self::AlreadySo { detail: bounded(detail.to_string()) }
    }

    /// What is wrong with a name, cut to [`REFUSAL_DETAIL_BYTES_MAX`].
    #[must_use]
    pub fn name_invalid(detail: &impl ToString) -> Self {
        Self::NameInvalid { detail: bounded(detail.to_string()) }
    }

    /// What is wrong with a password; it is not in there.
    #[must_use]
    pub fn password_invalid(error: PasswordError) -> Self {
        Self::PasswordInvalid { detail: error.to_string() }
    }

    /// No such command; the word is made harmless and cut.
    #[must_use]
    pub fn unknown_command(word: &str) -> Self {
        Self::UnknownCommand { word: bounded(word.escape_debug().to_string()) }
    }
}

/// Until when, and why.
fn banned_until(
    f: &mut fmt::Formatter<'_>,
    until: Option<Timestamp>,
    reason: &LineText,
) -> fmt::Result {
    if let Some(until) = until {
        write!(f, " until {}", in_utc(until))?;
    }
    match reason.as_str() {
        "" => f.write_str("."),
        reason => write!(f, ": {reason}"),
    }
}

fn left(ms: Option<u64>) -> String {
    ms.map(|ms| format!(" for another {}", age_text(ms))).unwrap_or_default()
}

fn why(reason: Option<&LineText>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

/// Cuts a detail at a character's boundary.
fn bounded(mut detail: String) -> String {
    detail.truncate(detail.floor_char_boundary(REFUSAL_DETAIL_BYTES_MAX));
    detail
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name } => write!(f, "The name \"{name}\" is taken."),
            Self::NameConfusable { name, like } => {
                write!(f, "The name \"{name}\" looks like \"{like}\", which is taken.")
            }
            Self::NameInvalid { detail } => write!(f, "Not a name: {detail}."),
            Self::Version { v, supported } => {
                write!(f, "This server speaks version {supported} of the protocol, not {v}.")
            }
            Self::HelloFirst => f.write_str("Say hello first: {\"type\":\"hello\",\"v\":1}."),
            Self::HelloTwice => f.write_str("You have said hello already."),
            Self::UnknownCommand { word } => write!(f, "Unknown command: {word}"),
            Self::Malformed { detail } => write!(f, "That could not be read: {detail}."),
            Self::Query { detail } => write!(
                f,
                "That cannot be searched for: {detail}. A search has words, \"phrases\", \
                 beginnings*, -without."
            ),
            Self::NotNamed => {
                f.write_str("You have no name here: say hello with one to join and to speak.")
            }
            Self::NotInRoom { room } => write!(f, "You are not in {room}. /join {room}"),
            Self::NoSuchRoom { room } => write!(f, "There is no room {room}. /rooms lists them."),
            Self::NoSuchMessage { room, seq: Some(seq) } => {
                write!(f, "There is no message {seq} in {room}. /history shows their numbers.")
            }
            Self::NoSuchMessage { room, seq: None } => {
                write!(f, "None of the last messages of {room} is yours. /history shows them.")
            }
            Self::NotYours { room, seq } => {
                write!(f, "Message {seq} of {room} is not yours to delete.")
            }
            Self::NotAllowed { room, needs: Role::Voice } => {
                write!(f, "Only who has voice may do that in {room}.")
            }
            Self::NotAllowed { room, needs } => {
                let article = if *needs == Role::Member { "a" } else { "an" };
                write!(f, "In {room} it takes {article} {needs} to do that.")
            }
            Self::Outranked { room, user } => {
                write!(f, "{user} is as much as you in {room}, or more.")
            }
            Self::AlreadySo { detail } => write!(f, "{detail}."),
            Self::Banned { room, left_ms, reason } => {
                let (left, why) = (left(*left_ms), why(reason.as_ref()));
                write!(f, "You are banned from {room}{left}{why}.")
            }
            Self::Muted { room, left_ms, reason } => {
                let (left, why) = (left(*left_ms), why(reason.as_ref()));
                write!(f, "You are muted in {room}{left}{why}.")
            }
            Self::SlowMode { room, left_ms } => {
                write!(f, "{room} is in slow mode: you speak again in {}.", age_text(*left_ms))
            }
            Self::InviteOnly { room } => {
                write!(f, "One enters {room} by invitation. Ask somebody who is in it.")
            }
            Self::KeyNeeded { room } => write!(f, "{room} has a key. /join {room} KEY"),
            Self::RoomFull { room, limit } => {
                write!(f, "{room} is full (the limit is {limit}). Try again later.")
            }
            Self::TooManyRemembered { room, limit } => write!(
                f,
                "{room} has as many roles, bans and invitations as it may have ({limit}). \
                 Take some back."
            ),
            Self::TooManyMasks { room, limit } => {
                write!(f, "{room} has as many masks as it may have ({limit}). Take some back.")
            }
            Self::NoSuchUser { name } => write!(f, "There is no {name} here. /who lists who is."),
            Self::NotReachable { name } => {
                write!(f, "{name} has too many conversations open. Try again later.")
            }
            Self::Yourself => f.write_str("That is you."),
            Self::OnlyNamedRooms => {
                f.write_str("That works in rooms that have a name, not between two users.")
            }
            Self::TooManyRooms { limit } => {
                write!(f, "This server has as many rooms as it may have ({limit}).")
            }
            Self::TooManyJoined { limit } => {
                write!(f, "You are in as many rooms as you may be in ({limit}). /leave one.")
            }
            Self::NameRegistered { name } => write!(
                f,
                "The name \"{name}\" is registered. If it is yours, log in: /login {name} PASSWORD; \
                 or take another name."
            ),
            Self::LoginFailed => f.write_str("That name and that password do not go together."),
            Self::Busy => {
                f.write_str("Too many are logging in at the moment. Try again in a few seconds.")
            }
            Self::TooManyTries { seconds } => {
                write!(f, "Too many tries that failed. Wait {seconds} s, then try again.")
            }
            Self::TooFast { what, per_second } => {
                write!(
                    f,
                    "Too fast: {per_second} {what} a second, and no more. Slow down, or the connection ends."
                )
            }
            Self::TooManyRoomsMade { seconds } => {
                let wait = age_text(seconds.saturating_mul(1_000));
                write!(f, "You have made as many rooms as one may for now. The next one in {wait}.")
            }
            Self::AddressBanned { until_ms, reason } => {
                f.write_str("Your address is banned here")?;
                banned_until(f, *until_ms, reason)
            }
            Self::PasswordInvalid { detail } => write!(f, "Not a password: {detail}."),
            Self::RegistrationClosed => {
                f.write_str("Only an administrator makes accounts here. Ask one, or stay a guest.")
            }
            Self::NotLoggedIn => {
                f.write_str("That needs an account: /login NAME PASSWORD, or /register PASSWORD.")
            }
            Self::LoggedIn { name } => {
                write!(f, "You are logged in as {name}. /logout makes you a guest first.")
            }
            Self::Suspended { until_ms, reason } => {
                f.write_str("This account is suspended")?;
                banned_until(f, *until_ms, reason)
            }
            Self::LoggedOut => f.write_str(
                "You were logged out: what you came with is not valid any more. Log in again.",
            ),
            Self::Disconnected { reason } if reason.is_empty() => {
                f.write_str("An administrator ended this session.")
            }
            Self::Disconnected { reason } => {
                write!(f, "An administrator ended this session: {reason}")
            }
            Self::NotAdministrator => f.write_str("Only an administrator may do that."),
            Self::NoSuchAccount { name } => write!(f, "There is no account {name}."),
            Self::NoSuchToken { name } => write!(f, "You have no token {name}. /token lists them."),
            Self::TokenExists { name } => {
                write!(f, "You have a token {name}. /token revoke {name} takes it back.")
            }
            Self::OutOfScope => f.write_str("The token you came with is not for that."),
            Self::CameByToken => f.write_str(
                "You came by a token. That takes the password: /logout, then /login NAME PASSWORD.",
            ),
            Self::NoCertificate => f.write_str(
                "This connection has no certificate of yours: come by TLS, with one and its key.",
            ),
            Self::CertificateUnknown => f.write_str(
                "No account has this connection's certificate. Log in otherwise, then /cert add.",
            ),
            Self::CertificateTaken { fingerprint } => write!(
                f,
                "An account has the certificate {fingerprint} already, yours or another. \
                 /cert lists yours."
            ),
            Self::NoSuchCertificate { fingerprint } => {
                write!(f, "You have no certificate {fingerprint}. /cert lists them.")
            }
            Self::TooMany { what, limit } => {
                write!(f, "There are as many {what} as there may be ({limit}).")
            }
            Self::NotYourself { name } => write!(f, "That is {name}'s to say."),
            Self::Blocked { name } => write!(f, "{name} takes no direct messages from you."),
            Self::DiskFull => {
                f.write_str("The server's disk is full; nothing can be stored until there is room.")
            }
            Self::Unavailable => {
                f.write_str("The server cannot read its journal at the moment. Try again later.")
            }
            Self::ShuttingDown => f.write_str("The server is shutting down."),
            Self::Unknown => f.write_str("The server refused."),
        }
    }
}

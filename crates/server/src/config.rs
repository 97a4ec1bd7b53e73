//! What the daemon is told: file, environment and flags become one validated [`Config`].
//! Owns the keys, their defaults, and how a wrong one is explained; never opens a socket, never
//! logs, never changes after [`load()`].

mod environment;
mod keys;
mod listen;
mod load;
mod problem;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use chat_protocol::{Password, RoomName, UserName};
use serde::Deserialize;

use crate::account::HashCost;
use crate::frontend::line::style::{Overrides, StyleName};
use crate::limits::SWEEP_PAUSE;

pub(crate) use self::environment::{Environment, data_dir};
pub(crate) use self::listen::{Endpoint, ListenUrl, Protocol};
pub(crate) use self::load::{Flags, load, reload};

/// All that can be configured. Where the data is stands apart ([`data_dir`]): a copied file must
/// not make two daemons share a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Where to accept connections; at least one, no two at the same place.
    pub(crate) listen: Vec<ListenUrl>,
    /// Who the server is.
    pub(crate) server: ServerConfig,
    /// What it proves itself with.
    pub(crate) tls: TlsConfig,
    /// The line front end's dialogue.
    pub(crate) line: LineConfig,
    /// How many rooms.
    pub(crate) rooms: RoomsConfig,
    /// Who may be registered.
    pub(crate) accounts: AccountsConfig,
    /// IRC clients.
    pub(crate) irc: IrcConfig,
    /// Who administers, besides accounts that were made administrators.
    pub(crate) operators: Vec<Operator>,
    /// What is stored and shown again.
    pub(crate) history: HistoryConfig,
    /// What one connection may cost.
    pub(crate) limits: LimitsConfig,
    /// What is logged.
    pub(crate) log: LogConfig,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerConfig {
    /// What the server calls itself: one line, at least a character, up to 64 bytes.
    pub(crate) name: String,
    /// The message of the day: no control characters but LF and TAB.
    pub(crate) motd: Option<String>,
    /// Where people meet; none: they join by themselves.
    pub(crate) default_room: Option<RoomName>,
    /// From the announcement of a stop to the stop.
    pub(crate) shutdown_delay: Duration,
    /// How long a guest whose connection broke is waited for.
    pub(crate) resume_grace: Duration,
    /// Pages from which browsers may connect: `https://chat.example`; `*`: from all.
    pub(crate) origins: Vec<String>,
}

/// `[tls]`: files in PEM. Relative paths start where the daemon was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsConfig {
    /// The certificate, and behind it those that vouch for it.
    pub(crate) cert: Option<PathBuf>,
    /// Its private key.
    pub(crate) key: Option<PathBuf>,
}

/// `[line]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineConfig {
    style: StyleName,
    overrides: Overrides,
}

impl LineConfig {
    /// The style of listeners that choose none of their own, and what is changed of any style.
    pub(crate) fn style(&self) -> (StyleName, &Overrides) {
        (self.style, &self.overrides)
    }
}

/// `[rooms]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoomsConfig {
    /// Rooms that have a name, live or stored.
    pub(crate) max: u64,
    /// Rooms that one user is in.
    pub(crate) per_user_max: u64,
    /// With more members than that, a room tells how many come and go, and not who.
    pub(crate) quiet_presence: Option<u64>,
}

/// `[accounts]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountsConfig {
    /// Who makes accounts.
    pub(crate) registration: Registration,
    /// How many there may be.
    pub(crate) max: u64,
    /// What a password's hash costs.
    pub(crate) password_hash: HashCost,
    /// Characters that a new password has at least.
    pub(crate) password_length: u64,
}

/// Who makes accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    /// Every guest, of its name, and who is about to be one.
    #[default]
    Open,
    /// Every guest, of the name that it has.
    Guests,
    /// Administrators.
    Closed,
}

/// `[irc]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IrcConfig {
    /// What IRC clients give with PASS; none: nothing.
    pub(crate) password: Option<String>,
    /// Where clients that come without TLS are to come with it; none: they may go on as they are.
    pub(crate) sts_port: Option<u16>,
    /// For how long they are to remember that.
    pub(crate) sts_duration: Duration,
}

impl Default for IrcConfig {
    fn default() -> Self {
        let sts_duration = Duration::from_secs(5 * 60);
        Self { password: None, sts_port: None, sts_duration }
    }
}

/// `[[operator]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    /// The account that is an administrator.
    pub(crate) name: UserName,
    /// At each start the account is made with this password, or given it.
    pub(crate) password: Option<Password>,
}

/// `[history]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryConfig {
    /// When a message counts as stored.
    pub(crate) sync: Sync,
    /// Stored messages that a native or samovar-style client is shown on joining; at most
    /// [`PAGE_EVENTS_MAX`](chat_protocol::limits::PAGE_EVENTS_MAX).
    pub(crate) replay: u32,
    /// How much of every room is kept.
    pub(crate) keep: Keep,
    /// How much of these rooms is kept instead.
    pub(crate) rooms: Vec<(RoomName, Keep)>,
    /// How many days the key of a message is known after the message is taken away.
    pub(crate) key_days: u64,
}

impl HistoryConfig {
    /// How often it is looked for what is not to be kept any more: four times within the shortest
    /// age, once a minute at least, once a second at most.
    pub(crate) fn sweep_pause(&self) -> Duration {
        let ages = self.rooms.iter().map(|(_, keep)| keep).chain([&self.keep]);
        let shortest = ages.filter_map(|keep| keep.age).min().unwrap_or(SWEEP_PAUSE);
        (shortest / 4).clamp(Duration::from_secs(1), SWEEP_PAUSE)
    }
}

/// How much of a room is kept; `None` is `"off"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Nothing older.
    pub(crate) age: Option<Duration>,
    /// No more events than the last so many.
    pub(crate) events: Option<u64>,
}

/// When a message counts as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sync {
    /// When the disk has it: it survives a power loss.
    #[default]
    Always,
    /// When the operating system has it: it survives a crash of the daemon only.
    Os,
}

/// `[limits]`; `None` is `"off"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LimitsConfig {
    /// Rates, and limits of an address, hold.
    pub(crate) enabled: bool,
    /// Connections at a time.
    pub(crate) connections: Option<u64>,
    /// Connections at a time from one address.
    pub(crate) connections_per_address: Option<u64>,
    /// TLS handshakes at a time from one address.
    pub(crate) handshakes_per_address: Option<u64>,
    /// What one user says, and what is said from one address, a second.
    pub(crate) messages_per_second: Option<u64>,
    pub(crate) messages_per_second_per_address: Option<u64>,
    /// What one user asks for, and what is asked for from one address, a second.
    pub(crate) commands_per_second: Option<u64>,
    pub(crate) commands_per_second_per_address: Option<u64>,
    /// Pages of history and searches of one user, and of one address, a second.
    pub(crate) queries_per_second: Option<u64>,
    pub(crate) queries_per_second_per_address: Option<u64>,
    /// Rooms made by one user, and from one address, an hour.
    pub(crate) rooms_per_hour: Option<u64>,
    pub(crate) rooms_per_hour_per_address: Option<u64>,
    /// Wrong passwords for one account, and from one address, before the next has to wait.
    pub(crate) login_attempts: Option<u64>,
    pub(crate) login_attempts_per_address: Option<u64>,
    /// Accounts made from one address before the next has to wait.
    pub(crate) registrations_per_address: Option<u64>,
    /// How long a flood is only slowed, and how long until it ends.
    pub(crate) flood_refused: Option<Duration>,
    pub(crate) flood_closed: Option<Duration>,
    /// Who is not limited.
    pub(crate) exempt: Exempt,
    /// How long a native client may take for its hello.
    pub(crate) handshake: Option<Duration>,
    /// How long a person in line mode may take for a name.
    pub(crate) login: Option<Duration>,
    /// How long a peer may take not one byte of what is sent to it.
    pub(crate) write_stall: Option<Duration>,
}

/// Who is not limited in rates and per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exempt {
    /// Who comes from this machine by TCP.
    pub(crate) loopback: bool,
    /// Who comes by a Unix socket.
    pub(crate) unix: bool,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogConfig {
    /// A filter that [`telemetry`](crate::telemetry) takes.
    pub(crate) level: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![ListenUrl::default()],
            server: ServerConfig {
                name: "Samovar".to_owned(),
                motd: None,
                default_room: Some(RoomName::parse("lobby").expect("lobby is a room's name")),
                shutdown_delay: Duration::ZERO,
                resume_grace: Duration::from_secs(60),
                origins: Vec::new(),
            },
            tls: TlsConfig::default(),
            line: LineConfig::default(),
            rooms: RoomsConfig { max: 10_000, per_user_max: 1_000, quiet_presence: Some(500) },
            accounts: AccountsConfig {
                registration: Registration::Open,
                max: 100_000,
                password_hash: HashCost::default(),
                password_length: 8,
            },
            irc: IrcConfig::default(),
            operators: Vec::new(),
            history: HistoryConfig {
                sync: Sync::default(),
                replay: 20,
                keep: Keep::default(),
                rooms: Vec::new(),
                key_days: 30,
            },
            limits: LimitsConfig {
                enabled: true,
                connections: Some(20_000),
                connections_per_address: Some(256),
                handshakes_per_address: Some(32),
                messages_per_second: Some(20),
                messages_per_second_per_address: Some(200),
                commands_per_second: Some(50),
                commands_per_second_per_address: Some(500),
                queries_per_second: Some(10),
                queries_per_second_per_address: Some(100),
                rooms_per_hour: Some(60),
                rooms_per_hour_per_address: Some(600),
                login_attempts: Some(5),
                login_attempts_per_address: Some(10),
                registrations_per_address: Some(10),
                flood_refused: Some(Duration::from_secs(10)),
                flood_closed: Some(Duration::from_secs(30)),
                exempt: Exempt { loopback: true, unix: true },
                handshake: Some(Duration::from_secs(10)),
                login: Some(Duration::from_secs(2 * 60)),
                write_stall: Some(Duration::from_secs(5 * 60)),
            },
            log: LogConfig { level: "info".to_owned() },
        }
    }
}

/// Whether a running daemon that has `old` can go on with `new`.
///
/// # Errors
/// One line for every changed key that needs a restart; then nothing of `new` may be used.
pub(crate) fn reload_difference(old: &Config, new: &Config) -> Result<(), Vec<String>> {
    let refused: Vec<String> = keys::KEYS
        .iter()
        .filter(|key| key.applies == keys::Applies::AtStart && !(key.same)(old, new))
        .map(|key| format!("`{}` needs a restart", key.path))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

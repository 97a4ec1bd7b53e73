//! The one place that wires everything: start, reload, stop.

mod alone;
mod limits;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use chat_protocol::command::PROTOCOL_VERSION;
use chat_protocol::event::Welcome;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{Identity, JournalId, Password, Timestamp, UserName};
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::account::{AccountSettings, Accounts};
use crate::command::{Announcements, BannedAddresses, House, account, guest, stay};
use crate::config::{self, Config, Endpoint, Environment, Flags, ListenUrl, Protocol};
use crate::frontend::Frontends;
use crate::frontend::irc::{IrcSettings, Sts};
use crate::frontend::line::LineSettings;
use crate::frontend::line::style::Style;
use crate::journal::{self, Journal, JournalSettings, Keep, Retention, RoomId};
use crate::limits::{ADMIN_SOCKET, TLS_HANDSHAKES_MAX};
use crate::listener::{AddressLimits, Gate, Listener, Reception, Shares, Tls, Validity};
use crate::notify;
use crate::room::{Directory, RoomSettings};
use crate::session::{Stage, Stages, Surroundings};
use crate::signals::{Signal, Signals};
use crate::telemetry::LogHandle;
use crate::user::{Registry, Returns, Staying};
pub(crate) use alone::ask;
use limits::{address_limits, free_tries, session_limits};

/// How long sessions may take to finish when the daemon stops. Each has its own, shorter bounds.
const SESSIONS_END: Duration = Duration::from_secs(15);
/// How long rooms may take, once the sessions are gone.
const ROOMS_END: Duration = Duration::from_secs(5);

/// What the command line said.
pub(crate) struct Start {
    /// To be read again on a reload.
    pub(crate) flags: Flags,
    pub(crate) environment: Environment,
    pub(crate) directory: PathBuf,
    /// What it came to.
    pub(crate) config: Config,
    /// Its certificate.
    pub(crate) tls: Option<Tls>,
    /// Where the data is.
    pub(crate) data: PathBuf,
    /// To change the level.
    pub(crate) log: LogHandle,
}

/// A running daemon.
struct Daemon {
    start: Start,
    /// What commands work on.
    house: House,
    stage: Stages,
    gate: Arc<Gate>,
    address_limits: watch::Sender<AddressLimits>,
    tls: watch::Sender<Option<Tls>>,
    /// Connections, and TLS handshakes, of each address.
    connections: Arc<Shares>,
    shaking: Arc<Shares>,
    /// TLS handshakes at a time.
    handshakes: Arc<Semaphore>,
    /// What sessions begin with, one for each listener.
    surroundings: Vec<watch::Sender<Arc<Surroundings>>>,
    listeners: TaskTracker,
    sessions: TaskTracker,
    rooms: TaskTracker,
}

/// Runs until it is told to stop, or cannot go on.
///
/// # Errors
/// What made it impossible, with what to do about it.
pub(crate) async fn run(start: Start) -> anyhow::Result<()> {
    let mut signals = Signals::new().context("signals")?;
    raise_descriptor_limit(start.config.limits.connections);
    let mut daemon = Daemon::open(start).await?;
    let journal = daemon.house.journal.clone();
    let journal_fails = journal.failed();
    let result = tokio::select! {
        result = daemon.serve(&mut signals) => result,
        () = journal_fails => {
            // Unknown, not lost: no goodbye, no acknowledgement; clients retry at the next start.
            anyhow::bail!("the journal cannot store any more; see the error above")
        }
    };
    notify::stopping();
    daemon.stop(&mut signals).await;
    anyhow::ensure!(
        !journal.has_failed(),
        "the journal failed during the stop; see the error above"
    );
    result
}

impl Daemon {
    /// Opens the journal and the listeners; nothing is accepted before both are there.
    async fn open(start: Start) -> anyhow::Result<Self> {
        let config = &start.config;
        let settings = JournalSettings {
            directory: start.data.clone(),
            sync: match config.history.sync {
                config::Sync::Always => journal::Sync::Always,
                config::Sync::Os => journal::Sync::Os,
            },
            retention: Arc::new(retention(config)),
            rooms_max: config.rooms.max,
            clock: now,
        };
        let journal = tokio::task::spawn_blocking(move || Journal::open(&settings)).await??;
        tracing::info!(data = %start.data.display(), journal = %journal.id(), "journal open");
        let rooms = TaskTracker::new();
        let stage = Stages::new();
        let started = Instant::now();
        let mut daemon = Self {
            house: house(config, journal, &rooms, &stage, started)?,
            stage,
            gate: Arc::new(Gate::new(config.limits.connections)),
            address_limits: watch::Sender::new(address_limits(config)),
            connections: Arc::new(Shares::new(started)),
            shaking: Arc::new(Shares::new(started)),
            tls: watch::Sender::new(start.tls.clone()),
            handshakes: Arc::new(Semaphore::new(TLS_HANDSHAKES_MAX)),
            surroundings: Vec::new(),
            listeners: TaskTracker::new(),
            sessions: TaskTracker::new(),
            rooms,
            start,
        };
        let accounts = open(&daemon.house).await?;
        let operators = operators_of(&daemon.start.config.operators);
        account::set_operators(&daemon.house, operators).await;
        tracing::debug!(accounts, "registered");
        let guests = guest::park_stored(&daemon.house).await?;
        tracing::debug!(guests, "may come back");
        daemon.listen().await?;
        daemon.listen_for_administrators().await;
        let house = daemon.house.clone();
        let pause = daemon.start.config.history.sweep_pause();
        daemon.house.parkings.spawn(sweep(house, pause));
        let house = daemon.house.clone();
        daemon.house.parkings.spawn(account::keep_all_rooms(house));
        daemon.house.parkings.spawn(stay::enter_all(daemon.house.clone()));
        Ok(daemon)
    }

    async fn listen(&mut self) -> anyhow::Result<()> {
        let mut listeners = Vec::new();
        for url in &self.start.config.listen {
            let bound =
                Listener::bind(url).await.with_context(|| format!("cannot listen on {url}"))?;
            listeners.push(bound);
        }
        for listener in listeners {
            let url = listener.url().clone();
            self.accept(listener);
            tracing::info!(%url, "listening");
            say_how_to_reach(&url, &self.start.config);
        }
        Ok(())
    }

    /// The command line of the daemon's own user speaks to it there.
    async fn listen_for_administrators(&mut self) {
        let path = self.start.data.join(ADMIN_SOCKET);
        let bound = match ListenUrl::parse(&format!("unix:{}", path.display())) {
            Ok(url) => Listener::bind(&url).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match bound {
            Ok(listener) => {
                self.accept(listener);
                tracing::debug!(path = %path.display(), "administrators come in here");
            }
            Err(error) => tracing::warn!(
                path = %path.display(), %error,
                "no admin socket: chat-server account works only while the daemon is stopped"
            ),
        }
    }

    fn accept(&mut self, listener: Listener) {
        let around = surroundings(&self.start.config, &self.house, listener.url());
        let (sender, around) = watch::channel(Arc::new(around));
        self.surroundings.push(sender);
        let reception = Reception {
            around,
            stage: self.stage.reader(),
            gate: Arc::clone(&self.gate),
            limits: self.address_limits.subscribe(),
            connections: Arc::clone(&self.connections),
            shaking: Arc::clone(&self.shaking),
            tls: self.tls.subscribe(),
            handshakes: Arc::clone(&self.handshakes),
            sessions: self.sessions.clone(),
        };
        self.listeners.spawn(listener.serve(reception));
    }

    async fn serve(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        notify::ready();
        loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Stop => return Ok(()),
                    Signal::Reload => self.reload(),
                },
                () = watchdog_pause() => notify::ping(),
            }
        }
    }

    fn reload(&mut self) {
        notify::reloading();
        match self.take_new_configuration() {
            Ok(()) => tracing::info!("reloaded"),
            Err(error) => tracing::error!(
                error = %format_args!("{error:#}"),
                "not reloaded; the old configuration stays"
            ),
        }
        notify::ready();
    }

    /// All of it or nothing.
    fn take_new_configuration(&mut self) -> anyhow::Result<()> {
        let Start { flags, environment, directory, config, log, .. } = &mut self.start;
        let new = config::reload(config, flags, environment, directory)?.config;
        let tls = load_tls(&new)?;
        log.set_level(&new.log.level)?;
        // From here on nothing fails.
        *config = new;
        self.tls.send_replace(tls);
        self.gate.set_limit(config.limits.connections);
        self.address_limits.send_replace(address_limits(config));
        self.house.accounts.set_free_tries(free_tries(config));
        let (house, operators) = (self.house.clone(), operators_of(&config.operators));
        self.house.parkings.spawn(async move {
            account::set_operators(&house, operators).await;
        });
        for surroundings in &self.surroundings {
            surroundings.send_modify(|around| {
                let mut changed = (**around).clone();
                changed.limits = session_limits(config);
                changed.frontends.irc = Arc::new(IrcSettings {
                    sts: sts(config),
                    ..IrcSettings::clone(&changed.frontends.irc)
                });
                changed.origins = config.server.origins.clone().into();
                changed.welcome = Arc::new(welcome(config, self.house.journal.id()));
                *around = Arc::new(changed);
            });
        }
        Ok(())
    }

    /// Announces, lets sessions finish what was accepted, then the rooms, then the journal.
    async fn stop(self, signals: &mut Signals) {
        let delay = self.start.config.server.shutdown_delay;
        tracing::info!(delay_s = delay.as_secs(), "stopping");
        self.stage.begin(Stage::Leaving { in_seconds: delay.as_secs() });
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = stop_again(signals) => tracing::info!("not waiting"),
        }
        self.stage.begin(Stage::Stopping);
        wait(&self.listeners, ROOMS_END, "listeners").await;
        wait(&self.sessions, SESSIONS_END, "sessions").await;
        self.house.stopping.cancel();
        wait(&self.house.parkings, ROOMS_END, "guests that were waited for").await;
        drop(self.surroundings);
        self.house.directory.close();
        wait(&self.rooms, ROOMS_END, "rooms").await;
        self.house.journal.stop().await;
        tracing::info!("stopped");
    }
}

/// Takes up what is stored of who may come in.
async fn open(house: &House) -> anyhow::Result<usize> {
    house.banned_addresses.fill(house.journal.address_bans().await?);
    Ok(account::open(house).await?)
}

async fn wait(tasks: &TaskTracker, limit: Duration, what: &str) {
    tasks.close();
    if tokio::time::timeout(limit, tasks.wait()).await.is_err() {
        tracing::warn!(what, left = tasks.len(), "did not finish in time");
    }
}

async fn stop_again(signals: &mut Signals) {
    while signals.next().await != Signal::Stop {}
}

/// Waits half of the time after which systemd would give up on us, or for ever.
async fn watchdog_pause() {
    match notify::watchdog_interval() {
        Some(interval) => tokio::time::sleep(interval).await,
        None => std::future::pending().await,
    }
}

/// The certificate of a configuration, with a warning if its dates are wrong.
///
/// # Errors
/// The file, and what is wrong with it.
pub(crate) fn load_tls(config: &Config) -> anyhow::Result<Option<Tls>> {
    let tls = Tls::load(config, Duration::from_millis(now().0))?;
    let file = config.tls.cert.as_deref().unwrap_or(Path::new("")).display();
    match tls.as_ref().map(Tls::validity) {
        None | Some(Validity::Fine) => {}
        Some(Validity::EndsSoon { days }) => {
            tracing::warn!(cert = %file, days, "the certificate ends soon");
        }
        Some(Validity::Ended) => {
            tracing::warn!(cert = %file, "the certificate has ended: clients refuse it");
        }
        Some(Validity::NotYet) => {
            tracing::warn!(cert = %file, "the certificate is not valid yet: clients refuse it");
        }
    }
    Ok(tls)
}

fn house(
    config: &Config,
    journal: Journal,
    rooms: &TaskTracker,
    stage: &Stages,
    started: Instant,
) -> anyhow::Result<House> {
    let settings = RoomSettings {
        recent: replay_max(config),
        default_room: config.server.default_room.clone(),
        quiet: config
            .rooms
            .quiet_presence
            .map_or(usize::MAX, |quiet| usize::try_from(quiet).unwrap_or(usize::MAX)),
        clock: now,
    };
    let accounts = AccountSettings {
        registration_is_open: config.accounts.registration != config::Registration::Closed,
        max: config.accounts.max,
        cost: config.accounts.password_hash,
        password_length: config.accounts.password_length,
        free_tries: free_tries(config),
        clock: now,
    };
    let accounts = Accounts::new(accounts).map_err(|error| anyhow::anyhow!("accounts: {error}"))?;
    let stage = stage.clone();
    Ok(House {
        registry: Registry::default(),
        directory: Directory::new(journal.clone(), settings, rooms.clone()),
        journal,
        rooms_per_user_max: config.rooms.per_user_max,
        clock: now,
        identity: || Identity(Uuid::new_v4()),
        returns: Returns::default(),
        resume_grace: config.server.resume_grace,
        parkings: TaskTracker::new(),
        stopping: CancellationToken::new(),
        accounts,
        announcements: Announcements::new(move || stage.wake_all()),
        banned_addresses: BannedAddresses::default(),
        tally: Arc::default(),
        started,
        is_serving: true,
        server_name: config.server.name.as_str().into(),
        staying: Staying::default(),
    })
}

fn operators_of(operators: &[config::Operator]) -> Vec<(UserName, Option<Password>)> {
    operators.iter().map(|operator| (operator.name.clone(), operator.password.clone())).collect()
}

fn retention(config: &Config) -> Retention {
    let keep = |keep: &config::Keep| Keep { age: keep.age, events: keep.events };
    let history = &config.history;
    Retention {
        otherwise: keep(&history.keep),
        rooms: history.rooms.iter().map(|(room, own)| (room.clone(), keep(own))).collect(),
        keys: Duration::from_secs(history.key_days * 24 * 60 * 60),
    }
}

/// Takes away what is not to be kept, now and again and again.
async fn sweep(house: House, pause: Duration) {
    loop {
        let mut after = Some(RoomId(0));
        while let Some(behind) = after {
            let Ok(swept) = house.journal.sweep(behind).await else { return };
            let events = swept.pruned.len();
            if events > 0 {
                tracing::debug!(rooms = events, "took away what is not to be kept");
            }
            house.directory.pruned(swept.pruned).await;
            after = swept.next;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = house.stopping.cancelled() => return,
        }
    }
}

fn surroundings(config: &Config, house: &House, url: &ListenUrl) -> Surroundings {
    let (default_style, overrides) = config.line.style();
    let style = url.style.unwrap_or(default_style);
    Surroundings {
        house: house.clone(),
        frontends: Frontends {
            replay: config.history.replay,
            line: Arc::new(LineSettings {
                style: Style::new(style, overrides, config.history.replay),
                server_name: config.server.name.clone(),
                zone: TimeZone::system(),
            }),
            irc: Arc::new(irc_settings(config)),
        },
        welcome: Arc::new(welcome(config, house.journal.id())),
        default_room: config.server.default_room.clone(),
        origins: config.server.origins.clone().into(),
        limits: session_limits(config),
    }
}

/// Where IRC clients are to come with TLS.
fn sts(config: &Config) -> Option<Sts> {
    let config::IrcConfig { sts_port, sts_duration, .. } = &config.irc;
    sts_port.map(|port| Sts { port, duration_s: sts_duration.as_secs() })
}

fn irc_settings(config: &Config) -> IrcSettings {
    let registration = config.accounts.registration;
    IrcSettings {
        motd: config.server.motd.clone(),
        password: config.irc.password.clone(),
        registers: registration != config::Registration::Closed,
        registers_before: registration == config::Registration::Open,
        sts: sts(config),
        ..IrcSettings::new(&config.server.name, config.history.replay, TimeZone::system())
    }
}

fn welcome(config: &Config, journal: JournalId) -> Welcome {
    Welcome {
        v: PROTOCOL_VERSION,
        server: config.server.name.clone(),
        version: format!("chat-server {}", env!("CARGO_PKG_VERSION")),
        name: None,
        default_room: config.server.default_room.clone(),
        motd: config.server.motd.clone(),
        journal,
        token: None,
        account: false,
        account_name: None,
        resumed: false,
    }
}

/// The most that any front end shows on entering.
fn replay_max(config: &Config) -> u32 {
    let (_, overrides) = config.line.style();
    config.history.replay.max(overrides.replay.unwrap_or(0)).min(PAGE_EVENTS_MAX)
}

/// What a person types to come in.
fn say_how_to_reach(url: &ListenUrl, config: &Config) {
    let room = config.server.default_room.as_ref().map_or("lobby", |room| room.as_str());
    match &url.endpoint {
        Endpoint::Tcp { host, port } => {
            let host = match host.as_str() {
                "0.0.0.0" => "127.0.0.1",
                "::" => "::1",
                host => host,
            };
            let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let (plain, scheme) = match (url.protocol, url.tls) {
                (Protocol::Irc, is_encrypted) => {
                    let tls = if is_encrypted { " with TLS" } else { "" };
                    tracing::info!("come in with: an IRC client, at {host} port {port}{tls}");
                    return;
                }
                (Protocol::IrcWebSocket, is_encrypted) => {
                    let scheme = if is_encrypted { "wss" } else { "ws" };
                    tracing::info!("come in with: an IRC client, at {scheme}://{bracketed}:{port}");
                    return;
                }
                (Protocol::Auto | Protocol::Native | Protocol::Line, true) => {
                    (format!("openssl s_client -quiet -connect {bracketed}:{port}"), "tls://")
                }
                (Protocol::Auto | Protocol::Native | Protocol::Line, false) => {
                    (format!("nc {host} {port}"), "")
                }
            };
            tracing::info!("come in with: {plain}");
            tracing::info!(
                "          or: chat-client --server {scheme}{bracketed}:{port} --room {room}"
            );
        }
        Endpoint::Unix(path) => {
            let path = path.display();
            tracing::info!("come in with: chat-client --server unix:{path} --room {room}");
        }
    }
}

/// Every connection is a descriptor; the usual soft limit is 1,024.
fn raise_descriptor_limit(connections: Option<u64>) {
    let wanted = connections.unwrap_or(u64::MAX).saturating_add(64);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(got) if got < wanted && connections.is_some() => {
            tracing::info!(wanted, got, "fewer descriptors than connections allowed");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it was"),
    }
}

/// The time of day.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The current folder, where a configuration may be.
pub(crate) fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| Path::new(".").to_owned())
}

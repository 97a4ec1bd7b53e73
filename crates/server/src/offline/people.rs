//! Accounts from the command line: by the daemon's admin socket if it runs, on the data directory if
//! it does not; and what administrators did.

use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use bytes::BytesMut;
use chat_protocol::command::PROTOCOL_VERSION;
use chat_protocol::event::{AccountInfo, SuspensionInfo};
use chat_protocol::frame::{self, LENGTH_BYTES};
use chat_protocol::limits::SERVER_FRAME_BYTES_MAX;
use chat_protocol::{
    Command, Event, Hello, Identity, LineText, Moment, Password, Refusal, Request, RequestId,
    Timestamp, UserName,
};
use clap::Subcommand;
use serde::Serialize;
use uuid::Uuid;

use super::say;
use crate::account::{HashCost, Hasher};
use crate::journal::{
    self, Account, AccountChange, Changed, Deed, Journal, JournalError, JournalSettings, Keep,
    Retention, Suspension, Sync,
};
use crate::limits::{ADMIN_SOCKET, ADMIN_SOCKET_ANSWER};

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// List them
    List,
    /// Make one; its password is printed, or read from stdin
    Add {
        name: UserName,
        /// The first line of stdin is the password
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give one another password; its sessions and tokens end
    Reset {
        name: UserName,
        /// The first line of stdin is the password
        #[arg(long)]
        password_stdin: bool,
    },
    /// End its sessions and let it log in no more
    Suspend {
        name: UserName,
        /// So long: 2h, 3d; otherwise until unsuspend
        #[arg(long = "for", value_name = "TIME", value_parser = age)]
        for_s: Option<u64>,
        /// Its owner is told
        #[arg(value_parser = LineText::parse, default_value = "")]
        reason: LineText,
    },
    /// Let it log in again
    Unsuspend { name: UserName },
    /// Delete it: its sessions end, its name is free, what it said stays
    Delete {
        name: UserName,
        #[arg(value_parser = LineText::parse, default_value = "")]
        reason: LineText,
    },
    /// Make it an administrator
    Admin {
        name: UserName,
        /// No longer
        #[arg(long)]
        remove: bool,
    },
}

fn age(text: &str) -> Result<u64, String> {
    match Moment::parse_age(text) {
        Some(Moment::Ago { ms }) => Ok(ms.div_ceil(1_000)),
        Some(Moment::At(_)) | None => Err("a time is 90m, 2h or 3d".to_owned()),
    }
}

/// Does it, and says what came of it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the answers to these commands")]
pub(super) fn run(task: Task, data: &Path) -> anyhow::Result<ExitCode> {
    let (command, told) = command(task)?;
    let answer = match ask_the_daemon(&command, data)? {
        Some(answer) => answer,
        None => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(beside_no_daemon(command, data))?,
    };
    match answer {
        Event::AccountList { accounts, .. } => {
            for account in accounts {
                say(format_args!("{}", line(&account)))?;
            }
        }
        Event::Refused { text, .. } => {
            writeln!(io::stderr(), "chat-server: {text}").ok();
            return Ok(ExitCode::FAILURE);
        }
        _ => say(format_args!("{told}"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn line(account: &AccountInfo) -> String {
    let mut line = account.name.to_string();
    if account.administrator {
        line.push_str("  administrator");
    }
    if let Some(SuspensionInfo { until_ms, reason }) = account.suspended.clone() {
        line.push_str(&format!("  {}", Refusal::Suspended { until_ms, reason }));
    }
    line
}

/// What is asked for, and what is told when it is done.
fn command(task: Task) -> anyhow::Result<(Command, String)> {
    Ok(match task {
        Task::List => (Command::Accounts { after: None }, String::new()),
        Task::Add { name: user, password_stdin } => {
            let (password, told) = password(&user, password_stdin)?;
            (Command::AddAccount { user, password }, told)
        }
        Task::Reset { name: user, password_stdin } => {
            let (password, told) = password(&user, password_stdin)?;
            (Command::ResetPassword { user, password }, told)
        }
        Task::Suspend { name: user, for_s, reason } => {
            let told = format!("{user} is suspended");
            (Command::Suspend { user, for_s, reason }, told)
        }
        Task::Unsuspend { name: user } => {
            let told = format!("{user} may log in again");
            (Command::Unsuspend { user }, told)
        }
        Task::Delete { name: user, reason } => {
            let told = format!("{user} is deleted");
            (Command::DeleteAccount { user, reason }, told)
        }
        Task::Admin { name: user, remove } => {
            let told = if remove { "is no administrator any more" } else { "is an administrator" };
            let told = format!("{user} {told}");
            (Command::SetAdministrator { user, administrator: !remove }, told)
        }
    })
}

/// From stdin, or a random one that is told.
fn password(name: &UserName, from_stdin: bool) -> anyhow::Result<(Password, String)> {
    if from_stdin {
        let mut line = String::new();
        io::stdin().lock().take(1_024).read_line(&mut line).context("stdin")?;
        let password = Password::parse(line.trim_end_matches(['\n', '\r']))?;
        return Ok((password, format!("{name} has this password now")));
    }
    let random = Uuid::new_v4().simple().to_string();
    let told = format!("password of {name}, shown now and never again: {random}");
    Ok((Password::parse(&random)?, told))
}

/// None: no daemon runs here.
#[cfg(unix)]
#[expect(clippy::wildcard_enum_match_arm, reason = "all else is no answer")]
fn ask_the_daemon(command: &Command, data: &Path) -> anyhow::Result<Option<Event>> {
    use std::os::unix::net::UnixStream;

    let path = data.join(ADMIN_SOCKET);
    let mut stream = match UnixStream::connect(&path) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::InvalidInput
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    stream.set_read_timeout(Some(ADMIN_SOCKET_ANSWER))?;
    let mut out = BytesMut::new();
    frame::encode_hello(&Hello { v: PROTOCOL_VERSION, ..Hello::default() }, &mut out);
    let id = Some(RequestId(1));
    frame::encode_request(&Request { id, command: command.clone() }, &mut out);
    stream.write_all(&out)?;
    loop {
        let event = read_event(&mut stream).context("the daemon did not answer")?;
        let answered = match &event {
            Event::Done { id } | Event::AccountList { id, .. } => *id,
            Event::Refused { id: of, .. } => of.or(id),
            _ => None,
        };
        if answered == id {
            return Ok(Some(event));
        }
    }
}

#[cfg(not(unix))]
fn ask_the_daemon(_: &Command, _: &Path) -> anyhow::Result<Option<Event>> {
    Ok(None)
}

fn read_event(stream: &mut impl Read) -> anyhow::Result<Event> {
    let mut length = [0; LENGTH_BYTES];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length))?;
    anyhow::ensure!(length <= SERVER_FRAME_BYTES_MAX, "not a chat-server");
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(frame::decode_event(&frame)?)
}

/// The same on the data directory.
async fn beside_no_daemon(command: Command, data: &Path) -> anyhow::Result<Event> {
    let makes = matches!(command, Command::AddAccount { .. });
    if !makes && !journal::database(data).exists() {
        return Err(JournalError::Missing(journal::database(data)).into());
    }
    let settings = JournalSettings {
        directory: data.to_owned(),
        sync: Sync::Always,
        retention: Arc::new(Retention {
            otherwise: Keep { age: None, events: None },
            rooms: Default::default(),
            keys: Duration::ZERO,
        }),
        rooms_max: u64::MAX,
        clock: now,
    };
    let journal = match tokio::task::spawn_blocking(move || Journal::open(&settings)).await? {
        Err(JournalError::Locked(path)) => bail!(
            "a daemon uses {}, and its {ADMIN_SOCKET} does not answer: log in as an administrator \
             and use /suspend, /resetpassword or /accounts there",
            path.display()
        ),
        opened => opened?,
    };
    let done = change(&journal, command).await;
    journal.stop().await;
    done
}

async fn change(journal: &Journal, command: Command) -> anyhow::Result<Event> {
    let refused = |refusal| Ok(Event::refused(None, refusal));
    let accounts = journal.accounts().await?;
    if let Command::Accounts { .. } = command {
        let total = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
        let accounts = accounts.into_iter().map(info).collect();
        return Ok(Event::AccountList { id: None, accounts, total });
    }
    let Some((what, user, why)) = deed(&command) else { bail!("not a command for accounts") };
    let known = accounts.iter().find(|account| account.name == user);
    let identity = known.map(|account| account.identity);
    let Some(account) = identity.or(matches!(command, Command::AddAccount { .. }).then(random))
    else {
        return refused(Refusal::NoSuchAccount { name: user });
    };
    let hash = async |password| {
        let hasher = Hasher::new(HashCost::default()).map_err(anyhow::Error::msg)?;
        hasher.hash(password).await.map_err(|refusal| anyhow::anyhow!("{refusal}"))
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "deed() knows only these")]
    let mut changes = match command {
        Command::AddAccount { password, .. } => {
            let password = hash(password).await?;
            let (name, created) = (user.clone(), now());
            let (is_administrator, suspension) = (false, None);
            let account = Account {
                identity: account,
                name,
                created,
                is_administrator,
                suspension,
                stays: false,
            };
            vec![AccountChange::Add { account, password, accounts_max: u64::MAX }]
        }
        Command::ResetPassword { password, .. } => vec![
            AccountChange::SetPassword { account, password: hash(password).await? },
            AccountChange::RevokeAll { account },
        ],
        Command::Suspend { for_s, reason: why, .. } => {
            let until = for_s.map(|s| Timestamp(now().0.saturating_add(s.saturating_mul(1_000))));
            let suspension = Some(Suspension { until, why });
            vec![
                AccountChange::Suspend { account, suspension },
                AccountChange::ForgetSessions { account, but: None },
            ]
        }
        Command::Unsuspend { .. } => vec![AccountChange::Suspend { account, suspension: None }],
        Command::DeleteAccount { .. } => vec![AccountChange::Delete { account }],
        Command::SetAdministrator { administrator: is_administrator, .. } => {
            vec![AccountChange::SetAdministrator { account, is_administrator }]
        }
        _ => bail!("not a command for accounts"),
    };
    changes.push(AccountChange::Record(Deed {
        time: Timestamp(0),
        who: "operator".to_owned(),
        what: what.to_owned(),
        whom: user.to_string(),
        why,
    }));
    match journal.change(changes).await? {
        Changed::Done => Ok(Event::Done { id: None }),
        Changed::Taken => refused(Refusal::NameRegistered { name: user }),
        Changed::Missing => refused(Refusal::NoSuchAccount { name: user }),
        Changed::DiskFull => refused(Refusal::DiskFull),
        Changed::Full => refused(Refusal::Unavailable),
    }
}

/// What it is called, whom it is done to, and why.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are not for the command line")]
fn deed(command: &Command) -> Option<(&'static str, UserName, String)> {
    Some(match command {
        Command::AddAccount { user, .. } => ("add account", user.clone(), String::new()),
        Command::ResetPassword { user, .. } => ("reset password", user.clone(), String::new()),
        Command::Suspend { user, reason, .. } => ("suspend", user.clone(), reason.to_string()),
        Command::Unsuspend { user } => ("unsuspend", user.clone(), String::new()),
        Command::DeleteAccount { user, reason } => {
            ("delete account", user.clone(), reason.to_string())
        }
        Command::SetAdministrator { user, administrator: true } => {
            ("make administrator", user.clone(), String::new())
        }
        Command::SetAdministrator { user, .. } => {
            ("administrator no more", user.clone(), String::new())
        }
        _ => return None,
    })
}

fn info(account: Account) -> AccountInfo {
    let suspension = account.suspension;
    AccountInfo {
        name: account.name,
        created_ms: account.created,
        administrator: account.is_administrator,
        suspended: suspension
            .filter(|suspension| suspension.until.is_none_or(|until| now() < until))
            .map(|Suspension { until, why }| SuspensionInfo { until_ms: until, reason: why }),
    }
}

/// Prints what administrators did.
pub(super) fn audit(data: &Path, json: bool) -> anyhow::Result<ExitCode> {
    #[derive(Serialize)]
    struct Line<'a> {
        v: u32,
        time: String,
        who: &'a str,
        what: &'a str,
        whom: &'a str,
        why: &'a str,
    }
    journal::audit(data, |deed| -> anyhow::Result<()> {
        let Deed { time, who, what, whom, why } = &deed;
        let time = jiff::Timestamp::from_millisecond(i64::try_from(time.0)?)?;
        let time = format!("{time:.3}");
        if json {
            let line = Line { v: 1, time, who, what, whom, why };
            return say(format_args!("{}", serde_json::to_string(&line)?));
        }
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let whom = if whom.is_empty() { String::new() } else { format!(" {whom}") };
        say(format_args!("{time}  {who}  {what}{whom}{why}"))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn random() -> Identity {
    Identity(Uuid::new_v4())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

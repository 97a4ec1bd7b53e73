//! Accounts from the command line, and what administrators did.

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use chat_protocol::event::{AccountInfo, SuspensionInfo};
use chat_protocol::limits::LIST_ENTRIES_MAX;
use chat_protocol::{Command, Event, LineText, Moment, Password, Refusal, UserName};
use clap::Subcommand;
use serde::Serialize;
use uuid::Uuid;

use super::administration::{Administration, refused};
use super::say;
use crate::journal::{self, Deed};

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
    /// Give one another password; its sessions, tokens and certificates end
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

pub(super) fn age(text: &str) -> Result<u64, String> {
    match Moment::parse_age(text) {
        Some(Moment::Ago { ms }) => Ok(ms.div_ceil(1_000)),
        Some(Moment::At(_)) | None => Err("a time is 90m, 2h or 3d".to_owned()),
    }
}

/// Does it, and says what came of it.
pub(super) fn run(task: Task, administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    if let Task::List = task {
        return list(administration);
    }
    let (command, told) = command(task)?;
    administration.tell(command, &told)
}

/// All of them, page by page.
fn list(administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    let mut after = None;
    loop {
        let answer = administration.ask(Command::Accounts { after })?;
        let Event::AccountList { accounts, .. } = answer else { return refused(&answer) };
        for account in &accounts {
            say(format_args!("{}", line(account)))?;
        }
        let Some(last) = accounts.last().filter(|_| accounts.len() >= LIST_ENTRIES_MAX) else {
            return Ok(ExitCode::SUCCESS);
        };
        after = Some(last.name.clone());
    }
}

fn line(account: &AccountInfo) -> String {
    let mut line = account.name.to_string();
    if account.administrator {
        line.push_str("  administrator");
    }
    if let Some(SuspensionInfo { until_ms, reason }) = account.suspended.clone() {
        line.push_str(&format!("  {}", Refusal::Suspended { until_ms, reason }));
    }
    for fingerprint in &account.certificates {
        line.push_str(&format!("\n  certificate {fingerprint}"));
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

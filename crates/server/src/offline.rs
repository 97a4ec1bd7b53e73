//! The commands that work on the data directory beside the daemon, whether it runs or not: backup,
//! export, verify, status, account, room, ban, audit. Owns their options and what they print.

mod addresses;
mod administration;
mod people;
mod rooms;
mod status;
mod transcript;

use std::fs::OpenOptions;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use chat_protocol::{RoomName, Timestamp};
use clap::{Args, Subcommand};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

use self::administration::{Administration, Alone};
use self::transcript::{Format, Transcript};
use crate::journal::{self, BackupError, JournalError, Selection};

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Copy all data to FILE, also while the daemon runs
    ///
    /// The copy is as the data is at one moment. It is written beside FILE, checked, put on disk,
    /// and only then called FILE. To restore it, stop the daemon and put FILE as journal.sqlite
    /// into an empty data directory; clients notice that this is another history.
    Backup {
        /// Where to; it must not exist
        file: PathBuf,
        /// Replace FILE, once the copy is whole
        #[arg(long)]
        force: bool,
    },
    /// Print what was said, room by room, also while the daemon runs
    ///
    /// TIME is 2026-11-20T08:00:00Z, or 2026-11-20 and '2026-11-20 08:00' in this machine's time, or
    /// a span before now: 1h, 2d. A message or a room that is damaged ends it with an error; nothing
    /// is left out silently.
    Export(ExportOptions),
    /// List, make, suspend, delete accounts, with or without a running daemon
    #[command(subcommand)]
    Account(people::Task),
    /// Say how the daemon is: sessions, users, rooms, the journal, limits that have hit
    ///
    /// Exit code 0: it runs; 1: it does not, and this is what its data directory has.
    Status {
        /// As one object
        #[arg(long)]
        json: bool,
    },
    /// List rooms, show, change, give away, close them, with or without a running daemon
    #[command(subcommand)]
    Room(rooms::Task),
    /// Ban addresses and networks, with or without a running daemon
    #[command(subcommand)]
    Ban(addresses::Task),
    /// Print what administrators did: when, who, what, to whom, why
    Audit {
        /// An object a line
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with the data, also while the daemon runs
    ///
    /// Reads all of it: the database's structure and shape, that each room's messages are there
    /// from the first to the last and in the order of time, keys, names and texts. Prints a line for
    /// everything that is wrong, and changes nothing. Exit code 0: nothing is wrong; 1: something is.
    Verify {
        /// A backup to look at instead of the data directory
        file: Option<PathBuf>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ExportOptions {
    /// This room only; may be repeated
    #[arg(long, value_name = "ROOM")]
    room: Vec<RoomName>,
    /// Direct messages too; without it nobody's are shown
    #[arg(long)]
    direct: bool,
    /// From this time on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// JSON: an object a line, times in UTC; text: lines to read, in this machine's time
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write to a new file instead of stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// What made it impossible; [`exit_code`] has its exit code.
pub(crate) fn run(task: Task, data: &Path, alone: Alone) -> anyhow::Result<ExitCode> {
    let administration = &Administration { data, alone };
    match task {
        Task::Backup { file, force } => {
            let bytes = journal::backup(data, &file, force)?;
            say(format_args!("{}: {bytes} bytes, checked", file.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Export(options) => export(options, data),
        Task::Status { json } => status::run(json, administration),
        Task::Account(task) => people::run(task, administration),
        Task::Room(task) => rooms::run(task, administration),
        Task::Ban(task) => addresses::run(task, administration),
        Task::Audit { json } => people::audit(data, json),
        Task::Verify { file } => verify(&file.unwrap_or_else(|| journal::database(data))),
    }
}

/// 2 for what is not there, 1 for all else.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    let journal = match error.downcast_ref() {
        Some(BackupError::Journal(error)) => Some(error),
        Some(_) | None => error.downcast_ref(),
    };
    match journal {
        Some(JournalError::Missing(_) | JournalError::NoSuchRoom(_)) => 2,
        Some(_) | None => 1,
    }
}

fn export(options: ExportOptions, data: &Path) -> anyhow::Result<ExitCode> {
    let ExportOptions { room: rooms, direct, since, until, format, output } = options;
    let selection = Selection { rooms, direct, since, until };
    let transcript = |out| Transcript::new(format, TimeZone::system(), out);
    let Some(path) = output else {
        let out = &mut BufWriter::with_capacity(64 * 1_024, io::stdout().lock());
        return match export_to(data, &selection, transcript(out)) {
            // The reader has enough.
            Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error),
            Ok(()) => Ok(ExitCode::SUCCESS),
        };
    };
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)] // what people said is for the operator alone
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let file = new.open(&path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut out = BufWriter::with_capacity(64 * 1_024, &file);
    export_to(data, &selection, transcript(&mut out))
        .and_then(|()| file.sync_all().context("cannot write the export"))
        .with_context(|| format!("{} is not complete", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn export_to(
    data: &Path,
    selection: &Selection,
    mut transcript: Transcript<'_>,
) -> anyhow::Result<()> {
    journal::export(data, selection, |place, entry| -> anyhow::Result<()> {
        transcript.add(place, entry).context("cannot write the export")
    })?;
    transcript.finish().context("cannot write the export")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn verify(database: &Path) -> anyhow::Result<ExitCode> {
    let report = journal::verify(database)?;
    for finding in &report.findings {
        say(format_args!("{finding}"))?;
    }
    let shown = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.findings_total > shown {
        say(format_args!("and {} more", report.findings_total - shown))?;
    }
    if report.findings_total > 0 {
        return Ok(ExitCode::FAILURE);
    }
    let (rooms, messages) = (report.rooms, report.messages);
    say(format_args!("{}: fine, {rooms} rooms, {messages} messages", database.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// A line on stdout. A reader that has gone away does not make anything wrong.
fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A time, a date or local time, or a span before now.
fn moment(text: &str) -> Result<Timestamp, String> {
    let time = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| {
            let local: DateTime = text.parse()?;
            local.to_zoned(TimeZone::system()).map(|time| time.timestamp())
        })
        .or_else(|_| {
            let span: Span = text.parse()?;
            Zoned::now().checked_sub(span.abs()).map(|time| time.timestamp())
        })
        .map_err(|_: jiff::Error| {
            "neither a time (2026-11-20T08:00:00Z, 2026-11-20) nor a span (1h, 2d)".to_owned()
        })?;
    // Nothing was said before 1970.
    Ok(Timestamp(u64::try_from(time.as_millisecond()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_place_is_wrong_usage() {
        let missing = || JournalError::Missing("d".into());
        assert_eq!(exit_code(&missing().into()), 2);
        assert_eq!(exit_code(&BackupError::from(missing()).into()), 2);
        let damaged = || JournalError::Damaged("x".to_owned());
        assert_eq!(exit_code(&anyhow::Error::from(damaged()).context("copying")), 1);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(Timestamp(1_000)));
        assert!(moment("1h").unwrap() > moment("2d").unwrap());
        assert!(moment("2026-11-20").unwrap() < moment("2026-11-20 08:00").unwrap());
        assert_eq!(moment("1960-01-01"), Ok(Timestamp(0)));
        assert!(moment("yesterday").is_err());
    }
}

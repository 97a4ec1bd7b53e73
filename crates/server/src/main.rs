//! `chat-server`: Samovar's daemon. This file is its command line, nothing else.

mod account;
mod certificate;
mod command;
mod config;
mod daemon;
mod frontend;
mod journal;
mod limits;
mod listener;
#[path = "../../client/src/manual.rs"]
mod manual;
mod notify;
mod offline;
mod policy;
mod rate;
mod room;
mod session;
mod signals;
mod tally;
mod telemetry;
mod user;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use config::{Environment, Flags, ListenUrl};
use daemon::Start;

const EXAMPLES: &str = "\
Examples:
  chat-server                                          this machine only
  chat-server --listen auto://0.0.0.0:5005             the whole network
  chat-server --listen 'line://0.0.0.0:2323?style=talker' --listen unix:/tmp/chat.sock
  chat-server --listen line+tls://0.0.0.0:992          encrypted; auto:// is if there is a [tls]
  chat-server cert --name chat.lan                     makes a certificate for that
  chat-server --config team.toml check                 is this configuration fine?
  chat-server backup /backup/chat.sqlite               a copy, while the daemon runs
  chat-server account add ana                          make an account, while it runs or not
  chat-server ban add 192.0.2.0/24 --for 2h spam       nobody comes in from there
  chat-server status                                   who is in, how large it is, which limits hit
  chat-server export --room ops --since 1d --format text";

const NOTES: &str = "\
Signals: SIGTERM and SIGINT stop it (accepted messages are stored, exit 0); SIGHUP reads
[limits], [tls] with its files, operator, server.motd and log.level again.

Exit codes: 0 stopped as asked, 1 could not start or go on (verify: something is wrong), 2 wrong
usage or configuration; status: 1 if it does not run.";

/// A chat daemon: many rooms, any client, nothing lost.
///
/// Listens on auto://127.0.0.1:5005 until it is told otherwise. Come in with:
///   nc 127.0.0.1 5005
///   chat-client --room lobby
#[derive(Debug, Parser)]
#[command(
    version,
    verbatim_doc_comment,
    after_help = format!("{EXAMPLES}\n\n{NOTES}")
)]
struct Arguments {
    /// Configuration file (otherwise ./chat-server.toml, the user's, /etc/chat-server/)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to accept: auto://, native://, line://, irc:// or irc+ws:// with ADDR:PORT (auto+tls://… encrypted), or
    /// unix:PATH; may be repeated
    #[arg(long, global = true, value_name = "URL")]
    listen: Vec<ListenUrl>,
    /// Where the data is (otherwise $STATE_DIRECTORY, $XDG_STATE_HOME/chat-server)
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Say whether the configuration is fine, and start nothing
    Check,
    /// Make a certificate and its key, for a network where nobody gives you one
    ///
    /// Writes server.crt and server.key, prints the fingerprint and what to configure. Nobody but you
    /// vouches for it: clients are told to believe it, by --tls-pin or --tls-ca. A server with a name
    /// on the Internet has a better one for free, from a certificate authority.
    Cert(certificate::Options),
    /// Print a completion script for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write this and those of the subcommands into DIR
    Man {
        /// Where to write them
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    #[command(flatten)]
    Offline(offline::Task),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Task::Cert(options)) = arguments.task {
        return match certificate::run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&format_args!("{error:#}"), 1),
        };
    }
    match &arguments.task {
        Some(Task::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "chat-server", &mut script);
            drop(std::io::stdout().lock().write_all(&script));
            return ExitCode::SUCCESS;
        }
        Some(Task::Man { folder }) => {
            let sections = [("EXAMPLES", EXAMPLES), ("NOTES", NOTES)];
            return match manual::write(Arguments::command(), &sections, folder.as_deref()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&format_args!("cannot write the manual page: {error}"), 1),
            };
        }
        Some(Task::Check | Task::Cert(_) | Task::Offline(_)) | None => {}
    }
    let environment = Environment::of_process();
    let data = arguments.data.or_else(|| environment.get("CHAT_SERVER_DATA").map(PathBuf::from));
    if let Some(Task::Offline(task)) = arguments.task {
        return beside_the_daemon(task, data.as_deref(), &environment);
    }
    let flags = Flags { config: arguments.config, listen: arguments.listen };
    let directory = daemon::current_directory();
    let loaded = match config::load(&flags, &environment, &directory) {
        Ok(loaded) => loaded,
        Err(error) => return complain(&error, 2),
    };
    if let Some(Task::Check) = arguments.task {
        if let Err(error) = daemon::load_tls(&loaded.config) {
            return complain(&format_args!("{error:#}"), 2);
        }
        let source =
            loaded.source.map_or("the default".to_owned(), |path| path.display().to_string());
        // A reader that has gone away does not make the configuration wrong.
        drop(writeln!(std::io::stdout(), "configuration is fine: {source}"));
        return ExitCode::SUCCESS;
    }
    let data = match config::data_dir(data.as_deref(), &environment) {
        Ok(data) => data,
        Err(error) => return complain(&error, 2),
    };
    let log = match telemetry::start(&loaded.config.log.level) {
        Ok(log) => log,
        Err(error) => return complain(&error, 2),
    };
    match &loaded.source {
        Some(path) => tracing::info!(config = %path.display(), "configuration read"),
        None => tracing::info!("no configuration file; defaults"),
    }
    let tls = match daemon::load_tls(&loaded.config) {
        Ok(tls) => tls,
        Err(error) => return complain(&format_args!("{error:#}"), 2),
    };
    let start = Start { flags, environment, directory, config: loaded.config, tls, data, log };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error, 1),
    };
    match runtime.block_on(daemon::run(start)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("{error:#}"), 1),
    }
}

/// No configuration is read: a backup does not depend on one.
fn beside_the_daemon(
    task: offline::Task,
    data: Option<&Path>,
    environment: &Environment,
) -> ExitCode {
    let data = match config::data_dir(data, environment) {
        Ok(data) => data,
        Err(error) => return complain(&error, 2),
    };
    match offline::run(task, &data, daemon::ask) {
        Ok(code) => code,
        Err(error) => complain(&format_args!("{error:#}"), offline::exit_code(&error)),
    }
}

/// To stderr, where the log is.
fn complain(error: &impl std::fmt::Display, code: u8) -> ExitCode {
    drop(writeln!(std::io::stderr(), "chat-server: {error}"));
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_a_subcommand() {
        for line in [
            "chat-server --data d export --room ops --since 1h",
            "chat-server export --room ops --since 1h --data d",
        ] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(arguments.data, Some(PathBuf::from("d")));
            assert!(matches!(arguments.task, Some(Task::Offline(offline::Task::Export(_)))));
        }
    }
}

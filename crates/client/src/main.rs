//! `chat-client`: chat from a terminal, a pipe or a script.
//!
//! Owns the course of the program: settings, the subcommand, signals, the exit code. What is
//! said on the wire is the library's.

mod advice;
mod cli;
mod config;
mod credential;
mod exit;
mod first_sight;
mod history;
mod input;
mod interactive;
mod json;
mod lines;
mod lists;
mod look;
mod manual;
mod meant;
mod output;
mod printer;
mod sanitise;
mod search;
mod send;
mod signals;
mod spawn;
mod state;
mod status;
mod ui;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use chat_client::{Connection, Options};
use clap::{CommandFactory, Parser};
use tokio::sync::mpsc;

use crate::cli::{Cli, CliCommand, CliOptions};
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::first_sight::FirstSight;
use crate::input::Typed;
use crate::interactive::{Names, TerminalMode};
use crate::lines::{Lines, Manner};
use crate::output::{Form, Output};
use crate::printer::{Printer, Screen};

/// How long what is printed may take after a signal or a timeout.
const LAST_WORDS_MAX: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help_or_error) => {
            // Nobody is left to tell that nobody listens.
            help_or_error.print().ok();
            return match help_or_error.exit_code() {
                0 => Exit::Ok.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    if let Some(CliCommand::Completions { shell }) = cli.subcommand {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "chat-client", &mut script);
        io::stdout().lock().write_all(&script).ok();
        return Exit::Ok.into();
    }
    if let Some(CliCommand::Man { folder }) = &cli.subcommand {
        let sections = [("EXAMPLES", cli::EXAMPLES), ("NOTES", cli::NOTES)];
        return match manual::write(Cli::command(), &sections, folder.as_deref()) {
            Ok(()) => Exit::Ok.into(),
            Err(error) => {
                writeln!(io::stderr(), "cannot write the manual page: {error}").ok();
                Exit::Internal.into()
            }
        };
    }
    let server = cli.options.server.clone().unwrap_or_default().address();
    let outcome = Settings::resolve(&cli.options).map_err(|error| (error, server));
    let outcome = outcome.and_then(|settings| {
        let server = settings.server.clone();
        on_a_runtime(cli, settings).map_err(|error| (error, server))
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err((error, server)) => {
            let (exit, sentence) = Failure::of(&error, &server);
            if !sentence.is_empty() {
                writeln!(io::stderr(), "{sentence}").ok();
            }
            exit.into()
        }
    }
}

fn on_a_runtime(cli: Cli, settings: Settings) -> anyhow::Result<Exit> {
    // The connection has a thread of its own, beside this one.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let outcome = runtime.block_on(Box::pin(course(cli, settings)));
    // A read of a terminal or a file that hangs must not keep the program.
    runtime.shutdown_background();
    outcome
}

/// The program, until it is done, asked to stop, or out of time.
async fn course(cli: Cli, settings: Settings) -> anyhow::Result<Exit> {
    let time_is_up = async {
        match cli.options.timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let mut held = Held::default();
    let outcome = tokio::select! {
        outcome = Box::pin(work(&cli, settings, &mut held)) => outcome,
        exit = signals::asked_to_stop() => Ok(exit),
        () = time_is_up => Ok(Exit::Timeout),
    };
    if let Some(connection) = held.connection {
        // Or else the server would keep our name for a while.
        tokio::time::timeout(LAST_WORDS_MAX, connection.quit()).await.ok();
    }
    if let Some(server) = held.server {
        server.stop().await?;
    }
    outcome
}

/// What is ended in order, however the work ends.
#[derive(Default)]
struct Held {
    server: Option<spawn::SpawnedServer>,
    connection: Option<Connection>,
}

async fn work(cli: &Cli, settings: Settings, held: &mut Held) -> anyhow::Result<Exit> {
    let options = &cli.options;
    if options.spawn {
        held.server = spawn::unless_one_answers(&settings.server).await?;
    }
    match &cli.subcommand {
        None => talk(options, settings, held).await,
        Some(CliCommand::Send { text, lines }) => send(options, settings, text, *lines, held).await,
        Some(CliCommand::Register { account }) => {
            credential::register(options, &settings.server, account.clone()).await
        }
        Some(CliCommand::Login { account }) => {
            credential::login(options, &settings.server, account.clone()).await
        }
        Some(CliCommand::Logout) => credential::logout(&settings.server).await,
        Some(subcommand) => look::look(options, settings, subcommand).await,
    }
}

pub(crate) const fn form(options: &CliOptions) -> Form {
    match (options.json, options.events) {
        (false, _) => Form::Text,
        (true, false) => Form::Json,
        (true, true) => Form::JsonEvents,
    }
}

/// Talks in rooms: on the whole screen of a terminal, or line by line.
async fn talk(options: &CliOptions, settings: Settings, held: &mut Held) -> anyhow::Result<Exit> {
    if has_screen(options) {
        return screen(settings, held).await;
    }
    let sight = FirstSight::before(&settings.server);
    let connection = Connection::open(Options::new(settings.server, settings.naming)).await?;
    sight.tell();
    let connection = held.connection.insert(connection);
    let desk = Desk::open(options)?;
    let manner = Manner {
        commands: !options.no_input && io::stdin().is_terminal(),
        silent: false,
        follow: options.follow || options.no_input,
        drain: options.drain,
        names: desk.names,
    };
    let output = Output {
        form: form(options),
        here: None,
        shows_replay: io::stdin().is_terminal() && io::stdout().is_terminal(),
    };
    let mut printer = desk.printer;
    let lines = Lines::new(manner, output, &mut printer, desk.typed, settings.rooms);
    let outcome = lines.run(connection).await;
    finish(printer, outcome).await
}

/// A terminal on both ends that can place a cursor, and nobody who wants lines.
fn has_screen(options: &CliOptions) -> bool {
    let both = io::stdin().is_terminal() && io::stdout().is_terminal();
    both && !is_dumb() && !options.plain && !options.no_input && !options.json
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// Saved however the screen ends; without the file only comfort is lost.
struct Remembered {
    address: String,
    memory: Option<ui::Memory>,
}

impl Drop for Remembered {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            state::save(&self.address, memory).ok();
        }
    }
}

/// Talks on the whole screen.
async fn screen(settings: Settings, held: &mut Held) -> anyhow::Result<Exit> {
    let address = settings.server.to_string();
    let talk = |text: &str| {
        // Nobody is left to tell that nobody listens.
        write!(io::stderr(), "{text}").and_then(|()| io::stderr().flush()).ok();
    };
    talk(&format!("connecting to {address} … "));
    let sight = FirstSight::before(&settings.server);
    let connection = Connection::open(Options::new(settings.server, settings.naming)).await;
    talk(if connection.is_ok() { "ok\n" } else { "\n" });
    sight.tell();
    let connection = held.connection.insert(connection?);
    let start = ui::Start {
        rooms: settings.rooms,
        name_from: settings.name_from,
        settings: settings.screen,
        keys: settings.keys,
        zone: jiff::tz::TimeZone::system(),
        memory: state::load(&address),
        address: address.clone(),
    };
    let mut remembered = Remembered { address, memory: None };
    Box::pin(ui::run(connection, start, &mut remembered.memory)).await
}

/// Where is read from and printed to.
struct Desk {
    typed: Option<mpsc::Receiver<Typed>>,
    printer: Printer,
    names: Names,
    /// Restores the terminal in the end.
    _mode: Option<TerminalMode>,
}

impl Desk {
    fn open(options: &CliOptions) -> anyhow::Result<Self> {
        let both = io::stdin().is_terminal() && io::stdout().is_terminal();
        if both && !is_dumb() && !options.no_input {
            let terminal = interactive::start()?;
            return Ok(Self {
                typed: Some(terminal.typed),
                printer: Printer::start(Screen::Editor(terminal.printer))?,
                names: terminal.names,
                _mode: Some(terminal.mode),
            });
        }
        Ok(Self {
            typed: (!options.no_input).then(input::read_stdin).transpose()?,
            printer: Printer::start(Screen::Streams)?,
            names: Names::default(),
            _mode: None,
        })
    }
}

/// Sends, waits for the acknowledgement, and leaves.
async fn send(
    options: &CliOptions,
    settings: Settings,
    text: &[String],
    lines: bool,
    held: &mut Held,
) -> anyhow::Result<Exit> {
    if send::waits_for_a_person(text, options.no_input) {
        writeln!(io::stderr(), "Type the message; Ctrl-D sends it.").ok();
    }
    let typed = send::input(text, lines, options.no_input).await?;
    let sight = FirstSight::before(&settings.server);
    let connection = Connection::open(Options::new(settings.server, settings.naming)).await?;
    sight.tell();
    let connection = held.connection.insert(connection);
    let manner = Manner {
        commands: false,
        silent: true,
        follow: false,
        drain: options.drain,
        names: Names::default(),
    };
    let output = Output { form: Form::Text, here: None, shows_replay: false };
    let mut printer = Printer::start(Screen::Streams)?;
    let lines = Lines::new(manner, output, &mut printer, Some(typed), settings.rooms);
    let outcome = lines.run(connection).await;
    finish(printer, outcome).await
}

/// Waits until all is printed; after a failure not for long.
pub(crate) async fn finish(
    printer: Printer,
    outcome: anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    match outcome {
        Ok(exit) => printer.finish().await.map(|()| exit),
        Err(error) => {
            tokio::time::timeout(LAST_WORDS_MAX, printer.finish()).await.ok();
            Err(error)
        }
    }
}

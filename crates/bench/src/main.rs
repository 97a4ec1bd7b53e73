//! `chat-bench`: a load generator for chat servers. This file runs what the command line asks for,
//! and makes an exit code of it.

mod cost;
mod crowd;
mod ear;
mod error;
mod kernel;
mod marker;
mod options;
mod progress;
mod protocol;
mod report;
mod scenario;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use options::{Options, Task};

fn main() -> ExitCode {
    let Options { common, task } = Options::parse();
    let scenario = match task {
        Task::Scenario(scenario) => scenario,
        Task::Kernel(kernel) => {
            return match kernel::serve(&kernel) {
                Ok(never) => match never {},
                Err(error) => complain(&error, 3),
            };
        }
    };
    match scenario::run(&scenario, &common) {
        Ok(report) => {
            let shown = if common.json { report.json() } else { report.to_string() };
            // A reader that has gone away does not make the measurement wrong.
            drop(writeln!(std::io::stdout(), "{shown}"));
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => complain(&error, error.exit_code()),
    }
}

fn complain(error: &impl Display, code: u8) -> ExitCode {
    drop(writeln!(std::io::stderr(), "chat-bench: {error}"));
    ExitCode::from(code)
}

//! `chat-server ban`: addresses from which nobody comes in.

use std::process::ExitCode;

use chat_protocol::administration::AddressBan;
use chat_protocol::moment::in_utc;
use chat_protocol::{Command, Event, LineText, Network};
use clap::Subcommand;

use super::administration::{Administration, refused};
use super::people::age;
use super::say;
use super::status::print_json;

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// List them
    List {
        /// An object a line
        #[arg(long)]
        json: bool,
    },
    /// Let nobody in from an address (192.0.2.7) or a network (192.0.2.0/24); sessions from there end
    Add {
        network: Network,
        /// So long: 2h, 3d; otherwise until it is removed
        #[arg(long = "for", value_name = "TIME", value_parser = age)]
        for_s: Option<u64>,
        /// Who comes from there is told
        #[arg(value_parser = LineText::parse, default_value = "")]
        reason: LineText,
    },
    /// Let them in again
    Remove { network: Network },
}

pub(super) fn run(task: Task, administration: &Administration<'_>) -> anyhow::Result<ExitCode> {
    match task {
        Task::Add { network, for_s, reason } => {
            let told = format!("{network} is banned");
            administration.tell(Command::BanAddress { network, for_s, reason }, &told)
        }
        Task::Remove { network } => {
            let told = format!("{network} may come in again");
            administration.tell(Command::UnbanAddress { network }, &told)
        }
        Task::List { json } => {
            let answer = administration.ask(Command::AddressBans)?;
            let Event::AddressBanList { bans, .. } = answer else { return refused(&answer) };
            for ban in &bans {
                if json {
                    print_json(ban)?;
                } else {
                    say(format_args!("{}", line(ban)))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn line(ban: &AddressBan) -> String {
    let AddressBan { network, by, since_ms, until_ms, reason } = ban;
    let until = until_ms.map(|until| format!("  until {}", in_utc(until))).unwrap_or_default();
    let why = if reason.as_str().is_empty() { String::new() } else { format!(": {reason}") };
    format!("{network}{until}  by {by}, {}{why}", in_utc(*since_ms))
}

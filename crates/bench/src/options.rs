//! The command line: which scenario, how large, against whom.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::crowd::Setting;
use crate::error::Error;
use crate::marker::Run;
use crate::protocol::Wire;

/// What is asked for.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "Loads a chat server, counts every delivery, and says what each cost",
    before_help = "\
Examples:
  chat-server --data /tmp/load --listen auto://127.0.0.1:5005 &
  chat-bench fanout --pid $!                        10 rooms x 100 members, 64 in flight a room
  chat-bench fanout --window 1 --pid $!             nothing that could be coalesced
  chat-bench latency --rate 500 --members 100       percentiles, from the planned moment on
  chat-bench storm --members 2000                   100 messages at once into a large room
  chat-bench idle --connections 1000 --pid $!       memory a connection
  chat-bench --protocol irc --server 127.0.0.1:6667 --json fanout
  chat-bench kernel --listen 127.0.0.1:7000 &       what the operating system alone costs
  chat-bench --protocol kernel --server 127.0.0.1:7000 --pid $! fanout",
    after_help = "\
Give server and generator a core each (taskset -c 0 chat-server ..., taskset -c 1 chat-bench ...).
scripts/compare measures several servers side by side and writes a table.

Exit codes: 0 all right, 1 something was lost, too much, out of order or closed, 2 wrong usage,
3 no server, or it does not let us in, 10 the operating system."
)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    #[command(flatten)]
    Scenario(Scenario),
    /// Be a server that only reads and writes: the limit of what any server can reach
    Kernel(Kernel),
}

/// What is to be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Deliveries a second, and the server's CPU for each
    Fanout(Fanout),
    /// How long a message takes, at a constant rate
    Latency(Latency),
    /// Memory of silent connections
    Idle(Idle),
    /// Many messages at once into one large room, until all have all
    Storm(Storm),
    /// Connecting and joining
    Join(Join),
    /// Messages a second into one room with few members
    Ingest(Ingest),
}

/// What all scenarios share.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Where the server is
    #[arg(long, global = true, value_name = "ADDR:PORT", default_value = "127.0.0.1:5005")]
    server: String,
    /// What it speaks
    #[arg(long, global = true, value_enum, default_value = "native")]
    protocol: Wire,
    /// The server's process, to say what it cost (Linux)
    #[arg(long, global = true)]
    pub(crate) pid: Option<u32>,
    /// One line of JSON instead of a table
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Bytes of each message's text
    #[arg(long, global = true, default_value_t = 64,
        value_parser = clap::value_parser!(u16).range(24..=400))]
    payload: u16,
    /// Connections that come in at the same time
    #[arg(long, global = true, default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..))]
    at_once: u32,
    /// Seconds in which nothing happens before that is a failure
    #[arg(long, global = true, default_value_t = 30.0, value_parser = positive)]
    timeout: f64,
}

/// `fanout`
#[derive(Debug, Args)]
pub(crate) struct Fanout {
    /// How many rooms
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
    /// Members in each, the one who writes among them
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) members: u32,
    /// Messages on their way in each room; one is, until all have it
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) window: u32,
    /// How long to measure
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// How long to do the same before that
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    pub(crate) warm_up: f64,
}

/// `latency`
#[derive(Debug, Args)]
pub(crate) struct Latency {
    /// Members of the room, the one who writes among them
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) members: u32,
    /// Messages a second
    #[arg(long, default_value_t = 500.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// How long to measure
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// How long to do the same before that
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    pub(crate) warm_up: f64,
}

/// `idle`
#[derive(Debug, Args)]
pub(crate) struct Idle {
    /// How many connections
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) connections: u32,
    /// In how many rooms
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
    /// How long they are silent before they are measured
    #[arg(long, default_value_t = 2.0, value_parser = positive)]
    pub(crate) seconds: f64,
}

/// `storm`
#[derive(Debug, Args)]
pub(crate) struct Storm {
    /// Members of the room, the one who writes among them
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) members: u32,
    /// Messages in each storm
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) messages: u32,
    /// How many storms, one after the other
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
}

/// `join`
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Members in each room
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) members: u32,
    /// How many rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
}

/// `ingest`
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// How many messages
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) messages: u64,
    /// Members of the room, the one who writes among them
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) members: u32,
    /// Messages on their way
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) window: u32,
}

/// `kernel`
#[derive(Debug, Args)]
pub(crate) struct Kernel {
    /// Where to accept; port 0 picks one, and a line on stdout says which
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// One write for each member with all that is ready, instead of one for each message
    #[arg(long)]
    pub(crate) coalesce: bool,
}

impl Common {
    /// Who is to come; how many, the scenario says.
    pub(crate) fn setting(&self) -> Result<Setting, Error> {
        let mut addresses = self
            .server
            .to_socket_addrs()
            .map_err(|error| Error::Address(self.server.clone(), error))?;
        let none =
            || Error::Address(self.server.clone(), std::io::Error::other("it has no address"));
        Ok(Setting {
            server: addresses.next().ok_or_else(none)?,
            wire: self.protocol,
            rooms: 1,
            members: 2,
            payload_bytes: self.payload.into(),
            at_once: self.at_once as usize,
            patience: Duration::from_secs_f64(self.timeout),
            everybody_checks: false,
            run: Run::different(),
        })
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 86_400.0 => Ok(number),
        Ok(_) | Err(_) => Err("a number above 0, up to 86400, is wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_a_scenario() {
        for line in
            ["chat-bench --protocol irc --pid 7 fanout", "chat-bench fanout --pid 7 --protocol irc"]
        {
            let options = Options::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((options.common.pid, options.common.protocol), (Some(7), Wire::Irc));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "chat-bench fanout --members 1",
            "chat-bench fanout --window 0",
            "chat-bench fanout --seconds -1",
            "chat-bench latency --rate nan",
            "chat-bench --payload 10 fanout",
        ] {
            assert!(Options::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}

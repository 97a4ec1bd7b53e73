//! The command line: options, subcommands, help. Owns the words; does nothing.

use std::path::PathBuf;
use std::time::Duration;

use chat_protocol::{RoomAddress, UserName};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::config::WantedServer;

pub(crate) const EXAMPLES: &str = "\
Examples:
  chat-client                              talk in the default room
  chat-client --room ops --name ana        talk in ops, as ana
  make 2>&1 | chat-client --room build     every line of a program becomes a message
  chat-client send --room ops 'web-3 is back'
  chat-client send --room ops < note.txt   one message of many lines
  chat-client tail -n 20 --follow --room ops
  chat-client tail --since 1h --json --room ops | jq -r .text
  chat-client search --since 2d 'disk full -staging'
  chat-client who ops
  chat-client register ana                 keep a name: an account, and a token of it
  chat-client --server tls://chat.example.org      encrypted; --tls-pin for a server of your own";

pub(crate) const NOTES: &str = "\
On a terminal it takes the whole screen; F1 helps there. With --plain it is a line editor, with
TERM=dumb just lines. What begins with / is a command: /help lists them, // says a slash.
In a pipe, every line is said as it is; the room comes to stdout, everything else to stderr.

Environment: CHAT_CLIENT_SERVER, CHAT_CLIENT_NAME, CHAT_TOKEN_FILE (or CHAT_TOKEN, which other
programs of yours can see), NO_COLOR, VISUAL or EDITOR. Configuration:
servers by name, looks and keys in chat-client/config.toml of your configuration folder
($XDG_CONFIG_HOME or ~/.config).

Exit codes: 0 done, 1 nothing found, 2 wrong usage or configuration, 3 no connection,
4 a log-in is needed, 5 refused, 6 not everything was delivered, 10 a fault of this program, 124 --timeout passed,
130 Ctrl-C, 143 asked to stop.";

/// Chat from a terminal, a pipe or a script.
#[derive(Debug, Parser)]
#[command(
    name = "chat-client",
    version,
    before_help = EXAMPLES,
    after_help = NOTES,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: CliOptions,
    #[command(subcommand)]
    pub(crate) subcommand: Option<CliCommand>,
}

/// Options that stand before or after a subcommand.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
pub(crate) struct CliOptions {
    /// The server: HOST:PORT, tls://HOST:PORT, unix:PATH, or a name from the configuration
    /// [default: 127.0.0.1:5005]
    #[arg(long, global = true, value_name = "ADDR", env = "CHAT_CLIENT_SERVER", hide_env = true)]
    pub(crate) server: Option<WantedServer>,
    /// Encrypt; the server's certificate is one that this machine believes
    #[arg(long, global = true)]
    pub(crate) tls: bool,
    /// Encrypt; the server's certificate is in FILE (PEM), or one from there vouches for it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Encrypt; believe the certificate that the server shows first, and no other from then on
    #[arg(long, global = true, conflicts_with = "tls_ca")]
    pub(crate) tls_pin: bool,
    /// Encrypt, and show the server this certificate (PEM): log in by it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of that certificate (PEM) [default: it is in the same file]
    #[arg(long, global = true, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A room, or @NAME for one user; may be repeated, one speaks in the first [default: the server's]
    #[arg(long, global = true, value_name = "ROOM")]
    pub(crate) room: Vec<RoomAddress>,
    /// Your name; refused if it is taken [default: your login name, numbered if it is taken]
    #[arg(long, global = true, value_name = "NAME", env = "CHAT_CLIENT_NAME", hide_env = true)]
    pub(crate) name: Option<String>,
    /// Come with the token in this file, as its account
    #[arg(long, global = true, value_name = "FILE", env = "CHAT_TOKEN_FILE", hide_env = true)]
    pub(crate) token_file: Option<PathBuf>,
    /// Read this configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object a line: {"v":1,"type":"message","room":…,"seq":…,"time":…,"from":…,"text":…}
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// With --json: print the other events too (joined, topic_changed, connected, gap, …)
    #[arg(long, global = true, requires = "json")]
    pub(crate) events: bool,
    /// Lines instead of a screen, for screen readers; with TERM=dumb no line editor either
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// Never read stdin
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Wait this long for acknowledgements after the end of stdin
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) drain: Duration,
    /// Keep reading the room after the end of stdin, or of what is stored
    #[arg(long, global = true)]
    pub(crate) follow: bool,
    /// Give up after this long, with exit code 124
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Start a chat-server if none answers, and stop it at the end
    #[arg(long, global = true)]
    pub(crate) spawn: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Say TEXT, or stdin as one message
    Send {
        /// What to say; stdin if there is none
        text: Vec<String>,
        /// Every line of stdin is a message
        #[arg(long, conflicts_with = "text")]
        lines: bool,
    },
    /// Print the last messages
    Tail {
        /// So many [default: 10, or all with --since]
        #[arg(short = 'n', value_name = "N")]
        count: Option<u64>,
        /// From this time on: 1h, 2d, or 2026-11-20T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<Timestamp>,
    },
    /// Print what is stored, oldest first
    History {
        /// The last so many
        #[arg(short = 'n', value_name = "N", default_value_t = 100)]
        count: u64,
    },
    /// Find messages, newest first: words, "phrases", begin*, -without
    ///
    /// Searches in all rooms, or in those of --room. A word is a run of letters and digits of any
    /// script; case and accents do not matter. Write -- before a word that begins with a dash.
    Search {
        /// What to find
        #[arg(required = true)]
        words: Vec<String>,
        /// Only what this user said
        #[arg(long, value_name = "NAME")]
        from: Option<UserName>,
        /// From this time on: 1h, 2d, or 2026-11-20T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<Timestamp>,
        /// So many at most
        #[arg(short = 'n', value_name = "N", default_value_t = 20)]
        count: u64,
    },
    /// List the rooms: name, members, topic
    Rooms,
    /// List who is connected, or who is in ROOM
    Who {
        /// A room; --room ROOM does the same
        #[arg(value_name = "ROOM")]
        who_room: Option<RoomAddress>,
    },
    /// Say whether the server answers, who you are there, and what you have not read
    Status,
    /// Make an account of NAME, and be it from then on at this server
    ///
    /// Asks for a password; in a pipe it is the first line of stdin. What is kept is a token, in
    /// credentials.toml of your state folder, which nobody else can read; or nothing, and with
    /// --tls-cert the account has that certificate from then on.
    Register {
        /// The name
        #[arg(value_name = "NAME")]
        account: UserName,
    },
    /// Log in, and be NAME from then on at this server
    ///
    /// Asks for the password; in a pipe it is the first line of stdin. What is kept is a token, in
    /// credentials.toml of your state folder, which nobody else can read; or nothing, and with
    /// --tls-cert the account has that certificate from then on.
    Login {
        /// The name
        #[arg(value_name = "NAME")]
        account: UserName,
    },
    /// Be a guest again at this server: the kept token is revoked, or else the certificate of --tls-cert
    Logout,
    /// Print a completion script for a shell
    Completions {
        /// Which
        shell: Shell,
    },
    /// Print the manual page, or write this and those of the subcommands into DIR
    Man {
        /// Where to write them
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// `10s`, `1m30s`, `500ms`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let span = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => {
            text.parse().map_err(|error: jiff::Error| format!("{error}; write 30s or 1m30s"))?
        }
    };
    Duration::try_from(span).map_err(|_| "a time span cannot be negative".to_owned())
}

/// A span before now, or a time.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let span: Span = text
        .parse()
        .map_err(|_| "neither a span (1h, 2d) nor a time (2026-11-20T08:00:00Z)".to_owned())?;
    Zoned::now()
        .checked_sub(span.abs())
        .map(|moment| moment.timestamp())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_a_subcommand() {
        for line in
            ["chat-client --room ops --json tail -n 3", "chat-client tail -n 3 --json --room ops"]
        {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.options.json);
            assert_eq!(cli.options.room, ["ops".parse().unwrap()]);
        }
    }

    #[test]
    fn times_are_read() {
        assert_eq!(duration("90").unwrap(), duration("1m30s").unwrap());
        assert!(duration("-1s").is_err());
        assert!(moment("1h").unwrap() > moment("2d").unwrap());
        assert_eq!(moment("2026-11-20T08:00:00Z").unwrap().as_second(), 1_795_161_600);
        assert!(moment("yesterday").is_err());
    }
}

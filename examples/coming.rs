//! How a bot comes and goes: where to, as whom, into which rooms, and how it is asked to stop. The same
//! for every bot here; never knows what a bot says.

use std::path::PathBuf;

use anyhow::Context;
use chat_client::{Bot, Naming, Options, ServerAddress};
use chat_protocol::{RoomAddress, Token};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(crate) struct Coming {
    /// Where the server is: HOST:PORT, tls://HOST:PORT or unix:PATH
    #[arg(long, value_name = "ADDR", default_value_t)]
    server: ServerAddress,
    /// A room to be in; may be repeated [default: the server's]
    #[arg(long, value_name = "ROOM")]
    room: Vec<RoomAddress>,
    /// Its name; numbered if it is taken [default: what the program is called]
    #[arg(long)]
    name: Option<String>,
    /// A file with a token (/token in a client makes one): the bot is the account that made it
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    token_file: Option<PathBuf>,
}

impl Coming {
    /// Connects, and enters the rooms.
    pub(crate) async fn come(self, name: &str) -> anyhow::Result<Bot> {
        let naming = match self.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(&file);
                let text = text.with_context(|| file.display().to_string())?;
                Naming::Token(Token::parse(text.trim())?)
            }
            None => Naming::Numbered(self.name.unwrap_or_else(|| name.to_owned())),
        };
        Ok(Bot::come(Options::new(self.server, naming), self.room).await?)
    }
}

/// Waits for Ctrl-C, or to be asked to stop.
pub(crate) async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}

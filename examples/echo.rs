//! The smallest bot: says what it is told to say.
//!
//! ```sh
//! cargo run -p samovar-examples --bin echo -- --room lobby
//! ```
//!
//! In a room it answers `!echo TEXT`; what is said to it alone (`/msg echo TEXT`) it says back.

mod coming;

use std::io::Write;

use chat_client::{Bot, BotError};
use chat_protocol::RoomAddress;
use clap::Parser;
use coming::{Coming, asked_to_stop};

#[derive(Debug, Parser)]
#[command(about = "Says what it is told to say: !echo TEXT in a room, any text to it alone")]
struct Options {
    #[command(flatten)]
    coming: Coming,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut bot = Options::parse().coming.come("echo").await?;
    let outcome = tokio::select! {
        outcome = talk(&mut bot) => outcome.map_err(anyhow::Error::from),
        outcome = asked_to_stop() => outcome,
    };
    bot.quit().await;
    outcome
}

async fn talk(bot: &mut Bot) -> Result<(), BotError> {
    loop {
        let said = match bot.next().await {
            Ok(said) => said,
            // It is muted there, say: that ends nothing.
            Err(error @ BotError::NotSaid(_)) => {
                writeln!(std::io::stderr(), "{error}").ok();
                continue;
            }
            Err(error) => return Err(error),
        };
        // Two bots that answer everything would never be silent again.
        let text = match &said.room {
            RoomAddress::Named(_) => said.text.strip_prefix("!echo "),
            RoomAddress::Direct(_) => Some(said.text.as_str()),
        };
        if let Some(text) = text {
            bot.say(&said.room, text).await?;
        }
    }
}

//! Samovar's client library: what `chat-client` and bots stand on.
//!
//! Owns the native connection from the client's side: [`Link`] is one connection to a server,
//! [`Connection`] one that reconnects, enters its rooms again and fills what it missed. Never
//! prints, reads no configuration and knows no terminal.
//!
//! A bot in a few lines ([`Bot`]; `examples/` has whole ones):
//!
//! ```no_run
//! use chat_client::{Bot, Naming, Options};
//!
//! # async fn bot() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("127.0.0.1:5005".parse()?, Naming::Numbered("echo".into()));
//! let mut bot = Bot::come(options, vec!["lobby".parse()?]).await?;
//! loop {
//!     let said = bot.next().await?;
//!     if let Some(text) = said.text.strip_prefix("!echo ") {
//!         bot.say(&said.room, text).await?;
//!     }
//! }
//! # }
//! ```
//!
//! A program that wants more than what is said takes a [`Connection`], and its [`Update`]s.

mod actor;
mod address;
mod backoff;
mod bot;
mod connection;
mod cursor;
mod link;
mod naming;
mod own;
mod pins;
mod preamble;
mod rooms;
mod speech;
mod tls;
mod trouble;

pub use address::{AddressError, ServerAddress};
pub use bot::{Bot, BotError, Said};
pub use connection::{
    Answer, Closed, Connection, Gap, Handle, IN_FLIGHT_MAX, ORDERS_QUEUED_MAX, Options, Timing,
    UPDATES_QUEUED_MAX, Update,
};
pub use link::{Link, LinkError};
pub use naming::Naming;
pub use own::OwnCertificate;
pub use pins::{Fingerprint, NoFingerprint, Pin, find as find_pin};
pub use preamble::{PREAMBLE_BYTES_MAX, PreambleError, SkipPreamble};
pub use speech::{messages, program_output};
pub use tls::{TlsError, Trust};
pub use trouble::{ChangedCertificate, Trouble};

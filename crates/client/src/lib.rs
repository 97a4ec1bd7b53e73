//! Samovar's client library: what `chat-client` and bots stand on.
//!
//! Owns the native connection from the client's side: [`Link`] is one connection to a server,
//! [`Connection`] one that reconnects, enters its rooms again and fills what it missed. Never
//! prints, reads no configuration and knows no terminal.
//!
//! A bot in a few lines:
//!
//! ```no_run
//! use chat_client::{Connection, Naming, Options, Update};
//! use chat_protocol::{Command, Event, MessageText, SayKind};
//!
//! # async fn bot() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("127.0.0.1:5005".parse()?, Naming::Numbered("echo".into()));
//! let mut connection = Connection::open(options).await?;
//! let handle = connection.handle();
//! handle.send(Command::Join { room: "lobby".parse()?, key: None }).await?;
//! while let Some(update) = connection.next().await {
//!     if let Update::Event(Event::Message { room, text, .. }) = update {
//!         let text = MessageText::parse(&format!("I heard: {text}"))?;
//!         handle.send(Command::say(room, text, SayKind::Text, None)).await?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod actor;
mod address;
mod backoff;
mod connection;
mod cursor;
mod link;
mod naming;
mod pins;
mod preamble;
mod rooms;
mod tls;

pub use address::{AddressError, ServerAddress};
pub use connection::{
    Answer, Closed, Connection, Gap, Handle, IN_FLIGHT_MAX, ORDERS_QUEUED_MAX, Options, Timing,
    UPDATES_QUEUED_MAX, Update,
};
pub use link::{Link, LinkError};
pub use naming::Naming;
pub use pins::{Fingerprint, NoFingerprint, Pin, find as find_pin};
pub use preamble::{PREAMBLE_BYTES_MAX, PreambleError, SkipPreamble};
pub use tls::{TlsError, Trust};

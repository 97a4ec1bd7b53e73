//! What the end-to-end tests stand on: the real binaries as processes, clients on real sockets, and
//! one script language for the dialogues of all front ends ([`Cast`]). Knows nothing of the
//! server's inside.
//!
//! Nothing here sleeps: every wait is for something to become true, and fails after [`DEADLINE`].
#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::wildcard_enum_match_arm,
    clippy::print_stderr,
    reason = "a panic is how a test fails, and all of this is called by tests only"
)]

mod binaries;
mod cast;
pub mod checker;
mod client;
mod clock;
mod home;
mod incoming;
pub mod layers;

mod native;
mod pane;
mod pattern;
mod process;
mod server;
mod tls;

use std::time::Duration;

pub use binaries::{chat_bench, chat_client, chat_server, example, repository};
pub use cast::{Cast, Style, check};
pub use client::Client;
pub use clock::Clock;
pub use home::Home;
pub use native::{NativeClient, framed, room, say};
pub use pane::Pane;
pub use process::{Finished, Process, run};
pub use server::{Server, Setup, Signal};
pub use tls::{Certificate, Encrypted, TlsManner, Version};

/// How long anything may take before a test says that it does not happen. Generous: the machine may
/// be busy.
pub const DEADLINE: Duration = Duration::from_secs(20);

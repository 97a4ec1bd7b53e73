//! What every decoder has to hold, whatever comes: a function for each, which the targets of
//! cargo-fuzz feed. None may panic; what is asked and answered is bounded, is the same in whatever
//! pieces it comes, and holds nothing that drives a terminal or begins a line.
//!
//! The daemon and the client are programs, so their modules are built into this crate.

#![allow(dead_code, unused_imports, reason = "not all of the modules is fed")]

mod client_side;
mod configured;
mod heard;
mod irc_lines;
mod parsed;
mod requested;
mod told;

/// The modules of the daemon, at the places at which they look for each other.
#[path = "../../crates/server/src"]
mod daemon {
    pub(crate) mod config;
    pub(crate) mod frontend;
    pub(crate) mod limits;
    pub(crate) mod telemetry;

    /// Of the listeners what reads.
    pub(crate) mod listener {
        mod begun;
        mod detect;
        mod websocket;

        mod tls {
            use tokio::io::{AsyncRead, AsyncWrite};

            pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
            impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}
            pub(super) type Encrypted = Box<dyn Duplex>;
        }

        use bytes::BytesMut;
        use tokio::io::{AsyncReadExt, DuplexStream};

        /// What a listener makes of the first bytes: who speaks, in words, and what comes out if that
        /// is WebSocket.
        pub(crate) async fn begin(mut stream: DuplexStream) -> (String, Vec<u8>) {
            let mut input = BytesMut::new();
            let Ok(found) = detect::detect(&mut stream, &mut input).await else {
                return ("nobody".to_owned(), Vec::new());
            };
            let mut said = Vec::new();
            if input.starts_with(b"GET ") && websocket::is_asked_for(&mut stream, &mut input).await
            {
                let origins = ["*".to_owned()];
                let socket = websocket::accept(Box::new(stream), input, &origins);
                if let Ok(socket) = socket.await {
                    drop(socket.take(1 << 20).read_to_end(&mut said).await);
                }
            }
            (format!("{found:?}"), said)
        }
    }

    /// One line of IRC, which its front end keeps for itself.
    #[allow(clippy::duplicate_mod, reason = "it is private there")]
    #[path = "frontend/irc"]
    pub(crate) mod irc_line {
        pub(crate) mod message;
    }
}

/// The modules of the terminal client that make text harmless.
#[path = "../../crates/client/src"]
mod terminal {
    pub(crate) mod sanitise;
    pub(crate) mod ui {
        pub(crate) mod graphemes;
        mod limits;
    }
}

/// What the configuration needs of it.
mod account {
    /// What a password's hash costs.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct HashCost {
        pub(crate) memory_kib: u32,
        pub(crate) passes: u32,
        pub(crate) lanes: u32,
    }
}

use daemon::{config, frontend, limits, telemetry};

pub use client_side::{event, shown};
pub use configured::config;
pub use heard::{irc, line, native};
pub use irc_lines::irc_line;
pub use parsed::{names, search, slash};
pub use requested::http;

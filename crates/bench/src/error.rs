//! Why there is no result. What was measured and is wrong (lost messages) is a result.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} is no address: {1}; it is to be like 127.0.0.1:5005")]
    Address(String, io::Error),
    #[error("no server at {server}: {source}")]
    Unreachable { server: SocketAddr, source: io::Error },
    #[error(
        "the server does not let {who} in: \"{words}\" (is it a server for --protocol {wire}?)"
    )]
    Refused { who: String, words: String, wire: &'static str },
    #[error("the server hung up on {who} before it was in; it had said \"{words}\"")]
    HungUp { who: String, words: String },
    #[error(
        "{who} is not in after {patience:?}; the server has said \"{words}\" (does it speak \
         --protocol {wire}?)"
    )]
    NotIn { who: String, words: String, wire: &'static str, patience: Duration },
    #[error(
        "{needed} open files are needed, and {limit} are allowed; raise the hard limit (ulimit -Hn, \
         limits.conf), or ask for fewer members"
    )]
    OpenFiles { needed: u64, limit: u64 },
    #[error("process {pid} cannot be measured: {why}")]
    Process { pid: u32, why: String },
    #[error("idle measures a process: give the server's --pid")]
    NoProcess,
    #[error("the operating system: {0}")]
    System(#[from] io::Error),
}

impl Error {
    /// The exit code.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Address(..) | Self::NoProcess => 2,
            Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::HungUp { .. }
            | Self::NotIn { .. } => 3,
            Self::OpenFiles { .. } | Self::Process { .. } | Self::System(_) => 10,
        }
    }
}

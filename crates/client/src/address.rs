//! Where a server is. Owns the notation; never opens a socket.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{OwnCertificate, Trust};

/// The port a server listens on when none is named.
const PORT_DEFAULT: u16 = 5005;

/// Where a server is: `HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:PATH`. Without a
/// port it is 5005.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    /// A host's name or address, and its port.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// The same, encrypted.
    Tls {
        /// A name, an IPv4 address, or an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
        /// Why its certificate is believed. Not part of the notation: read from it, it is
        /// [`Trust::System`].
        trust: Trust,
        /// What the server is shown of the client, if it asks. Not part of the notation either.
        own: Option<Box<OwnCertificate>>,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No host, or no path.
    #[error("\"{0}\" names no server: HOST:PORT or unix:PATH")]
    Empty(String),
    /// What stands behind the colon is no port.
    #[error("\"{address}\" has the port \"{port}\", which is not a number from 1 to 65535")]
    Port {
        /// The whole.
        address: String,
        /// The port in it.
        port: String,
    },
    /// A scheme that is not spoken here.
    #[error("\"{address}\" has the scheme \"{scheme}\"; known are tls://, tcp:// and unix:")]
    Scheme {
        /// The whole.
        address: String,
        /// The scheme in it.
        scheme: String,
    },
}

impl Default for ServerAddress {
    fn default() -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port: PORT_DEFAULT }
    }
}

impl ServerAddress {
    /// The same place, encrypted; none: a Unix socket is not.
    #[must_use]
    pub fn encrypted(self, trust: Trust) -> Option<Self> {
        match self {
            Self::Tcp { host, port } => Some(Self::Tls { host, port, trust, own: None }),
            Self::Tls { host, port, own, .. } => Some(Self::Tls { host, port, trust, own }),
            Self::Unix(_) => None,
        }
    }

    /// The same place, where the server is shown this certificate; none: it is not encrypted.
    #[must_use]
    pub fn showing(self, own: OwnCertificate) -> Option<Self> {
        match self {
            Self::Tls { host, port, trust, .. } => {
                Some(Self::Tls { host, port, trust, own: Some(Box::new(own)) })
            }
            Self::Tcp { .. } | Self::Unix(_) => None,
        }
    }

    /// What the server is shown.
    #[must_use]
    pub const fn own_certificate(&self) -> Option<&OwnCertificate> {
        match self {
            Self::Tls { own: Some(own), .. } => Some(own),
            Self::Tls { own: None, .. } | Self::Tcp { .. } | Self::Unix(_) => None,
        }
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let empty = || AddressError::Empty(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(empty()),
                path => Ok(Self::Unix(PathBuf::from(path))),
            };
        }
        let (rest, tls) = match text.split_once("://") {
            Some(("tcp", rest)) => (rest, false),
            Some(("tls", rest)) => (rest, true),
            Some((scheme, _)) => {
                return Err(AddressError::Scheme {
                    address: text.to_owned(),
                    scheme: scheme.to_owned(),
                });
            }
            None => (text, false),
        };
        let (host, port) = host_and_port(rest);
        if host.is_empty() {
            return Err(empty());
        }
        let port = match port {
            None => PORT_DEFAULT,
            Some(port) => match port.parse() {
                Ok(number) if number != 0 => number,
                Ok(_) | Err(_) => {
                    return Err(AddressError::Port {
                        address: text.to_owned(),
                        port: port.to_owned(),
                    });
                }
            },
        };
        let host = host.to_owned();
        Ok(if tls {
            Self::Tls { host, port, trust: Trust::System, own: None }
        } else {
            Self::Tcp { host, port }
        })
    }
}

/// `[::1]:5005`, `::1`, `host:5005`, `host`.
fn host_and_port(text: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}

impl TryFrom<String> for ServerAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => place(f, host, *port),
            Self::Tls { host, port, .. } => {
                f.write_str("tls://")?;
                place(f, host, *port)
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn place(f: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_is_read_and_shown() {
        for (text, shown) in [
            ("127.0.0.1:5005", "127.0.0.1:5005"),
            ("tcp://chat.lan:7000", "chat.lan:7000"),
            ("chat.lan", "chat.lan:5005"),
            ("tls://chat.lan", "tls://chat.lan:5005"),
            ("tls://[::1]:6000", "tls://[::1]:6000"),
            ("[::1]:6000", "[::1]:6000"),
            ("::1", "[::1]:5005"),
            ("unix:/run/chat.sock", "unix:/run/chat.sock"),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("", "names no server"),
            (":5005", "names no server"),
            ("unix:", "names no server"),
            ("tls://", "names no server"),
            ("tls://host:0", "port \"0\""),
            ("host:0", "port \"0\""),
            ("host:70000", "port \"70000\""),
            ("host:http", "port \"http\""),
            ("https://host", "scheme \"https\""),
        ] {
            let error = text.parse::<ServerAddress>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

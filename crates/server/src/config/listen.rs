//! Where to accept connections, and what is spoken there: `auto://127.0.0.1:5005`,
//! `line+tls://[::]:992?style=talker`, `unix:/run/chat-server/chat.sock`. Owns this notation; never
//! resolves a name, never binds.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as StyleError;

use super::problem::shown;
use crate::frontend::line::style::StyleName;

/// The schemes of this version, as error messages say them.
const SCHEMES: &str =
    "auto://, native://, line://, irc://, irc+ws:// (encrypted: auto+tls://, …) and unix:PATH";
/// What stands behind a scheme that is spoken inside TLS.
const TLS_SUFFIX: &str = "+tls";
/// A Unix socket's path, in bytes, without the NUL that ends it (`sockaddr_un` has 108).
const UNIX_PATH_BYTES_MAX: usize = 107;
/// A host's name, in bytes (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenUrl {
    /// What is spoken.
    pub(crate) protocol: Protocol,
    /// Inside TLS only. [`Protocol::Auto`] without it takes both, if there is a certificate.
    pub(crate) tls: bool,
    /// Where.
    pub(crate) endpoint: Endpoint,
    /// The line front end's style here; none: `line.style`. Only with [`Protocol::Auto`] and
    /// [`Protocol::Line`].
    pub(crate) style: Option<StyleName>,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The first bytes tell.
    Auto,
    /// Native frames.
    Native,
    /// Lines.
    Line,
    /// IRC.
    Irc,
    /// IRC inside WebSocket.
    IrcWebSocket,
}

/// Where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A TCP port.
    Tcp {
        /// An address (IPv6 without brackets) or a name.
        host: String,
        /// 0 picks one.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a text is no listen URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListenUrlError {
    /// No scheme at all.
    #[error("listen URL \"{url}\" has no scheme; write auto://{url} (there are {SCHEMES})")]
    NoScheme {
        /// What was given, harmless to show.
        url: String,
    },
    /// A scheme that is not known, or not yet.
    #[error("listen URL \"{url}\" has the scheme \"{scheme}\"; this version has {SCHEMES}")]
    Scheme {
        /// What was given.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// No host, or one that cannot be.
    #[error(
        "listen URL \"{url}\" has no usable address: {why}; \
         write ADDR:PORT, such as 127.0.0.1:5005, [::1]:5005, localhost:5005 or, for every \
         address of this machine, 0.0.0.0:5005"
    )]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with the address.
        why: &'static str,
    },
    /// Something behind the `?` that is no style.
    #[error(
        "listen URL \"{url}\" ends with \"?{query}\"; \
         there is only ?style= with samovar, grillo, talker or netcat"
    )]
    Query {
        /// What was given.
        url: String,
        /// What stands behind the `?`.
        query: String,
    },
    /// A style where no lines are spoken.
    #[error("listen URL \"{url}\" has a style, but native:// has no lines; leave ?style= away")]
    StyleOfNative {
        /// What was given.
        url: String,
    },
    /// A path that cannot be bound.
    #[error(
        "listen URL \"{url}\" has no usable path: {why}; \
         write unix:PATH, such as unix:/run/chat-server/chat.sock"
    )]
    Path {
        /// What was given.
        url: String,
        /// What is wrong with the path.
        why: &'static str,
    },
}

impl ListenUrl {
    /// Parses `SCHEME[+tls]://ADDR:PORT[?style=NAME]` or `unix:PATH[?style=NAME]`.
    ///
    /// # Errors
    /// [`ListenUrlError`] says what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, ListenUrlError> {
        let url = || shown(text);
        let (location, query) = match text.split_once('?') {
            Some((location, query)) => (location, Some(query)),
            None => (text, None),
        };
        let style = query
            .map(|query| {
                parse_style(query)
                    .ok_or_else(|| ListenUrlError::Query { url: url(), query: shown(query) })
            })
            .transpose()?;
        let (protocol, tls, endpoint) = parse_location(location, &url)?;
        if !matches!(protocol, Protocol::Auto | Protocol::Line) && style.is_some() {
            return Err(ListenUrlError::StyleOfNative { url: url() });
        }
        Ok(Self { protocol, tls, endpoint, style })
    }

    /// The same listener at the address that it got: what the log says when it accepts.
    pub(crate) fn bound_to(&self, address: SocketAddr) -> Self {
        Self {
            endpoint: Endpoint::Tcp { host: address.ip().to_string(), port: address.port() },
            ..self.clone()
        }
    }

    /// Whether the two cannot both be bound. Two listeners that let a port be picked can.
    pub(crate) fn collides_with(&self, other: &Self) -> bool {
        self == other || (self.endpoint == other.endpoint && !self.endpoint.picks_a_port())
    }
}

impl Endpoint {
    fn picks_a_port(&self) -> bool {
        match self {
            Self::Tcp { port, .. } => *port == 0,
            Self::Unix(_) => false,
        }
    }
}

impl Default for ListenUrl {
    /// `auto://127.0.0.1:5005`: this machine only.
    fn default() -> Self {
        Self {
            protocol: Protocol::Auto,
            tls: false,
            endpoint: Endpoint::Tcp { host: Ipv4Addr::LOCALHOST.to_string(), port: 5005 },
            style: None,
        }
    }
}

impl FromStr for ListenUrl {
    type Err = ListenUrlError;
    fn from_str(text: &str) -> Result<Self, ListenUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Line => "line",
            Self::Irc => "irc",
            Self::IrcWebSocket => "irc+ws",
        })
    }
}

impl fmt::Display for ListenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = if self.tls { TLS_SUFFIX } else { "" };
        match &self.endpoint {
            Endpoint::Tcp { host, port } if host.contains(':') => {
                write!(f, "{}{tls}://[{host}]:{port}", self.protocol)?;
            }
            Endpoint::Tcp { host, port } => write!(f, "{}{tls}://{host}:{port}", self.protocol)?,
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display())?,
        }
        f.write_str(match self.style {
            None => "",
            Some(StyleName::Samovar) => "?style=samovar",
            Some(StyleName::Grillo) => "?style=grillo",
            Some(StyleName::Talker) => "?style=talker",
            Some(StyleName::Netcat) => "?style=netcat",
        })
    }
}

fn parse_location(
    location: &str,
    url: &impl Fn() -> String,
) -> Result<(Protocol, bool, Endpoint), ListenUrlError> {
    if let Some(path) = location.strip_prefix("unix:") {
        let path = parse_path(path).map_err(|why| ListenUrlError::Path { url: url(), why })?;
        return Ok((Protocol::Auto, false, Endpoint::Unix(path)));
    }
    let Some((scheme, address)) = location.split_once("://") else {
        return Err(ListenUrlError::NoScheme { url: url() });
    };
    let (spoken, tls) = match scheme.strip_suffix(TLS_SUFFIX) {
        Some(spoken) => (spoken, true),
        None => (scheme, false),
    };
    let protocol = match spoken {
        "auto" => Protocol::Auto,
        "native" => Protocol::Native,
        "line" => Protocol::Line,
        "irc" => Protocol::Irc,
        "irc+ws" => Protocol::IrcWebSocket,
        _ => return Err(ListenUrlError::Scheme { url: url(), scheme: shown(scheme) }),
    };
    let endpoint =
        parse_address(address).map_err(|why| ListenUrlError::Address { url: url(), why })?;
    Ok((protocol, tls, endpoint))
}

fn parse_address(address: &str) -> Result<Endpoint, &'static str> {
    let (host, port) = address.rsplit_once(':').ok_or("the port is missing")?;
    let all_digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = match port.parse() {
        Ok(port) if all_digits => port,
        _ => return Err("the port is no number from 0 to 65535"),
    };
    let host = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(inner) => inner
            .parse::<Ipv6Addr>()
            .map_err(|_| "what stands in [ ] is no IPv6 address")?
            .to_string(),
        None => parse_host(host)?,
    };
    Ok(Endpoint::Tcp { host, port })
}

fn parse_host(host: &str) -> Result<String, &'static str> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(address) => Ok(address.to_string()),
            IpAddr::V6(_) => Err("an IPv6 address stands in [ ]"),
        };
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if host.is_empty() {
        Err("the host is missing")
    } else if host.chars().all(|c| c.is_ascii_digit() || c == '.') {
        Err("the host is no IPv4 address")
    } else if host.len() > HOST_BYTES_MAX || !host.chars().all(letter) {
        Err("the host is neither an address nor a name")
    } else {
        Ok(host.to_owned())
    }
}

fn parse_path(path: &str) -> Result<PathBuf, &'static str> {
    // unix:///run/x is the same as unix:/run/x.
    let path = match path.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) | None => path,
    };
    if path.is_empty() {
        Err("it is empty")
    } else if path.len() > UNIX_PATH_BYTES_MAX {
        Err("a Unix socket's path has at most 107 bytes")
    } else if path.contains('\0') {
        Err("it has a NUL character")
    } else {
        Ok(path.into())
    }
}

fn parse_style(query: &str) -> Option<StyleName> {
    let name = query.strip_prefix("style=")?;
    let name: serde::de::value::StrDeserializer<'_, StyleError> = name.into_deserializer();
    StyleName::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_is_shown_as_it_was_written() {
        for url in [
            "auto://127.0.0.1:5005",
            "auto://127.0.0.1:0",
            "native://[::1]:5006",
            "native+tls://[::1]:5006",
            "line+tls://0.0.0.0:992?style=talker",
            "auto+tls://chat.example.org:443",
            "irc+ws://localhost:8067",
            "irc+ws+tls://0.0.0.0:8097",
            "line://localhost:23?style=grillo",
            "auto://chat.example.org:65535?style=samovar",
            "unix:/run/chat-server/chat.sock",
            "unix:chat.sock?style=netcat",
        ] {
            assert_eq!(ListenUrl::parse(url).unwrap().to_string(), url);
        }
        assert_eq!(
            ListenUrl::default().to_string(),
            "auto://127.0.0.1:5005",
            "what every text about the daemon says"
        );
        assert_eq!(ListenUrl::parse("unix:///run/x").unwrap().to_string(), "unix:/run/x");
        assert_eq!(
            ListenUrl::parse("line://[::]:0?style=talker")
                .unwrap()
                .bound_to("[::]:4711".parse().unwrap())
                .to_string(),
            "line://[::]:4711?style=talker"
        );
    }

    #[test]
    fn what_is_no_listen_url_is_told_what_to_write() {
        let long_path = format!("unix:/{}", "x".repeat(UNIX_PATH_BYTES_MAX));
        for (url, said) in [
            ("", "no scheme"),
            ("127.0.0.1:5005", "write auto://127.0.0.1:5005"),
            (
                "gopher://0.0.0.0:6667",
                "scheme \"gopher\"; this version has auto://, native://, line://, irc://, irc+ws:// (encrypted: auto+tls://",
            ),
            ("gopher+tls://0.0.0.0:1", "scheme \"gopher+tls\""),
            ("native+ssl://0.0.0.0:1", "scheme \"native+ssl\""),
            ("native+tls://h:5?style=grillo", "native:// has no lines"),
            ("AUTO://0.0.0.0:1", "scheme \"AUTO\""),
            ("auto://5005", "the port is missing"),
            ("auto://localhost", "the port is missing"),
            ("auto://:5005", "the host is missing"),
            ("auto://h:65536", "no number from 0 to 65535"),
            ("auto://h:+5", "no number from 0 to 65535"),
            ("auto://h:5005/", "no number from 0 to 65535"),
            ("auto://300.0.0.1:5", "no IPv4 address"),
            ("auto://::1:5", "stands in [ ]"),
            ("auto://[x]:5", "no IPv6 address"),
            ("auto://a b:5", "neither an address nor a name"),
            ("line://h:5?style=grilo", "samovar, grillo, talker or netcat"),
            ("line://h:5?", "there is only ?style="),
            ("native://h:5?style=grillo", "native:// has no lines"),
            ("unix:", "it is empty"),
            (&long_path, "at most 107 bytes"),
            ("auto://\u{1b}[31m:5", "auto://\\u{1b}[31m:5"),
        ] {
            let error = ListenUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(said), "{url}: {error}");
        }
    }

    #[test]
    fn two_listeners_at_one_place_collide_unless_a_port_is_picked() {
        let collide =
            |a, b| ListenUrl::parse(a).unwrap().collides_with(&ListenUrl::parse(b).unwrap());
        assert!(collide("auto://h:5", "line://h:5"));
        assert!(collide("auto://h:5", "auto+tls://h:5"));
        assert!(collide("auto://h:0", "auto://h:0"));
        assert!(!collide("auto://h:0", "line://h:0"));
        assert!(!collide("auto://h:5", "auto://h:6"));
    }
}

//! An address, or a network of addresses: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. Never asks
//! anybody whose it is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address, or those that begin like it. What stands behind the prefix is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why something is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address.
    #[error("\"{0}\" is no address: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32")]
    Address(String),
    /// A prefix that no address of this kind has.
    #[error("a prefix is 1 to {max}, and not \"{found}\"")]
    Prefix {
        /// What was written.
        found: String,
        /// The longest.
        max: u8,
    },
}

/// The longest text that is repeated in an error, in characters.
const SHOWN_CHARACTERS_MAX: usize = 64;

impl Network {
    /// Reads an address, or a network in CIDR.
    ///
    /// # Errors
    /// [`NetworkError`] says what to write instead.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let shown = |text: &str| -> String { text.chars().take(SHOWN_CHARACTERS_MAX).collect() };
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address
            .parse()
            .map_err(|_| NetworkError::Address(shown(text).escape_debug().to_string()))?;
        let max = length(address);
        let prefix = match prefix {
            None => max,
            Some(digits) => {
                digits.parse().ok().filter(|prefix| (1..=max).contains(prefix)).ok_or_else(
                    || NetworkError::Prefix {
                        found: shown(digits).escape_debug().to_string(),
                        max,
                    },
                )?
            }
        };
        // An IPv4 address in IPv6 is what connections are counted by: the IPv4 one.
        let canonical = address.to_canonical();
        if canonical.is_ipv4() && address.is_ipv6() && prefix > 96 {
            return Ok(Self::new(canonical, prefix - 96));
        }
        Ok(Self::new(address, prefix))
    }

    /// The network around an address.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        let prefix = prefix.min(length(address));
        let address = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Self { address, prefix }
    }

    /// How much of an address has to be the same.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Is this address in it? One of IPv4 that is written as IPv6 is one of IPv4.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && Self::new(address, self.prefix) == *self
    }
}

const fn length(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix } = self;
        if *prefix == length(*address) {
            write!(f, "{address}")
        } else {
            write!(f, "{address}/{prefix}")
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str, inside: &[&str], outside: &[&str]) {
        let network = Network::parse(text).unwrap();
        assert_eq!(network.to_string(), shown);
        assert_eq!(serde_json::to_string(&network).unwrap(), format!("\"{shown}\""));
        for address in inside {
            assert!(network.has(address.parse().unwrap()), "{address} is in {text}");
        }
        for address in outside {
            assert!(!network.has(address.parse().unwrap()), "{address} is not in {text}");
        }
    }

    #[test]
    fn a_network_has_what_begins_like_it() {
        check("192.0.2.7", "192.0.2.7", &["192.0.2.7", "::ffff:192.0.2.7"], &["192.0.2.8", "::1"]);
        check("192.0.2.7/24", "192.0.2.0/24", &["192.0.2.255"], &["192.0.3.0", "2001:db8::1"]);
        check("128.0.0.0/1", "128.0.0.0/1", &["255.255.255.255"], &["127.0.0.1"]);
        check(
            "2001:db8::5/32",
            "2001:db8::/32",
            &["2001:db8:ffff::1"],
            &["2001:db9::", "32.1.13.184"],
        );
        check("::ffff:192.0.2.0/120", "192.0.2.0/24", &["192.0.2.9"], &["192.0.3.9"]);
    }

    #[test]
    fn what_is_no_network_is_told_how_to_write_one() {
        for text in
            ["", "ana", "1.2.3", "1.2.3.4/", "1.2.3.4/0", "1.2.3.4/33", "::/129", "1.2.3.4/-1"]
        {
            assert!(Network::parse(text).is_err(), "{text}");
        }
        let error = Network::parse("1.2.3.4/40").unwrap_err().to_string();
        assert_eq!(error, "a prefix is 1 to 32, and not \"40\"");
    }
}

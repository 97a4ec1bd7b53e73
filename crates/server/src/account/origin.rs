//! Where a session comes from, as far as it counts for who it is.

use std::net::{IpAddr, SocketAddr};

/// Where a session comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Its address, if wrong passwords are counted by it: many people share a loopback address, and
    /// nobody who is not on this machine has one.
    pub(crate) address: Option<IpAddr>,
    /// The daemon's own user, or root, on a Unix socket.
    pub(crate) is_administrator: bool,
}

impl Origin {
    /// Over TCP.
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        let ip = address.ip().to_canonical();
        Self { address: (!ip.is_loopback()).then_some(ip), is_administrator: false }
    }

    /// Over a Unix socket, from a process of this user.
    #[cfg(unix)]
    pub(crate) fn unix(user: Option<u32>) -> Self {
        let own = rustix::process::geteuid().as_raw();
        let is_administrator = user.is_some_and(|user| user == own || user == 0);
        Self { address: None, is_administrator }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_daemons_own_user_and_root_administer() {
        let own = rustix::process::geteuid().as_raw();
        assert!(Origin::unix(Some(own)).is_administrator);
        assert!(Origin::unix(Some(0)).is_administrator);
        assert!(!Origin::unix(Some(own + 4_242)).is_administrator);
        assert!(!Origin::unix(None).is_administrator);
        assert!(!Origin::tcp("127.0.0.1:1".parse().unwrap()).is_administrator);
    }

    #[test]
    fn a_loopback_address_is_shared_and_not_counted() {
        let address = |text: &str| Origin::tcp(text.parse().unwrap()).address;
        assert_eq!(address("127.0.0.1:1"), None);
        assert_eq!(address("[::ffff:127.0.0.1]:1"), None);
        assert_eq!(address("[::ffff:10.0.0.1]:1"), Some("10.0.0.1".parse().unwrap()));
    }
}

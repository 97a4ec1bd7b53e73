//! Where a session comes from, as far as it counts for who it is.

use std::net::{IpAddr, SocketAddr};

/// Where a session comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Its address; a Unix socket has none.
    pub(crate) address: Option<IpAddr>,
    /// It is not exempt from rates and from what one address may.
    pub(crate) is_limited: bool,
    /// The daemon's own user, or root, on a Unix socket.
    pub(crate) is_administrator: bool,
}

impl Origin {
    /// The command line, on the data directory.
    pub(crate) const OPERATOR: Self =
        Self { address: None, is_limited: false, is_administrator: true };

    /// Over TCP.
    pub(crate) fn tcp(address: SocketAddr, is_limited: bool) -> Self {
        let address = Some(address.ip().to_canonical());
        Self { address, is_limited, is_administrator: false }
    }

    /// Over a Unix socket, from a process of this user.
    #[cfg(unix)]
    pub(crate) fn unix(user: Option<u32>, is_limited: bool) -> Self {
        let own = rustix::process::geteuid().as_raw();
        let is_administrator = user.is_some_and(|user| user == own || user == 0);
        Self { address: None, is_limited, is_administrator }
    }

    /// Its address, if what it does is counted by it: many people share a loopback address, and
    /// nobody who is not on this machine has one.
    pub(crate) fn counted(&self) -> Option<IpAddr> {
        self.address.filter(|_| self.is_limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_daemons_own_user_and_root_administer() {
        let own = rustix::process::geteuid().as_raw();
        assert!(Origin::unix(Some(own), true).is_administrator);
        assert!(Origin::unix(Some(0), true).is_administrator);
        assert!(!Origin::unix(Some(own + 4_242), true).is_administrator);
        assert!(!Origin::unix(None, true).is_administrator);
        assert!(!Origin::tcp("127.0.0.1:1".parse().unwrap(), true).is_administrator);
    }

    #[test]
    fn who_is_exempt_has_an_address_that_is_not_counted() {
        let origin = |is_limited| Origin::tcp("[::ffff:10.0.0.1]:1".parse().unwrap(), is_limited);
        let address = Some("10.0.0.1".parse().unwrap());
        assert_eq!((origin(true).address, origin(true).counted()), (address, address));
        assert_eq!((origin(false).address, origin(false).counted()), (address, None));
    }
}

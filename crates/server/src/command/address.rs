//! Banned addresses: from where nobody comes in. Looked at when somebody is accepted, and by every
//! session when a ban is new.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::administration::AddressBan;
use chat_protocol::limits::ADDRESS_BANS_MAX;
use chat_protocol::{Event, LineText, Network, Refusal, RequestId, Timestamp};

use super::account::changed;
use super::admin::{administrator, deed};
use super::{Answer, Caller, House};
use crate::journal::{AccountChange, Changed};

/// The bans that are stored. Few, and looked through one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct BannedAddresses(Arc<Mutex<Vec<AddressBan>>>);

impl BannedAddresses {
    /// As they are stored.
    pub(crate) fn fill(&self, bans: Vec<AddressBan>) {
        *self.lock() = bans;
    }

    /// Why nobody comes in from there, if it is so.
    pub(crate) fn find(&self, address: Option<IpAddr>, now: Timestamp) -> Option<Refusal> {
        let address = address?;
        let bans = self.lock();
        let ban = bans.iter().find(|ban| ban.network.has(address) && ban.holds(now))?;
        Some(Refusal::AddressBanned { until_ms: ban.until_ms, reason: ban.reason.clone() })
    }

    /// Those that hold, in order.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<AddressBan> {
        let mut bans: Vec<AddressBan> =
            self.lock().iter().filter(|ban| ban.holds(now)).cloned().collect();
        bans.sort_by_key(|ban| ban.network);
        bans
    }

    fn add(&self, ban: AddressBan) {
        let mut bans = self.lock();
        bans.retain(|other| other.network != ban.network && other.holds(ban.since_ms));
        bans.push(ban);
    }

    fn remove(&self, network: Network) {
        self.lock().retain(|ban| ban.network != network);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<AddressBan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody comes in from there, and who is in goes.
pub(super) async fn ban(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    (network, for_s, reason): (Network, Option<u64>, LineText),
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    if caller.origin.address.is_some_and(|own| network.has(own)) {
        return Err(Refusal::Yourself);
    }
    let since_ms = (house.clock)();
    let until = |s: u64| Timestamp(since_ms.0.saturating_add(s.saturating_mul(1_000)));
    let until_ms = for_s.map(until);
    let what = for_s.map_or("ban address".to_owned(), |s| format!("ban address for {s} s"));
    let ban = AddressBan { network, by: who.clone(), since_ms, until_ms, reason: reason.clone() };
    let changes = vec![AccountChange::BanAddress(ban.clone()), deed(who, &what, &network, &reason)];
    match house.journal.change(changes).await {
        Ok(Changed::Full) => {
            let limit = u64::try_from(ADDRESS_BANS_MAX).unwrap_or(u64::MAX);
            return Err(Refusal::TooMany { what: "banned addresses".to_owned(), limit });
        }
        other => changed(other, || Refusal::Unavailable)?,
    }
    house.banned_addresses.add(ban);
    house.announcements.wake_all();
    Ok(Answer::Event(Event::Done { id }))
}

/// They come in again.
pub(super) async fn unban(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    network: Network,
) -> Result<Answer, Refusal> {
    let who = administrator(caller)?;
    let changes =
        vec![AccountChange::UnbanAddress(network), deed(who, "unban address", &network, &"")];
    let missing = || Refusal::already_so(&format!("{network} is not banned"));
    changed(house.journal.change(changes).await, missing)?;
    house.banned_addresses.remove(network);
    Ok(Answer::Event(Event::Done { id }))
}

/// From where nobody comes in.
pub(super) fn list(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    administrator(caller)?;
    let bans = house.banned_addresses.list((house.clock)());
    Ok(Answer::Event(Event::AddressBanList { id, bans }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(network: &str, until: Option<u64>) -> AddressBan {
        AddressBan {
            network: network.parse().unwrap(),
            by: "ana".to_owned(),
            since_ms: Timestamp(1),
            until_ms: until.map(Timestamp),
            reason: LineText::parse("spam").unwrap(),
        }
    }

    #[test]
    fn an_address_is_banned_as_long_as_a_ban_of_it_holds() {
        let banned = BannedAddresses::default();
        banned.add(ban("192.0.2.0/24", Some(10)));
        banned.add(ban("192.0.2.7", None));
        let find = |address: &str, now| {
            banned.find(Some(address.parse().unwrap()), Timestamp(now)).is_some()
        };
        assert!(find("192.0.2.9", 9) && find("::ffff:192.0.2.9", 9));
        assert!(!find("192.0.2.9", 10) && find("192.0.2.7", 10));
        assert!(!find("192.0.3.9", 9));
        assert!(banned.find(None, Timestamp(9)).is_none(), "a Unix socket has no address");
        assert_eq!(banned.list(Timestamp(10)).len(), 1);
        banned.remove("192.0.2.7".parse().unwrap());
        assert!(!find("192.0.2.7", 10));
    }
}

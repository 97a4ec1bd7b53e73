//! Entering, leaving and watching rooms.

use chat_protocol::{Event, LineText, Refusal, RequestId, RoomAddress, RoomSecret, Sequence};

use std::sync::Arc;

use tokio::time::Instant;

use super::list::look;
use super::{Answer, Caller, House, Peer, called_now, journal_refusal, peer};
use crate::journal::{AccountChange, AccountRoom, RoomKey, Shun, Shunned};
use crate::policy::{self, Secret};
use crate::room::{Entrant, RoomGone, RoomHandle, Snapshot};
use crate::user::User;

/// Enters a room; with `@name`, opens the direct room with that user.
pub(super) async fn join(
    house: &House,
    caller: &Caller,
    address: RoomAddress,
    key: Option<RoomSecret>,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let address = called_now(house, address)?;
    let (room, snapshot) = match &address {
        RoomAddress::Named(name) => {
            let secret = key.map(|key| Secret::of(name, &key));
            let key = RoomKey::Named(name.clone());
            may_make(house, caller, &key, &address).await?;
            let how = How { follows: true, secret, may_administer: caller.scope.is_none() };
            enter(house, user, &key, &address, how).await?
        }
        RoomAddress::Direct(_) => open_direct(house, user, &address, true).await?,
    };
    // A room is called as whoever made it wrote it.
    let address = snapshot.address.clone().unwrap_or(address);
    Ok(Answer::Entered { address, room, snapshot: Box::new(snapshot), as_member: true })
}

/// Makes the two users of a direct room (or the one of its own) its members, and gives the room as the first has it.
/// `follows`: the session that asks follows it from there on.
pub(super) async fn open_direct(
    house: &House,
    user: &User,
    address: &RoomAddress,
    follows: bool,
) -> Result<(RoomHandle, Snapshot), Refusal> {
    let Peer { identity, name, here } = peer(house, address)?;
    let key = RoomKey::direct(user.identity(), identity);
    let how = How { follows, ..How::default() };
    let address = &RoomAddress::Direct(name.clone()); // as it is called now
    if identity == user.identity() {
        return enter(house, user, &key, address, how).await;
    }
    let is_account = house.registry.account_name(identity).is_some();
    let peer = Peer { identity, name, here };
    may_address(house, user, &peer).await?;
    let Peer { name, here, .. } = peer;
    // The peer first: nobody is left alone in a room of two, but by an account that is away. What
    // is said to that one waits.
    let ours = RoomAddress::Direct(user.name());
    let is_away = match here {
        Some(peer) => match enter(house, &peer, &key, &ours, How::default()).await {
            Err(Refusal::NoSuchUser { .. }) if is_account => true, // is just going
            Err(Refusal::TooManyJoined { .. }) => return Err(Refusal::NotReachable { name }),
            // What is said to one that is not connected waits, also through a restart.
            entered => entered.map(|_| is_account && !peer.is_present())?,
        },
        None => true,
    };
    if is_away {
        let room = key.clone();
        let peer = Some(user.seat.known_as());
        let room =
            AccountRoom { room, read: Sequence(0), told: Sequence(0), read_until: None, peer };
        let add = vec![AccountChange::AddRoom { account: identity, room }];
        house.journal.change_later(add).await.map_err(journal_refusal)?;
    }
    enter(house, user, &key, address, how).await
}

/// May a user speak to this one? Not to who does not want to hear of it.
pub(super) async fn may_address(house: &House, user: &User, peer: &Peer) -> Result<(), Refusal> {
    let is_it = |shunned: &Shunned| {
        let Shunned { whom, how, .. } = shunned;
        *whom == user.identity() && *how == Shun::Blocked
    };
    let blocks = match &peer.here {
        Some(here) => here.blocks(user.identity()),
        None => {
            let belongings = house.journal.belongings(peer.identity).await;
            belongings.map_err(journal_refusal)?.1.iter().any(is_it)
        }
    };
    if blocks { Err(Refusal::Blocked { name: peer.name.clone() }) } else { Ok(()) }
}

/// Whoever enters a room that is not there makes it: not too often. One that is not there for this
/// one is none.
async fn may_make(
    house: &House,
    caller: &Caller,
    key: &RoomKey,
    address: &RoomAddress,
) -> Result<(), Refusal> {
    let Some(meter) = &caller.meter else { return Ok(()) };
    let is_live = house.directory.find(key).is_some_and(|room| room.summary().members > 0);
    if is_live || look(house, caller, key, address).await.is_ok() {
        return Ok(());
    }
    let user = caller.claim.as_ref().and_then(|claim| claim.user().buckets());
    let wait = meter.make_room(user, Instant::now());
    wait.map_err(|wait| Refusal::TooManyRoomsMade { seconds: wait.as_secs().saturating_add(1) })
}

/// How somebody enters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// The session that asks follows the room from there on.
    pub(super) follows: bool,
    /// The key that it gave.
    pub(super) secret: Option<Secret>,
    /// As an administrator of the server, if it is one.
    pub(super) may_administer: bool,
}

pub(super) async fn enter(
    house: &House,
    user: &User,
    key: &RoomKey,
    address: &RoomAddress,
    how: How,
) -> Result<(RoomHandle, Snapshot), Refusal> {
    let How { follows, secret, may_administer } = how;
    loop {
        let room = house.directory.open(key);
        if !user.seat.is_in(&room) {
            let rooms = u64::try_from(user.seat.rooms_count()).unwrap_or(u64::MAX);
            policy::may_be_in_another(rooms, house.rooms_per_user_max)?;
        }
        let (seat, address) = (Arc::clone(&user.seat), address.clone());
        let entrant = Entrant { seat, address, follows, secret, may_administer };
        // A room that was let go in this moment is gone: the next one is new.
        if let Ok(snapshot) = room.enter(entrant).await {
            return snapshot.map(|snapshot| (room, snapshot));
        }
    }
}

/// Leaves a room. The session learns of it through its seat.
pub(super) async fn leave(
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
    reason: Option<LineText>,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let not_in = || Refusal::NotInRoom { room: address.clone() };
    let membership = user.seat.rooms().into_iter().find(|place| place.address == address);
    let membership = membership.ok_or_else(not_in)?;
    match membership.room.leave(user.identity(), None, reason).await {
        Ok(Ok(())) => Ok(Answer::Event(Event::Done { id })),
        Ok(Err(_)) | Err(RoomGone) => Err(not_in()),
    }
}

/// Follows a room without being in it. One that is not there for the caller looks as one in which
/// nobody ever was.
pub(super) async fn watch(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    address: RoomAddress,
) -> Result<Answer, Refusal> {
    let RoomAddress::Named(name) = &address else {
        return Err(Refusal::OnlyNamedRooms);
    };
    let key = RoomKey::Named(name.clone());
    loop {
        let room = house.directory.open(&key);
        if let Ok(snapshot) = room.watch(caller.person()).await {
            let snapshot = match snapshot {
                Ok(snapshot) => Box::new(snapshot),
                Err(Refusal::NoSuchRoom { .. }) => {
                    let event = nobody_in(id, address.clone());
                    return Ok(Answer::Absent { room: address, event });
                }
                Err(refusal) => return Err(refusal),
            };
            let address = snapshot.address.clone().unwrap_or(address);
            return Ok(Answer::Entered { address, room, snapshot, as_member: false });
        }
    }
}

/// What a room looks like that nobody has made.
fn nobody_in(id: Option<RequestId>, room: RoomAddress) -> Event {
    Event::Entered {
        id,
        room,
        topic: None,
        topic_set: None,
        members: [].into(),
        members_total: 0,
        roles: Vec::new(),
        private: false,
        seq: Sequence(0),
        read_ms: None,
    }
}

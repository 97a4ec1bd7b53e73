//! What programs know of users and rooms. Who has a name says it of itself, operators of their room;
//! kept for rooms and accounts, a guest's ends with it.

use chat_protocol::limits::METADATA_KEYS_MAX;
use chat_protocol::{
    Event, MetadataKey, MetadataValue, Refusal, RequestId, RoomAddress, RoomName, UserName,
};

use super::account::changed;
use super::list::look;
use super::{Answer, Caller, House, journal_refusal};
use crate::journal::{AccountChange, Changed, Metadata, MetadataOwner, RoomKey};
use crate::policy::{self, Act, Rank};
use crate::room::{ChangeId, Description, Membership};
use crate::user::User;

/// What is known.
pub(super) async fn get(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    of: RoomAddress,
    keys: Vec<MetadataKey>,
) -> Result<Answer, Refusal> {
    let mut values = match &of {
        RoomAddress::Named(name) => {
            let key = RoomKey::Named(name.clone());
            if look(house, caller, &key, &of).await?.is_some_and(|look| look.is_out) {
                return Err(Refusal::NotInRoom { room: of });
            }
            of_room(house, name).await?
        }
        RoomAddress::Direct(name) => of_user(house, name).await?,
    };
    if !keys.is_empty() {
        values.retain(|key, _| keys.contains(key));
    }
    Ok(Answer::Event(Event::Metadata { id, of, values }))
}

/// What is known of a room.
pub(crate) async fn of_room(house: &House, name: &RoomName) -> Result<Metadata, Refusal> {
    let owner = MetadataOwner::Room(name.clone());
    house.journal.metadata(owner).await.map_err(journal_refusal)
}

async fn of_user(house: &House, name: &UserName) -> Result<Metadata, Refusal> {
    if let Some(user) = house.registry.meet(name) {
        return Ok(user.metadata());
    }
    let account = house.registry.account_named(name);
    let account = account.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
    let owner = MetadataOwner::Account(account);
    house.journal.metadata(owner).await.map_err(journal_refusal)
}

/// One key is otherwise.
pub(super) async fn set(
    house: &House,
    caller: &Caller,
    of: RoomAddress,
    key: MetadataKey,
    value: Option<MetadataValue>,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    match &of {
        RoomAddress::Named(name) => {
            keeper(user, &of).await?;
            let owner = MetadataOwner::Room(name.clone());
            let (key, value) = (key.clone(), value.clone());
            store(house, AccountChange::SetMetadata { owner, key, value }).await?;
        }
        RoomAddress::Direct(name) => {
            oneself(user, name)?;
            let mut metadata = user.metadata();
            match &value {
                Some(value) => metadata.insert(key.clone(), value.clone()),
                None => metadata.remove(&key),
            };
            if metadata.len() > METADATA_KEYS_MAX {
                return Err(too_many());
            }
            if user.seat.is_account() {
                let owner = MetadataOwner::Account(user.identity());
                let (key, value) = (key.clone(), value.clone());
                store(house, AccountChange::SetMetadata { owner, key, value }).await?;
            }
            user.set_metadata(metadata);
        }
    }
    let (change, event) = tell(house, user, &of, key, value).await;
    Ok(Answer::Changed { change, event })
}

/// Nothing is known any more.
pub(super) async fn clear(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    of: RoomAddress,
) -> Result<Answer, Refusal> {
    let user = caller.user()?;
    let (values, owner) = match &of {
        RoomAddress::Named(name) => {
            keeper(user, &of).await?;
            (of_room(house, name).await?, Some(MetadataOwner::Room(name.clone())))
        }
        RoomAddress::Direct(name) => {
            oneself(user, name)?;
            let owner = MetadataOwner::Account(user.identity());
            (user.metadata(), user.seat.is_account().then_some(owner))
        }
    };
    if let Some(owner) = owner {
        store(house, AccountChange::ClearMetadata { owner }).await?;
    }
    if let RoomAddress::Direct(_) = of {
        user.set_metadata(Metadata::new());
    }
    for key in values.keys() {
        tell(house, user, &of, key.clone(), None).await;
    }
    Ok(Answer::Event(Event::Metadata { id, of, values }))
}

/// A guest is an account now: what is known of it is stored.
pub(super) async fn keep(house: &House, user: &User) {
    for (key, value) in user.metadata() {
        let owner = MetadataOwner::Account(user.identity());
        let set = AccountChange::SetMetadata { owner, key, value: Some(value) };
        if let Err(refusal) = store(house, set).await {
            tracing::warn!(%refusal, name = %user.name(), "metadata is not kept");
        }
    }
}

async fn store(house: &House, change: AccountChange) -> Result<(), Refusal> {
    match house.journal.change(vec![change]).await {
        Ok(Changed::Full) => Err(too_many()),
        other => changed(other, || Refusal::Unavailable),
    }
}

fn too_many() -> Refusal {
    let limit = u64::try_from(METADATA_KEYS_MAX).unwrap_or(u64::MAX);
    Refusal::TooMany { what: "keys of metadata".to_owned(), limit }
}

/// Nobody says anything of somebody else.
fn oneself(user: &User, name: &UserName) -> Result<(), Refusal> {
    if user.name() == *name { Ok(()) } else { Err(Refusal::NotYourself { name: name.clone() }) }
}

/// May it say something of this room?
async fn keeper(user: &User, of: &RoomAddress) -> Result<(), Refusal> {
    let not_in = || Refusal::NotInRoom { room: of.clone() };
    let (_, place) = user.seat.place(of).ok_or_else(not_in)?;
    let Description { role, .. } =
        place.room.describe(Some(user.identity())).await.map_err(|_| not_in())?;
    let rank = match role {
        Some(_) if user.seat.is_administrator() => Rank::Administrator,
        Some(role) => role.into(),
        None => Rank::Outsider,
    };
    policy::may(Act::SetMetadata, rank, of)
}

/// Those who meet the user, or are in the room, learn of it; each session once.
async fn tell(
    house: &House,
    user: &User,
    of: &RoomAddress,
    key: MetadataKey,
    value: Option<MetadataValue>,
) -> (ChangeId, Event) {
    let change = house.registry.changes().next();
    let event = Event::MetadataChanged { of: of.clone(), key, value };
    let is_told = |place: &Membership| match of {
        RoomAddress::Named(_) => place.address == *of,
        RoomAddress::Direct(_) => true,
    };
    for place in user.seat.rooms().into_iter().filter(is_told) {
        place.room.known(user.identity(), event.clone(), change).await;
    }
    (change, event)
}

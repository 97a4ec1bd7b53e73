//! Of what metadata a session is told: when it changes, and when it meets a room or a user of which
//! something is known. Never changes any.

use chat_protocol::limits::METADATA_WATCHED_MAX;
use chat_protocol::{Event, MetadataKey, MetadataValue, Refusal, RequestId, RoomAddress, UserName};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Session;
use crate::command::metadata;
use crate::limits::METADATA_MET_MAX;

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Is told of more, or of less, from now on; and how that is now, where it is.
    pub(super) async fn watches_metadata(
        &mut self,
        id: Option<RequestId>,
        more: Vec<MetadataKey>,
        fewer: &[MetadataKey],
    ) {
        let mut keys = std::mem::take(&mut self.seldom().metadata_keys).into_vec();
        keys.retain(|key| !fewer.contains(key));
        let mut new: Vec<MetadataKey> = Vec::new();
        for key in more {
            if !keys.contains(&key) && !new.contains(&key) {
                new.push(key);
            }
        }
        let is_too_many = keys.len() + new.len() > METADATA_WATCHED_MAX;
        if !is_too_many {
            keys.extend(new.iter().cloned());
            keys.sort();
        }
        self.seldom().metadata_keys = keys.clone().into();
        if is_too_many {
            let limit = u64::try_from(METADATA_WATCHED_MAX).unwrap_or(u64::MAX);
            let what = "keys of metadata to be told of".to_owned();
            return self.tell(&Event::refused(id, Refusal::TooMany { what, limit }));
        }
        self.tell(&Event::MetadataKeys { id, keys });
        if !new.is_empty() {
            let rooms: Vec<_> =
                self.inbox.slots().map(|(_, at)| (at.address.clone(), at.room.clone())).collect();
            for (address, room) in rooms {
                if let Ok(roster) = room.roster().await {
                    self.meet(&address, &roster.names, &new).await;
                }
            }
        }
    }

    /// Is it told of this?
    pub(super) fn hears_of(&self, key: &MetadataKey) -> bool {
        self.metadata_keys().contains(key)
    }

    /// It has entered a room, and meets those who are there.
    pub(super) async fn meet_all(&mut self, room: &RoomAddress, names: &[UserName]) {
        let keys = self.metadata_keys().to_vec();
        if !keys.is_empty() {
            self.meet(room, names, &keys).await;
        }
    }

    /// Somebody has entered a room that it follows.
    pub(super) fn meet_one(&mut self, name: &UserName) {
        if self.metadata_keys().is_empty() {
            return;
        }
        for (key, value) in self.known_of(name, self.metadata_keys()) {
            let of = RoomAddress::Direct(name.clone());
            self.tell(&Event::MetadataChanged { of, key, value: Some(value) });
        }
    }

    async fn meet(&mut self, room: &RoomAddress, names: &[UserName], keys: &[MetadataKey]) {
        let mut met = Vec::new();
        if let RoomAddress::Named(name) = room
            && let Ok(known) = metadata::of_room(&self.around.house, name).await
        {
            let known = known.into_iter().filter(|(key, _)| keys.contains(key));
            met.extend(known.map(|(key, value)| (room.clone(), key, value)));
        }
        for name in names {
            let known = self.known_of(name, keys).into_iter();
            met.extend(known.map(|(key, value)| (RoomAddress::Direct(name.clone()), key, value)));
            if met.len() >= METADATA_MET_MAX {
                break;
            }
        }
        for (of, key, value) in met {
            self.tell(&Event::MetadataChanged { of, key, value: Some(value) });
        }
    }

    fn known_of(&self, name: &UserName, keys: &[MetadataKey]) -> Vec<(MetadataKey, MetadataValue)> {
        let Some(user) = self.around.house.registry.find(name) else { return Vec::new() };
        let known = |key: &MetadataKey| Some((key.clone(), user.known(key)?));
        keys.iter().filter_map(known).collect()
    }
}

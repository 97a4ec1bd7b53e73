//! Which rooms are live. Makes a room's actor on demand and forgets it when it ends; never asks a
//! room anything. A map behind a lock: every use is one look-up, and nothing awaits within.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_protocol::{RoomName, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::actor::RoomActor;
use super::feed::Feed;
use super::handle::Summary;
use super::{Pages, RoomHandle};
use crate::journal::{Journal, Pruned, RoomKey};
use crate::limits::{DIRECT_FEED_ENVELOPES, ROOM_FEED_ENVELOPES, ROOM_MAILBOX_COMMANDS};

/// What rooms need to know.
#[derive(Clone, Debug)]
pub(crate) struct RoomSettings {
    /// How many stored events a room keeps at hand for those who enter.
    pub(crate) recent: u32,
    /// Where people find themselves: it belongs to nobody.
    pub(crate) default_room: Option<RoomName>,
    /// With more members than that, a room tells counts and not names.
    pub(crate) quiet: usize,
    /// The time of day.
    pub(crate) clock: fn() -> Timestamp,
}

/// The live rooms.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    rooms: Arc<Mutex<HashMap<RoomKey, RoomHandle>>>,
    journal: Journal,
    pages: Pages,
    settings: RoomSettings,
    tasks: TaskTracker,
    closed: CancellationToken,
}

impl Directory {
    /// No room is live yet. `tasks` tracks the rooms' actors.
    pub(crate) fn new(journal: Journal, settings: RoomSettings, tasks: TaskTracker) -> Self {
        let pages = Pages::new(journal.clone());
        let closed = CancellationToken::new();
        Self { rooms: Arc::default(), journal, pages, settings, tasks, closed }
    }

    /// The room of this key, made if it is not live. It may be let go before it is asked
    /// ([`super::RoomGone`]): then open it again.
    pub(crate) fn open(&self, key: &RoomKey) -> RoomHandle {
        let mut rooms = self.lock();
        if let Some(room) = rooms.get(key).filter(|room| !room.is_gone()) {
            return room.clone();
        }
        let envelopes = match key {
            RoomKey::Named(_) => ROOM_FEED_ENVELOPES,
            RoomKey::Direct(..) => DIRECT_FEED_ENVELOPES,
        };
        let (sender, mailbox) = mpsc::channel(ROOM_MAILBOX_COMMANDS);
        let summary = Arc::new(Mutex::new(Summary::default()));
        let actor = RoomActor {
            key: key.clone(),
            mailbox,
            sender: sender.downgrade(),
            feed: Feed::new(envelopes),
            journal: self.journal.clone(),
            directory: self.clone(),
            summary: Arc::clone(&summary),
        };
        let room = RoomHandle::new(sender, summary);
        rooms.insert(key.clone(), room.clone());
        self.tasks.spawn(actor.run());
        room
    }

    /// The room of this key, if it is live.
    pub(crate) fn find(&self, key: &RoomKey) -> Option<RoomHandle> {
        self.lock().get(key).cloned()
    }

    /// The live rooms that have a name.
    pub(crate) fn named(&self) -> Vec<(RoomName, RoomHandle)> {
        let named = |(key, room): (&RoomKey, &RoomHandle)| match key {
            RoomKey::Named(name) => Some((name.clone(), room.clone())),
            RoomKey::Direct(..) => None,
        };
        self.lock().iter().filter_map(named).collect()
    }

    /// What is stored, for sessions that are behind.
    pub(crate) const fn pages(&self) -> &Pages {
        &self.pages
    }

    /// These rooms have lost their oldest events.
    pub(crate) async fn pruned(&self, rooms: Vec<Pruned>) {
        for Pruned { key, id, first } in rooms {
            self.pages.forget_before(id, first);
            if let Some(room) = self.find(&key) {
                room.forget_before(first).await;
            }
        }
    }

    /// Ends all rooms: no session is left, and nobody is told that anybody leaves.
    pub(crate) fn close(&self) {
        self.closed.cancel();
        self.lock().clear();
    }

    /// Waits until all rooms are to end.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    pub(super) const fn settings(&self) -> &RoomSettings {
        &self.settings
    }

    /// Takes a room out, if it is still the one with this summary.
    pub(super) fn forget(&self, key: &RoomKey, summary: &Arc<Mutex<Summary>>) {
        let mut rooms = self.lock();
        if rooms.get(key).is_some_and(|room| room.is(summary)) {
            rooms.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomKey, RoomHandle>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

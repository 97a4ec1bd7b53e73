//! How a session begins to follow rooms that it did not enter itself: what its user missed there. Never
//! shows what is news.

use std::sync::Arc;

use chat_protocol::{Event, RoomAddress, Sequence};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Ending, Session};
use crate::command::read;
use crate::frontend::Missed;
use crate::limits::UNREAD_SHOWN_MAX;
use crate::room::Membership;

/// From where on a room is told that this session did not enter itself.
pub(super) enum Since {
    /// Its client knows how far it was told.
    Now,
    /// Behind this event.
    Event(Sequence),
    /// Behind what was read, as far as that is bounded.
    Read(Sequence),
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// A guest that came back is in its rooms still; its client knows how far it was told. An
    /// account's new session is told what the account has not read, as far as that is bounded.
    pub(super) async fn rooms_again(&mut self, knows: bool) -> Result<(), Ending> {
        let Some(seat) = &mut self.seat else { return Ok(()) };
        let rooms = seat.take().places;
        for (id, membership) in rooms.iter() {
            let is_new = self.inbox.slot_of(id).is_none();
            if is_new && self.caller.may_follow(&membership.address) {
                let since = match self.manners.missed {
                    _ if knows => Since::Now,
                    Missed::Asked => Since::Now,
                    Missed::AsNews => Since::Read(membership.read()),
                    Missed::AsHistory => Since::Read(membership.read().max(membership.told())),
                };
                self.follow(membership.clone(), since).await?;
            }
        }
        Ok(())
    }

    /// Follows a room that was not entered by this session: what came behind `since` is news;
    /// without it, what comes from now on.
    pub(super) async fn follow(
        &mut self,
        membership: Membership,
        since: Since,
    ) -> Result<(), Ending> {
        let Membership { room, address, .. } = membership;
        let Ok(Ok(snapshot)) = room.watch(self.caller.person()).await else {
            return Ok(());
        };
        let last = snapshot.roster.last;
        let is_missed = matches!(since, Since::Read(_));
        let since = match since {
            Since::Now => last,
            Since::Event(since) => since,
            Since::Read(read) => read.max(Sequence(last.0.saturating_sub(UNREAD_SHOWN_MAX))),
        };
        let read_ms = match self.caller.user() {
            Ok(user) => read::position(&self.around.house, user, &address).await.ok(),
            Err(_) => None, // an observer has read nothing
        };
        let opened = Event::Entered {
            id: None,
            room: address.clone(),
            topic: snapshot.topic.clone(),
            topic_set: snapshot.topic_set.clone(),
            members: Arc::clone(&snapshot.roster.names),
            members_total: snapshot.roster.total,
            roles: snapshot.roster.roles.clone(),
            private: snapshot.is_private,
            seq: since,
            read_ms: read_ms.and_then(|(_, time_ms)| time_ms),
        };
        let slot = self.inbox.follow(room, address, snapshot, since, true);
        self.tell(&opened);
        if let (Event::Entered { room, members, .. }, true) =
            (&opened, !self.metadata_keys().is_empty())
        {
            Box::pin(self.meet_all(room, members)).await;
        }
        if is_missed && self.manners.missed == Missed::AsHistory {
            self.tell_missed(slot, last).await?;
        }
        self.fill(slot, last).await
    }

    /// What came up to `last` as what was said before: with its times, and without what is over, as a
    /// kick, or a topic that is another one by now.
    async fn tell_missed(&mut self, slot: usize, last: Sequence) -> Result<(), Ending> {
        self.make_room().await?;
        let mut events = Vec::new();
        while let Some(place) = self.inbox.place(slot).filter(|place| place.cursor < last) {
            let shared = match &place.address {
                RoomAddress::Named(_) => Some(place.address.clone()),
                RoomAddress::Direct(_) => None,
            };
            let (id, cursor) = (place.id, place.cursor);
            let pages = self.around.house.directory.pages().clone();
            let page = pages.behind(id, shared.as_ref(), cursor, last).await?;
            let Some(first) = page.envelopes.first().filter(|_| page.through > cursor) else {
                break; // not kept any more, which is told next
            };
            self.tell_gap(slot, first.sequences().map(|range| *range.start()));
            let Some(place) = self.inbox.place_mut(slot) else { break };
            place.cursor = page.through;
            let all = page.envelopes.iter().flat_map(|envelope| envelope.events());
            let missed = all.filter(|event| event.event.sequence().is_some_and(|seq| seq > cursor));
            let shown = missed.map(|event| self.caller.shown(event.clone()));
            events.extend(shown.map(|event| event.relabelled(&place.address)));
        }
        if let Some(place) = self.inbox.place(slot).filter(|_| !events.is_empty()) {
            let room = place.address.clone();
            self.tell(&Event::History { id: None, room, events, more: false });
            self.inbox.has_told();
        }
        Ok(())
    }
}

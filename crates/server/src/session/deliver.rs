//! What a session does with what its rooms tell. One rule instead of lag handling: the next event
//! is delivered, an older one is dropped, and before one that is ahead the gap is read from the
//! journal.

use std::future::poll_fn;
use std::sync::Arc;

use chat_protocol::{Event, Identity, RoomAddress, Sequence};
use tokio::io::{AsyncRead, AsyncWrite};

use super::follow::Since;
use super::{Ending, Session};
use crate::frontend;
use crate::room::{
    DirectSignal, Envelope, FeedItem, Invitation, Renaming, RoomEvent, RoomGone, Rooms, Roster,
};
use crate::user::Claim;

/// What became of what a feed has.
pub(super) enum Shown {
    All,
    /// Not yet: something before it is to be read from the journal.
    Behind {
        last_missed: Sequence,
        envelope: Arc<Envelope>,
    },
    /// The feed has moved on without this session.
    Lagged,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Shows what a feed has, if nothing is missing before it.
    pub(super) fn show(&mut self, slot: usize, item: FeedItem) -> Shown {
        let Some(place) = self.inbox.place(slot) else { return Shown::All };
        let FeedItem::Envelope(envelope) = item else { return Shown::Lagged };
        if let Some(range) = envelope.sequences()
            && *range.start() > place.cursor.next()
        {
            let last_missed = Sequence(range.start().0 - 1);
            return Shown::Behind { last_missed, envelope };
        }
        self.take(slot, &envelope);
        Shown::All
    }

    /// Shows what was missing, and then what came behind it.
    pub(super) async fn fill_and_show(
        &mut self,
        slot: usize,
        last_missed: Sequence,
        envelope: Arc<Envelope>,
    ) -> Result<(), Ending> {
        self.fill(slot, last_missed).await?;
        self.take(slot, &envelope);
        Ok(())
    }

    /// The feed has moved on without this session.
    pub(super) async fn lagged(&mut self, slot: usize) -> Result<(), Ending> {
        let Some(place) = self.inbox.place(slot) else { return Ok(()) };
        let room = place.room.clone();
        match room.roster().await {
            Ok(roster) => self.catch_up(slot, roster).await,
            Err(RoomGone) => Ok(()),
        }
    }

    /// Shows an envelope. If its last event ends what this session may read of the room, that was the
    /// last it saw: whatever the feed or a page has behind it, and whenever the seat says so.
    fn take(&mut self, slot: usize, envelope: &Envelope) {
        let Some(place) = self.inbox.place(slot) else { return };
        let end = envelope.ends_for(self.me(), place.is_member);
        let ends = end.is_some_and(|end| end > place.cursor);
        self.append(slot, envelope, ends);
        self.inbox.advance(slot, envelope);
        if ends {
            self.exit(slot);
            if let Some(seat) = &mut self.seat {
                seat.look_again(); // it may have entered again since
            }
        }
    }

    /// Follows a room no longer, and says so.
    fn exit(&mut self, slot: usize) {
        if let Some(place) = self.inbox.drop_slot(slot) {
            self.tell(&Event::Exited { room: place.address });
        }
    }

    /// The fast way: the shared encoding, one copy. The slow way, event by event: for what is the
    /// session's own (`ends`: that it is put out), for direct rooms, for what must be told only once, and
    /// for who comes in of whom more is to be told.
    fn append(&mut self, slot: usize, envelope: &Envelope, ends: bool) {
        let me = self.me();
        if self.caller.is_cut() {
            return; // it sees nothing after that
        }
        let shows_own = self.manners.shows_own;
        let shares_own = shows_own && !self.manners.watches_own;
        let ignored = self.caller.claim.as_ref().map_or(0, |claim| claim.user().ignored_bits());
        if !ends
            && !envelope.may_be_by_any(ignored)
            && (self.metadata_keys().is_empty() || envelope.presence().is_none())
            && let Some(from) = self.inbox.takes_from(slot, envelope, me, shares_own)
            && let Some(place) = self.inbox.place_mut(slot)
        {
            let frontend = &self.frontend;
            let dialect = *place.dialect.get_or_insert_with(|| frontend.dialect(&place.address));
            let zone = &self.around.frontends.line.zone;
            let encoded = envelope.encoded(dialect.number(), from, |event, out| {
                frontend::encode(dialect, event, zone, out);
            });
            self.outbox.append(encoded);
            return;
        }
        for event in envelope.events() {
            if !self.inbox.is_new(slot, event) {
                continue;
            }
            // Once: when another room tells it too, somebody else may have the old name.
            if let Event::Renamed { from, to } = &event.event {
                self.inbox.readdress(from, to);
                self.inbox.forget_dialects();
            }
            self.tell_event(slot, event, me, shows_own);
        }
    }

    fn tell_event(
        &mut self,
        slot: usize,
        event: &RoomEvent,
        me: Option<Identity>,
        shows_own: bool,
    ) {
        let is_own = me == Some(event.author);
        let moves =
            matches!(event.event, Event::Joined { .. } | Event::Left { .. } | Event::Gone { .. });
        if let Event::MetadataChanged { key, .. } = &event.event
            && !self.hears_of(key)
        {
            return;
        }
        if let Event::Signal { .. } = event.event {
            let hears = !is_own || (shows_own && !event.is_for_others());
            if !hears || self.caller.ignores(event.author) {
                return;
            }
        }
        let speaks = matches!(event.event, Event::Message { .. } | Event::Tombstone { .. });
        let Some(place) = self.inbox.place(slot) else { return };
        let said_here = is_own
            && speaks
            && !shows_own
            && match event.event.sequence() {
                Some(sequence) if self.caller.pass().is_some() => {
                    let seldom = self.seldom.as_mut();
                    seldom.is_some_and(|here| here.said_here.take(&place.address, sequence))
                }
                Some(_) | None => true,
            };
        let Some(place) = self.inbox.place(slot) else { return };
        let is_to_oneself = is_own && self.is_oneself(&place.address);
        if (said_here && !is_to_oneself) || (is_own && moves) {
            return;
        }
        let shown = self.caller.shown(event.clone());
        let Some(place) = self.inbox.place(slot) else { return };
        match &place.address {
            RoomAddress::Named(_) => self.frontend.tell(&shown, self.outbox.bytes()),
            RoomAddress::Direct(_) => {
                let told = shown.relabelled(&place.address);
                self.frontend.tell(&told, self.outbox.bytes());
            }
        }
        if let Event::Joined { user, .. } = &event.event {
            self.meet_one(user);
        }
    }

    /// The socket has taken too little for a while: what the feeds hold for this session goes, and is
    /// read from the journal when there is room again.
    pub(super) async fn attach_again(&mut self) -> Result<(), Ending> {
        for slot in self.inbox.attaching() {
            let Some(place) = self.inbox.place(slot) else { continue };
            let (room, place_is_member) = (place.room.clone(), place.is_member);
            let snapshot = match room.watch(self.caller.person()).await {
                Ok(Ok(snapshot)) => snapshot,
                Ok(Err(_)) if !place_is_member => {
                    self.exit(slot); // who only watched may not any more
                    continue;
                }
                Ok(Err(_)) | Err(RoomGone) => continue,
            };
            self.inbox.attach(slot, snapshot.feed);
            self.catch_up(slot, snapshot.roster).await?;
        }
        Ok(())
    }

    /// Reads what the session missed, and the roster anew.
    async fn catch_up(&mut self, slot: usize, roster: Roster) -> Result<(), Ending> {
        let Some(place) = self.inbox.place(slot) else { return Ok(()) };
        let address = place.address.clone();
        self.fill(slot, roster.last).await?;
        let Some(place) = self.inbox.place_mut(slot) else { return Ok(()) };
        place.presence = roster.version;
        let (members, members_total, roles) = (roster.names, roster.total, roster.roles);
        self.tell(&Event::Roster { room: address, members, members_total, roles });
        Ok(())
    }

    /// Delivers stored events behind the cursor, up to `last`, in bounded pages that all sessions
    /// share.
    pub(super) async fn fill(&mut self, slot: usize, last: Sequence) -> Result<(), Ending> {
        while let Some(place) = self.inbox.place(slot).filter(|place| place.cursor < last) {
            let shared = match &place.address {
                RoomAddress::Named(_) => Some(place.address.clone()),
                RoomAddress::Direct(_) => None,
            };
            let (id, cursor) = (place.id, place.cursor);
            let pages = self.around.house.directory.pages().clone();
            let page = pages.behind(id, shared.as_ref(), cursor, last).await?;
            for envelope in &*page.envelopes {
                self.make_room().await?;
                self.settle_own(envelope).await;
                self.tell_gap(slot, envelope.sequences().map(|range| *range.start()));
                self.take(slot, envelope);
            }
            let mut through = page.through;
            if page.envelopes.is_empty() {
                // Not page by page through what is not kept any more.
                let first = self.around.house.journal.first_kept(id).await?;
                through = through.max(Sequence(first.0.saturating_sub(1)));
            }
            self.tell_gap(slot, Some(through.next()));
        }
        Ok(())
    }

    /// The journal may have told what this session said before its receipt came.
    async fn settle_own(&mut self, envelope: &Envelope) {
        let is_own = self.me().is_some_and(|me| envelope.may_be_by(me));
        while is_own && self.has_other_sessions() && self.in_flight > 0 {
            poll_fn(|cx| self.caller.receipts.poll_ready(cx)).await;
            self.take_receipts();
        }
    }

    /// What should have stood between the cursor and `next` and does not is said, and passed.
    pub(super) fn tell_gap(&mut self, slot: usize, next: Option<Sequence>) {
        let Some(place) = self.inbox.place_mut(slot) else { return };
        let Some(next) = next.filter(|next| *next > place.cursor.next()) else { return };
        let (from, to) = (place.cursor.next(), Sequence(next.0 - 1));
        let room = place.address.clone();
        place.cursor = to;
        let why = "they are not kept any more".to_owned();
        self.tell(&Event::Gap { room, from, to, why });
    }

    /// The session's user has entered or left rooms, in this session or by another's doing.
    pub(super) async fn rooms_changed(&mut self) -> Result<(), Ending> {
        let Some(seat) = &mut self.seat else {
            return Ok(());
        };
        let rooms = seat.take();
        if let Some(why) = &rooms.ended {
            let why = (**why).clone();
            self.cut(why).await;
            return Ok(());
        }
        let left: Vec<usize> = self
            .inbox
            .slots()
            .filter(|(_, place)| place.is_member && rooms.places.get(place.id).is_none())
            .map(|(slot, _)| slot)
            .collect();
        for slot in left {
            match self.inbox.place(slot).and_then(|place| rooms.put_out(place.id)) {
                Some(seq) => self.fill(slot, seq).await?,
                None => self.last_words(slot).await?,
            }
            self.exit(slot);
        }
        self.tell_renamings(&rooms);
        self.tell_invitations(&rooms);
        self.tell_signals(&rooms);
        for (id, membership) in rooms.places.iter() {
            let is_new = self.inbox.slot_of(id).is_none();
            if is_new && self.caller.may_follow(&membership.address) {
                let since = Since::Event(membership.since);
                self.follow(membership.clone(), since).await?;
            }
        }
        self.tell_reads(&rooms).await;
        Ok(())
    }

    /// The user has another name, by another session of its or for another reason. What a room has
    /// told of it is not told again.
    fn tell_renamings(&mut self, rooms: &Rooms) {
        for Renaming { number, change, from, to } in rooms.renamings() {
            if *number > self.renamings_told {
                self.renamings_told = *number;
                if self.inbox.see(*change) {
                    self.inbox.readdress(from, to); // the room of one's own
                    self.tell(&Event::Renamed { from: from.clone(), to: to.clone() });
                }
            }
        }
    }

    /// Somebody lets this user into rooms.
    fn tell_invitations(&mut self, rooms: &Rooms) {
        for Invitation { number, room, from, account, account_name } in rooms.invitations() {
            if *number > self.invitations_told {
                self.invitations_told = *number;
                self.tell(&Event::Invited {
                    room: room.clone(),
                    from: from.clone(),
                    account: *account,
                    account_name: account_name.clone(),
                });
            }
        }
    }

    /// What somebody signals to this user, or another session of this one to somebody.
    fn tell_signals(&mut self, rooms: &Rooms) {
        let Some(last) = rooms.signals().next_back().map(|signal| signal.number) else { return };
        let told = self.signals_told;
        self.signals_told = last.max(told);
        let (me, here) = (self.me(), self.caller.session);
        for DirectSignal { by, author, event, .. } in rooms.signals().filter(|it| it.number > told)
        {
            let is_own = me == Some(*author);
            let hears = if is_own { *by != here && self.manners.shows_own } else { true };
            let may =
                matches!(&**event, Event::Signal { room, .. } if self.caller.may_follow(room));
            if hears && may && !self.caller.ignores(*author) {
                self.tell(event);
            }
        }
        if let Some(claim) = self.caller.claim.as_ref().filter(|_| told < last) {
            claim.user().seat.has_heard(told + 1..=last);
        }
    }

    /// A direct room ends with either of the two, behind what was said before.
    async fn last_words(&mut self, slot: usize) -> Result<(), Ending> {
        let Some(place) = self.inbox.place(slot) else { return Ok(()) };
        let room = match &place.address {
            RoomAddress::Direct(_) => place.room.clone(),
            RoomAddress::Named(_) => return Ok(()),
        };
        match room.roster().await {
            Ok(roster) => self.fill(slot, roster.last).await,
            Err(RoomGone) => Ok(()),
        }
    }

    /// Is that the room of one's own?
    fn is_oneself(&self, room: &RoomAddress) -> bool {
        match room {
            RoomAddress::Direct(name) => self.caller.user().is_ok_and(|me| me.name() == *name),
            RoomAddress::Named(_) => false,
        }
    }

    fn me(&self) -> Option<Identity> {
        self.caller.claim.as_ref().map(Claim::identity)
    }
}

//! What a session does with what its peer sends: names, commands, the end.

use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::{Command, Event, Refusal, Request, RequestId, RoomAddress, Signal};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::deadline::HESITATION;
use super::pace::Verdict;
use super::{Doing, Ending, Session};
use crate::command::{Answer, execute};
use crate::frontend::{AtEnd, Decoded, Way, Wire};
use crate::journal::Outcome;
use crate::room::{Follower, RoomHandle, Snapshot};

/// The request by which a line session enters its first room.
const BY_ITSELF: RequestId = RequestId(0);

/// What became of the next thing in the input.
enum Taken<'a> {
    Done,
    /// It takes its time.
    Doing(Doing<'a>),
    /// There is no more, as yet.
    NoMore,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Deals with the input as far as it goes.
    pub(super) async fn act(&mut self) -> Result<(), Ending> {
        if self.outbox.is_empty() {
            self.mark_told(); // it lives, and had taken it all
        }
        while self.accepts_commands() && !self.caller.is_cut() {
            match self.take_one() {
                Taken::Done => {}
                Taken::Doing(doing) => doing.await?,
                Taken::NoMore => break,
            }
        }
        Ok(())
    }

    /// Takes one thing from the input.
    fn take_one(&mut self) -> Taken<'_> {
        let (input, out) = (&mut self.input, self.outbox.bytes());
        let decoded = self.frontend.decode(input, self.has_ended, out);
        self.mind_manners(); // a client may have asked for others
        match self.pace(&decoded) {
            Verdict::Done => {}
            Verdict::Refused(refusal) => {
                let mut id = None;
                if let Decoded::Request(request) = &decoded {
                    id = request.id;
                }
                self.tell(&Event::refused(id, refusal));
                return Taken::Done;
            }
            Verdict::Closed(refusal) => {
                self.tell(&Event::refused(None, refusal));
                self.said_goodbye = true;
                self.close();
                return Taken::Done;
            }
        }
        match decoded {
            Decoded::Handled => Taken::Done,
            Decoded::Identify(wish) => Taken::Doing(Box::pin(self.identify(wish))),
            Decoded::Prove(proof) => Taken::Doing(Box::pin(self.prove(*proof))),
            Decoded::Request(request) => Taken::Doing(Box::pin(self.request(request))),
            Decoded::Become(wire) => Taken::Doing(Box::pin(self.become_wire(wire))),
            Decoded::Close => {
                self.close();
                Taken::Done
            }
            Decoded::Incomplete => {
                if self.input.is_empty() {
                    self.input = BytesMut::new(); // an idle session holds no buffers
                }
                if self.has_ended {
                    self.ended();
                }
                Taken::NoMore
            }
        }
    }

    fn mind_manners(&mut self) {
        let manners = self.frontend.manners();
        if manners.looks != self.manners.looks {
            self.inbox.forget_dialects();
        }
        self.manners = manners;
    }

    /// The peer has finished, and all it said is dealt with.
    fn ended(&mut self) {
        match self.manners.at_end {
            AtEnd::Leave => self.close(),
            AtEnd::LeaveWhenStored if self.in_flight == 0 => self.close(),
            AtEnd::LeaveWhenStored => {}
            AtEnd::Receive if self.is_welcome && self.has_spoken => {}
            AtEnd::Receive => self.close(),
        }
    }

    /// A line session begins in a room. One that may still turn out to be something else only
    /// watches it for a while, so that nobody is told of a guest who never was.
    pub(super) async fn enter_default_room(&mut self) -> Result<(), Ending> {
        let room = self.around.default_room.clone();
        let Some(room) = room.filter(|_| self.manners.enters_default_room) else {
            return Ok(());
        };
        let room = RoomAddress::Named(room);
        let command = if self.undecided {
            self.hesitates = Some(Instant::now() + HESITATION);
            Command::Watch { room }
        } else {
            Command::Join { room, key: None }
        };
        self.execute(Request { id: Some(BY_ITSELF), command }).await
    }

    /// The others may know of this guest now.
    pub(super) async fn announce(&mut self) -> Result<(), Ending> {
        self.undecided = false;
        let room = self.around.default_room.clone().filter(|_| self.hesitates.is_some());
        self.hesitates = None;
        let Some(room) = room else { return Ok(()) };
        let command = Command::Join { room: RoomAddress::Named(room), key: None };
        let request = Request { id: Some(BY_ITSELF), command };
        match execute(&self.around.house, &self.caller, request).await {
            Ok(Answer::Entered { snapshot, .. }) => {
                let slot = self.inbox.slot_of(snapshot.id);
                if let Some(place) = slot.and_then(|slot| self.inbox.place_mut(slot)) {
                    place.is_member = true; // shown already, when it began to watch
                }
            }
            Ok(
                Answer::Event(_)
                | Answer::InFlight
                | Answer::Signalled { .. }
                | Answer::Absent { .. }
                | Answer::Watches(_)
                | Answer::WatchesMetadata { .. }
                | Answer::Changed { .. }
                | Answer::Became(_)
                | Answer::Quit { .. },
            ) => {}
            Err(refusal) => self.tell(&Event::refused(None, refusal)),
        }
        Ok(())
    }

    async fn request(&mut self, request: Request) -> Result<(), Ending> {
        if self.hesitates.is_some() {
            self.announce().await?;
        }
        if self.shows_reading(&request.command) {
            self.mark_read();
        }
        self.execute(request).await?;
        // What it entered or left counts for what it asks next.
        if self.seat.as_ref().is_some_and(Follower::has_changed) {
            self.rooms_changed().await?;
        }
        Ok(())
    }

    async fn execute(&mut self, mut request: Request) -> Result<(), Ending> {
        let id = request.id;
        if let Command::AddCertificate { fingerprint: which @ None } = &mut request.command {
            *which = self.certificate();
        }
        let limit = self.around.house.rooms_per_user_max;
        if let Command::Watch { room } = &request.command
            && self.inbox.len() >= limit
            && self.inbox.slot_at(room).is_none()
            && !self.inbox.is_absent(room)
        {
            self.tell(&Event::refused(id, Refusal::TooManyJoined { limit }));
            return Ok(());
        }
        if let Command::Leave { room, .. } = &request.command {
            let watched = self.inbox.slot_at(room);
            let watched = watched.and_then(|slot| self.inbox.drop_watched(slot));
            let watched = watched.map(|place| place.address);
            if let Some(room) = watched.or_else(|| self.inbox.leave_absent(room)) {
                self.tell(&Event::Done { id });
                self.tell(&Event::Exited { room });
                return Ok(());
            }
        }
        if let Command::Signal { room, signal: Signal::Typing { state }, .. } = &request.command
            && !self.seldom().typing.is_heard(room, *state, Instant::now())
        {
            self.tell(&Event::Done { id });
            return Ok(());
        }
        let answer = execute(&self.around.house, &self.caller, request).await;
        if self.caller.is_cut() {
            return Ok(()); // it sees nothing after that; why, it is told next
        }
        match answer {
            Ok(Answer::Event(event)) => self.tell(&event),
            Ok(Answer::Signalled { answer, signal }) => {
                self.tell(&answer);
                if self.manners.shows_own {
                    self.tell(&signal);
                }
            }
            Ok(Answer::InFlight) => self.in_flight += 1,
            Ok(Answer::Entered { address, room, snapshot, as_member }) => {
                let met = !self.metadata_keys().is_empty();
                let met = met.then(|| (address.clone(), Arc::clone(&snapshot.roster.names)));
                self.entered(id, address, room, *snapshot, as_member);
                if let Some((address, names)) = met {
                    Box::pin(self.meet_all(&address, &names)).await;
                }
            }
            Ok(Answer::Absent { room, event }) => {
                self.inbox.watch_absent(room);
                self.tell(&event);
            }
            Ok(Answer::Watches(watches)) => self.watches(id, watches),
            Ok(Answer::WatchesMetadata { more, fewer }) => {
                Box::pin(self.watches_metadata(id, more, &fewer)).await;
            }
            Ok(Answer::Changed { change, event }) => {
                if self.inbox.see(change) {
                    if let Event::Renamed { from, to } = &event {
                        self.inbox.readdress(from, to); // the room of one's own
                    }
                    self.tell(&event);
                }
                self.tell(&Event::Done { id });
            }
            Ok(Answer::Became(identified)) => {
                Box::pin(self.become_somebody(id, *identified)).await?
            }
            Ok(Answer::Quit { reason }) => {
                if let Some(claim) = &self.caller.claim {
                    claim.user().set_last_words(reason);
                }
                self.said_goodbye = true;
                self.close_if_finished();
            }
            Err(refusal) => self.tell(&Event::refused(id, refusal)),
        }
        Ok(())
    }

    /// The session follows a room, and is shown it as it is.
    fn entered(
        &mut self,
        id: Option<RequestId>,
        room: RoomAddress,
        handle: RoomHandle,
        snapshot: Snapshot,
        as_member: bool,
    ) {
        let replay = usize::try_from(self.manners.replay).unwrap_or(usize::MAX);
        let skip = snapshot.recent.len().saturating_sub(replay);
        let recent = snapshot.recent.iter().skip(skip);
        let shows_recent = as_member || self.hesitates.is_some();
        let events: Vec<Event> = if shows_recent {
            recent.map(|event| self.caller.shown(event.clone()).relabelled(&room)).collect()
        } else {
            Vec::new()
        };
        let (seq, kept_from) = (snapshot.roster.last, snapshot.first);
        self.inbox.leave_absent(&room);
        let roster = &snapshot.roster;
        let (mut members, mut members_total) = (Arc::clone(&roster.names), roster.total);
        if self.hesitates.is_some() {
            // It is not there yet for the others; it need not know.
            let own = self.caller.claim.as_ref().map(|claim| claim.user().name());
            members = members.iter().cloned().chain(own).collect();
            members_total += 1;
        }
        let (topic, roles) = (snapshot.topic.clone(), roster.roles.clone());
        let (private, topic_set) = (snapshot.is_private, snapshot.topic_set.clone());
        let claim = self.caller.claim.as_ref().filter(|_| as_member);
        let read_ms = claim.and_then(|claim| claim.user().seat.read_until(&room));
        let entered = Event::Entered {
            id,
            room: room.clone(),
            topic,
            topic_set,
            members,
            members_total,
            roles,
            private,
            seq,
            read_ms,
        };
        let followed = self.inbox.slot_of(snapshot.id);
        match followed.and_then(|slot| self.inbox.place_mut(slot)) {
            Some(place) => place.is_member |= as_member,
            None => {
                self.inbox.follow(handle, room.clone(), snapshot, seq, as_member);
            }
        }
        self.tell(&entered);
        if !events.is_empty() && followed.is_none() {
            let first = events.first().and_then(Event::sequence);
            let more = first.is_some_and(|first| first > kept_from);
            self.tell(&Event::History { id: None, room, events, more });
        }
    }

    /// What became of what the peer said.
    pub(super) fn take_receipts(&mut self) {
        while let Some(receipt) = self.caller.receipts.take() {
            self.in_flight -= 1;
            let (id, room, key) = (receipt.request, receipt.room, receipt.key);
            match receipt.outcome {
                Outcome::Stored { sequence: seq, time: time_ms, duplicate } => {
                    if self.has_other_sessions() && !duplicate {
                        self.seldom().said_here.stored(&room, seq);
                    }
                    self.mark_own(&room, seq);
                    self.tell(&Event::Stored { id, room, seq, time_ms, key, duplicate });
                }
                Outcome::Refused(refusal) => self.tell(&Event::refused(id, refusal)),
                Outcome::Unknown => {} // no acknowledgement: the daemon is failing
            }
        }
        self.close_if_finished();
    }

    /// It speaks something else than was thought: whoever it was until now never was.
    async fn become_wire(&mut self, wire: Wire) -> Result<(), Ending> {
        self.part().await;
        self.seat = None;
        self.inbox.clear();
        self.hesitates = None;
        self.undecided = false;
        self.is_welcome = false;
        self.opened = Instant::now();
        self.counted.speaks(super::spoken(wire));
        let way = Way { reach: self.reach, has_certificate: self.certificate().is_some() };
        self.frontend = self.around.frontends.make(wire, false, way);
        self.manners = self.frontend.manners();
        match self.frontend.open(self.outbox.bytes()) {
            Some(wish) => self.identify(wish).await,
            None => Ok(()),
        }
    }
}

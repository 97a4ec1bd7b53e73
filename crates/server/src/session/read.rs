//! What a session's person has read, and what its client has: said to the other sessions of its user, and
//! heard of them. Never stores it.

use std::time::Duration;

use chat_protocol::{Command, Event, RoomAddress, Sequence};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Session;
use crate::command::read;
use crate::frontend::{Missed, Reading};
use crate::room::Rooms;

/// How long after it was told something a client that keeps it on its screen is asked for a sign of life.
const UNCONFIRMED: Duration = Duration::from_secs(3);

/// Does a client that keeps on its screen what it was told have all of it?
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Confirmation {
    /// As far as anybody knows.
    #[default]
    Settled,
    /// It is asked then, if it says nothing before.
    Due(Instant),
    /// It was asked.
    Asked,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Who types has seen what was told until now. A program says itself what its person has read.
    pub(super) fn mark_read(&mut self) {
        let Some(claim) = self.caller.claim.as_ref().filter(|_| self.inbox.take_news()) else {
            return;
        };
        let seen = self.inbox.slots().map(|(_, place)| (place.id, place.cursor));
        for room in claim.user().seat.mark_read(seen) {
            read::tell_others(claim.user(), self.caller.session, room);
        }
    }

    /// Who says something has read what stands before it.
    pub(super) fn mark_own(&self, room: &RoomAddress, seq: Sequence) {
        if self.manners.reading == Reading::Told || self.caller.pass().is_none() {
            return;
        }
        let Ok(user) = self.caller.user() else { return };
        if let Some((_, place)) = user.seat.place(room)
            && place.mark_read(seq)
        {
            read::tell_others(user, self.caller.session, room.clone());
        }
    }

    /// A client that keeps on its screen what it was told has it now: it is not told it again.
    pub(super) fn mark_told(&mut self) {
        if self.manners.missed != Missed::AsHistory || !self.inbox.take_untold() {
            return;
        }
        if let Some(seldom) = &mut self.seldom {
            seldom.confirmation = Confirmation::Settled;
        }
        let Some(claim) = self.caller.claim.as_ref().filter(|_| self.caller.pass().is_some())
        else {
            return;
        };
        let told = self.inbox.slots().map(|(_, place)| (place.id, place.cursor));
        claim.user().seat.mark_told(told);
    }

    /// An account's client was told something: if it says nothing by itself, it is asked, so that a
    /// daemon that is killed then has not forgotten it.
    pub(super) fn mind_untold(&mut self) {
        let is_to_be_sure = self.manners.missed == Missed::AsHistory
            && self.inbox.has_untold()
            && self.caller.pass().is_some();
        if is_to_be_sure && matches!(self.seldom().confirmation, Confirmation::Settled) {
            self.seldom().confirmation = Confirmation::Due(Instant::now() + UNCONFIRMED);
        }
    }

    /// When it is asked.
    pub(super) fn confirmation_due(&self) -> Option<Instant> {
        match self.seldom.as_ref()?.confirmation {
            Confirmation::Due(at) => Some(at),
            Confirmation::Settled | Confirmation::Asked => None,
        }
    }

    pub(super) fn ask_for_a_sign(&mut self) {
        self.seldom().confirmation = Confirmation::Asked;
        self.frontend.ask_for_a_sign(self.outbox.bytes());
    }

    /// Does who asks this show that it has read what it was told?
    pub(super) fn shows_reading(&self, command: &Command) -> bool {
        match self.manners.reading {
            Reading::Told => false,
            Reading::Asking => *command != Command::Unread,
            Reading::Speaking => matches!(command, Command::Say { .. } | Command::Quit { .. }),
        }
    }

    /// What other sessions of the user have read since this was told last, a room once.
    pub(super) async fn tell_reads(&mut self, rooms: &Rooms) {
        let Some(last) = rooms.reads().next_back().map(|mark| mark.number) else { return };
        let told = std::mem::replace(&mut self.reads_told, last);
        let by_others = rooms.reads().filter(|mark| {
            let is_new = mark.number > told && mark.by != self.caller.session;
            is_new && self.caller.may_follow(&mark.room)
        });
        let by_others: Vec<RoomAddress> = by_others.map(|mark| mark.room.clone()).collect();
        for room in by_others {
            let Some(user) = self.caller.claim.as_ref().map(|claim| claim.user()) else { return };
            if let Ok((seq, time_ms)) = read::position(&self.around.house, user, &room).await {
                self.tell(&Event::ReadMoved { room, seq, time_ms });
            }
        }
    }
}

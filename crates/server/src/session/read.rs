//! What a session's person has read: said to the other sessions of its user, and heard of them. Never
//! stores it.

use chat_protocol::{Command, Event, RoomAddress, Sequence};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Session;
use crate::command::read;
use crate::frontend::{Missed, Reading};
use crate::room::Rooms;

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
        let Some(claim) = self.caller.claim.as_ref().filter(|_| self.caller.pass().is_some())
        else {
            return;
        };
        let told = self.inbox.slots().map(|(_, place)| (place.id, place.cursor));
        claim.user().seat.mark_told(told);
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

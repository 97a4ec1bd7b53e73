//! What a room does with a signal: to whom it is told, if to anybody. Never stores one, and a feed
//! that moved on does not bring it back.

use chat_protocol::{Event, Refusal, RoomAddress, Sequence, Signal, Timestamp};

use super::RoomEvent;
use super::actor::{RoomActor, Step, Turn};
use super::handle::{Asker, Signalled};
use super::members::Open;
use crate::policy::{self, Rank};

impl RoomActor {
    /// Who may speak may signal. In a large room nobody is told who types: that would be told by
    /// many, to many.
    pub(super) fn signal(
        &self,
        open: &Open,
        turn: &mut Turn,
        asker: Asker,
        Signalled { room, signal, key }: Signalled,
    ) -> Result<Timestamp, Refusal> {
        let who = asker.identity;
        let Some(member) = open.members.get(&who) else {
            return Err(policy::not_in(Some(&room)));
        };
        let rank: Rank = open.rank_of(asker);
        let time_ms = self.now();
        let mut speaker = open.speaker(who, rank, time_ms);
        speaker.spoke = None; // the pause of slow mode is between messages
        policy::may_speak(&room, &open.rules.settings, &speaker)?;
        match &signal {
            Signal::Typing { .. } if self.is_quiet(open) => return Ok(time_ms),
            Signal::React { seq, .. } => open.has_said(&room, *seq)?,
            Signal::Typing { .. } | Signal::Tags { .. } | Signal::Query { .. } => {}
            Signal::Unknown => return Err(Refusal::unknown_command("signal")),
        }
        let from = member.name.clone();
        // Each of a direct room's two calls it by the other's name: the session gives it that.
        let room = open.address.clone().unwrap_or_else(|| RoomAddress::Direct(from.clone()));
        let event = Event::Signal { room, time_ms, from, signal, key };
        turn.steps.push(Step::Presence(RoomEvent::of(who, None, None, event)));
        Ok(time_ms)
    }
}

impl Open {
    /// Was there an event of this number?
    pub(super) fn has_said(&self, room: &RoomAddress, seq: Sequence) -> Result<(), Refusal> {
        if (Sequence(1)..=self.last).contains(&seq) {
            return Ok(());
        }
        Err(Refusal::NoSuchMessage { room: room.clone(), seq: Some(seq) })
    }
}

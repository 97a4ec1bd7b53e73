//! How fast a session is read from. Who is too fast is slowed by not reading, and told so; a flood of
//! what is no message is refused after a while, and then ended. Nothing of it is there for who is
//! exempt, and no timer but the session's own.

use std::time::Duration;

use chat_protocol::{Command, Event, Refusal};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Session;
use crate::frontend::Decoded;
use crate::limits::{FLOOD_PAUSE, TOO_FAST_TOLD};
use crate::rate::{Kind, TooFast};
use crate::tally::Limit;

/// That a session was too fast.
#[derive(Debug)]
pub(super) struct Flood {
    /// It is not read from until then.
    held_until: Option<Instant>,
    /// Until when it was held back last.
    last: Instant,
    /// Since when it has had more to say whenever it was held back.
    since: Instant,
    /// When it was told last.
    told: Option<Instant>,
}

/// What becomes of something that the peer wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Done,
    /// It is not done.
    Refused(Refusal),
    /// It was the last thing.
    Closed(Refusal),
}

impl Flood {
    const fn new(now: Instant) -> Self {
        Self { held_until: None, last: now, since: now, told: None }
    }

    /// It is too fast once more, and held back until then. Gives for how long it has been a flood.
    /// Who waits for each answer is only as fast as it may be, and floods nobody; who has paused
    /// begins anew.
    fn goes_on(&mut self, now: Instant, until: Instant, has_more: bool) -> Duration {
        let has_paused = now.saturating_duration_since(self.last) >= FLOOD_PAUSE;
        if !has_more || has_paused {
            self.since = now;
        }
        (self.held_until, self.last) = (Some(until), until);
        now.saturating_duration_since(self.since)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// It may not say more now.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_until().is_some()
    }

    /// Until when.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.flood.as_ref().and_then(|flood| flood.held_until)
    }

    /// It may say more.
    pub(super) fn let_go_on(&mut self) {
        if let Some(flood) = &mut self.flood {
            flood.held_until = None;
        }
    }

    /// Counts what the peer wants. What it was too much of is done all the same, and then nothing for a
    /// while: so nothing is lost of what was sent.
    pub(super) fn pace(&mut self, decoded: &Decoded) -> Verdict {
        let Some(meter) = &self.caller.meter else { return Verdict::Done };
        let Some(kind) = kind(decoded) else { return Verdict::Done };
        let now = Instant::now();
        let user = self.caller.claim.as_ref().and_then(|claim| claim.user().buckets());
        let Err(too_fast) = meter.take(kind, user, now) else { return Verdict::Done };
        self.around.house.tally.hit(match kind {
            Kind::Message => Limit::MessagesPerSecond,
            Kind::Query => Limit::QueriesPerSecond,
            Kind::Command => Limit::CommandsPerSecond,
        });
        let flood = self.flood.get_or_insert_with(|| Box::new(Flood::new(now)));
        let lasts = flood.goes_on(now, now + too_fast.wait, !self.input.is_empty());
        let is_only_slowed = kind == Kind::Message && self.manners.only_waits;
        let limits = &self.around.limits;
        if !is_only_slowed && limits.flood_closed.is_some_and(|limit| lasts >= limit) {
            return Verdict::Closed(refusal(&too_fast));
        }
        if !is_only_slowed && limits.flood_refused.is_some_and(|limit| lasts >= limit) {
            return Verdict::Refused(refusal(&too_fast));
        }
        let is_told =
            flood.told.is_some_and(|told| now.saturating_duration_since(told) < TOO_FAST_TOLD);
        if !is_told && self.is_welcome {
            flood.told = Some(now);
            self.tell(&Event::Notice { text: slowed(&too_fast) });
        }
        Verdict::Done
    }
}

/// As what it is counted.
fn kind(decoded: &Decoded) -> Option<Kind> {
    match decoded {
        Decoded::Incomplete | Decoded::Become(_) | Decoded::Close => None,
        Decoded::Handled | Decoded::Identify(_) | Decoded::Prove(_) => Some(Kind::Command),
        Decoded::Request(request) => kind_of(&request.command),
    }
}

/// Who goes is not counted.
const fn kind_of(command: &Command) -> Option<Kind> {
    if let Command::Quit { .. } = command {
        return None;
    }
    if let Command::Say { .. } | Command::Signal { .. } = command {
        return Some(Kind::Message);
    }
    if let Command::History { .. } | Command::Search { .. } | Command::Unread = command {
        return Some(Kind::Query);
    }
    Some(Kind::Command)
}

fn refusal(too_fast: &TooFast) -> Refusal {
    let what = too_fast.kind.in_words().to_owned();
    Refusal::TooFast { what, per_second: too_fast.rate.count }
}

fn slowed(too_fast: &TooFast) -> String {
    let TooFast { kind, rate, is_of_address, wait: _ } = too_fast;
    let from = if *is_of_address { " from your address" } else { "" };
    let (count, what) = (rate.count, kind.in_words());
    format!("you are too fast: {count} {what} a second{from} are read here, the others wait")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_lasts_as_long_as_there_is_more_whenever_it_is_held_back() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let mut flood = Flood::new(began);
        let mut says = |ms, has_more| flood.goes_on(at(ms), at(ms + 50), has_more).as_millis();
        assert_eq!([says(0, true), says(50, true), says(9_000, true)], [0, 50, 0], "it has paused");
        assert_eq!([says(9_050, true), says(9_900, true)], [50, 900]);
        assert_eq!([says(9_950, false), says(10_000, true)], [0, 50], "it waited for its answer");
    }
}

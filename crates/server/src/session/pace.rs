//! How fast a session is read from. Who is too fast is slowed by not reading, and told so; a flood of
//! what is no message is refused after a while, and then ended. Nothing of it is there for who is
//! exempt, and no timer but the session's own.

use chat_protocol::{Command, Event, Refusal};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Session;
use crate::frontend::Decoded;
use crate::limits::TOO_FAST_TOLD;
use crate::rate::{Kind, TooFast};
use crate::tally::Limit;

/// That a session was too fast.
#[derive(Debug)]
pub(super) struct Flood {
    /// It is not read from until then.
    held_until: Option<Instant>,
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

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
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
        let is_new = self.flood.is_none();
        let flood = self
            .flood
            .get_or_insert_with(|| Box::new(Flood { held_until: None, since: now, told: None }));
        flood.held_until = Some(now + too_fast.wait);
        // Who waits for each answer is only as fast as it may be, and floods nobody.
        if self.input.is_empty() || is_new {
            flood.since = now;
        }
        let lasts = now.saturating_duration_since(flood.since);
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

//! How fast somebody may be: token buckets, each of them one number. Pure: the time is passed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{BURST, DEBT_BURSTS_MAX};

const SECOND_US: u64 = 1_000_000;
const HOUR_US: u64 = 60 * 60 * SECOND_US;

/// One in so many microseconds, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// As it is configured.
    pub(crate) count: u64,
    every_us: u64,
    burst_us: u64,
}

impl Rate {
    /// So many a second, and what [`BURST`] holds at once.
    pub(crate) const fn per_second(count: u64) -> Self {
        Self { count, every_us: SECOND_US.div_ceil(count), burst_us: BURST.as_secs() * SECOND_US }
    }

    /// So many an hour, all of them at once if need be.
    pub(crate) const fn per_hour(count: u64) -> Self {
        Self { count, every_us: HOUR_US.div_ceil(count), burst_us: HOUR_US }
    }
}

/// What was taken at a rate: the time until which it is used up.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes one, whether it is there or not. Gives how long it takes until it is.
    fn take(&self, rate: Rate, now_us: u64) -> u64 {
        let longest = now_us + DEBT_BURSTS_MAX * rate.burst_us;
        let after = |until: u64| (until.max(now_us) + rate.every_us).min(longest);
        let before =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| Some(after(it)));
        let (Ok(before) | Err(before)) = before;
        after(before).saturating_sub(now_us + rate.burst_us)
    }

    /// One is there?
    ///
    /// # Errors
    /// So long it takes until it is.
    fn look(&self, rate: Rate, now_us: u64) -> Result<(), u64> {
        let after = self.0.load(Ordering::Relaxed).max(now_us) + rate.every_us;
        match after.saturating_sub(now_us + rate.burst_us) {
            0 => Ok(()),
            wait_us => Err(wait_us),
        }
    }

    fn is_full(&self, now_us: u64) -> bool {
        self.0.load(Ordering::Relaxed) <= now_us
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something is said.
    Message,
    /// History and searches.
    Query,
    /// All else that is asked for.
    Command,
}

impl Kind {
    /// In words, many of them.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Message => "messages",
            Self::Query => "questions for what was said",
            Self::Command => "commands",
        }
    }
}

/// What one session, one user or one address has taken.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    messages: Bucket,
    queries: Bucket,
    commands: Bucket,
    rooms: Bucket,
}

impl Buckets {
    const fn of(&self, kind: Kind) -> &Bucket {
        match kind {
            Kind::Message => &self.messages,
            Kind::Query => &self.queries,
            Kind::Command => &self.commands,
        }
    }

    /// Nothing of it matters any more.
    pub(crate) fn are_full(&self, now: Instant, started: Instant) -> bool {
        let now_us = microseconds(now, started);
        let all = [&self.messages, &self.queries, &self.commands, &self.rooms];
        all.into_iter().all(|bucket| bucket.is_full(now_us))
    }
}

/// How fast one may be; `None`: as one likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) messages: Option<Rate>,
    pub(crate) queries: Option<Rate>,
    pub(crate) commands: Option<Rate>,
    pub(crate) rooms: Option<Rate>,
}

impl Rates {
    const fn of(&self, kind: Kind) -> Option<Rate> {
        match kind {
            Kind::Message => self.messages,
            Kind::Query => self.queries,
            Kind::Command => self.commands,
        }
    }
}

/// What holds for a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateLimits {
    /// For itself, and for its user's sessions together.
    pub(crate) own: Rates,
    /// For all sessions of its address together.
    pub(crate) address: Rates,
}

/// What a session that is not exempt has taken, and may take.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: RateLimits,
    own: Buckets,
    /// Of its address, if it has one.
    address: Option<Arc<Buckets>>,
    /// When time began.
    started: Instant,
}

/// That it was too fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFast {
    /// What there was too much of.
    pub(crate) kind: Kind,
    /// How fast it may be.
    pub(crate) rate: Rate,
    /// The others of its address count too.
    pub(crate) is_of_address: bool,
    /// So long it takes until it may go on.
    pub(crate) wait: Duration,
}

impl Meter {
    /// Nothing was taken yet.
    pub(crate) fn new(
        limits: RateLimits,
        address: Option<Arc<Buckets>>,
        started: Instant,
    ) -> Box<Self> {
        Box::new(Self { limits, own: Buckets::default(), address, started })
    }

    /// One more of these, also for its user, if that has more sessions. Who takes more than is there
    /// has to wait.
    pub(crate) fn take(
        &self,
        kind: Kind,
        user: Option<&Buckets>,
        now: Instant,
    ) -> Result<(), TooFast> {
        let now_us = microseconds(now, self.started);
        let mut worst = None;
        for (buckets, rate, is_of_address) in self.levels(user, |rates| rates.of(kind)) {
            let wait_us = buckets.of(kind).take(rate, now_us);
            let wait = Duration::from_micros(wait_us);
            let is_worse = |worst: &TooFast| worst.wait < wait;
            if wait_us > 0 && worst.as_ref().is_none_or(is_worse) {
                worst = Some(TooFast { kind, rate, is_of_address, wait });
            }
        }
        worst.map_or(Ok(()), Err)
    }

    /// One more room is made.
    ///
    /// # Errors
    /// Not now; so long it takes.
    pub(crate) fn make_room(&self, user: Option<&Buckets>, now: Instant) -> Result<(), Duration> {
        let now_us = microseconds(now, self.started);
        for (buckets, rate, _) in self.levels(user, |rates| rates.rooms) {
            buckets.rooms.look(rate, now_us).map_err(Duration::from_micros)?;
        }
        for (buckets, rate, _) in self.levels(user, |rates| rates.rooms) {
            buckets.rooms.take(rate, now_us);
        }
        Ok(())
    }

    fn levels<'a>(
        &'a self,
        user: Option<&'a Buckets>,
        rate: impl Fn(&Rates) -> Option<Rate>,
    ) -> impl Iterator<Item = (&'a Buckets, Rate, bool)> {
        let (own, address) = (rate(&self.limits.own), rate(&self.limits.address));
        let levels = [
            (Some(&self.own), own, false),
            (user, own, false),
            (self.address.as_deref(), address, true),
        ];
        levels
            .into_iter()
            .filter_map(|(buckets, rate, is_of_address)| Some((buckets?, rate?, is_of_address)))
    }
}

fn microseconds(now: Instant, started: Instant) -> u64 {
    let since = now.saturating_duration_since(started);
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(own: Option<u64>, address: Option<u64>) -> RateLimits {
        let rates = |count: Option<u64>| Rates {
            messages: count.map(Rate::per_second),
            rooms: count.map(Rate::per_hour),
            ..Rates::default()
        };
        RateLimits { own: rates(own), address: rates(address) }
    }

    #[tokio::test]
    async fn a_burst_is_fine_and_then_it_is_as_fast_as_it_may_be() {
        let started = Instant::now();
        let meter = Meter::new(limits(Some(2), None), None, started);
        let take = |ms| {
            let took = meter.take(Kind::Message, None, started + Duration::from_millis(ms));
            took.map_or_else(|too_fast| too_fast.wait.as_millis(), |()| 0)
        };
        let burst = 2 * BURST.as_secs();
        assert_eq!((0..burst).map(|_| take(0)).max(), Some(0));
        assert_eq!([take(0), take(500), take(1_000)], [500, 500, 500], "two a second");
        assert_eq!(take(10_000), 0, "who pauses may go on");
        let other = meter.take(Kind::Command, None, started);
        assert_eq!(other, Ok(()), "what is not limited");
    }

    #[tokio::test]
    async fn an_address_and_a_user_share_what_their_sessions_take() {
        let started = Instant::now();
        let address = Arc::<Buckets>::default();
        let session = || Meter::new(limits(None, Some(1)), Some(Arc::clone(&address)), started);
        let took: Vec<bool> =
            (0..20).map(|_| session().take(Kind::Message, None, started).is_ok()).collect();
        let burst = usize::try_from(BURST.as_secs()).unwrap();
        assert_eq!(took.iter().filter(|took| **took).count(), burst);
        assert!(session().take(Kind::Message, None, started).unwrap_err().is_of_address);
        assert!(!address.are_full(started, started));
        assert!(address.are_full(started + 8 * BURST, started));

        let user = Buckets::default();
        let session = || Meter::new(limits(Some(1), None), None, started);
        let took = (0..20).filter(|_| session().take(Kind::Message, Some(&user), started).is_ok());
        assert_eq!(took.count(), burst);
    }

    #[tokio::test]
    async fn debts_do_not_grow_for_ever() {
        let started = Instant::now();
        let meter = Meter::new(limits(Some(1), None), None, started);
        let waits = (0..100_000).map(|_| meter.take(Kind::Message, None, started));
        let longest = waits.filter_map(|took| Some(took.err()?.wait)).max().unwrap();
        assert!(longest <= BURST * u32::try_from(DEBT_BURSTS_MAX).unwrap());
    }

    #[tokio::test]
    async fn rooms_are_made_so_often_an_hour_and_who_is_refused_owes_nothing() {
        let started = Instant::now();
        let meter = Meter::new(limits(Some(3), None), None, started);
        for _ in 0..3 {
            assert_eq!(meter.make_room(None, started), Ok(()));
        }
        for _ in 0..10 {
            assert_eq!(meter.make_room(None, started), Err(Duration::from_secs(20 * 60)));
        }
        assert_eq!(meter.make_room(None, started + Duration::from_secs(20 * 60)), Ok(()));
    }
}

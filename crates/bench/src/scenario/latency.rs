//! How long a message takes, in an open loop: messages are planned at a constant rate, and the time
//! of each delivery counts from the planned moment. A server that stalls delays what was planned
//! meanwhile, and all of that is counted: no omission is coordinated.
//!
//! While it waits for the next planned moment the generator does not sleep: it should have a core of
//! its own.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::window::drain;
use super::{Bench, QUIET};
use crate::error::Error;
use crate::options::Latency;
use crate::progress::bar;
use crate::report::Report;

/// Digits of a time that are kept.
const DIGITS: u8 = 3;
/// The longest time that is told apart, in nanoseconds: an hour.
const TIME_NS_MAX: u64 = 3_600_000_000_000;
/// The planned beginning lies so far ahead.
const LEAD: Duration = Duration::from_millis(20);
/// The room of all.
const ROOM: usize = 0;

/// What was told of the times of deliveries.
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new_with_max(TIME_NS_MAX, DIGITS);
        Self(histogram.expect("a histogram has up to 5 digits, and a range"))
    }

    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// A quantile, in microseconds.
    pub(super) fn quantile_us(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }
}

pub(super) fn run(asked: &Latency, bench: &mut Bench) -> Result<Report, Error> {
    bench.setting.everybody_checks = true;
    let (mut crowd, _) = bench.gather(1, asked.members)?;
    let interval = Duration::from_secs_f64(1.0 / asked.rate);
    let messages = count(asked.rate * (asked.warm_up + asked.seconds));
    let warm = count(asked.rate * asked.warm_up);
    let mark = bench.begin(&crowd)?;
    let start = Instant::now() + LEAD;
    let planned = |number: u64| start + interval.mul_f64(number as f64);
    let (mut times, mut late) = (Times::new(), Duration::ZERO);
    let mut note = |number: u64| {
        if number >= warm {
            times.record(planned(number).elapsed());
        }
    };
    let mut last = Instant::now();
    while crowd.sent() < messages || crowd.outstanding() > 0 {
        while crowd.sent() < messages && planned(crowd.sent()) <= Instant::now() {
            late = late.max(planned(crowd.sent()).elapsed());
            crowd.say(ROOM, 1);
        }
        if crowd.turn(Duration::ZERO, &mut note)? > 0 || crowd.sent() < messages {
            last = Instant::now();
        } else if last.elapsed() > bench.setting.patience {
            break; // what is outstanding is lost
        }
        let seconds = crowd.sent() as f64 / asked.rate;
        bench.progress.tell(|| bar(seconds, asked.warm_up + asked.seconds, " s"));
    }
    let span = bench.since(&mark, &crowd)?;
    drain(&mut crowd, Duration::ZERO)?;
    crowd.quiet(QUIET)?;
    let mut report = bench.report("latency");
    report.count("members", "members", asked.members.into());
    report.measure("rate_per_s", "messages a second", asked.rate, 0, "/s");
    for (key, words, quantile) in [
        ("p50_us", "p50", 0.5),
        ("p90_us", "p90", 0.9),
        ("p99_us", "p99", 0.99),
        ("p999_us", "p99.9", 0.999),
        ("max_us", "max", 1.0),
    ] {
        report.measure(key, words, times.quantile_us(quantile), 0, "us");
    }
    report.measure("late_us", "sent late by, at most", late.as_secs_f64() * 1e6, 0, "us");
    span.tell(&mut report);
    report.judge(crowd.verdict());
    Ok(report)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate times a time: positive, and far below 2^53"
)]
fn count(messages: f64) -> u64 {
    messages.max(1.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_times() {
        let mut times = Times::new();
        for us in 1..=10_000 {
            times.record(Duration::from_micros(us));
        }
        for (quantile, us) in [(0.5, 5_000.0), (0.9, 9_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let found = times.quantile_us(quantile);
            assert!((found / us - 1.0).abs() < 0.002, "{quantile}: {found}");
        }
    }

    #[test]
    fn one_slow_delivery_is_the_maximum_and_not_the_median() {
        let mut times = Times::new();
        for _ in 0..999 {
            times.record(Duration::from_micros(300));
        }
        times.record(Duration::from_secs(2));
        assert!(times.quantile_us(0.5) < 301.0);
        assert!(times.quantile_us(1.0) > 1_990_000.0);
    }

    #[test]
    fn a_rate_and_a_time_make_a_number_of_messages() {
        assert_eq!((count(2_500.0), count(0.1), count(10.5)), (2_500, 1, 11));
    }
}

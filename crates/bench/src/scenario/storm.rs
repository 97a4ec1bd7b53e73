//! Many messages at once into one large room: how long until all have all.

use std::time::{Duration, Instant};

use super::window::{Ended, Window};
use super::{Bench, QUIET};
use crate::crowd::Crowd;
use crate::error::Error;
use crate::options::Storm;
use crate::report::Report;

pub(super) fn run(asked: &Storm, bench: &mut Bench) -> Result<Report, Error> {
    let (mut crowd, came_in) = bench.gather(1, asked.members)?;
    let messages = u64::from(asked.messages);
    let mark = bench.begin(&crowd)?;
    let mut rounds: Vec<Duration> = Vec::new();
    for round in 1..=u64::from(asked.rounds) {
        let window = Window { in_flight: messages, messages: Some(round * messages) };
        let began = Instant::now();
        let all_have_all =
            |crowd: &Crowd| crowd.sent() == round * messages && crowd.outstanding() == 0;
        let ended = window.drive(&mut crowd, bench.setting.patience, all_have_all)?;
        rounds.push(began.elapsed());
        bench.progress.tell(|| format!("storm {round} of {}", asked.rounds));
        crowd.quiet(QUIET)?;
        if ended == Ended::Stalled {
            break;
        }
    }
    rounds.sort_unstable();
    let mut span = bench.since(&mark, &crowd)?;
    span.took = rounds.iter().sum(); // without the silence between the storms
    let ms = |at: usize| rounds.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e3);
    let mut report = bench.report("storm");
    report.count("members", "members", asked.members.into());
    report.count("messages", "messages a storm", messages);
    report.count("rounds", "storms", asked.rounds.into());
    report.measure("joined_ms", "all had joined after", came_in.as_secs_f64() * 1e3, 0, "ms");
    report.measure("median_ms", "all had all after, median", ms(rounds.len() / 2), 1, "ms");
    report.measure("min_ms", "fastest", ms(0), 1, "ms");
    report.measure("max_ms", "slowest", ms(rounds.len() - 1), 1, "ms");
    span.tell(&mut report);
    report.judge(crowd.verdict());
    Ok(report)
}

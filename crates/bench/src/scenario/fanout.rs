//! How many deliveries a second, and what each costs: some rooms, one writer in each, a window of
//! messages on their way.

use std::time::{Duration, Instant};

use super::window::{Ended, Window, drain};
use super::{Bench, QUIET};
use crate::error::Error;
use crate::options::Fanout;
use crate::progress::bar;
use crate::report::Report;

pub(super) fn run(asked: &Fanout, bench: &mut Bench) -> Result<Report, Error> {
    let (mut crowd, _) = bench.gather(asked.rooms, asked.members)?;
    let patience = bench.setting.patience;
    let window = Window { in_flight: asked.window.into(), messages: None };
    let warm = Instant::now() + Duration::from_secs_f64(asked.warm_up);
    let mut ended = window.drive(&mut crowd, patience, |_| Instant::now() >= warm)?;
    let mark = bench.begin(&crowd)?;
    if ended == Ended::Done {
        let progress = &mut bench.progress;
        ended = window.drive(&mut crowd, patience, |_| {
            let seconds = mark.at.elapsed().as_secs_f64();
            progress.tell(|| bar(seconds, asked.seconds, " s"));
            seconds >= asked.seconds
        })?;
    }
    let span = bench.since(&mark, &crowd)?;
    if ended == Ended::Done {
        drain(&mut crowd, patience)?;
    }
    crowd.quiet(QUIET)?;
    let mut report = bench.report("fanout");
    report.count("rooms", "rooms", asked.rooms.into());
    report.count("members", "members a room", asked.members.into());
    report.count("window", "in flight a room", asked.window.into());
    report.count("messages", "messages in all", crowd.sent());
    span.tell(&mut report);
    report.judge(crowd.verdict());
    Ok(report)
}

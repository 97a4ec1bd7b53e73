//! How many messages a second one room takes, when few listen: storing is the work, not telling.

use super::window::Window;
use super::{Bench, QUIET};
use crate::error::Error;
use crate::options::Ingest;
use crate::progress::bar;
use crate::report::Report;

pub(super) fn run(asked: &Ingest, bench: &mut Bench) -> Result<Report, Error> {
    let (mut crowd, _) = bench.gather(1, asked.members)?;
    let messages = asked.messages;
    let window = Window { in_flight: asked.window.into(), messages: Some(messages) };
    let mark = bench.begin(&crowd)?;
    let progress = &mut bench.progress;
    window.drive(&mut crowd, bench.setting.patience, |crowd| {
        progress.tell(|| bar(crowd.sent() as f64, messages as f64, " messages"));
        crowd.sent() == messages && crowd.outstanding() == 0
    })?;
    let span = bench.since(&mark, &crowd)?;
    crowd.quiet(QUIET)?;
    let mut report = bench.report("ingest");
    report.count("members", "members", asked.members.into());
    report.count("window", "in flight", asked.window.into());
    report.count("messages", "messages", messages);
    report.measure("seconds", "until all were delivered", span.took.as_secs_f64(), 3, "s");
    let rate = crowd.sent() as f64 / span.took.as_secs_f64();
    report.measure("messages_per_s", "messages a second", rate, 0, "/s");
    span.tell_cost("message", crowd.sent() as f64, &mut report);
    report.judge(crowd.verdict());
    Ok(report)
}

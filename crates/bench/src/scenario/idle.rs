//! What a silent connection costs in memory, and what all of them cost in CPU while nobody speaks.

use std::time::Duration;

use super::Bench;
use crate::cost::Cost;
use crate::error::Error;
use crate::marker::Run;
use crate::options::Idle;
use crate::report::Report;

/// They come first: what a server needs for its first connections, its code among it, is not the cost
/// of one more.
const FIRST: u32 = 100;

pub(super) fn run(asked: &Idle, bench: &mut Bench) -> Result<Report, Error> {
    let pid = bench.pid.ok_or(Error::NoProcess)?;
    let run = bench.setting.run.clone();
    while bench.setting.run.name(0) == run.name(0) {
        bench.setting.run = Run::different();
    }
    let _first = bench.gather(1, FIRST)?;
    bench.setting.run = run;
    let before = Cost::of(pid)?;
    let members = asked.connections.div_ceil(asked.rooms).max(2);
    let (mut crowd, _) = bench.gather(asked.rooms, members)?;
    let mark = bench.begin(&crowd)?;
    let silence = Duration::from_secs_f64(asked.seconds);
    while mark.at.elapsed() < silence {
        let left = silence.saturating_sub(mark.at.elapsed());
        crowd.turn(left.min(Duration::from_secs(1)), &mut |_| {})?;
    }
    let span = bench.since(&mark, &crowd)?;
    let after = Cost::of(pid)?;
    let connections = crowd.members() as u64;
    let grown = after.rss_kib.saturating_sub(before.rss_kib) as f64;
    let mut report = bench.report("idle");
    report.count("connections", "connections", connections);
    report.count("rooms", "rooms", asked.rooms.into());
    report.count("rss_before_kib", "server memory before, KiB", before.rss_kib);
    report.count("rss_kib", "server memory after, KiB", after.rss_kib);
    let each = grown / connections as f64;
    report.measure("kib_per_connection", "memory a connection", each, 2, "KiB");
    let idle = span.server.unwrap_or_default().cpu().as_secs_f64() / span.took.as_secs_f64();
    report.measure("idle_cpu_percent", "server CPU while all are silent", idle * 100.0, 1, "%");
    report.judge(crowd.verdict());
    Ok(report)
}

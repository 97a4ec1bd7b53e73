//! How fast people come: connect, say hello, enter a room. In one room it shows what telling the
//! others of each costs.

use std::time::Instant;

use super::{Bench, QUIET};
use crate::cost::Cost;
use crate::crowd;
use crate::error::Error;
use crate::options::Join;
use crate::report::Report;

pub(super) fn run(asked: &Join, bench: &mut Bench) -> Result<Report, Error> {
    bench.setting.rooms = asked.rooms as usize;
    bench.setting.members = asked.members as usize;
    let before = bench.pid.map(Cost::of).transpose()?;
    let began = Instant::now();
    let (mut crowd, took) = crowd::gather(bench.setting.clone(), &mut bench.progress)?;
    crowd.quiet(QUIET)?;
    let told = began.elapsed().saturating_sub(QUIET);
    let after = bench.pid.map(Cost::of).transpose()?;
    let joins = crowd.members() as f64;
    let mut report = bench.report("join");
    report.count("rooms", "rooms", asked.rooms.into());
    report.count("members", "members a room", asked.members.into());
    report.count("at_once", "coming at the same time", bench.setting.at_once as u64);
    report.measure("all_in_ms", "all in after", took.as_secs_f64() * 1e3, 1, "ms");
    report.measure("joins_per_s", "connect + join", joins / took.as_secs_f64(), 0, "/s");
    report.measure("all_told_ms", "everybody told of all after", told.as_secs_f64() * 1e3, 1, "ms");
    let bytes = crowd.traffic.bytes as f64 / joins;
    report.measure("bytes_per_join", "bytes that each was sent", bytes, 0, "B");
    if let Some((after, before)) = after.zip(before) {
        let used = after.since(before).cpu().as_secs_f64() * 1e6 / joins;
        report.measure("cpu_us_per_join", "server CPU a join", used, 1, "us");
        report.count("rss_kib", "server memory, KiB", after.rss_kib);
    }
    report.judge(crowd.verdict());
    Ok(report)
}

//! The scenarios: one file each. They say what is sent when and what is measured, and never how a
//! protocol looks.

mod fanout;
mod idle;
mod ingest;
mod join;
mod latency;
mod storm;
mod window;

use std::time::{Duration, Instant};

use crate::cost::Cost;
use crate::crowd::{self, Crowd, Setting};
use crate::error::Error;
use crate::options::{Common, Scenario};
use crate::progress::Progress;
use crate::report::Report;

/// A crowd is quiet when nothing has come for so long: all has been told, and what would come too
/// much has come.
const QUIET: Duration = Duration::from_millis(200);

/// Runs a scenario.
pub(crate) fn run(scenario: &Scenario, common: &Common) -> Result<Report, Error> {
    let mut bench =
        Bench { setting: common.setting()?, pid: common.pid, progress: Progress::on_stderr() };
    match scenario {
        Scenario::Fanout(asked) => fanout::run(asked, &mut bench),
        Scenario::Latency(asked) => latency::run(asked, &mut bench),
        Scenario::Idle(asked) => idle::run(asked, &mut bench),
        Scenario::Storm(asked) => storm::run(asked, &mut bench),
        Scenario::Join(asked) => join::run(asked, &mut bench),
        Scenario::Ingest(asked) => ingest::run(asked, &mut bench),
    }
}

/// What every scenario needs.
struct Bench {
    setting: Setting,
    pid: Option<u32>,
    progress: Progress,
}

impl Bench {
    /// Everybody in, and nothing more being told.
    fn gather(&mut self, rooms: u32, members: u32) -> Result<(Crowd, Duration), Error> {
        self.setting.rooms = rooms as usize;
        self.setting.members = members as usize;
        let (mut crowd, took) = crowd::gather(self.setting.clone(), &mut self.progress)?;
        crowd.quiet(QUIET)?;
        Ok((crowd, took))
    }

    fn report(&self, scenario: &str) -> Report {
        Report::new(scenario, self.setting.wire.name(), &self.setting.server)
    }

    fn begin(&self, crowd: &Crowd) -> Result<Mark, Error> {
        Ok(Mark {
            at: Instant::now(),
            server: self.pid.map(Cost::of).transpose()?,
            own: Cost::own(),
            deliveries: crowd.traffic.deliveries,
            bytes: crowd.traffic.bytes,
            reads: crowd.traffic.reads,
        })
    }

    /// What happened since a mark.
    fn since(&self, mark: &Mark, crowd: &Crowd) -> Result<Span, Error> {
        let now = self.begin(crowd)?;
        Ok(Span {
            took: now.at - mark.at,
            server: now.server.zip(mark.server).map(|(now, before)| now.since(before)),
            own: now.own.since(mark.own),
            deliveries: now.deliveries - mark.deliveries,
            bytes: now.bytes - mark.bytes,
            reads: now.reads - mark.reads,
        })
    }
}

/// A moment of a run.
struct Mark {
    at: Instant,
    server: Option<Cost>,
    own: Cost,
    deliveries: u64,
    bytes: u64,
    reads: u64,
}

/// What happened between two moments.
struct Span {
    took: Duration,
    server: Option<Cost>,
    own: Cost,
    deliveries: u64,
    bytes: u64,
    reads: u64,
}

impl Span {
    /// How fast messages were delivered, and what that cost.
    fn tell(&self, report: &mut Report) {
        let seconds = self.took.as_secs_f64();
        let deliveries = self.deliveries.max(1) as f64;
        report.measure("seconds", "measured for", seconds, 3, "s");
        report.count("deliveries", "deliveries", self.deliveries);
        report.measure(
            "deliveries_per_s",
            "deliveries a second",
            self.deliveries as f64 / seconds,
            0,
            "/s",
        );
        self.tell_cost("delivery", deliveries, report);
        report.measure(
            "bytes_per_delivery",
            "bytes a delivery",
            self.bytes as f64 / deliveries,
            1,
            "B",
        );
        report.measure(
            "deliveries_per_read",
            "deliveries a read (coalesced)",
            self.deliveries as f64 / self.reads.max(1) as f64,
            1,
            "",
        );
    }

    /// What the server used for each of so many things, and how busy both ends were.
    fn tell_cost(&self, thing: &str, count: f64, report: &mut Report) {
        let seconds = self.took.as_secs_f64();
        if let Some(server) = self.server {
            let cpu_us = server.cpu().as_secs_f64() * 1e6;
            let words = format!("server CPU a {thing}");
            report.measure(&format!("cpu_us_per_{thing}"), &words, cpu_us / count, 3, "us");
            let kernel = 100.0 * server.system.as_secs_f64() / server.cpu().as_secs_f64().max(1e-9);
            report.measure("kernel_percent", "of that in the kernel", kernel, 0, "%");
            let busy = 100.0 * server.cpu().as_secs_f64() / seconds;
            report.measure("server_busy_percent", "server busy", busy, 0, "%");
            report.count("rss_kib", "server memory, KiB", server.rss_kib);
        }
        let busy = 100.0 * self.own.cpu().as_secs_f64() / seconds;
        report.measure("generator_busy_percent", "generator busy", busy, 0, "%");
    }
}

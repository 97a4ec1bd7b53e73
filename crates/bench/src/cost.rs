//! What a process has used, read from /proc (Linux). Never guesses: without a process id there is
//! nothing to say.

use std::time::Duration;

use crate::error::Error;

/// Clock ticks of /proc/PID/stat (`getconf CLK_TCK`, 100 on Linux).
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// In user mode.
    pub(crate) user: Duration,
    /// In the kernel.
    pub(crate) system: Duration,
    /// Physical memory it has now, in KiB.
    pub(crate) rss_kib: u64,
}

impl Cost {
    /// Of the process with this id.
    pub(crate) fn of(pid: u32) -> Result<Self, Error> {
        Self::read(&pid.to_string()).map_err(|why| Error::Process { pid, why })
    }

    /// Of this process.
    pub(crate) fn own() -> Self {
        Self::read("self").unwrap_or_default()
    }

    /// In user mode and in the kernel.
    pub(crate) fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// What was used since an earlier moment; the memory is that of now.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            rss_kib: self.rss_kib,
        }
    }

    fn read(process: &str) -> Result<Self, String> {
        let file = |name: &str| {
            let path = format!("/proc/{process}/{name}");
            std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
        };
        Self::parse(&file("stat")?, &file("status")?)
            .ok_or_else(|| "/proc is unreadable".to_owned())
    }

    /// From `/proc/PID/stat` and `/proc/PID/status`, as proc(5) has them.
    fn parse(stat: &str, status: &str) -> Option<Self> {
        // The second field, the name, may have blanks and brackets; utime and stime are 14 and 15.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
        let mut time = || ticks.next()?.ok().map(|ticks| ticks * 1_000 / TICKS_PER_SECOND);
        let (user, system) = (Duration::from_millis(time()?), Duration::from_millis(time()?));
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let rss_kib = rss.split_whitespace().next()?.parse().ok()?;
        Some(Self { user, system, rss_kib })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_stat_is_read() {
        let stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 4500 0 0 0 250 1250 0 0 20 0 5 0 9";
        let status = "Name:\tx\nVmPeak:\t 9000 kB\nVmRSS:\t    5120 kB\nThreads:\t5\n";
        let cost = Cost::parse(stat, status).unwrap();
        assert_eq!(cost.user, Duration::from_millis(2_500));
        assert_eq!(cost.system, Duration::from_millis(12_500));
        assert_eq!((cost.cpu(), cost.rss_kib), (Duration::from_secs(15), 5_120));
        assert_eq!(Cost::parse("4242 (x) S 1", status), None);
    }

    #[test]
    fn nobody_measures_a_process_that_is_not_there() {
        assert!(matches!(Cost::of(u32::MAX), Err(Error::Process { .. })));
    }
}

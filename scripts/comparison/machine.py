"""How much of the machine was used, by us and by others: from /proc/stat and our own children."""

import dataclasses
import os
import pathlib
import time

# Others may use so much of the machine while something is measured; above it, the measurement is
# disturbed.
DISTURBED_PERCENT = 15

@dataclasses.dataclass
class Usage:
    """CPU seconds since the start of the machine, of all processes and of our ended children."""

    at: float
    all: float
    own: float

    @classmethod
    def now(cls):
        """At this moment."""
        fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
        busy = user + nice + system + irq + softirq + steal
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return cls(time.monotonic(), busy / os.sysconf("SC_CLK_TCK"), own)

    def others_percent(self, before):
        """What others used since an earlier moment, in percent of all cores."""
        others = (self.all - before.all) - (self.own - before.own)
        return max(0.0, 100 * others / ((self.at - before.at) * os.cpu_count()))

"""What is measured of each server, in which size, and what of it stands in the table."""

import dataclasses


@dataclasses.dataclass
class Scenario:
    """One scenario: its arguments, and what of its report stands in the table."""

    name: str
    title: str
    cell: object
    arguments: str
    quick: str
    # What is compared, and whether more of it is better.
    key: str
    more_is_better: bool = False


def speed(report):
    """`8.90 M/s · 0.106 us`"""
    rate = report["deliveries_per_s"]
    shown = f"{rate / 1e6:.2f} M/s" if rate >= 1e6 else f"{rate / 1e3:.0f} k/s"
    return f"{shown} · {report['cpu_us_per_delivery']:.3g} us"


SCENARIOS = [
    Scenario(
        "fanout", "10 rooms x 100, 64 in flight a room", speed,
        "fanout --rooms 10 --members 100 --window 64 --seconds 3",
        "fanout --rooms 2 --members 20 --window 64 --seconds 0.5 --warm-up 0.2",
        "cpu_us_per_delivery",
    ),
    Scenario(
        "single", "1 in flight a room", speed,
        "fanout --rooms 10 --members 100 --window 1 --seconds 3",
        "fanout --rooms 2 --members 20 --window 1 --seconds 0.5 --warm-up 0.2",
        "cpu_us_per_delivery",
    ),
    Scenario(
        "latency", "p50 / p99 at 500 msg/s into 100",
        lambda report: f"{report['p50_us']:,.0f} / {report['p99_us']:,.0f} us",
        "latency --members 100 --rate 500 --seconds 4",
        "latency --members 20 --rate 200 --seconds 0.5 --warm-up 0.2",
        "p99_us",
    ),
    Scenario(
        "idle", "idle, a connection", lambda report: f"{report['kib_per_connection']:.1f} KiB",
        "idle --connections 1000 --rooms 10 --seconds 2",
        "idle --connections 100 --rooms 2 --seconds 0.5",
        "kib_per_connection",
    ),
    Scenario(
        "storm", "100 messages into 2,000", lambda report: f"{report['median_ms']:.0f} ms",
        "storm --members 2000 --messages 100 --rounds 5",
        "storm --members 100 --messages 20 --rounds 2",
        "median_ms",
    ),
    Scenario(
        "join", "1,000 connect and join a room",
        lambda report: f"{report['joins_per_s']:,.0f} /s · {report['cpu_us_per_join']:.0f} us",
        "join --members 1000", "join --members 100", "cpu_us_per_join",
    ),
    Scenario(
        "ingest", "into a room of 2", lambda report: f"{report['messages_per_s'] / 1e3:.0f} k msg/s",
        "ingest --messages 200000", "ingest --messages 2000", "messages_per_s", True,
    ),
]

"""Makes one Markdown table of many reports. Never measures."""

import contextlib
import os
import pathlib
import platform
import statistics
import subprocess

from .machine import DISTURBED_PERCENT
from .servers import REPOSITORY, US


def undisturbed(reports):
    return [report for report in reports if report["others_percent"] <= DISTURBED_PERCENT]


def is_clean(report):
    return not any(report[key] for key in ("lost", "surplus", "out_of_order", "closed"))


def markdown(servers, scenarios, reports, options, cores):
    """Medians, and how much better we are; what they were measured on."""

    def middle(server, scenario):
        group = undisturbed(reports[server.name, scenario.name]) or reports[server.name, scenario.name]
        group = sorted(group, key=lambda report: report[scenario.key])
        return group[(len(group) - 1) // 2]

    def cell(server, scenario):
        is_disturbed = not undisturbed([middle(server, scenario)])
        return scenario.cell(middle(server, scenario)) + (" *" if is_disturbed else "")

    def times(server, scenario, us):
        ours, theirs = middle(us, scenario)[scenario.key], middle(server, scenario)[scenario.key]
        better, worse = (ours, theirs) if scenario.more_is_better else (theirs, ours)
        is_fair = undisturbed([middle(us, scenario)]) and undisturbed([middle(server, scenario)])
        return (f"{better / worse:.2f}" if worse else "-") + ("" if is_fair else " *")

    titles = [s.name if options.quick else s.title for s in scenarios]
    head = lambda first: f"| {' | '.join([first, *titles])} |\n|{' --- |' * (len(titles) + 1)}\n"
    row = lambda first, cells: f"| {' | '.join([first, *cells])} |\n"
    size = "small sizes" if options.quick else "full sizes"
    table = f"Medians of {options.runs} interleaved runs, {size}, 64-byte messages; those that other\n"
    table += f"processes disturbed (more than {DISTURBED_PERCENT} % of the machine) do not count, or, if\n"
    table += "there is no other, are marked: *.\n\n"
    table += head("server")
    for server in servers:
        table += row(server.name, [cell(server, s) for s in scenarios])
    us = next((server for server in servers if server.name == US), None)
    if us:
        compared = [f"{s.name}: {s.key}" for s in scenarios]
        table += f"\nHow many times better {US} is ({', '.join(compared)}); below 1: worse.\n\n"
        table += head("than")
        for server in servers:
            if server is not us:
                table += row(server.name, [times(server, s, us) for s in scenarios])
    table += "\nSpread, (max - min) / median, in percent.\n\n" + head("server")
    for server in servers:
        table += row(server.name, [spread(reports[server.name, s.name], s.key) for s in scenarios])
    others = [report["others_percent"] for group in reports.values() for report in group]
    table += "\nOther processes used {:.0f} % of the machine at the median, {:.0f} % at most.".format(
        statistics.median(others), max(others)
    )
    wrong = sum(not is_clean(report) for group in reports.values() for report in group)
    count = sum(len(group) for group in reports.values())
    table += f"\nLost, surplus, out of order or closed by the server: in {wrong} of {count} runs.\n\n"
    return table + machine(cores) + "".join(f"- {line}\n" for line in versions(servers))


def spread(reports, key):
    values = [report[key] for report in reports]
    middle = statistics.median(values)
    return f"{100 * (max(values) - min(values)) / middle:.0f}" if middle else "-"


def machine(cores):
    model = "unknown CPU"
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    where = "server on core {}, generator on core {}".format(*cores)
    kernel = f"{platform.system()} {platform.release()}"
    return f"- {model}, {os.cpu_count()} cores ({where}), {kernel}\n"


def versions(servers):
    lines = []
    for server in servers:
        if server.version:
            command = [str(part) for part in server.version]
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            lines.append((said.stdout or said.stderr).strip().splitlines()[0])
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )
    return [*lines, f"commit {commit.stdout.strip() or 'unknown'}"]

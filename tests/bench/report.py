# SPDX-License-Identifier: GPL-2.0
"""Tables, JSON and plots from what scripts/bench measured. It measures nothing.

    report.py FOLDER [DOCS]

FOLDER (build/bench) has unit.json of Google Benchmark and RELEASE.CLOCK.SCENARIO.ktap of the guests, whose lines beginning with
"# bench" are figures. Written there: bench.json, tables.md and the plots. With DOCS the tables replace what is between the two marks
in DOCS/performance.md, and the plots are copied. The tables are printed too.
"""
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

OURS, PEER = "pmem_drv", "nd_pmem"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
# Not what a figure is of, but how it came out.
OUTCOME = {"driver", "round", "ticks", "refused", "kept", "calls", "firmware"}


# ---- reading ----

def read_guest(file):
    """All figures of one boot, each a dictionary."""
    release, clock, _ = file.name.removesuffix(".ktap").rsplit(".", 2)
    mhz = 1.0
    for line in file.read_text(errors="replace").splitlines():
        if line.startswith("# bench-clock "):
            mhz = float(re.search(r"mhz=([0-9.]+)", line)[1])
        if not line.startswith("# bench "):
            continue
        row = dict(word.split("=", 1) for word in line.split()[2:])
        for name in ("ticks", "calls", "firmware", "size", "bytes", "poison", "kept", "depth"):
            if name in row:
                row[name] = int(row[name])
        row.update(release=release, clock=clock)
        if clock == "wall" and "ticks" in row:
            row["microseconds"] = row["ticks"] / mhz
        yield row


def read_unit(file):
    """Google Benchmark's rows: (what, which map, ranges, order) and nanoseconds."""
    for row in json.loads(file.read_text())["benchmarks"]:
        name = re.fullmatch(r"(\w+)(?:<bench::(\w+)(?:, Timed::(\w+))?>)?/(\d+)(?:/(\d))?(?:/.*)?", row["name"])
        what, peer, timed, ranges, order = name.groups()
        time = row["real_time"] if timed else row["cpu_time"]
        yield {"what": timed or what, "map": peer or "Ours", "ranges": int(ranges), "order": int(order or 0),
               "nanoseconds": time * {"ns": 1, "us": 1e3, "ms": 1e6}[row["time_unit"]],
               "bytes_per_range": row.get("bytes_per_range")}


def identity(row):
    return tuple(sorted((name, value) for name, value in row.items()
                        if name not in OUTCOME | {"clock", "microseconds"}))


class Figures:
    """Figures by what they are of, clock and driver. Several rounds become their median."""

    def __init__(self, rows):
        self.rows = rows
        self.index = {}
        for row in rows:
            self.index.setdefault((identity(row), row["clock"], row["driver"]), []).append(row)

    def first(self, row, driver, clock="instructions"):
        return self.index.get((identity(row), clock, driver), [{}])[0]

    def ticks(self, row, driver, clock="instructions"):
        found = [one["ticks"] for one in self.index.get((identity(row), clock, driver), []) if "ticks" in one]
        return statistics.median(found) if found else None

    def ratio(self, row, clock="instructions"):
        ours, peer = self.ticks(row, OURS, clock), self.ticks(row, PEER, clock)
        return ours / peer if ours and peer else None

    def select(self, **wanted):
        """One row for each thing measured, of our driver, that fits, in the order of measuring."""
        seen = {}
        for row in self.rows:
            if row["driver"] == OURS and row["clock"] == "instructions" and \
                    all(row.get(name) == value for name, value in wanted.items()):
                seen.setdefault(identity(row), row)
        return list(seen.values())


# ---- words ----

def size(number):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit and number % unit == 0:
            return f"{number // unit} {name}"
    return f"{number} B"


def count(value):
    return "-" if value is None else f"{round(value):,}"


def times(value):
    return "-" if value is None else f"{value:.3f}"


def table(head, rows):
    """A markdown table that is readable as text too; all but the first column are aligned right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head] + cells) for i in range(len(head))]
    def line(row):
        return "| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                 for i, (cell, width) in enumerate(zip(row, widths))) + " |"
    rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule] + [line(row) for row in cells])


# ---- tables ----

def name_of(row):
    place = {"block": "block, direct", "call": "call"}.get(row["group"]) or f"{row['fs']}-dax"
    order = f" {row['order']}" if "order" in row else ""
    return f"{place}: {row['op']} {size(row['size'])}{order}"


def healthy_table(figures, release):
    counts = sorted({row["poison"] for row in figures.rows if "poison" in row and row["release"] == release})
    rows = []
    for group in ("block", "file", "call"):
        for row in figures.select(release=release, group=group, poison=0):
            others = []
            for poison in counts[1:]:
                others.append(times(figures.ratio(dict(row, poison=poison))))
            rows.append([name_of(row), count(figures.ticks(row, PEER)), count(figures.ticks(row, OURS)),
                         times(figures.ratio(row)), times(figures.ratio(row, "wall")), *others])
    return table(["healthy path", PEER, OURS, "ratio", "wall ratio", *(f"ratio, {n:,} bad" for n in counts[1:])], rows)


def clean_of(row):
    return {name: value for name, value in dict(row, group="clean").items() if name not in ("calls", "firmware")}


def own_work(row):
    return row["ticks"] - row["firmware"] if "ticks" in row else None


def repair_table(figures, release):
    rows = []
    for row in figures.select(release=release, group="repair"):
        peer, ours = figures.first(row, PEER), figures.first(row, OURS)
        fewer = None if figures.ratio(row) is None else 1 / figures.ratio(row)
        rows.append([f"{row['path']}, {row['depth']} dm: {row['extent']}",
                     count(peer.get("ticks")) if "ticks" in peer else peer.get("refused", "-"), peer.get("calls", "-"),
                     count(own_work(peer)), count(ours.get("ticks")), ours.get("calls", "-"), count(own_work(ours)),
                     count(figures.ticks(clean_of(row), OURS)), "-" if fewer is None else f"{fewer:.1f}",
                     times(figures.ratio(row, "wall"))])
    return table(["repair", PEER, "calls", "own", OURS, "calls", "own", "clean write", "times fewer", "wall ratio"], rows)


def hop(figures, release, driver, target, op):
    """Instructions that one target adds: what eight of them add, by eight."""
    at = {row["depth"]: row["ticks"] for row in figures.rows
          if row.get("group") == "hop" and (row["release"], row["driver"], row["target"], row["op"]) == (release, driver, target, op)
          and row["clock"] == "instructions"}
    return (at[8] - at[0]) / 8 if 0 in at and 8 in at else None


HOP_OPS = ("access", "read", "write", "recovery_write")


def hop_table(figures, release):
    rows = []
    for op in HOP_OPS:
        linear, ours = (hop(figures, release, OURS, target, op) for target in ("linear", "passthrough"))
        rows.append([f"{op} 4 KiB", count(hop(figures, release, PEER, "linear", op)), count(linear), count(ours),
                     times(ours / linear if ours is not None and linear else None)])
    return table(["one dm target", f"linear on {PEER}", f"linear on {OURS}", f"passthrough on {OURS}", "ratio"], rows)


MAPS = (("Ours", "poison map"), ("StdMap", "std::map"), ("BadblocksTable", "badblocks"))


def unit_value(unit, what, which, ranges, order=0, value="nanoseconds"):
    for row in unit:
        if (row["what"], row["map"], row["ranges"], row["order"]) == (what, which, ranges, order):
            return row[value]
    return None


def scale_table(unit):
    scales = sorted({row["ranges"] for row in unit if row["what"] == "check"})
    rows = []
    for ranges in scales:
        cells = [f"{ranges:,}"]
        for what in ("check", "set", "clear"):
            for which, _ in MAPS:
                value = unit_value(unit, what, which, ranges)
                cells.append("-" if value is None else f"{value:,.0f}")
        for order in (0, 1):
            value = unit_value(unit, "memory", "Ours", ranges, order, "bytes_per_range")
            cells.append("-" if value is None else f"{value:.1f}")
        rows.append(cells)
    head = ["bad ranges"] + [f"{what}, {name}" for what in ("check", "set", "clear") for _, name in MAPS]
    text = table(head + ["bytes/range, in order", "at random"], rows)
    for row in unit:
        if row["what"] == "take_from_bus":
            text += f"\n\n{row['ranges']:,} ranges from the bus: {row['nanoseconds'] / 1e6:.2f} ms of processor time."
    return text


# ---- goals ----

def goals(figures, unit, release):
    """(goal, holds or None when not measured, the figure in words)"""
    healthy = [row for group in ("block", "file") for row in figures.select(release=release, group=group)]
    rated = [(figures.ratio(row), row) for row in healthy if figures.ratio(row)]
    found = []
    if rated:
        worst, row = max(rated, key=lambda pair: pair[0])
        above = sum(ratio > 1.0 for ratio, _ in rated)
        found.append(("healthy paths: at most 1.00 times nd_pmem", worst <= 1.0,
                      f"{len(rated) - above} of {len(rated)} hold; worst {worst:.3f}, {name_of(row)}, {row['poison']:,} bad"))
        small = [(ratio, row) for ratio, row in rated if row["size"] == 4096 and row["poison"] == 0 and row["op"] in ("read", "write")]
        worst, row = max(small, key=lambda pair: pair[0])
        found.append(("healthy 4 KiB: aim at 0.95", worst <= 0.95, f"worst {worst:.3f}, {name_of(row)}"))
    checks = []
    for row in figures.select(release=release, group="call", poison=100000):
        before, after = figures.ticks(dict(row, poison=0), OURS), figures.ticks(row, OURS)
        if row["op"] == "access" and before and after:
            checks.append(after - before)
    if checks:
        found.append(("a check with 100,000 ranges: at most 150 instructions more", max(checks) <= 150, f"{max(checks)} more"))
    memory = [row["bytes_per_range"] for row in unit
              if row["what"] == "memory" and row["map"] == "Ours" and row["ranges"] >= 100]
    if memory:
        found.append(("memory: at most 32 bytes a range", max(memory) <= 32, f"at most {max(memory):.1f}"))
    large = [row for row in figures.select(release=release, group="repair") if row["bytes"] >= 1 << 20 and row["extent"] != "scattered"]
    fewer = [(1 / figures.ratio(row), row) for row in large if figures.ratio(row)]
    if fewer:
        least, row = min(fewer, key=lambda pair: pair[0])
        found.append(("repair of 1 MiB and more: at least 25 times fewer", least >= 25, f"{least:.1f} times fewer, {row['path']}, {row['extent']}"))
        most = []
        for row in large:
            ours, clean = figures.first(row, OURS), figures.ticks(clean_of(row), OURS)
            if "ticks" in ours and clean:
                most.append((own_work(ours) / clean, row))
        worst, row = max(most, key=lambda pair: pair[0])
        found.append(("and at most 1.5 times the clean write, plus the firmware", worst <= 1.5,
                      f"{worst:.3f} times, {row['path']}, {row['extent']}"))
    hops = [(hop(figures, release, OURS, "passthrough", op), hop(figures, release, OURS, "linear", op), op) for op in HOP_OPS]
    hops = [(ours, linear, op) for ours, linear, op in hops if ours is not None and linear is not None]
    if hops:
        found.append(("a passthrough hop: at most dm-linear's", all(ours <= linear for ours, linear, _ in hops),
                      "; ".join(f"{op} {ours:.0f} beside {linear:.0f}" for ours, linear, op in hops)))
    return found


# ---- plots ----

def gnuplot(file, title, xlabel, ylabel, logscale, curves):
    curves = [(name, points) for name, points in curves if points]
    if not curves:
        return False
    lines = ["set terminal svg size 720,420 dynamic font 'sans-serif,13' background rgb 'white'", f"set output '{file}'",
             f"set title '{title}'", f"set xlabel '{xlabel}'", f"set ylabel '{ylabel}'", "set key top left", "set grid", "set format y '%.0s%c'"]
    if logscale:
        lines.append(f"set logscale {logscale}")
    lines.append("plot " + ", ".join(f"'-' using 1:2 with linespoints linewidth 2 title '{name}'" for name, _ in curves))
    for _, points in curves:
        lines += [f"{x} {y}" for x, y in points] + ["e"]
    subprocess.run(["gnuplot"], input="\n".join(lines), text=True, check=True)
    return True


def plots(folder, figures, unit, releases):
    made = []
    def make(name, *rest):
        if gnuplot(folder / name, *rest):
            made.append(folder / name)
    curves = [(f"{what}, {name}", sorted((row["ranges"], row["nanoseconds"]) for row in unit
                                         if row["what"] == what and row["map"] == which and row["ranges"]))
              for what in ("check", "set") for which, name in MAPS]
    make("scale.svg", "Cost against the number of bad ranges", "bad ranges", "nanoseconds (user space)", "xy", curves)
    release = releases[0]
    rows = [row for row in figures.select(release=release, group="repair", path="block", depth=0) if row["extent"] != "scattered"]
    curves = [(f"{driver}, {what}", [(row["bytes"], value(figures.first(row, driver))) for row in rows
                                     if "ticks" in figures.first(row, driver)])
              for driver in (PEER, OURS) for what, value in (("all", lambda one: one["ticks"]), ("its own work", own_work))]
    make("repair.svg", f"Repair of one extent by a direct write, {release}", "bytes of poison", "guest instructions", "xy", curves)
    curves = [(f"{target} on {driver}, {op}", sorted((row["depth"], row["ticks"]) for row in figures.rows if row.get("group") == "hop"
               and (row["release"], row["driver"], row["target"], row["op"]) == (release, driver, target, op)))
              for driver, target in ((PEER, "linear"), (OURS, "passthrough")) for op in ("access", "read")]
    make("depth.svg", f"Cost against the number of device-mapper targets, {release}", "targets", "guest instructions", "", curves)
    return made


def main():
    folder = pathlib.Path(sys.argv[1])
    unit = list(read_unit(folder / "unit.json"))
    rows = [row for file in sorted(folder.glob("*.ktap")) for row in read_guest(file)]
    releases = sorted({row["release"] for row in rows}, key=lambda text: [int(n) for n in re.findall(r"\d+", text)])
    figures = Figures(rows)
    parts, judged = [], {}
    for release in releases:
        judged[release] = goals(figures, unit, release)
        parts += [f"### Linux {release}: the goals",
                  table(["goal", "holds", "figure"], [[goal, "yes" if holds else "no", words] for goal, holds, words in judged[release]])]
        for group, title, make in (("call", "healthy paths", healthy_table), ("repair", "repair", repair_table),
                                   ("hop", "one layer of device-mapper", hop_table)):
            if figures.select(release=release, group=group):
                parts += [f"### Linux {release}: {title}, in guest instructions", make(figures, release)]
    parts += ["### The poison map in user space, in nanoseconds of processor time", scale_table(unit)]
    text = "\n\n".join(parts) + "\n"
    (folder / "tables.md").write_text(text)
    (folder / "bench.json").write_text(json.dumps({
        "goals": {release: [dict(zip(("goal", "holds", "figure"), one)) for one in found] for release, found in judged.items()},
        "guest": rows, "unit": unit}, indent=1) + "\n")
    made = plots(folder, figures, unit, releases) if releases else []
    print(text)
    if len(sys.argv) > 2:
        docs = pathlib.Path(sys.argv[2])
        text += "".join(f"\n![{file.stem}]({file.name})\n" for file in made)
        page = (docs / "performance.md").read_text()
        before, rest = page.split(BEGIN)
        (docs / "performance.md").write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])
        for file in made:
            shutil.copy(file, docs / file.name)


main()

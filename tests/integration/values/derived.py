"""Derived attributes: what procctl shows, against a rate worked out from two of its rows."""
import datetime
import json

from values.check import Check, Range


def nanoseconds(text):
    """Of "2026-11-21T03:54:47.375638787Z", since 1970."""
    whole, fraction = text.rstrip("Z").split(".")
    moment = datetime.datetime.fromisoformat(whole + "+00:00")
    return int(moment.timestamp()) * 10 ** 9 + int(fraction.ljust(9, "0"))


def pairs(server, arguments, key, value, meanwhile=None):
    """Consecutive rows of one thing: (before, after, ns between them)."""
    rows = [row for row in map(json.loads, server.procctl(*arguments).splitlines())
            if key is None or row[key] == value]
    for before, after in zip(rows, rows[1:]):
        yield before, after, nanoseconds(after["time"]) - nanoseconds(before["time"])


def near(value):
    """Both times are of the wall clock, which may be slewed while it runs: 0.1 %."""
    return Range(value * 0.999, value * 1.001)


def rate(input, factor):
    """factor: what one unit a nanosecond is."""
    def work_out(before, after, elapsed):
        return near((after[input] - before[input]) / elapsed * factor)
    return work_out


def age(before, after, elapsed):
    return nanoseconds(after["time"]) - after["start.time"]


CORES, MILLIWATTS, A_SECOND = 1, 1000, 10 ** 9
PROCESS = {"age": (age, "start.time"),
           "cpu.usage": (rate("cpu.total", CORES), "cpu.total"),
           "disk.read_rate": (rate("disk.read", A_SECOND), "disk.read"),
           "disk.write_rate": (rate("disk.written", A_SECOND), "disk.written"),
           "gpu.usage": (rate("gpu.time", CORES), "gpu.time"),
           "energy.impact": (rate("energy.score", CORES), "energy.score"),
           "energy.power": (rate("energy.estimate", MILLIWATTS), "energy.estimate")}
SYSTEM = {"cpu.ended_usage": (rate("cpu.ended", CORES), "cpu.ended")}
SERVER = {"cpu_usage": (rate("cpu", CORES), "cpu")}

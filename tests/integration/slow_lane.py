#!/usr/bin/env python3
"""Processes whose command line never comes (FIFOs in a substitute procfs): no tick waits.

One such process costs its own cell; four of them take all workers, and then the command lines
of everybody, but no tick and no other value.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ["BUILD"])
FRAMES = 12
INTERVAL_S = 0.3

STAT = "{pid} (p{pid}) S 1 {pid} {pid} 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 0 0" + " 0" * 28 + "\n"
STATUS = "Name:\tp{pid}\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmSize:\t64 kB\nVmLck:\t0 kB\n" \
    "VmHWM:\t8 kB\nVmRSS:\t8 kB\nRssAnon:\t4 kB\nRssFile:\t4 kB\nRssShmem:\t0 kB\n" \
    "VmPTE:\t4 kB\nVmSwap:\t0 kB\nThreads:\t1\n"


def check(condition, text):
    if not condition:
        sys.exit(f"FAIL: {str(text)[:2000]}")


def make_tree(root, hanging):
    for pid in range(101, 121):
        process = root / str(pid)
        process.mkdir(parents=True)
        (process / "stat").write_text(STAT.format(pid=pid))
        (process / "status").write_text(STATUS.format(pid=pid))
        if pid < 101 + hanging:
            os.mkfifo(process / "cmdline")
        else:
            (process / "cmdline").write_bytes(b"/bin/p%d\0-x\0" % pid)


def seconds(time):
    """Of "2026-11-21T03:54:47.375638787Z", within its day."""
    hours, minutes, rest = time.rstrip("Z").split("T")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def subscribe(environment):
    out = subprocess.run(
        [BUILD / "procctl", "subscribe", "--no-start", "-a", "cmdline,mem.resident", "-i",
            f"{INTERVAL_S}", "-n", str(FRAMES), "-o", "jsonl"],
        env=environment, capture_output=True, text=True, timeout=30, check=True).stdout
    ticks = {}
    for line in out.splitlines():
        row = json.loads(line)
        ticks.setdefault(row["tick"], []).append(row)
    return list(ticks.values())


def run(hanging, wanted_failures):
    place = pathlib.Path(tempfile.mkdtemp(prefix="procmon.", dir="/tmp"))
    environment = dict(os.environ, PROCMON_SOCKET=str(place / "socket"))
    make_tree(place / "proc", hanging)
    ready, told = os.pipe()
    server = subprocess.Popen(
        [BUILD / "procmond", "--procfs", place / "proc", "--workers", "4", "--ready-fd", str(told)],
        env=environment, pass_fds=[told], stderr=subprocess.DEVNULL)
    try:
        os.close(told)
        os.read(ready, 1)
        ticks = subscribe(environment)
        check(len(ticks) == FRAMES, f"{len(ticks)} frames")
        times = [seconds(rows[0]["time"]) for rows in ticks]
        # The first two share no grid point; all others are one interval apart. A tick that
        # waited for a read would be as late as the deadline, 250 ms, or never come.
        gaps = [b - a for a, b in zip(times[1:], times[2:])]
        check(sorted(gaps)[len(gaps) // 2] < INTERVAL_S + 0.05, f"ticks wait: {gaps}")
        for rows in ticks:
            check(len(rows) == 20, f"{len(rows)} rows")
            check(all(row["mem.resident"] == 8192 for row in rows), "a fast value is missing")
        last = {row["pid"]: row for row in ticks[-1]}
        failed = [pid for pid, row in last.items() if row["cmdline"] is None]
        check(sorted(failed) == wanted_failures, f"no command line: {failed}")
        for pid in failed:
            check(last[pid]["states"]["cmdline"] == "failed", last[pid])
        if not wanted_failures[4:]:
            check(last[120]["cmdline"] == "/bin/p120 -x", last[120])
        stuck = json.loads(subprocess.run(
            [BUILD / "procctl", "ps", "--no-start", "--table", "server", "-a",
                "name,workers_stuck", "-o", "json"],
            env=environment, capture_output=True, text=True, timeout=30, check=True).stdout)
        stuck = [row["workers_stuck"] for row in stuck["rows"] if row["name"] == "total"]
        check(stuck == [hanging], f"stuck workers: {stuck}")
        server.terminate()
        check(server.wait(timeout=5) == 0, "the server does not stop while workers hang")
    finally:
        server.kill()
        server.wait()
        os.close(ready)
        shutil.rmtree(place)


if __name__ == "__main__":
    run(1, [101])
    # The order in which workers take the jobs is that of the slots: these four come first.
    run(4, list(range(101, 121)))

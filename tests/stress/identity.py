"""Time and identity: whose values a row shows, and what becomes of it when clocks or processes stop."""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time

from promise import Skipped, pick, promise
from server import FRAME, Client, Place, check, fields, request, wait_for

HELPERS = os.path.join(os.environ["BUILD"], "tests", "stress")
PROCESS = 1
PID, RESIDENT, CMDLINE = 0x0004, 0x0016, 0x002C
# What the server does without on Linux 6.1.
WITHOUT_INODE = "pidfd-ino"


# ------------------------------------------------------------------------ a namespace of pids

def in_namespace(function, *arguments):
    """What a function of this file returns in a namespace of pids of its own, as its first process's child."""
    enter = ["unshare", "-Urpf", "--mount-proc", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*enter, "true"], check=False).returncode != 0:
        raise Skipped("no namespace of pids with a procfs of its own can be had here")
    call = f"import json, identity; print(json.dumps(identity.{function.__name__}(*{arguments!r})))"
    ran = subprocess.run([*enter, sys.executable, "-c", call], stdout=subprocess.PIPE, text=True,
                         timeout=200, check=False)
    check(ran.returncode == 0, f"{function.__name__} in a namespace: {ran.returncode}")
    return json.loads(ran.stdout.splitlines()[-1])


def limit_pids(count):
    """Only so many are given out here, so that each comes back soon. Since Linux 6.14."""
    try:
        with open("/proc/sys/kernel/pid_max", "w", encoding="ascii") as file:
            file.write(str(300 + count))
        return True
    except OSError:
        return False


# ------------------------------------------------------------------------------------- churn

class Forker:
    """forkers.c: children that come and go, and are what their names say."""

    def __init__(self, place, letter, rate=0, life_ms=0, count=0):
        self.records = place.root / f"records.{letter}"
        self.process = subprocess.Popen(
            [os.path.join(HELPERS, "forkers"), letter, str(self.records), str(rate), str(life_ms),
             str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        place.started.append(self.process)

    def told(self):
        """How many it has made, and how many a second."""
        count, took_ns = map(int, self.process.stdout.readline().split())
        return count, count * 1e9 / took_ns

    def end(self):
        self.process.stdin.close()
        told = self.told()
        self.process.wait()
        return told


def watch_churn(rate, seconds, *options):
    with Place() as place:
        place.start(*options)
        forkers = [Forker(place, letter, rate // 2, 25) for letter in "ab"]
        time.sleep(0.2)
        seen = subprocess.run([os.path.join(HELPERS, "identities"), str(place.path), str(seconds),
                               *(str(forker.records) for forker in forkers)],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 30).stdout
        seen = json.loads(seen)
        seen["rate"] = sum(forker.end()[1] for forker in forkers)
        return seen


def watch_churn_of_few_pids(*arguments):
    limit_pids(200)
    return watch_churn(*arguments)


@promise("D1", "no row mixes two processes, however fast pids are used again", seconds=200)
def churn(figures):
    rate = 2000
    seconds = pick(1, 20)
    runs = [in_namespace(watch_churn_of_few_pids, rate, seconds),
            in_namespace(watch_churn_of_few_pids, rate, seconds, "--without", WITHOUT_INODE),
            watch_churn(rate, seconds)]
    figures.exactly("mixed rows", sum(run["mixed"] for run in runs), 0)
    figures.at_least("forks a second", min(run["rate"] for run in runs), rate * 0.95, timing=True)
    figures.at_least("rows looked at", sum(run["checked"] for run in runs), pick(500, 20000))
    figures.at_least("pids used again", sum(run["reused"] for run in runs), pick(200, 10000))
    print(runs)


# -------------------------------------------------------------------- the same pid, at once

def watch_twins(count, *options):
    with Place() as place:
        place.start(*options)
        told = subprocess.run([os.path.join(HELPERS, "twins"), str(place.path), str(count),
                               "0" if WITHOUT_INODE in options else "1"],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
        return json.loads(told)


@promise("D2", "two processes with one pid and one start time are two rows, and never one's numbers the other's")
def twins(figures):
    count = pick(8, 50)
    runs = [in_namespace(watch_twins, count), in_namespace(watch_twins, count, "--without", WITHOUT_INODE)]
    print(runs)
    figures.exactly("pairs taken for one", sum(run["wrong"] for run in runs), 0)
    figures.at_least("pairs", sum(run["twins"] for run in runs), 2 * count, timing=True)


# ---------------------------------------------------------------- a server that was stopped

class Frames:
    """The frames of one request, as their heads say."""

    def __init__(self, place, table, attributes, interval_s):
        self.client = Client(place.path)
        self.interval_s = interval_s
        self.client.send(request(1, table, attributes, int(interval_s * 1e9)))

    def receive(self):
        """The next one, once its last part is there: what its parts say of rows is in "added" and "removed"."""
        added, removed = [], []
        while True:
            got = self.client.receive()
            check(got and FRAME in got, f"a frame was expected, not {got}")
            frame = fields(got[FRAME])
            removed += numbers(frame.get(7, b""))
            added += numbers(fields(frame.get(8, b"")).get(1, b""))
            if frame.get(6):
                return {"tick": frame[1], "full": frame.get(2, 0) == 0, "sampled_ns": frame[3],
                        "gap": bool(frame.get(12)), "incomplete": bool(frame.get(14)),
                        "added": added, "removed": removed, "came": time.monotonic()}

    def waiting(self, seconds):
        """Does another one come within this time?"""
        return self.client.data or select.select([self.client.socket], [], [], seconds)[0]


def numbers(packed):
    """What a packed field of varints says."""
    found, value, shift = [], 0, 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value = shift = 0
    return found


def stale_on_terminal(place, terminals, interval_s, stopped):
    """How many intervals after the last frame each terminal said that it is stale."""
    said = {}
    while len(said) < len(terminals) and time.monotonic() < stopped + 20:
        for number, terminal in enumerate(terminals):
            if number not in said and "stale" in terminal.screen()[0]:
                said[number] = (time.monotonic() - stopped) / interval_s
    check(len(said) == len(terminals), "a terminal does not say that it is stale")
    return max(said.values())


@promise("D5", "who watches a server that was stopped is told, stays connected and goes on with one frame")
def stopped_server(figures):
    # Not at the head of this file: it makes a directory and changes the environment.
    from procctl_support import Terminal, directory, run
    shutil.rmtree(directory)
    interval_s = 1
    with Place() as place:
        server = place.start()
        os.environ["PROCMON_SOCKET"] = str(place.path)
        frames = Frames(place, PROCESS, [PID], 0.1)
        terminals = [Terminal("subscribe", "--no-start", "-a", "mem.resident", "-i", f"{interval_s}",
                              columns=120) for _ in range(4)]
        for terminal in terminals:
            terminal.wait_for(b"every 1s")
        frames.receive()
        server.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        newcomer = time.monotonic()
        refused = run("ps", "--no-start", code=None)
        newcomer = time.monotonic() - newcomer
        intervals = stale_on_terminal(place, terminals, interval_s, stopped)
        time.sleep(max(0, stopped + pick(4, 10) - time.monotonic()))
        while frames.waiting(0):
            frames.receive()
        server.send_signal(signal.SIGCONT)
        woken = time.monotonic()
        first = frames.receive()
        count = 1
        while frames.receive()["came"] < woken + 0.5:
            count += 1
        for terminal in terminals:
            terminal.forget()
        fresh = sum(bool(wait_for(lambda: "stale" not in (head := terminal.screen()[0]) and "every" in head,
                                  "a terminal goes on"))
                    for terminal in terminals)
        for terminal in terminals:
            terminal.close()
        figures.at_most("stale shown after", intervals, 3, "intervals", timing=True)
        figures.exactly("clients that went on", fresh, len(terminals))
        figures.at_most("first frame after", (first["came"] - woken) * 1000, 100, "ms", timing=True)
        figures.at_most("frames in 500 ms", count, 1 + 5)
        figures.exactly("the first tells of the gap", int(first["gap"]), 1)
        figures.at_most("a newcomer waits", newcomer, 3, "s", timing=True)
        figures.exactly("and is told why", int(refused.returncode != 0 and
                                               "does not answer: it is stopped" in refused.stderr), 1)

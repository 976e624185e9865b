"""Time and identity: whose values a row shows, and what becomes of it when clocks or processes stop."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

from promise import Skipped, pick, promise
from server import Place, check

HELPERS = os.path.join(os.environ["BUILD"], "tests", "stress")
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

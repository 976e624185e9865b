#!/usr/bin/env python3
"""tests/client.py, made from procmon.proto alone, sees what procctl sees."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"])

# What a process that sleeps keeps for sure, and what every process keeps for life.
CONSTANT = ["unique_id", "start.boot"]
STABLE = CONSTANT + ["ppid", "comm", "state", "uid", "gid", "nice", "tty.name", "exe", "cgroup",
                     "cpu.user", "cpu.system", "cpu.threads", "mem.resident", "mem.virtual",
                     "mem.footprint", "io.read_bytes", "faults.total", "files.open", "oom.adjust", "gpu.time"]


def fail(text):
    sys.exit(f"FAIL: {text}")


def procctl(*arguments):
    return json.loads(subprocess.run([BUILD / "procctl", *arguments], capture_output=True, check=True).stdout)


def sleeper():
    """A process that does nothing any more."""
    process = subprocess.Popen(["sleep", "1000"])
    stat = pathlib.Path(f"/proc/{process.pid}/stat")
    deadline = time.monotonic() + 10
    while "(sleep) S" not in stat.read_text():
        if time.monotonic() > deadline:
            fail("sleep does not sleep")
        time.sleep(0.01)
    return process


class Client:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests/client.py", os.environ["PROCMON_SOCKET"], *arguments],
            stdout=subprocess.PIPE, text=True)

    def frame(self):
        """The next frame that it prints: rows by pid."""
        found = {}
        for line in self.process.stdout:
            if line == "\n":
                return found
            row = json.loads(line)
            found[row["pid"]] = row
        fail("client.py has ended")


def compare_tables(sleepers, names):
    """The same table at nearly the same time."""
    theirs = Client(",".join(names)).frame()
    ours = {row["pid"]: row for row in procctl("ps", "--attrs", ",".join(names), "-o", "json")["rows"]}
    common = set(theirs) & set(ours)
    if len(common) < len(ours) // 2:
        fail(f"{len(common)} processes in common of {len(ours)}")
    for pid in common:
        same = names if pid in sleepers else [name for name in CONSTANT if name in names]
        if theirs[pid]["unique_id"] != ours[pid]["unique_id"]:
            continue  # the pid was used again in between
        for name in same:
            if theirs[pid][name] != ours[pid][name]:
                fail(f"pid {pid}, {name}: {theirs[pid][name]} here, {ours[pid][name]} for procctl")
    if not sleepers <= common:
        fail("a process of ours is missing")


def follow_changes(sleepers):
    """A process that ends goes out of the table, a new one comes in."""
    client = Client("unique_id,comm", "0.1", "1000000")
    if not sleepers <= set(client.frame()):
        fail("the first frame does not have all")
    new = sleeper()
    deadline = time.monotonic() + 10
    while new.pid not in client.frame():
        if time.monotonic() > deadline:
            fail("a new process does not come")
    new.kill()
    new.wait()
    while new.pid in client.frame():
        if time.monotonic() > deadline:
            fail("an ended process does not go")
    client.process.kill()
    client.process.wait()


def follow_exits():
    """With exits it is shown once more, with its status, and then goes."""
    client = Client("comm,exit.status", "0.1", "1000000", "exits")
    new = sleeper()
    deadline = time.monotonic() + 10
    while new.pid not in (frame := client.frame()) and time.monotonic() < deadline:
        pass
    if frame.get(new.pid) != {"pid": new.pid, "comm": "sleep", "exit.status": None}:
        fail(f"a living process: {frame.get(new.pid)}")
    new.kill()
    new.wait()
    while "exited" not in (frame := client.frame()).get(new.pid, {}):
        if new.pid not in frame or time.monotonic() > deadline:
            fail("the end of a process is not shown")
    # The kernel tells the status, or it is not known; SIGKILL is 9.
    if frame[new.pid]["comm"] != "sleep" or frame[new.pid]["exit.status"] not in (9, None):
        fail(f"an ended process: {frame[new.pid]}")
    if new.pid in client.frame():
        fail("the frame after that still has it")
    client.process.kill()
    client.process.wait()


def main():
    work = tempfile.mkdtemp(prefix="procmon-")
    os.environ["PROCMON_SOCKET"] = f"{work}/socket"
    os.environ["PYTHONPATH"] = work
    subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={work}", "procmon.proto"], check=True)
    sleeping = [sleeper() for _ in range(5)]
    pids = {process.pid for process in sleeping}
    try:
        known = {entry["name"] for entry in procctl("attributes", "-o", "json")["rows"]
                 if entry["table"] == "process"}
        if not set(STABLE) <= known:
            fail(f"no such attribute: {set(STABLE) - known}")
        compare_tables(pids, STABLE)
        follow_changes(pids)
        follow_exits()
    finally:
        for process in sleeping:
            process.kill()
            process.wait()
        subprocess.run([BUILD / "procctl", "server", "stop"], stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(work, ignore_errors=True)


main()

#!/usr/bin/python3
"""By its system calls: an unused server rests, and a used one opens only what is asked for."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from server import CATALOG, Client, Place, check, request, stop

REST_S = 10.5
# What may be opened of a process for these attributes of table PROCESS.
FILES = {
    "pid": ([0x04], set()),
    "comm": ([0x0C], {"stat"}),
    "cpu.total": ([0x1010], {"stat", "schedstat"}),
    "mem.resident": ([0x16], {"status", "statm"}),
    "disk.read": ([0x48], {"io"}),
    "cmdline": ([0x2C], {"cmdline"}),
    "oom.score": ([0x1051], {"oom_score", "oom_score_adj"}),
    "cgroup": ([0x1050], {"cgroup"}),
}
# To find the processes, and to see that a kept one is still the same.
ALWAYS = {"", "stat"}
# Of no process, though a path may start at a descriptor of /proc.
OF_THE_HOST = re.compile(r"loadavg$|sys/")


def traced(place):
    trace = place.root / "trace"
    # --debug: else an ordinary user's strace cannot read its memory. The leak checker is itself
    # a tracer, and there can be only one.
    server = place.start("--debug", wrapper=["strace", "-f", "-qq", "-ttt", "-o", str(trace)],
                         env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),
                         stderr=subprocess.DEVNULL)
    return server, trace


def calls(trace, since, until):
    """(name, line) of the system calls between two times."""
    for line in trace.read_text(errors="replace").splitlines():
        match = re.match(r"\d+ +([\d.]+) (?:<\.\.\. )?(\w+)", line)
        if match and since <= float(match[1]) <= until:
            yield match[2], line


def opened(trace, since, until):
    """The paths that were opened between two times."""
    found = set()
    for name, line in calls(trace, since, until):
        match = re.search(r'\w+\((?:AT_FDCWD, |\d+, )?"([^"]*)"', line)
        if match and name in ("open", "openat", "openat2", "readlink", "readlinkat"):
            found.add(match[1])
    return found


def of_processes(paths):
    """The files of processes among them; "" is the directory of one. A relative path starts at
    such a directory, or at /proc."""
    found = set()
    for path in paths:
        match = re.match(r"(?:/proc/\d+/?|(?!/)(?:\d+(?:/|$))?)(.*)$", path)
        if match and not OF_THE_HOST.match(match[1]):
            found.add(re.sub(r"\d+", "N", match[1]))
    return found


def watch_rest(place, seconds):
    """With a client that watches nothing: (how often it woke, what it opened)."""
    server, trace = traced(place)
    with Client(place.path) as client:
        client.send(request(1, 1, [0x04, 0x0C, 0x1010, 0x2C], 100_000_000, [1, os.getpid()]))
        client.receive()
        client.send(b"\x04\x1a\x02\x08\x01" + b"\x02\x22\x00")  # Cancel, CatalogRequest
        while CATALOG not in client.receive():
            pass
        time.sleep(0.5)
        since = time.time()
        time.sleep(seconds)
        until = time.time()
    seen = list(calls(trace, since, until))
    wakeups = [line for name, line in seen if name in ("epoll_wait", "epoll_pwait", "futex")]
    print(*wakeups, sep="\n")
    stop_traced(server)
    return len(wakeups), opened(trace, since, until)


def rests(place):
    wakeups, found = watch_rest(place, REST_S)
    check(wakeups <= 1, f"{wakeups} wake-ups in {REST_S} s")
    check(not found, f"opened: {found}")


def stop_traced(strace):
    """strace does not pass a signal on; its child is the server."""
    child = pathlib.Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()[0]
    os.kill(int(child), 15)
    check(strace.wait(5) == 0, f"exit status {strace.returncode}")


def settle(trace):
    """Until the server does nothing any more: a worker may still read for a client that has left."""
    size = -1
    while size != (size := trace.stat().st_size):
        time.sleep(0.3)


def opens_what_is_asked(place):
    server, trace = traced(place)
    pids = [os.getpid(), server.pid, 1]
    for name, (attributes, files) in FILES.items():
        settle(trace)
        since = time.time()
        with Client(place.path) as client:
            # All processes, once: strace makes it slow.
            client.send(request(1, 1, attributes, 100_000_000, pids if name != "comm" else []))
            for _ in range(3):
                client.receive()
        until = time.time()
        found = of_processes(opened(trace, since, until))
        check(found <= files | ALWAYS, f"{name}: opened {found}")
        check(name in ("pid", "cpu.total") or found & files, f"{name}: nothing was opened")
    stop_traced(server)


def in_a_place(test):
    with Place() as place:
        test(place)


def can_trace():
    return shutil.which("strace") and \
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False).returncode == 0


if __name__ == "__main__":
    if not can_trace():
        print("strace does not work here")
        sys.exit(77)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for result in threads.map(in_a_place, (rests, opens_what_is_asked)):
            pass

"""Time and identity: whose values a row shows, and what becomes of it when clocks or processes stop."""
import ctypes
import datetime
import json
import os
import random
import resource
import select
import shutil
import signal
import string
import subprocess
import sys
import time
import unicodedata

from promise import Skipped, cpu_seconds, pick, promise
from server import FRAME, Client, Place, check, fields, request, wait_for
from slow_lane import make_tree

PROCCTL = os.path.join(os.environ["BUILD"], "procctl")
HELPERS = os.path.join(os.environ["BUILD"], "tests", "stress")
PROCESS, SERVER = 1, 14
PID, PPID, COMM, RESIDENT, CMDLINE, STATE = 0x0004, 0x0005, 0x000C, 0x0016, 0x002C, 0x1001
FOOTPRINT, CPU_TOTAL, TICK_CPU = 0x0042, 0x1010, 0x1008
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

    def __init__(self, place, rate=0, life_ms=0, count=0):
        # Nobody else's processes are called so.
        self.name = "".join(random.choices(string.ascii_lowercase, k=7))
        self.records = place.root / self.name
        self.process = subprocess.Popen(
            [os.path.join(HELPERS, "forkers"), self.name, str(self.records), str(rate), str(life_ms),
             str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        place.started.append(self.process)
        self.process.stdout.readline()

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
        forkers = [Forker(place, rate // 2, 25) for _ in range(2)]
        seen = subprocess.run([os.path.join(HELPERS, "identities"), str(place.path), str(seconds),
                               *(word for forker in forkers
                                 for word in (forker.name, str(forker.records)))],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 30).stdout
        seen = json.loads(seen)
        seen["rate"] = sum(forker.end()[1] for forker in forkers)
        return seen


def watch_churn_of_few_pids(*arguments):
    limit_pids(200)
    return watch_churn(*arguments)


@promise("D1", "no row mixes two processes, however fast pids are used again", alone=True, seconds=200)
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


# ---------------------------------------------------------------------------- hostile names

def hostile_names(count):
    """As the kernel takes them: at most 15 bytes, and none of them 0."""
    names = [b") R 1 1 1", b"a) Z 0 (b", b"(((", b")))", b") (", b"", b" ", b"\n", b"x\nPPid:\t1\nState",
             b"a\nState:\tZ\n", b"fifteen bytes!!", b"\xff\xfe\xfd", b"\xc3", b"\xed\xa0\x80",
             b"\xf0\x9f\x98", b"\xc0\xaf", b"\x1b]52;c;aGk=\x07", b"\x1b[2J", b"\t\t", b"\\n", b"\x7f\x9b",
             b"0 1 2 3 4 5 6 7", b"%s%n%d", b") S 4194304 7"]
    dice = random.Random(7)
    while len(names) < count:
        alphabet = dice.choice([bytes(range(1, 256)), b" ()\n\\0123456789SRZ", bytes(range(128, 256))])
        names.append(bytes(dice.choice(alphabet) for _ in range(dice.randint(1, 15))))
    return names


def start_named(name, state):
    """A child of this name that is stopped (T), a zombie (Z) or asleep (S)."""
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(15, name, 0, 0, 0)  # PR_SET_NAME
        if state == "Z":
            os._exit(0)
        while True:
            os.kill(os.getpid(), signal.SIGSTOP) if state == "T" else signal.pause()
    return pid


def told_by_kernel(pid):
    """Parent and state of a process: nothing of its name is in these lines, in which a newline is escaped."""
    with open(f"/proc/{pid}/status", "rb") as file:
        lines = dict(line.split(b":\t", 1) for line in file.read().splitlines() if b":\t" in line)
    return int(lines[b"PPid"]), lines[b"State"][:1].decode()


@promise("D3", "a name cannot pass for other fields of its process")
def names(figures):
    wanted = {}
    with Place() as place:
        for number, name in enumerate(hostile_names(200)):
            state = "STZ"[number % 3]
            wanted[start_named(name, state)] = name, state
        try:
            for pid, (_, state) in wanted.items():
                wait_for(lambda: told_by_kernel(pid) == (os.getpid(), state), f"process {pid} in state {state}")
            place.start()
            told = json.loads(subprocess.run(
                [PROCCTL, "ps", "--no-start", "-S", str(place.path), "-a", "ppid,state,comm", "-o", "json",
                 "-p", ",".join(map(str, wanted))],
                stdout=subprocess.PIPE, check=True, timeout=30).stdout)["rows"]
        finally:
            for pid in wanted:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
    wrong = 0
    for row in told:
        name, state = wanted[row["pid"]]
        right = (row["ppid"], row["state"]) == (os.getpid(), state) and \
            not any(unicodedata.category(character) == "Cc" for character in row["comm"])
        if name.isascii() and name.decode().isprintable():
            right &= row["comm"] == name.decode()
        if not right:
            print(name, state, row)
        wrong += not right
    figures.exactly("names", len(told), 200)
    figures.exactly("rows with a wrong parent, state or name", wrong, 0)


# ------------------------------------------------------------------------------ clock steps

def faked(place):
    """The environment of a program whose wall clock is set by a file, and the file."""
    if not shutil.which("faketime"):
        raise Skipped("there is no faketime here: common/dependencies ci brings it")
    library = subprocess.run(["faketime", "-m", "-f", "+0d", "printenv", "LD_PRELOAD"], text=True,
                             stdout=subprocess.PIPE, check=True).stdout.strip()
    clock = place.root / "clock"
    clock.write_text("+0d")
    return {**os.environ, "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, clock


@promise("D4", "a wall clock that is set back and forth changes no number, no row and no frame")
def clock_steps(figures):
    steps = ["+1d", "-1h", "-1d", "+1h"]
    frames = pick(6, 15) * len(steps)
    with Place() as place:
        environment, clock = faked(place)
        # Faked are also the clocks of the CPU time of others: there it must go by /proc/PID/stat.
        place.start("--without", "clock", env=environment)
        busy = subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])
        place.started.append(busy)
        client = subprocess.Popen(
            [PROCCTL, "subscribe", "--no-start", "-S", str(place.path), "-i", "100ms", "-n", str(frames),
             "-a", "cpu.usage,start.time", "-o", "jsonl"],
            stdout=subprocess.PIPE, text=True, env=environment)
        place.started.append(client)
        seen = {}
        for line in client.stdout:
            row = json.loads(line)
            if row["tick"] not in seen and len(seen) % (frames // len(steps)) == frames // len(steps) // 2:
                clock.write_text(steps[len(seen) * len(steps) // frames])
            seen.setdefault(row["tick"], []).append(row)
        check(client.wait() == 0, f"procctl: {client.returncode}")
    stamps = [parse_time(rows[0]["time"]) for rows in seen.values()]
    usage = [row["cpu.usage"] for rows in seen.values() for row in rows if row["cpu.usage"] is not None]
    own = [row for rows in seen.values() for row in rows if row["pid"] == busy.pid]
    figures.exactly("steps", sum(abs(b - a) > 1800 for a, b in zip(stamps, stamps[1:])), len(steps))
    figures.at_least("lowest CPU use", min(usage), 0, "cores")
    # A count of ticks of 10 ms is one too many now and then.
    figures.at_most("highest", max(usage), os.cpu_count() + 0.2, "cores")
    figures.exactly("frames", len(own), frames)
    figures.exactly("lost", max(seen) - min(seen) + 1 - frames, 0)
    figures.exactly("rows made anew", sum(row["cpu.usage"] is None for row in own[1:]) +
                    len({row["start.time"] for row in own}) - 1, 0)


def parse_time(text):
    """Of "2026-11-21T03:54:47.375638787Z"."""
    return datetime.datetime.fromisoformat(text[:19]).timestamp()


# ---------------------------------------------------------------- a server that was stopped

class Frames:
    """The frames of one request, as their heads say."""

    def __init__(self, place, table, attributes, interval_s):
        self.client = Client(place.path)
        self.interval_s = interval_s
        self.client.send(request(1, table, attributes, int(interval_s * 1e9)))

    def receive(self):
        """The next one, once its last part is there: what its parts say of rows is in "added" and "removed",
        "values" and "absent" has the numbers and the states of their last column."""
        added, removed, values, absent = [], [], [], []
        while True:
            got = self.client.receive()
            check(got and FRAME in got, f"a frame was expected, not {got}")
            frame = fields(got[FRAME])
            removed += numbers(frame.get(7, b""))
            added += numbers(fields(frame.get(8, b"")).get(1, b""))
            column = fields(frame.get(9, b""))
            values += numbers(column.get(3, b""))
            absent += numbers(column.get(9, b""))
            if frame.get(6):
                return {"tick": frame[1], "full": frame.get(2, 0) == 0, "sampled_ns": frame[3],
                        "gap": bool(frame.get(12)), "incomplete": bool(frame.get(14)),
                        "added": added, "removed": removed, "values": values, "absent": absent,
                        "came": time.monotonic()}

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


# --------------------------------------------------------------------- who sees the same

@promise("D8", "whoever reads a table, by differences or from the start, often or seldom, sees the same")
def mirrors(figures):
    rows = pick(10000, 200000)
    with Place() as place:
        place.start("--budget", "0")
        forkers = [Forker(place, 125, 2000) for _ in range(2)]
        told = subprocess.run([os.path.join(HELPERS, "mirrors"), str(place.path), str(rows), "6"],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=110).stdout
        for forker in forkers:
            forker.end()
    told = json.loads(told)
    print(told)
    figures.exactly("tables that differ", told["differing"], 0)
    figures.at_least("rows compared", told["row_frames"], rows)
    figures.at_least("frames left out for slow readers", told["left_out"], 1)


# ------------------------------------------------------------------------ a reader that hangs

def stuck_workers(place):
    told = json.loads(subprocess.run(
        [PROCCTL, "ps", "--no-start", "-S", str(place.path), "--table", "server", "-a", "name,workers_stuck",
         "-o", "json"], stdout=subprocess.PIPE, check=True, timeout=30).stdout)
    return next(row["workers_stuck"] for row in told["rows"] if row["name"] == "total")


@promise("D7", "reads that never return hold up no tick, and no more than four threads", alone=True)
def hung_readers(figures):
    hanging, interval = 8, 100_000_000
    with Place() as place:
        make_tree(place.root / "proc", hanging)
        server = place.start("--procfs", str(place.root / "proc"), "--workers", "4")
        asked_ns = time.monotonic_ns()
        frames = Frames(place, PROCESS, [CMDLINE], interval / 1e9)
        first = frames.receive()
        unknown_ms = (first["sampled_ns"] - asked_ns) / 1e6
        failed = len(first["absent"])
        late, stuck = [], 0
        for number in range(pick(15, 80)):
            late.append(frames.receive()["sampled_ns"] % interval / 1e6)
            if number % 5 == 0:
                stuck = max(stuck, stuck_workers(place))
        threads = len(os.listdir(f"/proc/{server.pid}/task"))
        server.terminate()
        check(server.wait(5) == 0, "the server does not end while workers hang")
    figures.at_least("command lines unknown", failed, 4)
    figures.at_most("known to be so after", unknown_ms, 250 + 20, "ms", timing=True)
    figures.at_most("latest tick", max(late), 20, "ms", timing=True)
    figures.at_least("blocked workers", stuck, 4)
    figures.at_most("threads", threads, 1 + 4)


# ------------------------------------------------------------------------ a crowd

def crowd_size():
    """As many as there is room for: 30,000 take 3.2 GB, and pids end at 32,768 by default."""
    whole = 25000 if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") > 8e9 else 10000
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        pids = int(file.read())
    allowed, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if allowed == resource.RLIM_INFINITY:
        allowed = whole * 2
    return min(pick(2000, whole), pids * 4 // 5, allowed * 4 // 5)


class Crowd:
    """Keeps the rows of a table, frame by frame, and what the server says of itself."""

    def __init__(self, place):
        self.frames = Frames(place, PROCESS, [PID, COMM, RESIDENT, FOOTPRINT, CPU_TOTAL, PPID, STATE], 1)
        self.itself = Frames(place, SERVER, [TICK_CPU], 1)
        # While they all begin to run there is little time for anybody else.
        self.frames.client.socket.settimeout(60)
        self.itself.client.socket.settimeout(60)
        self.rows, self.incomplete = set(), 0
        self.longest_s, self.last_s, self.longest_sample_ns = 0, None, 0

    def follow(self):
        frame = self.frames.receive()
        if frame["full"]:
            self.rows.clear()
        self.rows.difference_update(frame["removed"])
        self.rows.update(frame["added"])
        self.incomplete += frame["incomplete"]
        if self.last_s:
            self.longest_s = max(self.longest_s, frame["came"] - self.last_s)
        self.last_s = frame["came"]
        while self.itself.waiting(0):
            self.longest_sample_ns = max(self.longest_sample_ns, *self.itself.receive()["values"], 0)
        return len(self.rows)


@promise("D6", "25,000 processes are a table like any other", alone=True, seconds=200)
def crowd(figures):
    count = crowd_size()
    with Place() as place:
        server = place.start()
        watcher = Crowd(place)
        before = watcher.follow()
        people = Forker(place, count=count)
        check(people.told()[0] == count, "the processes cannot be made here")
        while watcher.follow() < before / 2 + count:
            pass
        watcher.longest_s, cpu, start = 0, cpu_seconds(server.pid), time.monotonic()
        while time.monotonic() < start + pick(2, 10):
            check(watcher.follow() >= count, "a row is missing")
        share = (cpu_seconds(server.pid) - cpu) / (time.monotonic() - start)
        people.end()
        ended = time.monotonic()
        while watcher.follow() > before * 2 + 100:
            check(time.monotonic() < ended + 60, "the table does not shrink")
        converged = time.monotonic() - ended
        resident = peak_mib(server.pid)
        check(server.poll() is None, "the server is gone")
    figures.note("processes", count)
    figures.at_most("memory", resident, 96, "MiB")
    figures.at_most("one sample", watcher.longest_sample_ns / 1e9, 1.5, "s of CPU", timing=True)
    figures.at_most("sampling", share * 100, 25, "% of a core")
    figures.at_most("longest between frames", watcher.longest_s, 2.5, "s", timing=True)
    figures.exactly("frames that lack rows", watcher.incomplete, 0)
    figures.at_most("all gone after", converged, 10, "s", timing=True)


def peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

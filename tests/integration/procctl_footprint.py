#!/usr/bin/python3
"""procctl footprint: by script what it shows to the byte, and what is denied or gone; then with the
real server and processes of ours sums against smaps, what is shared, families, series, bad input."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from procctl_support import (PROCCTL, Server, State, Terminal, check_golden, directory, protocol,
                             refused, run, tests, wait_for)

pb = protocol()
NONE, DENIED = State(pb.NONE), State(pb.DENIED)
PAGE = os.sysconf("SC_PAGESIZE")
MIB = 1 << 20

# --------------------------------------------------------------------------- by script

TEXT, BYTES = {"type": pb.TEXT}, {"unit": pb.BYTES}
AMOUNTS = ("mem.dirty", "mem.swap", "mem.clean", "mem.reclaimable", "mem.wired")
TABLES = {
    pb.PROCESS: {"pid": {}, "ppid": {}, "uid": {}, "name": TEXT, "comm": TEXT, "mem.footprint": BYTES,
                 "mem.footprint_peak": BYTES, "mem.resident": BYTES, "mem.peak": BYTES,
                 "mem.shared": BYTES, "mem.page_tables": BYTES, "mem.pss_anonymous": BYTES,
                 "mem.virtual": BYTES, "cpu.total": {}},
    pb.FOOTPRINT: {**{name: BYTES for name in AMOUNTS}, "regions": {}, "category": TEXT,
                   "mem.pss": BYTES},
    pb.REGION: {**{name: BYTES for name in AMOUNTS}, "start": {}, "end": {}, "protection": TEXT,
                "share_mode": TEXT, "category": TEXT, "name": TEXT, "path": TEXT, "file.offset": {},
                "file.inode": {}, "file.device": TEXT, "mem.pss": BYTES, "mem.unique": BYTES,
                "mem.common": BYTES, "mem.swap_pss": BYTES, "mem.anonymous": BYTES,
                "mem.shared": BYTES, "mem.hugetlb": BYTES},
    pb.SYSTEM: {name: BYTES for name in ("mem.total", "mem.used", "mem.available", "mem.anonymous",
                                         "mem.shared", "swap.total", "swap.used")},
}
ATTRIBUTES = [pb.Attribute(**{"table": table, "id": 0x1000 + i, "name": name, "kind": pb.GAUGE,
                              "type": pb.U64, "text": "A sentence.", **fields})
              for table, names in TABLES.items() for i, (name, fields) in enumerate(names.items())]


def process(pid, name, parent=1, **fields):
    return {"pid": pid, "ppid": parent, "uid": 1000, "name": name, "comm": name[:15],
            "mem.footprint": 10 * MIB, "mem.footprint_peak": 11 * MIB, "mem.resident": 20 * MIB,
            "mem.peak": 30 * MIB, "mem.shared": 64 * MIB, "mem.page_tables": 100 << 10,
            "mem.pss_anonymous": 7 * MIB, "mem.virtual": 99 * MIB, "cpu.total": 5, **fields}


def amounts(dirty=0, swap=0, clean=0, reclaimable=0, wired=0):
    return dict(zip(AMOUNTS, (dirty, swap, clean, reclaimable, wired)))


def category(name, regions, pss=0, **fields):
    return {"category": name, "regions": regions, "mem.pss": pss, **amounts(**fields)}


def region(start, size, name, path="", protection="rw-", mode="private", pss=0, unique=0, common=0,
           anonymous=0, shared=0, inode=0, swap_pss=0, **fields):
    return {"start": start, "end": start + size, "protection": protection, "share_mode": mode,
            "category": name, "name": NONE, "path": path or NONE, "file.offset": 0,
            "file.inode": inode or NONE, "file.device": "0:1" if inode else NONE, "mem.pss": pss,
            "mem.unique": unique, "mem.common": common, "mem.swap_pss": swap_pss,
            "mem.anonymous": anonymous, "mem.shared": shared, "mem.hugetlb": 0, **amounts(**fields)}


CATEGORIES = [
    category("shared memory", 1, dirty=64 * MIB, pss=32 * MIB),
    category("malloc heap", 1, dirty=9 * MIB, swap=MIB, wired=4096, pss=7 * MIB),
    category("program text", 1, clean=2 * MIB, pss=MIB, reclaimable=12345),
    {"category": "page tables", "mem.dirty": 100 << 10,
     **{name: NONE for name in ("regions", "mem.pss", *AMOUNTS[1:])}},
]
REGIONS = [
    region(0x7f0000000000, 64 * MIB, "shared memory", "/memfd:\033[2Jours (deleted)", mode="shared",
           dirty=64 * MIB, shared=64 * MIB, common=64 * MIB, pss=32 * MIB, inode=7),
    region(0x550000000000, 16 * MIB, "malloc heap", dirty=9 * MIB, swap=MIB, swap_pss=MIB, wired=4096,
           anonymous=8 * MIB, unique=8 * MIB, pss=7 * MIB),
    region(0x400000, 2 * MIB, "program text", "/opt/a/folder/of/a/very/long/name/for/a/program/worker",
           protection="r-x", mode="cow", clean=2 * MIB, pss=MIB, common=2 * MIB, reclaimable=12345,
           inode=8),
]


def serve(rows=(), footprints=None):
    processes = [process(1, "init", 0), process(10, "worker"), process(11, "worker", 10),
                 process(2, "kthreadd", 0, **{"mem.virtual": NONE}), *rows]
    everybody = {row["pid"]: CATEGORIES for row in processes}
    return Server(pb, ATTRIBUTES, {
        pb.PROCESS: processes, pb.FOOTPRINT: {**everybody, **(footprints or {})},
        pb.REGION: {pid: REGIONS for pid in everybody},
        pb.SYSTEM: [{name: (i + 1) << 30 for i, name in enumerate(TABLES[pb.SYSTEM])}]})


def check(name, shown):
    check_golden(name, shown.replace(f"({PAGE} bytes", "(4096 bytes"))


def test_goldens():
    serve()
    check("footprint.txt", run("footprint", "10").stdout)
    check("footprint-all.txt", run("footprint", "--all", "--swapped", "--wired").stdout)
    terminal = Terminal("footprint", "-v", "10", columns=80)
    assert terminal.end() == 0
    check("footprint-80.txt", terminal.output.decode().replace("\r\n", "\n"))
    terminal.close()
    terminal = Terminal("footprint", "-v", "-w", "10", columns=80)
    assert terminal.end() == 0 and b"/very/long/name/for/a/program/worker" in terminal.output
    assert b"\033" not in terminal.output
    terminal.close()


def shown(*args, code=0):
    return json.loads(run("footprint", "-o", "json", *args, code=code).stdout)


def test_units_and_order():
    serve()
    lines = run("footprint", "-f", "bytes", "10").stdout.splitlines()
    assert lines[1] == f"worker [10]: Footprint: {10 * MIB}, Dirty: {73 * MIB + (100 << 10)}  ({PAGE} bytes per page)"
    assert lines[6].split() == [str(64 * MIB), "0", "0", "1", "shared", "memory"], lines[6]
    lines = run("footprint", "-f", "pages", "10").stdout.splitlines()
    assert lines[7].split()[0] == str(9 * MIB // PAGE), lines[7]

    def order(column):
        return [row["category"] for row in shown("--sort", column, "10")["processes"][0]["categories"]]
    assert order("dirty") == ["shared memory", "malloc heap", "page tables", "program text"]
    assert order("Clean")[0] == "program text" and order("swapped")[0] == "malloc heap"
    assert order("category") == ["malloc heap", "page tables", "program text", "shared memory"]


def test_what_is_shared_counts_once():
    serve()
    found = shown("worker")
    assert [entry["pid"] for entry in found["processes"]] == [10, 11]
    # of no file: 7 of 8 MiB, for they are shared with others, and 1 in swap; page tables; shared
    total = {"processes": 2, "sum": 2 * (73 * MIB + (100 << 10)), "anonymous": 2 * (8 * MIB - 0),
             "divided": True, "shared_memory": 64 * MIB, "page_tables": 2 * (100 << 10),
             "dirty": 2 * 8 * MIB + 64 * MIB + 2 * (100 << 10)}
    assert found["total"] == total, found["total"]
    memory, file = found["shared"]
    assert memory["once"] == 64 * MIB and memory["sum"] == 128 * MIB and memory["pids"] == [10, 11]
    assert memory["kind"] == "memory" and memory["inode"] == 7 and "\033" not in memory["path"]
    assert file["once"] == 2 * MIB and file["kind"] == "file"
    assert len(found["processes"][0]["auxiliary"]) == 7 and "regions" not in found["processes"][0]
    assert len(shown("-v", "10")["processes"][0]["regions"]) == 3
    assert "shared" not in shown("10")


def test_shares_that_the_kernel_does_not_tell():
    server = serve()
    for row in server.rows[pb.PROCESS]:
        row["mem.pss_anonymous"] = NONE
    found = shown("worker")["total"]
    assert found["divided"] is False and found["anonymous"] == 2 * 9 * MIB - 2 * 0, found
    assert "tells no shares" in run("footprint", "worker").stdout


def test_all_but_the_kernel_and_some():
    serve()
    found = shown("-a")
    assert [entry["pid"] for entry in found["processes"]] == [1, 10, 11]
    assert found["system"]["mem.total"] == 1 << 30 and len(found["system"]) == 7
    assert [entry["pid"] for entry in shown("-a", "-x", "worker")["processes"]] == [1]
    assert [entry["pid"] for entry in shown("-t", "10", "-x", "10")["processes"]] == [11]
    assert [entry["pid"] for entry in shown("-p", "init", "--pid", "11")["processes"]] == [1, 11]
    assert [entry["pid"] for entry in shown("-y", "--children", "10")["processes"]] == [10, 11]


def test_denied_and_gone():
    serve(footprints={11: DENIED})
    result = run("footprint", "worker", code=0)
    assert "process 11 (worker) is not shown" in result.stderr and "[10]" in result.stdout
    assert shown("worker")["denied"] == 1
    refused("footprint", "11", code=77, say="process 11 (worker) is not shown")
    Server.open_ones[0].close()
    serve(footprints={10: DENIED, 11: DENIED})
    refused("footprint", "worker", code=77, say="2 of 2 processes are not shown")
    Server.open_ones[0].close()
    serve(footprints={11: None})
    found = shown("worker")
    assert found["gone"] == 1 and len(found["processes"]) == 1
    refused("footprint", "11", code=3, say="gone")
    refused("footprint", "12", code=3, say="there is no process 12")
    result = run("footprint", "10", "nobody")
    assert result.stderr == 'procctl: no process is called "nobody"\n' and "[10]" in result.stdout


def test_what_has_no_memory_has_no_footprint():
    serve(footprints={2: [], 11: []})
    refused("footprint", "2", code=1, say="process 2 (kthreadd) has no memory of its own")
    refused("footprint", "2,11", code=1, say="2 of 2 processes have no memory of their own")
    result = run("footprint", "2", "10")
    assert "process 2 (kthreadd)" in result.stderr and "[2]" not in result.stdout and "[10]" in result.stdout
    found = shown("2", "10")
    assert found["empty"] == 1 and found["failed"] == 0 and len(found["processes"]) == 1


def test_what_is_not_known_is_no_zero():
    lost = [{**row, "mem.dirty": State(pb.FAILED)} for row in CATEGORIES]
    serve(footprints={10: lost, 11: lost[:1] + CATEGORIES[1:]})
    assert ", Dirty: -  " in run("footprint", "10").stdout
    found = shown("worker")
    parts = {entry["pid"]: entry for entry in found["processes"]}
    assert parts[10]["total"]["mem.dirty"] is None and parts[10]["incomplete"]
    assert parts[11]["total"]["mem.dirty"] > 0 and parts[11]["incomplete"]
    summary = run("footprint", "worker").stdout.split("Summary")[1]
    assert "incomplete" in summary.splitlines()[0], summary


def test_the_summary_is_straight_and_fits():
    serve()
    lines = run("footprint", "-f", "bytes", "worker").stdout.split("Summary")[1].splitlines()
    head = next(line for line in lines if "Once" in line)
    first = lines[lines.index(head) + 2]
    assert head.index("Shared") == first.index(first.split(maxsplit=3)[3]), (head, first)
    terminal = Terminal("footprint", "--noCategories", "10", columns=61)
    assert terminal.end() == 0
    assert all(len(line) <= 61 for line in terminal.output.decode().split("\r\n"))
    terminal.close()


def test_what_is_not_found_in_time_is_told():
    server = serve()
    server.incomplete = 1000
    server.steady = True
    server.step_ns = 10**9
    assert "incomplete" in run("footprint", "10").stdout
    assert shown("10")["processes"][0]["incomplete"] is True


def test_idle_ones_are_skipped():
    server = serve()
    whole = server.find_rows
    looks = []

    def find_rows(request):
        if request.table == pb.PROCESS and len(request.attributes) == 2:
            looks.append(time.monotonic())
            server.rows[pb.PROCESS][1]["cpu.total"] += 1
        return whole(request)
    server.find_rows = find_rows
    assert [entry["pid"] for entry in shown("-s", "worker")["processes"]] == [10]
    assert len(looks) == 2 and looks[1] - looks[0] > 0.9
    result = run("footprint", "-s", "11")
    assert result.stdout == "" and "idle" in result.stderr


def test_names_and_bad_input():
    serve([process(20, "python3"), process(21, "Python3"), process(22, "pythonic")])
    assert [entry["pid"] for entry in shown("PYTHON")["processes"]] == [20, 21, 22]
    assert [entry["pid"] for entry in shown("python3")["processes"]] == [20]
    refused("footprint", say="which process")
    refused("footprint", "nobody", code=3, say='no process is called "nobody"')
    refused("footprint", "0", say="no list of process ids")
    refused("footprint", "", say="empty word")
    refused("footprint", "10", "-x", "10", code=3, say="excluded")
    refused("footprint", "-x", "", "10", say="empty word")
    refused("footprint", "-f", "kilobytes", "10", say="bytes, formatted and pages")
    refused("footprint", "--sort", "size", "10", say="no column")
    refused("footprint", "--minFootprint", "-1", "10", say="no number of MiB")
    refused("footprint", "--minFootprint", "1.5", "10", say="no number of MiB")
    refused("footprint", "--sample", "0", "10", say="no interval")
    refused("footprint", "--sample", "1", "--sample-duration", "soon", "10", say="no duration")
    refused("footprint", "--sample-duration", "1", "10", say="--sample")
    refused("footprint", "-o", "csv", "10", say="table or json")
    refused("footprint", "-j", "/nowhere/at/all", "10", code=1, say="/nowhere/at/all")
    precious = f"{directory}/precious.json"
    with open(precious, "w") as file:
        file.write("precious")
    refused("footprint", "-j", precious, "nobody", code=3, say="nobody")
    with open(precious) as file:
        assert file.read() == "precious"
    with open("/dev/full", "w") as full:
        failed = subprocess.run([PROCCTL, "footprint", "10"], stdout=full, stderr=subprocess.PIPE, text=True,
                                 timeout=20)
    assert failed.returncode == 1 and failed.stderr.count("\n") == 1, failed.stderr
    refused("footprint", "-i", "1", "10", say="unknown option -i")
    refused("footprint", "-z", "10", say="unknown option -z")
    refused("footprint", "-p", say="needs an argument")
    refused("footprint", "leaks.memgraph", say="macOS")
    refused("footprint", "./10", say="macOS")
    for name in "forkCorpse", "unmapped", "vmObjectDirty":
        refused("footprint", f"--{name}", "10", say=f"--{name}: Linux")
    result = run("footprint", "--minFootprint", "100", "10")
    assert result.stdout == "" and result.stderr == "procctl: none of 1 processes has so much\n"
    assert shown("--minFootprint", "100", "10")["small"] == 1
    assert shown("--minFootprint", "73", "10")["small"] == 0


# ---------------------------------------------------------------- with the real server

CHILD = """
import ctypes, mmap, os, sys, time
size, forks, fd = (int(word) for word in sys.argv[1:4])
own = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) if size else b""
for at in range(0, size, 4096):
    own[at] = 1
shared = mmap.mmap(fd, 0) if fd >= 0 else b""
for at in range(0, len(shared), 4096):
    shared[at] = 1
for _ in range(forks):
    if os.fork() == 0:
        time.sleep(1000)
while sys.argv[4] == "busy":
    pass
print("ready", flush=True)
time.sleep(1000)
"""


class Child:
    """A process of ours that has so much memory of its own, forks, and maps what is shared."""

    def __init__(self, size=0, forks=0, fd=-1):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(size), str(forks), str(fd), "idle"],
            stdout=subprocess.PIPE, pass_fds=[fd] if fd >= 0 else [], start_new_session=True)
        assert self.process.stdout.readline() == b"ready\n"
        self.pid = self.process.pid
        if forks:
            wait_for(lambda: len(self.children()) == forks, "children")

    def children(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            return [int(word) for word in file.read().split()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def real(function):
    """With the real server, which the first command starts."""
    def call():
        try:
            function()
        finally:
            subprocess.run([PROCCTL, "server", "stop"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=20)
    return call


def read_pairs(path):
    """Values in bytes of a file like status or smaps_rollup."""
    pairs = {}
    with open(path) as file:
        for line in file:
            words = line.split()
            if len(words) == 3 and words[2] == "kB":
                pairs[words[0].rstrip(":")] = int(words[1]) * 1024
    return pairs


def read_smaps(pid):
    """Dirty and clean bytes, and the number of mappings, by hand."""
    dirty = clean = count = 0
    memory = False
    with open(f"/proc/{pid}/smaps") as file:
        for line in file:
            words = line.split()
            if "-" in words[0]:
                count += words[-1] != "[vsyscall]"
                memory = len(words) > 5 and words[5].startswith(("/memfd:", "/dev/shm", "/dev/zero"))
                continue
            name, amount = words[0].rstrip(":"), int(words[1]) * 1024 if words[-1] == "kB" else 0
            if name == "Rss":
                (dirty, clean) = (dirty + amount, clean) if memory else (dirty, clean + amount)
            elif name == "Anonymous":
                dirty, clean = dirty + amount, clean - amount
            elif name in ("Swap", "Private_Hugetlb", "Shared_Hugetlb"):
                dirty += amount
            elif name == "LazyFree":
                dirty -= amount
    return dirty, clean, count


@real
def test_sums_are_those_of_smaps():
    fd = os.memfd_create("ours")
    os.truncate(fd, 4 * MIB)
    with Child(8 * MIB, 0, fd) as child:
        found = shown("-j", f"{directory}/out.json", str(child.pid))
        dirty, clean, count = read_smaps(child.pid)
        tables = read_pairs(f"/proc/{child.pid}/status")["VmPTE"]
        (entry,) = found["processes"]
        assert entry["total"]["mem.dirty"] == dirty + tables, (entry, dirty, tables)
        # One name has one meaning: what table PROCESS calls so has no shared memory.
        assert entry["footprint"] == entry["auxiliary"]["mem.footprint"] == dirty + tables - 4 * MIB
        assert entry["total"]["mem.clean"] == clean, (entry["total"], clean)
        assert abs(entry["total"]["regions"] - count) <= 1, (entry["total"], count)
        for name in AMOUNTS:
            assert entry["total"][name] == sum(row[name] or 0 for row in entry["categories"])
        with open(f"{directory}/out.json") as file:
            assert json.load(file)["processes"][0]["categories"] == entry["categories"]
        regions = shown("-v", str(child.pid))["processes"][0]["regions"]
        assert sum(row["mem.dirty"] for row in regions) == dirty
        assert any("/memfd:ours" in row["name"] and row["mem.dirty"] == 4 * MIB for row in regions)
    os.close(fd)


@real
def test_shared_memory_of_two_counts_once():
    fd = os.memfd_create("both")
    os.truncate(fd, 16 * MIB)
    with Child(2 * MIB, 0, fd) as one, Child(MIB, 0, fd) as two, Child(MIB) as three:
        pids = sorted((one.pid, two.pid, three.pid))
        found = shown(*map(str, pids))
        (memory,) = [entry for entry in found["shared"] if entry["kind"] == "memory"]
        assert memory["once"] == 16 * MIB and memory["sum"] == 32 * MIB, memory
        assert memory["pids"] == sorted((one.pid, two.pid)) and "both" in memory["path"]
        total = found["total"]
        assert total["shared_memory"] == 16 * MIB
        assert total["sum"] == sum(entry["total"]["mem.dirty"] for entry in found["processes"])
        # they were not forked from each other: nothing else is shared that would be dirty
        assert abs(total["sum"] - 16 * MIB - total["dirty"]) < 256 << 10, total
        text = run("footprint", *map(str, pids)).stdout
        assert "16.0M      32.0M          2  /memfd:both" in text, text
    os.close(fd)


@real
def test_a_family_counts_by_shares():
    with Child(32 * MIB, 3) as parent:
        family = [parent.pid, *parent.children()]
        found = shown("-t", str(parent.pid))
        assert sorted(entry["pid"] for entry in found["processes"]) == sorted(family)
        expected = 0
        for pid in family:
            rollup = read_pairs(f"/proc/{pid}/smaps_rollup")
            expected += rollup["Pss_Anon"] - rollup["LazyFree"] + rollup["SwapPss"]
            expected += read_pairs(f"/proc/{pid}/status")["VmPTE"]
        total = found["total"]
        assert total["divided"] and abs(total["dirty"] - expected) <= 64 << 10, (total, expected)
        assert total["sum"] > 4 * 32 * MIB and 32 * MIB < total["dirty"] < 64 * MIB, total
        assert len(shown(str(parent.pid))["processes"]) == 1
        found = shown("--targetChildren", str(parent.pid), "--exclude", str(family[1]))
        assert sorted(entry["pid"] for entry in found["processes"]) == sorted(set(family) - {family[1]})
        with Child() as small:
            found = shown("--minFootprint", "30", str(parent.pid), str(small.pid))
            assert [entry["pid"] for entry in found["processes"]] == [parent.pid]
            assert found["small"] == 1


@real
def test_many_by_their_name():
    """More than may be asked about at once."""
    own = f"of-{os.getpid()}"
    program = f"{directory}/sleeper-{own}"
    shutil.copy("/bin/sleep", program)
    many = [subprocess.Popen([program, "1000"]) for _ in range(40)]
    try:
        wait_for(lambda: all(os.readlink(f"/proc/{one.pid}/exe") == program for one in many), "exec")
        for name in f"sleeper-{own}", own, f"SLEEPER-{own.upper()}":
            found = shown("--noCategories", name)
            assert sorted(entry["pid"] for entry in found["processes"]) == \
                sorted(one.pid for one in many), name
        assert run("footprint", "--noCategories", own).stderr == ""
        everybody = {entry["pid"] for entry in shown("-a")["processes"]}
        assert everybody >= {one.pid for one in many} and 2 not in everybody
    finally:
        for one in many:
            one.kill()
            one.wait()


@real
def test_series():
    path = f"{directory}/series.json"
    with Child(MIB) as child:
        found = shown("--sample", "100ms", "--sample-duration", "0.35", str(child.pid))
        assert 2 <= len(found["samples"]) <= 4, len(found["samples"])
        times = [sample["realtime_ns"] for sample in found["samples"]]
        assert all(after - before > 50 * 10**6 for before, after in zip(times, times[1:])), times
        assert all(sample["processes"][0]["pid"] == child.pid for sample in found["samples"])
        text = run("footprint", "--sample", "0.1", "--sample-duration", "200ms", "--noCategories",
                   "-j", path, str(child.pid)).stdout
        with open(path) as file:
            assert len(json.load(file)["samples"]) == text.count(f"[{child.pid}]: Footprint:") >= 2
        # a signal ends it, and the file is whole
        process = subprocess.Popen([PROCCTL, "footprint", "--sample", "100ms", "-j", path, str(child.pid)],
                                   stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline().startswith("===")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == -signal.SIGINT
        with open(path) as file:
            assert len(json.load(file)["samples"]) >= 1
        process = subprocess.Popen([PROCCTL, "footprint", "--sample", "100ms", "-o", "json", str(child.pid)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout.readline()
    # the end of the process ends the series
    output, error = process.communicate(timeout=20)
    assert process.returncode == 0, error


tests(globals().copy())

#!/usr/bin/python3
"""procctl mem, with a server of its own and real processes: the sums against what the kernel says, what
is said of memory that is made on purpose, which memory counts where, and what is refused."""
import json
import os
import re
import subprocess
import sys

from procctl_support import BUILD, PROCCTL, ROOT, Terminal, directory, refused, run, tests, wait_for

MIB = 2**20
MEASURES = ["virtual", "resident", "footprint", "pss", "unique"]
# Memory of each kind. The process that a fork shares it with is there until both are ended.
SUBJECT = """
import mmap, os, sys, time
MIB = 2**20
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
def fill(memory):
    for at in range(0, len(memory), 4096):
        memory[at] = 1
    return memory
with open(sys.argv[1], "wb") as file:
    file.write(bytes(6 * MIB))
with open(sys.argv[1], "r+b") as file:
    cache = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED)
    for at in range(0, len(cache), 4096):
        cache[at]
reserved = mmap.mmap(-1, 64 * MIB, flags=PRIVATE, prot=0)
untouched = mmap.mmap(-1, 32 * MIB, flags=PRIVATE)
for at in range(0, len(untouched), 4096):
    untouched[at]
shared = fill(mmap.mmap(-1, 10 * MIB))
forked = fill(mmap.mmap(-1, 20 * MIB, flags=PRIVATE))
ends = os.pipe()
if os.fork() == 0:
    os.close(ends[1])
    os.read(ends[0], 1)
    os._exit(0)
lazy = fill(mmap.mmap(-1, 12 * MIB, flags=PRIVATE))
lazy.madvise(8)
print("ready", flush=True)
sys.stdin.read()
"""
# What each experiment adds: 1 is its size. The others are 0.
COUNTED = {
    ("malloc", "nothing"): "virtual",
    ("malloc", "read"): "virtual",
    ("malloc", "write"): "virtual resident anonymous footprint pss unique",
    ("malloc", "free"): "",
    ("anon", "nothing"): "virtual",
    ("anon", "read"): "virtual",
    ("anon", "write"): "virtual resident anonymous footprint pss unique",
    ("anon", "free"): "virtual resident anonymous footprint pss unique",
    ("file-private", "nothing"): "virtual",
    ("file-private", "read"): "virtual resident file pss unique",
    ("file-private", "write"): "virtual resident anonymous footprint pss unique",
    ("file-private", "free"): "",
    ("file-shared", "nothing"): "virtual",
    ("file-shared", "read"): "virtual resident file pss unique",
    ("file-shared", "write"): "virtual resident file pss unique",
    ("file-shared", "free"): "",
    ("shm", "nothing"): "virtual",
    ("shm", "read"): "virtual resident shared pss unique",
    ("shm", "write"): "virtual resident shared pss unique",
    ("shm", "free"): "",
}
COUNTING = ["virtual", "resident", "anonymous", "file", "shared", "footprint", "pss", "unique",
            "page_tables", "swap"]


class Subject:
    """A process with such memory, which sleeps."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUBJECT, os.path.join(BUILD, f"mem.{os.getpid()}")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = str(self.process.pid)
        assert self.process.stdout.readline() == "ready\n"
        wait_for(lambda: state_of(self.pid) == "S", "a process that sleeps")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        os.unlink(os.path.join(BUILD, f"mem.{os.getpid()}"))

    def read(self, name):
        with open(f"/proc/{self.pid}/{name}") as file:
            return {key: int(value) * 1024 for key, value in
                    re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.M)}


def state_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2][1]


def mem(*args, code=0):
    tables = json.loads(run("mem", *args, "-o", "json", code=code).stdout)
    return {name: table["rows"] for name, table in tables.items()}


def look(subject):
    """What the kernel and the command say, with nothing in between: others that map the same files
    come and go."""
    for _ in range(100):
        before = subject.read("status"), subject.read("smaps_rollup")
        tables = mem(subject.pid)
        if (subject.read("status"), subject.read("smaps_rollup")) == before:
            return *before, tables
    raise AssertionError("its memory never stays the same")


def column(rows, key, value):
    return {row[key]: row[value] for row in rows}


def is_on_disk(path):
    """tmpfs has no file cache: its pages are shared memory."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True).stdout
    return kind.strip() not in ("tmpfs", "ramfs")


def near(amount, expected, slack=MIB):
    return abs(amount - expected) <= slack


def test_totals_are_the_kernels_and_parts_add_up():
    with Subject() as subject:
        for _ in range(20):  # others may come and go between two looks that are the same
            status, rollup, tables = look(subject)
            unique = sum(rollup[name] for name in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"))
            if column(tables["measures"], "measure", "bytes")["unique"] == unique:
                break
        total = column(tables["measures"], "measure", "bytes")
        assert list(total) == MEASURES
        assert total["virtual"] == status["VmSize"] and total["resident"] == status["VmRSS"]
        assert total["footprint"] == sum(
            status.get(name, 0) for name in ("RssAnon", "VmSwap", "VmPTE", "HugetlbPages"))
        # procctl maps the same libc while it is there, and others come and go meanwhile
        assert abs(rollup["Pss"] - total["pss"]) < MIB // 4, (rollup["Pss"], total["pss"])
        assert total["unique"] == unique, (total, rollup)
        rest = column(tables["measures"], "measure", "rest")
        # of pss the kernel rounds each part down
        assert 0 <= rest.pop("pss") <= 2048 and set(rest.values()) == {0}, rest
        for measure in MEASURES:
            parts = column(tables["parts"], "part", measure)
            lost = column(tables["measures"], "measure", "rest")[measure]
            assert sum(part or 0 for part in parts.values()) + lost == total[measure], measure


def test_parts_are_what_was_made():
    with Subject() as subject:
        parts = {row["part"]: row for row in mem(subject.pid)["parts"]}
        status = subject.read("status")
        assert parts["anonymous"]["resident"] == status["RssAnon"]
        assert parts["file"]["resident"] == status["RssFile"]
        assert parts["shared"]["resident"] == status["RssShmem"] >= 10 * MIB
        assert parts["reserved"]["virtual"] >= 64 * MIB
        assert parts["untouched"]["virtual"] >= 32 * MIB, "pages of zeros"
        assert parts["anonymous"]["pss"] <= status["RssAnon"] - 9 * MIB, "half of what a fork shares"
        assert parts["anonymous"]["unique"] <= status["RssAnon"] - 19 * MIB
        assert parts["file"]["footprint"] is None and parts["swap"]["footprint"] == status["VmSwap"]


def test_it_is_explained():
    with Subject() as subject:
        found = {row["about"]: row for row in mem(subject.pid, "--explain", "--long")["differences"]}
        assert near(found["reserved"]["bytes"], 64 * MIB, 4 * MIB), found["reserved"]
        assert near(found["shared"]["bytes"], 10 * MIB), found["shared"]
        assert near(found["fork"]["bytes"], 20 * MIB, 8 * MIB), found["fork"]
        assert near(found["lazy_free"]["bytes"], 12 * MIB), found["lazy_free"]
        assert "page_tables" in found and "merged" not in found and "hugetlb" not in found
        amounts = [row["bytes"] for row in mem(subject.pid, "--explain")["differences"]]
        assert amounts == sorted(amounts, reverse=True) and len(amounts) < len(found)
        text = run("mem", subject.pid, "--explain").stdout
        assert re.search(r"^- [\d.]+M was given back \(MADV_FREE\)", text, re.M), text
        assert re.search(r"^- \d+ smaller differences?: see --long$", text, re.M), text
        assert "given back" not in run("mem", subject.pid).stdout, "only when asked"


def test_people_see_a_table_that_fits():
    with Subject() as subject:
        text = run("mem", subject.pid, "--units", "raw").stdout
        lines = text.split("\n")
        assert lines[0] == f"{subject.pid} {os.path.basename(os.path.realpath(sys.executable))}", lines
        head = next(i for i, line in enumerate(lines) if line.startswith("part "))
        rows = [re.match(r"(.*?) +((?:-?\d+|-)(?: +(?:-?\d+|-)){4})$", line)
                for line in lines[head + 1:]]
        sums, total = [0] * 5, None
        for row in filter(None, rows):
            numbers = [0 if cell == "-" else int(cell) for cell in row[2].split()]
            if row[1] == "total":
                total = numbers
            else:
                sums = [a + b for a, b in zip(sums, numbers)]
        assert total == sums and total[1] == subject.read("status")["VmRSS"], text
        terminal = Terminal("mem", subject.pid, "--explain", rows=80)
        try:
            assert terminal.end() == 0
            assert all(len(line) <= 80 for line in terminal.output.decode().split("\r\n"))
            assert b"total" in terminal.output and b"too narrow" not in terminal.output
        finally:
            terminal.close()


def test_a_process_without_memory():
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    wait_for(lambda: state_of(zombie) == "Z", "a zombie")
    refused("mem", str(zombie), code=1, say="has no memory")
    os.waitpid(zombie, 0)
    refused("mem", str(zombie), code=3, say=f"there is no process {zombie}")


def test_what_is_denied():
    try:
        open("/proc/1/smaps_rollup").read()
        print("process 1 denies us nothing")
        return
    except PermissionError:
        pass
    tables = mem("1", code=77)
    measures = {row["measure"]: row for row in tables["measures"]}
    assert measures["resident"]["bytes"] > 0 and measures["resident"]["rest"] == 0
    assert measures["pss"]["states"] == {"bytes": "denied", "rest": "denied"}
    assert measures["virtual"]["bytes"] > 0 and measures["virtual"]["rest"] is None


def test_what_is_refused():
    refused("mem", code=2, say="memory of which process")
    refused("mem", "1", "2", code=2, say="one process at a time")
    refused("mem", "4194303", code=3, say="there is no process 4194303")
    refused("mem", "no-such-process-anywhere", code=3, say="no-such-process-anywhere")
    refused("mem", "1", "--size", "8M", code=2, say="--experiment KIND")
    refused("mem", "--experiment", "tape", code=2, say='no experiment "tape": use malloc, anon')
    refused("mem", "--experiment", "anon", "1", code=2, say='leave "1" out')
    refused("mem", "--experiment", "anon", "--explain", code=2, say="--explain")
    refused("mem", "--experiment", "anon", "--read", "--free", code=2, say="one of --read")
    for size in ("8", "1M", "lots", "-8M", "99999999999999999999"):
        refused("mem", "--experiment", "anon", f"--size={size}", code=2, say=f'"{size}" is no size')


def test_half_of_the_memory_is_not_taken():
    with open("/proc/meminfo") as file:
        available = int(re.search(r"MemAvailable: +(\d+) kB", file.read())[1])
    refused("mem", "--experiment", "anon", "--size", f"{available * 3 // 4}K", code=1,
            say="more than half of the memory that is available")


# ------------------------------------------------------------------------------ experiments


def has_sanitizers():
    """Their malloc keeps what is freed, and books beside it."""
    with open(PROCCTL, "rb") as file:
        text = file.read()
    return b"__asan_" in text or b"__tsan_" in text


def can_be_told(case):
    """Whether this machine and this build say what others say."""
    kind = case[0]
    return is_on_disk(BUILD) if kind.startswith("file") else kind != "malloc" or not has_sanitizers()


def classify(amount, size):
    """1: all of it, 0: nothing to speak of."""
    assert near(amount, 0, size // 20) or near(amount, size, size // 20), (amount, size)
    return round(amount / size)


def parse_bytes(text):
    prefixes = {"K": 1024, "M": MIB, "G": 1024 * MIB}
    return float(text[:-1]) * prefixes[text[-1]] if text[-1] in prefixes else float(text)


def measure_all(*args, place=BUILD):
    """{(kind, action): {measure: 0 or 1}}"""
    result = run("mem", "--experiment", *args, "-o", "json", code=None, env={"TMPDIR": place})
    assert result.returncode == 0, result.stderr
    found = {}
    for row in json.loads(result.stdout)["rows"]:
        assert row["after"] - row["before"] == row["difference"]
        case = row["kind"], row["action"]
        if place != BUILD or can_be_told(case):
            found.setdefault(case, {})[row["measure"]] = classify(row["difference"], row["size"])
    return found


def read_readme():
    """The table of the README, and of which size it is."""
    with open(os.path.join(ROOT, "README.md")) as file:
        text = file.read()
    head = re.search(r"^ +Linux \S+, ([\d.]+M) of each: where it is counted\n\n +memory +then (.*)\n"
                     r"((?: .*\n)+)", text, re.M)
    size, measures, kind, found = parse_bytes(head[1]), head[2].split(), None, {}
    for line in head[3].splitlines():
        cells = line.split()
        if cells[0] == "-":
            break
        if len(cells) == len(measures) + 2:
            kind = cells.pop(0)
        found[kind, cells[0]] = {
            {"anon": "anonymous"}.get(measure, measure): classify(parse_bytes(cell), size)
            for measure, cell in zip(measures, cells[1:])}
    return found


def test_which_memory_counts_where():
    today = measure_all("all", "--size", "32M")
    assert list(today) == list(filter(can_be_told, COUNTED))
    readme = read_readme()
    assert list(readme) == list(COUNTED)
    for case, found in today.items():
        counted = [measure for measure in COUNTING if found[measure]]
        assert counted == COUNTED[case].split(), f"{case}: {counted}"
        assert [measure for measure in COUNTING if readme[case].get(measure)] == counted, case


def test_files_in_memory_are_shared_memory():
    if is_on_disk("/dev/shm"):
        return
    shown = run("mem", "--experiment", "file-shared", "--read", "--size", "8M",
                env={"TMPDIR": "/dev/shm"}).stdout
    assert "the file was in memory (tmpfs)" in shown, shown
    found = measure_all("file-shared", "--read", "--size", "8M", place="/dev/shm")
    assert found["file-shared", "read"]["shared"] == 1 and found["file-shared", "read"]["file"] == 0


def test_people_see_before_and_after():
    lines = run("mem", "--experiment", "anon", "--write", "--size", "16M").stdout.split("\n")
    assert re.fullmatch(r"Linux \S+, 16\.0M of anon, then write", lines[0]), lines
    assert lines[2].split() == ["measure", "before", "after", "difference"]
    rows = {line.split()[0]: line.split() for line in lines[3:] if line}
    assert [rows[name][3] for name in ("virtual", "resident", "anonymous", "file")] == \
        ["16.0M", "16.0M", "16.0M", "0"], lines
    assert parse_bytes(rows["page_tables"][3]) < MIB // 4, lines
    assert lines[-2].startswith("- pages of its own"), lines


def test_nothing_stays_behind():
    place = os.path.join(directory, "temporary")
    os.mkdir(place)
    env = {**os.environ, "TMPDIR": place}
    run("mem", "--experiment", "file-shared", "--write", "--size", "8M", env=env)
    assert os.listdir(place) == []
    process = subprocess.Popen([PROCCTL, "mem", "--experiment", "all", "--size", "2M"], env=env,
                               stdout=subprocess.DEVNULL)
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    wait_for(lambda: open(children).read().strip(), "the other process")
    child = open(children).read().strip()
    process.kill()
    process.wait()
    wait_for(lambda: not os.path.exists(f"/proc/{child}") or state_of(child) == "Z", "its end")
    assert os.listdir(place) == []
    result = run("mem", "--experiment", "file-private", code=1,
                 env={"TMPDIR": os.path.join(place, "missing")})
    assert "missing: No such file" in result.stderr and result.stdout == ""


def test_the_server_stops():
    run("server", "stop")


tests(dict(globals()))

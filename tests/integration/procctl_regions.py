#!/usr/bin/python3
"""procctl regions: what it shows of a server that follows a script, to the byte; and of a real process,
whose maps are read here by hand: every mapping, addresses in them, and what changes."""
import ctypes
import json
import mmap
import os
import re
import subprocess
import sys
import time

from procctl_support import (BUILD, Server, State, check_golden, on_terminal, protocol, refused,
                             run, tests)

pb = protocol()
TEXT, BYTES, ADDRESS = {"type": pb.TEXT}, {"unit": pb.BYTES}, {"unit": pb.ADDRESS}
PAGES = {"unit": pb.BYTES, "cost": pb.PAGES}
NONE = State(pb.NONE)


def table(number, **attributes):
    """Their ids are by their places; "__" stands for the dot in a name."""
    for i, (name, fields) in enumerate(attributes.items()):
        fields = {"kind": pb.GAUGE, "type": pb.U64, "text": "A sentence.", **fields}
        yield pb.Attribute(table=number, id=0x1000 + i, name=name.replace("__", "."), **fields)


ATTRIBUTES = [
    *table(pb.PROCESS, pid={}, ppid={}, uid={}, comm=TEXT, name=TEXT, flags=TEXT),
    *table(pb.REGION, start=ADDRESS, end=ADDRESS, size=BYTES, protection=TEXT, share_mode=TEXT,
           category=TEXT, name=TEXT, path=TEXT, file__offset=BYTES, file__inode={"detail": True},
           file__deleted={"detail": True}, mem__resident=PAGES, mem__dirty=PAGES, mem__swap=PAGES,
           mem__clean=PAGES, mem__reclaimable=PAGES, mem__pss=PAGES),
]
K, M = 1024, 1024 * 1024
LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


def process(pid, name, **fields):
    return {"pid": pid, "ppid": 1, "uid": 1000, "comm": name[:15], "name": name, "flags": "", **fields}


def region(start, size, protection, category, path=None, name=None, *, offset=0, dirty=0, swap=0,
           resident=None, share=None, reclaimable=0, inode=77, deleted=0):
    resident = size if resident is None else resident
    of_file = {"path": path, "name": path and path.rpartition("/")[2], "file.offset": offset,
               "file.inode": inode, "file.deleted": deleted}
    if not path:
        of_file = {key: NONE for key in of_file} | {"name": name or NONE}
    return {"start": start, "end": start + size, "size": size, "protection": protection,
            "share_mode": share or ("cow" if path else "private"), "category": category, **of_file,
            "mem.resident": resident, "mem.dirty": dirty, "mem.swap": swap,
            "mem.clean": resident - dirty + swap, "mem.reclaimable": reclaimable, "mem.pss": resident // 2}


REGIONS = [
    region(0x7f7ae6fc8000, 1368 * K, "r-x", "program text", LIBC, offset=152 * K, resident=864 * K),
    region(0x7f7ae7175000, 8 * K, "rw-", "program data", LIBC, offset=1864 * K, dirty=8 * K),
    region(0x55c814651000, 20 * K, "r-x", "program text", "/opt/tool/bin/tool", offset=8 * K),
    region(0x55c852760000, 132 * M, "rw-", "malloc heap", name="heap", dirty=129 * M, swap=31 * M,
           resident=98 * M, reclaimable=2 * M),
    region(0x7f7ae6f41000, 348 * K, "r--", "mapped files", "/var/lib/tool/index/segments/0000000017/data",
           deleted=1),
    region(0x7f7ad0000000, 64 * M, "---", "reserved", resident=0),
    region(0x7f7ae6f00000, 64 * K, "rw-", "frames of a long name", name="frames of a long name",
           dirty=64 * K),
    region(0x7f7ae7187000, 28 * K, "rw-", "shared memory", "/dev/shm/ring", share="shared", dirty=28 * K),
    region(0x7ffea20f5000, 132 * K, "rw-", "stack", name="stack", dirty=12 * K, resident=12 * K),
    region(0xffffffffff600000, 4 * K, "--x", "kernel", name="vsyscall", resident=0),
]
ROWS = {
    pb.PROCESS: [process(4711, "tool"), process(2, "kthreadd", flags="kernel"), process(9, "going"),
                 process(21, "worker"), process(22, "worker"), process(1, "init")],
    pb.REGION: {4711: REGIONS, 2: [], 9: [], 1: State(pb.DENIED), 22: REGIONS[:1]},
}


def serve(regions=None):
    server = Server(pb, ATTRIBUTES, {**ROWS, pb.REGION: {**ROWS[pb.REGION], **(regions or {})}})
    server.steady = True
    return server


def rows_of(*args):
    return json.loads(run("regions", *args, "-o", "json").stdout)["rows"]


# ----------------------------------------------------------------------- to the byte

def test_goldens():
    serve()
    check_golden("regions-80.txt", on_terminal("regions", "4711"))
    check_golden("regions-sizes-80.txt", on_terminal("regions", "4711", "--sizes"))
    check_golden("regions-sizes-140.txt", on_terminal("regions", "4711", "--sizes", columns=140))
    check_golden("regions-find-80.txt", on_terminal("regions", "4711", "--find", "0x55c852760123"))
    check_golden("regions-pipe.txt", run("regions", "4711").stdout)


def changed():
    """What is there a moment later."""
    heap, stack, index = (next(row for row in REGIONS if row["name"] == name)
                          for name in ("heap", "stack", "data"))
    ring = next(row for row in REGIONS if row["name"] == "ring")
    later = [row for row in REGIONS if row not in (heap, stack, index, ring)]
    later.append({**heap, "end": heap["end"] + 4 * K, "size": heap["size"] + 4 * K,
                  "mem.dirty": heap["mem.dirty"] + 3 * M, "mem.resident": heap["mem.resident"] + 4 * M,
                  "mem.swap": heap["mem.swap"] - M})
    later.append({**stack, "start": stack["start"] - 8 * K, "size": stack["size"] + 8 * K})
    later.append({**ring, "protection": "r--"})
    later.append(region(0x7f7ae8000000, 12 * K, "rw-", "anonymous", dirty=4 * K, resident=4 * K))
    return later


def between(first, then):
    """A server whose rows are others from the second listing of a process on."""
    server = serve({4711: first})
    whole = server.find_rows

    def find_rows(request):
        if request.table != pb.REGION:
            return whole(request)
        before = [other for other in server.requests if other.table == pb.REGION]
        return first if len(before) < 2 else then
    server.find_rows = find_rows
    for row in first + then:
        row.setdefault("identity", row["end"] if row["name"] == "stack" else row["start"])
    return server


def test_goldens_of_differences():
    server = between(REGIONS, changed())
    shown = on_terminal("regions", "4711", "--diff", "200ms")
    check_golden("regions-diff-80.txt", re.sub(r"[\d.]+m?s before", "200ms before", shown))
    server.close()
    between(REGIONS, changed())
    shown = on_terminal("regions", "4711", "--diff", "200ms", "--sizes")
    check_golden("regions-diff-sizes-80.txt", re.sub(r"[\d.]+m?s before", "200ms before", shown))


# ------------------------------------------------------------------- what is shown

def test_columns():
    server = serve()
    rows = rows_of("4711")
    assert list(rows[0]) == ["pid", "start", "end", "size", "protection", "share_mode", "category", "path",
                             "name", "file.offset"], rows[0]
    assert [row["start"] for row in rows] == sorted(row["start"] for row in REGIONS)
    assert {row["pid"] for row in rows} == {4711} and rows[0]["path"] == "/opt/tool/bin/tool"
    (request,) = (request for request in server.requests if request.table == pb.REGION)
    pages = {entry.id for entry in ATTRIBUTES if entry.cost == pb.PAGES}
    assert request.target_pid == 4711 and not pages & set(request.attributes), request
    row = rows_of("4711", "--sizes")[1]
    assert (row["mem.dirty"], row["mem.resident"], row["mem.swap"], row["mem.reclaimable"]) == \
        (129 * M, 98 * M, 31 * M, 2 * M), row
    assert "mem.pss" not in row
    assert list(rows_of("4711", "-a", "size,end")[0]) == ["pid", "size", "end"]
    assert "mem.clean" in rows_of("4711", "-a", "size", "--sizes")[0]
    lines = run("regions", "4711", "-o", "csv", "--states").stdout.splitlines()
    assert len(lines) == 1 + len(REGIONS) and lines[0].startswith("time,tick,pid,start,end,size"), lines
    assert lines[2].endswith("path=none file.offset=none"), lines[2]
    assert len(run("regions", "4711", "-o", "jsonl").stdout.splitlines()) == len(REGIONS)


def test_order():
    serve()
    sizes = sorted((row["size"] for row in REGIONS), reverse=True)
    assert [row["size"] for row in rows_of("4711", "--top", "3")] == sizes[:3]
    assert [row["mem.pss"] for row in rows_of("4711", "--sort", "mem.pss", "--top", "2")] == \
        sorted((row["mem.pss"] for row in REGIONS), reverse=True)[:2]
    shown = run("regions", "4711", "--sort", "-mem.pss", "--top", "1").stdout.splitlines()
    assert "mem.pss" in shown[1] and "10 mappings" in shown[0], shown
    assert shown[-1].split()[:2] == ["total", "10"], shown  # the summary is of all of them
    bare = run("regions", "4711", "--no-header").stdout.splitlines()
    assert len(bare) == len(REGIONS) and bare[0].startswith("55c814651000-55c814656000 "), bare


def test_summary():
    serve({4711: REGIONS + [{**REGIONS[0], "start": 1, "end": 4097, "size": 4096, "identity": 8,
                             "mem.dirty": State(pb.FAILED)}]})
    shown = run("regions", "4711", "--sizes", "--units", "raw").stdout.split("\n\n")[1].splitlines()
    rows = {line[:22].strip(): line[22:].split() for line in shown}
    assert rows["program text"][:4] == ["3", str(1392 * K), str(1748 * K), "-"], rows["program text"]
    assert rows["total"][3] == "-", rows  # what is not known is not 0
    assert rows["malloc heap"][3] == str(129 * M), rows
    assert shown[1].startswith("malloc heap"), "the most dirty is first"


def test_names():
    serve()
    assert rows_of("tool") == rows_of("4711")
    refused("regions", "worker", say='2 processes, say which one: 21 worker, 22 worker')
    refused("regions", "nobody", code=3, say="nobody")


def test_what_cannot_be():
    serve()
    refused("regions", say="which process")
    refused("regions", "1", "2", say="one process at a time")
    refused("regions", "999", code=3, say="no process 999")
    refused("regions", "1", code=77, say="process 1: ask as root")
    refused("regions", "2", code=1, say="process 2 (kthreadd) has no memory of its own: it is a kernel thread")
    refused("regions", "9", code=1, say="process 9 (going) has no memory of its own: it is ending")
    for address in "", "0x", "12g", "0x12345678123456781", "-1", "0x-1", " 1", "1 ", "99999999999999999999":
        refused("regions", "4711", f"--find={address}", say="is no address")
    for moment in "0", "x", "2h", "-1s", "1s ":
        refused("regions", "4711", f"--diff={moment}", say="is no interval")
    refused("regions", "4711", "--find", "0x1", "--diff", "1s", say="--find and --diff")
    refused("regions", "4711", "--find", "0x1", "--top", "1", say="--find shows one")
    refused("regions", "4711", "--diff", "1s", "-a", "size", say="columns of its own")
    refused("regions", "4711", "-a", "nonsense", say="nonsense")
    refused("regions", "4711", "--interval", "1s", say="--interval")


def test_incomplete():
    server = serve()
    server.incomplete = 2
    assert len(rows_of("4711")) == len(REGIONS)
    server.incomplete, server.step_ns = 99, 10**9
    result = run("regions", "4711")
    assert "rows are missing" in result.stderr and "incomplete: mappings are missing" in result.stdout
    result = run("regions", "4711", "--find", "0x10", code=1)
    assert "but mappings are missing" in result.stderr, result.stderr
    server.rows[pb.REGION][2] = []
    result = run("regions", "2")
    assert "rows are missing" in result.stderr and "no memory" not in result.stderr


# ---------------------------------------------------------------------- addresses

def found(address, *args):
    (row,) = rows_of("4711", "--find", address, *args)
    return row


def test_find():
    serve()
    heap = 0x55c852760000
    row = found("0x55c852760123")
    assert row["address"] == heap + 0x123 and row["start"] == heap and row["category"] == "malloc heap", row
    assert row["file.position"] is None and row["build_id"] is None and row["symbols"] is None
    assert row["states"]["build_id"] == "none", row
    assert found("55C852760123") == found("0X55c852760123") == found(str(heap + 0x123)) == row
    assert found(hex(heap + 132 * M - 1))["start"] == heap
    assert "mem.dirty" not in row and found(hex(heap), "--sizes")["mem.dirty"] == 129 * M
    # Digits only: hexadecimal where that is mapped, else decimal.
    both = {4711: REGIONS + [region(0x4096000, 4 * K, "r--", "x"), region(8192000, 4 * K, "r--", "y")]}
    Server.open_ones[0].close()
    serve(both)
    assert found("4096000")["category"] == "x" and found("8192000")["category"] == "y"
    assert found("0x4096000")["category"] == "x"
    refused("regions", "4711", "--find", "0x8192000", code=1, say="0x8192000 of process 4711 is not mapped")


def test_find_nothing():
    serve()
    for address, below, above in (
            ("0x1", "nothing", "55c814651000-55c814656000 /opt/tool/bin/tool"),
            ("55c814656000", "55c814651000-55c814656000 /opt/tool/bin/tool", "55c852760000-55c85ab60000 heap"),
            ("0xffffffffff601000", "ffffffffff600000-ffffffffff601000 vsyscall", "nothing"),
            ("7f7ad4000000", "7f7ad0000000-7f7ad4000000 [reserved]",
             "7f7ae6f00000-7f7ae6f10000 frames of a long name")):
        refused("regions", "4711", "--find", address, code=1, say=f"below it is {below}, above it {above}")


# -------------------------------------------------------------------- differences

def differences(first, then, *args):
    server = between(first, then)
    document = json.loads(run("regions", "4711", "--diff", "100ms", "-o", "json", *args).stdout)
    server.close()
    assert document["interval_ns"] > 0, document
    return document["rows"]


def test_what_becomes_of_mappings():
    a, b, c, d = (0x7f0000000000 + number * M for number in range(4))

    def plain(start, end, protection="rw-", category="anonymous", **fields):
        return {**region(start, end - start, protection, category, **fields), "identity": start}

    def kinds(first, then):
        return [(row["change"], row["start"], row["end"], row["size_change"])
                for row in differences(first, then)]
    keep = plain(0x1000, 0x2000)
    assert kinds([keep], [keep]) == []
    assert kinds([keep], [keep, plain(a, b)]) == [("mapped", a, b, M)]
    assert kinds([plain(a, b), keep], [keep]) == [("unmapped", a, b, -M)]
    assert kinds([plain(a, b)], [plain(a, c)]) == [("grew", a, c, M)]
    assert kinds([plain(a, c)], [plain(a, b)]) == [("shrank", a, b, -M)]
    # At its beginning, where the kernel joins what is mapped below: it is the same one.
    assert kinds([plain(b, c)], [plain(a, c)]) == [("grew", a, c, M)]
    assert kinds([plain(a, c)], [plain(b, c)]) == [("shrank", b, c, -M)]
    # A hole, and what is otherwise in the middle.
    assert kinds([plain(a, d)], [plain(a, b), plain(c, d)]) == [("shrank", a, b, -2 * M), ("split", c, d, M)]
    assert kinds([plain(a, d)], [plain(a, b), plain(b, c, "r--"), plain(c, d)]) == \
        [("shrank", a, b, -2 * M), ("split", b, c, M), ("split", c, d, M)]
    assert kinds([plain(a, b), plain(c, d)], [plain(a, d)]) == [("grew", a, d, 2 * M), ("merged", c, d, -M)]
    assert kinds([plain(a, b)], [plain(a, b, "r--")]) == [("changed", a, b, 0)]
    # Another object at the same place is another mapping.
    other = {**plain(a, b, path="/x", inode=5), "identity": 5}
    assert sorted(kinds([plain(a, b)], [other])) == [("mapped", a, b, M), ("unmapped", a, b, -M)]
    # Sums are right whatever happens.
    first = [plain(a, b), plain(b, c, "r--"), plain(d, d + M)]
    then = [plain(a, b - 4096), plain(b, b + 4096, "r-x"), plain(c, d + 8192)]
    changes = differences(first, then)
    assert sum(row["size_change"] for row in changes) == \
        sum(row["size"] for row in then) - sum(row["size"] for row in first), changes


def test_pages_of_mappings():
    before = [{**region(M, M, "rw-", "anonymous", resident=0), "identity": 1}]
    after = [{**region(M, M, "rw-", "anonymous", resident=8 * K, dirty=8 * K), "identity": 1}]
    assert differences(before, after) == []
    (row,) = differences(before, after, "--sizes")
    assert (row["change"], row["mem.resident"], row["mem.resident_change"], row["mem.dirty_change"],
            row["mem.swap_change"], row["size_change"]) == ("pages", 8 * K, 8 * K, 8 * K, 0, 0), row
    (row,) = differences(after, before, "--sizes")
    assert row["mem.dirty_change"] == -8 * K, row
    unknown = [{**after[0], "mem.dirty": State(pb.FAILED)}]
    (row,) = differences(before, unknown, "--sizes")
    assert row["mem.dirty_change"] is None and row["mem.resident_change"] == 8 * K, row
    between(REGIONS, REGIONS)
    assert "nothing has changed" in run("regions", "4711", "--diff", "100ms", "--sizes").stdout


# ------------------------------------------------------------- a real process

CHILD = """
import ctypes, mmap, os, shutil, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE, kept = mmap.PAGESIZE, []
def plain(pages):
    return libc.mmap(None, pages * PAGE, 3, 0x22, -1, 0)
def alternate(start, pages):
    for i in range(0, pages, 2):
        assert libc.mprotect(start + i * PAGE, PAGE, 1) == 0
def of_file(path, pages, offset):
    with open(path, "rb") as file:
        return libc.mmap(None, pages * PAGE, 1, 2, file.fileno(), offset * PAGE)
for line in sys.stdin:
    print(repr(eval(line)), flush=True)
"""


class Child:
    """A process that maps what it is told to."""

    def __init__(self, name="maps-things"):
        self.program = os.path.join(os.path.dirname(os.environ["PROCMON_SOCKET"]), name)
        if not os.path.exists(self.program):
            os.symlink(sys.executable, self.program)
        self.process = subprocess.Popen([self.program, "-c", CHILD], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = str(self.process.pid)
        assert self.tell("PAGE") == mmap.PAGESIZE

    def tell(self, expression):
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()
        return eval(self.process.stdout.readline())

    def maps(self):
        """Rows as the command should have them, from the kernel's text."""
        with open(f"/proc/{self.pid}/maps") as file:
            lines = [line.rstrip("\n").split(None, 5) for line in file]
        for addresses, rights, offset, device, inode, *path in lines:
            start, end = (int(address, 16) for address in addresses.split("-"))
            path = path[0] if path and path[0].startswith("/") else None
            yield {"start": start, "end": end, "size": end - start, "protection": rights[:3],
                   "share": rights[3], "file.offset": int(offset, 16) if int(inode) else None,
                   "file.inode": int(inode) or None, "path": path and path.removesuffix(" (deleted)"),
                   "file.deleted": int(path.endswith(" (deleted)")) if path else None}

    def rows(self, *args):
        return rows_of(self.pid, *args)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def real():
    for server in Server.open_ones[:]:
        server.close()
    return Child()


def check_all(child):
    attributes = "start,end,size,protection,share_mode,path,file.offset,file.inode,file.deleted"
    expected = list(child.maps())
    seen = child.rows("-a", attributes)
    assert list(child.maps()) == expected, "it changes by itself"
    assert len(seen) == len(expected), (len(seen), len(expected))
    for row, right in zip(seen, expected):
        assert {key: row[key] for key in right if key != "share"} == \
            {key: value for key, value in right.items() if key != "share"}, (row, right)
        assert (row["share_mode"] == "shared") == (right["share"] == "s"), (row, right)
    return expected


def test_real_maps():
    child = real()
    check_all(child)
    plain = child.tell("plain(8)")
    child.tell("alternate(%d, 8)" % plain)
    expected = check_all(child)
    assert sum(plain <= row["start"] < plain + 8 * mmap.PAGESIZE for row in expected) == 8
    shown = run("regions", child.pid).stdout
    size = sum(row["size"] for row in expected)
    assert shown.splitlines()[0].endswith(f"{len(expected)} mappings, {size / M:.1f}M"), shown[:200]
    total = run("regions", child.pid, "--units", "raw").stdout.splitlines()[-1].split()
    assert total == ["total", str(len(expected)), str(size)], total
    child.close()
    refused("regions", child.pid, code=3, say="no process")


def test_real_sizes():
    """Pages that were written to are dirty, and there, and nowhere else."""
    child = real()
    plain = child.tell("plain(64)")
    row = next(row for row in child.rows("--sizes") if row["start"] <= plain < row["end"])
    child.tell(f"ctypes.memset({plain}, 1, 48 * PAGE) > 0")
    after = next(row for row in child.rows("--sizes") if row["start"] <= plain < row["end"])
    grown = 48 * mmap.PAGESIZE
    assert after["mem.dirty"] - row["mem.dirty"] == grown, (row, after)
    assert after["mem.resident"] + after["mem.swap"] - row["mem.resident"] - row["mem.swap"] == grown
    child.close()


def test_many_mappings():
    child = real()
    child.tell("alternate(plain(20000), 20000)")
    started = time.monotonic()
    shown = run("regions", child.pid).stdout.splitlines()
    seconds = time.monotonic() - started
    expected = list(child.maps())
    print(f"{len(expected)} mappings: {seconds * 1000:.0f} ms")
    assert len(expected) > 20000 and f"{len(expected)} mappings" in shown[0], shown[0]
    assert [line.split()[0] for line in shown[2:2 + len(expected)]] == \
        ["%x-%x" % (row["start"], row["end"]) for row in expected]
    child.close()


def build_id_of(path):
    """The note of the linker, read by hand."""
    with open(path, "rb") as file:
        data = file.read()
    note = re.search(rb"\x04\0\0\0(....)\x03\0\0\0GNU\0", data, re.S)
    return data[note.end():note.end() + int.from_bytes(note[1], sys.byteorder)].hex()


def test_find_in_a_library():
    child = real()
    library = next(row["path"] for row in child.maps() if row["path"] and "libc.so" in row["path"])
    address = child.tell("ctypes.cast(libc.getpid, ctypes.c_void_p).value")
    (row,) = child.rows("--find", hex(address))
    mine = next(right for right in child.maps() if right["start"] <= address < right["end"])
    assert (row["start"], row["path"]) == (mine["start"], library), row
    assert row["file.position"] == address - mine["start"] + mine["file.offset"], (row, mine)
    with open(library, "rb") as file, open(f"/proc/{child.pid}/mem", "rb") as memory:
        file.seek(row["file.position"])
        memory.seek(address)
        assert file.read(32) == memory.read(32)
    assert row["build_id"] == build_id_of(library), row
    assert row["symbols"] == library or row["symbols"].startswith("/usr/lib/debug/"), row
    (program,) = child.rows("--find", hex(next(child.maps())["start"]))
    (exe,) = json.loads(run("ps", "-p", child.pid, "-a", "build_id", "-o", "json").stdout)["rows"]
    assert program["build_id"] == exe["build_id"], (program, exe)
    shown = run("regions", child.pid, "--find", hex(address)).stdout
    assert re.search(rf"^build_id +{row['build_id']}$", shown, re.M), shown
    child.close()


def test_find_in_a_file_that_is_gone():
    child = real()
    path = child.program + ".so"
    library = next(row["path"] for row in child.maps() if row["path"] and "libc.so" in row["path"])
    child.tell(f"shutil.copy({library!r}, {path!r})")
    address = child.tell(f"of_file({path!r}, 4, 1)")
    (row,) = child.rows("--find", hex(address))
    assert (row["build_id"], row["file.position"]) == (build_id_of(library), mmap.PAGESIZE), row
    # Another file in its place, and none.
    for change in f"os.replace(shutil.copy('/etc/passwd', {path + '2'!r}), {path!r})", f"os.unlink({path!r})":
        child.tell(change)
        mapped = "/proc/%s/map_files/%x-%x" % (child.pid, address, address + 4 * mmap.PAGESIZE)
        result = run("regions", child.pid, "--find", hex(address), "-o", "json")
        (row,) = json.loads(result.stdout)["rows"]
        try:
            os.close(os.open(mapped, os.O_RDONLY))
        except PermissionError:
            assert f"{path} is gone" in result.stderr, result.stderr
            assert row["build_id"] is None and row["states"]["build_id"] == "failed", row
        else:
            assert row["build_id"] == build_id_of(library), row
            assert row["symbols"] == mapped or row["symbols"].startswith("/usr/lib/debug/"), row
    # What is no program has no symbols.
    text = child.tell("of_file('/etc/passwd', 1, 0)")
    (row,) = child.rows("--find", hex(text))
    assert row["path"] == "/etc/passwd" and row["build_id"] is None and row["symbols"] is None, row
    assert row["states"]["build_id"] == "none", row
    child.close()


def test_real_differences():
    child = real()
    plain, other = child.tell("plain(16), plain(16)")
    child.tell(f"libc.mprotect({other}, 16 * PAGE, 1)")
    command = [os.path.join(BUILD, "procctl"), "regions", child.pid, "--diff", "1s", "--sizes", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(0.5)
        before = {row["start"]: row for row in child.maps()}
        child.tell(f"libc.munmap({other}, 16 * PAGE)")
        child.tell(f"ctypes.memset({plain}, 1, PAGE) > 0")
        new = child.tell(f"of_file({sys.executable!r}, 8, 0)")
        document = json.loads(process.stdout.read())
    assert process.returncode == 0 and 800e6 < document["interval_ns"] < 5e9, document
    changes = {(row["change"], row["start"]): row for row in document["rows"]}
    assert ("mapped", new) in changes and changes["mapped", new]["size_change"] == 8 * mmap.PAGESIZE
    assert any(kind == "unmapped" and start == other for kind, start in changes) or \
        any(kind in ("shrank", "merged") for kind, _ in changes), changes
    after = {row["start"]: row for row in child.maps()}
    assert sum(row["size_change"] for row in document["rows"]) == \
        sum(row["size"] for row in after.values()) - sum(row["size"] for row in before.values()), changes
    assert any(row["start"] <= plain < row["end"] and row["mem.dirty_change"] >= mmap.PAGESIZE
               for row in document["rows"]), changes
    child.close()


def test_ends_meanwhile():
    child = real()
    command = [os.path.join(BUILD, "procctl"), "regions", child.pid, "--diff", "1s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(0.5)
        child.close()
        assert "no process" in process.stderr.read()
    assert process.returncode == 3, process.returncode


def test_others():
    child = real()
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    refused("regions", str(zombie), code=3, say=f"no process {zombie}, or it has ended")
    os.waitpid(zombie, 0)
    name = os.path.basename(os.path.realpath(child.program))
    assert run("regions", child.pid).stdout.startswith(f"{name} ({child.pid})  ")
    child.close()
    if os.path.exists("/proc/2/comm"):
        with open("/proc/2/comm") as file:
            comm = file.read()
        if comm == "kthreadd\n":
            refused("regions", "2", code=1, say="(kthreadd) has no memory of its own: it is a kernel thread")
    try:
        with open("/proc/1/maps", "rb") as file:
            file.read(1)
    except PermissionError:
        refused("regions", "1", code=77, say="ask as its user or as root")
    run("server", "stop")


tests(globals())

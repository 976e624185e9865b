"""Table COALITION: the files of each cgroup that this machine has, found by their mounts."""
import functools
import os

from values import hosts, wire
from values.check import NONE, Check

TICK = 10 ** 9 // os.sysconf("SC_CLK_TCK")
OLDER = ("cpu", "cpuacct", "memory", "blkio", "pids", "freezer")


@functools.lru_cache
def mounts():
    """{controller: mount point}; that of the rows is of ""."""
    found, lines = {}, open("/proc/self/mountinfo", encoding="utf-8").read().splitlines()
    for before, after in (line.split(" - ") for line in lines):
        root, point = before.split()[3:5]
        kind, _, options = after.split()
        if root != "/":
            continue
        if kind == "cgroup2":
            found.setdefault("", point)
        elif kind == "cgroup":
            found |= {name: point for name in OLDER if name in options.split(",")}
    return found


def look(row, name, controller=""):
    """The text of a file of the cgroup; None: there is none."""
    try:
        with open(mounts()[controller] + row.cells["path"] + "/" + name, encoding="utf-8") as file:
            return file.read()
    except (KeyError, OSError):
        return None


def number(name, older=None, controller=None):
    """A file with one number: in the older hierarchy, if the controller is there."""
    def reference(row):
        text = look(row, older, controller) if controller in mounts() else look(row, name)
        if text is None or text == "max\n" or int(text) > 1 << 60:
            return NONE
        return int(text)
    return reference


def line(name, key, factor=1, older=None):
    """A line "KEY NUMBER"; older: the same of (controller, file, key)."""
    def reference(row):
        file, found, controller = name, key, ""
        if older and (older[0] in mounts() or not name):
            controller, file, found = older
        lines = dict(text.split() for text in (look(row, file, controller) or "").splitlines())
        return int(lines[found]) * factor if found in lines else NONE
    return reference


def pressure(resource, kind, key):
    def reference(row):
        for text in (look(row, resource + ".pressure") or "").splitlines():
            words = text.split()
            if words[0] == kind:
                value = dict(word.split("=") for word in words[1:])[key]
                return int(value) * 1000 if key == "total" else float(value) / 100
        return NONE
    return reference


def inode(row):
    return os.stat(mounts()[""] + row.cells["path"]).st_ino


def parent(row):
    path = row.cells["path"]
    return NONE if path == "/" else os.stat(mounts()[""] + os.path.dirname(path)).st_ino


def path(row):
    """The directory with this inode."""
    top = mounts()[""]
    for directory, _, _ in os.walk(top):
        if os.stat(directory).st_ino == row.identity:
            return directory[len(top):] or "/"
    return None


def processes(row):
    text = look(row, "cgroup.procs")
    return None if text is None else len(text.splitlines())


def no_rows():
    return "" not in mounts()


def memory(key, older):
    return Check(line("memory.stat", key, older=("memory", "memory.stat", "total_" + older)))


def cached(row):
    keys = (("file", "cache"), ("shmem", "shmem"))
    pages, shared = (memory(*key).reference(row) for key in keys)
    return NONE if NONE in (pages, shared) else pages - shared


COALITION = {
    "id": Check(inode, cause=no_rows),
    "parent": Check(parent, cause=no_rows),
    "path": Check(path, cause=no_rows),
    "processes": Check(processes, cause=no_rows),
    "tasks": Check(number("pids.current", "pids.current", "pids")),
    "populated": Check(line("cgroup.events", "populated"), cause=no_rows),
    "cpu.total": Check(line("cpu.stat", "usage_usec", 1000), cause=no_rows),
    "cpu.user": Check(line("cpu.stat", "user_usec", 1000), cause=no_rows),
    "cpu.system": Check(line("cpu.stat", "system_usec", 1000), cause=no_rows),
    "cpu.throttled": Check(line("cpu.stat", "throttled_usec", 1000,
                                ("cpu", "cpu.stat", "throttled_time")), cause=no_rows),
    "mem.current": Check(number("memory.current", "memory.usage_in_bytes", "memory")),
    "mem.current_peak": Check(number("memory.peak", "memory.max_usage_in_bytes", "memory")),
    "mem.anonymous": memory("anon", "rss"),
    "mem.file": Check(cached),
    "mem.shared": memory("shmem", "shmem"),
    "faults.total": memory("pgfault", "pgfault"),
    "faults.major": memory("pgmajfault", "pgmajfault"),
    "limit.memory": Check(number("memory.max", "memory.limit_in_bytes", "memory")),
    "limit.tasks": Check(number("pids.max", "pids.max", "pids")),
}
COALITION |= {f"pressure.{resource}_{kind}{name}": Check(pressure(resource, kind, key))
              for resource in ("cpu", "memory", "io") for kind in ("some", "full")
              for name, key in (("_time", "total"), ("_10", "avg10"))}

# Of Apple's coalitions.
UNMEASURABLE_COALITION = {"bundle_id", "tasks_started", "tasks_exited", "time_nonempty",
                          "wakeups.interrupt", "wakeups.idle", "power.score",
                          "power.total_score"}


def parents(table):
    """The tree of a machine made of files, by the inodes of its directories."""
    host, names = hosts.Host("laptop"), ["path", "id", "parent", "user"]
    try:
        session = wire.Session(host.server)
        asked = session.ask(table.number, table.ids(names)).next()
        for row in asked.rows.values():
            cells = {name: asked.cell(row, table.entries[name].id) for name in names}
            place = host.root / "sys/fs/cgroup" / cells["path"].value[1:]
            above = NONE if cells["path"].value == "/" else place.parent.stat().st_ino
            label = "inodes " + cells["path"].value
            table.record("id", label, place.stat().st_ino, cells["id"])
            table.record("parent", label, above, cells["parent"])
            table.record("user", label, 1000 if "user-1000" in label else NONE, cells["user"])
        session.close()
    finally:
        host.close()

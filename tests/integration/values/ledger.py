"""Table LEDGER: each account by the checker of the attribute that counts the same, where there is
one, or from the file that its meaning names."""
import os

from values import coalition, kernel, memory, tree
from values.check import DENIED, NONE, UNSUPPORTED, Check, Range

KIB = 1 << 10
# The kernel takes memory from a cgroup's account beforehand, 64 pages for each core: between two
# looks it may have come and gone.
STOCK = 64 * os.sysconf("SC_PAGESIZE") * os.cpu_count()
UNMEASURABLE_LEDGER = ("credit", "debit")


def attribute(name):
    return memory.PROCESS[name].reference


@memory.of_memory
def internal(s):
    return sum(m.get("Rss") if m.is_shared_memory else m.get("Anonymous") for m in s.smaps)


def cpu_time(s):
    return (s.stat[14] + s.stat[15]) * kernel.TICK_NS


def io(name):
    """What the process itself has; a kernel thread has it too."""
    def reference(s):
        return s.io[name][0] if s.io else DENIED
    return reference


def cgroup(controller, name, key=None, older_name=None, older_key=None):
    """A file of the cgroup, or a line of it, in the hierarchy that has the controller."""
    def reference(s):
        mounts = coalition.mounts()
        older = controller in mounts
        if older and older_name is None:
            return UNSUPPORTED
        if not older and "" not in mounts:
            return UNSUPPORTED
        text = kernel.read(f"{s.directory}/cgroup").decode()
        paths = {name: path for _, names, path in
                 (line.split(":", 2) for line in text.splitlines()) for name in names.split(",")}
        place = mounts[controller if older else ""] + paths[controller if older else ""]
        file, wanted = (older_name, older_key) if older else (name, key)
        found = kernel.read(f"{place}/{file}")
        if found is None:
            return NONE if not os.path.exists(f"{place}/{file}") else DENIED
        if file in ("memory.current", "memory.usage_in_bytes"):
            return Range(int(found) - STOCK, int(found) + STOCK)
        if wanted is None:
            return int(found)
        lines = dict(line.split() for line in found.decode().splitlines())
        return int(lines[wanted]) if wanted in lines else UNSUPPORTED
    return reference


def memory_of_cgroup(key, older=None):
    return cgroup("memory", "memory.stat", key, older and "memory.stat", older)


# name: (group, units, file that its meaning names, balance)
ACCOUNTS = {
    "cpu_time": ("sched", "ns", "stat", cpu_time),
    "phys_footprint": ("physmem", "bytes", "status", attribute("mem.footprint")),
    "phys_mem": ("physmem", "bytes", "status", attribute("mem.resident")),
    "internal": ("physmem", "bytes", "status", internal),
    "internal_compressed": ("physmem", "bytes", "status", attribute("mem.swap")),
    "external": ("physmem", "bytes", "status", attribute("mem.file")),
    "page_table": ("physmem", "bytes", "status", attribute("mem.page_tables")),
    "reusable": ("physmem", "bytes", "smaps_rollup", attribute("mem.lazy_free")),
    "anonymous": ("physmem", "bytes", "status", attribute("mem.anonymous")),
    "shared_memory": ("physmem", "bytes", "status", attribute("mem.shared")),
    "hugetlb": ("physmem", "bytes", "status", attribute("mem.hugetlb")),
    "locked": ("physmem", "bytes", "status", attribute("mem.locked")),
    "pinned": ("physmem", "bytes", "status", attribute("mem.pinned")),
    "unique": ("physmem", "bytes", "smaps_rollup", attribute("mem.unique")),
    "pss": ("physmem", "bytes", "smaps_rollup", attribute("mem.pss")),
    "pss_dirty": ("physmem", "bytes", "smaps_rollup", memory.shares(
        lambda s: sum(m.get("Pss_Dirty") for m in s.smaps))),
    "pss_anonymous": ("physmem", "bytes", "smaps_rollup", attribute("mem.pss_anonymous")),
    "pss_file": ("physmem", "bytes", "smaps_rollup", attribute("mem.pss_file")),
    "pss_shared": ("physmem", "bytes", "smaps_rollup", attribute("mem.pss_shared")),
    "swap_pss": ("physmem", "bytes", "smaps_rollup", attribute("mem.swap_pss")),
    "huge": ("physmem", "bytes", "smaps_rollup", memory.named(
        "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped")),
    "merged": ("physmem", "bytes", "smaps_rollup", memory.named("KSM")),
    "logical_writes": ("res", "bytes", "io", io("write_bytes")),
    "cancelled_writes": ("res", "bytes", "io", io("cancelled_write_bytes")),
    "disk_reads": ("res", "bytes", "io", io("read_bytes")),
    "call_reads": ("res", "bytes", "io", io("rchar")),
    "call_writes": ("res", "bytes", "io", io("wchar")),
    "cgroup_memory": ("cgroup", "bytes", "memory.current", cgroup(
        "memory", "memory.current", older_name="memory.usage_in_bytes")),
    "cgroup_swap": ("cgroup", "bytes", "memory.swap.current", cgroup(
        "memory", "memory.swap.current", None, "memory.stat", "total_swap")),
    "cgroup_anonymous": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("anon", "total_rss")),
    "cgroup_file": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("file", "total_cache")),
    "cgroup_kernel": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("kernel")),
    "cgroup_page_table": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("pagetables")),
    "cgroup_slab": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("slab")),
    "cgroup_sockets": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("sock")),
    "cgroup_shared_memory": ("cgroup", "bytes", "memory.stat", memory_of_cgroup(
        "shmem", "total_shmem")),
    "cgroup_reclaimable": ("cgroup", "bytes", "memory.stat", memory_of_cgroup("slab_reclaimable")),
    "cgroup_tasks": ("cgroup", "count", "pids.current", cgroup(
        "pids", "pids.current", older_name="pids.current")),
}


class Account:
    """A row: an account of a process."""

    def __init__(self, subject, name):
        self.subject, self.key = subject, name
        self.group, self.units, self.file, self.balance = ACCOUNTS[name]


LEDGER = {
    "group": Check(lambda account: account.group),
    "name": Check(lambda account: account.key),
    "units": Check(lambda account: account.units),
    "balance": Check(lambda account: account.balance(account.subject)),
    "meaning": Check(lambda account: None),  # targets.py looks at it
}

# Of tree.py's process, whose cgroup is nowhere at first. All numbers differ, so that none is taken
# for another.
ROLLUP = tree.ROLLUP.replace("KSM:                   0", "KSM:                  17") \
    .replace("AnonHugePages:         0", "AnonHugePages:       256") \
    .replace("FilePmdMapped:         0", "FilePmdMapped:        24")
BY_HAND = {
    "cpu_time": 1100 * kernel.TICK_NS, "phys_footprint": (3000 + 700 + 52 + 2048) * KIB,
    "phys_mem": 4500 * KIB, "internal": 3490 * KIB, "internal_compressed": 700 * KIB,
    "external": 1010 * KIB, "page_table": 52 * KIB, "reusable": 36 * KIB, "anonymous": 3000 * KIB,
    "shared_memory": 490 * KIB, "hugetlb": 2048 * KIB, "locked": 16 * KIB, "pinned": 12 * KIB,
    "unique": (403 + 2694 + 2048) * KIB, "pss": 2900 * KIB, "pss_dirty": 100 * KIB,
    "pss_anonymous": 2200 * KIB, "pss_file": 400 * KIB, "pss_shared": 300 * KIB,
    "swap_pss": 650 * KIB, "huge": 280 * KIB, "merged": 17 * KIB, "logical_writes": 90112,
    "cancelled_writes": 8192, "disk_reads": 40960, "call_reads": 60001, "call_writes": 70002,
    "cgroup_memory": UNSUPPORTED}
# Its cgroup, once it has one: file, text, and what each account must be.
CGROUP_BY_HAND = (
    ("memory.current", "100001\n", {"cgroup_memory": 100001}),
    ("memory.swap.current", "100002\n", {"cgroup_swap": 100002}),
    ("pids.current", "33\n", {"cgroup_tasks": 33}),
    ("memory.stat", "anon 1001\nfile 1002\nkernel 1003\npagetables 1004\nsock 1005\nshmem 1006\n"
     "slab_reclaimable 1007\nslab_unreclaimable 1008\nslab 2015\n",
     {"cgroup_anonymous": 1001, "cgroup_file": 1002, "cgroup_kernel": 1003,
      "cgroup_page_table": 1004, "cgroup_sockets": 1005, "cgroup_shared_memory": 1006,
      "cgroup_reclaimable": 1007, "cgroup_slab": 2015}),
)

told = [number for values in (BY_HAND, *(part for _, _, part in CGROUP_BY_HAND))
        for number in values.values() if number != UNSUPPORTED]
assert len(set(told)) == len(told) == len(ACCOUNTS)

"""The machine as a whole."""
import os
import time

from values import kernel
from values.check import NONE, Check, Range

LAG = 20_000_000 * os.cpu_count()  # ns: what runs at the moment is not in the clocks yet
ACCOUNTS = ("/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage")
TICKS = 2 * kernel.TICK_NS  # ns: idle times that stepped back are not shown
SWING = 4 << 20  # bytes: memory comes and goes between two looks
TURN = 64  # and so do files and threads


def all_tasks():
    """CPU time of all that ever ran since boot: by cgroup v1, else by core."""
    for path in ACCOUNTS:
        if os.path.exists(path):
            return kernel.number(path)
    text = kernel.read("/proc/schedstat")
    return text and sum(int(line.split()[7]) for line in text.decode().splitlines()
                        if line.startswith("cpu"))


def cpu_ended(row):
    living = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            living += time.clock_gettime_ns(~int(pid) << 3 | 2)
        except OSError:
            pass  # it has ended since
    told = all_tasks() - living
    return Range(told - LAG, told + LAG)


def not_all_is_seen():
    """In a container, or without any account."""
    return all_tasks() is None or os.readlink("/proc/self/ns/pid") != "pid:[4026531836]"


def total(numbers):
    """Their sum; what one of them lacks the sum lacks too."""
    numbers = list(numbers)
    return NONE if None in numbers else sum(numbers)


def words(path):
    """A file of lines "NAME NUMBER..": the numbers by name."""
    lines = (kernel.read(path) or b"").decode().splitlines()
    return {line.split()[0]: [int(word) for word in line.split()[1:] if word.isdigit()]
            for line in lines if line.split()}


# ---------------------------------------------------------------- CPU, load, threads

def times(*fields):
    """Columns of the line of all cores; the ninth and tenth are part of the first two."""
    return Check(lambda row: sum(words("/proc/stat")["cpu"][field] for field in fields) *
                 kernel.TICK_NS, slack=TICKS)


def counted(name):
    return Check(lambda row: words("/proc/stat")[name][0])


def load(index):
    """Of the fixed point number of sysinfo(2), cut to what /proc/loadavg shows."""
    return Check(lambda row: os.getloadavg()[index], slack=0.011)


CORES_AND_LOAD = {
    "cpu.ended": Check(cpu_ended, cause=not_all_is_seen),
    "cpu.cores": Check(lambda row: os.sysconf("SC_NPROCESSORS_ONLN")),
    "cpu.user": times(0), "cpu.nice": times(1), "cpu.system": times(2), "cpu.idle": times(3),
    "cpu.iowait": times(4), "cpu.irq": times(5), "cpu.softirq": times(6), "cpu.steal": times(7),
    "cpu.guest": times(8, 9), "cpu.busy": times(0, 1, 2, 5, 6), "cpu.capacity": times(*range(8)),
    "load.1": load(0), "load.5": load(1), "load.15": load(2),
    "threads.total": Check(lambda row: int(
        kernel.read("/proc/loadavg").split()[3].split(b"/")[1]), slack=TURN),
    "threads.started": counted("processes"), "switches.total": counted("ctxt"),
    "interrupts.total": counted("intr"), "interrupts.soft": counted("softirq"),
}

# ---------------------------------------------------------------------------- memory


def meminfo(*names, less=()):
    """The sum of these lines of /proc/meminfo, less those."""
    def reference(row):
        found = kernel.pairs("/proc/meminfo")
        if any(name not in found for name in (*names, *less)):
            return NONE
        return sum(found[name][0] for name in names) - sum(found[name][0] for name in less)
    return Check(reference, slack=SWING)


def huge(name, less=None):
    """A number of pages, as what they take."""
    def reference(row):
        found = kernel.pairs("/proc/meminfo")
        if name not in found:
            return NONE
        pages = found[name][0] - (found[less][0] if less else 0)
        return pages * found["Hugepagesize"][0]
    return Check(reference)


def zram(column, swap_only=False):
    """Of all devices, or of those that are swapped to; None where there are none."""
    swaps = [line.split()[0] for line in kernel.read("/proc/swaps").decode().splitlines()[1:]]
    names = [name for name in os.listdir("/sys/block") if name.startswith("zram")]
    used = [name for name in names if not swap_only or f"/dev/{name}" in swaps]
    return sum(int(kernel.read(f"/sys/block/{name}/mm_stat").split()[column])
               for name in used) if names or swap_only else None


def compressor(column, zswap, more=None):
    def reference(row):
        found = kernel.pairs("/proc/meminfo")
        if zswap not in found and (kernel.read("/sys/module/zswap/parameters/enabled")
                                   or b"N")[:1] in b"Y1":
            return NONE
        return zram(column, True) + sum(found.get(name, [0])[0] for name in (zswap, more) if name)
    return Check(reference)


def events(*names, unit=1):
    """The sum of these lines of /proc/vmstat, as far as this kernel has them."""
    def reference(row):
        found = words("/proc/vmstat")
        numbers = [found[name][0] for name in names if name in found]
        return sum(numbers) * unit if numbers else NONE
    return Check(reference)


def pages(*names):
    return events(*names, unit=kernel.PAGE)


def merged(name, unit=1):
    """A number of KSM."""
    def reference(row):
        number = kernel.number(f"/sys/kernel/mm/ksm/{name}")
        return NONE if number is None else number * unit
    return Check(reference, cause=lambda: not os.path.exists("/sys/kernel/mm/ksm"))


DIRECT, BACKGROUND = ("pg{}_direct",), ("pg{}_kswapd", "pg{}_khugepaged", "pg{}_proactive")
ZONES = ("_dma", "_dma32", "_normal", "_high", "_movable", "_device")

MEMORY = {
    "mem.total": meminfo("MemTotal"), "mem.available": meminfo("MemAvailable"),
    "mem.used": meminfo("MemTotal", less=("MemAvailable",)), "mem.free": meminfo("MemFree"),
    "mem.occupied": meminfo("MemTotal", less=("MemFree",)),
    "mem.cached": meminfo("Cached", "Buffers", "SReclaimable", less=("Shmem",)),
    "mem.file": meminfo("Cached", "Buffers", less=("Shmem",)),
    "mem.internal": meminfo("AnonPages", "Shmem"), "mem.anonymous": meminfo("AnonPages"),
    "mem.shared": meminfo("Shmem"), "mem.active": meminfo("Active"),
    "mem.inactive": meminfo("Inactive"), "mem.buffers": meminfo("Buffers"),
    "mem.mapped": meminfo("Mapped"), "mem.dirty": meminfo("Dirty"),
    "mem.writeback": meminfo("Writeback"), "mem.slab_reclaimable": meminfo("SReclaimable"),
    "mem.slab_unreclaimable": meminfo("SUnreclaim"), "mem.kernel_stacks": meminfo("KernelStack"),
    "mem.page_tables": meminfo("PageTables"),
    "mem.page_tables_secondary": meminfo("SecPageTables"), "mem.percpu": meminfo("Percpu"),
    "mem.unevictable": meminfo("Unevictable"), "mem.locked": meminfo("Mlocked"),
    "mem.committed": meminfo("Committed_AS"), "mem.commit_limit": meminfo("CommitLimit"),
    "mem.corrupted": meminfo("HardwareCorrupted"),
    "mem.compressed": compressor(2, "Zswap"), "mem.uncompressed": compressor(0, "Zswapped"),
    "mem.size": compressor(0, "Zswapped", "MemTotal"),
    "hugepages.total": huge("HugePages_Total"), "hugepages.free": huge("HugePages_Free"),
    "hugepages.used": huge("HugePages_Total", "HugePages_Free"),
    "hugepages.reserved": huge("HugePages_Rsvd"), "hugepages.surplus": huge("HugePages_Surp"),
    "hugepages.size": meminfo("Hugepagesize"), "hugepages.all": meminfo("Hugetlb"),
    "hugepages.anonymous": meminfo("AnonHugePages"),
    "hugepages.shared": meminfo("ShmemHugePages"), "hugepages.file": meminfo("FileHugePages"),
    "swap.total": meminfo("SwapTotal"), "swap.used": meminfo("SwapTotal", less=("SwapFree",)),
    "swap.cached": meminfo("SwapCached"), "swap.in": pages("pswpin"), "swap.out": pages("pswpout"),
    "zswap.pool": meminfo("Zswap"), "zswap.stored": meminfo("Zswapped"),
    "zswap.in": pages("zswpin"), "zswap.out": pages("zswpout"), "zswap.written": pages("zswpwb"),
    "zram.stored": Check(lambda row: total([zram(0)])),
    "zram.compressed": Check(lambda row: total([zram(1)])),
    "zram.memory": Check(lambda row: total([zram(2)])),
    "ksm.shared": merged("pages_shared", kernel.PAGE),
    "ksm.saved": merged("pages_sharing", kernel.PAGE),
    "ksm.zero": merged("ksm_zero_pages", kernel.PAGE), "ksm.profit": merged("general_profit"),
    "faults.total": events("pgfault"), "faults.major": events("pgmajfault"),
    "paging.read": events("pgpgin", unit=1024), "paging.written": events("pgpgout", unit=1024),
    "reclaim.scanned": pages(*(name.format("scan") for name in DIRECT + BACKGROUND)),
    "reclaim.freed": pages(*(name.format("steal") for name in DIRECT + BACKGROUND)),
    "reclaim.freed_direct": pages("pgsteal_direct"),
    "reclaim.stalls": events("allocstall", *("allocstall" + zone for zone in ZONES)),
    "reclaim.refaults": pages("workingset_refault_anon", "workingset_refault_file",
                              "workingset_refault"),
    "reclaim.activated": pages("pgactivate"), "reclaim.lazy_freed": pages("pglazyfreed"),
    "reclaim.compaction_stalls": events("compact_stall"), "reclaim.oom_kills": events("oom_kill"),
}

# -------------------------------------------------------------------------- pressure


def pressure(resource, line, key, unit):
    path = f"/proc/pressure/{resource}"

    def reference(row):
        for text in kernel.read(path).decode().splitlines():
            if text.startswith(line):
                return float(text.split(key + "=")[1].split()[0]) * unit
        return NONE
    # A ratio is a decimal fraction, and not all of these are numbers of the computer's.
    return Check(reference, slack=0 if key == "total" else 1e-9,
                 cause=lambda: kernel.read(path) is None)


PRESSURE = {}
for resource, line in (("cpu", "some"), ("memory", "some"), ("memory", "full"), ("io", "some"),
                       ("io", "full"), ("irq", "full")):
    name = f"pressure.{resource}_{line}"
    PRESSURE[f"{name}_time"] = pressure(resource, line, "total", 1000)
    for seconds in (10, 60, 300):
        PRESSURE[f"{name}_{seconds}"] = pressure(resource, line, f"avg{seconds}", 0.01)

# ------------------------------------------------------------------ disks and network


def listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def disks(column, unit=1):
    """By the file that each disk has of its own."""
    def reference(row):
        names = [name for name in listed("/sys/block") if not listed(f"/sys/block/{name}/slaves")
                 and os.path.exists(f"/sys/block/{name}/device")]
        return sum(int(kernel.read(f"/sys/block/{name}/stat").split()[column])
                   for name in names) * unit
    return Check(reference, cause=lambda: not os.path.exists("/sys/block"))


def interfaces(*files):
    """By the files that each interface has of its own."""
    def reference(row):
        lines = kernel.read("/proc/net/dev").decode().splitlines()[2:]
        if {line.split(":")[0].strip() for line in lines} - {"lo", *listed("/sys/class/net")}:
            return NONE
        names = [name for name in listed("/sys/class/net")
                 if os.path.exists(f"/sys/class/net/{name}/device")]
        return sum(kernel.number(f"/sys/class/net/{name}/statistics/{file}")
                   for name in names for file in files) if names else None
    return Check(reference, cause=lambda: not os.path.exists("/sys/class/net"))


DEVICES = {
    "disk.reads": disks(0), "disk.writes": disks(4), "disk.read": disks(2, 512),
    "disk.written": disks(6, 512), "disk.discarded": disks(13, 512),
    "net.received": interfaces("rx_bytes"), "net.packets_received": interfaces("rx_packets"),
    "net.errors_received": interfaces("rx_errors"),
    "net.dropped_received": interfaces("rx_dropped", "rx_missed_errors"),
    "net.sent": interfaces("tx_bytes"), "net.packets_sent": interfaces("tx_packets"),
    "net.errors_sent": interfaces("tx_errors"), "net.dropped_sent": interfaces("tx_dropped"),
}

# --------------------------------------------------------------- the machine itself


def limit(path):
    """Half of all numbers is none."""
    def reference(row):
        number = kernel.number(path)
        return NONE if number >= 2 ** 60 else number
    return Check(reference)


def first(path):
    return Check(lambda row: int(kernel.read(path).split()[0]), slack=TURN)


ITSELF = {
    "host.name": Check(lambda row: os.uname().nodename),
    "host.system": Check(lambda row: os.uname().sysname),
    "host.kernel": Check(lambda row: os.uname().release),
    "host.kernel_build": Check(lambda row: os.uname().version),
    "host.machine": Check(lambda row: os.uname().machine),
    "boot.time": Check(lambda row: time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME),
                       slack=1_000_000),
    "files.open": first("/proc/sys/fs/file-nr"), "files.inodes": first("/proc/sys/fs/inode-nr"),
    "limit.files": limit("/proc/sys/fs/file-max"),
    "limit.pids": limit("/proc/sys/kernel/pid_max"),
    "limit.threads": limit("/proc/sys/kernel/threads-max"),
}

SYSTEM = CORES_AND_LOAD | MEMORY | PRESSURE | DEVICES | ITSELF
UNMEASURABLE_SYSTEM = {
    "mem.wired", "mem.purgeable", "mem.speculative", "mem.throttled", "sysmond.22", "sysmond.23",
    "faults.copy", "faults.zero_filled", "paging.page_ins", "paging.page_outs",
    "paging.reactivations", "paging.lookups", "paging.hits", "paging.purges",
    "paging.decompressions", "paging.compressions",
} | {f"pressure.cpu_full_{part}" for part in ("time", "10", "60", "300")}

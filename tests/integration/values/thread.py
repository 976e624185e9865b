"""Table THREAD: each thread by its own files and calls."""
import os
import time

from values import cpu, kernel
from values.check import DENIED, NONE, Absent, Check, Range

TICK = kernel.TICK_NS
SLEW = 5_000_000  # ns: between the two clocks, each read at its own moment


class Thread:
    """One of them, as the checkers want it: what system calls take a pid for takes a tid too."""

    def __init__(self, directory):
        self.directory, self.pid = directory, int(directory.rsplit("/", 1)[1])


def field(at, scale=1):
    return lambda t: kernel.stat(t.directory)[at] * scale


def sum_of_fields(*fields):
    return lambda t: sum(kernel.stat(t.directory)[at] for at in fields)


def schedule(at):
    def reference(t):
        found = kernel.read(f"{t.directory}/schedstat")
        return found and int(found.split()[at])
    return reference


def switches(*names):
    def reference(t):
        found = kernel.pairs(f"{t.directory}/status")
        return sum(found[name][0] for name in names)
    return reference


def text(name):
    return lambda t: kernel.read(f"{t.directory}/{name}").decode().rstrip("\n")


def channel(t):
    found = text("wchan")(t)
    return found if found != "0" else Absent(("none", "denied"))


def io(work_out):
    def reference(t):
        found = kernel.pairs(f"{t.directory}/io")
        return work_out({name: numbers[0] for name, numbers in found.items()}) if found else DENIED
    return reference


def started(t):
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    told = boot + kernel.stat(t.directory)[22] * TICK
    return Range(told - SLEW, told + SLEW)


def realtime_priority(t):
    return os.sched_getparam(t.pid).sched_priority or NONE


def state(t):
    return kernel.stat(t.directory)[3]


THREAD = {
    "tid": Check(lambda t: t.pid),
    "name": Check(text("comm")),
    "state": Check(state),
    "start.time": Check(started),
    "start.boot": Check(field(22, TICK)),
    "cpu.total": Check(schedule(0)),
    "cpu.user": Check(field(14, TICK)),
    "cpu.system": Check(field(15, TICK)),
    "cpu.run_delay": Check(schedule(1)),
    "cpu.slices": Check(schedule(2)),
    "cpu.io_delay": Check(field(42, TICK), cause=cpu.no_delay_accounting),
    "cpu.last": Check(field(39)),
    "cpu.affinity": Check(cpu.affinity),
    "cpu.affinity_count": Check(lambda t: len(os.sched_getaffinity(t.pid))),
    "priority": Check(cpu.priority),
    "nice": Check(lambda t: os.getpriority(os.PRIO_PROCESS, t.pid)),
    "policy": Check(cpu.scheduler),
    "realtime_priority": Check(realtime_priority),
    "wait.channel": Check(channel),
    "switches.total": Check(switches("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")),
    "switches.voluntary": Check(switches("voluntary_ctxt_switches")),
    "switches.forced": Check(switches("nonvoluntary_ctxt_switches")),
    "faults.total": Check(sum_of_fields(10, 12)),
    "faults.major": Check(field(12)),
    "disk.read": Check(io(lambda told: told["read_bytes"])),
    "disk.written": Check(io(lambda told: max(0, told["write_bytes"] -
                                              told["cancelled_write_bytes"]))),
    "io.read_bytes": Check(io(lambda told: told["rchar"])),
    "io.written_bytes": Check(io(lambda told: told["wchar"])),
    "io.read_calls": Check(io(lambda told: told["syscr"])),
    "io.write_calls": Check(io(lambda told: told["syscw"])),
}
SUMS_THREAD = {"switches.total": ("switches.voluntary", "switches.forced")}

# Of the second thread of tree.py.
TID = 103
IO = "rchar: 6001\nwchar: 7002\nsyscr: 16\nsyscw: 27\nread_bytes: 4096\nwrite_bytes: 12288\n" \
    "cancelled_write_bytes: 512\n"
EXPECTED = {
    "tid": TID, "name": "hand) made", "state": "R", "start.boot": 123 * 10 ** 9,
    "cpu.total": 400_000, "cpu.user": 60 * TICK, "cpu.system": 90 * TICK, "cpu.run_delay": 50_000,
    "cpu.slices": 3, "cpu.io_delay": 5 * TICK, "cpu.last": 3, "cpu.affinity": "0-2,5",
    "cpu.affinity_count": 4, "priority": 39, "nice": 19, "policy": 5, "realtime_priority": None,
    "wait.channel": "hand_wait", "switches.total": 61, "switches.voluntary": 25,
    "switches.forced": 36, "faults.total": 1030, "faults.major": 30, "disk.read": 4096,
    "disk.written": 11776, "io.read_bytes": 6001, "io.written_bytes": 7002, "io.read_calls": 16,
    "io.write_calls": 27}

"""CPU time and scheduling: getrusage(2) of the process itself, and the files of its threads."""
import os
import subprocess

from values import kernel
from values.check import NONE, Check, Range, both

TICK = kernel.TICK_NS
AFTERWARDS = 20_000_000  # ns: what a subject does after it has looked at its own usage


def thread_sum(value):
    """Of the living threads; a kernel without schedstats has no opinion."""
    def reference(s):
        values = [value(task) for task in s.tasks]
        return None if None in values or not values else sum(values)
    return reference


def schedstat(*fields):
    def value(task):
        text = kernel.read(f"{task}/schedstat")
        return text and sum(int(text.split()[field]) for field in fields)
    return thread_sum(value)


def living(s):
    return [stat for stat in map(kernel.stat, s.tasks) if stat and stat[3] != "Z"]


def thread_stat(field):
    """In clock ticks, which are rounded down for each thread."""
    def reference(s):
        return sum(stat[field] * TICK for stat in living(s)) if living(s) else NONE
    return reference


def own_usage(*parts):
    """What getrusage() told the subject just before it stood still."""
    def reference(s):
        used = s.facts.get("usage")
        if not used or s.label in ("threads", "changing"):
            return None
        told = sum(used[part] for part in parts)
        return Range(told - 2000, told + AFTERWARDS)  # in microseconds, rounded down, twice
    return reference


def total(s):
    """The living threads have it all, unless one has ended."""
    ended = s.label == "burner" or s.label in ("ourselves", "init")
    return both(None if ended else schedstat(0)(s), own_usage("user", "system")(s))


def part(field, name):
    """The kernel shows clock ticks; the server divides the exact total in their proportion."""
    def reference(s):
        if s.label == "burner":
            return Range(s.facts["self"][name] - 2 * TICK, s.facts["self"][name] + AFTERWARDS)
        ticks = s.stat[field] * TICK
        return Range(ticks - 2 * TICK, ticks + 2 * TICK)
    return reference


def of_threads(field, name):
    """By each thread itself, and by hand in clock ticks, which are rounded down."""
    def reference(s):
        told = None
        if "parts" in s.facts:
            told = sum(thread[name] for thread in s.facts["parts"])
            told = Range(told - len(s.tasks) * TICK, told + AFTERWARDS)
        return both(told, thread_stat(field)(s))
    return reference


def threads(s):
    known = {"plain": 1, "threads": 3, "burner": 3}.get(s.label)
    return both(known, len(s.tasks))  # one that ended stays while it is the first


def running(s):
    if s.label in ("ourselves", "init"):
        return None
    known = {"threads": 1, "burner": 0}.get(s.label)
    return both(known, sum(stat[3] == "R" for stat in living(s)) if living(s) else NONE)


def children(field, name):
    def reference(s):
        told = s.facts.get("ended")
        told = told and told[name] // TICK * TICK
        return both(told, s.stat[field] * TICK)
    return reference


def last(s):
    pinned = max(os.sched_getaffinity(s.pid)) if s.label == "tuned" else None
    return both(pinned, None if s.label in ("threads", "ourselves", "init") else s.stat[39])


def affinity(s):
    cores, groups = sorted(os.sched_getaffinity(s.pid)), []
    for core in cores:
        if groups and groups[-1][1] == core - 1:
            groups[-1][1] = core
        else:
            groups.append([core, core])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in groups)


def scheduler(s):
    """The policy alone: what its children shall get is a flag in the same number."""
    return os.sched_getscheduler(s.pid) & ~os.SCHED_RESET_ON_FORK


def priority(s):
    policy = scheduler(s)
    if policy in (os.SCHED_FIFO, os.SCHED_RR):
        return -1 - os.sched_getparam(s.pid).sched_priority
    return 20 + os.getpriority(os.PRIO_PROCESS, s.pid)


def ionice(s):
    """("best-effort", 5): as another program finds it."""
    told = subprocess.run(["ionice", "-p", str(s.pid)], capture_output=True, text=True).stdout
    name, _, rest = told.strip().partition(": prio ")
    return name, int(rest) if rest else None


def io_class(s):
    return ionice(s)[0]


def io_priority(s):
    if s.has_ended:
        return NONE
    name, level = ionice(s)
    return NONE if name in ("none", "idle") else level


def no_delay_accounting():
    """The kernel counts it only if it is told so."""
    return not kernel.number("/proc/sys/kernel/task_delayacct")


PROCESS = {
    "cpu.total": Check(total),
    "exit.cpu": Check(lambda s: total(s) if s.has_ended else NONE),
    "cpu.user": Check(part(14, "user")),
    "cpu.system": Check(part(15, "system")),
    "cpu.run_delay": Check(schedstat(1)),
    "cpu.runnable": Check(schedstat(0, 1)),
    "cpu.io_delay": Check(thread_stat(42), cause=no_delay_accounting),
    "cpu.threads_user": Check(of_threads(14, "user")),
    "cpu.threads_system": Check(of_threads(15, "system")),
    "cpu.threads": Check(threads),
    "cpu.threads_running": Check(running),
    "cpu.children_user": Check(children(16, "user")),
    "cpu.children_system": Check(children(17, "system")),
    "cpu.last": Check(last),
    "cpu.affinity": Check(affinity),
    "cpu.affinity_count": Check(lambda s: len(os.sched_getaffinity(s.pid))),
    "nice": Check(lambda s: os.getpriority(os.PRIO_PROCESS, s.pid)),
    "policy": Check(scheduler),
    "priority": Check(priority),
    "io.class": Check(io_class),
    "io.priority": Check(io_priority),
}
SUMS = {"cpu.total": ("cpu.user", "cpu.system")}
UNMEASURABLE = (
    "cpu.qos_default", "cpu.qos_maintenance", "cpu.qos_background", "cpu.qos_utility",
    "cpu.qos_legacy", "cpu.qos_user_initiated", "cpu.qos_user_interactive", "cpu.instructions",
    "cpu.cycles", "cpu.billed_system", "cpu.serviced_system", "cpu.children_elapsed",
    "cpu.billed_to_me", "cpu.billed_to_others", "boosts", "workqueue.threads", "workqueue.running",
    "workqueue.blocked", "workqueue.state", "qos.latency", "qos.throughput", "wakeups.interrupt",
    "wakeups.idle", "wakeups.timer_2ms", "wakeups.timer_5ms", "wakeups.children_interrupt",
    "wakeups.children_idle", "power.score", "power.total_score", "power.average_score",
    "energy.billed", "energy.serviced")

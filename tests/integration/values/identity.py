"""Who a process is, and its state: known because we made it so, or by hand."""
import os
import time

from values import kernel, population
from values.check import DENIED, NONE, Check, Range, both

FLAGS = {"kernel": lambda s: s.is_kernel, "leader": lambda s: s.stat[6] == s.pid,
         "terminal": lambda s: s.stat[7] != 0, "exiting": lambda s: s.has_ended}
BSD_STATES = {"R": 2, "S": 3, "D": 3, "I": 3, "T": 4, "t": 4, "Z": 5}
STATES = {"plain": "S", "traced": "t", "stopped": "T", "waiting": "D", "zombie": "Z", "killed": "Z"}


# By pid, as frames name rows: for kernels that have no number for each process. values.py
# looks at all processes and sees that no two have the same; it must stay the same, too.
identities = {}


def unique_id(pid):
    """Since Linux 6.9 the number of the pidfd's inode; older ones have one for all of them."""
    if "linux-6.1" in os.environ.get("PROCMON_WITHOUT", "") or not hasattr(os, "pidfd_open"):
        return identities.get(pid)
    try:
        pidfds = os.pidfd_open(pid), os.pidfd_open(os.getpid())
    except OSError:
        return None
    inodes = [os.fstat(pidfd).st_ino for pidfd in pidfds]
    for pidfd in pidfds:
        os.close(pidfd)
    return identities.get(pid) if inodes[0] == inodes[1] and pid != os.getpid() else inodes[0]


def parent_unique_id(s):
    return unique_id(s.stat[4]) if s.stat[4] else NONE


def comm(s):
    if s.label == "plain":
        return ") S 1 (ü z"
    return kernel.read(f"{s.directory}/comm").decode()[:-1]


def exe(s):
    if not s.is_ours:
        return DENIED
    path = s.link("exe")
    if path is None:
        return NONE
    if s.label == "vanished":
        return s.facts["exe"] + " (deleted)"
    return s.facts.get("exe", path)


def name(s):
    path = s.link("exe") if s.is_ours else s.arguments[0]
    if not path:
        return comm(s)
    return os.path.basename(path).removesuffix(" (deleted)")


def cmdline(s):
    if "cmdline" in s.facts:
        return s.facts["cmdline"]
    return " ".join(s.arguments).rstrip() or NONE


def directory_of(which, known):
    """The working or root directory: known of some, for all others where the link leads."""
    def reference(s):
        if s.label in known:
            return population.folder + known[s.label]
        return s.link(which) or NONE if s.is_ours else DENIED
    return reference


def build_id(s):
    if not s.is_ours:
        return DENIED
    return kernel.build_id(f"{s.living}/exe") or NONE


def ids(field, at, stranger):
    """Three of a kind in status; of the stranger we know them."""
    def reference(s):
        return stranger if s.label == "stranger" else s.status[field][at]
    return reference


def tty_device(s):
    return both(s.facts.get("device"), s.stat[7] or NONE)


def tty_name(s):
    if "tty" in s.facts:
        return s.facts["tty"].removeprefix("/dev/")
    return None if s.stat[7] else NONE


def tty_group(s):
    return both(s.facts.get("foreground"), s.stat[8] if s.stat[8] >= 0 else NONE)


def cgroup_id(s):
    path, mount = kernel.cgroup_of(s.pid), kernel.cgroup_mount()
    if not mount or "/.." in path:
        return None
    try:
        return os.stat(mount + path).st_ino
    except OSError:
        return None


def children(s):
    """By the parents of all processes."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        stat = kernel.stat(f"/proc/{pid}")
        count += stat is not None and stat[4] == s.pid
    known = {"family": 3, "sharer": 2, "terminal": 1, "plain": 0}.get(s.label)
    return both(known, count)


def flags(s):
    return ",".join(word for word, holds in FLAGS.items() if holds(s)) or NONE


def state(s):
    if s.label in ("ourselves", "init"):
        return None  # they run as they like
    return both(STATES.get(s.label), s.stat[3])


def status(s):
    letter = STATES.get(s.label)
    return BSD_STATES[letter] if letter else None


def started(clock):
    """The kernel keeps it in clock ticks, rounded down."""
    def reference(s):
        if not s.born:
            return None
        return Range(s.born[0][clock] - kernel.TICK_NS, s.born[1][clock])
    return reference


def exit_status(s):
    return s.facts["exit"] if s.has_ended else NONE


def exit_time(s):
    return Range(s.facts["end"], time.time_ns()) if s.has_ended else NONE


PROCESS = {
    "pid": Check(lambda s: s.pid),
    "ppid": Check(lambda s: both(s.parent, s.stat[4])),
    "unique_id": Check(lambda s: unique_id(s.pid)),
    "parent_unique_id": Check(parent_unique_id),
    "comm": Check(comm),
    "name": Check(name),
    "exe": Check(exe),
    "cmdline": Check(cmdline),
    "cwd": Check(directory_of("cwd", {"plain": "/plain/a (b) ü"})),
    "root": Check(directory_of("root", {"jailed": "/jailed/jail"})),
    "build_id": Check(build_id),
    "ruid": Check(ids("Uid", 0, 2001)),
    "uid": Check(ids("Uid", 1, 2002)),
    "svuid": Check(ids("Uid", 2, 2003)),
    "rgid": Check(ids("Gid", 0, 3001)),
    "gid": Check(ids("Gid", 1, 3002)),
    "svgid": Check(ids("Gid", 2, 3003)),
    "pgid": Check(lambda s: os.getpgid(s.pid)),
    "sid": Check(lambda s: os.getsid(s.pid)),
    "tty.device": Check(tty_device),
    "tty.name": Check(tty_name),
    "tty.pgid": Check(tty_group),
    "coalition": Check(cgroup_id),
    "children": Check(children),
    "flags": Check(flags),
    "tracer": Check(lambda s: both(s.facts.get("tracer"), s.status["TracerPid"][0] or NONE)),
    "cgroup": Check(lambda s: kernel.cgroup_of(s.pid)),
    "state": Check(state),
    "status": Check(status),
    "start.time": Check(started(0)),
    "start.boot": Check(lambda s: both(started(1)(s), s.stat[22] * kernel.TICK_NS)),
    "exit.status": Check(exit_status),
    "exit.time": Check(exit_time),
}
UNMEASURABLE = ("uuid", "jobc", "responsible.pid", "responsible.unique_id", "bsd_flags",
                "app_sleep")

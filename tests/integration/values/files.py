"""What was read and written, page faults, switches, descriptors: known calls, and by hand."""
from values import kernel
from values.check import DENIED, Check, Range, both
from values.cpu import thread_sum

INTERNET = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "sctp/eps")
# Where lines of /proc/net have the inode.
COLUMNS = {"sctp/eps": 7}


def io(field, known=None):
    """By hand; and of the process whose calls we made, by what we made it do."""
    def reference(s):
        if s.io is None:
            return DENIED
        told = known and known(s.facts) if s.label == "reader" else None
        return both(told, s.io[field][0])
    return reference


def written(s):
    if s.io is None:
        return DENIED
    told = s.facts["dirtied"] - s.facts["cancelled"] if s.label == "reader" else None
    return both(told, max(0, s.io["write_bytes"][0] - s.io["cancelled_write_bytes"][0]))


def faults(fields, name):
    """By hand, and no less than the process knew of."""
    def reference(s):
        known = None
        if "usage" in s.facts:
            told = s.facts["usage"][name]
            known = Range(told, told + 100_000)
        return both(known, sum(s.stat[field] for field in fields))
    return reference


def ended_faults(fields, name):
    def reference(s):
        told = s.facts.get("ended")
        return both(told and told[name], sum(s.stat[field] for field in fields))
    return reference


def switches(*names):
    def value(task):
        status = kernel.pairs(f"{task}/status")
        return status and sum(status[name][0] for name in names)
    return thread_sum(value)


def descriptors(s):
    return None if s.fds is None else len(s.fds)


def sockets(s):
    if s.fds is None:
        return None
    return both(s.facts.get("sockets"), sum(fd.startswith("socket:[") for fd in s.fds))


def connections(s):
    """The sockets whose inode one of the internet's tables of its network has."""
    if s.fds is None:
        return None
    inodes = set()
    for table in INTERNET:
        for line in (kernel.read(f"{s.living}/net/{table}") or b"").splitlines()[1:]:
            inodes.add(line.split()[COLUMNS.get(table, 9)].decode())
    counted = sum(fd[8:-1] in inodes for fd in s.fds if fd.startswith("socket:["))
    # A socket that was never bound is in no table.
    return s.facts.get("internet", counted)


PROCESS = {
    "disk.read": Check(io("read_bytes", lambda facts: facts["fetched"])),
    "disk.written": Check(written),
    "disk.logical_written": Check(io("write_bytes", lambda facts: facts["dirtied"])),
    "disk.cancelled": Check(io("cancelled_write_bytes", lambda facts: facts["cancelled"])),
    "io.read_bytes": Check(io("rchar", lambda facts: facts["read_bytes"])),
    "io.written_bytes": Check(io("wchar", lambda facts: facts["written_bytes"])),
    "io.read_calls": Check(io("syscr", lambda facts: facts["reads"])),
    "io.write_calls": Check(io("syscw", lambda facts: facts["writes"])),
    "faults.total": Check(faults((10, 12), "faults")),
    "faults.major": Check(faults((12,), "faults_major")),
    "faults.children": Check(ended_faults((11, 13), "faults")),
    "faults.children_major": Check(ended_faults((13,), "faults_major")),
    "switches.total": Check(switches("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")),
    "switches.voluntary": Check(switches("voluntary_ctxt_switches")),
    "switches.forced": Check(switches("nonvoluntary_ctxt_switches")),
    "files.open": Check(descriptors),
    "files.sockets": Check(sockets),
    "net.connections": Check(connections),
    "oom.score": Check(lambda s: kernel.number(f"{s.directory}/oom_score")),
    "oom.adjust": Check(lambda s: both(321 if s.label == "tuned" else None,
                                       kernel.number(f"{s.directory}/oom_score_adj"))),
}
SUMS = {"switches.total": ("switches.voluntary", "switches.forced")}
UNMEASURABLE = (
    "faults.copy", "switches.lifetime", "net.received", "net.sent", "net.packets_received", "net.packets_sent",
    "mach.ports", "mach.sent", "mach.received", "calls.mach", "calls.unix")

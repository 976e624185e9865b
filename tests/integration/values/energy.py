"""The energy of processes: the score by its formula, from what the kernel says by hand."""
import os
import time

from values import kernel
from values.check import Check, Range
from values.power import zones

BUSY, BACKGROUND, READ, WRITTEN = 100, 80, 45, 24  # a ns, a byte


def cpu_time(s):
    """By the clock that the server takes, or in ticks where it is told not to."""
    ticks = (s.stat[14] + s.stat[15]) * kernel.TICK_NS
    try:
        exact = time.clock_gettime_ns(~s.pid << 3 | 2)
    except OSError:  # it has ended
        return Range(ticks, ticks + 2 * kernel.TICK_NS)
    return Range(min(ticks, exact), max(ticks, exact))


def disk(s):
    told = kernel.pairs(f"/proc/{s.pid}/io")
    if not told or s.stat[11] + s.stat[13]:  # denied, or children's are in it
        return 0
    written = told["write_bytes"][0] - told["cancelled_write_bytes"][0]
    return READ * told["read_bytes"][0] + WRITTEN * max(0, written)


def score(s):
    """Who lives through changes was weighed by what it was at each time."""
    used = cpu_time(s)
    if s.label in ("changing", "ourselves", "init", "leaderless") or s.has_ended:
        return Range(used.low * BACKGROUND, used.high * BUSY + 2 * disk(s) + 10 ** 9)
    weight = BACKGROUND if s.stat[41] in (os.SCHED_BATCH, os.SCHED_IDLE) else BUSY
    return Range(used.low * weight + disk(s), used.high * weight + disk(s))


PROCESS = {
    "energy.score": Check(score),
    "energy.estimate": Check(lambda s: None, cause=lambda: not zones()),
}

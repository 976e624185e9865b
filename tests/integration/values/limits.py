"""Limits, by prlimit(2)."""
import resource

from values.check import NONE, Check
from values.subject import LIMITS

SECOND, MICROSECOND = 1_000_000_000, 1000
# The name in the catalog: the kernel's number, and its unit in that of the attribute.
NAMES = {
    "cpu": (0, SECOND), "file_size": (1, 1), "data": (2, 1), "stack": (3, 1), "core": (4, 1),
    "resident": (5, 1), "processes": (6, 1), "files": (7, 1), "locked": (8, 1),
    "address_space": (9, 1), "file_locks": (10, 1), "signals": (11, 1), "message_queues": (12, 1),
    "nice": (13, 1), "realtime_priority": (14, 1), "realtime_time": (15, MICROSECOND)}
TUNED = {number: (soft * unit, hard * unit) for number, unit, soft, hard in LIMITS}


def limit(number, unit, which):
    def reference(s):
        if s.label == "tuned" and number in TUNED:
            return TUNED[number][which] * unit
        if s.has_ended or not s.is_ours:
            return None
        try:
            value = resource.prlimit(s.pid, number)[which]
        except PermissionError:
            return None
        return NONE if value == resource.RLIM_INFINITY else value * unit
    return reference


PROCESS = {f"limit.{name}{suffix}": Check(limit(number, unit, which))
           for name, (number, unit) in NAMES.items() for which, suffix in ((0, ""), (1, "_max"))}

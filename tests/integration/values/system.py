"""The machine as a whole."""
import os
import time

from values import kernel
from values.check import Check, Range

LAG = 20_000_000 * os.cpu_count()  # ns: what runs at the moment is not in the clocks yet
ACCOUNTS = ("/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage")


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


SYSTEM = {"cpu.ended": Check(cpu_ended, cause=not_all_is_seen)}

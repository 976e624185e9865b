"""Table CPU: /proc and /sys read by hand, core by core."""
import os
import re

from values import hosts, kernel
from values.check import NONE, Check

CORES = "/sys/devices/system/cpu"
KHZ, MS, US = 1000, 1_000_000, 1000
TIMES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
UNKNOWN = (-1, 0xffff, 0x7fffffff, 0xffffffff)


def path(row, name):
    return f"{CORES}/{row.label}/{name}"


def number(name, scale=1):
    def reference(row):
        found = kernel.number(path(row, name))
        return NONE if found is None else found * scale
    return reference


def place(name):
    def reference(row):
        found = number(name)(row)
        return NONE if found in UNKNOWN else found
    return reference


def text(path):
    found = kernel.read(path)
    return NONE if found is None else found.decode().strip()


def word(name):
    return lambda row: text(path(row, name))


def node(row):
    found = [entry[4:] for entry in os.listdir(path(row, "")) if re.fullmatch(r"node\d+", entry)]
    return int(found[0]) if found else NONE


def listed(row, name):
    """Is the core in the list of one of Intel's units of counters?"""
    found = text(f"/sys/devices/{name}/cpus")
    ranges = [] if found is NONE else [part.split("-") for part in found.split(",")]
    return any(int(part[0]) <= row.cells["number"] <= int(part[-1]) for part in ranges)


def kind(row):
    for unit, name in (("cpu_core", "performance"), ("cpu_atom", "efficiency"),
                       ("cpu_lowpower", "low-power")):
        if listed(row, unit):
            return name
    all_cores = [kernel.number(f"{CORES}/{entry}/cpu_capacity") for entry in os.listdir(CORES)
                 if re.fullmatch(r"cpu\d+", entry)]
    known = [capacity for capacity in all_cores if capacity is not None]
    mine = kernel.number(path(row, "cpu_capacity"))
    if mine is None or min(known) > max(known) * 0.9:
        return NONE
    return "performance" if mine > max(known) * 0.9 else \
        "efficiency" if mine * 0.9 < min(known) else "middle"


def model(row):
    for block in kernel.read("/proc/cpuinfo").decode().split("\n\n"):
        lines = dict(re.findall(r"^([^\t:]+)\s*: *(.*)$", block, re.M))
        if lines.get("processor") == row.label[3:]:
            return lines.get("model name") or "{CPU implementer}/{CPU part}".format(**lines)
    return NONE


def ticks(work_out):
    """From the core's line of /proc/stat."""
    def reference(row):
        line = re.search(rf"^{row.label} (.*)$", kernel.read("/proc/stat").decode(), re.M)
        times = dict(zip(TIMES, map(int, line[1].split())))
        return work_out(times) * kernel.TICK_NS
    return reference


def one(name):
    return ticks(lambda times: times[name])


def busy(times):
    return sum(times[name] for name in ("user", "nice", "system", "irq", "softirq"))


def states(row):
    folder = path(row, "cpuidle")
    count = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    return [f"{folder}/state{at}" for at in range(count)]


def state_names(row):
    return ",".join(text(f"{state}/name") for state in states(row)) or NONE


def state_sum(name, scale=1):
    def reference(row):
        found = [kernel.number(f"{state}/{name}") for state in states(row)]
        return sum(found) * scale if found and None not in found else NONE
    return reference


def state_time(at):
    def reference(row):
        found = states(row)
        return kernel.number(f"{found[at]}/time") * US if -1 <= at < len(found) and found else NONE
    return reference


CPU = {
    "name": Check(lambda row: f"cpu{row.cells['number']}"),
    "number": Check(lambda row: int(row.label[3:])),
    "socket": Check(place("topology/physical_package_id")),
    "core": Check(place("topology/core_id")),
    "node": Check(node),
    "type": Check(kind),
    "siblings": Check(word("topology/thread_siblings_list")),
    "die": Check(place("topology/die_id")),
    "cluster": Check(place("topology/cluster_id")),
    "capacity": Check(number("cpu_capacity")),
    "model": Check(model),
    "time.busy": Check(ticks(busy)),
    "time.user": Check(ticks(lambda times: times["user"] - times["guest"])),
    "time.nice": Check(ticks(lambda times: times["nice"] - times["guest_nice"])),
    "time.iowait": Check(one("iowait"), 5 * 10 ** 7),  # may step back, and is held then
    "time.idle": Check(one("idle"), 5 * 10 ** 7),
    "frequency.min": Check(number("cpufreq/scaling_min_freq", KHZ)),
    "frequency.max": Check(number("cpufreq/scaling_max_freq", KHZ)),
    "frequency.hardware_min": Check(number("cpufreq/cpuinfo_min_freq", KHZ)),
    "frequency.hardware_max": Check(number("cpufreq/cpuinfo_max_freq", KHZ)),
    "frequency.governor": Check(word("cpufreq/scaling_governor")),
    "frequency.driver": Check(word("cpufreq/scaling_driver")),
    "idle.states": Check(state_names),
    "idle.time": Check(state_sum("time", US)),
    "idle.deepest_time": Check(state_time(-1)),
    "idle.entries": Check(state_sum("usage")),
    "throttle.count": Check(number("thermal_throttle/core_throttle_count")),
    "throttle.time": Check(number("thermal_throttle/core_throttle_total_time_ms", MS)),
}
CPU |= {f"time.{name}": Check(one(name)) for name in TIMES if f"time.{name}" not in CPU}
CPU |= {f"idle.state{at}": Check(state_time(at)) for at in range(8)}


def rates(table):
    """Of a core that sleeps and is hot, which this machine may not have."""
    host = hosts.Host("workstation")
    try:
        session = hosts.wire.Session(host.server)
        catalog = session.catalog()
        session.close()
        grow = [lambda: None] * 3 + [lambda: host.apply(host.folder / "cpu.3.tree")]
        hosts.check_derived(host.server, catalog, "CPU", "name", lambda _, *told: table.record(*told),
                            grow)
    finally:
        host.close()

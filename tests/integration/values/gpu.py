"""GPUs: this host may have none, so a substitute tree with the dump of one is asked."""
import json
import os
import threading
import time

from values import derived, hosts
from values.check import Cell, Check, Range

NAMES = ("time", "time_render", "time_compute", "time_copy", "time_video", "time_enhance",
         "time_other", "memory", "memory_shared", "memory_device", "memory_system", "devices",
         "source", "garbage")


def no_gpu():
    """No device file of a driver that could be read."""
    try:
        nodes = os.listdir("/sys/class/drm")
    except OSError:
        nodes = []
    return not any(node.startswith("renderD") for node in nodes) and not any(
        os.path.exists(path) for path in ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/kfd",
                                          "/dev/accel", "/dev/dxg"))


PROCESS = {f"gpu.{name}": Check(lambda s: None, cause=no_gpu) for name in NAMES}


# ----------------------------------------------------------------------- rates of table GPU

# The first rates come with the second look, which may be seconds after the first.
HOST, SECONDS, RATES = "laptop", 8, 3
# What grows so much a second, in the file's unit: the path, and what the rate must be then.
GROWTH = (("sys/devices/pci0000:00/0000:00:0b.0/npu_busy_time_us", 700_000, "busy.engines", 0.7),
          ("sys/devices/pci0000:00/0000:00:02.0/drm/card1/gt/gt0/rc6_residency_ms", 400,
           "busy.idle", 0.4),
          ("sys/devices/pci0000:00/0000:00:02.0/hwmon/hwmon2/energy1_input", 12_345_000,
           "power.average", 12_345))


class Growing:
    """A host whose counters grow with time."""

    def __init__(self):
        self.host = hosts.Host(HOST)
        self.paths = [(self.host.root / path, by) for path, by, *_ in GROWTH]
        for path, _ in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.grow)

    def grow(self):
        start = time.monotonic()
        while not self.ended.wait(0.005):
            for path, by in self.paths:
                new = path.with_name(path.name + ".new")
                new.write_text(f"{int((time.monotonic() - start) * by) + 100_000}\n")
                os.rename(new, path)

    def __enter__(self):
        self.thread.start()
        return self.host

    def __exit__(self, *error):
        self.ended.set()
        self.thread.join()
        self.host.close()


def mean_rates(host):
    """{attribute: (row, mean of its rates)}"""
    names = [name for *_, name, _ in GROWTH]
    text = host.server.procctl("subscribe", "-t", "gpu", "-a", ",".join(["name", *names]), "-i",
                               "1s", "-n", str(SECONDS), "-o", "jsonl")
    rows, found = [json.loads(line) for line in text.splitlines()], {}
    for name in names:
        rates = [row[name] for row in rows if row.get(name) is not None]
        label = next((row["name"] for row in rows if row.get(name) is not None), None)
        if len(rates) >= RATES:
            found[name] = label, sum(rates) / len(rates)
    return found


def rates_of_devices(table, attempts=6):
    """On average a rate is met to a tenth, unless this machine is too busy to write in time."""
    with Growing() as host:
        for attempt in range(attempts):
            found = mean_rates(host)
            if len(found) == len(GROWTH) and all(abs(found[name][1] - rate) < rate / 10
                                                 for *_, name, rate in GROWTH):
                break
    for *_, name, rate in GROWTH:
        label, mean = found.get(name, ("", None))
        table.record(name, label, Range(rate * 0.9, rate * 1.1),
                     Cell("ok" if mean is not None else "absent", mean))


def share_of_memory(table):
    host = hosts.Host("desktop")
    try:
        text = host.server.procctl("subscribe", "-t", "gpu", "-a", "name,memory.usage", "-n", "2",
                                   "-i", "200ms", "-o", "jsonl")
    finally:
        host.close()
    for row in map(json.loads, text.splitlines()):
        table.record("memory.usage", row["name"], derived.near(3456789504 / 25753026560),
                     Cell("ok", row["memory.usage"]))

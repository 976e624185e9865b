"""Meters, batteries and adapters: this host may have none, so machines made of files have them.

Where it has some they are read by hand, by the names that people know them by.
"""
import os
import pathlib

from values import derived, hosts, wire
from values.check import NONE, Cell, Check, Range, complaint

POWERCAP, HWMON, SUPPLIES = (pathlib.Path("/sys/class") / name
                             for name in ("powercap", "hwmon", "power_supply"))


def text(path):
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def number(path):
    told = text(path)
    return None if told is None else int(told)


# ---------------------------------------------------------------------------------- where it is

def zones():
    """The directory of each zone of RAPL, by name."""
    found = {}
    for prefix in ("intel-rapl-mmio:*", "intel-rapl:*"):
        for zone in POWERCAP.glob(prefix):
            outer = zone.name.split(":")
            names = [text(POWERCAP / ":".join(outer[:depth]) / "name")
                     for depth in range(2, len(outer) + 1)]
            if (zone / "energy_uj").exists():
                found[" ".join(names)] = zone
    return found


def sensors(kind):
    """(directory, channel) of each sensor that is no GPU's and no battery's, by name."""
    chips = []
    for hwmon in HWMON.glob("*"):
        place = hwmon if (hwmon / "name").exists() else hwmon / "device"
        subsystem = os.path.basename(os.path.realpath(hwmon / "device/subsystem"))
        if not (hwmon / "device/drm").exists() and subsystem != "power_supply":
            chips.append((text(place / "name"), place, os.path.basename(
                os.path.realpath(hwmon / "device"))))
    found = {}
    for name, place, device in chips:
        twin = sum(name == other for other, _, _ in chips) > 1
        for file in [*place.glob(f"{kind}[0-9]*_input"), *place.glob("power[0-9]*_average")]:
            channel = file.name.rsplit("_", 1)[0]
            if channel.startswith(kind):
                label = text(place / f"{channel}_label") or channel
                found[f"{name} {device} {label}" if twin else f"{name} {label}"] = place, channel
    return found


def supplies(*kinds):
    return {path.name: path for path in SUPPLIES.glob("*") if text(path / "type") in kinds}


def batteries():
    return supplies("Battery", "UPS")


def adapters():
    return supplies("Mains", "USB", "USB_C", "USB_PD", "Wireless")


# -------------------------------------------------------------------------------- what it must be

def kind(row):
    name = row.label
    if name in batteries():
        device = text(SUPPLIES / name / "scope") == "Device"
        return "device battery" if device else "battery"
    return "adapter" if name in adapters() else "rapl" if name in zones() else "hwmon"


def part_of(row):
    whole, _, part = row.label.partition(" ")
    return whole if row.label in zones() and part in ("core", "uncore") else NONE


def in_total(row):
    if row.label not in zones():
        return NONE
    return int(row.label.startswith("package") and row.label.split()[1:] in ([], ["dram"]))


def energy(row):
    """Its counter may have wrapped around since the server began with it."""
    found = sensors("energy")
    if row.label in zones():
        counter, range_ = (number(zones()[row.label] / name)
                           for name in ("energy_uj", "max_energy_range_uj"))
        return row.cells["energy.total"] and Range(
            (counter + row.cells["energy.total"] // 1000 // range_ * range_) * 1000,
            (counter + row.cells["energy.total"] // 1000 // range_ * range_) * 1000)
    if row.label in found:
        place, channel = found[row.label]
        return number(place / f"{channel}_input") * 1000
    return NONE


def supply(name, factor=1):
    def reference(row):
        told = number(SUPPLIES / row.label / name) if row.label in batteries() else None
        return NONE if told is None else told * factor
    return reference


def word(name):
    def reference(row):
        told = text(SUPPLIES / row.label / name) if row.label in batteries() else None
        return NONE if told in (None, "Unknown") else \
            told.lower() if name in ("status", "health") else told
    return reference


def online(row):
    return min(1, number(SUPPLIES / row.label / "online")) if row.label in adapters() else NONE


def by_hosts(row):
    """What a second look would not find the same: machines made of files show it."""


def none_of(*found):
    return lambda: not any(there() for there in found)


no_energy = none_of(zones, lambda: sensors("energy"))
no_power = none_of(lambda: sensors("power"), batteries, adapters)
no_limit = none_of(zones, lambda: sensors("power"))
no_battery, no_adapter = none_of(batteries), none_of(adapters)

POWER = {
    "name": Check(lambda row: row.label),
    "kind": Check(kind),
    "part_of": Check(part_of),
    "in_total": Check(in_total),
    "energy.total": Check(energy, slack=500 * 10 ** 9, cause=no_energy),  # a second of a rack
    "power.now": Check(by_hosts, cause=no_power),
    "power.limit": Check(by_hosts, cause=no_limit),
    "power.limit_short": Check(by_hosts, cause=no_limit),
    "battery.level": Check(supply("capacity", 0.01), slack=0.011, cause=no_battery),
    "battery.status": Check(word("status"), cause=no_battery),
    "battery.time_left": Check(by_hosts, cause=no_battery),
    "battery.time_to_full": Check(by_hosts, cause=no_battery),
    "battery.energy": Check(by_hosts, cause=no_battery),
    "battery.full": Check(by_hosts, cause=no_battery),
    "battery.design": Check(by_hosts, cause=no_battery),
    "battery.cycles": Check(by_hosts, cause=no_battery),
    "battery.health": Check(word("health"), cause=no_battery),
    "battery.technology": Check(word("technology"), cause=no_battery),
    "battery.manufacturer": Check(word("manufacturer"), cause=no_battery),
    "battery.model": Check(word("model_name"), cause=no_battery),
    "adapter.online": Check(online, cause=no_adapter),
}


# ----------------------------------------------------------------------------------------- derived

def derived_of_files(table, other):
    """power.average, and the shares of a battery, of machines made of files; energy.power and
    energy.impact of processes on one."""
    host = hosts.Host("laptop")
    try:
        session = wire.Session(host.server)
        catalog = session.catalog()
        session.close()

        def tell(_, name, label, expected, cell):
            table.record(name, label, expected, cell)

        hosts.check_derived(host.server, catalog, "POWER", "name", tell)
        rates(table, host)
    finally:
        host.close()
    host = hosts.Host("metered")
    try:
        work(other, host)
    finally:
        host.close()


def put(host, path, told):
    """At once, as a kernel does."""
    new = host.root / (path + ".new")
    new.write_text(f"{told}\n")
    os.rename(new, host.root / path)


def rates(table, host):
    """The two samples of a rate need not be as far apart as the frames, for a worker takes them
    when it comes to that: it must have come out right once."""
    start, row = 41234567890, "package-0"
    for attempt in range(5):
        with wire.Meanwhile(*[lambda at=at: put(
                host, "sys/class/powercap/intel-rapl:0/energy_uj", start + at * 5_000_000)
                for at in range(attempt * 30, attempt * 30 + 30)]):
            found = list(derived.pairs(host.server, (
                "subscribe", "-t", "power", "-a", "name,power.average,energy.total", "-i",
                "400ms", "-n", "7", "-o", "jsonl"), "name", row))
        for before, after, elapsed in found:
            if before["energy.total"] is None or not after["power.average"]:
                continue
            told = Cell("ok", after["power.average"])
            power = (after["energy.total"] - before["energy.total"]) / elapsed * 1000
            expected = Range(power * 0.95, power * 1.05)
            if not complaint(expected, told):
                table.record("power.average", row, expected, told)
                return
    raise AssertionError(f"power.average of {row}: {told} instead of {expected}")


def work(table, host):
    """One process uses 10 of 20 ticks, and half of 3 J."""
    line = text(host.root / "proc/700/stat")

    def step(at):
        put(host, "sys/class/powercap/intel-rapl:0/energy_uj", 1_000_000 + at * 3_000_000)
        put(host, "proc/700/stat", line.replace(" 300 100 ", f" {300 + at * 10} 100 "))
        put(host, "proc/stat", f"cpu  {5000 + at * 20} 100 900 70000 30 40 50 60 0 0\nprocesses 100")

    with wire.Meanwhile(*[lambda at=at: step(at) for at in range(1, 30)]):
        found = list(derived.pairs(host.server, (
            "subscribe", "-a", "energy.power,energy.estimate,energy.impact,energy.score", "-i",
            "400ms", "-n", "7", "-o", "jsonl"), "pid", 700))
    for before, after, elapsed in found:
        for name, (work_out, input_) in ENERGY.items():
            if before[input_] is not None and after[name] is not None:
                table.record(name, "working", work_out(before, after, elapsed),
                             Cell("ok", after[name]))


ENERGY = {name: derived.PROCESS[name] for name in ("energy.power", "energy.impact")}

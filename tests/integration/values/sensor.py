"""Sensors of this machine, if it has any, against files of /sys found here by name.

A row is found again by its chip and its label or channel, in hwmon only: where there is more than
one that fits there is no opinion. What no machine is sure to have is in the hosts made of files.
"""
import pathlib
import re

from values.check import Check, Range

HWMON = pathlib.Path("/sys/class/hwmon")
KINDS = {"temp": "temperature", "fan": "fan", "in": "voltage", "curr": "current",
         "humidity": "humidity"}


def text(path):
    try:
        return path.read_text().strip()
    except OSError:
        return None


def inputs():
    """(chip, label or channel, kind, path without "_input")"""
    for path in HWMON.glob("hwmon*/*_input"):
        match = re.fullmatch(r"(temp|fan|in|curr|humidity)(\d+)_input", path.name)
        if match:
            stem = path.with_name(match[1] + match[2])
            label = text(stem.with_name(stem.name + "_label")) or stem.name
            yield text(path.with_name("name")), label, KINDS[match[1]], stem


def stem_of(row):
    cells = row.cells
    if not cells["chip"]:
        return None
    found = [stem for chip, label, kind, stem in inputs()
             if (chip, kind) == (cells["chip"], cells["kind"])
             and label in (cells["label"], cells["name"].split(" ")[-1])]
    return found[0] if len(found) == 1 else None


def file(suffix, kind, whole=None, slack=0):
    """The number of a file; slack: what hardware may do between two reads of it, both ways."""
    def reference(row):
        stem = stem_of(row)
        if stem is None or row.cells["kind"] != kind:
            return None
        try:
            number = int(text(stem.with_name(stem.name + suffix)))
        except (TypeError, ValueError):
            return None
        return number / whole if whole else Range(number - slack, number + slack)
    return reference


def by_hand(row):
    """On the hosts made of files."""


SENSOR = {
    "name": Check(by_hand), "kind": Check(by_hand), "chip": Check(by_hand), "label": Check(by_hand),
    "device": Check(by_hand),
    "temperature": Check(file("_input", "temperature", slack=10_000)),
    "temperature.max": Check(file("_max", "temperature")),
    "temperature.crit": Check(file("_crit", "temperature")),
    "fan.speed": Check(file("_input", "fan", slack=300)),
    "fan.min": Check(file("_min", "fan")),
    "fan.max": Check(file("_max", "fan")),
    "voltage": Check(file("_input", "voltage", slack=500)),
    "voltage.min": Check(file("_min", "voltage")),
    "voltage.max": Check(file("_max", "voltage")),
    "current": Check(file("_input", "current", slack=20_000)),
    "current.max": Check(file("_max", "current")),
    "humidity": Check(file("_input", "humidity", whole=100_000), slack=0.05),
}

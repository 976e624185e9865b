"""What the files of promises share: how a promise is written down, and what it has measured.

    @promise("B5", "lying lengths cost nothing")
    def liars(figures):
        ...
        figures.exactly("sessions closed", closed, 4)
        figures.at_most("memory grown by", grown, 64, "KiB")
        figures.at_most("closed after", slowest, 100, "ms", timing=True)

The name is one of the list of promises in README.md. The number that is wanted stands once, in that
line: the runner's table is made of it. `make stress` measures all of it; its short form, which
.ci/run has, less of it: pick(short, whole) says how much. The short form runs on machines that
others use, too: a timing may be ten times what is wanted there, and is a figure all the same.
"""
import os
import sys
import time

SHORT = os.environ.get("STRESS") == "short"
SLACK = 10 if SHORT else 1

PROMISES = {}


class Skipped(Exception):
    """It cannot be measured here, and why."""


class Promise:
    def __init__(self, name, text, function, alone, whole_only, seconds):
        self.name, self.text, self.function = name, text, function
        self.alone, self.whole_only, self.seconds = alone, whole_only, seconds
        self.file = os.path.basename(sys.modules[function.__module__].__file__)


def promise(name, text, alone=False, whole_only=False, seconds=120):
    """alone: nothing else runs meanwhile, for what measures latency or the whole machine.
    whole_only: not in the short form. seconds: it hangs if it takes longer."""
    def declare(function):
        if name in PROMISES:
            sys.exit(f"promise {name} is in {PROMISES[name].file} already")
        PROMISES[name] = Promise(name, text, function, alone, whole_only, seconds)
        return function
    return declare


def pick(short, whole):
    return short if SHORT else whole


def cpu_seconds(pid):
    """That a process has used. As clock_getcpuclockid(3) makes it; Python has no function for that."""
    return time.clock_gettime(~pid << 3 | 2)


def show(value, unit=""):
    if isinstance(value, float):
        value = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    elif isinstance(value, int):
        value = f"{value:,}"
    return f"{value} {unit}".strip()


class Figures:
    """What one promise has measured, each beside what is wanted."""

    def __init__(self):
        self.wanted, self.measured, self.kept = [], [], True

    def _add(self, wanted, measured, kept):
        if wanted:
            self.wanted.append(wanted)
        self.measured.append(measured if kept else f"{measured} (MISSED)")
        self.kept = self.kept and kept

    def exactly(self, what, value, wanted, unit=""):
        self._add(f"{what} {show(wanted, unit)}", f"{what} {show(value, unit)}", value == wanted)

    def at_most(self, what, value, limit, unit="", timing=False):
        bound = limit * SLACK if timing else limit
        self._add(f"{what} <= {show(limit, unit)}", f"{what} {show(value, unit)}", value <= bound)

    def at_least(self, what, value, limit, unit="", timing=False):
        bound = limit / SLACK if timing else limit
        self._add(f"{what} >= {show(limit, unit)}", f"{what} {show(value, unit)}", value >= bound)

    def note(self, what, value, unit=""):
        """A figure that nothing is wanted of."""
        self._add(None, f"{what} {show(value, unit)}", True)

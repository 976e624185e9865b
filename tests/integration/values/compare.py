"""The registry of all checkers, and the comparison of what the server says with what they say."""
import collections
import time

from values import (coalition, cores, cpu, darwin, derived, disk, energy, files, gpu, identity,
                    ledger, limits, memory, network, power, region, sensor, server, system, thread)
from values.check import Absent, All, Range, between, complaint
from values.wire import pb

THEMES = (identity, cpu, memory, files, limits, gpu, energy, server, system, coalition, thread,
          cores, power, sensor, disk, network, region, ledger, darwin)
UNMEASURABLE = "not measured on Linux yet"  # which is no reason
# What a checker said of a cell: it is kept to see what the checker says of wrong cells.
Opinion = collections.namedtuple("Opinion", "label expected cell")

problems = []


def problem(text):
    problems.append(text)


class Table:
    """A table's part of the catalog, with the checkers of all themes."""

    def __init__(self, entries, name):
        self.name, self.number = name, pb.Table.Value(name)
        self.entries = {entry.name: entry for entry in entries if entry.table == self.number}
        self.checks, self.unmeasurable, self.sums, self.meanwhile = {}, set(), {}, ()
        for theme in THEMES:
            self.checks |= getattr(theme, name, {})
            suffix = "" if name == "PROCESS" else "_" + name
            self.unmeasurable |= set(getattr(theme, "UNMEASURABLE" + suffix, ()))
            self.sums |= getattr(theme, "SUMS" + suffix, {})
            self.meanwhile += getattr(theme, "MEANWHILE" + suffix, ())
        self.derived = set(getattr(derived, name, {}))
        self.opinions = collections.defaultdict(list)
        self.rows = []  # {attribute: value} of rows that were compared
        self.settled = set()  # attributes without value, for a reason that holds

    def ids(self, names):
        return [self.entries[name].id for name in names]

    def readable(self):
        return [name for name, entry in self.entries.items()
                if entry.state == pb.OK and name in self.checks]

    def registry_is_complete(self):
        checked = set(self.checks) | self.unmeasurable | self.derived | set(self.opinions)
        for name in sorted(set(self.entries) - checked):
            problem(f"{self.name} {name}: there is no checker")
        for name in sorted(checked - set(self.entries)):
            problem(f"{self.name} {name}: a checker for no attribute")
        for name, check in self.checks.items():
            entry = self.entries.get(name)
            if entry is None or entry.state == pb.OK or name in self.opinions:
                continue
            if entry.state == pb.UNSUPPORTED and entry.reason and check.cause and check.cause():
                self.settled.add(name)
            else:
                problem(f"{self.name} {name}: unsupported, though this host has it: {entry.reason}")

    def record(self, name, label, expected, cell):
        """Keeps what is right, and says what is wrong."""
        text = complaint(expected, cell)
        if text:
            problem(f"{self.name} {name} of {label}: {text}")
        else:
            self.opinions[name].append(Opinion(label, expected, cell))

    def sums_are_right(self):
        """Of each row by itself: the parts make the whole."""
        for name, parts in self.sums.items():
            rows = [row for row in self.rows if None not in map(row.get, (name, *parts))]
            if not rows:
                problem(f"{self.name} {name}: no row has all of its parts")
            for row in rows:
                if row[name] != sum(row[part] for part in parts):
                    problem(f"{self.name} {name}: {row[name]} is not the sum of "
                            f"{[row[part] for part in parts]}")

    def covered(self):
        """The attributes of which a value was found right, or that cannot have any."""
        seen = {name for name, opinions in self.opinions.items()
                if any(opinion.cell.state == "ok" for opinion in opinions)}
        return (seen | self.settled & self.unmeasurable) & set(self.entries)


def references(table, subjects, names):
    found = {}
    for subject in subjects:
        subject.forget()
        for name in names:
            found[subject.label, name] = table.checks[name].reference(subject)
    return found


def judge(table, subjects, names, sampled, before, after):
    """Returns the complaints, by subject and attribute."""
    wrong = {}
    for subject in subjects:
        row = sampled.of(subject.pid)
        if row is None:
            wrong |= {(subject.label, name): "there is no row" for name in names}
            continue
        table.rows.append({name: sampled.cell(row, table.entries[name].id).value
                           for name in names})
        for name in names:
            key = subject.label, name
            if before[key] is None or after[key] is None:
                continue
            expected = between(before[key], after[key])
            cell = sampled.cell(row, table.entries[name].id)
            text = complaint(expected, cell) if expected is not None else \
                f"it did not stand still: {before[key]!r}, {after[key]!r}"
            if text:
                wrong[key] = text
            else:
                table.opinions[name].append(Opinion(subject.label, expected, cell))
    return wrong


def compare(table, subjects, sample, patience_s=5):
    """Again and again, each time what was not right: what others do may disturb a comparison."""
    names, end = table.readable(), time.monotonic() + patience_s
    wrong = {(subject.label, name): "" for subject in subjects for name in names}
    while True:
        before = references(table, subjects, names)
        sampled = sample()
        after = references(table, subjects, names)
        found = judge(table, subjects, names, sampled, before, after)
        wrong = {key: found[key] for key in wrong if key in found}
        if not wrong or time.monotonic() > end:
            return wrong
        subjects = [subject for subject in subjects
                    if any(label == subject.label for label, _ in wrong)]
        names = [name for name in names if any(other == name for _, other in wrong)]

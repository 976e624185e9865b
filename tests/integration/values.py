#!/usr/bin/python3
"""Every attribute of the catalog is compared with a second source, or with a value by hand.

values/subject.py brings processes into known conditions; values/identity.py and its neighbours
name for each attribute what its value must be of each of them. An attribute without a checker
fails, and so does a checker without attribute. Then the checkers are checked: each has to
complain of a wrong number, and of any other attribute's number.
"""
import collections
import sys
import time
import traceback

sys.dont_write_bytecode = True
from values import (cpu, files, identity, limits, memory, population, wire)  # noqa: E402
from values.check import All, Cell, Check, between, complaint, width  # noqa: E402
from values.wire import pb  # noqa: E402

THEMES = (identity, cpu, memory, files, limits)
PATIENCE_S = 15
# What a checker said of a cell: it is kept to see what the checker says of wrong cells.
Opinion = collections.namedtuple("Opinion", "subject expected cell")

problems = []


def problem(text):
    problems.append(text)


class Table:
    """A table's part of the catalog, with the checkers of all themes."""

    def __init__(self, entries, name):
        self.name, self.number = name, pb.Table.Value(name)
        self.entries = {entry.name: entry for entry in entries if entry.table == self.number}
        self.checks, self.unmeasurable = {}, set()
        for theme in THEMES:
            self.checks |= getattr(theme, name, {})
            if name == "PROCESS":
                self.unmeasurable |= set(getattr(theme, "UNMEASURABLE", ()))
        self.opinions = collections.defaultdict(list)

    def registry_is_complete(self):
        checked = set(self.checks) | self.unmeasurable
        for name in sorted(set(self.entries) - checked):
            problem(f"{self.name} {name}: there is no checker")
        for name in sorted(checked - set(self.entries)):
            problem(f"{self.name} {name}: a checker for no attribute")

    def ids(self, names):
        return [self.entries[name].id for name in names]

    def readable(self):
        return [name for name, entry in self.entries.items()
                if entry.state == pb.OK and entry.kind != pb.DERIVED and name in self.checks]


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
        for name in names:
            key = subject.label, name
            if row is None:
                wrong[key] = "there is no row"
                continue
            expected = before[key], after[key]
            if None in expected:
                continue
            expected = between(*expected, table.checks[name].slack)
            if expected is None:
                wrong[key] = f"it did not stand still: {before[key]!r}, {after[key]!r}"
                continue
            cell = sampled.cell(row, table.entries[name].id)
            wrong[key] = complaint(expected, cell)
            if not wrong[key]:
                table.opinions[name].append(Opinion(subject.label, expected, cell))
    return {key: text for key, text in wrong.items() if text}


def compare(table, subjects, sample):
    """Again and again, each time what was not right: what others do may disturb a comparison."""
    names, end = table.readable(), time.monotonic() + PATIENCE_S
    wrong = {(subject.label, name): "" for subject in subjects for name in names}
    while True:
        before = references(table, subjects, names)
        sampled = sample()
        after = references(table, subjects, names)
        found = judge(table, subjects, names, sampled, before, after)
        wrong = {key: found[key] for key in wrong if key in found}
        if not wrong or time.monotonic() > end:
            return wrong
        subjects = [subject for subject in subjects if any(key[0] == subject.label for key in wrong)]


def compare_processes(server, table, people):
    pids = [subject.pid for subject in people.subjects]
    session = wire.Session(server)
    ids = table.ids(table.readable())
    wrong = compare(table, people.subjects,
                    lambda: session.ask(table.number, ids, pids=pids).next())
    for (label, name), text in wrong.items():
        problem(f"{table.name} {name} of {label}: {text}")
    session.close()


def main():
    server = wire.Server()
    people = population.Population()
    try:
        people.add_all()
        session = wire.Session(server)
        process = Table(session.catalog(), "PROCESS")
        process.registry_is_complete()
        compare_processes(server, process, people)
    except Exception:
        problem(traceback.format_exc())
    finally:
        people.close()
        server.close()
        wire.remove()
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()

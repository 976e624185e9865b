"""The tables about the memory of one process: REGION, FOOTPRINT, LEDGER. Processes that stand still,
one made of files, and what becomes of requests that cannot be answered."""
import subprocess
import time

from values import ledger, tree, wire
from values.check import between, complaint
from values.compare import problem
from values.region import (FOOTPRINT_BY_HAND, REGIONS_BY_HAND, SMAPS, Category, Region,
                           categorise)

LABELS = ("plain", "threads", "memory", "leaderless", "sharer", "reader", "vanished", "odd näme",
          "stranger", "kernel")
KEYS = {"REGION": "start", "FOOTPRINT": "category", "LEDGER": "name"}


# ------------------------------------------------------- what the rows of a process must be

def regions(subject):
    return [Region(m) for m in categorise(subject.entries or [])]


def categories(subject):
    """By what they are for, and its page tables."""
    found = {}
    for m in categorise(subject.entries or []):
        found.setdefault(m.category, []).append(m)
    rows = [Category(name, parts) for name, parts in found.items()]
    if subject.has_memory:
        rows.append(Category("page tables", [], subject.status["VmPTE"][0]))
    return rows


def accounts(subject):
    return [ledger.Account(subject, name) for name in ledger.ACCOUNTS]


ROWS = {"REGION": regions, "FOOTPRINT": categories, "LEDGER": accounts}


def references(table, subject):
    """{row's key: {attribute: what it must be}}"""
    subject.forget()
    return {row.key: {name: table.checks[name].reference(row) for name in table.readable()}
            for row in ROWS[table.name](subject)}


# -------------------------------------------------------------------------- at rest

def by_key(table, sampled):
    number = table.entries[KEYS[table.name]].id
    return {sampled.cell(row, number).value: row for row in sampled.rows.values()}


def judge(table, subject, sampled, before, after):
    """(what is wrong, what is right)"""
    rows = by_key(table, sampled)
    if sampled.frame.incomplete or sampled.frame.unsampled:
        return [f"{subject.label}: incomplete"], []
    if set(rows) != set(before) or set(rows) != set(after):
        return [f"{subject.label}: {sorted(set(rows) ^ set(before))}: rows of one side only"], []
    wrong, right = [], []
    if {row["pid"] for row in rows.values()} - {subject.pid}:
        wrong.append(f"{subject.label}: a row is not of its process")
    for key, row in rows.items():
        for name, early in before[key].items():
            late = after[key][name]
            if early is None or late is None:
                continue
            expected = between(early, late)
            cell = sampled.cell(row, table.entries[name].id)
            label = f"{subject.label} {key}"
            told = complaint(expected, cell) if expected is not None else "it did not stand still"
            if told:
                wrong.append(f"{name} of {label}: {told}")
            else:
                right.append((name, label, expected, cell))
    return wrong, right


def at_rest(own, table, subject, patience_s=5):
    session, end = wire.Session(own), time.monotonic() + patience_s
    while True:
        before = references(table, subject)
        sampled = session.ask(table.number, table.ids(table.readable()),
                              target_pid=subject.pid).next()
        wrong, right = judge(table, subject, sampled, before, references(table, subject))
        if not wrong or time.monotonic() > end:
            break
    for told in wrong:
        problem(f"{table.name} {told}")
    for told in right:
        table.record(*told)
    if table.name == "LEDGER":
        meanings(table, sampled)
    session.close()


def meanings(table, sampled):
    """A sentence that begins with the file where it comes from."""
    number, seen = table.entries["meaning"].id, set()
    for name, row in by_key(table, sampled).items():
        told = sampled.cell(row, number)
        file = ledger.ACCOUNTS[name][2]
        if told.state != "ok" or not told.value.startswith(file) or not told.value.endswith("."):
            problem(f"{table.name} meaning of {name}: {told}")
        seen.add(told.value)
        table.record("meaning", name, told.value, told)
    if len(seen) != len(ledger.ACCOUNTS):
        problem(f"{table.name}: {len(seen)} meanings of {len(ledger.ACCOUNTS)} accounts")


# -------------------------------------------------------------------------- by hand

def record(table, sampled, expected):
    rows = by_key(table, sampled)
    for key, values in expected.items():
        if key not in rows:
            problem(f"{table.name}: no row {key} by hand, only {sorted(map(str, rows))}")
            continue
        for name, value in values.items():
            table.record(name, f"hand {key}", value,
                         sampled.cell(rows[key], table.entries[name].id))


def by_hand(tables):
    """All that is read from files, on a tree of files."""
    files = tree.Tree()
    files.put(f"{tree.PID}/smaps", SMAPS)
    files.put(f"{tree.PID}/smaps_rollup", ledger.ROLLUP)
    own = wire.Server("--procfs", str(files.procfs), "--sysfs", str(files.sysfs))
    expected = {"REGION": REGIONS_BY_HAND, "FOOTPRINT": FOOTPRINT_BY_HAND,
                "LEDGER": {name: {"balance": value} for name, value in ledger.BY_HAND.items()}}
    try:
        for name, rows in expected.items():
            record(tables[name], ask_by_hand(own, tables[name]), rows)
        put_cgroup(files)
        record(tables["LEDGER"], ask_by_hand(own, tables["LEDGER"]), {
            name: {"balance": value} for _, _, values in ledger.CGROUP_BY_HAND
            for name, value in values.items()})
    finally:
        own.close()
        files.close()


def ask_by_hand(own, table):
    session = wire.Session(own)
    names = [name for name in table.entries if name not in table.unmeasurable]
    sampled = session.ask(table.number, table.ids(names), target_pid=tree.PID).next()
    session.close()
    return sampled


def put_cgroup(files):
    """A hierarchy that is mounted where it can be read."""
    place = files.root / "cgroup"
    files.put("self/cgroup", "0::/\n")
    files.put("self/mountinfo", f"40 30 0:30 / {place} rw - cgroup2 cgroup2 rw\n")
    for name, text, _ in ledger.CGROUP_BY_HAND:
        path = place / "hand/made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


# -------------------------------------------------------------------------- refused

def told_of(own, table, interval_ns=0, meanwhile=None, **target):
    session = wire.Session(own)
    asked = session.ask(table.number, table.ids([KEYS[table.name]]), interval_ns, **target)
    if meanwhile:
        asked.next()
        meanwhile()
    told = session.error()
    session.close()
    return told


def refused(own, table):
    process = subprocess.Popen(["sleep", "86400"])

    def kill():
        process.kill()
    found = [told_of(own, table, 100_000_000, kill, target_pid=process.pid),
             told_of(own, table, target_pid=process.pid)]
    process.wait()
    found += [told_of(own, table, target_pid=process.pid), told_of(own, table),
              told_of(own, table, target_pid=1, pids=[1])]
    gone = f"process {process.pid} is not alive"
    expected = ["the process has ended", gone, gone,
                f"table {table.name.lower()} describes one process: set target_pid",
                "target_pid names the only process that such a table is about: leave pids away"]
    if found != expected:
        problem(f"{table.name}: {found} instead of {expected}")


def check(own, tables, people):
    for name in ROWS:
        for subject in people.subjects:
            if subject.label in LABELS:
                at_rest(own, tables[name], subject)
        refused(own, tables[name])
    by_hand(tables)

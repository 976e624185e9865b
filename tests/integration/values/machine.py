"""Tables of the machine, on this one: each row of each table against a second source.

A theme names its table's checkers, NAME = {"attribute": Check(reference)}; reference(row) gets a
Row and says what its value must be: before the server was asked, and after.
"""
import time

from values import coalition, hosts, wire
from values.check import between, complaint
from values.compare import problem
from values.wire import pb

# The attribute by which people tell the rows of a table apart.
KEYS = {"SYSTEM": "host.name", "COALITION": "id", "CPU": "name", "GPU": "name", "POWER": "name",
        "SENSOR": "name", "DISK": "name", "NETWORK": "name"}
# What has a scenario of its own.
OTHERWISE = {("SYSTEM", "cpu.ended"), ("SYSTEM", "cpu.ended_usage")}
# Machines made of files on which the counters of a table all grow in its second step.
RATES = [("virtual", "SYSTEM"), ("laptop", "COALITION"), ("grouped", "COALITION")]


class Row:
    """What the server said of a row the last time: values by attribute, None where there is none."""

    def __init__(self, table, sampled, row):
        self.cells = {name: sampled.cell(row, table.entries[name].id).value
                      for name in table.readable()}
        self.identity = row["identity"]
        key = KEYS[table.name]
        self.label = str(self.cells[key]) if key else "machine"


def references(table, rows, names):
    return {(row.identity, name): table.checks[name].reference(row)
            for row in rows for name in names}


def judge(table, sampled, rows, names, before, after):
    wrong = {}
    found = {row["identity"]: row for row in sampled.rows.values()}
    for row in rows:
        for name in names:
            early, late = before[row.identity, name], after[row.identity, name]
            if row.identity not in found or early is None or late is None:
                continue
            expected = between(early, late, table.checks[name].slack)
            cell = sampled.cell(found[row.identity], table.entries[name].id)
            text = complaint(expected, cell) if expected is not None else \
                f"it did not stand still: {early!r}, {late!r}"
            if text:
                wrong[row.label, name] = text
            else:
                table.record(name, row.label, expected, cell)
    return wrong


def compare_rows(own, table, patience_s=6):
    """Again and again, until all was right once: what others do may disturb a comparison."""
    names = [name for name in table.readable() if (table.name, name) not in OTHERWISE]
    if not names:
        return
    session = wire.Session(own)
    asked = session.ask(table.number, table.ids(table.readable()), 100_000_000)
    sampled, end = asked.next(), time.monotonic() + patience_s
    wrong = {None: ""}
    while wrong and time.monotonic() < end:
        rows = [Row(table, sampled, row) for row in sampled.rows.values()]
        before = references(table, rows, names)
        sampled = asked.next()
        wrong = judge(table, sampled, rows, names, before, references(table, rows, names))
        names = [name for name in names if any(other == name for _, other in wrong)]
    for (label, name), text in wrong.items():
        problem(f"{table.name} {name} of {label}: {text}")
    session.close()


def check(own, catalog, tables):
    def tell(table, name, label, expected, cell):
        tables[table].record(name, label, expected, cell)

    for text in hosts.check_all(tell):
        problem(text)
    for host, table in RATES:
        hosts.check_rates(host, table, tell)
    coalition.parents(tables["COALITION"])
    for name, key in KEYS.items():
        if name not in tables:
            continue
        compare_rows(own, tables[name])
        if key:
            hosts.check_derived(own, catalog, name, key, tell, tables[name].meanwhile)

"""Machines made of files: what each table must say of them, worked out by hand.

tests/fixtures/hosts/README.md tells how they are written.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import tempfile
import time

from values import derived, wire
from values.check import Absent, complaint
from values.wire import ROOT, pb

FOLDER = ROOT / "tests/fixtures/hosts"
INTERVAL = 100_000_000
PATIENCE_S = 8


def entries(text):
    """(path, kind, value) of a .tree file: kind is "=", "->" or "-" (the path goes)."""
    lines = iter(text.splitlines())
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if line.endswith(" <<"):
            body = []
            for inner in lines:
                if inner == ">>":
                    break
                body.append(inner + "\n")
            yield line[:-3], "=", "".join(body)
        elif line.endswith(" -"):
            yield line[:-2], "-", None
        elif line.endswith("/"):
            yield line, "/", None
        else:
            path, kind, value = re.match(r"(\S+) (=|->)(?: (.*))?$", line).groups()
            yield path, kind, (value or "") + ("\n" if kind == "=" else "")


class Host:
    """One of them as files, with a server that looks at nothing else."""

    def __init__(self, name):
        self.name, self.folder = name, FOLDER / name
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="values.", dir="/tmp"))
        for directory in ("proc", "sys"):
            (self.root / directory).mkdir()
        self.apply(FOLDER / "common.tree")
        for path in sorted(self.folder.glob("*.tree")):
            if len(path.suffixes) == 1:
                self.apply(path)
        self.server = wire.Server("--procfs", str(self.root / "proc"), "--sysfs",
                                  str(self.root / "sys"), environment=self.environment())

    def environment(self):
        """What the server is told by its environment."""
        path = self.folder / "environment"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.replace("{BUILD}", str(wire.BUILD)).split("=", 1) for line in lines]

    def apply(self, path):
        for name, kind, value in entries(path.read_text()):
            place = self.root / name
            if kind == "-":
                shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
                continue
            (place if kind == "/" else place.parent).mkdir(parents=True, exist_ok=True)
            new = place.with_name(place.name + ".new")
            if kind == "->":
                new.symlink_to(value)
            elif kind == "=":
                new.write_text(value)
            if kind != "/":
                os.rename(new, place)

    def expected(self):
        """(table, step, rows) of each .json file; step 1 has no number in its name."""
        for path in sorted(self.folder.glob("*.json")):
            name, *step = path.name.split(".")[:-1]
            yield name.upper(), int(step[0]) if step else 1, json.loads(path.read_text())

    def close(self):
        self.server.close()
        shutil.rmtree(self.root, ignore_errors=True)


def names():
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def as_expected(value):
    if value is None:
        return Absent(("none",))
    return Absent((value["state"],)) if isinstance(value, dict) else value


def judge(sampled, ids, rows):
    """(what is wrong, [(row's key, attribute, expected, cell)])."""
    key = next(iter(rows[0])) if rows else None
    found = {sampled.cell(row, ids[key]).value: row for row in sampled.rows.values()} if rows else {}
    wrong, seen = [], []
    if len(sampled.rows) != len(rows):
        wrong.append(f"{len(sampled.rows)} rows instead of {len(rows)}: {sorted(map(str, found))}")
    for row in rows:
        if row[key] not in found:
            wrong.append(f"no row {row[key]}")
            continue
        for name, value in row.items():
            cell = sampled.cell(found[row[key]], ids[name])
            text = complaint(as_expected(value), cell)
            if text:
                wrong.append(f"{name} of {row[key]}: {text}")
            seen.append((row[key], name, as_expected(value), cell))
    return wrong, seen


def follow(host, table, steps, ids_of, tell):
    """Subscribes to what the steps name, and goes through them. tell(...) gets what was right."""
    ids = ids_of(table)
    unknown = {name for rows in steps.values() for row in rows for name in row} - set(ids)
    if unknown:
        return [f"{host.name} {table}: there is no attribute {', '.join(sorted(unknown))}"]
    wanted = sorted({ids[name] for rows in steps.values() for row in rows for name in row})
    session, problems = wire.Session(host.server), []
    asked = session.ask(pb.Table.Value(table), wanted, INTERVAL)
    for step, rows in sorted(steps.items()):
        if step > 1:
            host.apply(host.folder / f"{table.lower()}.{step}.tree")
        end = time.monotonic() + PATIENCE_S
        while True:
            wrong, seen = judge(asked.next(), ids, rows)
            if not wrong or time.monotonic() > end:
                break
        problems += [f"{host.name} {table}, step {step}: {text}" for text in wrong]
        if not wrong:
            for key, name, expected, cell in seen:
                tell(table, name, f"{host.name} {step} {key}", expected, cell)
    session.close()
    return problems


def check(name, tell):
    """All tables of one host; returns what is wrong."""
    host = Host(name)
    try:
        session = wire.Session(host.server)
        catalog = session.catalog()
        session.close()
        tables = {}
        for table, step, rows in host.expected():
            tables.setdefault(table, {})[step] = rows

        def ids_of(table):
            return {entry.name: entry.id for entry in catalog
                    if entry.table == pb.Table.Value(table) and entry.kind != pb.DERIVED}
        wrong = [text for table, steps in tables.items()
                 for text in follow(host, table, steps, ids_of, tell)]
        for table, steps in tables.items():
            if steps[1]:
                check_derived(host.server, catalog, table, next(iter(steps[1][0])),
                              lambda table, attribute, key, expected, cell:
                              tell(table, attribute, f"{name} {key}", expected, cell))
        return wrong
    finally:
        host.close()


def check_all(tell, wanted=()):
    """Of all hosts, or of these: side by side, for mostly they wait. Returns what is wrong."""
    with concurrent.futures.ThreadPoolExecutor(len(names())) as pool:
        return [text for wrong in pool.map(lambda name: check(name, tell), wanted or names())
                for text in wrong]


# ------------------------------------------------------------------------------ derived

def compute(entry, by_id, before, after, elapsed):
    """What a derived attribute must be, from two rows of procctl; None: nothing to say."""
    first, second = by_id[entry.input].name, by_id[entry.other].name if entry.other else None
    if entry.rule == pb.AGE:
        return after[first] and derived.nanoseconds(after["time"]) - after[first]
    if entry.rule == pb.SHARE:
        if after[first] is None or not after[second]:
            return None
        return derived.near(after[first] / after[second])
    if before[first] is None or after[first] is None:
        return None
    if entry.rule == pb.AGE:
        return derived.nanoseconds(after["time"]) - after[first]
    growth = after[first] - before[first]
    if entry.rule == pb.MEAN:
        if before[second] is None or after[second] is None or after[second] == before[second]:
            return None
        return derived.near(growth / (after[second] - before[second]))
    factor = {pb.RATE: 10 ** 9, pb.CPU_RATE: 1, pb.POWER_RATE: 1000}.get(entry.rule)
    return None if factor is None else derived.near(growth / elapsed * factor)


def check_derived(server, catalog, table, key, tell, meanwhile=(), more=()):
    """Each derived attribute of a table, of rows told apart by the attribute `key`; procctl gets
    `more`."""
    mine = [entry for entry in catalog if entry.table == pb.Table.Value(table)]
    by_id = {entry.id: entry for entry in mine}
    computed = [entry for entry in mine if entry.kind == pb.DERIVED and entry.state == pb.OK]
    if not computed:
        return
    wanted = {key} | {entry.name for entry in computed} | \
        {by_id[number].name for entry in computed for number in (entry.input, entry.other) if number}
    with wire.Meanwhile(*meanwhile):
        text = server.procctl("subscribe", "-t", table.lower(), "-a", ",".join(sorted(wanted)),
                              "-i", "200ms", "-n", "6", "-o", "jsonl", *more)
    latest = {}
    for row in map(json.loads, text.splitlines()):
        before = latest.get(row[key])
        latest[row[key]] = row
        if before is None:
            continue
        elapsed = derived.nanoseconds(row["time"]) - derived.nanoseconds(before["time"])
        for entry in computed:
            expected = compute(entry, by_id, before, row, elapsed)
            if expected is not None and row[entry.name] is not None and (
                    entry.cost != pb.SLOW and all(by_id[number].cost != pb.SLOW for number in
                                                  (entry.input, entry.other) if number)
                    or entry.rule in (pb.SHARE, pb.MEAN)):
                tell(table, entry.name, str(row[key]), expected, wire.Cell("ok", row[entry.name]))


def check_rates(name, table, tell):
    """The derived attributes of a table of one host, while its other steps come."""
    host = Host(name)
    try:
        session = wire.Session(host.server)
        catalog = session.catalog()
        session.close()
        rows = next(rows for found, step, rows in host.expected() if (found, step) == (table, 1))

        steps = [lambda path=path: host.apply(path)
                 for path in sorted(host.folder.glob(f"{table.lower()}.[0-9].tree"))]

        def record(table, attribute, key, expected, cell):
            tell(table, attribute, f"{name} 2 {key}", expected, cell)
        # After the first frames.
        check_derived(host.server, catalog, table, next(iter(rows[0])), record,
                      [lambda: None] * 4 + [steps[0]] + [lambda: None] * 2 + steps[1:])
    finally:
        host.close()

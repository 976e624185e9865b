#!/usr/bin/python3
"""Every attribute of the catalog is compared with a second source, or with a value by hand.

values/subject.py brings processes into known conditions; values/identity.py and its neighbours
name for each attribute what its value must be of each of them. An attribute without a checker
fails, and so does a checker without attribute. Then the checkers are checked: each has to
complain of a wrong number, and of any other attribute's number.
"""
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
from values import (cores, derived, gpu, identity, machine, population, power,  # noqa: E402
                    server, targets, threads, tree, wire)
from values.check import NONE, Absent, Cell, Range, between, complaint  # noqa: E402
from values.compare import UNMEASURABLE, Table, compare, problem, problems  # noqa: E402
from values.proof import prove  # noqa: E402
from values.wire import pb  # noqa: E402

INTERVAL = 100_000_000


def explain(table, wrong, when=""):
    for (label, name), text in wrong.items():
        problem(f"{table.name} {name} of {label}{when}: {text}")


def rows_are_told_apart(own, table):
    """By their identities, which a kernel without numbers for processes leaves to the server."""
    session = wire.Session(own)
    asked = session.ask(table.number, table.ids(["pid"])).next()
    identity.identities |= {row["pid"]: row["identity"] for row in asked.rows.values()}
    if len(set(identity.identities.values())) != len(asked.rows):
        problem(f"{table.name}: two processes have the same identity")
    session.close()


def processes_at_rest(own, table, people):
    session = wire.Session(own)
    ids, pids = table.ids(table.readable()), [subject.pid for subject in people.subjects]
    explain(table, compare(table, people.subjects,
                           lambda: session.ask(table.number, ids, pids=pids).next()))
    session.close()


def process_that_changes(own, table, people):
    """A subscription must see what it does, and what is done to it while it sleeps."""
    session, subject = wire.Session(own), people["changing"]
    asked = session.ask(table.number, table.ids(table.readable()), INTERVAL, [subject.pid])
    footprint = table.checks["mem.footprint"].reference

    def follow(word):
        explain(table, compare(table, [subject], asked.next, patience_s=8), f" after {word}")

    asked.next()
    subject.ask("grow")
    subject.forget()
    subject.facts["footprint_peak"] = footprint(subject)
    follow("grow")
    for word in ("shrink", "change"):
        subject.ask(word)
        follow(word)
    population.change_from_outside(subject)
    follow("what others did")
    session.close()


def numbers_by_hand(table):
    """All that is read from files, on a tree of files."""
    files = tree.Tree()
    own = wire.Server("--procfs", str(files.procfs), "--sysfs", str(files.sysfs))
    try:
        session = wire.Session(own)
        names = [name for name in tree.EXPECTED if name in table.entries]
        there = Table(session.catalog(), table.name)
        asked = session.ask(table.number, table.ids(names), INTERVAL).next()
        for name in names:
            expected, row = tree.EXPECTED[name], asked.of(tree.PID)
            table.record(name, "hand", Absent(("none",)) if expected is None else expected,
                         asked.cell(row, table.entries[name].id))
            if there.entries[name].state != pb.OK:
                problem(f"{table.name} {name}: unsupported where its file is")
        files.set_render(10 ** 15)
        end = time.monotonic() + 5
        garbage = table.entries["gpu.garbage"].id
        while asked.cell(asked.of(tree.PID), garbage) != Cell("ok", 1) and time.monotonic() < end:
            asked.next()
        table.record("gpu.garbage", "absurd", 1, asked.cell(asked.of(tree.PID), garbage))
        session.close()
    finally:
        own.close()
        files.close()


def unmeasurable(own, table):
    """The catalog says why, and no row of any process has a value."""
    session = wire.Session(own)
    names = sorted(table.unmeasurable & set(table.entries))
    target = {"target_pid": os.getpid()} if table.name in targets.ROWS else {}
    sent = [name for name in names if table.entries[name].kind != pb.DERIVED]
    asked = session.ask(table.number, table.ids(sent), **target).next() if sent else None
    for name in names:
        entry = table.entries[name]
        if entry.state != pb.UNSUPPORTED or len(entry.reason) < 10 or entry.reason == UNMEASURABLE:
            problem(f"{table.name} {name}: no reason why it is unsupported")
        table.settled.add(name)
        if name not in sent or not asked.rows:  # derived by the client, or no such device
            continue
        states = {asked.cell(row, entry.id) for row in asked.rows.values()}
        if states != {Cell("unsupported", None)}:
            problem(f"{table.name} {name}: {states} instead of unsupported")
    session.close()


def rates(own, tables, people):
    """Of a process that spins, of one that reads and writes, and of the server."""
    spins, writes = people["threads"], people["changing"]
    for names, subject, word in (("age,start.time,cpu.usage,cpu.total", spins, None),
                                 ("disk,disk.read,disk.written", writes, "store")):
        arguments = ("subscribe", "-a", names, "-p", str(subject.pid), "-i", "200ms", "-n", "4",
                     "-o", "jsonl")
        with wire.Meanwhile(lambda: word and subject.ask(word)):
            found = list(derived.pairs(own, arguments, "pid", subject.pid))
        judge_rates(tables["PROCESS"], derived.PROCESS, found, subject.label)
    found = list(derived.pairs(own, ("subscribe", "-t", "server", "-a", "name,cpu,cpu_usage", "-i",
                                     "200ms", "-n", "4", "-o", "jsonl"), "name", "total"))
    judge_rates(tables["SERVER"], derived.SERVER, found, "total")


def rates_of_gpu(table):
    files = tree.Tree()
    own = wire.Server("--procfs", str(files.procfs), "--sysfs", str(files.sysfs))
    try:
        with wire.Meanwhile(*[lambda step=step: files.set_render(step * 10 ** 7)
                              for step in range(1, 9)]):
            found = list(derived.pairs(own, ("subscribe", "-a", "gpu.usage,gpu.time", "-i", "200ms",
                                             "-n", "5", "-o", "jsonl"), "pid", tree.PID))
        judge_rates(table, derived.PROCESS, found, "hand")
    finally:
        own.close()
        files.close()


def judge_rates(table, rules, found, label):
    if len(found) < 3:
        problem(f"{table.name}: {len(found)} pairs of rows of {label}")
    for before, after, elapsed in found:
        for name, (work_out, needed) in rules.items():
            if needed in after and name in after and after[needed] is not None:
                cell = Cell("ok" if after[name] is not None else "absent", after[name])
                table.record(name, label, work_out(before, after, elapsed), cell)


def ended(own, table):
    """Of what has ended since: a child of ours, among others."""
    if "cpu.ended" not in table.readable():
        return
    session = wire.Session(own)
    for _ in range(2):
        for attempt in range(5):
            before = table.checks["cpu.ended"].reference(None)
            asked = session.ask(table.number, table.ids(["cpu.ended"])).next()
            expected = between(before, table.checks["cpu.ended"].reference(None))
            cell = asked.cell(next(iter(asked.rows.values())), table.entries["cpu.ended"].id)
            if not complaint(expected, cell):
                break
        table.record("cpu.ended", "machine", expected, cell)
        population.work_and_end()
    session.close()
    with wire.Meanwhile(*[population.work_and_end] * 3):
        found = list(derived.pairs(own, ("subscribe", "-t", "system", "-a",
                                         "cpu.ended,cpu.ended_usage", "-i", "200ms", "-n", "5",
                                         "-o", "jsonl"), None, None))
    judge_rates(table, derived.SYSTEM, found, "machine")


def exits_are_told(own, tables):
    """Which means there are is only said while somebody wants to know of ended processes."""
    session, table = wire.Session(own), tables["SERVER"]
    session.ask(pb.PROCESS, tables["PROCESS"].ids(["comm"]), INTERVAL, exits=True).next()
    looker = wire.Session(own)
    look = looker.ask(table.number, table.ids(["name", "exits"])).next()
    for row in look.rows.values():
        cell = look.cell(row, table.entries["exits"].id)
        if look.cell(row, table.entries["name"].id).value == "total":
            table.record("exits", "total, asked", server.means_of_exits(cell.value), cell)
    looker.close()
    session.close()


def itself(tables, people):
    """Tables SERVER and SESSION."""
    own = wire.Server("--debug", "--budget", "100")  # or an ordinary user may not see its descriptors
    still = [people[label] for label in ("plain", "memory", "sharer", "sockets", "tuned")]
    try:
        scenario = server.Scenario(own, tables["PROCESS"], still)
        scenario.wait_for_deaf(tables["SESSION"])
        looks = [scenario.look(tables[name]) for name in ("SERVER", "SESSION")]
        scenario.drain(max(look.tick for look in looks))
        scenario.held_back = server.of_requests(looks[1])
        rows = [looks[0].row("name", name) for name in
                ("total", "process.oom_score", "process.io")]
        rows += [looks[1].row("client", name, scenario.watches[name].table.request)
                 for name in scenario.watches]
        for row in rows:
            table = row.look.table
            for name in table.readable():
                expected = table.checks[name].reference(row)
                if expected is not None:
                    table.record(name, row.label, expected, row.look.sampled.cell(
                        row.cells, table.entries[name].id))
        scenario.close()
    finally:
        own.close()


def hanging_read(table):
    """A command line that never comes costs one worker and one failure."""
    files = tree.Tree()
    own = wire.Server("--procfs", str(files.procfs), "--sysfs", str(files.sysfs))
    try:
        session = wire.Session(own)
        files.hang("cmdline")
        process = Table(session.catalog(), "PROCESS")
        watch = session.ask(process.number, process.ids(["cmdline"]), 3600 * 10 ** 9)
        watch.next()
        looks, end = 0, time.monotonic() + 10
        while True:
            look = session.ask(table.number, table.ids(table.readable())).next()
            totals = [look.cell(row, table.entries["workers_stuck"].id).value
                      for row in look.rows.values()]
            if looks > 3 and 1 in totals or time.monotonic() > end:
                break
            looks += 1
        for row in look.rows.values():
            name = look.cell(row, table.entries["name"].id).value
            known = {"total": {"failures": 1, "workers_stuck": 1, "stretched": 0, "slow_stretched": 0, "rows": 1 + len(look.rows),
                               "ticks": Range(look.frame.tick - 1, look.frame.tick),
                               "frames": 1 + looks, "encodes": 1 + looks, "held_back": 0,
                               "sessions": 1, "subscriptions": 2, "exits_dropped": 0},
                     "process.cmdline": {"failures": 1, "workers_stuck": NONE}}.get(name, {})
            for attribute, value in known.items():
                table.record(attribute, f"{name}, hanging", value,
                             look.cell(row, table.entries[attribute].id))
        session.close()
    finally:
        own.close()
        files.close()


def check_all(own, people, catalog, tables):
    process = tables["PROCESS"]
    machine.check(own, catalog, tables)
    if "CPU" in tables:
        cores.rates(tables["CPU"])
    if "THREAD" in tables:
        threads.check(own, catalog, tables["THREAD"], people)
    if "GPU" in tables:
        gpu.rates_of_devices(tables["GPU"])
        gpu.share_of_memory(tables["GPU"])
    power.derived_of_files(tables["POWER"], process)
    for table in tables.values():
        table.registry_is_complete()
        unmeasurable(own, table)
    numbers_by_hand(process)
    rows_are_told_apart(own, process)
    processes_at_rest(own, process, people)
    process_that_changes(own, process, people)
    rates(own, tables, people)
    rates_of_gpu(process)
    if "SYSTEM" in tables:
        ended(own, tables["SYSTEM"])
    itself(tables, people)
    exits_are_told(own, tables)
    hanging_read(tables["SERVER"])
    if "REGION" in tables:
        targets.check(own, tables, people)
    for table in tables.values():
        table.sums_are_right()
        prove(table)


def main():
    own, people, tables = wire.Server(), population.Population(), {}
    try:
        people.add_all()
        session = wire.Session(own)
        catalog = session.catalog()
        names = {pb.Table.Name(entry.table) for entry in catalog}
        tables = {name: Table(catalog, name) for name in sorted(names)}
        session.close()
        check_all(own, people, catalog, tables)
    except Exception:
        problem(traceback.format_exc())
    finally:
        people.close()
        own.close()
        wire.remove()
    print("\n".join(problems), end="\n" if problems else "")
    covered = sum(len(table.covered()) for table in tables.values())
    count = sum(len(table.entries) for table in tables.values())
    print(f"attributes covered: {covered} of {count}")
    sys.exit(0 if covered == count and not problems else 1)


main()

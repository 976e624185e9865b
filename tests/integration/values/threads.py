"""Table THREAD, which is about one process: the threads of those that stand still, and what becomes
of a request when its process ends."""
import subprocess
import time

from values import hosts, kernel, tree, wire
from values.check import NONE, between, complaint
from values.compare import problem
from values.thread import EXPECTED, IO, TID, Thread

LABELS = ("plain", "threads", "burner", "leaderless", "realtime", "idle", "tuned", "reader",
          "stopped", "stranger", "kernel")


def by_tid(sampled, table):
    number = table.entries["tid"].id
    return {sampled.cell(row, number).value: row for row in sampled.rows.values()}


def look(table, subject, ask):
    """One comparison of all threads; the complaints."""
    threads = [Thread(directory) for directory in kernel.tasks(subject.pid)]
    names = table.readable()

    def references():
        return {(t.pid, name): table.checks[name].reference(t) for t in threads for name in names}
    before = references()
    sampled = ask()
    after, rows = references(), by_tid(sampled, table)
    if set(rows) != {t.pid for t in threads}:
        return [f"its threads are {sorted(rows)} instead of {sorted(t.pid for t in threads)}"]
    if {row["pid"] for row in rows.values()} != {subject.pid}:
        return ["a row is not of its process"]
    wrong, right = [], []
    for t in threads:
        table.rows.append({name: sampled.cell(rows[t.pid], table.entries[name].id).value
                           for name in names})
        for name in names:
            early, late = before[t.pid, name], after[t.pid, name]
            if early is None or late is None:
                continue
            expected = between(early, late)
            cell = sampled.cell(rows[t.pid], table.entries[name].id)
            told = complaint(expected, cell) if expected is not None else "it did not stand still"
            label = f"{subject.label} {t.pid}"
            if told:
                wrong.append(f"{name} of {label}: {told}")
            else:
                right.append((name, label, expected, cell))
    if not wrong:
        for told in right:
            table.record(*told)
    return wrong


def threads_at_rest(own, table, people, patience_s=5):
    session = wire.Session(own)
    ids = table.ids(table.readable())
    for subject in people.subjects:
        if subject.label not in LABELS:
            continue
        end, wrong = time.monotonic() + patience_s, [""]
        while wrong and time.monotonic() < end:
            wrong = look(table, subject, lambda: session.ask(
                table.number, ids, target_pid=subject.pid).next())
        for told in wrong:
            problem(f"{table.name} {told}")
    session.close()


def by_hand(table):
    """All that is read from files, on a tree of files."""
    files = tree.Tree()
    files.put(f"{tree.PID}/task/{TID}/io", IO)
    files.put(f"{tree.PID}/task/{TID}/wchan", "hand_wait")
    own = wire.Server("--procfs", str(files.procfs), "--sysfs", str(files.sysfs))
    try:
        asked = wire.Session(own).ask(table.number, table.ids(EXPECTED), target_pid=tree.PID).next()
        if len(asked.rows) != 2:
            problem(f"{table.name}: {len(asked.rows)} threads by hand instead of 2")
        for name, expected in EXPECTED.items():
            table.record(name, "hand", NONE if expected is None else expected,
                         asked.cell(by_tid(asked, table)[TID], table.entries[name].id))
    finally:
        own.close()
        files.close()


def refused(own, table, expected, **target):
    session = wire.Session(own)
    session.ask(table.number, table.ids(["tid"]), **target)
    told = session.error()
    if told != expected:
        problem(f"{table.name} {target}: {told!r} instead of {expected!r}")
    session.close()


def targets(own, table, people):
    """A request ends with its process; it needs one that lives, and is no mere thread."""
    process = subprocess.Popen(["sleep", "86400"])
    session = wire.Session(own)
    session.ask(table.number, table.ids(["tid", "name"]), 100_000_000, target_pid=process.pid).next()
    process.kill()
    told = session.error()
    if told != "the process has ended":
        problem(f"{table.name}: {told!r} when its process ended")
    session.close()
    # Nobody has waited for it yet.
    refused(own, table, f"process {process.pid} is not alive", target_pid=process.pid)
    process.wait()
    refused(own, table, f"process {process.pid} is not alive", target_pid=process.pid)
    mere = max(int(directory.rsplit("/", 1)[1]) for directory in kernel.tasks(people["burner"].pid))
    refused(own, table, f"process {mere} is not alive", target_pid=mere)
    refused(own, table, "table thread describes one process: set target_pid")


def check(own, catalog, table, people):
    threads_at_rest(own, table, people)
    by_hand(table)
    targets(own, table, people)
    hosts.check_derived(own, catalog, "THREAD", "tid", lambda _, *told: table.record(*told),
                        more=("-p", str(people["threads"].pid)))

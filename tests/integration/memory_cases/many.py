"""Processes of very many mappings, and what changes of them."""
import os
import pathlib
import subprocess
import sys
import time

from memory_cases import truth
from memory_cases.machine import alone, setting
from memory_cases.probe import INTERVAL_NS, follow
from memory_cases.report import case, check, figure, meets
from memory_cases.subject import MIB, PAGE, READ, WRITE, Subject

LATE_NS = 100_000_000  # beyond its grid
MAP_COUNT = pathlib.Path("/proc/sys/vm/max_map_count")
CHEAP = ("start", "end", "size", "protection", "category")
ALL = None  # attributes


def with_mappings(count):
    """A process that has so many more, half of them touched."""
    subject = Subject()
    address = subject.map(count * PAGE)
    subject.tell("advise", address, count * PAGE, 15)
    subject.write(address, count * PAGE, 2 * PAGE)
    subject.tell("alternate", address, count)
    return subject, address


class Watch:
    """Another client, in a process of its own: how late each of its frames was."""

    def __init__(self, probe):
        self.process = subprocess.Popen(
            [sys.executable, __file__, probe.server.path, str(probe.ids["PROCESS"]["cpu.total"])],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # it has begun

    def close(self):
        """As watch() prints it."""
        told, _ = self.process.communicate("\n", timeout=20)
        return tuple(int(word) for word in told.split())


def watched(probe, work):
    watch = Watch(probe)
    try:
        result = work()
    finally:
        found = watch.close()
    return result, found


def compare_listing(listing, pid):
    """All that maps has, and nothing else."""
    wanted = sorted((m.start, m.end, m.permissions[:3]) for m in truth.maps(pid))
    found = sorted((row["start"], row["end"], row["protection"]) for row in listing.rows)
    meets("mappings", len(found), len(wanted))
    check(found == wanted, f"first difference: "
          f"{next((a, b) for a, b in zip(found, wanted) if a != b) if found != wanted else None}")


@case
def thousands(probe):
    """1,000 and 20,000 mappings: all of them, in parts."""
    for count in (1000, 20000):
        subject, _ = with_mappings(count)
        with subject:
            cheap = probe.regions(subject.pid, CHEAP)
            whole = probe.regions(subject.pid, CHEAP + ("mem.dirty", "mem.resident", "mem.pss"))
            footprint = probe.footprint(subject.pid)
            check(not (cheap.incomplete or whole.incomplete), "it is said to lack rows")
            check(count < 20000 or whole.parts > 2, f"in {whole.parts} parts")
            compare_listing(cheap, subject.pid)
            compare_listing(whole, subject.pid)
            meets("dirty", whole.total("mem.dirty"), truth.rollup_dirty(subject.pid))
            meets("regions of FOOTPRINT", footprint.total("regions"), len(whole.rows))
            figure(f"{len(whole.rows)} mappings: addresses in {cheap.took_ms:.0f} ms, with memory in "
                   f"{whole.took_ms:.0f} ms, {whole.parts} parts, {whole.bytes // 1024} KiB; "
                   f"FOOTPRINT in {footprint.took_ms:.0f} ms")


@case
def others_do_not_wait(probe):
    """Walking 20,000 mappings delays no frame of a client of 100 ms."""
    subject, _ = with_mappings(20000)
    with subject:
        def look():
            for table in ("REGION", "FOOTPRINT") * 3:
                session = probe.new_session()
                probe.ask(table, subject.pid, ALL, 0, session)
                while not session.hear().frame.last:
                    pass
                session.close()

        for _ in range(4):  # other programs may delay it just as well
            _, (alone, _, _) = watched(probe, lambda: time.sleep(1))
            _, (latest, unsampled, frames) = watched(probe, look)
            if latest <= LATE_NS:
                break
        check(latest <= LATE_NS, f"{latest / 1e6:.0f} ms late; {alone / 1e6:.0f} without")
        check(frames > 5, f"{frames} frames")
        figure(f"{frames} frames came at most {latest / 1e6:.1f} ms late, {alone / 1e6:.1f} ms "
               f"without the walks; {unsampled} had no new values, for the budget was spent")


@case
def more_than_a_table_takes(probe):
    """More than 65,536 mappings: REGION says that it lacks some, FOOTPRINT lacks nothing."""
    count = 70000
    if int(MAP_COUNT.read_text()) < count + 1000:
        with alone(), setting(MAP_COUNT, count + 1000):
            subject, _ = with_mappings(count)
    else:
        subject, _ = with_mappings(count)
    with subject:
        mappings = truth.maps(subject.pid)
        (regions, footprint), (latest, _, _) = watched(
            probe, lambda: (probe.regions(subject.pid, ("start",)), probe.footprint(subject.pid)))
        check(regions.incomplete, "REGION is not said to lack rows")
        meets("rows", len(regions.rows), 65536)
        known = {m.start for m in mappings}
        check(all(row["start"] in known for row in regions.rows), "a mapping that is none")
        check(not footprint.incomplete, "FOOTPRINT is said to lack rows")
        meets("regions", footprint.total("regions"), len(mappings))
        meets("dirty", footprint.total("mem.dirty", lambda row: row["category"] != "page tables"),
              truth.rollup_dirty(subject.pid))
        figure(f"{len(mappings)} mappings: REGION in {regions.took_ms:.0f} ms, FOOTPRINT in "
               f"{footprint.took_ms:.0f} ms; others' frames at most {latest / 1e6:.1f} ms late")


# --------------------------------------------------------------------------- what changes

class Followed:
    """A subscription of REGION: rows by their identity."""

    def __init__(self, probe, pid):
        self.names = ("start", "end", "size", "protection", "mem.dirty")
        self.session = probe.new_session()
        self.asked = probe.ask("REGION", pid, self.names, INTERVAL_NS, self.session)
        self.ids = {name: probe.ids["REGION"][name] for name in self.names}
        self.largest = 0

    def next(self):
        before = self.asked.bytes
        follow(self.asked)
        self.largest = self.asked.bytes - before
        return {row["identity"]: {name: self.asked.cell(row, number).value
                                  for name, number in self.ids.items()}
                for row in self.asked.rows.values()}

    def until(self, condition, what):
        for _ in range(30):
            rows = self.next()
            if condition(rows):
                return rows
        raise AssertionError(f"a subscription does not see {what}: {len(rows)} rows")


def at(rows, address):
    """The row that has the address."""
    return next((row for row in rows.values() if row["start"] <= address < row["end"]), None)


@case
def changes(probe):
    """A subscription sees mappings come, grow, split and go; nothing changes: nothing is sent."""
    with Subject() as subject:
        followed = Followed(probe, subject.pid)
        rows = followed.next()
        first, size = len(rows), 64 * PAGE
        meets("mappings", first, len(truth.maps(subject.pid)))
        whole = followed.largest
        address = subject.map(16 * MIB, 0)  # where it may grow
        subject.tell("protect", address, size, READ | WRITE)
        rows = followed.until(lambda rows: (at(rows, address) or {}).get("size") == size, "mprotect")
        subject.write(address, size)
        followed.until(lambda rows: at(rows, address)["mem.dirty"] == size, "writing")
        identity = next(key for key, row in rows.items() if row["start"] == address)
        subject.tell("unmap", address + size, 4 * MIB)
        subject.tell("grow", address, size, 4 * size)
        rows = followed.until(lambda rows: at(rows, address)["size"] == 4 * size, "growth")
        check(rows[identity]["size"] == 4 * size, "what has grown is not the same row")
        subject.tell("protect", address + size, PAGE, READ)
        rows = followed.until(lambda rows: at(rows, address)["size"] == size, "a split")
        meets("the middle", at(rows, address + size)["size"], PAGE)
        check(at(rows, address + size)["protection"] == "r--", "protection of the middle")
        meets("the rest", at(rows, address + size + PAGE)["size"], 3 * size - PAGE)
        check(identity in rows, "what was split is not the same row")
        subject.tell("protect", address + size, PAGE, READ | WRITE)
        rows = followed.until(lambda rows: at(rows, address)["size"] == 4 * size, "that they are one again")
        subject.tell("unmap", address, 4 * size)
        rows = followed.until(lambda rows: at(rows, address) is None, "munmap")
        check(identity not in rows, "what was unmapped is still there")
        followed.next()
        sizes = []
        for _ in range(5):
            followed.next()
            sizes.append(followed.largest)
        check(sorted(sizes)[2] < 100, f"frames without a change have {sizes} bytes")
        figure(f"the first frame had {whole} bytes, one without a change {sorted(sizes)[2]}")
        followed.session.close()


# ------------------------------------------------------------------- what the watch runs

def watch(path, attribute):
    """Prints how late, in ns, a frame of PROCESS came at most; how many frames had no new values
    for want of budget; and how many there were."""
    import select

    from values import wire

    class There:
        pass

    there = There()
    there.path = path
    asked = wire.Session(there, "watch").ask(wire.pb.PROCESS, [int(attribute)], INTERVAL_NS)
    asked.next()
    asked.next()
    print(flush=True)
    before, latest, unsampled, frames = time.monotonic_ns() // INTERVAL_NS, 0, 0, 0
    while not select.select([0], [], [], 0)[0]:
        asked.next()
        now = time.monotonic_ns()
        latest = max(latest, now - (before + 1) * INTERVAL_NS)
        before = max(before + 1, now // INTERVAL_NS)
        unsampled += bool(asked.frame.unsampled)
        frames += 1
    print(latest, unsampled, frames)
    wire.remove()


if __name__ == "__main__":
    watch(*sys.argv[1:])

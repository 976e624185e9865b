"""Processes that end, that become other programs, and that may not be looked at."""
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

from values.wire import BUILD, pb

from memory_cases import content, truth
from memory_cases.probe import INTERVAL_NS, Probe, Refused, follow
from memory_cases.report import Skip, case, check, figure, meets
from memory_cases.subject import KIB, MIB, PAGE, PROGRAM, ROOT, Subject, libc

NOBODY = 65534
TABLES = ("REGION", "FOOTPRINT", "LEDGER")


def refused(work):
    """The error with which it ends."""
    try:
        work()
    except Refused as error:
        return error
    raise AssertionError("it is answered")


@case
def leaderless(probe):
    """The first thread has ended, another lives: the memory is still told."""
    size = 8 * MIB
    with Subject() as subject:
        address = content.anonymous_of(subject, size)
        subject.write(address, size)
        subject.tell("leave")
        with open(f"/proc/{subject.pid}/stat") as file:
            check(") Z " in file.read(), "its first thread lives")
        alive = next(tid for tid in os.listdir(f"/proc/{subject.pid}/task") if int(tid) != subject.pid)
        mappings = truth.smaps(alive)
        regions = probe.regions(subject.pid)
        meets("mappings", len(regions.rows), len(mappings))
        meets("dirty", sum(row["mem.dirty"] for row in regions.within(address, size)), size)
        meets("dirty of all", regions.total("mem.dirty"), sum(m.dirty for m in mappings))
        footprint = probe.footprint(subject.pid).total("mem.dirty")
        status = truth.status(alive)
        meets("footprint", footprint, sum(m.dirty for m in mappings) + status["VmPTE"])
        meets("mem.footprint", probe.process(subject.pid, "mem.footprint")["mem.footprint"],
              status["RssAnon"] + status["VmPTE"])
        figure(f"footprint {footprint // KIB} KiB")


@case
def kernel_thread(probe):
    """A kernel thread has no memory: no rows, and no error."""
    pid = next((int(name) for name in os.listdir("/proc") if name.isdigit() and
                not os.path.exists(f"/proc/{name}/exe") and is_kernel(name)), None)
    if pid is None:
        raise Skip("no kernel thread is to be seen")
    regions = probe.look("REGION", pid)
    check(not regions.rows and not regions.incomplete, f"{regions.rows}, {regions.incomplete}")
    footprint = probe.footprint(pid)
    meets("footprint", footprint.total("mem.dirty"), 0)
    check(not footprint.incomplete, "it is said to lack rows")


def is_kernel(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(") ", 1)[1].split()[6]) & 0x200000
    except OSError:
        return False


@case
def corpse(probe):
    """Who has ended has no memory, and is no target."""
    with Subject() as subject:
        pid = subject.tell("corpse")
        with open(f"/proc/{pid}/stat") as file:
            check(") Z " in file.read(), "it lives")
        for table in TABLES:
            error = refused(lambda: probe.look(table, pid))
            check(error.code == pb.NO_SUCH_TARGET, f"{table}: {error}")


def is_whole(listing):
    """Its stack, which each program has from the beginning, is at the end of the list."""
    return any(row["name"] == "stack" for row in listing.rows)


def run_for_ever(marks, count, same_addresses):
    return subprocess.Popen(
        [PROGRAM, "exec", *marks, str(count)], stdin=subprocess.DEVNULL,
        preexec_fn=(lambda: libc.personality(0x40000)) if same_addresses else None)


COUNT = 1000  # mappings: to list them takes about as long as the program lives


def compare_programs(probe, same_addresses):
    """Looks at it again and again; the listings that had anything of either program."""
    names, seen, count = ("name", "path", "mem.resident"), {"one": 0, "other": 0}, COUNT
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        marks = [f"{place}/one", f"{place}/other"]
        for mark in marks:
            pathlib.Path(mark).write_bytes(bytes(PAGE))
        process = run_for_ever(marks, count, same_addresses)
        try:
            begun = time.monotonic()
            while time.monotonic() < begun + (1.5 if min(seen.values()) else 15):
                time.sleep(random.random() / 50)  # or the two go in step
                listing = probe.regions(process.pid, names)
                found = {row["name"] for row in listing.rows if row["path"] in marks}
                check(len(found) <= 1, f"a mix of two programs: {found}")
                mapped = sum(1 for row in listing.rows if row["path"] in marks)
                check(mapped <= count, f"{mapped} mappings of one program")
                check(is_whole(listing) or not found,
                      f"the listing of {len(listing.rows)} mappings ends before the stack")
                for name in found:
                    seen[name] += 1
        finally:
            process.kill()
            process.wait()
    check(min(seen.values()) >= 1, f"not both programs were seen: {seen}")
    return seen


@case
def exec_meanwhile(probe):
    """A process that becomes another program while it is looked at: never a mix of the two."""
    for same_addresses in (False, True):
        seen = compare_programs(probe, same_addresses)
        figure(f"{seen['one']} listings of one program and {seen['other']} of the other, "
               f"{'at the same addresses' if same_addresses else 'at other addresses'}")


@case
def exit_meanwhile(probe):
    """A process that ends while it is looked at: the request ends, and no half of it is told."""
    told = set()
    for attempt in range(24):
        table = TABLES[attempt % 2]
        with Subject() as subject:
            address = subject.map(COUNT * PAGE)
            subject.tell("alternate", address, COUNT)
            names = ("start", "name") if table == "REGION" else ("regions", "category")
            session = probe.new_session()
            asked = probe.ask(table, subject.pid, names, INTERVAL_NS, session)
            time.sleep(attempt * 0.008)
            subject.process.kill()
            end = time.monotonic() + 5
            try:
                while True:
                    follow(asked)
                    check(time.monotonic() < end, "the request does not end")
                    told |= {attempt} if asked.rows else set()
                    number = probe.ids[table][names[1]]
                    found = [asked.cell(row, number).value for row in asked.rows.values()]
                    check(not found or "stack" in found, f"half of it is told: {found[-9:]}")
            except Refused as error:
                check(error.code == pb.NO_SUCH_TARGET, str(error))
            session.close()
    check(told, "none was told of")
    figure(f"24 of 24 ended with NO_SUCH_TARGET, {len(told)} after they had been told of")


# ----------------------------------------------------------------------- other users

class NobodysServer:
    """procmond as a user without rights. It may not even reach the folder that we build in."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="procmon.", dir="/tmp")
        self.path = f"{self.place}/socket"
        shutil.copy(BUILD / "procmond", self.place)
        shutil.chown(self.place, NOBODY, NOBODY)
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [f"{self.place}/procmond", "--socket", self.path, "--ready-fd", str(told)],
            pass_fds=[told], stderr=subprocess.DEVNULL, user=NOBODY, group=NOBODY, extra_groups=[],
            cwd="/")
        os.close(told)
        begun = os.read(ready, 1) == b"\n"
        os.close(ready)
        if not begun:
            self.close()
            raise Skip("a server of another user does not start")

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)


@case
def denied(probe):
    """Processes of other users, without root: DENIED_TARGET, and what to do about it."""
    if ROOT:
        other = Probe(server=NobodysServer())
    else:
        other = Probe()
    try:
        for table in ("REGION", "FOOTPRINT"):
            error = refused(lambda: other.look(table, 1))
            check(error.code == pb.DENIED_TARGET, f"{table}: {error}")
            check("root" in error.text or "CAP_SYS_PTRACE" in error.text, error.text)
        if ROOT:
            with Subject(user=NOBODY) as own:
                rows = other.regions(own.pid).rows
                meets("mappings of one's own", len(rows), len(truth.maps(own.pid)))
        figure(f"says: {error.text}")
    finally:
        other.close()

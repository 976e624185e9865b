"""Faults: calls that fail, bytes that come one by one, disks and memory that are full, readers that are gone.

The programs of BUILD/tests/faults call the C library by way of tests/faults/faults.c.
"""
import collections
import concurrent.futures
import contextlib
import mmap
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import server as servers
from promise import Skipped, pick, promise
from server import Client, Place, check, wait_for

BUILD = pathlib.Path(os.environ["BUILD"])
FAULTY = BUILD / "tests/faults"


class Board:
    """The switchboard of tests/faults/faults.c: struct board."""

    NAMES, NAME_SIZE = 64, 24
    SIZE = 40 + NAMES * NAME_SIZE
    NEVER = 2**62

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "board"
        self.path.write_bytes(bytes(self.SIZE))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.SIZE)

    def number(self, index):
        return struct.unpack_from("q", self.memory, index * 8)[0]

    calls = property(lambda self: self.number(0))
    failed = property(lambda self: self.number(3))
    blocks = property(lambda self: self.number(4))

    def names(self, since):
        """Of the functions that have failed since there were so many."""
        found = set()
        for index in range(max(since, self.failed - self.NAMES), self.failed):
            at = 40 + index % self.NAMES * self.NAME_SIZE
            found.add(self.memory[at:at + self.NAME_SIZE].rstrip(b"\0").decode())
        return found

    def fail(self, after, every=NEVER):
        """The call after so many others fails, and then each so-manieth."""
        struct.pack_into("qq", self.memory, 8, self.calls + 1 + after, every)

    def mend(self):
        struct.pack_into("q", self.memory, 16, 0)

    def environment(self):
        return dict(os.environ, FAULTS=str(self.path))


# ---------------------------------------------------------------------- F1: one call fails

EVERY = 499      # so many calls are between two that fail
SUBJECT = 703    # a process with all files that a process has
TARGETED = "THREAD", "LEDGER", "REGION", "FOOTPRINT"
OWN = "SERVER", "SESSION"  # what they count goes on
# Without these the kernel has not let a client in, or has lost the connection.
CONNECTING = {"accept", "fcntl", "epoll_ctl", "openat", "read", "getsockopt"}


class Machine:
    """Files of several hosts of tests/fixtures/hosts in one, and a process: every table has rows."""

    HOSTS = "laptop", "grouped", "metered"

    def __init__(self, folder):
        from values import hosts
        self.root = pathlib.Path(folder)
        for name in ("proc", "sys"):
            (self.root / name).mkdir()
        for path in [hosts.FOLDER / "common.tree"] + [
                path for host in self.HOSTS for path in sorted((hosts.FOLDER / host).glob("*.tree"))
                if len(path.suffixes) == 1]:
            hosts.Host.apply(self, path)
        self.copy(pathlib.Path("/proc/self"), self.root / f"proc/{SUBJECT}")
        self.copy(pathlib.Path("/proc/self"), self.root / f"proc/{SUBJECT}/task/{SUBJECT}")

    @staticmethod
    def copy(process, to):
        to.mkdir(parents=True)
        for name in ("stat", "status", "statm", "io", "maps", "smaps", "smaps_rollup", "cgroup", "limits",
                     "schedstat", "cmdline", "comm", "oom_score", "oom_score_adj", "wchan", "sched"):
            with contextlib.suppress(OSError):
                text = (process / name).read_bytes()
                (to / name).write_bytes(re.sub(rb"\b%d\b" % os.getpid(), b"%d" % SUBJECT, text))

    def options(self):
        return "--procfs", str(self.root / "proc"), "--sysfs", str(self.root / "sys")


class Gone(Exception):
    """The server has closed the session, or does not let anybody in."""


@contextlib.contextmanager
def noticing():
    """What tells that a server is gone, by one name."""
    try:
        yield
    except OSError as why:
        raise Gone(str(why)) from why
    except SystemExit as why:
        if "closed" not in str(why) and "connect again" not in str(why):
            raise
        raise Gone(str(why)) from why


class Reader:
    """A client that asks for whole tables."""

    def __init__(self, path):
        from values import wire
        self.wire = wire
        self.tables = {}  # by request
        with noticing():
            self.session = wire.Session(collections.namedtuple("At", "path")(str(path)))

    def close(self):
        with contextlib.suppress(OSError):
            self.session.close()

    def ask(self, table, ids, interval_ns=0):
        is_targeted = self.wire.pb.Table.Name(table) in TARGETED
        with noticing():
            asked = self.session.ask(table, ids, interval_ns,
                                     **{"target_pid": SUBJECT} if is_targeted else {})
        asked.id, asked.error = table, None
        self.tables[asked.request] = asked

    def next(self):
        """The table that is whole next, or has been refused."""
        while True:
            with noticing():
                message = self.wire.client.receive_any(self.session.stream)
            table = self.tables.get(message.request)
            if table and message.WhichOneof("body") == "error":
                table.error = message.error.text
                return table
            if table:
                table.apply(message.frame)
                if message.frame.last:
                    return table


class Patient:
    """A server whose calls fail, what it says, and a witness who must not notice."""

    def __init__(self, folder):
        from values import wire
        self.wire = wire
        self.board = Board(folder)
        self.place = Place()
        self.log = open(self.place.root / "log", "w+", encoding="utf-8")
        self.process = self.place.start("--debug", *Machine(folder).options(), stderr=self.log,
                                        env=self.board.environment())
        reader = Reader(self.place.path)
        self.ids = collections.defaultdict(list)
        for entry in reader.session.catalog():
            if not entry.rule and entry.unit != wire.pb.NANOSECONDS_SINCE_1970:  # of two clocks
                self.ids[entry.table].append(entry.id)
        reader.close()
        self.lost = self.wrong = 0
        first, *more = [self.look() for _ in range(3)]
        self.steady = {key: cell for key, cell in first.items() if key[0] not in OWN and
                       all(key in look and look[key] == cell for look in more)}
        self.watch()
        self.witness.close()
        self.idle = self.settled()
        self.watch()

    def watch(self):
        self.witness = Reader(self.place.path)
        self.witness.ask(self.wire.pb.PROCESS, self.ids[self.wire.pb.PROCESS][:40], 100_000_000)
        self.witness.next()

    def look(self):
        """All tables, each by a request of its own: (table, row, attribute) -> cell."""
        cells, missing, since = {}, set(self.ids), self.board.failed
        while missing:
            try:
                reader = Reader(self.place.path)
                with reader.session.at_once():
                    for table in sorted(missing):
                        reader.ask(table, self.ids[table])
                while missing:
                    table = reader.next()
                    missing.remove(table.id)
                    for row in table.rows.values():
                        for attribute in self.ids[table.id]:
                            cells[self.wire.pb.Table.Name(table.id), row["identity"],
                                  attribute] = table.cell(row, attribute)
                reader.close()
            except Gone as why:
                check(self.process.poll() is None,
                      f"the server ended: {self.process.returncode}\n{self.tail()}")
                names = self.board.names(since)
                check(names & CONNECTING, f"{why}, though only these have failed: {names}")
                self.lost += 1
        return cells

    def tail(self):
        self.log.seek(0)
        return self.log.read()[-1500:]

    def compare(self, patient=False):
        """All must be as it was; a source that has failed may say so for a while, or be late."""
        cells = self.look()
        for key, cell in self.steady.items():
            state = getattr(cells.get(key), "state", None)
            if cells.get(key) != cell and (patient or state not in ("failed", "pending")):
                self.wrong += 1
                print("wrong", key, cell, cells.get(key), flush=True)

    def suffer(self, phase):
        """All that is asked for is asked for while calls fail, and then again."""
        since, wrong = self.board.failed, self.wrong
        self.board.fail(phase, EVERY)
        self.look()
        self.board.mend()
        self.compare()
        try:
            self.witness.next()
        except Gone:
            sys.exit(f"the witness has lost its session: {self.board.names(since)}\n{self.tail()}")
        if self.wrong > wrong:
            print("after", phase, self.board.names(since), flush=True)

    def settled(self):
        """(blocks of memory, descriptors) that an idle server has."""
        def count():
            return self.board.blocks, len(os.listdir(f"/proc/{self.process.pid}/fd"))
        before = None
        while before != count():
            before = count()
            time.sleep(0.05)
        return before

    def recover(self):
        """Returns what has come of it: failed calls, wrong cells, blocks and descriptors left over."""
        self.witness.close()
        time.sleep(1.1)  # what has failed is tried again
        for _ in range(2):
            self.compare(patient=True)
        blocks, descriptors = (now - then for now, then in zip(self.settled(), self.idle))
        failed = self.board.failed
        servers.stop(self.process, seconds=5)
        return failed, self.wrong, self.lost, blocks, descriptors


def torture(phases):
    """One server, faults in these phases."""
    servers.PROCMOND = str(FAULTY / "procmond")
    with tempfile.TemporaryDirectory(prefix="procmon.") as folder:
        patient = Patient(folder)
        with patient.place:
            for phase in phases:
                patient.suffer(phase)
            return patient.recover()


def start_with_fault(number):
    """The start itself: returns whether it came to a server. None: nothing was left to fail."""
    servers.PROCMOND = str(FAULTY / "procmond")
    with tempfile.TemporaryDirectory(prefix="procmon.") as folder, Place() as place:
        board = Board(folder)
        board.fail(number)
        ready, told = os.pipe()
        process = subprocess.Popen(place.command("--ready-fd", str(told), "--procfs", folder), text=True,
                                   stderr=subprocess.PIPE, pass_fds=[told], env=board.environment())
        place.started.append(process)
        os.close(told)
        is_ready = os.read(ready, 1) == b"\n"
        os.close(ready)
        if not is_ready:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2)
            # It may be the word itself that has failed.
            is_ready = process.poll() is None and "write" in board.names(0)
        if is_ready:
            with contextlib.suppress(Gone):  # it may be the one that fails
                Reader(place.path).close()
            board.mend()
            Reader(place.path).close()
            process.terminate()
        said = process.communicate(timeout=10)[1]
        check(process.returncode > 0 and said or is_ready and process.returncode == 0,
              f"call {number}, {board.names(0)}: exit status {process.returncode}, {said}")
        return is_ready if board.failed else None


def procctl_with_fault(number, path):
    """A command: it does its work, or says what has failed. Returns whether anything did."""
    with tempfile.TemporaryDirectory(prefix="procmon.") as folder:
        board = Board(folder)
        board.fail(number)
        ran = subprocess.run([FAULTY / "procctl", "ps", "--no-start", "--attrs", "cpu,mem"], timeout=20,
                             capture_output=True, text=True,
                             env=dict(board.environment(), PROCMON_SOCKET=str(path)))
        check(ran.returncode == 0 or ran.returncode > 0 and ran.stderr,
              f"call {number}, {board.names(0)}: exit status {ran.returncode}, {ran.stderr}")
        return board.failed > 0


@promise("F1", "any call that fails is survived: the next sample is right, and no client is lost", seconds=600)
def calls_that_fail(figures):
    if not (FAULTY / "procmond").exists():
        raise Skipped("needs a linker that wraps functions")
    from values import wire  # before there are workers, so that there is one
    try:
        measure_faults(figures)
    finally:
        wire.remove()


def measure_faults(figures):
    workers = pick(2, 4)
    phases = list(range(0, EVERY, pick(EVERY // 6, 1)))
    sums = [0] * 5
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for told in pool.map(torture, [phases[i::workers] for i in range(workers)]):
            sums = [one + other for one, other in zip(sums, told)]
        starts = list(pool.map(start_with_fault, range(0, 160, pick(16, 1))))
        with Place() as place:
            place.start()
            numbers = range(0, 400, pick(40, 1))
            commands = list(pool.map(procctl_with_fault, numbers, [place.path] * len(numbers)))
    failed, wrong, lost, blocks, descriptors = sums
    figures.note("calls failed", failed + len(starts) - starts.count(None) + sum(commands))
    figures.exactly("crashes", 0, 0)  # check() has looked at each exit status
    figures.exactly("wrong cells afterwards", wrong, 0)
    figures.exactly("descriptors leaked", descriptors, 0)
    figures.at_most("blocks of memory leaked", blocks, 4 * workers)
    figures.note("connections that could not be made", lost)
    print(starts.count(None), "starts without a fault", commands.count(False), "commands")


# ------------------------------------------------------------------ F2: bytes one by one

def faulty_build(folder):
    """A build folder whose programs are those that faults.c is linked with."""
    for path in BUILD.iterdir():
        if path.name not in ("procmond", "procctl"):
            (folder / path.name).symlink_to(path)
    for name in ("procmond", "procctl"):  # it starts the procmond beside itself
        shutil.copy(FAULTY / name, folder / name)


@promise("F2", "bytes that come one by one and calls that a signal interrupts change nothing", seconds=300)
def short_transfers(figures):
    if not (FAULTY / "procmond").exists():
        raise Skipped("needs a linker that wraps functions")
    names = pick(["python_client"], ["python_client", "server_clients", "server_life", "procctl_host"])
    tests = pathlib.Path(servers.__file__).parent
    passed = 0
    with tempfile.TemporaryDirectory(prefix="procmon.") as folder:
        faulty_build(pathlib.Path(folder))
        for name in names:
            ran = subprocess.run([sys.executable, tests / f"{name}.py"], stdin=subprocess.DEVNULL,
                                 env=dict(os.environ, BUILD=folder, SHORT_IO="0.3", LC_ALL="C.UTF-8"))
            passed += ran.returncode == 0
            print(name, ran.returncode, flush=True)
    figures.exactly("end-to-end tests passed", passed, len(names))


# --------------------------------------------------------------------- F3: a full disk

def on_a_full_disk(folder):
    """In a mount namespace of its own, with 64 KiB mounted at the folder."""
    place = Place()
    place.path = pathlib.Path(folder) / "run/socket"
    with place:
        fill(folder)
        ran = place.run()
        check(ran.returncode not in (0, None) and ran.returncode > 0, f"exit status {ran.returncode}")
        check("No space left on device" in ran.stderr, ran.stderr)
        make_room(folder)
        process = place.start()
        fill(folder)
        for _ in range(3):
            with Client(place.path) as client:
                client.send(servers.request(1, 1, [1], 0))
                check(servers.FRAME in client.receive(), "a frame was expected")
        servers.stop(process, seconds=5)
        make_room(folder)
    print("as promised")


def fill(folder):
    """Bytes and inodes, to the last one."""
    with contextlib.suppress(OSError), open(f"{folder}/bytes", "wb", 0) as file:
        while True:
            file.write(bytes(4096))
    with contextlib.suppress(OSError):
        for number in range(1000):
            open(f"{folder}/{number}", "wb").close()


def make_room(folder):
    for path in pathlib.Path(folder).glob("[0-9b]*"):
        path.unlink()


@promise("F3", "a full disk: the start says so; what runs does not notice", seconds=60)
def full_disk(figures):
    with tempfile.TemporaryDirectory(prefix="procmon.") as folder:
        mount = f"mount -t tmpfs -o size=64k,nr_inodes=32,mode=700 none {folder} && exec \"$@\""
        namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
        if subprocess.run([*namespace, "sh", "-c", mount, "sh", "true"], capture_output=True).returncode:
            raise Skipped("needs namespaces in which a user may mount")
        ran = subprocess.run([*namespace, "sh", "-c", mount, "sh", sys.executable, __file__, folder],
                             capture_output=True, text=True, timeout=50)
    print(ran.stdout, ran.stderr)
    figures.exactly("cases as promised", ran.stdout.count("as promised") * 2, 2)


# ---------------------------------------------------------------------- F5: broken pipes

@promise("F5", "who is gone in the middle of a frame is gone, and that is all", seconds=60)
def broken_pipes(figures):
    with Place() as place:
        process = place.start("--debug", stderr=subprocess.DEVNULL)  # its descriptors can be seen
        environment = dict(os.environ, PROCMON_SOCKET=str(place.path))
        ran = subprocess.run(
            ["bash", "-c", f"{BUILD}/procctl subscribe --no-start -i 100ms -n 50 | head -1; "
                           "exit ${PIPESTATUS[0]}"],
            env=environment, capture_output=True, text=True, timeout=30)
        figures.at_most("exit status of procctl into head -1, but for SIGPIPE's", ran.returncode % 141, 0)
        figures.exactly("lines on its stderr", ran.stderr.count("\n"), 0)
        with Client(place.path) as witness:
            witness.send(servers.request(1, 1, [1, 2], 100_000_000))
            check(servers.FRAME in witness.receive(), "a frame was expected")
            idle = sockets(process)
            killed = kill_readers(place.path, pick(200, 1000))
            wait_for(lambda: sockets(process) == idle, "all sockets closed", seconds=20)
            for _ in range(5):
                check(servers.FRAME in witness.receive(), "the witness has lost its frames")
            figures.exactly("sockets left", sockets(process) - idle, 0)
        figures.at_least("readers killed", killed, pick(200, 1000))
        servers.stop(process, seconds=5)


def sockets(process):
    """Of it: a server has other descriptors, too, as many as there are processes."""
    found = 0
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/{process.pid}/fd/{name}").startswith("socket:")
    return found


def kill_readers(path, count):
    """Sessions of processes that are killed while frames for them are under way."""
    children = []
    for _ in range(10):
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            kept = [Client(path) for _ in range(count // 10)]
            for client in kept:  # what is sent to them is more than a socket holds
                client.send(b"".join(servers.message(b"\x22\x00") for _ in range(3)))
                client.send(servers.request(1, 1, [1, 2], 100_000_000))
            os.write(told, b"\n")
            time.sleep(60)
        os.close(told)
        children.append((child, ready))
    for _, ready in children:
        check(os.read(ready, 1) == b"\n", "readers that could not connect")
    time.sleep(0.3)
    for child, ready in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
    return count


if __name__ == "__main__":
    on_a_full_disk(sys.argv[1])

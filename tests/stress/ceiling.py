"""A ceiling of memory: what a server does that is given no more."""
import contextlib
import os
import pathlib
import resource
import tempfile
import time

import server as servers
from faults import Gone, Reader
from promise import pick, promise
from server import Place, check, wait_for

PROCESS = 1
MORE = 4 * 2**20  # what the server may still take: less than the table that is asked for next
SOURCES = "stat", "status", "statm"


def many_processes(folder, count):
    for pid in range(1, count + 1):
        process = pathlib.Path(folder) / str(pid)
        process.mkdir()
        (process / "stat").write_text(
            f"{pid} (many) S {pid // 2} 1 1 0 -1 4194560 20 0 2 0 {pid} 0 0 0 20 0 1 0 90 1000000 {pid} "
            "18446744073709551615" + " 0" * 27 + "\n")
        (process / "status").write_text(
            f"Name:\tmany\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{pid // 2}\nUid:\t0\t0\t0\t0\n"
            "Gid:\t0\t0\t0\t0\nThreads:\t1\n")
        (process / "statm").write_text("1000 10 5 1 0 2 0\n")


def virtual_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split("VmSize:")[1].split()[0]) * 1024


def closed(reader):
    """Has the server closed it? What it was sent is thrown away."""
    stream = reader.session.socket
    stream.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            if not stream.recv(1 << 20):
                return True
    return False


class Crowd:
    """Readers that are there before memory is short, and one of them looks all the time."""

    def __init__(self, path, ids, count):
        self.readers = [Reader(path) for _ in range(count)]
        for number, reader in enumerate(self.readers):
            reader.ask(PROCESS, ids[:1 + number % 4], 1_000_000_000)
        self.witness = Reader(path)
        self.witness.ask(PROCESS, ids[:1], 100_000_000)
        self.witness.next()


def hunger(path, ids, seconds):
    """Newcomers who want all there is: how many of them were told that it cannot be."""
    told, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(Gone):
            reader = Reader(path)
            reader.ask(PROCESS, ids, 100_000_000)
            told += bool(reader.next().error)
            reader.close()
    return told


def rows_of_newcomer(path, ids):
    with contextlib.suppress(Gone):
        reader = Reader(path)
        reader.ask(PROCESS, ids)
        table = reader.next()
        reader.close()
        return 0 if table.error else len(table.rows)
    return 0


@promise("F4", "no more memory to be had: what does not fit is refused, nobody is closed, all comes back",
         seconds=300)
def memory_ceiling(figures):
    from values import wire
    processes, clients = pick(2000, 10000), pick(100, 1000)
    try:
        with tempfile.TemporaryDirectory(prefix="procmon.") as folder, Place() as place:
            many_processes(folder, processes)
            server = place.start("--procfs", folder, env=dict(os.environ, MALLOC_ARENA_MAX="1"))
            measure_ceiling(figures, place.path, server, processes, clients)
    finally:
        wire.remove()


def measure_ceiling(figures, path, server, processes, clients):
    reader = Reader(path)
    ids = [entry.id for entry in reader.session.catalog()
           if entry.table == PROCESS and not entry.rule and entry.source in SOURCES]
    reader.close()
    crowd = Crowd(path, ids, clients)
    free = resource.prlimit(server.pid, resource.RLIMIT_AS)
    ceiling = virtual_bytes(server.pid) + MORE
    resource.prlimit(server.pid, resource.RLIMIT_AS, (ceiling, free[1]))
    told = hunger(path, ids, pick(2, 15))
    check(server.poll() is None, f"the server ended: {server.returncode}")
    for _ in range(3):
        crowd.witness.next()
    resource.prlimit(server.pid, resource.RLIMIT_AS, free)
    wait_for(lambda: rows_of_newcomer(path, ids) == processes, "all processes again", seconds=20)
    crowd.witness.next()
    figures.note("ceiling", ceiling / 2**20, "MiB")
    figures.at_least("requests refused", told, 1)
    figures.exactly("clients closed", sum(closed(reader) for reader in crowd.readers), 0)
    figures.exactly("rows afterwards", rows_of_newcomer(path, ids), processes)
    servers.stop(server, seconds=5)

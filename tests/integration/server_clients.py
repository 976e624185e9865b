#!/usr/bin/python3
"""Clients that would hurt others if they could, and clients of others.

How little it costs the others is measured in tests/stress/load.py.
"""
import concurrent.futures
import os
import pathlib
import shutil
import socket
import subprocess
import time

from server import CATALOG, FRAME, HELLO, Client, Place, check, message, request, stop, varint, wait_for

INTERVAL = 100_000_000
# ThreadSanitizer keeps a few times as much beside all memory that is used.
BYTES = (pathlib.Path(os.environ["BUILD"]) / "libprocmon.a").read_bytes()
SHADOW = 5 if b"__tsan_" in BYTES else 1


def resident(process):
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watcher:
    """A client like any other: it must get its frames in time all along."""

    def __init__(self, place):
        self.client = Client(place.path)
        self.client.send(request(1, 14, [0x1005], INTERVAL))
        self.client.receive()

    def check(self, frames, what):
        for _ in range(frames):
            start = time.monotonic()
            check(FRAME in (self.client.receive() or {}), f"{what}: no frame")
            check(time.monotonic() - start < 0.5, f"{what}: a frame came late")


def other_user(place):
    """Turned away without a byte, even if the files let him in."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return
    server = place.start(stderr=subprocess.DEVNULL)
    place.root.chmod(0o777)
    place.path.parent.chmod(0o777)
    place.path.chmod(0o777)
    attempt = "import socket, sys\n" \
              "for _ in range(20):\n" \
              "    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n" \
              "    try: s.sendall(bytes.fromhex(sys.argv[2])); got = s.recv(100)\n" \
              "    except (BrokenPipeError, ConnectionResetError): got = b''\n" \
              "    if got: sys.exit(f'got {got}')\n"
    command = ["-c", attempt, str(place.path), HELLO.hex()]
    result = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "/usr/bin/python3",
                             *command], timeout=30)
    check(result.returncode == 0, "another user was let in")
    Client(place.path).socket.close()
    stop(server)

    # Root may ask an ordinary user's server.
    place.root.chmod(0o755)
    shutil.rmtree(place.path.parent)
    place.path.parent.mkdir(0o700)
    os.chown(place.path.parent, 65534, 65534)
    server = place.start(wrapper=["setpriv", "--reuid", "65534", "--clear-groups"])
    check(place.path.stat().st_uid == 65534, "whose socket?")
    Client(place.path).socket.close()
    stop(server)


def tidies_up(place):
    """To cancel what one has asked for costs nothing: it has been paid for."""
    server = place.start(stderr=subprocess.DEVNULL)
    client = Client(place.path)
    for number in range(1, 151):
        body = b"\x08" + varint(number)
        client.send(request(number, 14, [0x1005], INTERVAL))
        client.send(message(b"\x1a" + varint(len(body)) + body))
    client.send(message(b"\x22\x00"))
    start = time.monotonic()
    wait_for(lambda: CATALOG in client.receive(), "the catalog")
    check(time.monotonic() - start < 1, f"{time.monotonic() - start:.1f} s for 150 requests that ended")
    client.socket.close()
    stop(server)


def does_not_read(place):
    """Hundreds of catalogs and frames asked for and never read: bounded, and he is kept."""
    server = place.start(stderr=subprocess.DEVNULL)
    watcher = Watcher(place)
    sleepers = [Client(place.path) for _ in range(10)]
    before = resident(server)
    for client in sleepers:
        for number in range(16):
            client.send(request(number + 1, 14, [0x1000, 0x1001, 0x1005, 0x1006], INTERVAL))
        client.send(message(b"\x22\x00") * 150)
    watcher.check(3, "with sleepers")
    check(resident(server) - before < SHADOW * (16 << 20), f"it grew by {(resident(server) - before) >> 20} MiB")
    # Awake again, each gets what it asked for.
    for client in sleepers:
        catalogs = 0
        while catalogs < 150:
            got = client.receive()
            check(got, "he was closed")
            catalogs += CATALOG in got
    stop(server)


def no_descriptors(place):
    """With few descriptors new clients wait, and the old ones are served."""
    log = place.root / "stderr"
    with log.open("w") as stderr:
        server = place.start(wrapper=["prlimit", "--nofile=64:64"], stderr=stderr)
    watcher = Watcher(place)
    clients = []
    for _ in range(100):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(place.path))
        client.sendall(HELLO)
        clients.append(client)
    wait_for(lambda: "have to wait" in log.read_text(), "nothing in the log")
    watcher.check(3, "without descriptors")
    answered = []
    for client in clients:
        client.setblocking(False)
        try:
            answered.append(client.recv(100))
        except BlockingIOError:
            pass
    check(20 <= len(answered) <= 50, f"{len(answered)} were served")
    for client in clients:
        client.close()
    start = time.monotonic()
    Client(place.path).socket.close()
    check(time.monotonic() - start < 1.2, "a new client has to wait though there is room")
    stop(server)


def in_a_place(test):
    with Place() as place:
        test(place)


with concurrent.futures.ThreadPoolExecutor() as threads:
    for _ in threads.map(in_a_place, (tidies_up, does_not_read, no_descriptors, other_user)):
        pass

#!/usr/bin/python3
"""Clients that would hurt others if they could, and clients of others."""
import concurrent.futures
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import time

from server import (CATALOG, ERROR, FRAME, HELLO, Client, Place, check, message, request,
                    stop, varint, wait_for)

INTERVAL = 100_000_000
TOO_MANY, PROTOCOL = 3, 1
# ThreadSanitizer keeps a few times as much beside all memory that is used.
BYTES = (pathlib.Path(os.environ["BUILD"]) / "libprocmon.a").read_bytes()
SHADOW = 5 if b"__tsan_" in BYTES else 1


def resident(process):
    with open(f"/proc/{process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_time(process):
    with open(f"/proc/{process.pid}/stat") as file:
        words = file.read().rsplit(")")[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


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
              "for _ in range(200):\n" \
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


def trickle(place):
    """64 that send a byte a second are closed in time, and keep nobody out."""
    server = place.start(stderr=subprocess.DEVNULL)
    slow = [Client(place.path, hello=False) for _ in range(64)]
    start = time.monotonic()
    for client in slow:
        client.send(b"\x20")
    time.sleep(1)
    for number in range(5):
        before = time.monotonic()
        Client(place.path).socket.close()
        check(time.monotonic() - before < 1, "a good client had to wait")
        for client in slow:
            try:
                client.send(b"\x0a" if number == 0 else b"\x01")
            except (BrokenPipeError, ConnectionResetError):
                pass
        time.sleep(0.8)
    for client in slow:
        code, _ = client.error()
        check(code in (PROTOCOL, TOO_MANY), f"error {code}")
        check(client.receive() is None, "not closed")
    check(4 < time.monotonic() - start < 6.5, "closed at another time")
    stop(server)


def liars(place):
    """Lengths that are refused, one session each, without memory for them."""
    server = place.start(stderr=subprocess.DEVNULL)
    watcher = Watcher(place)
    before = resident(server)
    for hello in False, True:
        for prefix in b"\x81\x80\x04", b"\x80\x80\x80\x80\x08", b"\xff\xff\xff\xff\x0f", b"\xff" * 11:
            for _ in range(5):
                with Client(place.path, hello) as client:
                    client.send(prefix)
                    check(client.error()[0] == PROTOCOL, "another error")
                    check(client.receive() is None, "not closed")
    check(resident(server) - before < 256 * 1024, "it holds memory for what never came")
    watcher.check(3, "after the liars")
    stop(server)


def floods(place):
    """Requests as fast as the socket takes them: served 50 a second, and only he waits."""
    server = place.start(stderr=subprocess.DEVNULL)
    watcher = Watcher(place)
    before = resident(server)
    flooder = Client(place.path)
    flooder.socket.setblocking(False)
    bad = request(0, 14, [0x1005])
    start, answers = time.monotonic(), 0
    while time.monotonic() - start < 3:
        for _ in range(100):
            try:
                flooder.socket.send(bad * 100)
            except BlockingIOError:
                break
        try:
            flooder.data += flooder.socket.recv(1 << 20)
        except BlockingIOError:
            pass
        watcher.check(1, "during the flood")
    flooder.socket.settimeout(5)
    while time.monotonic() - start < 4:
        check(ERROR in flooder.receive(), "an answer that is no error")
        answers += 1
    took = time.monotonic() - start
    check(200 + 40 * (took - 1) < answers <= 200 + 50 * took + 1, f"{answers} in {took:.1f} s")
    flooder.socket.close()
    check(resident(server) - before < SHADOW * (8 << 20), f"it grew by {(resident(server) - before) >> 20} MiB")
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
    sleepers = [Client(place.path) for _ in range(50)]
    before = resident(server)
    for client in sleepers:
        for number in range(16):
            client.send(request(number + 1, 14, [0x1000, 0x1001, 0x1005, 0x1006], INTERVAL))
        client.send(message(b"\x22\x00") * 150)
    watcher.check(20, "with sleepers")
    check(resident(server) - before < SHADOW * (16 << 20), f"it grew by {(resident(server) - before) >> 20} MiB")
    cpu = cpu_time(server)
    watcher.check(10, "with sleepers")
    check(cpu_time(server) - cpu < 0.5, "it is busy with those who do not read")
    # Awake again, each gets what it asked for.
    for client in sleepers:
        catalogs = 0
        while catalogs < 150:
            got = client.receive()
            check(got, "he was closed")
            catalogs += CATALOG in got
    stop(server)


def no_descriptors(place):
    """With few descriptors new clients wait, the old ones are served, and it does not spin."""
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
    cpu, start = cpu_time(server), time.monotonic()
    watcher.check(20, "without descriptors")
    check(cpu_time(server) - cpu < 0.05 * (time.monotonic() - start) + 0.02, "it spins")
    check(log.read_text().count("\n") <= 10, "it fills the log")
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


def many(place):
    """1024 sessions; one more is told so. All gone, nothing is left of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = place.start(stderr=subprocess.DEVNULL)

    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd")) if os.geteuid() == 0 else 0
    with Client(place.path):
        before = descriptors()
    clients = [Client(place.path) for _ in range(1024)]
    start = time.monotonic()
    with Client(place.path, hello=False) as client:
        check(client.error()[0] == TOO_MANY and client.receive() is None, "no TOO_MANY")
        check(time.monotonic() - start < 0.1, "TOO_MANY came late")
    for client in clients:
        client.send(request(1, 14, [0x1005], INTERVAL))
    for client in clients:
        check(FRAME in client.receive() and FRAME in client.receive(), "no frame")
        client.socket.close()

    def one_again():
        with Client(place.path):
            return descriptors() == before
    wait_for(one_again, "descriptors are left open")
    stop(server)


def in_a_place(test):
    with Place() as place:
        test(place)


in_a_place(many)
with concurrent.futures.ThreadPoolExecutor() as threads:
    for _ in threads.map(in_a_place, (trickle, floods, tidies_up, does_not_read, no_descriptors, liars,
                                      other_user)):
        pass

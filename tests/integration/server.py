"""What the tests of the server share: a place of its own, the server, a client without protobuf."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROCMOND = os.path.join(os.environ["BUILD"], "procmond")

# ClientMessage { hello { protocol_min: 1 protocol_max: 1 client: "test" } }
HELLO = b"\x0c\x0a\x0a\x08\x01\x10\x01\x1a\x04test"
WELCOME, CATALOG, ERROR, FRAME, GOODBYE = 2, 3, 4, 5, 6  # fields of ServerMessage


def check(condition, text):
    if not condition:
        sys.exit(f"FAIL: {str(text)[:2000]}")


def wait_for(condition, text, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    sys.exit(f"FAIL: waited {seconds} s: {text}")


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def fields(data):
    """The fields of an encoded message: number -> the last value (int or bytes)."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            found[key >> 3] = number()
        elif key & 7 == 1:
            at += 8
        else:
            size = number()
            found[key >> 3] = data[at:at + size]
            at += size
    return found


def request(number, table, attributes, interval_ns=0, pids=()):
    ids = b"".join(map(varint, attributes))
    body = b"\x08" + varint(number) + b"\x10" + varint(table) + b"\x1a" + varint(len(ids)) + ids
    body += b"\x20" + varint(interval_ns)
    if pids:
        packed = b"".join(map(varint, pids))
        body += b"\x2a" + varint(len(packed)) + packed
    return message(b"\x12" + varint(len(body)) + body)


def message(data):
    return varint(len(data)) + data


class Client:
    def __init__(self, path, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.data = b""
        if hello:
            self.send(HELLO)
            self.welcome = fields(self.receive()[WELCOME])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The fields of the next message; None: the server closed."""
        while True:
            size = shift = 0
            for at, byte in enumerate(self.data):
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    if len(self.data) > at + size:
                        whole = self.data[at + 1:at + 1 + size]
                        self.data = self.data[at + 1 + size:]
                        return fields(whole)
                    break
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.data += more

    def error(self):
        """(code, text) of the next message, which must be an Error."""
        got = self.receive()
        check(got and ERROR in got, f"an Error was expected, not {got}")
        body = fields(got[ERROR])
        return body.get(1, 0), body[2].decode()


class Place:
    """A directory of the test's own, removed at its end together with what still runs there."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="procmon."))
        self.path = self.root / "run" / "socket"
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)

    def command(self, *options):
        return [PROCMOND, "--socket", str(self.path), *options]

    def run(self, *options, **keywords):
        """Runs it to its end."""
        return subprocess.run(self.command(*options), capture_output=True, text=True, timeout=30,
                              **keywords)

    def start(self, *options, wrapper=(), **keywords):
        """A server in the foreground, once it is ready."""
        ready, told = os.pipe()
        process = subprocess.Popen([*wrapper, *self.command("--ready-fd", str(told), *options)],
                                   pass_fds=[told], **keywords)
        self.started.append(process)
        os.close(told)
        got = os.read(ready, 2)
        os.close(ready)
        check(got == b"\n", f"the server said {got} and not that it is ready")
        return process

    def pids(self):
        """Of the servers of this place that are alive."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, ValueError):
                continue
            if entry.name.isdigit() and words[0] == PROCMOND.encode() and \
                    str(self.path).encode() in words:
                found.append(int(entry.name))
        return found


def stop(process, seconds=0.5, status=0):
    """SIGTERM; it must end in time."""
    start = time.monotonic()
    process.terminate()
    try:
        process.wait(seconds + 10)
    except subprocess.TimeoutExpired:
        sys.exit("FAIL: SIGTERM does not end it")
    took = time.monotonic() - start
    check(process.returncode == status, f"exit status {process.returncode}, not {status}")
    check(took < seconds, f"SIGTERM took {took:.3f} s")

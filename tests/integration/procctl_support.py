"""What the tests of procctl share: running it, a terminal for it, and a server by script."""
import atexit
import errno
import fcntl
import os
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
PROCCTL = os.path.join(BUILD, "procctl")
PATIENCE = 20
GOLDEN = os.path.join(ROOT, "tests", "fixtures", "golden")

directory = tempfile.mkdtemp(prefix="procctl.", dir="/tmp")
atexit.register(shutil.rmtree, directory, ignore_errors=True)
os.environ["PROCMON_SOCKET"] = os.path.join(directory, "socket")
os.environ["TZ"] = "UTC"
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def run(*args, code=0, env=None, stdin=subprocess.DEVNULL, text=True):
    """Runs procctl to its end, and checks its exit code and that it said why, or nothing."""
    result = subprocess.run([PROCCTL, *args], capture_output=True, text=text, stdin=stdin,
                            timeout=PATIENCE, env={**os.environ, **(env or {})})
    complaint = result.stderr if text else result.stderr.decode()
    if code is not None:
        assert result.returncode == code, f"{args}: exit {result.returncode}: {complaint}"
        if code in (1, 2, 3, 4, 5, 77):
            assert complaint.startswith("procctl: "), f"{args}: {complaint!r}"
    return result


def refused(*args, code=2, say=""):
    """One line on stderr and nothing on stdout."""
    result = run(*args, code=code)
    assert result.stdout == "", f"{args}: {result.stdout}"
    assert result.stderr.count("\n") == 1, f"{args}: {result.stderr}"
    assert say in result.stderr, f"{args}: {result.stderr}"


def tests(functions):
    """Runs the test functions of a module, in the order of the file."""
    failed = 0
    only = sys.argv[1:]
    for name, function in functions.items():
        if not name.startswith("test_") or (only and name not in only):
            continue
        started = time.monotonic()
        try:
            function()
            print(f"ok   {name} ({time.monotonic() - started:.1f} s)")
        except Exception as error:
            failed += 1
            traceback.print_exc()
            print("FAIL", name, error)
        for server in Server.open_ones[:]:
            server.close()
    sys.exit(1 if failed else 0)


class Terminal:
    """procctl on a terminal of its own, as a shell would run it."""

    def __init__(self, *args, rows=24, columns=80, term="xterm"):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
                for number in range(3):
                    os.dup2(self.slave, number)
                os.closerange(3, 256)
                os.environ["TERM"] = term
                os.execv(PROCCTL, [PROCCTL, *args])
            finally:
                os._exit(127)  # never back into the tests
        self.status = None

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def signal(self, number):
        os.kill(self.pid, number)

    def pump(self, seconds=0.02):
        while select.select([self.master], [], [], seconds)[0]:
            try:
                piece = os.read(self.master, 65536)
            except OSError as error:
                assert error.errno == errno.EIO
                return
            if not piece:
                return
            self.output += piece
            seconds = 0

    def wait_for(self, text, what=None):
        def seen():
            self.pump()
            return text in self.output
        wait_for(seen, f"{what or text} in {self.output[-500:]!r}")

    def forget(self):
        self.pump()
        self.output = b""

    def end(self):
        """Waits for the end; the exit code, negative for a signal."""
        def ended():
            self.pump()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return pid != 0
        wait_for(ended, "the end")
        self.pump()
        return self.status

    def is_restored(self):
        """The settings as before, the cursor shown, and the user's own screen."""
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's settings"
        assert self.output.count(b"\033[?1049h") == self.output.count(b"\033[?1049l"), "screen"
        assert self.output.count(b"\033[?25l") <= self.output.count(b"\033[?25h"), "cursor"
        return True

    def screen(self):
        """The lines that the latest frame put on the screen."""
        self.pump()
        frame = self.output.split(b"\033[H")[-1].split(b"\033[?1049l")[0]
        for sequence in (b"\033[K", b"\033[J", b"\033[1m", b"\033[m", b"\033[?25h", b"\033[2J"):
            frame = frame.replace(sequence, b"")
        return [line.rstrip("\r") for line in frame.decode().split("\n")]

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)
        os.close(self.slave)


def protocol():
    """The protocol's module, made from the schema."""
    if shutil.which("protoc") is None:
        skip("there is no protoc")
    subprocess.run(["protoc", f"--proto_path={ROOT}/proto", f"--python_out={directory}",
                    "procmon.proto"], check=True)
    sys.path.insert(0, directory)
    try:
        import procmon_pb2
    except ImportError as error:
        skip(f"python has no protobuf: {error}")
    return procmon_pb2


class State:
    """Why a cell has no value."""

    def __init__(self, number):
        self.number = number


class Server:
    """
    A server that tells what a test wants: `attributes`, and `rows` of table PROCESS, or of all tables
    by their numbers. A table about processes has its rows by their ids; a state: it is denied.

    A value may be a state that says why there is none, or a function of the seconds since the first
    frame, as the clock of frames says: it makes steps of `step_ns`, or is the real one.
    """

    open_ones = []

    def __init__(self, pb, attributes, rows, path=None):
        Server.open_ones.append(self)
        self.pb, self.attributes, self.rows = pb, attributes, rows
        self.tick = 0
        self.lock = threading.Lock()
        self.requests, self.sessions = [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = path or os.environ["PROCMON_SOCKET"]
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.error = None  # instead of a welcome
        self.steady = False  # frames follow at the interval; else only when a test says so
        self.step_ns = 0
        self.incomplete = 0  # the first frames of each request lack rows
        self.counts = {}  # frames, by session and request
        self.threads, self.closed = [], threading.Event()
        self.start(self.accept)

    def start(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while True:
            try:
                session, _ = self.listener.accept()
            except OSError:
                return
            self.sessions.append(session)
            self.start(self.serve, session)

    def send(self, session, **fields):
        message = self.pb.ServerMessage(**fields).SerializeToString()
        prefix, size = bytearray(), len(message)
        while size > 127:
            prefix.append(size & 127 | 128)
            size >>= 7
        try:
            session.sendall(bytes(prefix) + bytes([size]) + message)
        except OSError:
            pass

    def receive(self, file):
        size = shift = 0
        while True:
            byte = file.read(1)
            if not byte:
                return None
            size |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                return self.pb.ClientMessage.FromString(file.read(size))

    def serve(self, session):
        pb, file = self.pb, session.makefile("rb")
        try:
            while (message := self.receive(file)) is not None:
                body = message.WhichOneof("body")
                if body == "hello" and self.error:
                    self.send(session, error=self.error)
                    session.close()
                elif body == "hello":
                    self.send(session, welcome=pb.Welcome(
                        protocol=1, server_version="test", platform="linux", pid=os.getpid(),
                        session=1))
                elif body == "catalog_request":
                    self.send(session, catalog=pb.Catalog(attributes=self.attributes))
                elif body == "request":
                    self.requests.append(message.request)
                    self.frame(session, message.request)
                    if self.steady and message.request.interval_ns:
                        self.start(self.go_on, session, message.request)
        except OSError:
            pass

    def find_rows(self, request):
        """What the request is about; None: there is no such process."""
        rows = self.rows
        if isinstance(rows, dict):
            rows = rows[request.table]
        if isinstance(rows, dict):
            return rows.get(request.target_pid)
        return [row for row in rows if not request.pids or row["pid"] in request.pids]

    def fill(self, column, entry, rows, seconds):
        pb = self.pb
        array = {pb.U64: column.u64, pb.I64: column.i64, pb.F64: column.f64,
                 pb.TEXT: column.text}[entry.type]
        for slot, row in enumerate(rows):
            value = row.get(entry.name, State(pb.DENIED))
            if isinstance(value, State):
                column.absent_slots.append(slot)
                column.absent_states.append(value.number)
                continue
            column.slots.append(slot)
            array.append(value(seconds) if callable(value) else value)
            if entry.cost == pb.SLOW:
                column.ages_ns.append(0)

    def frame(self, session, request):
        """The whole table. A test sends them beside the session's thread: in the order of their ticks."""
        with self.lock:
            self.send_frame(session, request)

    def send_frame(self, session, request):
        pb, self.tick = self.pb, self.tick + 1
        rows = self.find_rows(request)
        if rows is None:
            self.send(session, request=request.request,
                      error=pb.Error(code=pb.NO_SUCH_TARGET, text="it is gone"))
            return
        if isinstance(rows, State):
            self.send(session, request=request.request,
                      error=pb.Error(code=pb.DENIED_TARGET, text="ask as root"))
            return
        key = session, request.request
        self.counts[key] = self.counts.get(key, -1) + 1
        now = 10**12 + self.counts[key] * self.step_ns if self.step_ns else time.monotonic_ns()
        frame = pb.Frame(tick=self.tick, since=0, sampled_ns=now,
                         sampled_realtime_ns=1795230676000000000, part=0, last=True,
                         incomplete=self.counts[key] < self.incomplete)
        frame.added.slots.extend(range(len(rows)))
        pids = [row.get("pid", 0) for row in rows]
        frame.added.identities.extend(row.get("identity", row.get("pid", i + 1))
                                      for i, row in enumerate(rows))
        frame.added.pids.extend(pids)
        for number in request.attributes:
            entry = next(entry for entry in self.attributes
                         if (entry.table, entry.id) == (request.table, number))
            column = frame.columns.add(attribute=number)
            if entry.state != pb.OK:
                column.default_state = entry.state
                continue
            self.fill(column, entry, rows, self.counts[key] * self.step_ns / 1e9)
        self.send(session, request=request.request, frame=frame)

    def go_on(self, session, request):
        while not self.closed.wait(request.interval_ns / 1e9):
            self.frame(session, request)

    def frame_for_all(self):
        for session, request in zip(self.sessions, self.requests):
            self.frame(session, request)

    def goodbye(self, reason, retry_after_ns=0):
        for session in self.sessions:
            self.send(session, goodbye=self.pb.Goodbye(reason=reason,
                                                       retry_after_ns=retry_after_ns))

    def close(self):
        """Nothing of it goes on: a thread that still waits on a descriptor would take what comes to
        the next server, which gets the same number."""
        if self not in Server.open_ones:
            return
        Server.open_ones.remove(self)
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()
        for session in self.sessions:
            try:
                session.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join()
        self.listener.close()
        for session in self.sessions:
            session.close()
        self.sessions, self.requests = [], []
        if os.path.exists(self.path):
            os.unlink(self.path)


def on_terminal(*args, columns=80):
    """What a command that ends by itself shows on a terminal; nothing is wider than that."""
    terminal = Terminal(*args, rows=24, columns=columns)
    code = terminal.end()
    shown = terminal.output.decode().replace("\r\n", "\n")
    terminal.close()
    assert code == 0 and "\033" not in shown, (code, shown)
    assert max(map(len, shown.split("\n"))) <= columns, shown
    return shown


def check_golden(name, shown):
    """With GOLDEN in the environment it becomes what is right."""
    path = os.path.join(GOLDEN, name)
    if os.environ.get("GOLDEN"):
        with open(path, "w") as file:
            file.write(shown)
    with open(path) as file:
        assert shown == file.read(), shown

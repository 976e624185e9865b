"""Isolation: what others learn of a server (nothing), and what the server touches of the machine."""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from promise import Skipped, pick, promise
from server import ERROR, HELLO, Client, Place, check, fields, message, stop

NOBODY, SOMEBODY = 65534, 65533
STRANGER = 10  # ErrorCode
PROCCTL = os.path.join(os.environ["BUILD"], "procctl")
OPENED = pathlib.Path(__file__).with_name("opened")


def need_root():
    if os.geteuid() != 0:
        raise Skipped("needs root to become other users")


def as_user(uid, function, *arguments):
    """What a function returns that runs as somebody else."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(mouth, json.dumps(function(*arguments)).encode())
        finally:
            os._exit(0)
    os.close(mouth)
    with os.fdopen(ear) as told:
        text = told.read()
    os.waitpid(pid, 0)
    check(text, f"{function.__name__} failed as user {uid}")
    return json.loads(text)


class PlaceOf(Place):
    """A place of a user's own, whose server runs as that user. May be left open to all."""

    def __init__(self, uid):
        super().__init__()
        self.uid = uid
        self.root.chmod(0o755)
        self.path.parent.mkdir(0o700)
        os.chown(self.path.parent, uid, uid)

    def start(self, *options, wrapper=(), **keywords):
        become = ["setpriv", "--reuid", str(self.uid), "--regid", str(self.uid), "--clear-groups"]
        keywords.setdefault("stderr", subprocess.DEVNULL)
        return super().start(*options, wrapper=[*wrapper, *(become if self.uid else [])], **keywords)

    def open_to_all(self):
        self.path.parent.chmod(0o777)
        self.path.chmod(0o777)


# -------------------------------------------------------------------------------- other users

def listen_in(path, attempts):
    """How many bytes one gets who connects, and how many attempts were made."""
    got = made = 0
    for number in range(attempts):
        with Client(path, hello=False) as client:
            try:
                if number % 2:
                    client.send(HELLO)
                got += len(client.socket.recv(65536))
            except (BrokenPipeError, ConnectionResetError):
                pass
            made += 1
        if got:
            break
    return got, made


@promise("A1", "other users get nothing, even with the directory and the socket open to all")
def other_users(figures):
    need_root()
    got = made = 0
    for owner, other in (0, NOBODY), (SOMEBODY, NOBODY):
        with PlaceOf(owner) as place:
            server = place.start()
            place.open_to_all()
            more, attempts = as_user(other, listen_in, place.path, pick(100, 500))
            got, made = got + more, made + attempts
            Client(place.path).socket.close()
            place.path.parent.chmod(0o700)
            server.terminate()
            server.wait()
    figures.note("attempts", made)
    figures.exactly("bytes", got, 0)


@promise("A2", "a place that is not safe is refused, and what others have there stays as it was")
def bad_places(figures):
    need_root()
    import server_place
    refused = 0
    for name, prepare in server_place.BAD.items():
        server_place.refuses(name, prepare)  # exit 78, one line, nothing changed; or it ends us
        refused += 1
    figures.exactly("refused", refused, 8)


# -------------------------------------------------------------------------- what it touches

class Tracer:
    """A server and its system calls of these names, from the moment on at which it was ready."""

    def __init__(self, place, names):
        self.file = place.root / "trace"
        strace = ["strace", "-f", "-qq", "-y", "-ttt", "--seccomp-bpf", "-e", f"trace={names}",
                  "-o", str(self.file)]
        if not shutil.which("strace") or \
                subprocess.run([*strace, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            raise Skipped("strace does not work here")
        self.strace = place.start(wrapper=strace)
        self.ready = time.time()
        children = pathlib.Path(f"/proc/{self.strace.pid}/task/{self.strace.pid}/children")
        self.pid = int(children.read_text().split()[0])

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        check(self.strace.wait(20) == 0, f"exit status {self.strace.returncode}")

    def calls(self):
        """(name, the rest of its line); a thread that ended in the middle of a call has no name for it."""
        for line in self.file.read_text(errors="replace").splitlines():
            match = re.match(r"\d+ +([\d.]+) (?!syscall_)(\w+)\((.*)", line)
            if match and float(match[1]) >= self.ready:
                yield match[2], match[3]


def watch_everything(path, seconds):
    """A subscription for all that there is, of every table; and of some processes, for tables that are
    about one. Returns table PROCESS as it came last, and its catalog."""
    from values import wire
    pb = wire.pb
    where = collections.namedtuple("Where", "path")(str(path))
    first = wire.Session(where)
    tables = collections.defaultdict(list)
    for entry in first.catalog():
        if not entry.rule:
            tables[entry.table].append(entry)
    about_one = pb.THREAD, pb.LEDGER, pb.REGION, pb.FOOTPRINT
    sessions, processes = [first], None
    for table, entries in tables.items():
        for target in (os.getpid(), 1, first.welcome.pid) if table in about_one else (0,):
            session = wire.Session(where)
            sessions.append(session)
            asked = session.ask(table, [entry.id for entry in entries], 10**9, target_pid=target)
            if table == pb.PROCESS:
                processes = asked
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        processes.next()
    for session in sessions:
        session.close()
    return processes, tables[pb.PROCESS], len(tables)


def path_of(call, rest):
    """The path that a call opens or reads as a link; numbers as the list has them."""
    match = re.match(r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>(?:\(deleted\))?)?, )?"([^"]*)"', rest)
    check(match, f"{call}({rest}")
    path = os.path.normpath(os.path.join(match[1] or "/", match[2]))
    path = re.sub(r"^//+", "/", path)
    if "O_PATH" in rest and not path.startswith("/proc/") and os.path.ismount(path):
        return "MOUNT"
    path = re.sub(r"^/proc/\d+", "/proc/PID", path)
    path = re.sub(r"/task/\d+", "/task/TID", path)
    return re.sub(r"/(fd|fdinfo)/\d+$", r"/\1/N", path)


def is_listed(path, listed):
    return path in listed or any(line.endswith("/") and (path + "/").startswith(line)
                                 for line in listed)


# What only its own user and root are told of a process, by the sources of table PROCESS.
PRIVATE = {"exe", "links", "build_id", "regions", "smaps", "io", "sockets"}


@promise("A3", "only what is listed is ever opened, and what the kernel denies is absent, not 0")
def opens_what_is_listed(figures):
    need_root()
    from values import wire
    listed = set(filter(lambda line: line and line[0] != "#", OPENED.read_text().splitlines()))
    strange, opened, tables, absent, told = set(), 0, 0, 0, 0
    try:
        for uid in pick((NOBODY,), (0, NOBODY)):
            with PlaceOf(uid) as place:
                tracer = Tracer(place, "open,openat,openat2,creat,readlink,readlinkat,execve")
                table, entries, tables = watch_everything(place.path, pick(1, 5))
                tracer.end()
                for name, rest in tracer.calls():
                    if name != "execve":
                        opened += 1
                        path = path_of(name, rest)
                        if not is_listed(path, listed):
                            strange.add(path)
            for entry in entries if uid else ():
                if entry.source in PRIVATE:
                    state = table.cell(table.of(os.getpid()), entry.id).state
                    absent += state == "denied"
                    told += state == "ok"
    finally:
        wire.remove()
    print("not listed:", *sorted(strange))
    figures.note("tables", tables)
    figures.note("opened", opened)
    figures.exactly("not listed", len(strange), 0)
    # On a busy machine the workers may not have come to all of theirs.
    figures.at_least("cells of another user's process denied", absent, pick(8, 20))
    figures.exactly("told all the same", told, 0)


@promise("A7", "nothing is executed and no network socket opened once it has started")
def executes_nothing(figures):
    from values import wire
    wrong, seen = [], 0
    try:
        with PlaceOf(os.geteuid()) as place:
            tracer = Tracer(place, "execve,execveat,fork,vfork,clone,clone3,socket,connect,bind,"
                            "openat")
            watch_everything(place.path, pick(1, 5))
            tracer.end()
            for name, rest in tracer.calls():
                seen += 1
                # Threads are no processes, and the kernel itself is asked by netlink.
                if name != "openat" and "CLONE_THREAD" not in rest and \
                        not re.match(r"\d*<?[^,]*AF_(UNIX|NETLINK)|\d+<[^>]*>, \{sa_family=AF_(UNIX|NETLINK)",
                                     rest):
                    wrong.append(f"{name}({rest}")
    finally:
        wire.remove()
    print(*wrong, sep="\n")
    figures.note("calls seen", seen)
    figures.exactly("of these", len(wrong), 0)


# ------------------------------------------------------------------------------ pid namespaces

def knock(path, attempts):
    """(answered with STRANGER and closed, welcomed, anything else)"""
    counts = [0, 0, 0]
    for _ in range(attempts):
        with Client(path, hello=False) as client:
            try:
                client.send(HELLO)
            except (BrokenPipeError, ConnectionResetError):
                pass
            got = client.receive()
            if got and list(got) == [ERROR] and fields(got[ERROR])[1] == STRANGER and \
                    client.receive() is None:
                counts[0] += 1
            else:
                counts[1 if got and 2 in got else 2] += 1
    return counts


def knock_in(enter, path, attempts):
    call = f"import isolation, json; print(json.dumps(isolation.knock({str(path)!r}, {attempts})))"
    ran = subprocess.run([*enter, sys.executable, "-c", call], stdout=subprocess.PIPE, text=True,
                         timeout=60, check=False)
    check(ran.returncode == 0, f"{enter}: exit status {ran.returncode}")
    return json.loads(ran.stdout)


def ways_in():
    """How a namespace of pids can be had here."""
    ways = [["unshare", "-Urpf", "--mount-proc", "--kill-child"], ["unshare", "-pf", "--kill-child"],
            ["unshare", "-Urpf", "--kill-child", "unshare", "-pf", "--mount-proc"]]
    possible = [way for way in ways if shutil.which("unshare") and subprocess.run(
        [*way, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0]
    if not possible:
        raise Skipped("no namespace of pids can be had here")
    return possible


def knows_namespaces():
    with Place() as place:
        return "peer-pidfd" in place.run("--version").stdout


@promise("A4", "a client in another pid namespace is told why and gets nothing else")
def other_namespaces(figures):
    if not knows_namespaces():
        raise Skipped("the kernel does not tell the namespace of a client: Linux 6.5 does")
    ways = ways_in()
    attempts = pick(20, 100)
    refused = made = welcomed = 0
    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        for number, way in enumerate(ways):
            share = attempts // len(ways) + (number < attempts % len(ways))
            made += share
            refused += knock_in(way, place.path, share)[0]
        welcomed += knock_in([], place.path, 10)[1]
        stop(server)
        server = place.start("--allow-other-ns", stderr=subprocess.DEVNULL)
        welcomed += sum(knock_in(way, place.path, 10)[1] for way in ways)
        stop(server)
        # The server in the container, its neighbours there, and we outside.
        for way in ways:
            server = place.start("--debug", wrapper=way, stderr=subprocess.DEVNULL)
            inside = int(place.pids()[0])
            welcomed += knock_in(["nsenter", "-t", str(inside), "-U", "-p", "--preserve-credentials"]
                                 if "-Urpf" in way else ["nsenter", "-t", str(inside), "-p"],
                                 place.path, 10)[1]
            made += 10
            refused += knock(place.path, 10)[0]
            os.kill(inside, signal.SIGTERM)
            server.wait(10)
    figures.exactly("refused", refused, made)
    figures.exactly("neighbours and guests welcomed", welcomed, 10 + 20 * len(ways))


# ------------------------------------------------------------------------- servers not to trust

MARK = "IMPOSTOR"
TRICK = f"\033]0;{MARK}\007\033[2J\u009b2J"


def impostor(path, answer):
    """A process that listens in our directory as nobody, and says this to whoever comes."""
    import socket
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        listener.listen(8)
        os.write(mouth, b"x")
        while True:
            stream, _ = listener.accept()
            try:
                stream.sendall(answer)
            except BrokenPipeError:
                pass  # it has seen whose socket this is
            stream.close()
    os.read(ear, 1)
    listener.close()
    return pid


@promise("A5", "a client refuses a server of somebody else and one that oversteps, and prints nothing of it")
def bad_servers(figures):
    need_root()
    import procctl_support as support
    pb = support.protocol()
    attributes = [pb.Attribute(table=pb.PROCESS, id=4, name="pid", kind=pb.CONSTANT, type=pb.U64),
                  pb.Attribute(table=pb.PROCESS, id=12, name="comm", type=pb.TEXT, kind=pb.CONSTANT)]

    def huge(server, session, request):
        session.sendall(b"\x80\x80\x80\x01" + MARK.encode() * (2 * 1024 * 1024 // len(MARK)))

    def part_of_many(part):
        slots = range(part * 50000, (part + 1) * 50000)
        frame = pb.Frame(tick=1, part=part, last=part == 19,
                         added=pb.Added(slots=slots, identities=slots, pids=slots))
        return message(pb.ServerMessage(request=1, frame=frame).SerializeToString())

    parts = b"".join(map(part_of_many, range(20)))

    def endless(server, session, request):
        """A million rows in parts, each of which could be."""
        session.sendall(parts)

    def rubbish(server, session, request):
        session.sendall(TRICK.encode() * 100)

    class Bad(support.Server):
        def send_frame(self, session, request):
            try:
                self.way(self, session, request)
            except OSError:
                pass  # it has hung up, as it should

    def judge(code):
        """One line that says why, and nothing of what the server said."""
        ran = subprocess.run([PROCCTL, "ps", "-a", "comm", "--no-start"], capture_output=True,
                             timeout=20, check=False)
        shown = ran.stdout + ran.stderr
        right = ran.returncode == code and ran.stdout == b"" and ran.stderr.count(b"\n") == 1 and \
            MARK.encode() not in shown and b"\033" not in shown
        if not right:
            print(f"exit status {ran.returncode}, not {code}: {shown[:200]}")
        return right

    refused, each = 0, pick(2, 25)
    path = os.environ["PROCMON_SOCKET"]
    try:
        pid = impostor(path, TRICK.encode() * 10)
        try:
            refused += sum(judge(77) for _ in range(each))
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.unlink(path)
        for way in huge, endless, rubbish:
            server = Bad(pb, attributes, [])
            server.way = way
            refused += sum(judge(5) for _ in range(each))
            server.close()
        # What keeps to the rules is shown, harmless.
        server = support.Server(pb, attributes, [{"pid": 1, "comm": TRICK}])
        shown = subprocess.run([PROCCTL, "ps", "-a", "comm", "--no-start"], capture_output=True,
                               timeout=20, check=False).stdout.decode()
        server.close()
    finally:
        shutil.rmtree(support.directory, ignore_errors=True)
    figures.exactly("refused", refused, 4 * each)
    figures.exactly("names shown", shown.count(MARK), 1)
    figures.exactly("control characters shown",
                    sum(not letter.isprintable() for letter in shown.replace("\n", "")), 0)


# --------------------------------------------------------------------------------- the interval

@promise("A6", "nobody gets frames faster than every 100 ms, whatever is asked for", alone=True)
def interval_floor(figures):
    from values import wire
    pb = wire.pb
    seconds = pick(1.5, 5)
    closest, doubles, frames, samplings = [], [], 0, set()

    def subscribe(where, interval_ns):
        session = wire.Session(where)
        table = session.ask(pb.SYSTEM, [first_of(where, pb.SYSTEM)], interval_ns)
        table.next()  # at once; from then on the clock's beat
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            times.append(table.next().frame.sampled_ns)
        session.close()
        closest.append(min(b - a for a, b in zip(times, times[1:])))
        doubles.append(len(times) - len({at // 10**8 for at in times}))

    def first_of(where, table):
        session = wire.Session(where)
        number = next(entry.id for entry in session.catalog()
                      if entry.table == table and not entry.rule and entry.state == pb.OK)
        session.close()
        return number

    try:
        with PlaceOf(os.geteuid()) as place:
            place.start()
            where = collections.namedtuple("Where", "path")(str(place.path))
            threads = [threading.Thread(target=subscribe, args=(where, interval_ns))
                       for interval_ns in (1, 10**6, 10**6, 99 * 10**6)]
            for thread in threads:
                thread.start()
            # And who asks again and again instead.
            session, number = wire.Session(where), first_of(where, pb.PROCESS)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                samplings.add(session.ask(pb.PROCESS, [number]).next().frame.sampled_ns)
                frames += 1
            session.close()
            for thread in threads:
                thread.join()
    finally:
        wire.remove()
    figures.exactly("subscriptions", len(closest), 4)
    figures.exactly("frames of the same tenth of a second", sum(doubles), 0)
    figures.at_least("closest frames", min(closest) / 1e6, 95, "ms", timing=True)
    figures.note("single answers", frames)
    figures.at_most("samplings for them", len(samplings), int(10 * seconds) + 10)

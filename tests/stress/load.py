"""Load: many clients, hostile ones among them, and what it costs the others."""
import array
import itertools
import json
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time

from promise import Skipped, cpu_seconds, pick, promise
from server import (ERROR, FRAME, HELLO, Client, Place, check, fields, message, request, varint,
                    wait_for)

BUILD = os.environ["BUILD"]
PROTOCOL, TOO_MANY = 1, 3
PROCESS, SYSTEM, SERVER, SESSION = 1, 2, 14, 15
CPU_BUSY, TICKS = 0x100D, 0x1005  # of SYSTEM, of SERVER
INTERVAL_NS = 100_000_000
# What changes whenever a process of changing.c runs: comm, cpu.total, user, system and faults.total.
CHANGING = (0x000C, 0x1010, 0x0017, 0x0018, 0x001C)


def resident_kib(pid):
    """Exact where that may be read: elsewhere some kernels count in steps of many pages."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Rss"))
    except PermissionError:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def descriptors(pid):
    """But for those of what is sampled: processes come and go."""
    try:
        return sum(not path.startswith(("/proc", "/sys", "anon_inode:[pidfd]")) for path in links(f"/proc/{pid}/fd"))
    except PermissionError as error:
        raise Skipped("only root sees the descriptors of the server") from error


def links(directory):
    for name in os.listdir(directory):
        try:
            yield os.readlink(os.path.join(directory, name))
        except FileNotFoundError:
            pass


class Changing:
    """Processes whose values change all the time."""

    def __init__(self, count):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/stress/changing"), str(count)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.process.stdout.readline() == b"ready\n", "no processes to watch")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Readers:
    """Many clients: see readers.c."""

    def __init__(self, place, seconds, *options, interval_ns=INTERVAL_NS):
        ask = HELLO + request(1, PROCESS, CHANGING, interval_ns)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests/stress/readers"), "--seconds", str(seconds),
             *map(str, options), ask.hex()],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PROCMON_SOCKET": str(place.path)})
        place.started.append(self.process)
        check(self.process.stdout.readline() == "ready\n", "the readers do not get their first tables")

    def report(self):
        line = self.process.stdout.readline()
        check(line, "the readers have nothing to report")
        print(line, end="")
        return json.loads(line)


def show_latency(figures, got):
    figures.note("p50", got["p50"], "ms")
    figures.at_most("p99", got["p99"], 50, "ms", timing=True)


@promise("B1", "a thousand subscribers, of which 50 never read", alone=True, seconds=180)
def thousand(figures):
    seconds = pick(4, 60)
    raise_descriptors()
    with Changing(600), Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        with Client(place.path) as first:
            first.send(request(1, PROCESS, CHANGING, INTERVAL_NS))
            first.receive()
            before = resident_kib(server.pid)
            readers = Readers(place, seconds, "--awake", 950, "--asleep", 49)
            cpu, start, most = cpu_seconds(server.pid), time.monotonic(), 0
            while time.monotonic() < start + seconds:
                time.sleep(0.2)
                most = max(most, resident_kib(server.pid) - before)
            cpu = (cpu_seconds(server.pid) - cpu) / (time.monotonic() - start)
            got = readers.report()
    figures.note("frames of", got["bytes"] / 1000, "KB")
    figures.at_least("a second", got["ticks"] / seconds, 9.9, timing=True)
    figures.at_most("memory grown by", most / 1024, 32, "MiB")
    show_latency(figures, got)
    figures.at_most("p99.9", got["p999"], 100, "ms", timing=True)
    figures.note("worst", got["worst"], "ms")
    figures.exactly("frames lost by those who read", got["lost"] + got["holes"], 0)
    figures.exactly("closed", got["closed"] + got["refused"], 0)
    figures.at_most("CPU", cpu * 100, 25, "%", timing=True)


class Sleeper:
    """procctl that writes what it gets into a file, and may be stopped."""

    def __init__(self, place, number):
        self.path = place.root / f"{number}.jsonl"
        with self.path.open("wb") as file:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, "procctl"), "subscribe", "--no-start", "--socket", str(place.path),
                 "-a", "pid,comm,cpu.total,cpu.run_delay,faults.total", "-i", "100ms", "-o", "jsonl"],
                stdin=subprocess.DEVNULL, stdout=file)
        place.started.append(self.process)

    def tables(self):
        """By their ticks, in the order in which they came; not the one that is being written."""
        found = {}
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            found.setdefault(tick_of(line), []).append(line.split(b'"tick"')[1])
        if found:
            found.popitem()
        return found

    def newest(self):
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - 4096))
            lines = file.read().split(b"\n")[1:-1]
            return tick_of(lines[-1]) if lines else 0


def tick_of(line):
    return json.loads(line)["tick"]


@promise("B2", "clients that were stopped go on with one whole table", seconds=150)
def stopped(figures):
    seconds = pick(3, 60)
    with Changing(200), Place() as place:
        place.start(stderr=subprocess.DEVNULL)
        awake = Sleeper(place, "awake")
        sleepers = [Sleeper(place, number) for number in range(pick(4, 20))]
        wait_for(lambda: all(one.newest() for one in [awake, *sleepers]), "no tables", 20)
        first = awake.newest()
        for one in sleepers:
            one.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        last, start, late = awake.newest(), time.monotonic(), {}
        for one in sleepers:
            one.process.send_signal(signal.SIGCONT)
        while len(late) < len(sleepers) and time.monotonic() < start + 10:
            for one in sleepers:
                if one not in late and one.newest() > last:
                    late[one] = time.monotonic() - start
            time.sleep(0.01)
        time.sleep(0.3)
        connected = [one.process.poll() is None for one in sleepers]
        theirs, ours = [one.tables() for one in sleepers], awake.tables()
    leaps = [sum(after - before > (last - first) / 3 for before, after in itertools.pairwise(tables))
             for tables in theirs]
    figures.exactly("connected", sum(connected), len(sleepers))
    figures.exactly("leaps over what was missed", sum(leaps), len(sleepers))
    figures.exactly("tables unlike those of one who was awake",
                    sum(sorted(rows) != sorted(ours.get(tick, rows))
                        for tables in theirs for tick, rows in tables.items()), 0)
    figures.at_most("up to date after", max(late.get(one, 10) for one in sleepers) * 1000, 1000, "ms",
                    timing=True)


class Flooder(threading.Thread):
    """Says the same again and again, as fast as the socket takes it, and counts the answers."""

    def __init__(self, place, question, seconds):
        super().__init__()
        self.client, self.question = Client(place.path), question
        self.end, self.answers = time.monotonic() + seconds, 0

    def run(self):
        self.client.socket.setblocking(False)
        data, unsent = b"", self.question * 1000
        while time.monotonic() < self.end:
            try:
                sent = self.client.socket.send(unsent)
                unsent = unsent[sent:] or self.question * 1000
            except BlockingIOError:
                time.sleep(0.001)
            try:
                data = self.count(data + self.client.socket.recv(1 << 20))
            except BlockingIOError:
                pass

    def count(self, data):
        """Returns what is left when the whole answers are taken away."""
        at = 0
        while True:
            size = shift = 0
            for start in range(at, min(at + 10, len(data))):
                size |= (data[start] & 127) << shift
                shift += 7
                if data[start] < 128:
                    break
            else:
                return data[at:]
            if start + 1 + size > len(data):
                return data[at:]
            at = start + 1 + size
            self.answers += 1


@promise("B3", "clients that flood the server hurt only themselves", alone=True, seconds=60)
def floods(figures):
    seconds, burst = pick(3, 10), 200
    with Changing(50), Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        readers = Readers(place, seconds, "--awake", 10)
        before, most = resident_kib(server.pid), 0
        flooders = [Flooder(place, question, seconds) for question in (
            request(0, SERVER, [TICKS]),     # refused
            request(1, PROCESS, CHANGING),   # one table
            message(b"\x22\x00"))]           # the catalog
        for one in flooders:
            one.start()
        while any(one.is_alive() for one in flooders):
            time.sleep(0.1)
            most = max(most, resident_kib(server.pid) - before)
        got = readers.report()
    show_latency(figures, got)
    figures.exactly("frames lost", got["lost"] + got["holes"] + got["closed"], 0)
    figures.at_most("memory grown by", most / 1024, 8, "MiB")
    served = [max(0, one.answers - burst) / seconds for one in flooders]
    print([one.answers for one in flooders])
    figures.at_most("served a second", max(served), 50)
    figures.at_least("and not fewer than", max(served), 25, timing=True)


@promise("B4", "messages that trickle in end their sessions, and keep nobody out")
def trickle(figures):
    count, ended, waited = 64, {}, []
    with Place() as place:
        place.start(stderr=subprocess.DEVNULL)
        slow = [Client(place.path, hello=False) for _ in range(count)]
        start = time.monotonic()

        def send():
            while len(ended) < count:
                for client in slow:
                    try:
                        client.send(b"\x20")  # a length, and then tags without values
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                time.sleep(1)

        def come():
            while len(ended) < count:
                before = time.monotonic()
                Client(place.path).socket.close()
                waited.append(time.monotonic() - before)
                time.sleep(0.5)

        others = [threading.Thread(target=target, daemon=True) for target in (send, come)]
        for thread in others:
            thread.start()
        while len(ended) < count and time.monotonic() < start + 10:
            for one in select.select([client.socket for client in slow if client not in ended], [], [], 1)[0]:
                client = next(client for client in slow if client.socket == one)
                ended[client] = client.error()[0], time.monotonic() - start
        for thread in others:
            thread.join()
    late = [after for code, after in ended.values() if code == PROTOCOL]
    figures.exactly("ended", len(ended), count)
    figures.at_least("after", min(late, default=0), 4, "s")
    figures.at_most("to", max(late, default=99), 6, "s", timing=True)
    figures.note("gave way to others before", len(ended) - len(late))
    figures.at_most("others waited", max(waited), 1, "s", timing=True)


@promise("B5", "a length that lies is refused, without memory for it")
def liars(figures):
    refused, lengths = 0, [64 * 1024 + 1, 2**31, 2**32 - 1, 2**64 - 1]
    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        with Client(place.path) as honest:
            honest.send(b"\x00")  # an empty message is one that says nothing to this server
            before = resident_kib(server.pid)
            for length in lengths:
                for hello in False, True:
                    with Client(place.path, hello) as liar:
                        liar.send(varint(length))
                        refused += liar.error()[0] == PROTOCOL and liar.receive() is None
            grown = resident_kib(server.pid) - before
            honest.send(request(1, SERVER, [TICKS]))
            answered = FRAME in honest.receive()
    figures.exactly("refused", refused, 2 * len(lengths))
    figures.at_most("memory grown by", grown, 64, "KiB")
    figures.exactly("who said nothing (0) is answered", answered, True)


def fill(piece, size=64 * 1024 - 16):
    return piece * (size // len(piece))


def in_field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


# What protobuf-c makes a lot of, each of 64 KiB: a ClientMessage of these.
AMPLIFIED = {
    "empty messages": fill(b"\x12\x00"),
    "messages in turn": fill(b"\x0a\x00\x12\x00\x1a\x00\x22\x00"),
    "unknown fields": fill(b"\x78\x00"),
    "empty texts": in_field(1, fill(b"\x1a\x00")),
    "single numbers": in_field(2, fill(b"\x18\x01")),
    "packed numbers": in_field(2, in_field(3, fill(b"\x01"))),
}


@promise("B6", "messages that grow when they are decoded")
def amplified(figures):
    count, slowest = pick(40, 500), 0
    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        with Client(place.path) as honest:
            before, most = resident_kib(server.pid), 0
            for name, body in AMPLIFIED.items():
                cpu = cpu_seconds(server.pid)
                for number in range(count):
                    with Client(place.path) as client:
                        client.send(message(body))
                        client.error()
                    if number % 10 == 0:
                        most = max(most, resident_kib(server.pid) - before)
                took = (cpu_seconds(server.pid) - cpu) / count * 1000
                print(f"{name}: {took:.3f} ms")
                slowest = max(slowest, took)
            honest.send(request(1, SERVER, [TICKS]))
            answered = FRAME in honest.receive()
    figures.at_most("memory grown by", most / 1024, 2, "MiB")
    figures.at_most("CPU for each", slowest, 5, "ms", timing=True)
    figures.exactly("others are answered", answered, True)


@promise("B7", "nothing is left of a session")
def cycles(figures):
    first, rest = pick(300, 1000), pick(1000, 9000)

    def cycle(place, number):
        with Client(place.path) as client:
            client.send(request(1, SYSTEM, [CPU_BUSY], INTERVAL_NS))
            if number % 3:
                client.receive()  # else it is gone before its table comes

    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        with Client(place.path) as watcher:
            watcher.send(request(1, SYSTEM, [CPU_BUSY], INTERVAL_NS))
            drain = threading.Thread(target=lambda: all(iter(watcher.receive, None)))
            drain.start()
            for number in range(first):
                cycle(place, number)
            memory, open_files = settled(server.pid)
            for number in range(rest):
                cycle(place, number)
            memory_after, open_files_after = settled(server.pid)
            watcher.socket.shutdown(socket.SHUT_RDWR)
            drain.join()
    figures.exactly("descriptors left", open_files_after - open_files, 0)
    figures.at_most("memory grown by", memory_after - memory, 64, "KiB")
    figures.note("sessions", first + rest)


def settled(pid):
    """Memory and descriptors, when all who left are gone."""
    time.sleep(0.3)
    return resident_kib(pid), descriptors(pid)


@promise("B8", "descriptors that are passed do not arrive")
def passed(figures):
    most = 0
    with Place() as place, open("/dev/null", "rb") as null:
        server = place.start(stderr=subprocess.DEVNULL)
        client = Client(place.path)
        before = descriptors(server.pid)
        for _ in range(20):
            client.socket.sendmsg([request(0, SERVER, [TICKS])], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null.fileno()] * 250))])
            client.error()
            most = max(most, descriptors(server.pid) - before)
        client.socket.close()
    figures.note("passed", 5000)
    figures.exactly("arrived", most, 0)


def has_heard(client):
    try:
        return client.recv(100) != b""
    except OSError:
        return False  # it waits, or has not even connected


def lets_in(place):
    try:
        Client(place.path).socket.close()
        return True
    except BlockingIOError:
        return False  # its backlog is full


@promise("B9", "without descriptors newcomers wait, and nobody else", seconds=60)
def no_descriptors(figures):
    seconds = pick(3, 8)
    with Place() as place:
        log = place.root / "stderr"
        with log.open("w") as stderr:
            server = place.start(wrapper=["prlimit", "--nofile=64:64"], stderr=stderr)
        readers = Readers(place, seconds, "--awake", 1, interval_ns=10 * INTERVAL_NS)
        clients = []
        for _ in range(200):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(str(place.path))
                client.send(HELLO)
            except BlockingIOError:
                pass  # the backlog is full
            clients.append(client)
        wait_for(lambda: "have to wait" in log.read_text(), "nothing in the log")
        cpu, start = cpu_seconds(server.pid), time.monotonic()
        got = readers.report()
        cpu = (cpu_seconds(server.pid) - cpu) / (time.monotonic() - start)
        let_in = sum(map(has_heard, clients))
        for client in clients:
            client.close()
        start = time.monotonic()
        wait_for(lambda: lets_in(place), "nobody is let in")
        waited = time.monotonic() - start
        lines = log.read_text().count("\n")
    figures.at_least("let in", let_in, 8)
    figures.at_most("CPU", cpu * 100, 5, "%", timing=True)
    figures.at_most("lines of log", lines, 10)
    figures.at_least("frames a second", got["ticks"] / seconds, 0.9, timing=True)
    figures.at_most("a newcomer waits, when some are free,", waited, 1, "s", timing=True)


def raise_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@promise("B10", "one client too many is told so")
def too_many(figures):
    raise_descriptors()
    with Place() as place:
        place.start(stderr=subprocess.DEVNULL)
        clients = [Client(place.path) for _ in range(1024)]
        start = time.monotonic()
        with Client(place.path, hello=False) as client:
            told = client.error()[0] == TOO_MANY and client.receive() is None
            took = time.monotonic() - start
        clients.pop().socket.close()
        Client(place.path).socket.close()
        for client in clients:
            client.socket.close()
    figures.exactly("sessions", len(clients) + 1, 1024)
    figures.exactly("the next one is told and closed", told, True)
    figures.at_most("after", took * 1000, 100, "ms", timing=True)


def server_row(place, *names):
    """Of table SERVER: what the server says of itself."""
    said = subprocess.run([os.path.join(BUILD, "procctl"), "table", "server", "--no-start", "--socket",
                           str(place.path), "-a", "name," + ",".join(names), "-o", "json"],
                          capture_output=True, text=True, check=True, timeout=30)
    row = next(row for row in json.loads(said.stdout)["rows"] if row["name"] == "total")
    return [row[name] for name in names]


@promise("B11", "a thousand readers, each at its own speed", alone=True, seconds=120)
def uneven(figures):
    seconds = pick(4, 30)
    raise_descriptors()
    with Changing(600), Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        readers = Readers(place, seconds, "--uneven", 1000)
        before, cpu, start = server_row(place, "encodes", "ticks"), cpu_seconds(server.pid), time.monotonic()
        time.sleep(seconds - 0.5)
        encodes, ticks = (after - now for after, now in zip(server_row(place, "encodes", "ticks"), before))
        cpu = (cpu_seconds(server.pid) - cpu) / (time.monotonic() - start)
        got = readers.report()
    figures.at_most("encodes a tick", encodes / ticks, 4)
    figures.exactly("tables with holes", got["holes"], 0)
    figures.exactly("without the newest table at the end", got["behind"], 0)
    figures.exactly("closed", got["closed"] + got["refused"], 0)
    figures.note("CPU", cpu * 100, "%")


@promise("B12", "sessions that ask for 5,000 different things", seconds=60)
def different(figures):
    count, views_max = pick(1000, 5000), 256
    attributes = [*range(0x1000, 0x1007), *range(0x1008, 0x1018)]
    sets = itertools.islice(itertools.combinations(attributes, 4), count)
    served, told, clients = 0, 0, []
    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        before = None
        while chunk := list(itertools.islice(sets, 16)):
            client = Client(place.path)
            clients.append(client)
            before = before or resident_kib(server.pid)
            for number, wanted in enumerate(chunk, 1):
                client.send(request(number, SERVER, wanted, 60_000_000_000))
            for _ in chunk:
                got = client.receive()
                served += FRAME in got
                told += ERROR in got and fields(got[ERROR])[1] == TOO_MANY
        grown = resident_kib(server.pid) - before
        newcomer = subprocess.run([os.path.join(BUILD, "procctl"), "ps", "--no-start", "--socket",
                                   str(place.path), "-a", "comm"], stdout=subprocess.DEVNULL, timeout=30)
        for client in clients:
            client.socket.close()
    figures.at_most("served", served, views_max)
    figures.at_least("and", served, views_max // 2)
    figures.exactly("served or told that there are too many", served + told, count)
    figures.exactly("somebody else is served", newcomer.returncode == 0, True)
    figures.at_most("memory grown by", grown / 1024, 16, "MiB")


class Churn(threading.Thread):
    """A client that comes, asks for something, reads a while and goes, again and again."""

    def __init__(self, place, number):
        super().__init__(daemon=True)
        self.place, self.number, self.ended, self.sessions = place, number, False, 0

    def run(self):
        while not self.ended:
            with Client(self.place.path) as client:
                client.send(request(1, PROCESS, CHANGING[:1 + self.sessions % 5], INTERVAL_NS))
                client.send(request(2, (SERVER, SESSION)[self.sessions % 2], [0x1000, 0x1004], 5 * INTERVAL_NS))
                for _ in range(3 + (self.number + self.sessions) % 8):
                    check(client.receive(), "a client of the soak was closed")
                    if self.ended:
                        break
            self.sessions += 1


class Crowd:
    """So many of them at a time."""

    def __init__(self, place, count):
        self.clients = [Churn(place, number) for number in range(count)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.ended = True
        for client in self.clients:
            client.join()


def start_among_few(place):
    """A server that sees fifty processes, and as many that are born and die: what others do on this
    machine does not make its tables grow."""
    alone = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL).returncode:
        raise Skipped("no pid namespace to be had")
    population = os.path.join(BUILD, "tests/bench/population") + " --count 50 --forks 20"
    place.start("--allow-other-ns", stderr=subprocess.DEVNULL,
                wrapper=[*alone, "sh", "-c", f'sleep inf | {population} >/dev/null & "$@"', "sh"])


def slope(points):
    """By least squares, a second, and its standard error."""
    count = len(points)
    x = sum(at for at, _ in points) / count
    y = sum(value for _, value in points) / count
    width = sum((at - x) ** 2 for at, _ in points)
    rise = sum((at - x) * (value - y) for at, value in points) / width
    rest = sum((value - y - rise * (at - x)) ** 2 for at, value in points)
    return rise, (rest / (count - 2) / width) ** 0.5


def means(samples, size):
    """Of so many neighbours each: what is left of a saw's teeth is independent of each other."""
    blocks = [samples[at:at + size] for at in range(0, len(samples) - size + 1, size)]
    return [tuple(sum(column) / size for column in zip(*block)) for block in blocks]


@promise("H4", "ten minutes of 50 clients that come and go", whole_only=True, seconds=700)
def soak(figures):
    warm, seconds = 120, 460
    samples = []
    with Place() as place:
        start_among_few(place)
        server = place.pids()[0]
        before = descriptors(server)
        with Crowd(place, 50) as crowd:
            # The heap has its most crowded time first: what it needs later, it has had before.
            with Crowd(place, 100):
                time.sleep(warm)
            start = time.monotonic()
            while time.monotonic() < start + seconds:
                samples.append((time.monotonic() - start, resident_kib(server)))
                time.sleep(0.5)
        time.sleep(1)
        left = descriptors(server) - before
    for at, kib in means(samples, 40):
        print(f"{at:.0f} s: {kib:.0f} KiB")
    rise, error = slope(means(samples, 40))
    figures.at_most("memory grows by", rise * 3600, 256, "KiB/h")
    figures.note("give or take", error * 3600, "KiB/h")
    figures.exactly("descriptors left", left, 0)
    figures.note("sessions", sum(client.sessions for client in crowd.clients))

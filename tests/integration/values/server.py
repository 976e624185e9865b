"""The server about itself, by what sessions of the tests' own sent and were sent."""
import os
import re
import time

from values import kernel, wire
from values.check import NONE, Check, Range
from values.wire import pb

ENCODE_MAX = 2_000_000  # ns for a frame of 100 bytes, under a sanitizer
INTERVAL, HOUR = 100_000_000, 3600 * 10 ** 9
MUCH = 4  # requests for all there is
# oom.score may change while a process rests: always read. io.read_calls: then skipped.
WATCHED = ("io.read_calls", "oom.score")


def cpu_of(pid):
    return time.clock_gettime_ns(~pid << 3 | 2)


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Watch:
    """A request, and each of its frames: (tick, since, bytes)."""

    def __init__(self, session, view, *request):
        self.table, self.session, self.view, self.frames = session.ask(*request), session, view, []

    def take(self, count):
        for _ in range(count):
            size = self.table.bytes
            self.table.next()
            self.frames.append((self.table.frame.tick, self.table.frame.since,
                                self.table.bytes - size))


class Scenario:
    """Two sessions watch the same; one asks for much and does not listen; one looks."""

    def __init__(self, server, process, subjects):
        self.pid, self.subjects = server.process.pid, subjects
        self.looker = wire.Session(server, "looker")
        self.idle_descriptors = descriptors_of(self.pid)
        pids, ids = [subject.pid for subject in subjects], process.ids(WATCHED)
        self.sessions = {name: wire.Session(server, name) for name in ("first", "second", "deaf")}
        request = pb.PROCESS, ids, INTERVAL, pids
        self.watches = {name: Watch(self.sessions[name], "watched", *request)
                        for name in ("first", "second")}
        self.advance(3)
        deaf = self.sessions["deaf"]
        watched = {process.entries[name].source for name in WATCHED}
        much = process.ids(name for name in process.readable()
                           if process.entries[name].source not in watched)
        # In one piece, and few: when its output is full the server hears no more of it.
        with deaf.at_once():
            self.much = [Watch(deaf, "much", pb.PROCESS, much, HOUR) for _ in range(MUCH)]
            self.watches["deaf"] = Watch(deaf, "watched", *request)
        self.deaf_since = self.watches["first"].frames[-1][0]
        self.advance(5)
        self.looks = []
        self.exits = NONE  # nobody asks for processes that ended
        self.features = server.version().splitlines()[1]

    def advance(self, count):
        for name in ("first", "second"):
            self.watches[name].take(count)

    def look(self, table):
        """At all rows of a table; what came before that and what did not is sorted out later."""
        begun, memory = cpu_of(self.pid), kernel.pairs(f"/proc/{self.pid}/status")["VmHWM"][0]
        self.advance(2)
        rows = Watch(self.looker, table.name, table.number, table.ids(table.readable()))
        rows.take(1)
        self.looks.append(rows)
        look = Look(self, table, rows)
        look.cpu, look.latest = Range(begun, cpu_of(self.pid)), cpu_of(self.pid) - begun
        look.memory = Range(memory, kernel.pairs(f"/proc/{self.pid}/status")["VmHWM"][0])
        look.descriptors = descriptors_of(self.pid)
        self.advance(2)
        return look

    def wait_for_deaf(self, table, looks=20):
        """Until all that he asked for is known."""
        for _ in range(looks):
            look = self.look(table)
            if any((look.value(row, "client"), look.value(row, "request")) ==
                   ("deaf", self.watches["deaf"].table.request) for row in look.rows):
                return
            self.advance(5)

    def drain(self, last_tick):
        """Until the deaf one has heard all that it had been sent by then."""
        watches = {watch.table.request: watch for watch in (*self.much, self.watches["deaf"])}
        held, size = self.watches["deaf"], 0
        while not held.frames or held.frames[-1][0] <= last_tick:
            message = self.sessions["deaf"].hear()
            size += self.sessions["deaf"].received
            if message.frame.last:
                watches[message.request].frames.append(
                    (message.frame.tick, message.frame.since, size))
                size = 0

    def all_watches(self):
        return [*self.watches.values(), *self.much, *self.looks]

    def close(self):
        for session in (self.looker, *self.sessions.values()):
            session.close()


class Look:
    """What one look at a table of the server's own has shown."""

    def __init__(self, scenario, table, watch):
        self.scenario, self.table, self.sampled = scenario, table, watch.table
        self.tick, self.rows = watch.table.frame.tick, list(watch.table.rows.values())

    def value(self, row, name):
        return self.sampled.cell(row, self.table.entries[name].id).value

    def row(self, name, value, more=None):
        rows = [row for row in self.rows if self.value(row, name) == value
                and (more is None or self.value(row, "request") == more)]
        assert len(rows) == 1, f"{len(rows)} rows with {name} {value} {more} among " + str(
            [(self.value(row, name), more and self.value(row, "request")) for row in self.rows])
        return Row(self, rows[0], value)

    def counted(self, measure):
        """Of the frames before this look's tick, at least; and of those in it, at most."""
        return Range(measure(lambda frame: frame[0] < self.tick),
                     measure(lambda frame: frame[0] <= self.tick))

    def frames(self, *watches):
        return self.counted(lambda holds: sum(holds(frame) for watch in watches
                                              for frame in watch.frames))

    def encodes(self, *watches):
        """Equal frames of equal requests are one."""
        return self.counted(lambda holds: len({
            (watch.view, *frame[:2]) for watch in watches for frame in watch.frames
            if holds(frame)}))

    def rounds(self):
        """Ticks of which somebody got what all of them watch."""
        return self.counted(lambda holds: len({
            frame[0] for watch in self.scenario.watches.values() for frame in watch.frames
            if holds(frame)}))

    def held_back(self):
        """Once for each time that it was due and had not listened; then it is due no more."""
        due = self.counted(lambda holds: sum(holds(frame) for frame in
                                             self.scenario.watches["first"].frames
                                             if frame[0] > self.scenario.deaf_since))
        return Range(1, due.high)


class Row:
    """One row of a look: its label is the source or client that it is about."""

    def __init__(self, look, cells, label):
        self.look, self.cells, self.label, self.scenario = look, cells, label, look.scenario
        self.watch = self.scenario.watches.get(label)


# ------------------------------------------------------------------------- table SERVER

def means_of_exits(text):
    """The text, if it names the means that this kernel and our capabilities give; else those."""
    release = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
    if "linux-6.1" in os.environ.get("PROCMON_WITHOUT", ""):
        release = min(release, (6, 1))
    status = kernel.read("/proc/self/status").decode()
    capabilities = int(re.search(r"CapEff:\s*(\w+)", status)[1], 16)
    words = ["pidfd (the end, exit status)" if release >= (6, 15) else "pidfd (the end)"]
    if capabilities >> 12 & 1 and release >= (5, 19):  # CAP_NET_ADMIN
        words.append(", taskstats")
    else:
        words.append("; not taskstats")
    return text if text and text.startswith("".join(words)) else "".join(words)


def of_total(function):
    """What is said of the server as a whole is said of no source."""
    return lambda r: function(r.look, r.scenario) if r.label == "total" else NONE


def sum_of_sources(name, slack=0):
    """Of the sources' rows."""
    def reference(look):
        told = sum(look.value(row, name) or 0 for row in look.rows
                   if look.value(row, "name") != "total")
        return Range(told, told + slack)
    return reference


def reads(r):
    if r.label == "total":
        return sum_of_sources("reads", len(r.look.rows))(r.look)  # these are being read
    rounds, count = r.look.rounds(), len(r.scenario.subjects)
    if r.label == "process.oom_score":
        return Range(rounds.low * count, rounds.high * count)
    return Range(count, 2 * count)  # and when their clocks were first seen to stand still


def skips(r):
    """With the reads it is all processes, each time."""
    if r.label == "total":
        return sum_of_sources("skips")(r.look)
    if r.label == "process.oom_score":
        return 0  # it may change while a process rests
    rounds, count = r.look.rounds(), len(r.scenario.subjects)
    read = r.look.value(r.cells, "reads")
    return Range(rounds.low * count - read, rounds.high * count - read)


def failures(r):
    return sum_of_sources("failures")(r.look) if r.label == "total" else 0


def read_time(r):
    """Every sixteenth read stands for sixteen, and may be the slowest of them."""
    return Range(1, 16 * r.look.cpu.high)


SERVER = {
    "name": Check(lambda r: r.label),
    "reads": Check(reads),
    "skips": Check(skips),
    "failures": Check(failures),
    "read_time": Check(read_time),
    "ticks": Check(of_total(lambda look, s: Range(look.tick - 1, look.tick))),
    "cpu": Check(of_total(lambda look, s: look.cpu)),
    "tick_cpu": Check(of_total(lambda look, s: Range(1, look.latest))),
    "rows": Check(lambda r: None),  # on the tree, where it is known how many there are
    "frames": Check(of_total(lambda look, s: look.frames(*s.all_watches()))),
    "encodes": Check(of_total(lambda look, s: look.encodes(*s.all_watches()))),
    "held_back": Check(of_total(lambda look, s: s.held_back)),
    "sessions": Check(of_total(lambda look, s: 4)),
    "subscriptions": Check(of_total(lambda look, s: 2 + MUCH + 1 + 1)),
    "memory": Check(of_total(lambda look, s: look.memory)),
    "descriptors": Check(of_total(lambda look, s: look.descriptors - s.idle_descriptors - 3)),
    "budget": Check(of_total(lambda look, s: 1.0)),  # as values.py asks for
    "stretched": Check(of_total(lambda look, s: 0)),
    "slow_stretched": Check(of_total(lambda look, s: 0)),
    "workers_stuck": Check(of_total(lambda look, s: 0)),
    "exits": Check(of_total(lambda look, s: s.exits)),
    "exits_dropped": Check(of_total(lambda look, s: 0)),
    "features": Check(of_total(lambda look, s: s.features)),
}


# ------------------------------------------------------------------------ table SESSION

def of_requests(look):
    """What the server as a whole has held back is that of its requests."""
    return sum(look.value(row, "held_back") or 0 for row in look.rows)


def of_request(function):
    return lambda r: function(r.look, r.watch)


def encode_time(r):
    """The first to ask was the first to need its first frame; all of them are small."""
    frames = r.look.frames(r.watch)
    return Range(1 if r.label == "first" else 0, frames.high * ENCODE_MAX)


SESSION = {
    "session": Check(lambda r: r.watch.session.welcome.session),
    "client": Check(lambda r: r.label),
    "client_pid": Check(lambda r: os.getpid()),
    "client_uid": Check(lambda r: os.geteuid()),
    "request": Check(lambda r: r.watch.table.request),
    "request_table": Check(lambda r: "process"),
    "attributes": Check(lambda r: ",".join(WATCHED)),
    "interval": Check(lambda r: INTERVAL),
    "frames": Check(of_request(lambda look, watch: look.frames(watch))),
    "bytes": Check(of_request(lambda look, watch: look.counted(
        lambda holds: sum(frame[2] for frame in watch.frames if holds(frame))))),
    "held_back": Check(lambda r: r.look.held_back() if r.label == "deaf" else 0),
    "encode_time": Check(encode_time),
}

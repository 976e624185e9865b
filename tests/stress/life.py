"""The life of a server: how it starts, is killed, robbed, replaced, and rests."""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from promise import Skipped, pick, promise
from server import (FRAME, PROCMOND, Client, Place, check, fields, message, request,
                    stop, varint, wait_for)

BUILD = os.environ["BUILD"]
PROCCTL = os.path.join(BUILD, "procctl")
HELPERS = os.path.join(BUILD, "tests", "stress")
PROTOCOL_1 = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "protocol-1"
SYSTEM, LOAD = 2, 0x1020
# Whatever happens to a server, it calls nothing that it would be killed for.
CONFINED = ("--seccomp", "kill") if os.uname().machine in ("x86_64", "aarch64") else ()


def took_ms(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return (time.monotonic() - start) * 1000


# ---------------------------------------------------------------------------- start and death

@promise("E1", "of many that start a server at once all succeed, and there is one")
def starters(figures):
    from server_start import STARTERS, start_round
    rounds = pick(5, 200)
    with Place() as place:
        servers = sum(start_round(place) for _ in range(rounds))  # with whom all are content
    figures.exactly(f"servers in {rounds} rounds", servers, rounds)
    with Place() as place:
        place.path.parent.mkdir(0o700)
        start = time.monotonic()
        asking = [subprocess.Popen([PROCCTL, "ps", "-p", "1", "--socket", str(place.path)],
                                   stdout=subprocess.DEVNULL) for _ in range(STARTERS)]
        answered = sum(process.wait(30) == 0 for process in asking)
        slowest = time.monotonic() - start
        servers = len(place.pids())
    figures.exactly("first questions answered", answered, STARTERS)
    figures.exactly("by servers", servers, 1)
    figures.at_most("the last after", slowest, 2, "s", timing=True)


@promise("E2", "what a kill -9 leaves behind is no obstacle to the next start", alone=True)
def killed(figures):
    rounds = pick(15, 500)
    chance = random.Random(1)
    slowest = started = 0
    with Place() as place:
        for _ in range(rounds):
            # While it starts, or soon after.
            victim = subprocess.Popen(place.command(), stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 0.05))
            victim.kill()
            victim.wait()
            start = time.monotonic()
            server = place.start(stderr=subprocess.DEVNULL)
            slowest = max(slowest, time.monotonic() - start)
            with Client(place.path) as client:
                started += client.welcome[4] == server.pid
            server.kill()
            server.wait()
            place.started.remove(server)
    figures.exactly("starts after a kill", started, rounds)
    figures.at_most("slowest", slowest * 1000, 100, "ms", timing=True)


@promise("E3", "what another boot left is no obstacle, and a second start leaves the first in peace")
def leftovers(figures):
    started, disturbed, tries = 0, 0, pick(5, 50)
    with Place() as place:
        run = place.path.parent
        run.mkdir(0o700)
        for left in "socket", "lock", "log", "all":
            if left in ("socket", "all"):
                with socket.socket(socket.AF_UNIX) as dead:
                    dead.bind(str(place.path))
            for name in ("lock", "log") if left == "all" else () if left == "socket" else (left,):
                (run / name).write_text("12345 of another boot\n")
            server = place.start(stderr=subprocess.DEVNULL)
            with Client(place.path) as client:
                started += client.welcome[4] == server.pid
            inode = place.path.stat().st_ino
            for number in range(tries):
                (run / "lock").unlink(missing_ok=number % 2 == 0)
                check(place.run(*["--on-demand"][number % 2:]).returncode == number % 2, "exit status")
                disturbed += place.path.stat().st_ino != inode
                with Client(place.path) as client:
                    disturbed += client.welcome[4] != server.pid
            stop(server, 5)
    figures.exactly("started", started, 4)
    figures.exactly("second starts that disturbed the first", disturbed, 0)


# ------------------------------------------------------------------------------- what is taken

def answers(path, pid=None):
    """There is a moment between a socket's having a name and its listening."""
    try:
        with Client(path) as client:
            return pid is None or client.welcome[4] == pid
    except (ConnectionRefusedError, FileNotFoundError):
        return False


def take_file(place):
    place.path.unlink()


def take_for_another(place):
    """As long as its own is open the number of its inode is not given to the new one."""
    place.path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place.path))


def take_directory(place):
    shutil.rmtree(place.path.parent)


@promise("E4", "a server whose socket is taken away takes its place again, or ends if it cannot")
def robbed(figures):
    slowest = back = 0
    with Place() as place:
        server = place.start("--path-check", "1", *CONFINED, stderr=subprocess.DEVNULL)
        with Client(place.path) as client:
            for theft in take_file, take_for_another, take_directory:
                theft(place)
                slowest = max(slowest, took_ms(wait_for, lambda: answers(place.path, server.pid),
                                               "it does not take its place again"))
                back += 1
            # It holds the new lock, too.
            check(place.run().returncode == 1, "a second server started")
            client.send(b"\x02\x22\x00")
            check(3 in client.receive(), "the old session was lost")
        # Another server is there already: ours serves its client, and ends with it.
        with Client(place.path):
            take_directory(place)
            newcomer = place.start(stderr=subprocess.DEVNULL)
            time.sleep(1.2)
            check(server.poll() is None, "it ended with a client")
        slowest = max(slowest, took_ms(wait_for, lambda: server.poll() is not None,
                                       "it runs on, and nobody can reach it"))
        check(server.returncode == 0, server.returncode)
        check(answers(place.path, newcomer.pid), "the newcomer is gone")
        stop(newcomer, 5)
    figures.exactly("taken again", back, 3)
    figures.at_most("noticed after", slowest / 1000, 2, "s", timing=True)


# ---------------------------------------------------------------------------------- replaced

@promise("E5", "after an upgrade all clients are back on the new server, one after the other", alone=True)
def upgraded(figures):
    clients = pick(30, 100)
    with Place() as place:
        old = place.start(stderr=subprocess.DEVNULL)
        new = place.root / "new" / "procmond"
        new.parent.mkdir()
        shutil.copy(PROCMOND, new)
        returners = subprocess.Popen([os.path.join(HELPERS, "returners"), str(place.path), str(clients)],
                                     stdout=subprocess.PIPE, text=True)
        place.started.append(returners)
        check(returners.stdout.readline() == "ready\n", "they do not get their tables")
        subprocess.run([PROCCTL, "server", "restart", "--socket", str(place.path)], check=True,
                       timeout=30, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, PROCMON_SERVER=str(new)))
        lines = returners.communicate(timeout=60)[0].splitlines()
        check(old.wait(5) == 0, f"exit status {old.returncode}")
        back, tables, pids = zip(*(map(int, line.split()) for line in lines))
        program = os.readlink(f"/proc/{pids[0]}/exe") if os.geteuid() == 0 else str(new)
        os.kill(pids[0], signal.SIGTERM)
        wait_for(lambda: not place.path.exists(), "the new server does not end")
    figures.exactly("back", len(back), clients)
    figures.exactly("on servers", len(set(pids)), 1)
    figures.exactly("of the new program", program == str(new), True)
    figures.at_most("the last has a table after", max(tables) / 1e9, 3, "s", timing=True)
    figures.at_least("from the first to the last", (max(back) - min(back)) / 1e9, 1, "s", timing=True)


# ---------------------------------------------------------------------------------- versions

class Replay:
    """A server that says what was recorded, in its course: the first two messages to the hello, the others
    to the requests."""

    def __init__(self, path, messages, requests=3):
        self.messages, self.requests = messages, requests
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(4)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(20)
        self.listener.close()

    def serve(self):
        from values import wire
        stream, _ = self.listener.accept()
        stream.settimeout(20)
        try:
            with stream, stream.makefile("rb") as file:
                said = 0
                while said < 2 + self.requests:
                    take_message(file, wire.pb.ClientMessage)
                    said += 1
                    if said == 2:
                        stream.sendall(b"".join(self.messages[:2]))
                stream.sendall(b"".join(self.messages[2:]))
        except (OSError, EOFError):
            pass  # it has heard enough


def take_message(file, kind):
    size = shift = 0
    while True:
        byte = file.read(1)
        if not byte:
            raise EOFError
        size |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            return kind.FromString(file.read(size))


def messages_of(name, kind):
    found = []
    with (PROTOCOL_1 / name).open("rb") as file:
        try:
            while True:
                found.append(take_message(file, kind))
        except EOFError:
            return found


def encode(messages):
    return [message(one.SerializeToString()) for one in messages]


def by_pid(rows):
    return sorted(rows, key=lambda row: row[0])


class Golden:
    """What the recorded session must say to whoever reads it."""

    def __init__(self, wire):
        self.wire, self.pb = wire, wire.pb
        self.expected = json.loads((PROTOCOL_1 / "expected.json").read_text())
        self.said = messages_of("client.bin", self.pb.ClientMessage)
        self.heard = messages_of("server.bin", self.pb.ServerMessage)

    def matches_protobuf(self):
        """As the schema of today reads it."""
        pb, expected = self.pb, self.expected
        number = {(entry.table, entry.name): entry.id for entry in self.heard[1].catalog.attributes}
        processes, load = self.wire.Table(None, 1), self.wire.Table(None, 2)
        first = None
        for heard in self.heard[2:]:
            body = heard.WhichOneof("body")
            if body == "frame":
                table = (processes, load)[heard.request - 1]
                table.apply(heard.frame)
                first = first or (table is processes and self.rows(processes, number))
            elif body == "error":
                check([heard.request, pb.ErrorCode.Name(heard.error.code), heard.error.text] ==
                      expected["error"], heard)
            else:
                check([pb.GoodbyeReason.Name(heard.goodbye.reason), heard.goodbye.retry_after_ns] ==
                      expected["goodbye"], heard)
        check(first == expected["first"], first)
        check(self.rows(processes, number) == expected["last"], self.rows(processes, number))
        check(load.cell(load.rows[0], number[pb.SYSTEM, "load.1"]).value == expected["load.1"], load.rows)
        return True

    def rows(self, table, number):
        def plain(cell):
            return cell.value if cell.state == "ok" else {"state": cell.state}
        return by_pid([plain(table.cell(row, number[self.pb.PROCESS, name]))
                       for name in self.expected["process"]] for row in table.rows.values())

    def matches_library(self, messages):
        """As libprocmon hands it out."""
        expected = self.expected
        with Place() as place:
            place.path.parent.mkdir(0o700)
            with Replay(place.path, encode(messages)):
                ran = subprocess.run([os.path.join(HELPERS, "golden"), str(place.path)], check=False,
                                     capture_output=True, text=True, timeout=30)
        check(ran.returncode == 0 and ran.stderr == "", ran)
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        tables = [by_pid(line["process"]) for line in told if "process" in line]
        check(tables[0] == expected["first"] and tables[-1] == expected["last"], tables)
        check({"system": [[expected["load.1"]]]} in told, told)
        check(any("error" in line and line["error"][2] == expected["error"][2] for line in told), told)
        check(told[-1] == {"retry": expected["goodbye"][1]}, told)
        return True

    def matches_server(self):
        """The server of today answers the client of then, about the same machine."""
        sys.path.insert(0, str(PROTOCOL_1))
        import record
        pb, want = self.pb, {"welcome", "catalog", "error", "frame"}
        with Place() as place:
            machine = record.Machine(place.root)
            place.start("--procfs", str(machine.root), stderr=subprocess.DEVNULL)
            with Client(place.path, hello=False) as client, client.socket.makefile("rb") as file:
                client.send((PROTOCOL_1 / "client.bin").read_bytes().removesuffix(
                    encode(self.said[-1:])[0]))  # but the cancel
                processes, heard = self.wire.Table(None, 1), []
                while not (want <= set(heard) and processes.rows):
                    answer = take_message(file, pb.ServerMessage)
                    heard.append(answer.WhichOneof("body"))
                    if heard[-1] == "catalog":
                        number = {(entry.table, entry.name): entry.id
                                  for entry in answer.catalog.attributes}
                    if heard[-1] == "frame" and answer.request == 1:
                        processes.apply(answer.frame)
                    if heard[-1] == "welcome":
                        check(answer.welcome.protocol == 1, answer)
                    if heard[-1] == "error":
                        check(answer.request == 3 and answer.error.code == pb.NO_SUCH_TARGET, answer)
                check(self.rows(processes, number) == self.expected["first"], processes.rows)
        return True

    def of_next_version(self):
        """The same session by a server that knows more than we do."""
        pb = self.pb
        new_field, new_body = b"\xf8\x07\x01", b"\xfa\x07\x02hi"  # numbers 127: a number, a text
        told = []
        for heard in self.heard:
            heard = pb.ServerMessage.FromString(heard.SerializeToString() + new_field)
            getattr(heard, heard.WhichOneof("body")).MergeFromString(new_field + new_body)
            told.append(heard)
        catalog, frames = told[1].catalog, [heard.frame for heard in told if heard.HasField("frame")]
        for odd in ({"table": 99}, {"type": 77}, {"unit": 77}, {"kind": 77}, {"cost": 77}, {"state": 77},
                    {"rule": 77, "kind": pb.DERIVED}):
            catalog.attributes.add(**{"table": pb.PROCESS, "id": 60000 + len(catalog.attributes),
                                      "name": f"new.{len(catalog.attributes)}", "type": pb.U64,
                                      "unit": pb.COUNT, "kind": pb.GAUGE, **odd}).MergeFromString(new_field)
        for frame in frames:
            frame.added.MergeFromString(new_field)
            for column in frame.columns:
                column.MergeFromString(new_field)
        # Between any two a message that we do not know.
        return [told[0], told[1]] + [one for heard in told[2:] for one in
                                     (pb.ServerMessage.FromString(new_body), heard)]


def one_line(arguments, messages, code, word):
    """procctl ends with this code, and one line that has this word."""
    with Place() as place:
        place.path.parent.mkdir(0o700)
        with Replay(place.path, messages, 0):
            ran = subprocess.run([PROCCTL, *arguments, "--no-start", "--socket", str(place.path)],
                                 capture_output=True, text=True, timeout=30, check=False)
    check(ran.returncode == code and ran.stdout == "" and ran.stderr.count("\n") == 1 and
          word in ran.stderr, ran)
    return True


def next_clients(pb):
    """Clients of the next version and the server of today: those that know 1, too, and those that do not."""
    new_field = b"\xf8\x07\x01"

    def hello(low, high):
        body = pb.Hello(protocol_min=low, protocol_max=high, client="next").SerializeToString() + new_field
        return message(b"\x0a" + varint(len(body)) + body + new_field)

    with Place() as place:
        place.start(stderr=subprocess.DEVNULL)
        with Client(place.path, hello=False) as client:
            client.send(hello(1, 2) + message(b"\xfa\x07\x02hi"))
            check(fields(client.receive()[2])[1] == 1, "the version is another")
            body = pb.Request(request=7, table=SYSTEM, attributes=[LOAD]).SerializeToString() + new_field
            client.send(message(b"\x12" + varint(len(body)) + body))
            check(FRAME in client.receive(), "no frame")
            client.send(request(8, 99, [1]))
            check(client.error()[0] == pb.NO_SUCH_TABLE, "another error")
        with Client(place.path, hello=False) as client:
            client.send(hello(2, 3))
            code, text = client.error()
            check(code == pb.VERSION and "upgrade" in text, text)
            check(client.receive() is None, "not closed")
    return True


@promise("E6", "protocol 1 is read for ever, and other versions are understood or told so in one line")
def versions(figures):
    from values import wire
    try:
        golden, pb = Golden(wire), wire.pb
        welcome = pb.ServerMessage(welcome=pb.Welcome(protocol=2, server_version="2.0", platform="linux"))
        refusal = pb.ServerMessage(error=pb.Error(
            code=pb.VERSION, text="the server speaks protocol 2, the client 1 to 1: upgrade the older one"))
        understood = [golden.matches_protobuf(), golden.matches_library(golden.heard),
                      golden.matches_server(), golden.matches_library(golden.of_next_version()),
                      next_clients(pb)]
        told = [one_line(["ps"], encode([welcome]), 5, "version"),
                one_line(["ps"], encode([refusal]), 5, "upgrade")]
    finally:
        wire.remove()
    figures.exactly("understood", sum(understood), 5)
    figures.exactly("told in one line", sum(told), 2)


# -------------------------------------------------------------------------------------- rest

@promise("E7", "a server that nobody uses does nothing, and ends soon when it is told to")
def rest(figures):
    import server_quiet
    if not server_quiet.can_trace():
        raise Skipped("strace does not work here")
    seconds = pick(1.5, 20)
    with Place() as place:
        wakeups, opened = server_quiet.watch_rest(place, seconds)
    figures.exactly("files opened", len(opened), 0)
    figures.at_most(f"wake-ups in {seconds} s", wakeups, pick(1, 2))
    with Place() as place:
        check(place.run("--on-demand", "--idle-exit", "1").returncode == 0, "it does not start")
        Client(place.path).socket.close()
        idle = took_ms(wait_for, lambda: not place.pids(), "it does not end")
    figures.at_most("unused it ended after", idle / 1000, 2, "s", timing=True)
    with Place() as place:
        server = place.start(stderr=subprocess.DEVNULL)
        clients = [Client(place.path) for _ in range(pick(20, 100))]
        for client in clients:
            client.send(request(1, SYSTEM, [LOAD], 10**8))
            client.receive()
        start = time.monotonic()
        server.terminate()
        server.wait(10)
        figures.at_most("after SIGTERM", (time.monotonic() - start) * 1000, 500, "ms", timing=True)
        figures.exactly("exit status", server.returncode, 0)

"""What the server says of a process' memory: tables REGION, FOOTPRINT and PROCESS."""
import time

from values import wire
from values.wire import pb

INTERVAL_NS = 100_000_000

class Refused(Exception):
    """The server's answer is an error: its code and its text."""

    def __init__(self, error):
        super().__init__(f"{pb.ErrorCode.Name(error.code)}: {error.text}")
        self.code, self.text = error.code, error.text


class Listing:
    """A table of one process as it was told at one moment: rows, each values by name."""

    def __init__(self, table, ids, took_ms):
        names = {number: name for name, number in ids.items()}
        self.rows = [{names[number]: table.cell(row, number).value for number in names}
                     for row in table.rows.values()]
        self.incomplete = table.frame.incomplete
        self.took_ms = took_ms
        self.bytes, self.parts = table.bytes, table.frame.part + 1

    def total(self, name, select=lambda row: True):
        return sum(row[name] or 0 for row in self.rows if select(row))

    def within(self, address, size):
        return [row for row in self.rows if row["start"] < address + size and row["end"] > address]


class Probe:
    """A server of our own, and a session with it."""

    def __init__(self, server=None):
        self.server = server or wire.Server()
        self.session = wire.Session(self.server, "memory")
        self.ids = {}
        for entry in self.session.catalog():
            if entry.kind != pb.DERIVED and entry.state == pb.OK:
                self.ids.setdefault(pb.Table.Name(entry.table), {})[entry.name] = entry.id

    def has(self, table):
        return table in self.ids

    def ask(self, table, pid, names=None, interval_ns=0, session=None):
        """A request for these attributes, or for all, of this process."""
        ids = self.ids[table]
        numbers = [ids[name] for name in (names or ids)]
        target = {"pids": [pid]} if table == "PROCESS" else {"target_pid": pid}
        return (session or self.session).ask(pb.Table.Value(table), numbers, interval_ns, **target)

    def look(self, table, pid, names=None):
        """As it is now. Where it takes longer than a first frame waits, the next one has it.
        Raises Refused."""
        started, ids = time.monotonic(), self.ids[table]
        asked = self.ask(table, pid, names, INTERVAL_NS)
        came = follow(asked)
        while asked.frame.incomplete and not asked.rows:
            came = follow(asked)
        self.session.say(cancel=pb.Cancel(request=asked.request))
        return Listing(asked, {name: ids[name] for name in (names or ids)}, (came - started) * 1000)

    def regions(self, pid, names=None):
        return self.look("REGION", pid, names)

    def footprint(self, pid):
        return self.look("FOOTPRINT", pid)

    def process(self, pid, *names):
        return self.look("PROCESS", pid, names).rows[0]

    def new_session(self):
        return wire.Session(self.server, "memory too")

    def close(self):
        self.session.close()
        self.server.close()


def follow(asked):
    """Waits until the table is whole again. Raises Refused. Returns when the last of it came."""
    messages = []
    while not messages or not messages[-1].frame.last:
        message = wire.client.receive_any(asked.session.stream)
        if message.request not in (asked.request, 0):
            continue
        if message.WhichOneof("body") == "error":
            raise Refused(message.error)
        messages.append(message)
    came = time.monotonic()
    for message in messages:
        asked.bytes += message.ByteSize()
        asked.apply(message.frame)
    asked.frames += 1
    return came

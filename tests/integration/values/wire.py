"""A server of the tests' own, and what it says, by the protocol alone."""
import contextlib
import io
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ["BUILD"])

folder = tempfile.mkdtemp(prefix="procmon.", dir="/tmp")
subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={folder}",
                "procmon.proto"], check=True)
sys.path[:0] = [folder, str(ROOT / "tests")]
import client  # noqa: E402
import procmon_pb2 as pb  # noqa: E402

from values.check import Cell  # noqa: E402


def remove():
    shutil.rmtree(folder, ignore_errors=True)


class Server:
    """procmond with these options, at a socket of its own; close() ends it."""

    def __init__(self, *options, environment=()):
        self.place = tempfile.mkdtemp(prefix="procmon.", dir="/tmp")
        self.path = f"{self.place}/socket"
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [BUILD / "procmond", "--socket", self.path, "--ready-fd", str(told), *options],
            env=dict(os.environ, **dict(environment)), pass_fds=[told], stderr=subprocess.DEVNULL)
        os.close(told)
        assert os.read(ready, 1) == b"\n", "the server does not start"
        os.close(ready)

    def procctl(self, *arguments):
        return subprocess.run([BUILD / "procctl", *arguments, "--no-start"], check=True, timeout=20,
                              env=dict(os.environ, PROCMON_SOCKET=self.path),
                              capture_output=True, text=True).stdout

    def version(self):
        return subprocess.run([BUILD / "procmond", "--version"], check=True, capture_output=True,
                              text=True).stdout

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)


class Meanwhile:
    """Does these things, one every 100 ms, while something else is done."""

    def __init__(self, *things):
        self.thread = threading.Thread(target=self.run, args=(things,))

    def run(self, things):
        for thing in things:
            time.sleep(0.1)
            thing()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *error):
        self.thread.join()


class Session:
    """A connected client."""

    def __init__(self, server, name="values"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(server.path)
        self.stream = self.socket.makefile("rwb")
        self.received = 0  # bytes of the latest frame
        self.request = 0
        self.say(hello=pb.Hello(protocol_min=1, protocol_max=1, client=name))
        self.welcome = self.hear().welcome

    def say(self, **body):
        client.send(self.stream, **body)

    @contextlib.contextmanager
    def at_once(self):
        """All that is said meanwhile is sent in one piece."""
        stream, self.stream = self.stream, io.BytesIO()
        yield
        said, self.stream = self.stream.getvalue(), stream
        stream.write(said)
        stream.flush()

    def hear(self):
        message = client.receive(self.stream)
        size = message.frame.ByteSize()
        self.received = 1 + (size.bit_length() + 6) // 7 + size  # as a field: number, length
        return message

    def catalog(self):
        self.say(catalog_request=pb.CatalogRequest())
        return list(self.hear().catalog.attributes)

    def ask(self, table, ids, interval_ns=0, pids=(), **more):
        """Sends a request; Table.next() brings its frames."""
        self.request += 1
        self.say(request=pb.Request(request=self.request, table=table, attributes=ids,
                                    interval_ns=interval_ns, pids=pids, **more))
        return Table(self, self.request)

    def error(self):
        """What the error says that comes sooner or later, and after which this is of no use."""
        try:
            while True:
                self.hear()
        except SystemExit as told:
            return told.code

    def close(self):
        self.stream.close()
        self.socket.close()


class Table:
    """The copy of a table that a client keeps."""

    def __init__(self, session, request):
        self.session, self.request = session, request
        self.rows, self.defaults = {}, {}
        self.frame = None  # the latest
        self.frames = self.bytes = 0

    def next(self):
        """Waits until the table is whole again."""
        while True:
            message = self.session.hear()
            if message.request != self.request:
                continue
            self.bytes += self.session.received
            self.apply(message.frame)
            if message.frame.last:
                self.frames += 1
                return self

    def apply(self, frame):
        self.frame = frame
        if frame.part == 0 and frame.since == 0:
            self.rows.clear()
            self.defaults.clear()
        for slot in frame.removed:
            self.rows.pop(slot, None)
        added = frame.added
        for slot, identity, pid in zip(added.slots, added.identities,
                                       added.pids or [0] * len(added.slots)):
            self.rows.setdefault(slot, {"pid": pid, "identity": identity, "cells": {}})
        for column in frame.columns:
            values = column.u64 or column.i64 or column.f64 or column.text
            if column.default_state:  # OK: said before, in this part or another
                self.defaults[column.attribute] = column.default_state
            for slot, value in zip(column.slots, values):
                self.rows[slot]["cells"][column.attribute] = Cell("ok", value)
            for slot, state in zip(column.absent_slots, column.absent_states):
                self.rows[slot]["cells"][column.attribute] = Cell(pb.State.Name(state).lower(), None)

    def cell(self, row, attribute):
        """As the protocol says: named in a column, or of that column's default state."""
        default = pb.State.Name(self.defaults.get(attribute, pb.PENDING)).lower()
        return row["cells"].get(attribute, Cell(default, None))

    def of(self, pid):
        """The row of a process; None: there is none."""
        return next((row for row in self.rows.values() if row["pid"] == pid), None)

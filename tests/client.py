#!/usr/bin/python3
"""A stranger's client: it knows procmon.proto and nothing else of this tree.

    protoc --proto_path=proto --python_out=DIR proto/procmon.proto
    PYTHONPATH=DIR tests/client.py SOCKET [ATTRIBUTE,.. [INTERVAL_SECONDS [FRAMES]]]
"""
import json
import socket
import sys

import procmon_pb2 as pb


class Session:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.send(hello=pb.Hello(protocol_min=1, protocol_max=1, client="client.py"))
        self.receive()

    def send(self, **body):
        message = pb.ClientMessage(**body).SerializeToString()
        prefix, size = bytearray(), len(message)
        while size > 127:
            prefix.append(size & 127 | 128)
            size >>= 7
        self.socket.sendall(bytes(prefix) + bytes([size]) + message)

    def receive(self):
        size = shift = 0
        while True:
            byte = self.file.read(1)
            if not byte:
                sys.exit("the server has closed the session")
            size |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                break
        message = pb.ServerMessage.FromString(self.file.read(size))
        if message.WhichOneof("body") == "error":
            sys.exit(message.error.text)
        return message


class Table:
    """A copy of a table of the server: rows by slot, values by attribute id."""

    def __init__(self):
        self.rows = {}

    def apply(self, frame):
        if frame.part == 0 and frame.since == 0:
            self.rows = {}
        for slot in frame.removed:
            self.rows.pop(slot, None)
        for slot, identity, pid in zip(frame.added.slots, frame.added.identities, frame.added.pids):
            self.rows.setdefault(slot, {"identity": identity, "pid": pid, "values": {}})
        for column in frame.columns:
            values = column.u64 or column.i64 or column.f64 or column.text
            for slot, value in zip(column.slots, values):
                self.rows[slot]["values"][column.attribute] = value
            for slot in column.absent_slots:
                self.rows[slot]["values"][column.attribute] = None
        return frame.last


def main():
    path = sys.argv[1]
    names = (sys.argv[2] if len(sys.argv) > 2 else "comm,mem.resident").split(",")
    interval = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    frames = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    session = Session(path)
    session.send(catalog_request=pb.CatalogRequest())
    catalog = {entry.name: entry for entry in session.receive().catalog.attributes
               if entry.table == pb.PROCESS}
    ids = {name: catalog[name].id for name in names}
    session.send(request=pb.Request(request=1, table=pb.PROCESS, attributes=ids.values(),
                                    interval_ns=int(interval * 1e9)))
    table = Table()
    while frames > 0:
        message = session.receive()
        if message.WhichOneof("body") == "frame" and table.apply(message.frame):
            frames -= 1
            for row in sorted(table.rows.values(), key=lambda row: row["pid"]):
                print(json.dumps({"pid": row["pid"]} | {name: row["values"].get(number)
                                                        for name, number in ids.items()}))


main()

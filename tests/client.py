#!/usr/bin/python3
"""A stranger's client: it knows procmon.proto and nothing else of this tree.

    protoc --proto_path=proto --python_out=DIR proto/procmon.proto
    PYTHONPATH=DIR tests/client.py SOCKET ATTRIBUTE,.. [SECONDS FRAMES [exits]]

Prints the processes, a line of JSON each, and an empty line after each frame. With exits those
that ended come once more.
"""
import json
import socket
import sys

import procmon_pb2 as pb


def send(stream, **body):
    message = pb.ClientMessage(**body).SerializeToString()
    prefix, size = b"", len(message)
    while size > 127:
        prefix, size = prefix + bytes([size & 127 | 128]), size >> 7
    stream.write(prefix + bytes([size]) + message)
    stream.flush()


def receive_any(stream):
    size = shift = 0
    while True:
        byte = stream.read(1)
        if not byte:
            sys.exit("the server has closed the session")
        size |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            break
    return pb.ServerMessage.FromString(stream.read(size))


def receive(stream):
    message = receive_any(stream)
    if message.WhichOneof("body") == "error":
        sys.exit(message.error.text)
    return message


def apply(frame, rows):
    """Brings the copy of the table up to date: rows by slot, each a pid and values by id."""
    if frame.part == 0 and frame.since == 0:
        rows.clear()
    for slot in frame.removed:
        rows.pop(slot, None)
    for slot, pid in zip(frame.added.slots, frame.added.pids):
        rows.setdefault(slot, (pid, {}))
    for slot in frame.exited:
        rows[slot][1]["exited"] = True
    for column in frame.columns:
        values = column.u64 or column.i64 or column.f64 or column.text
        for slot, value in zip(column.slots, values):
            rows[slot][1][column.attribute] = value
        for slot in column.absent_slots:
            rows[slot][1][column.attribute] = None


def main(path, names, seconds="0", frames="1", exits=""):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    stream = connection.makefile("rwb")
    send(stream, hello=pb.Hello(protocol_min=1, protocol_max=1, client="client.py"))
    receive(stream)
    send(stream, catalog_request=pb.CatalogRequest())
    ids = {entry.name: entry.id for entry in receive(stream).catalog.attributes
           if entry.table == pb.PROCESS}
    names = names.split(",")
    send(stream, request=pb.Request(request=1, table=pb.PROCESS, interval_ns=int(float(seconds) * 1e9),
                                    attributes=[ids[name] for name in names], exits=bool(exits)))
    rows, left = {}, int(frames)
    while left > 0:
        frame = receive(stream).frame
        apply(frame, rows)
        if frame.last:
            left -= 1
            for pid, values in sorted(rows.values(), key=lambda row: row[0]):
                row = {"pid": pid} | {name: values.get(ids[name]) for name in names}
                print(json.dumps(row | {"exited": True} if "exited" in values else row))
            print(flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

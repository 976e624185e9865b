"""Load: many clients, hostile ones among them, and what it costs the others."""
from promise import promise
from server import Client, Place, varint


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@promise("B5", "a length that lies is refused, without memory for it")
def liars(figures):
    lengths = [64 * 1024 + 1, 2**31, 2**32 - 1]
    closed = 0
    with Place() as place:
        server = place.start()
        with Client(place.path):
            before = resident_kib(server.pid)
            for length in lengths:
                with Client(place.path) as liar:
                    liar.send(varint(length))
                    liar.error()
                    closed += liar.receive() is None
            figures.exactly("refused", closed, len(lengths))
            figures.at_most("memory grown by", resident_kib(server.pid) - before, 64, "KiB")

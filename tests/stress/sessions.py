"""Sessions: as many requests as a server takes, and somebody who watches them."""
import time

from promise import cpu_seconds, pick, promise
from server import Client, Place, request

SESSION, SYSTEM = 15, 2
ROW = range(0x1000, 0x1008)  # attributes of SESSION: who asks for what
SESSIONS, REQUESTS = 1000, 16


@promise("B13", "16,000 requests and a watcher of them all cost what they ask for", alone=True)
def watched(figures):
    """The requests are rare ones: what is left is what so many cost to list, find and forget."""
    seconds = pick(3, 10)
    with Place() as place:
        server = place.start()
        crowd = [Client(place.path) for _ in range(SESSIONS)]
        hour = 3600 * 10**9
        for client in crowd:
            client.send(b"".join(request(n + 1, SYSTEM, [1], hour) for n in range(REQUESTS)))
        for client in crowd:
            for _ in range(REQUESTS):
                client.receive()
        with Client(place.path) as watcher:
            watcher.send(request(1, SESSION, ROW, 10**8))
            for _ in range(5):
                watcher.receive()
            before, start, frames = cpu_seconds(server.pid), time.monotonic(), 0
            while time.monotonic() - start < seconds:
                watcher.receive()
                frames += 1
            used = (cpu_seconds(server.pid) - before) * 100 / (time.monotonic() - start)
            figures.note("frames", frames)
            figures.at_most("server CPU", used, 25, "%")
        before = cpu_seconds(server.pid)
        for client in crowd:
            client.socket.close()
        with Client(place.path):
            pass
        figures.at_most("CPU to forget them", (cpu_seconds(server.pid) - before) * 1000, 500, "ms")

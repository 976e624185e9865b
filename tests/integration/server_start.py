#!/usr/bin/python3
"""Many start a server at once: all succeed, and there is one."""
import os
import subprocess
import time

from server import Client, Place, check, wait_for

ROUNDS, STARTERS = 10, 20  # and 200 in tests/stress/life.py


def start_round(place):
    starters = [subprocess.Popen(place.command("--on-demand"), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for _ in range(STARTERS)]
    for starter in starters:
        output = starter.communicate()[0]
        check(starter.returncode == 0 and output == b"", f"{starter.returncode}: {output}")
    # Each of them succeeded because a server can be reached now.
    with Client(place.path) as client:
        pids = place.pids()
        check(pids == [client.welcome[4]], f"the servers are {pids}")
        os.kill(pids[0], 15)
        check(6 in (client.receive() or {}), "no goodbye")
        check(client.receive() is None, "still connected after the goodbye")
    wait_for(lambda: not place.pids(), "the server does not end")
    check(sorted(os.listdir(place.path.parent)) == ["lock", "log"], "the socket is still there")
    return len(pids)


if __name__ == "__main__":
    with Place() as place:
        start = time.monotonic()
        for _ in range(ROUNDS):
            start_round(place)
        print(f"{ROUNDS} rounds of {STARTERS} in {time.monotonic() - start:.1f} s")

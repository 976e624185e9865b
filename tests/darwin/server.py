#!/usr/bin/python3
"""A whole procmond with the backend of macOS, on the simulated kernel: every command of procctl is
answered, and what it and the Python client say is what the fixture has.

Commands that need a newer fixture than there is are told so by it, not by a crash.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build" / "clang"))
COMMANDS = [["ps"], ["system"], ["cpu"], ["gpu"], ["power"], ["sensors"], ["disks"], ["net"],
            ["groups"], ["threads", "501"], ["ledger", "501"], ["attributes"], ["doctor"]]
# What the fixtures have of the machine as a whole: table, row, attribute, value in base units.
VALUES = {
    "m1": [("system", None, "mem.total", 17179869184), ("system", None, "mem.free", 50000 * 16384),
           ("system", None, "threads.total", 3100), ("system", None, "host.name", "mac.local"),
           ("system", None, "swap.used", 536870912), ("network", "en5", "receive.bytes", 1000),
           ("network", "en5", "speed", 125000000),
           ("coalition", "com.apple.WindowServer", "cpu.total", 100000000000)],
    "intel": [("system", None, "mem.total", 17179869184), ("system", None, "threads.total", 2500),
              ("system", None, "host.machine", "x86_64"),
              ("network", "en0", "receive.packets", 7000000),
              ("coalition", "com.apple.system", "cpu.total", 10000000000)],
}
# What the Python client is told of some processes; None: it is another user's.
STABLE = "comm,uid,mem.footprint,mem.resident"
PROCESSES = {
    "m1": {1: ["launchd", 0, None, None], 88: ["WindowServer", 88, None, None],
           501: ["Safari", 501, 209715200, 314572800]},
    "intel": {501: ["Safari", 501, 268435456, 402653184]},
}
# The map of process 501 of m1: lines of its fixture, in pages of 16 KiB.
REGIONS = [(0x100000000, 0x8000, "r-x", "cow", "program text"),
           (0x10000c000, 0x8000, "rw-", "cow", "program data"),
           (0x104000000, 0x4000, "---", "empty", "stack"),
           (0x110000000, 0x8000000, "rw-", "private", "malloc heap"),
           (0x140000000, 0x400000, "rw-", "shared", "surfaces"),
           (0x150000000, 0x8000000, "r--", "private", "mapped files"),
           (0xfc0000000, 0x40000000, "---", "empty", "reserved")]
# Dirty or compressed: 5000 + 1000 + 2500 + 1047 of malloc, 5 of the stack, 2 + 1 owned; of the
# footprint of 209715200 no region has the last.
PAGE = 16384
FOOTPRINT = {"malloc heap": 9547 * PAGE, "JIT code": 100 * PAGE, "surfaces": 64 * PAGE,
             "shared cache": 8 * PAGE, "stack": 5 * PAGE, "owned, not mapped": 3 * PAGE,
             "program data": 2 * PAGE, "program constants": PAGE, "program text": 0, "mapped files": 0,
             "reserved": 0, "page tables and drivers": 209715200 - 9730 * PAGE}
failures = 0
passed = 0


def check(condition, what):
    global failures, passed
    passed += bool(condition)
    failures += not condition
    if not condition:
        print("FAIL", what)


class Server:
    def __init__(self, fixture):
        self.directory = tempfile.TemporaryDirectory()
        self.environment = dict(
            os.environ, PROCMON_SOCKET=self.directory.name + "/socket",
            PROCMON_SIMULATED=str(ROOT / "tests/fixtures/darwin" / (fixture + ".mac")))
        self.process = subprocess.Popen(
            [BUILD / "mac/procmond"], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            if os.path.exists(self.environment["PROCMON_SOCKET"]):
                return
            time.sleep(0.05)

    def ask(self, *arguments):
        environment = dict(self.environment)
        del environment["PROCMON_SIMULATED"]
        return subprocess.run([BUILD / "mac/procctl", *arguments], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def stop(self):
        alive = self.process.poll() is None
        self.process.terminate()
        said = self.process.communicate(timeout=30)[1]
        self.directory.cleanup()
        return alive, said


def rows_of(server, table, attribute):
    attributes = attribute if table == "system" else "name," + attribute
    answer = server.ask("table", table, "--attrs", attributes, "-o", "jsonl")
    if answer.returncode:
        print(answer.stderr)
        return []
    return [json.loads(line) for line in answer.stdout.splitlines()]


def check_values(server, fixture):
    for table, row, attribute, value in VALUES[fixture]:
        found = [i.get(attribute) for i in rows_of(server, table, attribute)
                 if row is None or i.get("name") == row]
        check(found == [value], f"{fixture}: {table} {row} {attribute}: {found}, not {value}")


def check_commands(server, fixture):
    for command in COMMANDS:
        answer = server.ask(*command)
        # the doctor's answer is how much is wrong
        check(answer.returncode == 0 or command == ["doctor"] and answer.returncode < 3,
              f"{fixture}: {command}: {answer.returncode}: {answer.stderr}")
        check("is gone" not in answer.stderr, f"{fixture}: {command}: {answer.stderr}")


def ask_json(server, *command):
    answer = server.ask(*command, "-o", "json")
    check(answer.returncode == 0, f"{command}: {answer.returncode}: {answer.stderr}")
    return json.loads(answer.stdout) if answer.returncode == 0 else {}


def check_map(server):
    for command, word in [("regions", "/usr/lib/libobjc.A.dylib"), ("footprint", "page tables and drivers")]:
        answer = server.ask(command, "501")
        check(answer.returncode == 0 and word in answer.stdout, f"{command}: {answer}")
    found = [(row["start"], row["size"], row["protection"], row["share_mode"], row["category"])
             for row in ask_json(server, "regions", "501").get("rows", [])]
    for region in REGIONS:
        check(region in found, f"regions: {region} is not in {found}")
    for process in ask_json(server, "footprint", "501").get("processes", [{}]):
        found = {row["category"]: row["mem.dirty"] for row in process.get("categories", [])}
        check(found == FOOTPRINT, f"footprint: {found}, not {FOOTPRINT}")
        check(process.get("footprint") == 209715200, f"footprint: {process}")


def check_client(server, fixture, folder):
    """Two frames: a whole table, and what has changed since."""
    answer = subprocess.run(
        [sys.executable, ROOT / "tests/client.py", server.environment["PROCMON_SOCKET"], STABLE + ",cpu.user",
         "0.2", "2"], env=dict(os.environ, PYTHONPATH=folder), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60)
    frames = [{row["pid"]: row for row in map(json.loads, frame.splitlines())}
              for frame in answer.stdout.split("\n\n") if frame.strip()]
    check(answer.returncode == 0 and len(frames) == 2, f"{fixture}: client.py: {answer.stderr}")
    for pid, values in PROCESSES[fixture].items():
        for frame in frames:
            found = [frame.get(pid, {}).get(name) for name in STABLE.split(",")]
            check(found == values, f"{fixture}: client.py: {pid}: {found}, not {values}")
    used = [frame.get(501, {}).get("cpu.user") or 0 for frame in frames]
    check(0 < used[0] < used[-1], f"{fixture}: client.py: a process that runs: {used}")


def main():
    folder = tempfile.TemporaryDirectory()
    subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={folder.name}",
                    "procmon.proto"], check=True)
    for fixture in VALUES:
        server = Server(fixture)
        check_commands(server, fixture)
        check_values(server, fixture)
        check_client(server, fixture, folder.name)
        if fixture == "m1":
            check_map(server)
        alive, said = server.stop()
        check(alive and "runtime error" not in said and "AddressSanitizer" not in said,
              f"{fixture}: the server: {said}")
    print(f"server: {passed} passed, {failures} failed, 0 skipped")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

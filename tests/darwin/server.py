#!/usr/bin/python3
"""A whole procmond with the backend of macOS, on the simulated kernel: every command of procctl is
answered, and what it says is what the fixture has.

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


def main():
    for fixture in VALUES:
        server = Server(fixture)
        check_commands(server, fixture)
        check_values(server, fixture)
        alive, said = server.stop()
        check(alive and "runtime error" not in said and "AddressSanitizer" not in said,
              f"{fixture}: the server: {said}")
    print(f"server: {passed} passed, {failures} failed, 0 skipped")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

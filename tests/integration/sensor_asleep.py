#!/usr/bin/env python3
"""The sensors of a device that sleeps are not read: strace sees which files are opened.

A graphics card and a disk sleep, another disk is awake: of that one the same files are read, which
shows that the test would see it.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["BUILD"])
TICKS = 6
PATIENCE_S = 20
# Chip, device below sys/devices, its bus, number of hwmon, state.
CHIPS = (("amdgpu", "0000:03:00.0", "pci", 0, "suspended"),
         ("drivetemp", "1:0:0:0", "scsi", 1, "suspended"),
         ("other", "2:0:0:0", "scsi", 2, "active"))
# What may be opened of a sleeping chip: what it is called, and its folder, to see what there is.
HARMLESS = {"name", "device", ".", ""}


def check(condition, text):
    if not condition:
        sys.exit(f"FAIL: {str(text)[:3000]}")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_tree(root):
    put(root / "proc/stat", "cpu 1 2 3\n")
    for name, device, bus, number, state in CHIPS:
        place = root / "sys/devices" / device
        put(place / "power/runtime_status", state + "\n")
        (place / "subsystem").symlink_to(f"../../bus/{bus}")
        chip = place / f"hwmon{number}"
        for file, text in (("name", name), ("temp1_input", "41000"), ("temp1_label", "edge"),
                           ("temp1_crit", "91000"), ("temp1_crit_alarm", "0"),
                           ("temp1_fault", "0"), ("fan1_input", "900"), ("pwm1", "51")):
            put(chip / file, text + "\n")
        (chip / "device").symlink_to(f"../../{device}")
        link = root / f"sys/class/hwmon/hwmon{number}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../../devices/{device}/hwmon{number}")


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def traced_rows(root):
    """What a subscriber gets, and the lines of the calls that opened something."""
    environment = dict(os.environ, PROCMON_SOCKET=str(root / "s"), ASAN_OPTIONS="detect_leaks=0")
    server = subprocess.Popen(
        ["strace", "-f", "-qq", "-y", "-e", "trace=open,openat", "-o", root / "trace",
         BUILD / "procmond", "--debug", "--procfs", root / "proc", "--sysfs", root / "sys",
         "--log-level", "error"],
        env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not listens(root / "s"):
            check(time.monotonic() < end and server.poll() is None, "the server did not start")
            time.sleep(0.02)
        out = subprocess.run(
            [BUILD / "procctl", "subscribe", "--no-start", "-t", "sensor", "-a",
             "name,chip,temperature,temperature.crit,fan.speed,fan.duty,alarm,fault", "-i", "0.1",
             "-n", str(TICKS), "-o", "jsonl"],
            env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    finally:
        children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), 15)
        server.wait(PATIENCE_S)
    return [json.loads(line) for line in out.splitlines()], \
        (root / "trace").read_text(errors="replace").splitlines()


def opened(lines, number):
    """The files of a chip: hwmonN/FILE, or FILE below the descriptor of its folder."""
    found = set()
    for line in lines:
        match = re.search(rf'hwmon{number}>, "([^"]*)"', line) or \
            re.search(rf'"[^"]*/hwmon{number}(?:/([^"]*))?"', line)
        if match:
            found.add(match[1] or "")
    return found


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="sensor."))
    try:
        make_tree(root)
        rows, lines = traced_rows(root)
    finally:
        shutil.rmtree(root)
    last = {row["name"]: row for row in rows}
    check(set(last) == {"amdgpu temp1", "amdgpu fan1", "drivetemp temp1", "drivetemp fan1",
                        "other edge", "other fan1"}, last)
    for name, attribute in (("amdgpu temp1", "temperature"), ("drivetemp temp1", "temperature.crit"),
                            ("amdgpu fan1", "fan.duty"), ("drivetemp temp1", "alarm")):
        check(last[name]["states"][attribute] == "asleep", last[name])
    check(last["other edge"]["temperature"] == 41000, last["other edge"])
    for _, _, _, number, state in CHIPS:
        files = opened(lines, number)
        check("name" in files, f"the trace does not show hwmon{number}: {files}")
        if state == "active":
            check({"temp1_input", "temp1_label", "temp1_crit", "fan1_input", "pwm1"} <= files, files)
        else:
            check(files <= HARMLESS, f"of sleeping hwmon{number} was opened: {files - HARMLESS}")


if not shutil.which("strace") or \
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode != 0:
    print("strace does not work here")
    sys.exit(77)
main()

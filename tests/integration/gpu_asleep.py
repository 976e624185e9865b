#!/usr/bin/env python3
"""A suspended GPU is never woken: strace sees which files are opened.

The tree has a process with descriptors of two GPUs, of a driver that is read in the tick and of
one that workers read, and with AMD's compute device. While they sleep nothing is opened of them
but power/runtime_status and what is constant, and no fdinfo; when they are awake fdinfo is read,
which shows that the test would see it.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["BUILD"])
TICKS = 6
PATIENCE_S = 20

STAT = "{pid} (p{pid}) S 1 {pid} {pid} 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 0 0" + " 0" * 28 + "\n"
FDINFO = "drm-driver:\t{driver}\ndrm-client-id:\t7\ndrm-pdev:\t{address}\n" \
    "drm-engine-{engine}:\t5000000 ns\ndrm-resident-vram0:\t64 KiB\n"
DEVICES = (("renderD128", "amdgpu", "0000:03:00.0", "gfx", 5),
           ("renderD129", "xe", "0000:04:00.0", "rcs", 6))
# Of a device: what may be opened of it, by all that is known to leave it alone.
HARMLESS = re.compile(r"/device/(uevent|power/runtime_status)$|"
                      r"/0000:0[34]:00\.0/(vendor|class|driver|power/runtime_status)$")


def check(condition, text):
    if not condition:
        sys.exit(f"FAIL: {str(text)[:3000]}")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_tree(root, state):
    process = root / "proc/101"
    put(process / "stat", STAT.format(pid=101))
    (process / "fd").mkdir()
    (process / "fd/4").symlink_to("/dev/kfd")
    kfd = root / "sys/class/kfd/kfd"
    put(kfd / "topology/nodes/1/gpu_id", "99\n")
    put(kfd / "topology/nodes/1/properties", "location_id 768\ndomain 0\n")  # 03:00.0
    put(kfd / "proc/101/vram_99", "4096\n")
    for node, driver, address, engine, fd in DEVICES:
        device = root / "sys/class/drm" / node / "device"
        put(device / "uevent", f"DRIVER={driver}\nPCI_SLOT_NAME={address}\n")
        put(device / "power/runtime_status", state)
        put(device / "gpu_busy_percent", "0\n")
        put(root / "sys/bus/pci/devices" / address / "power/runtime_status", state)
        (process / "fd" / str(fd)).symlink_to("/dev/dri/" + node)
        put(process / "fdinfo" / str(fd), FDINFO.format(driver=driver, address=address, engine=engine))


def traced_rows(root):
    """What a subscriber gets in some ticks, and the paths that the server touched."""
    environment = dict(os.environ, PROCMON_SOCKET=str(root / "s"), ASAN_OPTIONS="detect_leaks=0")
    server = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=%file", "-o", root / "trace", BUILD / "procmond",
         "--debug", "--procfs", root / "proc", "--sysfs", root / "sys", "--log-level", "error"],
        env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (root / "s").exists():
            check(time.monotonic() < end and server.poll() is None, "the server did not start")
            time.sleep(0.02)
        out = subprocess.run(
            [BUILD / "procctl", "subscribe", "--no-start", "-a", "gpu", "-i", "0.1", "-n",
             str(TICKS), "-o", "jsonl"],
            env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    finally:
        children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), 15)
        server.wait(PATIENCE_S)
    paths = re.findall(r'"((?:[^"\\]|\\.)*)"', (root / "trace").read_text(errors="replace"))
    return [json.loads(line) for line in out.splitlines()], paths


def run(state):
    root = pathlib.Path(tempfile.mkdtemp(prefix="gpu."))
    try:
        make_tree(root, state)
        rows, paths = traced_rows(root)
    finally:
        shutil.rmtree(root)
    check(len(rows) >= TICKS, f"{len(rows)} rows")
    return rows, set(paths)


def of_devices(paths):
    """Those of a GPU: its device files, and what is below it in sysfs; not its link of fd/."""
    return {path for path in paths
            if path.startswith(("/dev/dri", "/dev/kfd", "/dev/nvidia", "/dev/accel"))
            or re.search(r"/renderD\d+/device/|/0000:0[34]:00\.0/", path)}


def sleeping():
    rows, paths = run("suspended\n")
    for row in rows:
        check(row.get("states", {}).get("gpu.time") == "asleep", row)
    check("fd" in paths or any(path.endswith("/fd") for path in paths), "no scan was seen")
    # The targets of links that were read are in the trace, too; only opened ones would count.
    touched = {path for path in of_devices(paths) if not path.startswith("/dev/")}
    check(any(path.endswith("runtime_status") for path in touched), f"not looked at: {touched}")
    bad = {path for path in touched if not HARMLESS.search(path)}
    check(not bad, f"of sleeping devices was touched: {bad}")
    check(not any("fdinfo" in path for path in paths), "fdinfo of a sleeping device was opened")
    check(not any(re.search(r"(vram|sdma)_99", path) for path in paths), "KFD was read")


def awake():
    rows, paths = run("active\n")
    check(rows[-1]["gpu.time"] == 10_000_000, rows[-1])
    check(any("fdinfo/5" in path for path in paths), "the tick's fdinfo was not seen")
    check(any("fdinfo/6" in path for path in paths), "the worker's fdinfo was not seen")
    check(any("vram_99" in path for path in paths), "KFD was not seen")


def no_device_file_is_opened():
    root = pathlib.Path(tempfile.mkdtemp(prefix="gpu."))
    try:
        make_tree(root, "active\n")
        traced_rows(root)
        for line in (root / "trace").read_text(errors="replace").splitlines():
            check(not re.search(r'open\w*\([^"]*"/dev/(dri|accel|kfd)', line), line)
    finally:
        shutil.rmtree(root)


if not shutil.which("strace") or \
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode != 0:
    print("strace does not work here")
    sys.exit(77)
sleeping()
awake()
no_device_file_is_opened()

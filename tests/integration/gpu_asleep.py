#!/usr/bin/env python3
"""A suspended GPU is never woken: strace sees which files are opened.

The tree has a process with descriptors of two GPUs, of a driver that is read in the tick and of
one that workers read, and with AMD's compute device. While they sleep nothing is opened of them
but power/runtime_status and what is constant, and no fdinfo; when they are awake fdinfo is read,
which shows that the test would see it. The same of table GPU, whose every attribute is asked for,
with an accelerator and one of NVIDIA's GPUs besides.
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

STAT = "{pid} (p{pid}) S 1 {pid} {pid} 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 0 0" + " 0" * 28 + "\n"
FDINFO = "drm-driver:\t{driver}\ndrm-client-id:\t7\ndrm-pdev:\t{address}\n" \
    "drm-engine-{engine}:\t5000000 ns\ndrm-resident-vram0:\t64 KiB\n"
DEVICES = (("renderD128", "amdgpu", "0000:03:00.0", "gfx", 5),
           ("renderD129", "xe", "0000:04:00.0", "rcs", 6))
# Of a device: what may be opened of it, by all that is known to leave it alone.
HARMLESS = re.compile(r"/device/(uevent|power/\w+)$|/device$|"
                      r"/0000:0[1345]:00\.0/(vendor|class|driver|uevent|power/\w+)$")
# What table GPU reads of the devices when they are awake.
READ = ("gpu_busy_percent", "mem_info_vram_used", "pp_dpm_sclk", "hwmon/hwmon1/temp1_input",
        "current_link_speed", "tile0/gt0/freq0/act_freq", "npu_busy_time_us")


def check(condition, text):
    if not condition:
        sys.exit(f"FAIL: {str(text)[:3000]}")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def put_values(device):
    """What any driver might have."""
    for name in READ:
        put(device / name, "1\n")
    put(device / "pp_dpm_sclk", "0: 500Mhz *\n")
    put(device / "current_link_speed", "8.0 GT/s PCIe\n")


def make_others(root, state):
    """An accelerator, and a GPU of NVIDIA's that has no node."""
    device = root / "sys/class/accel/accel0/device"
    put(device / "uevent", "DRIVER=intel_vpu\nPCI_SLOT_NAME=0000:05:00.0\n")
    put(device / "power/runtime_status", state)
    put_values(device)
    device = root / "sys/bus/pci/devices/0000:01:00.0"
    put(device / "vendor", "0x10de\n")
    put(device / "class", "0x030200\n")
    put(device / "uevent", "DRIVER=nvidia\nPCI_SLOT_NAME=0000:01:00.0\n")
    put(device / "power/runtime_status", state)
    put_values(device)


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
        put(device / "power/control", "auto\n")
        put_values(device)
        put(root / "sys/bus/pci/devices" / address / "power/runtime_status", state)
        (process / "fd" / str(fd)).symlink_to("/dev/dri/" + node)
        put(process / "fdinfo" / str(fd), FDINFO.format(driver=driver, address=address, engine=engine))


def listens(path):
    """Under strace some time passes between bind and listen."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def traced_rows(root, *what):
    """What a subscriber gets in some ticks, and the paths that the server touched."""
    environment = dict(os.environ, PROCMON_SOCKET=str(root / "s"), ASAN_OPTIONS="detect_leaks=0")
    server = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=%file", "-o", root / "trace", BUILD / "procmond",
         "--debug", "--procfs", root / "proc", "--sysfs", root / "sys", "--log-level", "error"],
        env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not listens(root / "s"):
            check(time.monotonic() < end and server.poll() is None, "the server did not start")
            time.sleep(0.02)
        out = subprocess.run(
            [BUILD / "procctl", "subscribe", "--no-start", *(what or ("-a", "gpu")), "-i", "0.1",
             "-n", str(TICKS), "-o", "jsonl"],
            env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout
    finally:
        children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), 15)
        server.wait(PATIENCE_S)
    paths = re.findall(r'"((?:[^"\\]|\\.)*)"', (root / "trace").read_text(errors="replace"))
    return [json.loads(line) for line in out.splitlines()], paths


def run(state, *what):
    root = pathlib.Path(tempfile.mkdtemp(prefix="gpu."))
    try:
        make_tree(root, state)
        if what:
            make_others(root, state)
        rows, paths = traced_rows(root, *what)
    finally:
        shutil.rmtree(root)
    check(len(rows) >= TICKS, f"{len(rows)} rows")
    return rows, set(paths)


def of_devices(paths):
    """Those of a GPU: its device files, and what is below it in sysfs; not its link of fd/."""
    return {path for path in paths
            if path.startswith(("/dev/dri", "/dev/kfd", "/dev/nvidia", "/dev/accel"))
            or re.search(r"/(renderD\d+|accel\d+)/device/|/0000:0[1345]:00\.0/", path)}


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
    # By its own the server learns where a client is.
    check(not any("fdinfo" in path and not path.startswith("/proc/self/fdinfo/") for path in paths),
          "fdinfo of a sleeping device was opened")
    check(not any(re.search(r"(vram|sdma)_99", path) for path in paths), "KFD was read")


def awake():
    rows, paths = run("active\n")
    check(rows[-1]["gpu.time"] == 10_000_000, rows[-1])
    check(any("fdinfo/5" in path for path in paths), "the tick's fdinfo was not seen")
    check(any("fdinfo/6" in path for path in paths), "the worker's fdinfo was not seen")
    check(any("vram_99" in path for path in paths), "KFD was not seen")


TABLE = ("-t", "gpu", "-a", "all")


def table_sleeping():
    rows, paths = run("suspended\n", *TABLE)
    check(len({row["address"] for row in rows}) == 4, rows)
    for row in rows:
        check(row["state"] == "suspended" and row["name"], row)
        for name in ("busy.gpu", "memory.used", "power.now", "temperature.gpu", "energy",
                     "frequency.gpu_max", "link.speed"):
            check(row["states"].get(name) == "asleep", (name, row))
    touched = of_devices(paths)
    check(any(path.endswith("runtime_status") for path in touched), f"not looked at: {touched}")
    bad = {path for path in touched if not HARMLESS.search(path)}
    check(not bad, f"of sleeping devices was touched: {bad}")
    # Workers open what they read by a directory, of which only the name of the file is told.
    bad = {path for path in paths if path in READ or path in ("hwmon", "devfreq", "product_name")}
    check(not bad, f"of sleeping devices was opened: {bad}")
    check(not any("nvidia-ml" in path for path in paths), "NVIDIA's library was loaded")


def table_awake():
    rows, paths = run("active\n", *TABLE)
    check(any(row["busy.gpu"] == 0.01 for row in rows), rows[-1])
    for name in READ:
        check(name in paths, f"{name} was not seen")


def no_device_file_is_opened(*what):
    root = pathlib.Path(tempfile.mkdtemp(prefix="gpu."))
    try:
        make_tree(root, "active\n")
        make_others(root, "active\n")
        traced_rows(root, *what)
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
table_sleeping()
table_awake()
no_device_file_is_opened(*TABLE)

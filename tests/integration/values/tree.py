"""A substitute /proc and /sys of one process, with numbers that this machine may never show.

EXPECTED is worked out by hand from the texts beside it; all numbers of a unit differ.
"""
import os
import pathlib
import shutil
import tempfile

from values.wire import ROOT

KIB, TICK, SECOND = 1024, 10_000_000, 1_000_000_000
PID = 101
STAT = "{id} (hand) made) {state} 55 56 57 34818 58 0 1000 2000 30 40 {user} {system} 700 800 39 19 2 0 " \
    "12300 8192000 900 18446744073709551615" + " 0" * 13 + " 3 0 5 {delay}" + " 0" * 10 + "\n"
STATUS = """Name:\thand) made
State:\tS (sleeping)
Tgid:\t101
Pid:\t{id}
PPid:\t55
TracerPid:\t77
Uid:\t11\t12\t13\t14
Gid:\t21\t22\t23\t24
VmPeak:\t    9000 kB
VmSize:\t    8000 kB
VmLck:\t      16 kB
VmPin:\t      12 kB
VmHWM:\t    5000 kB
VmRSS:\t    4500 kB
RssAnon:\t    3000 kB
RssFile:\t    1010 kB
RssShmem:\t     490 kB
VmData:\t    2100 kB
VmStk:\t     132 kB
VmExe:\t     210 kB
VmLib:\t    1900 kB
VmPTE:\t      52 kB
VmSwap:\t     700 kB
HugetlbPages:\t    2048 kB
Threads:\t2
Cpus_allowed:\t27
Cpus_allowed_list:\t0-2,5
voluntary_ctxt_switches:\t{voluntary}
nonvoluntary_ctxt_switches:\t{forced}
"""
ROLLUP = """00400000-7fff0000 ---p 00000000 00:00 0                    [rollup]
Rss:                4500 kB
Pss:                2900 kB
Pss_Dirty:           100 kB
Pss_Anon:           2200 kB
Pss_File:            400 kB
Pss_Shmem:           300 kB
Shared_Clean:        801 kB
Shared_Dirty:        602 kB
Private_Clean:       403 kB
Private_Dirty:      2694 kB
Referenced:         4400 kB
Anonymous:          3000 kB
KSM:                   0 kB
LazyFree:             36 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:    2048 kB
Swap:                700 kB
SwapPss:             650 kB
Locked:                0 kB
"""
MAPS = """00400000-00434800 r-xp 00000000 fe:00 7 /opt/hand/tool
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
"""
IO = "rchar: 60001\nwchar: 70002\nsyscr: 61\nsyscw: 72\nread_bytes: 40960\nwrite_bytes: 90112\n" \
    "cancelled_write_bytes: 8192\n"
# Name, soft, hard, unit as in the file; what the attribute must say is in base units.
LIMITS = (
    ("cpu", "Max cpu time", 101, 102, "seconds", SECOND),
    ("file_size", "Max file size", 103, 104, "bytes", 1),
    ("data", "Max data size", 105, 106, "bytes", 1),
    ("stack", "Max stack size", 107, 108, "bytes", 1),
    ("core", "Max core file size", 109, 110, "bytes", 1),
    ("resident", "Max resident set", 111, 112, "bytes", 1),
    ("processes", "Max processes", 113, 114, "processes", 1),
    ("files", "Max open files", 115, 116, "files", 1),
    ("locked", "Max locked memory", 117, 118, "bytes", 1),
    ("address_space", "Max address space", 119, None, "bytes", 1),
    ("file_locks", "Max file locks", 121, 122, "locks", 1),
    ("signals", "Max pending signals", 123, 124, "signals", 1),
    ("message_queues", "Max msgqueue size", 125, 126, "bytes", 1),
    ("nice", "Max nice priority", 27, 28, "", 1),
    ("realtime_priority", "Max realtime priority", 29, 30, "", 1),
    ("realtime_time", "Max realtime timeout", 131, 132, "us", 1000))

EXPECTED = {
    "pid": 101, "ppid": 55, "comm": "hand) made", "name": "tool", "exe": "/opt/hand/tool",
    "cmdline": "tool --by hand", "cwd": "/srv/hand", "root": "/srv", "ruid": 11, "uid": 12,
    "svuid": 13, "rgid": 21, "gid": 22, "svgid": 23, "pgid": 56, "sid": 57, "tty.device": 34818,
    "tty.name": "pts/2", "tty.pgid": 58, "children": 4, "flags": "terminal", "tracer": 77,
    "cgroup": "/hand/made", "state": "S", "status": 3, "start.boot": 123 * SECOND,
    "cpu.total": 1100 * TICK, "cpu.user": 500 * TICK, "cpu.system": 600 * TICK,
    "cpu.run_delay": 52_000, "cpu.runnable": 552_000, "cpu.io_delay": 9 * TICK,
    "cpu.threads_user": 260 * TICK, "cpu.threads_system": 340 * TICK, "cpu.threads": 2,
    "cpu.threads_running": 1, "cpu.children_user": 700 * TICK, "cpu.children_system": 800 * TICK,
    "cpu.last": 3, "cpu.affinity": "0-2,5", "cpu.affinity_count": 4, "nice": 19, "policy": 5,
    "priority": 39, "mem.footprint": (3000 + 700 + 52 + 2048) * KIB,
    "mem.footprint_peak": 5800 * KIB, "mem.footprint_peak_minute": 5800 * KIB,
    "mem.resident": 4500 * KIB, "mem.anonymous": 3000 * KIB, "mem.anonymous_total": 3700 * KIB,
    "mem.file": 1010 * KIB, "mem.shared": 490 * KIB, "mem.swap": 700 * KIB,
    "mem.page_tables": 52 * KIB, "mem.locked": 16 * KIB, "mem.pinned": 12 * KIB,
    "mem.hugetlb": 2048 * KIB, "mem.peak": 5000 * KIB, "mem.virtual": 8000 * KIB,
    "mem.virtual_peak": 9000 * KIB, "mem.code": 210 * KIB, "mem.libraries": 1900 * KIB,
    "mem.data": 2100 * KIB, "mem.stack": 132 * KIB, "mem.regions": 4, "mem.pss": 2900 * KIB,
    "mem.pss_anonymous": 2200 * KIB, "mem.pss_file": 400 * KIB, "mem.pss_shared": 300 * KIB,
    "mem.unique": (3097 + 2048) * KIB, "mem.common": 1403 * KIB, "mem.swap_pss": 650 * KIB,
    "mem.lazy_free": 36 * KIB, "energy.score": 1100 * TICK * 80, "disk.read": 40960, "disk.written": 90112 - 8192,
    "disk.logical_written": 90112, "disk.cancelled": 8192, "io.read_bytes": 60001,
    "io.written_bytes": 70002, "io.read_calls": 61, "io.write_calls": 72, "faults.total": 1030,
    "faults.major": 30, "faults.children": 2040, "faults.children_major": 40,
    "switches.total": 92, "switches.voluntary": 40, "switches.forced": 52, "files.open": 4,
    "oom.score": 650, "oom.adjust": -17}
for name_, _, soft_, hard_, _, unit_ in LIMITS:
    EXPECTED[f"limit.{name_}"] = soft_ * unit_
    EXPECTED[f"limit.{name_}_max"] = hard_ and hard_ * unit_  # None: unlimited

# tests/fixtures/gpu/amdgpu: gfx, compute, dma, dec and enc_1, vpe; and another client of ours.
FIXTURE = ROOT / "tests/fixtures/gpu/amdgpu"
CLIENT = "drm-driver:\tamdgpu\ndrm-client-id:\t75\ndrm-pdev:\t0000:08:00.0\n" \
    "drm-resident-vram:\t1024 KiB\ndrm-resident-gtt:\t0\ndrm-shared-vram:\t512 KiB\n" \
    "drm-engine-gfx:\t{render} ns\ndrm-engine-blitter:\t600 ns\n"
RENDER = 40
EXPECTED |= {
    "gpu.time_render": 3041250100 + RENDER, "gpu.time_compute": 500000000,
    "gpu.time_copy": 20000300, "gpu.time_video": 1000000007 + 7000000, "gpu.time_enhance": 11000,
    "gpu.time_other": 600, "gpu.time": 4568261407 + RENDER + 600,
    "gpu.memory_device": (480 + 1) * KIB * KIB, "gpu.memory_system": 18560 * KIB,
    "gpu.memory": (481 * KIB + 18560) * KIB, "gpu.memory_shared": 52 * KIB * KIB + 512 * KIB,
    "gpu.devices": "0000:08:00.0", "gpu.source": "fdinfo", "gpu.garbage": 0}


class Tree:
    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="values.", dir="/tmp"))
        self.procfs, self.sysfs = self.root / "proc", self.root / "sys"
        shutil.copytree(FIXTURE / "sys", self.sysfs)
        self.put("uptime", "1000 1\n")
        self.put("stat", "cpu 1 2 3\nprocesses 100\n")
        self.put("loadavg", "0 0 0 1/10 100\n")
        self.put("sys/kernel/task_delayacct", "1\n")
        self.put_process()
        self.put_gpu()

    def put(self, path, text):
        path = self.procfs / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def link(self, path, target):
        path = self.procfs / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def put_process(self):
        own = f"{PID}"
        self.put(f"{own}/stat", STAT.format(id=PID, state="S", user=500, system=600, delay=0))
        self.put(f"{own}/status", STATUS.format(id=PID, voluntary=15, forced=16))
        self.put(f"{own}/statm", "2000 1125 375 53 0 558 0\n")
        self.put(f"{own}/comm", "hand) made\n")
        self.put(f"{own}/schedstat", "100000 2000 3\n")
        for name, text in (("smaps_rollup", ROLLUP), ("maps", MAPS), ("io", IO),
                           ("cgroup", "0::/hand/made\n"), ("cmdline", "tool\0--by\0hand\0"),
                           ("oom_score", "650\n"), ("oom_score_adj", "-17\n")):
            self.put(f"{own}/{name}", text)
        for tid, state, user, system, delay, voluntary, forced, on, wait, children in (
                (PID, "S", 200, 250, 4, 15, 16, 100000, 2000, "900 901 902 "),
                (103, "R", 60, 90, 5, 25, 36, 400000, 50000, "903 ")):
            task = f"{own}/task/{tid}"
            self.put(f"{task}/stat", STAT.format(id=tid, state=state, user=user, system=system,
                                                 delay=delay))
            self.put(f"{task}/status", STATUS.format(id=tid, voluntary=voluntary, forced=forced))
            self.put(f"{task}/schedstat", f"{on} {wait} 3\n")
            self.put(f"{task}/children", children)
        for name, target in (("exe", "/opt/hand/tool"), ("cwd", "/srv/hand"), ("root", "/srv"),
                             ("fd/0", "/dev/null"), ("fd/1", "pipe:[9]")):
            self.link(f"{own}/{name}", target)
        lines = ["Limit                     Soft Limit           Hard Limit           Units"]
        for _, name, soft, hard, unit, _ in LIMITS:
            lines.append(f"{name:<25} {soft:<20} {hard or 'unlimited':<20} {unit:<10}")
        self.put(f"{own}/limits", "\n".join(lines) + "\n")

    def put_gpu(self):
        for fd in (5, 6):
            self.link(f"{PID}/fd/{fd}", "/dev/dri/renderD128")
        self.put(f"{PID}/fdinfo/5", (FIXTURE / "fdinfo").read_text())
        self.set_render(RENDER)

    def set_render(self, render):
        """The second client's time so far."""
        path = self.procfs / f"{PID}/fdinfo/6"
        new = path.with_name("new")
        self.put(f"{PID}/fdinfo/new", CLIENT.format(render=render))
        os.rename(new, path)

    def hang(self, name):
        """Whoever reads that file waits for ever."""
        path = self.procfs / f"{PID}/{name}"
        path.unlink()
        os.mkfifo(path)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

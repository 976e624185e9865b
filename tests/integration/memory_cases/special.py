"""What the machine has to be told for: reserved huge pages, pages that become one, swap.

It is told back afterwards, and only one test does so at a time.
"""
import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import time

from memory_cases import content, truth
from memory_cases.machine import alone, setting
from memory_cases.report import Skip, case, check, figure, meets
from memory_cases.subject import (ANONYMOUS, FREE, HUGETLB, KIB, MERGEABLE, MIB, PAGE, PAGEOUT, PRIVATE,
                                  READ, ROOT, SHARED, WRITE, Group, Subject)

SIZE = 32 * MIB
HUGE = 2 * MIB
MM = pathlib.Path("/sys/kernel/mm")
HUGEPAGES = MM / "hugepages/hugepages-2048kB"
KSM = MM / "ksm"


# --------------------------------------------------------------------- reserved huge pages

@case
def hugetlb(probe):
    """Reserved huge pages, private and shared: dirty, but not resident."""
    path = HUGEPAGES / "nr_hugepages"
    if not path.exists():
        raise Skip("this kernel has no huge pages of 2 MiB")
    with alone(), setting(path, int(path.read_text()) + 2 * SIZE // HUGE):
        if int((HUGEPAGES / "free_hugepages").read_text()) < 2 * SIZE // HUGE:
            raise Skip("there is not as much free memory in one piece")
        for flags, category in ((PRIVATE, "huge pages"), (SHARED, "huge pages")):
            with Subject() as subject:
                address = subject.tell("map", SIZE, READ | WRITE, flags | ANONYMOUS | HUGETLB, -1, 0)
                subject.write(address, SIZE // 2)
                compare_hugetlb(probe, subject.pid, address, category)


def compare_hugetlb(probe, pid, address, category):
    half = SIZE // 2
    parts = {"dirty": half, "hugetlb": half}
    content.compare_regions(probe, pid, address, SIZE, parts, "hugetlb")
    content.compare_totals(probe, pid, "hugetlb")
    row, = probe.regions(pid).within(address, SIZE)
    check(row["category"] == category, row["category"])
    meets("page size", row["page_size"], HUGE)
    process = probe.process(pid, "mem.hugetlb", "mem.footprint")
    meets("mem.hugetlb", process["mem.hugetlb"], half)
    meets("of FOOTPRINT", probe.footprint(pid).total(
        "mem.dirty", lambda row: row["category"] == category), half)
    figure(f"{half // MIB} MiB of {SIZE // MIB} used: dirty {row['mem.dirty'] // KIB} KiB, resident "
           f"{row['mem.resident']}, footprint {process['mem.footprint'] // KIB} KiB")


# ------------------------------------------------------------------- pages that become one

def merged_pages(pid):
    text = pathlib.Path(f"/proc/{pid}/ksm_stat").read_text()
    return PAGE * int(re.search(r"ksm_merging_pages (\d+)", text)[1])


@case
def merging(probe):
    """Equal pages that the kernel has made one (KSM): counted whole, as its counters do."""
    if not (KSM / "run").exists():
        raise Skip("this kernel has no KSM")
    with alone(), Subject() as subject, setting(KSM / "pages_to_scan", 20000), \
            setting(KSM / "sleep_millisecs", 5):
        address = content.anonymous_of(subject, SIZE)
        subject.write(address, SIZE, PAGE, 7)
        subject.tell("advise", address, SIZE, MERGEABLE)
        with setting(KSM / "run", 1):
            wait(lambda: merged_of(subject.pid, address) >= SIZE - PAGE, "pages do not become one")
        found = content.compare_regions(probe, subject.pid, address, SIZE, None, "KSM")
        content.compare_totals(probe, subject.pid, "KSM")
        meets("dirty", found["dirty"], SIZE)
        meets("merged", found["merged"], SIZE, PAGE)
        meets("merged, by the kernel's own count", found["merged"], merged_pages(subject.pid), PAGE)
        pss = sum(row["mem.pss"] for row in probe.regions(subject.pid).within(address, SIZE))
        check(pss < SIZE // 50, f"a share of {pss}")
        figure(f"{SIZE // MIB} MiB of equal pages: dirty {found['dirty'] // KIB} KiB, merged "
               f"{found['merged'] // KIB} KiB, PSS {pss // KIB} KiB")


def merged_of(pid, address):
    return sum(m.get("KSM") for m in truth.within(truth.smaps(pid), address, SIZE))


def wait(condition, what, seconds=6):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Skip(what)
        time.sleep(0.02)


# -------------------------------------------------------------------------------------- swap

def command(*words):
    try:
        subprocess.run(words, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise Skip(f"there is no {words[0]}")
    except subprocess.CalledProcessError as error:
        raise Skip(f"{words[0]}: {error.stderr.strip()}")


@contextlib.contextmanager
def compressed_device(size):
    """A zram of our own."""
    control = pathlib.Path("/sys/class/zram-control")
    number = int((control / "hot_add").read_text())
    try:
        pathlib.Path(f"/sys/block/zram{number}/disksize").write_text(str(size))
        yield f"/dev/zram{number}"
    finally:
        (control / "hot_remove").write_text(str(number))


@contextlib.contextmanager
def swap_file(size):
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        os.posix_fallocate(file.fileno(), 0, size)
        yield file.name


@contextlib.contextmanager
def swap(size=256 * MIB):
    """There is swap meanwhile: compressed memory, else a file."""
    if not ROOT:
        raise Skip("only root can add swap")
    zram = os.path.exists("/sys/class/zram-control/hot_add")
    with (compressed_device if zram else swap_file)(size) as path:
        command("mkswap", path)
        command("swapon", "--priority", "32000", path)
        try:
            yield "zram" if zram else "a file"
        finally:
            subprocess.run(["swapoff", path], check=True)


def push_out(subject, address):
    """Out of memory with it, what can be."""
    def swapped():
        return sum(m.get("Swap") for m in truth.within(truth.smaps(subject.pid), address, SIZE))

    def is_out():
        subject.tell("advise", address, SIZE, PAGEOUT)
        return swapped() == SIZE
    wait(is_out, "the kernel does not swap all of it out")


@case
def swapped(probe):
    """Memory that was swapped out stays dirty, and after it was read back, too."""
    with alone(), swap() as where, content.group_if_there_is_one() as group, Subject(group) as subject:
        address = content.anonymous_of(subject, SIZE)
        subject.write(address, SIZE)
        push_out(subject, address)
        parts = {"dirty": SIZE, "swap": SIZE}
        content.compare_regions(probe, subject.pid, address, SIZE, parts, "swapped")
        error = content.compare_totals(probe, subject.pid, "swapped", group)
        meets("mem.swap", probe.process(subject.pid, "mem.swap")["mem.swap"], SIZE)
        subject.tell("read", address, SIZE)
        mappings = truth.within(truth.smaps(subject.pid), address, SIZE)
        parts = {"dirty": SIZE, "resident": SIZE, "anonymous": SIZE}
        found = content.compare_regions(probe, subject.pid, address, SIZE, parts, "read back")
        content.compare_totals(probe, subject.pid, "read back", group)
        figure(f"to {where}: dirty {SIZE // KIB} KiB swapped{error}; read back it is "
               f"{found['dirty'] // KIB} KiB, where Private_Dirty of smaps is "
               f"{sum(m.get('Private_Dirty') for m in mappings) // KIB} KiB")


@case
def half_swapped(probe):
    """Half of it swapped out, and of a part the other half given back."""
    with alone(), swap(), Subject() as subject:
        address = content.anonymous_of(subject, 2 * SIZE)
        subject.write(address, 2 * SIZE)
        push_out(subject, address)
        subject.tell("advise", address + SIZE, SIZE // 2, FREE)
        parts = {"dirty": 3 * SIZE // 2, "swap": SIZE, "resident": SIZE, "anonymous": SIZE,
                 "reclaimable": SIZE // 2}
        found = content.compare_regions(probe, subject.pid, address, 2 * SIZE, parts,
                                        "half swapped", content.LISTED)
        content.compare_totals(probe, subject.pid, "half swapped", None, 0, content.LISTED)
        figure(f"dirty {found['dirty'] // KIB} KiB of {2 * SIZE // KIB}, swap {found['swap'] // KIB}, "
               f"reclaimable {found['reclaimable'] // KIB}")


@case
def shared_swapped(probe):
    """Shared memory that was swapped out: the process' status does not tell, its mappings do."""
    with alone(), swap(), Group() as group, Subject(group) as subject:
        address = subject.map(SIZE, READ | WRITE, SHARED | ANONYMOUS)
        subject.write(address, SIZE)
        push_out(subject, address)
        parts = {"dirty": SIZE, "swap": SIZE}
        content.compare_regions(probe, subject.pid, address, SIZE, parts, "shared, swapped")
        error = content.compare_totals(probe, subject.pid, "shared, swapped", group)
        meets("mem.swap of PROCESS", probe.process(subject.pid, "mem.swap")["mem.swap"], 0)
        figure(f"dirty {SIZE // KIB} KiB{error}")

"""64 MiB of each kind of memory, and processes that share it."""
import collections
import contextlib
import functools
import os
import tempfile
import time

from memory_cases import truth
from memory_cases.report import Skip, case, check, error_percent, figure, left_out, meets, steadily
from memory_cases.subject import (ANONYMOUS, DONTNEED, FREE, GIB, HUGEPAGE, KIB, MIB, NORESERVE,
                                  PAGE, PRIVATE, READ, SHARED, WRITE, Group, Subject)

SIZE = 64 * MIB
NUMBERS = ("resident", "dirty", "swap", "clean", "reclaimable", "anonymous", "shared", "hugetlb",
           "merged")
TABLES = 96 * KIB  # a process that has nothing has page tables, too; besides 1 page for 2 MiB

# What was just given back may wait in lists of the processors', 31 pages each, until more is.
LISTED = 512 * KIB

# What a process does with its memory, and what all of the SIZE is then; what is not named is
# nothing. `more` are numbers of table PROCESS that grow by SIZE. What is hidden belongs to an
# object of which nobody maps it: only its cgroup is charged.
Kind = collections.namedtuple("Kind", "name build parts more hidden slack")
kinds = []


def kind(name, parts="", more="", hidden=0):
    def remember(build):
        parts_of_it = {word: SIZE for word in parts.split()}
        slack = LISTED if "reclaimable" in parts_of_it else 0
        kinds.append(Kind(name, build, parts_of_it, more.split(), hidden, slack))
        return build
    return remember


def anonymous(subject, protection=READ | WRITE, flags=PRIVATE | ANONYMOUS):
    address = subject.map(SIZE, protection, flags)
    subject.tell("advise", address, SIZE, 15)  # no huge pages, whatever the machine prefers
    return address


@kind("untouched")
def untouched(subject, file):
    return anonymous(subject)


@kind("read, of nothing")
def zeros(subject, file):
    address = anonymous(subject)
    subject.tell("read", address, SIZE)
    return address


@kind("written", "resident dirty anonymous", "mem.anonymous mem.resident")
def written(subject, file):
    address = anonymous(subject)
    subject.write(address, SIZE)
    return address


@kind("PROT_NONE")
def closed(subject, file):
    return anonymous(subject, 0)


@kind("private file, read", "resident clean", "mem.file mem.resident")
def file_read(subject, file):
    address = subject.map(SIZE, READ, PRIVATE, file)
    subject.tell("read", address, SIZE)
    return address


@kind("private file, written", "resident dirty anonymous", "mem.anonymous mem.resident")
def file_written(subject, file):
    address = subject.map(SIZE, READ | WRITE, PRIVATE, file)
    subject.write(address, SIZE)
    return address


@kind("shared file, written", "resident clean", "mem.file mem.resident")
def shared_file(subject, file):
    address = subject.map(SIZE, READ | WRITE, SHARED, file)
    subject.write(address, SIZE)
    return address


def shared_memory(subject, *arguments):
    address = subject.map(SIZE, *arguments)
    subject.write(address, SIZE)
    return address


@kind("shared anonymous", "resident dirty shared", "mem.shared mem.resident")
def shared_anonymous(subject, file):
    return shared_memory(subject, READ | WRITE, SHARED | ANONYMOUS)


@kind("memfd", "resident dirty shared", "mem.shared mem.resident")
def memfd(subject, file):
    return shared_memory(subject, READ | WRITE, SHARED, subject.files["memfd"])


@kind("private mapping of a memfd, written", "resident dirty anonymous",
      "mem.anonymous mem.resident", hidden=SIZE)
def memfd_copied(subject, file):
    return shared_memory(subject, READ | WRITE, PRIVATE, subject.files["memfd"])


@kind("tmpfs", "resident dirty shared", "mem.shared mem.resident")
def tmpfs(subject, file):
    if "tmpfs" not in subject.files:
        raise Skip("/dev/shm is no tmpfs of ours")
    return shared_memory(subject, READ | WRITE, SHARED, subject.files["tmpfs"])


@kind("SysV shared memory", "resident dirty shared", "mem.shared mem.resident")
def system_v(subject, file):
    address = subject.tell("shm", SIZE)
    subject.write(address, SIZE)
    return address


@kind("MADV_FREE", "resident reclaimable anonymous", "mem.anonymous mem.resident")
def given_back(subject, file):
    address = written(subject, file)
    subject.tell("advise", address, SIZE, FREE)
    return address


@kind("MADV_DONTNEED")
def dropped(subject, file):
    address = written(subject, file)
    subject.tell("advise", address, SIZE, DONTNEED)
    return address


@kind("mlock", "resident dirty anonymous wired", "mem.anonymous mem.locked mem.resident")
def locked(subject, file):
    address = anonymous(subject)
    subject.tell("lock", address, SIZE)
    return address


@kind("huge pages, written in one place each", "resident dirty anonymous huge",
      "mem.anonymous mem.resident")
def huge(subject, file):
    address = subject.map(SIZE + 2 * MIB)
    begin = (address + 2 * MIB - 1) // (2 * MIB) * (2 * MIB)
    subject.tell("advise", begin, SIZE, HUGEPAGE)
    subject.write(begin, SIZE, 2 * MIB)
    of_it = truth.within(truth.smaps(subject.pid), begin, SIZE)
    if sum(m.get("AnonHugePages") for m in of_it) != SIZE:
        raise Skip("the kernel does not give huge pages")
    return begin


# ------------------------------------------------------------------------------ comparing

@steadily
def compare_regions(probe, pid, address, size, parts, what, slack=0):
    """Of this part of the address space: by hand, with smaps, with each of its pages."""
    rows = probe.regions(pid).within(address, size)
    mappings = truth.within(truth.smaps(pid), address, size)
    meets(f"{what}: mappings", len(rows), len(mappings))
    found = {name: sum(row[f"mem.{name}"] for row in rows)
             for name in set(NUMBERS) | set(parts or ())}
    meets(f"{what}: dirty, smaps", found["dirty"], sum(m.dirty for m in mappings), slack)
    for name, key in (("resident", "Rss"), ("swap", "Swap"), ("reclaimable", "LazyFree"),
                      ("anonymous", "Anonymous"), ("wired", "Locked"), ("merged", "KSM"),
                      ("pss", "Pss")):
        meets(f"{what}: {name}, smaps", sum(row[f"mem.{name}"] for row in rows),
              sum(m.get(key) for m in mappings), slack if name == "reclaimable" else 0)
    if parts is not None:
        for name, number in found.items():
            meets(f"{what}: {name}, by hand", number, parts.get(name, 0),
                  slack if name in ("dirty", "reclaimable") else 0)
    if not truth.pages_are_told():
        left_out("looking at each page", "only root is told of page frames")
    else:
        pages = truth.Pages(pid, address, size)
        for name in NUMBERS:
            # A page of a shared object that was swapped out leaves no mark in the page table.
            if name not in ("swap", "dirty") or not found["swap"] or found["swap"] == pages.swap:
                meets(f"{what}: {name}, page by page", found[name], getattr(pages, name),
                      slack if name in ("dirty", "reclaimable") else 0)
        meets(f"{what}: pss, page by page", sum(row["mem.pss"] for row in rows), pages.pss,
              len(rows) * KIB)
    return found


def of_group(row):
    return row["category"] != "page tables"


@steadily
def compare_totals(probe, pid, what, group=None, hidden=0, slack=0):
    """FOOTPRINT and PROCESS of all of it. Returns how far it is from what the group is charged."""
    mappings, status = truth.smaps(pid), truth.status(pid)
    dirty = sum(m.dirty for m in mappings)
    process = probe.process(pid, "mem.footprint", "mem.anonymous", "mem.file", "mem.shared",
                            "mem.swap", "mem.page_tables", "mem.virtual", "mem.hugetlb", "mem.pss")
    meets(f"{what}: mem.footprint", process["mem.footprint"], sum(
        status[key] for key in ("RssAnon", "VmSwap", "VmPTE", "HugetlbPages")))
    for name, key in (("anonymous", "RssAnon"), ("file", "RssFile"), ("shared", "RssShmem"),
                      ("swap", "VmSwap"), ("page_tables", "VmPTE"), ("hugetlb", "HugetlbPages"),
                      ("virtual", "VmSize")):
        meets(f"{what}: mem.{name}, status", process[f"mem.{name}"], status[key])
    # The kernel rounds each mapping's down to KiB, and the sum only once.
    meets(f"{what}: mem.pss, smaps", process["mem.pss"], sum(m.get("Pss") for m in mappings),
          len(mappings) * KIB)
    footprint = probe.footprint(pid)
    meets(f"{what}: dirty of FOOTPRINT, smaps", footprint.total("mem.dirty", of_group), dirty, slack)
    meets(f"{what}: page tables of FOOTPRINT",
          footprint.total("mem.dirty", lambda row: not of_group(row)), status["VmPTE"])
    compare_with_regions(probe, pid, what, slack)
    if not group:
        return ""
    told = footprint.total("mem.dirty", of_group) + footprint.total("mem.reclaimable") - \
        footprint.total("mem.hugetlb")
    return compare_with_group(group, told + hidden, what)


def compare_with_group(group, told, what):
    """The kernel brings what it charges up to date when it is much, else every two seconds."""
    end = time.monotonic() + 3
    while True:
        used = group.used()
        error = error_percent(told, used)
        if told < SIZE and abs(told - used) < MIB:
            return f", {abs(told - used) // KIB} KiB off the cgroup's {used // KIB} KiB"
        if error <= 1:
            return f", {error:.2f} % off the cgroup's {used // KIB} KiB"
        check(time.monotonic() < end, f"{what}: {told} instead of {used} of the cgroup: {error:.2f} %")
        time.sleep(0.05)


def compare_with_regions(probe, pid, what, lazy):
    """Each category is the sum of its mappings. Others begin and cease to use the same libraries
    meanwhile."""
    before = probe.regions(pid)
    footprint = probe.footprint(pid)
    after = probe.regions(pid)
    for row in footprint.rows:
        if not of_group(row):
            continue
        own = [[region for region in regions.rows if region["category"] == row["category"]]
               for regions in (before, after)]
        meets(f"{what}: regions of {row['category']}", row["regions"], len(own[0]))
        for name in ["size"] + [name for name in row if name.startswith("mem.")]:
            low, high = sorted(sum(region[name] or 0 for region in regions) for regions in own)
            slack = lazy if name in ("mem.dirty", "mem.reclaimable") else 0
            if row["mem.clean"] and name in ("mem.pss", "mem.unique", "mem.common"):
                slack = 16 * KIB
            check(low - slack <= (row[name] or 0) <= high + slack,
                  f"{what}: {name} of {row['category']}: {row[name]} instead of {low} to {high}")
    categories = {region["category"] for region in before.rows}
    check(categories == {row["category"] for row in footprint.rows if of_group(row)},
          f"{what}: categories {categories} of REGION")


def compare_kind(probe, one, group, file, others):
    with Subject(group, (file, *others.values())) as subject:
        subject.files = others
        before, own = truth.status(subject.pid), sum(m.dirty for m in truth.smaps(subject.pid))
        check(not group or group.used() <= own + MIB, "the process is not alone in its cgroup")
        process = probe.process(subject.pid, "mem.footprint", *one.more)
        address = one.build(subject, file)
        found = compare_regions(probe, subject.pid, address, SIZE, one.parts, one.name,
                                one.slack)
        error = compare_totals(probe, subject.pid, one.name, group, one.hidden, one.slack)
        after = probe.process(subject.pid, "mem.footprint", *one.more)
        for name in one.more:
            meets(f"{one.name}: {name} grew", after[name] - process[name], SIZE, MIB)
        grown = after["mem.footprint"] - process["mem.footprint"]
        wanted = found["anonymous"] + found["swap"]
        meets(f"{one.name}: mem.footprint grew", grown, wanted + SIZE // 512 // 2, SIZE // 512 + TABLES)
        tables = truth.status(subject.pid)["VmPTE"] - before["VmPTE"]
        by_hand = 100 * abs(found["dirty"] - one.parts.get("dirty", 0)) / SIZE
        figure(f"dirty {found['dirty'] // KIB} KiB, {by_hand:.2f} % off by hand{error}; "
               f"page tables +{tables // KIB} KiB")


def group_if_there_is_one():
    try:
        return Group()
    except Skip as skip:
        left_out("what a cgroup is charged", skip)
        return contextlib.nullcontext()


@functools.cache
def file_on_disk():
    file = tempfile.TemporaryFile(dir="/var/tmp")
    file.write(os.urandom(MIB) * (SIZE // MIB))
    file.flush()
    os.fsync(file.fileno())
    return file


@contextlib.contextmanager
def files_in_memory():
    with contextlib.ExitStack() as stack:
        others = {"memfd": os.memfd_create("procmon")}
        stack.callback(os.close, others["memfd"])
        if os.path.ismount("/dev/shm") and os.access("/dev/shm", os.W_OK):
            others["tmpfs"] = stack.enter_context(tempfile.TemporaryFile(dir="/dev/shm")).fileno()
        for number in others.values():
            os.ftruncate(number, SIZE)
        yield others


def case_of(one):
    def compare(probe):
        with group_if_there_is_one() as group, files_in_memory() as others:
            compare_kind(probe, one, group, file_on_disk().fileno(), others)
    compare.__doc__ = f"64 MiB: {one.name}."
    case(compare)


for each in kinds:
    case_of(each)


# ------------------------------------------------------------------------------- sharing

@case
def prefork(probe):
    """A server of 100 MiB and four children that have each rewritten a part."""
    size, parts = 100 * MIB, [(at * 20 * MIB, (at + 1) * 8 * MIB) for at in range(4)]
    with group_if_there_is_one() as group, Subject(group) as subject:
        address = anonymous_of(subject, size)
        subject.write(address, size)
        pids = [subject.pid] + [subject.tell("fork", address + start, length)
                                for start, length in parts]
        regions = {pid: probe.regions(pid).within(address, size) for pid in pids}
        shares = {pid: sum(row["mem.pss"] for row in rows) for pid, rows in regions.items()}
        rewritten = sum(length for _, length in parts)
        # What a child has rewritten is its own, and the rest is everybody's who has not.
        meets("PSS of all", sum(shares.values()), size + rewritten, len(pids) * KIB)
        unique = [sum(row["mem.unique"] for row in regions[pid]) for pid in pids]
        for (_, length), own in zip(parts, unique[1:]):
            meets("unique of a child", own, length)
        for pid in pids:
            compare_totals(probe, pid, "prefork")
            compare_regions(probe, pid, address, size, None, "prefork")
            meets("dirty of each", sum(row["mem.dirty"] for row in regions[pid]), size)
        text = f"PSS of the five {sum(shares.values()) // KIB} KiB"
        if group:
            text += compare_with_group(
                group, sum(pages_of_no_file(probe, pid) for pid in pids), "PSS")
        footprints = [probe.process(pid, "mem.footprint")["mem.footprint"] for pid in pids]
        figure(f"{text}; footprints sum to {sum(footprints) // MIB} MiB, as each counts all that it has")


def pages_of_no_file(probe, pid):
    return sum(row["mem.pss"] for row in probe.regions(pid).rows if row["mem.dirty"])


def anonymous_of(subject, size):
    address = subject.map(size)
    subject.tell("advise", address, size, 15)
    return address


@case
def reserve(probe):
    """A virtual machine that has reserved 64 GiB and touched little of it."""
    touched, heap = 1000, 64 * GIB
    with group_if_there_is_one() as group, Subject(group) as subject:
        address = subject.map(heap, 0, PRIVATE | ANONYMOUS | NORESERVE)
        subject.tell("protect", address + GIB, GIB, READ | WRITE)
        subject.tell("advise", address + GIB, GIB, 15)
        subject.write(address + GIB, touched * MIB, MIB)  # a page of each MiB
        started = time.monotonic()
        regions = probe.regions(subject.pid)
        took = time.monotonic() - started
        own = regions.within(address, heap)
        meets("size", sum(row["size"] for row in own), heap)
        meets("dirty", sum(row["mem.dirty"] for row in own), touched * PAGE)
        meets("mappings", len(own), 3)
        check([row["category"] for row in sorted(own, key=lambda row: row["start"])] ==
              ["reserved", "anonymous", "reserved"], f"categories {[row['category'] for row in own]}")
        error = compare_totals(probe, subject.pid, "reserve", group)
        compare_regions(probe, subject.pid, address + GIB, GIB, None, "reserve")
        check(took < 0.5, f"{took:.3f} s")
        process = probe.process(subject.pid, "mem.virtual", "mem.footprint")
        check(process["mem.virtual"] > heap, process)
        figure(f"virtual {process['mem.virtual'] // GIB} GiB, footprint "
               f"{process['mem.footprint'] // KIB} KiB, answered in {took * 1000:.1f} ms{error}")

"""Tables REGION and FOOTPRINT: the mappings in smaps, one by one and summed up by what they are for."""
import re

from values.check import NONE, Check

ANONYMOUS = re.compile(r"\[(?:anon:|anon_shmem:)?(.*)\]")
DELETED = " (deleted)"
ARENA = 64 << 20  # of glibc's malloc
GUARD_MAX = 64 << 10  # below a thread's stack
KIND = {"heap": "malloc heap", "stack": "stack", "vdso": "kernel", "vvar": "kernel",
        "vvar_vclock": "kernel", "vsyscall": "kernel"}


def text(m):
    """Path, or what it is called."""
    return m.name.removesuffix(DELETED) if m.is_file else ANONYMOUS.sub(r"\1", m.name)


def is_object(m):
    """Is there a file or an object behind it, so that it has a place in that?"""
    return m.is_file or m.inode != 0


# --------------------------------------------------------------------- what it is for

def is_plain(m):
    return m is not None and m.name == "" and m.permissions[3] == "p"


def is_reserved(m):
    return is_plain(m) and m.permissions[:3] == "---"


def touch(left, right):
    return left is not None and right is not None and left.end == right.start


def is_arena(m, after):
    end = m.start + ARENA
    return m.start % ARENA == 0 and (m.end == end or touch(m, after) and is_reserved(after) and
                                     after.end == end)


def of_plain(m, before, after, category_before):
    if is_reserved(m):
        return "reserved"
    if "x" in m.permissions:
        return "JIT code"
    if touch(before, m) and before.is_file and category_before.startswith("program"):
        return "program data"
    if is_arena(m, after):
        return "malloc heap"
    if touch(before, m) and is_reserved(before) and before.size <= GUARD_MAX:
        return "thread stacks"
    return "anonymous"


def of_file(m, has_code):
    if m.is_shared_memory:
        return "shared memory"
    if "x" in m.permissions and "w" not in m.permissions:
        return "program text"
    if not has_code or m.permissions[3] == "s":
        return "mapped files"
    return "program data" if "w" in m.permissions else "program constants"


def same_file(a, b):
    return a.is_file and b.is_file and (a.device, a.inode) == (b.device, b.inode)


def runs(mappings):
    """Those of one file that follow each other, together."""
    found = []
    for m in mappings:
        if found and same_file(found[-1][-1], m):
            found[-1].append(m)
        else:
            found.append([m])
    return found


def categorise(mappings):
    """Gives each its category."""
    before = None
    for run in runs(mappings):
        has_code = any("x" in m.permissions for m in run)
        for m in run:
            at = mappings.index(m)
            after = mappings[at + 1] if at + 1 < len(mappings) else None
            if m.is_file:
                m.category = of_file(m, has_code)
            elif is_plain(m):
                m.category = of_plain(m, before, after, before and before.category)
            else:
                m.category = KIND.get(text(m), text(m))
            before = m
    return mappings


# --------------------------------------------------------------------------- attributes

def amount(*names, less=()):
    """Sum of figures; of REGION of one mapping, of FOOTPRINT of all of a category."""
    def reference(thing):
        return sum(m.get(name) for m in thing.parts for name in names) - \
            sum(m.get(name) for m in thing.parts for name in less)
    return reference


def of_memory(m):
    return m.get("Rss") - m.get("Anonymous") if m.is_shared_memory else 0


def dirty(thing):
    return amount("Anonymous", "Swap", "Shared_Hugetlb", "Private_Hugetlb", less=["LazyFree"])(
        thing) + sum(map(of_memory, thing.parts))


def clean(thing):
    return amount("Rss", less=["Anonymous"])(thing) - sum(map(of_memory, thing.parts))


def maximum(m):
    return "".join(letter if flag in m.flags else "-"
                   for letter, flag in zip("rwx", ("mr", "mw", "me")))


AMOUNTS = {
    "mem.resident": amount("Rss"),
    "mem.dirty": dirty,
    "mem.swap": amount("Swap"),
    "mem.clean": clean,
    "mem.reclaimable": amount("LazyFree"),
    "mem.wired": amount("Locked"),
    "mem.pss": amount("Pss"),
    "mem.unique": amount("Private_Clean", "Private_Dirty", "Private_Hugetlb"),
    "mem.common": amount("Shared_Clean", "Shared_Dirty", "Shared_Hugetlb"),
    "mem.swap_pss": amount("SwapPss"),
    "mem.anonymous": amount("Anonymous"),
    "mem.shared": lambda thing: sum(map(of_memory, thing.parts)),
    "mem.huge": amount("AnonHugePages", "ShmemPmdMapped", "FilePmdMapped"),
    "mem.hugetlb": amount("Shared_Hugetlb", "Private_Hugetlb"),
    "mem.merged": amount("KSM"),
    "mem.referenced": amount("Referenced"),
}


class Region:
    """A mapping as a row."""

    def __init__(self, mapping):
        self.mapping, self.parts, self.key = mapping, [mapping], mapping.start


class Category:
    """Mappings of one category as a row; None: what no mapping shows."""

    def __init__(self, name, parts, tables=None):
        self.key, self.parts, self.tables = name, parts, tables


def of_mapping(function):
    return Check(lambda region: function(region.mapping))


def share_mode(m):
    return "shared" if m.permissions[3] == "s" else "cow" if m.is_file else "private"


REGION = {
    "start": of_mapping(lambda m: m.start),
    "end": of_mapping(lambda m: m.end),
    "size": of_mapping(lambda m: m.size),
    "protection": of_mapping(lambda m: m.permissions[:3]),
    "share_mode": of_mapping(share_mode),
    "category": of_mapping(lambda m: m.category or NONE),
    "name": of_mapping(lambda m: (text(m).rsplit("/", 1)[-1] if m.is_file else text(m)) or NONE),
    "path": of_mapping(lambda m: text(m) if m.is_file else NONE),
    "file.offset": of_mapping(lambda m: m.offset if is_object(m) else NONE),
    "file.inode": of_mapping(lambda m: m.inode if is_object(m) else NONE),
    "file.device": of_mapping(lambda m: "%d:%d" % m.device if is_object(m) else NONE),
    "file.deleted": of_mapping(lambda m: int(m.name.endswith(DELETED)) if m.is_file else NONE),
    "protection_max": of_mapping(maximum),
    "flags": of_mapping(lambda m: " ".join(m.flags)),
    "page_size": of_mapping(lambda m: m.get("KernelPageSize")),
} | {name: Check(function) for name, function in AMOUNTS.items()}


def of_mappings(function):
    """What no mapping shows has an amount and nothing else."""
    return Check(lambda category: NONE if category.tables is not None else function(category))


FOOTPRINT = {name: of_mappings(function) for name, function in AMOUNTS.items()} | {
    "category": Check(lambda category: category.key),
    "regions": of_mappings(lambda category: len(category.parts)),
    "size": of_mappings(lambda category: sum(m.size for m in category.parts)),
    "mem.dirty": Check(lambda category: dirty(category) if category.tables is None
                       else category.tables),
}


# ----------------------------------------------------------------------------- by hand

def entry(head, flags, **kib):
    """All lines that the kernel has: those that are not named are 0."""
    names = ("KernelPageSize Rss Pss Pss_Dirty Shared_Clean Shared_Dirty Private_Clean Private_Dirty "
             "Referenced Anonymous KSM LazyFree AnonHugePages ShmemPmdMapped FilePmdMapped "
             "Shared_Hugetlb Private_Hugetlb Swap SwapPss Locked").split()
    assert not set(kib) - set(names)
    lines = [f"{name}: {kib.get(name, 0):>10} kB" for name in names]
    return "\n".join([head, *lines, "VmFlags: " + flags, ""])


SMAPS = entry(
    "00400000-00434000 r-xp 00001000 fe:10 7                          /opt/hand/tool",
    "rd ex mr mw me dw sd", KernelPageSize=4, Rss=1000, Pss=701, Pss_Dirty=51, Shared_Clean=102,
    Shared_Dirty=63, Private_Clean=204, Private_Dirty=631, Referenced=999, Anonymous=555, KSM=13,
    LazyFree=44, AnonHugePages=256, ShmemPmdMapped=17, FilePmdMapped=29, Shared_Hugetlb=1024,
    Private_Hugetlb=2048, Swap=77, SwapPss=66, Locked=88
) + entry(
    "7f0000000000-7f0000401000 rw-s 00002000 00:01 99                 /memfd:hand made (deleted)",
    "rd wr sh mr mw ms", KernelPageSize=2048, Rss=400, Anonymous=30, Swap=5
) + entry(
    "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                  [anon:by hand]",
    "rd wr mr gd", KernelPageSize=4, Rss=12)
KIB = 1 << 10
TOOL = {
    "mem.resident": 1000 * KIB, "mem.dirty": (555 - 44 + 77 + 3072) * KIB, "mem.swap": 77 * KIB,
    "mem.clean": 445 * KIB, "mem.reclaimable": 44 * KIB, "mem.wired": 88 * KIB,
    "mem.pss": 701 * KIB, "mem.unique": (835 + 2048) * KIB, "mem.common": (165 + 1024) * KIB,
    "mem.swap_pss": 66 * KIB, "mem.anonymous": 555 * KIB, "mem.shared": 0, "mem.huge": 302 * KIB,
    "mem.hugetlb": 3072 * KIB, "mem.merged": 13 * KIB, "mem.referenced": 999 * KIB}
MEMFD = {"mem.resident": 400 * KIB, "mem.dirty": 405 * KIB, "mem.swap": 5 * KIB, "mem.clean": 0,
         "mem.anonymous": 30 * KIB, "mem.shared": 370 * KIB}
# By start.
REGIONS_BY_HAND = {
    0x400000: TOOL | {
        "end": 0x434000, "size": 0x34000, "protection": "r-x", "share_mode": "cow",
        "category": "program text", "name": "tool", "path": "/opt/hand/tool", "file.offset": 4096,
        "file.inode": 7, "file.device": "254:16", "file.deleted": 0, "protection_max": "rwx",
        "flags": "rd ex mr mw me dw sd", "page_size": 4096},
    0x7f0000000000: MEMFD | {
        "end": 0x7f0000401000, "size": 0x401000, "protection": "rw-", "share_mode": "shared",
        "category": "shared memory", "name": "memfd:hand made", "path": "/memfd:hand made",
        "file.offset": 8192, "file.inode": 99, "file.device": "0:1", "file.deleted": 1,
        "protection_max": "rw-", "flags": "rd wr sh mr mw ms", "page_size": 2048 * KIB},
    0x7ffd00000000: {
        "end": 0x7ffd00021000, "size": 0x21000, "protection": "rw-", "share_mode": "private",
        "category": "by hand", "name": "by hand", "path": NONE, "file.offset": NONE,
        "file.inode": NONE, "file.device": NONE, "file.deleted": NONE, "protection_max": "r--",
        "flags": "rd wr mr gd", "page_size": 4096, "mem.resident": 12 * KIB, "mem.clean": 12 * KIB}}
# By category.
FOOTPRINT_BY_HAND = {
    "program text": TOOL | {"regions": 1, "size": 0x34000},
    "shared memory": MEMFD | {"regions": 1, "size": 0x401000},
    "by hand": {"regions": 1, "size": 0x21000, "mem.resident": 12 * KIB},
    "page tables": {"regions": NONE, "size": NONE, "mem.dirty": 52 * KIB, "mem.resident": NONE}}

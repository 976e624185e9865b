"""What the kernel says of a process' memory, read by hand: mapping by mapping, page by page."""
import collections
import functools
import os
import re
import struct

from memory_cases.subject import KIB, PAGE

# Bits of an entry of /proc/PID/pagemap and of /proc/kpageflags (admin-guide/mm/pagemap.rst).
PRESENT, SWAPPED, FRAME = 1 << 63, 1 << 62, (1 << 55) - 1
ANON, SWAPBACKED, HUGETLB, KSM, HUGE, ZERO = (1 << bit for bit in (12, 14, 17, 21, 22, 24))
NEAR = 64  # page frames
HEAD = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)")


class Mapping:
    """A line of maps, or an entry of smaps."""

    def __init__(self, line):
        found = HEAD.fullmatch(line)
        self.start, self.end, self.offset = (int(found[at], 16) for at in (1, 2, 4))
        self.permissions, self.inode = found[3].decode(), int(found[7])
        self.device = f"{int(found[5], 16)}:{int(found[6], 16)}"
        self.name = found[8]
        self.kib, self.flags = {}, []

    def get(self, *names):
        return sum(self.kib.get(name, 0) for name in names) * KIB

    @property
    def is_shared_memory(self):
        """As memory.py makes it: of what else a machine may have in tmpfs it maps nothing."""
        return self.name.startswith((b"/dev/zero", b"/memfd:", b"/SYSV", b"/dev/shm/"))

    @property
    def dirty(self):
        """The definition, word for word."""
        own = self.get("Anonymous") - self.get("LazyFree") + self.get("Swap")
        shared = self.get("Rss") - self.get("Anonymous") if self.is_shared_memory else 0
        return own + shared + self.get("Shared_Hugetlb", "Private_Hugetlb")


def maps(pid):
    """The lines of maps; by bytes, for a name may hold any but the newline."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        return [Mapping(line) for line in file.read().split(b"\n")[:-1]]


def smaps(pid):
    with open(f"/proc/{pid}/smaps", "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    found = []
    for line in lines:
        if not line[:1].isupper():
            found.append(Mapping(line))
        elif line.startswith(b"VmFlags:"):
            found[-1].flags = line.decode().split()[1:]
        elif line.endswith(b" kB"):
            name, rest = line.decode().split(":")
            found[-1].kib[name] = int(rest.split()[0])
    return found


def rollup_dirty(pid):
    """Of a process without shared memory, as the kernel itself sums it up: quick."""
    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        text = file.read().decode()
    kib = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB$", text, re.M)}
    return KIB * (kib["Anonymous"] - kib["LazyFree"] + kib["Swap"])


def status(pid):
    """Bytes by name."""
    with open(f"/proc/{pid}/status", "rb") as file:
        text = file.read().decode(errors="replace")
    return {name: int(size) * KIB for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.M)}


def within(mappings, address, size):
    return [m for m in mappings if m.start < address + size and m.end > address]


@functools.cache
def pages_are_told():
    """Which page frames a process has, and what those are."""
    try:
        with open("/proc/kpageflags", "rb"), open("/proc/self/pagemap", "rb", buffering=0) as file:
            start = maps("self")[0].start
            return struct.unpack("<Q", os.pread(file.fileno(), 8, start // PAGE * 8))[0] & FRAME != 0
    except OSError:
        return False


class Pages:
    """Bytes of a part of an address space by what their pages are, each page looked at. Which
    page frames those are only root is told."""

    def __init__(self, pid, address, size):
        with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as file:
            raw = os.pread(file.fileno(), size // PAGE * 8, address // PAGE * 8)
        entries = struct.unpack(f"<{len(raw) // 8}Q", raw)
        self.swap = PAGE * sum(1 for entry in entries if entry & SWAPPED)
        frames = collections.Counter(entry & FRAME for entry in entries if entry & PRESENT)
        numbers = sorted(frames)
        kinds, self.pss, self.unique = collections.Counter(), 0.0, 0
        for number, flag, users in zip(numbers, look_up("kpageflags", numbers),
                                       look_up("kpagecount", numbers)):
            size, kind = PAGE * frames[number], kind_of(flag)
            kinds[kind] += size
            if kind not in ("zero", "hugetlb"):
                self.pss += size / users
                self.unique += size if users == 1 else 0
        self.anonymous = kinds["anonymous"] + kinds["merged"] + kinds["lazy"]
        self.reclaimable, self.merged = kinds["lazy"], kinds["merged"]
        self.shared, self.clean, self.hugetlb = kinds["shared"], kinds["file"], kinds["hugetlb"]
        self.resident = self.anonymous + self.shared + self.clean
        self.dirty = (self.anonymous - self.reclaimable + self.shared + self.hugetlb + self.swap)


def kind_of(flags):
    if flags & ZERO:
        return "zero"  # the page of zeros that all who only read have in common
    if flags & HUGETLB:
        return "hugetlb"
    if flags & KSM:
        return "merged"
    if flags & ANON:
        return "anonymous" if flags & SWAPBACKED else "lazy"
    return "shared" if flags & SWAPBACKED else "file"


def look_up(name, frames):
    """A number of 8 bytes for each of these page frames; those that are near each other at once."""
    found, at = [], 0
    with open(f"/proc/{name}", "rb", buffering=0) as file:
        while at < len(frames):
            end = at + 1
            while end < len(frames) and frames[end] - frames[end - 1] <= NEAR:
                end += 1
            first, last = frames[at], frames[end - 1]
            read = memoryview(os.pread(file.fileno(), (last + 1 - first) * 8, first * 8)).cast("Q")
            found += [read[frame - first] for frame in frames[at:end]]
            at = end
    return found

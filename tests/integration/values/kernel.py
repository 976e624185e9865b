"""What the kernel says, read by hand, and by other calls than the server's where there are any."""
import os
import re
import struct

PAGE = os.sysconf("SC_PAGESIZE")
TICK_NS = 10 ** 9 // os.sysconf("SC_CLK_TCK")


def read(path):
    """The bytes of a file; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def number(path):
    """The number in a file; None where there is none."""
    text = read(path)
    return None if text is None or not text.strip() else int(text)


def stat(directory):
    """The fields of a stat file by their number in proc(5); 3 is a letter, 2 is left out."""
    text = read(f"{directory}/stat")
    if text is None:
        return None
    fields = text.rsplit(b") ", 1)[1].decode().split()
    return {3: fields[0]} | {4 + at: int(field) for at, field in enumerate(fields[1:])}


def pairs(path):
    """A file of lines "NAME: NUMBER..": the numbers by name; those in kB as bytes."""
    found = {}
    for line in (read(path) or b"").decode(errors="replace").splitlines():
        name, _, rest = line.partition(":")
        numbers = re.findall(r"-?\d+", rest)
        if numbers:
            found[name] = [int(text) * (1024 if rest.endswith(" kB") else 1) for text in numbers]
    return found


def tasks(pid):
    """The directories of the living threads."""
    try:
        return [f"/proc/{pid}/task/{tid}" for tid in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


class Mapping:
    """One entry of smaps: addresses, sizes in bytes by name, flags, permissions, file."""

    def __init__(self, line):
        fields = line.split(None, 5)
        self.start, self.end = (int(part, 16) for part in fields[0].split("-"))
        self.size, self.permissions = self.end - self.start, fields[1]
        self.offset = int(fields[2], 16)
        self.device = tuple(int(part, 16) for part in fields[3].split(":"))
        self.inode = int(fields[4])
        self.name = fields[5] if len(fields) > 5 else ""
        self.kib, self.flags = {}, []

    def get(self, name):
        return self.kib.get(name, 0) * 1024

    @property
    def is_file(self):
        return self.name != "" and self.name[0] != "["

    @property
    def is_shared_memory(self):
        return self.inode != 0 and (self.name.startswith(("/dev/zero", "/memfd:", "/SYSV", "/dev/shm/")))


def smaps(directory):
    """The mappings; None where one may not see them, [] where there is no address space."""
    text = read(f"{directory}/smaps")
    if text is None:
        return None
    found = []
    for line in text.decode(errors="replace").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            found.append(Mapping(line))
        elif line.startswith("VmFlags:"):
            found[-1].flags = line.split()[1:]
        else:
            name, rest = line.split(":", 1)
            if rest.endswith(" kB"):
                found[-1].kib[name] = int(rest.split()[0])
    return found


def build_id(path):
    """The build id in the notes of an ELF file, in hexadecimal."""
    data = read(path)
    if not data or data[:4] != b"\x7fELF" or data[4] != 2:
        return None
    start, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for at in range(start, start + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind != 4:  # PT_NOTE
            continue
        end = offset + length
        while offset + 12 <= end:
            name_size, description_size, note = struct.unpack_from("<III", data, offset)
            name = offset + 12
            description = name + (name_size + 3 & ~3)
            if note == 3 and data[name:name + name_size] == b"GNU\0":
                return data[description:description + description_size].hex()
            offset = description + (description_size + 3 & ~3)
    return None


def cgroup_of(pid):
    """Path in the unified hierarchy, else in the first one that is listed."""
    text = read(f"/proc/{pid}/cgroup")
    lines = [line.split(":", 2) for line in (text or b"").decode().splitlines()]
    unified = [path for number, _, path in lines if number == "0"]
    return (unified or [path for _, _, path in lines] or [None])[0]


def cgroup_mount():
    """Where the unified hierarchy is mounted; None where it is not."""
    for line in read("/proc/self/mountinfo").decode().splitlines():
        before, after = line.split(" - ")
        if after.startswith("cgroup2 "):
            return before.split()[4]
    return None

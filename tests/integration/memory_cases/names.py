"""Where each mapping is and what it maps, line by line as /proc/PID/maps has it."""
import os
import pathlib
import shutil
import tempfile

from memory_cases import truth
from memory_cases.report import case, check, figure, meets
from memory_cases.subject import ANONYMOUS, KIB, MIB, PAGE, PRIVATE, READ, SHARED, WRITE, Subject

# Of files that are there; and of those that are not any more when they are looked at.
THERE = (b"with space", b"  two  ", b"new\nline", b"back\\012slash", b"tab\tand \x1b[31mred",
         b"bad\xff\xfe bytes", "ü 漢字 \u202e".encode(), b"real (deleted)", b" (deleted)",
         b"[heap]", b"x" * 255)
GONE = (b"gone", b"gone twice (deleted)", b"gone\nwith\xff")
NAMES = {"[heap]": "heap", "[stack]": "stack", "[vdso]": "vdso", "[vvar]": "vvar"}
DEEP = 14  # folders of 255 bytes: a path of nearly 4 KiB


def sanitised(raw):
    """As the protocol has texts: valid UTF-8, nothing that acts on who shows it."""
    text, at = "", 0
    while at < len(raw):
        for size in range(1, 5):
            try:
                character = raw[at:at + size].decode()
                break
            except UnicodeDecodeError:
                character = ""
        harmful = not character or ord(character) < 32 or 0x7f <= ord(character) < 0xa0 or \
            0x200b <= ord(character) <= 0x200f or 0x2028 <= ord(character) <= 0x206f
        text += "?" if harmful else character
        at += size if character else 1
    return text


def compare_line(row, mapping, deleted):
    """One row, and its line of maps."""
    what = f"{mapping.start:x} {mapping.name!r}"
    meets(f"{what}: end", row["end"], mapping.end)
    meets(f"{what}: size", row["size"], mapping.end - mapping.start)
    check(row["protection"] == mapping.permissions[:3], f"{what}: {row['protection']}")
    is_file = mapping.name.startswith(b"/")
    is_shared = mapping.permissions[3] == "s"
    mode = "shared" if is_shared else "cow" if is_file else "private"
    check(row["share_mode"] == mode, f"{what}: {row['share_mode']} instead of {mode}")
    if not is_file:
        check(row["path"] is None and row["file.deleted"] is None, f"{what}: path {row['path']!r}")
        if mapping.name.decode() in NAMES:
            check(row["name"] == NAMES[mapping.name.decode()], f"{what}: name {row['name']!r}")
        return
    path = mapping.name.removesuffix(b" (deleted)") if deleted else mapping.name
    for name, wanted in (("path", sanitised(path)), ("file.offset", mapping.offset),
                         ("file.inode", mapping.inode), ("file.device", mapping.device),
                         ("file.deleted", int(deleted)),
                         ("name", sanitised(path.rsplit(b"/", 1)[1]) or sanitised(path))):
        check(row[name] == wanted, f"{what}: {name} {row[name]!r} instead of {wanted!r}")


def compare_lines(probe, pid, deleted_inodes):
    mappings = truth.maps(pid)
    rows = {row["start"]: row for row in probe.regions(pid).rows}
    meets("mappings", len(rows), len(mappings))
    for mapping in mappings:
        check(mapping.start in rows, f"{mapping.start:x} is missing")
        deleted = mapping.inode in deleted_inodes or \
            mapping.name.startswith((b"/memfd:", b"/dev/zero", b"/SYSV"))
        compare_line(rows[mapping.start], mapping, deleted)
    return mappings


class Files:
    """Files of all these names, opened."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="procmon.", dir="/var/tmp"))
        folder = bytes(self.place)
        self.opened = {name: self.put(folder + b"/" + name) for name in THERE + GONE}
        before = os.open(self.place, os.O_RDONLY)
        for level in range(DEEP):
            name = bytes([97 + level]) * 255
            os.mkdir(name, dir_fd=before)
            after = os.open(name, os.O_RDONLY, dir_fd=before)
            os.close(before)
            before = after
        self.opened[b"deep"] = os.open(b"file", os.O_RDWR | os.O_CREAT, 0o600, dir_fd=before)
        os.ftruncate(self.opened[b"deep"], MIB)
        os.close(before)

    @staticmethod
    def put(path):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(file, MIB)
        return file

    def unlink(self):
        """The inodes of those that have no name any more."""
        for name in GONE:
            os.unlink(bytes(self.place) + b"/" + name)
        return {os.fstat(self.opened[name]).st_ino for name in GONE}

    def close(self):
        for file in self.opened.values():
            os.close(file)
        shutil.rmtree(self.place)


@case
def lines(probe):
    """Addresses, rights, files and paths: as maps has them, whatever the names are."""
    files = Files()
    memory = os.memfd_create("with space (deleted) \xff".encode())
    os.ftruncate(memory, MIB)
    try:
        with Subject(files=(memory, *files.opened.values())) as subject:
            for at, file in enumerate(files.opened.values()):
                subject.tell("map", 8 * PAGE, READ, SHARED if at % 2 else PRIVATE, file, at * PAGE)
            subject.tell("map", MIB, READ | WRITE, SHARED, memory, 0)
            subject.tell("map", MIB, READ | WRITE, SHARED | ANONYMOUS, -1, 0)
            subject.tell("shm", 64 * KIB)
            for protection in range(8):
                subject.map(3 * PAGE, protection)
            mappings = compare_lines(probe, subject.pid, set())
            compare_lines(probe, subject.pid, files.unlink())
            figure(f"{len(mappings)} lines, paths of up to {max(len(m.name) for m in mappings)} "
                   f"bytes, before and after {len(GONE)} of the files were deleted")
    finally:
        files.close()
        os.close(memory)

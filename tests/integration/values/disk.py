"""Block devices, by the files of each of them in sysfs, and by what is mounted."""
import os
import tempfile

from values import kernel, wire
from values.check import NONE, Check

CLASS = "/sys/class/block"
MS, SECTOR = 1_000_000, 512
# Space is read every 10 s, and other tests write meanwhile.
SPACE_LAG = 16 << 20
BLOCK = 1 << 20


def path(row, name=""):
    return f"{CLASS}/{row.label.replace('/', '!')}/{name}"


def text(row, *names):
    """What the first of these files says."""
    for name in names:
        found = (kernel.read(path(row, name)) or b"").decode(errors="replace").strip()
        if found:
            return found
    return NONE


def number(row, name):
    found = kernel.number(path(row, name))
    return NONE if found is None else found


def is_partition(row):
    return os.path.exists(path(row, "partition"))


def name(row):
    return row.label if os.path.exists(path(row)) else NONE


def kind(row):
    if is_partition(row):
        return "partition"
    for folder, word in (("md", "raid"), ("dm", "mapped"), ("loop", "loop")):
        if os.path.exists(path(row, folder)):
            return word
    letters = row.label.rstrip("0123456789")
    if letters in ("ram", "zram"):
        return "memory"
    if letters in ("sr", "fd"):
        return {"sr": "optical", "fd": "floppy"}[letters]
    return "path" if number(row, "hidden") == 1 else "disk"


def lower(row):
    if is_partition(row):
        return os.path.realpath(path(row)).split("/")[-2].replace("!", "/")
    names = sorted(os.listdir(path(row, "slaves")))
    return ",".join(names) if names else NONE


def counted(row):
    return int(not is_partition(row) and os.path.exists(path(row, "device")) and
               lower(row) == NONE and number(row, "hidden") != 1)


def of_whole(look):
    """Of what partitions have nothing of their own."""
    return lambda row: NONE if is_partition(row) else look(row)


def label(row):
    if not is_partition(row):
        return text(row, "dm/name", "loop/backing_file")
    for line in text(row, "uevent").splitlines():
        if line.startswith("PARTNAME="):
            return line[9:]
    return NONE


def mounts(row):
    """(point, type) of what is mounted from it; filesystems with numbers of their own left out."""
    device = os.makedev(*map(int, text(row, "dev").split(":")))
    for line in kernel.read("/proc/self/mounts").decode().splitlines():
        _, point, kind_of, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape")
        try:
            if os.stat(point).st_dev == device and os.path.ismount(point):
                yield point, kind_of
        except OSError:
            pass


def mounted(at):
    def reference(row):
        found = list(mounts(row))
        return found[0][at] if len(found) == 1 else None  # btrfs, or the same one twice
    return reference


def space(work_out):
    def reference(row):
        found = list(mounts(row))
        return work_out(os.statvfs(found[0][0])) if found else None
    return reference


def count(at, scale=1):
    """Of Documentation/block/stat.rst, the first field is 0."""
    def reference(row):
        fields = (kernel.read(path(row, "stat")) or b"").split()
        return int(fields[at]) * scale if at < len(fields) else NONE
    return reference


DISK = {
    "name": Check(name), "kind": Check(kind), "lower": Check(lower), "counted": Check(counted),
    "device_number": Check(lambda row: text(row, "dev")),
    "size": Check(lambda row: number(row, "size") * SECTOR),
    "model": Check(of_whole(lambda row: text(row, "device/model", "device/name"))),
    "serial": Check(of_whole(lambda row: text(row, "device/serial", "serial"))),
    "wwid": Check(of_whole(lambda row: text(row, "wwid", "device/wwid"))),
    "label": Check(label),
    "rotational": Check(of_whole(lambda row: number(row, "queue/rotational"))),
    "removable": Check(of_whole(lambda row: number(row, "removable"))),
    "read_only": Check(lambda row: number(row, "ro")),
    "mount": Check(mounted(0)), "filesystem": Check(mounted(1)),
    "space.total": Check(space(lambda room: room.f_blocks * room.f_frsize)),
    "space.used": Check(space(lambda room: (room.f_blocks - room.f_bfree) * room.f_frsize),
                        SPACE_LAG),
    "space.available": Check(space(lambda room: room.f_bavail * room.f_frsize), SPACE_LAG),
    "read.operations": Check(count(0)), "read.merged": Check(count(1)),
    "read.bytes": Check(count(2, SECTOR)), "read.time": Check(count(3, MS)),
    "write.operations": Check(count(4)), "write.merged": Check(count(5)),
    "write.bytes": Check(count(6, SECTOR)), "write.time": Check(count(7, MS)),
    "busy.time": Check(count(9, MS)), "queue.time": Check(count(10, MS)),
    "discard.operations": Check(count(11)), "discard.merged": Check(count(12)),
    "discard.bytes": Check(count(13, SECTOR)), "discard.time": Check(count(14, MS)),
    "flush.operations": Check(count(15)), "flush.time": Check(count(16, MS)),
}


def read_and_write():
    """Writes what must get to the disk, and reads it again from there."""
    with tempfile.TemporaryFile(dir=wire.BUILD) as file:
        file.write(os.urandom(BLOCK) * 8)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        file.read()


# What to do while derived attributes are looked at, or all of them are 0.
MEANWHILE_DISK = (read_and_write,) * 9

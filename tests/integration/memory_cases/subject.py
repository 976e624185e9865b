"""Processes that do with their memory what they are told: memory_subject.c."""
import ctypes
import mmap
import os
import pathlib
import subprocess
import tempfile
import time

from values.wire import BUILD

from memory_cases.report import Skip

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PAGE = mmap.PAGESIZE
READ, WRITE = 1, 2
SHARED, PRIVATE, ANONYMOUS, NORESERVE, HUGETLB = 1, 2, 0x20, 0x4000, 0x40000
DONTNEED, FREE, MERGEABLE, HUGEPAGE, NO_HUGEPAGE, PAGEOUT = 4, 8, 12, 14, 15, 21
ROOT = os.geteuid() == 0
PROGRAM = BUILD / "tests/integration/memory_subject"
libc = ctypes.CDLL(None, use_errno=True)


class Subject:
    """A process; its group is that of cgroups where it is alone, or None."""

    def __init__(self, group=None, files=(), same_addresses=False, user=None):
        def begin():
            if group:
                group.enter()
            if same_addresses:
                libc.personality(0x40000)  # ADDR_NO_RANDOMIZE
            if user is not None:
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)

        self.process = subprocess.Popen(
            [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=files,
            preexec_fn=begin, text=True, bufsize=1)
        self.pid = self.process.pid
        self.tell("read", 0, 0)  # it has begun

    def tell(self, *words):
        """The number that it answers."""
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("failed"):
            raise Skip(f"{words[0]} is refused here: {answer or 'the process died'}")
        return int(answer)

    def map(self, size, protection=READ | WRITE, flags=PRIVATE | ANONYMOUS, fd=-1):
        """The address of a mapping. One of no file does not become one with its neighbours."""
        if not protection or not flags & ANONYMOUS or not flags & PRIVATE:
            return self.tell("map", size, protection, flags, fd, 0)
        address = self.tell("map", size + 2 * PAGE, 0, flags, -1, 0) + PAGE
        self.tell("protect", address, size, protection)
        return address

    def write(self, address, size, step=PAGE, same=0):
        self.tell("write", address, size, step, same)

    def close(self):
        self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class Group:
    """A cgroup: what its processes use, as the kernel charges it to them."""

    def __init__(self):
        self.place = None
        for root in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
            if os.path.exists(f"{root}/memory.stat" if root[-1] == "y" else f"{root}/cgroup.procs"):
                self.open(root)
                return
        raise Skip("cgroups of memory are not mounted")

    def open(self, root):
        try:
            self.place = pathlib.Path(tempfile.mkdtemp(prefix="procmon.", dir=root))
        except OSError as error:
            raise Skip(f"no cgroup of our own: {error.strerror}")
        if not (self.place / "memory.stat").exists():
            self.close()
            raise Skip("cgroups of our own have no memory controller")

    def enter(self):
        (self.place / "cgroup.procs").write_text("0")

    @property
    def stat(self):
        lines = (self.place / "memory.stat").read_text().splitlines()
        return {name: int(number) for name, number in (line.split() for line in lines)}

    def used(self):
        """Pages of no file, resident or swapped; where groups are nested, of all."""
        stat = self.stat
        if "anon" in stat:  # version 2
            swap = self.place / "memory.swap.current"
            return stat["anon"] + stat["shmem"] + (int(swap.read_text()) if swap.exists() else 0)
        return stat["total_rss"] + stat["total_shmem"] + stat.get("total_swap", 0)

    def close(self):
        """Its processes are being killed."""
        end = time.monotonic() + 10
        while self.place:
            try:
                self.place.rmdir()
                return
            except OSError:
                assert time.monotonic() < end, f"{self.place} does not become empty"
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

"""The processes that are looked at: those of subject.py, and some that every system has."""
import functools
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from values import kernel

PROGRAM = pathlib.Path(__file__).with_name("subject.py")
FLAG_KERNEL = 0x200000  # PF_KTHREAD in field 9 of stat
ROOT = os.geteuid() == 0
folder = tempfile.mkdtemp(prefix="values.", dir="/var/tmp")  # on a disk, where /tmp may be memory


def wait_for(condition, what):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.002)


class Subject:
    """A process, what is known of it, and what the kernel says of it by hand."""

    def __init__(self, label, pid, facts=None, parent=None):
        self.label, self.pid, self.facts, self.parent = label, pid, facts or {}, parent
        self.born = None  # (CLOCK_REALTIME, CLOCK_BOOTTIME) before and after its start
        self.process = None

    def forget(self):
        """What was read is read anew."""
        for name in ("stat", "status", "entries", "smaps", "io", "tasks", "fds", "is_ours", "living"):
            self.__dict__.pop(name, None)

    @property
    def directory(self):
        return f"/proc/{self.pid}"

    @functools.cached_property
    def living(self):
        """What the threads share is only seen of one that lives."""
        if self.label == "leaderless":
            return next(task for task in self.tasks if kernel.stat(task)[3] != "Z")
        return self.directory

    @functools.cached_property
    def stat(self):
        return kernel.stat(self.directory)

    @functools.cached_property
    def status(self):
        return kernel.pairs(f"{self.living}/status")

    @functools.cached_property
    def io(self):
        return kernel.pairs(f"{self.directory}/io") or None

    @functools.cached_property
    def entries(self):
        """Of smaps; None where one may not see them."""
        return kernel.smaps(self.living)

    @functools.cached_property
    def smaps(self):
        """Those that are its own."""
        return self.entries and [entry for entry in self.entries if entry.name != "[vsyscall]"]

    @functools.cached_property
    def tasks(self):
        return kernel.tasks(self.pid)

    @functools.cached_property
    def fds(self):
        """Where the open descriptors lead to; None where one may not see it."""
        try:
            return [os.readlink(f"{self.living}/fd/{fd}") for fd in
                    os.listdir(f"{self.living}/fd")]
        except OSError:
            return None

    @property
    def is_kernel(self):
        return bool(self.stat[9] & FLAG_KERNEL)

    @property
    def has_ended(self):
        return self.stat[3] == "Z" and self.stat[20] <= 1

    @property
    def has_memory(self):
        return not self.is_kernel and not self.has_ended

    @functools.cached_property
    def is_ours(self):
        """May we see all of it? Not even root may, if its own capabilities are fewer."""
        try:
            os.readlink(f"{self.directory}/cwd")
        except PermissionError:
            return False
        except FileNotFoundError:
            pass  # it has ended
        return True

    @property
    def arguments(self):
        text = kernel.read(f"{self.living}/cmdline") or b""
        return text.decode(errors="replace").rstrip("\0").split("\0")

    def link(self, name):
        try:
            return os.readlink(f"{self.living}/{name}")
        except FileNotFoundError:
            return None

    def ask(self, word):
        """Lets it do what a word says; returns what it then knows."""
        self.process.stdin.write(word.encode())
        self.facts |= json.loads(self.process.stdout.readline())


def clocks():
    return time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def start(command, label, **options):
    before = clocks()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                               **options)
    subject = Subject(label, process.pid, parent=os.getpid())
    subject.born, subject.process = (before, clocks()), process
    return subject


def change_from_outside(subject):
    """What others can do to a process that sleeps."""
    os.setpriority(os.PRIO_PROCESS, subject.pid, 3)
    os.sched_setaffinity(subject.pid, {min(os.sched_getaffinity(subject.pid))})
    subprocess.run(["ionice", "-c", "2", "-n", "3", "-p", str(subject.pid)], check=True)
    resource.prlimit(subject.pid, resource.RLIMIT_CORE, (0, 4096))
    with open(f"/proc/{subject.pid}/oom_score_adj", "w") as file:
        file.write("111")


def work_and_end():
    """A process that uses 50 ms and ends."""
    subprocess.run([sys.executable, "-IS", "-c",
                    "import time\nwhile time.process_time() < 0.05: pass"], check=True)


class Population:
    def __init__(self):
        self.subjects, self.started = [], []
        os.chmod(folder, 0o755)

    def __getitem__(self, label):
        return next(subject for subject in self.subjects if subject.label == label)

    def add(self, *kinds):
        """Starts processes of subject.py; each may name another as the one to look at."""
        new = []
        for kind in kinds:
            own = f"{folder}/{kind}"
            os.mkdir(own)
            new.append(start([sys.executable, "-IS", str(PROGRAM), kind, own], kind))
        for subject in new:
            subject.facts = json.loads(subject.process.stdout.readline())
            self.started.append(subject)
            if subject.facts["pid"] == subject.pid:
                self.subjects.append(subject)
                continue
            del subject.facts["usage"]  # is not that of the one that is looked at
            other = Subject(subject.label, subject.facts["pid"], subject.facts, subject.pid)
            other.born = subject.born[0], clocks()
            self.subjects.append(other)

    def add_all(self):
        self.add("plain", "threads", "burner", "leaderless", "memory", "sharer", "pinned", "reader",
                 "sockets", "tuned", "realtime", "idle", "terminal", "family", "traced", "waiting",
                 "changing")
        if ROOT:
            self.add("stranger", "jailed")
        self.add_programs()
        self.add_ended()
        self.subjects += [Subject("ourselves", os.getpid(), parent=os.getppid()),
                          Subject("init", 1)]
        if os.path.exists("/proc/2/stat") and kernel.stat("/proc/2")[9] & FLAG_KERNEL:
            self.subjects += [Subject("kernel", 2)]
        wait_for(lambda: kernel.stat(self["leaderless"].directory)[3] == "Z", "a leader's end")

    def add_programs(self):
        """Copies of the shell that wait for a line; one of them is no more."""
        for name in ("vanished", "odd näme"):
            path = f"{folder}/{name}"
            shutil.copy(os.path.realpath(shutil.which("sh")), path)
            subject = start([path, "-c", "read line", "x", "", "a b", "ü"], name)
            subject.facts = {"exe": path, "cmdline": f"{path} -c read line x  a b ü"}
            self.started.append(subject)
            self.subjects.append(subject)
            wait_for(lambda: os.readlink(f"/proc/{subject.pid}/exe") == path, "an exec")
            wait_for(lambda: kernel.stat(subject.directory)[3] == "S", "a shell that reads")
        os.unlink(f"{folder}/vanished")

    def add_ended(self):
        stopped = start(["sleep", "86400"], "stopped")
        wait_for(lambda: kernel.stat(stopped.directory)[3] == "S", "sleep")
        stopped.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: kernel.stat(stopped.directory)[3] == "T", "a stop")
        killed = start(["sleep", "86400"], "killed")
        killed.facts["end"] = time.time_ns()
        killed.process.kill()
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        killed.facts["exit"] = signal.SIGKILL
        family = self["family"]
        zombie = Subject("zombie", family.facts["zombie"], {"exit": 7 << 8}, family.pid)
        zombie.born = family.born[0], clocks()
        zombie.facts["end"] = family.born[0][0]
        self.started += [stopped, killed]
        self.subjects += [stopped, killed, zombie]

    def forget(self):
        for subject in self.subjects:
            subject.forget()

    def close(self):
        if os.path.exists(f"{folder}/waiting/fifo"):
            os.close(os.open(f"{folder}/waiting/fifo", os.O_RDWR))  # what waits for it goes on
        for subject in self.started:
            subject.process.kill()
            subject.process.wait()
        shutil.rmtree(folder, ignore_errors=True)

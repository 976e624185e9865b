"""A process in a known condition: subject.py KIND FOLDER.

It brings itself into the condition, says what it knows of it (a line of JSON), and waits for a
word on its standard input: it stands still until then, and ends with that input.
"""
import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time

MIB = 1 << 20
PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long)
for call in ("munmap", "madvise", "mlock", "mprotect"):
    getattr(libc, call).argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
READ, WRITE, EXECUTE = 1, 2, 4
SHARED, PRIVATE, ANONYMOUS, NORESERVE = 1, 2, 0x20, 0x4000
MADV_FREE = 8
KINDS, WORDS = {}, {}
NUMBERS = {"x86_64": {"exit": 60, "ioprio_set": 251}, "aarch64": {"exit": 93, "ioprio_set": 30}}


def kind(function):
    KINDS[function.__name__] = function


def word(function):
    WORDS[function.__name__] = function


def system_call(name, *arguments):
    """Of the few that neither Python nor libc has; None where its number is not known here."""
    number = NUMBERS.get(os.uname().machine, {}).get(name)
    return None if number is None else libc.syscall(number, *arguments)


def say(facts):
    os.write(1, json.dumps(facts).encode() + b"\n")


def usage(who):
    used = resource.getrusage(who)
    return {"user": round(used.ru_utime * 1e9), "system": round(used.ru_stime * 1e9),
            "faults": used.ru_minflt + used.ru_majflt, "faults_major": used.ru_majflt,
            "voluntary": used.ru_nvcsw, "forced": used.ru_nivcsw,
            "blocks_in": used.ru_inblock, "blocks_out": used.ru_oublock,
            "peak": used.ru_maxrss * 1024}


def burn(seconds, clock=time.CLOCK_THREAD_CPUTIME_ID):
    """User time."""
    end = time.clock_gettime(clock) + seconds
    while time.clock_gettime(clock) < end:
        for _ in range(2000):
            pass


def burn_system(seconds):
    end = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) + seconds
    while time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) < end:
        os.getrandom(1 << 18)


def mapping(size, protection=READ | WRITE, flags=PRIVATE | ANONYMOUS, fd=-1, touch=True):
    """Address of a new mapping, each page of it written (or read, if that is all it may)."""
    address = libc.mmap(None, size, protection, flags, fd, 0)
    assert address != 2 ** 64 - 1, os.strerror(ctypes.get_errno())
    if touch and protection & WRITE:
        ctypes.memset(address, 7, size)
    elif touch:
        for offset in range(0, size, PAGE):
            ctypes.c_char.from_address(address + offset).value
    return address


def thread(function, *arguments):
    new = threading.Thread(target=function, args=arguments, daemon=True)
    new.start()
    return new


# --------------------------------------------------------------------- conditions

@kind
def plain(folder):
    """Names that are hard to parse, and a working directory."""
    os.mkdir(f"{folder}/a (b) ü")
    os.chdir(f"{folder}/a (b) ü")
    libc.prctl(15, b") S 1 (\xc3\xbc z", 0, 0, 0)


@kind
def threads(folder):
    """Three threads, of which one spins."""
    thread(burn, 1e6)
    thread(threading.Event().wait)


@kind
def burner(folder):
    """Three threads that have worked, and still live, and one that does not any more."""
    thread(burn, 0.08).join()
    done = threading.Barrier(3)

    def work(user, system, facts):
        burn(user)
        burn_system(system)
        facts.update(usage(resource.RUSAGE_THREAD))
        done.wait()
        threading.Event().wait()

    parts = [{}, {}]
    thread(work, 0.09, 0.03, parts[0])
    thread(work, 0.05, 0.11, parts[1])
    burn(0.06)
    done.wait()
    parts.append(usage(resource.RUSAGE_THREAD))
    return {"parts": parts, "self": usage(resource.RUSAGE_SELF)}


@kind
def leaderless(folder):
    """The first thread has ended, another lives."""
    mapping(3 * MIB)
    keep.append(socket.create_server(("127.0.0.1", 0)))
    say({"pid": os.getpid()})
    thread(serve)
    system_call("exit", 0)


@kind
def memory(folder):
    """Memory of every kind."""
    mapping(64 * MIB)
    path = f"{folder}/mapped"
    with open(path, "wb+") as file:
        file.write(b"x" * 3 * MIB)
        file.flush()
        mapping(3 * MIB, READ, PRIVATE, file.fileno())
        mapping(MIB, READ | WRITE, SHARED, file.fileno())
        mapping(2 * MIB, READ | WRITE, PRIVATE, file.fileno())
    mapping(5 * MIB, flags=SHARED | ANONYMOUS)
    fd = os.memfd_create("values")
    os.truncate(fd, 2 * MIB)
    mapping(2 * MIB, flags=SHARED, fd=fd)
    locked = mapping(MIB)
    assert libc.mlock(locked, MIB, 0) == 0
    lazy = mapping(8 * MIB)
    assert libc.madvise(lazy, 8 * MIB, MADV_FREE) == 0
    mapping(192 * 1024, READ | EXECUTE)
    large = mapping(512 * MIB, flags=PRIVATE | ANONYMOUS | NORESERVE, touch=False)
    ctypes.memset(large, 1, 24 * MIB)
    peak = {"virtual_peak": size_of_maps()}
    assert libc.munmap(large, 512 * MIB, 0) == 0
    return peak


def size_of_maps():
    with open("/proc/self/maps") as file:
        ranges = [line.split()[0].split("-") for line in file if "[vsyscall]" not in line]
    return sum(int(end, 16) - int(start, 16) for start, end in ranges)


@kind
def sharer(folder):
    """Shares memory with two children that do the same."""
    block = mapping(9 * MIB)
    children = [child(signal.pause) for _ in range(2)]
    ctypes.memset(block, 1, 3 * MIB)
    return {"children": children}


@kind
def pinned(folder):
    """Memory that is registered with an io_uring, where that can be had."""
    ring = ctypes.create_string_buffer(120)
    fd = libc.syscall(425, 4, ring)
    if fd < 0:
        return {"pinned": None}
    size = 20 * PAGE
    vector = struct.pack("PN", mapping(size), size)
    if libc.syscall(427, fd, 0, vector, 1) != 0:
        return {"pinned": None}
    return {"pinned": size}


def child(function, *arguments):
    pid = os.fork()
    if pid == 0:
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)
        function(*arguments)
        os._exit(0)
    return pid


@kind
def reader(folder):
    """A child whose every system call is known: it has read, written and thrown away."""
    def work():
        zero = os.open("/dev/zero", os.O_RDONLY)
        null = os.open("/dev/null", os.O_WRONLY)
        for _ in range(7):
            os.read(zero, 1000)
        for _ in range(5):
            os.write(null, b"y" * 333)
        file = os.open(f"{folder}/written", os.O_RDWR | os.O_CREAT)
        os.write(file, b"z" * 3 * MIB)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(file, 0, os.SEEK_SET)
        os.read(file, MIB)
        other = os.open(f"{folder}/thrown", os.O_RDWR | os.O_CREAT)
        os.write(other, b"w" * MIB)
        os.ftruncate(other, 0)
        used = usage(resource.RUSAGE_SELF)
        os.write(done[1], struct.pack("QQ", used["blocks_in"], used["blocks_out"]))
        signal.pause()
    done = os.pipe()
    pid = child(work)
    blocks_in, blocks_out = struct.unpack("QQ", os.read(done[0], 16))
    return {"pid": pid, "reads": 8, "read_bytes": 7000 + MIB, "writes": 8, "cancelled": MIB,
            "written_bytes": 5 * 333 + 4 * MIB + 16, "fetched": 512 * blocks_in,
            "dirtied": 512 * blocks_out}


@kind
def sockets(folder):
    """Six sockets, of which four are of the internet; raw ones are for root."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    keep.extend((listener, client, *socket.socketpair(), socket.socket(type=socket.SOCK_DGRAM)))
    keep.append(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) if socket.has_ipv6
                else socket.socket(type=socket.SOCK_DGRAM))
    internet = 4
    if os.geteuid() == 0:
        keep.append(socket.socket(type=socket.SOCK_RAW, proto=socket.IPPROTO_ICMP))
        internet += 1
    return {"sockets": len(keep), "internet": internet}


# By the kernel's number: unit, soft and hard limit. None is what anything else here is.
LIMITS = ((0, 1, 3600, 7200), (1, 1 << 30, 10, 20), (2, 1 << 30, 30, 40), (3, 1 << 16, 50, 60),
          (4, 1024, 0, 7), (5, 1 << 20, 90, 100), (6, 1, 1110, 1120), (7, 1, 130, 140),
          (8, 4096, 15, 16), (9, 1 << 30, 170, 180), (10, 1, 25, 26), (11, 1, 21, 22),
          (12, 1, 23, 24), (15, 1, 29, 31))


@kind
def tuned(folder):
    """All that can be set, set to odd values."""
    os.setpriority(os.PRIO_PROCESS, 0, 7)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    system_call("ioprio_set", 1, 0, 2 << 13 | 5)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("321")
    for number, factor, soft, hard in LIMITS:
        resource.setrlimit(number, (soft * factor, hard * factor))
    if os.geteuid() == 0:
        for number, pair in ((13, (11, 12)), (14, (8, 9))):  # NICE, RTPRIO
            try:
                resource.setrlimit(number, pair)
            except (ValueError, PermissionError):
                pass  # not even root may raise a limit without CAP_SYS_RESOURCE


@kind
def realtime(folder):
    """Of the real time class, as far as one may."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(3))
    except PermissionError:
        return {"allowed": False}
    system_call("ioprio_set", 1, 0, 1 << 13 | 2)
    return {"allowed": True}


@kind
def idle(folder):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    system_call("ioprio_set", 1, 0, 3 << 13)


@kind
def terminal(folder):
    """Leader of a session with a terminal, whose foreground is another group."""
    master, slave = os.openpty()
    os.setsid()
    os.close(os.open(os.ttyname(slave), os.O_RDWR))  # a leader's first one controls it
    pid = child(signal.pause)
    os.setpgid(pid, pid)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(slave, pid)
    keep.extend((master, slave))
    return {"tty": os.ttyname(slave), "device": os.fstat(slave).st_rdev, "foreground": pid}


@kind
def stranger(folder):
    """Another user, three times over."""
    os.setresgid(3001, 3002, 3003)
    os.setresuid(2001, 2002, 2003)


@kind
def jailed(folder):
    os.mkdir(f"{folder}/jail")
    os.chroot(f"{folder}/jail")
    os.chdir("/")


@kind
def family(folder):
    """One child was waited for, two live, and one is a zombie."""
    def work():
        burn(0.06)
        burn_system(0.03)
        mapping(2 * MIB)
        path = f"{folder}/cold"
        with open(path, "wb+") as file:
            file.write(b"c" * MIB)
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            mapping(MIB, READ, PRIVATE, file.fileno())
    os.waitpid(child(work), 0)
    for _ in range(2):
        child(signal.pause)
    pid = child(lambda: os._exit(7))
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return {"zombie": pid, "ended": usage(resource.RUSAGE_CHILDREN)}


@kind
def traced(folder):
    """Stopped, with its parent as its debugger."""
    def work():
        libc.ptrace(0, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
    pid = child(work)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    return {"pid": pid, "tracer": os.getpid()}


@kind
def waiting(folder):
    """Waits, as by vfork(2), for a child that opens what nobody writes: it cannot be woken."""
    os.mkfifo(f"{folder}/fifo")
    pid = os.fork()
    if pid == 0:
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)
        os.posix_spawn("/bin/true", ["true"], {}, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, f"{folder}/fifo", os.O_RDONLY, 0)])
        os._exit(0)
    while state_of(pid) != "D":
        time.sleep(0.002)
    return {"pid": pid}


def state_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


@kind
def changing(folder):
    """Changes when it is told to."""


# -------------------------------------------------------------------------- words

@word
def grow(folder):
    keep.append(mapping(32 * MIB))


@word
def store(folder):
    """Something to and from a disk."""
    with open(f"{folder}/stored", "wb+") as file:
        file.write(b"s" * 2 * MIB)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        file.read()


@word
def shrink(folder):
    assert libc.munmap(keep.pop(), 32 * MIB, 0) == 0


@word
def change(folder):
    """All that a process can change of itself."""
    libc.prctl(15, b"changed", 0, 0, 0)
    os.chdir("/usr")
    os.setpgid(0, 0)
    keep.append(socket.socket(type=socket.SOCK_DGRAM))
    mapping(4 * MIB)
    thread(threading.Event().wait)
    child(signal.pause)
    burn(0.03)
    return {"internet": 1}


keep = []


def serve():
    folder = sys.argv[2]
    while text := os.read(0, 100).decode().strip():
        say(WORDS[text](folder) or {})


def main():
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: to die with the tests
    facts = KINDS[sys.argv[1]](sys.argv[2]) or {}
    say({"pid": os.getpid(), "usage": usage(resource.RUSAGE_SELF)} | facts)
    serve()


if __name__ == "__main__":
    main()

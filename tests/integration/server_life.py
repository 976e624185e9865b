#!/usr/bin/python3
"""The life of a server: options, start, limits, log, idleness, signals, end."""
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import time

from server import FRAME, GOODBYE, PROCMOND, Client, Place, check, fields, request, stop, wait_for


def options(place):
    for bad in (["--no-such"], ["--idle-exit", "x"], ["--idle-exit", "-1"], ["--workers", "1"],
                ["--workers", "5"], ["--seccomp", "maybe"], ["--log-level", "loud"], ["--ready-fd", "77"], ["--socket"],
                ["--procfs", "/no/where"], ["file"], ["--idle-exit", "99999999999999999999"],
                ["--socket", ""]):
        result = subprocess.run([PROCMOND, *bad], capture_output=True, text=True, timeout=10)
        check(result.returncode == 2 and result.stderr and not result.stdout, f"{bad}: {result}")
    helped = subprocess.run([PROCMOND, "--help"], capture_output=True, text=True, timeout=10)
    check(helped.returncode == 0 and not helped.stderr, helped)
    # The manual and the help name the same options.
    manual = pathlib.Path(__file__).resolve().parents[2] / "server" / "procmond.8"
    in_manual = {name.replace("\\-", "-") for name in
                 re.findall(r"^\.It Fl Fl ([a-z\\-]+)", manual.read_text(), re.M)}
    in_help = set(re.findall(r"^  --([a-z-]+)", helped.stdout, re.M))
    check(in_manual == in_help, f"only in one of help and manual: {in_manual ^ in_help}")
    version = subprocess.run([PROCMOND, "--version"], capture_output=True, text=True, timeout=10)
    check(version.returncode == 0 and version.stdout.startswith("procmond "), version)
    check(not place.path.exists(), "a server was started")


def hardening(place):
    server = place.start()
    proc = pathlib.Path(f"/proc/{server.pid}")
    status = (proc / "status").read_text()
    check("NoNewPrivs:\t1" in status, "new privileges are possible")
    check("Umask:\t0077" in status, "umask")
    check(resource.prlimit(server.pid, resource.RLIMIT_CORE) == (0, 0), "it can dump core")
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    check(soft == hard, "descriptors are limited")
    score = int((proc / "oom_score_adj").read_text())
    check(score >= 300, f"oom_score_adj {score}")
    # CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_PERFMON
    kept = 1 << 2 | 1 << 12 | 1 << 19 | 1 << 38
    for name in ("Inh", "Prm", "Eff", "Bnd") if os.geteuid() == 0 else ("Inh", "Prm", "Eff"):
        had = int(re.search(rf"Cap{name}:\t(\w+)", status)[1], 16)
        check(had & ~kept == 0, f"capabilities: Cap{name} {had:x}")
    # Not dumpable: the files belong to root. (Sanitizers trace their own process.)
    if os.geteuid() == 0:
        check(os.readlink(proc / "cwd") == "/", "cwd")
    elif b"__asan_init" not in pathlib.Path(PROCMOND).with_name("procctl").read_bytes():
        check((proc / "io").stat().st_uid == 0, "it is dumpable")
    stop(server)


def confined(place):
    """test_linux_seccomp has what is refused; BUILD/confined/procmond is always confined."""
    if "no list" in place.run("--version").stdout:
        return
    # The leak checker forks and traces.
    server = place.start("--seccomp", "deny", env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    with Client(place.path) as client:
        client.send(request(1, 1, [4, 0x1010], 100_000_000))
        check(FRAME in client.receive(), "no frame")
        for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
            check("\nSeccomp:\t2" in (task / "status").read_text(), "a thread is not confined")
    stop(server)


def notify(place):
    """READY=1 to the service manager, at a path or in the abstract namespace."""
    for address in str(place.root / "notify"), "\0procmon-test-%d" % os.getpid():
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.settimeout(5)
        manager.bind(address)
        server = place.start(env=dict(os.environ, NOTIFY_SOCKET=address.replace("\0", "@")))
        check(manager.recv(100) == b"READY=1", "no READY=1")
        stop(server)
        manager.close()


def activated(place):
    """The service manager holds the socket, and starts us when somebody comes."""
    place.path.parent.mkdir(0o700)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place.path))
    listening.listen(8)
    inode = place.path.stat().st_ino
    script = "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid()); " \
             "os.dup2(int(sys.argv[1]), 3, True); os.execv(sys.argv[2], sys.argv[2:])"
    waiting = Client(place.path, hello=False)
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(listening.fileno()), PROCMOND, "--idle-exit", "1"],
        env=dict(os.environ, LISTEN_FDS="1", LISTEN_FDNAMES="procmond"),
        pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL)
    place.started.append(server)
    with waiting, Client(place.path) as client:
        check(client.welcome[4] == server.pid, "who answers?")
        # Started by hand, another one sees that there is one.
        check(place.run().returncode == 1, "a second server")
    check(server.wait(10) == 0, "idle exit")
    check(place.path.stat().st_ino == inode, "it removed the manager's socket")
    # What was not meant for us is not touched.
    listening.close()
    stop(place.start(env=dict(os.environ, LISTEN_FDS="1", LISTEN_PID="1")))


def on_demand(place):
    """It leaves the terminal, keeps a log and lets go of what it inherited."""
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    result = place.run("--on-demand", "--idle-exit", "1", close_fds=False)
    check(result.returncode == 0 and result.stdout + result.stderr == "", result)
    os.close(write_end)
    check(os.read(read_end, 1) == b"", "it keeps a descriptor of its starter")
    with Client(place.path) as client:
        pid = client.welcome[4]
        check(os.getsid(pid) == pid and pid != os.getpid(), "no session of its own")
        terminal = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[4]
        check(terminal == "0", "it has a terminal")
        if os.geteuid() == 0:
            files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
            check(files == ["/dev/null"] * 2 + [str(place.path.parent / "log")], files)
        time.sleep(1.2)
        check(place.pids() == [pid], "it ended while a client was there")
        start = time.monotonic()
    wait_for(lambda: not place.pids(), "no idle exit")
    check(0.9 < time.monotonic() - start < 2.5, "idle exit at another time")
    check(not place.path.exists(), "the socket is still there")
    log = (place.path.parent / "log").read_text()
    check(log.count("\n") == 2 and "ready, version" in log and
          "stopping: nobody was connected for 1 s" in log, log)
    os.close(read_end)


def log_is_bounded(place):
    place.path.parent.mkdir(0o700)
    log = place.path.parent / "log"
    log.write_bytes(b"x" * (1024 * 1024 - 10))
    check(place.run("--on-demand").returncode == 0, "start")
    check(log.stat().st_size < 200, f"the log has {log.stat().st_size} bytes")
    os.kill(place.pids()[0], signal.SIGTERM)
    wait_for(lambda: not place.pids(), "end")


def disk_full(place):
    """A limit on file sizes is no reason to die."""
    if b"__tsan_init" in pathlib.Path(PROCMOND).with_name("procctl").read_bytes():
        return  # the sanitizer itself makes a file
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    check(place.run("--on-demand", preexec_fn=limit).returncode == 0, "start")
    Client(place.path).socket.close()
    os.kill(place.pids()[0], signal.SIGTERM)
    wait_for(lambda: not place.pids(), "end")


def goodbye(place):
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        server = place.start("--idle-exit", "0")
        with Client(place.path) as client, Client(place.path) as stopped, \
                Client(place.path, hello=False) as silent:
            client.send(request(1, 1, [4, 0x1010, 0x2c], 100_000_000))
            check(FRAME in client.receive(), "no frame")
            # One that does not read must not hold it up.
            for i in range(16):
                stopped.send(request(i + 1, 1, [4, 0xc, 0x1010, 0x2c], 100_000_000))
            start = time.monotonic()
            server.send_signal(number)
            while True:
                got = client.receive()
                check(got, "no goodbye")
                if GOODBYE in got:
                    break
            check(fields(got[GOODBYE]) == {1: 1}, "the reason is another")
            check(client.receive() is None and silent.receive() is None, "still connected")
            check(server.wait(5) == 0, f"exit status {server.returncode}")
            check(time.monotonic() - start < 0.5, "it takes its time")
        check(not place.path.exists(), "the socket is still there")


def debug_toggle(place):
    log = place.root / "stderr"
    with log.open("w") as stderr:
        server = place.start(stderr=stderr)
    Client(place.path).socket.close()
    check("session" not in log.read_text(), "too much in the log")
    server.send_signal(signal.SIGUSR2)

    def one_session():
        Client(place.path).socket.close()
        return "session" in log.read_text()
    wait_for(one_session, "SIGUSR2 does not turn debug on")
    server.send_signal(signal.SIGUSR2)

    def quiet():
        size = log.stat().st_size
        Client(place.path).socket.close()
        with Client(place.path):
            return log.stat().st_size == size
    wait_for(quiet, "SIGUSR2 does not turn debug off")
    stop(server)


for test in (options, hardening, confined, notify, activated, on_demand, log_is_bounded, disk_full, goodbye,
             debug_toggle):
    with Place() as place:
        test(place)

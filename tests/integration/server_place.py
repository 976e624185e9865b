#!/usr/bin/python3
"""The place of the socket: what is refused, what is left behind, what is taken away."""
import fcntl
import os
import pathlib
import socket
import stat
import subprocess
import time

from server import PROCMOND, Client, Place, check, stop

OTHER_UID = 65534


def snapshot(root):
    """Everything below, with what could have been changed."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_ino, status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


def dir_link(run):
    (run.parent / "elsewhere").mkdir(0o700)
    run.symlink_to(run.parent / "elsewhere")


def dir_foreign(run):
    run.mkdir(0o700)
    os.chown(run, OTHER_UID, -1)


def dir_open(run):
    run.mkdir()
    run.chmod(0o777)


def dir_file(run):
    run.write_text("mine")


def in_run(make):
    def prepare(run):
        run.mkdir(0o700)
        make(run)
    return prepare


def socket_link(run):
    (run / "target").write_text("mine")
    (run / "socket").symlink_to(run / "target")


def socket_file(run):
    (run / "socket").write_text("mine")


def lock_link(run):
    (run.parent / "target").write_text("mine")
    (run / "lock").symlink_to(run.parent / "target")


def lock_pipe(run):
    os.mkfifo(run / "lock")


BAD = {"directory is a link": dir_link, "directory is foreign": dir_foreign,
       "directory is open": dir_open, "directory is a file": dir_file,
       "socket is a link": in_run(socket_link), "socket is a file": in_run(socket_file),
       "lock is a link": in_run(lock_link), "lock is a pipe": in_run(lock_pipe)}


def refuses(name, prepare):
    if prepare is dir_foreign and os.geteuid() != 0:
        return
    with Place() as place:
        run = place.path.parent
        prepare(run)
        # The lock file is ours to make, but only where the directory is safe.
        before = snapshot(place.root)
        for options in [], ["--on-demand"]:
            result = place.run(*options)
            check(result.returncode == 78, f"{name}: exit {result.returncode}")
            check(result.stderr.startswith(f"procmond: {run}") and result.stderr.count("\n") == 1,
                  f"{name}: {result.stderr}")
        after = snapshot(place.root)
        if name.startswith("socket"):
            after.pop(str(run / "lock"))
            after[str(run)] = before[str(run)]
        check(before == after, f"{name}: {before} became {after}")


def missing_parent(place):
    result = subprocess.run([PROCMOND, "--socket", f"{place.root}/a/b/socket"], text=True,
                            capture_output=True, timeout=10)
    check(result.returncode == 78 and "PROCMON_SOCKET" in result.stderr, result)
    check(not (place.root / "a").exists(), "made a parent")
    result = subprocess.run([PROCMOND, "--socket", "/tmp/" + "x" * 99], text=True,
                            capture_output=True, timeout=10)
    check(result.returncode == 78 and "name too long" in result.stderr.lower(), result)


def modes(place):
    old = os.umask(0)
    server = place.start()
    os.umask(old)
    for name, mode in ("", 0o700), ("lock", 0o600), ("socket", 0o600):
        check(stat.S_IMODE((place.path.parent / name).stat().st_mode) == mode, f"mode of {name}")
    stop(server)


def second_server(place):
    """A second one ends, and the first is not disturbed, even if the lock file is gone."""
    server = place.start()
    for _ in range(2):
        result = place.run()
        check(result.returncode == 1 and "another procmond serves here" in result.stderr, result)
        check(place.run("--on-demand").returncode == 0, "on demand it is no failure")
        Client(place.path).socket.close()
        (place.path.parent / "lock").unlink(missing_ok=True)
    stop(server)


def lock_is_held(place):
    """By one that is about to answer, and then does not: no socket is touched without the lock."""
    place.path.parent.mkdir(0o700)
    with (place.path.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = place.run()
    check(result.returncode == 1 and "another procmond holds the lock" in result.stderr, result)
    check(not place.path.exists(), "it listens without the lock")


def after_a_crash(place):
    """What kill -9 leaves behind is no obstacle."""
    for _ in range(10):
        server = place.start()
        inode = place.path.stat().st_ino
        server.kill()
        server.wait()
        check(place.path.stat().st_ino == inode, "the socket should still be there")
    (place.path.parent / "lock").write_text("12345 of another boot")
    server = place.start()
    Client(place.path).socket.close()
    stop(server)
    check(not place.path.exists(), "the socket was not removed")


def after_a_crash_in_the_middle(place):
    """The child of one that was killed still holds lock and socket, for a moment."""
    run = place.path.parent
    run.mkdir(0o700)
    parent = os.fork()
    if parent == 0:
        lock = os.open(run / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place.path))
        listener.listen(128)
        if os.fork() == 0:
            time.sleep(0.3)
        os._exit(0)
    os.waitpid(parent, 0)
    server = place.start()
    Client(place.path).socket.close()
    stop(server)


if __name__ == "__main__":
    for name, prepare in BAD.items():
        refuses(name, prepare)
    for test in missing_parent, modes, second_server, lock_is_held, after_a_crash, after_a_crash_in_the_middle:
        with Place() as place:
            test(place)

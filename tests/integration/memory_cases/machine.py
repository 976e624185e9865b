"""Settings of the machine, changed for a while."""
import contextlib
import fcntl
import os

from memory_cases.report import Skip


@contextlib.contextmanager
def alone():
    """Nobody else changes the machine meanwhile. It may be somebody's own: then it stays as it is."""
    if os.environ.get("CI") != "true":
        raise Skip("a machine's settings are changed only where the environment has CI=true")
    place = os.open("/sys/kernel", os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


@contextlib.contextmanager
def setting(path, value):
    """A file of the kernel's has this value meanwhile."""
    try:
        before = path.read_text()
        path.write_text(str(value))
    except OSError as error:
        raise Skip(f"{path}: {error.strerror}")
    try:
        yield
    finally:
        path.write_text(before)

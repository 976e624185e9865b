"""What the tests of an installation share: the programs of BUILD, installed in a place of their own."""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()


def check(condition, what):
    if not condition:
        print(f"FAIL {what}")
        sys.exit(1)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def skip_with_sanitizers():
    """These are built with flags that a make of ours does not have."""
    symbols = subprocess.run(["nm", BUILD / "libprocmon.a"], capture_output=True, text=True,
                             check=True).stdout
    if "__asan_" in symbols or "__tsan_" in symbols:
        skip("nobody installs programs with sanitizers")


def run(*command, **options):
    """Runs it to a successful end; its output, both streams together."""
    result = subprocess.run([str(word) for word in command], text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            **{"timeout": 100, **options})
    check(result.returncode == 0, f"{command}: exit {result.returncode}: {result.stdout}")
    return result.stdout


def environment(**more):
    """Nothing of the make that may have started us, and no server of somebody else."""
    left_out = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "BUILD", "PREFIX", "DESTDIR", "PROCMON_SERVER")
    return {**{name: value for name, value in os.environ.items() if name not in left_out}, **more}


class Installation:
    """Under `directory`: only what knows of the prefix is built anew."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.prefix = self.directory / "prefix"
        self.build = self.directory / "build"
        for part in "obj/common", "obj/client", "obj/server", "obj/proto", "proto":
            shutil.copytree(BUILD / part, self.build / part, symlinks=True)
        self.socket = self.directory / "socket"
        self.environment = environment(PROCMON_SOCKET=str(self.socket))

    def make(self, *words, prefix=None):
        return run("make", "-C", ROOT, f"BUILD={self.build}", f"PREFIX={prefix or self.prefix}",
                   *words, env=self.environment)

    def procctl(self, *words):
        return run(self.prefix / "bin/procctl", *words, env=self.environment)

    def stop(self):
        """Ends the server, if one was started."""
        program = self.prefix / "bin/procctl"
        if program.exists():
            subprocess.run([program, "server", "stop"], env=self.environment, timeout=20,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

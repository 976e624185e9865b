#!/usr/bin/env python3
"""The library as its users get it: its names, its manual, and the manual's example."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"])
HEADER = (ROOT / "client/procmon.h").read_text()
MANUAL = (ROOT / "client/libprocmon.3").read_text()


def fail(text):
    print(f"FAIL {text}")
    sys.exit(1)


def declared():
    """The functions of the header; handler types are none."""
    text = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)
    types = set(re.findall(r"typedef void (\w+)\(", text))
    return set(re.findall(r"\b(procmon_\w+)\(", text)) - types


def defined(*options):
    """The global names that a library defines."""
    lines = subprocess.run(["nm", *options], check=True, capture_output=True, text=True).stdout
    return {fields[2] for fields in map(str.split, lines.splitlines())
            if len(fields) == 3 and fields[1] in "TDBRVW"}


def check_names():
    for names, what in ((defined("-g", BUILD / "libprocmon.a"), "libprocmon.a"),
                        (defined("-D", BUILD / "libprocmon.so"), "libprocmon.so")):
        names -= {"_init", "_fini"}
        if names != declared():
            fail(f"{what} and procmon.h differ: {sorted(names ^ declared())}")


def check_manual():
    documented = set(re.findall(r"^\.F[no] (\w+)", MANUAL, re.M))
    for name in declared() - documented:
        fail(f"libprocmon(3) does not have {name}")
    example = re.search(r"^\.Bd -literal\n\.\\\" (\S+)\n(.*?)^\.Ed", MANUAL, re.M | re.S)
    if example[2].replace(r"\e", "\\") != (ROOT / example[1]).read_text():
        fail(f"the example of libprocmon(3) is not {example[1]}")
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", ROOT / "client/libprocmon.3"],
                              capture_output=True, text=True)
        if lint.returncode:
            fail(lint.stdout)


def check_users(directory):
    """C and C++ take the header with nothing else; the example runs against the .so as well."""
    cc = os.environ.get("CC", "cc").split()
    source = ROOT / "tests/integration/example.c"
    program = directory / "example"
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{ROOT}/client"]
    subprocess.run([*cc, "-fsyntax-only", "-std=c99", *strict, "-x", "c",
                    ROOT / "client/procmon.h"], check=True)
    if shutil.which("c++"):
        subprocess.run(["c++", "-fsyntax-only", *strict, "-x", "c++",
                        ROOT / "client/procmon.h"], check=True)
    subprocess.run([*cc, "-std=c11", *strict, source, *os.environ.get("LDFLAGS", "").split(),
                    f"-L{BUILD}", f"-Wl,-rpath,{BUILD}", "-lprocmon", "-o", program], check=True)
    environment = {**os.environ, "PROCMON_SOCKET": str(directory / "socket"),
                   "PROCMON_SERVER": str(BUILD / "procmond")}
    for example in program, BUILD / "tests/integration/example":
        lines = subprocess.run([example], check=True, capture_output=True, text=True, timeout=30,
                               env=environment).stdout.splitlines()
        if len(lines) != 5 or not all(re.fullmatch(r"\d+ .+ \d+ MiB", line) for line in lines):
            fail(f"the example said {lines}")
    subprocess.run([BUILD / "procctl", "server", "stop"], check=True, env=environment,
                   capture_output=True, timeout=10)


check_names()
check_manual()
with tempfile.TemporaryDirectory(prefix="procmon-") as name:
    check_users(pathlib.Path(name))

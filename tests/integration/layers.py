#!/usr/bin/env python3
"""The layers: who may include what, by the #include lines of the tree."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Headers of ISO C, and of POSIX as far as every system has them.
ISO = set("""assert ctype errno float inttypes limits locale math signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time wchar wctype""".split())
POSIX = set("""arpa/inet dirent dlfcn fcntl fnmatch getopt grp langinfo libgen netinet/in poll
    pthread pwd sched semaphore spawn strings sys/file sys/ioctl sys/mman sys/resource sys/select
    sys/socket sys/stat sys/time sys/types sys/uio sys/un sys/wait sysexits syslog termios
    unistd""".split())
LIBC = {f"{name}.h" for name in ISO | POSIX}
# For what a process does to itself, or with its service manager.
SYSTEM = {"malloc.h", "sys/prctl.h", "sys/syscall.h", "linux/audit.h", "linux/capability.h",
          "linux/filter.h", "linux/seccomp.h", "mach-o/dyld.h", "libproc.h", "launch.h"}
WIRE = {"procmon.pb-c.h", "protobuf-c/protobuf-c.h"}


def stems(variable):
    """The names of the files that the Makefile lists in a variable."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    names = re.search(rf"^{variable} *:= (.*)$", text, re.M)[1]
    return set(re.findall(r"(\w+)(?:_\$\(PLATFORM\))?\.c\b", names))


LIBRARY, EDGE = stems("LIBRARY"), stems("EDGE")


def inner_header(path):
    """A header of client/ that has no .c of its own belongs to the library if that uses it."""
    return path.suffix == ".h" and not (ROOT / path.with_suffix(".c")).exists() and any(
        f'"{path.name}"' in file.read_text() for file in (ROOT / "client").glob("*.c")
        if file.stem in LIBRARY)


def layer(path):
    """The layer that a file of the tree belongs to."""
    folder, stem = path.parent.as_posix(), re.sub(r"_(linux|darwin)$", "", path.stem)
    if folder == "common":
        return {"wire": "wire", "system": "system"}.get(stem, "common")
    if folder == "server":
        if path.name in ("source.h", "platform.h"):
            return "platform"
        if stem in ("devices", "pid_map", "totals"):
            return "backend"
        return "edge" if stem in EDGE else "core"
    if path.parts[:2] in (("server", "linux"), ("server", "darwin")) or \
            path.match("tests/fake/fake.*") or path.match("tests/fake/mappings.*"):
        return "backend"
    if folder == "client":
        if path.name == "procmon.h":
            return "public"
        return "library" if stem in LIBRARY or inner_header(path) else "procctl"
    if path.parts[:2] == ("client", "memory"):
        return "procctl"
    return "tests"


# layer: (layers of ours that it may include, what else it may include)
ALLOWED = {
    "common": ({"common", "system"}, lambda header: header in LIBC),
    "system": ({"common", "system"}, lambda header: header in LIBC | SYSTEM),
    "wire": ({"common", "wire"}, lambda header: header in LIBC | WIRE),
    "platform": ({"common", "platform"}, lambda header: header in ("stdbool.h", "stdint.h")),
    # pthread.h is for the workers.
    "core": ({"common", "wire", "platform", "core"}, lambda header: header in
             {f"{name}.h" for name in ISO - {"signal", "locale"}} | WIRE |
             {"pthread.h", "strings.h"}),
    "backend": ({"common", "platform", "backend"}, lambda header: not header.startswith("event")
                and header not in WIRE),
    "edge": ({"common", "wire", "system", "platform", "core", "edge"}, lambda header: header in LIBC | WIRE
             | SYSTEM or header.startswith("event2/")),
    "public": (set(), lambda header: header in ("stdbool.h", "stddef.h", "stdint.h")),
    "library": ({"common", "wire", "system", "public", "library"}, lambda header: header in
                LIBC | WIRE | SYSTEM),
    "procctl": ({"public", "procctl"}, lambda header: header in LIBC or
                header.startswith("event2/")),
}
# Of common, these only.
COMMON_FOR = {
    "platform": {"attribute.h", "limit.h"},
    "procctl": {"text.h", "alloc.h", "log.h", "build_id.h", "clock.h", "limit.h", "path.h", "system.h",
                "server_program.h"},
    "library": {"attribute.h", "limit.h", "path.h", "wire.h", "text.h", "clock.h", "system.h", "server_program.h"},
}


def violations(path, text, tree):
    """What the file at `path` with that text includes but must not."""
    mine = layer(path)
    if mine == "tests":
        return
    ours, other = ALLOWED[mine]
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        header = match[1]
        # What declares belongs to the header that is made of it.
        header = {"attributes.def": "attribute.h", "limits.def": "limit.h"}.get(header, header)
        places = [pathlib.Path(os.path.normpath(path.parent / header))] + [pathlib.Path(folder) / header
                                           for folder in ("common", "server", "client")]
        found = next((place for place in places if place in tree), None)
        if found is None:
            allowed = other(header)
        else:
            theirs = layer(found)
            allowed = theirs in ours
            if theirs in ("common", "wire", "system") and mine in COMMON_FOR:
                allowed = found.name in COMMON_FOR[mine]
        if not allowed:
            yield f"{path}:{number}: {mine} must not include {header}"


def includes(tree):
    return [wrong for path in sorted(tree)
            for wrong in violations(path, (ROOT / path).read_text(), tree)]


def library_symbols(build):
    """The library prints nothing, never exits, and has no variables."""
    # But between fork and exec, in start.o, it is not the library's process any more.
    child = re.compile(r" U (?:_exit|sigaction)$")
    forbidden = re.compile(r" U (?:_*exit|abort|v?f?printf|puts|putchar|perror|stdout|stderr|"
                           r"signal|sigaction|x(?:calloc|strn?dup|asprintf|reallocarray)|log_\w+)$")
    # A sanitizer adds variables of its own.
    variable = re.compile(r" [bBdDC] (?!_?_(?:odr_asan|asan|ubsan|tsan|sanitizer))")
    for stem in sorted(LIBRARY):
        file = build / "obj/client" / f"{stem}.o"
        symbols = subprocess.run(["nm", file], capture_output=True, text=True, check=True).stdout
        for line in symbols.splitlines():
            if stem == "start" and child.search(line):
                continue
            if forbidden.search(line) or variable.search(line) and "san" not in symbols:
                yield f"{file.name}: the library must not use or have:{line[16:]}"


def names(text):
    """A name means the same in all tables: at least the unit is one, and it is text or none."""
    seen = {}
    for table, name, kind, unit in re.findall(
            r'^[A-Z0-9]+\((\w+), 0x\w+, \w+, "([^"]+)", (\w+), (\w+), ', text, re.M):
        first, *same = seen.setdefault(name, (table, kind == "TEXT", unit))
        if same != [kind == "TEXT", unit]:
            yield f"common/attributes.def: {name} of {table} is not like that of {first}"


def self_check(tree):
    """A forbidden include must be seen."""
    for path, line in (
            ("common/text.c", '#include "table.h"'), ("common/text.c", "#include <event2/event.h>"),
            ("common/text.c", "#include <linux/sched.h>"), ("common/text.c", '#include "procmon.pb-c.h"'),
            ("server/table.c", "#include <event2/event.h>"), ("server/table.c", "#include <sys/epoll.h>"),
            ("server/table.c", "#include <sys/syscall.h>"), ("server/table.c", '#include "session.h"'),
            ("server/source.h", "#include <sys/types.h>"), ("server/platform.h", '#include "wire.h"'),
            ("server/linux/stat.c", '#include "table.h"'), ("server/linux/stat.c", '#include "../view.h"'),
            ("server/linux/stat.c", "#  include <event2/event.h>"),
            ("server/session.c", "#include <linux/taskstats.h>"),
            ("client/procmon.h", "#include <poll.h>"), ("client/request.c", "#include <event2/event.h>"),
            ("client/request.c", '#include "alloc.h"'), ("client/procctl.c", '#include "wire.h"'),
            ("client/procctl.c", '#include "connection.h"'), ("client/procctl.c", '#include "procmon.pb-c.h"')):
        known = tree | {pathlib.Path(name) for name in
                        ("server/session.h", "server/view.h", "client/connection.h")}
        if not list(violations(pathlib.Path(path), line, known)):
            yield f"self-check: {path} with {line} was not seen"


def main():
    tree = {path.relative_to(ROOT) for folder in ("common", "server", "client", "tests")
            for path in (ROOT / folder).rglob("*.[ch]")}
    wrong = includes(tree) + list(self_check(tree))
    wrong += names((ROOT / "common/attributes.def").read_text())
    wrong += library_symbols(pathlib.Path(os.environ["BUILD"]))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()

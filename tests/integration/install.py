#!/usr/bin/env python3
"""make install: these files and no others, that they work there, and that uninstall takes them back."""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

from installation import ROOT, Installation, check, run, skip_with_sanitizers

VERSION = re.search(r"^VERSION +:= (.*)$", (ROOT / "Makefile").read_text(), re.M)[1]
FILES = f"""
    bin/procctl
    bin/procmond
    include/procmon.h
    lib/libprocmon.a
    lib/libprocmon.so
    lib/libprocmon.so.{VERSION.split(".")[0]}
    lib/libprocmon.so.{VERSION}
    lib/pkgconfig/procmon.pc
    lib/systemd/user/procmond.service
    lib/systemd/user/procmond.socket
    share/bash-completion/completions/procctl
    share/fish/vendor_completions.d/procctl.fish
    share/man/man1/procctl.1
    share/man/man3/libprocmon.3
    share/man/man7/procmon-protocol.7
    share/man/man8/procmond.8
    share/procmon/attributes
    share/procmon/complete
    share/procmon/procmon.proto
    share/zsh/site-functions/_procctl
    """.split()
EXECUTABLE = {"bin/procctl", "bin/procmond", "share/procmon/complete"}


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                  if path.is_symlink() or not path.is_dir())


def check_files(installed):
    """Whatever the umask of who installs is."""
    before = os.umask(0o077)
    installed.make("install")
    os.umask(before)
    check(files_below(installed.prefix) == FILES, f"installed are {files_below(installed.prefix)}")
    for path in installed.prefix.rglob("*"):
        name = str(path.relative_to(installed.prefix))
        wanted = 0o755 if path.is_dir() or name in EXECUTABLE else 0o644
        mode = stat.S_IMODE(path.stat().st_mode)
        check(mode == wanted, f"{name} has mode {mode:o}")
        text = path.read_bytes() if path.is_file() and path.suffix not in (".a", ".so") else b""
        check(not re.search(rb"@[a-z_]+@", text) or b"\0" in text, f"{name} has @..@ left in it")
    # Once more is as good.
    installed.make("install")
    check(files_below(installed.prefix) == FILES, "installed twice")


def check_stage(installed):
    """With DESTDIR: the files lie there, and speak of where they will be."""
    stage = installed.directory / "stage"
    installed.make("install", f"DESTDIR={stage}", prefix="/opt/procmon")
    check(files_below(stage) == [f"opt/procmon/{name}" for name in FILES], f"{files_below(stage)}")
    for path in stage.rglob("*"):
        if path.is_file() and b"\0" not in path.read_bytes():
            check(str(installed.directory).encode() not in path.read_bytes(), f"{path} knows of the stage")
    unit = (stage / "opt/procmon/lib/systemd/user/procmond.service").read_text()
    check("\nExecStart=/opt/procmon/bin/procmond\n" in unit, unit)
    library = (stage / "opt/procmon/lib/libprocmon.so").read_bytes()
    check(b"\0/opt/procmon/bin/procmond\0" in library, "the library looks elsewhere for the server")
    installed.make("uninstall", f"DESTDIR={stage}", prefix="/opt/procmon")
    check(files_below(stage) == [], f"left in the stage: {files_below(stage)}")


def served_from(installed):
    """The program that serves, by its command line: its exe is nobody's to read."""
    pid = re.search(r"process (\d+)", installed.procctl("server", "start"))[1]
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode()


def check_programs(installed):
    check(installed.procctl("--version") == f"procctl {VERSION}\n", "the version")
    rows = installed.procctl("ps", "-p", os.getpid(), "-a", "pid", "-o", "csv").splitlines()
    check(len(rows) == 2 and str(os.getpid()) in rows[1].split(","), f"{rows}")
    server = str(installed.prefix / "bin/procmond")
    check(served_from(installed) == server, f"not {server} serves")
    installed.stop()


def check_library(installed):
    """A program that knows of nothing but pkg-config; it has no server beside it."""
    query = {**installed.environment, "PKG_CONFIG_PATH": str(installed.prefix / "lib/pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "procmon", env=query).split()
    check("-lprotobuf-c" not in flags, "a user of the shared library needs no protobuf")
    check("-lprotobuf-c" in run("pkg-config", "--static", "--libs", "procmon", env=query).split(),
          "a user of the static library needs protobuf")
    check(run("pkg-config", "--modversion", "procmon", env=query).strip() == VERSION, "the version")
    program = installed.directory / "program"
    run(*os.environ.get("CC", "cc").split(), "-Wall", "-Werror", "-o", program,
        ROOT / "tests/integration/example.c", *flags, env=query)
    soname = f"libprocmon.so.{VERSION.split('.')[0]}"
    check(f"[{soname}]" in run("readelf", "-d", program), f"the program does not need {soname}")
    lines = run(program, env={**query, "LD_LIBRARY_PATH": str(installed.prefix / "lib")}).splitlines()
    check(len(lines) == 5 and all(line.endswith(" MiB") for line in lines), f"the program said {lines}")
    check(served_from(installed) == str(installed.prefix / "bin/procmond"), "the wrong server")
    installed.stop()
    # Without it there is an error that names the place, not another server.
    server = installed.prefix / "bin/procmond"
    away = server.rename(server.with_name("away"))
    failed = subprocess.run([program], capture_output=True, text=True, timeout=30,
                            env={**query, "LD_LIBRARY_PATH": str(installed.prefix / "lib")})
    check(failed.returncode == 1 and str(server) in failed.stderr, f"{failed}")
    away.rename(server)


def check_manuals(installed):
    pages = sorted((installed.prefix / "share/man").rglob("*.[1-8]"))
    for page in pages:
        if shutil.which("mandoc"):
            run("mandoc", "-T", "lint", "-W", "warning", page)
        if shutil.which("man") and shutil.which("groff"):
            output = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                    env={**installed.environment, "MANROFFSEQ": "", "MANWIDTH": "80"})
            check(output.stderr == "" and output.returncode == 0, f"{page}: {output.stderr}")
        # What it refers to of ours is installed.
        for name, section in re.findall(r"^\.Xr (\S*proc(?:ctl|mon)\S*) (\d)", page.read_text(), re.M):
            check(page.parents[1] / f"man{section}" / f"{name}.{section}" in pages,
                  f"{page.name} refers to {name}({section})")


def check_services(installed):
    units = installed.prefix / "lib/systemd/user"
    if shutil.which("systemd-analyze"):
        runtime = installed.directory / "runtime"
        runtime.mkdir(mode=0o700)
        run("systemd-analyze", "--user", "--man=no", "verify", units / "procmond.socket",
            env={**installed.environment, "XDG_RUNTIME_DIR": str(runtime)})


def check_uninstall(installed):
    others = ["bin/other", "lib/libprocmon.so.9", "share/procmon/mine"]
    for name in others:
        (installed.prefix / name).write_text("not of procmond\n")
    installed.make("uninstall")
    check(files_below(installed.prefix) == others, f"left are {files_below(installed.prefix)}")
    (installed.prefix / "share/procmon/mine").unlink()
    installed.make("uninstall")
    check(not (installed.prefix / "share/procmon").exists(), "its own directory is left")


skip_with_sanitizers()
with tempfile.TemporaryDirectory(prefix="procmon.", dir="/tmp") as name:
    place = Installation(name)
    try:
        check_files(place)
        check_programs(place)
        check_library(place)
        check_manuals(place)
        check_services(place)
        check_stage(place)
        check_uninstall(place)
    finally:
        place.stop()

#!/usr/bin/env python3
"""make deb and make formula: packages that can be built again, installed, used and purged."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from installation import ROOT, check, environment, run, skip, skip_with_sanitizers

# What other programs keep for themselves when a package comes or goes.
CACHES = ("/var/cache/", "/var/log/", "/var/lib/dpkg/", "/var/lib/apt/", "/var/lib/systemd/catalog/")
MAKEFILE = (ROOT / "Makefile").read_text()
VERSION = re.search(r"^VERSION +:= (.*)$", MAKEFILE, re.M)[1]
PACKAGES = ["procmond", "libprocmon0", "libprocmon-dev"]
# Ruby's part of a formula, as far as ours uses it: it says what it was told.
FORMULA = """
    class Formula
      def self.test = nil
      def self.method_missing(name, *values, &block) = puts([name, *values].join(" "))
      def prefix = "/a/prefix"
      def system(*words) = puts("run " + words.join(" "))
    end
    load ARGV[0]
    Procmond.new.install
    """


def check_version():
    changelog = (ROOT / ".packaging/debian/changelog").read_text()
    check(changelog.startswith(f"procmond ({VERSION}) "),
          f"the first version of .packaging/debian/changelog is not the Makefile's, {VERSION}")


def brew_dependencies():
    """What building needs, by common/dependencies."""
    rows = [line.split() for line in (ROOT / "common/dependencies").read_text().splitlines()]
    return {row[-1] for row in rows if len(row) == 7 and row[0] == "build"}


def check_formula(directory):
    """It asks for what common/dependencies asks for, and builds the tarball that was made with it."""
    run("make", "-C", ROOT, f"BUILD={directory}", "formula", env=environment())
    formula = directory / "procmond.rb"
    wanted = set(re.findall(r'depends_on "(.*)"', formula.read_text()))
    check(wanted == brew_dependencies(), f"the formula depends on {wanted}")
    if not shutil.which("ruby"):
        return
    said = run("ruby", "-W", "-e", FORMULA, formula).splitlines()
    tarball = directory / f"procmond-{VERSION}.tar.gz"
    check(f"url file://{tarball}" in said, f"{said}")
    check(f"sha256 {hashlib.sha256(tarball.read_bytes()).hexdigest()}" in said, f"{said}")
    check(said[-1] == "run make install PREFIX=/a/prefix", f"{said}")
    check("depends_on linux" not in said, f"{said}")


def build(directory):
    """The packages, by their file names, and their sums."""
    run("make", "-C", ROOT, f"BUILD={directory}", "deb", env=environment(), timeout=300)
    found = sorted((directory / "deb").glob("*.deb"))
    return found, [hashlib.sha256(path.read_bytes()).hexdigest() for path in found]


def check_packages(directory):
    """Two builds in different places are the same, and lintian finds nothing."""
    packages, sums = build(directory / "first")
    check(build(directory / "second/place")[1] == sums, "the packages differ from build to build")
    names = [path.name.split("_")[0] for path in packages if "dbgsym" not in path.name]
    check(sorted(names) == sorted(PACKAGES), f"the packages are {names}")
    said = run("lintian", "--allow-root", "--fail-on", "error,warning",
               *(directory / "first/deb").glob("*.changes"), env=environment())
    check(said == "", said)
    return [path for path in packages if "dbgsym" not in path.name]


def machine():
    """All files that packages may touch."""
    names = set()
    for top in "/usr", "/etc", "/var", "/lib", "/opt", "/run":
        for folder, _, files in os.walk(top):
            names.update(f"{folder}/{name}" for name in files)
            names.add(folder + "/")
    return {name for name in names if not name.startswith(CACHES)
            and ("proc" in name or not name.startswith(("/run/", "/usr/share/mime")))}


def check_use(directory):
    """As the user who installed it: the programs, a client of the library, the units."""
    private = environment(PROCMON_SOCKET=str(directory / "socket"))
    program = directory / "program"
    try:
        rows = run("/usr/bin/procctl", "ps", "-o", "csv", "-a", "pid", env=private)
        check(rows.count("\n") > 2, rows)
        flags = run("pkg-config", "--cflags", "--libs", "procmon").split()
        run("cc", ROOT / "tests/integration/example.c", "-o", program, *flags)
        check(len(run(program, env=private).splitlines()) == 5, "the example")
    finally:
        run("/usr/bin/procctl", "server", "stop", env=private)
    enabled = pathlib.Path("/etc/systemd/user/sockets.target.wants/procmond.socket")
    check(not shutil.which("deb-systemd-helper") or enabled.is_symlink(), "the socket is not enabled")
    for page in "procctl.1", "libprocmon.3", "procmon-protocol.7", "procmond.8":
        check(pathlib.Path(f"/usr/share/man/man{page[-1]}/{page}.gz").exists(), page)


def check_installation(directory, packages):
    before = machine()
    try:
        run("dpkg", "-i", *packages)
        check_use(directory)
        run("dpkg", "-r", *PACKAGES)
    finally:
        subprocess.run(["dpkg", "--purge", *PACKAGES], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
    after = machine()
    ours = {name for name in after - before if "procm" in name or "procctl" in name}
    check(not ours, f"left after a purge: {ours}")
    check(not before - after, f"gone after a purge: {before - after}")


def main():
    skip_with_sanitizers()
    check_version()
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        skip("packages are made of what git lists")
    with tempfile.TemporaryDirectory(prefix="procmon.", dir="/tmp") as name:
        directory = pathlib.Path(name)
        check_formula(directory)
        missing = [tool for tool in ("dpkg-buildpackage", "dh", "lintian") if not shutil.which(tool)]
        if missing:
            skip(f"no Debian package without {missing}")
        packages = check_packages(directory)
        if os.getuid() != 0:
            skip("only root can install a package")
        if any(subprocess.run(["dpkg", "-s", package], capture_output=True).returncode == 0
               for package in PACKAGES):
            skip("this machine has the packages; they stay as they are")
        check_installation(directory, packages)


main()

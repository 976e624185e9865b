#!/usr/bin/env python3
"""The examples of the manuals and of procctl's help run, each as a reader would type it.

Commands are the lines `.Dl $ COMMAND` and literal blocks that start with `$ `; other literal
blocks are a program, in Python or C. Here only differ: a pid 1234 is that of a process of ours,
below /tmp/mine is a folder of ours, and what watches live does it ten times faster, and, if it
would not end, for two frames.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from installation import BUILD, ROOT, check, environment, run, skip_with_sanitizers

LIMIT = 20  # seconds for one of them
COMMANDS_MIN = 10  # fewer, and this has not found them
MANUALS = ["client/procctl.1", "client/libprocmon.3", "server/procmond.8", "proto/procmon-protocol.7"]


def plain(text):
    """What a reader sees of roff."""
    for escape, character in (r"\(aq", "'"), (r"\(dq", '"'), (r"\e", "\\"), (r"\-", "-"), (r"\&", ""):
        text = text.replace(escape, character)
    return text


def examples(manual):
    """Commands and programs of a page."""
    text = "\n".join(line for line in manual.splitlines() if not line.startswith(r'.\"'))
    commands = [plain(line) for line in re.findall(r"^\.Dl \$ (.*)$", text, re.M)]
    programs = []
    for block in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text, re.M | re.S):
        if block.startswith("$ "):
            commands.append("\n".join(line[2:] for line in plain(block).splitlines() if line.startswith("$ ")))
        else:
            programs.append(plain(block))
    return commands, programs


def help_examples(procctl):
    """Those of `procctl help COMMAND`: after two blanks comes what they show."""
    for line in run(procctl, "help", "--raw").splitlines():
        if line.startswith("command\t"):
            text = run(procctl, "help", line.split("\t")[1])
            for example in re.findall(r"^  (procctl .*)$", text.partition("\nExamples:\n")[2], re.M):
                yield example.partition("  ")[0]


def adapt(command, pid, mine):
    """A command as it is run here."""
    command = command.replace("1234", str(pid)).replace("/tmp/mine", str(mine))
    if re.search(r"\bprocctl subscribe\b", command):
        fast = "-i 100ms" + ("" if re.search(r" (-n|--count)\b", command) else " -n 2")
        command = re.sub(r"\bprocctl subscribe\b", f"procctl subscribe {fast}", command)
    if "| jq" in command and not shutil.which("jq"):
        command = command.partition(" | jq")[0]
    return command


def check_command(command, place):
    result = subprocess.run(["sh", "-euc", command], cwd=place["directory"], env=place["environment"],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LIMIT)
    print(f"$ {command}".replace("\n", "\n$ "))
    if "this server has no table" in result.stderr:
        return  # not on this system
    good = (0, 1) if command.startswith("procctl doctor") else (0,)  # 1: this host could do better
    check(result.returncode in good,
          f"exit {result.returncode}: {result.stderr}{result.stdout[:2000]}")
    check(result.stdout or "jq" in command or not command.startswith("procctl"), "it shows nothing")


def check_program(text, place):
    """Programs print a line for a process, or so."""
    directory = place["directory"]
    if "#include" in text:
        (directory / "example.c").write_text(text)
        run(*os.environ.get("CC", "cc").split(), "-Wall", "-Werror", f"-I{ROOT}/client", "example.c",
            BUILD / "libprocmon.a", "-lprotobuf-c", "-o", "example", cwd=directory)
        command = ["./example"]
    else:
        (directory / "example.py").write_text(text)
        command = [sys.executable, "example.py"]
    run(directory / "bin/procctl", "server", "start", env=place["environment"])
    lines = run(*command, cwd=directory, env=place["environment"], timeout=LIMIT).splitlines()
    print(f"{command}: {len(lines)} lines")
    check(len(lines) > 2 and all(re.match(r"\d+ .*\d", line) for line in lines), f"{command}: {lines}")


def check_limits():
    """procctl and the manual list the same, each by its own reading of common/limits.def."""
    factors = {"": 1, "bytes": 1, "KiB": 1024, "MiB": 1024 ** 2, "ms": 1, "s": 1, "h": 3600, "a second": 1}
    page = re.findall(r"^\.It Cm (\S+) Pq (\d+) ?([^,]*), (server|client|both)(?: sides)?\n((?:[^.].*\n)+)",
                      (BUILD / "procmon-protocol.7").read_text(), re.M)
    rows = json.loads(run(BUILD / "procctl", "limits", "-o", "json"))["rows"]
    check([(name, int(value) * factors[unit], side, " ".join(text.splitlines()))
           for name, value, unit, side, text in page] ==
          [(row["name"], row["value"], row["side"], row["text"]) for row in rows], "procmon-protocol(7): LIMITS")
    shown = run(BUILD / "procctl", "limits").splitlines()
    check(len(shown) == 1 + len(rows) > 30, "procctl limits")


def main(directory):
    (directory / "bin").mkdir()
    (directory / "mine").mkdir(mode=0o700)
    for program in "procctl", "procmond":
        (directory / "bin" / program).symlink_to(BUILD / program)
    shutil.copy(ROOT / "proto/procmon.proto", directory)
    place = {"directory": directory,
             "environment": environment(PROCMON_SOCKET=str(directory / "socket"),
                                        PATH=f"{directory}/bin:{os.environ['PATH']}")}
    process = subprocess.Popen(["sleep", "1000"])
    count = 0
    try:
        for name in MANUALS:
            commands, programs = examples((ROOT / name).read_text())
            check(commands or programs, f"{name} has no example")
            for command in commands:
                check_command(adapt(command, process.pid, directory / "mine"), place)
            for program in programs:
                check_program(program, place)
            count += len(commands)
        for command in help_examples(BUILD / "procctl"):
            check_command(adapt(command, process.pid, directory / "mine"), place)
            count += 1
        check(count >= COMMANDS_MIN, f"{count} commands were found")
    finally:
        process.kill()
        process.wait()
        subprocess.run([BUILD / "procctl", "server", "stop"], env=place["environment"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT)


skip_with_sanitizers()
check_limits()
with tempfile.TemporaryDirectory(prefix="procmon.", dir="/tmp") as path:
    main(pathlib.Path(path))

"""What looks at the code instead of at the server, and at the tests themselves."""
import os
import pathlib
import re
import shutil
import subprocess

from promise import Skipped, promise
from server import Place, stop

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"])
FOUND = 99  # exit status of what valgrind has found something in
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite", f"--error-exitcode={FOUND}"]
COMMANDS = [["ps", "--top", "3"], ["subscribe", "-n", "3", "-i", "300ms", "--attrs", "cpu,mem,disk"],
            ["subscribe", "-n", "2", "-i", "300ms", "--exits", "-o", "jsonl"], ["table", "session"],
            ["system"], ["show", "1"], ["regions", "1"], ["footprint", "1"], ["tree", "1"], ["status"],
            ["attributes", "gpu"], ["no-such-command"]]
LIBRARY = ["test_library", "test_library_values", "test_mirror"]


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skipped(f"there is no {program} here")


def tests(*command, **keywords):
    """(passed, failed) by the last line of a command that ends in a sum of tests."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **keywords)
    print(done.stdout)
    sums = re.findall(r"^(?:\S+: )?(\d+) passed, (\d+) failed, \d+ skipped$", done.stdout, re.M)
    passed, failed = map(int, sums[-1]) if sums else (0, 1)
    return passed, failed or (done.returncode != 0)


@promise("H1", "clients, restarts and scripts leave AddressSanitizer and UBSan nothing to report; with all "
         "other tests, and ThreadSanitizer, in .ci/run", whole_only=True, seconds=900)
def sanitizers(figures):
    passed, failed = tests("make", f"-j{os.cpu_count()}", f"BUILD={BUILD}", "asan",
                           "ONLY=server_clients server_life procctl_script library")
    figures.at_least("tests passed", passed, 4)
    figures.exactly("failed", failed, 0)


@promise("H2", "server, procctl and library leave valgrind nothing to report", whole_only=True, seconds=400)
def valgrind(figures):
    need("valgrind")
    found = runs = 0
    with Place() as place:
        server = place.start(wrapper=VALGRIND)
        environment = {**os.environ, "PROCMON_SOCKET": str(place.path)}
        for command in COMMANDS:
            for wrapper in [], VALGRIND:
                done = subprocess.run([*wrapper, BUILD / "procctl", *command], env=environment, timeout=60,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                found, runs = found + (done.returncode == FOUND), runs + 1
        stop(server, seconds=20)  # with FOUND it is another status, and ends us
        runs += 1
    for name in LIBRARY:
        passed, failed = tests(*VALGRIND, BUILD / "tests" / name)
        found, runs = found + failed, runs + passed + failed
    figures.at_least("programs and tests", runs, 60)
    figures.exactly("errors and leaks", found, 0)


@promise("H3", "cppcheck finds nothing; nor do gcc, its -fanalyzer, clang and clang-tidy in .ci/run",
         whole_only=True, seconds=400)
def checked(figures):
    need("cppcheck")
    done = subprocess.run(["make", f"BUILD={BUILD}", "cppcheck"], cwd=ROOT, capture_output=True, text=True)
    print(done.stdout + done.stderr)
    figures.exactly("findings", len(re.findall(r" \[\w+\]$", done.stderr, re.M)), 0)
    figures.exactly("exit status", done.returncode, 0)


@promise("H5", "each fault of tests/mutants is caught by the tests that it names", whole_only=True, seconds=1200)
def mutants(figures):
    need("patch", "git")
    passed, failed = tests(ROOT / "tests" / "mutants" / "run")
    figures.at_least("faults caught", passed, 10)
    figures.exactly("not caught", failed, 0)

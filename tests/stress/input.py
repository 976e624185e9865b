"""Input: whatever comes over the wire or from the kernel is taken or refused, and nothing breaks."""
import os
import re
import shutil
import subprocess

from promise import Skipped, pick, promise

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["BUILD"]
SANITIZED = os.environ.get("SANITIZED", os.path.join(BUILD, "clang"))


def run(*command, **environment):
    """Its exit code and its output, which is in the log of the promise, too."""
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={**os.environ, **environment}, encoding="utf-8", errors="replace",
                            check=False)
    print(result.stdout)
    return result.returncode, result.stdout


def sanitized(name):
    path = os.path.join(SANITIZED, name)
    if not os.path.exists(path):
        raise Skipped(f"no {path}: 'make sanitized-targets' needs clang and its fuzzer")
    return path


def change(target, inputs):
    """How many messages were changed on the way into the target; None: one was a finding."""
    code, said = run(sanitized(f"tests/{target}"), "--mutate", str(inputs))
    changed = re.search(r"(\d+) messages changed", said)
    return int(changed[1]) if code == 0 and changed else None


@promise("C1", "messages changed at random are decoded or refused, under ASan and UBSan", seconds=400)
def changed_messages(figures):
    decoded = change("fuzz_wire", pick(10**6, 10**7))
    to_server = change("fuzz_session", pick(5000, 200000))
    to_client = change("fuzz_client", pick(5000, 200000))
    figures.at_least("decoded", decoded or 0, pick(10**6, 10**7))
    figures.exactly("findings", [decoded, to_server, to_client].count(None), 0)
    figures.note("of a whole session: to the server", to_server or 0)
    figures.note("to the client", to_client or 0)


@promise("C2", "fuzzers that see the coverage find nothing", whole_only=True, seconds=400)
def fuzzed(figures):
    """What they have found before is their corpus, which make check replays."""
    targets, seconds = ["fuzz_wire", "fuzz_session", "fuzz_linux_proc", "fuzz_client"], 60
    for target in targets:
        sanitized(target)
    _, said = run("tests/fuzz/run", *targets, BUILD=SANITIZED, FUZZ_SECONDS=str(seconds * len(targets)))
    runs = [int(number) for number in re.findall(rf"^ok .*: (\d+) runs in {seconds} s$", said, re.M)]
    figures.exactly(f"targets without a finding in {seconds} s each", len(runs), len(targets))
    figures.note("runs", sum(runs))


@promise("C3", "no type contains itself, every repeated field has its limit, every text its cleaner")
def schema(figures):
    """The unit test walks the schema; it fails for a field that it does not know."""
    code, said = run(os.path.join(BUILD, "tests", "test_schema"))
    figures.exactly("checks that fail", said.count("FAIL") or code, 0)
    figures.at_least("checks", len(re.findall("^ok ", said, re.M)), 3)


@promise("C4", "the tests run what frames and decodes to the last line", whole_only=True, seconds=1200)
def covered(figures):
    if shutil.which("clang") is None:
        raise Skipped("there is no clang, whose coverage this is")
    _, said = run("make", "--no-print-directory", "-j2", "coverage", f"BUILD={BUILD}", MAKEFLAGS="")
    shares = {what: float(share) for share, what in re.findall(r"^ *([\d.]+) % of the (.*)$", said, re.M)}
    for what, wanted in (("lines of framing and decoding", 100), ("branches of framing and decoding", 95),
                         ("lines of all", 90)):
        figures.at_least(what, shares.get(what, 0), wanted, "%")

#!/usr/bin/python3
"""procctl ledger, with a server of its own and real processes: the balances against what the kernel
says, which entries a word means, and what is refused."""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import time

from procctl_support import directory, refused, run, tests

COLUMNS = ["group", "name", "balance", "credit", "debit", "units", "meaning"]
# Entry: the lines of status that it is the sum of.
STATUS = {"phys_mem": ["VmRSS"], "phys_footprint": ["RssAnon", "VmPTE", "VmSwap", "HugetlbPages"],
          "internal": ["RssAnon", "RssShmem"], "external": ["RssFile"], "page_table": ["VmPTE"],
          "internal_compressed": ["VmSwap"], "locked": ["VmLck"]}

NAME = f"ledger-{os.getpid()}"


class Sleeper:
    """A process that does nothing, under a name that no other has."""

    def __init__(self, name=NAME):
        program = os.path.join(directory, name)
        if not os.path.exists(program):
            shutil.copy("/bin/sleep", program)
        self.process = subprocess.Popen([program, "1000"])
        self.pid = str(self.process.pid)
        while not open(f"/proc/{self.pid}/wchan").read().endswith("nanosleep"):
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def status(self):
        with open(f"/proc/{self.pid}/status") as file:
            return {name: int(value) * 1024 for name, value in
                    re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.M)}


def ledger(*args):
    return json.loads(run("ledger", *args, "-o", "json").stdout)["rows"]


def names(*args):
    return [row["name"] for row in ledger(*args)]


def test_balances_are_what_the_kernel_says():
    with Sleeper() as sleeper:
        before = sleeper.status()
        rows = {row["name"]: row for row in ledger(sleeper.pid)}
        assert sleeper.status() == before, "it was to do nothing"
        for name, lines in STATUS.items():
            assert rows[name]["balance"] == sum(before.get(line, 0) for line in lines), rows[name]
            assert rows[name]["units"] == "bytes" and rows[name]["meaning"].startswith("status, ")


def test_there_are_only_balances():
    with Sleeper() as sleeper:
        for row in ledger(sleeper.pid):
            assert list(row)[:7] == COLUMNS, row
            assert row["credit"] is None and row["debit"] is None
            assert row["states"]["credit"] == row["states"]["debit"] == "unsupported"
        assert "credit, debit: unsupported: Linux" in run("ledger", sleeper.pid).stdout


def test_a_word_means_a_name_a_group_or_a_part():
    with Sleeper() as sleeper:
        everything = ledger(sleeper.pid)
        assert names(sleeper.pid, "phys_mem") == ["phys_mem"]
        assert names(sleeper.pid, "pss") == ["pss"], "and not pss_dirty, too"
        assert names(sleeper.pid, "physmem") == [row["name"] for row in everything
                                                 if row["group"] == "physmem"]
        assert names(sleeper.pid, "pss_") == [row["name"] for row in everything
                                              if row["name"].startswith("pss_")]
        refused("ledger", sleeper.pid, "phys_fotprint", code=1, say="near: phys_footprint")
        refused("ledger", sleeper.pid, "nothing-like-it", code=1, say="groups of them: sched, ")


def test_people_read_units_and_programs_exact_numbers():
    with Sleeper() as sleeper:
        footprint = str(ledger(sleeper.pid, "phys_footprint")[0]["balance"])
        lines = run("ledger", sleeper.pid, "phys_footprint").stdout.split("\n")
        assert lines[0].split() == ["group", "ledger", "balance", "credit", "debit", "units"], lines
        assert re.fullmatch(r"physmem phys_footprint +[\d.]+K +- +- bytes", lines[1]), lines
        raw = run("ledger", sleeper.pid, "phys_footprint", "--units", "raw").stdout
        assert raw.split("\n")[1].split()[2] == footprint, raw
        long = run("ledger", sleeper.pid, "phys_footprint", "--long").stdout
        assert "status, RssAnon, VmPTE" in long and "status, RssAnon" not in "".join(lines)
        rows = list(csv.DictReader(io.StringIO(
            run("ledger", sleeper.pid, "phys_footprint", "-o", "csv").stdout)))
        assert [row["balance"] for row in rows] == [footprint] and rows[0]["credit"] == ""
        line = json.loads(run("ledger", sleeper.pid, "phys_footprint", "-o", "jsonl").stdout)
        assert line["balance"] == int(footprint)


def test_a_process_is_found_by_its_name():
    with Sleeper() as sleeper:
        assert names(NAME, "phys_mem") == ["phys_mem"]
        with Sleeper() as another:
            refused("ledger", NAME, code=2, say=another.pid)
        assert names(sleeper.pid, "phys_mem") == ["phys_mem"]


def test_what_is_refused():
    refused("ledger", code=2, say="which process")
    refused("ledger", "1", "pss", "phys_mem", code=2, say="which process")
    refused("ledger", "", code=2, say="names no process")
    refused("ledger", "4194303", code=3, say="there is no process 4194303")
    refused("ledger", "no-such-process-anywhere", code=3, say="no-such-process-anywhere")


def test_what_is_denied():
    try:
        open("/proc/1/smaps_rollup").read()
        print("process 1 denies us nothing")
        return
    except PermissionError:
        pass
    result = run("ledger", "1", "pss", code=77)
    assert result.stdout.split("\n")[1].split()[:3] == ["physmem", "pss", "-"], result.stdout
    assert names("1", "phys_mem") == ["phys_mem"], "that is told everybody"
    assert "denied for" in run("ledger", "1").stdout


def test_the_server_stops():
    run("server", "stop")


tests(dict(globals()))

#!/usr/bin/python3
"""get, show and tree, and the options that say how, with a server that follows a script and
with the real one."""
import csv
import io
import json
import os
import re
import subprocess
import sys
import time

from procctl_support import (PROCCTL, Server, Terminal, check_golden, on_terminal, protocol,
                             refused, run, tests, wait_for)

pb = protocol()


def attribute(number, name, kind=pb.GAUGE, unit=pb.NO_UNIT, type=pb.U64, **fields):
    return pb.Attribute(table=pb.PROCESS, id=number, name=name, type=type, unit=unit, kind=kind,
                        text="A sentence.", **fields)


NO_GPU = {"state": pb.UNSUPPORTED, "reason": "no GPU found on this host", "source": "gpu"}
ATTRIBUTES = [
    attribute(4, "pid", pb.CONSTANT, source="identity"),
    attribute(5, "ppid", source="stat"),
    attribute(12, "comm", type=pb.TEXT, source="stat"),
    attribute(44, "cmdline", type=pb.TEXT, cost=pb.SLOW, source="cmdline"),
    attribute(3, "exit.status", source="exit"),
    attribute(16, "cpu.total", pb.COUNTER, pb.NANOSECONDS, source="clock"),
    attribute(51, "cpu.usage", pb.DERIVED, pb.CORES, pb.F64, rule=pb.CPU_RATE, input=16),
    attribute(22, "mem.resident", unit=pb.BYTES, source="status"),
    attribute(66, "mem.footprint", unit=pb.BYTES, source="status"),
    attribute(48, "mem.pss", unit=pb.BYTES, cost=pb.SLOW, source="smaps",
              remedy="run the server as root"),
    attribute(65, "mem.wired", unit=pb.BYTES, state=pb.UNSUPPORTED, reason="not on this system"),
    attribute(72, "disk.read", pb.COUNTER, pb.BYTES, source="io", remedy="run the server as root"),
    attribute(96, "gpu.time", pb.COUNTER, pb.NANOSECONDS, **NO_GPU),
    attribute(98, "gpu.memory", unit=pb.BYTES, **NO_GPU),
]


def process(pid, ppid, comm, **values):
    return {"pid": pid, "ppid": ppid, "comm": comm, "cmdline": f"/bin/{comm} --number {pid}",
            "cpu.total": pid * 10**9, "mem.resident": pid << 20, "mem.footprint": pid << 19,
            **values}


ROWS = [process(1, 0, "init"), process(20, 1, "shell"), process(21, 20, "make"),
        process(22, 21, "cc"), process(23, 21, "hostile\033[2J"), process(30, 1, "daemon"),
        process(40, 999, "orphan"), process(50, 51, "chicken"), process(51, 50, "egg")]


def serve(rows=ROWS):
    server = Server(pb, ATTRIBUTES, rows)
    server.steady = True
    return server


# ------------------------------------------------------------------------------- get

def test_get_prints_one_value_a_line():
    server = serve()
    assert run("get", "mem.footprint", "20").stdout == f"{20 << 19}\n"
    assert run("get", "comm", "mem", "pid,comm", "20").stdout == \
        f"shell\n{20 << 20}\n{20 << 19}\n20\nshell\n"
    assert run("get", "comm", "23").stdout == "hostile?[2J\n"
    assert run("get", "resident", "30,20").stdout == f"{30 << 20}\n{20 << 20}\n"
    assert run("get", "--units", "human", "mem", "20").stdout == "20.0M\n10.0M\n"
    assert sorted(server.requests[0].attributes) == [66] and list(server.requests[0].pids) == [20]


def test_get_tells_what_is_missing():
    server = serve()
    result = run("get", "pid,mem.pss,comm", "20", code=77)
    assert result.stdout == "20\n\nshell\n"
    assert result.stderr == \
        "procctl: mem.pss of process 20: denied: run the server as root\n", result.stderr
    result = run("get", "gpu", "20", code=1)
    assert result.stdout == "\n\n" and result.stderr.count("no GPU found on this host") == 2
    result = run("get", "gpu.time,disk.read", "20", code=77)
    result = run("get", "pid", "20,998", code=3)
    assert result.stdout == "" and "no process 998" in result.stderr
    refused("get", say="procctl get")
    refused("get", "20", say="procctl get")
    refused("get", "pid", "comm", say="123,456")
    refused("get", "residnet", "20", say="near: mem.resident")


def test_get_with_descendants():
    server = serve()
    assert run("get", "--children", "pid", "20").stdout == "20\n21\n22\n23\n"
    assert run("get", "--children", "pid", "1").stdout.split() == \
        ["1", "20", "21", "22", "23", "30"]
    assert not server.requests[0].pids  # who descends from them is seen in the whole table


# ------------------------------------------------------------------------------ show

def test_show_golden():
    server = serve([process(20, 1, "shell", cmdline="/bin/sh -c '" + "word " * 20 + "'",
                            **{"exit.status": 9})])
    check_golden("show-80.txt", on_terminal("show", "20"))
    check_golden("show-pipe.txt", run("show", "20").stdout)


def test_show_for_programs():
    server = serve()
    document = json.loads(run("show", "20", "-o", "json").stdout)
    rows = {row["name"]: row for row in document["rows"]}
    assert set(rows) == {entry.name for entry in ATTRIBUTES}
    assert rows["mem.resident"]["value"] == 20 << 20 and rows["mem.resident"]["unit"] == "bytes"
    assert rows["mem.resident"]["source"] == "status"
    assert rows["comm"]["value"] == "shell" and rows["comm"]["state"] == "ok"
    assert rows["mem.pss"]["value"] is None and rows["mem.pss"]["state"] == "denied"
    assert "run the server as root" in rows["mem.pss"]["why"]
    assert rows["mem.wired"]["why"] == "unsupported: not on this system"
    (record,) = [record for record in csv.DictReader(io.StringIO(run("show", "20", "-o",
                 "csv").stdout)) if record["name"] == "mem.footprint"]
    assert record["value"] == str(20 << 19)
    refused("show", say="procctl show")
    refused("show", "1,2", say="procctl show")
    refused("show", "x", say="123")
    run("show", "998", code=3)


# ------------------------------------------------------------------------------ tree

def test_tree_golden():
    server = serve()
    os.environ["LC_ALL"] = "C.UTF-8"
    check_golden("tree-80.txt", on_terminal("tree", "-a", "mem,cpu.total"))
    os.environ["LC_ALL"] = "C"
    check_golden("tree-ascii.txt", on_terminal("tree", "-a", "mem.resident", "--sum", columns=50))
    os.environ["LC_ALL"] = "C.UTF-8"


def test_tree_of_some():
    server = serve()
    out = run("tree", "20,40", "-a", "cmdline", "--no-header").stdout
    assert [line.split()[0] for line in out.splitlines()] == ["20", "21", "22", "23", "40"]
    assert "/bin/make --number 21" in out and "shell" in out
    run("tree", "998", code=3)
    refused("tree", "1", "2", say="commas")
    refused("tree", "x", say="123")


def test_tree_for_programs():
    server = serve()
    rows = json.loads(run("tree", "-a", "mem", "--sum", "-o", "json").stdout)["rows"]
    assert [row["pid"] for row in rows][:6] == [1, 20, 21, 22, 23, 30]
    assert rows[2] == {"pid": 21, "ppid": 20, "mem.resident": 66 << 20, "mem.footprint": 66 << 19,
                       "comm": "make"}, rows[2]
    rows = json.loads(run("tree", "-s", "mem.resident", "-a", "pid", "-o", "json").stdout)["rows"]
    pids = [row["pid"] for row in rows]
    assert pids.index(30) < pids.index(20) and pids.index(23) < pids.index(22), pids


# ---------------------------------------------------------------------------- doctor

def test_doctor_golden():
    os.chmod(os.path.dirname(os.environ["PROCMON_SOCKET"]), 0o700)
    server = serve()
    terminal = Terminal("doctor")
    assert terminal.end() == 1  # the version, the socket, and what is denied
    shown = terminal.output.decode().replace("\r\n", "\n")
    terminal.close()
    assert max(map(len, shown.split("\n"))) <= 80, shown
    checks, tables = shown.split("\n\n", 1)
    assert "- server: this is procctl" in checks and "chmod go=" in checks, checks
    check_golden("doctor-80.txt", tables)


def test_doctor_for_programs():
    server = serve()
    document = json.loads(run("doctor", "-o", "json", code=None).stdout)
    checks = {row["check"]: row for row in document["checks"]["rows"]}
    assert checks["server"]["state"] == "wrong" and checks["server"]["remedy"]
    rows = {row["name"]: row for row in document["attributes"]["rows"]}
    assert set(rows) == {entry.name for entry in ATTRIBUTES}
    counts = ("rows", "ok", "none", "pending", "denied", "unsupported", "asleep", "failed")
    assert [rows["mem.pss"][name] for name in counts] == [9, 0, 0, 0, 9, 0, 0, 0]
    assert [rows["mem.resident"][name] for name in counts] == [9, 9, 0, 0, 0, 0, 0, 0]
    assert rows["mem.pss"]["remedy"] == "run the server as root"
    assert rows["mem.wired"]["state"] == "unsupported" and rows["mem.wired"]["rows"] is None


# --------------------------------------------------------------------------- options

def test_children_are_found_anew():
    server = serve(list(ROWS))
    server.steady = False
    process_ = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-p", "20", "--children",
                                 "-o", "json"], stdout=subprocess.PIPE, text=True)
    start = process_.stdout.readline()
    assert not server.requests[0].pids and 5 in server.requests[0].attributes
    server.rows = [row for row in ROWS if row["pid"] != 23] + [process(60, 22, "late")]
    server.frame_for_all()
    server.rows = [row for row in ROWS if row["pid"] not in (20, 21)]
    server.frame_for_all()  # what it left behind is not its descendant
    assert process_.wait(20) == 0
    frames = json.loads(start + process_.stdout.read())
    process_.stdout.close()
    assert [[row["pid"] for row in frame["rows"]] for frame in frames] == \
        [[23, 22, 21, 20], [60, 22, 21, 20], []], frames
    assert "ppid" not in frames[0]["rows"][0]
    refused("ps", "--children", say="--pid")
    refused("ps", "--children", "-p", "1", "-t", "server", say="--table")
    refused("ps", "-p", "1", "-t", "server", say="--pid is about processes")


def test_exits():
    server = serve()

    def frame(session, request, whole=server.frame):
        """20 and 21 have ended; how is only known of one."""
        server.tick += 1
        message = pb.Frame(tick=server.tick, since=0, sampled_ns=time.monotonic_ns(),
                           sampled_realtime_ns=1795230676000000000, last=True, exited=[0, 1])
        message.added.slots.extend([0, 1, 2, 3])
        message.added.identities.extend([20, 21, 22, 30])
        message.added.pids.extend([20, 21, 22, 30])
        for number in request.attributes:
            column = message.columns.add(attribute=number)
            if number == 3:
                column.default_state = pb.NONE
                column.slots.append(0)
                column.u64.append(7 << 8)
                continue
            column.slots.extend([0, 1, 2, 3])
            (column.text if number == 12 else column.u64).extend(
                ["a", "b", "c", "d"] if number == 12 else [20, 21, 22, 30])
        server.send(session, request=request.request, frame=message)
    server.frame = frame
    command = ["subscribe", "-a", "mem.resident", "--exits", "--top", "1", "-n", "1"]
    (shown,) = json.loads(run(*command, "-o", "json").stdout)
    assert server.requests[0].exits
    assert [(row["pid"], row["exited"], row["exit.status"]) for row in shown["rows"]] == \
        [(21, True, None), (20, True, 7 << 8), (30, False, None)], shown
    lines = run(*command).stdout.splitlines()
    assert [line.split()[:4] for line in lines[2:5]] == [
        ["21", "b", "ended", "21B"], ["20", "a", "exit", "7"], ["30", "d", "-", "30B"]], lines
    assert [record["exited"] for record in csv.DictReader(io.StringIO(
        run(*command, "-o", "csv").stdout))] == ["true", "true", "false"]
    refused("subscribe", "--exits", "-t", "server", say="--table")


def test_units_header_and_time():
    server = serve(ROWS[:1])
    os.environ["TZ"] = "UTC"
    out = run("ps", "-a", "mem", "--no-header", "--units", "raw", "--time").stdout
    assert out.split() == ["2026-11-21T03:11:16.000+00:00", "1", "init", "1048576", "524288"], out
    assert out.count("\n") == 1
    out = run("ps", "-a", "mem", "-o", "csv", "--no-header", "--units", "human").stdout
    assert out.split(",")[2:] == ["1", "init", "1.0M", "512K\n"], out
    (row,) = json.loads(run("ps", "-a", "mem", "-o", "json", "--units", "human").stdout)["rows"]
    assert row["mem.resident"] == "1.0M" and row["pid"] == 1, row
    refused("ps", "--units", "metric", say="human nor raw")
    refused("ps", "--cpu", "all", say="core nor total")


# ------------------------------------------------------------- with the real server

def test_get_waits_for_rates():
    run("server", "start")
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        def usage(*args):
            return float(run("get", "-i", "200ms", *args, "cpu.usage", str(child.pid)).stdout)
        wait_for(lambda: usage() > 0.1, "a busy child")
        started = time.monotonic()
        assert 0 < usage("--cpu", "total") <= 1.2 / min(2, os.cpu_count() or 1)
        assert time.monotonic() - started < 10
    finally:
        child.kill()
        child.wait()


def test_show_of_a_real_process():
    document = json.loads(run("show", str(os.getpid()), "-o", "json").stdout)
    rows = {row["name"]: row for row in document["rows"]}
    catalog = json.loads(run("attributes", "-o", "json").stdout)["rows"]
    assert set(rows) == {entry["name"] for entry in catalog}
    assert rows["pid"]["value"] == os.getpid()
    assert rows["cmdline"]["value"] and rows["cmdline"]["source"] == "cmdline"
    for row in rows.values():
        assert (row["value"] is None) == (row["state"] != "ok") == (row["why"] is not None), row
    text = on_terminal("show", str(os.getpid()))
    for name, row in rows.items():
        if row["state"] != "unsupported":
            assert f"\n  {name} " in text, name
    sections = re.findall(r"^([A-Z].*)$", text, re.M)
    assert sections[:4] == ["Identity", "State and times", "CPU", "Memory"], sections


def test_tree_of_real_processes():
    command = ["sh", "-c", "sleep 60 & sleep 61 & wait"]
    parent = subprocess.Popen(command, start_new_session=True)
    try:
        def family():
            out = run("tree", str(parent.pid), "-a", "pid", "-o", "json").stdout
            return [(row["ppid"], row["comm"]) for row in json.loads(out)["rows"]]
        wait_for(lambda: family()[1:] == [(parent.pid, "sleep")] * 2, "the children")
        assert set(run("get", "--children", "comm", str(parent.pid)).stdout.split()) == \
            {"sh", "sleep"}
    finally:
        os.killpg(parent.pid, 9)
        parent.wait()


def test_cpu_of_the_whole_machine():
    run("server", "start")
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        def usage(share):
            out = run("ps", "-a", "cpu.usage", "-p", str(child.pid), "--cpu", share, "-o",
                      "json").stdout
            return json.loads(out)["rows"][0]["cpu.usage"] or 0
        wait_for(lambda: usage("core") > 0.1, "a busy child")
        assert 0 < usage("total") < 1.2 / os.sysconf("SC_NPROCESSORS_ONLN")
    finally:
        child.kill()
        child.wait()


def test_groups_on_this_host():
    catalog = json.loads(run("attributes", "-o", "json").stdout)["rows"]
    for group in {entry["name"].split(".")[0] for entry in catalog if "." in entry["name"]}:
        members = [entry for entry in catalog if entry["name"].startswith(group + ".")
                   and entry["cost"] != "slow"]
        main = [entry for entry in members if not entry["detail"]]
        for asked, among in ((group, main), (group + ".*", members)):
            expected = [entry["name"] for entry in among if entry["state"] != "unsupported"] or \
                [entry["name"] for entry in among]
            if not expected:
                continue
            (row,) = json.loads(run("ps", "-a", asked, "-p", str(os.getpid()), "-o", "json").stdout)[
                "rows"]
            assert [name for name in row if name not in ("pid", "comm", "states")] == expected, asked


def test_what_people_want_first():
    """A narrow screen leaves out the end of a group."""
    head = run("ps", "-a", "mem,disk", "-p", "1", "-o", "csv").stdout.split("\n")[0].split(",")[4:]
    assert head[:3] == ["mem.footprint", "mem.resident", "mem.swap"], head
    assert [name for name in head if name.startswith("disk")][:2] == \
        ["disk.read_rate", "disk.write_rate"], head
    names = [line.split("\t")[0] for line in run("attributes", "--names", "gpu").stdout.splitlines()]
    assert names[:5] == ["all", "gpu", "gpu.usage", "gpu.memory", "gpu.time"], names
    (row,) = json.loads(run("attributes", "mem.stack", "-o", "json").stdout)["rows"]
    assert row["detail"] == 1
    assert "A detail: with mem.*" in run("attributes", "mem.stack").stdout
    assert "A detail" not in run("attributes", "mem.resident").stdout


def test_doctor_with_the_real_server():
    result = run("doctor", "-o", "json", code=None)
    assert result.returncode in (0, 1) and not result.stderr, result
    document = json.loads(result.stdout)
    checks = {row["check"]: row for row in document["checks"]["rows"]}
    for name in "server", "socket", "workers", "log":
        assert checks[name]["state"] == "ok", checks[name]
    if sys.platform.startswith("linux"):
        assert checks["kernel"]["detail"].startswith("Linux "), checks["kernel"]
        assert "descriptors" in checks and "/proc" in checks
    attributes = document["attributes"]["rows"]
    catalog = json.loads(run("attributes", "-t", "all", "-o", "json").stdout)["rows"]
    assert [(row["table"], row["name"]) for row in attributes] == \
        [(entry["table"], entry["name"]) for entry in catalog]
    states = ("ok", "none", "pending", "denied", "unsupported", "asleep", "failed")
    for row in attributes:
        if row["rows"] is not None:
            assert sum(row[state] for state in states) == row["rows"], row
    denied = any(row["denied"] for row in attributes)
    wrong = any(row["state"] == "wrong" for row in checks.values())
    assert result.returncode == (1 if denied or wrong else 0)
    text = run("doctor", code=None).stdout
    assert f"version {run('--version').stdout.split()[1]}" in text, text
    # of each cause there is one line, not one for each attribute
    notes = [line for line in text.splitlines() if line.startswith("- ")]
    causes = {(row["remedy"], row["reason"]) for row in attributes
              if row["denied"] or row["failed"] or row["state"] != "ok"}
    assert len(notes) <= len(causes) + 2, notes


def test_zz_the_end():
    run("server", "stop", code=None)


tests(globals())

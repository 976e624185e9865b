#!/usr/bin/python3
"""procctl with the real server on this host: every command with good and bad input, and what
ps says about the same processes."""
import csv
import ctypes
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from procctl_support import PROCCTL, ROOT, Terminal, directory, refused, run, tests, wait_for

STATES = {"none", "pending", "denied", "unsupported", "asleep", "failed"}


def strict(text):
    """JSON and nothing more: no NaN, no key twice."""
    def refuse(name):
        raise ValueError(name)

    def unique(pairs):
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)
    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


def server_pid():
    return strict(run("status", "-o", "json").stdout)["connection"]["rows"][0]["pid"]


def rows(*args):
    return strict(run("ps", "-o", "json", *args).stdout)["rows"]


def row(pid, attributes):
    (found,) = rows("-p", str(pid), "-a", attributes)
    return found


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_without_a_server():
    refused("ps", "--no-start", code=4)
    refused("subscribe", "--no-start", code=4)
    refused("attributes", "--no-start", code=4)
    refused("status", code=4)
    refused("server", "stop", code=4)
    refused("ps", "-S", f"{directory}/missing/socket", "--no-start", code=4)
    refused("ps", "-S", "/tmp/" + "x" * 120, code=1)
    assert not os.path.exists(os.environ["PROCMON_SOCKET"])


def test_usage_errors_do_not_start_a_server():
    refused("pss", say="near: ps")
    refused("subs", say="near: subscribe")
    refused("nonsense", say="procctl help")
    refused("--attrs", say="follow the command")
    refused("ps", "--bogus", say="--bogus")
    refused("ps", "-X", say="-X")
    refused("ps", "--pid", say="needs an argument")
    refused("ps", "-p", "1,x", say="123,456")
    refused("ps", "-p", "0")
    refused("ps", "-o", "xml", say="json")
    refused("ps", "--top", "0")
    refused("ps", "-t", "nonsense", say="tables are process, system")
    refused("ps", "extra", say="extra")
    refused("ps", "-n", "1", say="-n")  # not an option of ps
    refused("subscribe", "-i", "0", say="500ms")
    refused("subscribe", "-i", "soon", say="500ms")
    refused("subscribe", "-n", "-1")
    refused("server", say="start")
    refused("server", "again", say="stop")
    refused("help", "nonsense")
    assert run(code=2).stderr.startswith("procctl: which command")
    assert not os.path.exists(os.environ["PROCMON_SOCKET"])


def test_help():
    assert re.fullmatch(r"procctl \d+\.\d+\.\d+\n", run("--version").stdout)
    overview = run("--help").stdout
    assert overview == run("help").stdout == run("-h").stdout
    for name in re.findall(r"^  ([a-z]+) ", overview, re.M):
        if name == "procctl":
            continue
        text = run("help", name).stdout
        assert text == run(name, "--help").stdout == run(name, "-h").stdout
        assert text.startswith(f"Usage: procctl {name}") and "Examples:" in text
        assert max(map(len, text.splitlines())) <= 80, text


def test_manual_names_every_command_and_option():
    with open(os.path.join(ROOT, "client", "procctl.1")) as file:
        manual = file.read()
    for name in re.findall(r"^  ([a-z]+) ", run("help").stdout, re.M):
        assert name == "procctl" or f".It Cm {name}" in manual, name
        if name == "procctl":
            continue
        for letter, option in re.findall(r"^  (?:-(.), |    )--([a-zA-Z-]+)", run("help", name).stdout,
                                         re.M):
            expected = f".It Fl {letter} , -{option}" if letter else f".It Fl -{option}"
            assert expected in manual, expected
    for code in 0, 1, 2, 3, 4, 5, 77:
        assert f"\n.It {code}\n" in manual


def test_completion_has_what_the_help_has():
    lines = [line.split("\t") for line in run("help", "--raw").stdout.splitlines()]
    assert {line[0] for line in lines} == {"values", "command", "option"}
    assert all(all(line) for line in lines), "an empty field"
    assert dict(line[1:] for line in lines if line[0] == "values")["FORMAT"].split()[0] == "table"
    commands = [line[1] for line in lines if line[0] == "command"]
    assert commands == [name for name in re.findall(r"^  ([a-z]+) ", run("help").stdout, re.M)
                        if name != "procctl"]
    for name in commands:
        shown = re.findall(r"^  (?:(-.), |    )(--[a-zA-Z-]+)(?: (\S+))?  +(.*)",
                           run("help", name).stdout, re.M)
        mine = [line[2:] for line in lines if line[:2] == ["option", name]]
        assert [[letter or "-", option, argument or "-", text]
                for letter, option, argument, text in shown] == mine
    names = [line.split("\t") for line in run("attributes", "--names").stdout.splitlines()]
    catalog = strict(run("attributes", "-o", "json").stdout)["rows"]
    texts = dict(names)
    assert len(texts) == len(names) and {"all", "mem", "gpu"} <= set(texts)
    assert all(texts[entry["name"]] == entry["text"] for entry in catalog)


def test_start_and_stop():
    out = run("server", "start").stdout
    pid = server_pid()
    assert out == f"the server runs as process {pid}\n"
    assert run("server", "start").stdout == out
    assert run("server", "stop").stdout == f"stopped process {pid}\n"
    assert not alive(pid)
    run("status", code=4)
    run("ps", "--no-start", code=4)


def test_examples_work():
    for name in ("subscribe", "ps", "tree", "get", "show", "attributes", "limits", "status", "doctor",
                 "server", "help"):
        examples = run("help", name).stdout.split("Examples:\n")[1]
        for line in examples.splitlines():
            command = line.split("  procctl ")[1].split(" | ")[0].split()
            if "1234" in command:
                command[command.index("1234")] = str(os.getpid())
            if name == "subscribe":
                command += ["-i", "100ms"] + ([] if "-n" in command else ["-n", "1"])
            if command[:2] == ["server", "stop"]:
                continue
            if name == "status":
                run("server", "start")
            result = run(*command, code=None)
            good = (0, 1) if name == "doctor" else (0,)
            assert result.returncode in good and result.stdout, (command, result)
            assert result.stderr == "" or "no process" in result.stderr, (command, result)


def test_every_attribute_in_every_format():
    catalog = strict(run("attributes", "-o", "json").stdout)["rows"]
    names = [entry["name"] for entry in catalog]
    assert len(names) == len(set(names)) > 50
    for entry in catalog:
        assert entry["text"].endswith(".") and entry["type"] in ("u64", "i64", "f64", "text")
        assert (entry["state"] == "ok") == (entry["reason"] is None), entry
    found = row(os.getpid(), ",".join(names))
    assert set(found) - {"states"} == set(names)
    for name in names:
        assert (found[name] is None) == (name in found.get("states", {})), name
    assert set(found.get("states", {}).values()) <= STATES
    by_name = {entry["name"]: entry for entry in catalog}
    for name, state in found.get("states", {}).items():
        if by_name[name]["state"] != "ok":
            assert state == by_name[name]["state"], name
    out = run("ps", "-p", str(os.getpid()), "-a", ",".join(names), "-o", "csv").stdout
    (record,) = csv.DictReader(io.StringIO(out))
    assert [key for key in record if key not in ("time", "tick")] == list(found)[:len(names)]
    text = run("ps", "-p", str(os.getpid()), "-a", ",".join(names)).stdout.splitlines()
    assert text[0].split() == ["pid", "comm"] + [n for n in names if n not in ("pid", "comm")]


def test_catalog_of_all_tables():
    entries = strict(run("attributes", "-t", "all", "-o", "json").stdout)["rows"]
    assert {"process", "server", "session"} <= {entry["table"] for entry in entries}
    text = run("attributes", "gpu").stdout
    assert len(text.splitlines()) == 1 + sum(e["name"].startswith("gpu.") for e in entries
                                             if e["table"] == "process")
    assert "footprint" in run("attributes", "footprint").stdout
    refused("attributes", "residnet", say="near: mem.resident")


def test_against_ps():
    if not shutil.which("ps"):
        return
    child = subprocess.Popen(["sleep", "60"])
    try:
        wait_for(lambda: row(child.pid, "state")["state"] == "S" and
                 row(child.pid, "comm")["comm"] == "sleep", "a sleeping child")
        out = subprocess.run(
            ["ps", "-o", "pid=,ppid=,uid=,gid=,pgid=,sid=,ni=,nlwp=,rss=,vsz=,etimes=,comm=", "-p",
             str(child.pid)], capture_output=True, text=True, check=True).stdout.split()
        mine = row(child.pid, "pid,ppid,uid,gid,pgid,sid,nice,cpu.threads,mem.resident,"
                              "mem.virtual,age,start.time,cmdline,exe")
        assert [str(mine[name]) for name in ("pid", "ppid", "uid", "gid", "pgid", "sid", "nice",
                                             "cpu.threads")] == out[:8], (mine, out)
        assert abs(mine["mem.resident"] // 1024 - int(out[8])) <= 512, (mine, out)
        assert mine["mem.virtual"] // 1024 == int(out[9]), (mine, out)
        assert abs(mine["age"] / 1e9 - int(out[10])) <= 2, (mine, out)
        assert abs(mine["start.time"] / 1e9 - (time.time() - mine["age"] / 1e9)) < 2
        assert mine["comm"] == out[11] and mine["cmdline"] == "sleep 60"
        assert os.path.basename(mine["exe"]) in ("sleep", "coreutils", "busybox")
    finally:
        child.kill()
        child.wait()


def test_the_same_processes_as_ps():
    if not shutil.which("ps"):
        return

    def seen_by_ps():
        out = subprocess.run(["ps", "-e", "-o", "pid="], capture_output=True, text=True,
                             check=True).stdout
        return set(map(int, out.split()))
    before = seen_by_ps()
    mine = {found["pid"] for found in rows("-a", "pid")}
    after = seen_by_ps()
    assert before & after <= mine, "processes that lived all the time are missing"
    # what we saw and ps did not came and went between: procctl and its server, at most
    assert len(mine - before - after) <= 20


def test_rate_of_a_busy_process():
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        wait_for(lambda: (row(child.pid, "cpu.usage")["cpu.usage"] or 0) > 0.1, "a busy child")
        assert row(child.pid, "cpu.usage")["cpu.usage"] < 1.2
        assert "%" in run("ps", "-p", str(child.pid), "-a", "cpu.usage").stdout
    finally:
        child.kill()
        child.wait()


def test_pid_filter():
    children = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    pids = [child.pid for child in children]
    try:
        found = rows("-a", "mem", "-p", ",".join(map(str, pids)))
        assert [one["pid"] for one in found] == sorted(pids)
        run("ps", "-p", "4194304", code=3)
        process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-i", "100ms", "-p",
                                    str(pids[0])], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        children[0].kill()
        children[0].wait()
        with process.stdout:
            process.stdout.read()
        assert process.wait(20) == 0  # its last process has ended
        run("ps", "-p", str(pids[0]), code=3)
    finally:
        for child in children:
            child.kill()
            child.wait()


def test_frames_lie_on_the_grid():
    out = run("subscribe", "-a", "cpu.usage", "-i", "200ms", "-n", "5", "-o", "json").stdout
    frames = strict(out)
    assert len(frames) == 5
    assert all(frame["interval_ns"] == 200000000 for frame in frames)
    ticks = [frame["tick"] for frame in frames]
    assert ticks == sorted(set(ticks))
    gaps = [b["realtime_ns"] - a["realtime_ns"] for a, b in zip(frames[1:], frames[2:])]
    assert all(gap > 100000000 for gap in gaps), gaps
    own = [found for found in frames[2]["rows"] if found["pid"] == os.getpid()]
    assert own[0]["cpu.usage"] is not None


def test_hostile_name_of_a_real_process():
    if not sys.platform.startswith("linux"):
        return
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(15, b"\033[2J\xff\n\xe2\x80\xae", 0, 0, 0)  # PR_SET_NAME
        signal.pause()
    try:
        wait_for(lambda: row(pid, "comm")["comm"].startswith("?[2J"), "the name")
        for form in "table", "json", "jsonl", "csv":
            out = run("ps", "-p", str(pid), "-a", "mem", "-o", form, text=False).stdout.decode()
            assert "\033" not in out and "\u202e" not in out and "?[2J???" in out, (form, out)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_status():
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem.resident,disk", "-o", "csv"],
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    document = strict(run("status", "-o", "json").stdout)
    (connection,) = document["connection"]["rows"]
    assert alive(connection["pid"])
    assert connection["socket"] == os.environ["PROCMON_SOCKET"]
    (session,) = document["session"]["rows"]  # ours is left out
    assert session["client"] == "procctl" and session["client_pid"] == process.pid
    assert session["request_table"] == "process" and "mem.resident" in session["attributes"]
    names = [source["name"] for source in document["server"]["rows"]]
    assert "total" in names and len(names) > 1, names
    text = run("status").stdout
    assert re.search(rf"pid +{connection['pid']}\n", text) and "mem.resident" in text, text
    for form in "jsonl", "csv":
        assert run("status", "-o", form).stdout
    (total,) = [source for source in document["server"]["rows"] if source["name"] == "total"]
    assert total["exits"] is None
    if sys.platform.startswith("linux"):
        assert re.search(rf"features +{re.escape(total['features'])}\n", text), text
    process.stdout.close()
    process.kill()
    process.wait()


def test_ended_processes():
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "cpu.total", "--exits", "-i", "100ms",
                                "-o", "jsonl"], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    assert "\nexits " in run("status").stdout  # by which means it is told
    child = subprocess.Popen(["sh", "-c", "exit 7"])
    child.wait()
    with process.stdout:
        for line in process.stdout:
            found = strict(line)
            if found["pid"] == child.pid and found["exited"]:
                break
    process.kill()
    process.wait()
    assert found["exit.status"] in (7 << 8, None), found


def test_head_takes_one_line():
    result = subprocess.run(
        f"{PROCCTL} subscribe -a mem -i 100ms | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
        executable="/bin/bash", capture_output=True, text=True, timeout=20)
    assert result.stderr == "" and result.stdout.split()[-1] in ("0", "141"), result


def test_interrupted_on_a_terminal():
    terminal = Terminal("subscribe", "-a", "mem,gpu", "-i", "200ms")
    terminal.wait_for(b"processes")
    lines = terminal.screen()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80, lines
    terminal.type(b"\003")
    assert terminal.end() == -signal.SIGINT and terminal.is_restored()
    assert b"procctl:" not in terminal.output
    terminal.close()


def test_one_shot_on_a_terminal_is_not_cut_in_height():
    terminal = Terminal("ps", "-a", "cmdline", rows=5, columns=60)
    assert terminal.end() == 0
    lines = terminal.output.decode().split("\r\n")
    assert len(lines) > 5 and max(map(len, lines)) <= 60, lines
    at = terminal.output.find(b"\033")
    assert at < 0, terminal.output[max(0, at - 100):at + 100]
    terminal.close()


def test_server_stops_under_a_subscriber():
    run("server", "start")
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-o", "jsonl"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    run("server", "stop")
    with process.stdout, process.stderr:
        process.stdout.read()
        assert process.stderr.read() == "procctl: the server was stopped\n"
    assert process.wait(20) == 4


def test_server_is_killed_under_a_live_table():
    run("server", "start")
    terminal = Terminal("subscribe", "-a", "mem")
    terminal.wait_for(b"processes")
    os.kill(server_pid(), signal.SIGKILL)
    assert terminal.end() == 4 and terminal.is_restored()
    assert b"procctl: the server is gone\r\n" in terminal.output
    terminal.close()
    run("ps", "-a", "mem")  # starts another one in its place


def test_zz_the_end():
    run("server", "stop", code=None)


tests(globals())

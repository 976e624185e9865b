#!/usr/bin/python3
"""procctl against a server that follows a script: what is shown to the byte, names that try
to drive the terminal, and every way in which a live table can end."""
import csv
import io
import json
import os
import signal
import subprocess

from procctl_support import (PROCCTL, Server, Terminal, directory, protocol, refused, run, tests,
                             wait_for)

pb = protocol()


def attribute(number, name, kind=pb.GAUGE, unit=pb.NO_UNIT, type=pb.U64, **fields):
    return pb.Attribute(table=pb.PROCESS, id=number, name=name, type=type, unit=unit, kind=kind,
                        text="A sentence.", **fields)


ATTRIBUTES = [
    attribute(4, "pid", pb.CONSTANT),
    attribute(12, "comm", type=pb.TEXT),
    attribute(16, "cpu.total", pb.COUNTER, pb.NANOSECONDS),
    attribute(51, "cpu.usage", pb.DERIVED, pb.CORES, pb.F64, rule=pb.CPU_RATE, input=16),
    attribute(22, "mem.resident", unit=pb.BYTES),
    attribute(44, "cmdline", type=pb.TEXT, cost=pb.SLOW),
    attribute(96, "gpu.time", pb.COUNTER, pb.NANOSECONDS, state=pb.UNSUPPORTED,
              reason="no GPU found on this host"),
    attribute(98, "gpu.memory", unit=pb.BYTES, state=pb.UNSUPPORTED,
              reason="no GPU found on this host"),
]
ROWS = [{"pid": number, "comm": f"name{number}", "cpu.total": number * 10**9,
         "mem.resident": number << 20, "cmdline": f"/bin/name {number}"}
        for number in range(1, 31)]
HOSTILE = ["\033[2J\033[H", "\033]0;owned\007", "\033]52;c;aGk=\007", "\u009b2J", "\x7f\b\b",
           "a\nb\r\n", "\u202egpj.exe", "\u2066x\u2069", "\u200bzero\ufeff", "\u2028\u2029",
           "\"},\"x\":[", "',;|", "=cmd()", "\u061c\u200e\u200f", "%s%n", "e\u0301\u0301"]


def serve(rows=ROWS):
    return Server(pb, ATTRIBUTES, rows)


def finish(process):
    """What is left of its output; communicate() would lose what readline() has read ahead."""
    with process.stdout, process.stderr:
        out, complaint = process.stdout.read(), process.stderr.read()
    process.wait(20)
    return out, complaint


def test_json_is_exact():
    rows = [{"pid": 7, "comm": "x", "mem.resident": 2**64 - 1, "cpu.total": 2**63 + 1}]
    server = serve(rows)
    out = run("ps", "-a", "mem,cpu.total,gpu.time", "-o", "json").stdout
    document = json.loads(out)
    assert document["table"] == "process" and document["tick"] == 1
    assert document["realtime_ns"] == 1795230676000000000
    row = document["rows"][0]
    assert row == {"pid": 7, "comm": "x", "mem.resident": 2**64 - 1, "cpu.total": 2**63 + 1,
                   "gpu.time": None, "states": {"gpu.time": "unsupported"}}, row


def test_hostile_names_in_every_format():
    rows = [{"pid": i + 1, "comm": name, "cmdline": name * 3, "mem.resident": i}
            for i, name in enumerate(HOSTILE)]
    server = serve(rows)
    for form in "table", "json", "jsonl", "csv":
        out = run("ps", "-a", "cmdline,mem", "-o", form, text=False).stdout
        shown = out.decode("utf-8")  # strict
        for character in shown:
            assert character == "\n" or character.isprintable(), f"{form}: {character!r} of {shown!r}"
    document = json.loads(run("ps", "-a", "cmdline", "-o", "json").stdout)
    assert len(document["rows"]) == len(HOSTILE)
    lines = run("ps", "-a", "cmdline", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["pid"] for line in lines] == [row["pid"] for row in rows]
    records = list(csv.DictReader(io.StringIO(run("ps", "-a", "cmdline", "-o", "csv").stdout)))
    assert len(records) == len(HOSTILE) and records[10]["comm"] == "\"},\"x\":["
    terminal = Terminal("subscribe", "-a", "cmdline,mem")
    terminal.wait_for(b"owned")
    terminal.type(b"q")
    terminal.end()
    assert b"\033]" not in terminal.output and b"\007" not in terminal.output
    assert terminal.output.count(b"\033[2J") == 1  # our own, on entering
    terminal.close()


def test_missing_values_in_csv_and_text():
    server = serve([{"pid": 1, "comm": "x"}])
    out = run("ps", "-a", "mem,gpu", "-o", "csv", "--states").stdout
    assert out.splitlines()[1].endswith(
        ",42,1,x".replace("42", str(server.tick)) +
        ",,,,mem.resident=denied gpu.time=unsupported gpu.memory=unsupported"), out
    out = run("ps", "-a", "mem,gpu").stdout
    assert out == ("pid comm mem.resident gpu.time gpu.memory\n"
                   "  1 x               -        -          -\n"
                   "- mem.resident: denied for 1 of 1 processes\n"
                   "- gpu.*: unsupported: no GPU found on this host\n"), out


def test_only_what_is_asked_for_is_requested():
    server = serve()
    run("ps", "-a", "mem", "-p", "3,1")
    request = server.requests[0]
    assert sorted(request.attributes) == [4, 12, 22], request
    assert list(request.pids) == [3, 1] and request.interval_ns == 0
    server.requests.clear()
    run("subscribe", "-a", "cpu.usage", "-n", "1", "-i", "450ms")
    request = server.requests[0]
    assert sorted(request.attributes) == [4, 12, 16], request  # the input of the derived one
    assert request.interval_ns == 500000000


def test_sort_and_top():
    server = serve()

    def pids(*args):
        out = run("ps", "-o", "jsonl", *args).stdout
        return [json.loads(line)["pid"] for line in out.splitlines()]

    everyone = list(range(1, 31))
    assert pids("-a", "mem") == everyone
    assert pids("-a", "mem", "-s", "mem.resident") == everyone[::-1]
    assert pids("-a", "mem", "-s", "resident", "--top", "3") == [30, 29, 28]
    assert pids("-a", "mem", "-s", "-resident", "--top", "3") == [1, 2, 3]
    assert pids("-a", "mem", "--top", "2") == [30, 29]
    assert pids("-a", "mem", "-s", "comm", "--top", "3") == [1, 10, 11]
    assert pids("-a", "mem", "--sort=-comm", "--top", "1") == [9]
    assert "cpu.total" in run("ps", "-a", "mem", "-s", "cpu.total", "-o", "json").stdout


def test_bad_names():
    server = serve()
    refused("ps", "-a", "mem.residnet", say="near: mem.resident")
    refused("ps", "-a", "gpi", say="near: gpu")
    refused("ps", "-a", "pid,,comm", say="empty")
    refused("ps", "-a", "xyzzyplugh", say="procctl attributes")
    refused("ps", "-s", "residnet", say="near: mem.resident")
    refused("ps", "-t", "thread", say="no table \"thread\"")
    refused("attributes", "residnet", say="near: mem.resident")


def test_processes_that_do_not_exist():
    server = serve()
    for command in "ps", "subscribe":
        result = run(command, "-a", "mem", "-p", "999,998", code=3)
        assert "no process 999" in result.stderr and "no process 998" in result.stderr
    result = run("ps", "-a", "mem", "-p", "999,1", "-o", "csv")
    assert "no process 999" in result.stderr and len(result.stdout.splitlines()) == 2


def test_complaints_are_seen_on_a_terminal():
    server = serve()
    terminal = Terminal("subscribe", "-a", "mem", "-p", "999")
    assert terminal.end() == 3 and terminal.is_restored()
    assert terminal.output == b"procctl: there is no process 999\r\n", terminal.output
    terminal.close()
    terminal = Terminal("subscribe", "-a", "mem", "-p", "999,1")
    terminal.wait_for(b"name1")
    assert terminal.output.startswith(b"procctl: there is no process 999\r\n")
    server.goodbye(pb.RESTARTING, 100000000)
    terminal.wait_for(b"restarts")
    assert b"restarts" in terminal.output.split(b"\033[?1049l")[-1]
    server.close()
    server = serve(ROWS[:3])
    terminal.wait_for(b"\033[?1049h\033[?25l\033[H\033[2J\033[H")
    terminal.type(b"q")
    assert terminal.end() == 0 and terminal.is_restored()
    terminal.close()


def test_subscribe_ends_with_its_last_process():
    server = serve(list(ROWS))
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-p", "5"],
                               stdout=subprocess.PIPE, text=True)
    assert "every 1s  1 process" in process.stdout.readline()
    server.rows = []
    server.frame_for_all()
    assert process.wait(20) == 0
    process.stdout.close()


def test_a_series_in_every_format():
    server = serve(ROWS[:2])
    for form in "table", "json", "jsonl", "csv":
        process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-n", "3", "-o", form],
                                   stdout=subprocess.PIPE, text=True)
        seen = len(server.requests)
        wait_for(lambda: len(server.requests) > seen or process.poll() is not None, "request")
        while process.poll() is None:
            server.frame(server.sessions[-1], server.requests[-1])
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        out = process.stdout.read()
        process.stdout.close()
        assert process.returncode == 0
        if form == "table":
            blocks = out.split("\n\n")
            assert len(blocks) == 3 and all("name2" in block for block in blocks), out
        elif form == "json":
            assert [len(frame["rows"]) for frame in json.loads(out)] == [2, 2, 2]
        elif form == "jsonl":
            assert len([json.loads(line) for line in out.splitlines()]) == 6
        else:
            assert len(list(csv.DictReader(io.StringIO(out)))) == 6


def test_a_stopped_series_is_a_whole_document():
    server = serve()
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-o", "json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    start = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, complaint = finish(process)
    assert process.returncode == -signal.SIGINT and complaint == ""
    assert len(json.loads(start + out)) == 1


def test_a_reader_that_goes_away():
    server = serve()
    result = subprocess.run(f"{PROCCTL} ps -a mem | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                            executable="/bin/bash", capture_output=True, text=True, timeout=20)
    assert result.stderr == "" and result.stdout.split()[-1] in ("0", "141"), result
    for blocked in False, True:  # a parent may have SIGPIPE ignored
        process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-o", "csv"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   restore_signals=not blocked)
        process.stdout.readline()
        process.stdout.close()
        while process.poll() is None:
            server.frame(server.sessions[-1], server.requests[-1])
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.returncode in (0, -signal.SIGPIPE), process.returncode


def test_a_full_disk_is_told():
    if not os.path.exists("/dev/full"):
        return
    serve()
    for command in "ps", "subscribe":
        with open("/dev/full", "w") as full:
            result = subprocess.run([PROCCTL, command, "-a", "mem"], stdout=full, text=True,
                                    stderr=subprocess.PIPE, timeout=20)
        assert result.returncode == 1, result
        assert result.stderr == "procctl: cannot write: No space left on device\n", result


def test_closed_standard_files():
    """The connection does not take the place of a file that the caller has closed."""
    serve()
    for closed in ">&-", ">&- <&-":
        result = subprocess.run(f"exec {PROCCTL} ps -a mem {closed}", shell=True, timeout=20,
                                stderr=subprocess.PIPE, text=True)
        assert result.returncode == 1 and "cannot write" in result.stderr, result
    result = subprocess.run(f"exec {PROCCTL} ps -a mem 2>&- <&-", shell=True, timeout=20,
                            stdout=subprocess.PIPE, text=True)
    assert result.returncode == 0 and "mem.resident" in result.stdout, result


def test_live_table_fits_the_screen():
    server = serve()
    terminal = Terminal("subscribe", "-a", "mem,cpu.total,gpu", rows=12, columns=60)
    terminal.wait_for(b"no GPU found")  # the last line but one
    lines = terminal.screen()
    assert len(lines) <= 12 and max(map(len, lines)) <= 60, lines
    assert "every 1s" in lines[0] and "30 processes" in lines[0]
    assert "gpu.*: unsupported: no GPU found on this host" in "\n".join(lines)
    assert lines[3].split()[:2] == ["30", "name30"], lines
    assert "name3 " not in "\n".join(lines)  # no room for all
    terminal.resize(40, 100)
    terminal.wait_for(b"name1 ")
    assert len(terminal.screen()) > 30
    terminal.type(b"x")  # no key of ours
    terminal.type(b"q")
    assert terminal.end() == 0 and terminal.is_restored()
    # what was seen last stays
    assert b"name30" in terminal.output.split(b"\033[?1049l")[-1]
    terminal.close()


def test_golden_80_columns():
    golden = os.path.join(os.path.dirname(__file__), "..", "fixtures", "golden", "live-80.txt")
    server = serve([{"pid": 1, "comm": "init", "cpu.total": 1230000000,
                           "mem.resident": 12897485, "cmdline": "/sbin/init"},
                          {"pid": 4711, "comm": "hostile\033[2J", "mem.resident": 4096}])
    terminal = Terminal("subscribe", "-a", "mem,cpu,gpu,cmdline", rows=24, columns=80)
    terminal.wait_for(b"hostile")
    shown = "\n".join(line.rstrip() for line in terminal.screen()).rstrip() + "\n"
    terminal.type(b"q")
    terminal.end()
    terminal.close()
    if os.environ.get("GOLDEN"):
        with open(golden, "w") as file:
            file.write(shown)
    with open(golden) as file:
        assert shown == file.read(), shown


def test_signals_restore_the_terminal():
    server = serve()
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV:
        terminal = Terminal("subscribe", "-a", "mem")
        terminal.wait_for(b"name30")
        if number == signal.SIGINT:
            terminal.type(b"\x03")
        else:
            terminal.signal(number)
        code = terminal.end()
        # under a sanitizer a crash ends with a report instead
        assert code == -number or number == signal.SIGSEGV, f"{number}: {code}"
        assert terminal.is_restored()
        if number != signal.SIGSEGV:
            assert b"procctl:" not in terminal.output
        terminal.close()


def test_a_silent_server():
    """What is old does not pass for new."""
    server = serve()
    terminal = Terminal("subscribe", "-a", "mem", "-i", "100ms", columns=100)
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-i", "100ms", "-n", "2", "-o", "csv"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    terminal.wait_for(b"name30")
    assert "stale" not in terminal.screen()[0]
    terminal.wait_for(b"stale: the server does not answer")
    wait_for(lambda: any("name30" in line for line in terminal.screen()), "the rows as they were")
    assert process.stderr.readline() == "procctl: the server does not answer; waiting for it\n"
    for session in server.sessions[:]:
        server.frame(session, server.requests[0])
    terminal.wait_for(b"name30")
    wait_for(lambda: "stale" not in terminal.screen()[0], "a frame that is new")
    assert process.wait(20) == 0
    terminal.type(b"q")
    assert terminal.end() == 0
    terminal.close()


def test_stop_and_go_on():
    server = serve()
    terminal = Terminal("subscribe", "-a", "mem")
    terminal.wait_for(b"name30")
    terminal.type(b"\x1a")
    pid, status = 0, 0

    def stopped():
        nonlocal status
        terminal.pump()
        child, status = os.waitpid(terminal.pid, os.WNOHANG | os.WUNTRACED)
        return child and os.WIFSTOPPED(status)
    wait_for(stopped, "the stop")
    assert terminal.is_restored()
    terminal.forget()
    terminal.signal(signal.SIGCONT)
    terminal.wait_for(b"name30")
    assert b"\033[?1049h" in terminal.output
    terminal.type(b"q")
    assert terminal.end() == 0
    assert terminal.output.count(b"\033[?1049l") == 1
    terminal.close()


def test_a_dumb_terminal_is_not_drawn_on():
    server = serve(ROWS[:3])
    terminal = Terminal("subscribe", "-a", "mem", "-n", "1", term="dumb")
    assert terminal.end() == 0
    assert b"\033" not in terminal.output and b"name3" in terminal.output
    terminal.close()


def test_server_dies_under_a_live_table():
    server = serve()
    terminal = Terminal("subscribe", "-a", "mem", "--no-start")
    terminal.wait_for(b"name30")
    server.close()
    assert terminal.end() == 4 and terminal.is_restored()
    assert b"procctl: the server is gone\r\n" in terminal.output
    terminal.close()


def test_server_is_stopped():
    server = serve()
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-o", "json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    start = process.stdout.readline()
    server.goodbye(pb.STOPPED)
    out, complaint = finish(process)
    assert process.returncode == 4 and complaint == "procctl: the server was stopped\n", complaint
    json.loads(start + out)


def test_server_restarts():
    server = serve(ROWS[:1])
    process = subprocess.Popen([PROCCTL, "subscribe", "-a", "mem", "-n", "2", "-o", "jsonl"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = json.loads(process.stdout.readline())
    server.goodbye(pb.RESTARTING, 100000000)
    assert "restarts" in process.stderr.readline()
    server.close()
    again = serve(ROWS[1:2])
    out, complaint = finish(process)
    assert process.returncode == 0 and complaint == "", complaint
    assert first["pid"] == 1 and json.loads(out)["pid"] == 2


def test_no_common_version():
    server = serve()
    server.error = pb.Error(code=pb.VERSION, text="protocol 2 or later is needed")
    for command in ["ps"], ["subscribe"], ["attributes"], ["status"], ["server", "stop"]:
        run(*command, code=5)


def test_what_listens_is_no_server():
    server = serve()
    server.send = lambda session, **fields: session.sendall(b"HTTP/1.1 400 Bad\r\n\r\n" * 9)
    run("ps", "--no-start", code=5)


def test_an_unsafe_place_is_refused():
    os.mkdir(f"{directory}/open")
    os.chmod(f"{directory}/open", 0o777)
    there = Server(pb, ATTRIBUTES, ROWS, path=f"{directory}/open/socket")
    run("ps", "-S", there.path, "--no-start", code=77)


tests(globals())

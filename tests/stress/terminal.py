"""Terminal and formats: no name drives the terminal, JSON is JSON, and what was there before comes back."""
import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import termios
import time
import unicodedata

from promise import Skipped, pick, promise
from server import Client, Place, message, varint

NAMES = 200


# ------------------------------------------------------------------------------ hostile names

def hostile_names():
    """As bytes; none has a NUL."""
    names = [b"\x1b[2J\x1b[H", b"\x1b[8mhidden", b"\x1bc", b"\x1b[6n", b"\x1b[?1049l", b"\x1b]0;owned\x07",
             b"\x1b]52;c;aGk=\x07", b"\x1b]8;;http://x\x1b\\y", b"\x1bP1$r\x1b\\", b"\x1b_x\x1b\\", b"\x9b2J",
             b"\x9d52;c;x\x9c", "\u009b2J".encode(), b"\b\b\b\x7f", b"a\nb\r\nc", b"row\rover", b"1\t2\v3\f",
             b"\"},\"x\":[", b"\\\"\\u0000\\", b"',;|`$(id)", b"=cmd()", b"%s%n%n", b"</script>", b"",
             b"\xff\xfe\xfd", b"\xe2\x82", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xed\xa0\x80",
             b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xc2", b"\x80", b"x\xc2\x1b[2J",
             ("e" + "\u0301" * 60).encode(), "\u0489".encode() * 70, "\u200bzero\ufeff".encode(),
             "\U000e0041\U000e007f".encode(), "\U0001f469\u200d\U0001f4bb".encode(), "\ufffd".encode()]
    names += [b"c%cx" % control for control in [*range(1, 32), 127]]
    names += [b"r%cx" % control for control in range(0x80, 0xa0)]
    names += [f"u{chr(control)}x".encode() for control in range(0x80, 0xa0)]
    names += [f"b{chr(control)}x".encode() for control in INVISIBLE]
    chance = random.Random(1)
    while len(names) < NAMES:
        names.append(bytes(chance.randrange(1, 256) for _ in range(15)))
    return names[:NAMES]


# Controls of the direction of writing, and what is not seen at all.
INVISIBLE = [0x61c, 0x200e, 0x200f, *range(0x202a, 0x202f), *range(0x2066, 0x206a), 0xad, 0x34f, 0x115f,
             0x180e, 0x200b, 0x200c, 0x200d, 0x2028, 0x2029, 0x2060, 0x3164, 0xfeff]
# What procctl itself says to a terminal.
OWN = re.compile(rb"\x1b\[(?:[HJKm]|1m|2J|\?25[lh]|\?1049[lh])|\r(?=\r*\n|\d+ of \d+ processes|\x1b\[K|$)")


def find_control(shown):
    """The first thing in the output that is not plain text, or None."""
    try:
        text = OWN.sub(b"", shown).decode("utf-8")
    except UnicodeDecodeError as error:
        return repr(error)
    for at, character in enumerate(text):
        control = unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")
        if (control and character not in "\n\t") or ord(character) in INVISIBLE:
            return f"{character!r} in {text[max(0, at - 60):at + 60]!r}"
    return None


@contextlib.contextmanager
def hostile_processes(place):
    """Processes whose programs, directories and arguments have these names; one has 2 MB of them."""
    names, processes = hostile_names(), []
    waits, goes_on = os.pipe()
    original = os.fsencode(place.root / "program")
    shutil.copy(shutil.which("dash") or shutil.which("sh"), original)
    for number, name in enumerate(names):
        folder = b"%s/%d" % (os.fsencode(place.root), number) + name.replace(b"/", b"")[:200]
        os.mkdir(folder)
        program = os.path.join(folder, name.replace(b"/", b"")[:200].strip(b".") or b"-")
        os.link(original, program)
        arguments = [name[:100000], b"-c", b"read x", name, name * 3]
        if number == 0:
            arguments += [(name + bytes([1 + i % 255])) * 8000 for i in range(25)]
        processes.append(subprocess.Popen(arguments, executable=program, cwd=folder, stdin=waits))
    try:
        yield [process.pid for process in processes]
    finally:
        os.close(waits)
        os.close(goes_on)
        for process in processes:
            process.wait()


@contextlib.contextmanager
def hostile_clients(path):
    clients = []
    try:
        for name in hostile_names():
            client = Client(path, hello=False)
            clients.append(client)
            hello = b"\x08\x01\x10\x01\x1a" + varint(len(name)) + name
            client.send(message(b"\x0a" + varint(len(hello)) + hello))
            client.receive()
        yield
    finally:
        for client in clients:
            client.socket.close()


@contextlib.contextmanager
def hostile_place():
    """A server that sees them all, and that procctl finds; their pids."""
    with Place() as place:
        place.start()
        os.environ["PROCMON_SOCKET"] = str(place.path)
        with hostile_processes(place) as pids, hostile_clients(place.path):
            yield pids


# ------------------------------------------------------------------------------ what is shown

FORMS = [["-o", "table"], ["-o", "json"], ["-o", "jsonl"], ["-o", "csv", "--states"]][:pick(1, 4)]
TEXTS = "comm,name,exe,cwd,cmdline,cgroup"


def commands_for_all(pids):
    """What shows many of them at once; without its format."""
    list_of = ",".join(map(str, pids))
    yield "ps", "-a", TEXTS, "-p", list_of
    yield "tree", str(os.getpid()), "-a", TEXTS
    yield "table", "session", "-a", "all"
    yield "status",
    yield "threads", list_of, "-i", "100ms"
    yield "groups", "-i", "100ms"


def commands_for_one(pid):
    yield "show", str(pid)
    yield "regions", str(pid)
    yield "mem", str(pid)
    yield "ledger", str(pid)


def captured(support, *arguments, code=0):
    result = support.run(*arguments, code=code, text=False)
    return result.stdout + result.stderr


def on_terminal(support, *arguments, rows=24, columns=200, live=False):
    """What it shows on a terminal; live: until it was there for a while."""
    terminal = support.Terminal(*arguments, rows=rows, columns=columns)
    try:
        if live:
            terminal.wait_for(b"\033[?1049h")
            for _ in range(pick(2, 10)):
                terminal.pump(0.1)
            terminal.type(b"q")
        terminal.end()
    finally:
        terminal.close()
    return terminal.output


def everything_shown(support, pids):
    """Every mode of output, one after the other."""
    for command in commands_for_all(pids):
        for form in FORMS:
            yield captured(support, *command, *form)
        yield on_terminal(support, *command)
    for pid in pids[:pick(1, 20)]:
        for command in commands_for_one(pid):
            for form in FORMS:
                yield captured(support, *command, *form, code=None)
    for pid in pids[:pick(1, 5)]:
        for command in commands_for_one(pid):
            yield on_terminal(support, *command)
        yield on_terminal(support, "mem", str(pid), "--explain", "--long")
    yield captured(support, "get", "comm", "exe", "cmdline", ",".join(map(str, pids)))
    yield captured(support, "footprint", "--verbose", "--wide", *map(str, pids[:pick(5, NAMES)]))
    yield on_terminal(support, "footprint", *map(str, pids[:pick(5, NAMES)]))
    for size in (24, 80), (300, 400):
        yield on_terminal(support, "subscribe", "-a", TEXTS, "-i", "100ms", rows=size[0],
                          columns=size[1], live=True)


def complaints(support):
    """About arguments that are no better."""
    for name in hostile_names()[:pick(3, NAMES)]:
        name = os.fsdecode(name)
        for command in ["ps", "-a", name], [name], ["regions", name], ["get", name, "1"]:
            yield captured(support, *command, code=None)


def names_shown(support, pids):
    """Of how many of the processes a table has the name: else nothing was proved."""
    shown = support.run("ps", "-a", TEXTS, "-p", ",".join(map(str, pids)), "-o", "json").stdout
    return sum(bool(row["comm"]) and bool(row["exe"]) for row in json.loads(shown)["rows"])


@promise("G1", "no name of a process, a program, a client or an argument drives the terminal", seconds=300)
def harmless(figures):
    import procctl_support as support
    with hostile_place() as pids:
        found, count = [], 0
        for shown in [*everything_shown(support, pids), *complaints(support)]:
            count += 1
            control = find_control(shown)
            if control:
                found.append(control)
                print(control)
        figures.exactly("hostile names", names_shown(support, pids), NAMES)
    figures.exactly("outputs with a control", len(found), 0)
    figures.note("outputs", count)


# ----------------------------------------------------------------------------------- JSON

def refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def refuse_twins(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError(f"a key twice: {[key for key, _ in pairs]}")
    return dict(pairs)


def strict(document):
    """Python's parser, made as strict as the standard."""
    return json.loads(document.decode("utf-8"), parse_constant=refuse_constant,
                      object_pairs_hook=refuse_twins)


def find_flaw(document, lines):
    try:
        if lines:
            for line in document.splitlines():
                strict(line)
        else:
            strict(document)
    except ValueError as error:
        return f"Python: {error}"
    said = subprocess.run(["jq", "-e", "."], input=document, capture_output=True, check=False)
    return None if said.returncode == 0 else f"jq: {said.stderr.decode(errors='replace')}"


def documents(support, pids):
    """The commands, each as JSON and in lines."""
    commands = [*commands_for_all(pids), ("ps", "-a", "all", "-i", "100ms"),
                ("subscribe", "-a", TEXTS, "-n", "3", "-i", "100ms")]
    commands += [(name,) for name in pick(["attributes"], ["attributes", "doctor", "limits"])]
    commands += [(name, "-i", "100ms") for name in pick(
        ["system"], ["system", "cpu", "disks", "net", "sensors", "power", "gpu"])]
    for pid in pids[:pick(1, 20)]:
        commands += commands_for_one(pid)
    for command in commands:
        for form in "json", "jsonl":
            result = support.run(*command, "-o", form, code=None, text=False)
            if result.returncode == 0:
                yield result.stdout, form == "jsonl"
    yield support.run("footprint", "--verbose", "-o", "json", *map(str, pids[:pick(5, NAMES)]),
                      text=False).stdout, False


@promise("G2", "whatever the names, jq and a strict Python take the JSON", seconds=300)
def valid(figures):
    import procctl_support as support
    if shutil.which("jq") is None:
        raise Skipped("there is no jq")
    count, flaws = 0, []
    with hostile_place() as pids:
        for document, lines in documents(support, pids):
            count += 1
            flaw = find_flaw(document, lines) if document.strip() else None
            if flaw:
                flaws.append(flaw)
                print(flaw, document[:2000])
        figures.exactly("hostile names", names_shown(support, pids), NAMES)
    figures.exactly("documents that one refuses", len(flaws), 0)
    figures.note("documents", count)


# -------------------------------------------------------------------------- the terminal after all

ENDS = ["INT", "TERM", "HUP", "QUIT", "SEGV", "ABRT", "BUS", "FPE", "ILL"]


def is_as_before(terminal):
    """The settings, the cursor, and the screen that the user had."""
    last = dict(re.findall(rb"\x1b\[\?(25|1049)([hl])", terminal.output))
    return termios.tcgetattr(terminal.slave) == terminal.before and last.get(b"25", b"h") == b"h" and \
        last.get(b"1049", b"l") == b"l"


def end(terminal, name):
    try:
        terminal.end()
    except AssertionError as error:
        raise SystemExit(f"SIG{name} does not end it: {error}, {terminal.output[-300:]!r}") from None


def live(support, delay):
    """procctl on a terminal, after a while: None waits until it draws."""
    terminal = support.Terminal("subscribe", "-i", "100ms", "--no-start")
    if delay is None:
        terminal.wait_for(b"\033[?1049h")
    else:
        time.sleep(delay)
        terminal.pump(0)
    return terminal


def after_signal(support, name, delay):
    terminal = live(support, delay)
    if name == "INT" and delay is None:
        terminal.type(b"\x03")
    else:
        terminal.signal(getattr(signal, "SIG" + name))
    return terminal


def after_stop(support, delay):
    """Stopped by the keyboard and sent on, and then ended."""
    terminal = live(support, delay)
    terminal.signal(signal.SIGTSTP)

    def stopped():
        terminal.pump()
        child, status = os.waitpid(terminal.pid, os.WNOHANG | os.WUNTRACED)
        return child and os.WIFSTOPPED(status)
    support.wait_for(stopped, "the stop")
    assert is_as_before(terminal), terminal.output
    terminal.signal(signal.SIGCONT)
    terminal.pump(0.1)
    terminal.signal(signal.SIGTERM)
    return terminal


def after_server(support, place, number):
    """The server ends under it."""
    server = place.start()
    terminal = live(support, None)
    server.send_signal(number)
    server.wait()
    return terminal


def terminals(support, place):
    """What was shown on one after each end, at its best and at any moment."""
    for number in signal.SIGKILL, signal.SIGTERM:
        yield f"server {number.name}", after_server(support, place, number)
    place.start()
    chance = random.Random(1)
    for delay in [None] + [chance.uniform(0, 0.1) for _ in range(pick(1, 25))]:
        for name in ENDS:
            yield name, after_signal(support, name, delay)
        if delay is None:
            yield "TSTP", after_stop(support, delay)


@promise("G3", "the terminal is as before, whatever ends procctl", seconds=300)
def restored(figures):
    import procctl_support as support
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python's handler, and what nohup and a shell without jobs have left.
    for number in signal.SIGINT, signal.SIGHUP, signal.SIGQUIT:
        signal.signal(number, signal.SIG_DFL)
    count = 0
    with Place() as place:
        os.environ["PROCMON_SOCKET"] = str(place.path)
        left = []
        for name, terminal in terminals(support, place):
            end(terminal, name)
            count += 1
            if not is_as_before(terminal):
                left.append(name)
                print(name, terminal.output[-300:])
            terminal.close()
    figures.exactly("terminals left in disorder", len(left), 0)
    figures.at_least("ends", count, 2 + len(ENDS))

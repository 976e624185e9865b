#!/usr/bin/env python3
"""Completion of procctl as it is installed: what can follow, and that each shell puts it in."""
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import time

from installation import Installation, check, run, skip_with_sanitizers

PATIENCE = 20
START = {
    # ^X shows the line and begins a new one.
    "bash": ("--norc --noprofile -i", r"""
        bind -x '"\C-x": printf "%s|\n" "$READLINE_LINE" >>"$SEEN"; READLINE_LINE='
        bind 'set completion-query-items 0'
        source "$PREFIX/share/bash-completion/completions/procctl"
        echo ready | tr a-z A-Z
        """),
    "zsh": ("-f -i", r"""
        fpath=("$PREFIX/share/zsh/site-functions" $fpath)
        autoload -Uz compinit && compinit -u -D
        show() { print -r -- "$BUFFER|" >>"$SEEN"; BUFFER=; }
        zle -N show && bindkey '^X' show
        LISTMAX=10000
        echo ready | tr a-z A-Z
        """),
}
# What is typed before a tab, and the line then. After a name that others may follow there is no
# blank. All shells agree.
TYPED = {
    "procctl subs": "procctl subscribe ",
    "procctl help attr": "procctl help attributes ",
    "procctl ps --sor": "procctl ps --sort ",
    "procctl ps --sort cpu.usa": "procctl ps --sort cpu.usage",
    "procctl ps --sort=-cpu.usa": "procctl ps --sort=-cpu.usage",
    "procctl subscribe --attrs mem.footprint,disk.rea": "procctl subscribe --attrs mem.footprint,disk.read",
    "procctl subscribe -t sess": "procctl subscribe -t session ",
    "procctl subscribe --output=jsonl": "procctl subscribe --output=jsonl ",
    "procctl server sta": "procctl server start ",
    "procctl mem --experiment file-p": "procctl mem --experiment file-private ",
    "procctl table ses": "procctl table session ",
    "procctl system --attrs cpu.ended_u": "procctl system --attrs cpu.ended_usage",
    "procctl ps --no-such-opti": "procctl ps --no-such-opti",
}


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, name, installed):
        self.seen = installed.directory / f"seen-{name}"
        self.seen.touch()
        words, script = START[name]
        self.environment = {**installed.environment, "SEEN": str(self.seen), "TERM": "dumb", "PS1": "",
                            "PREFIX": str(installed.prefix), "HOME": str(installed.directory),
                            "PATH": f"{installed.prefix}/bin:{os.environ['PATH']}"}
        self.output = b""
        start = installed.directory / f"start-{name}"
        start.write_text(script)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(name, [name, *words.split()], self.environment)
        os.set_blocking(self.terminal, False)
        self.type(f". {start}\n")
        self.wait_for(lambda: b"READY" in self.output, "its start")

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            check(time.monotonic() < end, f"waited in vain for {what}: {self.output[-800:]}")
            try:
                self.output += os.read(self.terminal, 65536)
            except BlockingIOError:
                time.sleep(0.01)

    def complete(self, text):
        """The line after a tab."""
        before = self.seen.read_text()
        self.type(text + "\t\x18")
        self.wait_for(lambda: self.seen.read_text().count("\n") > before.count("\n"), text)
        return self.seen.read_text()[len(before):].rstrip("\n").removesuffix("|")

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


class Fish:
    """It tells by itself what it would put in."""

    def __init__(self, installed):
        self.script = installed.prefix / "share/fish/vendor_completions.d/procctl.fish"
        self.environment = {**installed.environment, "HOME": str(installed.directory),
                            "PATH": f"{installed.prefix}/bin:{os.environ['PATH']}"}

    def complete(self, text):
        output = run("fish", "--no-config", "-c", f"source {self.script}; complete -C $argv[1]", text,
                     env=self.environment)
        lines = [line.partition("\t")[0] for line in output.splitlines()]
        if len(lines) != 1:
            return os.path.commonprefix([text.rpartition(" ")[0] + " " + line for line in lines]) or text
        several = "," if "-" in text and ("attrs" in text or "sort " in text or "sort=" in text) else " "
        return text.rpartition(" ")[0] + " " + lines[0] + several.strip(",")

    def close(self):
        pass


def offers(installed, *words):
    """What the script of all shells says: a dictionary of words, and its first line if that is one."""
    lines = run(installed.prefix / "share/procmon/complete", installed.prefix / "bin/procctl", *words,
                env=installed.environment).splitlines()
    sign = lines.pop(0) if lines and lines[0] in (",", "/") else ""
    return sign, dict(line.split("\t", 1) for line in lines)


def check_commands(installed):
    """Commands and options are all that procctl knows, with what its help says of them."""
    raw = [line.split("\t") for line in installed.procctl("help", "--raw").splitlines()]
    commands = {fields[1]: fields[3] for fields in raw if fields[0] == "command"}
    check(len(commands) > 5 and offers(installed, "") == ("", commands), "the commands")
    check(offers(installed, "--v") == ("", {"--version": ""}), "--version")
    for command in commands:
        options = {fields[3]: fields[5] for fields in raw if fields[:2] == ["option", command]}
        check(offers(installed, command, "-") == ("", options), f"the options of {command}")
    check(offers(installed, "nonsense", "-") == ("", {}), "options of no command")
    for form in "-o", "--output":
        check(set(offers(installed, "ps", form, "")[1]) == {"table", "json", "jsonl", "csv"}, form)
    check("--output=json" in offers(installed, "ps", "--output=")[1], "--output=")
    check(set(offers(installed, "ps", "-oj")[1]) == {"-ojson", "-ojsonl"}, "-oj")
    check("session" in offers(installed, "ps", "--table", "")[1], "tables")
    check(set(offers(installed, "server", "")[1]) == {"start", "stop", "restart", "install", "uninstall"}, "server")
    check(set(offers(installed, "help", "")[1]) == set(commands), "help")
    check(offers(installed, "ps", "--socket", "/t") == ("/", {}), "a path")
    check({"cpu", "disk", "thread"} <= set(offers(installed, "table", "")[1]), "tables as arguments")
    check(set(offers(installed, "table", "net")[1]) == {"network"}, "table net")
    check("--tree" in offers(installed, "groups", "-")[1], "groups --tree")
    check(offers(installed, "ps", "--", "-") == ("", {}), "what follows -- is no option")


def check_names(installed):
    """The names of the server that runs; without one those of the registry, and none is started."""
    sign, registry = offers(installed, "ps", "--attrs", "")
    check(sign == "," and len(registry) > 200, f"{len(registry)} names of the registry")
    check(not installed.socket.exists(), "completion has started a server")
    installed.procctl("server", "start")
    # A server of another version: it need not know the same names.
    live = dict(line.split("\t") for line in installed.procctl("attributes", "--names").splitlines())
    check(registry == {**live, "all": "all but what is slow"}, "the registry's names are not the server's")
    (installed.prefix / "share/procmon/attributes").write_text("process\tinvented\tnonsense\n")
    sign, names = offers(installed, "ps", "--attrs", "")
    check(names == live, f"the names are not the server's: {sorted(names)[:20]}")
    sign, names = offers(installed, "ps", "-a", "mem.footprint,-")
    check(not names, "- is for --sort")
    sign, names = offers(installed, "ps", "-a", "mem.footprint,mem.f")
    check("mem.footprint,mem.file" in names and "mem.footprint,mem.footprint" not in names, f"{names}")
    sign, names = offers(installed, "ps", "-s", "pid,-cp")
    check(sign == "," and "pid,-cpu.usage" in names and not {"pid,-cpu", "pid,-cpu.*"} & set(names), f"{names}")
    names = offers(installed, "ps", "-a", "mem,mem")[1]
    check({"mem,mem.*", "mem,mem.stack"} <= set(names), f"{names}")
    sign, names = offers(installed, "ps", "-t", "server", "-a", "")
    check("ticks" in names and "mem.footprint" not in names, f"table server: {names}")
    check(offers(installed, "ps", "--table=server", "-a", "") == (",", names), "--table=server")
    sign, names = offers(installed, "system", "-a", "")
    check(sign == "," and "cpu.ended" in names and "mem.footprint" not in names, f"system: {names}")
    for words in ("table", "system"), ("table", "--no-header", "system"), ("ps", "-t", "system"):
        check(offers(installed, *words, "-a", "") == (sign, names), f"{words}: not those of system")
    sign, names = offers(installed, "attributes", "gp")
    check(sign == "" and "gpu" in names and "gpu.time" in names, f"arguments: {names}")


def check_pids(installed):
    child = subprocess.Popen(["sleep", "100"])
    try:
        for words in ("ps", "-p"), ("ps", "--pid"), ("subscribe", "-p"), ("tree",), ("get", "pid"), \
                ("threads",), ("table", "thread"):
            sign, pids = offers(installed, *words, "1,")
            check(sign == "," and pids.get(f"1,{child.pid}") == "sleep", f"{words}: no {child.pid}")
            check("1,1" not in pids, "a pid twice")
        sign, pids = offers(installed, "show", str(child.pid)[:-1])
        check(sign == "" and pids[str(child.pid)] == "sleep", f"show: {pids}")
        for words in ("mem",), ("ledger",), ("footprint", "1"):
            check(str(child.pid) in offers(installed, *words, "")[1], f"{words}: no {child.pid}")
        check(offers(installed, "ledger", "1", "") == ("", {}), "a ledger is no process")
        # What follows the attributes of get is one more of them, or the processes.
        sign, both = offers(installed, "get", "pid", "")
        check("mem.footprint" in both and str(child.pid) in both, f"get: {both}")
        sign, names = offers(installed, "get", "comm,mem.f")
        check(sign == "," and "comm,mem.footprint" in names, f"get: {names}")
    finally:
        child.kill()
        child.wait()


def check_shell(shell, name):
    for text, line in TYPED.items():
        seen = shell.complete(text)
        check(seen == line, f"{name}: {text!r} became {seen!r}, not {line!r}")
    shell.close()


def check_time(installed):
    """Nobody waits for it."""
    best = 1.0
    for _ in range(10):
        started = time.monotonic()
        offers(installed, "ps", "--attrs", "c")
        best = min(best, time.monotonic() - started)
    print(f"names in {best * 1000:.0f} ms")
    check(best < 0.1, f"names take {best} s")


skip_with_sanitizers()
with tempfile.TemporaryDirectory(prefix="procmon.", dir="/tmp") as name:
    place = Installation(name)
    try:
        place.make("install")
        check_commands(place)
        check_pids(place)
        missing = [shell for shell in ("bash", "zsh", "fish") if not shutil.which(shell)]
        for shell_name in "bash", "zsh", "fish":
            if shell_name not in missing:
                check_shell(Fish(place) if shell_name == "fish" else Shell(shell_name, place), shell_name)
        check_names(place)
        check_time(place)
        if missing:
            print("shells that are not here:", *missing)
    finally:
        place.stop()

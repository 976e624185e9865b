#!/usr/bin/python3
"""The tables of the machine, with a server that follows a script: what the short commands show to the
byte, which columns and which order, bars, threads of several processes, and what is refused."""
import json
import os
import subprocess
import time

from procctl_support import (PROCCTL, Server, State, Terminal, check_golden, on_terminal, protocol,
                             refused, run, tests)

pb = protocol()
NONE, ASLEEP, FAILED = State(pb.NONE), State(pb.ASLEEP), State(pb.FAILED)
TEXT = {"type": pb.TEXT}
COUNTER = {"kind": pb.COUNTER}
NANOSECONDS = {"kind": pb.COUNTER, "unit": pb.NANOSECONDS}
SLOW = {"cost": pb.SLOW}
DETAIL = {"detail": True}
BYTES, WATTS, CELSIUS, HERTZ = ({"unit": unit} for unit in
                                (pb.BYTES, pb.MILLIWATTS, pb.MILLICELSIUS, pb.HERTZ))


def rule(name, unit, first, second=None):
    """A derived attribute; its inputs are named."""
    return {"kind": pb.DERIVED, "type": pb.F64, "unit": unit, "rule": name, "inputs": (first, second)}


def table(number, **attributes):
    """Their ids are by their places; "__" stands for the dot in a name."""
    names = [name.replace("__", ".") for name in attributes]
    ids = {name: 0x1000 + i for i, name in enumerate(names)}
    for name, fields in zip(names, attributes.values()):
        fields = {"kind": pb.GAUGE, "type": pb.U64, "text": "A sentence.", **fields}
        first, second = fields.pop("inputs", (None, None))
        yield pb.Attribute(table=number, id=ids[name], name=name, input=ids.get(first, 0),
                           other=ids.get(second, 0), **fields)


ATTRIBUTES = [
    *table(pb.SYSTEM, host__name=TEXT, uptime={"unit": pb.NANOSECONDS},
           load__1={"unit": pb.COUNT, "type": pb.F64}, cpu__cores={"unit": pb.COUNT},
           cpu__busy_share=rule(pb.MEAN, pb.RATIO, "cpu.busy", "cpu.capacity"), cpu__busy=NANOSECONDS,
           cpu__capacity=NANOSECONDS, mem__total=BYTES, mem__used=BYTES,
           mem__used_share=rule(pb.SHARE, pb.RATIO, "mem.used", "mem.total"),
           mem__slab={**BYTES, **DETAIL}, swap__total=BYTES, swap__used=BYTES,
           swap__used_share=rule(pb.SHARE, pb.RATIO, "swap.used", "swap.total"),
           pressure__memory_some={"unit": pb.RATIO, "type": pb.F64},
           net__received={**COUNTER, **BYTES},
           net__receive_rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "net.received"),
           battery={**BYTES, "state": pb.UNSUPPORTED, "reason": "no such thing here"}),
    *table(pb.CPU, name=TEXT, type=TEXT, usage__busy=rule(pb.CPU_RATE, pb.RATIO, "time.busy"),
           usage__user=rule(pb.CPU_RATE, pb.RATIO, "time.user"),
           usage__system=rule(pb.CPU_RATE, pb.RATIO, "time.system"),
           usage__iowait=rule(pb.CPU_RATE, pb.RATIO, "time.iowait"),
           time__busy={**NANOSECONDS, **DETAIL}, time__user=NANOSECONDS, time__system=NANOSECONDS,
           time__iowait=NANOSECONDS, frequency__now={**HERTZ, **SLOW}, frequency__max=HERTZ,
           temperature={**CELSIUS, **SLOW}),
    *table(pb.GPU, name=TEXT, driver=TEXT, state=TEXT,
           busy__gpu={"unit": pb.RATIO, "type": pb.F64, **SLOW},
           memory__usage=rule(pb.SHARE, pb.RATIO, "memory.used", "memory.total"),
           memory__used={**BYTES, **SLOW}, memory__total=BYTES, frequency__gpu={**HERTZ, **SLOW},
           power__now={**WATTS, **SLOW}, temperature__gpu={**CELSIUS, **SLOW},
           fan__ratio={"unit": pb.RATIO, "type": pb.F64, **SLOW}),
    *table(pb.POWER, name=TEXT, kind=TEXT, power__now={**WATTS, **SLOW},
           power__average=rule(pb.POWER_RATE, pb.MILLIWATTS, "energy.total"),
           energy__total={"kind": pb.COUNTER, "unit": pb.NANOJOULES, **SLOW},
           battery__level={"unit": pb.RATIO, "type": pb.F64, **SLOW},
           battery__time_left={"unit": pb.NANOSECONDS, **SLOW}, battery__status={**TEXT, **SLOW}),
    *table(pb.SENSOR, name=TEXT, kind=TEXT, temperature={**CELSIUS, "type": pb.I64, **SLOW},
           temperature__max={**CELSIUS, "type": pb.I64}, temperature__crit={**CELSIUS, "type": pb.I64},
           fan__speed=SLOW, voltage=SLOW, current=SLOW),
    *table(pb.DISK, name=TEXT, kind=TEXT, size=BYTES,
           space__usage=rule(pb.SHARE, pb.RATIO, "space.used", "space.total"), space__total=BYTES,
           space__used=BYTES, read__rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "read.bytes"),
           write__rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "write.bytes"),
           read__latency=rule(pb.MEAN, pb.NANOSECONDS, "read.time", "read.operations"),
           write__latency=rule(pb.MEAN, pb.NANOSECONDS, "write.time", "write.operations"),
           busy__usage=rule(pb.CPU_RATE, pb.RATIO, "busy.time"), busy__time={**NANOSECONDS, **DETAIL},
           read__bytes={**COUNTER, **BYTES}, write__bytes={**COUNTER, **BYTES},
           read__operations=COUNTER, write__operations=COUNTER, read__time=NANOSECONDS,
           write__time=NANOSECONDS),
    *table(pb.NETWORK, name=TEXT, kind=TEXT, state=TEXT, speed={"unit": pb.BYTES_PER_SECOND},
           receive__rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "receive.bytes"),
           send__rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "send.bytes"),
           receive__bytes={**COUNTER, **BYTES}, send__bytes={**COUNTER, **BYTES},
           receive__errors={"unit": pb.COUNT, **COUNTER}, send__errors={"unit": pb.COUNT, **COUNTER}),
    *table(pb.COALITION, name=TEXT, kind=TEXT, id={}, parent={}, tasks={"unit": pb.COUNT},
           cpu__usage=rule(pb.CPU_RATE, pb.CORES, "cpu.total"), cpu__total=NANOSECONDS,
           mem__current=BYTES, mem__swap=BYTES,
           disk__read_rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "disk.read"),
           disk__write_rate=rule(pb.RATE, pb.BYTES_PER_SECOND, "disk.written"),
           disk__read={**COUNTER, **BYTES}, disk__written={**COUNTER, **BYTES}),
    *table(pb.THREAD, tid={}, name=TEXT, state=TEXT, cpu__usage=rule(pb.CPU_RATE, pb.CORES, "cpu.total"),
           cpu__total=NANOSECONDS, cpu__run_delay=NANOSECONDS, cpu__last={}, priority={"type": pb.I64},
           switches__total={"unit": pb.COUNT, **COUNTER},
           switches__rate=rule(pb.RATE, pb.PER_SECOND, "switches.total"),
           wait__channel={**TEXT, **DETAIL}),
    *table(pb.SESSION, session={}, client=TEXT),
]


def grows(start, rate=0):
    """A counter: by so much a second."""
    return lambda seconds: int(start + rate * seconds)


def core(number, busy, **fields):
    return {"name": f"cpu{number}", "type": "performance" if number < 2 else "efficiency",
            "time.busy": grows(10**12, busy * 10**9), "time.user": grows(10**12, busy * 7 * 10**8),
            "time.system": grows(10**12, busy * 3 * 10**8), "time.iowait": grows(0, 15 * 10**6),
            "frequency.now": 3193000000 - number * 1100000000 // 8, "frequency.max": 4800000000,
            "temperature": 45200 + 3100 * number, **fields}


def disk(name, kind, size, **fields):
    return {"name": name, "kind": kind, "size": size, "space.total": size, "space.used": size // 4,
            "read.bytes": grows(10**9, 12.3 * 2**20), "write.bytes": grows(10**9, 700),
            "busy.time": grows(0, 420000000), "read.time": grows(0, 84300000),
            "read.operations": grows(0, 1000), "write.time": grows(0, 0),
            "write.operations": grows(0, 0), **fields}


def interface(name, kind, state, receives, sends, **fields):
    return {"name": name, "kind": kind, "state": state, "speed": 125000000,
            "receive.bytes": grows(10**10, receives), "send.bytes": grows(10**9, sends),
            "receive.errors": 0, "send.errors": 3, **fields}


def group(number, parent, name, kind="service", **fields):
    return {"id": number, "parent": parent, "name": name, "kind": kind, "tasks": number % 40,
            "cpu.total": grows(10**9, number * 10**7), "mem.current": number << 22,
            "mem.swap": 0, "disk.read": grows(0, number * 1000), "disk.written": grows(0), **fields}


def thread(number, name, usage=0.0, **fields):
    return {"tid": number, "name": name, "state": "R" if usage else "S",
            "cpu.total": grows(number * 10**8, usage * 10**9), "cpu.run_delay": 1234567 * number,
            "cpu.last": number % 4, "switches.total": grows(number, number * 2), "priority": 20,
            "wait.channel": "futex_wait", **fields}


ROWS = {
    pb.SYSTEM: [{"host.name": "box", "uptime": 273900000000000, "load.1": 0.42, "cpu.cores": 8,
                 "cpu.busy": grows(10**12, 0.4217 * 8 * 10**9), "cpu.capacity": grows(0, 8 * 10**9),
                 "mem.total": 16 << 30, "mem.used": 9 << 30, "mem.slab": 300 << 20, "swap.total": NONE,
                 "swap.used": NONE, "pressure.memory_some": 0.003, "net.received": grows(0, 1234568)}],
    pb.CPU: [core(10, 1), core(2, 0.062), core(1, 0.42), core(0, 0, **{"temperature": FAILED})],
    pb.GPU: [{"name": "Radeon RX 7800 XT", "driver": "amdgpu", "state": "active", "busy.gpu": 0.73,
              "memory.used": 5 << 30, "memory.total": 16 << 30, "frequency.gpu": 2105000000,
              "power.now": 187300, "temperature.gpu": 67000, "fan.ratio": 0.38},
             {"name": "0000:00:02.0", "driver": "i915", "state": "suspended", "busy.gpu": ASLEEP,
              "memory.used": ASLEEP, "memory.total": NONE, "frequency.gpu": ASLEEP,
              "power.now": ASLEEP, "temperature.gpu": ASLEEP, "fan.ratio": NONE}],
    pb.POWER: [{"name": "BAT0", "kind": "battery", "energy.total": NONE, "power.now": 12345,
                "battery.level": 0.81, "battery.time_left": 7384000000000,
                "battery.status": "discharging"},
               {"name": "AC", "kind": "mains", "energy.total": NONE, "power.now": NONE,
                "battery.level": NONE, "battery.time_left": NONE, "battery.status": NONE},
               {"name": "package-0", "kind": "meter", "energy.total": grows(1234 * 10**9, 15.3 * 10**9),
                "power.now": NONE, "battery.level": NONE, "battery.time_left": NONE,
                "battery.status": NONE}],
    pb.SENSOR: [{"name": "coretemp Package id 0", "kind": "temperature", "temperature": 52000,
                 "temperature.max": 80000, "temperature.crit": 100000, "fan.speed": NONE,
                 "voltage": NONE, "current": NONE},
                {"name": "outside", "kind": "temperature", "temperature": -3500, "temperature.max": NONE,
                 "temperature.crit": NONE, "fan.speed": NONE, "voltage": NONE, "current": NONE},
                {"name": "nct6775 fan2", "kind": "fan", "temperature": NONE, "temperature.max": NONE,
                 "temperature.crit": NONE, "fan.speed": 1180, "voltage": NONE, "current": NONE}],
    pb.DISK: [disk("sda10", "partition", 40 << 30), disk("sda", "disk", 500 << 30,
                                                         **{"space.total": NONE, "space.used": NONE}),
              disk("sda2", "partition", 460 << 30),
              disk("nvme0n1", "disk", 1 << 40, **{"busy.time": grows(0, 0), "space.total": NONE,
                                                  "space.used": NONE})],
    pb.NETWORK: [interface("wlan0", "wireless", "up", 1234568, 23456),
                 interface("lo", "loopback", "unknown", 0, 0, speed=NONE),
                 interface("enp0s31f6", "ethernet", "down", 0, 0)],
    pb.COALITION: [group(30, 20, "/system.slice/sshd.service"), group(20, 1, "/system.slice", "slice"),
                   group(1, 0, "/", "root"), group(41, 20, "/system.slice/cron.service"),
                   group(5000000021, 1, "/user.slice", "slice",
                         **{"tasks": 9, "cpu.total": grows(0, 10**8), "mem.current": 900 << 20,
                            "disk.read": grows(0)})],
    pb.THREAD: {4711: [thread(4713, "worker", 0.5), thread(4711, "main"), thread(4712, "gc", 0.031)],
                99: [thread(101, "\033[2Jevil"), thread(99, "main")]},
    pb.SESSION: [{"session": 12, "client": "b"}, {"session": 9, "client": "a"}],
}


def serve(rows=None, attributes=None):
    server = Server(pb, ATTRIBUTES if attributes is None else attributes, {**ROWS, **(rows or {})})
    server.steady = True
    server.step_ns = 500000000
    return server


def rows_of(*args):
    return json.loads(run(*args, "-i", "100ms", "-o", "json").stdout)["rows"]


def columns(*args):
    return list(rows_of(*args)[0])


def names(*args):
    return [row["name"] for row in rows_of(*args)]


# ----------------------------------------------------------------------- to the byte

def test_goldens():
    serve()
    os.environ["LC_ALL"] = "C.UTF-8"
    for command in "system", "cpu", "gpu", "power", "sensors", "disks", "net", "groups":
        check_golden(f"{command}-80.txt", on_terminal(command))
    check_golden("threads-80.txt", on_terminal("threads", "4711,99"))
    check_golden("groups-tree-80.txt", on_terminal("groups", "--tree"))
    os.environ["LC_ALL"] = "C"
    check_golden("cpu-ascii.txt", on_terminal("cpu"))
    os.environ["LC_ALL"] = "C.UTF-8"
    check_golden("system-pipe.txt", run("system").stdout)


def test_bars_are_for_screens():
    """They go before a column does, and are not in a pipe, nor with exact numbers."""
    serve()
    attributes = "-a", "name,usage.busy,type"
    assert run("cpu", *attributes).stdout.splitlines()[2].split() == ["cpu1", "42.0%", "performance"]
    assert "[" not in run("cpu", *attributes).stdout + on_terminal("cpu", "--units", "raw")
    wide, narrow = (on_terminal("cpu", *attributes, columns=width) for width in (40, 31))
    assert "[████▎     ]" in wide and "[##" not in wide, wide
    assert "[" not in narrow and "42.0%" in narrow and "performance" in narrow, narrow
    assert "[      " in on_terminal("system", "-a", "pressure.memory_some")
    assert "[" not in on_terminal("system", "-a", "mem.used")


def test_live():
    serve()
    terminal = Terminal("subscribe", "-t", "cpu", "-i", "500ms")
    terminal.wait_for(b"42.0%")
    lines = terminal.screen()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80, lines
    assert "4 cores" in lines[0] and [line.split()[0] for line in lines[3:7]] == \
        ["cpu0", "cpu1", "cpu2", "cpu10"], lines
    terminal.type(b"q")
    assert terminal.end() == 0 and terminal.is_restored()
    terminal.close()


# ------------------------------------------------------------------- what is shown

def test_default_columns():
    """What has a meaning for most people, not what the host cannot tell, and details when named."""
    server = serve()
    assert "time.busy" not in columns("cpu") and "frequency.max" not in columns("cpu")
    assert set(columns("table", "cpu")) - {"states"} == set(columns("cpu")) - {"states"}
    assert columns("cpu") == columns("ps", "-t", "cpu") == columns("table", "cpu")
    everything = [entry.name for entry in ATTRIBUTES if entry.table == pb.CPU]
    assert [name for name in columns("cpu", "-a", "all") if name != "states"] == everything
    assert columns("cpu", "-a", "time.*")[:2] == ["time.busy", "time.user"]
    assert columns("cpu", "-a", "time")[0] == "time.user"
    shown = columns("system")
    assert "mem.slab" not in shown and "battery" not in shown and "mem.used_share" in shown
    assert "mem.slab" in columns("system", "-a", "all")
    assert columns("system", "-a", "battery") == ["battery", "states"]
    assert columns("table", "session") == ["session", "client"]
    assert columns("sensors")[-2:] == ["current", "states"]  # in a program's output nothing is hidden
    assert "voltage" not in on_terminal("sensors") and "voltage" in run("sensors").stdout
    assert "voltage" in on_terminal("sensors", "-a", "name,voltage")
    server.close()
    # a server of other names, and one that can tell nothing
    serve({pb.CPU: [{"name": "cpu0", "speed": 7}]}, [*table(pb.CPU, name=TEXT, speed={}, more=DETAIL)])
    assert columns("cpu") == ["name", "speed"]
    Server.open_ones[0].close()
    no = {"state": pb.UNSUPPORTED, "reason": "no GPU found on this host"}
    serve({pb.GPU: []}, [*table(pb.GPU, name={**TEXT, **no}, busy={**no}, memory__used={**no})])
    assert "unsupported: no GPU found on this host" in run("gpu").stdout
    assert run("gpu").stdout.endswith("- there are no GPUs\n") and run("gpu", "-o", "csv").stdout


def test_order():
    serve()
    assert names("cpu") == ["cpu0", "cpu1", "cpu2", "cpu10"]
    assert names("disks") == ["nvme0n1", "sda", "sda2", "sda10"]
    assert names("cpu", "--top", "2") == ["cpu10", "cpu1"]
    assert names("cpu", "-s", "usage.busy") == ["cpu10", "cpu1", "cpu2", "cpu0"]
    assert names("cpu", "-s", "-usage.busy", "--top", "1") == ["cpu0"]
    assert [row["session"] for row in rows_of("table", "session")] \
        == [9, 12]


def test_rates_and_means():
    serve()
    (first, *_) = json.loads(run("disks", "-o", "json", "-s", "size", "-a", "all").stdout)["rows"]
    assert first["read.latency"] == 84300 and first["write.latency"] is None
    assert first["states"]["write.latency"] == "none"  # nothing was written meanwhile
    rows = rows_of("power")
    assert [row["power.average"] for row in rows] == [None, None, 15300], rows
    (row,) = rows_of("system")
    assert abs(row["cpu.busy_share"] - 0.4217) < 1e-6 and row["mem.used_share"] == 9 / 16, row


def test_what_is_read_seldom_is_waited_for():
    """The meter is read every 2 s: frames before that have no new sample of it."""
    server = serve({pb.POWER: [ROWS[pb.POWER][2]]})
    period, whole = 2, server.fill

    def fill(column, entry, rows, seconds):
        sampled = seconds // period * period
        whole(column, entry, rows, sampled)
        column.ages_ns[:] = [int((seconds - sampled) * 1e9)] * len(column.ages_ns)
    server.fill = fill
    (row,) = rows_of("power")
    assert row["power.average"] == 15300, row
    assert max(server.counts.values()) >= 4, "that was before 2 s"
    server.counts.clear()
    period = 1000  # one that never comes is not waited for for long
    (row,) = rows_of("power")
    assert row["states"]["power.average"] == "pending", row
    assert max(server.counts.values()) <= 8, "that was long after 3 s"


# --------------------------------------------------------------------------- threads

def test_threads():
    server = serve()
    rows = rows_of("threads", "4711")
    assert [(row["pid"], row["tid"]) for row in rows] == [(4711, 4711), (4711, 4712), (4711, 4713)]
    assert [request.target_pid for request in server.requests] == [4711]
    assert not server.requests[0].pids and 0 not in server.requests[0].attributes
    assert rows[2]["cpu.usage"] == 0.5 and "wait.channel" not in rows[0]
    rows = rows_of("threads", "4711,99", "-s", "-tid")
    assert [(row["pid"], row["tid"]) for row in rows] == \
        [(99, 99), (99, 101), (4711, 4711), (4711, 4712), (4711, 4713)], rows
    rows = rows_of("threads", "99,4711", "-s", "pid,tid", "-a", "tid")
    assert list(rows[0].values()) == [4711, 4713] and list(rows[0]) == ["pid", "tid"], rows
    assert "pid" not in run("threads", "4711").stdout.split()  # it would be the same in every row
    assert run("threads", "4711,99").stdout.split()[0] == "pid"
    assert names("threads", "4711,99", "--top", "1") == ["worker"]
    assert names("table", "thread", "4711") == names("ps", "-t", "thread", "-p", "4711") == \
        ["main", "gc", "worker"]


def test_threads_of_many():
    """More processes than a session may have requests, which are asked for at once."""
    many = {pid: [thread(pid, f"name{pid}")] for pid in range(1, 41)}
    serve({pb.THREAD: many})
    started = time.monotonic()
    assert len(names("threads", ",".join(map(str, many)))) == 40
    assert time.monotonic() - started < 10


def test_threads_of_nobody():
    serve()
    result = run("threads", "4711,998,997", "-o", "json")
    assert len(json.loads(result.stdout)["rows"]) == 3
    assert result.stderr == "".join(
        f"procctl: there is no process {pid}, or it has ended\n" for pid in (998, 997))
    refused("threads", "998", code=3, say="no process 998")
    refused("threads", say="threads of which process")
    refused("threads", "1", "2", say="commas")
    refused("threads", "x", say="123")
    refused("table", "thread", say="is about a process")
    refused("ps", "-t", "thread", say="is about a process")
    refused("subscribe", "-t", "thread", say="is about a process")
    refused("subscribe", "-t", "thread", "-p", "99,4711", say="exactly one")
    refused("subscribe", "-t", "thread", "-p", "998", code=3, say="no process 998")
    refused("ps", "-t", "thread", "-p", "99", "--children", say="--children")


def test_threads_of_somebody_else():
    serve({pb.THREAD: {1: State(pb.DENIED), **ROWS[pb.THREAD]}})
    refused("threads", "1", code=77, say="process 1: ask as root")
    result = run("threads", "1,4711", "-a", "tid", "-o", "csv")
    assert result.stderr == "procctl: process 1: ask as root\n" and len(result.stdout.splitlines()) == 4


ADDRESS = {"unit": pb.ADDRESS}
MEMORY = [
    *table(pb.REGION, start=ADDRESS, end=ADDRESS, size=BYTES, protection=TEXT, share_mode=TEXT,
           category=TEXT, name=TEXT, path=TEXT, mem__dirty={**BYTES, **SLOW}),
    *table(pb.FOOTPRINT, category=TEXT, regions={"unit": pb.COUNT}, size=BYTES,
           mem__resident=BYTES, mem__dirty=BYTES, mem__swap=BYTES, mem__clean=BYTES,
           mem__reclaimable=BYTES),
    *table(pb.LEDGER, group=TEXT, name=TEXT, balance={"type": pb.I64}, units=TEXT,
           meaning={**TEXT, **DETAIL}),
]


def region(start, category="anonymous", **fields):
    return {"start": start, "end": start + 4096, "size": 4096, "protection": "rw-",
            "share_mode": "private", "category": category, "name": NONE, "path": NONE,
            "mem.dirty": start % 7, **fields}


def category(name, dirty, regions):
    return {"category": name, "regions": regions, "size": NONE, "mem.resident": 1,
            "mem.dirty": dirty, "mem.swap": 0, "mem.clean": 0, "mem.reclaimable": 0}


def account(name, group, balance):
    return {"name": name, "group": group, "balance": balance, "units": "bytes", "meaning": "So."}


def test_tables_about_memory():
    """Mappings by address, what memory is for by how much it is, accounts as they came."""
    regions = [region(start) for start in (0x7f0000000000, 0x2000, 0x10000, 0x9000)]
    categories = [category("heap", 10, 3), category("stack", NONE, NONE), category("text", 200, 2)]
    accounts = [account("phys_mem", "physmem", 5), account("cpu_time", "sched", -7),
                account("external", "physmem", NONE)]
    serve({pb.REGION: {7: regions}, pb.FOOTPRINT: {7: categories}, pb.LEDGER: {7: accounts}},
          [*ATTRIBUTES, *MEMORY])
    shown = {name: [column for column in columns("table", name, "7") if column not in ("pid", "states")]
             for name in ("region", "footprint", "ledger")}
    assert shown == {
        "region": ["start", "end", "size", "protection", "share_mode", "category", "path"],
        "footprint": ["category", "mem.dirty", "mem.swap", "mem.clean", "mem.reclaimable", "regions"],
        "ledger": ["group", "name", "balance", "units"]}, shown
    assert [row["start"] for row in rows_of("table", "region", "7")] == \
        [0x2000, 0x9000, 0x10000, 0x7f0000000000]
    assert run("table", "region", "7").stdout.splitlines()[1].split()[0] == "2000"
    # An address is not what there can be the most of.
    assert rows_of("table", "region", "7", "-a", "start,mem.dirty", "--top", "1")[0]["mem.dirty"] == \
        max(row["mem.dirty"] for row in regions)
    for attributes in "", "all", "category", "category,regions,mem.dirty":
        order = [row["category"] for row in
                 rows_of("table", "footprint", "7", *(["-a", attributes] if attributes else []))]
        assert order == (["heap", "stack", "text"] if attributes == "category" else
                         ["text", "heap", "stack"]), (attributes, order)
    assert [row["name"] for row in rows_of("table", "ledger", "7")] == \
        ["phys_mem", "cpu_time", "external"]
    for name in "region", "footprint", "ledger":
        refused("table", name, say=f"procctl table {name} 1234")


def test_rows_that_come_later():
    """A table without all of its rows is not the answer, unless there is no other."""
    server = serve()
    server.incomplete, server.step_ns = 3, 10**9
    result = run("table", "thread", "4711", "-a", "tid", "-o", "json")
    assert result.stderr == "" and "incomplete" not in json.loads(result.stdout)
    assert max(server.counts.values()) >= 3, server.counts
    server.incomplete = 99
    for form, sign in (("json", '"incomplete":true'), ("table", "\n- incomplete: threads are missing\n")):
        result = run("table", "thread", "4711", "-a", "tid", "-o", form)
        assert result.stderr.startswith("procctl: process 4711: rows are missing"), result.stderr
        assert sign in result.stdout and "4713" in result.stdout, result.stdout
    # So it is of a table about no process, which is asked for once at first.
    server.incomplete = 1
    result = run("table", "coalition", "-a", "id", "-o", "json")
    assert result.stderr == "" and "incomplete" not in json.loads(result.stdout), result
    server.incomplete = 99
    result = run("table", "coalition", "-a", "id", "-o", "json")
    assert result.stderr.startswith("procctl: rows are missing"), result.stderr


def test_live_threads():
    server = serve()
    command = [PROCCTL, "subscribe", "-t", "thread", "-p", "4711", "-i", "100ms", "-o", "jsonl"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process.stdout, process.stderr:
        row = json.loads(process.stdout.readline())
        assert row["pid"] == 4711 and row["tid"] in (4711, 4712, 4713), row
        server.rows[pb.THREAD] = {}  # it ends
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


# ---------------------------------------------------------------------------- groups

def test_groups_as_a_tree():
    serve()
    rows = rows_of("groups", "--tree")
    assert [row["name"].split("/")[-1] for row in rows] == \
        ["", "system.slice", "cron.service", "sshd.service", "user.slice"], rows
    assert [(row["id"], row["parent"]) for row in rows][-1] == (5000000021, 1)
    out = run("groups", "--tree", "-s", "mem.current", "-a", "name,tasks").stdout
    assert [line.split()[-1].lstrip("├─└│") for line in out.splitlines()[1:]] == \
        ["/", "user.slice", "system.slice", "cron.service", "sshd.service"], out
    out = run("groups", "--tree", "-s", "name", "-a", "name,tasks", "--no-header").stdout
    assert out.index("cron") < out.index("sshd") < out.index("user"), out
    refused("disks", "--tree", say="--tree")


# --------------------------------------------------------------------------- refusals

def test_names_of_tables():
    serve()
    for name in "disk", "disks", "DISK":
        assert names("table", name) == names("disks"), name
    assert names("table", "net") == names("ps", "-t", "net") == names("net")
    assert len(run("attributes", "-t", "cpu").stdout.splitlines()) == 1 + sum(
        entry.table == pb.CPU for entry in ATTRIBUTES)
    assert run("attributes", "-t", "sensors", "--names").stdout.startswith("all\t")
    refused("table", say="one of process, system")
    refused("table", "all", say="one of process, system")
    refused("table", "cpus", say="near: cpu")
    refused("table", "sensrs", say="near: sensor")
    refused("table", "netw", say="near: network")
    refused("table", "nonsense", say="tables are process, system")
    refused("table", "cpu", "disk", say="\"disk\"")
    refused("table", "region", "1", say="no table \"region\"")
    refused("cpu", "cpu0", say="takes no argument")
    refused("cpu", "-p", "1", say="-p")
    refused("cpu", "-a", "usage.buzy", say="near: usage.busy")
    refused("gpu", "-s", "memory", say="is a group")
    Server.open_ones[0].close()
    serve(attributes=[entry for entry in ATTRIBUTES if entry.table != pb.CPU])
    refused("cpu", say="this server has no table \"cpu\"")


# ----------------------------------------------------------------------------- doctor

def test_doctor_looks_at_all_tables_at_once():
    server = serve()
    os.chmod(os.path.dirname(os.environ["PROCMON_SOCKET"]), 0o700)
    started = time.monotonic()
    document = json.loads(run("doctor", "-o", "json", code=None).stdout)
    assert time.monotonic() - started < 3
    rows = {(row["table"], row["name"]): row for row in document["attributes"]["rows"]}
    assert len(rows) == len(ATTRIBUTES)
    assert rows["gpu", "busy.gpu"]["asleep"] == 1 and rows["gpu", "busy.gpu"]["ok"] == 1
    assert rows["cpu", "temperature"]["failed"] == 1
    assert rows["thread", "tid"]["rows"] is None  # of which process?
    assert {request.table for request in server.requests} == \
        {entry.table for entry in ATTRIBUTES} - {pb.THREAD}
    terminal = Terminal("doctor")
    terminal.end()
    for cause in b"- cpu: temperature: failed for 1 of 4 cores", b"- gpu: busy.gpu, memory.usage,":
        assert cause in terminal.output, terminal.output
    terminal.close()


tests(globals())

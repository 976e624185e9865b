"""The checkers are checked: none may accept a wrong number, or another attribute's."""
from values.check import Cell, complaint, width
from values.compare import problem
from values.wire import pb

# Pairs that nothing here can tell apart: within a minute both peaks are the same.
ALIKE = {("mem.footprint_peak", "mem.footprint_peak_minute"),
         ("mem.footprint_peak_minute", "mem.footprint_peak")}
# What may be 0 all the time: root's number, and what it takes thousands of endings for.
ZERO = {"client_uid", "exits_dropped", "stretched", "slow_stretched"}


def is_number(opinion):
    return opinion.cell.state == "ok" and not isinstance(opinion.cell.value, str)


def accepts(opinion, value):
    return complaint(opinion.expected, Cell("ok", value)) is None


def complains_of_wrong(opinions):
    """Of one more and one less than it allows, and of no value."""
    sharp = min(opinions, key=lambda opinion: width(opinion.expected))
    off = width(sharp.expected) + (1 if isinstance(sharp.cell.value, int) else 1e-6)
    return not accepts(sharp, sharp.cell.value + off) and not accepts(
        sharp, sharp.cell.value - off) and complaint(sharp.expected, Cell("failed", None))


def prove(table):
    numbers = {name: [opinion for opinion in opinions if is_number(opinion)]
               for name, opinions in table.opinions.items()}
    numbers = {name: opinions for name, opinions in numbers.items() if opinions}
    for name, opinions in numbers.items():
        if not complains_of_wrong(opinions):
            problem(f"{table.name} {name}: its checker accepts a wrong number")
        if name not in ZERO and not any(opinion.cell.value for opinion in opinions):
            problem(f"{table.name} {name}: it was never seen but as 0")
    values = {name: {opinion.label: opinion.cell for opinion in table.opinions[name]}
              for name in numbers}
    for name, opinions in numbers.items():
        for other, found in values.items():
            if other == name or table.entries[name].unit != table.entries[other].unit:
                continue
            both = [opinion for opinion in table.opinions[name] if opinion.label in found]
            if name in ZERO and not any(found[opinion.label].value for opinion in both):
                continue
            if both and (name, other) not in ALIKE and not any(
                    complaint(opinion.expected, found[opinion.label]) for opinion in both):
                problem(f"{table.name} {name}: its checker would take {other} for it")

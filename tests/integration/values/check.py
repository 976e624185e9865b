"""The words of the checkers: what may be expected of a cell, and how the two are compared."""
import collections

# A cell as it came from the server; state is the protocol's word in small letters.
Cell = collections.namedtuple("Cell", "state value")
Range = collections.namedtuple("Range", "low high")  # both included
Absent = collections.namedtuple("Absent", "states")  # no value, and one of these words says why
All = collections.namedtuple("All", "expectations")  # each of them holds

NONE = Absent(("none",))
DENIED = Absent(("denied",))
UNSUPPORTED = Absent(("unsupported",))

# What a theme says of an attribute:
#   reference(subject)  what the value must be: a number, a text, a Range, an Absent, an All, or
#                       None for no opinion of this subject. Asked before and after the server.
#   slack               by how much the value may miss it, in the attribute's unit; with the reason
#                       beside it. 0: a process that stands still is met exactly.
#   cause               for what this host may lack: true when it does, found out by itself
Check = collections.namedtuple("Check", "reference slack cause", defaults=(0, None))


def both(*expectations):
    """All that is known of it."""
    known = tuple(part for part in expectations if part is not None)
    return known[0] if len(known) == 1 else All(known) if known else None


def low(expected):
    return expected.low if isinstance(expected, Range) else expected


def high(expected):
    return expected.high if isinstance(expected, Range) else expected


def is_number(expected):
    return isinstance(expected, (int, float, Range)) and not isinstance(expected, bool)


def between(before, after, slack=0):
    """What holds of a value that was read between two looks at its reference."""
    if isinstance(before, All) and isinstance(after, All):
        return All(tuple(between(a, b, slack) for a, b in
                         zip(before.expectations, after.expectations)))
    if is_number(before) and is_number(after):
        return Range(min(low(before), low(after)) - slack, max(high(before), high(after)) + slack)
    return before if before == after else None


def complaint(expected, cell):
    """None, or what is wrong with the cell."""
    if isinstance(expected, All):
        found = [complaint(part, cell) for part in expected.expectations]
        return next((text for text in found if text), None)
    if isinstance(expected, Absent):
        return None if cell.state in expected.states else f"{cell} instead of {expected}"
    if cell.state != "ok":
        return f"{cell.state} instead of {expected}"
    if isinstance(expected, Range):
        if isinstance(cell.value, str) or not expected.low <= cell.value <= expected.high:
            return f"{cell.value!r} instead of {spell(expected)}"
        return None
    return None if cell.value == expected else f"{cell.value!r} instead of {expected!r}"


def spell(expected):
    if expected.low == expected.high:
        return str(expected.low)
    return f"{expected.low} to {expected.high}"


def width(expected):
    """How far off a number may be from one that is right."""
    if isinstance(expected, All):
        return min(width(part) for part in expected.expectations)
    return expected.high - expected.low if isinstance(expected, Range) else 0

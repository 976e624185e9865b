"""Which cases hold, which do not, and what this machine cannot do."""
import functools
import time
import traceback

cases, failures, skips, figures = [], [], [], []


class Skip(Exception):
    """This machine cannot do it, and why."""


def case(function):
    """What is to be run; its first line of documentation says what it is about."""
    cases.append(function)
    return function


def figure(text):
    """What was measured, for people."""
    figures.append(text)


def left_out(what, reason):
    """A part of a case that this machine cannot do."""
    if f"{what}: {reason}" not in skips:
        skips.append(f"{what}: {reason}")


def check(condition, text):
    assert condition, text


def meets(what, found, expected, slack=0):
    """The number is that, or misses it by no more than the slack."""
    assert found is not None, f"{what}: no value instead of {expected}"
    assert abs(found - expected) <= slack, \
        f"{what}: {found} instead of {expected} (+- {slack}): {found - expected:+d}"


def steadily(compare):
    """Others begin and cease to map the same files: what is equal, is so when none does."""
    @functools.wraps(compare)
    def again_and_again(*arguments, **options):
        for _ in range(11):
            try:
                return compare(*arguments, **options)
            except AssertionError:
                time.sleep(0.1)
        return compare(*arguments, **options)
    return again_and_again


def error_percent(found, expected):
    return 100 * abs(found - expected) / expected if expected else 0.0 if not found else 100.0


def run(function, *arguments):
    """Runs one case, and says how it went."""
    figures.clear()
    started, name = time.monotonic(), function.__doc__.splitlines()[0].rstrip(".")
    word, reason = "ok", ""
    try:
        function(*arguments)
    except Skip as skip:
        word, reason = "skip", f": {skip}"
        skips.append(f"{name}{reason}")
    except Exception as error:  # one case's fault is none of the others'
        word, reason = "FAIL", f": {error}"
        failures.append(name)
        if not isinstance(error, AssertionError):
            reason = f":\n{traceback.format_exc()}"
    print(f"{word:4} {name} ({time.monotonic() - started:.1f} s){reason}", flush=True)
    for text in figures:
        print(f"     {text}")

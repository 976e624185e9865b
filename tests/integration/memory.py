#!/usr/bin/python3
"""What is said of a process' memory is exact.

Processes bring their memory into known conditions (memory_subject.c). What tables REGION,
FOOTPRINT and PROCESS say of it is compared with what it must be by hand, with the kernel's
listing read by other code, with each page looked at, and with what the kernel charges to a cgroup
where the process is alone. What this machine cannot do is left out, and listed at the end.
"""
import signal
import sys

sys.dont_write_bytecode = True
from values import wire  # noqa: E402
from memory_cases import content, life, many, names, report, special  # noqa: E402
from memory_cases.probe import Probe  # noqa: E402

MODULES = (content, many, special, life, names)


def main(names):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("it takes too long"))  # what was changed is undone
    probe = Probe()
    try:
        for function in report.cases:
            if not names or any(name in function.__doc__ for name in names):
                report.run(function, probe)
    finally:
        probe.close()
        wire.remove()
    print("\nnot done here:" if report.skips else "\nnothing was left out", *report.skips, sep="\n  ")
    if report.failures:
        print("\nfailed:", *report.failures, sep="\n  ")
    sys.exit(1 if report.failures else 0)


main(sys.argv[1:])

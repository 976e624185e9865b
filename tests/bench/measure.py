"""What the benchmarks measure with: CPU time of other processes, exact to the nanosecond,
and programs that are started, watched and ended.

CPU time is that of all threads of a process, user and system, from the process's own CPU
clock. It lags by at most a scheduler tick while the process runs; windows therefore begin
and end between two ticks of what is measured, when it sleeps.
"""

import os
import signal
import statistics
import subprocess
import time


class Failed(Exception):
    """The benchmark itself could not be done."""


def cpu_ns(pid):
    # As clock_getcpuclockid(3) makes it; Python has no function for that.
    try:
        return time.clock_gettime_ns(~pid << 3 | 2)
    except OSError as error:
        raise Failed(f"process {pid} ended while it was measured") from error


def median(values):
    return statistics.median(values)


class Program:
    """A running program; ended at the end of the with statement, whatever happens."""

    def __init__(self, arguments, ready=None, environment=None, timeout=60):
        self.environment = environment
        self.name = os.path.basename(arguments[0])
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if ready else subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        self.pid = self.process.pid
        if ready:
            self._wait_for_line(ready, timeout)

    def _wait_for_line(self, wanted, timeout):
        signal.signal(signal.SIGALRM, _alarm)
        signal.alarm(timeout)
        try:
            for line in self.process.stdout:
                if line.strip() == wanted:
                    return
        except TimeoutError:
            pass
        finally:
            signal.alarm(0)
        self.end()
        raise Failed(f"{self.name} did not say {wanted!r}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def _alarm(_signal, _frame):
    raise TimeoutError


def sleep_to_half_second():
    """Everything measured ticks at whole seconds of the monotonic clock, but for top."""
    now = time.clock_gettime(time.CLOCK_MONOTONIC)
    time.sleep((0.5 - now) % 1.0)


def cost_of_seconds(pid, seconds):
    """ms of CPU time that the process uses a second, over so many of its ticks."""
    sleep_to_half_second()
    before = cpu_ns(pid)
    time.sleep(seconds - 0.2)
    sleep_to_half_second()
    return (cpu_ns(pid) - before) / seconds / 1e6


def cost_of_refreshes(pid, seconds):
    """ms of CPU time a refresh, for a program that keeps its own time and sleeps once
    between two refreshes. Waits for a sleep before the window begins and ends."""
    before, sleeps = _after_a_refresh(pid)
    time.sleep(seconds - 1)
    after, sleeps_after = _after_a_refresh(pid)
    return (after - before) / (sleeps_after - sleeps) / 1e6


def _after_a_refresh(pid):
    start = cpu_ns(pid)
    for _ in range(200):
        time.sleep(0.02)
        if cpu_ns(pid) != start:
            break
    time.sleep(0.2)
    return cpu_ns(pid), sleeps_of(pid)


def sleeps_of(pid):
    """How often the threads of a process went to sleep: each sleep ended in one wakeup."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total

#!/usr/bin/env python3
"""procctl doctor on a simulated Mac: every attribute of every table is read, and the questions that only a
real Mac answers are asked."""
import os
import pathlib
import signal
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("BUILD", "build/clang"))
ROOT = pathlib.Path(__file__).resolve().parents[2]


def doctor(machine):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        environment = dict(
            os.environ,
            PROCMON_SIMULATED=str(ROOT / f"tests/fixtures/darwin/{machine}.mac"),
            PROCMON_SOCKET=f"{folder}/socket",
        )
        server = subprocess.Popen([BUILD / "mac/procmond"], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not os.path.exists(f"{folder}/socket") and time.monotonic() < deadline:
                time.sleep(0.05)
            result = subprocess.run([BUILD / "mac/procctl", "doctor", "--no-start"], env=environment, cwd=ROOT,
                                    capture_output=True, text=True, timeout=120)
        finally:
            server.send_signal(signal.SIGTERM)
            status = server.wait(timeout=20)
    assert result.returncode in (0, 1), result
    assert status == 0, status
    return result.stdout


passed = 0
for machine, words in {
    "m1": ["PSTR: type flt", "PMU tcal", "AppleSMC: state 0"],
    "vm": ["AppleSMC: state 1"],
    "intel": ["TC..: "],
}.items():
    text = doctor(machine)
    tables, questions = text.split("for a bug report", 1)
    assert "attributes are measured" in tables, text
    for number in range(1, 14):
        assert f"\n{number:2}. " in questions, (machine, number, text)
    for word in words:
        assert word in questions, (machine, word, text)
    passed += 1
print(f"doctor: {passed} passed, 0 failed, 0 skipped")

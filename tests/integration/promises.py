#!/usr/bin/env python3
"""Every promise that is measured stands in README.md's table, as it is worded there, and no other."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
README = (HERE.parent.parent / "README.md").read_text(encoding="utf-8")

listed = subprocess.run([sys.executable, HERE.parent / "stress" / "run", "--list"], check=True,
                        capture_output=True, text=True).stdout.splitlines()
measured = {tuple(line.split("\t")) for line in listed}
written = set(re.findall(r"^\| ([A-H][0-9]+) \| ([^|]+?) \|", README, re.MULTILINE))
if not measured or measured != written:
    for name, text in sorted(measured - written):
        print(f"README.md does not say: {name}, {text}")
    for name, text in sorted(written - measured):
        print(f"README.md says, and nobody measures: {name}, {text}")
    sys.exit("FAIL: `make stress` prints the table that belongs there")

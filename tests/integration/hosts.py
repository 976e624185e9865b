#!/usr/bin/python3
"""Machines made of files, each table of each of them: hosts.py [NAME..]"""
import sys

sys.dont_write_bytecode = True
from values import hosts, wire  # noqa: E402


def main():
    right = []
    try:
        wrong = hosts.check_all(lambda *told: right.append(told), sys.argv[1:])
    finally:
        wire.remove()
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{len(right)} cells are right")
    sys.exit(1 if wrong or not right else 0)


main()

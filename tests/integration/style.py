#!/usr/bin/env python3
"""What a reader relies on and clang-format does not see."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("common", "server", "client", "proto", "tests", ".ci", ".packaging")
LINES_MAX = 500  # of a source file, tests excepted
FUNCTION_LINES_MAX = 60


def guards(path):
    """The include guards that a header may have: PROCMON_H, SERVER_TABLE_H, LINUX_PARSE_H,
    DARWIN_PRIVATE_SMC_H."""
    if path.name == "procmon.h":
        return ["PROCMON_H"]
    parts = path.with_suffix("").parts
    names = [parts]
    if parts[:2] in (("server", "linux"), ("server", "darwin")):
        names = [(parts[1], parts[-1]), parts[1:]]
    return ["_".join(name).upper().replace("-", "_") + "_H" for name in names]


def text_rules(text):
    if text and not text.endswith("\n"):
        yield 0, "no newline at the end"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end"
        if re.search(r"\b(TODO|FIXME)\b", line):
            yield number, "something is left to be done"


def code_rules(path, text):
    lines = text.split("\n")
    start, shipped = None, path.parts[0] != "tests"
    for number, line in enumerate(lines, 1):
        if re.match(r" +[^ *]", line):
            yield number, "indented with spaces"
        # What only Apple's own headers have is declared as it is there.
        if re.match(r"typedef (struct|union|enum)\b", line) and "private" not in path.parts:
            yield number, "a typedef hides what a type is"
        if line == "{":
            start = number
        if line == "}" and start and number - start - 1 > FUNCTION_LINES_MAX and shipped:
            yield start, f"a function of {number - start - 1} lines"
    if len(lines) > LINES_MAX and shipped:
        yield 0, f"{len(lines)} lines"
    includes = re.findall(r'^#include [<"]([^>"]+)', text, re.M)
    if path.suffix == ".h" and not any(f"#ifndef {guard}\n#define {guard}\n" in text
                                       for guard in guards(path)):
        yield 0, f"the include guard is not {guards(path)[0]}"
    if path.suffix == ".c" and (ROOT / path.with_suffix(".h")).exists() and \
            includes and includes[0] != f"{path.stem}.h":
        yield 0, "its own header is not the first that it includes"


def script_rules(path, text):
    """A test that is not executable is never run; what has no main program is none."""
    if text.startswith("#!") != os.access(ROOT / path, os.X_OK):
        yield 0, "executable without #!, or #! without being executable"


def violations(path, text):
    yield from text_rules(text)
    if path.suffix in (".c", ".h"):
        yield from code_rules(path, text)
    elif path.suffix in (".py", ".sh", ""):
        yield from script_rules(path, text)


def untested(limits, tests):
    """A limit whose test nobody wrote."""
    for symbol in re.findall(r"^LIMIT\((\w+), ", limits, re.M):
        if not re.search(rf"\b{symbol}\b", tests):
            yield f"common/limits.def: no test is about {symbol}"


def self_check():
    wrong = "#include \"view.h\"\ntypedef struct x y;\n    int i;\nint j; \n{" + "\n" * 70 + "}\n// TODO"
    found = {rule for _, rule in violations(pathlib.Path("server/table.c"), wrong)}
    if len(found) != 7:
        yield f"self-check: only {found}"
    if len(list(untested("LIMIT(ROWS_MAX, ..)\nLIMIT(ROWS, ..)", "ROWS_MAX + 1"))) != 1:
        yield "self-check: a limit without its test was not seen"


def main():
    wrong = list(self_check())
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            # An empty line of a patch is a blank.
            if not path.is_file() or path.suffix == ".patch" or {"corpus", "fixtures", "__pycache__", "style.py"} & set(path.parts):
                continue
            name = path.relative_to(ROOT)
            wrong += [f"{name}:{number}: {rule}" for number, rule in violations(name, path.read_text())]
    tests = "".join(path.read_text() for path in (ROOT / "tests/unit").glob("*.c"))
    wrong += untested((ROOT / "common/limits.def").read_text(), tests)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()

"""PyTorch's own tests in two builds of it, compared by name.

    python upstream_tests.py run --python PYTHON --tests pytorch/test --out A.jsonl test_torch ...
    python upstream_tests.py compare A.jsonl B.jsonl

`run` writes a line for each test as it ends, so that what was done is kept: called again with the
same file it goes on behind it. A test in which the process dies is noted as crashed, and the rest
runs in a new process. Python's own library is enough, from 3.8 on, in both processes.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

#: What a test can end with beside "ok" and "skipped".
BAD = ("failed", "crashed", "passed unexpectedly")
_STARTED = "started"


def read(path: Path) -> dict[str, str]:
    """Return how each test ended, by ``file.py::Class.test``; what only began has crashed."""
    ends: dict[str, str] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            name, end = json.loads(line)
            ends[name] = end
    return {name: "crashed" if end == _STARTED else end for name, end in ends.items()}


def run(python: Path, folder: Path, out: Path, names: list[str]) -> None:
    """Run the files `names` of the folder with that Python; `out` gets the outcomes."""
    for name in names:
        file = folder / (name if name.endswith(".py") else f"{name}.py")
        if not file.is_file():
            raise SystemExit(f"there is no {file}: name test files of {folder}")
        while True:
            before = len(read(out))
            code = subprocess.run(
                [str(python), __file__, "record", str(out.absolute()), file.name],
                cwd=folder,
                # No NPU, as it is without our patches: with one, CPU tensors can be pinned.
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "ASCEND_EMU_DEVICES": "0"},
                check=False,
            ).returncode
            # Zero and one are unittest's own; with another the process died in a test.
            if code in (0, 1):
                break
            if len(read(out)) == before:
                raise SystemExit(f"{file.name} ended with {code} before its first test")


def record(out: Path, file: str) -> None:
    """Run one test file in this process as a program, writing down each test as it ends."""
    done = read(out)

    def key(test: unittest.TestCase) -> str:
        return f"{file}::{type(test).__name__}.{test._testMethodName}"

    def note(test: Any, end: str) -> None:
        if not isinstance(test, unittest.TestCase):
            return
        with out.open("a") as lines:
            lines.write(json.dumps([key(test), end]) + "\n")

    class Recorder(unittest.TextTestResult):
        def startTest(self, test: Any) -> None:
            note(test, _STARTED)
            super().startTest(test)

        def addSuccess(self, test: Any) -> None:
            note(test, "ok")
            super().addSuccess(test)

        def addSkip(self, test: Any, reason: str) -> None:
            note(test, "skipped")
            super().addSkip(test, reason)

        def addExpectedFailure(self, test: Any, err: Any) -> None:
            note(test, "ok")
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test: Any) -> None:
            note(test, "passed unexpectedly")
            super().addUnexpectedSuccess(test)

        def addFailure(self, test: Any, err: Any) -> None:
            note(test, "failed")
            super().addFailure(test, err)

        def addError(self, test: Any, err: Any) -> None:
            note(test, "failed")
            super().addError(test, err)

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            if err is not None:
                note(test, "failed")
            super().addSubTest(test, subtest, err)

    find_names = unittest.TestLoader.getTestCaseNames

    def names_left(loader: unittest.TestLoader, cls: Any) -> Any:
        names = find_names(loader, cls)
        return [name for name in names if f"{file}::{cls.__name__}.{name}" not in done]

    unittest.TestLoader.getTestCaseNames = names_left  # type: ignore[method-assign]
    unittest.TextTestRunner.resultclass = Recorder  # type: ignore[assignment]
    sys.path.insert(0, str(Path(file).resolve().parent))
    sys.argv = [file]
    runpy.run_path(file, run_name="__main__")


def compare(old: dict[str, str], new: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return what is worse in `new`, and what else differs, a line each."""
    worse, other = [], []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, "not there"), new.get(name, "not there")
        if before == after:
            continue
        line = f"{name}: {before} -> {after}"
        # A build without LAPACK, say, skips tests; that is no failure, but it is shown.
        lost = after == "not there"
        (worse if lost or (after in BAD and before not in BAD) else other).append(line)
    return worse, other


def main(arguments: list[str]) -> int:
    """Run or compare; 1 when something is worse."""
    if arguments[:1] == ["record"]:
        record(Path(arguments[1]), arguments[2])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--python", type=Path, required=True)
    running.add_argument("--tests", type=Path, required=True)
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("names", nargs="+")
    comparing = commands.add_parser("compare")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.command == "run":
        run(chosen.python, chosen.tests, chosen.out, chosen.names)
        return 0
    old, new = read(chosen.old), read(chosen.new)
    worse, other = compare(old, new)
    for title, ends in ((chosen.old, old), (chosen.new, new)):
        print(f"{title}: {dict(Counter(ends.values()))}")
    for title, lines in (("worse", worse), ("different", other)):
        print(f"{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

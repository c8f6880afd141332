"""Runs a program and writes down which operators it calls, by overload, and how often.

A script of its own, for the program's Python; it is never imported by ours:

    python recorder.py RESULT.json PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import json
import os
import runpy
import sys
from collections.abc import Iterator
from typing import Any


def record(program: str, arguments: list[str], result: str) -> None:
    """Run `program` as Python would, on whichever device it uses, and write `result`."""
    counts: collections.Counter[str] = collections.Counter()
    counting = _counting(counts)
    sys.argv = [program, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(program))  # noqa: PTH100, PTH120 (as Python does)
    failure = ""
    try:
        with counting:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            failure = f"it ended with exit code {end.code}"
    except Exception as error:  # noqa: BLE001 (whatever the program raises)
        failure = f"{type(error).__name__}: {error}"
    with open(result, "w", encoding="utf-8") as stream:  # noqa: PTH123
        json.dump({"operators": counts, "failure": failure}, stream)


def _counting(counts: collections.Counter[str]) -> contextlib.AbstractContextManager[Any]:
    importlib.import_module("torch")
    try:
        modes = importlib.import_module("torch.utils._python_dispatch")
    except ImportError:  # PyTorch 1.x
        return _by_function(counts, importlib.import_module("torch.autograd.profiler").profile())
    return _by_overload(counts, modes)


def _by_overload(
    counts: collections.Counter[str], modes: Any
) -> contextlib.AbstractContextManager[Any]:
    class Recorder(modes.TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = func.name()  # such as aten::add.Tensor
            counts[name] += 1
            return func(*args, **(kwargs or {}))

    found: contextlib.AbstractContextManager[Any] = Recorder()
    return found


@contextlib.contextmanager
def _by_function(counts: collections.Counter[str], profile: Any) -> Iterator[None]:
    """Ask the profiler, which does not know overloads."""
    try:
        with profile:
            yield
    finally:
        for event in profile.key_averages():
            if event.key.startswith("aten::"):
                counts[event.key + ".*"] += event.count


if __name__ == "__main__":
    record(sys.argv[2], sys.argv[3:], sys.argv[1])

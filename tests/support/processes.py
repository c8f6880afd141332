"""Finding and ending what a run left behind, and waiting for something to happen."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Callable


def processes_of(folder: Path) -> list[int]:
    """Return the processes whose environment names a folder of the test."""
    mark = f"{folder}/".encode("utf-8", "surrogateescape")
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def end_processes_of(folder: Path) -> None:
    """End them."""
    for pid in processes_of(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait for a condition; it is a failure of the test when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still waiting for {what}")
        time.sleep(0.02)

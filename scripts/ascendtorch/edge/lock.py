"""Mutual exclusion of runs: an OS lock that dies with its holder, and a note that names it."""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

from filelock import FileLock, Timeout

from ascendtorch.edge import process
from ascendtorch.errors import BusyError


def new_run_id() -> str:
    """Return an id for this run, put into the environment of what it starts."""
    return uuid.uuid4().hex


@contextlib.contextmanager
def held(
    path: Path,
    *,
    what: str,
    run_id: str | None = None,
    wait_seconds: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    on_leftovers: Callable[[list[int]], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the lock at `path` for the length of a ``with`` block.

    The kernel drops the lock when its holder dies, so neither a kill nor a reboot leaves a stale
    one. The note beside it (``<path>.owner``) says who holds it; processes that a killed holder
    left running are ended before the block starts, for they would still write.

    Args:
        cancelled: ends the waiting early; threads have no other way to hear of a Ctrl-C.

    Raises:
        BusyError: another run holds it, naming its PID.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    note = path.with_name(path.name + ".owner")
    lock = FileLock(str(path))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        owner = _owner(note)
        if wait_seconds > 0:
            on_wait(f"waiting for {owner}, which holds {what}")
        try:
            _wait_for(lock, wait_seconds, cancelled)
        except Timeout as error:
            raise BusyError(
                f"{what} is in use by {owner}",
                stage="lock",
                path=path,
                remedy="wait until it ends (--wait SECONDS does so), or stop that process",
            ) from error
    try:
        _end_leftovers(note, on_leftovers)
        # In its place: nobody could tell a killed run's scratch file from that of another lock, and
        # what is half a note is none to those who read it.
        note.write_text(json.dumps({"pid": os.getpid(), "run": run_id}))
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink()
        lock.release()


def _wait_for(lock: FileLock, seconds: float, cancelled: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        try:
            lock.acquire(timeout=min(max(left, 0.0), 0.5))
        except Timeout:
            if left <= 0 or cancelled():
                raise
        else:
            return


def _read_note(note: Path) -> dict[str, object]:
    try:
        value = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _owner(note: Path) -> str:
    for _ in range(20):  # the holder writes its note a moment after it takes the lock
        pid = _read_note(note).get("pid")
        if isinstance(pid, int):
            return f"the run with PID {pid}"
        time.sleep(0.01)
    return "another run"


def _end_leftovers(note: Path, on_leftovers: Callable[[list[int]], None]) -> None:
    run_id = _read_note(note).get("run")
    if not isinstance(run_id, str) or not run_id:
        return
    pids = process.leftovers(run_id)
    if pids:
        on_leftovers(pids)
        process.end_processes(pids)

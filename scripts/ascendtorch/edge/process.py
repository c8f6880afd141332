"""The one gateway through which subprocesses start."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NoReturn

#: Leaders of the sessions that run now, so that an interrupt can end those of other threads.
_live: set[int] = set()

#: Marks every process of a run, so that leftovers of a killed run can be told from others.
RUN_VARIABLE = "ASCENDTORCH_RUN"


@dataclass(frozen=True)
class Result:
    """What a finished process left: its argument list, exit code and both streams."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text, undecodable bytes kept as surrogates."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def error_text(self) -> str:
        """Standard error as printable text."""
        return self.stderr.decode("utf-8", "replace").strip()


class ProcessFailedError(Exception):
    """A process ended with a code other than 0; callers turn it into an error of their stage."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            f"`{shlex.join(result.argv)}` ended with {describe_exit(result.returncode)}"
            + (f": {result.error_text}" if result.error_text else "")
        )
        self.result = result


class TimedOutError(Exception):
    """A process took longer than it was allowed to."""


class StalledError(Exception):
    """A process printed nothing for longer than it was allowed to."""


def describe_exit(code: int) -> str:
    """Return a readable form of a return code, naming signals."""
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: float | None = None,
    check: bool = True,
) -> Result:
    """Run a short command and keep its streams.

    Raises:
        ProcessFailedError: it ended with a code other than 0 and `check` is set.
        FileNotFoundError: there is no such program.
        TimedOutError: it took longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"`{shlex.join(argv)}` took longer than {timeout:g} s") from error
    result = Result(tuple(argv), done.returncode, done.stdout, done.stderr)
    if check and done.returncode != 0:
        raise ProcessFailedError(result)
    return result


def stream(
    argv: Sequence[str],
    *,
    on_line: Callable[[str], None],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stall_seconds: float | None = None,
) -> int:
    """Run a long command in a session of its own and hand over each line as it comes.

    Both streams are merged. Carriage returns end a line too, for progress output.
    An exception while waiting (Ctrl-C, one raised by `on_line`) ends the whole session first.

    Returns:
        The exit code, negative for a signal.

    Raises:
        StalledError: nothing was printed for `stall_seconds`.
    """
    child = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    _live.add(child.pid)
    stalled = threading.Event()
    last_output = [time.monotonic()]
    finished = threading.Event()
    if stall_seconds is not None:
        threading.Thread(
            target=_watch, args=(child, last_output, stall_seconds, stalled, finished), daemon=True
        ).start()
    try:
        for line in _lines(child, last_output):
            on_line(line)
        code = child.wait()
    except BaseException:
        end_session(child.pid)
        child.wait()
        raise
    finally:
        _live.discard(child.pid)
        finished.set()
        if child.stdout is not None:
            child.stdout.close()
    if stalled.is_set():
        raise StalledError(f"no output for {stall_seconds:g} s")
    return code


def replace(program: Path, argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Become another program, which then gets the terminal, the signals and the exit code.

    Raises:
        OSError: it cannot be started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these two, and what is ignored stays so in the program that follows.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execve(program, list(argv), dict(env))  # noqa: S606 (arguments as a list, no shell)


def _lines(child: subprocess.Popen[bytes], last_output: list[float]) -> Iterator[str]:
    if child.stdout is None:
        raise ValueError("the process has no output pipe")
    pending = b""
    while True:
        chunk = os.read(child.stdout.fileno(), 65536)
        last_output[0] = time.monotonic()
        if not chunk:
            break
        *full, pending = (pending + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in full:
            yield line.decode("utf-8", "replace")
    if pending:
        yield pending.decode("utf-8", "replace")


def _watch(
    child: subprocess.Popen[bytes],
    last_output: list[float],
    limit: float,
    stalled: threading.Event,
    finished: threading.Event,
) -> None:
    while not finished.wait(min(1.0, limit / 4)):
        if time.monotonic() - last_output[0] > limit:
            stalled.set()
            end_session(child.pid)
            return


def end_session(leader: int, grace: float = 5.0) -> None:
    """End the process group `leader` made: politely first, after `grace` seconds for good."""
    for wanted in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(leader, wanted)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if not _group_alive(leader):
                return
            time.sleep(0.05)


def _group_alive(group: int) -> bool:
    """Whether a process of the group still runs; a zombie does not count."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


def end_live_sessions() -> None:
    """End every session that `stream` has running, in whichever thread."""
    for leader in tuple(_live):
        end_session(leader)


def leftovers(run_id: str) -> list[int]:
    """Return the PIDs of processes that a run with this id started and that still run."""
    mark = f"{RUN_VARIABLE}={run_id}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


def end_processes(pids: Sequence[int]) -> None:
    """Kill the given processes, ignoring those that are gone."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue

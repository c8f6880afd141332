"""Kill -9 at a random moment of a run: moments are counted in a clean run, then drawn by a seed.

A moment is a call that changes the file system (seen by an audit hook, whoever makes it), a write
that is torn in its middle, or an instant in the life of a process that the run starts. It is
reached by counting, so that a slow or a quick machine reaches the same one; where threads make the
count vary, a run that ends before its moment is counted as such by the caller. The calls of git,
which leaves locks where it dies, are counted by a library that is preloaded into it.
"""

from __future__ import annotations

import atexit
import builtins
import functools
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Kinds of moments. What dies is the run; with ``both`` its child too; with ``child`` only that;
#: at a call of git's, with ``git`` only git, with ``git+`` the run too.
CALL, TORN, TOOL, BOTH, CHILD, GIT, GIT_BOTH = (
    *("call", "torn", "tool", "both", "child", "git", "git+"),
)
_SHIM = Path(__file__).with_name("killing_git.c")

_CHANGING = {
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod"),
    *("os.truncate", "os.utime"),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Moment:
    """When to kill.

    Attributes:
        number: the call, or the child, counted from 1.
        seconds: how long after the start of the child.
    """

    kind: str
    number: int
    seconds: float = 0.0

    def prelude(self, grave: Path) -> str:
        """Python that makes a run die then; `grave` tells where it was."""
        return _prelude("kill", str(grave), self.kind, self.number, self.seconds, _shim())


@dataclass(frozen=True)
class Course:
    """What a clean run did: how many calls and writes, how long each child lived, git's calls."""

    calls: int
    writes: int
    children: tuple[float, ...]
    git: int

    def draw(self, chance: random.Random) -> Moment:
        """Draw a moment."""
        kinds = [CALL] * 4 + [TORN] * (1 if self.writes else 0)
        kinds += [TOOL, BOTH, CHILD] if self.children else []
        kinds += [GIT, GIT_BOTH, GIT_BOTH] if self.git else []
        kind = chance.choice(kinds)
        if kind == CALL:
            return Moment(kind, chance.randint(1, self.calls))
        if kind == TORN:
            return Moment(kind, chance.randint(1, self.writes))
        if kind in (GIT, GIT_BOTH):
            return Moment(kind, chance.randint(1, self.git))
        number = chance.randint(1, len(self.children))
        return Moment(kind, number, chance.uniform(0, self.children[number - 1]))


def counting(notes: Path) -> str:
    """Python that makes a run write what it does to a file; see `course`."""
    return _prelude("count", str(notes), _shim())


def course(notes: Path) -> Course:
    """Read what a clean run did."""
    kinds = [json.loads(line) for line in notes.read_text().splitlines()]
    lives = {note["number"]: note["seconds"] for note in kinds if note["kind"] == "ended"}
    started = sum(note["kind"] == "child" for note in kinds)
    return Course(
        sum(note["kind"] == CALL for note in kinds),
        sum(note["kind"] == TORN for note in kinds),
        # One that nobody waited for is as good as any.
        tuple(lives.get(number, 0.01) for number in range(1, started + 1)),
        _calls_of_git(notes),
    )


def epitaph(grave: Path) -> str | None:
    """Where a killed run was: a module of ours, or a git command; None where nothing was killed."""
    if not grave.exists() or not grave.read_bytes():
        return None
    words = grave.read_bytes().split(b"\0")
    if len(words) == 1:
        return str(json.loads(words[0])["stage"])
    # The command comes after `-c name=value` pairs, if there are any.
    at = 1
    while words[at : at + 1] == [b"-c"]:
        at += 2
    return f"git {words[at].decode()}" if words[0].endswith(b"git") else words[0].decode()


def _calls_of_git(notes: Path) -> int:
    counter = notes.with_name(f"{notes.name}.git")
    return int.from_bytes(counter.read_bytes(), sys.byteorder) if counter.exists() else 0


@functools.lru_cache(None)
def _shim() -> str:
    """The library for git; empty where there is no compiler to make it."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return ""
    folder = tempfile.mkdtemp(prefix="killing-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = str(Path(folder) / "killing_git.so")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", made, str(_SHIM), "-ldl"], check=True
    )
    return made


def _prelude(what: str, *arguments: object) -> str:
    folder = str(Path(__file__).resolve().parent)
    return (
        f"import sys\nsys.path.insert(0, {folder!r})\nimport killing\n"
        f"sys.path.remove({folder!r})\nkilling.{what}({', '.join(map(repr, arguments))})\n"
    )


# -- inside the run


def count(notes: str, shim: str) -> None:
    """Note every moment of this process in a file."""
    _settle()
    _preload(shim, f"{notes}.git", "", 0, 0)
    handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(kind: str, number: int, **more: Any) -> None:
        line = json.dumps({"kind": kind, "number": number, **more}) + "\n"
        _write(handle, line.encode())

    _Watch(lambda number: note(CALL, number), lambda number, *_: note(TORN, number)).begin()
    _watch_children(
        lambda number, _: note("child", number),
        lambda number, seconds: note("ended", number, seconds=seconds),
    )


def _settle() -> None:
    # Python looks for a folder by writing a file there, when it is first asked for one.
    tempfile.gettempdir()


def _preload(shim: str, counter: str, grave: str, number: int, run: int) -> None:
    if shim:
        Path(counter).unlink(missing_ok=True)
        os.environ.update(LD_PRELOAD=shim, KILLING_COUNTER=counter, KILLING_GRAVE=grave)
        os.environ.update(KILLING_AT=str(number), KILLING_RUN=str(run))


def kill(grave: str, kind: str, number: int, seconds: float, shim: str) -> None:
    """Kill this process at a moment."""
    _settle()
    if kind in (GIT, GIT_BOTH):
        _preload(shim, f"{grave}.git", grave, number, os.getpid() if kind == GIT_BOTH else 0)
        return
    buried = os.open(grave, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def die(victims: Sequence[int]) -> None:
        _write(buried, json.dumps({"stage": _stage()}).encode())
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def on_call(reached: int) -> None:
        if kind == CALL and reached == number:
            die([os.getpid()])

    def on_write(reached: int, stream: Any, data: Any, real: Any) -> None:
        if kind == TORN and reached == number:
            real(data[: len(data) // 2])
            stream.flush()
            die([os.getpid()])

    def on_child(reached: int, child: Any) -> None:
        if reached != number or kind not in (TOOL, BOTH, CHILD):
            return
        victims = {TOOL: [os.getpid()], BOTH: [child.pid, os.getpid()], CHILD: [child.pid]}[kind]

        def later() -> None:
            time.sleep(seconds)
            # A child that was waited for has left its number to others.
            alive = child.returncode is None
            die([pid for pid in victims if alive or pid != child.pid])

        threading.Thread(target=later, daemon=True).start()

    _Watch(on_call, on_write).begin()
    _watch_children(on_child, lambda *_: None)


class _Watch:
    """Counts calls and writes, each in its own row."""

    def __init__(self, on_call: Any, on_write: Any) -> None:
        self._on_call = on_call
        self._on_write = on_write
        self._calls = 0
        self._writes = 0
        self._lock = threading.RLock()

    def begin(self) -> None:
        sys.addaudithook(self._audit)
        real = io.open

        def opened(*arguments: Any, **options: Any) -> Any:
            stream = real(*arguments, **options)
            if stream.writable():
                self._wrap(stream)
            return stream

        io.open = builtins.open = opened  # type: ignore[assignment]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(flags, int) or not flags & _WRITING or path in ("/dev/null", b""):
                return
        elif event not in _CHANGING:
            return
        with self._lock:
            self._calls += 1
            self._on_call(self._calls)

    def _wrap(self, stream: Any) -> None:
        real = stream.write

        def write(data: Any) -> Any:
            with self._lock:
                self._writes += 1
                self._on_write(self._writes, stream, data, real)
            return real(data)

        stream.write = write


def _watch_children(on_child: Any, on_end: Any) -> None:
    started = [0]
    lock = threading.Lock()
    real_start, real_poll = subprocess.Popen.__init__, subprocess.Popen._handle_exitstatus

    def start(self: Any, *arguments: Any, **options: Any) -> None:
        real_start(self, *arguments, **options)
        with lock:
            started[0] += 1
            self.counted = started[0], time.monotonic()
            on_child(started[0], self)

    def ended(self: Any, *arguments: Any, **options: Any) -> Any:
        if hasattr(self, "counted"):
            number, since = self.counted
            on_end(number, time.monotonic() - since)
        return real_poll(self, *arguments, **options)

    subprocess.Popen.__init__ = start  # type: ignore[method-assign]
    subprocess.Popen._handle_exitstatus = ended  # type: ignore[method-assign]


def _write(handle: int, data: bytes) -> None:
    os.write(handle, data)


def _stage() -> str:
    """The module of ours that the main thread is in, and the function of that module."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    found = "?"
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        module = name.partition("ascendtorch.")[2]
        if module.startswith(("stages.", "upkeep.", "series.", "bundle")):
            return module
        if module and found == "?":
            found = module
        frame = frame.f_back
    return found

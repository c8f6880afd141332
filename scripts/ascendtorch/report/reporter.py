"""Progress and messages for people, always on standard error; results go to standard output."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

#: Called with how much is done, of how much, and what is being worked on.
Advance = Callable[[int, int, str], None]


class Reporter(Protocol):
    """What a stage may tell while it works."""

    def say(self, stage: str, text: str) -> None:
        """Report a step that was done."""

    def warn(self, stage: str, text: str) -> None:
        """Report something that needs attention but stops nothing."""

    def progress(self, stage: str, label: str) -> contextlib.AbstractContextManager[Advance]:
        """Show live progress for the length of a ``with`` block."""


class PlainReporter:
    """Lines, for logs and pipes; progress at most every few seconds or five percent."""

    def __init__(self, stream: TextIO | None = None, *, interval: float = 10.0) -> None:
        self._stream = stream or sys.stderr
        self._interval = interval
        self._lock = threading.Lock()
        self.warnings: list[str] = []

    def say(self, stage: str, text: str) -> None:
        """Print one line with the stage in front."""
        self._print(f"[{stage}] {text}")

    def warn(self, stage: str, text: str) -> None:
        """Print a warning and remember it for the summary."""
        self.warnings.append(f"[{stage}] {text}")
        self._print(f"[{stage}] warning: {text}")

    @contextlib.contextmanager
    def progress(self, stage: str, label: str) -> Iterator[Advance]:
        """Print a line now and then."""
        last = [0.0, -1.0]

        def advance(done: int, total: int, text: str) -> None:
            now = time.monotonic()
            part = done / total if total else 0.0
            if now - last[0] >= self._interval or part - last[1] >= 0.05:
                last[:] = [now, part]
                count = f"{done}/{total}" if total else str(done or "")
                self._print(" ".join(filter(None, (f"[{stage}] {label}", count, text))))

        yield advance

    def _print(self, text: str) -> None:
        with self._lock:
            print(text, file=self._stream, flush=True)


class LiveReporter(PlainReporter):
    """The same on a terminal, with a progress bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progress | None = None

    @contextlib.contextmanager
    def progress(self, stage: str, label: str) -> Iterator[Advance]:
        """Show a bar with the share done, the time left and the current item."""
        from rich.console import Console  # noqa: PLC0415 (loaded only where a bar is drawn)
        from rich.progress import (  # noqa: PLC0415  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns: tuple[Any, ...] = (
            TextColumn("[{task.fields[stage]}] {task.description}", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[item]}", markup=False),
        )
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None, stage=stage, item="")
            self._bar = bar

            def advance(done: int, total: int, text: str) -> None:
                bar.update(task, completed=done, total=total or None, item=text[-60:])

            try:
                yield advance
            finally:
                self._bar = None

    def _print(self, text: str) -> None:
        if self._bar is None:
            super()._print(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False)


class QuietReporter(PlainReporter):
    """Only warnings; for ``--quiet`` and tests."""

    def say(self, stage: str, text: str) -> None:
        """Drop it."""

    @contextlib.contextmanager
    def progress(self, stage: str, label: str) -> Iterator[Advance]:
        """Show nothing."""
        yield lambda done, total, text: None


def make_reporter(*, quiet: bool = False) -> PlainReporter:
    """Return the reporter that fits standard error."""
    if quiet:
        return QuietReporter()
    return LiveReporter() if sys.stderr.isatty() else PlainReporter()

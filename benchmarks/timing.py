"""What the benchmarks share: rotated timing, medians, a table for people and JSON for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[1]

#: Variables that would change what git or the tool does.
_SHAPING = re.compile(r"(GIT|USE|BUILD|CMAKE|ASCENDTORCH)_")


class BenchmarkError(Exception):
    """Nothing could be measured; the message says why."""


@dataclass(frozen=True)
class Goal:
    """An upper limit: ``ratio`` to the baseline, ``more`` seconds than it, or plain ``seconds``."""

    kind: str
    limit: float

    def __str__(self) -> str:
        unit = {"ratio": "", "more": " s more", "seconds": " s"}[self.kind]
        return f"<= {self.limit:.2f}{unit}"


@dataclass(frozen=True)
class Case:
    """One thing to time; only `run` is timed, `before` and `after` are not."""

    name: str
    run: Callable[[], object]
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    goal: Goal | None = None


@dataclass(frozen=True)
class Result:
    """The times of a case in seconds, one a round, against the baseline's of the same rounds."""

    name: str
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    baseline: tuple[float, ...]
    goal: Goal | None

    @property
    def cpu(self) -> float:
        """Median processor time in seconds, of all processes of a round: load hardly moves it."""
        return statistics.median(self.cpu_seconds)

    @property
    def median(self) -> float:
        """Median time in seconds."""
        return statistics.median(self.seconds)

    @property
    def ratio(self) -> float:
        """Median, over the rounds, of the time divided by the baseline's in the same round."""
        return statistics.median(a / b for a, b in zip(self.seconds, self.baseline))

    @property
    def more(self) -> float:
        """Median, over the rounds, of the seconds above the baseline's in the same round."""
        return statistics.median(a - b for a, b in zip(self.seconds, self.baseline))

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        values = {"ratio": self.ratio, "more": self.more, "seconds": self.median}
        return values[self.goal.kind] <= self.goal.limit

    def as_json(self) -> dict[str, Any]:
        """The result as data."""
        goal = None if self.goal is None else {"kind": self.goal.kind, "limit": self.goal.limit}
        return {
            "case": self.name,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "median": self.median,
            "cpu": self.cpu,
            "ratio": self.ratio,
            "more": self.more,
            "goal": goal,
            "met": self.met,
        }


def parser(text: str, *, runs: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=text)
    made.add_argument("--runs", type=_positive, default=runs, metavar="N", help=f"default: {runs}")
    made.add_argument(
        "--workdir",
        type=Path,
        metavar="DIR",
        help="work below this folder, all on its file system (default: a temporary one beside "
        "the checkout)",
    )
    made.add_argument("--json", action="store_true", help="print JSON; the table goes to stderr")
    return made


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


@contextmanager
def work_folder(asked: Path | None) -> Iterator[Path]:
    """Give the folder to work in, for the length of a ``with`` block; a temporary one is removed.

    Raises:
        BenchmarkError: it cannot be written.
    """
    try:
        if asked is not None:
            asked.mkdir(parents=True, exist_ok=True)
            yield asked.resolve()
            return
        with tempfile.TemporaryDirectory(prefix=".ascendtorch-bench-", dir=ROOT.parent) as name:
            yield Path(name)
    except PermissionError as error:
        raise BenchmarkError(f"{error}; name a folder of yours with --workdir") from error


def environment(scratch: Path, **extra: str) -> dict[str, str]:
    """Return the caller's environment without what would shape git or the tool.

    HOME is an empty folder, so that git reads the same configuration on both sides.
    """
    home = scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not _SHAPING.match(name)}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "TMPDIR": str(scratch),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PYTHONPATH": str(ROOT / "scripts"),
        **extra,
    }


def tool(*arguments: str) -> list[str]:
    """Return the argument list of an `ascendtorch` command of this checkout."""
    return [sys.executable, "-m", "ascendtorch", *arguments]


def call(argv: Sequence[str], env: Mapping[str, str], *, stdin: bytes | None = None) -> bytes:
    """Run a command to its end and return what it printed.

    Raises:
        BenchmarkError: it failed; the message has the end of its error stream.
    """
    done = subprocess.run(list(argv), env=dict(env), input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-8:]
        raise BenchmarkError("\n  ".join([f"{' '.join(argv)[:300]} failed:", *said]))
    return done.stdout


def measure(cases: Sequence[Case], runs: int) -> list[Result]:
    """Time every case once a round; the first case is the baseline, the order moves on each round.

    Times are only compared within a round, so that a load that changes slowly changes both sides.
    """
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    cpu: dict[str, list[float]] = {case.name: [] for case in cases}
    for number in range(runs):
        shift = number % len(cases)
        for case in (*cases[shift:], *cases[:shift]):
            case.before()
            started, used = time.perf_counter(), _cpu()
            case.run()
            times[case.name].append(time.perf_counter() - started)
            cpu[case.name].append(_cpu() - used)
            case.after()
            _show_progress(number, runs, case.name, times[case.name][-1])
    baseline = tuple(times[cases[0].name])
    return [
        Result(c.name, tuple(times[c.name]), tuple(cpu[c.name]), baseline, c.goal) for c in cases
    ]


def _cpu() -> float:
    """Return the processor time of the children that have ended, theirs included."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _show_progress(number: int, runs: int, name: str, seconds: float) -> None:
    if sys.stderr.isatty() or runs <= 5:
        print(f"  round {number + 1}/{runs}: {seconds:8.2f} s  {name}", file=sys.stderr, flush=True)


def report(title: str, results: Sequence[Result], load_before: float, *, as_json: bool) -> None:
    """Print the table, or with `as_json` the JSON with the table on standard error."""
    conditions = {
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(load_before, 2),
        "load_after": round(load(), 2),
        "python": platform.python_version(),
        "git": call(["git", "--version"], os.environ).decode().split()[2],
    }
    stream = sys.stderr if as_json else sys.stdout
    print("\n".join(_table(title, results, conditions)), file=stream)
    if as_json:
        data = {
            "benchmark": title,
            "conditions": conditions,
            "baseline": results[0].name,
            "results": [result.as_json() for result in results],
        }
        print(json.dumps(data, indent=1))


def _table(title: str, results: Sequence[Result], conditions: Mapping[str, Any]) -> list[str]:
    rows = [("case", "median", "range", "cpu", "ratio", "more", "goal", "")]
    for result in results:
        verdict = {None: "", True: "met", False: "missed"}[result.met]
        span = f"{min(result.seconds):.2f}-{max(result.seconds):.2f}"
        compared = (
            ("", "") if result is results[0] else (f"{result.ratio:.2f}", f"{result.more:+.2f} s")
        )
        rows.append(
            (
                result.name,
                f"{result.median:.2f} s",
                span,
                f"{result.cpu:.2f} s",
                *compared,
                str(result.goal or ""),
                verdict,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    about = ", ".join(f"{name} {value}" for name, value in conditions.items())
    head = [f"{title}: {len(results[0].seconds)} rounds ({about})"]
    if conditions["load_before"] > conditions["cores"] / 2:
        head.append("the machine was busy with something else: trust the ratios, not the seconds")
    return [*head, *lines]


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def guarded(main: Callable[[], None]) -> int:
    """Run a benchmark; return its exit code: 0 when it measured, whatever the verdicts, else 1."""
    try:
        main()
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0

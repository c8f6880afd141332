"""Rotated timing, medians, a table for people and JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import running


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
        "git": running.call(["git", "--version"], os.environ).decode().split()[2],
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

"""Running the tests that are shipped with the sources, each file in a process of its own."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import interrupts, process
from ascendtorch.errors import ToolError
from ascendtorch.spec.suggest import did_you_mean
from ascendtorch.toolchain.environment import clean_environ

STAGE = "test"
FOLDER = "pytorch_src/test"
#: A file that prints nothing for so long hangs.
_STALL_SECONDS = 300.0


@dataclass(frozen=True)
class Outcome:
    """How one file ended; times in seconds.

    Attributes:
        problem: None when all its tests passed, else in a few words what is wrong.
    """

    name: str
    tests: int
    skipped: int
    seconds: float
    problem: str | None
    output: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The outcome as data; the output only where it is needed."""
        return {
            "file": self.name,
            "ok": self.problem is None,
            "tests": self.tests,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 2),
            "problem": self.problem,
            "output": [] if self.problem is None else list(self.output),
        }


def find_tests(root: Path, names: Sequence[str]) -> list[Path]:
    """Return the test files: all, or those named (``div``, ``test_div`` or ``test_div.py``).

    Raises:
        ToolError: there is no test of that name.
    """
    folder = root / FOLDER
    known = {path.stem: path for path in sorted(folder.glob("test_*.py"))}
    if not names:
        if not known:
            raise ToolError(
                "there are no tests", stage=STAGE, path=folder, remedy="restore the sources"
            )
        return list(known.values())
    chosen: dict[Path, None] = {}
    for name in names:
        plain = Path(name).name
        stem = plain[:-3] if plain.endswith(".py") else plain
        found = next((known[key] for key in (stem, f"test_{stem}") if key in known), None)
        if found is None:
            shown = [key[len("test_") :] for key in known]
            raise ToolError(
                f"there is no test {name!r}{did_you_mean(stem, shown)}",
                stage=STAGE,
                path=folder,
                remedy="name files of that folder, with or without test_ and .py",
            )
        chosen[found] = None
    return list(chosen)


def environment_of_tests(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return the environment of a test: strict emulation, and nothing of the caller's Python."""
    return {
        **clean_environ(environ),
        "PYTHONPATH": str(root / FOLDER),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # No kernel may touch device memory from the host.
        "ASCEND_EMU_GUARD": "1",
    }


def run_tests(
    tests: Sequence[Path],
    python: Path,
    env: Mapping[str, str],
    *,
    jobs: int,
    on_outcome: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run the files, `jobs` at a time; `on_outcome` hears of each as it ends."""
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = []
        try:
            with interrupts.deferred():
                running += [pool.submit(_run_one, path, python, env) for path in tests]
            for done in interrupts.finished(running):
                outcomes.append(done.result())
                on_outcome(outcomes[-1])
        except BaseException:
            for job in running:
                job.cancel()
            process.end_live_sessions()
            raise
    return sorted(outcomes, key=lambda outcome: outcome.name)


def _run_one(path: Path, python: Path, env: Mapping[str, str]) -> Outcome:
    lines: list[str] = []
    started = time.monotonic()
    # What a test writes into its folder is gone with it.
    with tempfile.TemporaryDirectory(prefix="ascendtorch-test-") as folder:
        try:
            code = process.stream(
                [str(python), str(path)],
                cwd=Path(folder),
                env=env,
                on_line=lines.append,
                stall_seconds=_STALL_SECONDS,
            )
            ended = process.describe_exit(code)
        except process.StalledError as error:
            code, ended = 1, str(error)
    return judge(path.name, lines, code, ended, time.monotonic() - started)


def judge(name: str, lines: Sequence[str], code: int, ended: str, seconds: float) -> Outcome:
    """Read what unittest printed; a file in which no test ran has not passed."""
    ran = [re.match(r"Ran (\d+) tests? in ", line) for line in lines]
    tests = sum(int(match[1]) for match in ran if match)
    skips = [re.search(r"skipped=(\d+)", line) for line in lines if line.startswith("OK")]
    skipped = sum(int(match[1]) for match in skips if match)
    verdict = next((line for line in reversed(lines) if re.match(r"OK|FAILED", line)), "")
    problem = None
    if code != 0:
        problem = verdict if verdict.startswith("FAILED") else ended
    elif not verdict.startswith("OK"):
        problem = "it did not print OK"
    elif tests == 0:
        problem = "no test ran"
    return Outcome(name, tests, skipped, seconds, problem, tuple(lines))

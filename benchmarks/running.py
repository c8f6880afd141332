"""Running commands for the benchmarks: options, the folder to work in, a clean environment."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[1]

#: Variables that would change what git or the tool does.
_SHAPING = re.compile(r"(GIT|USE|BUILD|CMAKE|ASCENDTORCH)_")


class BenchmarkError(Exception):
    """Nothing could be measured; the message says why."""


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


def guarded(main: Callable[[], None]) -> int:
    """Run a benchmark; return its exit code: 0 when it measured, whatever the verdicts, else 1."""
    try:
        main()
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0

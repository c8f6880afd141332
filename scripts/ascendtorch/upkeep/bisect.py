"""Bisect: which patch of a series breaks a command.

The tree is brought to prefixes of the series as the patch stage does it: only files that differ
are written, and a kill at any moment leaves a state that `gen` brings forward again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ascendtorch.edge import process
from ascendtorch.edge.files import remove_tree, write_atomic
from ascendtorch.errors import EditedError, PatchError, StateError
from ascendtorch.report.reporter import QuietReporter, Reporter
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import load_series
from ascendtorch.stages import patch as patch_stage
from ascendtorch.stages.inspect import TreeReport
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep.probe import Search

STAGE = "bisect"
#: As `git bisect run` has it: this prefix cannot be tried.
SKIP = 125
#: The shell's own codes for a command that cannot be run.
_CANNOT_RUN = (126, 127)


@dataclass(frozen=True)
class Try:
    """One run of the command, with the first `applied` patches in the tree."""

    applied: int
    last: str | None
    result: str
    code: int
    seconds: float
    files: int
    log: Path

    def as_json(self) -> dict[str, Any]:
        """The try as data."""
        return {**dataclasses.asdict(self), "seconds": round(self.seconds, 2), "log": str(self.log)}


@dataclass(frozen=True)
class Bisected:
    """What came of it: see `Search.state`; `suspects` holds one patch when it is found."""

    state: str
    suspects: tuple[PatchFile, ...]
    tries: tuple[Try, ...]


def require_clean(report: TreeReport) -> None:
    """Refuse a tree that is not just as `gen` left it.

    Raises:
        EditedError: a person changed it.
        StateError: it is not generated, or not up to date.
    """
    if report.state in ("edited", "foreign"):
        raise EditedError(
            "the tree is not as gen left it: " + "; ".join(report.notes[:3]),
            stage=STAGE,
            path=report.tree,
            remedy="commit or undo your edits (`ascendtorch patch status` shows them), or make a "
            "tree of its own: `ascendtorch gen --tree FOLDER`, then --tree FOLDER here too",
        )
    if report.state != "clean":
        raise StateError(
            f"the tree is {report.state}: " + "; ".join(report.notes[:3]),
            stage=STAGE,
            path=report.tree,
            remedy="run `ascendtorch gen` first",
        )


def bisect(
    fetched: FetchedTree,
    command: str,
    folder: Path,
    reporter: Reporter,
    *,
    good: str | None = None,
    on_line: Callable[[str], None] = lambda _: None,
) -> Bisected:
    """Find the first patch with which a command fails; the tree ends as it was.

    Args:
        command: for the shell, run in the tree: 0 is good, 125 skips, 1 to 124 are bad.
        folder: for logs and scratch files.
        good: a patch up to which it is known to work.

    Raises:
        PatchError: the command cannot be run, or was ended by a signal.
        EditedError: the command, or somebody, changed files that a patch changes.
    """
    patches = load_series(fetched.spec.series_file).patches
    files = tuple(frozenset(item.path for item in patch.files) for patch in patches)
    search = Search(files, len(patches), good=_number(patches, good), proven=good is not None)
    tries: list[Try] = []
    remove_tree(folder)
    with _restored(fetched, reporter):
        while (prefix := search.next()) is not None:
            last = patches[prefix - 1].name if prefix else None
            count = search.cost(prefix)
            _bring_to(fetched, patches[:prefix], folder / "series")
            reporter.say(STAGE, f"{prefix} of {len(patches)} patches ({last or 'the pin alone'})")
            log = folder / "logs" / f"{len(tries) + 1:02}-{prefix}-patches.log"
            started = time.monotonic()
            code = _run(command, fetched.tree, log, last, on_line)
            result = _result(code, command, log)
            spent = time.monotonic() - started
            tries.append(Try(prefix, last, result, code, spent, count, log))
            reporter.say(STAGE, f"{result} (exit code {code}, {spent:.1f} s, log: {log})")
            search = search.tried(prefix, result)
    suspects = tuple(patches[number - 1] for number in search.suspects())
    return Bisected(search.state, suspects, tuple(tries))


def _number(patches: tuple[PatchFile, ...], name: str | None) -> int:
    if name is None:
        return 0
    for number, patch in enumerate(patches, 1):
        if patch.name in (name, f"{name}.patch"):
            return number
    raise PatchError(
        f"{name!r} is not in the series",
        stage=STAGE,
        remedy="name a patch as `ascendtorch patch list` prints it",
    )


@contextlib.contextmanager
def _restored(fetched: FetchedTree, reporter: Reporter) -> Iterator[None]:
    """Bring the tree back to the whole series, whatever happens but a kill."""
    try:
        yield
    finally:
        patch_stage.patch(fetched, force=False, reporter=QuietReporter())
        reporter.say(STAGE, "the tree has the whole series again")


def _bring_to(fetched: FetchedTree, patches: tuple[PatchFile, ...], folder: Path) -> None:
    """Bring the tree to a shorter series, by the very stage that `gen` runs."""
    remove_tree(folder)
    for item in patches:
        write_atomic(folder / item.name, item.path.read_bytes())
    write_atomic(folder / "series", "".join(f"{item.name}\n" for item in patches).encode())
    shorter = dataclasses.replace(fetched.spec, folder=folder)
    tree = FetchedTree(shorter, fetched.tree, fetched.modules)
    patch_stage.patch(tree, force=False, reporter=QuietReporter())


def _run(
    command: str, tree: Path, log: Path, last: str | None, on_line: Callable[[str], None]
) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:

        def listen(line: str) -> None:
            stream.write(f"{line}\n")
            stream.flush()
            on_line(line)

        return process.stream(
            ["/bin/sh", "-c", command],
            cwd=tree,
            env={**os.environ, "ASCENDTORCH_BISECT": last or ""},
            on_line=listen,
        )


def _result(code: int, command: str, log: Path) -> str:
    if code == 0:
        return "good"
    if code == SKIP:
        return "skip"
    if 0 < code < SKIP:
        return "bad"
    raise PatchError(
        f"the command {'cannot be run' if code in _CANNOT_RUN else 'was ended'} "
        f"({process.describe_exit(code)}): {command}",
        stage=STAGE,
        path=log,
        remedy="let it end with 0 for good, 125 to skip, 1 to 124 for bad; the tree is as it was",
    )

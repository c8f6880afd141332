"""The patch stage on a made-up tree, against a bare ``git apply`` of the same changes."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import running
import synthetic
import timing

from ascendtorch.report.reporter import QuietReporter
from ascendtorch.spec.version import load_version
from ascendtorch.stages import fetch
from ascendtorch.stages.patch import patch

GOAL = timing.Goal("more", 2.0)
_STAGE = "--one-stage"


def run_stage(root: Path) -> None:
    """Run the patch stage alone on the fetched tree of a workspace, through the Python API."""
    fetched = fetch.load(load_version(root / "patch" / synthetic.VERSION), root / "pytorch")
    if fetched is None:
        raise running.BenchmarkError(f"{root} has no fetched tree")
    patch(fetched, force=False, reporter=QuietReporter())


def main() -> None:
    """Measure and print."""
    parser = running.parser(__doc__ or "", runs=5)
    parser.add_argument("--files", type=int, default=8000, metavar="N", help="default: 8000")
    options = parser.parse_args()
    before = timing.load()
    with (
        running.work_folder(options.workdir) as work,
        tempfile.TemporaryDirectory(prefix="run-", dir=work) as scratch,
    ):
        space = synthetic.make(Path(scratch), files=options.files)
        whole = Path(scratch) / "whole.patch"
        whole.write_bytes(b"".join(space.parts))
        cases = [
            timing.Case(
                "git apply",
                partial(_git_apply, space, whole),
                partial(_fresh_tree, space, 1),
                partial(_check, space),
            )
        ]
        for count in (1, 20):
            cases.append(
                timing.Case(
                    f"patch stage, {count} patch{'es' if count > 1 else ''}",
                    partial(_stage, space),
                    partial(_fresh_tree, space, count),
                    partial(_check, space),
                    GOAL,
                )
            )
        results = timing.measure(cases, options.runs)
        size = whole.stat().st_size / 1000
    title = (
        f"patch stage, {options.files} files, {len(space.parts)} of them patched by {size:.0f} KB"
    )
    timing.report(title, results, before, as_json=options.json)


def _fresh_tree(space: synthetic.Workspace, count: int) -> None:
    space.reset()
    space.write_series(count)
    os.sync()


def _git_apply(space: synthetic.Workspace, whole: Path) -> None:
    running.call(["git", "-C", str(space.tree), "apply", str(whole)], space.env)


def _stage(space: synthetic.Workspace) -> None:
    running.call([sys.executable, __file__, _STAGE, str(space.root)], space.env)


def _check(space: synthetic.Workspace) -> None:
    for path, content in space.patched.items():
        if (space.tree / path).read_bytes() != content:
            raise running.BenchmarkError(f"{path} is not what the series says")


if __name__ == "__main__":
    if sys.argv[1:2] == [_STAGE]:
        run_stage(Path(sys.argv[2]))
    else:
        sys.exit(running.guarded(main))

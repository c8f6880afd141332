"""Import: changes of any form become patches and files of our own, once that is proven."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge.files import host_errors, write_if_changed
from ascendtorch.errors import EditedError
from ascendtorch.report.reporter import Reporter
from ascendtorch.series import rewrite
from ascendtorch.stages import patch
from ascendtorch.stages.chain import STAGE
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import commits as reading
from ascendtorch.upkeep.importplan import ImportOptions, ImportPlan, plan_import
from ascendtorch.upkeep.looking import recorded


def import_changes(
    fetched: FetchedTree,
    sources: Path,
    paths: tuple[Path, ...],
    options: ImportOptions,
    *,
    dry_run: bool,
    reporter: Reporter,
) -> ImportPlan:
    """Put changes at the end of the series. The tree stays as it is; `gen` brings it there.

    Args:
        dry_run: plan and prove, write nothing.

    Raises:
        PatchError: an input does not fit, or cannot be imported without loss.
        EditedError: there are commits in the tree that are not exported.
    """
    folder = fetched.spec.folder
    with host_errors(STAGE, folder), patch.git_errors(fetched.tree):
        if not dry_run and rewrite.complete(folder):
            reporter.say(STAGE, "completed a change of the series that was cut off")
        with tempfile.TemporaryDirectory(prefix="ascendtorch-") as scratch:
            plan = plan_import(fetched, sources, paths, options, Path(scratch))
        _refuse_commits(fetched)
        for note in plan.notes:
            reporter.warn(STAGE, note)
        if dry_run:
            return plan
        contents: Mapping[str, bytes | None] = {
            **{name: item.raw for name, item in plan.patches},
            fetched.spec.series_file.name: plan.series,
        }
        # Our own files first: nothing asks for them before the rule is there, and a run that was
        # cut off here finds them as they should be.
        if plan.own is not None:
            plan.own.write(sources)
            if plan.own.settings is not None:
                write_if_changed(folder / "version.yaml", plan.own.settings)
        rewrite.rewrite(folder, contents)
    return plan


def _refuse_commits(fetched: FetchedTree) -> None:
    """Refuse to change a series under commits that are to be exported to it.

    Raises:
        EditedError: there are such commits in the tree.
    """
    links, bases = recorded(fetched)
    expected = {**bases, **(links[-1].heads if links else {})}
    moved = [
        name or "the release"
        for name, repository in reading.open_repositories(fetched).items()
        if repository.head() != expected[name]
    ]
    if moved:
        raise EditedError(
            f"there are commits in the tree that the series lacks (in {', '.join(moved)})",
            stage=STAGE,
            path=fetched.tree,
            remedy="run `ascendtorch patch export` first, then import",
        )

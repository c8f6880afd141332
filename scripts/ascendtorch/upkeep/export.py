"""Export: the commits of the tree become the series. Planned and proven first, then written."""

from __future__ import annotations

from ascendtorch.edge.files import host_errors
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.report.reporter import Reporter
from ascendtorch.series import rewrite
from ascendtorch.stages import patch, receipts
from ascendtorch.stages.chain import STAGE
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import commits as reading
from ascendtorch.upkeep.exporting import plan_export
from ascendtorch.upkeep.exportplan import ExportPlan
from ascendtorch.upkeep.looking import recorded


def export(fetched: FetchedTree, *, dry_run: bool, reporter: Reporter) -> ExportPlan:
    """Make the series what the commits of the tree say, and the tree's commits those of the series.

    No file of the tree changes. The commits that were there are kept under
    ``refs/ascendtorch/backup/``.

    Args:
        dry_run: plan and prove, write nothing.

    Raises:
        EditedError: commits that no series can hold, or a series that changed meanwhile.
        PatchError: a commit that no patch can hold.
    """
    folder = fetched.spec.series_file.parent
    with host_errors(STAGE, folder), patch.git_errors(fetched.tree):
        if not dry_run:
            if rewrite.complete(folder):
                reporter.say(STAGE, "completed a change of the series that was cut off")
            patch.complete(fetched, False, reporter)
        with scratch_folder() as scratch:
            plan = plan_export(fetched, scratch)
        for note in plan.notes:
            reporter.warn(STAGE, note)
        for path in plan.uncommitted:
            reporter.warn(STAGE, f"not committed, and so not exported: {path}")
        links, bases = recorded(fetched)
        expected = {**bases, **(links[-1].heads if links else {})}
        moved = {name: head for name, head in plan.heads.items() if head != expected[name]}
        if dry_run or not moved:
            return plan
        repositories = reading.open_repositories(fetched)
        for name, head in moved.items():
            repositories[name].set_ref(f"refs/ascendtorch/backup/{head[:12]}", head)
        receipts.save(
            fetched.state,
            patch.EXPORTED,
            patches=[list(entry) for entry in plan.patches],
            heads=plan.heads,
        )
        rewrite.rewrite(folder, plan.contents)
    patch.patch(fetched, force=False, reporter=reporter)
    return plan

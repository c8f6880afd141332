"""``ascendtorch patch export``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.cli.patch.places import fetched_tree
from ascendtorch.report.reporter import make_reporter
from ascendtorch.upkeep.export import export as export_series
from ascendtorch.upkeep.exportplan import ExportPlan


@click.command()
@options.version_option
@options.tree_option
@options.run_options
@options.json_option
def export(
    version: str | None,
    tree: Path | None,
    dry_run: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Make the series what the commits of the tree say.

    Patches whose commits did not change stay byte for byte. Commits of submodules count too. Edits
    that are not committed are named and left alone.
    """
    workspace, spec = options.chosen_version(version, tree)
    reporter = make_reporter(quiet=quiet)
    with options.workspace_lock(workspace, reporter, wait_seconds=wait):
        plan = export_series(fetched_tree(spec, workspace), dry_run=dry_run, reporter=reporter)
    if as_json:
        click.echo(
            json.dumps({"version": spec.version, "dry_run": dry_run, **plan.as_json()}, indent=1)
        )
    elif not quiet:
        _show(plan, dry_run)


def _show(plan: ExportPlan, dry_run: bool) -> None:
    for name, draft in plan.drafts:
        if draft.state != "kept":
            click.echo(f"{draft.state:8}{name}")
    for name in plan.removed:
        click.echo(f"removed {name}")
    kept = sum(draft.state == "kept" for _, draft in plan.drafts)
    reordered = plan.changes and not plan.removed and kept == len(plan.drafts)
    if not plan.changes:
        click.echo(f"nothing to export: {kept} patches are what the tree holds")
    else:
        click.echo(f"{kept} patches stay byte for byte{', in a new order' if reordered else ''}")
    if dry_run and plan.changes:
        click.echo("nothing was written (--dry-run)")

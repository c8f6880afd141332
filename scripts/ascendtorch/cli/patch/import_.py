"""``ascendtorch patch import``."""

from __future__ import annotations

import json
from email.utils import parseaddr
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.cli.patch.places import fetched_tree
from ascendtorch.report.reporter import make_reporter
from ascendtorch.upkeep.importing import import_changes
from ascendtorch.upkeep.importplan import ImportOptions, ImportPlan


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@options.version_option
@click.option("--split", is_flag=True, help="Divide by topic, and move new files to the overlay.")
@click.option(
    "--strip",
    type=click.IntRange(0, 9),
    metavar="N",
    help="Take N folders off the names (the -p of patch); found out by default.",
)
@click.option("--subject", metavar="TEXT", help="What to call a single change.")
@click.option("--author", metavar="'NAME <MAIL>'", help="Who made what names nobody.")
@options.tree_option
@options.run_options
@options.json_option
def import_(
    files: tuple[Path, ...],
    version: str | None,
    split: bool,
    strip: int | None,
    subject: str | None,
    author: str | None,
    tree: Path | None,
    dry_run: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Put FILES at the end of the series: diffs, mailboxes of `git format-patch`, quilt folders.

    Nothing is written before it is proven that the new series makes the very tree that the files
    make. The source tree stays as it is; `gen` brings it there.
    """
    workspace, spec = options.chosen_version(version, tree)
    reporter = make_reporter(quiet=quiet)
    wanted = ImportOptions(split, strip, _author(author), subject)
    with options.workspace_lock(workspace, reporter, wait_seconds=wait):
        plan = import_changes(
            fetched_tree(spec, workspace),
            workspace.root / "pytorch_src",
            files,
            wanted,
            dry_run=dry_run,
            reporter=reporter,
        )
    if as_json:
        shown = {"version": spec.version, "dry_run": dry_run, **plan.as_json()}
        click.echo(json.dumps(shown, indent=1))
    elif not quiet:
        _show(plan, dry_run)


def _author(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    name, address = parseaddr(text)
    if not name or "@" not in address:
        raise click.BadParameter(f"{text!r} is not 'Name <mail@host>'", param_hint="--author")
    return name, address


def _show(plan: ImportPlan, dry_run: bool) -> None:
    for step in plan.applied:
        moved = f", {step.moved} hunks moved" if step.moved else ""
        sections = len(step.change.diff.sections)
        click.echo(
            f"{step.change.name}: {step.change.kind}, {sections} files, -p{step.level}{moved}"
        )
    for name, item in plan.patches:
        click.echo(f"new     {name}  {len(item.paths)} files")
        if item.names:
            more = ", ..." if len(item.names) > 6 else ""
            click.echo(f"          they share {', '.join(item.names[:6])}{more}")
    if plan.own is not None:
        click.echo(f"overlay {len(plan.own.files)} new files in pytorch_src/{plan.own.folder}")
    click.echo(f"proven: series and overlay make the tree of the input, {plan.tree}")
    click.echo("nothing was written (--dry-run)" if dry_run else "next: ascendtorch gen")

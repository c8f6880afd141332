"""``ascendtorch patch status``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.upkeep.state import SeriesState
from ascendtorch.upkeep.status import series_state


@click.command()
@options.version_option
@options.tree_option
@options.json_option
def status(version: str | None, tree: Path | None, as_json: bool) -> None:
    """Say what became of each patch in the tree, and what is not exported.

    Changes nothing; exit code 0 means that the tree is what the series makes, and 1 that it is not.
    """
    workspace, spec = options.chosen_version(version, tree)
    with scratch_folder() as scratch:
        found = series_state(spec, workspace.tree, scratch)
    if as_json:
        click.echo(json.dumps({"version": spec.version, **found.as_json()}, indent=1))
    else:
        _show(found)
    raise SystemExit(0 if found.clean else 1)


def _show(found: SeriesState) -> None:
    for patch in found.patches:
        click.echo(f"{patch.state:8} {patch.name}")
        for reason in patch.reasons:
            click.echo(f"         {reason}")
        if patch.state not in ("clean", "absent", "missing"):
            for file in patch.files:
                click.echo(f"           {file.state:8} {file.path}")
    for commit in found.unexported:
        where = f" in {commit.repository}" if commit.repository else ""
        what = f", stands for {commit.patch}" if commit.patch else ", in no patch"
        click.echo(f"not exported: {commit.commit[:12]} {commit.subject}{where}{what}")
    for path in found.uncommitted:
        click.echo(f"not committed: {path}")
    for note in found.notes:
        click.echo(f"note: {note}")

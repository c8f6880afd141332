"""``ascendtorch ops drift``."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from ascendtorch.cli import options
from ascendtorch.cli.patch.releases import fetching, fetching_options, release_errors
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.report.reporter import make_reporter
from ascendtorch.upkeep.drift import KINDS
from ascendtorch.upkeep.drifting import STAGE, Drift, find_drift
from ascendtorch.upkeep.opening import known_pins
from ascendtorch.upkeep.sources import Sources

#: Where every tag of PyTorch is; the mirror map says where it is read from.
UPSTREAM = "https://github.com/pytorch/pytorch"


@click.command()
@click.option("--from", "before", required=True, metavar="TAG", help="The release it is made for.")
@click.option("--to", "after", required=True, metavar="TAG", help="The release to look at.")
@fetching_options
@options.json_option
def drift(before: str, after: str, mirrors: Path | None, offline: bool, as_json: bool) -> None:
    """Say which operators of the op spec another release removed, changed or gave new overloads.

    The exit code is 1 when one was removed or changed.
    """
    workspace, catalog = options.open_workspace()
    reporter = make_reporter(quiet=as_json)
    with release_errors(STAGE, workspace.cache):
        sources = Sources(
            usable_cache(workspace, reporter),
            fetching(mirrors, offline),
            reporter,
            known_pins(workspace, catalog),
        )
        found = find_drift(workspace.root / "templates/ops", UPSTREAM, before, after, sources)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=1))
    else:
        _print(found)
    if found.stops:
        raise SystemExit(1)


def _print(found: Drift) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for kind, meaning in KINDS.items():
        changes = [change for change in found.changes if change.kind == kind]
        if not changes:
            continue
        console.print(f"{kind}: {meaning}")
        for change in changes:
            if change.kind == "changed":
                console.print(f"  {change.overload} ({change.where})")
                console.print(f"    {found.before}: {change.before}")
                console.print(f"    {found.after}: {change.after}")
            else:
                console.print(f"  {change.before or change.after} ({change.where})")
    counted = ", ".join(f"{count} {kind}" for kind, count in found.counts().items())
    console.print(
        f"{found.operators} operators of the spec, {found.before} to {found.after}: "
        f"{counted or 'nothing changed'}"
    )

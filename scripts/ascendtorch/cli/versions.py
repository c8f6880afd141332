"""``ascendtorch versions``."""

from __future__ import annotations

import dataclasses
import json

import click

from ascendtorch.cli import options
from ascendtorch.spec.catalog import Catalog


@click.command()
@options.json_option
def versions(as_json: bool) -> None:
    """Print the catalogue: releases, CANN, PyTorch, maintenance."""
    _, catalog = options.open_workspace()
    if as_json:
        click.echo(json.dumps(_as_json(catalog), indent=1))
        return
    click.echo("PyTorch versions (* has a patch set; gen without -v means " + catalog.default + ")")
    _table(
        [
            (
                f"{'*' if known.version in catalog.supported else ' '} {known.version}",
                known.layout,
                "Python " + ", ".join(known.pythons),
                f"gcc {known.gcc}",
                f"cmake {known.cmake}",
            )
            for known in catalog.versions.values()
        ]
    )
    click.echo("\nAscendPyTorch releases")
    head = ("AscendPyTorch", "CANN", "PyTorch", "branch", "image")
    _table(
        [
            head,
            *(
                (
                    row.ascend + (f" ({row.note})" if row.note else ""),
                    row.cann,
                    row.pytorch + (" (beta)" if row.beta else ""),
                    row.branch,
                    row.image or "-",
                )
                for row in catalog.releases
            ),
        ]
    )
    click.echo("\nMaintenance")
    titles = ("branch", "status", "launched", "next")
    _table([titles, *((b.name, b.status, b.launched, b.next or "-") for b in catalog.branches)])


def _as_json(catalog: Catalog) -> dict[str, object]:
    return {
        "default": catalog.default,
        "supported": list(catalog.supported),
        "versions": [dataclasses.asdict(known) for known in catalog.versions.values()],
        "releases": [dataclasses.asdict(row) for row in catalog.releases],
        "branches": [dataclasses.asdict(row) for row in catalog.branches],
        "phases": [dataclasses.asdict(row) for row in catalog.phases],
    }


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths))
        click.echo("  " + "  ".join(cells).rstrip())

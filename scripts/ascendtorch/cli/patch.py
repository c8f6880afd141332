"""``ascendtorch patch``."""

from __future__ import annotations

import json
from typing import TypedDict

import click

from ascendtorch.cli import options
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import load_series


@click.group()
def patch() -> None:
    """Look at the patch series."""


@patch.command(name="list")
@options.version_option
@click.option("--stat", is_flag=True, help="Count files and lines.")
@options.json_option
def list_(version: str | None, stat: bool, as_json: bool) -> None:
    """Print the series in order."""
    workspace, catalog = options.open_workspace()
    chosen = version or options.generated_version(workspace) or catalog.default
    spec = options.open_version(workspace, catalog, chosen)
    series = load_series(spec.series_file)
    rows = [_describe(item) for item in series.patches]
    if as_json:
        click.echo(
            json.dumps(
                {"version": spec.version, "patches": rows, "unlisted": list(series.unlisted)},
                indent=1,
            )
        )
        return
    for row in rows:
        counts = f"  {len(row['files'])} files, +{row['added']} -{row['removed']}" if stat else ""
        click.echo(f"{row['name']}  {row['subject']}{counts}")
    if stat:
        files = {path for row in rows for path in row["files"]}
        lines = sum(row["added"] + row["removed"] for row in rows)
        click.echo(f"{len(rows)} patches, {len(files)} upstream files, {lines} changed lines")
    for name in series.unlisted:
        click.echo(f"warning: {name} is not listed in {series.path}", err=True)


class _Row(TypedDict):
    name: str
    subject: str
    reason: str
    sha256: str
    files: list[str]
    added: int
    removed: int


def _describe(item: PatchFile) -> _Row:
    counts = [file.changed_lines for file in item.files]
    return _Row(
        name=item.name,
        subject=item.header.subject,
        reason=item.header.reason,
        sha256=item.digest,
        files=[file.path for file in item.files],
        added=sum(added for added, _ in counts),
        removed=sum(removed for _, removed in counts),
    )

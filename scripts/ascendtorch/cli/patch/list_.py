"""``ascendtorch patch list``."""

from __future__ import annotations

import json
from typing import TypedDict

import click

from ascendtorch.cli import options
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import load_series


@click.command(name="list")
@options.version_option
@click.option("--stat", is_flag=True, help="Count files and lines, file by file.")
@options.json_option
def list_(version: str | None, stat: bool, as_json: bool) -> None:
    """Print the series in order."""
    _, spec = options.chosen_version(version)
    series = load_series(spec.series_file)
    rows = [_describe(item) for item in series.patches]
    total = {
        "patches": len(rows),
        "files": len({path for row in rows for path in row["files"]}),
        "added": sum(row["added"] for row in rows),
        "removed": sum(row["removed"] for row in rows),
    }
    if as_json:
        shown = {"version": spec.version, "patches": rows, "unlisted": list(series.unlisted)}
        click.echo(json.dumps({**shown, "total": total}, indent=1))
        return
    for row in rows:
        counts = f"  {len(row['files'])} files, +{row['added']} -{row['removed']}" if stat else ""
        click.echo(f"{row['name']}  {row['subject']}{counts}")
        for file in row["stat"] if stat else ():
            counts = f"+{file['added']} -{file['removed']}"
            click.echo(f"    {file['kind']:6} {counts:>10}  {file['path']}")
    if stat:
        lines = total["added"] + total["removed"]
        click.echo(f"{len(rows)} patches, {total['files']} upstream files, {lines} changed lines")
    for name in series.unlisted:
        click.echo(f"warning: {name} is not listed in {series.path}", err=True)


class _File(TypedDict):
    path: str
    kind: str
    added: int
    removed: int


class _Row(TypedDict):
    name: str
    subject: str
    reason: str
    sha256: str
    files: list[str]
    stat: list[_File]
    added: int
    removed: int


def _describe(item: PatchFile) -> _Row:
    stat = [_File(path=f.path, kind=f.kind, added=0, removed=0) for f in item.files]
    for row, file in zip(stat, item.files):
        row["added"], row["removed"] = file.changed_lines
    return _Row(
        name=item.name,
        subject=item.header.subject,
        reason=item.header.reason,
        sha256=item.digest,
        files=[row["path"] for row in stat],
        stat=stat,
        added=sum(row["added"] for row in stat),
        removed=sum(row["removed"] for row in stat),
    )

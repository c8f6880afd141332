"""``ascendtorch wheel``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ascendtorch.cli import options
from ascendtorch.edge.files import sha256_file
from ascendtorch.spec.release import PLUGIN
from ascendtorch.stages.wheel import read_manifest


@click.group()
def wheel() -> None:
    """Look at a finished wheel."""


@wheel.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@options.json_option
def explain(path: Path, as_json: bool) -> None:
    """Print what a wheel was made from, by the manifest inside it."""
    manifest = read_manifest(path)
    if as_json:
        click.echo(json.dumps(manifest, indent=1))
        return
    click.echo(f"{path.name}  ({path.stat().st_size / 1e6:.1f} MB, sha256 {sha256_file(path)})")
    click.echo(f"  made by    {manifest['made_by']}")
    (_explain_plugin if manifest["layout"] == PLUGIN else _explain_tree)(manifest)
    for key, value in sorted(manifest["build"].items()):
        click.echo(f"  {key:<10} {value}")


def _explain_tree(manifest: dict[str, Any]) -> None:
    upstream = manifest["upstream"]
    click.echo(f"  upstream   {upstream['url']} {upstream['tag']} {upstream['commit']}")
    click.echo(f"  submodules {len(manifest['submodules'])}")
    for item in manifest["patches"]:
        click.echo(f"  patch      {item['name']}  sha256 {item['sha256'][:16]}")
    click.echo(f"  overlay    {len(manifest['overlay'])} files")


def _explain_plugin(manifest: dict[str, Any]) -> None:
    upstream = manifest["upstream"]
    click.echo(f"  beside     {upstream['file']}  sha256 {upstream['sha256'][:16]}")
    click.echo(f"  sources    {len(manifest['sources'])} files")
    click.echo(f"  rendered   {len(manifest['generated'])} files")
    click.echo(f"  emulator   sources {manifest['emulator'][:16]}")

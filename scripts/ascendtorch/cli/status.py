"""``ascendtorch status``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.pipeline.inspect import inspect_workspace
from ascendtorch.plugin.inspect import inspect_plugin
from ascendtorch.spec.plugin import PluginSpec


@click.command()
@options.version_option
@options.tree_option
@options.json_option
def status(version: str | None, tree: Path | None, as_json: bool) -> None:
    """Say what state the tree, or what was rendered for a plugin, is in.

    Changes nothing; exit code 0 means clean and up to date.
    """
    workspace, catalog = options.open_workspace(tree)
    chosen = version or options.generated_version(workspace) or catalog.default
    spec = options.open_any(workspace, catalog, chosen)
    if isinstance(spec, PluginSpec):
        options.refuse_options(spec, {"--tree": tree is not None})
        report = inspect_plugin(spec, workspace, os.uname().machine)
    else:
        report = inspect_workspace(spec, workspace)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=1))
    else:
        click.echo(f"{report.tree}: {report.state}")
        for line in report.notes:
            click.echo(f"  {line}")
    raise SystemExit(0 if report.state == "clean" else 1)

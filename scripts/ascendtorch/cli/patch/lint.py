"""``ascendtorch patch lint``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge import git
from ascendtorch.errors import EditedError, PatchError
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import fetch, overlay
from ascendtorch.upkeep.lint import lint as find


@click.command()
@options.version_option
@options.tree_option
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@options.json_option
def lint(version: str | None, tree: Path | None, strict: bool, as_json: bool) -> None:
    """Say what is wrong or doubtful about the series.

    Exit code 0 means that no error was found (with --strict, no warning either), 6 that one was.
    """
    workspace, spec = options.chosen_version(version, tree)
    ours = list(overlay.collect(spec, workspace.root / "pytorch_src"))
    found = find(spec, ours, _upstream(spec, workspace.tree))
    if as_json:
        rows = [finding.as_json() for finding in found]
        click.echo(json.dumps({"version": spec.version, "findings": rows}, indent=1))
    else:
        for finding in found:
            click.echo(f"{finding.level}: {finding.where}: {finding.message} [{finding.rule}]")
            click.echo(f"  remedy: {finding.remedy}")
        errors = sum(finding.level == "error" for finding in found)
        click.echo(f"{errors} errors, {len(found) - errors} warnings")
    bad = any(strict or finding.level == "error" for finding in found)
    raise SystemExit(PatchError.exit_code if bad else 0)


def _upstream(spec: VersionSpec, tree: Path) -> list[str] | None:
    """Return the release's files, where its tree is here."""
    try:
        fetched = fetch.load(spec, tree)
    except EditedError:
        return None
    if fetched is None:
        return None
    listed = git.Repository.at(tree).ls_tree(spec.upstream.commit)
    return [entry.path for entry in listed if entry.kind == "blob"]

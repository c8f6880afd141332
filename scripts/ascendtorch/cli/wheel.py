"""``ascendtorch wheel``."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ascendtorch.cli import options
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.pipeline import reproduce as trees
from ascendtorch.pipeline.reproduce import STAGE, Proof
from ascendtorch.plugin import reproduce as plugins
from ascendtorch.report.reporter import Reporter, make_reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.release import PLUGIN
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.manifest import read_manifest
from ascendtorch.workspace import Workspace

_WHEEL = click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def wheel() -> None:
    """Look at a finished wheel."""


@wheel.command()
@_WHEEL
@options.json_option
def explain(path: Path, as_json: bool) -> None:
    """Print what a wheel was made from, by the manifest inside it."""
    manifest = read_manifest(path)
    if as_json:
        click.echo(json.dumps(manifest, indent=1))
        return
    click.echo(f"{path.name}  ({path.stat().st_size / 1e6:.1f} MB, sha256 {sha256_file(path)})")
    rows = [("version", f"{manifest['version']} ({manifest['layout']})")]
    rows.append(("made by", manifest["made_by"]))
    rows += _of_plugin(manifest) if manifest["layout"] == PLUGIN else _of_tree(manifest)
    rows += sorted(manifest["build"].items())
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"  {name:<{width}}  {text}")


def _of_tree(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    upstream = manifest["upstream"]
    rows = [
        ("upstream", f"{upstream['url']} {upstream['tag']} {upstream['commit']}"),
        ("submodules", str(len(manifest["submodules"]))),
    ]
    for item in manifest["patches"]:
        rows.append(("patch", f"{item['name']}  sha256 {item['sha256'][:16]}"))
    tree = f" tree {manifest['patched_tree']}" if manifest["patched_tree"] else ""
    rows.append(("patched", f"commit {manifest['patched_commit']}{tree}"))
    rows += [(name, f"{len(manifest[name])} files") for name in ("overlay", "kernels")]
    if "emulator" in manifest:
        rows.append(("emulator", f"sources {str(manifest['emulator'])[:16]}"))
    return rows + [("not as generated", line) for line in manifest["edited"]]


def _of_plugin(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    upstream = manifest["upstream"]
    return [
        ("beside", f"{upstream['file']}  sha256 {upstream['sha256'][:16]}"),
        ("sources", f"{len(manifest['sources'])} files"),
        ("rendered", f"{len(manifest['generated'])} files"),
        ("emulator", f"sources {manifest['emulator'][:16]}"),
    ]


@wheel.command()
@_WHEEL
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the sources in this folder and keep them (default: a temporary one).",
)
@click.option(
    "--mirrors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML map from pinned URLs to where they are fetched from.",
)
@click.option("--offline", is_flag=True, help="Never touch a network; list what is missing.")
@click.option("-q", "--quiet", is_flag=True, help="Print the outcome only.")
@options.json_option
def reproduce(
    path: Path,
    into: Path | None,
    mirrors: Path | None,
    offline: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make a wheel's sources again from this checkout, and prove by digests that they are the same.

    Names every input that this checkout has otherwise. The exit code is 0 when all is the same, 1
    when something differs.
    """
    manifest = read_manifest(path)
    workspace, catalog = options.open_workspace()
    spec = options.open_any(workspace, catalog, manifest["version"])
    reporter = make_reporter(quiet=quiet or as_json)
    fetching = FetchOptions(options.mirrors_from(mirrors), offline)
    with _folder(into, workspace) as folder:
        proof = _prove(manifest, spec, workspace, folder, fetching, reporter)
    if as_json:
        click.echo(json.dumps({"wheel": str(path), **proof.as_json()}, indent=1))
    else:
        _print_proof(path, proof, into)
    raise SystemExit(0 if proof.ok else 1)


def _prove(
    manifest: dict[str, Any],
    spec: Any,
    workspace: Workspace,
    folder: Path,
    fetching: FetchOptions,
    reporter: Reporter,
) -> Proof:
    if manifest["layout"] != spec.layout:
        check = trees.Check("the layout", manifest["layout"], spec.layout)
        return Proof((check,), (), trees.notes_of(manifest))
    if isinstance(spec, PluginSpec):
        return plugins.reproduce(
            manifest,
            options.plugin_plan_from(spec, "full", ()),
            workspace,
            folder,
            fetching,
            os.environ,
            reporter=reporter,
        )
    plan = options.plan_from(spec, "full", ())
    return trees.reproduce(manifest, plan, workspace, folder, fetching, reporter=reporter)


@contextlib.contextmanager
def _folder(into: Path | None, workspace: Workspace) -> Iterator[Path]:
    if into is not None:
        yield into.absolute()
        return
    with host_errors(STAGE, workspace.build):
        workspace.build.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=".reproduce-", dir=workspace.build)
    with made as name:
        yield Path(name)


def _print_proof(path: Path, proof: Proof, into: Path | None) -> None:
    for note in proof.notes:
        click.echo(f"note: {note}")
    for check in proof.differences:
        click.echo(f"differs: {check}")
    if proof.ok:
        where = f"; they are in {into}" if into is not None else ""
        click.echo(
            f"{path.name}: the same sources ({len(proof.inputs)} inputs and {len(proof.results)} "
            f"results agree){where}"
        )
    elif not proof.results:
        click.echo(f"{path.name}: not made again, for this checkout has other inputs")
    else:
        click.echo(f"{path.name}: other sources came of the same inputs")

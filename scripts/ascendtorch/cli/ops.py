"""``ascendtorch ops``."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.cli.drift import drift
from ascendtorch.emulator import target
from ascendtorch.errors import ToolError, VersionError
from ascendtorch.opspec import coverage as cover
from ascendtorch.opspec.coverage import Row
from ascendtorch.opspec.generated import generated_tree
from ascendtorch.opspec.schema import CodegenSource, SchemaSource, TorchgenSource, load_schema
from ascendtorch.opspec.spec import OpSpec, load_spec
from ascendtorch.spec.catalog import Catalog
from ascendtorch.spec.release import IN_TREE, read_layout
from ascendtorch.spec.version import load_version
from ascendtorch.workspace import Workspace

_python_option = click.option(
    "--python", metavar="PATH", help="The Python whose torch is meant (default: `python`)."
)


@click.group(commands={"drift": drift})
def ops() -> None:
    """Say which operators run natively on an NPU."""


@ops.command(name="list")
@options.version_option
@_python_option
@click.option("--state", type=click.Choice(cover.STATES[:3]), help="Only these.")
@options.json_option
def list_(version: str | None, python: str | None, state: str | None, as_json: bool) -> None:
    """Print every ATen overload: native, composite or fallback."""
    spec, _ = _spec(version, python, None)
    rows = [row for row in cover.all_rows(spec) if state in (None, row.state)]
    if as_json:
        listed = [row.as_json() for row in rows]
        click.echo(json.dumps({"version": spec.schema.version, "operators": listed}, indent=1))
        return
    for row in rows:
        click.echo(_line(row))


@ops.command()
@options.version_option
@_python_option
@click.option("--script", "is_script", is_flag=True, help="Run PROGRAM, and look at what it calls.")
@click.option(
    "--ops",
    "saved",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Look at the operators of a list.",
)
@options.json_option
@click.argument("program", nargs=-1, type=click.UNPROCESSED)
def coverage(
    version: str | None,
    python: str | None,
    is_script: bool,
    saved: Path | None,
    as_json: bool,
    program: tuple[str, ...],
) -> None:
    """Count what is native: of all operators, or of those that a program calls.

    With --script, PROGRAM is a Python script and its arguments. It runs as it is, on the device it
    chooses, in the Python that --python names; nothing in it has to be changed. The exit code is 1
    where something is missing or falls back to the CPU.
    """
    if is_script != bool(program):
        raise click.UsageError("give --script with a PROGRAM to run, such as --script train.py")
    if is_script and saved is not None:
        raise click.UsageError("give --script or --ops, not both")
    spec, interpreter = _spec(version, python, program)
    failure = ""
    if is_script:
        # Standard output is for the result where that is data.
        tell = partial(click.echo, err=as_json)
        called, failure = cover.run_program(interpreter, program, os.environ, tell)
        rows = cover.program_rows(spec, called)
    elif saved is not None:
        rows = cover.program_rows(spec, cover.read_saved(saved))
    else:
        rows = cover.all_rows(spec)
    of_program = is_script or saved is not None
    counts = cover.counts(rows)
    if as_json:
        found: dict[str, object] = {"version": spec.schema.version, "counts": counts}
        if of_program:
            found["operators"] = [row.as_json() for row in rows]
            found["failure"] = failure
        click.echo(json.dumps(found, indent=1))
    else:
        for row in rows if of_program else ():
            click.echo(_line(row))
        said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
        click.echo(f"PyTorch {spec.schema.version}: {said or 'no operator'}")
    if failure:
        raise ToolError(
            f"the program failed: {failure}; what it called before is above",
            stage=cover.STAGE,
            path=program[0],
            remedy="run it by itself first",
        )
    if of_program and counts[cover.FALLBACK] + counts[cover.MISSING]:
        raise SystemExit(1)


def _line(row: Row) -> str:
    calls = f"{row.calls:>7} " if row.calls else ""
    how = f"  {', '.join(row.acl)}" if row.acl else ""
    dtypes = f"  ({' '.join(row.dtypes)})" if row.dtypes else ""
    return f"{calls}{row.state:<9} {row.name}{how}{dtypes}"


def _spec(
    version: str | None, python: str | None, program: tuple[str, ...] | None
) -> tuple[OpSpec, Path]:
    """Read the spec of a release, and return the Python that a program would run in too.

    Operators of a version that is built in the tree are read from the generated tree, those of
    others from the torch of a Python.
    """
    workspace, catalog = options.open_workspace()
    chosen = target.choose_python(python, None, os.environ)
    any_python = python is None and not program
    if version is not None and any_python and _is_in_tree(workspace, catalog, version):
        asked = version
        source: SchemaSource = _tree_source(workspace, version)
        interpreter = chosen or Path(sys.executable)
    else:
        interpreter, torch = _installed(chosen)
        asked = target.read_torch(torch).version.partition("+")[0]
        if version is not None and version != asked:
            raise VersionError(
                f"the torch of this Python is {asked}, and {version} was asked for",
                stage=cover.STAGE,
                path=interpreter,
                remedy=f"name a Python that has torch {version} with --python",
            )
        source = (
            _tree_source(workspace, asked)
            if _is_in_tree(workspace, catalog, asked)
            else TorchgenSource(torch.parent, interpreter)
        )
    schema = load_schema(source, asked, workspace.cache / "schemas")
    templates = workspace.root / "templates"
    return load_spec(templates / "ops", templates / "kernels", schema), interpreter


def _installed(chosen: Path | None) -> tuple[Path, Path]:
    found = None if chosen is None else target.probe_target(chosen, os.environ)
    if found is None or found.torch is None:
        raise ToolError(
            "the operators are read from an installed torch, and there is none in this Python",
            stage=cover.STAGE,
            path=chosen,
            remedy="name a Python that has it with --python, or a version that is built in the "
            "tree with -v",
        )
    return found.python, found.torch


def _is_in_tree(workspace: Workspace, catalog: Catalog, version: str) -> bool:
    return version in catalog.supported and read_layout(workspace.patches / version) == IN_TREE


def _tree_source(workspace: Workspace, version: str) -> SchemaSource:
    spec = load_version(workspace.patches / version)
    tree = generated_tree(spec, workspace.tree, workspace.parked_trees)
    if tree is None:
        raise ToolError(
            f"the operators of PyTorch {version} are read from its source tree, and it is not "
            "generated yet",
            stage=cover.STAGE,
            path=workspace.tree,
            remedy=f"run `ascendtorch gen -v {version}`",
        )
    return CodegenSource(tree)

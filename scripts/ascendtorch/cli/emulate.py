"""``ascendtorch emulate``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge import process
from ascendtorch.emulator import environment, target
from ascendtorch.emulator.build import Built, ensure_built, make_recipe, use_build_folder
from ascendtorch.emulator.target import STAGE, Target
from ascendtorch.errors import ToolError
from ascendtorch.report.reporter import make_reporter
from ascendtorch.workspace import locate


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--devices", type=click.IntRange(1, 64), help="How many NPUs there are (2).")
@click.option(
    "--memory",
    type=click.FloatRange(min=2**-10),
    metavar="GIB",
    help="Memory of each NPU (a quarter of the machine's).",
)
@click.option("--soc", metavar="NAME", help="Which NPU is emulated (Ascend910B1).")
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a Chrome trace of operators, copies and events.",
)
@click.option(
    "--guard/--no-guard",
    default=None,
    help="Whether the host is kept from touching device memory (yes; without it copies are "
    "faster).",
)
@click.option("--python", metavar="PATH", help="The Python whose torch computes the operators.")
@click.option(
    "--build-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Use the emulator in this build folder of CMake, as it is.",
)
@click.option("--check", is_flag=True, help="Say which functions of CANN binaries need.")
@options.json_option
@click.argument("program", nargs=-1, type=click.UNPROCESSED)
def emulate(
    devices: int | None,
    memory: float | None,
    soc: str | None,
    trace: Path | None,
    guard: bool | None,
    python: str | None,
    build_dir: Path | None,
    check: bool,
    as_json: bool,
    program: tuple[str, ...],
) -> None:
    """Run a PROGRAM on the AscendCL emulator, where it would need CANN and an NPU.

    The program gets the emulator's libraries in CANN's place; everything else stays as it is, its
    exit code too. The emulator is built on first use, for the torch of the Python that runs the
    program. Without a PROGRAM it is only built.

    With --check nothing is run: PROGRAM names programs, libraries, wheels or folders (the default
    is torch_npu and torch), and the exit code is 0 when they find all that they link to.
    """
    executable = None if check or not program else target.find_program(program[0], os.environ)
    found = _target(python, executable)
    built = _built(build_dir, found)
    if check:
        raise SystemExit(_check([Path(path) for path in program], built, found, as_json=as_json))
    choices = environment.Choices(devices, memory, soc, trace, guard)
    environ = environment.child_environment(os.environ, built.lib, built.home, choices)
    if executable is None:
        shown = {"lib": str(built.lib), "home": str(built.home), "operators": built.operators}
        click.echo(json.dumps(shown, indent=1) if as_json else f"the emulator is in {built.lib}")
        return
    print(f"[{STAGE}] {environment.describe(environ, operators=built.operators)}", file=sys.stderr)
    try:
        process.replace(executable, program, environ)
    except OSError as error:
        raise ToolError(
            f"it cannot be started: {error.strerror}",
            stage=STAGE,
            path=executable,
            remedy="give a program that starts without the emulator, too",
        ) from error


def _target(asked: str | None, program: Path | None) -> Target | None:
    """Return the Python in question; None when there is none and none was asked for."""
    chosen = target.choose_python(asked, program, os.environ)
    if chosen is None:
        return None
    try:
        return target.probe_target(chosen, os.environ)
    except ToolError:
        if asked is not None:
            raise
        # Perhaps a mere guess; a program that is this Python says by itself what is wrong with it.
        return None


def _check(paths: list[Path], built: Built, found: Target | None, *, as_json: bool) -> int:
    # Only here: reading binaries is not what a program waits for.
    from ascendtorch.emulator.gather import gather  # noqa: PLC0415
    from ascendtorch.emulator.refusals import unsupported_functions  # noqa: PLC0415
    from ascendtorch.emulator.table import read_limits  # noqa: PLC0415

    if not paths and found is not None:
        paths = [path for path in (found.torch_npu, found.torch) if path is not None]
    if not paths:
        raise ToolError(
            "this Python has neither torch_npu nor torch",
            stage=STAGE,
            path=None if found is None else found.python,
            remedy="name binaries, wheels or folders to check, or another Python with --python",
        )
    root = locate(os.environ).root
    limits = read_limits(root)
    unsupported = {**unsupported_functions(root), **limits.refused}
    report = gather(paths, built.lib, found, unsupported, limits.partial, os.environ)
    click.echo(json.dumps(report.as_json(), indent=1) if as_json else report.text())
    return 0 if report.loads else 1


def _built(folder: Path | None, found: Target | None) -> Built:
    if folder is not None:
        return use_build_folder(folder.absolute())
    workspace = locate(os.environ)
    torch = target.read_torch(found.torch) if found is not None and found.torch else None
    recipe = make_recipe(workspace, torch, os.environ)
    jobs = options.jobs_from_environment()
    return ensure_built(workspace, recipe, os.environ, reporter=make_reporter(), jobs=jobs)

"""Compiling the emulator with CMake and ninja."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import host
from ascendtorch.emulator.recipe import Recipe
from ascendtorch.errors import BuildError, ToolError
from ascendtorch.plan import job_count
from ascendtorch.report.diagnose import OwnerIndex, diagnose
from ascendtorch.report.remedies import load_remedies
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.release import ToolRange
from ascendtorch.toolchain.checks import PACKAGES
from ascendtorch.toolchain.launcher import choose_launcher
from ascendtorch.toolchain.logged import compile_environment, run_logged
from ascendtorch.toolchain.tools import ToolInfo, check_range, probe_tool
from ascendtorch.workspace import Workspace

STAGE = "emulate"
SOURCES = "pytorch_src/npu/emulator"
#: As `cmake_minimum_required` in the emulator's CMakeLists.txt says.
_CMAKE = ToolRange("3.16", None, None)
#: A translation unit with all of ATen in it, and one without.
_JOB_WITH_ATEN, _JOB = 2 << 30, 512 << 20


def objects_folder(workspace: Workspace, recipe: Recipe) -> Path:
    """Return where a recipe is compiled."""
    return workspace.emulator / "objects" / recipe.configuration


def compile_libraries(
    workspace: Workspace,
    recipe: Recipe,
    environ: Mapping[str, str],
    jobs: int | None,
    reporter: Reporter,
    *,
    tests: bool = False,
) -> None:
    """Configure and compile into `objects_folder`; what is there from an earlier run stays.

    Args:
        jobs: None for what cores and memory allow.
        tests: compile the gtests as well.

    Raises:
        ToolError: CMake, ninja or the compiler is missing or too old.
        BuildError: with the first real error and the place of the log.
    """
    cmake, ninja = tool("cmake", environ), tool("ninja", environ)
    compiler = tool("g++", environ)
    folder = objects_folder(workspace, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    launcher = choose_launcher("auto", environ, workspace.root, reporter)
    definitions = {
        **recipe.definitions(),
        "EMU_TESTS": "ON" if tests else "OFF",
        "CMAKE_BUILD_TYPE": "RelWithDebInfo",
        "CMAKE_MAKE_PROGRAM": str(ninja.path),
        "CMAKE_CXX_COMPILER": str(compiler.path),
        "CMAKE_CXX_COMPILER_LAUNCHER": str(launcher.path or ""),
        # The tool's own Python has what renders the operator interface.
        "EMU_PYTHON": sys.executable,
    }
    configure = [
        *(str(cmake.path), "-G", "Ninja", "-S", str(workspace.root / SOURCES), "-B", str(folder)),
        *(f"-D{name}={value}" for name, value in sorted(definitions.items())),
    ]
    count = job_count(
        cores=host.cores(),
        memory_bytes=host.available_memory(),
        per_job_bytes=_JOB if recipe.torch is None else _JOB_WITH_ATEN,
        asked=jobs,
    )
    log = workspace.emulator / "logs" / f"build-{time.strftime('%Y%m%d-%H%M%S')}.log"
    what = f"for torch {recipe.torch.version}" if recipe.torch else "without operators (no torch)"
    reporter.say(
        STAGE,
        f"building the emulator {what}; {count} jobs, launcher {launcher.name}; the log is {log}",
    )
    started = time.monotonic()
    _run(
        [configure, [str(ninja.path), "-C", str(folder), f"-j{count}"]],
        compile_environment(environ, launcher.environment),
        workspace.root,
        log,
        reporter,
    )
    reporter.say(STAGE, f"built in {time.monotonic() - started:.0f} s")


def _run(
    commands: list[list[str]], env: dict[str, str], root: Path, log: Path, reporter: Reporter
) -> None:
    """Run commands one after another with one log.

    Raises:
        BuildError: one of them failed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    code, lines = run_logged(commands, cwd=root, env=env, log=log, stage=STAGE, reporter=reporter)
    if code != 0:
        raise _failure(lines, code, root, log)


def _failure(lines: list[str], code: int, root: Path, log: Path) -> BuildError:
    # All of it is ours, so that there is no question whose line it is.
    owners = OwnerIndex(tree=root / SOURCES, submodules={})
    found = diagnose(lines, code, owners, load_remedies())
    target = f" while making {found.target}" if found.target else ""
    excerpt = "".join(f"\n    {line}" for line in found.excerpt)
    return BuildError(
        f"the emulator could not be built{target}: {found.summary}{excerpt}\n  log: {log}",
        stage=STAGE,
        path=found.where,
        remedy=found.remedy.text() if found.remedy else "read the log around this error",
    )


def tool(name: str, environ: Mapping[str, str]) -> ToolInfo:
    """Return a tool that the build needs.

    Raises:
        ToolError: it is missing or too old; the remedy says how to get it.
    """
    info = probe_tool(name, environ)
    wanted = _CMAKE if name == "cmake" else None
    problem = f"{name} is not there" if info is None else check_range(info, wanted)
    if info is None or problem is not None:
        raise ToolError(
            f"the emulator has to be built first: {problem}", stage=STAGE, remedy=PACKAGES[name]
        )
    return info

"""Building the emulator: once for each set of sources, compiler and torch, then never again."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files, lock, process
from ascendtorch.emulator import home
from ascendtorch.emulator.compiling import SOURCES, compile_libraries, objects_folder, tool
from ascendtorch.emulator.recipe import Recipe, digest_sources, flags_of
from ascendtorch.emulator.target import Torch
from ascendtorch.errors import BuildError, ToolError
from ascendtorch.report.reporter import Reporter
from ascendtorch.workspace import Workspace

STAGE = "emulate"
#: The library that marks a finished build, and the one that computes.
RUNTIME, OPERATORS = "libascendcl.so", "libascend_emu_ops.so"
#: Somebody else's build of the same libraries is waited for.
_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Built:
    """A finished emulator: `lib` its libraries, `home` what stands for a CANN installation."""

    lib: Path
    home: Path
    operators: bool

    @classmethod
    def at(cls, folder: Path) -> Built | None:
        """Return what is in the folder of a build; None when there is no emulator in it."""
        lib = folder / "lib"
        if not (lib / RUNTIME).is_file():
            return None
        return cls(lib, folder / "home", (lib / OPERATORS).is_file())


def use_build_folder(folder: Path) -> Built:
    """Return the emulator that somebody has built with CMake in `folder`.

    Raises:
        ToolError: there is none.
    """
    built = Built.at(folder)
    if built is None:
        raise ToolError(
            f"there is no lib/{RUNTIME} in this build folder",
            stage=STAGE,
            path=folder,
            remedy=f"build {SOURCES} into it with CMake, or leave --build-dir out",
        )
    with files.host_errors(STAGE, folder):
        home.make(built.home)
    return built


def make_recipe(workspace: Workspace, torch: Torch | None, environ: Mapping[str, str]) -> Recipe:
    """Look at sources and compiler and say what would be built.

    Raises:
        ToolError: there is no C++ compiler that starts.
    """
    compiler = tool("g++", environ)
    return Recipe(
        root=workspace.root,
        sources=digest_sources(workspace.root),
        compiler=f"{compiler.path} {compiler.version}",
        flags=flags_of(environ),
        torch=torch,
    )


def ensure_built(
    workspace: Workspace,
    recipe: Recipe,
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
    jobs: int | None = None,
) -> Built:
    """Return the libraries of a recipe, building them when they are not there.

    Raises:
        ToolError: CMake, ninja or the compiler is missing or too old.
        BuildError: with the first real error and the place of the log.
        BusyError: another run has been building the same for an hour.
    """
    _name_torch(recipe)
    finished = Built.at(workspace.emulator / recipe.key)
    if finished is not None:
        return finished
    with _locked(workspace, recipe, environ, reporter) as marked:
        finished = Built.at(workspace.emulator / recipe.key)
        if finished is not None:
            return finished
        compile_libraries(workspace, recipe, marked, jobs, reporter)
        return _publish(workspace, recipe)


def build_tests(
    workspace: Workspace,
    recipe: Recipe,
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
    jobs: int | None = None,
) -> Path:
    """Build the libraries and the gtests; return the build folder, with ``lib`` and ``bin`` in it.

    Raises:
        ToolError, BuildError, BusyError: as `ensure_built`.
    """
    _name_torch(recipe)
    with _locked(workspace, recipe, environ, reporter) as marked:
        compile_libraries(workspace, recipe, marked, jobs, reporter, tests=True)
        if Built.at(workspace.emulator / recipe.key) is None:
            _publish(workspace, recipe)
        return objects_folder(workspace, recipe)


def _name_torch(recipe: Recipe) -> None:
    """Make the link by which the libraries name their torch; one to a torch that went is mended."""
    link = recipe.torch_link
    if link is None or recipe.torch is None:
        return
    with files.host_errors(STAGE, link):
        if link.is_symlink() and link.readlink() == recipe.torch.folder:
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        scratch = link.with_name(f".{link.name}-{uuid.uuid4().hex}")
        scratch.symlink_to(recipe.torch.folder)
        scratch.replace(link)


@contextlib.contextmanager
def _locked(
    workspace: Workspace, recipe: Recipe, environ: Mapping[str, str], reporter: Reporter
) -> Iterator[dict[str, str]]:
    """Hold the folder of objects; yield the environment for what is started meanwhile."""
    run_id = lock.new_run_id()
    with (
        files.host_errors(STAGE, workspace.emulator),
        lock.held(
            workspace.emulator / f"{recipe.configuration}.lock",
            what="the emulator's build folder",
            run_id=run_id,
            wait_seconds=_WAIT_SECONDS,
            on_wait=lambda text: reporter.say(STAGE, text),
            on_leftovers=lambda pids: reporter.warn(
                STAGE, f"ended what a killed run left running: {', '.join(map(str, pids))}"
            ),
        ),
    ):
        yield {**environ, process.RUN_VARIABLE: run_id}


def _publish(workspace: Workspace, recipe: Recipe) -> Built:
    """Copy the libraries to their final place in one step: what runs from there is never half."""
    if digest_sources(workspace.root) != recipe.sources:
        raise BuildError(
            "the sources were changed while they were compiled",
            stage=STAGE,
            path=workspace.root / SOURCES,
            remedy="run the same command again",
        )
    target = workspace.emulator / recipe.key
    scratch = workspace.emulator / f".{recipe.key}-{uuid.uuid4().hex}"
    try:
        (scratch / "lib").mkdir(parents=True)
        for library in sorted((objects_folder(workspace, recipe) / "lib").glob("*.so*")):
            shutil.copy2(library, scratch / "lib" / library.name, follow_symlinks=False)
        home.make(scratch / "home")
        # Nothing, or a folder whose runtime somebody removed.
        files.remove_tree(target)
        scratch.rename(target)
    finally:
        files.remove_tree(scratch)
    built = Built.at(target)
    if built is None:
        raise BuildError(
            f"the build succeeded, but there is no {RUNTIME}", stage=STAGE, path=target
        )
    return built

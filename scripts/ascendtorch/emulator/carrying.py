"""The emulator inside a wheel of ours: built for its torch, and movable with it."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files, process
from ascendtorch.emulator.build import Built, ensure_built, make_recipe
from ascendtorch.emulator.rpath import make_relative
from ascendtorch.emulator.target import Torch
from ascendtorch.report.reporter import Reporter
from ascendtorch.workspace import Workspace


@dataclass(frozen=True)
class Carried:
    """What a wheel gets of the emulator.

    Attributes:
        contents: libraries by their place in site-packages.
        sources: a digest of what they were built from.
    """

    contents: dict[str, Path]
    sources: str


def carry(
    workspace: Workspace,
    torch: Torch,
    tools: Path,
    environ: Mapping[str, str],
    *,
    place: str,
    folder: Path,
    jobs: int,
    reporter: Reporter,
) -> Carried:
    """Build the emulator for a torch where it is not built yet, and make copies for a wheel.

    Args:
        tools: the folder with cmake and ninja in it.
        place: where the libraries go in site-packages, such as ``torch_npu/emulator/lib``.
        folder: where the copies are made.

    Raises:
        ToolError: CMake, ninja or the compiler is missing or too old.
        BuildError: something did not compile.
        WheelError: a library cannot be made to find torch's beside it.
    """
    env = {**environ, "PATH": f"{tools}:{environ.get('PATH') or '/usr/bin:/bin'}"}
    recipe = make_recipe(workspace, torch, env)
    built = ensure_built(workspace, recipe, env, reporter=reporter, jobs=jobs)
    copies = movable_copies(built, folder, torch_from(place))
    return Carried({f"{place}/{copy.name}": copy for copy in copies}, recipe.sources)


def torch_from(place: str) -> str:
    """Return where torch's libraries lie seen from a folder of site-packages, for a search path."""
    return f"$ORIGIN/{posixpath.relpath('torch/lib', place)}"


def movable_copies(built: Built, folder: Path, torch: str) -> list[Path]:
    """Copy the libraries, without what debuggers need and without places of this machine."""
    files.remove_tree(folder)
    folder.mkdir(parents=True)
    strip = shutil.which("strip")
    copies = []
    for library in sorted(built.lib.glob("*.so")):
        copy = folder / library.name
        shutil.copyfile(library, copy)
        if strip is not None:
            process.run([strip, "--strip-unneeded", str(copy)], timeout=60)
        make_relative(copy, torch)
        copies.append(copy)
    return copies

"""How upstream's own build is driven. PyTorch changes its build system over the years; a driver
knows one of them, and the build stage knows only this interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ascendtorch.edge import files
from ascendtorch.plan import looks_like_flag
from ascendtorch.toolchain.launcher import Launcher


@dataclass(frozen=True)
class BuildRequest:
    """Everything a driver needs; `python` is that of the build environment."""

    tree: Path
    python: Path
    flags: Mapping[str, str]
    version: str
    build_number: str
    jobs: int
    launcher: Launcher
    output: Path
    epoch: str


class Driver(Protocol):
    """One way to build a tree to a wheel."""

    def build_folder(self, tree: Path) -> Path:
        """Return where objects lie."""

    def forget_configuration(self, tree: Path) -> None:
        """Have the next build configure anew and keep the objects."""

    def prepare(self, request: BuildRequest) -> None:
        """Remove what an earlier build must not leak into this wheel."""

    def command(self, request: BuildRequest) -> list[str]:
        """Return the command that builds the wheel into `request.output`."""

    def environment(self, request: BuildRequest, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of that command, on top of a clean `environ`."""


class SetuptoolsCMake:
    """``setup.py bdist_wheel``, which configures with CMake and builds with ninja (PyTorch 1.x)."""

    def build_folder(self, tree: Path) -> Path:
        """Upstream's own choice, fixed in its scripts."""
        return tree / "build"

    def forget_configuration(self, tree: Path) -> None:
        """Remove CMake's cache: upstream then runs CMake, and ninja compares commands."""
        (self.build_folder(tree) / "CMakeCache.txt").unlink(missing_ok=True)

    def prepare(self, request: BuildRequest) -> None:
        """Remove staged copies: setuptools never drops a file from them that upstream removed."""
        for pattern in ("lib.*", "bdist.*"):
            for folder in self.build_folder(request.tree).glob(pattern):
                files.remove_tree(folder)
        files.remove_tree(request.output)
        request.output.mkdir(parents=True)

    def command(self, request: BuildRequest) -> list[str]:
        """One command does it all."""
        return [str(request.python), "setup.py", "bdist_wheel", "-d", str(request.output)]

    def environment(self, request: BuildRequest, environ: Mapping[str, str]) -> dict[str, str]:
        """Flags as upstream reads them, and the environment's tools first on PATH."""
        # One language everywhere: messages are read by patterns, and ccache keys on the locale.
        # Flags come from the plan alone.
        env = {
            name: value
            for name, value in environ.items()
            if not (name.startswith("LC_") or name == "LANGUAGE" or looks_like_flag(name))
        }
        env.update(request.flags)
        env.update(request.launcher.environment)
        env.update(
            PATH=f"{request.python.parent}:{environ.get('PATH') or '/usr/bin:/bin'}",
            PYTORCH_BUILD_VERSION=request.version,
            PYTORCH_BUILD_NUMBER=request.build_number,
            MAX_JOBS=str(request.jobs),
            PYTHONNOUSERSITE="1",
            PYTHONUNBUFFERED="1",
            SOURCE_DATE_EPOCH=request.epoch,
            LANG="C.UTF-8",
            NINJA_STATUS="[%f/%t] ",
        )
        if request.launcher.path is not None:
            for language in ("C", "CXX"):
                env[f"CMAKE_{language}_COMPILER_LAUNCHER"] = str(request.launcher.path)
        return env


DRIVERS: dict[str, Driver] = {"in-tree": SetuptoolsCMake()}

"""Compiling the plugin with CMake and ninja."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files
from ascendtorch.emulator.target import Torch
from ascendtorch.errors import BuildError
from ascendtorch.plan import PluginPlan
from ascendtorch.report.diagnose import OwnerIndex, diagnose
from ascendtorch.report.remedies import load_remedies
from ascendtorch.report.reporter import Reporter
from ascendtorch.toolchain.compilers import checked_compilers
from ascendtorch.toolchain.launcher import Launcher
from ascendtorch.toolchain.logged import compile_environment, new_log, run_logged

STAGE = "build"
SOURCES = "pytorch_src/npu"


@dataclass(frozen=True)
class Compilation:
    """What is compiled, and where.

    Attributes:
        root: the checkout.
        folder: the build folder of one Python; objects, logs and what is installed go below.
        rendered: the folder of rendered kernels; `outputs` are they, below the root, by digest.
        python: the interpreter that the extension is for.
        tools: the folder with cmake and ninja in it.
    """

    root: Path
    folder: Path
    rendered: Path
    outputs: Mapping[str, str]
    torch: Torch
    python: Path
    tools: Path
    jobs: int
    launcher: Launcher

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    @property
    def installed(self) -> Path:
        """Libraries as they go into the wheel."""
        return self.folder / "installed"

    def forget_configuration(self) -> None:
        """Have the next build configure anew and keep the objects."""
        (self.objects / "CMakeCache.txt").unlink(missing_ok=True)

    def commands(self, plan: PluginPlan, compiler: Path) -> list[list[str]]:
        """Return what configures, compiles and installs."""
        cmake, ninja = self.tools / "cmake", self.tools / "ninja"
        definitions = {
            "CMAKE_BUILD_TYPE": "Release",
            **plan.definitions,
            "CMAKE_CXX_FLAGS": self._flags(plan),
            "TORCH_DIR": str(self._torch_link),
            "NPU_TORCH_CXX11_ABI": str(int(self.torch.cxx11_abi)),
            "NPU_TORCH_CXX_STANDARD": self.torch.standard,
            "NPU_GENERATED": str(self.rendered),
            "NPU_PYTHON": str(self.python),
            "CMAKE_MAKE_PROGRAM": str(ninja),
            "CMAKE_CXX_COMPILER": str(compiler),
            "CMAKE_CXX_COMPILER_LAUNCHER": str(self.launcher.path or ""),
        }
        configure = [str(cmake), "-G", "Ninja", "-S", str(self.root / SOURCES)]
        configure += ["-B", str(self.objects)]
        configure += [f"-D{name}={value}" for name, value in sorted(definitions.items())]
        return [
            configure,
            [str(ninja), "-C", str(self.objects), f"-j{self.jobs}"],
            [
                str(cmake),
                "--install",
                str(self.objects),
                "--prefix",
                str(self.installed),
                "--strip",
            ],
        ]

    def _flags(self, plan: PluginPlan) -> str:
        """What the compiler is told besides: messages name no place of this machine."""
        given = (plan.variables.get("CXXFLAGS"), plan.definitions.get("CMAKE_CXX_FLAGS"))
        places = (
            (self.root / SOURCES, "npu"),
            (self.rendered, "npu/rendered"),
            (self._torch_link / "include", "torch/include"),
        )
        maps = [f"-fmacro-prefix-map={self._seen(place)}={name}" for place, name in places]
        return " ".join([*filter(None, given), *maps])

    def _seen(self, place: Path) -> str:
        """A place as the compiler sees it: ccache makes those in the checkout relative."""
        is_relative = self.launcher.name == "ccache"
        return os.path.relpath(place, self.objects) if is_relative else str(place)

    @property
    def _torch_link(self) -> Path:
        """A name for torch inside the checkout: a compiler cache takes it as relative."""
        return self.folder / "torch"

    def run(self, plan: PluginPlan, environ: Mapping[str, str], reporter: Reporter) -> Path:
        """Compile into `installed` and return the log.

        Raises:
            BuildError: the message has the first error, its owner and the remedy.
        """
        link = self._torch_link
        if not link.is_symlink() or link.readlink() != self.torch.folder:
            files.remove_tree(link)
            link.symlink_to(self.torch.folder)
        files.remove_tree(self.installed)
        log = new_log(self.folder / "logs")
        _, compiler = checked_compilers(plan, environ)
        env = compile_environment({**environ, **plan.variables}, self.launcher.environment)
        env["PATH"] = f"{self.tools}:{environ.get('PATH') or '/usr/bin:/bin'}"
        reporter.say(
            STAGE,
            f"building with {self.jobs} jobs, launcher {self.launcher.name}; the log is {log}",
        )
        started = time.monotonic()
        commands = self.commands(plan, compiler.path)
        code, lines = run_logged(
            commands, cwd=self.root, env=env, log=log, stage=STAGE, reporter=reporter
        )
        if code != 0:
            raise self._failure(lines, code, log)
        reporter.say(STAGE, f"built in {time.monotonic() - started:.0f} s")
        return log

    def _failure(self, lines: list[str], code: int, log: Path) -> BuildError:
        sources = (path for path in (self.root / SOURCES).rglob("*") if path.is_file())
        rendered = self.rendered.parent.relative_to(self.root).as_posix()
        owners = OwnerIndex(
            tree=self.root,
            submodules={},
            overlay={path.relative_to(self.root).as_posix(): "" for path in sources},
            generated={f"{rendered}/{name}": digest for name, digest in self.outputs.items()},
        )
        found = diagnose(lines, code, owners, load_remedies())
        return BuildError(
            f"{found.text()}\n  log: {log}",
            stage=STAGE,
            path=found.where or str(self.root / SOURCES),
            remedy=found.remedy.text() if found.remedy else "read the log around this error",
        )

"""Programs on the emulator, started as a person would: through ``ascendtorch emulate``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "ASCEND_EMU_BUILD"
START = f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); "
START += "from ascendtorch.cli import main; main()"

#: What torch-npu says by itself, with real CANN too.
KNOWN = (
    r"I\d+ .*/torch_npu/csrc/.*",
    r"\[W\d.* Warning: The current CANN and Soc versions require processing for 32 padding size.*",
    # On a busy machine the thread of its queue can begin after the end has.
    r"\[W\d.* Warning: 100001 .* called after aclFinalize \(function StartConsume\)",
)
ANNOUNCED = r"\[emulate\] AscendCL emulator: \d+ devices? of kind \w+ on the CPU, no NPU is used"


def tool(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 240.0
) -> subprocess.CompletedProcess[str]:
    """Run the tool and keep what it prints."""
    return subprocess.run(
        [sys.executable, "-c", START, *arguments],
        cwd=cwd,
        env=clean_environment() if env is None else dict(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def clean_environment() -> dict[str, str]:
    """The environment of these tests without what would choose an emulator or CANN."""
    dropped = ("ASCEND_", "LD_LIBRARY_PATH", "TORCH_DEVICE_BACKEND_AUTOLOAD", "PYTHONPATH")
    found = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**found, "ASCENDTORCH_ROOT": str(ROOT)}


@dataclass
class Emulated:
    """One Python on the emulator; `build` is a build folder to use as it is."""

    python: Path
    folder: Path
    build: Path | None = None

    @classmethod
    def of(cls, python: Path, folder: Path, build: Path) -> Emulated:
        """As the tool builds and finds it, unless `VARIABLE` names a build folder."""
        return cls(python, folder, build if os.environ.get(VARIABLE) else None)

    def run(
        self, code: str, *options: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in a file of its own."""
        program = self.folder / "prog.py"
        program.write_text(textwrap.dedent(code), "utf-8")
        return self.start([str(self.python), str(program)], *options, env=env)

    def start(
        self, program: Sequence[str], *options: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that is there."""
        started = ["emulate", *self._chosen, *options, "--", *program]
        return tool(*started, cwd=self.folder, env={**clean_environment(), **(env or {})})

    def check(self, *paths: str) -> subprocess.CompletedProcess[str]:
        """Check binaries that are used with this Python, or its packages; the result is JSON."""
        chosen = ["emulate", *self._chosen, "--python", str(self.python), "--check", "--json"]
        return tool(*chosen, *paths, cwd=self.folder)

    @property
    def _chosen(self) -> list[str]:
        return ["--build-dir", str(self.build)] if self.build else []


def unknown_lines(stderr: str) -> list[str]:
    """The lines on standard error that say neither what this is nor what torch-npu always says."""
    known = (*KNOWN, ANNOUNCED, "")
    return [
        line
        for line in stderr.splitlines()
        if not any(re.fullmatch(pattern, line) for pattern in known)
    ]

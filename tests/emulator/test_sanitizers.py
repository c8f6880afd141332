"""The runtime's gtests under each sanitizer, built for it anew."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "pytorch_src" / "npu" / "emulator"

#: What would otherwise be said of GoogleTest's forks and of a parent's threads.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1",
    "TSAN_OPTIONS": "halt_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@pytest.mark.parametrize(
    "sanitizer",
    [
        "thread",
        pytest.param("address", marks=pytest.mark.slow),
        pytest.param("undefined", marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(1200)
def test_gtests_are_clean(sanitizer: str, tmp_path: Path) -> None:
    """Every gtest passes and the sanitizer has nothing to say (it ends the process otherwise)."""
    build = tmp_path / "build"
    configure = [
        "cmake",
        "-S",
        str(SOURCE),
        "-B",
        str(build),
        "-DEMU_TESTS=ON",
        f"-DEMU_SANITIZE={sanitizer}",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
    ]
    env = {**os.environ, **OPTIONS, "EMU_STRESS_ROUNDS": "2000"}
    for command in (configure, ["cmake", "--build", str(build), "--parallel", "2"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    programs = sorted((build / "bin").glob("*_test"))
    assert len(programs) >= 7, programs
    for program in programs:
        done = subprocess.run(
            [str(program)], env=env, capture_output=True, text=True, check=False, timeout=600
        )
        text = done.stdout[-4000:] + done.stderr[-4000:]
        assert done.returncode == 0, f"{program.name} under {sanitizer}:\n{text}"
        assert "PASSED" in done.stdout, f"{program.name} ran no test"

"""The operator library's sources against the headers of old releases of torch.

The macOS wheels on the package index carry the headers of a release in the smallest package. They
are data for the test: kept in the user's cache folder, never in the project.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest

NPU = Path(__file__).resolve().parents[2] / "pytorch_src" / "npu"
OPS = NPU / "emulator" / "ops"

pytestmark = [
    pytest.mark.network,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++"),
]


def _headers(version: str) -> Path:
    """Return the release's include folder, from a wheel that is fetched once."""
    cache = platformdirs.user_cache_path("ascendtorch") / "headers"
    include = cache / version / "torch" / "include"
    if include.is_dir():
        return include
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *[sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"],
            *["--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.8"],
            *["--platform", "macosx_10_9_x86_64", "--dest", str(cache), f"torch=={version}"],
        ],
        check=True,
    )
    wheel = next(cache.glob(f"torch-{version}-*.whl"))
    scratch = cache / f"{version}.part"
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if name.startswith("torch/include/")]
        archive.extractall(scratch, wanted)
    scratch.rename(cache / version)
    wheel.unlink()
    return include


def _sources() -> list[Path]:
    """Return what CMake compiles with ATen's headers."""
    listed = re.search(
        r"set\(EMU_OPS_SOURCES\n(.*?)\)", (OPS / "CMakeLists.txt").read_text(), re.DOTALL
    )
    assert listed is not None
    words = re.sub(r"#.*", "", listed.group(1)).split()
    return [OPS / word for word in words if not word.startswith("..")]


def _compile(arguments: list[str]) -> str:
    done = subprocess.run(["g++", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize(
    ("version", "standard"),
    [("1.8.1", "c++14"), pytest.param("1.5.0", "c++14", marks=pytest.mark.slow)],
)
def test_operators_compile(version: str, standard: str, tmp_path: Path) -> None:
    """Every source compiles, warnings being errors outside torch's own headers."""
    include = _headers(version)
    flags = [
        f"-std={standard}",
        *["-Wall", "-Wextra", "-Werror", "-fPIC", "-fsyntax-only"],
        *[
            "-isystem",
            str(include),
            "-isystem",
            str(include / "torch" / "csrc" / "api" / "include"),
        ],
        *[f"-I{OPS}", f"-I{OPS.parent}", f"-I{OPS.parent / 'abi'}", f"-I{NPU / 'acl' / 'include'}"],
        f"-I{OPS.parent / 'runtime'}",
    ]
    # Compiled once for all: most of a source's time goes into ATen's headers.
    header = tmp_path / "aten.h"
    header.write_text(f'#include "{OPS / "aten.h"}"\n')
    made = [flag for flag in flags if flag != "-fsyntax-only"]
    assert _compile([*made, "-x", "c++-header", str(header), "-o", f"{header}.gch"]) == ""
    sources = _sources()
    assert len(sources) >= 20
    with ThreadPoolExecutor(2) as pool:
        errors = list(
            pool.map(
                lambda source: _compile([*flags, "-include", str(header), str(source)]), sources
            )
        )
    failed = {source.name: error for source, error in zip(sources, errors) if error}
    assert not failed, "\n".join(f"== {name}\n{error[:1500]}" for name, error in failed.items())

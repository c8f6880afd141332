"""Our AscendCL headers against CANN's own, which the torch-npu wheels carry.

CANN's headers are data for the test: taken from a wheel, never kept. The wheel comes from the
package index into the user's cache folder; ASCENDTORCH_TORCH_NPU_WHEEL names a file to use instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ascendtorch.workspace import cache_folder
from support.aclheaders import INCLUDE, ROOT, SHARED, Declared, declared, program

VERSION = "2.13.0"
#: The part of the wheel that is read.
HEADERS = "torch_npu/include/third_party/acl/inc/"
#: CANN's, in which everything of ours must be found.
THEIRS = [
    "acl/acl.h",
    "acl/acl_op.h",
    "acl/acl_op_compiler.h",
    "acl/acl_prof.h",
    "acl/acl_rt.h",
    "acl/acl_dump.h",
    "profiling/aprof_pub.h",
]
#: Of ours, but not in that wheel's headers: name and why. None so far.
ONLY_OURS: dict[str, str] = {}
OURS = [*SHARED, "acl/acl.h", "aclnn/acl_meta.h"]

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


def _wheel() -> Path:
    given = os.environ.get("ASCENDTORCH_TORCH_NPU_WHEEL")
    if given:
        return Path(given)
    folder = cache_folder(os.environ, ROOT) / "tests" / "wheels"
    pattern = f"torch_npu-{VERSION}*.whl"
    if not list(folder.glob(pattern)):
        folder.mkdir(parents=True, exist_ok=True)
        # For one Python and machine, whatever runs this: only headers are read.
        subprocess.run(
            [
                *[sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"],
                *["--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.11"],
                *["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"],
                *["--dest", str(folder), f"torch-npu=={VERSION}"],
            ],
            check=True,
        )
    return sorted(folder.glob(pattern))[-1]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CANN's headers, unpacked."""
    folder = tmp_path_factory.mktemp("cann")
    with zipfile.ZipFile(_wheel()) as wheel:
        names = [name for name in wheel.namelist() if name.startswith(HEADERS)]
        wheel.extractall(folder, names)
    return folder / HEADERS


def _output(folder: Path, name: str, include: Path, text: str) -> list[str]:
    source, binary = folder / f"{name}.cpp", folder / name
    source.write_text(text)
    # typeid looks at types only, so that there is nothing to link with.
    done = subprocess.run(
        ["g++", "-std=c++14", "-w", f"-I{include}", str(source), "-o", str(binary)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    out = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    return out.splitlines()


def _without(what: Declared, names: dict[str, str]) -> Declared:
    return Declared(
        [name for name in what.functions if name not in names],
        [name for name in what.values if name not in names],
        {name: fields for name, fields in what.records.items() if name not in names},
    )


def test_the_reader_finds_everything() -> None:
    """The reader of our headers misses nothing: counts of what is declared today or more."""
    found = declared()
    assert len(found.functions) >= 220
    assert len(found.values) >= 500
    assert len(found.records) >= 13
    assert len(set(found.functions)) == len(found.functions)
    assert found.records["aclrtUuid"] == ["bytes"]
    assert found.records["aclrtPtrAttributes"] == ["location", "pageSize", "rsv"]
    for name in ("aclInit", "aclprofMarkEx", "aclrtGetSocName", "MsprofGetHashId"):
        assert name in found.functions
    for name in ("ACL_EVENT_SYNC", "ACL_FLOAT", "ACL_ERROR_RT_PARAM_INVALID", "ACL_UNKNOWN_RANK"):
        assert name in found.values


def test_a_difference_is_seen(tmp_path: Path) -> None:
    """The comparison can fail: a changed type, value and field each change the output."""
    text = "typedef enum { A = 1 } E;\nstruct S { int x; };\nint f(E e);\n"
    what = Declared(["f"], ["A"], {"S": ["x"]})
    outputs = []
    for index, (old, new) in enumerate((("", ""), ("A = 1", "A = 2"), ("int x", "long x"))):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "h.h").write_text(text.replace(old, new))
        outputs.append(_output(folder, "p", folder, program(["h.h"], what)))
    assert outputs[0] == ["f: int (*)(E)", "A = 1", "S: 4 bytes, aligned to 4", "S.x: int at 0"]
    assert outputs[1] != outputs[0] != outputs[2]


@pytest.mark.network
@pytest.mark.timeout(900)
def test_types_values_and_layouts_are_canns(theirs: Path, tmp_path: Path) -> None:
    """Every function type, number, field and size is what CANN's own headers say."""
    what = _without(declared(), ONLY_OURS)
    ours = _output(tmp_path, "ours", INCLUDE, program(list(SHARED), what))
    cann = _output(tmp_path, "cann", theirs, program(THEIRS, what))
    assert len(ours) > 650
    assert ours == cann


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("standard", ["c11", "c++14", "c++20"])
def test_headers_compile_alone_without_a_warning(
    compiler: str, standard: str, tmp_path: Path
) -> None:
    """Each header by itself, as C and as C++."""
    program = shutil.which(compiler) or shutil.which(f"{compiler}-14")
    if program is None:
        pytest.skip(f"no {compiler} here")
    is_c = standard.startswith("c1")
    for header in OURS:
        source = tmp_path / ("one.c" if is_c else "one.cpp")
        source.write_text(f"#include <{header}>\nint main(void) {{ return 0; }}\n")
        flags = ["-x", "c" if is_c else "c++", f"-std={standard}", "-Wall", "-Wextra", "-Werror"]
        done = subprocess.run(
            [program, "-fsyntax-only", "-pedantic", *flags, f"-I{INCLUDE}", str(source)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (header, done.stderr)

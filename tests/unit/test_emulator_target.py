"""Which Python's torch the operators are built for, and what is read from that torch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ascendtorch.emulator import target
from ascendtorch.emulator.target import choose_python, find_program, read_standard, read_torch
from ascendtorch.errors import ToolError

NEW = (
    b"\0_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE\0"
)
OLD = b"\0_ZN3c105ErrorC1ENS_14SourceLocationESs\0_ZNSt8ios_base7failureB5cxx11E\0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder / name


def test_the_program_is_a_python(path: Path) -> None:
    for name in ("python", "python3", "python3.11", "python3.13t"):
        assert choose_python(None, Path("/x", name), {"PATH": str(path)}) == Path("/x", name)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("#!{path}/python3.9", "python3.9"),
        ("#!{path}/python3.9 -I", "python3.9"),
        ("#!/usr/bin/env python3.9", "python3.9"),
        ("#!/usr/bin/env -S A=1 python3.9 -I", "python3.9"),
        ("#!/bin/sh", "python"),
        ("#!/usr/bin/env bash", "python"),
        ("#!/no/such/python3.9", "python"),
        ("\x7fELF", "python"),
        ("#!", "python"),
    ],
)
def test_the_program_is_a_script(path: Path, line: str, wanted: str) -> None:
    program(path, "python")
    program(path, "python3.9")
    script = program(path, "torchrun", line.format(path=path) + "\nimport torch\n")
    assert choose_python(None, script, {"PATH": str(path)}) == path / wanted


def test_without_a_program(path: Path) -> None:
    environ = {"PATH": str(path)}
    assert choose_python(None, None, environ) is None
    program(path, "python3")
    assert choose_python(None, None, environ) == path / "python3"
    program(path, "python")
    assert choose_python(None, None, environ) == path / "python"


def test_the_one_that_is_asked_for_wins(path: Path, tmp_path: Path) -> None:
    environ = {"PATH": str(path)}
    for name in ("python", "python3.9"):
        program(path, name)
    assert choose_python("python3.9", path / "python", environ) == path / "python3.9"
    assert choose_python(str(path / "python3.9"), None, environ) == path / "python3.9"
    # A virtual environment.
    assert choose_python(str(tmp_path), None, environ) == path / "python"
    with pytest.raises(ToolError, match=r"no program 'python3\.8'"):
        choose_python("python3.8", None, environ)


def test_a_program_that_is_not_there(path: Path) -> None:
    (path / "data").write_text("not executable")
    for name in ("nothing", "data", str(path / "data")):
        with pytest.raises(ToolError, match="there is no program"):
            find_program(name, {"PATH": str(path)})


@pytest.fixture
def torch(tmp_path: Path) -> Path:
    folder = tmp_path / "torch"
    for name, data in {
        "version.py": b"from typing import Optional\n__version__ = '2.13.0+cpu'\n",
        "include/ATen/ATen.h": b"",
        "share/cmake/Torch/TorchConfig.cmake": b"set_target_properties(torch PROPERTIES\n"
        b"    CXX_STANDARD 20\n)\n",
        "lib/libc10.so": b"ELF" + NEW,
        "lib/libtorch_cpu.so": b"123456",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_torch(torch: Path) -> None:
    sizes = (3 + len(NEW), 6)
    assert read_torch(torch) == target.Torch(torch, "2.13.0+cpu", True, "20", sizes)


def test_a_torch_with_the_old_strings(torch: Path) -> None:
    (torch / "lib/libc10.so").write_bytes(b"ELF" + OLD)
    assert not read_torch(torch).cxx11_abi


def test_the_standard_of_torchs_headers() -> None:
    assert read_standard("    set_property(TARGET torch PROPERTY CXX_STANDARD 14)") == "14"
    assert read_standard("    CXX_STANDARD 17\n    CXX_STANDARD_REQUIRED ON") == "17"
    assert read_standard("nothing of the kind") == "14"


@pytest.mark.parametrize(
    "name",
    [
        "version.py",
        "include/ATen/ATen.h",
        "share/cmake/Torch/TorchConfig.cmake",
        "lib/libc10.so",
        "lib/libtorch_cpu.so",
    ],
)
def test_a_torch_that_lacks_something(torch: Path, name: str) -> None:
    (torch / name).unlink()
    with pytest.raises(ToolError, match=re.escape("nothing can be compiled against this torch")):
        read_torch(torch)


@pytest.mark.parametrize("data", [b"", b"no error class in it"])
def test_a_torch_whose_library_is_none(torch: Path, data: bytes) -> None:
    (torch / "lib/libc10.so").write_bytes(data)
    with pytest.raises(ToolError, match="nothing can be compiled"):
        read_torch(torch)

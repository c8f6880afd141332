"""Reading ELF files: an extension module of this Python, and what is no ELF file."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from ascendtorch.emulator.elf import is_elf, opened
from ascendtorch.errors import ToolError


@pytest.fixture
def module() -> Path:
    """The extension module ``_ctypes``."""
    spec = importlib.util.find_spec("_ctypes")
    if spec is None or spec.origin is None or not spec.origin.endswith(".so"):
        pytest.skip("this Python has its extension modules inside")
    return Path(spec.origin)


def test_an_extension_module(module: Path) -> None:
    assert is_elf(module)
    with opened(module) as image:
        assert image.machine == os.uname().machine
        assert image.soname == module.name
        assert "libc.so.6" in image.needed
        undefined = dict(image.undefined())
        assert undefined["PyErr_SetString"] is False
        assert all(undefined)
        assert image.defines("PyInit__ctypes")
        assert not image.defines("PyErr_SetString")
        assert not image.defines("no_such_name")
        assert image.names() == frozenset()


@pytest.mark.parametrize("data", [b"", b"text", b"\x7fELF", b"\x7fELF" + bytes(200)])
def test_what_is_no_elf_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(data)
    assert is_elf(path) == data.startswith(b"\x7fELF")
    with pytest.raises(ToolError, match="no program or library in ELF"), opened(path):
        pass


def test_a_damaged_file(tmp_path: Path, module: Path) -> None:
    whole = module.read_bytes()
    path = tmp_path / "lib.so"
    for length in (100, 1000, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(ToolError, match="no program or library in ELF"), opened(path):
            pass


def test_what_is_not_there(tmp_path: Path) -> None:
    assert not is_elf(tmp_path / "absent")
    assert not is_elf(tmp_path)

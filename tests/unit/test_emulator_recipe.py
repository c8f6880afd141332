"""What names a build of the emulator: a change of anything that shapes it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ascendtorch.emulator.build import Built
from ascendtorch.emulator.recipe import Recipe, digest_sources, flags_of
from ascendtorch.emulator.target import Torch

TORCH = Torch(Path("/py/torch"), "2.13.0+cpu", True, "20", (1, 2))
RECIPE = Recipe(Path("/root"), "abc", "/usr/bin/g++ 12.2.0", (("CXXFLAGS", "-O1"),), TORCH)
OTHERS: dict[str, dict[str, Any]] = {
    "root": {"root": Path("/elsewhere")},
    "compiler": {"compiler": "/usr/bin/g++ 13.1.0"},
    "flags": {"flags": ()},
    "no torch": {"torch": None},
    "torch's place": {"torch": replace(TORCH, folder=Path("/other/torch"))},
    "torch's version": {"torch": replace(TORCH, version="2.12.0")},
    "torch's strings": {"torch": replace(TORCH, cxx11_abi=False)},
    "torch's standard": {"torch": replace(TORCH, standard="17")},
    "torch's build": {"torch": replace(TORCH, sizes=(1, 3))},
}


@pytest.mark.parametrize("change", OTHERS)
def test_each_part_counts(change: str) -> None:
    other = replace(RECIPE, **OTHERS[change])
    assert other.key != RECIPE.key
    assert other.configuration != RECIPE.configuration


def test_changed_sources_make_other_libraries_from_the_same_objects() -> None:
    other = replace(RECIPE, sources="abd")
    assert other.key != RECIPE.key
    assert other.configuration == RECIPE.configuration


def test_names_are_the_same_in_every_run() -> None:
    # With another digest every user would build anew.
    assert RECIPE.key == replace(RECIPE).key == "370b2a3a52944222"
    assert RECIPE.key != RECIPE.configuration


def test_what_cmake_is_told() -> None:
    assert RECIPE.definitions() == {
        "TORCH_DIR": str(RECIPE.torch_link),
        "EMU_TORCH_CXX11_ABI": "1",
        "EMU_TORCH_CXX_STANDARD": "20",
    }
    assert replace(RECIPE, torch=None).definitions() == {"TORCH_DIR": ""}


def test_the_same_torch_has_one_name_wherever_it_lies() -> None:
    """So that a compiler cache knows what was compiled for another environment."""
    moved = replace(RECIPE, torch=replace(TORCH, folder=Path("/other/torch")))
    assert moved.torch_link == RECIPE.torch_link
    assert str(RECIPE.torch_link).startswith("/root/build/emulator/torch-")
    other = replace(RECIPE, torch=replace(TORCH, sizes=(1, 3)))
    assert other.torch_link != RECIPE.torch_link
    assert replace(RECIPE, torch=None).torch_link is None


def test_flags_of_the_environment() -> None:
    environ = {"CXXFLAGS": "-O1", "LDFLAGS": "", "CFLAGS": "-O3", "PATH": "/bin"}
    assert flags_of(environ) == (("CXXFLAGS", "-O1"),)


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[Path]:
    for name in ("src/a.cpp", "src/deep/b.h", "alone.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    yield tmp_path


def digest(root: Path) -> str:
    return digest_sources(root, ["src", "alone.py", "missing"])


@pytest.mark.parametrize("name", ["src/a.cpp", "src/deep/b.h", "alone.py", "src/deep/new.h"])
def test_every_source_counts(sources: Path, name: str) -> None:
    before = digest(sources)
    (sources / name).write_text("changed")
    assert digest(sources) != before


def test_names_count(sources: Path) -> None:
    before = digest(sources)
    (sources / "src/a.cpp").rename(sources / "src/c.cpp")
    assert digest(sources) != before


@pytest.mark.parametrize(
    "name", ["src/.a.cpp.swp", "src/a.cpp~", "src/__pycache__/x.pyc", "src/.cache/x", "other/x"]
)
def test_what_is_no_source_does_not_count(sources: Path, name: str) -> None:
    before = digest(sources)
    (sources / name).parent.mkdir(exist_ok=True)
    (sources / name).write_text("anything")
    assert digest(sources) == before


def test_a_build_without_its_runtime_is_none(tmp_path: Path) -> None:
    assert Built.at(tmp_path) is None
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libascend_emu_ops.so").touch()
    assert Built.at(tmp_path) is None
    (tmp_path / "lib/libascendcl.so").touch()
    assert Built.at(tmp_path) == Built(tmp_path / "lib", tmp_path / "home", True)
    (tmp_path / "lib/libascend_emu_ops.so").unlink()
    assert Built.at(tmp_path) == Built(tmp_path / "lib", tmp_path / "home", False)

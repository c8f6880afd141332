"""``version.yaml`` of the plugin layout, and the plan that is made of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ascendtorch.errors import FetchError, SpecError
from ascendtorch.plan import make_plugin_plan
from ascendtorch.plugin.fetch import accepted
from ascendtorch.spec.plugin import PinnedWheel, load_plugin
from ascendtorch.spec.release import read_layout
from ascendtorch.spec.version import load_version

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.plugin import ARCH, FILE, PYTHON, VERSION, version_data

PATCH = Path(__file__).resolve().parents[2] / "patch"
WHEELS = f"upstream|wheels|{PYTHON}"


def _set(path: str, value: object) -> Callable[[Any], None]:
    """Return a change that sets a value; the last part of `path` stands after its last bar."""

    def change(data: Any) -> None:
        *parents, key = path.split("|")
        for parent in parents:
            data = data[int(parent)] if isinstance(data, list) else data[parent]
        data[key] = value

    return change


def _drop(key: str) -> Callable[[Any], object]:
    return lambda data: data.pop(key)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a valid ``version.yaml``, changed as asked."""

    def write(change: Callable[[Any], object] = lambda data: None) -> Path:
        data = version_data("0" * 64)
        change(data)
        made = tmp_path / VERSION
        made.mkdir(exist_ok=True)
        (made / "version.yaml").write_text(yaml.safe_dump(data), "utf-8")
        return made

    return write


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "a missing key": (_drop("kernels"), "lacks the key `kernels`"),
    "a key of the other layout": (_set("submodules", {}), "`submodules` is an unknown key"),
    "an overlay": (_set("overlay", []), "`overlay` is an unknown key"),
    "another release": (_set("upstream|version", "2.12.0"), "is not 2.13.0"),
    "no wheels for a Python": (_set("upstream|wheels", {}), f"lacks the key `{PYTHON}`"),
    "no wheel": (_set(WHEELS, []), "is empty"),
    "a short hash": (_set(f"{WHEELS}|0|sha256", "abc"), "not a sha256"),
    "a hash in capitals": (_set(f"{WHEELS}|0|sha256", "A" * 64), "not a sha256"),
    "no wheel's name": (_set(f"{WHEELS}|0|file", "torch.zip"), "is no name of a wheel"),
    "a wheel of another package": (
        _set(f"{WHEELS}|0|file", FILE.replace("torch-", "numpy-")),
        "no wheel of torch 2.13.0",
    ),
    "a wheel of another release": (
        _set(f"{WHEELS}|0|file", FILE.replace("2.13.0", "2.12.0")),
        "no wheel of torch 2.13.0",
    ),
    "a wheel for another Python": (
        _set(f"{WHEELS}|0|file", re.sub("cp3[0-9]+", "cp27", FILE)),
        f"no wheel for Python {PYTHON}",
    ),
    "a range": (_set(f"requirements|{PYTHON}", ["cmake>=3"]), "is not pinned"),
    "a range for the tests": (_set(f"test_requirements|{PYTHON}", ["numpy"]), "is not pinned"),
    "kernels above": (_set("kernels|output", "../x"), "`..` in the path"),
    "no default profile": (_set("profiles", {}), "lacks the default profile `full`"),
}


@pytest.mark.parametrize(("change", "cause"), REFUSED.values(), ids=REFUSED)
def test_refused(folder: Callable[..., Path], change: Callable[[Any], object], cause: str) -> None:
    made = folder(change)
    with pytest.raises(SpecError) as caught:
        load_plugin(made)
    assert cause in str(caught.value)
    assert re.search(r"version\.yaml:\d+$", caught.value.path or "")
    assert caught.value.remedy


def test_a_valid_file(folder: Callable[..., Path]) -> None:
    spec = load_plugin(folder())
    assert (spec.version, spec.layout) == (VERSION, "plugin")
    assert spec.upstream.wheels == {PYTHON: (PinnedWheel(FILE, "0" * 64),)}
    assert spec.upstream.wheels[PYTHON][0].version == f"{VERSION}+mini"
    assert read_layout(spec.folder) == "plugin"


def test_commands_of_the_tree_refuse_it(folder: Callable[..., Path]) -> None:
    with pytest.raises(SpecError, match="has neither a tree nor a series"):
        load_version(folder())


def test_a_wheel_for_another_machine_is_not_taken(folder: Callable[..., Path]) -> None:
    spec = load_plugin(folder())
    assert accepted(spec, PYTHON, ARCH) == spec.upstream.wheels[PYTHON]
    with pytest.raises(FetchError, match=f"no official wheel .* Python {PYTHON} on riscv64"):
        accepted(spec, PYTHON, "riscv64")


def test_flags(folder: Callable[..., Path]) -> None:
    spec = load_plugin(folder(_set("flags", {"NPU_X": "1"})))
    environ = {"CXXFLAGS": "-O1", "USE_CUDA": "1", "CMAKE_X": "1", "LDFLAGS": ""}
    plan = make_plugin_plan(spec, arch=ARCH, defines={"NPU_X": "2"}, environ=environ)
    assert plan.definitions == {"NPU_X": "2"}
    assert plan.variables == {"CXXFLAGS": "-O1"}
    assert [flag.origin for flag in plan.flags] == ["environment", "-D"]
    with pytest.raises(SpecError, match="-D USE_CUDA: the plugin has no such flag"):
        make_plugin_plan(spec, arch=ARCH, defines={"USE_CUDA": "1"}, environ={})
    with pytest.raises(SpecError, match="unknown profile 'lean'"):
        make_plugin_plan(spec, arch=ARCH, profile="lean", defines={}, environ={})


def test_the_published_file() -> None:
    spec = load_plugin(PATCH / "2.13.0")
    catalog = yaml.safe_load((PATCH / "catalog.yaml").read_text("utf-8"))["versions"]["2.13.0"]
    assert list(spec.pythons) == catalog["pythons"]
    assert catalog["layout"] == spec.layout
    assert f">={spec.tools['gcc'].minimum}" == catalog["gcc"]
    assert f">={spec.tools['cmake'].minimum}" == catalog["cmake"]
    for python, wheels in spec.upstream.wheels.items():
        assert len({wheel.sha256 for wheel in wheels}) == len(wheels)
        assert all(wheel.suits("x86_64") for wheel in wheels)
        tools = dict(pin.split("==") for pin in spec.requirements[python])
        assert set(tools) == {"cmake", "ninja"}
    name = catalog["wheel"].format(version="2.13.0", post="", python="a", abi="b", arch="c")
    assert name == f"{spec.wheel.name}-{spec.wheel.full_version}-a-b-linux_c.whl"

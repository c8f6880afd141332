"""Invariants of the published data: ``patch/catalog.yaml`` and ``patch/1.8.1/version.yaml``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PATCH = Path(__file__).resolve().parents[2] / "patch"

FLAGS = {
    "DEBUG": "0",
    "USE_DISTRIBUTED": "1",
    "USE_MKLDNN": "0",
    "USE_CUDA": "0",
    "BUILD_TEST": "0",
    "USE_NNPACK": "0",
    # Ours.
    "USE_NPU": "1",
    "USE_HCCL": "0",
    "USE_DUMP": "0",
}
LEAN = {
    "USE_QNNPACK",
    "USE_PYTORCH_QNNPACK",
    "USE_XNNPACK",
    "USE_FBGEMM",
    "USE_KINETO",
    "USE_NUMA",
    "BUILD_CAFFE2_OPS",
}


@pytest.fixture(scope="module")
def catalog() -> Any:
    return yaml.safe_load((PATCH / "catalog.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def version() -> Any:
    return yaml.safe_load((PATCH / "1.8.1" / "version.yaml").read_text("utf-8"))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _names(needed: Any) -> set[str]:
    return set(needed) if isinstance(needed, list) else {needed}


def _parent(path: str, paths: Any) -> str | None:
    above = [other for other in paths if path.startswith(other + "/")]
    return max(above, key=len, default=None)


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _fetched(version: Any, *overrides: dict[str, str]) -> set[str]:
    flags = {**version["upstream_flags"], **version["flags"]}
    for override in overrides:
        flags.update(override)
    on = {"always"} | {name for name, value in flags.items() if value == "1"}
    return {path for path, entry in version["submodules"].items() if _names(entry["needed"]) & on}


@pytest.mark.parametrize("name", ["catalog.yaml", "1.8.1/version.yaml"])
def test_yaml_has_guessed_no_type(name: str) -> None:
    data = yaml.safe_load((PATCH / name).read_text("utf-8"))
    assert data.pop("schema") == 1
    strange = [leaf for leaf in _leaves(data) if not isinstance(leaf, (str, bool, type(None)))]
    assert strange == []


def test_every_published_row_is_there(catalog: Any) -> None:
    rows = Counter(row["ascend"] for row in catalog["releases"])
    assert rows == {
        "5.0.RC1": 4,
        "3.0.0": 3,
        "3.0.rc3": 3,
        "3.0.rc2": 2,
        "3.0.rc1": 2,
        "2.0.4": 1,
        "2.0.3": 1,
        "2.0.2": 1,
    }
    assert len({tuple(sorted(row.items(), key=str)) for row in catalog["releases"]}) == 17
    assert sum(row["beta"] for row in catalog["releases"]) == 2
    assert [row["note"] for row in catalog["releases"] if row["note"]] == ["Ascend 910B"] * 2
    assert sum(row["image"] is not None for row in catalog["releases"]) == 10


def test_release_rows_agree_with_the_versions(catalog: Any) -> None:
    for row in catalog["releases"]:
        assert re.fullmatch(re.escape(row["base"]) + r"(\.(post|rc)\d+)?", row["pytorch"])
        assert row["base"] in catalog["versions"]
    assert catalog["default"] == "1.5.0"
    assert list(catalog["versions"]) == ["1.5.0", "1.8.1", "1.11.0", "2.1.0", "2.13.0"]


def test_release_branches_name_their_pytorch_and_ascend_version(catalog: Any) -> None:
    for row in catalog["releases"]:
        old = f"{row['ascend']}.tr5"
        assert row["branch"] in (old, f"v{row['base']}-{row['ascend'].lower()}")


def test_branches_and_phases(catalog: Any) -> None:
    assert len(catalog["branches"]) == 8
    phases = [phase["name"] for phase in catalog["phases"]]
    assert phases == ["Planning", "Development", "Maintained", "Unmaintained", "EOL"]
    released = {"v" + row["ascend"].lower() for row in catalog["releases"]}
    for branch in catalog["branches"]:
        assert branch["name"] in released
        assert branch["status"] in phases
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", branch["launched"])
        assert (branch["next"] is None) == (branch["status"] == "EOL")


def test_the_version_file_agrees_with_the_catalogue(catalog: Any, version: Any) -> None:
    known = catalog["versions"][version["version"]]
    assert version["layout"] == known["layout"]
    assert version["pythons"] == known["pythons"]
    assert known["gcc"] == f">={version['tools']['gcc']['min']}"
    assert known["cmake"] == f">={version['tools']['cmake']['min']}"
    assert version["upstream"]["tag"] == f"v{version['version']}"
    assert version["upstream"]["commit"] == "56b43f4fec1f76953f15a627694d4bba34588969"
    assert version["wheel"]["version"] == "1.8.1+ascend"


def test_flags_are_those_of_the_guides(version: Any) -> None:
    assert version["flags"] == FLAGS
    assert version["arch_flags"]["aarch64"]["USE_XNNPACK"] == "0"
    assert version["profiles"] == {"full": {}, "lean": dict.fromkeys(LEAN, "0")}


def test_each_flag_that_a_submodule_names_has_one_default(version: Any) -> None:
    named = set().union(*(_names(entry["needed"]) for entry in version["submodules"].values()))
    named -= {"always", "never"}
    assert named - set(version["flags"]) == set(version["upstream_flags"])
    assert set(version["upstream_flags"].values()) <= {"0", "1"}
    known = {*version["flags"], *version["upstream_flags"], *LEAN}
    assert all(set(flags) <= known for flags in version["arch_flags"].values())


def test_every_submodule_is_pinned(version: Any) -> None:
    modules = version["submodules"]
    assert len(modules) == 54
    # A key given twice would vanish silently.
    text = (PATCH / "1.8.1" / "version.yaml").read_text("utf-8")
    assert len(re.findall(r"^    commit: ", text, re.MULTILINE)) == 54
    assert list(modules) == sorted(modules)
    for entry in modules.values():
        assert set(entry) == {"url", "commit", "needed"}
        assert re.fullmatch(r"[0-9a-f]{40}", entry["commit"])
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", entry["url"])


def test_nested_submodules_have_their_parents(version: Any) -> None:
    modules = version["submodules"]
    parents = {path: _parent(path, modules) for path in modules}
    assert sum(parent is None for parent in parents.values()) == 34
    for path, parent in parents.items():
        assert path.count("/third_party/") == 0 or parent is not None, path
        if parent is None or modules[path]["needed"] == "never":
            continue
        above = _names(modules[parent]["needed"])
        assert above == {"always"} or _names(modules[path]["needed"]) <= above, path


def test_what_the_profiles_fetch(version: Any) -> None:
    full = _fetched(version)
    lean = _fetched(version, version["profiles"]["lean"])
    assert (len(full), len(lean)) == (22, 14)
    assert lean < full
    assert not full & {"third_party/nccl/nccl", "third_party/tbb", "android/libs/fbjni"}
    assert {"third_party/gloo", "third_party/protobuf", "third_party/eigen"} <= lean
    without = _fetched(version, version["profiles"]["lean"], {"USE_DISTRIBUTED": "0"})
    assert {path.split("/")[1] for path in lean - without} == {"gloo", "tensorpipe"}
    assert full - _fetched(version, version["arch_flags"]["aarch64"]) == {
        "third_party/XNNPACK",
        "third_party/fbgemm",
        "third_party/fbgemm/third_party/asmjit",
    }


def test_requirements_are_exact_and_within_the_known_limits(version: Any) -> None:
    assert list(version["requirements"]) == version["pythons"]
    limits = {"numpy": "1.24", "setuptools": "60", "cmake": version["tools"]["cmake"]["below"]}
    for pins in version["requirements"].values():
        assert all(re.fullmatch(r"[A-Za-z0-9_-]+==\d+(\.\d+)+", pin) for pin in pins)
        found = dict(pin.split("==") for pin in pins)
        assert len(found) == len(pins)
        assert {"cmake", "ninja", "numpy", "PyYAML", "setuptools", "wheel"} <= set(found)
        for name, below in limits.items():
            assert _number(found[name]) < _number(below)
        for name in ("cmake", "ninja"):
            assert _number(found[name]) >= _number(version["tools"][name]["min"])

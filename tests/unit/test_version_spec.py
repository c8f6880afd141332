"""``version.yaml``: what a valid one says, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.spec.release import KernelRule
from ascendtorch.spec.version import OverlayRule, VersionSpec, is_on, load_version

Spec = Callable[..., VersionSpec]


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return a change that sets a value; the last part of `path` stands after its last bar."""

    def change(data: dict[str, Any]) -> None:
        *parents, key = path.split("|")
        for parent in parents:
            data = data[int(parent)] if isinstance(data, list) else data[parent]
        data[key] = value

    return change


def _drop(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda data: data.pop(key)


FMT = "submodules|third_party/fmt"
REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a missing key": (_drop("pythons"), "lacks the key `pythons`"),
    "an unknown key": (_set("flag", {}), "`flag` is an unknown key; did you mean `flags`"),
    "a newer schema": (_set("schema", 2), "`schema` is 2, and this ascendtorch knows up to 1"),
    "a number as version": (_set("version", 1.8), "`version` must be text, not float"),
    "a version of two parts": (_set("version", "1.8"), "which is not a release"),
    "another folder's version": (_set("version", "1.5.0"), "'1.5.0' in the folder '1.8.1'"),
    "an unknown layout": (_set("layout", "in_tree"), "did you mean `in-tree`"),
    "no Python": (_set("pythons", []), "`pythons` is empty"),
    "Python 2": (_set("pythons", ["2.7"]), "which is not a Python"),
    "a number as Python": (_set("pythons", [3.1]), "must be text, not float (3.1)"),
    "a short commit": (_set("upstream|commit", "56b43f4"), "not a full commit hash"),
    "a commit in capitals": (_set("upstream|commit", "A" * 40), "not a full commit hash"),
    "a branch as commit": (_set("upstream|commit", "master"), "not a full commit hash"),
    "a tag like an option": (_set("upstream|tag", "--upload-pack=x"), "not a tag name"),
    "a tag with a line break": (_set("upstream|tag", "v1\n"), "not a tag name"),
    "a transport helper": (_set("upstream|url", "ext::sh -c id"), "write an https:// or ssh://"),
    "a local pin": (_set("upstream|url", "file:///srv/x.git"), "mirrors go to the mirror map"),
    "a git:// pin": (_set(f"{FMT}|url", "git://example.org/x"), "write an https:// or ssh://"),
    "a path as URL": (_set(f"{FMT}|url", "../fmt"), "write an https:// or ssh://"),
    "a submodule above": (
        lambda data: data["submodules"].update({"../x": data["submodules"]["third_party/fmt"]}),
        "`..` in the path",
    ),
    "a submodule in .git": (
        lambda data: data["submodules"].update({".GIT/x": data["submodules"]["third_party/fmt"]}),
        "a `.git` component",
    ),
    "an unknown flag in needed": (
        _set(f"{FMT}|needed", "USE_TBBB"),
        "names the flag `USE_TBBB`, of which no default is known; did you mean `USE_TBB`",
    ),
    "a flag value that YAML changes": (_set("flags|USE_CUDA", False), "must be text, not bool"),
    "a flag in small letters": (_set("flags|use_cuda", "0"), "is not a flag name: 'use_cuda'"),
    "an odd flag in a profile": (_set("profiles|lean|A-B", "0"), "is not a flag name: 'A-B'"),
    "no default profile": (_set("profiles", {}), "lacks the default profile `full`"),
    "a tool's odd version": (_set("tools|gcc|min", ">=7"), "not a version number"),
    "a tool's unknown key": (_set("tools|gcc|max", "9"), "known: below, min, why"),
    "a build number with letters": (_set("wheel|build_number", "1a"), "not a number in quotes"),
    "a wheel name with a slash": (_set("wheel|name", "a/b"), "not a distribution name"),
    "a Python without requirements": (_set("requirements", {"3.8": []}), "lacks the key `3.9`"),
    "an unpinned requirement": (_set("requirements|3.8", ["numpy"]), "is not pinned: 'numpy'"),
    "a range": (_set("requirements|3.8", ["numpy>=1.19,<1.24"]), "is not pinned"),
    "a pin with a wildcard": (_set("requirements|3.8", ["numpy==1.23.*"]), "is not pinned"),
    "a requirement by URL": (_set("requirements|3.8", ["a @ https://example.org/a"]), "not pinned"),
    "an option as requirement": (_set("requirements|3.8", ["-e ."]), "is not a requirement"),
    "an absolute overlay": (_set("overlay", [{"from": "/etc", "to": "."}]), "an absolute path"),
    "an overlay above": (_set("overlay", [{"from": "a", "to": "b/../.."}]), "`..` in the path"),
    "an overlay of everything": (_set("overlay", [{"from": ".", "to": "."}]), "`.` component"),
    "an output above": (_set("templates|0|output", "../env.sh"), "`..` in the path"),
    "the folder as output": (_set("templates|0|output", "."), "`.` component"),
    "a template above": (_set("templates|0|template", "a/../../b"), "`..` in the path"),
    "one output twice": (
        lambda data: data["templates"].append({"template": "b.j2", "output": "env.sh"}),
        "`templates[1].output` is 'env.sh' a second time",
    ),
    "a number as template value": (_set("templates|0|values|x", 1), "must be text, not int"),
    "an exception above": (
        _set("overlay", [{"from": "a", "to": ".", "except": ["../b"]}]),
        "`..` in the path",
    ),
    "one exception without a list": (
        _set("overlay", [{"from": "a", "to": ".", "except": "b"}]),
        "must be a list",
    ),
    "kernels outside the tree": (
        _set("kernels", {"spec": "ops", "templates": "kernels", "output": "../x"}),
        "`..` in the path",
    ),
    "kernels without a folder": (_set("kernels", {"spec": "ops", "templates": "k"}), "`output`"),
    "tests on another Python": (_set("test_requirements", {"3.11": []}), "an unknown key"),
    "an unpinned test requirement": (
        _set("test_requirements", {"3.8": ["numpy"]}),
        "is not pinned: 'numpy'",
    ),
    "overlay as a mapping": (_set("overlay", {"from": "a"}), "must be a list, not a mapping"),
}


@pytest.mark.parametrize(("change", "cause"), REFUSED.values(), ids=REFUSED)
def test_refused(
    version_folder: Callable[..., Path], change: Callable[[Any], object], cause: str
) -> None:
    """faults.md 42, 43, 57 and Security, each with file and line."""
    folder = version_folder(change)
    with pytest.raises(SpecError) as caught:
        load_version(folder)
    assert cause in str(caught.value)
    assert re.search(r"version\.yaml:\d+$", caught.value.path or "")
    assert caught.value.stage == "spec"
    assert caught.value.remedy


def test_a_valid_file(make_spec: Spec) -> None:
    spec = make_spec()
    assert (spec.version, spec.layout, spec.pythons) == ("1.8.1", "in-tree", ("3.8", "3.9"))
    assert spec.series_file == spec.folder / "series"
    assert spec.tools["cmake"].below == "4"
    assert spec.tools["gcc"].below is None
    assert spec.overlay == (OverlayRule("npu", "torch/npu"),)
    assert spec.templates[0].values == {"queue": "1"}
    assert [module.path for module in spec.submodules] == sorted(
        module.path for module in spec.submodules
    )


def test_what_may_be_left_out(make_spec: Spec) -> None:
    def change(data: dict[str, Any]) -> None:
        for key in ("arch_flags", "overlay", "templates"):
            del data[key]
        data["tools"] = {}
        data["submodules"] = {}

    spec = make_spec(change)
    assert (spec.arch_flags, spec.overlay, spec.templates, spec.tools) == ({}, (), (), {})


def test_kernels_tests_and_exceptions(make_spec: Spec) -> None:
    def change(data: dict[str, Any]) -> None:
        data["kernels"] = {"spec": "ops", "templates": "kernels", "output": "npu/generated"}
        # Not all Pythons that it is built for.
        data["test_requirements"] = {"3.9": ["numpy==1.24.4"]}
        data["overlay"] = [{"from": "npu", "to": "npu", "except": ["emulator", "a/b.cpp"]}]

    spec = make_spec(change)
    assert spec.kernels == KernelRule("ops", "kernels", "npu/generated")
    assert spec.test_requirements == {"3.9": ("numpy==1.24.4",)}
    assert spec.overlay == (OverlayRule("npu", "npu", ("emulator", "a/b.cpp")),)
    plain = make_spec()
    assert (plain.kernels, plain.test_requirements) == (None, {})


@pytest.mark.parametrize(("target", "expected"), [(".", "."), ("torch/npu/", "torch/npu")])
def test_overlay_targets(make_spec: Spec, target: str, expected: str) -> None:
    assert make_spec(_set("overlay|0|to", target)).overlay[0].target == expected


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file") as caught:
        load_version(tmp_path / "1.8.1")
    assert caught.value.path == str(tmp_path / "1.8.1" / "version.yaml")


@pytest.mark.parametrize(
    ("needed", "flags", "wanted"),
    [
        ("always", {}, True),
        ("never", {"USE_TBB": "1"}, False),
        ([], {"USE_TBB": "1"}, False),
        ("USE_TBB", {"USE_TBB": "1"}, True),
        ("USE_TBB", {"USE_TBB": "0"}, False),
        (["USE_TBB", "USE_CUDA"], {"USE_TBB": "0", "USE_CUDA": "ON"}, True),
        (["USE_TBB", "USE_CUDA"], {"USE_TBB": "0", "USE_CUDA": "OFF"}, False),
    ],
)
def test_is_needed(make_spec: Spec, needed: Any, flags: dict[str, str], wanted: bool) -> None:
    module = make_spec(_set(f"{FMT}|needed", needed)).submodules[0]
    assert module.path == "third_party/fmt"
    assert module.is_needed(flags) is wanted


@pytest.mark.parametrize("value", ["0", "OFF", "off", "No", "FALSE", "n", ""])
def test_off(value: str) -> None:
    assert not is_on(value)


@pytest.mark.parametrize("value", ["1", "ON", "yes", "True", "2", "/opt/tbb"])
def test_on(value: str) -> None:
    assert is_on(value)

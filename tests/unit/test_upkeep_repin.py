"""version.yaml and catalog.yaml for another release: comments stay, pins change."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.spec.catalog import load_catalog
from ascendtorch.spec.version import load_version
from ascendtorch.upkeep.pinning import Pin
from ascendtorch.upkeep.repin import extended_catalog, repinned_version

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "patch" / "1.8.1" / "version.yaml"
COMMIT = "e0495a7aa104471d95dc85a1b8f6473fbcc427a8"
#: A hash that YAML would read as a number.
NUMBER = "1234567890" * 4


def ours() -> list[Pin]:
    spec = load_version(OURS.parent)
    return [Pin(m.path, m.url, m.commit, False) for m in spec.submodules]


def repinned(tmp_path: Path, pins: list[Pin]) -> Path:
    folder = tmp_path / "1.9.0"
    folder.mkdir()
    text = repinned_version(OURS, "1.8.1", "1.9.0", "v1.9.0", COMMIT, pins)
    (folder / "version.yaml").write_text(text, "utf-8")
    return folder


def test_only_what_must_change_changes(tmp_path: Path) -> None:
    before = OURS.read_text("utf-8").split("\n")
    after = (repinned(tmp_path, ours()) / "version.yaml").read_text("utf-8").split("\n")
    assert len(before) == len(after)
    changed = [new for old, new in zip(before, after) if old != new]
    assert changed == [
        "# PyTorch 1.9.0: the pin, and how it is built.",
        'version: "1.9.0"',
        "  tag: v1.9.0",
        f"  commit: {COMMIT}",
        'wheel: {name: torch, version: "1.9.0+ascend", build_number: "1"}',
    ]


def test_submodules_that_move_come_and_go(tmp_path: Path) -> None:
    pins = {pin.path: pin for pin in ours()}
    del pins["third_party/zstd"]
    del pins["third_party/psimd"]
    del pins["third_party/tensorpipe/third_party/pybind11/tools/clang"]
    gloo = "third_party/gloo"
    pins[gloo] = Pin(gloo, "https://github.com/pytorch/gloo", NUMBER, False)
    for path in ("third_party/aaa", "third_party/fresh", "third_party/zzz", "android/new"):
        pins[path] = Pin(path, f"https://example.org/{path}.git", COMMIT, True)
    folder = repinned(tmp_path, sorted(pins.values(), key=lambda pin: pin.path))
    spec = load_version(folder)
    found = {m.path: (m.url, m.commit) for m in spec.submodules}
    assert found == {path: (pin.url, pin.commit) for path, pin in pins.items()}
    old = {m.path: m.needed for m in load_version(OURS.parent).submodules}
    assert {m.path: m.needed for m in spec.submodules if m.path in old} == {
        path: needed for path, needed in old.items() if path in pins
    }
    text = (folder / "version.yaml").read_text("utf-8")
    assert text.count("# New in v1.9.0.") == 4
    # The comment above a submodule that is gone goes with it, the next one's stays.
    assert "# Used even with BUILD_CUSTOM_PROTOBUF=0" in text


def test_a_file_that_cannot_be_edited_as_text_is_refused(tmp_path: Path) -> None:
    flow = tmp_path / "version.yaml"
    flow.write_text(
        'version: "1.8.1"\nupstream: {tag: v1, commit: c}\nwheel: {version: "1.8.1"}\n'
        "submodules: {third_party/x: {url: u, commit: c}}\n"
    )
    with pytest.raises(SpecError, match="block style"):
        repinned_version(flow, "1.8.1", "1.9.0", "v1.9.0", COMMIT, [])


def test_the_catalogue_learns_of_the_version_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    source = (ROOT / "patch" / "catalog.yaml").read_text("utf-8")
    path.write_text(source, "utf-8")
    text = extended_catalog(path, "1.8.1", "1.8.2")
    assert text is not None
    path.write_text(text, "utf-8")
    catalog = load_catalog(tmp_path)
    assert list(catalog.versions) == ["1.5.0", "1.8.1", "1.8.2", "1.11.0", "2.1.0", "2.13.0"]
    assert catalog.versions["1.8.2"].wheel == catalog.versions["1.8.1"].wheel
    assert [line for line in text.split("\n") if line not in source.split("\n")] == ['  "1.8.2":']
    assert extended_catalog(path, "1.8.1", "1.8.2") is None

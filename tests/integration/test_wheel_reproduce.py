"""``wheel explain`` and ``wheel reproduce``, for wheels that only carry a manifest."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, Callable

import pytest
from wheel.wheelfile import WheelFile

from ascendtorch.toolchain.sources import source_digest
from support.kernels import OUTPUT, add_kernels, write_ops
from support.upstream import FMT
from support.workspace import Done, Workspace

STEM = "torch-1.8.1+ascend"


def write_wheel(folder: Path, manifest: object) -> Path:
    """Write a wheel that holds nothing else."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{STEM}-cp38-cp38-linux_x86_64.whl"
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    with WheelFile(str(path), "w") as archive:
        archive.writestr(f"{STEM}.dist-info/METADATA", "Name: torch\nVersion: 1.8.1+ascend\n")
        if manifest is not None:
            archive.writestr(f"{STEM}.dist-info/ascendtorch.json", text)
    return path


def manifest_of(workspace: Workspace) -> dict[str, Any]:
    """The manifest that a wheel of the tree as it is would carry."""
    manifest = json.loads((workspace.rendered / "manifest.json").read_text())
    parts = {"sources": source_digest(workspace.tree), "python": "3.8.18"}
    facts = {"patched_tree": workspace.git("rev-parse", "HEAD^{tree}"), "edited": []}
    return {**manifest, **facts, "build": parts, "emulator": "e" * 64}


@pytest.fixture
def wheel(ready: Workspace) -> Path:
    """A wheel of the tree, kernels and all."""
    add_kernels(ready)
    ready.gen()
    return write_wheel(ready.base / "wheels", manifest_of(ready))


def reproduce(workspace: Workspace, wheel: Path, *arguments: str, code: int = 0) -> Done:
    done = workspace.run("wheel", "reproduce", str(wheel), *arguments, check=False)
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_explained(ready: Workspace, wheel: Path) -> None:
    shown = ready.run("wheel", "explain", str(wheel)).stdout
    assert ready.upstream.pins[""] in shown
    for name in ready.series:
        assert name in shown
    assert "2 files" in shown
    as_data = json.loads(ready.run("wheel", "explain", str(wheel), "--json").stdout)
    assert as_data == manifest_of(ready)


def test_made_again_without_a_network(ready: Workspace, wheel: Path) -> None:
    before = ready.snapshot(ready.tree, ready.rendered)
    ready.map_to("file:///nowhere")
    done = reproduce(ready, wheel, "--offline", "--into", str(ready.base / "again"))
    assert "the same sources (" in done.stdout
    assert ready.snapshot(ready.tree, ready.rendered) == before
    again = ready.base / "again" / "pytorch"
    kernel = f"{OUTPUT}/register_twice.cpp"
    assert (again / kernel).read_bytes() == (ready.tree / kernel).read_bytes()
    assert source_digest(again) == source_digest(ready.tree)
    # What was made is not asked of receipts: it is looked at.
    (again / kernel).write_text("// mine\n")
    reproduce(ready, wheel, "--into", str(ready.base / "again"), code=9)


def test_a_wheel_from_before_kernels(ready: Workspace) -> None:
    manifest = manifest_of(ready)
    for name in ("patched_tree", "patched_submodules", "kernels", "edited", "emulator"):
        del manifest[name]
    path = write_wheel(ready.base / "old", manifest)
    assert manifest["patched_commit"] in ready.run("wheel", "explain", str(path)).stdout
    # It does not say which commits its patches made of submodules.
    done = reproduce(ready, path, code=1)
    assert done.stdout.count("differs: the commit of ") == done.stdout.count("differs: ")


def test_nothing_is_left_of_a_temporary_folder(ready: Workspace, wheel: Path) -> None:
    before = {path.name for path in (ready.root / "build").iterdir()}
    shown = json.loads(reproduce(ready, wheel, "--json").stdout)
    assert shown["reproduced"] is True
    assert shown["differences"] == []
    assert {path.name for path in (ready.root / "build").iterdir()} == before


def _patch(workspace: Workspace) -> None:
    path = workspace.patches / workspace.series[0]
    path.write_bytes(path.read_bytes().replace(b"+#include <array>", b"+#include  <array>"))


def _overlay(workspace: Workspace) -> None:
    (workspace.sources / "npu" / "python" / "more.py").write_text("more\n")


def _spec(workspace: Workspace) -> None:
    write_ops(workspace.root / "templates", "twice", ["thrice.out"])


def _pin(workspace: Workspace) -> None:
    workspace.edit_version(lambda data: data["submodules"][FMT].update(commit="1" * 40))


def _order(workspace: Workspace) -> None:
    workspace.series = [workspace.series[1], workspace.series[0], *workspace.series[2:]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_patch, "differs: patch 0001-gloo-include-array.patch: the wheel has "),
        (_overlay, "differs: overlay file torch/npu/more.py is here, and the wheel was made"),
        (_spec, "differs: template ops/twice.yaml: the wheel has "),
        (_pin, f"differs: submodule {FMT}: the wheel has "),
        (_order, "differs: the order of patches: the wheel has "),
    ],
)
def test_another_input_is_named(
    ready: Workspace, wheel: Path, change: Callable[[Workspace], None], said: str
) -> None:
    change(ready)
    done = reproduce(ready, wheel, "--into", str(ready.base / "again"), code=1)
    assert said in done.stdout
    assert done.stdout.count("differs: ") == 1
    assert "not made again, for this checkout has other inputs" in done.stdout
    assert not (ready.base / "again").exists()


def test_a_wheel_of_an_edited_tree(ready: Workspace, wheel: Path) -> None:
    edited = {**manifest_of(ready), "edited": ["edited: setup.py"]}
    path = write_wheel(ready.base / "other", edited)
    assert "edited: setup.py" in ready.run("wheel", "explain", str(path)).stdout
    assert "an edit in the wheel's tree (edited: setup.py)" in reproduce(ready, path, code=1).stdout


@pytest.mark.parametrize("part", ["patched_commit", "patched_tree", "sources", "kernel"])
def test_another_result_is_named(ready: Workspace, wheel: Path, part: str) -> None:
    manifest = manifest_of(ready)
    if part == "sources":
        manifest["build"]["sources"] = "0" * 64
    elif part == "kernel":
        manifest["kernels"][f"{OUTPUT}/register_twice.cpp"] = "0" * 64
    else:
        manifest[part] = "0" * 40
    done = reproduce(ready, write_wheel(ready.base / "other", manifest), code=1)
    assert done.stdout.count("differs: ") == 1
    assert "other sources came of the same inputs" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda manifest: None, "carries no manifest"),
        (lambda manifest: "{", "manifest is damaged"),
        (lambda manifest: [], "manifest is damaged"),
        (lambda manifest: {**manifest, "schema": 2}, "a newer ascendtorch (schema 2"),
        (lambda manifest: {**manifest, "layout": ["x"]}, "its layout is ['x']"),
        (lambda manifest: {**manifest, "overlay": []}, "no overlay of the right kind"),
        (lambda manifest: {**manifest, "overlay": {"x": 1}}, "its overlay is not a map of texts"),
        (lambda manifest: {**manifest, "patches": ["x"]}, "a patch lacks name or sha256"),
        (lambda manifest: {**manifest, "upstream": {}}, "its upstream lacks url"),
    ],
)
def test_foreign_and_damaged_wheels(
    ready: Workspace, spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    path = write_wheel(ready.base / "other", spoil(manifest_of(ready)))
    for command in ("explain", "reproduce"):
        done = ready.run("wheel", command, str(path), check=False)
        assert done.code == 12
        assert said in done.stderr
        assert "remedy: " in done.stderr
    assert not list(ready.root.glob("build/.reproduce-*"))


def test_no_wheel_at_all(ready: Workspace) -> None:
    path = ready.base / "torch-1.0-py3-none-any.whl"
    path.write_bytes(b"no archive")
    assert (
        "cannot be read as a wheel" in ready.run("wheel", "explain", str(path), check=False).stderr
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "y")
    assert ready.run("wheel", "explain", str(path), check=False).code == 12

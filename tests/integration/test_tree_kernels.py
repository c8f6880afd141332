"""Kernels that are rendered into the tree: what is written, left alone, removed and refused."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from support.kernels import OUTPUT, add_kernels, write_ops
from support.workspace import Workspace, changed


@pytest.fixture
def kernels(ready: Workspace) -> Path:
    """The folder of kernels of a checkout in which `gen` has run."""
    folder = add_kernels(ready)
    ready.gen()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_kernels_lie_in_the_tree_and_git_does_not_mind(ready: Workspace, kernels: Path) -> None:
    assert names(kernels) == ["register_thrice.cpp", "register_twice.cpp"]
    assert 'm.impl("twice"' in (kernels / "register_twice.cpp").read_text()
    assert ready.status() == ""
    assert ready.run("status").code == 0
    manifest = json.loads((ready.rendered / "manifest.json").read_text())
    assert list(manifest["kernels"]) == [f"{OUTPUT}/{name}" for name in names(kernels)]
    assert "ops/twice.yaml" in manifest["templates"]


def test_a_second_run_moves_nothing(ready: Workspace, kernels: Path) -> None:
    before = ready.snapshot()
    assert "[codegen] up to date" in ready.gen("--offline").stderr
    assert ready.snapshot() == before


def test_one_entry_changes_one_kernel(ready: Workspace, kernels: Path) -> None:
    before = ready.snapshot(ready.tree)
    write_ops(ready.root / "templates", "thrice", ["thrice", "thrice.out"])
    assert ready.run("status", check=False).code == 1
    done = ready.gen()
    assert "[codegen] 2 kernel files: 1 written, 0 removed" in done.stderr
    moved = changed(before, ready.snapshot(ready.tree))
    assert {path for path in moved if not path.startswith(".git/")} == {
        f"{OUTPUT}/register_thrice.cpp"
    }


def test_what_is_no_longer_rendered_is_removed(ready: Workspace, kernels: Path) -> None:
    (ready.root / "templates" / "ops" / "thrice.yaml").unlink()
    ready.gen()
    assert names(kernels) == ["register_twice.cpp"]
    ready.edit_version(lambda data: data.pop("kernels"))
    ready.gen()
    assert not kernels.exists()
    assert ready.status() == ""
    assert ready.run("status").code == 0


def test_an_edited_kernel_is_kept(ready: Workspace, kernels: Path) -> None:
    edited = kernels / "register_twice.cpp"
    edited.write_text("// mine\n")
    shown = json.loads(ready.run("status", "--json", check=False).stdout)
    assert (shown["state"], shown["notes"]) == ("edited", [f"edited: {OUTPUT}/{edited.name}"])
    message = ready.fails(code=9)
    assert edited.name in message
    assert edited.read_text() == "// mine\n"
    ready.gen("--force")
    assert 'm.impl("twice"' in edited.read_text()
    (kept,) = (ready.state / "backup").rglob(edited.name)
    assert kept.read_text() == "// mine\n"


def test_a_faulty_spec_writes_nothing(ready: Workspace, kernels: Path) -> None:
    path = write_ops(ready.root / "templates", "twice", ["twise"])
    template = ready.root / "templates" / "env.sh.j2"
    template.write_text("changed\n")
    before = ready.snapshot(ready.tree, ready.rendered)
    message = ready.fails(code=3)
    assert str(path) in message
    assert "remedy:" in message
    assert ready.snapshot(ready.tree, ready.rendered) == before


@pytest.mark.parametrize("output", ["torch/csrc", "torch/npu", "aten/src/ATen/Sum.cpp/x"])
def test_a_folder_of_others_is_refused(ready: Workspace, output: str) -> None:
    add_kernels(ready)
    ready.edit_version(lambda data: data["kernels"].update(output=output))
    before = ready.files()
    message = ready.fails(code=8)
    assert f"kernels would be rendered into {output}, and " in message
    assert "remedy: choose a folder of their own" in message
    assert ready.files() == before


def test_killed_while_kernels_are_written(ready: Workspace) -> None:
    folder = add_kernels(ready)
    prelude = """
import os, pathlib, signal
real = pathlib.Path.replace
def replace(self, target):
    result = real(self, target)
    if "generated" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
pathlib.Path.replace = replace
"""
    assert ready.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    shown = json.loads(ready.run("status", "--json", check=False).stdout)
    assert shown["state"] == "stale"  # nobody has edited anything
    build = ready.run("build", "--only", "wheel", check=False)
    assert "has not been generated" in build.stderr
    write_ops(ready.root / "templates", "twice", ["twice"])
    ready.gen()
    assert names(folder) == ["register_thrice.cpp", "register_twice.cpp"]
    assert ready.status() == ""
    assert ready.run("status").code == 0


def test_excepted_files_stay_behind(ready: Workspace) -> None:
    """faults.md 37: a version's own variant takes the place of what its rule leaves out."""
    variant = ready.sources / "1.8.1" / "torch" / "npu" / "__init__.py"
    variant.parent.mkdir(parents=True)
    variant.write_text("variant = True\n")
    ready.edit_version(lambda data: data["overlay"].append({"from": "1.8.1", "to": "."}))
    assert "name one in `except`" in ready.fails(code=7)
    ready.edit_version(lambda data: data["overlay"][1].update({"except": ["__init__.py"]}))
    ready.gen()
    assert (ready.tree / "torch" / "npu" / "__init__.py").read_text() == "variant = True\n"
    ready.edit_version(lambda data: data["overlay"][1].update({"except": ["__init__.py", "no"]}))
    message = ready.fails(code=7)
    assert "`except` of the overlay names no, which is not there" in message

"""The real PyTorch 1.8.1, from mirrors that ASCENDTORCH_MIRRORS maps: `bash tests/run.sh -m real`.

The build takes an hour without a compiler cache; `-m "real and not slow"` leaves it out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.real, pytest.mark.timeout(3 * 3600)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of its own with the project's patches, in which `gen -v 1.8.1` has run."""
    if not os.environ.get("ASCENDTORCH_MIRRORS"):
        pytest.skip("ASCENDTORCH_MIRRORS names no mirror map")
    root = tmp_path_factory.mktemp("real")
    for name in ("patch", "templates", "pytorch_src"):
        shutil.copytree(ROOT / name, root / name)
    run(root, "gen", "-v", "1.8.1")
    return root


def run(root: Path, *arguments: str) -> str:
    """Run the tool in a workspace; a failure of it is a failure of the test."""
    done = subprocess.run(
        [sys.executable, "-m", "ascendtorch", *arguments],
        env={**os.environ, "ASCENDTORCH_ROOT": str(root), "PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, arguments
    return done.stdout


def git(tree: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=tree, capture_output=True, text=True, check=True
    ).stdout


def test_tree_is_the_release_and_one_commit_a_patch(checkout: Path) -> None:
    tree = checkout / "pytorch"
    listed = json.loads(run(checkout, "patch", "list", "-v", "1.8.1", "--json"))
    commits = git(tree, "log", "--reverse", "--format=%s", "refs/ascendtorch/base..HEAD")
    assert commits.splitlines() == [item["subject"] for item in listed["patches"]]
    base = git(tree, "rev-parse", "refs/ascendtorch/base").strip()
    assert base == "56b43f4fec1f76953f15a627694d4bba34588969"
    modules = git(tree, "submodule", "status", "--recursive").splitlines()
    assert len(modules) == 54
    assert all(line.startswith(" ") for line in modules)
    assert git(tree, "status", "--porcelain") == ""


def test_the_op_spec_is_rendered_with_its_types(checkout: Path) -> None:
    folder = checkout / "pytorch" / "npu" / "generated"
    text = "".join(path.read_text("utf-8") for path in sorted(folder.iterdir()))
    assert text.count("m.impl(") >= 600
    for newer in ("std::optional", "string_view", "c10::SymInt", "ITensorListRef"):
        assert newer not in text


def test_second_run_moves_nothing(checkout: Path) -> None:
    tree = checkout / "pytorch"
    before = {path: path.lstat().st_mtime_ns for path in tree.rglob("*")}
    run(checkout, "gen", "-v", "1.8.1")
    assert {path: path.lstat().st_mtime_ns for path in tree.rglob("*")} == before


@pytest.mark.slow
def test_lean_wheel_installs_and_computes(checkout: Path, tmp_path: Path) -> None:
    built = json.loads(run(checkout, "build", "--python=3.8", "--profile", "lean", "--json"))
    python = checkout / "build" / "1.8.1" / "cp38" / "env" / "bin" / "python"
    subprocess.run([str(python), "-m", "venv", str(tmp_path / "fresh")], check=True)
    fresh = str(tmp_path / "fresh" / "bin" / "python")
    subprocess.run([fresh, "-m", "pip", "install", "-q", built["wheel"]], check=True)
    code = (
        "import torch; print(torch.__version__, (torch.ones(2)/2).sum(),"
        " torch.distributed.is_available())"
    )
    done = subprocess.run(
        [fresh, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1.8.1+ascend", "tensor(1.)", "True"]

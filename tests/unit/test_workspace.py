"""Where the workspace and the cache lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.workspace import cache_folder, locate


def test_named_cache_wins(tmp_path: Path) -> None:
    environ = {"ASCENDTORCH_CACHE": str(tmp_path / "c"), "HOME": "/home/ann"}
    assert cache_folder(environ, tmp_path) == tmp_path / "c"


def test_account_without_a_home_keeps_its_cache_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md 56: a shared folder could be prepared by somebody else."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert cache_folder({}, tmp_path) == tmp_path / "build" / "cache"


def test_folder_that_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not an ascendtorch checkout") as caught:
        locate({}, root=tmp_path)
    assert caught.value.path == str(tmp_path)
    assert "ASCENDTORCH_ROOT" in (caught.value.remedy or "")


def test_root_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "catalog.yaml").write_text("")
    workspace = locate({"ASCENDTORCH_ROOT": str(tmp_path), "ASCENDTORCH_CACHE": "/c"})
    assert workspace.root == tmp_path.resolve()
    assert workspace.tree == tmp_path.resolve() / "pytorch"

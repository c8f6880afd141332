"""Scratch folders: gone after use, whoever used them; those in use are left alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from ascendtorch.edge import git
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.stages.object_cache import ObjectCache


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_gone_after_use(place: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == place
        (folder / "file").touch()
    with pytest.raises(KeyError), scratch_folder():
        raise KeyError
    assert not list(place.iterdir())


def test_one_of_a_killed_run_goes_with_the_next(place: Path) -> None:
    with scratch_folder() as folder:
        dead = folder.with_name(f"{folder.name}-dead")
        dead.mkdir()
        (dead / "index-0").touch()
    with scratch_folder():
        assert not dead.exists()


def test_one_in_use_stays(place: Path) -> None:
    with scratch_folder() as first, scratch_folder() as second:
        assert first.is_dir()
        assert first != second


def test_what_only_has_such_a_name_stays(place: Path) -> None:
    with scratch_folder() as folder:
        name = folder.name
    (place / "target").mkdir()
    (place / "target" / "file").touch()
    (place / name).symlink_to("target")
    (place / f"{name}-file").touch()
    with scratch_folder():
        pass
    assert (place / "target" / "file").exists()
    assert (place / name).is_symlink()
    assert (place / f"{name}-file").exists()


def test_folders_of_killed_fetches_are_removed(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path)
    url = "https://example.invalid/gloo.git"
    repository = cache.repository(url).git_dir
    repository.parent.mkdir()
    left = tmp_path / "tmp" / f"{repository.name}.0123"
    left.mkdir(parents=True)
    with FileLock(str(repository.with_suffix(".lock"))):
        cache.sweep()
        assert left.exists()
    cache.sweep()
    assert not left.exists()


def test_git_on_a_full_disk_is_understood(tmp_path: Path) -> None:
    """faults.md 18: git has two ways of saying it."""
    for said in (
        "fatal: sha1 file '/x/index.lock' write error. Out of diskspace",
        "fatal: unable to write loose object file: No space left on device",
    ):
        error = git.host_error(f"Checking patch a.c...\n{said}", stage="patch", path=tmp_path)
        assert error is not None
        assert said in str(error)

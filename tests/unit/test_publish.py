"""Publishing a set of files: written on change, pruned when stale, a person's work never lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascendtorch.errors import EditedError
from ascendtorch.stages.publish import Output, Published, publish


class Place:
    """A folder that is published into, remembering what the last publication wrote."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "folder"
        self.backup = base / "backup"
        self.folder.mkdir()
        self.known: dict[str, str] = {}

    def publish(self, *, force: bool = False, **texts: str) -> Published:
        wanted = {
            name.replace("__", "/"): Output(text.encode(), executable=name == "tool")
            for name, text in texts.items()
        }
        done = publish(
            self.folder, wanted, self.known, stage="overlay", backup=self.backup, force=force
        )
        self.known = {path: output.digest for path, output in wanted.items()}
        return done

    def files(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_text()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def kept(self) -> list[str]:
        return [path.read_text() for path in self.backup.rglob("*") if path.is_file()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_only_what_changed_is_written(place: Place) -> None:
    assert place.publish(a="1", npu__b="2", tool="3") == Published(3, 0)
    assert place.files() == {"a": "1", "npu/b": "2", "tool": "3"}
    assert os.access(place.folder / "tool", os.X_OK)
    os.utime(place.folder / "a", ns=(1, 1))
    assert place.publish(a="1", npu__b="2", tool="3") == Published(0, 0)
    assert place.publish(a="1", npu__b="new", tool="3") == Published(1, 0)
    assert (place.folder / "a").stat().st_mtime_ns == 1


def test_what_is_no_longer_wanted_is_removed_with_its_folders(place: Place) -> None:
    """faults.md 45."""
    place.publish(a="1", x__y__b="2", x__c="3")
    (place.folder / "foreign").write_text("not ours")
    assert place.publish(a="1", x__c="3") == Published(0, 1)
    assert not (place.folder / "x" / "y").exists()
    assert place.publish(a="1") == Published(0, 1)
    assert place.files() == {"a": "1", "foreign": "not ours"}
    assert not (place.folder / "x").exists()


def test_what_a_person_removed_is_written_again_or_forgotten(place: Place) -> None:
    place.publish(a="1", b="2")
    (place.folder / "a").unlink()
    (place.folder / "b").unlink()
    assert place.publish(a="1") == Published(1, 0)


def test_a_file_that_becomes_a_folder(place: Place) -> None:
    """faults.md 45."""
    place.publish(npu="1")
    assert place.publish(npu__a="2") == Published(1, 1)
    assert place.files() == {"npu/a": "2"}


def test_an_interrupted_publication_goes_on(place: Place) -> None:
    """faults.md 17: what is already as wanted is no edit, though no receipt knows it."""
    place.publish(a="1", b="2")
    (place.folder / "a").write_text("new")
    assert place.publish(a="new", b="newer") == Published(1, 0)


def test_an_interrupted_removal_goes_on(place: Place) -> None:
    """faults.md 17: folders that it had not come to yet."""
    place.publish(a="1", x__y__z__b="2")
    (place.folder / "x/y/z/b").unlink()
    (place.folder / "x/y/z").rmdir()
    assert place.publish(a="1") == Published(0, 0)
    assert not (place.folder / "x").exists()


@pytest.mark.parametrize("wanted", [{"a": "new", "b": "2"}, {"a": "1", "b": "2"}, {"b": "2"}])
def test_an_edited_file_is_refused(place: Place, wanted: dict[str, str]) -> None:
    """faults.md 36, 45: whether it would be replaced or removed, and before anything is written."""
    place.publish(a="1", b="1")
    (place.folder / "a").write_text("edited")
    with pytest.raises(EditedError, match="changed by hand, and would be overwritten: a") as caught:
        place.publish(**wanted)
    assert (caught.value.stage, caught.value.path) == ("overlay", str(place.folder))
    assert "--force" in (caught.value.remedy or "")
    assert place.files() == {"a": "edited", "b": "1"}


def test_a_foreign_file_in_the_place_of_a_new_one_is_refused(place: Place) -> None:
    """faults.md 36."""
    (place.folder / "a").write_text("somebody's")
    with pytest.raises(EditedError):
        place.publish(a="1")
    assert place.files() == {"a": "somebody's"}


def test_force_keeps_edits_in_a_backup(place: Place) -> None:
    """faults.md 36, 45."""
    place.publish(a="1", x__b="1")
    (place.folder / "a").write_text("edited a")
    (place.folder / "x" / "b").write_text("edited b")
    assert place.publish(force=True, a="2") == Published(1, 1)
    assert place.files() == {"a": "2"}
    assert sorted(place.kept()) == ["edited a", "edited b"]


def test_a_link_in_the_place_of_a_file(place: Place, tmp_path: Path) -> None:
    """faults.md 36 and Security: what it points to is never written."""
    outside = tmp_path / "outside"
    outside.write_text("precious")
    place.publish(a="1", b="1")
    for name in ("a", "b"):
        (place.folder / name).unlink()
        (place.folder / name).symlink_to(outside)
    with pytest.raises(EditedError):
        place.publish(a="2")
    assert place.publish(force=True, a="2") == Published(1, 1)
    assert outside.read_text() == "precious"
    assert place.files() == {"a": "2"}
    (backup,) = place.backup.iterdir()
    assert os.readlink(backup / "a") == str(outside)  # noqa: PTH115


def test_a_link_in_the_place_of_a_folder(place: Place, tmp_path: Path) -> None:
    """faults.md, Security: nothing is written through it, with --force neither."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.folder / "npu").symlink_to(outside)
    for force in (False, True):
        with pytest.raises(EditedError, match="a folder was replaced by a symbolic link") as caught:
            place.publish(force=force, npu__a="1")
        assert (caught.value.stage, caught.value.path) == ("overlay", str(place.folder / "npu"))
    assert list(outside.iterdir()) == []


def test_a_folder_in_the_place_of_a_file(place: Place) -> None:
    """faults.md 36: it may hold anything, so it is not moved, with --force neither."""
    place.publish(a="1")
    (place.folder / "a").unlink()
    (place.folder / "a").mkdir()
    (place.folder / "a" / "work").write_text("precious")
    with pytest.raises(EditedError):
        place.publish(a="1")
    with pytest.raises(EditedError, match="a folder stands where a file belongs") as caught:
        place.publish(force=True, a="1")
    assert caught.value.path == str(place.folder / "a")
    assert place.files() == {"a/work": "precious"}

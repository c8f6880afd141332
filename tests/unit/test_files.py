"""Writing files: whole or not at all, only on change, and never where a path must not lead."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ascendtorch.edge import files
from ascendtorch.errors import HostError, StateError


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("executable", "mode"), [(None, 0o640), (False, 0o640), (True, 0o750)])
def test_a_new_file_gets_the_umask(tmp_path: Path, executable: bool | None, mode: int) -> None:
    path = tmp_path / "a" / "b" / "file"
    files.write_atomic(path, b"x", executable=executable)
    assert (path.read_bytes(), _mode(path)) == (b"x", mode)


@pytest.mark.parametrize(("executable", "mode"), [(None, 0o604), (False, 0o640), (True, 0o750)])
def test_the_mode_of_an_existing_file(tmp_path: Path, executable: bool | None, mode: int) -> None:
    """faults.md 35: kept unless the caller decides it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o604)
    files.write_atomic(path, b"new", executable=executable)
    assert (path.read_bytes(), _mode(path)) == (b"new", mode)


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """faults.md 16, 18."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(self: Path, target: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_from_many_threads_leaves_the_umask_alone(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        for count in range(50):
            files.write_atomic(tmp_path / f"{number}-{count}", b"x", executable=count % 2 == 1)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    modes = {_mode(path) for path in tmp_path.iterdir()}
    now = os.umask(0o027)
    assert (modes, now) == ({0o640, 0o750}, 0o027)


def test_unchanged_content_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write_if_changed(path, b"x")
    os.utime(path, ns=(1, 1))
    assert not files.write_if_changed(path, b"x")
    assert path.stat().st_mtime_ns == 1
    assert files.write_if_changed(path, b"y")
    assert path.read_bytes() == b"y"


def test_a_changed_executable_bit_is_a_change(tmp_path: Path) -> None:
    """faults.md 35."""
    path = tmp_path / "file"
    assert files.write_if_changed(path, b"x", executable=True)
    assert not files.write_if_changed(path, b"x", executable=True)
    assert files.write_if_changed(path, b"x", executable=False)
    assert _mode(path) == 0o640


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """faults.md 29."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert files.write_if_changed(link, b"precious")
    assert not link.is_symlink()
    files.write_if_changed(link, b"x")
    assert outside.read_bytes() == b"precious"


def test_state_files(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert files.read_json(path, schema=1, stage="patch") is None
    files.write_json(path, {"schema": 1, "b": "\udce9", "a": [1]})
    assert path.read_text("ascii").startswith('{\n "a"')
    os.utime(path, ns=(1, 1))
    files.write_json(path, {"a": [1], "b": "\udce9", "schema": 1})
    assert path.stat().st_mtime_ns == 1
    assert files.read_json(path, schema=1, stage="patch") == {
        "schema": 1,
        "a": [1],
        "b": "\udce9",
    }


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"{}", b'{"schema": "1"}', b"\xff\xfe", b'{"schema": 1}x']
)
def test_a_damaged_state_file(tmp_path: Path, raw: bytes) -> None:
    """faults.md 52."""
    path = tmp_path / "state.json"
    path.write_bytes(raw)
    with pytest.raises(StateError, match="the state file is damaged") as caught:
        files.read_json(path, schema=1, stage="patch")
    assert (caught.value.stage, caught.value.path) == ("patch", str(path))
    assert "delete this file" in (caught.value.remedy or "")
    assert path.read_bytes() == raw


def test_state_of_a_newer_tool(tmp_path: Path) -> None:
    """faults.md 57."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"schema": 2}))
    with pytest.raises(StateError, match=r"newer ascendtorch \(schema 2, this one knows 1\)"):
        files.read_json(path, schema=1, stage="patch")


def test_digests(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc" * 1000000)
    assert files.sha256_bytes(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert files.sha256_file(tmp_path / "file") == files.sha256_bytes(b"abc" * 1000000)


def test_remove_tree(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    top = tmp_path / "top"
    (top / "locked").mkdir(parents=True)
    (top / "locked" / "file").touch()
    (top / "link").symlink_to(outside)
    (top / "locked").chmod(0o500)
    files.remove_tree(top)
    files.remove_tree(top)
    assert not top.exists()
    assert (outside / "kept").exists()


def test_a_link_and_a_file_are_removed_as_such(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    for name in ("link", "broken"):
        files.remove_tree(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_hardlink_or_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md 56: the cache may lie on another device."""
    source = tmp_path / "source"
    source.write_bytes(b"x")
    files.hardlink_or_copy(source, tmp_path / "linked")
    assert (tmp_path / "linked").samefile(source)

    def refuse(source: Path, target: Path) -> NoReturn:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    files.hardlink_or_copy(source, tmp_path / "copied")
    assert not (tmp_path / "copied").samefile(source)
    assert (tmp_path / "copied").read_bytes() == b"x"


def test_move_into_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """faults.md 55, 56: across devices too, nothing partial is ever seen at the target."""
    source, target = tmp_path / "source", tmp_path / "dist" / "target"
    source.write_bytes(b"one")
    files.move_into_place(source, target)
    assert (target.read_bytes(), source.exists()) == (b"one", False)

    source.write_bytes(b"two")
    rename = Path.replace

    def other_device(self: Path, goal: Path) -> Path:
        if self.parent != Path(goal).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, goal)

    monkeypatch.setattr(Path, "replace", other_device)
    files.move_into_place(source, target)
    assert (target.read_bytes(), source.exists()) == (b"two", False)
    assert list(target.parent.iterdir()) == [target]


def test_drop_empty_parents(tmp_path: Path) -> None:
    """faults.md 45."""
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "kept").touch()
    files.drop_empty_parents(tmp_path, tmp_path / "a" / "b" / "c" / "gone")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]
    (tmp_path / "a" / "kept").unlink()
    files.drop_empty_parents(tmp_path, tmp_path / "a" / "kept")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "an empty path"),
        ("/x", "an absolute path"),
        ("C:\\x", "an absolute path"),
        ("c:/x", "an absolute path"),
        ("..", "`..` in the path"),
        ("a/../b", "`..` in the path"),
        ("a\\..\\b", "`..` in the path"),
        ("a/..", "`..` in the path"),
        (".", "an empty or `.` component in the path"),
        ("./a", "an empty or `.` component in the path"),
        ("a//b", "an empty or `.` component in the path"),
        ("a/", "an empty or `.` component in the path"),
        ("a\0b", "a NUL or line break in the path"),
        ("a\nb", "a NUL or line break in the path"),
        ("a\rb", "a NUL or line break in the path"),
        (".git", "a `.git` component in the path"),
        (".git/hooks/x", "a `.git` component in the path"),
        ("a/.GiT/x", "a `.git` component in the path"),
        ("a/.git./x", "a `.git` component in the path"),
        ("a/.git . ./x", "a `.git` component in the path"),
        ("a\\.git\\x", "a `.git` component in the path"),
        ("GIT~1/x", "a `.git` component in the path"),
    ],
)
def test_unsafe_paths(path: str, reason: str) -> None:
    """faults.md, Security."""
    assert files.unsafe_reason(path) == reason


@pytest.mark.parametrize(
    "path",
    ["a", "a/b", ".gitignore", ".github/x", "git/x", "a/.gitmodules", "..a/b..", "a b/é", "a'b\"c",
     "-x", "~/x", "$HOME", "git~2", "x.git/y", "a\tb"],
)  # fmt: skip
def test_safe_paths(path: str) -> None:
    """faults.md 46."""
    assert files.unsafe_reason(path) is None


def test_symlinked_parent(tmp_path: Path) -> None:
    """faults.md, Security."""
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "real" / "link").symlink_to("/etc")
    (tmp_path / "file").symlink_to("/etc/passwd")
    assert files.symlinked_parent(tmp_path, "real/link/x/y") == "real/link"
    assert files.symlinked_parent(tmp_path, "real/inner/x") is None
    assert files.symlinked_parent(tmp_path, "real/absent/x") is None
    assert files.symlinked_parent(tmp_path, "file") is None


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some of your quota"),
        (errno.EROFS, "writable file system"),
        (errno.EACCES, "write permission"),
        (errno.EPERM, "write permission"),
        (errno.EIO, "clear the cause"),
    ],
)
def test_refusals_of_the_system(code: int, remedy: str) -> None:
    """faults.md 16, 18, 19."""
    with pytest.raises(HostError) as caught, files.host_errors("patch", Path("/tree")):
        raise OSError(code, os.strerror(code), "/tree/file")
    error = caught.value
    assert (error.stage, error.path, error.cause) == ("patch", "/tree/file", os.strerror(code))
    assert remedy in (error.remedy or "")


def test_a_refusal_without_a_file_name() -> None:
    with pytest.raises(HostError) as caught, files.host_errors("patch", Path("/tree")):
        raise OSError("odd")
    assert (caught.value.path, caught.value.cause) == ("/tree", "odd")

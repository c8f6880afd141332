"""The series file: names in order, all there, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import PatchError
from ascendtorch.series.series import load_series

PATCH = b"""From: Ann <ann@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0000
Subject: [PATCH] x

---
diff --git a/x b/x
--- a/x
+++ b/x
@@ -1 +1 @@
-one
+two
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("0001-a.patch", "0002-b.patch"):
        (tmp_path / name).write_bytes(PATCH)
    return tmp_path


def _write(folder: Path, text: str) -> Path:
    (folder / "series").write_text(text, "utf-8")
    return folder / "series"


def test_the_order_is_the_files(folder: Path) -> None:
    series = load_series(_write(folder, "# why\n\n0002-b.patch\n  0001-a.patch  \n"))
    assert [patch.name for patch in series.patches] == ["0002-b.patch", "0001-a.patch"]
    assert series.unlisted == ()


@pytest.mark.parametrize("text", ["\ufeff0001-a.patch\n", "0001-a.patch", "0001-a.patch\r\n"])
def test_other_editors(folder: Path, text: str) -> None:
    assert [patch.name for patch in load_series(_write(folder, text)).patches] == ["0001-a.patch"]


def test_no_series_means_no_patches(tmp_path: Path) -> None:
    series = load_series(tmp_path / "series")
    assert (series.patches, series.unlisted) == ((), ())


def test_unlisted_patches_are_named(folder: Path) -> None:
    """faults.md 32: a warning, which the patch stage prints."""
    (folder / "old").mkdir()
    (folder / "old" / "0000-z.patch").write_bytes(b"not even a patch")
    series = load_series(_write(folder, "0002-b.patch\n"))
    assert series.unlisted == ("0001-a.patch", "old/0000-z.patch")


def test_patches_in_a_folder(folder: Path) -> None:
    (folder / "gloo").mkdir()
    (folder / "gloo" / "x.patch").write_bytes(PATCH)
    series = load_series(_write(folder, "0001-a.patch\n0002-b.patch\ngloo/x.patch\n"))
    assert [patch.name for patch in series.patches][2] == "x.patch"
    assert series.unlisted == ()


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("0001-a.patch\n0003-c.patch\n", 2, "0003-c.patch is listed but does not exist"),
        ("0001-a.patch\n\n0001-a.patch\n", 3, "0001-a.patch is listed twice"),
        ("0001-a.patch\n./0001-a.patch\n", 2, "'./0001-a.patch' is not the name of a patch"),
        ("/etc/0001-a.patch\n", 1, "'/etc/0001-a.patch' is not the name of a patch"),
        ("../0001-a.patch\n", 1, "'../0001-a.patch' is not the name of a patch"),
        (".git/x.patch\n", 1, "'.git/x.patch' is not the name of a patch"),
        ("README.md\n", 1, "'README.md' is not the name of a patch"),
        ("0001-a.patch # why\n", 1, "'0001-a.patch # why' is not the name of a patch"),
        ("0001-a.patch 0002-b.patch\n", 1, "0002-b.patch is listed but does not exist"),
        ("0001-a.patch\x0c0002-b.patch\n", 1, "listed but does not exist"),
    ],
)
def test_refused(folder: Path, text: str, line: int, cause: str) -> None:
    """faults.md 31 and Security, with file and line."""
    path = _write(folder, text)
    with pytest.raises(PatchError) as caught:
        load_series(path)
    assert cause in caught.value.cause
    assert caught.value.path == f"{path}:{line}"
    assert caught.value.stage == "patch"
    assert caught.value.remedy


def test_a_folder_with_the_name_of_a_patch(folder: Path) -> None:
    """faults.md 31."""
    (folder / "0003-c.patch").mkdir()
    with pytest.raises(PatchError, match=r"0003-c\.patch is listed but does not exist"):
        load_series(_write(folder, "0003-c.patch\n"))


def test_a_series_that_is_not_utf8(folder: Path) -> None:
    """faults.md 25."""
    (folder / "series").write_bytes(b"# caf\xe9\n0001-a.patch\n")
    with pytest.raises(
        PatchError, match="not UTF-8: invalid continuation byte at byte 5"
    ) as caught:
        load_series(folder / "series")
    assert caught.value.path == str(folder / "series")


@pytest.mark.parametrize(("raw", "cause"), [(b"", "is empty"), (PATCH[:-2], "cut off")])
def test_a_malformed_patch_is_named(folder: Path, raw: bytes, cause: str) -> None:
    """faults.md 23, 24."""
    (folder / "0002-b.patch").write_bytes(raw)
    with pytest.raises(PatchError, match=cause) as caught:
        load_series(_write(folder, "0001-a.patch\n0002-b.patch\n"))
    assert caught.value.path == str(folder / "0002-b.patch")

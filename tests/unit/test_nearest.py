"""Why a hunk does not fit: which one, where nearly, and the first line that differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.series.nearest import explain_mismatch
from ascendtorch.series.patchfile import FileDiff, parse_patch

HEAD = b"From: a <a@b>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nSubject: x\n\n---\n"
HUNKS = b"""@@ -2,3 +2,3 @@ f()
 beta
-gamma
+GAMMA
 delta
@@ -7,3 +7,4 @@ g()
 eta
 theta
+new
 iota
"""
LINES = b"alpha beta gamma delta epsilon zeta eta theta iota kappa".split()


def _item(hunks: bytes = HUNKS, tail: bytes = b"") -> FileDiff:
    raw = HEAD + b"diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n" + hunks + tail
    return parse_patch(Path("x.patch"), raw).files[0]


def _content(*lines: bytes, end: bytes = b"\n") -> bytes:
    return b"".join(line + end for line in lines)


def test_a_changed_line_is_shown_with_what_stands_there() -> None:
    """faults.md 20: file, hunk, nearest match."""
    lines = [b"// one more", *LINES]
    lines[lines.index(b"theta")] = b"THETA"
    said = explain_mismatch(_item(), _content(*lines))
    assert said == (
        "f.c: hunk 2 (@@ -7,3 +7,4 @@) does not fit; nearest match at line 8 (67% alike), "
        "where line 9 is\n    wanted: 'theta'\n    there:  'THETA'"
    )


def test_the_nearer_of_two_places_is_named() -> None:
    """faults.md 20."""
    twins = [b"beta", b"gamma!", b"delta"]
    filler = [b"x%d" % number for number in range(20)]
    said = explain_mismatch(_item(), _content(*twins, *filler, *twins))
    assert "hunk 1" in said
    assert "nearest match at line 1 " in said


@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_end_of_the_file(end: bytes) -> None:
    """faults.md 20."""
    said = explain_mismatch(_item(), b"\n".join(LINES[:8]) + end)
    assert "hunk 2" in said
    assert said.endswith("wanted: 'iota'\n    there:  (end of file)")


def test_an_empty_file() -> None:
    """faults.md 20."""
    assert "hunk 1 (@@ -2,3 +2,3 @@) does not fit" in explain_mismatch(_item(), b"")


@pytest.mark.parametrize(
    ("end", "patch_end", "name"), [(b"\r\n", b"", "CRLF"), (b"\n", b"\r", "LF")]
)
def test_line_ends(end: bytes, patch_end: bytes, name: str) -> None:
    """faults.md 26."""
    hunks = b"\n".join(
        line if line.startswith(b"@@") or not line else line + patch_end
        for line in HUNKS.split(b"\n")
    )
    said = explain_mismatch(_item(hunks), _content(*LINES, end=end))
    assert said == (f"f.c: hunk 1 (@@ -2,3 +2,3 @@) differs in line ends: the file has {name}")


def test_a_mail_signature_is_no_part_of_the_last_hunk() -> None:
    """It begins with a hyphen, like a removed line."""
    lines = [b"BETA" if line == b"beta" else line for line in LINES]
    assert "hunk 1" in explain_mismatch(_item(tail=b"-- \n2.39.5\n"), _content(*lines))
    assert explain_mismatch(_item(tail=b"-- \n2.39.5\n"), _content(*LINES)) == (
        "f.c: a hunk does not fit"
    )


def test_lines_in_any_encoding() -> None:
    """faults.md 25."""
    item = _item(b"@@ -1 +1 @@\n-caf\xe9\n+cafe\n")
    said = explain_mismatch(item, b"caf\xe8\n")
    assert "wanted: 'caf\ufffd'" in said


def test_a_very_long_file_is_searched_near_the_announced_line() -> None:
    filler = [b"x"] * 30000
    lines = [*filler[:25000], b"beta", b"gamma!", b"delta", *filler]
    item = _item(b"@@ -25001,3 +25001,3 @@\n beta\n-gamma\n+GAMMA\n delta\n")
    assert "nearest match at line 25001 (67% alike)" in explain_mismatch(item, _content(*lines))

"""Verdicts from texts alone; git's merge is a stand-in that says what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.series.patchfile import FileDiff, parse_patch
from ascendtorch.upkeep.matrix import Matrix
from ascendtorch.upkeep.placing import changes_of, holds, place
from ascendtorch.upkeep.porting import Blob, port
from ascendtorch.upkeep.report_html import render_matrix
from ascendtorch.upkeep.sources import absolute_url
from ascendtorch.upkeep.verdict import FileVerdict, HunkVerdict, PatchVerdict

HEAD = b"From: a <a@b.invalid>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nSubject: x\n\n---\n"
BODY = b"""@@ -3,5 +3,5 @@
 3
 4
-five
+FIVE
 6
 7
"""
BASE = b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n"
AFTER = BASE.replace(b"five", b"FIVE")


def section(body: bytes = BODY, fields: bytes = b"") -> FileDiff:
    names = b"--- a/f\n+++ b/f\n" if body else b""
    raw = HEAD + b"diff --git a/f b/f\n" + fields + names + body
    return parse_patch(Path("x.patch"), raw).files[0]


def never(ours: bytes, base: bytes, after: bytes) -> tuple[bytes, int]:
    pytest.fail("no merge is needed here")


def says(data: bytes, conflicts: int = 0):  # type: ignore[no-untyped-def]
    return lambda ours, base, after: (data, conflicts)


def kind(ours: bytes | None, merge=never) -> tuple[str, bytes | None]:  # type: ignore[no-untyped-def]
    found = None if ours is None else Blob("100644", ours)
    ported = port(section(), Blob("100644", BASE), Blob("100644", AFTER), found, merge)
    return ported.verdict.kind, ported.result.data if ported.result else None


def test_what_fits_needs_no_merge() -> None:
    assert kind(BASE) == ("clean", AFTER)
    assert kind(BASE + b"10\n") == ("clean", AFTER + b"10\n")


def test_an_offset_counts_only_where_the_merge_agrees() -> None:
    ours = b"0\n" + BASE
    assert kind(ours, says(b"0\n" + AFTER)) == ("offset", b"0\n" + AFTER)
    # A twin: git apply would put it there, the merge knows better.
    assert kind(ours, says(b"elsewhere\n")) == ("merge", b"elsewhere\n")
    assert kind(ours, says(b"marked\n", 1)) == ("conflict", b"marked\n")


def test_what_upstream_has_already() -> None:
    assert kind(AFTER, says(AFTER)) == ("upstream", AFTER)
    # Its lines stand there, and the merge cannot see it for changes beside them.
    assert kind(AFTER.replace(b"2\n", b"two\n"), says(b"marked\n", 1))[0] == "upstream"


def test_a_target_that_is_gone_is_never_merged_into() -> None:
    kind_, marked = kind(None, says(b"", 1))
    assert kind_ == "deleted"
    assert marked is not None
    assert marked.startswith(b"<<<<<<< ")
    assert AFTER in marked


def test_links_and_submodules_are_no_targets() -> None:
    link = Blob("120000", b"g")
    ported = port(section(), Blob("100644", BASE), Blob("100644", AFTER), link, never)
    assert (ported.verdict.kind, "symbolic link" in ported.verdict.note) == ("conflict", True)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [(None, "clean"), (b"new\n", "upstream"), (b"other\n", "conflict")],
)
def test_a_new_file(ours: bytes | None, verdict: str) -> None:
    item = section(b"@@ -0,0 +1 @@\n+new\n", b"new file mode 100644\n")
    after = Blob("100644", b"new\n")
    found = None if ours is None else Blob("100644", ours)
    assert port(item, None, after, found, says(b"", 1)).verdict.kind == verdict


@pytest.mark.parametrize(
    ("ours", "verdict"), [(None, "upstream"), (BASE, "clean"), (AFTER, "conflict")]
)
def test_a_removal(ours: bytes | None, verdict: str) -> None:
    removal = b"@@ -1,9 +0,0 @@\n" + b"".join(b"-" + x + b"\n" for x in BASE.split(b"\n")[:-1])
    item = section(removal, b"deleted file mode 100644\n")
    found = None if ours is None else Blob("100644", ours)
    assert port(item, Blob("100644", BASE), None, found, says(b"", 1)).verdict.kind == verdict


def test_a_change_of_mode_alone() -> None:
    item = section(b"", b"old mode 100644\nnew mode 100755\n")
    base, after = Blob("100644", BASE), Blob("100755", BASE)
    ours = Blob("100644", BASE + b"10\n")
    ported = port(item, base, after, ours, says(ours.data))
    assert (ported.verdict.kind, ported.result) == ("clean", Blob("100755", ours.data))
    done = Blob("100755", ours.data)
    assert port(item, base, after, done, says(done.data)).verdict.kind == "upstream"


def test_a_file_without_a_line_feed_at_its_end() -> None:
    body = b"@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+two\n"
    changes = changes_of(section(body))
    assert place(changes, b"1\n2").data == b"1\ntwo\n"
    assert not place(changes, b"1\n2\n").fits


def test_a_hunk_at_the_end_belongs_there() -> None:
    changes = changes_of(section(b"@@ -8,2 +8,3 @@\n 8\n 9\n+10\n"))
    assert place(changes, BASE).exact
    assert not place(changes, BASE + b"11\n").fits


def test_blank_lines_say_nothing_of_what_upstream_has() -> None:
    blank = changes_of(section(b"@@ -3,2 +3,3 @@\n 3\n 4\n+\n"))
    assert holds(blank, b"3\n4\n\n") == (False,)
    telling = changes_of(section(b"@@ -3,2 +3,3 @@\n 3\n 4\n+new\n"))
    assert holds(telling, b"0\n3\n4\nnew\n9\n") == (True,)
    assert holds(telling, b"3\n4\n") == (False,)


@pytest.mark.parametrize(
    ("kinds", "worst"),
    [
        (("clean", "offset"), "offset"),
        (("upstream", "upstream"), "upstream"),
        (("upstream", "clean"), "merge"),
        (("renamed", "merge"), "renamed"),
        (("conflict", "deleted"), "conflict"),
        (("unknown", "conflict"), "unknown"),
    ],
)
def test_the_worst_file_decides(kinds: tuple[str, ...], worst: str) -> None:
    files = tuple(FileVerdict(f"f{n}", kind) for n, kind in enumerate(kinds))
    assert PatchVerdict("p", "v1", files).kind == worst


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("../gloo.git", "https://example.org/a/gloo.git"),
        ("../../b/gloo", "https://example.org/b/gloo"),
        ("./in", "https://example.org/a/torch.git/in"),
        ("https://example.com/x", "https://example.com/x"),
    ],
)
def test_urls_of_submodules(url: str, absolute: str) -> None:
    assert absolute_url(url, "https://example.org/a/torch.git") == absolute


def test_the_page_takes_no_text_for_markup() -> None:
    nasty = "<script>alert(1)</script>"
    hunk = HunkVerdict(1, "@@ -1 +1 @@", "conflict", 1, (f"-{nasty}",), (nasty,))
    file = FileVerdict(
        f"a/{nasty}", "conflict", note=nasty, commit=("0" * 40, nasty), hunks=(hunk,)
    )
    verdicts = {("p.patch", "v2"): PatchVerdict("p.patch", "v2", (file,))}
    matrix = Matrix("1.8.1", ("v1", "0" * 40), {"v2": "1" * 40}, {"p.patch": nasty}, verdicts, 1.0)
    page = render_matrix(matrix)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 6
    for part in ('lang="en"', "<caption>", 'scope="col"', 'scope="row"', "prefers-color-scheme"):
        assert part in page

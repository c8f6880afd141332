"""What `patch lint` finds in a series, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from ascendtorch.series.patchfile import parse_patch
from ascendtorch.spec.version import VersionSpec
from ascendtorch.upkeep.lines import Block, blocks
from ascendtorch.upkeep.lint import Finding, lint
from ascendtorch.upkeep.overlap import overlaps

MakeSpec = Callable[..., VersionSpec]


def section(path: str, *hunks: str, mode: str = "") -> str:
    """A section; hunks are their lines, with the line number first."""
    old, new = f"a/{path}", f"b/{path}"
    if mode.startswith("new"):
        old = "/dev/null"
    text = f"diff --git a/{path} b/{path}\n{mode}--- {old}\n+++ {new}\n"
    shift = 0
    for hunk in hunks:
        start, *lines = hunk.split("\n")
        before = sum(not line.startswith("+") for line in lines)
        after = sum(not line.startswith("-") for line in lines)
        at = int(start)
        text += f"@@ -{at},{before} +{at + shift},{after} @@\n" + "".join(f"{x}\n" for x in lines)
        shift += after - before
    return text


def patch(*sections: str, reason: str = "Because.") -> bytes:
    head = "From: Ann <ann@example.org>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nSubject: x\n\n"
    return (head + (f"{reason}\n" if reason else "") + "---\n" + "".join(sections)).encode()


SOUND = patch(section("setup.py", "1\n one\n-two\n+2\n three"))


@pytest.fixture
def found(make_spec: MakeSpec) -> Callable[..., list[Finding]]:
    """Lint a series of these patches; the series lists them unless it is given."""

    def run(
        *patches: bytes,
        series: str | None = None,
        overlay: tuple[str, ...] = (),
        upstream: tuple[str, ...] | None = None,
    ) -> list[Finding]:
        spec = make_spec()
        names = [f"{number:04d}.patch" for number in range(1, len(patches) + 1)]
        for name, data in zip(names, patches):
            (spec.folder / name).write_bytes(data)
        text = "".join(f"{name}\n" for name in names) if series is None else series
        spec.series_file.write_text(text)
        return lint(spec, overlay, upstream)

    return run


def rules(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.rule, Path(finding.where).name) for finding in findings]


def test_a_sound_series(found: Callable[..., list[Finding]]) -> None:
    assert found(SOUND) == []


def test_all_of_it_is_found_at_once(found: Callable[..., list[Finding]]) -> None:
    """faults.md 24, 31, 32: one run names every one of them."""
    series = "# why\n0001.patch\n0003.patch\n0001.patch\n../x.patch\n0004.patch\n0009.patch\n"
    findings = found(SOUND, SOUND, b"", b"diff\n", series=series)
    assert rules(findings) == [
        ("empty", "0003.patch"),
        ("duplicate", "series:4"),
        ("bad-name", "series:5"),
        ("malformed", "0004.patch"),
        ("missing", "series:7"),
        ("unlisted", "0002.patch"),
    ]
    assert [finding.level for finding in findings] == ["error"] * 5 + ["warning"]
    assert "first in line 2" in findings[1].message
    assert all(finding.remedy for finding in findings)


def test_no_reason(found: Callable[..., list[Finding]]) -> None:
    findings = found(patch(section("x", "1\n-a\n+b"), reason=""))
    assert rules(findings) == [("no-reason", "0001.patch")]


@pytest.mark.parametrize(
    ("hunk", "blank"),
    [
        ("1\n a\n-  b c\n+\tb  c\n d", True),
        ("1\n a\n+\n d", True),
        ("1\n a\n-b c\n+b d\n d", False),
        # Moved lines are no whitespace.
        ("1\n-a\n b\n+a\n c", False),
    ],
)
def test_whitespace_only(found: Callable[..., list[Finding]], hunk: str, blank: bool) -> None:
    findings = found(patch(section("x", hunk), section("y", "1\n-a\n+b")))
    assert rules(findings) == ([("whitespace-only", "0001.patch")] if blank else [])
    if blank:
        assert findings[0].message == "it changes nothing but whitespace in x"


def test_files_that_could_be_our_own(found: Callable[..., list[Finding]]) -> None:
    """A submodule's new file cannot be: no overlay goes there."""
    new = "new file mode 100644\n"
    data = patch(
        "diff --git a/tools/a.py b/tools/a.py\n" + new + "--- /dev/null\n+++ b/tools/a.py\n"
        "@@ -0,0 +1 @@\n+a\n",
        "diff --git a/third_party/tbb/a b/third_party/tbb/a\n"
        + new
        + "--- /dev/null\n+++ b/third_party/tbb/a\n@@ -0,0 +1 @@\n+a\n",
        section("torch/npu/theirs.py", "1\n-a\n+b"),
        section("torch/other.py", "1\n-a\n+b"),
    )
    findings = found(data, overlay=("torch/npu/__init__.py",))
    assert [(f.rule, f.message) for f in findings] == [
        ("own-file", "adds tools/a.py, which could be a file of our own"),
        ("own-file", "changes torch/npu/theirs.py, in a folder that our overlay fills"),
    ]


def test_an_overlay_that_shadows(found: Callable[..., list[Finding]]) -> None:
    """faults.md 37: the release's files and those of patches, whatever their case."""
    findings = found(SOUND, overlay=("Setup.py", "README.md", "new.py"), upstream=("readme.md",))
    assert [(f.rule, f.level) for f in findings] == [("shadowed", "error")] * 2
    assert findings[0].message == "setup.py is covered by the overlay's Setup.py"
    assert findings[1].message == "the overlay's README.md covers the release's readme.md"


def test_lines_of_a_section() -> None:
    raw = patch(
        section("x", "3\n a\n-b\n+c\n+d\n e\n-f\n g", "20\n+h\n i"),
    ).replace(b"\n i\n", b"\n i\n\\ No newline at end of file\n")
    (item,) = parse_patch(Path("x.patch"), raw).files
    assert list(blocks(item)) == [
        Block(4, (b"b",), (b"c", b"d")),
        Block(6, (b"f",), ()),
        Block(20, (), (b"h",)),
    ]


def laps(*sections: str) -> list[tuple[str, str, int]]:
    patches = [
        parse_patch(Path(f"{number}.patch"), patch(text)) for number, text in enumerate(sections)
    ]
    return [(lap.first, lap.second, lap.line) for lap in overlaps(patches)]


def test_overlap_is_found_where_lines_have_moved_to() -> None:
    first = section("x", "10\n-a\n+b")
    above = section("x", "1\n+1\n+2\n+3\n one")
    assert laps(first, above, section("x", "13\n-b\n+c")) == [("0.patch", "2.patch", 13)]
    assert laps(first, above, section("x", "10\n-a\n+c")) == []


def test_neighbours_do_not_overlap() -> None:
    first = section("x", "10\n-a\n+b")
    assert laps(first, section("x", "11\n-a\n+b")) == []
    assert laps(first, section("x", "9\n-a\n+b")) == []
    assert laps(first, section("y", "10\n-a\n+b")) == []
    assert laps(first, section("x", "10\n+a\n b")) == []


def test_insertions_into_what_was_put_there_overlap() -> None:
    first = section("x", "10\n+a\n+b\n c")
    assert laps(first, section("x", "11\n+between\n b")) == [("0.patch", "1.patch", 11)]


def test_taking_lines_away_around_a_removal_overlaps() -> None:
    assert laps(section("x", "10\n-a"), section("x", "9\n-x\n-y")) == [("0.patch", "1.patch", 10)]


def test_each_pair_is_named_once() -> None:
    first = section("x", "1\n-a\n+b", "10\n-a\n+b")
    assert laps(first, first) == [("0.patch", "1.patch", 1)]


def test_what_was_taken_away_is_met_no_more() -> None:
    first, around = section("x", "10\n-a\n+b"), section("x", "9\n-1\n-b\n-3")
    assert laps(first, around, section("x", "10\n-c\n+d")) == [("0.patch", "1.patch", 10)]

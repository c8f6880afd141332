"""Reading diffs of any tool, finding their level, dividing them, and the overlay's rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ascendtorch.errors import PatchError, SpecError
from ascendtorch.spec.version import OverlayRule
from ascendtorch.upkeep.describe import describe
from ascendtorch.upkeep.inputs import read_inputs
from ascendtorch.upkeep.ownfiles import with_rule
from ascendtorch.upkeep.rawdiff import scan, stripped
from ascendtorch.upkeep.steps import raw_date
from ascendtorch.upkeep.strip import detect_level
from ascendtorch.upkeep.topics import Unit, area_of, divide

PATH = Path("x.patch")
CHANGE = b"--- a/x\t2020-01-02 03:04:05.678 +0800\n+++ b/x\t2021-01-02 03:04:05.678 +0800\n"
HUNK = b"@@ -1,2 +1,2 @@\n-one\n+two\n three\n"


def test_a_diff_of_diff() -> None:
    raw = b"what it is for\n\ndiff -Nur a/x b/x\n" + CHANGE + HUNK
    diff = scan(PATH, raw)
    assert diff.head == b"what it is for\n\n"
    assert diff.body == b"diff -Nur a/x b/x\n" + CHANGE + HUNK
    (section,) = diff.sections
    assert (section.old, section.new, section.adds) == ("a/x", "b/x", False)
    assert (section.removed, section.added) == ((b"one",), (b"two",))
    assert section.hunks[0].expected == (b"one", b"three")
    assert section.stamp == "2021-01-02 03:04:05.678 +0800"


def test_lines_that_look_like_headers_inside_a_hunk() -> None:
    """Counts decide what belongs to a hunk, not looks."""
    raw = CHANGE + b"@@ -1,3 +1,3 @@\n--- a/y\n+++ b/y\n Only in x: y\n diff --git a/z b/z\n"
    (section,) = scan(PATH, raw).sections
    assert (section.removed, section.added) == ((b"-- a/y",), (b"++ b/y",))


def test_git_sections_and_a_signature() -> None:
    raw = (
        b"diff --git a/old name b/new name\nsimilarity index 100%\nrename from old name\n"
        b"rename to new name\ndiff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\n"
        b"diff --git a/n b/n\nnew file mode 100644\nindex 0000000..1111111\n"
        b"--- /dev/null\n+++ b/n\n"
        b"@@ -0,0 +1 @@\n+n\n\\ No newline at end of file\n-- \n2.39.5\n\n"
    )
    sections = scan(PATH, raw).sections
    assert [(s.old, s.new, s.adds) for s in sections] == [
        ("a/old name", "b/new name", False),
        ("a/s.sh", "b/s.sh", False),
        ("", "b/n", True),
    ]


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (b"@@ -1,2 +1,2 @@\n-one\n+two\n", "truncated"),
        (b"@@ -1,2 +1,2 @@\n-one\n+two\nthree\n", "truncated"),
        (b"@@ -1 +1 @@\n-one\n+two\n three\n", "belongs to no hunk"),
        (b"@@ -1 +1 @@\n-one\n+two\n@@ oops @@\n", "belongs to no hunk"),
        (b"@@ -1 +1,0 @@\n-one\n-two\n", "belongs to no hunk"),
        (b"no hunk\n", "without a hunk"),
        (HUNK + b"Only in b: y\n", "lacks the content"),
        (HUNK + b"Binary files a/y and b/y differ\n", "a binary file"),
    ],
)
def test_nothing_is_skipped(after: bytes, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        scan(PATH, CHANGE + after)


def test_names_without_folders() -> None:
    assert [stripped("a/b/c", level) for level in (0, 1, 3)] == ["a/b/c", "b/c", ""]


@pytest.mark.parametrize(
    ("old", "level"),
    [("a/src/x.cpp", 1), ("src/x.cpp", 0), ("/tmp/pytorch-1.8.1/src/x.cpp", 3)],
)
def test_levels(old: str, level: int) -> None:
    raw = f"--- {old}\n+++ {old}\n".encode() + HUNK
    sections = scan(PATH, raw).sections
    assert detect_level(PATH, sections, {"src/x.cpp", "x.cp"}, {"", "src"}) == level


def test_new_files_do_not_tell_the_level() -> None:
    """Even where a folder of the last part of the name is there, and so is the top folder."""
    raw = b"--- /dev/null\n+++ b/src/npu/new.cpp\n@@ -0,0 +1 @@\n+x\n"
    assert detect_level(PATH, scan(PATH, raw).sections, set(), {"", "npu"}) == 1


def test_files_that_an_earlier_section_made() -> None:
    raw = (
        b"--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n--- a/new\n+++ b/new\n@@ -1 +1 @@\n-x\n+y\n"
    )
    assert detect_level(PATH, scan(PATH, raw).sections, {"other"}, {""}) == 1


# -- descriptions


@pytest.mark.parametrize(
    ("head", "subject", "reason", "address"),
    [
        (b"", "", "", ""),
        (b"Short.\n\nLong\ntext.\n", "Short.", "Long\ntext.", ""),
        (b"# Short\n", "Short", "", ""),
        (
            b"Description: short\n long\n .\n text\nAuthor: Ann <ann@example.org>\n\nmore\n",
            "short",
            "long\n\ntext\n\nmore",
            "ann@example.org",
        ),
        (
            b"From: Ann <ann@example.org>\nDate: Fri, 1 May 2020 10:00:00 +0800\n"
            b"Subject: [PATCH 2/9] short\n\nlong\n---\n x | 2 +-\n",
            "short",
            "long",
            "ann@example.org",
        ),
        (
            b"Subject: short\nFrom: Ann <ann@example.org>\n\nlong\n",
            "short",
            "long",
            "ann@example.org",
        ),
        (b"Index: x\n=====\n", "", "", ""),
        (b"one: two three\nfour\n", "one: two three", "four", ""),
    ],
)
def test_descriptions(head: bytes, subject: str, reason: str, address: str) -> None:
    text = describe(PATH, head)
    assert (text.subject, text.reason, text.address) == (subject, reason, address)


def test_dates_of_diff() -> None:
    assert raw_date("2021-01-02 03:04:05.678 +0800") == "1609527845 +0800"
    assert raw_date("2021-01-02 03:04:05") == "1609556645 +0000"
    assert raw_date("1970-01-01 08:00:00.000000000 +0800") is None


def test_an_unknown_option_of_quilt(tmp_path: Path) -> None:
    (tmp_path / "series").write_text("one.patch -p1\n\n# why\ntwo.patch -R\n")
    (tmp_path / "one.patch").write_bytes(CHANGE + HUNK)
    (tmp_path / "two.patch").write_bytes(CHANGE + HUNK)
    with pytest.raises(PatchError, match="-R is not known") as caught:
        read_inputs((tmp_path,))
    assert caught.value.path == f"{tmp_path / 'series'}:4"


def test_a_quilt_series_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "series").write_text("../x.patch\n")
    with pytest.raises(PatchError, match="not the name of a patch"):
        read_inputs((tmp_path,))


# -- topics


def unit(path: str, *added: str, repository: str = "", removed: str = "") -> Unit:
    return Unit((path,), repository, tuple(a.encode() for a in added), (removed.encode(),))


def topics(*units: Unit) -> list[tuple[str, list[str]]]:
    made = divide(units)
    assert sorted(path for topic in made for path in topic.paths) == sorted(
        path for unit in units for path in unit.paths
    )
    return [(topic.area, list(topic.paths)) for topic in made]


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("aten/src/ATen/native/npu/x.cpp", "aten/src/ATen"),
        ("setup.py", "build"),
        ("cmake/x/y.cmake", "build"),
        ("torch/CMakeLists.txt", "torch"),
        ("README.md", "top"),
    ],
)
def test_areas(path: str, area: str) -> None:
    assert area_of(unit(path)) == area


def test_folders_that_share_new_names_are_one_topic() -> None:
    assert topics(
        unit("c10/core/a.h", "struct NPUStream; getNPUStream();"),
        unit("torch/csrc/b.cpp", "NPUStream s = getNPUStream();"),
        unit("tools/c.py", "other_thing()"),
    ) == [("c10/core", ["c10/core/a.h", "torch/csrc/b.cpp"]), ("tools", ["tools/c.py"])]


def test_names_that_were_there_or_are_everywhere_join_nothing() -> None:
    old = [unit(f"{f}/x.py", "old_name(1) also_old", removed="old_name(0) also_old") for f in "ab"]
    assert len(topics(*old)) == 2
    common = [unit(f"{folder}/x.py", "is_npu_tensor is_npu_device") for folder in "abcdef"]
    assert len(topics(*common)) == 6


def test_submodules_and_the_build_stay_alone() -> None:
    text = "struct NPUStream; getNPUStream();"
    assert [
        area
        for area, _ in topics(
            unit("torch/a.cpp", text),
            unit("setup.py", text),
            unit("third_party/gloo/a.cc", text, repository="third_party/gloo"),
        )
    ] == ["third_party/gloo", "build", "torch"]


def test_large_topics_take_in_no_other() -> None:
    many = [unit(f"a/{n}.py", f"name_{n:05}") for n in range(25)]
    assert len(topics(*many, unit("b/x.py", "name_00001 name_00002 name_00003"))) == 2


# -- the overlay's rule

RULE = OverlayRule("1.8.1", ".")


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "a: 1",
        "overlay: []\n\nb: 2\n",
        "overlay: [{from: x, to: y}]  # why\nb: 2\n",
        "overlay:\n  - {from: x, to: y}  # why\n\n# of b\nb: 2\n",
        "overlay:\n- from: x\n  to: y\n\nb: 2\n",
        "b: 2\noverlay:\n  - from: x\n    to: y",
    ],
)
def test_a_rule_is_added_and_all_else_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "version.yaml"
    path.write_text(text)
    made = with_rule(path, RULE).decode()
    before, after = yaml.safe_load(text), yaml.safe_load(made)
    rules = [*(before.pop("overlay", None) or []), {"from": "1.8.1", "to": "."}]
    assert after.pop("overlay") == rules
    assert after == before
    # Only one piece was put in.
    assert all(line.split("[")[0].rstrip("]") in made for line in text.split("\n"))
    assert made.count("#") == text.count("#")


def test_an_overlay_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "version.yaml"
    path.write_text("overlay: {from: x, to: y}\n")
    with pytest.raises(SpecError, match="is not a list"):
        with_rule(path, RULE)

"""Who owns a line: patches by the lines they added, whatever later patches moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.report.owner import Owner, OwnerIndex
from ascendtorch.series.patchfile import PatchFile, parse_patch

HEADER = """From: A <a@invalid>
Date: Fri, 20 Nov 2026 00:00:00 +0000
Subject: [PATCH] {name}
---

"""


def patch(name: str, *sections: str) -> PatchFile:
    return parse_patch(Path(name), (HEADER.format(name=name) + "".join(sections)).encode())


def change(path: str, hunk: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"


#: Adds lines 11 and 12 of a.cc.
FIRST = patch("0001-first.patch", change("a.cc", "@@ -10,2 +10,4 @@\n x\n+one\n+two\n y\n"))
#: Adds line 2 of a.cc, and removes the "two" of the first patch, by now line 13.
SECOND = patch(
    "0002-second.patch",
    change("a.cc", "@@ -1,2 +1,3 @@\n 1\n+new\n 2\n@@ -11,3 +12,2 @@\n one\n-two\n y\n"),
)


def index(*patches: PatchFile) -> OwnerIndex:
    return OwnerIndex(
        Path("/home/user/pytorch"),
        {"third_party/gloo": "0" * 40, "third_party/gloo/third_party/nested": "1" * 40},
        {"torch/csrc/npu/Stream.cpp": "d"},
        {"torch/csrc/npu/Kernels.cpp": "d"},
        patches,
    )


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [
        ("../aten/src/ATen/a.cpp", "build", "aten/src/ATen/a.cpp"),
        ("aten/src/ATen/core/TensorBody.h", "build", "build/aten/src/ATen/core/TensorBody.h"),
        ("/home/user/pytorch/caffe2/../c10/a.h", "build", "c10/a.h"),
        ("cmake/Dependencies.cmake", "", "cmake/Dependencies.cmake"),
        ("/usr/include/c++/12/vector", "build", None),
        ("/home/user/pytorch-old/a.cc", "", None),
        ("../../elsewhere.h", "build", None),
    ],
)
def test_tree_path(path: str, folder: str, below: str | None) -> None:
    assert index().tree_path(path, folder) == below


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("c10/core/Device.cpp", "upstream"),
        ("third_party/gloo/gloo/a.cc", "submodule third_party/gloo"),
        (
            "third_party/gloo/third_party/nested/b.cc",
            "submodule third_party/gloo/third_party/nested",
        ),
        ("third_party/gloo.txt", "upstream"),
        ("torch/csrc/npu/Stream.cpp", "overlay torch/csrc/npu/Stream.cpp"),
        ("torch/csrc/npu/Kernels.cpp", "generated torch/csrc/npu/Kernels.cpp (from our templates)"),
        ("build/aten/a.h", "generated build/aten/a.h (by upstream's build)"),
        (
            "torch/csrc/autograd/generated/Functions.cpp",
            "generated torch/csrc/autograd/generated/Functions.cpp (by upstream's build)",
        ),
    ],
)
def test_owner_without_patches(path: str, owner: str) -> None:
    assert str(index().owner_of(path, 1)) == owner


@pytest.mark.parametrize(
    ("line", "owner"),
    [
        (11, Owner("patch", "0001-first.patch", "it added line 11")),
        (12, Owner("patch", "0001-first.patch", "it added line 12")),
        (10, Owner("patch", "0001-first.patch", "it changes lines beside line 10")),
        (13, Owner("patch", "0001-first.patch", "it changes lines beside line 13")),
        (14, Owner("upstream", "", "also touched by patch 0001-first.patch")),
        (None, Owner("upstream", "", "also touched by patch 0001-first.patch")),
    ],
)
def test_lines_of_one_patch(line: int | None, owner: Owner) -> None:
    assert index(FIRST).owner_of("a.cc", line) == owner


@pytest.mark.parametrize(
    ("line", "owner"),
    [
        (2, "patch 0002-second.patch (it added line 2)"),
        (12, "patch 0001-first.patch (it added line 12)"),  # "one", moved by one line
        (11, "patch 0001-first.patch (it changes lines beside line 11)"),
        (13, "patch 0002-second.patch (it changes lines beside line 13)"),  # "two" is gone
        (7, "upstream (also touched by patch 0002-second.patch)"),
    ],
)
def test_a_later_patch_moves_the_lines_of_an_earlier_one(line: int, owner: str) -> None:
    assert str(index(FIRST, SECOND).owner_of("a.cc", line)) == owner


def test_the_last_patch_that_touches_a_file_is_named() -> None:
    owner = index(FIRST, SECOND).owner_of("a.cc", 500)
    assert str(owner) == "upstream (also touched by patch 0002-second.patch)"


def test_a_patched_submodule_stays_a_submodule_far_from_the_hunk() -> None:
    path = "third_party/gloo/gloo/a.cc"
    gloo = patch("0001-gloo.patch", change(path, "@@ -1 +1,2 @@\n x\n+y\n"))
    assert index(gloo).owner_of(path, 2).kind == "patch"
    assert str(index(gloo).owner_of(path, 90)) == (
        "submodule third_party/gloo (also touched by patch 0001-gloo.patch)"
    )


def test_a_patch_owns_the_whole_of_a_file_it_adds() -> None:
    added = patch(
        "0001-add.patch",
        "diff --git a/n.h b/n.h\nnew file mode 100644\n--- /dev/null\n+++ b/n.h\n"
        "@@ -0,0 +1,2 @@\n+a\n+b\n",
    )
    assert index(added).owner_of("n.h", 1) == Owner("patch", "0001-add.patch", "it added line 1")
    assert index(added).owner_of("n.h", 2).kind == "patch"


def test_lines_follow_a_renamed_file() -> None:
    rename = patch(
        "0003-rename.patch",
        "diff --git a/a.cc b/b.cc\nsimilarity index 100%\nrename from a.cc\nrename to b.cc\n",
    )
    assert index(FIRST, rename).owner_of("b.cc", 11).name == "0001-first.patch"


def test_a_removed_line_marks_its_neighbours() -> None:
    removal = patch("0001-remove.patch", change("a.cc", "@@ -5 +4,0 @@\n-gone\n"))
    assert index(removal).owner_of("a.cc", 5).kind == "patch"
    assert index(removal).owner_of("a.cc", 6).kind == "upstream"

"""Faults of the patch stage: patches that must not or cannot be applied, kills, people's work."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.gitbench import Blob, Content
from support.mounts import needs_mounts, read_only
from support.upstream import EDITS, FMT, GLOO, TBB, Upstream
from support.workspace import Reference, Workspace
from support.zygote import Zygote

NAMES = [edit.name for edit in EDITS]
SUBJECTS = [edit.subject for edit in EDITS]
DEVICE = f"{GLOO}/gloo/transport/tcp/device.cc"
CORE = f"{FMT}/include/fmt/core.h"


@contextmanager
def untouched(workspace: Workspace) -> Iterator[None]:
    """Nothing in the tree, its index or its branch may change."""
    before, head = workspace.snapshot(workspace.tree), workspace.head()
    yield
    after = workspace.snapshot(workspace.tree)
    for path, entry in before.items():
        if not path.startswith(".git/") or path.endswith(("/index", "/HEAD")):
            assert after[path] == entry, path
    assert [path for path in after if path not in before and not path.startswith(".git/")] == []
    assert workspace.head() == head


def refused(workspace: Workspace, name: str, code: int = 6) -> str:
    """The message about a patch; the tree stays as it is, and the cause gone, all is well."""
    with untouched(workspace):
        message = workspace.fails(code=code)
    assert f"[patch] {workspace.patches / name}: " in message
    assert "\n  remedy: " in message
    return message


def mended(workspace: Workspace, reference: Reference) -> None:
    """Take the bad patch out again: the tree is as it was."""
    workspace.series = NAMES
    for path in workspace.patches.glob("*.patch"):
        if path.name not in NAMES:
            path.unlink()
    workspace.gen()
    reference.check(workspace)


# -- kills and refusals of the machine

#: Counts what a run does to the disk from its journal on, and dies without a word after the n-th
#: step: a file made, renamed or removed, a git command.
STEPS = """
import os, pathlib, signal
from ascendtorch.edge import process
from ascendtorch.stages import promote
count = [-1]
def counted(owner, name):
    real = getattr(owner, name)
    def wrapped(*args, **options):
        result = real(*args, **options)
        writes = ".ascendtorch-" in str(args[0])
        if count[0] > 0 or count[0] == 0 and writes and name == "open":
            count[0] += args[0] != "/dev/null"
            if count[0] == {number}:
                os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, wrapped)
counted(os, "open")
counted(pathlib.Path, "replace")
counted(pathlib.Path, "unlink")
counted(process, "run")
real = promote.promote
def begun(*args, **options):
    count[0] = 0
    return real(*args, **options)
promote.promote = begun
"""
#: A step at which a submodule is done and the release is not.
MIDDLE = 14


@dataclass(frozen=True)
class Sides:
    """Two series for one tree, and what each makes: the files that differ and the commit."""

    series: tuple[dict[str, bytes], dict[str, bytes]]
    contents: tuple[dict[str, bytes | None], dict[str, bytes | None]]
    heads: tuple[str, str]


SWINGING = (DEVICE, CORE, "CMakeLists.txt", "tools/npu_smoke.py", "new/deep/file.txt")


def read_files(workspace: Workspace) -> dict[str, bytes | None]:
    """What the files that differ hold now."""
    paths = {name: workspace.tree / name for name in SWINGING}
    return {name: p.read_bytes() if p.exists() else None for name, p in paths.items()}


def write_series(workspace: Workspace, series: dict[str, bytes]) -> None:
    """Replace the series of a workspace."""
    for path in workspace.patches.glob("*.patch"):
        path.unlink()
    for name, data in series.items():
        (workspace.patches / name).write_bytes(data)
    workspace.series = list(series)


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, zygote: Zygote) -> Sides:
    """A swing from one to the other changes, adds and removes files in three repositories."""
    patches = upstream.patches
    other = {
        NAMES[0]: patches[NAMES[0]].replace(b"+#include <array>", b"+#include <array> // b"),
        NAMES[1]: patches[NAMES[1]].replace(b"+#include <c", b"+# include <c"),
        NAMES[2]: patches[NAMES[2]].replace(b"+endif()", b"+endif() # npu"),
        "0005-new.patch": upstream.make_patch({"new/deep/file.txt": "new\n"}),
    }
    place = Workspace(tmp_path_factory.mktemp("sides"), upstream, zygote=zygote).create()
    place.gen()
    first, first_head = read_files(place), place.head()
    write_series(place, other)
    place.gen()
    return Sides((dict(patches), other), (first, read_files(place)), (first_head, place.head()))


class Swing:
    """Swings a workspace between the two sides."""

    def __init__(self, workspace: Workspace, sides: Sides) -> None:
        self._workspace = workspace
        self._sides = sides
        self._side = 0

    def swing(self) -> None:
        """Write the other series."""
        self._side = 1 - self._side
        write_series(self._workspace, self._sides.series[self._side])

    def check_half_way(self) -> None:
        """Every file is as it was or as it shall be."""
        for name, data in read_files(self._workspace).items():
            assert data in [contents[name] for contents in self._sides.contents], name

    def check_done(self) -> None:
        """The tree is what an undisturbed run makes."""
        assert read_files(self._workspace) == self._sides.contents[self._side]
        assert self._workspace.head() == self._sides.heads[self._side]
        assert self._workspace.status() == ""
        assert not (self._workspace.state / "promote.json").exists()


@pytest.mark.parametrize("stride", [pytest.param(4), pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_every_step(ready: Workspace, sides: Sides, stride: int) -> None:
    """faults.md 17: from the journal to the end of the run, overlay and codegen included."""
    swing = Swing(ready, sides)
    number, code = 1, -signal.SIGKILL
    while code == -signal.SIGKILL:
        swing.swing()
        code = ready.gen(prelude=STEPS.format(number=number), check=False).code
        swing.check_half_way()
        ready.gen()
        swing.check_done()
        number += stride
    assert code == 0
    assert number > 40


def test_killed_and_asked_for_something_else(ready: Workspace, sides: Sides) -> None:
    """faults.md 17: the next run completes the old series before it applies the new one."""
    swing = Swing(ready, sides)
    swing.swing()
    ready.gen(prelude=STEPS.format(number=MIDDLE), check=False)
    swing.swing()
    done = ready.gen()
    assert "completed the run that was cut off" in done.stderr
    swing.check_done()


def test_killed_and_then_edited(ready: Workspace, sides: Sides) -> None:
    """faults.md 17, 36: what a person did after the kill is not overwritten."""
    swing = Swing(ready, sides)
    swing.swing()
    ready.gen(prelude=STEPS.format(number=MIDDLE), check=False)
    (ready.tree / "CMakeLists.txt").write_text("mine\n")
    message = ready.fails(code=9)
    assert "CMakeLists.txt" in message
    assert "--force" in message
    assert (ready.tree / "CMakeLists.txt").read_text() == "mine\n"
    ready.gen("--force")
    (kept,) = (ready.state / "backup").rglob("CMakeLists.txt")
    assert kept.read_text() == "mine\n"
    swing.check_done()


def test_killed_and_then_committed(ready: Workspace, sides: Sides) -> None:
    """faults.md 17, 36: a person's commit after the kill is not lost."""
    swing = Swing(ready, sides)
    swing.swing()
    prelude = """
import os, signal
from ascendtorch.stages import promote
promote.finish = lambda state: os.kill(os.getpid(), signal.SIGKILL)
"""
    assert ready.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    ready.git("commit", "--quiet", "--allow-empty", "-m", "mine")
    mine = ready.head()
    assert "there are commits of yours" in ready.fails(code=9)
    assert ready.head() == mine
    done = ready.gen("--force")
    assert f"kept as refs/ascendtorch/backup/{mine[:12]}" in done.stderr
    assert ready.git("rev-parse", f"refs/ascendtorch/backup/{mine[:12]}") == mine
    swing.check_done()


def test_index_lock_of_a_killed_git(ready: Workspace, sides: Sides) -> None:
    """faults.md 17: the locks of our own scratch index and branch are ours to remove."""
    swing = Swing(ready, sides)
    (ready.state / "index.new.lock").touch()
    swing.swing()
    ready.gen()
    swing.check_done()


@pytest.mark.parametrize("number", [1, 4])
def test_full_disk_on_the_way(ready: Workspace, sides: Sides, number: int) -> None:
    """faults.md 18: at the journal, at a file."""
    swing = Swing(ready, sides)
    swing.swing()
    prelude = f"""
import errno, os, pathlib
from ascendtorch.stages import promote
real, begun, count = pathlib.Path.replace, promote.promote, [None]
def replace(self, target):
    if count[0] is not None:
        count[0] += 1
        if count[0] == {number}:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
    return real(self, target)
def promoted(*args, **options):
    count[0] = 0
    return begun(*args, **options)
pathlib.Path.replace, promote.promote = replace, promoted
"""
    message = ready.fails(code=15, prelude=prelude)
    assert "[patch] " in message
    assert str(ready.tree) in message
    assert "No space left on device" in message
    assert "remedy: free some space" in message
    swing.check_half_way()
    ready.gen()
    swing.check_done()


@needs_mounts
def test_read_only_tree(ready: Workspace, reference: Reference) -> None:
    """faults.md 19"""
    wrapper = read_only(ready.tree)
    assert ready.gen(wrapper=wrapper).stderr.count("up to date") == 4
    ready.series = NAMES[:3]
    with untouched(ready):
        message = ready.fails(code=15, wrapper=wrapper)
    assert "[patch] " in message
    assert str(ready.tree) in message
    assert "Read-only file system" in message
    assert "remedy: " in message
    mended(ready, reference)


# -- patches that do not fit


def test_context_does_not_match(ready: Workspace, upstream: Upstream, reference: Reference) -> None:
    """faults.md 20: file, hunk and the nearest match."""
    data = upstream.make_patch({"README.md": upstream.content("README.md") + b"More.\n"})
    bad = data.replace(b" Needs a C++14 compiler, CMake and ninja.", b" Needs a C++11 compiler.")
    assert bad != data
    ready.add_patch("0005-bad.patch", bad)
    message = refused(ready, "0005-bad.patch")
    assert "README.md: hunk 1 (@@ -4,3 +4,4 @@) does not fit" in message.replace("-3,4", "-4,3")
    assert "nearest match at line" in message
    assert "'Needs a C++11 compiler.'" in message
    assert "'Needs a C++14 compiler, CMake and ninja.'" in message
    mended(ready, reference)


def test_context_does_not_match_in_a_submodule(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 20"""
    bad = upstream.patches[NAMES[1]].replace(b" namespace fmt {", b" namespace fmt_v7 {")
    bad = bad.replace(b"#include <cstdint>", b"#include <cstddef>")
    ready.add_patch("0005-bad.patch", bad)
    message = refused(ready, "0005-bad.patch")
    assert f"{CORE}: hunk 1" in message


def test_release_contains_it_already(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 21"""
    ready.add_patch("0005-again.patch", upstream.patches[NAMES[2]])
    message = refused(ready, "0005-again.patch")
    assert "its changes are already in the tree" in message


def test_applied_by_hand_before(workspace: Workspace, reference: Reference) -> None:
    """faults.md 21: the very same content is no edit, and is not written again."""
    workspace.gen("--only", "fetch")
    path = workspace.tree / "CMakeLists.txt"
    workspace.git("apply", str(workspace.patches / NAMES[2]))
    before = path.stat().st_mtime_ns
    workspace.gen()
    assert path.stat().st_mtime_ns == before
    reference.check(workspace)


def test_partly_applied_by_another_tool(workspace: Workspace, upstream: Upstream) -> None:
    """faults.md 22: refused, and left as it is."""
    second = upstream.make_patch(
        {"CMakeLists.txt": upstream.content("CMakeLists.txt", at=upstream.finals[""]) + b"# end\n"}
    )
    workspace.add_patch("0005-more.patch", second)
    workspace.gen("--only", "fetch")
    workspace.git("apply", str(workspace.patches / NAMES[2]))
    with untouched(workspace):
        message = workspace.fails(code=9)
    assert f"[patch] {workspace.tree}: " in message
    assert "CMakeLists.txt" in message
    assert "remedy: " in message


def test_offset(ready: Workspace, upstream: Upstream, reference: Reference) -> None:
    """faults.md 30: a hunk that would land elsewhere is refused, and accepted when declared."""
    text = upstream.content("setup.py")
    late = upstream.make_patch({"setup.py": text.replace(b"ninja is missing", b"no ninja")})
    ready.add_patch("0005-lines.patch", upstream.make_patch({"setup.py": b"# 1\n# 2\n" + text}))
    ready.add_patch("0006-late.patch", late)
    message = refused(ready, "0006-late.patch")
    assert "hunk 1 would land 2 lines off" in message
    assert "declare `Allow-Offset: yes` in its header" in message
    declared = late.replace(b"Subject:", b"Allow-Offset: yes\nSubject:", 1)
    (ready.patches / "0006-late.patch").write_bytes(declared)
    ready.gen()
    patched = (ready.tree / "setup.py").read_text()
    assert patched.startswith("# 1\n# 2\n")
    assert 'report("no ninja")' in patched
    assert ready.status() == ""
    mended(ready, reference)


def test_twin_of_the_place(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 30: another spot with the same lines is not taken for the announced one."""
    twin = b"".join(b"%d\n" % number for number in range(8))
    text = twin + b"between\n" * 30 + twin
    added, on = upstream.make_commit({"tools/twin.txt": text})
    ready.add_patch("0005-twin.patch", added)
    data = upstream.make_patch({"tools/twin.txt": text.replace(b"3\n", b"3\nX\n", 1)}, on=on)
    assert b"@@ -2,6 +2,7 @@" in data
    ready.add_patch("0006-there.patch", data.replace(b"@@ -2,6 +2,7 @@", b"@@ -37,6 +37,7 @@"))
    message = refused(ready, "0006-there.patch")
    assert "hunk 1 would land 3 lines off, at line 40" in message


def test_two_patches_conflict(ready: Workspace, upstream: Upstream, reference: Reference) -> None:
    """faults.md 34: both are named, also when the first one was applied long ago."""
    text = upstream.content("CMakeLists.txt")
    rival = upstream.make_patch(
        {"CMakeLists.txt": text.replace(b"install(TARGETS c10", b"# rival\ninstall(TARGETS c10")},
        on=upstream.pins[""],
    )
    ready.add_patch("0005-rival.patch", rival)
    message = refused(ready, "0005-rival.patch")
    assert "CMakeLists.txt" in message
    assert f"(an earlier patch, {NAMES[2]}, touches it)" in message
    mended(ready, reference)


def test_edited_after_it_was_applied(ready: Workspace, reference: Reference) -> None:
    """faults.md 33: applied anew from there on; made bad, it is refused and the tree keeps the
    old one; put right, it is what it was."""
    path = ready.patches / NAMES[2]
    good = path.read_bytes()
    path.write_bytes(good.replace(b"+endif()", b"+endif() # edited"))
    assert f"2 kept, {len(NAMES) - 2} applied" in ready.gen().stderr
    assert "endif() # edited" in (ready.tree / "CMakeLists.txt").read_text("utf-8")
    assert ready.status() == ""
    path.write_bytes(good)
    ready.gen()
    path.write_bytes(good.replace(b" install(TARGETS c10", b" install(TARGETS c11"))
    refused(ready, NAMES[2])
    path.write_bytes(good)
    assert ready.gen().stderr.count("up to date") == 4
    reference.check(ready)


def test_target_is_missing(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 27"""
    data = upstream.make_patch({"README.md": "# other\n"}).replace(b"README.md", b"READ.md")
    ready.add_patch("0005-bad.patch", data)
    assert "READ.md is not in the tree" in refused(ready, "0005-bad.patch")


def test_target_was_removed_by_an_earlier_patch(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 27, 34"""
    ready.add_patch("0005-remove.patch", upstream.make_patch({"README.md": None}))
    ready.gen()
    assert not (ready.tree / "README.md").exists()
    ready.add_patch("0006-late.patch", upstream.make_patch({"README.md": "# other\n"}))
    message = refused(ready, "0006-late.patch")
    assert "README.md is not in the tree (an earlier patch, 0005-remove.patch, touches" in message


def test_new_file_exists(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 28"""
    data = upstream.make_patch({"tools/new.sh": "exit\n"}).replace(b"new.sh", b"run_test.sh")
    ready.add_patch("0005-bad.patch", data)
    message = refused(ready, "0005-bad.patch")
    assert "tools/run_test.sh is new in the patch and exists already" in message


def test_target_is_a_link(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 29"""
    data = upstream.make_patch({".gitignore": "*.o\n"}).replace(b".gitignore", b".dockerignore")
    ready.add_patch("0005-bad.patch", data)
    assert ".dockerignore is a symbolic link in the release" in refused(ready, "0005-bad.patch")


def test_target_is_a_submodule(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 29"""
    old, new = upstream.pins[TBB], upstream.pins[FMT]
    head = upstream.patches[NAMES[3]].partition(b"diff --git")[0]
    section = (
        f"diff --git a/{TBB} b/{TBB}\nindex {old}..{new} 160000\n--- a/{TBB}\n+++ b/{TBB}\n"
        f"@@ -1 +1 @@\n-Subproject commit {old}\n+Subproject commit {new}\n"
    )
    ready.add_patch("0005-bad.patch", head + section.encode())
    assert f"{TBB}: mode 160000 (a symbolic link or a submodule)" in refused(
        ready, "0005-bad.patch"
    )


# -- patches that are no patches


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda data: b"", "the patch is empty"),
        (lambda data: b"<html>not found</html>\n", "not a git-style unified diff"),
        (lambda data: data[:-40], "in its last line"),
        (lambda data: data[: data.rindex(b"+")], "truncated or damaged hunk"),
        (lambda data: data.replace(b"+0,0", b"+0,0").split(b"@@")[0], "tools/npu_smoke.py"),
        (
            lambda data: data.replace(b"b/tools/npu_smoke.py", b"b/../evil.py"),
            "`..` in the path",
        ),
        (
            lambda data: data.replace(b"tools/npu_smoke.py", b".git/hooks/post-checkout"),
            "a `.git` component in the path",
        ),
        (lambda data: data.replace(b"b/tools/npu_smoke.py", b"b//etc/evil"), "path"),
        (lambda data: data.replace(b"new file mode 100644", b"new file mode 120000"), "120000"),
        (lambda data: data.replace(b"Subject:", b"Nobject:"), "the patch has no Subject"),
        (lambda data: data + data[data.index(b"diff --git") :], "patched twice in one patch"),
    ],
)
def test_malformed_patch(ready: Workspace, upstream: Upstream, change: object, cause: str) -> None:
    """faults.md 23, 24 and the rules of safety for paths."""
    assert callable(change)
    data = upstream.patches[NAMES[3]].replace(b"npu_smoke.py", b"npu_other.py")
    data = change(data.replace(b"npu_other.py", b"npu_smoke.py"))
    ready.add_patch("0005-bad.patch", data)
    assert cause in refused(ready, "0005-bad.patch")
    assert not (ready.base / "evil.py").exists()
    assert not (ready.tree / ".git" / "hooks").exists()


def test_binary_patch(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 25"""
    ready.add_patch("0005-bad.patch", upstream.make_patch({"tools/data.bin": bytes(range(256))}))
    message = refused(ready, "0005-bad.patch")
    assert "a binary change" in message
    assert "overlay (pytorch_src)" in message


def test_other_encodings(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 25: content that is not UTF-8 goes through byte by byte."""
    files: dict[str, Content] = {
        "docs/AUTHORS.txt": "Who wrote this:\n\nAndré\nBjörn\nJürgen\nZoë\n".encode("latin-1"),
        "docs/中文.txt": "昇腾\n".encode("gb18030"),
        "docs/form\ffeed.txt": b"a\x0cb\x0b\x85\x1e\xe2\x80\xa8c\rd\n",
        "docs/no-end.txt": b"no line end",
    }
    ready.add_patch("0005-bytes.patch", upstream.make_patch(files))
    ready.gen()
    for name, data in files.items():
        assert (ready.tree / name).read_bytes() == data
    assert ready.status() == ""


def test_line_ends(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 26: a patch with other line ends than the file is refused; its own are kept."""
    text = upstream.content("tools/build.bat")
    assert text.count(b"\r\n") == 3
    wanted = text.replace(b"bdist_wheel", b"bdist_wheel -v")
    data = upstream.make_patch({"tools/build.bat": wanted})
    ready.add_patch("0005-crlf.patch", data.replace(b"\r\n", b"\n"))
    message = refused(ready, "0005-crlf.patch")
    assert "differs in line ends: the file has CRLF" in message
    (ready.patches / "0005-crlf.patch").write_bytes(data)
    ready.gen()
    assert (ready.tree / "tools" / "build.bat").read_bytes() == wanted
    assert ready.status() == ""


def test_modes(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 35: given, taken, and new files that are programs."""
    text = upstream.content("tools/run_test.sh")
    files: dict[str, Content] = {
        "tools/run_test.sh": text,
        "setup.py": Blob(upstream.content("setup.py")),
        "tools/new.sh": Blob(b"#!/bin/sh\n"),
        "tools/empty.txt": b"",
    }
    ready.add_patch("0005-modes.patch", upstream.make_patch(files))
    ready.gen()
    modes = {name: (ready.tree / name).stat().st_mode & 0o777 for name in files}
    executable = {name for name, mode in modes.items() if mode & 0o100}
    assert executable == {"setup.py", "tools/new.sh"}
    assert ready.status() == ""
    ready.series = NAMES
    ready.gen()
    assert (ready.tree / "tools" / "run_test.sh").stat().st_mode & 0o100
    assert not (ready.tree / "setup.py").stat().st_mode & 0o100


def test_moves_and_removals(ready: Workspace, upstream: Upstream, reference: Reference) -> None:
    """Also a file that makes room for a folder of the same name, and back."""
    files: dict[str, Content] = {
        "README.md": None,
        "docs/README.md": upstream.content("README.md"),
        "version.txt": None,
        "version.txt/number": "1.8.1\n",
    }
    data = upstream.make_patch(files)
    assert b"rename to docs/README.md" in data
    ready.add_patch("0005-moves.patch", data)
    ready.gen()
    assert (ready.tree / "docs" / "README.md").read_bytes() == upstream.content("README.md")
    assert not (ready.tree / "README.md").exists()
    assert (ready.tree / "version.txt" / "number").read_text() == "1.8.1\n"
    assert ready.status() == ""
    mended(ready, reference)


def test_one_patch_for_several_repositories(ready: Workspace, upstream: Upstream) -> None:
    parts = [upstream.make_patch({"README.md": "# both\n"}, module=module) for module in ("", FMT)]
    second = parts[1][parts[1].index(b"diff --git") :]
    ready.add_patch("0005-both.patch", parts[0] + second)
    ready.gen()
    assert (ready.tree / "README.md").read_text() == "# both\n"
    assert (ready.tree / FMT / "README.md").read_text() == "# both\n"
    assert ready.subjects() == [*SUBJECTS, "change something"]
    assert ready.status() == ""


# -- the series file


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("0009-gone.patch", "0009-gone.patch is listed but does not exist"),
        (NAMES[1], f"{NAMES[1]} is listed twice"),
        ("../evil.patch", "'../evil.patch' is not the name of a patch"),
        ("README", "'README' is not the name of a patch"),
    ],
)
def test_series_is_wrong(ready: Workspace, line: str, cause: str) -> None:
    """faults.md 31"""
    ready.series = [*NAMES, line]
    with untouched(ready):
        message = ready.fails(code=6)
    assert f"[patch] {ready.patches / 'series'}:5: {cause}" in message
    assert "remedy: " in message


def test_unlisted_patch(ready: Workspace, upstream: Upstream, reference: Reference) -> None:
    """faults.md 32: a warning; it is not applied."""
    path = ready.patches / "0005-unlisted.patch"
    path.write_bytes(upstream.make_patch({"README.md": "# other\n"}))
    done = ready.gen()
    assert f"[patch] warning: {path} is not listed in series" in done.stderr
    reference.check(ready)


# -- people's work in the tree


def edit_patch(workspace: Workspace, number: int = 2) -> None:
    """Make the next run change CMakeLists.txt (2) or device.cc (0)."""
    path = workspace.patches / NAMES[number]
    old = b"+endif()" if number == 2 else b"+#include <array>"
    path.write_bytes(path.read_bytes().replace(old, old + b" // x" if number == 0 else old + b" #"))


@pytest.mark.parametrize(("path", "number"), [("CMakeLists.txt", 2), (DEVICE, 0)])
def test_edited_file_that_must_change(ready: Workspace, path: str, number: int) -> None:
    """faults.md 36: refused; with --force a copy is kept. Other edits stay where they are."""
    (ready.tree / path).write_text("mine\n")
    (ready.tree / "README.md").write_text("mine too\n")
    (ready.tree / "notes.txt").write_text("mine as well\n")
    assert "edited by hand, left as they are" in ready.gen().stderr
    edit_patch(ready, number)
    with untouched(ready):
        message = ready.fails(code=9)
    assert f"[patch] {ready.tree}: " in message
    assert path in message
    assert "README.md" not in message
    assert "--force" in message
    ready.gen("--force")
    (kept,) = (ready.state / "backup").rglob(Path(path).name)
    assert kept.read_text() == "mine\n"
    assert kept.as_posix().endswith(path)
    assert "mine" not in (ready.tree / path).read_text()
    assert (ready.tree / "README.md").read_text() == "mine too\n"
    assert (ready.tree / "notes.txt").read_text() == "mine as well\n"
    assert ready.git("status", "--porcelain").split() == ["M", "README.md", "??", "notes.txt"]


def test_deleted_file_that_must_change(ready: Workspace) -> None:
    """faults.md 36"""
    (ready.tree / "CMakeLists.txt").unlink()
    edit_patch(ready)
    assert "CMakeLists.txt" in ready.fails(code=9)
    assert not (ready.tree / "CMakeLists.txt").exists()
    ready.gen("--force")
    assert (ready.tree / "CMakeLists.txt").exists()


def test_file_of_a_person_where_a_patch_adds_one(ready: Workspace, upstream: Upstream) -> None:
    """faults.md 28, 36"""
    (ready.tree / "notes.txt").write_text("mine\n")
    ready.add_patch("0005-new.patch", upstream.make_patch({"notes.txt": "ours\n"}))
    message = ready.fails(code=9)
    assert "notes.txt" in message
    assert (ready.tree / "notes.txt").read_text() == "mine\n"


def test_staged_work_is_kept(ready: Workspace) -> None:
    """faults.md 36: in other files. In one that must change it is refused."""
    (ready.tree / "README.md").write_text("staged\n")
    (ready.tree / "notes.txt").write_text("new\n")
    ready.git("add", "README.md", "notes.txt")
    (ready.tree / "README.md").write_text("and more\n")
    before = ready.git("diff", "--cached")
    edit_patch(ready)
    ready.gen()
    assert ready.git("diff", "--cached") == before
    assert (ready.tree / "README.md").read_text() == "and more\n"
    text = (ready.tree / "CMakeLists.txt").read_bytes()
    (ready.tree / "CMakeLists.txt").write_text("staged\n")
    ready.git("add", "CMakeLists.txt")
    (ready.tree / "CMakeLists.txt").write_bytes(text)
    edit_patch(ready)
    assert "CMakeLists.txt" in ready.fails(code=9)
    assert ready.git("show", ":CMakeLists.txt") == "staged"


@pytest.mark.parametrize("module", ["", GLOO])
def test_commits_on_top(ready: Workspace, module: str) -> None:
    """faults.md 36: refused; with --force a reference keeps them."""
    target = ready.tree / module / "mine.txt"
    target.write_text("mine\n")
    ready.git("add", "mine.txt", module=module)
    ready.git("commit", "--quiet", "-m", "mine", module=module)
    mine = ready.head(module)
    assert "your own commits are on top" in ready.gen().stderr
    edit_patch(ready, 0)
    with untouched(ready):
        message = ready.fails(code=9)
    assert f"there are commits of yours on top of the series (in {module or 'the release'})" in (
        message
    )
    assert "refs/ascendtorch/backup/" in message
    done = ready.gen("--force")
    kept = f"refs/ascendtorch/backup/{mine[:12]}"
    assert f"are kept as {kept}" in done.stderr
    assert ready.git("rev-parse", kept, module=module) == mine
    assert ready.subjects() == SUBJECTS
    assert ready.status() == ""


def test_commits_on_a_branch_of_ones_own(ready: Workspace) -> None:
    """faults.md 36: the branch stays, the tree goes back to ours."""
    ready.git("checkout", "--quiet", "-b", "topic")
    edit_patch(ready)
    head = ready.head()
    ready.gen()
    assert ready.git("rev-parse", "topic") == head
    assert ready.git("symbolic-ref", "HEAD") == "refs/heads/ascendtorch"
    assert ready.status() == ""
    assert ready.gen().stderr.count("up to date") == 4


def test_commits_on_our_branch_while_another_is_checked_out(ready: Workspace) -> None:
    """faults.md 36"""
    ready.git("commit", "--quiet", "--allow-empty", "-m", "mine")
    mine = ready.head()
    ready.git("checkout", "--quiet", "-b", "topic", "HEAD^")
    edit_patch(ready)
    assert "there are commits of yours" in ready.fails(code=9)
    ready.gen("--force")
    assert ready.git("rev-parse", f"refs/ascendtorch/backup/{mine[:12]}") == mine


def test_tree_that_was_reset(ready: Workspace, reference: Reference) -> None:
    """Back to the base, or to one of our commits: the next run brings it forward again."""
    for revision in ("refs/ascendtorch/base", "HEAD~2"):
        ready.git("reset", "--quiet", "--hard", revision)
        assert "4 patches" in ready.gen().stderr
        reference.check(ready)


def test_unfinished_rebase(ready: Workspace) -> None:
    """faults.md 36: left alone, and named when something must change."""
    ready.git("rebase", "--quiet", "-i", "HEAD~2", GIT_SEQUENCE_EDITOR="sed -i 1s/^pick/edit/")
    head = ready.head()
    ready.gen()
    assert ready.head() == head
    edit_patch(ready)
    with untouched(ready):
        message = ready.fails(code=9)
    assert f"[patch] {ready.tree}" in message
    assert "a rebase is not finished" in message
    assert "remedy: finish or abort it" in message
    ready.git("rebase", "--abort")
    ready.gen()
    assert ready.status() == ""


def test_folder_became_a_link(ready: Workspace, upstream: Upstream) -> None:
    """Nothing is written through it."""
    outside = ready.base / "outside"
    shutil.move(str(ready.tree / "tools"), outside)
    (ready.tree / "tools").symlink_to(outside)
    before = ready.snapshot(outside)
    ready.add_patch("0005-new.patch", upstream.make_patch({"tools/new.py": "new\n"}))
    message = ready.fails(code=9)
    assert f"[patch] {ready.tree / 'tools'}: a folder was replaced by a symbolic link" in message
    assert ready.snapshot(outside) == before


def test_damaged_repository(ready: Workspace) -> None:
    """git's own words, not a crash."""
    edit_patch(ready)
    (ready.tree / ".git" / "index").write_bytes(b"damaged")
    message = ready.fails(code=6)
    assert f"[patch] {ready.tree}: git failed on the tree: " in message
    assert "remedy: see what `git status` and `git fsck` say there" in message

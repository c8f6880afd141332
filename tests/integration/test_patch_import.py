"""`patch import`: what other tools wrote becomes patches of ours, and nothing of it is lost.

The reference is always another engine: GNU patch or git on a copy of the tree.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import gitbench
from support.upstream import EDITS, FMT, GLOO, TBB
from support.workspace import Workspace, changed

NAMES = [edit.name for edit in EDITS]
DEVICE = f"{GLOO}/gloo/transport/tcp/device.cc"
#: By path: text, or None for a file that goes.
Edits = dict[str, "bytes | None"]


def files_below(folder: Path) -> dict[str, tuple[str, bool]]:
    """Digest and executable bit of every file, git's own left out."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            bool(path.stat().st_mode & 0o100),
        )
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and ".git" not in path.relative_to(folder).parts
    }


class Bench:
    """Two copies of a tree, `a` and `b`, without git, and what makes a diff of them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.base / "bench"
        for side in ("a", "b"):
            shutil.copytree(
                workspace.tree,
                self.folder / side,
                symlinks=True,
                ignore=shutil.ignore_patterns(".git"),
            )

    def edit(self, edits: Edits) -> None:
        """Change `b`."""
        for name, data in edits.items():
            path = self.folder / "b" / name
            if data is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def content(self, name: str) -> bytes:
        return (self.folder / "b" / name).read_bytes()

    def diff(self, *options: str, name: str = "legacy.patch") -> Path:
        """`diff -Nur a b`, written to a file."""
        done = subprocess.run(
            ["diff", "-Nur", *options, "a", "b"], cwd=self.folder, capture_output=True, check=False
        )
        assert done.returncode == 1, done.stderr
        path = self.folder / name
        path.write_bytes(done.stdout)
        return path

    def by_gnu_patch(self, path: Path, level: int = 1) -> dict[str, tuple[str, bool]]:
        """What GNU patch makes of `a`."""
        copy = self.folder / "by-gnu"
        shutil.copytree(self.folder / "a", copy, symlinks=True)
        subprocess.run(
            ["patch", f"-p{level}", "--binary", "-s", "-f", "-i", str(path)], cwd=copy, check=True
        )
        return files_below(copy)


@pytest.fixture
def bench(ready: Workspace) -> Bench:
    return Bench(ready)


def run_import(workspace: Workspace, *arguments: str | Path) -> dict[str, Any]:
    done = workspace.run("patch", "import", "--json", *map(str, arguments))
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["proof"]["input"] == result["proof"]["series_and_overlay"]
    return result


def brought(workspace: Workspace) -> dict[str, tuple[str, bool]]:
    """What the tree holds after the import and `gen`, which must agree with export."""
    workspace.gen()
    assert workspace.status() == ""
    made = files_below(workspace.tree)
    shown = json.loads(workspace.run("patch", "export", "--json").stdout)
    assert {item["state"] for item in shown["patches"]} == {"kept"}
    workspace.run("patch", "lint")
    return made


def odd_edits(bench: Bench) -> Edits:
    """Every kind of change that diff(1) can show."""
    return {
        "setup.py": bench.content("setup.py").replace(b"ninja", b"ninja-build", 1),
        "tools/build.bat": bench.content("tools/build.bat").replace(b"python", b"python3"),
        "docs/AUTHORS.txt": bench.content("docs/AUTHORS.txt") + "Bj\u00f6rn".encode("latin-1"),
        "docs/\u8bf4\u660e 1.txt": "\u7b2c\u96f6\u884c\n".encode()
        + bench.content("docs/\u8bf4\u660e 1.txt"),
        'docs/it\'s "quoted".txt': b"three\ntwo\n",
        "README.md": None,
        "new/deep/file.txt": b"no line feed at the end",
        "new/crlf.txt": b"one\r\ntwo\r\n",
        "torch/csrc/npu_hook.cpp": b"int npu_hook_count() { return 1; }\n",
        "aten/src/ATen/Sum.cpp": b"// npu_hook_count\n" + bench.content("aten/src/ATen/Sum.cpp"),
        DEVICE: bench.content(DEVICE) + b"// the end\n",
        f"{FMT}/include/fmt/new.h": b"#pragma once\n",
        f"{TBB}/README.md": b"# tbb\n",
    }


def test_a_legacy_diff(bench: Bench) -> None:
    """CRLF, latin-1, no line feed at the end, odd names, new and removed files, submodules."""
    bench.edit(odd_edits(bench))
    path = bench.diff()
    ready = bench.workspace
    before, tree = (ready.patches / "series").read_text(), ready.snapshot(ready.tree)
    result = run_import(ready, path)
    assert result["inputs"] == [
        {"name": "legacy.patch", "kind": "diff", "strip": 1, "files": 13, "moved_hunks": 0}
    ]
    (item,) = result["patches"]
    assert item["name"] == "0005-import-legacy.patch"
    assert (ready.patches / "series").read_text() == before + "0005-import-legacy.patch\n"
    assert {p for p in changed(tree, ready.snapshot(ready.tree)) if "/objects/" not in p} == set()
    assert result["overlay"]["files"] == []
    assert brought(ready) == files_below(bench.folder / "b") == bench.by_gnu_patch(path)
    text = (ready.patches / item["name"]).read_bytes()
    assert b"From: ascendtorch <ascendtorch@invalid>\n" in text
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert f"Imported from legacy.patch (SHA-256 {digest})".encode() in text


def test_split_by_topic_with_new_files_of_our_own(bench: Bench) -> None:
    bench.edit(odd_edits(bench))
    path = bench.diff()
    ready = bench.workspace
    result = run_import(ready, "--split", path)
    topics = {item["name"]: item["files"] for item in result["patches"]}
    assert (
        topics
        == {
            "0005-third-party-gloo-import-legacy.patch": [DEVICE],
            "0006-third-party-gloo-third-party-fmt-import-legacy.patch": [
                f"{FMT}/include/fmt/new.h"
            ],
            "0007-third-party-tbb-import-legacy.patch": [f"{TBB}/README.md"],
            "0008-aten-src-aten-import-legacy.patch": ["aten/src/ATen/Sum.cpp"],
            "0009-build-import-legacy.patch": ["setup.py"],
            "0010-docs-import-legacy.patch": [
                "docs/AUTHORS.txt",
                'docs/it\'s "quoted".txt',
                "docs/\u8bf4\u660e 1.txt",
            ],
            "0011-tools-import-legacy.patch": ["tools/build.bat"],
            "0012-top-import-legacy.patch": ["README.md"],
        }
        or topics
    )
    assert result["overlay"] == {
        "folder": "1.8.1",
        "files": ["new/crlf.txt", "new/deep/file.txt", "torch/csrc/npu_hook.cpp"],
        "version_yaml_changes": True,
    }
    assert (ready.sources / "1.8.1" / "new" / "crlf.txt").read_bytes() == b"one\r\ntwo\r\n"
    rules = yaml.safe_load((ready.patches / "version.yaml").read_text())["overlay"]
    assert rules[-1] == {"from": "1.8.1", "to": "."}
    assert brought(ready) == files_below(bench.folder / "b")


def test_a_second_import_goes_behind_the_first(bench: Bench) -> None:
    """New files of the first that the second changes: the overlay holds what comes of both."""
    ready = bench.workspace
    bench.edit({"new.txt": b"1\n", "setup.py": b"# 1\n" + bench.content("setup.py")})
    first = bench.diff()
    shutil.rmtree(bench.folder / "a")
    shutil.copytree(bench.folder / "b", bench.folder / "a", symlinks=True)
    bench.edit({"new.txt": b"2\n", "setup.py": b"# 2\n" + bench.content("setup.py")})
    second = bench.diff(name="second.patch")
    result = run_import(ready, "--split", first, second)
    assert [item["name"] for item in result["patches"]] == [
        "0005-import-legacy.patch",
        "0006-import-second.patch",
    ]
    assert result["overlay"]["files"] == ["new.txt"]
    assert brought(ready) == files_below(bench.folder / "b")


@pytest.mark.parametrize("level", [0, 2])
def test_other_levels_are_found_out(bench: Bench, level: int) -> None:
    bench.edit({"setup.py": b"", "new/file.txt": b"new\n"})
    path = bench.diff()
    old, new = (b"", b"") if level == 0 else (b"x/orig/", b"x/mine/")
    raw = path.read_bytes().replace(b"--- a/", b"--- " + old).replace(b"+++ b/", b"+++ " + new)
    path.write_bytes(raw)
    assert run_import(bench.workspace, path)["inputs"][0]["strip"] == level
    assert brought(bench.workspace) == files_below(bench.folder / "b")


def test_a_mailbox(bench: Bench) -> None:
    """What git wrote, with all it can say: renames, modes, authors, dates, reasons."""
    ready = bench.workspace
    clone = ready.base / "clone"
    gitbench.git(ready.base, "clone", "--quiet", str(ready.tree), str(clone))
    (clone / "setup.py").chmod(0o755)
    gitbench.git(clone, "mv", "docs/\u8bf4\u660e 1.txt", "docs/\u8bf4\u660e 2.txt")
    gitbench.git(
        clone,
        "commit",
        "--quiet",
        "--all",
        "-m",
        "docs: move\n\nWhy \u00e9.\n\nSigned-off-by: A",
        GIT_AUTHOR_NAME="J\u00fcrgen",
        GIT_AUTHOR_DATE="Fri, 1 May 2020 10:00:00 +0800",
    )
    (clone / "setup.py").write_text("print('x')")
    (clone / "tools" / "new.sh").write_text("#!/bin/sh\n")
    (clone / "tools" / "new.sh").chmod(0o755)
    gitbench.git(clone, "rm", "--quiet", "README.md")
    gitbench.git(clone, "add", "--all")
    gitbench.git(clone, "commit", "--quiet", "-m", "tools: two\n\nBecause.")
    path = ready.base / "series.mbox"
    path.write_bytes(
        (gitbench.git(clone, "format-patch", "--stdout", "--cover-letter", "-2") + "\n").encode()
    )
    done = ready.run("patch", "import", str(path))
    assert "series.mbox message 1 has no diff (a cover letter?) and is left out" in done.stderr
    assert ready.series == [*NAMES, "0005-docs-move.patch", "0006-tools-two.patch"]
    text = (ready.patches / "0005-docs-move.patch").read_text("utf-8")
    assert (
        "From: =?UTF-8?q?J=C3=BCrgen?= <upstream@invalid>\nDate: Fri, 1 May 2020 10:00:00 +0800\n"
        in text
    )
    assert "\nWhy \u00e9.\n\nSigned-off-by: A\n---\n" in text
    assert "rename to docs/\u8bf4\u660e 2.txt\n" in text
    brought(ready)
    assert ready.git("rev-parse", "HEAD^{tree}") == gitbench.git(clone, "rev-parse", "HEAD^{tree}")
    assert ready.subjects()[4:] == ["docs: move", "tools: two"]


def test_our_own_patches_come_back_as_they_were(ready: Workspace) -> None:
    last = (ready.patches / NAMES[3]).read_bytes()
    path = ready.base / NAMES[3]
    path.write_bytes(last)
    ready.series = NAMES[:3]
    (ready.patches / NAMES[3]).unlink()
    result = run_import(ready, path)
    assert [item["name"] for item in result["patches"]] == [NAMES[3]]
    assert (ready.patches / NAMES[3]).read_bytes() == last


def test_a_quilt_series(bench: Bench) -> None:
    """Levels, comments, headers of several styles, an empty patch."""
    ready = bench.workspace
    folder = ready.base / "debian" / "patches"
    (folder / "fixes").mkdir(parents=True)
    bench.edit({"setup.py": b"# 1\n" + bench.content("setup.py")})
    one = bench.diff().read_bytes()
    (folder / "fixes" / "one.patch").write_bytes(
        b"Description: first line\n more of it\n .\n and the end\nAuthor: Ann <ann@example.org>\n"
        b"Forwarded: no\n---\nsomething else\n" + one
    )
    shutil.rmtree(bench.folder / "a")
    shutil.copytree(bench.folder / "b", bench.folder / "a", symlinks=True)
    bench.edit({"setup.py": b"# 2\n" + bench.content("setup.py")})
    two = bench.diff().read_bytes().replace(b"--- a/", b"--- ").replace(b"+++ b/", b"+++ ")
    (folder / "two.patch").write_bytes(
        b"Second of all\n\nIn words.\n\nIndex: setup.py\n=====\n" + two
    )
    (folder / "none.patch").write_bytes(b"")
    (folder / "series").write_text("# of all\nfixes/one.patch\n\ntwo.patch -p0 # why\nnone.patch\n")
    done = ready.run("patch", "import", str(ready.base))
    assert "none.patch is empty and is left out" in done.stderr
    assert ready.series == [*NAMES, "0005-first-line.patch", "0006-second-of-all.patch"]
    first, second = (ready.patches / name for name in ready.series[4:])
    assert b"\nmore of it\n\nand the end\n" in first.read_bytes()
    assert b"From: Ann <ann@example.org>\n" in first.read_bytes()
    assert b"Subject: [PATCH] Second of all\n\nIn words.\n---\n" in second.read_bytes()
    assert brought(ready) == files_below(bench.folder / "b")


def test_hunks_that_moved_are_brought_to_their_place(bench: Bench) -> None:
    """The series refuses an offset; what is imported has none."""
    bench.edit({"setup.py": bench.content("setup.py").replace(b"ninja is", b"ninja was")})
    path = bench.diff()
    bench.workspace.add_patch(
        "0005-above.patch",
        bench.workspace.upstream.make_patch(
            {"setup.py": b"# 1\n# 2\n" + bench.workspace.upstream.content("setup.py")}
        ),
    )
    result = run_import(bench.workspace, path)
    assert result["inputs"][0]["moved_hunks"] == 1
    bench.workspace.gen()
    assert (bench.workspace.tree / "setup.py").read_bytes() == (
        b"# 1\n# 2\n" + bench.content("setup.py")
    )


def test_dry_run_writes_nothing(bench: Bench) -> None:
    bench.edit(odd_edits(bench))
    path, ready = bench.diff(), bench.workspace
    before = ready.snapshot()
    done = ready.run("patch", "import", "--dry-run", "--split", str(path))
    assert "overlay 3 new files in pytorch_src/1.8.1\n" in done.stdout
    assert "proven: series and overlay make the tree of the input" in done.stdout
    assert "nothing was written" in done.stdout
    assert {p for p in changed(before, ready.snapshot()) if "/objects/" not in p} == set()


def test_subject_and_author(bench: Bench) -> None:
    bench.edit({"setup.py": b""})
    path, ready = bench.diff(), bench.workspace
    run_import(ready, "--subject", "setup: go", "--author", "Ann B <ann@example.org>", path)
    text = (ready.patches / "0005-setup-go.patch").read_text()
    assert "\nFrom: Ann B <ann@example.org>\n" in text
    done = ready.run("patch", "import", "--author", "nobody", str(path), check=False)
    assert done.code == 2


# -- refusals


def refused(workspace: Workspace, path: Path, *arguments: str, code: int = 6) -> str:
    """The message; nothing was written."""
    before = workspace.snapshot()
    done = workspace.run("patch", "import", *arguments, str(path), check=False)
    assert done.code == code, done.stderr
    assert "bug" not in done.stderr
    assert "\n  remedy: " in done.stderr
    assert {p for p in changed(before, workspace.snapshot()) if "/objects/" not in p} == set()
    return done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"hello\n", "there is no unified diff in it"),
        (b"", "there is no unified diff in it"),
        (b"Only in b/docs: new.txt\n", "the diff lacks the content of a file"),
        (b"Binary files a/x and b/x differ\n", "line 1: a binary file"),
        (b"*** a/x\t2020\n--- b/x\t2020\n", "a context diff"),
        (b"--- a/setup.py\n+++ b/setup.py\n", "a section without a hunk"),
        (b"--- a/setup.py\n+++ b/setup.py\n@@ -1,3 +1,3 @@\n one\n", "truncated or damaged"),
        (
            b"--- a/setup.py\n+++ b/setup.py\n@@ -1 +1 @@\n-one\n+two\n+three\n",
            "line 6: a line that belongs to no hunk: '+three'",
        ),
        (b"--- a/setup.py\r\n+++ b/setup.py\r\n@@ -1 +1 @@\n-a\n+b\n", "own lines end in CRLF"),
        (b"--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n", "not in the tree: none.py"),
        (
            b"--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+b\n",
            "`..` in the path: 'b/../x'",
        ),
        (
            b"--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+b\n",
            "a `.git` component in the path",
        ),
        (b"--- a/setup.py\n+++ b/setup.py\n@@ -1 +1 @@\n-a\n+b\n", "setup.py: hunk 1"),
    ],
)
def test_what_cannot_be_imported_whole_is_refused(
    ready: Workspace, text: bytes, message: str
) -> None:
    path = ready.base / "bad.patch"
    path.write_bytes(text)
    assert message in refused(ready, path)


def test_a_diff_that_is_there_already(bench: Bench) -> None:
    bench.edit({"setup.py": b"# 1\n" + bench.content("setup.py"), "new.txt": b"1\n"})
    path = bench.diff()
    run_import(bench.workspace, path)
    assert "its changes are already there" in refused(bench.workspace, path)


def test_links_are_refused(bench: Bench) -> None:
    path = bench.folder / "link.patch"
    path.write_text("--- a/.dockerignore\n+++ b/.dockerignore\n@@ -1 +1 @@\n-.gitignore\n+x\n")
    refused(bench.workspace, path)


def test_submodules_that_are_not_there(workspace: Workspace) -> None:
    workspace.gen("--profile", "lean", "--submodules", "needed")
    path = workspace.base / "x.patch"
    path.write_text(f"--- a/{TBB}/x\n+++ b/{TBB}/x\n@@ -0,0 +1 @@\n+x\n")
    message = refused(workspace, path)
    assert f"submodules that the tree lacks: {TBB}" in message


def test_a_file_of_ours_in_the_way(bench: Bench) -> None:
    """What lies in our own sources already would be laid with the rest."""
    bench.edit({"new.txt": b"1\n"})
    path, ready = bench.diff(), bench.workspace
    (ready.sources / "1.8.1").mkdir()
    (ready.sources / "1.8.1" / "mine.txt").write_text("mine\n")
    assert "the import does not bring it" in refused(ready, path, "--split", code=7)


def test_an_overlay_file_in_the_way(bench: Bench) -> None:
    bench.edit({"torch/NPU/__init__.py": b"1\n"})
    message = refused(bench.workspace, bench.diff(), "--split", code=7)
    assert "torch/NPU/__init__.py and torch/npu/__init__.py differ only in case" in message


def test_a_series_that_would_make_another_tree_is_not_written(bench: Bench) -> None:
    """The proof is not of the code that writes patches: it applies them."""
    bench.edit({"new.txt": b"1\n", "setup.py": b"1\n"})
    path, ready = bench.diff(), bench.workspace
    prelude = """
from ascendtorch.upkeep import mail
real = mail.sections
mail.sections = lambda *a, **o: {n: b for n, b in real(*a, **o).items() if n != "new.txt"}
"""
    before = files_below(ready.patches)
    done = ready.run("patch", "import", str(path), prelude=prelude, check=False)
    assert done.code == 6
    assert "would not give the tree of the input: new.txt" in done.stderr
    assert files_below(ready.patches) == before


def test_what_git_would_skip_is_refused(bench: Bench) -> None:
    """A section that changes nothing is a sign that the diff is not what it was."""
    first, second = bench.content("setup.py").split(b"\n")[:2]
    path = bench.folder / "same.patch"
    path.write_bytes(
        b"--- a/setup.py\n+++ b/setup.py\n@@ -1,2 +1,2 @@\n"
        + b"".join((b"-", first, b"\n+", first, b"\n ", second, b"\n"))
        + b"--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n"
    )
    assert "same.patch changes nothing in a/setup.py" in refused(bench.workspace, path)


def test_commits_that_are_not_exported_come_first(bench: Bench) -> None:
    """A series that changed under them could not take them any more."""
    bench.edit({"setup.py": b"1\n"})
    path, ready = bench.diff(), bench.workspace
    ready.git("commit", "--quiet", "--allow-empty", "-m", "mine", module=GLOO)
    message = refused(ready, path, code=9)
    assert f"commits in the tree that the series lacks (in {GLOO})" in message
    ready.run("patch", "export")
    run_import(ready, path)


#: Dies after the n-th file that a run puts in place or takes away.
STEPS = """
import os, pathlib, signal
count = [0]
def counted(name):
    real = getattr(pathlib.Path, name)
    def wrapped(self, *args, **options):
        result = real(self, *args, **options)
        if "/patch/1.8.1/" in str(self) or "/pytorch_src/" in str(self):
            count[0] += 1
            if count[0] == {number}:
                os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(pathlib.Path, name, wrapped)
counted("replace")
counted("unlink")
"""


def test_killed_at_every_step(bench: Bench) -> None:
    """The series reads as the old or the new one; the same command again completes it."""
    bench.edit({"new.txt": b"1\n", "setup.py": b"", "README.md": b"", f"{TBB}/x": b"x\n"})
    path, ready = bench.diff(), bench.workspace
    saved = ready.base / "saved"
    for name in ("patch", "pytorch_src"):
        shutil.copytree(ready.root / name, saved / name)
    old = ready.run("patch", "list", "--json").stdout
    run_import(ready, "--split", path)
    new = ready.run("patch", "list", "--json").stdout
    made = files_below(ready.patches), files_below(ready.sources)
    code, number = -9, 0
    while code == -9:
        number += 1
        for name in ("patch", "pytorch_src"):
            shutil.rmtree(ready.root / name)
            shutil.copytree(saved / name, ready.root / name)
        arguments = ("patch", "import", "--split", str(path))
        code = ready.run(*arguments, prelude=STEPS.format(number=number), check=False).code
        now = ready.run("patch", "list", "--json").stdout
        assert now in (old, new)
        if now == old:
            ready.run(*arguments)
        else:
            ready.run("patch", "export")
        assert (files_below(ready.patches), files_below(ready.sources)) == made
    assert number > 6

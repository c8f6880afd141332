"""`patch export`: what a person committed in the tree becomes the series, and back."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from support.upstream import EDITS, FMT, GLOO, TBB, Upstream
from support.workspace import Workspace, changed

NAMES = [edit.name for edit in EDITS]
CORE = f"{FMT}/include/fmt/core.h"
DEVICE = f"{GLOO}/gloo/transport/tcp/device.cc"
MODULES = ("", GLOO, FMT)


def export(workspace: Workspace, *arguments: str, **options: Any) -> dict[str, Any]:
    """Export; the result as data."""
    shown = workspace.run("patch", "export", "--json", *arguments, **options).stdout
    result: dict[str, Any] = json.loads(shown)
    return result


def contents(workspace: Workspace) -> dict[str, bytes]:
    """Every file of the version's folder."""
    return {path.name: path.read_bytes() for path in workspace.patches.iterdir()}


def commit(workspace: Workspace, message: str, *, module: str = "", **files: str) -> str:
    """Commit files (`__` stands for a slash, `_dot_` for a dot) as a person does."""
    for name, text in files.items():
        path = workspace.tree / module / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    workspace.git("add", "--all", module=module)
    workspace.git("commit", "--quiet", "-m", message, module=module)
    return workspace.head(module)


def rebase(workspace: Workspace, script: str, *, editor: str = "true") -> None:
    """`git rebase -i` with sed for an editor of the list."""
    workspace.git(
        *("rebase", "--quiet", "-i", "refs/ascendtorch/base"),
        GIT_SEQUENCE_EDITOR=f"sed -i -e '{script}'",
        GIT_EDITOR=editor,
    )


def settled(workspace: Workspace, files: dict[str, tuple[str, str]]) -> None:
    """The tree kept every file, `gen` finds nothing to do, and a fresh tree is the same commit."""
    assert workspace.files() == files
    before = workspace.snapshot(workspace.tree)
    head, done = workspace.head(), workspace.gen()
    assert "[patch] up to date" in done.stderr
    assert "own commits" not in done.stderr
    after = workspace.snapshot(workspace.tree)
    mine = [path for path in before if path.partition("/")[0] != ".git"]
    assert {path: after[path] for path in mine} == {path: before[path] for path in mine}
    assert workspace.head() == head
    assert export(workspace)["files"] == []
    assert json.loads(workspace.run("status", "--json").stdout)["state"] == "clean"
    fresh = Workspace(workspace.base, workspace.upstream, "fresh", zygote=workspace.zygote)
    fresh.create()
    write_folder(fresh, contents(workspace))
    fresh.gen()
    assert (fresh.head(), fresh.files()) == (head, files)


def write_folder(workspace: Workspace, files: dict[str, bytes]) -> None:
    """Make the version's folder hold exactly these files."""
    for path in workspace.patches.iterdir():
        path.unlink()
    for name, data in files.items():
        (workspace.patches / name).write_bytes(data)


def states(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and state of each patch."""
    return [(item["name"], item["state"]) for item in result["patches"]]


def kept(*names: str) -> list[tuple[str, str]]:
    """The same for patches that stay as they are."""
    return [(name, "kept") for name in names]


def test_nothing_changed(ready: Workspace) -> None:
    """Not one byte, not one mtime."""
    before = ready.snapshot()
    result = export(ready)
    assert states(result) == kept(*NAMES)
    assert result["removed"] == result["files"] == []
    assert ready.snapshot() == before
    shown = ready.run("patch", "export").stdout
    assert shown == "nothing to export: 4 patches are what the tree holds\n"


def test_a_new_commit_becomes_a_patch_named_from_its_subject(ready: Workspace) -> None:
    commit(ready, "tools: say hello, twice!\n\nPeople like it.", tools__hello_dot_py="hello\n")
    files, before = ready.files(), contents(ready)
    result = export(ready)
    name = "0005-tools-say-hello-twice.patch"
    assert states(result) == [*kept(*NAMES), (name, "new")]
    raw = (ready.patches / name).read_bytes()
    blob = ready.git("rev-parse", "HEAD:tools/hello.py").encode()
    assert raw.startswith(b"From " + b"0" * 40 + b" Mon Sep 17 00:00:00 2001\nFrom: Upstream <")
    assert b"\nSubject: [PATCH] tools: say hello, twice!\n\nPeople like it.\n---\n\ndiff" in raw
    assert b"\nindex " + b"0" * 40 + b".." + blob + b"\n" in raw
    assert raw.endswith(b"+hello\n")
    assert ready.series == [*NAMES, name]
    assert {n: contents(ready)[n] for n in NAMES} == {n: before[n] for n in NAMES}
    settled(ready, files)


def test_every_kind_of_commit_at_once(ready: Workspace) -> None:
    """In three repositories: amended, new, removed, reordered, with odd files and names."""
    (ready.patches / "series").write_text(
        "# first\n" + "\n".join(NAMES[:2]) + "\n\n# then\n" + "\n".join(NAMES[2:]) + "\n"
    )
    ready.gen()
    # fmt's commit is amended, gloo gets a new one, and neither is recorded above.
    (ready.tree / CORE).write_text((ready.tree / CORE).read_text() + "// more\n")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit", module=FMT)
    commit(ready, "gloo: explain", module=GLOO, gloo__README_dot_md="why\n")
    # In the release the patch 0003 goes, 0004 is reworded, and files of all sorts change.
    rebase(ready, "/NPU sources/d")
    ready.git("commit", "--quiet", "--amend", "-m", "tools: a smoke test\n\nRe\u00e9worded.")
    bat = ready.tree / "tools" / "build.bat"
    bat.write_bytes(bat.read_bytes().replace(b"exit", b"rem\r\nexit"))
    authors = ready.tree / "docs" / "AUTHORS.txt"
    authors.write_bytes(authors.read_bytes() + "B\u00f6rge".encode("latin-1"))
    ready.git("mv", "docs/\u8bf4\u660e 1.txt", "docs/\u8bf4\u660e 2.txt")
    (ready.tree / "setup.py").chmod(0o755)
    ready.git(
        "commit",
        "--quiet",
        "--all",
        "-m",
        "\u6539\u52a8: odd files",
        GIT_AUTHOR_NAME='Zo\u00eb "Z" X.',
    )
    files = ready.files()
    result = export(ready)
    assert states(result) == [
        (NAMES[0], "kept"),
        (NAMES[1], "updated"),
        (NAMES[3], "updated"),
        ("0005-gloo-explain.patch", "new"),
        ("0006-odd-files.patch", "new"),
    ]
    assert (ready.patches / "series").read_text() == (
        f"# first\n{NAMES[0]}\n{NAMES[1]}\n\n# then\n{NAMES[3]}\n"
        "0005-gloo-explain.patch\n0006-odd-files.patch\n"
    )
    settled(ready, files)


def test_patches_of_other_tools_stay_as_they_are(ready: Workspace, upstream: Upstream) -> None:
    """Abbreviated hashes, other headers: while the commit is the same, so is the file."""
    odd = re.sub(
        rb"index (.{7}).{33}\.\.(.{7}).{33}", rb"index \1..\2", upstream.patches[NAMES[2]]
    ).replace(b"\n---\n", b"\n---\n somebody's note\n", 1)
    (ready.patches / NAMES[2]).write_bytes(odd)
    ready.gen()
    commit(ready, "more", more_dot_txt="1\n")
    export(ready)
    assert (ready.patches / NAMES[2]).read_bytes() == odd
    # A commit before it is made anew: other hashes all the way, the same changes.
    rebase(ready, "s/^pick \\(.* tools:\\)/reword \\1/; 3{h;d}; 4G", editor="sed -i s/tools/tool/")
    files = ready.files()
    assert states(export(ready)) == [
        *kept(*NAMES[:2]),
        (NAMES[3], "updated"),
        *kept(NAMES[2], "0005-more.patch"),
    ]
    assert (ready.patches / NAMES[2]).read_bytes() == odd
    assert ready.series == [*NAMES[:2], NAMES[3], NAMES[2], "0005-more.patch"]
    settled(ready, files)


def test_removed_and_brought_back(ready: Workspace) -> None:
    """All of it, submodules too; what an export took away, the old commits bring back."""
    before, files, heads = contents(ready), ready.files(), {m: ready.head(m) for m in MODULES}
    for module in MODULES:
        ready.git("reset", "--quiet", "--hard", "refs/ascendtorch/base", module=module)
    # A tree at the pin is one of ours: gen brings it forward, export takes it at its word.
    result = export(ready)
    assert result["removed"] == NAMES
    assert ready.series == []
    assert sorted(contents(ready)) == ["series", "version.yaml"]
    for module, head in heads.items():
        ready.git("reset", "--quiet", "--hard", head, module=module)
    assert [state for _, state in states(export(ready))] == ["new"] * 4
    assert ready.files() == files
    for name, data in before.items():
        if name.endswith(".patch"):
            assert sorted(data.split(b"\n")) in [
                sorted(made.split(b"\n")) for made in contents(ready).values()
            ]


def test_edits_that_are_not_committed_are_named_and_left(ready: Workspace) -> None:
    commit(ready, "more", more_dot_txt="1\n")
    (ready.tree / "more.txt").write_text("2\n")
    (ready.tree / "new.txt").write_text("new\n")
    (ready.tree / DEVICE).write_text("mine\n")
    ready.git("add", "more.txt")
    done = ready.run("patch", "export")
    for path in ("more.txt", "new.txt", DEVICE):
        assert f"[patch] warning: not committed, and so not exported: {path}\n" in done.stderr
    assert (ready.patches / "0005-more.patch").read_bytes().endswith(b"+1\n")
    assert (ready.tree / "more.txt").read_text() == "2\n"
    assert (ready.tree / DEVICE).read_text() == "mine\n"
    assert ready.git("show", ":more.txt") == "2"
    assert ready.git("show", "HEAD:more.txt") == "1"
    assert export(ready)["uncommitted"] == ["more.txt", "new.txt", DEVICE]


def test_dry_run_writes_nothing(ready: Workspace) -> None:
    commit(ready, "more", more_dot_txt="1\n")
    before = ready.snapshot()
    done = ready.run("patch", "export", "--dry-run")
    assert "new     0005-more.patch\n" in done.stdout
    assert "nothing was written" in done.stdout
    # git renews the time of an object that it would have written a second time.
    assert {
        path for path in changed(before, ready.snapshot()) if "/.git/objects/" not in path
    } == set()
    assert set(ready.snapshot()) == set(before)


def test_what_had_been_committed_is_kept(ready: Workspace) -> None:
    mine = commit(ready, "more", more_dot_txt="1\n")
    export(ready)
    assert ready.head() != mine
    assert ready.git("rev-parse", f"refs/ascendtorch/backup/{mine[:12]}") == mine


def test_a_branch_of_ones_own(ready: Workspace) -> None:
    ready.git("checkout", "--quiet", "-b", "mine")
    commit(ready, "more", more_dot_txt="1\n")
    files = ready.files()
    assert states(export(ready))[4:] == [("0005-more.patch", "new")]
    settled(ready, files)
    assert ready.git("log", "-1", "--format=%s", "mine") == "more"


def test_settings_of_the_repository_do_not_show(ready: Workspace) -> None:
    commit(ready, "more", tools__more_dot_py="1\n")
    (ready.tree / ".git" / "info" / "attributes").write_text("*.py -diff\n")
    for name, value in (
        *(("diff.noprefix", "true"), ("diff.context", "9"), ("diff.renames", "false")),
        *(
            ("color.ui", "always"),
            ("log.showSignature", "true"),
            ("format.subjectPrefix", "X"),
            ("format.signature", "me"),
        ),
    ):
        ready.git("config", name, value)
    (ready.tree / "setup.py").rename(ready.tree / "setup2.py")
    commit(ready, "move")
    export(ready)
    more, moved = (contents(ready)[name] for name in ready.series[4:])
    assert b"Subject: [PATCH] more\n" in more
    assert b"\n--- /dev/null\n+++ b/tools/more.py\n@@ -0,0 +1 @@\n+1\n" in more
    assert b"rename from setup.py\nrename to setup2.py\n" in moved
    assert moved.endswith(b"setup2.py\n")


def test_commits_without_a_change_are_named(ready: Workspace) -> None:
    ready.git("commit", "--quiet", "--allow-empty", "-m", "only words")
    commit(ready, "gloo: more", module=GLOO, more_dot_txt="1\n")
    commit(ready, "take gloo")
    done = ready.run("patch", "export")
    assert "(only words) changes nothing; its message is in no patch" in done.stderr
    assert "(take gloo) only records submodules; its message is in no patch" in done.stderr
    assert ready.series == [*NAMES, "0005-gloo-more.patch"]


def test_one_message_in_two_repositories_is_one_patch(ready: Workspace) -> None:
    commit(ready, "rpc: go faster", module=GLOO, fast_dot_txt="1\n")
    commit(ready, "rpc: go faster", fast_dot_txt="1\n")
    files = ready.files()
    assert states(export(ready))[4:] == [("0005-rpc-go-faster.patch", "new")]
    raw = (ready.patches / "0005-rpc-go-faster.patch").read_bytes()
    assert raw.count(b"diff --git ") == 2
    settled(ready, files)


# -- refusals


def refused(workspace: Workspace, code: int) -> str:
    """The message; nothing changed."""
    before = contents(workspace), workspace.head(), workspace.files()
    done = workspace.run("patch", "export", check=False)
    assert done.code == code, done.stderr
    assert (contents(workspace), workspace.head(), workspace.files()) == before
    assert "error: [patch] " in done.stderr
    assert "\n  remedy: " in done.stderr
    assert "bug" not in done.stderr
    return done.stderr


def test_merges_are_refused(ready: Workspace) -> None:
    ready.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    commit(ready, "side", side_dot_txt="1\n")
    ready.git("checkout", "--quiet", "ascendtorch")
    ready.git("merge", "--quiet", "side", "-m", "merge side")
    assert "is a merge; a series is a line of commits" in refused(ready, 9)


def test_something_unfinished_is_refused(ready: Workspace) -> None:
    ready.git(*("rebase", "--quiet", "-i", "HEAD~1"), GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/")
    assert "a rebase is not finished" in refused(ready, 9)


def test_another_history_is_refused(ready: Workspace) -> None:
    ready.git("checkout", "--quiet", "--orphan", "other")
    ready.git("commit", "--quiet", "-m", "other")
    assert "does not come from the pinned commit" in refused(ready, 9)


def test_binary_files_are_refused(ready: Workspace) -> None:
    (ready.tree / "a.bin").write_bytes(b"a\0b")
    commit(ready, "binary")
    assert "a.bin is binary" in refused(ready, 6)


def test_links_are_refused(ready: Workspace) -> None:
    (ready.tree / "link").symlink_to("setup.py")
    commit(ready, "link")
    assert "link is a symbolic link" in refused(ready, 6)


def test_a_submodule_that_comes_or_goes_is_refused(ready: Workspace) -> None:
    ready.git("rm", "--quiet", "--cached", TBB)
    ready.git("commit", "--quiet", "-m", "no tbb")
    assert f"adds or removes the submodule {TBB}" in refused(ready, 6)


@pytest.mark.parametrize("message", ["x\n\nbefore\n---\nafter", "x\n\ndiff --git a/x b/x\n"])
def test_a_message_that_a_patch_cannot_carry_is_refused(ready: Workspace, message: str) -> None:
    commit(ready, message, more_dot_txt="1\n")
    assert "a patch file cannot carry the message" in refused(ready, 6)


def test_opposite_orders_are_refused(ready: Workspace) -> None:
    for subject in ("one", "two"):
        commit(ready, subject, **{f"{subject}_dot_txt": "1\n"})
    for subject in ("two", "one"):
        commit(ready, subject, module=GLOO, **{f"{subject}_dot_txt": "1\n"})
    assert "hold the same patches in opposite order" in refused(ready, 6)


def test_a_series_that_changed_meanwhile_is_refused(ready: Workspace) -> None:
    """Nobody's work is lost: neither the commits nor what happened to the series."""
    commit(ready, "mine", more_dot_txt="1\n")
    ready.series = NAMES[:3]
    assert "the series changed since it was applied" in refused(ready, 9)
    assert ready.series == NAMES[:3]


def test_a_series_that_changed_alone_is_left(ready: Workspace) -> None:
    ready.series = NAMES[:3]
    done = ready.run("patch", "export")
    assert "there is nothing to export; run gen" in done.stderr
    assert ready.series == NAMES[:3]


def test_no_tree(workspace: Workspace) -> None:
    done = workspace.run("patch", "export", "-v", "1.8.1", check=False)
    assert done.code == 14
    assert "remedy: run `ascendtorch gen -v 1.8.1` first" in done.stderr


def test_a_series_that_would_make_another_tree_is_not_written(ready: Workspace) -> None:
    """The proof is not of the code that writes patches: it applies them."""
    commit(ready, "more", more_dot_txt="1\n", other_dot_txt="1\n")
    prelude = """
from ascendtorch.upkeep import mail
real = mail.sections
def lossy(*args, **options):
    found = real(*args, **options)
    found.pop("other.txt", None)
    return found
mail.sections = lossy
"""
    before = contents(ready), ready.head()
    done = ready.run("patch", "export", prelude=prelude, check=False)
    assert done.code == 6
    assert "would not give the tree that is there: other.txt" in done.stderr
    assert (contents(ready), ready.head()) == before


def test_two_runs_at_once(ready: Workspace) -> None:
    """faults.md 47: nothing is read before the lock is held, nothing written without it."""
    commit(ready, "more", more_dot_txt="1\n")
    (ready.root / "build").mkdir(exist_ok=True)
    with FileLock(str(ready.root / "build" / "workspace.lock")):
        for arguments in (("export",), ("import", str(ready.patches / NAMES[0]))):
            done = ready.run("patch", *arguments, check=False)
            assert done.code == 13, done.stderr
    assert ready.series == NAMES
    export(ready, "--wait", "5")
    assert ready.series == [*NAMES, "0005-more.patch"]


# -- kills

#: Dies after the n-th step that reaches the disk; steps are counted over the whole run.
STEPS = """
import os, pathlib, signal
from ascendtorch.edge import process
count = [0]
def counted(owner, name):
    real = getattr(owner, name)
    def wrapped(*args, **options):
        result = real(*args, **options)
        place = str(args[0])
        if "/checkout/" in place or "update-ref" in str(place) or "symbolic-ref" in str(place):
            count[0] += 1
            if count[0] == {number}:
                os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, wrapped)
counted(pathlib.Path, "replace")
counted(pathlib.Path, "unlink")
counted(process, "run")
"""


@pytest.mark.parametrize("stride", [pytest.param(9), pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_every_step(ready: Workspace, tmp_path: Path, stride: int) -> None:
    """The folder reads as the old or the new series; the next run completes; no file changes."""
    (ready.tree / CORE).write_text((ready.tree / CORE).read_text() + "// more\n")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit", module=FMT)
    rebase(ready, "/NPU sources/d")
    commit(ready, "more", more_dot_txt="1\n")
    (ready.tree / "setup.py").write_text("mine\n")
    files = ready.files()
    sides = []
    for name in ("old", "new"):
        sides.append(json.loads(ready.run("patch", "list", "--json").stdout)["patches"])
        shutil.copytree(ready.root, tmp_path / name, symlinks=True)
        if name == "old":
            export(ready)
    after = contents(ready)
    number, code, deaths = 1, -signal.SIGKILL, 0
    while code == -signal.SIGKILL:
        shutil.rmtree(ready.root)
        shutil.copytree(tmp_path / "old", ready.root, symlinks=True)
        code = ready.run("patch", "export", prelude=STEPS.format(number=number), check=False).code
        deaths += code == -signal.SIGKILL
        assert json.loads(ready.run("patch", "list", "--json").stdout)["patches"] in sides
        assert ready.files() == files
        ready.run("patch", "export")
        assert contents(ready) == after
        assert ready.files() == files
        assert "[patch] up to date" in ready.gen().stderr
        number += stride
    assert code == 0
    assert deaths > 2


def test_cut_off_and_then_edited(ready: Workspace) -> None:
    """What a person wrote into a patch file after the kill is not overwritten."""
    commit(ready, "more", more_dot_txt="1\n")
    rebase(ready, "/NPU sources/d")
    prelude = """
import os, signal
from ascendtorch.series import rewrite
rewrite.complete = lambda folder, real=rewrite.complete: (
    os.kill(os.getpid(), signal.SIGKILL) if rewrite.pending(folder) else real(folder))
"""
    assert ready.run("patch", "export", prelude=prelude, check=False).code == -signal.SIGKILL
    listed = json.loads(ready.run("patch", "list", "--json").stdout)["patches"]
    assert [item["name"] for item in listed] == [*NAMES[:2], NAMES[3], "0005-more.patch"]
    assert not (ready.patches / "0005-more.patch").exists()
    (ready.patches / NAMES[2]).write_text("mine\n")
    done = ready.run("patch", "export", check=False)
    assert done.code == 9
    assert f"{ready.patches / NAMES[2]}: changed by hand after a run was cut off" in done.stderr
    assert (ready.patches / NAMES[2]).read_text() == "mine\n"


def test_a_full_disk(ready: Workspace) -> None:
    """The journal cannot be written: the old series, and the commits are where they were."""
    commit(ready, "more", more_dot_txt="1\n")
    before, head = contents(ready), ready.head()
    prelude = """
import errno, os
from ascendtorch.series import rewrite
def full(path, value):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
rewrite.write_json = full
"""
    done = ready.run("patch", "export", prelude=prelude, check=False)
    assert done.code == 15
    assert "No space left on device" in done.stderr
    assert (contents(ready), ready.head()) == (before, head)
    assert states(export(ready))[4:] == [("0005-more.patch", "new")]

"""What the kill harness found, each in the smallest form that shows it."""

from __future__ import annotations

import json
import shutil
import signal

import pytest

from support.upstream import EDITS, VERSION
from support.workspace import Reference, Workspace

NAMES = [edit.name for edit in EDITS]
#: Dies instead of returning from a function of ours.
DIE = """
import os, signal
from {module} import {name} as real
import {where} as where
def dying(*arguments, **options):
    real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
where.{name} = dying
"""
#: A git command that is killed, as for want of memory.
KILL_GIT = """
import functools
from ascendtorch.edge import process
def killing(real, argv, **options):
    if {word!r} in argv:
        argv = ["sh", "-c", {before!r} + "kill -9 $$"]
        options.pop("stdin", None)
    return real(argv, **options)
process.run = functools.partial(killing, process.run)
process.stream = functools.partial(killing, process.stream)
"""


def test_half_written_state_files_go_with_the_next_run(ready: Workspace) -> None:
    folders = (ready.state, ready.root / "build", ready.rendered, ready.root / "patch")
    left = [folder / ".ascendtorch-0123" for folder in (*folders, ready.patches)]
    for path in left:
        path.touch()
    assert ready.gen().stderr.count("up to date") == 4
    assert not [path for path in left if path.exists()]


def test_half_written_files_of_the_cache_go_with_what_completes_it(ready: Workspace) -> None:
    """faults.md 1"""
    (repository,) = ready.cache.glob("git/*gloo*.git")
    for note in repository.glob("pins/*.json"):
        note.unlink()
    left = [repository / name / ".ascendtorch-0123" for name in ("", "pins", "refs/pins")]
    for path in left:
        path.touch()
    shutil.rmtree(ready.tree)
    ready.gen()
    assert not [path for path in left if path.exists()]


def test_a_killed_packing_leaves_the_cache_as_it_was(ready: Workspace) -> None:
    """faults.md 17: git begins a pack where the objects are, and cannot remove it any more."""
    before = set(ready.cache.glob("git/**/*"))
    begin = 'to=${GIT_OBJECT_DIRECTORY-$GIT_DIR/objects}/pack; mkdir -p "$to"; >"$to/tmp_pack_1";'
    prelude = KILL_GIT.format(word="pack-objects", before=begin)
    arguments = ("bundle", "create", "-v", VERSION, "--without-tool")
    done = ready.run(*arguments, prelude=prelude, check=False)
    assert done.code == 15
    assert "git was ended from outside, by signal SIGKILL" in done.stderr
    assert set(ready.cache.glob("git/**/*")) == before
    ready.run(*arguments)


def test_overlay_files_are_nobodys_edits_while_they_are_laid(
    workspace: Workspace, reference: Reference
) -> None:
    """faults.md 17: a run killed among them, and what `status` says then."""
    module = "ascendtorch.stages.publish"
    prelude = DIE.format(module=module, name="publish", where="ascendtorch.stages.recorded")
    assert workspace.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    (workspace.tree / "torch/npu/.ascendtorch-0123").touch()
    told = json.loads(workspace.run("status", "-v", VERSION, "--json", check=False).stdout)
    assert told["state"] == "stale"
    assert not [note for note in told["notes"] if note.startswith("edited")]
    told = json.loads(workspace.run("patch", "status", "-v", VERSION, "--json", check=False).stdout)
    assert told["uncommitted"] == []
    workspace.gen()
    reference.check(workspace)


def test_folders_of_removed_files_go_with_the_next_run(
    ready: Workspace, reference: Reference
) -> None:
    """faults.md 17: a run that was killed between a file and its folder."""
    ready.add_patch("0005-new.patch", ready.upstream.make_patch({"new/deep/file.txt": "new\n"}))
    ready.gen()
    ready.series = NAMES
    prelude = (
        "import os, signal\nfrom ascendtorch.edge import files\n"
        "files.drop_empty_parents = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert ready.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    assert (ready.tree / "new/deep").is_dir()
    ready.gen()
    reference.check(ready)


@pytest.mark.parametrize("name", ["HEAD.lock", "refs/heads/ascendtorch.lock"])
def test_locks_of_a_persons_git_are_reported(
    ready: Workspace, reference: Reference, name: str
) -> None:
    """faults.md 13, 17: before anything is written; none of them can be ours."""
    lock = ready.tree / ".git" / name
    ready.series = NAMES[:3]
    lock.touch()
    message = ready.fails(code=6)
    assert f"{lock}: another git process holds the tree" in message
    assert lock.exists()
    assert ready.status() == ""
    lock.unlink()
    ready.gen()
    assert ready.subjects()[-1] == EDITS[2].subject
    ready.series = NAMES
    ready.gen()
    reference.check(ready)


def test_git_is_killed_while_it_applies_a_patch(ready: Workspace, reference: Reference) -> None:
    """faults.md 17: the patch is not blamed."""
    ready.series = NAMES[:3]
    ready.gen()
    ready.series = NAMES
    message = ready.fails(code=15, prelude=KILL_GIT.format(word="apply", before=""))
    assert "[patch]" in message
    assert "git was ended from outside, by signal SIGKILL" in message
    assert "then run the same command again" in message
    ready.gen()
    reference.check(ready)


@pytest.mark.parametrize(("word", "code"), [("fetch", 5), ("read-tree", 15)])
def test_git_is_killed_while_a_tree_is_made(
    workspace: Workspace, reference: Reference, word: str, code: int
) -> None:
    """faults.md 17: that says nothing about the cache, which the next run uses."""
    message = workspace.fails(code=code, prelude=KILL_GIT.format(word=word, before=""))
    assert "git was ended from outside, by signal SIGKILL" in message
    assert not (workspace.cache / "quarantine").exists()
    workspace.gen()
    reference.check(workspace)


def test_git_is_killed_while_a_rebase_looks_for_moved_files(moved: Workspace) -> None:
    """faults.md 17: nothing is taken for removed; the next run goes on, and follows them."""
    moved.run("patch", "rebase", "-v", VERSION, "--onto", "v1.9.0", check=False)
    prelude = KILL_GIT.format(word="-M", before="")
    done = moved.run("patch", "rebase", "--skip", prelude=prelude, check=False)
    assert done.code == 15
    assert "git was ended from outside, by signal SIGKILL" in done.stderr
    assert "renamed" not in done.stdout + done.stderr
    done = moved.run("patch", "rebase", "--continue", check=False)
    assert "[rebase] 0006-renamed.patch: renamed" in done.stderr


def test_git_is_killed_where_nobody_expects_it(ready: Workspace, reference: Reference) -> None:
    """faults.md 17: that is no bug of ours, and is not called one."""
    message = ready.fails(
        code=15,
        prelude="from ascendtorch.edge import process\nfrom ascendtorch.stages import codegen\n"
        "codegen.describe = lambda *_: process.run(['sh', '-c', 'kill -9 $$'])",
    )
    assert "sh was ended from outside, by signal SIGKILL" in message
    assert "remedy: " in message
    ready.gen()
    reference.check(ready)


def test_locks_of_a_killed_git_in_a_rebase(moved: Workspace) -> None:
    """faults.md 17"""
    where = "ascendtorch.upkeep.finishing"
    prelude = DIE.format(module=where, name="_patches", where=where)
    arguments = ("patch", "rebase", "-v", VERSION, "--onto", "v1.8.2")
    assert moved.run(*arguments, prelude=prelude, check=False).code == -signal.SIGKILL
    (moved.root / "build/rebase/indexes/0.lock").touch()
    moved.run("patch", "rebase", "--continue")
    assert (moved.root / "patch/1.8.2/series").exists()
    assert not (moved.root / "build/rebase").exists()


def test_rests_of_a_rebase_that_is_over_go_with_the_next(moved: Workspace) -> None:
    """faults.md 17: its state goes first, so that nothing is gone on with that is half there."""
    rest = moved.root / "build" / "rebase" / "out" / "1.8.2"
    rest.mkdir(parents=True)
    (rest / "0001-old.patch").touch()
    done = moved.run("patch", "rebase", "--continue", check=False)
    assert done.code == 14
    assert "no rebase is under way" in done.stderr
    assert not rest.parent.parent.exists()
    moved.run("patch", "rebase", "-v", VERSION, "--onto", "v1.8.2")
    assert not (moved.root / "patch/1.8.2/0001-old.patch").exists()

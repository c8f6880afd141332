"""What a workspace really is, found with git and the files alone, and whether the tool says so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import gitbench
from support.upstream import FMT, GLOO, VERSION
from support.workspace import Snapshot, Workspace

#: The modules that patches touch, inner ones first, so that a path finds its own.
MODULES = (FMT, GLOO, "")
#: Notes of `status` that name an edited file.
_EDITED = ("edited: ", "edited overlay file: ")
#: Notes of `status` that say that `gen` has something to do.
_STALE = "the series is not applied yet", "the series changed", "the overlay changed", "the op spec"


@dataclass(frozen=True)
class Made:
    """What an undisturbed run makes of a workspace: commits by module, files, rendered files."""

    heads: dict[str, str]
    files: dict[str, tuple[str, str]]
    rendered: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, workspace: Workspace) -> Made:
        """Look at a workspace."""
        return cls(heads(workspace), workspace.files(), contents(workspace, workspace.rendered))


def contents(workspace: Workspace, folder: Path) -> dict[str, tuple[str, str]]:
    """Kind and content of everything below a folder."""
    if not folder.exists():
        return {}
    return {p: (kind, digest) for p, (kind, digest, _) in workspace.snapshot(folder).items()}


def heads(workspace: Workspace) -> dict[str, str]:
    """The commit of each module, as git says."""
    return {module: workspace.head(module) for module in MODULES}


def present(workspace: Workspace, version: str = VERSION) -> bool:
    """Whether the tree is there, and of this version."""
    pins = workspace.upstream.pins if version == VERSION else workspace.upstream.old_pins
    if not (workspace.tree / ".git").is_dir():
        return False
    return workspace.git("rev-parse", "refs/ascendtorch/base") == pins[""]


def loose(workspace: Workspace) -> dict[str, str]:
    """What differs from the commits, by path: git's two letters."""
    found = {}
    for module in MODULES:
        inside = f"{module}/" if module else ""
        listed = gitbench.git(
            workspace.tree / module,
            *("status", "--porcelain=v1", "-z", "--no-renames"),
            *("--untracked-files=all", "--ignore-submodules=all"),
            GIT_OPTIONAL_LOCKS="0",
        )
        found.update({f"{inside}{e[3:]}": e[:2] for e in listed.split("\0") if e})
    return found


def shown(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    """What a command that looks says; it must neither crash nor change anything."""
    done = workspace.run(*arguments, "-v", VERSION, "--json", check=False)
    assert done.code in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_truth(
    workspace: Workspace,
    wanted: Made,
    person: Iterable[str],
    *,
    mine: Iterable[str] = (),
    drifted: Iterable[str] = (),
) -> str:
    """Hold `status` and `patch status` against what is there; return the state.

    Args:
        wanted: what the next run makes, the person's edits included.
        person: paths that a person edited or added, and did not commit.
        mine: a person's commits that the series does not hold yet.
        drifted: files of patches that those commits change.
    """
    person, mine = set(person), set(mine)
    tree = shown(workspace, "status")
    series = shown(workspace, "patch", "status")
    if not present(workspace):
        assert (tree["state"], series["tree"]) == ("missing", "missing"), (tree, series)
        return "missing"
    if "interrupted" in (tree["state"], series["tree"]):
        assert (tree["state"], series["tree"]) == ("interrupted", "interrupted"), (tree, series)
        return "interrupted"
    assert tree["state"] in ("clean", "edited", "stale"), tree
    assert series["tree"] == "present", series
    really = loose(workspace)
    # A tracked file that nobody edited is as its commit has it, or a run was cut off.
    half = {path for path, letters in really.items() if letters != "??"} - person
    assert not half, (half, tree)
    named = {note.partition(": ")[2] for note in tree["notes"] if note.startswith(_EDITED)}
    assert _modules_out(named) == _modules_out(person), (tree, really)
    assert set(series["uncommitted"]) == person, series
    stale = [note for note in tree["notes"] if note.startswith(_STALE)]
    unexported = {commit["commit"] for commit in series["unexported"]}
    assert unexported <= mine, series
    if not stale:
        if not mine:
            assert heads(workspace) == wanted.heads, tree
        assert workspace.files() == wanted.files, tree
    if tree["state"] == "clean":
        assert not person
        assert not really
    if series["clean"]:
        assert not [note for note in stale if "series" in note]
        assert not person
    _check_patches(workspace, series, person, set(drifted))
    return str(tree["state"])


def _modules_out(paths: Iterable[str]) -> set[str]:
    """The same, with a submodule for what lies in it, as the release's own git names it."""
    return {GLOO if path.startswith(f"{GLOO}/") else path for path in paths}


def _check_patches(
    workspace: Workspace, series: dict[str, Any], person: set[str], drifted: set[str]
) -> None:
    for item in series["patches"]:
        path = workspace.patches / item["name"]
        if not path.exists():
            continue  # held by a journal yet; `patch list` is asked about those
        for file in item["files"]:
            if file["state"] in ("clean", "applied"):
                assert _is_there(workspace, path, file["path"]), item
            elif file["state"] == "missing":
                assert not _is_there(workspace, path, file["path"]), item
            else:
                allowed = {"edited": person, "drifted": drifted}[file["state"]]
                assert file["path"] in allowed, item


def _is_there(workspace: Workspace, patch: Path, path: str) -> bool:
    """Whether the work tree holds a patch's change of a file: git takes it back."""
    module = next(m for m in MODULES if not m or path.startswith(f"{m}/"))
    inner = path[len(module) + 1 :] if module else path
    try:
        gitbench.git(
            workspace.tree / module,
            *("apply", "--check", "--reverse", f"--include={inner}"),
            f"-p{len(Path(module).parts) + 1}",
            str(patch),
        )
    except AssertionError:
        return False
    return True


def check_times(before: Snapshot, after: Snapshot) -> None:
    """No file whose content stayed was touched."""
    moved = {
        path
        for path, (kind, digest, stamp) in after.items()
        if kind != "folder"
        and not path.startswith(".git/")
        and "/.git/" not in path
        and before.get(path, ("", "", stamp))[:2] == (kind, digest)
        and before.get(path, ("", "", stamp))[2] != stamp
    }
    assert not moved, f"their times moved: {sorted(moved)}"


def names_below(folder: Path) -> set[str]:
    """Every path below a folder, but for what is never more than one of each.

    These are notes of who held a lock; and git's loose objects, which git itself looks after.
    """
    found = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        objects = "/objects/" in name and "/objects/pack/" not in name
        if not objects and not name.endswith(".lock.owner"):
            found.add(name)
    return found

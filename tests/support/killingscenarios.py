"""Commands that write, each with a start, and with how to see that all is well after it.

A scenario is used for kills, for disks that are full and for two runs at once alike.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any, Protocol

from support.killingtruth import (
    MODULES,
    Made,
    check_times,
    check_truth,
    contents,
    heads,
    names_below,
    present,
    shown,
)
from support.moving import ours
from support.upstream import EDITS, FMT, GLOO, OLD_VERSION, VERSION
from support.workspace import Done, Workspace

NAMES = [edit.name for edit in EDITS]
#: What a person wrote into the tree and did not commit: tracked files and new ones.
EDITS_BY_HAND = {
    "README.md": "mine\n",
    "notes of mine.txt": "mine\n",
    f"{GLOO}/gloo/common/linux.cc": "// mine\n",
}
CORE = f"{FMT}/include/fmt/core.h"


class Scenario(Protocol):
    """One command, and how to see whether all is well after it."""

    workspace: Workspace

    def start(self, chance: random.Random) -> str:
        """Put the workspace where the command has something to do; name the way it goes."""
        ...

    def arguments(self) -> tuple[str, ...]:
        """The command."""
        ...

    def check_cut_off(self) -> None:
        """After the kill, before anything else runs."""
        ...

    def complete(self) -> None:
        """Run it again, and check that all is as an undisturbed run would have made it."""
        ...


# -- gen


class _Workbench:
    """A workspace whose scratch files lie in a folder of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.scratch = workspace.base / "scratch"
        self.scratch.mkdir(exist_ok=True)
        workspace.env["TMPDIR"] = str(self.scratch)

    def write_edits(self) -> None:
        for path, text in EDITS_BY_HAND.items():
            (self.workspace.tree / path).write_text(text)

    def check_edits(self) -> None:
        for path, text in EDITS_BY_HAND.items():
            assert (self.workspace.tree / path).read_text() == text


class Swing(_Workbench):
    """`gen` on a tree with a person's edits, from one series, overlay and values to another."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        upstream = workspace.upstream
        patches = upstream.patches
        self._series = (
            dict(patches),
            {
                NAMES[0]: patches[NAMES[0]].replace(
                    b"+#include <array>", b"+#include <array> // b"
                ),
                NAMES[1]: patches[NAMES[1]].replace(b"+#include <c", b"+# include <c"),
                NAMES[2]: patches[NAMES[2]].replace(b"+endif()", b"+endif() # npu"),
                "0005-new.patch": upstream.make_patch({"new/deep/file.txt": "new\n"}),
            },
        )
        workspace.gen()
        self.write_edits()
        self.side = 0
        self._made: list[tuple[Made, set[str]]] = []
        for side in (1, 0):
            self.write(side)
            workspace.gen()
            self._made.insert(0, (Made.of(workspace), names_below(workspace.base)))
        self._before = workspace.snapshot(workspace.tree)

    def write(self, side: int) -> None:
        """Write the sources of a side."""
        workspace = self.workspace
        for name in {*self._series[0], *self._series[1]} - set(self._series[side]):
            (workspace.patches / name).unlink(missing_ok=True)
        for name, data in self._series[side].items():
            (workspace.patches / name).write_bytes(data)
        workspace.series = list(self._series[side])
        (workspace.sources / "npu/runtime/Npu.cpp").write_text(f"// side {side}\n")
        more = workspace.sources / "npu/python/more"
        shutil.rmtree(more, ignore_errors=True)
        if side:
            more.mkdir()
            (more / "module.py").write_text("more\n")
        workspace.edit_version(
            lambda data: data["templates"][0]["values"].update(task_queue=str(side))
        )
        self.side = side

    def start(self, chance: random.Random) -> str:
        self._before = self.workspace.snapshot(self.workspace.tree)
        self.write(1 - self.side)
        return f"gen, to side {self.side}"

    def arguments(self) -> tuple[str, ...]:
        return ("gen", "-v", VERSION)

    def check_cut_off(self) -> None:
        self.check_edits()
        check_truth(self.workspace, self._made[self.side][0], EDITS_BY_HAND)
        files = self.workspace.files()
        for path, entry in files.items():
            if Path(path).name.startswith(".ascendtorch-"):
                continue  # half-written, and gone with the next run
            assert entry in [m.files.get(path) for m, _ in self._made] or entry[0] == "folder", path

    def complete(self) -> None:
        workspace = self.workspace
        half = workspace.snapshot(workspace.tree)
        workspace.run(*self.arguments())
        made, names = self._made[self.side]
        assert Made.of(workspace) == made
        assert check_truth(workspace, made, EDITS_BY_HAND) == "edited"
        after = workspace.snapshot(workspace.tree)
        check_times(half, after)
        check_times(self._before, after)
        assert names_below(workspace.base) == names


class Fresh(_Workbench):
    """`gen` where there is no tree, with and without objects in the cache."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.gen()
        self._made, self._names = Made.of(workspace), names_below(workspace.base)

    def start(self, chance: random.Random) -> str:
        workspace = self.workspace
        shutil.rmtree(workspace.tree)
        shutil.rmtree(workspace.root / "build")
        lacking = chance.choice(("nothing", "everything", "gloo"))
        folders = {"nothing": "", "everything": "git", "gloo": "git/*gloo*.git"}[lacking]
        for folder in workspace.cache.glob(folders) if folders else ():
            shutil.rmtree(folder)
        return f"gen, anew, the cache lacks {lacking}"

    def arguments(self) -> tuple[str, ...]:
        return ("gen", "-v", VERSION)

    def check_cut_off(self) -> None:
        check_truth(self.workspace, self._made, ())

    def complete(self) -> None:
        workspace = self.workspace
        before = workspace.snapshot(workspace.tree) if workspace.tree.exists() else {}
        workspace.run(*self.arguments())
        assert Made.of(workspace) == self._made
        assert check_truth(workspace, self._made, ()) == "clean"
        check_times(before, workspace.snapshot(workspace.tree))
        assert names_below(workspace.base) == self._names


class Park(_Workbench):
    """`gen` of another version, and back: the tree with its edits is set aside and taken back."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._versions = (OLD_VERSION, VERSION)
        workspace.gen("-v", OLD_VERSION)
        workspace.gen()
        self.write_edits()
        self._made = Made.of(workspace)
        self._before = workspace.snapshot(workspace.tree)
        self._names = {}
        for version in self._versions:
            workspace.gen("-v", version)
            self._names[version] = names_below(workspace.base)
        self._version = VERSION

    def start(self, chance: random.Random) -> str:
        self._version = self._versions[self._version == OLD_VERSION]
        return f"gen, other version {self._version}"

    def arguments(self) -> tuple[str, ...]:
        return ("gen", "-v", self._version)

    def check_cut_off(self) -> None:
        check_truth(self.workspace, self._made, EDITS_BY_HAND)

    def complete(self) -> None:
        workspace = self.workspace
        workspace.run(*self.arguments())
        assert present(workspace, self._version)
        assert names_below(workspace.base) == self._names[self._version]
        if self._version == VERSION:
            self.check_edits()
            assert Made.of(workspace) == self._made
            check_times(self._before, workspace.snapshot(workspace.tree))


# -- export


class Export(_Workbench):
    """`patch export` of commits in three repositories: amended, dropped and new ones."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.gen()
        series = self._over_the_pin()
        core = workspace.tree / CORE
        core.write_text(core.read_text() + "// more\n")
        workspace.git("commit", "--quiet", "--all", "--amend", "--no-edit", module=FMT)
        workspace.git(
            *("rebase", "--quiet", "-i", "refs/ascendtorch/base"),
            GIT_SEQUENCE_EDITOR="sed -i -e '/NPU sources/d'",
            GIT_EDITOR="true",
        )
        (workspace.tree / "more.txt").write_text("more\n")
        workspace.git("add", "more.txt")
        workspace.git("commit", "--quiet", "-m", "more")
        self.write_edits()
        self._commits = self._over_the_pin() - series
        self._heads = {m: oid for m, oid in heads(workspace).items() if oid in self._commits}
        self._files = workspace.snapshot(workspace.tree)
        self._old = self._listed()
        self._kept = workspace.base / "kept"
        shutil.copytree(workspace.root, self._kept, symlinks=True)
        self._times = workspace.snapshot(workspace.patches)
        workspace.run("patch", "export")
        self._series = contents(workspace, workspace.patches)
        self._new = self._listed()
        workspace.gen()
        self._made = Made.of(workspace)
        self._names = names_below(workspace.base)
        self._person = EDITS_BY_HAND

    def _over_the_pin(self) -> set[str]:
        return {
            oid
            for module in MODULES
            for oid in self.workspace.git(
                "rev-list", "refs/ascendtorch/base..HEAD", module=module
            ).split()
        }

    def _listed(self) -> Any:
        return json.loads(self.workspace.run("patch", "list", "--json").stdout)["patches"]

    def start(self, chance: random.Random) -> str:
        shutil.rmtree(self.workspace.root)
        shutil.copytree(self._kept, self.workspace.root, symlinks=True)
        return "export"

    def arguments(self) -> tuple[str, ...]:
        return ("patch", "export")

    def _check_nothing_lost(self) -> None:
        workspace = self.workspace
        now = workspace.snapshot(workspace.tree)
        check_times(self._files, now)
        assert {p: e[:2] for p, e in now.items() if ".git" not in Path(p).parts} == {
            p: e[:2] for p, e in self._files.items() if ".git" not in Path(p).parts
        }
        for module, head in self._heads.items():
            held = workspace.git("rev-list", "--all", "HEAD", module=module).split()
            assert head in held, f"the commit of {module or 'the release'} is lost"

    def check_cut_off(self) -> None:
        assert self._listed() in (self._old, self._new)
        self._check_nothing_lost()
        check_truth(self.workspace, self._made, self._person, mine=self._commits, drifted={CORE})

    def complete(self) -> None:
        workspace = self.workspace
        workspace.run(*self.arguments())
        assert contents(workspace, workspace.patches) == self._series
        check_times(self._times, workspace.snapshot(workspace.patches))
        self._check_nothing_lost()
        assert "[patch] up to date" in workspace.gen().stderr
        assert Made.of(workspace) == self._made
        assert check_truth(workspace, self._made, self._person) == "edited"
        assert names_below(workspace.base) == self._names


# -- rebase


class Rebase(_Workbench):
    """`patch rebase`, to a release that needs nobody, and on from a conflict that was resolved."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.gen()
        (workspace.tree / "README.md").write_text("mine\n")
        self._patch_folder = workspace.root / "patch"
        self._state = workspace.root / "build" / "rebase"
        self._kept = workspace.base / "kept"
        shutil.copytree(self._patch_folder, self._kept / "patch")
        self._begin("v1.9.0", 1)
        self._resolve()
        shutil.copytree(self._state, self._kept / "rebase")
        self._target = "1.8.2"
        self._results: dict[str, tuple[dict[str, tuple[str, str]], set[str]]] = {}
        for target in ("1.9.0", "1.8.2"):
            self._put(target)
            done = workspace.run(*self.arguments(), check=False)
            assert done.code in (0, 1), done.stderr
            self._lead()
            made = contents(workspace, self._patch_folder)
            self._results[target] = made, names_below(workspace.base)
        self._truth = self._look()
        self._tree = workspace.snapshot(workspace.tree)

    def _begin(self, tag: str, code: int) -> Done:
        done = self.workspace.run(*("patch", "rebase", "-v", VERSION, "--onto", tag), check=False)
        assert done.code == code, done.stderr
        return done

    def _resolve(self) -> None:
        text = ours("conflict", 5, 20, 35).replace("conflict 38\n", "touched\n")
        (self._state / "work/src/conflict.c").write_text(text)

    def _look(self) -> Any:
        return shown(self.workspace, "status"), shown(self.workspace, "patch", "status")

    def _put(self, target: str) -> None:
        shutil.rmtree(self._patch_folder)
        shutil.copytree(self._kept / "patch", self._patch_folder)
        shutil.rmtree(self._state, ignore_errors=True)
        if target == "1.9.0":
            shutil.copytree(self._kept / "rebase", self._state)
        self._target = target

    def start(self, chance: random.Random) -> str:
        self._put(chance.choice(("1.8.2", "1.9.0")))
        return f"rebase, {self._target}"

    def arguments(self) -> tuple[str, ...]:
        if self._target == "1.9.0":
            return ("patch", "rebase", "--continue")
        return ("patch", "rebase", "-v", VERSION, "--onto", f"v{self._target}")

    def check_cut_off(self) -> None:
        workspace = self.workspace
        assert self._look() == self._truth
        assert workspace.snapshot(workspace.tree) == self._tree
        made = self._patch_folder / self._target
        if made.exists():
            whole = {
                p.partition("/")[2]: e
                for p, e in self._results[self._target][0].items()
                if p.startswith(f"{self._target}/")
            }
            found = {p: e for p, e in contents(workspace, made).items() if p != "."}
            assert found == whole
        # What a person resolved is in the state, or still where it was written.
        state = self._state / "state.json"
        if self._target == "1.9.0" and state.exists():
            done = json.loads(state.read_text())["done"]
            if len(done) < 5:
                assert "conflict 20 for npu" in (self._state / "work/src/conflict.c").read_text()
            else:
                assert done[4]["outcome"] == "resolved"

    def complete(self) -> None:
        workspace = self.workspace
        made = self._patch_folder / self._target
        if not (self._state / "state.json").exists():
            there = made.exists()
            done = self._run_again("-v", VERSION, "--onto", f"v{self._target}")
            assert done.code == (14 if there else 0), done.stderr
            assert not there or f"{self._target} has a patch set already" in done.stderr
        self._lead()
        assert contents(workspace, self._patch_folder) == self._results[self._target][0]
        check_times(self._tree, workspace.snapshot(workspace.tree))
        assert self._look() == self._truth
        assert names_below(workspace.base) == self._results[self._target][1]

    def _run_again(self, *arguments: str) -> Done:
        return self.workspace.run("patch", "rebase", *arguments, check=False)

    def _lead(self) -> None:
        """Go on to the end: leave out what was deleted, as the clean run did."""
        for _ in range(8):
            state = self._state / "state.json"
            if not state.exists():
                return
            stopped = json.loads(state.read_text())["stopped"]
            skip = stopped is not None and not stopped.startswith("0005")
            done = self._run_again("--skip" if skip else "--continue")
            assert done.code in (0, 1), done.stderr
        raise AssertionError("it does not end")


# -- bundles


class BundleCreate(_Workbench):
    """`bundle create`, with and without the bundle that is there, and objects in the cache."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.gen()
        self.write_edits()
        self._made = Made.of(workspace)
        workspace.run(*self.arguments())
        (self.bundle,) = (workspace.root / "dist").iterdir()
        self._data = self.bundle.read_bytes()
        self._names = names_below(workspace.base)
        self._tree = workspace.snapshot(workspace.tree)

    def start(self, chance: random.Random) -> str:
        self.bundle.unlink()
        cold = chance.random() < 0.5
        if cold:
            shutil.rmtree(self.workspace.cache)
        return f"bundle create, {'nothing' if cold else 'everything'} in the cache"

    def arguments(self) -> tuple[str, ...]:
        return ("bundle", "create", "-v", VERSION, "--without-tool")

    def check_cut_off(self) -> None:
        assert not self.bundle.exists() or self.bundle.read_bytes() == self._data
        assert self.workspace.snapshot(self.workspace.tree) == self._tree
        check_truth(self.workspace, self._made, EDITS_BY_HAND)

    def complete(self) -> None:
        self.workspace.run(*self.arguments())
        assert self.bundle.read_bytes() == self._data
        assert self.workspace.snapshot(self.workspace.tree) == self._tree
        assert names_below(self.workspace.base) == self._names


class BundleUse(_Workbench):
    """`bundle use` where nothing can be fetched, and `gen` after it."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.gen()
        self._made = Made.of(workspace)
        workspace.run("bundle", "create", "-v", VERSION, "--without-tool")
        (bundle,) = (workspace.root / "dist").iterdir()
        self._bundle = bundle.replace(workspace.base / "bundle.tar")
        workspace.map_to("https://127.0.0.1:1")
        self._clear()
        workspace.run(*self.arguments())
        workspace.gen("--offline")
        self._names = names_below(workspace.base)

    def _clear(self) -> None:
        for folder in (self.workspace.tree, self.workspace.root / "build", self.workspace.cache):
            shutil.rmtree(folder)

    def start(self, chance: random.Random) -> str:
        self._clear()
        return "bundle use"

    def arguments(self) -> tuple[str, ...]:
        return ("bundle", "use", str(self._bundle))

    def check_cut_off(self) -> None:
        assert check_truth(self.workspace, self._made, ()) == "missing"

    def complete(self) -> None:
        self.workspace.run(*self.arguments())
        self.workspace.gen("--offline")
        assert Made.of(self.workspace) == self._made
        assert names_below(self.workspace.base) == self._names

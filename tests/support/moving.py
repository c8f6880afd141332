"""An upstream that moves: releases between which everything happens that can happen to a patch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support import gitbench
from support.gitbench import Content
from support.upstream import GLOO, HOST, REPOSITORIES, Upstream

#: What each target is named for, and the release it has that fate at: 1.9.0.
TARGETS = ("clean", "offset", "upstream", "merge", "conflict", "renamed", "deleted")
DEVICE = f"{GLOO}/device.cc"
#: What becomes of each patch at each release.
EXPECTED = {
    "0001-clean.patch": ("clean", "clean", "clean"),
    "0002-offset.patch": ("clean", "offset", "offset"),
    "0003-upstream.patch": ("clean", "clean", "upstream"),
    "0004-merge.patch": ("clean", "clean", "merge"),
    "0005-conflict.patch": ("clean", "clean", "conflict"),
    "0006-renamed.patch": ("clean", "clean", "renamed"),
    "0007-deleted.patch": ("deleted", "clean", "deleted"),
    "0008-gloo.patch": ("deleted", "clean", "offset"),
    "0009-clean-again.patch": ("clean", "clean", "clean"),
    "0010-new-file.patch": ("clean", "clean", "clean"),
    "0011-renamed-again.patch": ("clean", "clean", "renamed"),
    "0012-deleted-again.patch": ("deleted", "clean", "deleted"),
}
TAGS = ("v1.5.0", "v1.8.2", "v1.9.0")


def lines(name: str, changed: dict[int, str] | None = None, count: int = 40) -> str:
    """A text of numbered lines, some of them changed."""
    return "".join(f"{(changed or {}).get(n, f'{name} {n}')}\n" for n in range(1, count + 1))


def ours(name: str, *numbers: int) -> str:
    """The text after our patch, which marks some lines (by default the 20th)."""
    return lines(name, {n: f"{name} {n} for npu" for n in numbers or (20,)})


@dataclass(frozen=True)
class Moving:
    """The upstream, and the commit of each release by tag."""

    upstream: Upstream
    commits: dict[str, str]
    gloo: dict[str, str]


def make_moving(base: Path) -> Moving:
    """Make the repositories and a series for 1.8.1 below `base`."""
    mirror = base / "mirror"
    repos = {name: gitbench.init(mirror / f"{name}.git") for name in REPOSITORIES.values()}
    torch, gloo = repos["pytorch"], repos["gloo"]
    gloo_old = gitbench.commit(gloo, {"device.cc": lines("device")}, "gloo\n")
    gloo_new = gitbench.commit(
        gloo, {"device.cc": "one more\n" + lines("device")}, "gloo: one more\n", parent=gloo_old
    )
    gitbench.git(gloo, "update-ref", "refs/heads/master", gloo_new)
    modules = f'[submodule "gloo"]\n\tpath = {GLOO}\n\turl = ../gloo.git\n'
    files: dict[str, Content] = {f"src/{name}.c": lines(name) for name in TARGETS}
    files |= {"version.txt": "1.8.1\n", "README.md": "# torch\n"}
    young: dict[str, Content] = {**files, "version.txt": "1.5.0\n"}
    del young["src/deleted.c"]
    oldest = gitbench.commit(torch, young, "Release 1.5.0\n")
    pin = gitbench.commit(
        torch,
        {**files, ".gitmodules": modules},
        "Add what is deleted later\n",
        parent=oldest,
        links={GLOO: gloo_old},
    )
    next_ = gitbench.commit(
        torch,
        {"src/offset.c": "top\n" + lines("offset"), "version.txt": "1.8.2\n"},
        "Release 1.8.2\n",
        parent=pin,
    )
    moved = gitbench.commit(
        torch,
        {"src/renamed.c": None, "lib/renamed.c": lines("renamed", {38: "touched"})},
        "Move renamed.c to lib\n",
        parent=next_,
    )
    removed = gitbench.commit(torch, {"src/deleted.c": None}, "Drop deleted.c\n", parent=moved)
    later = gitbench.commit(
        torch,
        {
            "src/offset.c": "top\nof\nit\n" + lines("offset"),
            "src/upstream.c": ours("upstream"),
            "src/merge.c": lines("merge", {18: "merge 18, changed"}),
            "src/conflict.c": lines("conflict", {20: "conflict 20, upstream's", 38: "touched"}),
            "version.txt": "1.9.0\n",
        },
        "Release 1.9.0\n",
        parent=removed,
        links={GLOO: gloo_new},
    )
    commits = {"v1.5.0": oldest, "v1.8.1": pin, "v1.8.2": next_, "v1.9.0": later}
    for tag, oid in commits.items():
        gitbench.git(torch, "tag", tag, oid)
    gitbench.git(torch, "update-ref", "refs/heads/master", later)
    pins = {"": pin, GLOO: gloo_old}
    draft = Upstream(mirror, mirror, pins, {"": oldest}, {}, {}, dict(pins))
    upstream = Upstream(mirror, mirror, pins, {"": oldest}, _series(draft), {}, dict(pins))
    return Moving(upstream, commits, {"v1.8.1": gloo_old, "v1.9.0": gloo_new})


def _series(upstream: Upstream) -> dict[str, bytes]:
    edits: list[tuple[str, str, dict[str, Content]]] = [
        (f"{number:04}-{name}", "", {f"src/{name}.c": ours(name)})
        for number, name in enumerate(TARGETS, 1)
    ]
    edits[4] = ("0005-conflict", "", {"src/conflict.c": ours("conflict", 5, 20, 35)})
    edits += [
        ("0008-gloo", GLOO, {"device.cc": ours("device")}),
        ("0009-clean-again", "", {"src/clean.c": ours("clean", 20, 21)}),
        ("0010-new-file", "", {"npu/new.txt": "new\n"}),
        ("0011-renamed-again", "", {"src/renamed.c": ours("renamed", 10, 20)}),
        ("0012-deleted-again", "", {"src/deleted.c": ours("deleted", 10, 20)}),
    ]
    heads = dict(upstream.pins)
    made = {}
    for name, module, files in edits:
        subject = name[5:].replace("-", " ")
        data, heads[module] = upstream.make_commit(
            files, module=module, subject=subject, on=heads[module]
        )
        made[f"{name}.patch"] = data
    return made


def url(name: str) -> str:
    """The URL that stands for a repository of the network."""
    return f"{HOST}/{name}.git"

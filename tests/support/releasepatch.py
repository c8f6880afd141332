"""A legacy mega-patch out of upstream's own work: `diff -Nur` of files of two releases."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

from support.gitbench import environment
from support.megapatch import COUNT, SIZE, MegaPatch, diff

#: How many of the files upstream added and removed; it changed the others.
_KINDS = {"A": 16, "D": 5, "M": COUNT - 21}
_CANDIDATES = 900
_ABSENT = "0" * 40
#: What asks a tree for its operators runs these, which are of one release or of none.
_WHOLE = ("tools/codegen/", "aten/src/ATen/native/native_functions.yaml")


def make(tree: Path, folder: Path, repository: Path, pin: str, tag: str) -> MegaPatch:
    """Write a diff of files of a tree to their later selves below `folder`.

    Args:
        tree: of the release `pin`; files of it that differ from the release's are left alone.
        repository: upstream's, with both releases.
    """
    rng = random.Random(99)
    raw = _git(repository, "diff-tree", "-r", "--raw", "--no-abbrev", "--no-renames", pin, tag)
    changes = [line[1:].split("\t") for line in raw.decode().splitlines()]
    # A diff says nothing of modes.
    plain = [
        (path, *head.split()[2:])
        for head, path in changes
        if set(head.split()[:2]) <= {"100644", "000000"} and not path.startswith(_WHOLE)
    ]
    chosen = rng.sample(plain, min(len(plain), _CANDIDATES))
    data = _blobs(repository, {oid for _, *oids, _ in chosen for oid in oids} - {_ABSENT})
    old: dict[str, bytes] = {}
    new: dict[str, bytes | None] = {}
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for path, before, after, kind in chosen:
        there = (tree / path).read_bytes() if kind != "A" else None
        texts = {data.get(before, b"x"), data.get(after, b"x")}
        # Nor of empty files, nor of what bytes that are no text become.
        if there == data.get(before) and b"" not in texts and b"\0" not in b"".join(texts):
            old.update({} if there is None else {path: there})
            new[path] = data.get(after)
            kinds[kind].append(path)
    sections = re.split(rb"^(?=diff -Nur )", diff(folder / "all", old, new), flags=re.M)[1:]
    sizes = {section.split()[3].decode()[2:]: len(section) for section in sections}
    taken: dict[str, bytes | None] = {}
    for kind, count in _KINDS.items():
        for _ in range(count):
            room = (SIZE - sum(sizes[path] for path in taken)) / (COUNT - len(taken))
            some = rng.sample(kinds[kind], min(len(kinds[kind]), 6))
            path = min(some, key=lambda path: abs(sizes[path] - room))
            kinds[kind].remove(path)
            taken[path] = new[path]
    made = folder / "mega.patch"
    made.write_bytes(diff(folder, {path: old[path] for path in taken if path in old}, taken))
    return MegaPatch(made, taken)


def _git(repository: Path, *arguments: str, stdin: str = "") -> bytes:
    return subprocess.run(
        ["git", *arguments],
        cwd=repository,
        env=environment(),
        input=stdin.encode(),
        capture_output=True,
        check=True,
    ).stdout


def _blobs(repository: Path, oids: set[str]) -> dict[str, bytes]:
    listed = sorted(oids)
    raw = _git(repository, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in listed))
    found, at = {}, 0
    for oid in listed:
        end = raw.index(b"\n", at)
        size = int(raw[at:end].split()[2])
        found[oid] = raw[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found

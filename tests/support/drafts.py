"""A throwaway series on a real release: edits of many of its files, by a seed."""

from __future__ import annotations

import random
import re
from pathlib import Path

from support.confirming import Bench
from support.gitbench import DATE

_TEXT = (".py", ".cpp", ".h", ".cu", ".cuh", ".txt", ".cmake", ".md", ".yaml", ".yml", ".sh")


def draft_series(
    bench: Bench,
    pin: str,
    towards: str,
    folder: Path,
    *,
    files: int,
    seed: int = 6,
    twice: bool = True,
) -> list[str]:
    """Write a series that edits files, most of them files that change towards another release.

    Args:
        towards: the release that decides which files change.
        twice: edit some files in a second patch too.

    Returns:
        The names of the patches, which also stand in the series file of `folder`.
    """
    rng = random.Random(seed)
    raw = bench.git("", "draft", "diff-tree", "-r", "-M", "--name-status", pin, towards)
    changed: dict[str, list[str]] = {}
    for line in raw.stdout.decode().splitlines():
        status, path = line.split("\t")[:2]
        if status[0] in "MDR" and path.endswith(_TEXT):
            changed.setdefault(status[0], []).append(path)
    listed = bench.git("", "draft", "ls-tree", "-r", "--name-only", pin).stdout.decode().split()
    still = sorted(
        {p for p in listed if p.endswith(_TEXT)} - {p for c in changed.values() for p in c}
    )
    chosen = [*rng.sample(changed["M"], files // 2), *rng.sample(still, files // 4)]
    chosen += [*rng.sample(changed["D"], files // 8), *rng.sample(changed["R"], files // 8)]
    rng.shuffle(chosen)
    if twice:  # some files in two patches, which then build on each other
        chosen += chosen[: files // 4]
    bench.git("", "draft", "read-tree", pin)
    names, tree = [], pin
    for number in range(0, len(chosen), 4):
        for path in dict.fromkeys(chosen[number : number + 4]):
            _edit(bench, path, rng)
        after = bench.git("", "draft", "write-tree").stdout.decode().strip()
        body = bench.git("", "draft", "diff-tree", "-p", "--full-index", f"{tree}^{{tree}}", after)
        name = f"{len(names) + 1:04}-edit.patch"
        head = f"From: a <a@b.invalid>\nDate: {DATE}\n"
        head += f"Subject: [PATCH] edit {len(names) + 1}\n\nA try.\n"
        (folder / name).write_bytes(head.encode() + b"---\n\n" + body.stdout)
        names.append(name)
        tree = after
    (folder / "series").write_text("".join(f"{name}\n" for name in names))
    return names


def _edit(bench: Bench, path: str, rng: random.Random) -> None:
    mode, oid = bench.entry("", "draft", path).split()[:2]
    lines = bench.git("", "draft", "cat-file", "blob", oid).stdout.split(b"\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(max(1, len(lines) - 1))
        kind = rng.choice(("insert", "replace", "remove"))
        new = [b"// npu %d" % rng.randrange(1000)] if kind != "remove" else []
        lines[at : at + (kind != "insert")] = new
    data = re.sub(rb"\n*\Z", b"\n", b"\n".join(lines))
    made = (
        bench.git("", "draft", "hash-object", "-w", "--stdin", stdin=data).stdout.decode().strip()
    )
    bench.git("", "draft", "update-index", "--cacheinfo", f"{mode},{made},{path}")

"""What is wrong or doubtful about a series, found without a tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.errors import PatchError
from ascendtorch.series import rewrite
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff, PatchFile, parse_patch
from ascendtorch.spec.version import VersionSpec
from ascendtorch.upkeep.lines import blocks
from ascendtorch.upkeep.overlap import overlaps

#: Findings that leave the series usable; all others are errors.
WARNINGS = ("unlisted", "no-reason", "whitespace-only", "overlap", "own-file")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (or, for `WARNINGS`, doubtful).

    Attributes:
        rule: what kind of thing.
        where: the file, with its line in the series where there is one.
        message: what is wrong.
        remedy: what to do.
    """

    rule: str
    where: str
    message: str
    remedy: str

    @property
    def level(self) -> str:
        """``error`` or ``warning``."""
        return "warning" if self.rule in WARNINGS else "error"

    def as_json(self) -> dict[str, str]:
        """The finding as data."""
        return {"level": self.level, **dataclasses.asdict(self)}


def lint(
    spec: VersionSpec, overlay: Sequence[str], upstream: Sequence[str] | None
) -> list[Finding]:
    """Return everything that is wrong, in the order of the series.

    Args:
        overlay: the files our overlay writes, by path in the tree.
        upstream: the release's files; None where there is no tree to tell.
    """
    path = spec.series_file
    found: list[Finding] = []
    patches: list[PatchFile] = []
    for item in _read(path, found):
        patches.append(item)
        found += _judge(item, spec, overlay)
    for lap in overlaps(patches):
        found.append(
            Finding(
                "overlap",
                str(path.parent / lap.second),
                f"changes {lap.path} at line {lap.line}, where {lap.first} has changed it",
                "make one patch of the two changes, if they are about the same thing",
            )
        )
    found += _shadows(patches, overlay, upstream, spec)
    return found


def _read(path: Path, found: list[Finding]) -> Iterator[PatchFile]:
    """Parse the series file and each patch, going on after what is wrong."""
    change = rewrite.pending(path.parent)
    text = (rewrite.read(path.parent, path.name, change) or b"").decode("utf-8-sig", "replace")
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, where = line.strip(), f"{path}:{number}"
        if not name or name.startswith("#"):
            continue
        if unsafe_reason(name) is not None or not name.endswith(".patch"):
            found.append(
                Finding("bad-name", where, f"{name!r} is not the name of a patch", "correct it")
            )
            continue
        if name in seen:
            found.append(
                Finding(
                    "duplicate",
                    where,
                    f"{name} is listed twice, first in line {seen[name]}",
                    "keep one of the two lines",
                )
            )
            continue
        seen[name] = number
        data = rewrite.read(path.parent, name, change)
        if data is None:
            found.append(
                Finding(
                    "missing",
                    where,
                    f"{name} is listed but does not exist",
                    "restore it, or remove the line",
                )
            )
            continue
        try:
            yield parse_patch(path.parent / name, data)
        except PatchError as error:
            rule = "malformed" if data.strip() else "empty"
            found.append(Finding(rule, error.path or "", error.cause, error.remedy or ""))
    for name in sorted(rewrite.names(path.parent, "*.patch", change) - set(seen)):
        found.append(
            Finding(
                "unlisted",
                str(path.parent / name),
                f"is not listed in {path.name}",
                "list it, or move it out of the folder",
            )
        )


def _judge(item: PatchFile, spec: VersionSpec, overlay: Sequence[str]) -> Iterator[Finding]:
    where = str(item.path)
    if not item.header.reason:
        yield Finding(
            "no-reason",
            where,
            "its message does not say why",
            "add the reason below the Subject, after a blank line",
        )
    blank = [file.path for file in item.files if only_whitespace(file)]
    if blank:
        all_of_it = "the patch changes" if len(blank) == len(item.files) else "it changes"
        yield Finding(
            "whitespace-only",
            where,
            f"{all_of_it} nothing but whitespace in {', '.join(blank)}",
            "leave that to upstream: it makes conflicts and builds nothing",
        )
    known = tuple(module.path for module in spec.submodules)
    ours = {path.rpartition("/")[0] for path in overlay} - {""}
    for file in item.files:
        if owner_of(file.path, known):
            continue
        if file.kind == "add":
            yield Finding(
                "own-file",
                where,
                f"adds {file.path}, which could be a file of our own",
                f"put it below pytorch_src and name its folder in {spec.folder / 'version.yaml'}",
            )
        elif file.path.rpartition("/")[0] in ours:
            yield Finding(
                "own-file",
                where,
                f"changes {file.path}, in a folder that our overlay fills",
                "see whether a file of our own can do it",
            )


def only_whitespace(item: FileDiff) -> bool:
    """Whether a section changes the content of a file, and of that only whitespace."""
    listed = list(blocks(item)) if item.kind == "change" else []
    return bool(listed) and all(_bare(block.removed) == _bare(block.added) for block in listed)


def _bare(lines: Sequence[bytes]) -> bytes:
    return b"".join(b"".join(line.split()) for line in lines)


def _shadows(
    patches: Sequence[PatchFile],
    overlay: Sequence[str],
    upstream: Sequence[str] | None,
    spec: VersionSpec,
) -> Iterator[Finding]:
    taken: Mapping[str, str] = {path.casefold(): path for path in upstream or ()}
    touched = {
        file.path.casefold(): (file.path, patch.name)
        for patch in patches
        for file in patch.files
        if file.kind != "delete"
    }
    for path in overlay:
        if path.casefold() in touched:
            other, name = touched[path.casefold()]
            yield Finding(
                "shadowed",
                str(spec.folder / name),
                f"{other} is covered by the overlay's {path}",
                "keep the change in one place",
            )
        elif path.casefold() in taken:
            yield Finding(
                "shadowed",
                str(spec.folder / "version.yaml"),
                f"the overlay's {path} covers the release's {taken[path.casefold()]}",
                "rename ours, or change the release's by a patch",
            )

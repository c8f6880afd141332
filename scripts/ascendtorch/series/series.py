"""The series file: which patches there are, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.errors import PatchError
from ascendtorch.series import rewrite
from ascendtorch.series.patchfile import PatchFile, parse_patch


@dataclass(frozen=True)
class Series:
    """The patches of a version in order; `unlisted` lie in the folder but are not in the series."""

    path: Path
    patches: tuple[PatchFile, ...]
    unlisted: tuple[str, ...]


def load_series(path: Path) -> Series:
    """Read the series file and every patch it lists; no file means no patches.

    A change that a run decided and did not finish is read as done (see `rewrite`). One name a line;
    blank lines and lines that start with ``#`` are skipped.

    Raises:
        PatchError: the file is not UTF-8, a name is unsafe, missing or listed twice, or a patch is
            malformed.
    """
    change = rewrite.pending(path.parent)
    contents: dict[str, bytes] = {}
    for number, line in enumerate(_text(path, change).split("\n"), 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        where = f"{path}:{number}"
        if unsafe_reason(name) is not None or not name.endswith(".patch"):
            raise PatchError(
                f"{name!r} is not the name of a patch",
                stage="patch",
                path=where,
                remedy="write the name of a .patch file in this folder",
            )
        if name in contents:
            raise PatchError(
                f"{name} is listed twice",
                stage="patch",
                path=where,
                remedy="keep one of the two lines",
            )
        data = rewrite.read(path.parent, name, change)
        if data is None:
            raise PatchError(
                f"{name} is listed but does not exist",
                stage="patch",
                path=where,
                remedy=f"restore {path.parent / name}, or remove the line",
            )
        contents[name] = data
    patches = tuple(parse_patch(path.parent / name, data) for name, data in contents.items())
    present = rewrite.names(path.parent, "*.patch", change)
    return Series(path, patches, tuple(sorted(present - set(contents))))


def _text(path: Path, change: rewrite.Pending | None) -> str:
    try:
        return (rewrite.read(path.parent, path.name, change) or b"").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PatchError(
            f"not UTF-8: {error.reason} at byte {error.start}",
            stage="patch",
            path=path,
            remedy="save the file as UTF-8",
        ) from error

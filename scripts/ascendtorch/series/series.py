"""The series file: which patches there are, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.errors import PatchError
from ascendtorch.series.patchfile import PatchFile, parse_patch


@dataclass(frozen=True)
class Series:
    """The patches of a version in order; `unlisted` lie in the folder but are not in the series."""

    path: Path
    patches: tuple[PatchFile, ...]
    unlisted: tuple[str, ...]


def load_series(path: Path) -> Series:
    """Read the series file and every patch it lists; no file means no patches.

    One name a line; blank lines and lines that start with ``#`` are skipped.

    Raises:
        PatchError: the file is not UTF-8, a name is unsafe, missing or listed twice, or a patch is
            malformed.
    """
    names: list[str] = []
    for number, line in enumerate(_text(path).split("\n"), 1):
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
        if name in names:
            raise PatchError(
                f"{name} is listed twice",
                stage="patch",
                path=where,
                remedy="keep one of the two lines",
            )
        if not (path.parent / name).is_file():
            raise PatchError(
                f"{name} is listed but does not exist",
                stage="patch",
                path=where,
                remedy=f"restore {path.parent / name}, or remove the line",
            )
        names.append(name)
    patches = tuple(parse_patch(path.parent / n, (path.parent / n).read_bytes()) for n in names)
    present = (p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*.patch"))
    return Series(path, patches, tuple(sorted(set(present) - set(names))))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig") if path.exists() else ""
    except UnicodeDecodeError as error:
        raise PatchError(
            f"not UTF-8: {error.reason} at byte {error.start}",
            stage="patch",
            path=path,
            remedy="save the file as UTF-8",
        ) from error

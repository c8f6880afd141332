"""Where a library looks for others, changed in place: no place of this machine leaves it."""

from __future__ import annotations

from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from ascendtorch.errors import WheelError

STAGE = "build"


def make_relative(library: Path, torch: str) -> None:
    """Replace each absolute folder in a library's RPATH or RUNPATH by `torch`.

    Args:
        torch: where torch's libraries lie seen from it, such as ``$ORIGIN/../torch/lib``.

    Raises:
        WheelError: the new text is longer than the old one, whose room it must do with.
    """
    with library.open("rb") as stream:
        place = _search_path(ELFFile(stream))
    if place is None:
        return
    offset, old = place
    parts = [part for part in old.decode().split(":") if part]
    kept = dict.fromkeys(torch if part.startswith("/") else part for part in parts)
    new = ":".join(kept).encode()
    if len(new) > len(old):
        raise WheelError(
            f"there is no room in it for the search path {new.decode()!r}",
            stage=STAGE,
            path=library,
            remedy="build in a folder with a longer path",
        )
    if new != old:
        with library.open("r+b") as stream:
            stream.seek(offset)
            stream.write(new.ljust(len(old), b"\0"))


def search_path(library: Path) -> tuple[str, ...]:
    """Return the folders in a library's RPATH or RUNPATH."""
    with library.open("rb") as stream:
        place = _search_path(ELFFile(stream))
    return () if place is None else tuple(place[1].decode().split(":"))


def _search_path(elf: ELFFile) -> tuple[int, bytes] | None:
    """Return where the text lies in the file, and the text."""
    dynamic = next((s for s in elf.iter_sections() if isinstance(s, DynamicSection)), None)
    if dynamic is None:
        return None
    strings = elf.get_section(dynamic["sh_link"])
    for tag in dynamic.iter_tags():
        if tag.entry.d_tag in ("DT_RPATH", "DT_RUNPATH"):
            position = tag.entry.d_val
            data = strings.data()
            text = data[position : data.index(b"\0", position)]
            return strings["sh_offset"] + position, text
    return None

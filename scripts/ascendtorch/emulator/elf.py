"""What a program or library in ELF needs from others, and what it offers them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.hash import ELFHashSection, GNUHashSection
from elftools.elf.sections import SymbolTableSection

from ascendtorch.errors import ToolError

STAGE = "emulate"
#: Strings in a binary that look like functions of CANN; whole ones, from NUL to NUL.
_NAMES = re.compile(rb"(?<![^\0])(?:acl[a-z]*|Hccl)[A-Z][0-9A-Za-z_]{2,100}(?=\0)")
_MACHINES = {"x64": "x86_64", "AArch64": "aarch64"}


class Image:
    """One ELF file, open for as long as questions are asked about it (see `opened`).

    Attributes:
        path: where it lies.
        machine: as ``uname -m`` would say it.
        soname: what others need it by; the file's name where it has none of its own.
        needed: sonames of the libraries it needs.
        search: folders that it names for them (RPATH or RUNPATH).
    """

    def __init__(self, path: Path, elf: ELFFile) -> None:
        self.path = path
        arch = elf.get_machine_arch()
        self.machine: str = _MACHINES.get(arch, arch)
        self._elf = elf
        tags = _tags(elf)
        self.soname = next(iter(tags["soname"]), path.name)
        self.needed = tuple(tags["needed"])
        search = [part for text in tags["rpath"] + tags["runpath"] for part in text.split(":")]
        origin = str(path.parent)
        self.search = tuple(
            Path(part.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", origin))
            for part in search
            if part
        )
        self._tables: list[Any] = [
            section
            for section in elf.iter_sections()
            if isinstance(section, (GNUHashSection, ELFHashSection))
        ]

    def defines(self, name: str) -> bool:
        """Whether others may use a function or variable of this name from it."""
        found = next(filter(None, (table.get_symbol(name) for table in self._tables)), None)
        return found is not None and found["st_shndx"] != "SHN_UNDEF"

    def undefined(self) -> Iterator[tuple[str, bool]]:
        """Yield what it needs from others: each name, and whether it can do without (weak)."""
        table = self._elf.get_section_by_name(".dynsym")
        if not isinstance(table, SymbolTableSection):
            return
        for symbol in table.iter_symbols():
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name:
                yield symbol.name, symbol["st_info"]["bind"] == "STB_WEAK"

    def names(self) -> frozenset[str]:
        """Return the strings in its constants that look like functions of CANN."""
        found: set[bytes] = set()
        for section in self._elf.iter_sections():
            if section.name.startswith(".rodata"):
                found.update(_NAMES.findall(section.data()))
        return frozenset(name.decode() for name in found)


def _tags(elf: ELFFile) -> dict[str, list[str]]:
    """Return the texts of the dynamic section, by kind."""
    found: dict[str, list[str]] = {"soname": [], "needed": [], "rpath": [], "runpath": []}
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags():
                kind = str(tag.entry.d_tag)[len("DT_") :].lower()
                if kind in found:
                    found[kind].append(getattr(tag, kind))
    return found


def is_elf(path: Path) -> bool:
    """Whether a file starts as ELF files do."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"\x7fELF"
    except OSError:
        return False


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Image]:
    """Open an ELF file for the length of a ``with`` block.

    Raises:
        ToolError: it is damaged, or no ELF file.
    """
    with path.open("rb") as stream:
        try:
            image = Image(path, ELFFile(stream))
        except (ELFError, ValueError, UnicodeError) as error:
            raise ToolError(
                f"this is no program or library in ELF: {error}",
                stage=STAGE,
                path=path,
                remedy="name native programs, libraries, wheels, or folders that have some",
            ) from error
        yield image

"""Where the dynamic linker would find the libraries that a file needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ascendtorch.edge import process

#: Where linkers look without a cache, and where ldconfig is for those who have no /sbin on PATH.
_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
_LDCONFIG = ("/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig")
_SECONDS = 30.0
_WORDS = {"x86_64": "x86-64", "aarch64": "AArch64"}


class Libraries:
    """The libraries of this machine, by soname."""

    def __init__(self, folders: Iterable[Path], cached: Mapping[str, Path]) -> None:
        """Take folders to search first, and what the linker's cache has."""
        self._folders = tuple(folders)
        self._cached = cached

    def find(self, soname: str, search: Iterable[Path] = ()) -> Path | None:
        """Return the file of a library; `search` are folders that its user names."""
        for folder in (*search, *self._folders):
            if (folder / soname).is_file():
                return folder / soname
        if soname in self._cached:
            return self._cached[soname]
        return next((p for f in _FOLDERS if (p := Path(f, soname)).is_file()), None)


def parse_cache(text: str, machine: str) -> dict[str, Path]:
    """Return soname to path of what ``ldconfig -p`` prints, for one kind of machine.

    Lines are such as ``libm.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libm.so.6``; the first of
    a name counts.
    """
    found: dict[str, Path] = {}
    for match in re.finditer(r"^\s*(\S+) \(([^)]*)\) => (.+)$", text, re.MULTILINE):
        if _WORDS.get(machine, machine) in match[2].split(","):
            found.setdefault(match[1], Path(match[3]))
    return found


def system_libraries(
    machine: str, environ: Mapping[str, str], folders: Iterable[Path] = ()
) -> Libraries:
    """Return the libraries that a program started with `environ` finds."""
    named = [Path(part) for part in environ.get("LD_LIBRARY_PATH", "").split(":") if part]
    for ldconfig in _LDCONFIG:
        try:
            done = process.run([ldconfig, "-p"], timeout=_SECONDS, check=False)
        except (OSError, process.TimedOutError):
            continue
        if done.returncode == 0:
            return Libraries((*folders, *named), parse_cache(done.text, machine))
    return Libraries((*folders, *named), {})

"""The two names in a section of a patch, as git writes and quotes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.series.refusal import EXPORT, refuse

_QUOTED = re.compile(rb'"((?:[^\\"]|\\(?:[abfnrtv"\\]|[0-3][0-7]{2}))*)"')
_ESCAPES = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\'))


def section_names(path: Path, first: bytes, fields: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the names before and after the change; empty for ``/dev/null``.

    Args:
        path: the patch.
        first: the ``diff --git`` line.
        fields: the other header lines of the section, by keyword.

    Raises:
        PatchError: a name cannot be read, or lacks git's prefix.
    """
    for verb in ("rename", "copy"):
        if f"{verb} to" in fields:
            old, new = fields.get(f"{verb} from", b""), fields[f"{verb} to"]
            return unquoted(path, old), unquoted(path, new)
    if "---" in fields or "+++" in fields:
        old = fields.get("---", b"").partition(b"\t")[0]
        new = fields.get("+++", b"").partition(b"\t")[0]
    else:
        # A change of mode, or an empty file: both names stand on the first line and are equal.
        pair = first[len(b"diff --git ") :]
        old, new = pair[: len(pair) // 2], pair[len(pair) // 2 + 1 :]
    return _without_prefix(path, old, "a/"), _without_prefix(path, new, "b/")


def _without_prefix(path: Path, quoted: bytes, prefix: str) -> str:
    name = unquoted(path, quoted)
    if name == "/dev/null":
        return ""
    if not name.startswith(prefix):
        refuse(path, f"the path {name!r} does not start with {prefix!r}", EXPORT)
    return name[len(prefix) :]


def unquoted(path: Path, name: bytes) -> str:
    """Return a name without the quotes that git and diff put around an odd one.

    Raises:
        PatchError: it cannot be read.
    """
    if name.startswith(b'"'):
        match = _QUOTED.fullmatch(name)
        if match is None:
            refuse(path, f"the path {name.decode('utf-8', 'replace')} cannot be read", EXPORT)
        name = re.sub(rb"\\([0-7]{3}|.)", _unescaped, match[1])
    return name.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) if len(code) == 3 else _ESCAPES[code[0]]])

"""The hunks of one section of a patch, counted by unidiff."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as ParsedHunk
from unidiff.patch import PatchSet

from ascendtorch.series.refusal import EXPORT, refuse

#: A section as diff(1) writes it. git apply takes it wherever it stands.
PLAIN_SECTION = re.compile(rb"^--- [^\n]*\n\+\+\+ [^\n]*\n@@ -", re.MULTILINE)


@dataclass(frozen=True)
class Hunk:
    """One hunk.

    Attributes:
        start: the first line it is about, counted from 1, before the change.
        header: the ``@@ ... @@`` part of its first line.
        expected: the lines it expects there, without line feeds.
        added: how many lines it adds.
        removed: how many lines it removes.
    """

    start: int
    header: str
    expected: tuple[bytes, ...]
    added: int
    removed: int


def parse_hunks(path: Path, target: str, rest: list[bytes], *, last: bool) -> tuple[Hunk, ...]:
    """Parse what follows the header lines of a section, and account for every line of it.

    Args:
        path: the patch.
        target: the file the section is about.
        rest: the lines, without line feeds.
        last: whether the section ends the patch; a mail signature may then follow.

    Raises:
        PatchError: a hunk is truncated, or a line belongs to none.
    """
    hunks: list[Hunk] = []
    at = 0
    for parsed in _counted(path, target, rest):
        # unidiff counts blank lines after a hunk to it.
        lines = [line for line in parsed if line.line_type]
        if not rest[at].startswith(b"@@ -"):
            break
        hunks.append(
            Hunk(
                parsed.source_start,
                (rest[at].split(b" @@")[0] + b" @@").decode("latin-1"),
                tuple(
                    line.value.encode("latin-1").rstrip(b"\n")
                    for line in lines
                    if line.is_context or line.is_removed
                ),
                sum(line.is_added for line in lines),
                sum(line.is_removed for line in lines),
            )
        )
        at += 1 + len(lines)
    tail = [line for line in rest[at:] if line.strip()]
    signed = last and tail[:1] in ([b"-- "], [b"--"])
    if tail and (not signed or PLAIN_SECTION.search(b"\n".join(tail))):
        refuse(
            path,
            f"{target}: lines that belong to no hunk, from {tail[0].decode('utf-8', 'replace')!r}",
            f"correct the counts in the `@@` line before them, or {EXPORT}",
        )
    return tuple(hunks)


def _counted(path: Path, target: str, rest: list[bytes]) -> list[ParsedHunk]:
    if not rest[0].startswith(b"@@ -"):
        return []
    # Latin-1 maps every byte to one character, so unidiff can count lines in any encoding.
    text = b"\n".join(rest).decode("latin-1")
    try:
        return list(PatchSet(f"--- a\n+++ b\n{text}")[0])
    except UnidiffParseError as error:
        said = " ".join(str(error).split())
        refuse(path, f"{target}: a truncated or damaged hunk ({said})", EXPORT)

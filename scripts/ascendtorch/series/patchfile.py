"""One patch file: per target file what it says, from bytes.

The format is ``git format-patch``'s: mail headers, a message that gives the reason, and
``diff --git`` sections. Content bytes are never decoded, so that files in any encoding survive.
Every line is accounted for: git apply skips what it does not understand, and so would lose it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import sha256_bytes, unsafe_reason
from ascendtorch.series.header import Header, parse_header
from ascendtorch.series.hunks import PLAIN_SECTION, Hunk, parse_hunks
from ascendtorch.series.names import section_names
from ascendtorch.series.refusal import EXPORT, refuse

_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
_FIELD = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|rename from|rename to|copy from|copy to"
    rb"|similarity index|dissimilarity index|index|---|\+\+\+) (.*)",
    re.DOTALL,
)
_REGULAR = (b"100644", b"100755")


@dataclass(frozen=True)
class FileDiff:
    """What a patch does to one path.

    Attributes:
        path: the file after the change (before it, for a removal).
        source: the file it is renamed or copied from, if any.
        kind: ``change``, ``add``, ``delete`` or ``move``.
        new_mode: the mode the section asks for, if it does.
        body: the section's bytes, header lines included.
        hunks: what the body says, hunk by hunk.
    """

    path: str
    source: str | None
    kind: str
    new_mode: str | None
    body: bytes
    hunks: tuple[Hunk, ...]

    @property
    def changed_lines(self) -> tuple[int, int]:
        """Lines added and removed."""
        return (sum(hunk.added for hunk in self.hunks), sum(hunk.removed for hunk in self.hunks))


@dataclass(frozen=True)
class PatchFile:
    """A parsed patch; `digest` is the SHA-256 of the whole file."""

    name: str
    path: Path
    digest: str
    header: Header
    files: tuple[FileDiff, ...]


def parse_patch(path: Path, raw: bytes) -> PatchFile:
    """Parse and check a patch file.

    Raises:
        PatchError: empty, binary, not a git-style unified diff, truncated, with lines that belong
            to no hunk, without a subject, or with a path or mode that must not be written.
    """
    if not raw.strip():
        refuse(path, "the patch is empty", "remove it from the series, or restore its content")
    starts = [match.start() for match in _SECTION.finditer(raw)]
    if not starts:
        refuse(path, "not a git-style unified diff (no `diff --git` line)", EXPORT)
    if not raw.endswith(b"\n"):
        refuse(path, "the patch is cut off in its last line", EXPORT)
    head = raw[: starts[0]]
    if PLAIN_SECTION.search(head):
        refuse(path, "a section without its `diff --git` line", EXPORT)
    header = parse_header(path, head)
    files = parse_sections(path, raw[starts[0] :])
    return PatchFile(path.name, path, sha256_bytes(raw), header, files)


def parse_sections(path: Path, raw: bytes) -> tuple[FileDiff, ...]:
    """Parse and check what follows the header of a patch; nothing gives nothing.

    Raises:
        PatchError: as `parse_patch`.
    """
    starts = [match.start() for match in _SECTION.finditer(raw)]
    files: dict[str, FileDiff] = {}
    for start, end in zip(starts, [*starts[1:], len(raw)]):
        item = _section(path, raw[start:end], last=end == len(raw))
        if item.path in files:
            refuse(path, f"{item.path} is patched twice in one patch", "merge the two sections")
        files[item.path] = item
    return tuple(files.values())


def _section(path: Path, body: bytes, *, last: bool) -> FileDiff:
    lines = body.split(b"\n")
    fields, rest = _fields(path, lines)
    if rest[0].startswith((b"GIT binary patch", b"Binary files ")):
        refuse(
            path,
            f"a binary change ({lines[0].decode('utf-8', 'replace')})",
            "put the file into the overlay (pytorch_src) instead",
        )
    old, new = section_names(path, lines[0], fields)
    kind = _kind(fields)
    for name in filter(None, (old, new)):
        reason = unsafe_reason(name)
        if reason is not None:
            refuse(path, f"{reason}: {name!r}", "a patch may only name files inside the tree")
    target = old if kind == "delete" else new
    if (not old and kind != "add") or (not new and kind != "delete"):
        refuse(path, f"{old or new}: /dev/null without a `file mode` line", EXPORT)
    if kind != "move" and old and new and old != new:
        refuse(path, f"two names in one section: {old!r} and {new!r}", EXPORT)
    new_mode = _new_mode(path, target, fields)
    hunks = parse_hunks(path, target, rest, last=last)
    if not hunks and kind == "change" and new_mode is None:
        refuse(path, f"{target}: no hunk in its section", EXPORT)
    return FileDiff(target, old if kind == "move" else None, kind, new_mode, body, hunks)


def _fields(path: Path, lines: list[bytes]) -> tuple[dict[str, bytes], list[bytes]]:
    """Return the lines between ``diff --git`` and the first hunk by keyword, and what follows."""
    fields: dict[str, bytes] = {}
    for number, line in enumerate(lines):
        if line.endswith(b"\r") and not line.startswith(b"@@"):
            refuse(
                path,
                "the patch's own lines end in CRLF",
                "convert it to LF; only lines of a patched file that ends its lines in CRLF do so",
            )
        match = _FIELD.fullmatch(line)
        if match is not None:
            word = match[1].decode()
            if word in fields:
                refuse(path, f"`{word}` stands twice in one section", EXPORT)
            fields[word] = match[2]
        elif number > 0:
            return fields, lines[number:]
    return fields, [b""]


def _kind(fields: dict[str, bytes]) -> str:
    if "new file mode" in fields:
        return "add"
    if "deleted file mode" in fields:
        return "delete"
    return "move" if "rename to" in fields or "copy to" in fields else "change"


def _new_mode(path: Path, target: str, fields: dict[str, bytes]) -> str | None:
    words = ("old mode", "new mode", "deleted file mode", "new file mode")
    modes = [fields[word] for word in words if word in fields]
    for mode in modes + fields.get("index", b"").split(b" ")[1:]:
        if mode not in _REGULAR:
            refuse(
                path,
                f"{target}: mode {mode.decode('latin-1')} (a symbolic link or a submodule)",
                "patches change regular files only",
            )
    wanted = fields.get("new file mode", fields.get("new mode"))
    return None if wanted is None else wanted.decode()

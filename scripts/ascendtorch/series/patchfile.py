"""One patch file: its header, and per target file what it says, from bytes.

The format is ``git format-patch``'s: mail headers, a message that gives the reason, and
``diff --git`` sections. Content bytes are never decoded, so that files in any encoding survive.
"""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import NoReturn

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from ascendtorch.edge.files import sha256_bytes, unsafe_reason
from ascendtorch.edge.git import Signature
from ascendtorch.errors import PatchError

_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_ESCAPES = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
#: Header line by which a patch declares that its hunks may have moved.
OFFSET_FIELD = "Allow-Offset"


@dataclass(frozen=True)
class Header:
    """Who wrote a patch, when, what it is about and why."""

    subject: str
    reason: str
    author: Signature
    allow_offset: bool

    @property
    def message(self) -> str:
        """The commit message."""
        body = f"\n\n{self.reason}" if self.reason else ""
        return f"{self.subject}{body}\n"


@dataclass(frozen=True)
class FileDiff:
    """What a patch does to one path.

    Attributes:
        path: the file after the change (before it, for a removal).
        source: the file it is renamed or copied from, if any.
        kind: ``change``, ``add``, ``delete`` or ``move``.
        new_mode: the mode the section asks for, if it does.
        body: the section's bytes, header lines included.
    """

    path: str
    source: str | None
    kind: str
    new_mode: str | None
    body: bytes

    @property
    def hunk_count(self) -> int:
        """How many hunks there are."""
        return len(_HUNK.findall(self.body))

    @property
    def changed_lines(self) -> tuple[int, int]:
        """Lines added and removed."""
        lines = self.body.split(b"\n")
        start = next((i for i, line in enumerate(lines) if line.startswith(b"@@ ")), len(lines))
        body = lines[start:]
        return (sum(x.startswith(b"+") for x in body), sum(x.startswith(b"-") for x in body))


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
        PatchError: empty, binary, not a git-style unified diff, truncated, without a subject, or
            with a path or mode that must not be written.
    """
    first = _SECTION.search(raw)
    if not raw.strip():
        _refuse(path, "the patch is empty", "remove it from the series, or restore its content")
    if first is None:
        _refuse(
            path,
            "not a git-style unified diff (no `diff --git` line)",
            "make it with `git format-patch --zero-commit --full-index --no-signature`",
        )
    header = _header(path, raw[: first.start()])
    starts = [match.start() for match in _SECTION.finditer(raw)]
    files = tuple(
        _section(path, raw[start:end]) for start, end in zip(starts, [*starts[1:], len(raw)])
    )
    _check_hunks(path, raw, first.start(), files)
    _check_twice(path, files)
    return PatchFile(path.name, path, sha256_bytes(raw), header, files)


def _refuse(path: Path, cause: str, remedy: str) -> NoReturn:
    raise PatchError(cause, stage="patch", path=path, remedy=remedy)


def _header(path: Path, raw: bytes) -> Header:
    # The mbox separator line is not a mail header.
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    mail = BytesParser(policy=email.policy.compat32).parsebytes(raw)
    subject = _decoded(mail.get("Subject", ""))
    subject = re.sub(r"^\[[^\]]*\]\s*", "", " ".join(subject.split()))
    if not subject:
        _refuse(path, "the patch has no Subject", "add a header that says what it does and why")
    name, address = parseaddr(_decoded(mail.get("From", "")))
    date = mail.get("Date")
    if not address or date is None:
        _refuse(path, "the header lacks From or Date", "export it with `git format-patch`")
    try:
        moment = parsedate_to_datetime(str(date))
        stamp = f"{int(moment.timestamp())} {moment.strftime('%z') or '+0000'}"
    except (TypeError, ValueError):
        _refuse(path, f"the Date {date!r} cannot be read", "write it as in RFC 5322")
    payload = mail.get_payload(decode=True)
    body = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    reason = re.split(r"^---\s*$", body, maxsplit=1, flags=re.MULTILINE)[0].strip()
    allow = str(mail.get(OFFSET_FIELD, "no")).strip().lower() == "yes"
    return Header(subject, reason, Signature(name or address, address, stamp), allow)


def _decoded(value: object) -> str:
    from email.header import decode_header, make_header  # noqa: PLC0415

    return str(make_header(decode_header(str(value))))


def _section(path: Path, body: bytes) -> FileDiff:
    head = body.split(b"\n@@ ", 1)[0].split(b"\n")
    fields = {key: value for key, value in map(_keyword, head[1:]) if key}
    if any(line.startswith((b"GIT binary patch", b"Binary files ")) for line in head):
        _refuse(
            path,
            f"a binary change ({_show(head[0])})",
            "put the file into the overlay (pytorch_src) instead",
        )
    old, new = _names(path, head[0], fields)
    kind, target, source = "change", new, None
    if "new file mode" in fields:
        kind = "add"
    elif "deleted file mode" in fields:
        kind, target = "delete", old
    elif "rename to" in fields or "copy to" in fields:
        kind, source = "move", old
    for name in filter(None, (old, new)):
        reason = unsafe_reason(name)
        if reason is not None:
            _refuse(path, f"{reason}: {name!r}", "a patch may only name files inside the tree")
    mode = fields.get("new file mode") or fields.get("new mode")
    new_mode = mode.decode() if mode else None
    if new_mode not in (None, "100644", "100755"):
        _refuse(
            path,
            f"{target}: mode {new_mode} (a symbolic link or a submodule)",
            "patches change regular files only",
        )
    if b"@@ " not in body and kind == "change" and new_mode is None:
        _refuse(path, f"{target}: no hunk in its section", "export the patch again")
    return FileDiff(target, source, kind, new_mode, body)


def _keyword(line: bytes) -> tuple[str, bytes]:
    for word in (
        "old mode",
        "new mode",
        "deleted file mode",
        "new file mode",
        "rename from",
        "rename to",
        "copy from",
        "copy to",
        "---",
        "+++",
    ):
        if line.startswith(word.encode() + b" "):
            return word, line[len(word) + 1 :].rstrip(b"\r\n")
    return "", b""


def _names(path: Path, first: bytes, fields: dict[str, bytes]) -> tuple[str, str]:
    if "rename to" in fields or "copy to" in fields:
        old = fields.get("rename from", fields.get("copy from", b""))
        return _unquote(old), _unquote(fields.get("rename to", fields.get("copy to", b"")))
    old = fields.get("---", b"/dev/null").partition(b"\t")[0]
    new = fields.get("+++", b"/dev/null").partition(b"\t")[0]
    if old == new == b"/dev/null":
        # A change of mode, or an empty file: both names stand on the first line and are equal.
        pair = first[len(b"diff --git ") :].rstrip(b"\r\n")
        old, new = pair[: len(pair) // 2], pair[len(pair) // 2 + 1 :]
    names = []
    for name, prefix in ((_unquote(old), "a/"), (_unquote(new), "b/")):
        if name == "/dev/null":
            names.append("")
        elif not name.startswith(prefix):
            _refuse(
                path,
                f"the path {name!r} does not start with {prefix!r}",
                "export the patch with git's default prefixes",
            )
        else:
            names.append(name[2:])
    old_name, new_name = names
    return old_name or new_name, new_name or old_name


def _unquote(name: bytes) -> str:
    if name.startswith(b'"') and name.endswith(b'"'):
        name = re.sub(
            rb"\\([0-7]{3}|.)",
            lambda m: _ESCAPES.get(m[1]) or (bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1]),
            name[1:-1],
        )
    return name.decode("utf-8", "surrogateescape")


def _check_hunks(path: Path, raw: bytes, start: int, files: tuple[FileDiff, ...]) -> None:
    # Latin-1 maps every byte to one character, so unidiff can count lines in any encoding.
    try:
        parsed = PatchSet(raw[start:].decode("latin-1"))
    except UnidiffParseError as error:
        _refuse(path, f"a truncated or damaged hunk ({error})", "export the patch again")
    expected = sum(item.hunk_count for item in files)
    found = sum(len(item) for item in parsed)
    if expected != found:
        _refuse(
            path, f"{expected} hunks are announced and {found} are whole", "export the patch again"
        )


def _check_twice(path: Path, files: tuple[FileDiff, ...]) -> None:
    seen: set[str] = set()
    for item in files:
        if item.path in seen:
            _refuse(path, f"{item.path} is patched twice in one patch", "merge the two sections")
        seen.add(item.path)


def _show(line: bytes) -> str:
    return line.decode("utf-8", "replace")

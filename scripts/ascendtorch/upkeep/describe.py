"""What a text before a diff says: subject, reason, author and date, however it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from ascendtorch.errors import PatchError
from ascendtorch.series.header import parse_header

_FIELD = re.compile(r"([A-Z][A-Za-z-]*): ?(.*)")
_MAIL = re.compile(rb"^(From |(From|Subject|Date): )", re.MULTILINE)


@dataclass(frozen=True)
class Description:
    """Who changed something, when (git's raw date), what it is about and why."""

    subject: str
    reason: str
    name: str = ""
    address: str = ""
    date: str = ""


def describe(path: Path, head: bytes) -> Description:
    """Read a description; a file without one is called by its name."""
    if _MAIL.match(head):
        try:
            header = parse_header(path, head)
        except PatchError:
            pass
        else:
            author = header.author
            return Description(
                header.subject, header.reason, author.name, author.email, author.date
            )
    # Text from here on is people's own; what a patch's message may not hold is left out.
    lines = head.decode("utf-8", "replace").replace("\r", "").split("\n")
    lines = [line for line in lines if not re.match(r"(Index: |=====|diff |---$)", line)]
    fields, rest = _fields(lines)
    subject = fields.get("Subject") or fields.get("Description") or ""
    first, _, more = subject.partition("\n")
    if not first:
        text = "\n".join(rest).strip()
        first, _, more = text.partition("\n")
        rest = []
    name, address = parseaddr(fields.get("From") or fields.get("Author") or "")
    reason = "\n\n".join(filter(None, (more.strip(), "\n".join(rest).strip())))
    return Description(" ".join(first.lstrip("# ").split()), reason, name, address)


def _fields(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Read the fields of a quilt or Debian header (DEP-3); the rest is free text."""
    fields: dict[str, str] = {}
    last = None
    for number, line in enumerate(lines):
        match = _FIELD.match(line)
        if match is not None and " " not in match[1]:
            last = match[1]
            fields[last] = match[2].strip()
        elif last is not None and line.startswith((" ", "\t")):
            text = line.strip()
            fields[last] += "\n" + ("" if text == "." else text)
        elif line.strip() or last is None:
            return fields, lines[number:] if fields else lines
    return fields, []

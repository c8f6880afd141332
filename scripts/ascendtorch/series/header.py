"""The head of a patch file: who wrote it, when, what it is about and why."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import Parser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from ascendtorch.edge.git import Signature
from ascendtorch.series.refusal import EXPORT, refuse

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


def parse_header(path: Path, raw: bytes) -> Header:
    """Parse what stands before the first ``diff --git``: mail headers and a message.

    Raises:
        PatchError: there is no Subject, From or Date, the date cannot be read, or the message is
            not plain text.
    """
    # The mbox separator line is not a mail header.
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    mail = Parser().parsestr(raw.decode("utf-8", "replace"))
    subject = " ".join(_decoded(mail["Subject"]).split())
    subject = re.sub(r"^\[[^\]]*PATCH[^\]]*\]\s*", "", subject)
    if not subject:
        refuse(path, "the patch has no Subject", "add a header that says what it does and why")
    name, address = parseaddr(str(mail["From"] or ""))
    if not address or mail["Date"] is None:
        refuse(path, "the header lacks From or Date", EXPORT)
    encoding = str(mail.get("Content-Transfer-Encoding", "8bit")).strip().lower()
    if mail.get_content_type() != "text/plain" or encoding not in ("7bit", "8bit", "binary"):
        refuse(path, "the message is encoded or has attachments", EXPORT)
    message = str(mail.get_payload())
    reason = re.split(r"^---\s*$", message, maxsplit=1, flags=re.MULTILINE)[0].strip()
    return Header(
        subject,
        reason,
        Signature(_decoded(name) or address, address, _stamp(path, str(mail["Date"]))),
        str(mail.get(OFFSET_FIELD, "no")).strip().lower() == "yes",
    )


def _decoded(value: str | None) -> str:
    """Undo the encoding of words (RFC 2047); text that pretends to be encoded stays as it is."""
    text = value or ""
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text


def _stamp(path: Path, date: str) -> str:
    """Return a mail date in git's raw form."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError):
        refuse(path, f"the Date {date!r} cannot be read", "write it as in RFC 5322")
    if moment.tzinfo is None:
        # The zone -0000 says "UTC, place unknown", and Python takes it for the machine's own zone.
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return f"{int(moment.timestamp())} {moment.strftime('%z')}"

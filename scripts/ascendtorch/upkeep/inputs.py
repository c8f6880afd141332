"""What may be imported: a diff, a mailbox of `git format-patch`, a quilt series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import sha256_bytes, unsafe_reason
from ascendtorch.series.refusal import refuse
from ascendtorch.upkeep.describe import Description, describe
from ascendtorch.upkeep.rawdiff import RawDiff, scan

_MESSAGE = re.compile(rb"^From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """One change to import.

    Attributes:
        name: the file's, with the number of the message in a mailbox.
        kind: ``diff``, ``mail`` or ``quilt``.
        level: how many folders its names have too many; None where that must be found out.
    """

    path: Path
    name: str
    kind: str
    level: int | None
    text: Description
    diff: RawDiff


def read_inputs(paths: tuple[Path, ...]) -> tuple[list[Change], list[str]]:
    """Read everything, in order; return the changes and what was left out and why.

    Raises:
        PatchError: something is not a change that can be imported without loss.
    """
    changes: list[Change] = []
    notes: list[str] = []
    for path in paths:
        series = _series_file(path)
        if series is not None:
            changes += _quilt(series, notes)
        elif path.is_dir():
            refuse(path, "a folder without a series file", "name the files, or a quilt folder")
        else:
            changes += _file(path, notes)
    if not changes:
        refuse(paths[0], "there is no change in it", "name a file with a diff")
    return changes, notes


def _series_file(path: Path) -> Path | None:
    if path.is_dir():
        places = (path / "series", path / "patches/series", path / "debian/patches/series")
        return next((place for place in places if place.is_file()), None)
    return path if path.name == "series" else None


def _file(path: Path, notes: list[str]) -> list[Change]:
    raw = path.read_bytes()
    starts = [match.start() for match in _MESSAGE.finditer(raw)]
    if not starts or raw[: starts[0]].strip():
        text, diff = _read(path, raw)
        return [Change(path, path.name, "diff", None, text, diff)]
    found = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(raw)]), 1):
        name = path.name if len(starts) == 1 else f"{path.name} message {number}"
        message = raw[start:end]
        if not re.search(rb"^(diff --git |--- )[^\n]*\n", message, re.MULTILINE):
            notes.append(f"{name} has no diff (a cover letter?) and is left out")
            continue
        diff = scan(path, message)
        found.append(Change(path, name, "mail", None, describe(path, diff.head), diff))
    return found


def _read(path: Path, raw: bytes) -> tuple[Description, RawDiff]:
    diff = scan(path, raw)
    text = describe(path, diff.head)
    if text.subject:
        return text, diff
    note = f"Imported from {path.name} (SHA-256 {sha256_bytes(raw)[:16]})."
    return Description(f"import {path.stem}", text.reason or note), diff


def _quilt(series: Path, notes: list[str]) -> list[Change]:
    found = []
    for number, line in enumerate(series.read_text("utf-8-sig").split("\n"), 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        name, *options = words
        where = Path(f"{series}:{number}")
        if unsafe_reason(name) is not None:
            refuse(where, f"{name!r} is not the name of a patch", "correct the line")
        level = 1
        # `-p 0` and `-p0` are the same; -pab says that names begin with a/ and b/.
        for option in re.split(r"\s+(?=-)", " ".join(options)) if options else ():
            match = re.fullmatch(r"-p ?(\d+|ab)", option)
            if match is None:
                refuse(where, f"the option {option} is not known", "only -pN can be imported")
            level = 1 if match[1] == "ab" else int(match[1])
        path = series.parent / name
        if not path.is_file():
            refuse(where, f"{name} is listed but does not exist", "restore it")
        raw = path.read_bytes()
        if not raw.strip():
            notes.append(f"{name} is empty and is left out")
            continue
        text, diff = _read(path, raw)
        found.append(Change(path, name, "quilt", level, text, diff))
    return found

"""Changing several files of a version's folder at once: a kill at any moment leaves all or none.

What is to be written is put into one journal file first, by rename. From then on that is what the
folder holds, for whoever reads it through `read`; `complete` brings the files themselves up to it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ascendtorch.edge import files
from ascendtorch.edge.files import read_json, sha256_bytes, unsafe_reason, write_atomic, write_json
from ascendtorch.errors import EditedError, StateError

STAGE = "patch"
#: Not named like scratch files, which `files.sweep` removes.
JOURNAL = ".series-change.json"
_SCHEMA = 1

#: Content by file name; None for a file that goes.
Contents = Mapping[str, Optional[bytes]]


@dataclass(frozen=True)
class Pending:
    """A change that was decided and perhaps cut off: digests before it, and contents after it."""

    before: dict[str, str | None]
    after: dict[str, bytes | None]


def pending(folder: Path) -> Pending | None:
    """Return the change that the folder's journal holds, if there is one.

    Raises:
        StateError: it is damaged, or written by a newer tool.
    """
    path = folder / JOURNAL
    value = read_json(path, schema=_SCHEMA, stage=STAGE)
    if value is None:
        return None
    try:
        before, after = dict(value["before"]), dict(value["after"])
        if set(before) != set(after) or any(unsafe_reason(name) for name in after):
            raise ValueError("names")
        texts = {name: text for name, text in after.items() if text is not None}
        contents = {name: base64.b64decode(text, validate=True) for name, text in texts.items()}
        return Pending(before, {name: contents.get(name) for name in after})
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise StateError(
            "the journal of a change to the series is damaged",
            stage=STAGE,
            path=path,
            remedy="delete this file, then see with `git status` what the folder holds",
        ) from error


def read(folder: Path, name: str, change: Pending | None) -> bytes | None:
    """Return what a file of the folder holds, a decided `change` included; None where it is not."""
    if change is not None and name in change.after:
        return change.after[name]
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def names(folder: Path, pattern: str, change: Pending | None) -> set[str]:
    """Return which files there are below the folder, a decided `change` included."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob(pattern)}
    if change is not None:
        found -= {name for name, data in change.after.items() if data is None}
        found |= {n for n, d in change.after.items() if d is not None and Path(n).match(pattern)}
    return found


def rewrite(folder: Path, contents: Contents) -> int:
    """Give files new contents, all or none; return how many really change.

    Raises:
        EditedError: a change that was cut off cannot be completed.
    """
    complete(folder)
    now = {name: read(folder, name, None) for name in contents}
    changed = {name: data for name, data in contents.items() if now[name] != data}
    if not changed:
        return 0
    write_json(
        folder / JOURNAL,
        {
            "schema": _SCHEMA,
            "before": {name: _digest(now[name]) for name in changed},
            "after": {
                name: None if data is None else base64.b64encode(data).decode()
                for name, data in changed.items()
            },
        },
    )
    complete(folder)
    return len(changed)


def complete(folder: Path) -> bool:
    """Finish a change that was cut off; return whether there was one.

    Raises:
        EditedError: a file was changed by a person since.
    """
    change = pending(folder)
    if change is None:
        return False
    _refuse_edits(folder, change)
    folders = {(folder / name).parent for name in change.after}
    files.sweep(place for place in folders if place.is_dir())
    for name, data in change.after.items():
        if data is None:
            (folder / name).unlink(missing_ok=True)
        elif read(folder, name, None) != data:
            write_atomic(folder / name, data)
    (folder / JOURNAL).unlink()
    return True


def _refuse_edits(folder: Path, change: Pending) -> None:
    for name, data in change.after.items():
        found = _digest(read(folder, name, None))
        if found not in (change.before[name], _digest(data)):
            raise EditedError(
                "changed by hand after a run was cut off that was about to write it",
                stage=STAGE,
                path=folder / name,
                remedy=f"keep a copy and put the file back as it was, or delete {folder / JOURNAL} "
                "to give up what that run wanted to write",
            )


def _digest(data: bytes | None) -> str | None:
    return None if data is None else sha256_bytes(data)

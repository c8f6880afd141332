"""The functions that the emulator exports and refuses, from the list they are compiled from."""

from __future__ import annotations

import re
from pathlib import Path

from ascendtorch.errors import SpecError

FILE = "pytorch_src/npu/emulator/runtime/api/unsupported.def"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_ENTRY = re.compile(rf"UNSUPPORTED\(\s*(\w+)\s*,\s*\w+\s*,\s*({_TEXT}(?:\s*{_TEXT})*)\s*\)")


def unsupported_functions(root: Path) -> dict[str, str]:
    """Return function to reason, in the order of the list.

    Raises:
        SpecError: the list is missing, or something in it is no entry.
    """
    path = root / FILE
    try:
        text = _COMMENT.sub("", path.read_text("utf-8"))
    except OSError as error:
        raise SpecError(
            f"the list cannot be read: {error.strerror}",
            stage="emulate",
            path=path,
            remedy="use a complete copy of the sources",
        ) from error
    rest = _ENTRY.sub("", text).strip()
    if rest:
        raise SpecError(
            f"this is no entry: {rest.splitlines()[0]}",
            stage="emulate",
            path=path,
            remedy='write UNSUPPORTED(name, result, "why")',
        )
    return {
        match[1]: "".join(re.findall(_TEXT, match[2])).replace('\\"', '"')
        for match in _ENTRY.finditer(text)
    }

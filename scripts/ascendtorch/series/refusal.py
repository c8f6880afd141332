"""How a patch file is refused."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from ascendtorch.errors import PatchError

#: The remedy where git would have written the file otherwise.
EXPORT = "export the patch again with `git format-patch --zero-commit --full-index --no-signature`"


def refuse(path: Path, cause: str, remedy: str) -> NoReturn:
    """Raise a `PatchError` about a file of the series."""
    raise PatchError(cause, stage="patch", path=path, remedy=remedy)

"""Receipts: what a stage did to this tree, kept beside it so that a re-run does what is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ascendtorch.edge.files import read_json, write_json
from ascendtorch.errors import StateError

SCHEMA = 1
_FIELDS: dict[str, dict[str, type]] = {
    "fetch": {"version": str, "base": str, "modules": dict},
    "patch": {"bases": dict, "links": list},
    "export": {"patches": list, "heads": dict},
    "overlay": {"files": dict, "head": str},
    "codegen": {"files": dict},
    "kernels": {"files": dict},
}


def load(state: Path, stage: str) -> dict[str, Any] | None:
    """Return a stage's receipt, or None.

    Raises:
        StateError: damaged, or written by a newer tool.
    """
    path = state / f"{stage}.json"
    receipt = read_json(path, schema=SCHEMA, stage=stage)
    for name, kind in _FIELDS.get(stage, {}).items():
        if receipt is not None and not isinstance(receipt.get(name), kind):
            raise StateError(
                f"the state file is damaged (no {name} of the right kind)",
                stage=stage,
                path=path,
                remedy="delete this file; the step it records is then checked and done again",
            )
    return receipt


def save(state: Path, stage: str, **fields: Any) -> None:
    """Write a stage's receipt; unchanged content is not written again."""
    write_json(state / f"{stage}.json", {"schema": SCHEMA, **fields})

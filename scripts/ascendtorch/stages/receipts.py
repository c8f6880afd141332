"""Receipts: what a stage did to this tree, kept beside it so that a re-run does what is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ascendtorch.edge.files import read_json, write_json

SCHEMA = 1


def load(state: Path, stage: str) -> dict[str, Any] | None:
    """Return a stage's receipt, or None.

    Raises:
        StateError: damaged, or written by a newer tool.
    """
    return read_json(state / f"{stage}.json", schema=SCHEMA, stage=stage)


def save(state: Path, stage: str, **fields: Any) -> None:
    """Write a stage's receipt; unchanged content is not written again."""
    write_json(state / f"{stage}.json", {"schema": SCHEMA, **fields})

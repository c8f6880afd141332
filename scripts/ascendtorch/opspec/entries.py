"""The entries of the op spec as they are written, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.spec.reader import Value, check_schema

STAGE = "codegen"
SCHEMA = 1
HANDWRITTEN = "handwritten"


@dataclass(frozen=True)
class Entry:
    """One operator of a file of the spec.

    Attributes:
        op: ATen's name of the function.
        category: ``handwritten`` or the name of a template.
        value: where it is written, for messages.
        fields: the other keys, whose meaning is the category's.
        file: the name of its file without the ending.
        left_out: overloads that it lists and the release at hand is built without.
    """

    op: str
    category: str
    value: Value
    fields: dict[str, Value]
    file: str
    left_out: frozenset[str] = frozenset()


def load_file(path: Path) -> tuple[Entry, ...]:
    """Read one file of the spec.

    Raises:
        SpecError: it is not YAML, or not of the form ``schema: 1``, ``operators: [...]``.
    """
    value = Value.load(path, stage=STAGE)
    fields = value.fields("schema", "operators")
    check_schema(fields["schema"], SCHEMA)
    entries = []
    for item in fields["operators"].items():
        keys = item.mapping()
        for needed in ("op", "category"):
            if needed not in keys:
                item.fail(f"lacks the key `{needed}`", f"add `{needed}`")
        op = keys.pop("op").matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an ATen function")
        category = keys.pop("category").text()
        entries.append(Entry(op, category, item, keys, path.stem))
    return tuple(entries)

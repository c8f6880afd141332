"""What becomes of the op spec's operators at another release, from upstream's list of functions.

Nothing is compiled and no generator is run: ``native_functions.yaml`` has one line ``- func:`` for
each overload, and the line is its signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: Where every release has the list.
FUNCTIONS = "aten/src/ATen/native/native_functions.yaml"
_FUNC = re.compile(r"^- func: *(.+?) *$", re.MULTILINE)

#: What can happen to an overload, and what that means for a build.
KINDS = {
    "removed": "upstream has it no longer: its kernel cannot be registered",
    "changed": "its signature is another: its kernel may not compile",
    "joined": "new: it falls back to the CPU or to other operators until the spec has it",
}


@dataclass(frozen=True)
class Wanted:
    """An operator of the spec; `overloads` None where it covers all that there are."""

    op: str
    overloads: tuple[str, ...] | None
    where: str


@dataclass(frozen=True)
class Change:
    """What became of one overload; a signature is None where the release does not have it."""

    op: str
    overload: str
    kind: str
    before: str | None
    after: str | None
    where: str

    def as_json(self) -> dict[str, Any]:
        """The change as data."""
        return dict(vars(self))


def signatures(text: str) -> dict[str, str]:
    """Return the signature of each overload of a ``native_functions.yaml``, by name."""
    lines = (match[1].strip("'\"") for match in _FUNC.finditer(text))
    return {line.partition("(")[0].strip(): line for line in lines}


def root(overload: str) -> str:
    """Return the function of an overload: ``add`` of ``add_.Tensor``, ``__iand__`` of its own."""
    base = overload.partition(".")[0]
    return base[:-1] if base.endswith("_") and not base.endswith("__") else base


def drift(
    wanted: Iterable[Wanted], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Change, ...]:
    """Compare the overloads of every wanted operator at two releases."""
    families: dict[str, list[str]] = {}
    for name in sorted({*before, *after}):
        for family in {name.partition(".")[0], root(name)}:
            families.setdefault(family, []).append(name)
    changes: dict[str, Change] = {}
    for operator in wanted:
        for name in families.get(operator.op, ()):
            old, new = before.get(name), after.get(name)
            listed = operator.overloads is None or name in operator.overloads
            if old is None:
                kind = "joined"
            elif not listed or old == new:
                continue
            else:
                kind = "removed" if new is None else "changed"
            # Several entries may share a function.
            changes.setdefault(name, Change(operator.op, name, kind, old, new, operator.where))
    return tuple(changes.values())

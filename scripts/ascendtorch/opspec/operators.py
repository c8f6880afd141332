"""The operators of AscendCL that kernels may use: parameters, types and attributes.

They lie in ``templates/kernels/operators.json``, which is made from the table of docs/emulator.md:

    python -m ascendtorch.opspec.operators

writes it anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.edge import files
from ascendtorch.errors import SpecError

DOCUMENT = Path("docs/emulator.md")
TABLE = "operators.json"
_STAGE = "codegen"
_BREAK = "<br>"
_NAMES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "bool": "bool",
    "c64": "complex64",
    "c128": "complex128",
}


@dataclass(frozen=True)
class Parameter:
    """An input or output.

    Attributes:
        types: of torch, those it takes; of a parameter that must have another's type, that one's.
    """

    name: str
    types: tuple[str, ...]
    optional: bool
    dynamic: bool


@dataclass(frozen=True)
class Operator:
    """One operator of AscendCL.

    Attributes:
        attributes: by name the kind (``int``, ``list of float``, ...) and whether it must be given.
    """

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    attributes: Mapping[str, tuple[str, bool]]


def load_operators(path: Path) -> dict[str, Operator]:
    """Read the table.

    Raises:
        SpecError: it is missing or damaged.
    """
    try:
        table = json.loads(path.read_bytes())
        return {name: _operator(name, entry) for name, entry in table.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError(
            f"the table of AscendCL's operators cannot be read: {error}",
            stage=_STAGE,
            path=path,
            remedy="restore it from version control, or make it anew with "
            "`python -m ascendtorch.opspec.operators`",
        ) from error


def _operator(name: str, entry: Mapping[str, Any]) -> Operator:
    return Operator(
        name,
        _parameters(entry["inputs"], []),
        _parameters(entry["outputs"], entry["inputs"]),
        {key: (kind, bool(needed)) for key, (kind, needed) in entry["attributes"].items()},
    )


def _parameters(
    entries: list[tuple[str, str]], before: list[tuple[str, str]]
) -> tuple[Parameter, ...]:
    # An output may have an input's name, and its type is then that input's.
    words = {name.rstrip("?."): text for name, text in [*entries, *before]}
    found = []
    for written, text in entries:
        spelled = text
        for _ in words:
            spelled = words.get(spelled.removeprefix("as "), spelled)
        types = tuple(_NAMES[word] for word in spelled.split() if word in _NAMES)
        name = written.rstrip("?.")
        found.append(Parameter(name, types, "?" in written, written.endswith("...")))
    return tuple(found)


def table_of(document: str) -> dict[str, Any]:
    """Read the operators of AscendCL's graph engine from the text of docs/emulator.md."""
    table = {}
    _, _, rest = document.partition("<!-- begin: operators -->")
    for line in rest.partition("<!-- end: operators -->")[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 5 or not cells[0].startswith("`") or cells[0].startswith("`aclnn"):
            continue
        table[cells[0].strip("`")] = {
            "inputs": [_pair(text) for text in cells[1].split(_BREAK) if text],
            "outputs": [_pair(text) for text in cells[2].split(_BREAK) if text],
            "attributes": dict(_attribute(text) for text in cells[3].split(_BREAK) if text),
        }
    return table


def _pair(text: str) -> tuple[str, str]:
    name, _, types = text.partition(": ")
    return name, types


def _attribute(text: str) -> tuple[str, tuple[str, bool]]:
    name, _, rest = text.partition(": ")
    kind, default, _ = rest.partition(" = ")
    return name, (kind.partition(" (")[0], not default)


def render_table(document: str) -> bytes:
    """Return the content of the table's file."""
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(table_of(document).items())]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def main() -> int:
    """Write the table of the checkout around us anew."""
    root = Path(__file__).resolve().parents[3]
    target = root / "templates" / "kernels" / TABLE
    document = (root / DOCUMENT).read_text("utf-8")
    files.write_if_changed(target, render_table(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())

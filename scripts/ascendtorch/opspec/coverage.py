"""What runs natively: of a whole release, and of what a program calls."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import process
from ascendtorch.errors import SpecError, ToolError
from ascendtorch.opspec.spec import OpSpec

STAGE = "ops"
NATIVE, COMPOSITE, FALLBACK, MISSING = "native", "composite", "fallback", "missing"
STATES = (NATIVE, COMPOSITE, FALLBACK, MISSING)
_RECORDER = Path(__file__).with_name("recorder.py")


@dataclass(frozen=True)
class Row:
    """What becomes of one overload.

    Attributes:
        state: ``native`` by a kernel of ours, ``composite`` by other operators, ``fallback`` on the
            CPU, ``missing`` where the release has no such operator.
        acl: the operators of AscendCL that a native kernel launches.
        dtypes: what it takes natively.
        calls: how often a program called it; 0 where none was run.
    """

    name: str
    state: str
    acl: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    calls: int = 0

    def as_json(self) -> dict[str, object]:
        """The same as data."""
        return asdict(self)


def all_rows(spec: OpSpec) -> list[Row]:
    """Return every overload of the release, by name."""
    return [row_of(spec, name) for name in sorted(spec.schema.overloads)]


def row_of(spec: OpSpec, name: str, calls: int = 0) -> Row:
    """Say what becomes of an overload, such as ``add.Tensor``, or of a function, ``add.*``."""
    if name.endswith(".*"):
        return _row_of_function(spec, name, calls)
    kernel = spec.by_name.get(name)
    if kernel is not None:
        return Row(name, NATIVE, kernel.acl, kernel.dtypes, calls)
    overload = spec.schema.overloads.get(name)
    if overload is None:
        return Row(name, MISSING, calls=calls)
    composite = overload.composite or overload.delegate in spec.by_name
    return Row(name, COMPOSITE if composite else FALLBACK, calls=calls)


def _row_of_function(spec: OpSpec, name: str, calls: int) -> Row:
    """Say what becomes of a function of which the overload is not known: the best of them."""
    base = name[: -len(".*")]
    rows = [row_of(spec, one.name) for one in spec.schema.overloads.values() if one.base == base]
    best = [row for state in STATES for row in rows if row.state == state]
    if not best:
        return Row(name, MISSING, calls=calls)
    alike = [row for row in rows if row.state == best[0].state]
    acl = tuple(dict.fromkeys(operator for row in alike for operator in row.acl))
    dtypes = tuple(dict.fromkeys(dtype for row in alike for dtype in row.dtypes))
    return Row(name, best[0].state, acl, dtypes, calls)


def program_rows(spec: OpSpec, called: Mapping[str, int]) -> list[Row]:
    """Say what becomes of the operators that a program called, the worst first.

    Those of the profiler compute nothing and are left out.
    """
    computing = {name: calls for name, calls in called.items() if "profiler" not in name}
    rows = [row_of(spec, _bare(name), calls) for name, calls in computing.items()]
    return sorted(rows, key=lambda row: (-STATES.index(row.state), -row.calls, row.name))


def _bare(name: str) -> str:
    """Bring ``aten::add.Tensor``, ``aten.add.Tensor`` and ``add.default`` to the spec's names."""
    bare = re.sub(r"^(torch\.ops\.)?aten(::|\.)", "", name)
    return bare.removesuffix(".default")


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Count the rows of each state."""
    return {state: sum(row.state == state for row in rows) for state in STATES}


def run_program(
    python: Path,
    program: Sequence[str],
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
) -> tuple[dict[str, int], str]:
    """Run a Python program and return the operators it called, and what it failed with, if it did.

    Args:
        on_line: takes what it prints, line by line.

    Raises:
        ToolError: it cannot be run, or its Python has no torch.
    """
    with tempfile.TemporaryDirectory(prefix="ascendtorch-") as scratch:
        result = Path(scratch) / "operators.json"
        argv = [str(python), str(_RECORDER), str(result), *program]
        code = process.stream(argv, on_line=on_line, env=environ)
        try:
            found = json.loads(result.read_bytes())
        except (OSError, ValueError) as error:
            raise ToolError(
                f"the program could not be followed: {process.describe_exit(code)}",
                stage=STAGE,
                path=program[0],
                remedy="run it by itself first; --python names the Python that has its torch",
            ) from error
    return dict(found["operators"]), str(found["failure"])


def read_saved(path: Path) -> dict[str, int]:
    """Read a list of operators: one a line, or the JSON that ``--json`` prints.

    Raises:
        SpecError: it is neither.
    """
    try:
        text = path.read_text("utf-8")
        if text.lstrip().startswith("{"):
            return {row["name"]: int(row["calls"]) for row in json.loads(text)["operators"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(
            f"no list of operators can be read from it: {error}",
            stage=STAGE,
            path=path,
            remedy="write one operator a line, such as aten::add.Tensor, or save what "
            "`ascendtorch ops coverage --script ... --json` prints",
        ) from error
    words = [line.partition("#")[0].strip() for line in text.splitlines()]
    for number, word in enumerate(words, 1):
        if word and re.fullmatch(r"[\w.]+(::[\w.]+)?(\.\*)?", word) is None:
            raise SpecError(
                f"{word!r} is no operator's name",
                stage=STAGE,
                path=f"{path}:{number}",
                remedy="write one operator a line, such as aten::add.Tensor",
            )
    return {word: 0 for word in words if word}

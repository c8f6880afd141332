"""Elementwise categories: unary, binary, comparison, logical, activation, ternary, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ascendtorch.opspec import cases
from ascendtorch.opspec.cases import RESULTS, CaseReader, read_cases
from ascendtorch.opspec.dtypes import TYPES
from ascendtorch.opspec.entries import Entry
from ascendtorch.opspec.kernel import Kernel, Known, check_gradient
from ascendtorch.opspec.schema import Argument, Overload
from ascendtorch.spec.suggest import did_you_mean

KEYS = (*cases.KEYS, "cases", "overloads", "operands", "convert", "autograd")
_OPERAND_TYPES = ("Tensor", "Scalar", "Tensor?", "Scalar?")


@dataclass(frozen=True)
class Elementwise:
    """A category, by what its entries need not say.

    Attributes:
        operands: the arguments that are promoted and broadcast.
        result: the rule of the result's type.
        convert: a type that operands are converted to instead; empty for none.
    """

    operands: tuple[str, ...]
    result: str = "same"
    convert: str = ""

    def resolve(self, entry: Entry, known: Known) -> list[Kernel]:
        """Return the kernels of an entry.

        Raises:
            SpecError: a fault, with file, line and remedy.
        """
        fields = entry.fields
        operands = fields["operands"].texts() if "operands" in fields else self.operands
        result = fields["result"].one_of(*RESULTS) if "result" in fields else self.result
        convert = fields["convert"].one_of(*TYPES) if "convert" in fields else self.convert
        kernels = []
        for overload in choose_overloads(entry, known, operands):
            check_gradient(entry, overload)
            reader = CaseReader(overload, known, operands)
            ways = read_cases(reader, entry.value, fields)
            check_all_used(entry, overload, operands, frozenset().union(*(w.names for w in ways)))
            taken = {name for way in ways for name in (*way.dtypes, *dict(way.widen))}
            values = {
                "operands": operands,
                "cases": ways,
                "result": RESULTS[result],
                "convert": TYPES.get(convert, ""),
                "out": place_of(overload),
            }
            acl = tuple(dict.fromkeys(way.acl for way in ways if way.acl))
            dtypes = tuple(name for name in TYPES if name in taken or convert)
            kernels.append(Kernel(overload, entry, acl, dtypes, "", values))
        return kernels


def place_of(overload: Overload) -> str:
    """Return the argument that the result goes into; empty for a new tensor."""
    if overload.kind == "out":
        return overload.arguments[-1].name
    return overload.arguments[0].name if overload.kind == "inplace" else ""


def inputs_of(overload: Overload) -> tuple[Argument, ...]:
    """Return the arguments without those that results go into."""
    return overload.arguments[:-1] if overload.kind == "out" else overload.arguments


def choose_overloads(entry: Entry, known: Known, operands: Sequence[str]) -> tuple[Overload, ...]:
    """Return the overloads an entry lists, else all that have its operands as tensors or numbers.

    Those that ATen makes of others by itself, and gradients flow through, are left to it.
    """
    listed = "overloads" in entry.fields
    candidates = known.overloads(entry) if listed else known.schema.named(entry.op)
    chosen = []
    for overload in candidates:
        types = {argument.name: argument.type for argument in overload.arguments}
        wrong = [name for name in operands if types.get(name) not in _OPERAND_TYPES]
        if wrong and listed:
            near = did_you_mean(wrong[0], list(types))
            entry.fields["overloads"].fail(
                f"has {overload.name}, in which `{wrong[0]}` is no tensor or number{near}",
                "write `operands` as the overload names them, or give it an entry of its own",
            )
        fits = not wrong and overload.kind in ("functional", "inplace", "out")
        if listed or (fits and not overload.implicit and not overload.generated):
            chosen.append(overload)
    if not chosen:
        entry.value.fail(
            f"has no overload in PyTorch {known.schema.version} with the operands "
            f"{', '.join(operands)}",
            "see `operands` and `overloads`; known: "
            + ", ".join(o.name for o in known.schema.named(entry.op)[:12]),
        )
    return tuple(chosen)


def check_all_used(
    entry: Entry, overload: Overload, operands: Sequence[str], used: frozenset[str]
) -> None:
    """Refuse an entry that leaves an argument without a meaning."""
    for argument in inputs_of(overload):
        if argument.name not in used and argument.name not in operands:
            entry.value.fail(
                f"does not say what the argument `{argument.name}` of {overload.name} does",
                "use it in `attrs`, `inputs` or `when`, or list `overloads` without this one",
            )

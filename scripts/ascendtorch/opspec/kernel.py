"""What the categories make of an entry: kernels, each for one overload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ascendtorch.opspec.dtypes import TYPES
from ascendtorch.opspec.entries import Entry
from ascendtorch.opspec.operators import Operator
from ascendtorch.opspec.schema import Overload, Schema
from ascendtorch.spec.reader import Value
from ascendtorch.spec.suggest import did_you_mean


@dataclass(frozen=True)
class Kernel:
    """A kernel of ours for one overload.

    Attributes:
        acl: the operators of AscendCL it may launch.
        dtypes: what it takes natively, by torch's names; empty where the spec does not say.
        source: the hand-written file it is in; empty for a rendered one.
        values: what its template needs besides.
    """

    overload: Overload
    entry: Entry
    acl: tuple[str, ...]
    dtypes: tuple[str, ...]
    source: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What an entry is checked against."""

    schema: Schema
    operators: Mapping[str, Operator]

    def operator(self, value: Value) -> Operator:
        """Return the operator of AscendCL that `value` names, or refuse it."""
        name = value.text()
        if name not in self.operators:
            near = did_you_mean(name, list(self.operators))
            value.fail(
                f"names the operator {name!r}, which AscendCL does not have"
                + (near if len(near) < 200 else ""),
                "see the operators in docs/emulator.md",
            )
        return self.operators[name]

    def overloads(self, entry: Entry, key: str = "overloads") -> tuple[Overload, ...]:
        """Return the overloads that an entry names itself under `key`, or refuse one."""
        found = []
        listed = entry.fields[key].items()
        if not listed:
            entry.fields[key].fail("is empty", "list the overloads of this entry")
        for value in listed:
            name = value.text()
            if name in entry.left_out:
                continue
            if name not in self.schema.overloads:
                self._refuse_absent(entry, value, name)
            overload = self.schema.overloads[name]
            if entry.op not in (overload.base, overload.root):
                value.fail(
                    f"is {name!r}, which is no overload of `{entry.op}`",
                    f"give `{overload.root}` an entry of its own",
                )
            found.append(overload)
        return tuple(found)

    def _refuse_absent(self, entry: Entry, value: Value, name: str) -> NoReturn:
        version = self.schema.version
        others = self.schema.named(entry.op)
        near = did_you_mean(name, [other.name for other in others])
        there = "".join(f"\n    {other.schema}" for other in others)
        value.fail(
            f"is {name!r}, an overload that PyTorch {version} does not have{near}"
            + (f"\n  its overloads there:{there}" if there else ""),
            "correct it, or say which releases have it: `from`, `until`, or "
            f'`versions: {{"{version}": {{without: [{name}]}}}}`',
        )


def dtype_list(value: Value) -> tuple[str, ...]:
    """Read a list of torch's data types."""
    return tuple(item.one_of(*TYPES) for item in value.items())


def check_gradient(entry: Entry, overload: Overload) -> None:
    """Refuse a kernel that would silently cut the gradient of an operator."""
    if not overload.implicit:
        return
    if "autograd" not in entry.fields:
        entry.value.fail(
            f"has a kernel for {overload.name}, whose gradient comes of the operators it is made "
            "of; with a kernel of its own it would have none",
            "leave this overload to them, or say `autograd: none` where its result needs no "
            "gradient, `autograd: own` where the kernel brings one",
        )

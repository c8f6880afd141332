"""The op spec of one release: every file read, checked against its schema and AscendCL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Callable

from ascendtorch.errors import SpecError
from ascendtorch.opspec import elementwise, handwritten, reduction
from ascendtorch.opspec.elementwise import Elementwise
from ascendtorch.opspec.entries import HANDWRITTEN, STAGE, Entry, load_file
from ascendtorch.opspec.kernel import Kernel, Known
from ascendtorch.opspec.operators import TABLE, load_operators
from ascendtorch.opspec.releases import entry_at
from ascendtorch.opspec.schema import Schema
from ascendtorch.spec.suggest import did_you_mean


@dataclass(frozen=True)
class Category:
    """How the entries of a category are read.

    Attributes:
        keys: what an entry may say besides ``op``, ``category`` and the keys of `releases`.
        template: what renders its kernels; empty where nothing is rendered.
    """

    keys: tuple[str, ...]
    resolve: Callable[[Entry, Known], list[Kernel]]
    template: str = ""


#: Every category by its name.
CATEGORIES: Mapping[str, Category] = {
    HANDWRITTEN: Category(handwritten.KEYS, handwritten.resolve),
    **{
        name: Category(elementwise.KEYS, kind.resolve, "elementwise.j2")
        for name, kind in {
            "unary": Elementwise(("self",)),
            "unary_float": Elementwise(("self",), result="float"),
            "predicate": Elementwise(("self",), result="bool"),
            "binary": Elementwise(("self", "other")),
            "comparison": Elementwise(("self", "other"), result="bool"),
            "logical": Elementwise(("self", "other"), result="bool", convert="bool"),
            "ternary": Elementwise(("self", "tensor1", "tensor2")),
            "activation": Elementwise(("self",)),
            "activation_backward": Elementwise(("grad_output", "self")),
        }.items()
    },
    "reduction": Category(reduction.KEYS, reduction.resolve, "reduction.j2"),
    "scan": Category(reduction.SCAN_KEYS, reduction.resolve_scan, "scan.j2"),
}


@dataclass(frozen=True)
class OpSpec:
    """The kernels of one release, in the order of the spec."""

    schema: Schema
    kernels: tuple[Kernel, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Kernel]:
        """The kernels by the names of their overloads."""
        return {kernel.overload.name: kernel for kernel in self.kernels}


def spec_files(folder: Path) -> list[Path]:
    """Return the files of the spec.

    Raises:
        SpecError: there is none.
    """
    found = sorted(folder.glob("*.yaml"))
    if not found:
        raise SpecError(
            "there is no file of the op spec (*.yaml) here",
            stage=STAGE,
            path=folder,
            remedy="restore templates/ops from version control",
        )
    return found


def load_spec(
    folder: Path,
    templates: Path,
    schema: Schema,
    on_error: Callable[[SpecError], None] | None = None,
) -> OpSpec:
    """Read and check the whole spec.

    Args:
        folder: ``templates/ops``.
        templates: ``templates/kernels``, for the table of AscendCL's operators.
        on_error: takes the faults of single entries, which are then left out; without it the first
            is raised.

    Raises:
        SpecError: a fault, with file, line and remedy.
    """
    known = Known(schema, load_operators(templates / TABLE))
    kernels: list[Kernel] = []
    taken: dict[str, Kernel] = {}
    for path in spec_files(folder):
        try:
            entries = load_file(path)
        except SpecError as error:
            _raise_or_tell(error, on_error)
            continue
        for entry in entries:
            try:
                made = _resolve(entry, known)
                for kernel in made:
                    _check_alone(kernel, taken)
            except SpecError as error:
                _raise_or_tell(error, on_error)
                continue
            taken.update({kernel.overload.name: kernel for kernel in made})
            kernels += made
    return OpSpec(schema, tuple(kernels))


def _raise_or_tell(error: SpecError, on_error: Callable[[SpecError], None] | None) -> None:
    if on_error is None:
        raise error
    on_error(error)


def _resolve(entry: Entry, known: Known) -> list[Kernel]:
    if entry.category not in CATEGORIES:
        near = did_you_mean(entry.category, list(CATEGORIES))
        entry.value.mapping()["category"].fail(f"is {entry.category!r}{near}", "correct it")
    category = CATEGORIES[entry.category]
    at_release = entry_at(entry, known.schema.version, category.keys)
    if at_release is None:
        return []
    if not known.schema.named(entry.op):
        near = did_you_mean(entry.op, sorted({o.root for o in known.schema.overloads.values()}))
        hint = near if len(near) < 200 else ""
        entry.value.mapping()["op"].fail(
            f"is {entry.op!r}, which PyTorch {known.schema.version} does not have{hint}",
            "correct it, or say by `from`, `until` or `versions` which releases have it",
        )
    return category.resolve(at_release, known)


def _check_alone(kernel: Kernel, taken: Mapping[str, Kernel]) -> None:
    other = taken.get(kernel.overload.name)
    if other is not None:
        kernel.entry.value.fail(
            f"has a kernel for {kernel.overload.name}, and so has {other.entry.value.where}",
            "keep one of the two",
        )

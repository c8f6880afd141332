"""Reductions (sum, amax, any, ...) and scans (cumsum, ...)."""

from __future__ import annotations

from collections.abc import Sequence

from ascendtorch.opspec.cases import Case, CaseReader, read_cases
from ascendtorch.opspec.dtypes import TYPES
from ascendtorch.opspec.elementwise import check_all_used, choose_overloads, place_of
from ascendtorch.opspec.entries import Entry
from ascendtorch.opspec.kernel import Kernel, Known, check_gradient
from ascendtorch.opspec.operators import Operator

_CASE_KEYS = ("acl", "attrs", "dtypes", "widen")
SCAN_KEYS = (*_CASE_KEYS, "overloads", "result", "autograd")
KEYS = (*SCAN_KEYS, "empty")
RESULTS = {
    "same": "kSame",
    "float": "kFloat",
    "sum": "kSum",
    "flag": "kFlag",
    "index": "kIndex",
}
#: What a reduction of no elements gives, in C++.
EMPTY = {"0": "0", "1": "1", "nan": "std::numeric_limits<double>::quiet_NaN()"}
_KEEP = ("keep_dims", "keepdim")
#: Arguments whose meaning the category knows.
_OWN = ("dim", "keepdim", "dtype")


def resolve(entry: Entry, known: Known) -> list[Kernel]:
    """Return the kernels of a reduction.

    Raises:
        SpecError: a fault, with file, line and remedy.
    """
    return _resolve(entry, known, scans=False)


def resolve_scan(entry: Entry, known: Known) -> list[Kernel]:
    """Return the kernels of a scan; see `resolve`."""
    return _resolve(entry, known, scans=True)


def _resolve(entry: Entry, known: Known, *, scans: bool) -> list[Kernel]:
    fields = entry.fields
    if "acl" not in fields:
        entry.value.fail("lacks the key `acl`", "name AscendCL's operator")
    operator = known.operator(fields["acl"])
    axes = _axes_input(entry, operator)
    keep = next((name for name in _KEEP if name in operator.attributes), "")
    result = fields["result"].one_of(*RESULTS) if "result" in fields else "same"
    empty = ""
    if "empty" in fields:
        word = fields["empty"].plain()
        if word not in EMPTY:
            fields["empty"].fail(f"is {word!r}", f"choose one of {', '.join(EMPTY)}")
        empty = EMPTY[word]
    kernels = []
    for overload in choose_overloads(entry, known, ("self",)):
        check_gradient(entry, overload)
        names = {argument.name for argument in overload.arguments}
        if scans and "dim" not in names:
            entry.value.fail(f"is a scan, and {overload.name} has no `dim`", "see `category`")
        reader = CaseReader(overload, known, ("self",), 1, (keep,))
        own = {key: value for key, value in fields.items() if key in _CASE_KEYS}
        cases = read_cases(reader, entry.value, own)
        check_all_used(entry, overload, ("self",), frozenset(_OWN) | cases[0].names)
        values = {
            "cases": cases,
            "result": RESULTS[result],
            "axes": axes,
            "keep": keep,
            "empty": empty,
            "out": place_of(overload),
            "has": {name: name in names for name in _OWN},
        }
        dtypes = _dtypes(cases, result)
        kernels.append(Kernel(overload, entry, (operator.name,), dtypes, "", values))
    return kernels


def _dtypes(cases: Sequence[Case], result: str) -> tuple[str, ...]:
    if result == "flag":
        return tuple(TYPES)
    taken = {*cases[0].dtypes, *dict(cases[0].widen)}
    return tuple(name for name in TYPES if name in taken)


def _axes_input(entry: Entry, operator: Operator) -> str:
    """Say how the operator takes its axes: ``axes`` for a list, ``axis`` for one."""
    names = [parameter.name for parameter in operator.inputs]
    if len(names) != 2:
        entry.fields["acl"].fail(
            f"is {operator.name}, which takes {', '.join(names)}: no axes",
            "name an operator that takes the axes as its second input",
        )
    return "axes" if names[1] == "axes" else "axis"

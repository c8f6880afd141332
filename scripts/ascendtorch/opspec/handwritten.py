"""Hand-written kernels: declared and registered with the signatures of the release."""

from __future__ import annotations

from ascendtorch.opspec.entries import Entry
from ascendtorch.opspec.kernel import Kernel, Known, check_gradient, dtype_list

KEYS = ("source", "overloads", "acl", "dtypes", "autograd")


def resolve(entry: Entry, known: Known) -> list[Kernel]:
    """Return the kernels of a hand-written entry.

    Raises:
        SpecError: an overload or operator that there is not, or a key that is missing.
    """
    for key in ("source", "overloads"):
        if key not in entry.fields:
            entry.value.fail(f"lacks the key `{key}`", f"add `{key}`")
    source = entry.fields["source"].matching(
        r"kernels/[a-z0-9_]+\.cpp", "a file such as kernels/matmul.cpp"
    )
    listed = entry.fields["acl"].items() if "acl" in entry.fields else []
    acl = tuple(known.operator(item).name for item in listed)
    dtypes = dtype_list(entry.fields["dtypes"]) if "dtypes" in entry.fields else ()
    kernels = []
    for overload in known.overloads(entry):
        check_gradient(entry, overload)
        kernels.append(Kernel(overload, entry, acl, dtypes, source))
    return kernels

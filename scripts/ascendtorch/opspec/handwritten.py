"""Hand-written kernels: declared and registered with the signatures of the release.

Some releases compute a function by its `out` form themselves, others leave that to the device:
there the entry lists the function under `delegates`.
"""

from __future__ import annotations

from ascendtorch.opspec.entries import Entry
from ascendtorch.opspec.kernel import Kernel, Known, check_gradient, dtype_list
from ascendtorch.opspec.schema import Argument, Overload
from ascendtorch.spec.reader import Value

KEYS = ("source", "overloads", "delegates", "acl", "dtypes", "autograd")


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
    if "delegates" in entry.fields:
        forms = [kernel.overload for kernel in kernels if kernel.overload.kind == "out"]
        listed = entry.fields["delegates"].items()
        for value, overload in zip(listed, known.overloads(entry, "delegates")):
            check_gradient(entry, overload)
            values = _through(value, overload, forms)
            kernels.append(Kernel(overload, entry, acl, dtypes, source, values))
    return kernels


def _through(value: Value, overload: Overload, forms: list[Overload]) -> dict[str, object]:
    """Say how an overload is computed by the `out` form that takes what it takes.

    Results are of the first tensor's type, and indices are int64.
    """
    taken = [_plain(argument) for argument in overload.arguments]
    for form in forms:
        count = len(form.arguments) - len(taken)
        if count < 1 or [_plain(argument) for argument in form.arguments[: len(taken)]] != taken:
            continue
        outs = [argument.name for argument in form.arguments[len(taken) :]]
        like = next(a.name for a in overload.arguments if a.type == "Tensor")
        if overload.kind == "inplace":
            return {"form": form, "outs": [], "like": like, "in_place": True}
        return {"form": form, "outs": outs, "like": like, "in_place": False}
    value.fail(
        f"is {overload.name!r}, and none of {', '.join(form.name for form in forms) or 'nothing'} "
        "takes what it takes and a result",
        "list its `out` form under `overloads`, or write a kernel for it",
    )


def _plain(argument: Argument) -> tuple[str, str]:
    return argument.name, argument.type.partition("(")[0]

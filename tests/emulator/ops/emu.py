"""Calls operators of the emulator with torch tensors, for tests.

`run_op` and `expect` are all that tests use. They go through the backend that the conftest chose:
through libascendcl.so as a program would, or straight to libascend_emu_ops.so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from calls import (
    AICORE_EXCEPTION,
    ATTR_NOT_MATCH,
    DT_NAMES,
    DTYPES,
    FORMAT_NOT_MATCH,
    FORMATS,
    INPUT_NOT_MATCH,
    NOT_FOUND,
    OUTPUT_NOT_MATCH,
    UNSUPPORTED_DYNAMIC,
    UNSUPPORTED_TYPE,
    Call,
    EmuError,
    In,
    Out,
    Typed,
    attr_kind,
    dtype_value,
    host,
)  # fmt: skip
from direct import CANARY, Direct

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

__all__ = [
    "AICORE_EXCEPTION", "ATTR_NOT_MATCH", "DTYPES", "DT_NAMES", "FORMATS", "FORMAT_NOT_MATCH",
    "INPUT_NOT_MATCH", "NOT_FOUND", "OUTPUT_NOT_MATCH", "UNSUPPORTED_DYNAMIC", "UNSUPPORTED_TYPE",
    "Call", "Direct", "EmuError", "In", "Out", "Typed", "attr_kind", "dtype_value", "expect",
    "host", "run_op", "use", "wide",
]  # fmt: skip


class Backend(Protocol):
    def run(self, call: Call) -> None:
        """Check and compute; EmuError when either is refused."""


_backend: Backend | None = None


def use(backend: Backend) -> None:
    """Make `backend` the one that run_op goes through."""
    global _backend  # noqa: PLW0603
    _backend = backend


def run_op(
    op: str,
    inputs: Sequence[torch.Tensor | In | None],
    outputs: Sequence[Out | tuple[torch.dtype, Sequence[int]] | None],
    attrs: dict[str, Any] | None = None,
) -> list[Any]:
    """Run one operator and return its outputs, None for those that were not asked for."""
    import torch

    assert _backend is not None, "no backend: see conftest.py"
    call = Call(
        op,
        [x if isinstance(x, In) or x is None else In(x) for x in inputs],
        [o if isinstance(o, Out) or o is None else Out(*o) for o in outputs],
        {name: attr_kind(value) for name, value in (attrs or {}).items()},
    )
    for index, given in enumerate(call.inputs):
        if given is not None:  # own memory, so that a test sees inputs that are written to
            call.inputs[index] = In(**{**vars(given), "tensor": given.tensor.clone().contiguous()})
    for out in call.outputs:
        call.buffers.append(None if out is None else make_buffer(out, call.inputs))
    call.actual = [None] * len(call.outputs)
    before = [None if x is None else x.tensor.clone() for x in call.inputs]
    _backend.run(call)
    in_place = {out.inplace for out in call.outputs if out is not None}
    for index, (given, old) in enumerate(zip(call.inputs, before)):
        if given is not None and old is not None and index not in in_place:
            same = bytes_of(given.tensor).equal(bytes_of(old))
            assert same, f"{op} wrote to its input {index}"
    results: list[Any] = []
    for out, buffer, actual in zip(call.outputs, call.buffers, call.actual):
        if out is None:
            results.append(None)
            continue
        if out.inplace is None:
            assert bool((buffer[-CANARY:] == 0xA5).all()), f"{op} wrote past the end of an output"
        shape = actual if actual is not None and dynamic(out) else tuple(out.shape)
        count = 1
        for dim in shape:
            count *= dim
        flat = (
            buffer[: count * itemsize(out.dtype)].view(out.dtype)
            if count
            else torch.empty(0, dtype=out.dtype)
        )
        results.append(flat.reshape(shape).clone())
    return results


TOLERANCES = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-5, "complex64": 1e-5}


def expect(
    op: str,
    inputs: Sequence[torch.Tensor | In | None],
    expected: torch.Tensor | Sequence[torch.Tensor | None],
    attrs: dict[str, Any] | None = None,
    tolerance: float | None = None,
) -> None:
    """Run an operator and compare every output with what is expected: dtype, shape and values.

    `tolerance` is relative and absolute; by default it follows from the dtype, and is 0 for
    integers. Reference values of 16-bit floats are best computed in float and cast.
    """
    import torch

    wanted = [expected] if isinstance(expected, torch.Tensor) else list(expected)
    outputs = [None if w is None else Out(w.dtype, tuple(w.shape)) for w in wanted]
    for result, want in zip(run_op(op, inputs, outputs, attrs), wanted):
        if want is None:
            continue
        close = TOLERANCES.get(str(want.dtype).removeprefix("torch."), 1e-12)
        exact = not (want.is_floating_point() or want.is_complex())
        within = tolerance if tolerance is not None else 0.0 if exact else close
        torch.testing.assert_close(result, want, rtol=within, atol=within, equal_nan=True)


def wide(x: torch.Tensor) -> torch.Tensor:
    """16-bit floats as float32, for references; other types as they are."""
    return x.float() if str(x.dtype) in ("torch.float16", "torch.bfloat16") else x


def dynamic(out: Out) -> bool:
    return out.room is not None or any(dim < 0 for dim in out.shape)


def itemsize(dtype: torch.dtype) -> int:
    import torch

    return torch.empty(0, dtype=dtype).element_size()


def bytes_of(tensor: torch.Tensor) -> torch.Tensor:
    import torch

    return tensor.contiguous().reshape(-1).view(torch.uint8)


def elements(out: Out) -> int:
    if out.room is not None:
        return out.room
    count = 1
    for dim in out.shape:
        count *= dim
    return count


def make_buffer(out: Out, inputs: Sequence[In | None]) -> Any:
    import torch

    if out.inplace is not None:
        given = inputs[out.inplace]
        assert given is not None
        return bytes_of(given.tensor)
    return torch.full((elements(out) * itemsize(out.dtype) + CANARY,), 0xA5, dtype=torch.uint8)

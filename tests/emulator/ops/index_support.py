"""What tests of operators that move elements share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from emu import EmuError, Out, run_op
from tables import BOOL, NUMBER, WIDE_UNSIGNED, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

Tensor = torch.Tensor

# Types that elements are moved in, whatever they mean.
BASIC = [*NUMBER, *WIDE_UNSIGNED]
MOVABLE = [*BASIC, *BOOL]
INDEX = [torch.int32, torch.int64]
BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}


def refused(code: int, op: str, inputs: Any, outputs: Any, attrs: Any = None) -> str:
    """The text with which a call is refused."""
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, outputs, attrs)
    assert caught.value.code == code, caught.value.text
    assert caught.value.text.startswith(f"Op [{op}]: ")
    return caught.value.text


def numbers(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Elements of any type, by preference all different."""
    if dtype in (torch.bool, torch.uint64) or dtype.is_complex:
        return sample(shape, dtype)
    count = int(torch.Size(shape).numel())
    return (torch.randperm(max(count, 1))[:count] % 120).reshape(shape).to(dtype)


def bits(x: Tensor) -> Tensor:
    """A view in a type of the same size that torch can index: uint32 has few kernels."""
    return x.view(BITS[x.element_size()])


def moved(x: Tensor, result: Tensor) -> Tensor:
    """What was done to bits(x), as the type of x."""
    return result.contiguous().view(x.dtype)


def found(
    op: str,
    inputs: Sequence[Any],
    outputs: Sequence[tuple[torch.dtype, int, int]],
    attrs: dict[str, Any] | None = None,
) -> list[Tensor]:
    """Outputs whose shape follows from the data: each (dtype, number of dims, most elements)."""
    made = [Out(dtype, [-1] * ndim, room=room) for dtype, ndim, room in outputs]
    return run_op(op, inputs, made, attrs)

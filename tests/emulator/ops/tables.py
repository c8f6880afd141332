"""Samples and checks that the tables of elementwise tests share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Callable

import emu
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

Tensor = torch.Tensor
Reference = Callable[..., Tensor]

FLOATS = [torch.float16, torch.float32, torch.bfloat16]
FLOATING = [*FLOATS, torch.float64]
INTS = [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8]
WIDE_UNSIGNED = [torch.uint16, torch.uint32, torch.uint64]
COMPLEX = [torch.complex64, torch.complex128]
REAL = [*FLOATING, *INTS]
NUMBER = [*REAL, *COMPLEX]
BOOL = [torch.bool]

SHAPES = [(), (0, 3), (1,), (3, 5), (2, 3, 17), (1, 16, 2, 33)]
PAIRS = [
    ((), ()), ((3,), ()), ((), (2, 2)), ((0,), (1,)), ((2, 1, 5), (3, 1)), ((17, 3), (17, 3)),
    ((1, 33), (16, 1)),
]  # fmt: skip


def sample(shape: Sequence[int], dtype: torch.dtype, domain: str = "any") -> Tensor:
    """Random numbers: "any" sign, "positive", within the "unit" interval, "above" 1, "small"."""
    if dtype is torch.bool:
        return torch.rand(shape) > 0.5
    if not (dtype.is_floating_point or dtype.is_complex):
        low = 0 if dtype in (torch.uint8, *WIDE_UNSIGNED) or domain == "positive" else -9
        values = torch.randint(low, 10, shape)
        return values.to(dtype)
    values = torch.rand(shape, dtype=torch.float64)
    spread = {"any": (-4, 4), "positive": (0.1, 5), "unit": (-0.95, 0.95), "above": (1.1, 6),
              "small": (-1, 1)}  # fmt: skip
    low, high = spread[domain]
    values = values * (high - low) + low
    if dtype.is_complex:
        return torch.complex(values, torch.rand(shape, dtype=torch.float64) - 0.5).to(dtype)
    return values.to(dtype)


def exact(x: Tensor) -> Tensor:
    """The same numbers with more digits, for references."""
    if x.is_complex():
        return x.to(torch.complex128)
    return x.double() if x.is_floating_point() else x


SIGNED = dict(zip(WIDE_UNSIGNED, [torch.int16, torch.int32, torch.int64]))


def by_bits(reference: Reference) -> Reference:
    """A reference for operators of bits: torch has few for unsigned types wider than a byte."""

    def on_signed(*tensors: Tensor) -> Tensor:
        dtype = tensors[0].dtype
        return reference(*(x.view(SIGNED.get(dtype, dtype)) for x in tensors)).view(dtype)

    return on_signed


def dtypes_of(operators: emu.Direct, op: str, operand: str) -> set[torch.dtype]:
    """What the prototype allows an operand; the operand must have a set of its own."""
    (known,) = (entry for entry in json.loads(operators.describe()) if entry["name"] == op)
    names = {value: getattr(torch, name) for name, value in emu.DTYPES.items()}
    (rule,) = (entry for entry in known["inputs"] if entry["name"] == operand)
    return {names[emu.DT_NAMES[dtype]] for dtype in rule["dtypes"]}

"""Operators that find each value once."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import Out
from index_support import INDEX, Tensor, found, refused
from tables import FLOATING, INTS, REAL

TF = [*[t for t in FLOATING if t is not torch.bfloat16], *INTS]
COUNTS = [0, 1, 3, 50]


def drawn(count: int, dtype: torch.dtype) -> Tensor:
    return torch.randint(0, 6, (count,)).to(dtype)


def in_order(x: Tensor) -> tuple[list[float], list[int], list[int]]:
    values: list[float] = []
    for value in x.tolist():
        if value not in values:
            values.append(value)
    inverse = [values.index(value) for value in x.tolist()]
    return values, inverse, [inverse.count(k) for k in range(len(values))]


@pytest.mark.parametrize("dtype", TF)
@pytest.mark.parametrize("kind", INDEX)
@pytest.mark.parametrize("count", COUNTS)
def test_unique_in_order(dtype: torch.dtype, kind: torch.dtype, count: int) -> None:
    x = drawn(count, dtype)
    values, inverse, counts = in_order(x)
    outputs = [(dtype, 1, count), (kind, 1, count)]
    y, idx = found("Unique", [x], outputs, {"out_idx": kind})
    assert (y.tolist(), idx.tolist()) == (values, inverse)
    y, idx, times = found("UniqueWithCounts", [x], [*outputs, (kind, 1, count)], {"out_idx": kind})
    assert (y.tolist(), idx.tolist(), times.tolist()) == (values, inverse, counts)


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("shape", [(0,), (50,), (3, 17), ()])
def test_sorted_unique(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = torch.randint(0, 6, shape).to(dtype)
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    ndim = len(shape)
    outputs = [(dtype, 1, 51), (torch.int64, ndim, 51), (torch.int32, 1, 51)]
    attrs = {"return_inverse": True, "return_counts": True}
    y, index, times = found("UniqueWithCountsAndSorting", [x], outputs, attrs)
    assert y.equal(values)
    assert index.equal(inverse)
    assert times.equal(counts.int())
    y, index, times = found("UniqueWithCountsAndSorting", [x], outputs)
    assert y.equal(values)
    assert times.numel() == 0


@pytest.mark.parametrize("dtype", [*REAL, torch.bool])
def test_consecutive(dtype: torch.dtype) -> None:
    x = torch.tensor([1, 1, 0, 3, 3, 3, 1]).to(dtype)
    outputs = [(dtype, 1, 7), (torch.int64, 1, 7), (torch.int32, 1, 7)]
    attrs = {"return_idx": True, "return_counts": True}
    y, idx, count = found("UniqueConsecutive", [x], outputs, attrs)
    values, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    assert y.equal(values)
    assert idx.equal(inverse)
    assert count.equal(counts.int())


def test_consecutive_rows() -> None:
    x = torch.tensor([[1, 2], [1, 2], [0, 2]])
    outputs = [(torch.int64, 2, 6), (torch.int64, 1, 6), (torch.int64, 1, 6)]
    y, _, count = found("UniqueConsecutive", [x], outputs, {"return_counts": True, "axis": 0})
    assert (y.tolist(), count.tolist()) == ([[1, 2], [0, 2]], [2, 1])


def test_refusals() -> None:
    out = [Out(torch.float32, [-1], room=9), Out(torch.int32, [9])]
    text = refused(emu.INPUT_NOT_MATCH, "Unique", [torch.ones(3, 3)], out)
    assert "input x has shape [3, 3]; one dim is expected" in text
    out = [Out(torch.float32, [-1], room=9)] + [Out(torch.int32, [-1], room=9)] * 2
    text = refused(emu.ATTR_NOT_MATCH, "UniqueConsecutive", [torch.ones(3)], out, {"axis": 1})
    assert "[axis] is 1" in text

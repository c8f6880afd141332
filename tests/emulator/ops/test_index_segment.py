"""Operators that gather up elements by segment."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import expect, host
from index_support import INDEX, Tensor, found, refused
from tables import NUMBER, REAL


def limit(dtype: torch.dtype, sign: int) -> float:
    if dtype.is_floating_point:
        return sign * torch.finfo(dtype).max
    return torch.iinfo(dtype).max if sign > 0 else torch.iinfo(dtype).min


def gathered(x: Tensor, ids: Tensor, count: int, kind: str) -> Tensor:
    """The plainest loop."""
    start = {"Sum": 0, "Prod": 1}.get(kind)
    if start is None:
        start = limit(x.dtype, -1 if kind == "Max" else 1)
    y = torch.full((count, *x.shape[ids.dim() :]), start, dtype=x.dtype)
    rows = x.reshape(-1, *x.shape[ids.dim() :])
    combine = {"Sum": torch.add, "Prod": torch.mul, "Max": torch.maximum, "Min": torch.minimum}
    for row, segment in zip(rows, ids.reshape(-1).tolist()):
        if segment >= 0:
            y[segment] = combine[kind](y[segment], row)
    return y


@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("kind", ["Sum", "Prod", "Max", "Min"])
def test_unsorted(dtype: torch.dtype, kind: str) -> None:
    if dtype.is_complex and kind != "Sum":
        return
    x = torch.randint(1, 4, (5, 3)).to(dtype)
    ids = torch.tensor([3, 0, 3, 1, 3])
    want = gathered(x, ids, 5, kind)
    expect(f"UnsortedSegment{kind}", [x, ids, host([5])], want)
    expect(f"UnsortedSegment{kind}", [x, ids.int(), torch.tensor(5)], want)
    if kind == "Sum" and dtype in (torch.float16, torch.float32, torch.int32):
        expect("UnsortedSegmentSumD", [x, ids.int()], want, {"num_segments": 5})


@pytest.mark.parametrize("shape", [(7,), (0, 3), (4, 17), (2, 3, 5)])
@pytest.mark.parametrize("kind", ["Sum", "Max"])
def test_unsorted_shapes(shape: tuple[int, ...], kind: str) -> None:
    x = torch.randn(shape)
    for depth in range(1, len(shape) + 1):
        ids = torch.randint(-1, 4, shape[:depth])
        want = gathered(x, ids, 4, kind)
        expect(f"UnsortedSegment{kind}", [x, ids, host([4])], want)


def test_unsorted_refuses() -> None:
    x, ids = torch.randn(3, 2), torch.tensor([0, 1, 2])
    out = [(torch.float32, [2, 2])]
    assert "input segment_ids holds 2" in refused(
        emu.AICORE_EXCEPTION, "UnsortedSegmentSum", [x, ids, host([2])], out
    )
    assert "the first dims of x [3, 2] are expected" in refused(
        emu.INPUT_NOT_MATCH, "UnsortedSegmentSum", [x, ids[:2], host([2])], out
    )
    assert "num_segments is -1" in refused(
        emu.INPUT_NOT_MATCH, "UnsortedSegmentSum", [x, ids, host([-1])], out
    )


@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("kind", INDEX)
def test_sorted(dtype: torch.dtype, kind: torch.dtype) -> None:
    x = torch.randint(1, 4, (5, 3)).to(dtype)
    ids = torch.tensor([0, 0, 3, 3, 4]).to(kind)
    (y,) = found("SegmentSum", [x, ids], [(dtype, 2, 30)])
    assert y.equal(gathered(x, ids, 5, "Sum"))
    if dtype in REAL:
        (y,) = found("SegmentMax", [x - 2, ids], [(dtype, 2, 30)])
        want = gathered(x - 2, ids, 5, "Max")
        want[1:3] = 0
        assert y.equal(want)


def test_sorted_of_none() -> None:
    (y,) = found("SegmentSum", [torch.ones(0, 3), torch.ones(0).int()], [(torch.float32, 2, 3)])
    assert y.shape == (0, 3)


@pytest.mark.parametrize("ids", [[0, 2, 1], [-1, 0, 1]])
def test_sorted_refuses(ids: list[int]) -> None:
    out = [emu.Out(torch.float32, [-1], room=9)]
    text = refused(emu.AICORE_EXCEPTION, "SegmentSum", [torch.ones(3), torch.tensor(ids)], out)
    assert "input segment_ids is not sorted, or holds a negative number" in text

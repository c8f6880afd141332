"""Operators that choose elements by a condition."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import Out, expect
from index_support import BASIC, MOVABLE, bits, found, moved, numbers, refused
from tables import FLOATING, FLOATS, INTS

FILLABLE = [*FLOATS, torch.int8, torch.int32, torch.int64, torch.bool]
PAIRS = [
    ((), ()), ((5,), (5,)), ((3, 4), (4,)), ((3, 4), (3, 1)), ((2, 3, 17), (2, 3, 17)),
    ((0, 3), (3,)),
]  # fmt: skip


@pytest.mark.parametrize("dtype", FILLABLE)
@pytest.mark.parametrize(("shape", "mask_shape"), PAIRS)
def test_masked_fill(
    dtype: torch.dtype, shape: tuple[int, ...], mask_shape: tuple[int, ...]
) -> None:
    x, mask = numbers(shape, dtype), torch.rand(mask_shape) > 0.5
    value = torch.tensor(3).to(dtype)
    want = torch.where(mask, value, x)
    expect("MaskedFill", [x, mask, value], want)
    if shape:
        expect("MaskedFill", [x, mask, value.reshape(1)], want)


def test_masked_fill_with_infinity() -> None:
    x, mask = torch.randn(4, 4), torch.ones(4, 4).triu(1).bool()
    value = torch.tensor(-torch.inf)
    expect("MaskedFill", [x, mask, value], x.masked_fill(mask, -torch.inf))


@pytest.mark.parametrize("dtype", BASIC)
@pytest.mark.parametrize(("shape", "mask_shape"), [*PAIRS, ((4,), (3, 4))])
def test_masked_select(
    dtype: torch.dtype, shape: tuple[int, ...], mask_shape: tuple[int, ...]
) -> None:
    x, mask = numbers(shape, dtype), torch.rand(mask_shape) > 0.5
    want = moved(x, bits(x).masked_select(mask))
    (y,) = found("MaskedSelect", [x, mask], [(dtype, 1, 200)])
    assert y.dtype == dtype
    assert bits(y).equal(bits(want))
    if dtype in (torch.float16, torch.float32):
        (y,) = found("MaskedSelectV2", [x, mask], [(dtype, 1, 200)])
        assert y.equal(want)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_none_or_all_selected(fraction: float) -> None:
    x = torch.randn(3, 5)
    (y,) = found("MaskedSelect", [x, torch.full((3, 5), fraction > 0)], [(torch.float32, 1, 15)])
    assert y.equal(x.reshape(-1)[: int(fraction * 15)])


def test_masked_select_into_too_little() -> None:
    x, mask = torch.randn(5), torch.ones(5).bool()
    out = [Out(torch.float32, [-1], room=4)]
    assert "needs 20 bytes, its buffer has 16" in refused(
        emu.AICORE_EXCEPTION, "MaskedSelect", [x, mask], out
    )
    assert "x [5] and mask [2] do not broadcast" in refused(
        emu.INPUT_NOT_MATCH, "MaskedSelect", [x, mask[:2]], out
    )


@pytest.mark.parametrize("dtype", [*FLOATING, *INTS, torch.bool])
@pytest.mark.parametrize(("shape", "mask_shape"), PAIRS)
def test_masked_scatter(
    dtype: torch.dtype, shape: tuple[int, ...], mask_shape: tuple[int, ...]
) -> None:
    x, mask = numbers(shape, dtype), torch.rand(mask_shape) > 0.5
    updates = numbers((120,), dtype)
    want = x.masked_scatter(mask.expand(shape), updates)
    expect("MaskedScatter", [x, mask, updates], want)


def test_masked_scatter_of_too_few() -> None:
    x, mask = torch.randn(5), torch.ones(5).bool()
    assert "updates has 4 elements; input mask is true 5 times" in refused(
        emu.AICORE_EXCEPTION, "MaskedScatter", [x, mask, x[:4]], [(torch.float32, [5])]
    )


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 5), (2, 3, 17)])
def test_non_zero(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    keep = torch.rand(shape) > 0.5
    x = torch.where(keep, torch.ones(shape), torch.zeros(shape)).to(dtype)
    want = keep.nonzero()
    (y,) = found("Where", [x], [(torch.int64, 2, 400)])
    assert y.equal(want)
    if dtype.is_complex:
        return
    (y,) = found("NonZero", [x], [(torch.int64, 2, 400)])
    assert y.equal(want)
    attrs = {"transpose": True, "dtype": torch.int32}
    (y,) = found("NonZero", [x], [(torch.int32, 2, 400)], attrs)
    assert y.equal(want.t().int())


def test_non_zero_of_another_type_than_asked() -> None:
    out = [Out(torch.int64, [-1, -1], room=9)]
    refused(emu.OUTPUT_NOT_MATCH, "NonZero", [torch.ones(3)], out, {"dtype": torch.int32})


def test_nan_is_not_zero() -> None:
    (y,) = found("NonZero", [torch.tensor([0.0, torch.nan, -0.0])], [(torch.int64, 2, 3)])
    assert y.tolist() == [[1]]

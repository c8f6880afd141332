"""Operators that order numbers."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import expect, host
from index_support import INDEX, Tensor, refused
from tables import FLOATING, REAL


def ordered(x: Tensor, axis: int, descending: bool) -> tuple[Tensor, Tensor]:
    values, indices = x.sort(stable=True, dim=axis, descending=descending)
    return values, indices.int()


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("largest", [True, False])
def test_top_k_types(dtype: torch.dtype, largest: bool) -> None:
    x = torch.randint(0, 9, (3, 17)).to(dtype)
    values, indices = (part[:, :4].contiguous() for part in ordered(x, 1, largest))
    k = host(4, dtype="int32")
    helper = torch.zeros(34).half()
    attrs = {"largest": largest}
    for op, inputs in [("TopK", [x, k]), ("TopKV2", [x, k]), ("TopKV2D", [x, k, helper])]:
        expect(op, inputs, [values, indices], attrs)
    expect("TopKD", [x, helper], [values, indices], {"k": 4, **attrs})


@pytest.mark.parametrize(
    ("shape", "dim"), [((5,), 0), ((4, 6), 0), ((2, 3, 17), 1), ((2, 3, 17), -1), ((0, 4), 1)]
)
def test_top_k_shapes(shape: tuple[int, ...], dim: int) -> None:
    x = torch.randn(shape)
    for k in (0, 1, shape[dim]):
        values, indices = (part.narrow(dim, 0, k).contiguous() for part in ordered(x, dim, True))
        expect("TopKV2", [x, torch.tensor([k]).int()], [values, indices], {"dim": dim})


def test_equal_numbers_keep_their_order() -> None:
    x = torch.zeros(100)
    x[::3] = 1
    values, indices = ordered(x, 0, True)
    k = host(60, dtype="int32")
    expect("TopK", [x, k], [values[:60], indices[:60]], {"sorted": False})


def test_top_k_refuses() -> None:
    x, out = torch.randn(3, 4), [(torch.float32, [3, 5]), (torch.int32, [3, 5])]
    text = refused(emu.INPUT_NOT_MATCH, "TopK", [x, host(5, dtype="int32")], out)
    assert "k is 5 and attribute [dim] -1; a dim of x [3, 4] with at least k elements" in text
    text = refused(emu.AICORE_EXCEPTION, "TopK", [x, torch.tensor(5).int()], out)
    assert "k is 5" in text
    refused(emu.INPUT_NOT_MATCH, "TopK", [x, host([1, 2], dtype="int32")], out)
    refused(emu.INPUT_NOT_MATCH, "TopK", [x[0, 0], host(1, dtype="int32")], out)


@pytest.mark.parametrize("dtype", [t for t in REAL if t is not torch.float64])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_sort(dtype: torch.dtype, descending: bool, axis: int) -> None:
    x = torch.randint(0, 9, (5, 17)).to(dtype)
    attrs = {"axis": axis, "descending": descending}
    expect("Sort", [x], ordered(x, axis, descending), attrs)
    expect("Sort", [x], ordered(x, axis, descending), {**attrs, "stable": True})


@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 1, 4)])
def test_sort_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    expect("Sort", [x], ordered(x, -1, False))


@pytest.mark.parametrize("dtype", FLOATING)
def test_sort_v2(dtype: torch.dtype) -> None:
    x = torch.randn(3, 40).to(dtype)
    x[0, 0] = torch.inf
    expect("SortV2", [x], x.sort(-1).values)
    expect("SortV2", [x], x.sort(-1, descending=True).values, {"axis": 1, "descending": True})
    text = refused(emu.ATTR_NOT_MATCH, "SortV2", [x], [(dtype, [3, 40])], {"axis": 0})
    assert "attribute [axis] is 0; it must be the last dim" in text


@pytest.mark.parametrize("dtype", [t for t in REAL if t is not torch.bfloat16])
@pytest.mark.parametrize("n", [0, 3, 8])
def test_nth_element(dtype: torch.dtype, n: int) -> None:
    x = torch.randint(0, 99, (2, 3, 9)).to(dtype)
    place = host(n, dtype="int32")
    expect("NthElement", [x, place], x.sort(-1).values[..., n].contiguous())
    want = x.sort(-1, descending=True).values[..., n].contiguous()
    expect("NthElement", [x, place], want, {"reverse": True})


def test_nth_element_refuses() -> None:
    out = [(torch.float32, [3])]
    place = torch.tensor(4).int()
    text = refused(emu.AICORE_EXCEPTION, "NthElement", [torch.randn(3, 4), place], out)
    assert "input n is 4; 0 to 3 are allowed" in text


@pytest.mark.parametrize("kind", INDEX)
def test_in_top_k(kind: torch.dtype) -> None:
    scores = torch.tensor([
        [0.1, 0.8, 0.3, 0.3], [0.1, 0.8, 0.3, 0.3], [0.1, 0.8, 0.3, 0.3], [9.0, 1, 2, 3],
        [torch.inf, 1, 2, 3], [1.0, torch.nan, 0, 0],
    ])  # fmt: skip
    targets = torch.tensor([1, 3, 0, 4, 3, 0]).to(kind)
    want = torch.tensor([True, True, False, False, False, False])
    expect("InTopK", [scores, targets, torch.tensor([2]).to(kind)], want)
    expect("InTopKV2", [scores, targets, torch.tensor([2]).to(kind)], want)
    expect("InTopKD", [scores, targets], want, {"k": 2})
    want = torch.tensor([True, True, True, False, False, False])
    expect("InTopKD", [scores, targets], want, {"k": 4})
    text = refused(
        emu.INPUT_NOT_MATCH, "InTopKD", [scores, targets[:2]], [(torch.bool, [2])], {"k": 2}
    )
    assert "one class for each row" in text

"""Operators that count, search and mark numbers."""

from __future__ import annotations

import bisect

import emu
import pytest
import torch
from emu import expect, host
from index_support import BASIC, INDEX, Tensor, bits, moved, numbers, refused
from tables import FLOATS

SEARCHED = [torch.float16, torch.float32, torch.int8, torch.int16, torch.int32, torch.int64,
            torch.uint8]  # fmt: skip


def searched(sorted_rows: Tensor, values: Tensor, right: bool) -> Tensor:
    """Row by row with the standard library."""
    place = bisect.bisect_right if right else bisect.bisect_left
    rows = sorted_rows.reshape(-1, sorted_rows.shape[-1]).tolist()
    wanted = values.reshape(len(rows), -1).tolist()
    found = [[place(row, value) for value in some] for row, some in zip(rows, wanted)]
    return torch.tensor(found).reshape(values.shape)


@pytest.mark.parametrize("dtype", SEARCHED)
@pytest.mark.parametrize("right", [False, True])
def test_search_sorted(dtype: torch.dtype, right: bool) -> None:
    rows = torch.randint(0, 9, (2, 3, 17)).sort(-1).values.to(dtype)
    values = torch.randint(0, 10, (2, 3, 5)).to(dtype)
    want = searched(rows, values, right)
    expect("SearchSorted", [rows, values], want, {"right": right})
    expect("SearchSorted", [rows, values], want.int(), {"right": right, "dtype": torch.int32})
    one = rows[0, 0]
    expect("SearchSorted", [one, values], searched(one, values, right), {"right": right})


def test_search_sorted_by_sorter() -> None:
    row = torch.tensor([5.0, 1, 3])
    values = torch.tensor([0.0, 2, 9, 3])
    expect("SearchSorted", [row, values, row.argsort()], torch.tensor([0, 1, 3, 1]))
    out = [(torch.int64, [4])]
    text = refused(
        emu.AICORE_EXCEPTION, "SearchSorted", [row, values, torch.tensor([0, 1, 3])], out
    )
    assert "input sorter holds 3" in text
    text = refused(emu.INPUT_NOT_MATCH, "SearchSorted", [row, values, torch.tensor([0])], out)
    assert "input sorter has shape [1]; [3] is expected" in text


def test_search_sorted_refuses() -> None:
    text = refused(
        emu.INPUT_NOT_MATCH, "SearchSorted", [torch.ones(2, 3), torch.ones(3, 3)],
        [(torch.int64, [3, 3])],
    )  # fmt: skip
    assert "only the last dim may differ" in text


@pytest.mark.parametrize("dtype", [*SEARCHED, torch.float64])
@pytest.mark.parametrize("kind", INDEX)
def test_bounds(dtype: torch.dtype, kind: torch.dtype) -> None:
    rows = torch.randint(0, 9, (3, 17)).sort(-1).values.to(dtype)
    values = torch.randint(0, 10, (3, 4)).to(dtype)
    attrs = {"out_type": kind}
    expect("LowerBound", [rows, values], searched(rows, values, False).to(kind), attrs)
    expect("UpperBound", [rows, values], searched(rows, values, True).to(kind), attrs)
    refused(emu.INPUT_NOT_MATCH, "LowerBound", [rows, values[:2]], [(torch.int32, [2, 4])])


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.float32, torch.float64])
def test_bucketize(dtype: torch.dtype) -> None:
    x = torch.tensor([[-5, 10000], [150, 10], [5, 100]]).to(dtype)
    bounds = {"boundaries": [0.0, 10.0, 100.0]}
    want = torch.tensor([[0, 3], [3, 2], [1, 3]])
    expect("Bucketize", [x], want.int(), bounds)
    expect("Bucketize", [x], want, {**bounds, "dtype": torch.int64})
    want = torch.tensor([[0, 3], [3, 1], [1, 2]])
    expect("Bucketize", [x], want.int(), {**bounds, "right": False})


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.int64, torch.float64])
@pytest.mark.parametrize("shape", [(0,), (50,), (3, 17)])
def test_bincount(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = torch.randint(0, 7, shape).int()
    weights = torch.randint(1, 4, shape).to(dtype)
    kept = x.reshape(-1) < 5
    flat, some = x.reshape(-1)[kept].long(), weights.reshape(-1)[kept]
    want = torch.zeros(5, dtype=dtype).index_add(0, flat, some)
    expect("Bincount", [x, host(5, dtype="int32"), weights], want)
    want = torch.zeros(5, dtype=dtype).index_add(0, flat, torch.ones_like(some))
    expect("Bincount", [x, torch.tensor(5).int(), weights.reshape(-1)[:0]], want)


def test_bincount_refuses() -> None:
    x, size = torch.tensor([1, -1]).int(), host([3], dtype="int32")
    out = [(torch.float32, [3])]
    assert "input array holds -1" in refused(
        emu.AICORE_EXCEPTION, "Bincount", [x, size, torch.ones(2)], out
    )
    assert "input weights has shape [3]; [2]" in refused(
        emu.INPUT_NOT_MATCH, "Bincount", [x, size, torch.ones(3)], out
    )


@pytest.mark.parametrize("dtype", SEARCHED)
@pytest.mark.parametrize("bounds", [(0.0, 0.0), (2.0, 7.0)])
def test_histogram(dtype: torch.dtype, bounds: tuple[float, float]) -> None:
    x = torch.randint(0, 10, (3, 17)).to(dtype)
    want = x.double().histc(6, *bounds)
    attrs = {"bins": 6, "min": bounds[0], "max": bounds[1]}
    expect("Histogram", [x], want.int(), attrs)
    expect("Histogram", [x], want.float(), attrs)
    ends = [torch.tensor([value]).to(dtype) for value in bounds]
    expect("HistogramV2", [x, *ends], want.int(), {"bins": 6})


def test_histogram_by_default_and_of_nothing() -> None:
    x = torch.randn(500)
    expect("Histogram", [x], x.histc(100))
    expect("Histogram", [x[:0]], torch.zeros(100))


def test_histogram_refuses() -> None:
    out = [(torch.float32, [5])]
    text = refused(emu.ATTR_NOT_MATCH, "Histogram", [torch.ones(3)], out, {"bins": 0})
    assert "attribute [bins] is 0" in text
    text = refused(
        emu.AICORE_EXCEPTION, "Histogram", [torch.ones(3)], out, {"bins": 5, "min": 2.0, "max": 1.0}
    )
    assert "min may not be larger" in text


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int32, torch.int64])
def test_histogram_fixed_width(dtype: torch.dtype) -> None:
    x = torch.tensor([-1, 0, 1, 2, 5, 15, 4]).to(dtype)
    inputs = [x, torch.tensor([0, 5]).to(dtype), host([5], dtype="int32")]
    expect("HistogramFixedWidth", inputs, torch.tensor([2, 1, 1, 0, 3]).int())
    if dtype.is_floating_point:
        halves = [inputs[0] + 0.5, *inputs[1:]]
        expect("HistogramFixedWidth", halves, torch.tensor([2, 1, 1, 0, 3]).int())
    inputs[1] = torch.tensor([5, 5]).to(dtype)
    text = refused(emu.AICORE_EXCEPTION, "HistogramFixedWidth", inputs, [(torch.int32, [5])])
    assert "a range that rises" in text


@pytest.mark.parametrize("dtype", BASIC)
@pytest.mark.parametrize("kind", [torch.uint8, *INDEX])
def test_one_hot(dtype: torch.dtype, kind: torch.dtype) -> None:
    x = torch.tensor([[0, 4], [9, 2]]).to(kind)
    on, off = numbers((2,), dtype).split(1)
    for axis in (-1, 0, 1, 2):
        hot = x.long().unsqueeze(axis if axis >= 0 else 2) == torch.arange(5).reshape(
            [5 if d == axis % 3 else 1 for d in range(3)]
        )
        want = moved(on, torch.where(hot, bits(on), bits(off)))
        expect("OneHot", [x, host(5), on, off], want, {"axis": axis})
        expect("OneHot", [x, torch.tensor([5]), on[0], off[0]], want, {"axis": axis})
        if dtype in (torch.float16, torch.int8) and kind is not torch.int64:
            expect("OneHotD", [x, on, off], want, {"axis": axis, "depth": 5})


@pytest.mark.parametrize("shape", [(), (0,), (17,), (2, 1, 3)])
def test_one_hot_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randint(0, 3, shape)
    want = torch.nn.functional.one_hot(x, 3) if x.numel() else torch.zeros(*shape, 3).long()
    expect("OneHot", [x, host([3]), torch.tensor(1), torch.tensor(0)], want)


def test_one_hot_refuses() -> None:
    x, one = torch.tensor([1]), torch.ones(1)
    out = [(torch.float32, [1, 3])]
    text = refused(emu.ATTR_NOT_MATCH, "OneHotD", [x.int(), one, one], out, {"depth": 3, "axis": 2})
    assert "an axis from -1 to 1 are expected" in text


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(), (0,), (50,), (3, 17)])
def test_embedding_dense_grad(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    indices = torch.randint(0, 5, shape)
    grad = torch.randn(*shape, 3).to(dtype)
    for padding, scaled in ((-1, False), (2, False), (-1, True)):
        want = torch.ops.aten.embedding_dense_backward(grad.double(), indices, 6, padding, scaled)
        attrs = {"num_weights": 6, "padding_idx": padding, "scale_grad_by_freq": scaled}
        expect("EmbeddingDenseGrad", [grad, indices], want.to(dtype), attrs)
        expect("EmbeddingDenseGrad", [grad, indices.int()], want.to(dtype), attrs)


def test_embedding_dense_grad_refuses() -> None:
    grad, indices = torch.randn(2, 3), torch.tensor([0, 4])
    attrs = {"num_weights": 4}
    text = refused(
        emu.AICORE_EXCEPTION,
        "EmbeddingDenseGrad",
        [grad, indices],
        [(torch.float32, [4, 3])],
        attrs,
    )
    assert "input indices holds 4; values of [0, 4)" in text
    text = refused(
        emu.INPUT_NOT_MATCH, "EmbeddingDenseGrad", [grad[:1], indices], [(torch.float32, [4, 3])],
        attrs,
    )  # fmt: skip
    assert "the dims of indices [2] and one more are expected" in text

"""Operators that read at indices."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import expect, host
from index_support import INDEX, MOVABLE, Tensor, bits, moved, numbers, refused


def taken(x: Tensor, index: Tensor, axis: int = 0) -> Tensor:
    """Whole slices of x, as numpy's take has them."""
    axis = axis % x.dim()
    flat = bits(x).index_select(axis, index.reshape(-1).long())
    return moved(x, flat.reshape([*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]]))


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("kind", INDEX)
def test_gather_types(dtype: torch.dtype, kind: torch.dtype) -> None:
    x = numbers((5, 3), dtype)
    index = torch.tensor([[4, 0], [1, 4]], dtype=kind)
    expect("Gather", [x, index], taken(x, index))
    expect("GatherV2", [x, index % 3, host([-1])], taken(x, index % 3, 1))


@pytest.mark.parametrize("shape", [(7,), (1, 17), (3, 0, 2), (2, 3, 5, 33)])
@pytest.mark.parametrize("index_shape", [(), (0,), (4,), (2, 1, 3)])
def test_gather_v2_shapes(shape: tuple[int, ...], index_shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    for axis in range(-len(shape), len(shape)):
        if shape[axis] == 0:
            continue
        index = torch.randint(0, shape[axis], index_shape)
        expect("GatherV2", [x, index, host([axis])], taken(x, index, axis))
        expect("GatherV2", [x, index, torch.tensor(axis)], taken(x, index, axis))
        expect("GatherV2D", [x, index], taken(x, index, axis), {"axis": axis})


def test_gather_in_batches() -> None:
    x = torch.randn(2, 3, 4, 5)
    index = torch.randint(0, 4, (2, 3, 6))
    want = x.gather(2, index.unsqueeze(-1).expand(2, 3, 6, 5))
    expect("GatherV2", [x, index, host([2])], want, {"batch_dims": 2})
    expect("Gather", [x, index], want, {"batch_dims": 2})
    index = torch.randint(0, 5, (2, 7))
    want = torch.stack([x[b].index_select(2, index[b]) for b in range(2)])
    expect("GatherV2", [x, index, host([3])], want, {"batch_dims": 1})


def test_negative_indices_only_when_asked() -> None:
    x = torch.randn(5, 2)
    index = torch.tensor([-1, 2, -5])
    expect("GatherV2", [x, index, host([0])], x[index], {"negative_index_support": True})
    text = refused(
        emu.AICORE_EXCEPTION, "GatherV2", [x, index, host([0])], [(torch.float32, [3, 2])]
    )
    assert text.endswith("input indices holds -5; values of [0, 5) are allowed")


def test_index_out_of_range() -> None:
    x = torch.randn(5, 2)
    text = refused(
        emu.AICORE_EXCEPTION, "Gather", [x, torch.tensor([1, 5])], [(torch.float32, [2, 2])]
    )
    assert "input indices holds 5; values of [0, 5)" in text


def test_axis_and_batch_that_do_not_fit() -> None:
    x, index = torch.randn(2, 3), torch.tensor([0])
    out = [(torch.float32, [1, 3])]
    assert "axis is 2; -2 to 1 are allowed for x of shape [2, 3]" in refused(
        emu.INPUT_NOT_MATCH, "GatherV2", [x, index, host([2])], out
    )
    assert "axis is 2" in refused(
        emu.AICORE_EXCEPTION, "GatherV2", [x, index, torch.tensor(2)], [(torch.float32, [-1, -1])]
    )
    assert "[batch_dims] is 1" in refused(
        emu.INPUT_NOT_MATCH, "GatherV2", [x, index, host([1])], out, {"batch_dims": 1}
    )
    assert "input axis has shape [2]; one element is expected" in refused(
        emu.INPUT_NOT_MATCH, "GatherV2", [x, index, host([0, 1])], out
    )


@pytest.mark.parametrize("dtype", [t for t in MOVABLE if not t.is_complex])
def test_gather_elements_types(dtype: torch.dtype) -> None:
    x = numbers((4, 5), dtype)
    index = torch.randint(0, 4, (3, 5))
    want = moved(x, bits(x).gather(0, index))
    expect("GatherD", [x, host([0]), index], want)
    if dtype is not torch.float64:
        expect("GatherElements", [x, index.int()], want)


@pytest.mark.parametrize(
    ("shape", "index_shape", "dim"),
    [
        ((7,), (9,), 0),
        ((3, 4), (2, 8), 1),
        ((2, 3, 17), (2, 3, 1), -1),
        ((2, 3), (0, 3), 0),
        ((), (), 0),
    ],
)
def test_gather_elements_shapes(
    shape: tuple[int, ...], index_shape: tuple[int, ...], dim: int
) -> None:
    x = torch.randn(shape)
    size = shape[dim] if shape else 1
    index = torch.randint(0, size, index_shape)
    expect("GatherElements", [x, index], x.gather(dim, index), {"dim": dim})


def test_gather_elements_refuses() -> None:
    x = torch.randn(3, 4)
    index = torch.zeros(4, 4, dtype=torch.int64)
    assert "none larger except along dim 1" in refused(
        emu.INPUT_NOT_MATCH, "GatherElements", [x, index], [(torch.float32, [4, 4])], {"dim": 1}
    )
    index[0, 0] = -1
    assert "input index holds -1" in refused(
        emu.AICORE_EXCEPTION, "GatherElements", [x, index], [(torch.float32, [4, 4])]
    )


@pytest.mark.parametrize("dtype", MOVABLE)
def test_gather_nd_types(dtype: torch.dtype) -> None:
    x = numbers((4, 5, 3), dtype)
    index = torch.tensor([[3, 4], [0, 1]], dtype=torch.int32)
    want = moved(x, bits(x)[index[:, 0].long(), index[:, 1].long()])
    expect("GatherNd", [x, index], want)


@pytest.mark.parametrize("batch", [(), (6,), (2, 0), (3, 1, 2)])
def test_gather_nd_shapes(batch: tuple[int, ...]) -> None:
    x = torch.randn(3, 4, 17)
    for depth in range(4):
        columns = [torch.randint(0, x.shape[k], batch) for k in range(depth)]
        index = torch.stack(columns, -1) if depth else torch.zeros(*batch, 0, dtype=torch.int64)
        want = x[tuple(columns)] if depth else x.expand(*batch, *x.shape)
        expect("GatherNd", [x, index], want.contiguous())


def test_gather_nd_refuses() -> None:
    x = torch.randn(3, 4)
    out = [(torch.float32, [1])]
    assert "at most 2 for a tensor of shape [3, 4]" in refused(
        emu.INPUT_NOT_MATCH, "GatherNd", [x, torch.zeros(1, 3, dtype=torch.int64)], out
    )
    assert "input indices holds 4; values of [0, 4)" in refused(
        emu.AICORE_EXCEPTION, "GatherNd", [x, torch.tensor([[0, 4]])], out
    )
    expect("GatherNd", [x, torch.tensor([[-1, -4]])], x[-1:, 0], {"negative_index_support": True})


def test_types_that_the_prototype_leaves_out() -> None:
    x = torch.randn(3).to(torch.complex64)
    index = torch.tensor([0])
    text = refused(emu.UNSUPPORTED_TYPE, "GatherElements", [x, index], [(x.dtype, [1])])
    assert "input x has data type DT_COMPLEX64" in text
    assert "input indices has data type DT_INT8" in refused(
        emu.UNSUPPORTED_TYPE, "Gather", [x, index.to(torch.int8)], [(x.dtype, [1])]
    )

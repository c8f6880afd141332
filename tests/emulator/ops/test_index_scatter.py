"""Operators that write at indices."""

from __future__ import annotations

import operator
from typing import Callable

import emu
import pytest
import torch
from emu import Out, expect, host, run_op
from index_support import INDEX, MOVABLE, Tensor, bits, moved, numbers, refused
from tables import FLOATING, INTS, NUMBER

SMALL = [torch.float16, torch.float32, torch.int32, torch.int8, torch.uint8]
REAL = [*FLOATING, *INTS]
Combine = Callable[[Tensor, Tensor], Tensor]


def divided(old: Tensor, new: Tensor) -> Tensor:
    return old / new if old.is_floating_point() else torch.div(old, new, rounding_mode="trunc")


COMBINE: dict[str, Combine] = {
    "Update": lambda _, new: new,
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": divided,
    "Max": torch.maximum,
    "Min": torch.minimum,
}


def row_by_row(var: Tensor, indices: Tensor, updates: Tensor, combine: Combine) -> Tensor:
    """The plainest loop: indices hold coordinates in their last dim."""
    result = var.clone()
    depth = indices.shape[-1]
    points = indices.reshape(-1, depth).tolist()
    rows = updates.reshape(len(points), *var.shape[depth:])
    for point, row in zip(points, rows):
        result[tuple(point)] = combine(result[tuple(point)], row)
    return result


def values(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.randint(1, 5, shape).to(dtype)


@pytest.mark.parametrize("dtype", SMALL)
@pytest.mark.parametrize("name", list(COMBINE))
def test_first_dim(dtype: torch.dtype, name: str) -> None:
    var = values((5, 3, 2), dtype)
    index = torch.tensor([[4, 0], [2, 4]], dtype=torch.int32)
    updates = values((2, 2, 3, 2), dtype)
    want = row_by_row(var, index.unsqueeze(-1), updates, COMBINE[name])
    expect(f"Scatter{name}", [var, index, updates], want)
    expect(f"Scatter{name}", [var, index.long(), updates], want, {"use_locking": True})


@pytest.mark.parametrize("shape", [(3,), (2, 0), (4, 17), (2, 3, 5)])
@pytest.mark.parametrize("index_shape", [(), (0,), (5,), (2, 2)])
def test_first_dim_shapes(shape: tuple[int, ...], index_shape: tuple[int, ...]) -> None:
    var = torch.randn(shape)
    index = torch.randint(0, shape[0], index_shape)
    updates = torch.randn([*index_shape, *shape[1:]])
    want = row_by_row(var, index.unsqueeze(-1), updates, COMBINE["Add"])
    expect("ScatterAdd", [var, index, updates], want)


def test_last_update_wins() -> None:
    var, index = torch.zeros(3), torch.tensor([1, 1, 1])
    expect("ScatterUpdate", [var, index, torch.tensor([5.0, 6, 7])], torch.tensor([0.0, 7, 0]))


def test_in_place() -> None:
    var, index, updates = torch.zeros(4, 2), torch.tensor([3, 0]), torch.ones(2, 2)
    want = torch.tensor([[1.0, 1], [0, 0], [0, 0], [1, 1]])
    (result,) = run_op("ScatterAdd", [var, index, updates], [Out(torch.float32, (4, 2), inplace=0)])
    assert result.equal(want)


def test_integer_division_by_zero() -> None:
    var, index = torch.ones(3, dtype=torch.int32), torch.tensor([1])
    assert "input updates holds 0" in refused(
        emu.AICORE_EXCEPTION, "ScatterDiv", [var, index, var[:1] * 0], [(torch.int32, [3])]
    )


def test_refuses_what_does_not_fit() -> None:
    var, index = torch.ones(3, 2), torch.tensor([0, 1])
    out = [(torch.float32, [3, 2])]
    assert "input updates has shape [3, 2]; [2, 2] is expected" in refused(
        emu.INPUT_NOT_MATCH, "ScatterAdd", [var, index, var], out
    )
    assert "input indices holds 3; values of [0, 3)" in refused(
        emu.AICORE_EXCEPTION, "ScatterAdd", [var, index + 2, var[:2]], out
    )
    assert "at least one is expected" in refused(
        emu.INPUT_NOT_MATCH, "ScatterAdd", [var[0, 0], index, index.float()], [(torch.float32, [])]
    )


def nd_case(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    index = torch.tensor([[4, 1], [0, 2], [4, 1]])
    return values((5, 3, 2), dtype), index, values((3, 2), dtype)


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("op", ["ScatterNdUpdate", "TensorScatterUpdate"])
def test_nd_update(dtype: torch.dtype, op: str) -> None:
    var, updates = numbers((5, 3, 2), dtype), numbers((2, 2), dtype)
    index = torch.tensor([[4, 1], [0, 2]])
    want = bits(var).clone()
    want[index[:, 0], index[:, 1]] = bits(updates)
    expect(op, [var, index, updates], moved(var, want))


@pytest.mark.parametrize("op", ["ScatterNd", "TensorScatter"])
@pytest.mark.parametrize("name", ["Add", "Sub", "Max", "Min"])
@pytest.mark.parametrize("dtype", REAL)
def test_nd(op: str, name: str, dtype: torch.dtype) -> None:
    if name in ("Add", "Sub") and dtype not in SMALL:
        return
    var, index, updates = nd_case(dtype)
    want = row_by_row(var, index, updates, COMBINE[name])
    expect(op + name, [var, index.int(), updates], want)


def test_nd_add_of_bool_is_or() -> None:
    var = torch.tensor([True, False, False])
    updates = torch.tensor([False, True])
    expect("ScatterNdAdd", [var, torch.tensor([[0], [2]]), updates], torch.tensor([1, 0, 1]).bool())


@pytest.mark.parametrize("batch", [(), (0,), (2, 3)])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_nd_shapes(batch: tuple[int, ...], depth: int) -> None:
    var = torch.randn(3, 2, 17)
    columns = [torch.randint(0, var.shape[k], batch) for k in range(depth)]
    index = torch.stack(columns, -1) if depth else torch.zeros(*batch, 0, dtype=torch.int64)
    updates = torch.randn([*batch, *var.shape[depth:]])
    rows = updates.reshape(-1, *var.shape[depth:])
    want = var.clone()
    for k, row in enumerate(rows):
        point = tuple(int(column.reshape(-1)[k]) for column in columns)
        want[point] = want[point] + row
    expect("TensorScatterAdd", [var, index, updates], want)


@pytest.mark.parametrize("dtype", NUMBER)
def test_scatter_nd(dtype: torch.dtype) -> None:
    index = torch.tensor([[1], [3], [1]])
    x = values((3, 2), dtype)
    want = torch.zeros(4, 2, dtype=dtype)
    want[1], want[3] = x[0] + x[2], x[1]
    expect("ScatterNd", [index, x, host([4, 2])], want)
    expect("ScatterNd", [index, x, torch.tensor([4, 2], dtype=torch.int32)], want)
    if dtype in SMALL:
        expect("ScatterNdD", [index, x], want, {"shape": [4, 2]})


def test_scatter_nd_of_wide_unsigned() -> None:
    x = torch.tensor([65535, 3], dtype=torch.uint16)
    want = torch.tensor([0, 65535, 3], dtype=torch.uint16)
    expect("ScatterNd", [torch.tensor([[1], [2]]), x, host([3])], want)


def test_nd_refuses() -> None:
    var, index, updates = nd_case(torch.float32)
    out = [(torch.float32, [5, 3, 2])]
    assert "input updates has shape [2, 2]; [3, 2] is expected" in refused(
        emu.INPUT_NOT_MATCH, "ScatterNdAdd", [var, index, updates[:2]], out
    )
    index[2, 1] = 3
    assert "input indices holds 3; values of [0, 3)" in refused(
        emu.AICORE_EXCEPTION, "ScatterNdAdd", [var, index, updates], out
    )
    assert "[shape]" in refused(emu.ATTR_NOT_MATCH, "ScatterNdD", [index, updates], out)


@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("kind", INDEX)
def test_elements(dtype: torch.dtype, kind: torch.dtype) -> None:
    data, updates = values((4, 3), dtype), values((2, 3), dtype)
    index = torch.tensor([[0, 3, 1], [2, 0, -1]])
    positive = index % 4
    none = data.scatter(0, positive, updates)
    add = data.scatter_add(0, positive, updates)
    inputs = [data, index.to(kind), updates]
    expect("ScatterElements", inputs, none)
    expect("ScatterElements", inputs, add, {"axis": -2, "reduction": "add"})
    expect("ScatterElementsV2", inputs, none, {"reduction": "none"})
    expect("ScatterElementsV2", inputs, add, {"reduction": "add"})
    mul = data.clone()
    for row in range(2):
        for column in range(3):
            mul[positive[row, column], column] *= updates[row, column]
    expect("ScatterElements", inputs, mul, {"reduction": "mul"})


@pytest.mark.parametrize(
    ("shape", "index_shape", "axis"),
    [((7,), (3,), 0), ((3, 5), (3, 2), 1), ((2, 3, 17), (1, 3, 9), -1), ((2, 3), (0, 3), 0)],
)
def test_elements_shapes(shape: tuple[int, ...], index_shape: tuple[int, ...], axis: int) -> None:
    data, updates = torch.randn(shape), torch.randn(index_shape)
    index = torch.randint(0, shape[axis], index_shape)
    want = data.scatter_add(axis, index, updates)
    expect("ScatterElements", [data, index, updates], want, {"axis": axis, "reduction": "add"})


def test_elements_refuses() -> None:
    data = torch.randn(3, 2)
    index = torch.zeros(3, 2, dtype=torch.int64)
    out = [(torch.float32, [3, 2])]
    inputs = [data, index, data]
    assert 'allowed are "none", "add", "mul"' in refused(
        emu.ATTR_NOT_MATCH, "ScatterElements", inputs, out, {"reduction": "max"}
    )
    assert "attribute [axis] is 2" in refused(
        emu.ATTR_NOT_MATCH, "ScatterElements", inputs, out, {"axis": 2}
    )
    assert "input updates has shape [2, 2]; [3, 2]" in refused(
        emu.INPUT_NOT_MATCH, "ScatterElements", [data, index, data[:2]], out
    )
    assert "input indices holds 3; values of [-3, 3)" in refused(
        emu.AICORE_EXCEPTION, "ScatterElements", [data, index + 3, data], out
    )


@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("name", ["Update", "Add", "Sub"])
def test_inplace_rows(dtype: torch.dtype, name: str) -> None:
    x, v = values((4, 3), dtype), values((2, 3), dtype)
    index = torch.tensor([3, 1], dtype=torch.int32)
    want = row_by_row(x, index.unsqueeze(-1), v, COMBINE[name])
    expect(f"Inplace{name}", [x, index, v], want)
    assert "one dim is expected" in refused(
        emu.INPUT_NOT_MATCH, f"Inplace{name}", [x, index.reshape(2, 1), v], [(dtype, [4, 3])]
    )


@pytest.mark.parametrize("dtype", [*REAL, torch.bool])
def test_index_add(dtype: torch.dtype) -> None:
    var, updates = values((4, 3), dtype), values((4, 2), dtype)
    index = torch.tensor([2, 0])
    want = var.index_add(1, index, updates)
    expect("InplaceIndexAdd", [var, index, updates], want, {"axis": 1})
    if dtype in SMALL:
        expect("IndexAdd", [var, index.int(), updates], want, {"axis": -1})
    if dtype is not torch.bool:
        two = torch.tensor([2]).to(dtype)
        want = var.index_add(1, index, updates * two)
        expect("InplaceIndexAdd", [var, index.int(), updates, two], want, {"axis": 1})


def test_index_add_refuses() -> None:
    var = torch.zeros(4, 3)
    index = torch.tensor([0, 1])
    out = [(torch.float32, [4, 3])]
    assert "input updates has shape [4, 3]; [4, 2] is expected" in refused(
        emu.INPUT_NOT_MATCH, "InplaceIndexAdd", [var, index, var], out, {"axis": 1}
    )
    assert "[axis]" in refused(emu.ATTR_NOT_MATCH, "InplaceIndexAdd", [var, index, var], out)
    assert "input indices holds -1" in refused(
        emu.AICORE_EXCEPTION, "InplaceIndexAdd", [var, index - 1, var[:, :2]], out, {"axis": 1}
    )

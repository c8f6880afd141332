"""Operators that copy, permute, repeat and fill."""

from __future__ import annotations

import itertools
from typing import Any

import emu
import pytest
import torch
from emu import EmuError, In, Out, expect, host, run_op
from layouts import numbered, pack
from tables import BOOL, INTS, NUMBER, WIDE_UNSIGNED, sample

MOVABLE = [*NUMBER, *BOOL, *WIDE_UNSIGNED]


@pytest.mark.parametrize("dtype", MOVABLE)
def test_transpose(dtype: torch.dtype) -> None:
    for shape in [(), (3,), (2, 17), (2, 0, 3), (2, 3, 4)]:
        x = sample(shape, dtype)
        for perm in itertools.permutations(range(len(shape))):
            expect("Transpose", [x, host(perm)], x.permute(perm))


@pytest.mark.parametrize("dtype", [*INTS, *WIDE_UNSIGNED, torch.float16, torch.float32])
def test_transpose_by_attribute(dtype: torch.dtype) -> None:
    x = numbered((2, 3, 4), dtype)
    expect("TransposeD", [x], x.permute(2, 0, 1), {"perm": [2, 0, 1]})


@pytest.mark.parametrize("perm", [[0], [0, 0], [0, 2], [1, -1], [0, 1, 2]])
def test_what_is_no_permutation(perm: list[int]) -> None:
    with pytest.raises(EmuError) as caught:
        run_op("Transpose", [torch.ones(2, 3), host(perm)], [(torch.float32, [2, 3])])
    assert caught.value.code == emu.ATTR_NOT_MATCH
    assert f"perm is {perm}; it must have each of the axes of x [2, 3] once" in caught.value.text


def test_transpose_in_place_reads_before_it_writes() -> None:
    x = numbered((3, 3), torch.float32)
    (result,) = run_op("Transpose", [x, host([1, 0])], [Out(torch.float32, [3, 3], inplace=0)])
    assert result.equal(x.T)


@pytest.mark.parametrize("dtype", MOVABLE)
def test_broadcast_to(dtype: torch.dtype) -> None:
    for shape, target in [((), (2, 3)), ((3,), (2, 3)), ((2, 1), (4, 2, 5)), ((1,), (0,))]:
        x = sample(shape, dtype)
        expect("BroadcastTo", [x, host(target)], x.expand(target))
        expect("BroadcastToD", [x], x.expand(target), {"shape": list(target)})


def test_broadcast_keeps_dims() -> None:
    x = torch.randn(3, 1)
    expect("BroadcastTo", [x, host([2, -1, 4])], x.expand(2, 3, 4))


@pytest.mark.parametrize("shape", [[2], [2, 2], [3, 1], [-1, 1, 3]])
def test_broadcast_to_what_does_not_fit(shape: list[int]) -> None:
    with pytest.raises(EmuError) as caught:
        run_op("BroadcastTo", [torch.ones(3), host(shape)], [(torch.float32, [3])])
    assert caught.value.code in (emu.ATTR_NOT_MATCH, emu.OUTPUT_NOT_MATCH)


@pytest.mark.parametrize("dtype", MOVABLE)
def test_copies(dtype: torch.dtype) -> None:
    for shape in [(), (0,), (3, 17)]:
        x = sample(shape, dtype)
        expect("Identity", [x], x)
        expect("TensorMove", [x], x)
        expect("ZerosLike", [x], torch.zeros(shape, dtype=dtype))
        expect("OnesLike", [x], torch.ones(shape, dtype=dtype))
        expect("IdentityN", [x, x.reshape(-1)], [x, x.reshape(-1)])


def test_copies_of_private_layouts() -> None:
    x = numbered((2, 17, 3, 3), torch.float16)
    packed = pack(x, "NC1HWC0", "NCHW")
    given = In(packed, "", False, "NC1HWC0", x.shape, "NCHW")
    out = Out(x.dtype, packed.shape, "NC1HWC0", x.shape, "NCHW")
    (result,) = run_op("Identity", [given], [out])
    assert result.equal(packed)
    (result,) = run_op("OnesLike", [given], [out])
    assert result.equal(pack(torch.ones_like(x), "NC1HWC0", "NCHW"))


@pytest.mark.parametrize(
    ("shape", "axis", "want"),
    [
        ((2, 3, 4), 1, (2, 12)), ((2, 3, 4), 0, (1, 24)), ((2, 3, 4), 3, (24, 1)),
        ((2, 3, 4), -1, (6, 4)), ((), 0, (1, 1)), ((0, 3), 1, (0, 3)),
    ],
)  # fmt: skip
def test_flatten(shape: tuple[int, ...], axis: int, want: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    expect("Flatten", [x], x.reshape(want), {"axis": axis})


@pytest.mark.parametrize("dtype", NUMBER)
def test_assign(dtype: torch.dtype) -> None:
    ref, value = sample((3, 5), dtype), sample((3, 5), dtype)
    expect("Assign", [ref, value], value)
    expect("AssignAdd", [ref, value], ref + value)
    expect("AssignSub", [ref, value], ref - value)
    (result,) = run_op("AssignAdd", [ref, value], [Out(dtype, [3, 5], inplace=0)])
    torch.testing.assert_close(result, ref + value)


@pytest.mark.parametrize("dtype", MOVABLE)
def test_fill(dtype: torch.dtype) -> None:
    for shape in [(), (0, 2), (3, 17)]:
        value = torch.tensor(3).to(dtype)
        want = value.expand(shape)
        expect("Fill", [host(shape), value], want)
        expect("Fill", [host(shape, "int32"), value[None]], want)
        if not dtype.is_complex:
            expect("FillD", [value], want, {"dims": list(shape)})


@pytest.mark.parametrize("dtype", [*INTS, torch.float16, torch.float32, torch.float64])
def test_fill_without_an_input(dtype: torch.dtype) -> None:
    expect("FillV2D", [], torch.full((2, 3), 7, dtype=dtype), {"value": 7.0, "dims": [2, 3]})
    expect("FillV2D", [], torch.zeros(2, dtype=dtype), {"dims": [2]})


@pytest.mark.parametrize("dtype", [*NUMBER, *BOOL])
def test_fills(dtype: torch.dtype) -> None:
    x = sample((2, 17), dtype)
    expect("Fills", [x], torch.full((2, 17), 3).to(dtype), {"value": 3.0})


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ([host([2, -1]), torch.tensor(1.0)], "dims are [2, -1]; none may be negative"),
        ([host([2]), torch.ones(2)], "input value must have one element, it has 2"),
    ],
)
def test_fill_refuses(inputs: Any, text: str) -> None:
    with pytest.raises(EmuError) as caught:
        run_op("Fill", inputs, [(torch.float32, [2])])
    assert text in caught.value.text

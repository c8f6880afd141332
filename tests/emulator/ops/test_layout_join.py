"""Operators that join tensors and take them apart."""

from __future__ import annotations

from typing import Any

import emu
import pytest
import torch
from emu import EmuError, In, Out, expect, host, run_op
from layouts import numbered, pack
from tables import BOOL, FLOATS, INTS, NUMBER, WIDE_UNSIGNED, sample

MOVABLE = [*NUMBER, *BOOL, *WIDE_UNSIGNED]
JOINED = [*FLOATS, *INTS, *WIDE_UNSIGNED]


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize(
    ("shapes", "axis"),
    [
        ([(2, 3)], 0), ([(2, 3), (4, 3)], 0), ([(2, 3), (2, 1), (2, 17)], -1),
        ([(0, 3), (2, 3)], -2), ([(1, 2, 3), (1, 4, 3)], 1),
    ],
)  # fmt: skip
def test_concat(dtype: torch.dtype, shapes: list[tuple[int, ...]], axis: int) -> None:
    parts = [sample(shape, dtype) for shape in shapes]
    want = torch.cat(parts, axis)
    expect("ConcatV2", [*parts, host(axis)], want, {"N": len(parts)})
    expect("ConcatV2", [*parts, host([axis], "int32")], want)
    expect("Concat", [host(axis), *parts], want, {"N": len(parts)})
    if dtype in JOINED:
        expect("ConcatD", parts, want, {"concat_dim": axis, "N": len(parts)})
        expect("ConcatV2D", parts, want, {"concat_dim": axis})


def test_concat_of_private_layouts() -> None:
    a, b = numbered((2, 3, 2, 2), torch.float16), numbered((2, 17, 2, 2), torch.float16)
    want = torch.cat([a, b], 1)
    given = [In(pack(x, "NC1HWC0", "NCHW"), "", False, "NC1HWC0", x.shape, "NCHW") for x in (a, b)]
    packed = pack(want, "NC1HWC0", "NCHW")
    out = Out(a.dtype, packed.shape, "NC1HWC0", want.shape, "NCHW")
    (result,) = run_op("ConcatD", given, [out], {"concat_dim": 1})
    assert result.equal(packed)


X, Y = torch.ones(2, 3), torch.ones(3, 2)


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "text"),
    [
        ("ConcatD", [X, Y], {"concat_dim": 0},
         "input x[0] has shape [2, 3], input x[1] has [3, 2]; they cannot be joined"),
        ("ConcatD", [X, X[0]], {"concat_dim": 0}, "input x[1] has [3]; they cannot be joined"),
        ("ConcatD", [X, X], {"concat_dim": 2}, "attribute [concat_dim] is 2; -2 to 1 are allowed"),
        ("ConcatD", [X, X], {"concat_dim": 0, "N": 3}, "attribute [N] is 3, but there are 2"),
        ("ConcatV2", [X, X, host(-3)], {}, "input concat_dim is -3"),
        ("ConcatD", [torch.tensor(1.0)], {"concat_dim": 0}, "input x[0] has no dims"),
        ("Pack", [X, Y], {}, "input x[0] has shape [2, 3], input x[1] has [3, 2]"),
        ("Pack", [X, X], {"axis": 3}, "attribute [axis] is 3; -3 to 2 are allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined(op: str, inputs: Any, attrs: dict[str, Any], text: str) -> None:
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, [(torch.float32, [4, 3])], attrs)
    assert caught.value.code in (emu.INPUT_NOT_MATCH, emu.ATTR_NOT_MATCH)
    assert text in caught.value.text


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_pack_and_unpack(dtype: torch.dtype, axis: int) -> None:
    parts = [sample((2, 5), dtype) for _ in range(3)]
    packed = torch.stack(parts, axis)
    expect("Pack", parts, packed, {"axis": axis, "N": 3})
    expect("Unpack", [packed], parts, {"num": 3, "axis": axis})


def test_pack_of_scalars() -> None:
    parts = [torch.tensor(1), torch.tensor(2)]
    expect("Pack", parts, torch.tensor([1, 2]))
    expect("Unpack", [torch.tensor([1, 2])], parts, {"num": 2})


@pytest.mark.parametrize("dtype", MOVABLE)
def test_split(dtype: torch.dtype) -> None:
    x = sample((2, 6, 5), dtype)
    halves = list(x.split(3, 1))
    expect("Split", [host(1, "int32"), x], halves, {"num_split": 2})
    uneven = list(x.split([1, 0, 5], -2))
    expect("SplitV", [x, host([1, 0, 5]), host(-2)], uneven, {"num_split": 3})
    expect("SplitV", [x, host([1, -1, 5]), host(1)], uneven, {"num_split": 3})
    if dtype in JOINED or dtype is torch.bool:
        expect("SplitD", [x], halves, {"split_dim": 1, "num_split": 2})
        attrs = {"split_dim": -2, "num_split": 3, "size_splits": [1, 0, 5]}
        expect("SplitVD", [x], uneven, attrs)


SIX = torch.ones(6, 2)


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "text"),
    [
        ("SplitD", [SIX], {"split_dim": 0, "num_split": 3},
         "attribute [num_split] is 3, but there are 2 outputs y"),
        ("SplitD", [torch.ones(5)], {"split_dim": 0, "num_split": 2},
         "a dim of 5 does not divide into 2 parts"),
        ("SplitV", [SIX, host([1, 4]), host(0)], {"num_split": 2},
         "size_splits are [1, 4]; 2 sizes with the sum 6 are needed"),
        ("SplitV", [SIX, host([-1, -1]), host(0)], {"num_split": 2}, "size_splits are [-1, -1]"),
        ("SplitV", [SIX, host([7, -1]), host(0)], {"num_split": 2}, "size_splits are [7, -1]"),
        ("SplitD", [torch.tensor(1.0)], {"split_dim": 0, "num_split": 2}, "no dims to split"),
        ("Unpack", [SIX], {"num": 2}, "attribute [num] is 2, but x has shape [6, 2]"),
    ],
)  # fmt: skip
def test_what_cannot_be_split(op: str, inputs: Any, attrs: dict[str, Any], text: str) -> None:
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, [(torch.float32, [3, 2])] * 2, attrs)
    assert caught.value.code in (emu.INPUT_NOT_MATCH, emu.ATTR_NOT_MATCH)
    assert text in caught.value.text

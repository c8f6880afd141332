"""Operators that turn, repeat or re-read the elements of one tensor."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import Out, Typed, expect, host, run_op
from index_support import BASIC, INDEX, MOVABLE, bits, moved, numbers, refused
from tables import FLOATS, NUMBER

SHAPES = [(7,), (3, 5), (2, 3, 17), (0, 4), (1, 2, 3, 4)]


@pytest.mark.parametrize("dtype", [*NUMBER, torch.bool, torch.uint16])
def test_reverse_types(dtype: torch.dtype) -> None:
    x = numbers((4, 3), dtype)
    want = moved(x, bits(x).flip(0))
    expect("ReverseV2", [x, host([0], dtype="int32")], want)
    if dtype is not torch.bfloat16:
        expect("ReverseV2D", [x], want, {"axis": [-2]})


@pytest.mark.parametrize("shape", SHAPES)
def test_reverse_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    for axes in ([], [0], [-1], list(range(len(shape)))):
        want = x.flip(axes) if axes else x
        expect("ReverseV2", [x, torch.tensor(axes, dtype=torch.int64)], want)
        expect("ReverseV2D", [x], want, {"axis": Typed("list_int", axes)})


def test_reverse_refuses() -> None:
    x, out = torch.randn(2, 3), [(torch.float32, [2, 3])]
    text = refused(emu.ATTR_NOT_MATCH, "ReverseV2D", [x], out, {"axis": [0, -2]})
    assert "axis holds -2; each of the 2 dims may be named once" in text
    assert "axis holds 2" in refused(emu.AICORE_EXCEPTION, "ReverseV2", [x, host([2])], out)


@pytest.mark.parametrize("kind", INDEX)
@pytest.mark.parametrize(("batch", "seq"), [(0, 1), (1, 0), (2, 1), (0, -1)])
def test_reverse_sequence(kind: torch.dtype, batch: int, seq: int) -> None:
    x = torch.randn(3, 4, 5)
    lengths = torch.randint(0, x.shape[seq] + 1, (x.shape[batch],))
    want = x.clone()
    for k, length in enumerate(lengths.tolist()):
        row, source = want.select(batch, k), x.select(batch, k)
        axis = seq % 3 - (1 if seq % 3 > batch else 0)
        row.narrow(axis, 0, length).copy_(source.narrow(axis, 0, length).flip(axis))
    attrs = {"seq_dim": seq, "batch_dim": batch}
    expect("ReverseSequence", [x, lengths.to(kind)], want, attrs)


def test_reverse_sequence_refuses() -> None:
    x, out = torch.randn(2, 3), [(torch.float32, [2, 3])]
    assert "[0, 4)" in refused(
        emu.AICORE_EXCEPTION, "ReverseSequence", [x, torch.tensor([1, 4])], out, {"seq_dim": 1}
    )
    assert "seq_dim must be another dim" in refused(
        emu.INPUT_NOT_MATCH, "ReverseSequence", [x, torch.tensor([1, 2])], out, {"seq_dim": 0}
    )


@pytest.mark.parametrize(
    "dtype", [*FLOATS, torch.int32, torch.uint32, torch.int8, torch.uint8, torch.int64]
)
def test_roll(dtype: torch.dtype) -> None:
    x = numbers((3, 5), dtype)
    for shifts, dims in [([2], [1]), ([-1, 7], [0, -1]), ([4], [])]:
        want = moved(x, bits(x).roll(shifts, dims) if dims else bits(x).roll(shifts[0]))
        expect("Roll", [x], want, {"shifts": shifts, "dims": Typed("list_int", dims)})


def test_roll_refuses() -> None:
    x, out = torch.randn(2, 3), [(torch.float32, [2, 3])]
    text = refused(emu.ATTR_NOT_MATCH, "Roll", [x], out, {"shifts": [1, 2]})
    assert "attribute [shifts] has 2 values, attribute [dims] 0" in text
    refused(emu.ATTR_NOT_MATCH, "Roll", [x], out, {"shifts": [1], "dims": [2]})


@pytest.mark.parametrize("dtype", MOVABLE)
def test_tile_types(dtype: torch.dtype) -> None:
    x = numbers((2, 3), dtype)
    want = moved(x, bits(x).repeat(2, 3))
    expect("Tile", [x, host([2, 3])], want)
    if dtype in [*FLOATS, torch.int32]:
        expect("TileD", [x], want, {"multiples": [2, 3]})
    if dtype in [torch.float16, torch.bfloat16, torch.float32, torch.uint16, torch.int64]:
        want = moved(x, bits(x).repeat(1, 4))
        expect("TileWithAxis", [x], want, {"tiles": 4})


@pytest.mark.parametrize("shape", [(), *SHAPES])
def test_tile_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    for times in (0, 1, 3):
        multiples = torch.full((len(shape),), times)
        expect("Tile", [x, multiples], x.repeat(multiples.tolist()))


def test_tile_refuses() -> None:
    x, out = torch.randn(2, 3), [(torch.float32, [2, 3])]
    assert "multiples is [2]" in refused(emu.INPUT_NOT_MATCH, "Tile", [x, host([2])], out)
    assert "multiples is [1, -1]" in refused(
        emu.AICORE_EXCEPTION, "Tile", [x, torch.tensor([1, -1])], out
    )
    out = [emu.Out(torch.float32, [2, -1], room=9)]
    assert f"multiples is [1, {2**62}]" in refused(
        emu.INPUT_NOT_MATCH, "Tile", [x, host([1, 2**62])], out
    )
    assert "[tiles] 0" in refused(emu.ATTR_NOT_MATCH, "TileWithAxis", [x], out, {"tiles": 0})


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32, torch.int64, torch.uint8, torch.bool])
@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((), [2, 3]), ((3, 1), [2, 3, 4]), ((2, 3), [1]), ((1, 5), [4, 1]), ((1,), [0])],
)
def test_expand(dtype: torch.dtype, shape: tuple[int, ...], wanted: list[int]) -> None:
    x = numbers(shape, dtype)
    want = x.expand(torch.broadcast_shapes(shape, wanted)).contiguous()
    expect("Expand", [x, host(wanted, dtype="int16")], want)
    expect("Expand", [x, torch.tensor(wanted)], want)
    if dtype not in (torch.bfloat16, torch.int64):
        expect("ExpandD", [x], want, {"shape": wanted})


def test_expand_refuses() -> None:
    x, out = torch.randn(2, 3), [(torch.float32, [2, 4])]
    text = refused(emu.INPUT_NOT_MATCH, "Expand", [x, host([4])], out)
    assert "shape is [4]; it does not broadcast with x [2, 3]" in text


@pytest.mark.parametrize("dtype", MOVABLE)
def test_repeat_interleave(dtype: torch.dtype) -> None:
    x = numbers((3, 4), dtype)
    for axis in (0, -1):
        repeats = torch.randint(0, 4, (x.shape[axis],))
        want = moved(x, bits(x).repeat_interleave(repeats, axis))
        expect("RepeatInterleave", [x, repeats.int()], want, {"axis": axis})
    expect("RepeatInterleave", [x, host([2])], moved(x, bits(x).repeat_interleave(2)))
    expect("RepeatInterleave", [x, torch.tensor(0)], moved(x, bits(x)[:0].reshape(-1)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_repeat_interleave_grad(dtype: torch.dtype) -> None:
    for axis, repeats in [(0, torch.tensor([2, 0, 3])), (-1, torch.tensor([2]))]:
        x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
        y = x.repeat_interleave(repeats, axis)
        grad = torch.randn(y.shape).to(dtype)
        (want,) = torch.autograd.grad(y, x, grad.double())
        expect("RepeatInterleaveGrad", [grad, repeats], want.to(dtype), {"axis": axis})


def test_repeat_interleave_refuses() -> None:
    x, out = torch.randn(3), [(torch.float32, [3])]
    text = refused(emu.AICORE_EXCEPTION, "RepeatInterleave", [x, torch.tensor([1, -1, 3])], out)
    assert "repeats holds a negative number" in text
    text = refused(emu.INPUT_NOT_MATCH, "RepeatInterleave", [x, torch.tensor([1, 2])], out)
    assert "repeats has shape [2]" in text
    text = refused(emu.AICORE_EXCEPTION, "RepeatInterleaveGrad", [x, torch.tensor([2])], out)
    assert "repeats gives 6 elements; y_grad has 3" in text


@pytest.mark.parametrize("dtype", INDEX)
@pytest.mark.parametrize("count", [0, 1, 17])
def test_invert_permutation(dtype: torch.dtype, count: int) -> None:
    x = torch.randperm(count).to(dtype)
    expect("InvertPermutation", [x], x.argsort().to(dtype))


def test_invert_permutation_refuses() -> None:
    out = [(torch.int64, [3])]
    text = refused(emu.AICORE_EXCEPTION, "InvertPermutation", [torch.tensor([0, 2, 2])], out)
    assert "input x holds a number twice" in text
    refused(emu.AICORE_EXCEPTION, "InvertPermutation", [torch.tensor([0, 3, 2])], out)


@pytest.mark.parametrize("dtype", BASIC)
def test_as_strided(dtype: torch.dtype) -> None:
    x = numbers((4, 6), dtype)
    views = [([3, 2], [1, 6], 2), ([5], [0], 23), ([], [], 7), ([0, 3], [9, 9], 0)]
    for size, stride, offset in views:
        want = moved(x, bits(x).as_strided(size, stride, offset))
        inputs = [torch.tensor(value, dtype=torch.int64) for value in (size, stride, [offset])]
        expect("AsStrided", [x, *inputs], want)


def test_view_copy() -> None:
    dst, src = torch.zeros(4, 6), torch.randn(3, 5)
    want = dst.clone()
    want.as_strided([2, 3], [6, 2], 7).copy_(src.as_strided([2, 3], [1, 5], 2))
    view = [host([2, 3]), host([6, 2]), host([7])]
    source = [src, host([2, 3]), host([1, 5]), host([2])]
    expect("ViewCopy", [dst, *view, *source], want)
    source[1] = host([3, 2])
    assert "dst_size is [2, 3] and src_size [3, 2]" in refused(
        emu.AICORE_EXCEPTION, "ViewCopy", [dst, *view, *source], [(torch.float32, [4, 6])]
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bool, torch.int64])
def test_view_copy_in_place(dtype: torch.dtype) -> None:
    dst, src = numbers((4, 6), dtype), numbers((3, 5), dtype)
    want = dst.clone()
    want.as_strided([2, 3], [6, 2], 7).copy_(src.as_strided([2, 3], [1, 5], 2))
    view, source = [host([2, 3]), host([6, 2]), host([7])], [host([2, 3]), host([1, 5]), host([2])]
    (y,) = run_op("ViewCopy", [dst, *view, src, *source], [Out(dtype, (4, 6), inplace=0)])
    assert y.equal(want)


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ([3], [12], 0),
        ([1], [1], 24),
        ([2], [-1], 3),
        ([2], [1, 1], 0),
        ([5], [2**62], 0),
        ([2], [2**62], 2**62),
    ],
)
def test_view_beyond_the_elements(size: list[int], stride: list[int], offset: int) -> None:
    x = torch.randn(4, 6)
    inputs = [x, host(size), host(stride), host([offset])]
    text = refused(emu.AICORE_EXCEPTION, "AsStrided", inputs, [(torch.float32, size)])
    assert "does not lie within 24 elements" in text

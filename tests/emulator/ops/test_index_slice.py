"""Slices, against numpy's own."""

from __future__ import annotations

import itertools
from typing import Any

import emu
import numpy as np
import pytest
import torch
from emu import expect, host
from index_support import BASIC, Tensor, bits, moved, numbers, refused


def key_of(spec: dict[str, Any]) -> tuple[Any, ...]:
    """What numpy calls the slice that begin, end, strides and masks describe."""

    def bit(mask: str, i: int) -> bool:
        return bool(spec.get(mask, 0) >> i & 1)

    key: list[Any] = []
    for i, (begin, end, stride) in enumerate(zip(spec["begin"], spec["end"], spec["strides"])):
        if bit("ellipsis_mask", i):
            key.append(...)
        elif bit("new_axis_mask", i):
            key.append(None)
        elif bit("shrink_axis_mask", i):
            key.append(begin)
        else:
            first = None if bit("begin_mask", i) else begin
            last = None if bit("end_mask", i) else end
            key.append(slice(first, last, stride))
    return tuple(key)


def sliced(x: Tensor, spec: dict[str, Any]) -> Tensor:
    taken = np.array(bits(x).numpy()[key_of(spec)], order="C")
    return moved(x, torch.from_numpy(taken))


def check(x: Tensor, spec: dict[str, Any]) -> None:
    """The slice, its gradient and its assignment; by attributes and by inputs."""
    want = sliced(x, spec)
    masks = {name: value for name, value in spec.items() if name.endswith("mask")}
    ranges = [host(spec[name]) for name in ("begin", "end", "strides")]
    expect("StridedSlice", [x, *ranges], want, masks)
    expect("StridedSliceD", [x], want, spec)
    dy = torch.arange(1, want.numel() + 1).reshape(want.shape).to(x.dtype)
    grad = np.zeros(x.shape, dtype=dy.numpy().dtype)
    grad[key_of(spec)] = dy.numpy()
    want_grad = torch.from_numpy(grad)
    expect("StridedSliceGrad", [host(list(x.shape)), *ranges, dy], want_grad, masks)
    expect("StridedSliceGradD", [dy], want_grad, {"shape": list(x.shape), **spec})
    assigned = x.numpy().copy()
    assigned[key_of(spec)] = dy.numpy()
    want_var = torch.from_numpy(assigned)
    expect("StridedSliceAssign", [x, *ranges, dy], want_var, masks)
    expect("StridedSliceAssignD", [x, dy], want_var, spec)


def spec(begin: Any, end: Any, strides: Any, **masks: int) -> dict[str, Any]:
    return {"begin": begin, "end": end, "strides": strides, **masks}


SPECS = [
    spec([1, 0, 2], [2, 3, 15], [1, 2, 3]),
    spec([0, 0, -3], [2, -1, 99], [1, 1, 1]),
    spec([0, 2, 16], [2, -99, 0], [1, -1, -5]),
    spec([-1, -1, -1], [-99, -99, -99], [-1, -2, -3]),
    spec([5, 0, 0], [1, 0, 0], [1, 1, 1]),
    spec([1], [2], [1]),
    spec([], [], []),
    spec([1, 1], [2, 1], [1, 1], begin_mask=1, end_mask=2),
    spec([1, 1, 4], [9, 9, 9], [-1, 1, -4], begin_mask=7, end_mask=7),
    spec([0, 1], [0, 9], [1, 2], ellipsis_mask=1),
    spec([1, 0, 3], [2, 0, 9], [1, 1, 1], ellipsis_mask=2),
    spec([0, 0, 1, 0], [0, 0, 9, 0], [1, 1, 1, 1], ellipsis_mask=1, new_axis_mask=10),
    spec([1, -2, 0], [2, 0, 9], [1, 1, 3], shrink_axis_mask=3),
    spec([1, 2, 16], [2, 3, 17], [1, 1, 1], shrink_axis_mask=7),
    spec([0, 0, 1], [0, 0, 2], [1, 1, 1], ellipsis_mask=2, new_axis_mask=1, shrink_axis_mask=4),
    spec([0, 0, 0], [2, 3, 17], [1, 2**40, 2**62]),
]


@pytest.mark.parametrize("case", SPECS, ids=str)
def test_strided(case: dict[str, Any]) -> None:
    check(torch.randn(2, 3, 17), case)


def test_strided_everywhere() -> None:
    x = torch.randn(5, 4)
    edges = [-7, -5, -1, 0, 2, 5, 9]
    for begin, end, stride in itertools.product(edges, edges, [-3, -1, 1, 2]):
        case = spec([begin, 1], [end, 3], [stride, 1])
        expect("StridedSliceD", [x], sliced(x, case), case)


@pytest.mark.parametrize("dtype", BASIC)
def test_types(dtype: torch.dtype) -> None:
    x = numbers((4, 6), dtype)
    case = spec([3, 1], [0, 6], [-2, 3])
    ranges = [host(case[name], dtype="int32") for name in ("begin", "end", "strides")]
    expect("StridedSlice", [x, *ranges], sliced(x, case))
    want = sliced(x, spec([1, 2], [3, 6], [1, 1]))
    expect("Slice", [x, host([1, 2]), host([2, -1])], want)
    expect("SliceD", [x], want, {"offsets": [1, 2], "size": [2, 4]})
    expect("SliceWithAxes", [x, host([2, 1]), host([4, 2])], want, {"axes": [-1, 0]})


def test_slice_of_device_values() -> None:
    x = torch.randn(4, 6)
    offsets, size = torch.tensor([1, 2]), torch.tensor([2, -1])
    want = x[1:3, 2:].contiguous()
    expect("Slice", [x, offsets, size], want)
    expect("SliceDV2", [x, offsets], want, {"size": [2, -1]})
    expect("StridedSlice", [x, offsets, offsets + 2, offsets * 0 + 1], x[1:3, 2:4].contiguous())


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3), (2, 3, 17)])
def test_whole_slices(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    zeros = torch.zeros(len(shape), dtype=torch.int64)
    expect("Slice", [x, zeros, zeros - 1], x)


def test_slice_refuses() -> None:
    x = torch.randn(4, 6)
    out = [(torch.float32, [2, 2])]
    text = refused(emu.INPUT_NOT_MATCH, "SliceD", [x], out, {"offsets": [3, 0], "size": [2, 2]})
    assert "offsets[0] is 3 and size[0] is 2; that dim of x has 4 elements" in text
    text = refused(emu.INPUT_NOT_MATCH, "Slice", [x, host([0]), host([2, 2])], out)
    assert "offsets and size have 1 and 2 values; 2 of each are expected" in text
    text = refused(
        emu.AICORE_EXCEPTION, "Slice", [x, torch.tensor([0, 5]), torch.tensor([2, 2])], out
    )
    assert "offsets[1] is 5" in text
    text = refused(
        emu.INPUT_NOT_MATCH, "SliceWithAxes", [x, host([0]), host([2])], out, {"axes": [2]}
    )
    assert "attribute [axes] holds 2" in text


STRIDED_REFUSALS = [
    (spec([0, 0], [2, 2], [1, 0]), "strides[1] is 0"),
    (spec([0, 0, 0], [1, 1, 1], [1, 1, 1]), "begin has values for 3 dims; the tensor has 2"),
    (spec([0], [2, 2], [1, 1]), "begin, end and strides have 1, 2 and 2 values"),
    (spec([4, 0], [5, 2], [1, 1], shrink_axis_mask=1), "begin[0] is 4, but shrink_axis_mask"),
    (spec([1, 0], [2, 2], [-1, 1], shrink_axis_mask=1), "strides[0] is negative"),
    (spec([0, 0], [2, 2], [1, 1], ellipsis_mask=3), "ellipsis_mask has several bits"),
]


@pytest.mark.parametrize(("case", "text"), STRIDED_REFUSALS)
def test_strided_refuses(case: dict[str, Any], text: str) -> None:
    x = torch.randn(4, 6)
    out = [(torch.float32, [2, 2])]
    assert text in refused(emu.INPUT_NOT_MATCH, "StridedSliceD", [x], out, case)


def test_grad_and_assign_refuse_another_shape() -> None:
    x = torch.randn(4, 6)
    ranges = [host([0, 0]), host([2, 2]), host([1, 1])]
    out = [(torch.float32, [4, 6])]
    for op, inputs in [
        ("StridedSliceAssign", [x, *ranges, x[:2, :1]]),
        ("StridedSliceGrad", [host([4, 6]), *ranges, x[:2, :1]]),
    ]:
        assert "has shape [2, 1]; the slice has [2, 2]" in refused(
            emu.AICORE_EXCEPTION, op, inputs, out
        )

"""Softmax."""

from __future__ import annotations

import pytest
import torch
from emu import expect, wide

FLOATS = [torch.float16, torch.float32, torch.bfloat16, torch.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "axis"), [((3, 5), -1), ((2, 3, 17), 1), ((7,), 0), ((), -1), ((0, 4), 1)]
)
def test_one_axis(dtype: torch.dtype, shape: tuple[int, ...], axis: int) -> None:
    x = torch.randn(shape).to(dtype)
    expect("SoftmaxV2", [x], wide(x).softmax(axis).to(dtype), {"axes": [axis]})


def test_last_axis_by_default() -> None:
    x = torch.randn(3, 4)
    expect("SoftmaxV2", [x], x.softmax(1))


def test_several_axes() -> None:
    x = torch.randn(2, 3, 4)
    want = x.transpose(0, 1).reshape(3, 8).softmax(1).reshape(3, 2, 4).transpose(0, 1)
    expect("SoftmaxV2", [x], want, {"axes": [0, -1]})


def test_half_to_float() -> None:
    x = torch.randn(3, 40).half()
    expect("SoftmaxV2", [x], x.float().softmax(1), {"half_to_float": True})
